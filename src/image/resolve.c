/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ladder: symbols and types from what the dump itself carries, from the
 * record of an earlier run, or from files with debuginfo.
 */
#include "image/cache.h"
#include "image/debuginfo.h"
#include "image/image.h"
#include "image/kallsyms.h"
#include "image/modules.h"
#include "image/types.h"
#include "image/vmcoreinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BTF_MAX (64u << 20)
#define ID_MAX 48

struct ladder {
	struct xfdt_image *image;
	const struct xfdt_debug_options *debug;
	const char *cache_dir;
	uint64_t stext;
	struct xfdt_types *vmlinux_types;	/* its BTF, which may still be needed as a base */
	bool has_symbols, has_types;		/* of vmlinux, from a rung that was taken */
	/*
	 * What the dump carries, loaded or being made: vmlinux, and where kvm.ko's
	 * symbols are.
	 */
	struct xfdt_record record;
	bool whole;		/* it has all that such a dump gives */
	bool changed;		/* since it was loaded */
};

static char *identity(const char *vmcoreinfo, const char *key, bool hex)
{
	char value[80];

	if (!xfdt_vmcoreinfo_get(vmcoreinfo, key, value, sizeof(value)))
		return NULL;
	if (hex && (strlen(value) > ID_MAX ||
		    strspn(value, "0123456789abcdef") != strlen(value)))
		return NULL;
	return strdup(value);
}

/*
 * KVM's symbols in vmlinux are KVM's only if it is built in; a static variable
 * of the same name elsewhere is not.
 */
static void judge_built_in(struct xfdt_image *image, const struct xfdt_name_query *queries)
{
	bool any_code = queries[XFDT_S_kvm_arch_vcpu_ioctl].found || queries[XFDT_S_kvm_vcpu_ioctl].found;
	size_t i;

	if (any_code && xfdt_symbol(image, XFDT_S_vm_list))
		return;
	/* its code is there, and its list is not, or not alone of that name */
	image->kvm_is_built_in = any_code;
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (xfdt_symbol_needs[i].place == XFDT_KVM)
			image->symtab.symbols[i].known = false;
}

static void init_queries(const struct xfdt_image *image, struct xfdt_name_query *queries)
{
	size_t i;

	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		queries[i] = (struct xfdt_name_query) { .name = xfdt_symbol_needs[i].name };
		if (image->symtab.symbols[i].known)
			queries[i].anchor = image->symtab.symbols[i].kvaddr;
	}
}

static void take_symbols(struct xfdt_image *image, const struct xfdt_name_query *queries)
{
	size_t i;

	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		struct xfdt_symbol *symbol = &image->symtab.symbols[i];

		/* two of a name: no telling which is meant */
		if (queries[i].found != 1)
			continue;
		symbol->known = true;
		symbol->kvaddr = queries[i].kvaddr;
		symbol->size = queries[i].size;
	}
	judge_built_in(image, queries);
}

/* @record gets what kallsyms says, and nothing that VMCOREINFO alone does: no byte of memory backs that. */
static struct xfdt_error *lookup_kallsyms(struct xfdt_image *image, struct xfdt_record *record)
{
	struct xfdt_name_query queries[XFDT_SYMBOL_COUNT];
	struct xfdt_kallsyms kallsyms;
	struct xfdt_error *err;
	size_t i;

	err = xfdt_kallsyms_init(&kallsyms, image->reader, image->vmcoreinfo);
	if (err)
		return err;
	init_queries(image, queries);
	err = xfdt_kallsyms_lookup(&kallsyms, image->reader, queries, XFDT_SYMBOL_COUNT, &record->spans);
	if (err)
		return err;
	take_symbols(image, queries);
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (queries[i].found == 1)
			record->symtab.symbols[i] = image->symtab.symbols[i];
	return NULL;
}

