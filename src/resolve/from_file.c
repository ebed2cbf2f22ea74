/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources of the chain: symbol tables and DWARF of files. */
#include "resolve/debuginfo.h"
#include "base/util.h"
#include "resolve/chain.h"
#include "resolve/remedy.h"
#include "resolve/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char gap_debuginfo[] = "the kernel's debuginfo";
static const char remedy_debuginfo[] =
	"name debuginfo of this very kernel, whose build-id is that of the dump";

/* Does the build-id note of @file lie in this kernel's memory, where that file's kernel has it? */
static bool is_in_memory(void *context, const struct xfdt_debugfile *file)
{
	struct xfdt_name_query stext = { .name = "_stext" };
	const struct xfdt_chain *chain = context;
	uint8_t bytes[XFDT_BUILD_ID_MAX / 2];
	char id[XFDT_BUILD_ID_MAX + 1];
	size_t len = strlen(file->build_id) / 2, i;
	struct xfdt_error *err;

	if (!chain->stext || !file->build_id_kvaddr || len < XFDT_BUILD_ID_MAX / 2)
		return false;
	err = xfdt_debugfile_symbols(file, &stext, 1);
	if (!err && stext.found == 1)
		err = xfdt_read(chain->image, file->build_id_kvaddr + chain->stext - stext.kvaddr,
				bytes, len);
	for (i = 0; !err && i < len; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	i = !err && stext.found == 1 && !strcmp(id, file->build_id);
	xfdt_error_free(err);
	return i;
}

static struct xfdt_debug_query query_of(struct xfdt_chain *chain, bool types)
{
	return (struct xfdt_debug_query){
		.types = types,
		.release = chain->image->release,
		.build_id = chain->image->build_id,
		.proves = is_in_memory,
		.context = chain,
	};
}

/* Relocate to where the kernel ran; the result must have every address that VMCOREINFO states. */
static struct xfdt_error *relocate(const struct xfdt_chain *chain,
				   const struct xfdt_debugfile *file,
				   struct xfdt_name_query *queries)
{
	uint64_t linked = queries[XFDT_S_stext].kvaddr;
	size_t i;

	if (queries[XFDT_S_stext].found != 1 || !chain->stext)
		return xfdt_error_new(XFDT_MISSING, 0,
				      "%s: nothing tells where the kernel was loaded", file->path);
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		if (queries[i].found != 1)
			continue;
		if (xfdt_moves_with_text(queries[i].kvaddr, linked))
			queries[i].kvaddr += chain->stext - linked;
		if (queries[i].anchor && queries[i].anchor != queries[i].kvaddr)
			return xfdt_error_new(XFDT_CORRUPT, queries[i].anchor,
					      "%s: has '%s' at %#llx, and VMCOREINFO at %#llx",
					      file->path, queries[i].name, ull(queries[i].kvaddr),
					      ull(queries[i].anchor));
	}
	return NULL;
}

static struct xfdt_error *lookup_file(struct xfdt_chain *chain, struct xfdt_debugfile *file)
{
	struct xfdt_name_query queries[XFDT_SYMBOL_COUNT];
	struct xfdt_error *err;

	xfdt_chain_ask(chain, queries);
	err = xfdt_debugfile_symbols(file, queries, XFDT_SYMBOL_COUNT);
	if (!err)
		err = relocate(chain, file, queries);
	if (!err)
		xfdt_chain_take_symbols(chain, queries);
	return err;
}

/* Fill the layout from the DWARF of @found's file. */
static struct xfdt_error *take_dwarf(struct xfdt_chain *chain, struct xfdt_debug_found *found)
{
	struct xfdt_layout layout;
	struct xfdt_error *err;

	err = xfdt_debug_types(chain->debug, found, &layout);
	if (!err)
		err = xfdt_chain_take_layout(chain, &layout, found->file->path);
	return err;
}

static struct xfdt_error *take_file_types(struct xfdt_chain *chain, struct xfdt_debug_found *found)
{
	struct xfdt_image *image = chain->image;
	struct xfdt_error *err = take_dwarf(chain, found);
	char text[XFDT_ORIGIN_MAX];

	if (!err) {
		snprintf(text, sizeof(text), "dwarf (vmlinux %s %s)", found->file->build_id,
			 found->how);
		image->type_source = xfdt_chain_keep_origin(chain, 1, text);
		chain->has_types = true;
		chain->given |= XFDT_VMLINUX_FILE;
	}
	xfdt_debugfile_close(found->file);
	return err;
}

static struct xfdt_error *take_file_symbols(struct xfdt_chain *chain,
					    struct xfdt_debug_found *found)
{
	struct xfdt_image *image = chain->image;
	struct xfdt_error *err = lookup_file(chain, found->file);
	char text[XFDT_ORIGIN_MAX];

	if (!err) {
		snprintf(text, sizeof(text), "symtab (vmlinux %s %s)", found->file->build_id,
			 found->how);
		image->symbol_source = xfdt_chain_keep_origin(chain, 0, text);
		chain->has_symbols = true;
		chain->given |= XFDT_VMLINUX_FILE;
		if (!image->build_id)
			image->build_id = strdup(found->file->build_id);
	}
	xfdt_debugfile_close(found->file);
	return err;
}

static struct xfdt_error *take_file(struct xfdt_chain *chain, bool types,
				    struct xfdt_debug_found *found)
{
	return types ? take_file_types(chain, found) : take_file_symbols(chain, found);
}

