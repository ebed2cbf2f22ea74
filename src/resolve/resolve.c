/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chain: symbols and types from what the dump itself carries, or from files
 * with debuginfo.
 */
#include "resolve/resolve.h"
#include "resolve/chain.h"
#include "resolve/remedy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX 48

static char *identity(const struct xfdt_vmcoreinfo *vmcoreinfo, const char *key, bool hex)
{
	char value[80];

	if (!xfdt_vmcoreinfo_get(vmcoreinfo, key, value, sizeof(value)))
		return NULL;
	if (hex && (strlen(value) > ID_MAX || strspn(value, "0123456789abcdef") != strlen(value)))
		return NULL;
	return strdup(value);
}

/* What helps if @files with debuginfo would: those of them that were not given already.  The caller frees it. */
static char *remedy_for(const struct xfdt_chain *chain, unsigned int files)
{
	unsigned int wanted = files & ~chain->given;

	return wanted ? xfdt_remedy(chain->image->release, wanted) :
			strdup("name debuginfo that was not stripped of types");
}

/* Add a gap that @files with debuginfo would close. */
static void note_gap(struct xfdt_chain *chain, const char *what, struct xfdt_error *err,
		     unsigned int files)
{
	char *remedy = remedy_for(chain, files);

	xfdt_gaps_add(&chain->image->gaps, what, err, remedy);
	free(remedy);
}

/* The same, unless an option is why. */
static void note_source_gap(struct xfdt_chain *chain, const char *what, struct xfdt_error *err,
			    const char *forced)
{
	if (forced)
		xfdt_gaps_add(&chain->image->gaps, what, err, forced);
	else
		note_gap(chain, what, err, xfdt_files_with_types(chain->image->release));
}

/* Without CONFIG_KALLSYMS_ALL, kallsyms has functions only. */
static bool has_variables(const struct xfdt_image *image)
{
	return xfdt_symbol(image, XFDT_S_modules) || xfdt_symbol(image, XFDT_S_vm_list);
}

/* A kernel without BTF was distilled without types. */
static void check_embedded_types(struct xfdt_chain *chain)
{
	struct xfdt_error *err = NULL;

	if (!xfdt_has_struct(chain->image, XFDT_T_task_struct) &&
	    chain->debug->types == XFDT_TYPES_AUTO)
		err = xfdt_from_btf(chain);
	if (err)
		note_source_gap(chain, "the kernel's types", err, NULL);
}

static void resolve_vmlinux(struct xfdt_chain *chain, const struct xfdt_source *source)
{
	struct xfdt_error *no_symbols = NULL, *no_types = NULL;
	struct xfdt_image *image = chain->image;
	bool files = chain->debug->symbols == XFDT_SYMBOLS_AUTO;

	/* it does not hold the tables that were asked for */
	if (files && xfdt_from_embedded(chain, source)) {
		check_embedded_types(chain);
		return;
	}
	if (chain->debug->prefer_named && xfdt_chain_takes_dwarf(chain)) {
		if (files)
			xfdt_from_named_file(chain, false);
		xfdt_from_named_file(chain, true);
	}
	if (!chain->has_symbols)
		no_symbols = xfdt_from_kallsyms(chain);
	if (files && (!chain->has_symbols || !has_variables(image)))
		no_symbols = xfdt_from_found_file(chain, false, no_symbols);
	if (!chain->has_types && xfdt_chain_takes_btf(chain))
		no_types = xfdt_from_btf(chain);
	if (!chain->has_types && xfdt_chain_takes_dwarf(chain))
		no_types = xfdt_from_found_file(chain, true, no_types);
	if (no_symbols && !chain->has_symbols)
		note_source_gap(chain, "the kernel's symbols", no_symbols,
				files ? NULL : "leave --symbols out");
	else
		xfdt_error_free(no_symbols);
	if (no_types && chain->has_symbols)
		note_source_gap(chain, "the kernel's types", no_types,
				xfdt_chain_takes_dwarf(chain) ? NULL : "leave --types out");
	else
		xfdt_error_free(no_types);
}

