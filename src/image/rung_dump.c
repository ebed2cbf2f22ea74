/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rungs of the ladder: kallsyms and BTF in the dump's memory. */
#include "image/ladder.h"

#include <stdlib.h>
#include <string.h>

#define BTF_MAX (64u << 20)

/* The record gets what kallsyms says, and nothing that VMCOREINFO alone does: no byte of memory backs that. */
struct xfdt_error *xfdt_rung_kallsyms(struct xfdt_ladder *ladder)
{
	struct xfdt_name_query queries[XFDT_SYMBOL_COUNT];
	struct xfdt_record *record = &ladder->record;
	struct xfdt_image *image = ladder->image;
	struct xfdt_kallsyms kallsyms;
	struct xfdt_error *err;
	size_t i;

	err = xfdt_kallsyms_init(&kallsyms, image->reader, image->vmcoreinfo);
	if (err)
		return err;
	xfdt_ladder_ask(ladder, queries);
	err = xfdt_kallsyms_lookup(&kallsyms, image->reader, queries, XFDT_SYMBOL_COUNT, &record->spans);
	if (err)
		return err;
	xfdt_ladder_take_symbols(ladder, queries);
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (queries[i].found == 1)
			record->symtab.symbols[i] = image->symtab.symbols[i];
	image->symbol_source = "kallsyms";
	ladder->has_symbols = true;
	return NULL;
}

static struct xfdt_error *load_vmlinux_types(struct xfdt_ladder *ladder)
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

struct xfdt_error *xfdt_rung_btf(struct xfdt_ladder *ladder)
{
	struct xfdt_layout *layout = &ladder->record.layout;
	struct xfdt_image *image = ladder->image;
	struct xfdt_error *err = load_vmlinux_types(ladder);

	if (err)
		return err;
	xfdt_types_fill(ladder->vmlinux_types, layout, xfdt_symbol(image, XFDT_S_start_btf)->kvaddr,
			&ladder->record.spans);
	err = xfdt_ladder_take_layout(ladder, layout, "BTF of vmlinux");
	if (err)
		return err;
	image->type_source = "btf";
	ladder->has_types = true;
	return NULL;
}

/* What vmlinux's types say of KVM need not hold for a kvm.ko that was not built with it. */
struct xfdt_error *xfdt_rung_kvm_btf(struct xfdt_ladder *ladder, const struct xfdt_module *kvm)
{
	struct xfdt_image *image = ladder->image;
	struct xfdt_types *types;
	struct xfdt_error *err;
	size_t len, filled;
	void *data;

	err = load_vmlinux_types(ladder);
	if (!err)
		err = xfdt_module_btf(image, kvm, &data, &len);
	if (!err) {
		err = xfdt_types_new(&types, data, len, ladder->vmlinux_types);
		free(data);
	}
	if (err)
		return err;
	filled = xfdt_types_replace_kvm(types, &image->layout);
	filled += xfdt_types_fill(types, &image->layout, 0, NULL);
	if (filled && !strcmp(image->type_source, "btf"))
		image->type_source = "btf (vmlinux and kvm)";
	xfdt_types_free(types);
	return NULL;
}