void xfdt_from_named_file(struct xfdt_chain *chain, bool types)
{
	struct xfdt_debug_query query = query_of(chain, types);
	struct xfdt_debug_found found;
	struct xfdt_error *err;

	err = xfdt_debug_find_named(chain->debug, &query, &found);
	if (!err && found.file)
		err = take_file(chain, types, &found);
	if (err)
		xfdt_gaps_add(&chain->image->gaps, gap_debuginfo, err, remedy_debuginfo);
}

struct xfdt_error *xfdt_from_found_file(struct xfdt_chain *chain, bool types,
					struct xfdt_error *why)
{
	struct xfdt_debug_query query = query_of(chain, types);
	struct xfdt_debug_found found;
	struct xfdt_error *err;

	err = xfdt_debug_find(chain->debug, &query, &found);
	if (!err)
		err = take_file(chain, types, &found);
	if (!err) {
		xfdt_error_free(why);
		return NULL;
	}
	if (!why)
		return err;
	if (xfdt_error_code(err) == XFDT_MISSING)
		xfdt_error_free(err);
	else
		xfdt_gaps_add(&chain->image->gaps, gap_debuginfo, err, remedy_debuginfo);
	return why;
}

/* Where the section that @query was found in was loaded, and so the symbol. */
static struct xfdt_error *place(struct xfdt_chain *chain, const struct xfdt_module *kvm,
				const struct xfdt_debugfile *file, struct xfdt_name_query *query)
{
	const char *section = xfdt_debugfile_section(file, query->section);
	struct xfdt_error *err;
	uint64_t kvaddr;

	if (!section)
		return xfdt_error_new(XFDT_CORRUPT, 0, "%s: '%s' is in no section", file->path,
				      query->name);
	err = xfdt_module_section(chain->image, kvm, section, &kvaddr);
	if (err)
		return err;
	query->kvaddr += kvaddr;
	if (query->anchor && query->anchor != query->kvaddr)
		return xfdt_error_new(XFDT_CORRUPT, query->anchor,
				      "%s: has '%s' at %#llx, and the dump at %#llx", file->path,
				      query->name, ull(query->kvaddr), ull(query->anchor));
	return NULL;
}

/* The result must agree with kvm.ko's kallsyms (functions only, without CONFIG_KALLSYMS_ALL). */
static struct xfdt_error *take_module_symbols(struct xfdt_chain *chain,
					      const struct xfdt_module *kvm,
					      const struct xfdt_debugfile *file)
{
	struct xfdt_name_query queries[XFDT_SYMBOL_COUNT];
	struct xfdt_error *err;
	size_t i;

	xfdt_chain_ask(chain, queries);
	err = xfdt_debugfile_symbols(file, queries, XFDT_SYMBOL_COUNT);
	for (i = 0; !err && i < XFDT_SYMBOL_COUNT; i++)
		if (xfdt_symbol_needs[i].place == XFDT_KVM && queries[i].found == 1)
			err = place(chain, kvm, file, &queries[i]);
	for (i = 0; !err && i < XFDT_SYMBOL_COUNT; i++)
		if (xfdt_symbol_needs[i].place == XFDT_KVM && queries[i].found == 1)
			chain->image->symtab.symbols[i] = (struct xfdt_symbol){
				.known = true,
				.kvaddr = queries[i].kvaddr,
				.size = queries[i].size,
			};
	return err;
}

static struct xfdt_error *find_kvm_file(struct xfdt_chain *chain, const struct xfdt_module *kvm,
					bool types, struct xfdt_debug_found *ret_found)
{
	struct xfdt_debug_query query = {
		.module = true,
		.types = types,
		.release = chain->image->release,
		.build_id = kvm->build_id,
	};

	if (!*kvm->build_id)
		return xfdt_error_new(
			XFDT_MISSING, 0,
			"the build-id of kvm.ko is not known, so no file can be known to be its debuginfo");
	return xfdt_debug_find(chain->debug, &query, ret_found);
}

struct xfdt_error *xfdt_from_kvm_symtab(struct xfdt_chain *chain, const struct xfdt_module *kvm)
{
	struct xfdt_image *image = chain->image;
	struct xfdt_debug_found found;
	struct xfdt_error *err = find_kvm_file(chain, kvm, false, &found);
	char text[XFDT_ORIGIN_MAX];

	if (err)
		return err;
	err = take_module_symbols(chain, kvm, found.file);
	if (!err) {
		snprintf(text, sizeof(text), "%s, symtab (kvm.ko %s)", image->symbol_source,
			 found.how);
		image->symbol_source = xfdt_chain_keep_origin(chain, 0, text);
		chain->given |= XFDT_KVM_FILE;
	}
	xfdt_debugfile_close(found.file);
	return err;
}

struct xfdt_error *xfdt_from_kvm_dwarf(struct xfdt_chain *chain, const struct xfdt_module *kvm)
{
	struct xfdt_image *image = chain->image;
	struct xfdt_debug_found found;
	struct xfdt_error *err = find_kvm_file(chain, kvm, true, &found);
	char text[XFDT_ORIGIN_MAX];

	if (err)
		return err;
	err = take_dwarf(chain, &found);
	if (!err) {
		snprintf(text, sizeof(text), "%s, dwarf (kvm.ko %s)", image->type_source,
			 found.how);
		image->type_source = xfdt_chain_keep_origin(chain, 1, text);
		chain->given |= XFDT_KVM_FILE;
	}
	xfdt_debugfile_close(found.file);
	return err;
}
