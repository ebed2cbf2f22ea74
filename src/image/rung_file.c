/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rungs of the ladder: symbol tables and DWARF of files. */
#include "image/debuginfo.h"
#include "image/ladder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char gap_debuginfo[] = "the kernel's debuginfo";
static const char remedy_debuginfo[] = "name the vmlinux of this very kernel, with debuginfo";

/* Does the build-id note of @file lie in this kernel's memory, where that file's kernel has it? */
static bool is_in_memory(void *context, const struct xfdt_debugfile *file)
{
	struct xfdt_name_query stext = { .name = "_stext" };
	const struct xfdt_ladder *ladder = context;
	uint8_t bytes[XFDT_BUILD_ID_MAX / 2];
	char id[XFDT_BUILD_ID_MAX + 1];
	size_t len = strlen(file->build_id) / 2, i;
	struct xfdt_error *err;

	if (!ladder->stext || !file->build_id_kvaddr || len < XFDT_BUILD_ID_MAX / 2)
		return false;
	err = xfdt_debugfile_symbols(file, &stext, 1);
	if (!err && stext.found == 1)
		err = xfdt_read(ladder->image, file->build_id_kvaddr + ladder->stext - stext.kvaddr, bytes, len);
	for (i = 0; !err && i < len; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	i = !err && stext.found == 1 && !strcmp(id, file->build_id);
	xfdt_error_free(err);
	return i;
}

static struct xfdt_debug_query query_of(struct xfdt_ladder *ladder, bool types)
{
	return (struct xfdt_debug_query) {
		.types = types,
		.release = ladder->image->release,
		.build_id = ladder->image->build_id,
		.proves = is_in_memory,
		.context = ladder,
	};
}

/* Relocate to where the kernel ran; every address that VMCOREINFO states has to come out. */
static struct xfdt_error *relocate(const struct xfdt_ladder *ladder, const struct xfdt_debugfile *file,
				   struct xfdt_name_query *queries)
{
	uint64_t linked = queries[XFDT_S_stext].kvaddr;
	size_t i;

	if (queries[XFDT_S_stext].found != 1 || !ladder->stext)
		return xfdt_error_new(XFDT_MISSING, 0, "%s: nothing tells where the kernel was loaded", file->path);
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		if (queries[i].found != 1)
			continue;
		if (xfdt_moves_with_text(queries[i].kvaddr, linked))
			queries[i].kvaddr += ladder->stext - linked;
		if (queries[i].anchor && queries[i].anchor != queries[i].kvaddr)
			return xfdt_error_new(XFDT_CORRUPT, queries[i].anchor,
					      "%s: has '%s' at %#llx, and VMCOREINFO at %#llx", file->path,
					      queries[i].name, (unsigned long long)queries[i].kvaddr,
					      (unsigned long long)queries[i].anchor);
	}
	return NULL;
}

static struct xfdt_error *lookup_file(struct xfdt_ladder *ladder, struct xfdt_debugfile *file)
{
	struct xfdt_name_query queries[XFDT_SYMBOL_COUNT];
	struct xfdt_error *err;

	xfdt_ladder_ask(ladder, queries);
	err = xfdt_debugfile_symbols(file, queries, XFDT_SYMBOL_COUNT);
	if (!err)
		err = relocate(ladder, file, queries);
	if (!err)
		xfdt_ladder_take_symbols(ladder, queries);
	return err;
}

/* Fill the layout from the DWARF of @found's file. */
static struct xfdt_error *take_dwarf(struct xfdt_ladder *ladder, struct xfdt_debug_found *found)
{
	struct xfdt_layout layout;
	struct xfdt_error *err;

	err = xfdt_debug_types(ladder->debug, found, ladder->cache_dir, &layout);
	if (!err)
		err = xfdt_ladder_take_layout(ladder, &layout, found->file->path);
	return err;
}

static struct xfdt_error *take_file_types(struct xfdt_ladder *ladder, struct xfdt_debug_found *found)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_error *err = take_dwarf(ladder, found);
	char text[XFDT_ORIGIN_MAX];

	if (!err) {
		snprintf(text, sizeof(text), "dwarf (vmlinux %s %s)", found->file->build_id, found->how);
		image->type_source = xfdt_ladder_keep_origin(ladder, 1, text);
		ladder->has_types = true;
	}
	xfdt_debugfile_close(found->file);
	return err;
}

static struct xfdt_error *take_file_symbols(struct xfdt_ladder *ladder, struct xfdt_debug_found *found)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_error *err = lookup_file(ladder, found->file);
	char text[XFDT_ORIGIN_MAX];

	if (!err) {
		snprintf(text, sizeof(text), "symtab (vmlinux %s %s)", found->file->build_id, found->how);
		image->symbol_source = xfdt_ladder_keep_origin(ladder, 0, text);
		ladder->has_symbols = true;
		if (!image->build_id)
			image->build_id = strdup(found->file->build_id);
	}
	xfdt_debugfile_close(found->file);
	return err;
}

static struct xfdt_error *take_file(struct xfdt_ladder *ladder, bool types, struct xfdt_debug_found *found)
{
	return types ? take_file_types(ladder, found) : take_file_symbols(ladder, found);
}

void xfdt_rung_named(struct xfdt_ladder *ladder, bool types)
{
	struct xfdt_debug_query query = query_of(ladder, types);
	struct xfdt_debug_found found;
	struct xfdt_error *err;

	err = xfdt_debug_find_named(ladder->debug, &query, &found);
	if (!err && found.file)
		err = take_file(ladder, types, &found);
	if (err)
		xfdt_gaps_add(&ladder->image->gaps, gap_debuginfo, err, remedy_debuginfo);
}

struct xfdt_error *xfdt_rung_found(struct xfdt_ladder *ladder, bool types, struct xfdt_error *why)
{
	struct xfdt_debug_query query = query_of(ladder, types);
	struct xfdt_debug_found found;
	struct xfdt_error *err;

	err = xfdt_debug_find(ladder->debug, &query, &found);
	if (!err)
		err = take_file(ladder, types, &found);
	if (!err) {
		xfdt_error_free(why);
		return NULL;
	}
	if (!why)
		return err;
	if (xfdt_error_code(err) == XFDT_MISSING)
		xfdt_error_free(err);
	else
		xfdt_gaps_add(&ladder->image->gaps, gap_debuginfo, err, remedy_debuginfo);
	return why;
}

struct xfdt_error *xfdt_rung_kvm_dwarf(struct xfdt_ladder *ladder, const struct xfdt_module *kvm)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_debug_query query = {
		.module = true, .types = true, .release = image->release, .build_id = kvm->build_id,
	};
	char text[XFDT_ORIGIN_MAX];
	struct xfdt_debug_found found;
	struct xfdt_error *err;

	if (!*kvm->build_id)
		return xfdt_error_new(XFDT_MISSING, 0, "the build-id of kvm.ko is not known, so no file can be known to be its debuginfo");
	err = xfdt_debug_find(ladder->debug, &query, &found);
	if (err)
		return err;
	err = take_dwarf(ladder, &found);
	if (!err) {
		snprintf(text, sizeof(text), "%s, dwarf (kvm.ko %s)", image->type_source, found.how);
		image->type_source = xfdt_ladder_keep_origin(ladder, 1, text);
	}
	xfdt_debugfile_close(found.file);
	return err;
}
