/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ladder: symbols and types from what the dump itself carries, or from the
 * record of an earlier run.
 */
#include "image/cache.h"
#include "image/image.h"
#include "image/kallsyms.h"
#include "image/modules.h"
#include "image/types.h"
#include "image/vmcoreinfo.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BTF_MAX (64u << 20)
#define ID_MAX 48

/* What vmlinux's own BTF is, while it may still be needed as a base. */
struct ladder {
	struct xfdt_image *image;
	const char *cache_dir;
	uint64_t stext;
	struct xfdt_types *vmlinux_types;
	/* what was loaded, or is being made: vmlinux, and where kvm.ko's symbols are */
	struct xfdt_record record;
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

static struct xfdt_error *lookup_vmlinux(struct xfdt_image *image, struct xfdt_spans *spans)
{
	struct xfdt_name_query queries[XFDT_SYMBOL_COUNT] = { 0 };
	struct xfdt_kallsyms kallsyms;
	struct xfdt_error *err;
	size_t i;

	err = xfdt_kallsyms_init(&kallsyms, image->reader, image->vmcoreinfo);
	if (err)
		return err;
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		queries[i].name = xfdt_symbol_needs[i].name;
		if (image->symtab.symbols[i].known)
			queries[i].anchor = image->symtab.symbols[i].kvaddr;
	}
	err = xfdt_kallsyms_lookup(&kallsyms, image->reader, queries, XFDT_SYMBOL_COUNT, spans);
	if (err)
		return err;
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
	return NULL;
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

static bool load_record(struct ladder *ladder)
{
	const char *key = ladder->image->build_id;
	struct xfdt_record *record = &ladder->record;
	struct xfdt_image *image = ladder->image;
	uint32_t content;
	size_t i;

	if (!ladder->cache_dir || !key ||
	    !xfdt_cache_load(ladder->cache_dir, key, ladder->stext, record))
		return false;
	/* this very dump has to agree: its VMCOREINFO, and what the record was read from */
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (image->symtab.symbols[i].known && record->symtab.symbols[i].known &&
		    image->symtab.symbols[i].kvaddr != record->symtab.symbols[i].kvaddr)
			return false;
	if (!record->spans.count || !content_of(image, &record->spans, &content) ||
	    content != record->content)
		return false;
	image->layout = record->layout;
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (record->symtab.symbols[i].known)
			image->symtab.symbols[i] = record->symtab.symbols[i];
	return true;
}

static void store_record(struct ladder *ladder)
{
	struct xfdt_record *record = &ladder->record;
	struct xfdt_image *image = ladder->image;

	if (!ladder->cache_dir || !image->build_id || !ladder->changed || record->spans.overflow)
		return;
	xfdt_spans_merge(&record->spans);
	if (record->spans.count && content_of(image, &record->spans, &record->content))
		xfdt_cache_store(ladder->cache_dir, image->build_id, ladder->stext, record);
}

static const char *key_of(const struct xfdt_image *image)
{
	return image->build_id ? image->build_id : "-";
}

/* What travels in the dump; it has no bytes to check it against. */
static bool take_carried(struct ladder *ladder, const struct xfdt_source *source)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_error *err;

	if (!source->record)
		return false;
	err = xfdt_record_parse(source->record, source->record_len, key_of(image), ladder->stext,
				&ladder->record);
	if (err) {
		xfdt_gaps_add(&image->gaps, "the symbols and types that travel in the dump", err, NULL);
		return false;
	}
	image->layout = ladder->record.layout;
	image->symtab = ladder->record.symtab;
	image->carried = true;
	return true;
}

static void resolve_vmlinux(struct ladder *ladder, const struct xfdt_source *source)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_error *err;

	if (take_carried(ladder, source) || load_record(ladder))
		return;
	memset(&ladder->record, 0, sizeof(ladder->record));
	err = lookup_vmlinux(image, &ladder->record.spans);
	if (err) {
		xfdt_gaps_add(&image->gaps, "the kernel's symbols", err, NULL);
		return;
	}
	err = load_vmlinux_types(ladder);
	if (err) {
		xfdt_gaps_add(&image->gaps, "the kernel's types", err, xfdt_remedy_types);
		return;
	}
	xfdt_types_fill(ladder->vmlinux_types, &image->layout,
			xfdt_symbol(image, XFDT_S_start_btf)->kvaddr, &ladder->record.spans);
	ladder->record.layout = image->layout;
	ladder->record.symtab = image->symtab;
	ladder->changed = true;
}

/* Types that vmlinux does not have and the kvm module may. */
static void resolve_kvm_types(struct ladder *ladder, const struct xfdt_module *kvm)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_types *types;
	struct xfdt_error *err;
	void *data;
	size_t len;

	if (xfdt_layout_is_complete(&image->layout))
		return;
	err = load_vmlinux_types(ladder);
	if (!err)
		err = xfdt_module_btf(image, kvm, &data, &len);
	if (!err) {
		err = xfdt_types_new(&types, data, len, ladder->vmlinux_types);
		free(data);
	}
	if (err) {
		xfdt_gaps_add(&image->gaps, "KVM's types", err, xfdt_remedy_types);
		return;
	}
	if (xfdt_types_fill(types, &image->layout, 0, NULL))
		image->type_source = "btf (vmlinux and kvm)";
	xfdt_types_free(types);
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
		     const char *cache_dir)
{
	struct ladder ladder = { .image = image, .cache_dir = cache_dir };
	const char *vmcoreinfo = source->vmcoreinfo;
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
		image->symbol_source = "kallsyms";
		if (xfdt_has_struct(image, XFDT_T_task_struct))
			image->type_source = "btf";
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