/* Relocate to where the kernel ran; every address that VMCOREINFO states has to come out. */
static struct xfdt_error *relocate(const struct ladder *ladder, const struct xfdt_debugfile *file,
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

static struct xfdt_error *lookup_file(const struct ladder *ladder, struct xfdt_debugfile *file)
{
	struct xfdt_name_query queries[XFDT_SYMBOL_COUNT];
	struct xfdt_error *err;

	init_queries(ladder->image, queries);
	err = xfdt_debugfile_symbols(file, queries, XFDT_SYMBOL_COUNT);
	if (!err)
		err = relocate(ladder, file, queries);
	if (!err)
		take_symbols(ladder->image, queries);
	return err;
}

static struct xfdt_error *load_vmlinux_types(struct ladder *ladder)
{
	const struct xfdt_symbol *start = xfdt_symbol(ladder->image, XFDT_S_start_btf);
	const struct xfdt_symbol *stop = xfdt_symbol(ladder->image, XFDT_S_stop_btf);
	struct xfdt_error *err;
	uint64_t len;
	void *data;

	if (ladder->vmlinux_types)
		return NULL;
	if (!start || !stop)
		return xfdt_error_new(XFDT_MISSING, 0,
				      "the kernel carries no BTF (CONFIG_DEBUG_INFO_BTF=n)");
	len = stop->kvaddr - start->kvaddr;
	if (!len || len > BTF_MAX)
		return xfdt_error_new(XFDT_CORRUPT, start->kvaddr,
				      "__start_BTF and __stop_BTF are %llu bytes apart",
				      (unsigned long long)len);
	data = malloc(len);
	if (!data)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for BTF");
	err = xfdt_read(ladder->image, start->kvaddr, data, len);
	if (!err)
		err = xfdt_types_new(&ladder->vmlinux_types, data, len, NULL);
	free(data);
	return err ? xfdt_error_wrap(err, "BTF of vmlinux") : NULL;
}

/* CRC-32 of the bytes that @spans names; false if they cannot be read. */
static bool content_of(const struct xfdt_image *image, const struct xfdt_spans *spans,
		       uint32_t *ret_content)
{
	uint8_t *bytes = malloc(XFDT_SPAN_LEN_MAX);
	unsigned long sum = crc32(0, NULL, 0);
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; bytes && !err && i < spans->count; i++) {
		err = xfdt_read(image, spans->items[i].kvaddr, bytes, spans->items[i].len);
		if (!err)
			sum = crc32(sum, bytes, spans->items[i].len);
	}
	*ret_content = (uint32_t)sum;
	i = bytes && !err;
	xfdt_error_free(err);
	free(bytes);
	return i;
}

/* This very dump has to agree: its VMCOREINFO, and what the record was read from. */
static bool record_agrees(const struct xfdt_image *image, const struct xfdt_record *record)
{
	uint32_t content;
	size_t i;

	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (image->symtab.symbols[i].known && record->symtab.symbols[i].known &&
		    image->symtab.symbols[i].kvaddr != record->symtab.symbols[i].kvaddr)
			return false;
	return record->spans.count && content_of(image, &record->spans, &content) &&
	       content == record->content;
}

static bool takes_btf(const struct ladder *ladder)
{
	return ladder->debug->types != XFDT_TYPES_DWARF;
}

/* Types of this very kernel, from @path, have what VMCOREINFO says, and more. */
static struct xfdt_error *merge_layout(struct xfdt_image *image, const struct xfdt_layout *layout,
				       const char *path)
{
	size_t i;

	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (image->layout.structs[i] && layout->structs[i] && image->layout.structs[i] != layout->structs[i])
			return xfdt_error_new(XFDT_CORRUPT, 0, "%s: 'struct %s' has %u bytes there, and %u in VMCOREINFO",
					      path, xfdt_struct_needs[i].name, layout->structs[i],
					      image->layout.structs[i]);
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		if (image->layout.members[i].known && layout->members[i].known &&
		    image->layout.members[i].offset != layout->members[i].offset)
			return xfdt_error_new(XFDT_CORRUPT, 0, "%s: '%s.%s' is at %u there, and at %u in VMCOREINFO",
					      path, xfdt_member_needs[i].structure, xfdt_member_needs[i].path,
					      layout->members[i].offset, image->layout.members[i].offset);
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (!image->layout.structs[i])
			image->layout.structs[i] = layout->structs[i];
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		if (!image->layout.members[i].known)
			image->layout.members[i] = layout->members[i];
	return NULL;
}

