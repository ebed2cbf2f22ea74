/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the lists of modules and of their BTF: the input is memory from the list heads on. */
#include "fuzz/fuzz.h"
#include "symbols/modules.h"

#include <stdlib.h>

#define BASE 0xffffffffc0800000ull

static void member(struct xfdt_image *image, enum xfdt_member_id id, uint32_t offset, uint32_t size)
{
	image->layout.members[id] = (struct xfdt_member){ true, offset, size, 0, 0 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_symtab symtab = { 0 };
	struct xfdt_image image = { 0 };
	struct xfdt_module module;
	struct fuzz_memory memory;
	struct xfdt_error *err;
	bool found = false;
	void *btf;
	size_t len;

	fuzz_memory_init(&memory, BASE, data, size);
	image.reader = &memory.reader;
	image.symtab.symbols[XFDT_S_modules] = (struct xfdt_symbol){ true, BASE, 8 };
	image.symtab.symbols[XFDT_S_btf_modules] = (struct xfdt_symbol){ true, BASE + 8, 8 };
	image.layout.structs[XFDT_T_bin_attribute] = 16;
	member(&image, XFDT_M_list_head_next, 0, 8);
	member(&image, XFDT_M_module_list, 0, 8);
	member(&image, XFDT_M_module_name, 8, 8);
	member(&image, XFDT_M_module_kallsyms, 16, 8);
	member(&image, XFDT_M_module_notes_attrs, 24, 8);
	member(&image, XFDT_M_mod_kallsyms_symtab, 0, 8);
	member(&image, XFDT_M_mod_kallsyms_num_symtab, 8, 4);
	member(&image, XFDT_M_mod_kallsyms_strtab, 16, 8);
	member(&image, XFDT_M_notes_attrs_attrs, 0, 0);
	member(&image, XFDT_M_bin_attribute_name, 0, 8);
	member(&image, XFDT_M_bin_attribute_private, 8, 8);
	member(&image, XFDT_M_btf_module_list, 0, 8);
	member(&image, XFDT_M_btf_module_module, 8, 8);
	member(&image, XFDT_M_btf_module_btf, 16, 8);
	member(&image, XFDT_M_btf_data, 0, 8);
	member(&image, XFDT_M_btf_data_size, 8, 4);
	err = xfdt_module_find(&image, "kvm", &found, &module);
	if (!err && found) {
		size_t id_len = strlen(module.build_id);

		FUZZ_CHECK(!id_len || id_len == 40);
		err = xfdt_module_symbols(&image, &module, &symtab);
		xfdt_error_free(err);
		err = xfdt_module_btf(&image, &module, &btf, &len);
		if (!err)
			free(btf);
	}
	xfdt_error_free(err);
	return 0;
}