/* Types that vmlinux does not have and the kvm module may, or may have others of. */
static void resolve_kvm_types(struct xfdt_chain *chain, const struct xfdt_module *kvm)
{
	struct xfdt_image *image = chain->image;
	struct xfdt_error *err = NULL, *why;

	/* only there, since reading vmlinux's BTF and the module's takes long */
	if ((kvm->out_of_tree || !xfdt_layout_is_complete(&image->layout)) &&
	    xfdt_chain_takes_btf(chain))
		err = xfdt_from_kvm_btf(chain, kvm);
	if (!xfdt_layout_is_complete(&image->layout) && xfdt_chain_takes_dwarf(chain)) {
		why = xfdt_from_kvm_dwarf(chain, kvm);
		if (!err || !why) {
			xfdt_error_free(err);
			err = why;
		} else {
			xfdt_error_free(why);
		}
	}
	if (err)
		note_gap(chain, "KVM's types", err, XFDT_KVM_FILE);
}

/* What was not read when a dump was distilled, no file brings back. */
static void note_kvm_gap(struct xfdt_chain *chain, struct xfdt_error *err)
{
	if (chain->image->embedded && chain->debug->path_count)
		xfdt_gaps_add(
			&chain->image->gaps, "the symbols of kvm.ko", err,
			"triage the vmcore that this one was distilled of, with its kvm.ko (-d)");
	else
		note_gap(chain, "the symbols of kvm.ko", err, XFDT_KVM_FILE);
}

static void resolve_kvm(struct xfdt_chain *chain)
{
	struct xfdt_image *image = chain->image;
	struct xfdt_module kvm;
	struct xfdt_error *err;
	bool found;

	if (image->kvm_is_built_in) {
		image->modules_known = true;
		return;
	}
	err = xfdt_module_find(image, "kvm", &found, &kvm);
	if (err) {
		note_gap(chain, "the loaded modules", err,
			 XFDT_VMLINUX_FILE | (has_variables(image) ? 0 : XFDT_KVM_FILE));
		return;
	}
	image->modules_known = true;
	image->kvm_is_module = found;
	if (!found)
		return;
	if (*kvm.build_id)
		image->kvm_build_id = strdup(kvm.build_id);
	if (!image->embedded) {
		resolve_kvm_types(chain, &kvm);
		err = xfdt_module_symbols(image, &kvm, &image->symtab);
	}
	/* without CONFIG_KALLSYMS_ALL it has functions only */
	if (!err && !xfdt_symbol(image, XFDT_S_vm_list) &&
	    chain->debug->symbols == XFDT_SYMBOLS_AUTO)
		err = xfdt_from_kvm_symtab(chain, &kvm);
	if (err)
		note_kvm_gap(chain, err);
}

/* The file that has struct @structure. */
static unsigned int file_of(const struct xfdt_image *image, const char *structure)
{
	bool kvms = !strcmp(structure, "kvm") || !strncmp(structure, "kvm_", strlen("kvm_"));

	return kvms && image->kvm_is_module ? XFDT_KVM_FILE : XFDT_VMLINUX_FILE;
}

/* All that is REQUIRED and was not found, in one gap. */
static void note_missing(struct xfdt_chain *chain)
{
	const struct xfdt_image *image = chain->image;
	unsigned int files = 0;
	char *names = NULL;
	size_t len, i;
	FILE *out = open_memstream(&names, &len);

	if (!out)
		return;
	for (i = 0; i < XFDT_STRUCT_COUNT; i++) {
		if (xfdt_struct_needs[i].need != XFDT_REQUIRED || image->layout.structs[i])
			continue;
		fprintf(out, ", struct %s", xfdt_struct_needs[i].name);
		files |= file_of(image, xfdt_struct_needs[i].name);
	}
	for (i = 0; i < XFDT_MEMBER_COUNT; i++) {
		const struct xfdt_member_need *need = &xfdt_member_needs[i];

		if (need->need != XFDT_REQUIRED || image->layout.members[i].known)
			continue;
		fprintf(out, ", %s.%s", need->structure, need->path);
		files |= file_of(image, need->structure);
	}
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		if (xfdt_symbol_needs[i].need != XFDT_REQUIRED || image->symtab.symbols[i].known)
			continue;
		fprintf(out, ", symbol %s", xfdt_symbol_needs[i].name);
		files |= XFDT_VMLINUX_FILE;
	}
	if (!fclose(out) && len > 2)
		note_gap(chain, "what every answer needs",
			 xfdt_error_new(XFDT_MISSING, 0, "not found: %s", names + 2), files);
	free(names);
}