/* Take what is still to be had from the record of what such a dump carries. */
static void load_record(struct ladder *ladder)
{
	const char *key = ladder->image->build_id;
	struct xfdt_record *record = &ladder->record;
	struct xfdt_image *image = ladder->image;
	bool wants_types = !ladder->has_types && takes_btf(ladder), agrees;
	struct xfdt_error *err = NULL;
	size_t i;

	if (!ladder->cache_dir || !key || (ladder->has_symbols && !wants_types) ||
	    !xfdt_cache_load(ladder->cache_dir, key, ladder->stext, record))
		return;
	agrees = record_agrees(image, record);
	if (agrees && wants_types)
		err = merge_layout(image, &record->layout, "the cache");
	if (!agrees || err) {
		xfdt_error_free(err);
		memset(record, 0, sizeof(*record));
		return;
	}
	ladder->whole = true;
	if (wants_types) {
		image->type_source = "btf";
		ladder->has_types = true;
	}
	if (ladder->has_symbols)
		return;
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (record->symtab.symbols[i].known)
			image->symtab.symbols[i] = record->symtab.symbols[i];
	image->kvm_is_built_in = record->kvm_is_built_in;
	image->symbol_source = "kallsyms";
	ladder->has_symbols = true;
}

static void store_record(struct ladder *ladder)
{
	struct xfdt_record *record = &ladder->record;
	struct xfdt_image *image = ladder->image;

	if (!ladder->cache_dir || !image->build_id || !ladder->whole || !ladder->changed ||
	    record->spans.overflow)
		return;
	xfdt_spans_merge(&record->spans);
	if (record->spans.count && content_of(image, &record->spans, &record->content))
		xfdt_cache_store(ladder->cache_dir, image->build_id, ladder->stext, record);
}

static const char *key_of(const struct xfdt_image *image)
{
	return image->build_id ? image->build_id : "-";
}

static const char *keep_origin(struct xfdt_image *image, unsigned int which, const char *text)
{
	snprintf(image->origins[which], sizeof(image->origins[which]), "%s", text);
	return image->origins[which];
}

/* Types of another rung than the one that was asked for do not pass for it. */
static bool is_of_choice(const char *source, enum xfdt_type_choice choice)
{
	static const char *const prefixes[] = {
		[XFDT_TYPES_AUTO] = "", [XFDT_TYPES_DWARF] = "dwarf", [XFDT_TYPES_BTF] = "btf",
	};

	return !strncmp(source, prefixes[choice], strlen(prefixes[choice]));
}

/* What travels in the dump; it has no bytes to check it against. */
static bool take_carried(struct ladder *ladder, const struct xfdt_source *source)
{
	struct xfdt_record *record = &ladder->record;
	struct xfdt_image *image = ladder->image;
	struct xfdt_error *err;

	if (!source->record)
		return false;
	err = xfdt_record_parse(source->record, source->record_len, key_of(image), ladder->stext, record);
	if (err) {
		xfdt_gaps_add(&image->gaps, "the symbols and types that travel in the dump", err, NULL);
		return false;
	}
	image->symtab = record->symtab;
	image->kvm_is_built_in = record->kvm_is_built_in;
	image->symbol_source = *record->symbol_source ? keep_origin(image, 0, record->symbol_source) : "kallsyms";
	image->carried = true;
	ladder->has_symbols = true;
	if (!*record->type_source)
		strcpy(record->type_source, "btf");
	if (!is_of_choice(record->type_source, ladder->debug->types)) {
		xfdt_gaps_add(&image->gaps, "the kernel's types",
			      xfdt_error_new(XFDT_MISSING, 0, "those that travel in the dump are from %s", record->type_source),
			      "let it choose the types by itself (leave --types out), or use the whole dump");
		return true;
	}
	image->layout = record->layout;
	image->type_source = keep_origin(image, 1, record->type_source);
	return true;
}

/* Does the build-id note of @file lie in this kernel's memory, where that file's kernel has it? */
static bool is_in_memory(void *context, const struct xfdt_debugfile *file)
{
	struct xfdt_name_query stext = { .name = "_stext" };
	const struct ladder *ladder = context;
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

static struct xfdt_debug_query query_of(struct ladder *ladder, bool types)
{
	return (struct xfdt_debug_query) {
		.types = types,
		.release = ladder->image->release,
		.build_id = ladder->image->build_id,
		.proves = is_in_memory,
		.context = ladder,
	};
}

/* Fill the layout from the DWARF of @found's file. */
static struct xfdt_error *take_dwarf(struct ladder *ladder, struct xfdt_debug_found *found)
{
	struct xfdt_layout layout;
	struct xfdt_error *err;

	err = xfdt_debug_types(ladder->debug, found, ladder->cache_dir, &layout);
	if (!err)
		err = merge_layout(ladder->image, &layout, found->file->path);
	return err;
}

static struct xfdt_error *take_file_types(struct ladder *ladder, struct xfdt_debug_found *found)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_error *err = take_dwarf(ladder, found);
	char text[XFDT_ORIGIN_MAX];

	if (!err) {
		snprintf(text, sizeof(text), "dwarf (vmlinux %s %s)", found->file->build_id, found->how);
		image->type_source = keep_origin(image, 1, text);
		ladder->has_types = true;
	}
	xfdt_debugfile_close(found->file);
	return err;
}

static struct xfdt_error *take_file_symbols(struct ladder *ladder, struct xfdt_debug_found *found)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_error *err = lookup_file(ladder, found->file);
	char text[XFDT_ORIGIN_MAX];

	if (!err) {
		snprintf(text, sizeof(text), "symtab (vmlinux %s %s)", found->file->build_id, found->how);
		image->symbol_source = keep_origin(image, 0, text);
		ladder->has_symbols = true;
		if (!image->build_id)
			image->build_id = strdup(found->file->build_id);
	}
	xfdt_debugfile_close(found->file);
	return err;
}

static const char gap_debuginfo[] = "the kernel's debuginfo";
static const char remedy_debuginfo[] = "name the vmlinux of this very kernel, with debuginfo";
static const char remedy_find[] =
	"install the kernel's debuginfo, name its vmlinux (-d), or set DEBUGINFOD_URLS to a server that has it";

static struct xfdt_error *take_file(struct ladder *ladder, bool types, struct xfdt_debug_found *found)
{
	return types ? take_file_types(ladder, found) : take_file_symbols(ladder, found);
}

/* What the user named comes first, if it is this kernel's. */
static void take_named(struct ladder *ladder, bool types)
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

/*
 * The last rung, after @why, which is taken over: a file from anywhere.  What
 * there is to say against it is a gap of its own, if it is more than that there is none.
 */
static struct xfdt_error *take_found(struct ladder *ladder, bool types, struct xfdt_error *why)
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

static struct xfdt_error *take_kallsyms(struct ladder *ladder)
{
	struct xfdt_error *err = lookup_kallsyms(ladder->image, &ladder->record);

	if (err)
		return err;
	ladder->image->symbol_source = "kallsyms";
	ladder->has_symbols = true;
	return NULL;
}

static struct xfdt_error *take_btf(struct ladder *ladder)
{
	struct xfdt_layout *layout = &ladder->record.layout;
	struct xfdt_image *image = ladder->image;
	struct xfdt_error *err = load_vmlinux_types(ladder);

	if (err)
		return err;
	xfdt_types_fill(ladder->vmlinux_types, layout, xfdt_symbol(image, XFDT_S_start_btf)->kvaddr,
			&ladder->record.spans);
	err = merge_layout(image, layout, "BTF of vmlinux");
	if (err)
		return err;
	image->type_source = "btf";
	ladder->has_types = true;
	return NULL;
}

/* Without CONFIG_KALLSYMS_ALL, kallsyms has functions only. */
static bool has_variables(const struct xfdt_image *image)
{
	return xfdt_symbol(image, XFDT_S_modules) || xfdt_symbol(image, XFDT_S_vm_list);
}

static void resolve_vmlinux(struct ladder *ladder, const struct xfdt_source *source)
{
	struct xfdt_error *no_symbols = NULL, *no_types = NULL;
	struct xfdt_image *image = ladder->image;
	bool own;

	if (take_carried(ladder, source))
		return;
	if (ladder->debug->prefer_named && ladder->debug->types != XFDT_TYPES_BTF) {
		take_named(ladder, false);
		take_named(ladder, true);
	}
	load_record(ladder);
	own = !ladder->has_symbols && !ladder->has_types;
	if (!ladder->has_symbols)
		no_symbols = take_kallsyms(ladder);
	if (!ladder->has_symbols || !has_variables(image)) {
		no_symbols = take_found(ladder, false, no_symbols);
		own &= no_symbols != NULL;
	}
	if (!ladder->has_types && takes_btf(ladder))
		no_types = take_btf(ladder);
	if (!ladder->has_types && ladder->debug->types != XFDT_TYPES_BTF) {
		no_types = take_found(ladder, true, no_types);
		own &= no_types != NULL;
	}
	if (no_symbols && !ladder->has_symbols)
		xfdt_gaps_add(&image->gaps, "the kernel's symbols", no_symbols, remedy_find);
	else
		xfdt_error_free(no_symbols);
	if (no_types && ladder->has_symbols)
		xfdt_gaps_add(&image->gaps, "the kernel's types", no_types,
			      takes_btf(ladder) ? xfdt_remedy_types : remedy_find);
	else
		xfdt_error_free(no_types);
	/* what a file says is kept with the file */
	if (!own || !ladder->has_symbols || !ladder->has_types)
		return;
	ladder->record.kvm_is_built_in = image->kvm_is_built_in;
	ladder->whole = true;
	ladder->changed = true;
}