static void add_vmcoreinfo_gap(struct xfdt_image *image, struct xfdt_error *err)
{
	xfdt_gaps_add(
		&image->gaps, "where the kernel's symbols and types are",
		err ? err :
		      xfdt_error_new(
			      XFDT_MISSING, 0,
			      "VMCOREINFO is not among the dump's notes, nor in the memory that was searched (at most 32 GiB)"),
		err ? NULL :
		      "name a file with it (--vmcoreinfo), take the dump with kdump, or give the virtual machine QEMU's '-device vmcoreinfo' and load qemu_fw_cfg in it");
}

static void take_vmcoreinfo(struct xfdt_image *image)
{
	const struct xfdt_vmcoreinfo *info = &image->vmcoreinfo;
	size_t i;

	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		struct xfdt_symbol *symbol = &image->symtab.symbols[i];

		if (xfdt_symbol_needs[i].place == XFDT_VMLINUX)
			symbol->known = xfdt_vmcoreinfo_symbol(info, xfdt_symbol_needs[i].name,
							       &symbol->kvaddr);
	}
	image->symbol_source = "vmcoreinfo";
	image->type_source = "vmcoreinfo";
	xfdt_vmcoreinfo_layout(info, &image->layout);
}

void xfdt_image_init(struct xfdt_image *image, const struct xfdt_source *source,
		     const struct xfdt_debug_options *debug)
{
	static const struct xfdt_debug_options dump_alone;
	struct xfdt_chain chain = {
		.image = image,
		.debug = debug ? debug : &dump_alone,
	};
	struct xfdt_error *err;
	uint64_t five_levels;

	memset(image, 0, sizeof(*image));
	image->reader = source->reader;
	image->arch = source->arch;
	image->notes = source->notes;
	image->note_count = source->note_count;
	image->census = source->census;
	image->census_len = source->census_len;
	image->symbol_source = "none";
	image->type_source = "none";
	err = xfdt_vmcoreinfo_init(&image->vmcoreinfo, source->vmcoreinfo);
	if (err || !source->vmcoreinfo) {
		add_vmcoreinfo_gap(image, err);
		return;
	}
	/* QEMU's kdump-compressed dumps name no machine; no other kernel says this (Linux: arch/x86/kernel/vmcore_info_64.c) */
	if (!image->arch &&
	    xfdt_vmcoreinfo_number(&image->vmcoreinfo, "pgtable_l5_enabled", &five_levels))
		image->arch = "x86_64";
	image->release = identity(&image->vmcoreinfo, "OSRELEASE", false);
	image->build_id = identity(&image->vmcoreinfo, "BUILD-ID", true);
	if (!xfdt_is_x86_64(image))
		return;
	take_vmcoreinfo(image);
	if (xfdt_symbol(image, XFDT_S_stext))
		chain.stext = xfdt_symbol(image, XFDT_S_stext)->kvaddr;

	resolve_vmlinux(&chain, source);
	xfdt_search_variables(&chain);
	if (xfdt_symbol(image, XFDT_S_modules) || xfdt_symbol(image, XFDT_S_restore_fpregs)) {
		resolve_kvm(&chain);
		/* without kvm there need not be types of it */
		if (image->kvm_is_module || image->kvm_is_built_in)
			note_missing(&chain);
	}
	image->remedy = remedy_for(&chain, xfdt_files_with_types(image->release));
	xfdt_btf_free(chain.vmlinux_types);
}