static struct xfdt_error *take_kvm_btf(struct ladder *ladder, const struct xfdt_module *kvm)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_types *types;
	struct xfdt_error *err;
	void *data;
	size_t len;

	err = load_vmlinux_types(ladder);
	if (!err)
		err = xfdt_module_btf(image, kvm, &data, &len);
	if (!err) {
		err = xfdt_types_new(&types, data, len, ladder->vmlinux_types);
		free(data);
	}
	if (err)
		return err;
	if (xfdt_types_fill(types, &image->layout, 0, NULL) && !strcmp(image->type_source, "btf"))
		image->type_source = "btf (vmlinux and kvm)";
	xfdt_types_free(types);
	return NULL;
}

static struct xfdt_error *take_kvm_dwarf(struct ladder *ladder, const struct xfdt_module *kvm)
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
		image->type_source = keep_origin(image, 1, text);
	}
	xfdt_debugfile_close(found.file);
	return err;
}

/* Types that vmlinux does not have and the kvm module may. */
static void resolve_kvm_types(struct ladder *ladder, const struct xfdt_module *kvm)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_error *err = NULL, *why;

	if (!xfdt_layout_is_complete(&image->layout) && takes_btf(ladder))
		err = take_kvm_btf(ladder, kvm);
	if (!xfdt_layout_is_complete(&image->layout) && ladder->debug->types != XFDT_TYPES_BTF) {
		why = take_kvm_dwarf(ladder, kvm);
		if (!err || !why) {
			xfdt_error_free(err);
			err = why;
		} else {
			xfdt_error_free(why);
		}
	}
	if (err)
		xfdt_gaps_add(&image->gaps, "KVM's types", err, xfdt_remedy_types);
}

static void resolve_kvm(struct ladder *ladder)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_module kvm;
	struct xfdt_error *err;
	bool found;

	/* CONFIG_KVM=y, unless kvm.ko's symbols are known from before */
	if (xfdt_symbol(image, XFDT_S_vm_list) && !image->carried) {
		image->modules_known = true;
		return;
	}
	err = xfdt_module_find(image, "kvm", &found, &kvm);
	if (err) {
		xfdt_gaps_add(&image->gaps, "the loaded modules", err, NULL);
		return;
	}
	image->modules_known = true;
	image->kvm_is_module = found;
	if (!found)
		return;
	if (*kvm.build_id)
		image->kvm_build_id = strdup(kvm.build_id);
	if (image->carried)
		return;
	if (strcmp(ladder->record.kvm_build_id, kvm.build_id)) {
		memcpy(ladder->record.kvm_build_id, kvm.build_id, sizeof(kvm.build_id));
		memset(ladder->record.module_index, 0, sizeof(ladder->record.module_index));
		ladder->changed = true;
	}
	resolve_kvm_types(ladder, &kvm);
	err = xfdt_module_symbols(image, &kvm, &image->symtab, ladder->record.module_index);
	if (err)
		xfdt_gaps_add(&image->gaps, "the symbols of kvm.ko", err, NULL);
}

/* All that is REQUIRED and was not found, in one gap. */
static void note_missing(struct xfdt_image *image)
{
	char *names = NULL;
	size_t len, i;
	FILE *out = open_memstream(&names, &len);

	if (!out)
		return;
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (xfdt_struct_needs[i].need == XFDT_REQUIRED && !image->layout.structs[i])
			fprintf(out, ", struct %s", xfdt_struct_needs[i].name);
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		if (xfdt_member_needs[i].need == XFDT_REQUIRED && !image->layout.members[i].known)
			fprintf(out, ", %s.%s", xfdt_member_needs[i].structure, xfdt_member_needs[i].path);
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (xfdt_symbol_needs[i].need == XFDT_REQUIRED && !image->symtab.symbols[i].known)
			fprintf(out, ", symbol %s", xfdt_symbol_needs[i].name);
	if (!fclose(out) && len > 2)
		xfdt_gaps_add(&image->gaps, "what every answer needs",
			      xfdt_error_new(XFDT_MISSING, 0, "not found: %s", names + 2),
			      xfdt_remedy_types);
	free(names);
}

bool xfdt_is_x86_64(const struct xfdt_image *image)
{
	return !image->arch || !strcmp(image->arch, "x86_64");
}

void xfdt_image_init(struct xfdt_image *image, const struct xfdt_source *source,
		     const char *cache_dir, const struct xfdt_debug_options *debug)
{
	static const struct xfdt_debug_options dump_alone;
	struct ladder ladder = {
		.image = image, .cache_dir = cache_dir, .debug = debug ? debug : &dump_alone,
	};
	const char *vmcoreinfo = source->vmcoreinfo;
	uint64_t five_levels;
	size_t i;

	memset(image, 0, sizeof(*image));
	image->reader = source->reader;
	image->arch = source->arch;
	image->vmcoreinfo = vmcoreinfo;
	image->notes = source->notes;
	image->note_count = source->note_count;
	image->symbol_source = "none";
	image->type_source = "none";
	if (!vmcoreinfo) {
		xfdt_gaps_add(&image->gaps, "where the kernel's symbols and types are",
			      xfdt_error_new(XFDT_MISSING, 0, "the dump has no VMCOREINFO note"),
			      "take the dump with kdump, or give the virtual machine QEMU's '-device vmcoreinfo'");
		return;
	}
	/* QEMU's kdump-compressed dumps name no machine; no other kernel says this (Linux: arch/x86/kernel/vmcore_info_64.c) */
	if (!image->arch && xfdt_vmcoreinfo_number(vmcoreinfo, "pgtable_l5_enabled", &five_levels))
		image->arch = "x86_64";
	image->release = identity(vmcoreinfo, "OSRELEASE", false);
	image->build_id = identity(vmcoreinfo, "BUILD-ID", true);
	if (!xfdt_is_x86_64(image))
		return;
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		struct xfdt_symbol *symbol = &image->symtab.symbols[i];

		if (xfdt_symbol_needs[i].place == XFDT_VMLINUX)
			symbol->known = xfdt_vmcoreinfo_symbol(vmcoreinfo, xfdt_symbol_needs[i].name,
							       &symbol->kvaddr);
	}
	image->symbol_source = "vmcoreinfo";
	image->type_source = "vmcoreinfo";
	xfdt_vmcoreinfo_layout(vmcoreinfo, &image->layout);
	if (xfdt_symbol(image, XFDT_S_stext))
		ladder.stext = xfdt_symbol(image, XFDT_S_stext)->kvaddr;
	else
		ladder.cache_dir = NULL;

	resolve_vmlinux(&ladder, source);
	if (xfdt_symbol(image, XFDT_S_modules) || xfdt_symbol(image, XFDT_S_restore_fpregs)) {
		resolve_kvm(&ladder);
		/* without kvm there need not be types of it */
		if (image->kvm_is_module || xfdt_symbol(image, XFDT_S_vm_list))
			note_missing(image);
		store_record(&ladder);
	}
	xfdt_types_free(ladder.vmlinux_types);
}

struct xfdt_error *xfdt_image_record(const struct xfdt_image *image,
				     char **ret_text, size_t *ret_len)
{
	const struct xfdt_symbol *stext = xfdt_symbol(image, XFDT_S_stext);
	struct xfdt_record *record;
	struct xfdt_error *err;

	if (!stext || !xfdt_has_struct(image, XFDT_T_task_struct))
		return xfdt_error_new(XFDT_MISSING, 0, "not all symbols and types were resolved");
	record = calloc(1, sizeof(*record));
	if (!record)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for a record");
	record->layout = image->layout;
	record->symtab = image->symtab;
	record->kvm_is_built_in = image->kvm_is_built_in;
	snprintf(record->symbol_source, sizeof(record->symbol_source), "%s", image->symbol_source);
	snprintf(record->type_source, sizeof(record->type_source), "%s", image->type_source);
	err = xfdt_record_format(record, key_of(image), stext->kvaddr, ret_text, ret_len);
	free(record);
	return err;
}

void xfdt_image_deinit(struct xfdt_image *image)
{
	free(image->release);
	free(image->build_id);
	free(image->kvm_build_id);
	xfdt_gaps_deinit(&image->gaps);
	memset(image, 0, sizeof(*image));
}
