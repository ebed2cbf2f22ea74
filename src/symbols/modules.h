/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded modules: their symbols, their build-id, their BTF. */
#ifndef XFDT_SYMBOLS_MODULES_H
#define XFDT_SYMBOLS_MODULES_H

#include "image/image.h"

struct xfdt_module {
	uint64_t kvaddr;	 /* of struct module */
	uint64_t symtab, strtab; /* kvaddrs; Elf64_Sym[num_syms], names */
	uint32_t num_syms;
	char build_id[XFDT_BUILD_ID_MAX + 1]; /* lower-case hex; empty: unknown */
	bool out_of_tree; /* it was not built with the kernel, as far as is known */
};

/*
 * Look for the module called @name; *@ret_found is false if it is not loaded.
 * XFDT_CORRUPT also if one that needs it is, as kvm_intel needs kvm.  Other errors mean that the list could not
 * be followed to its end.
 */
struct xfdt_error *xfdt_module_find(const struct xfdt_image *image, const char *name,
				    bool *ret_found, struct xfdt_module *ret_module);

/*
 * Resolve the KVM symbols of needs.def that are still unknown in @symtab.
 */
struct xfdt_error *xfdt_module_symbols(const struct xfdt_image *image,
				       const struct xfdt_module *module,
				       struct xfdt_symtab *symtab);

/* Where @name, a section of @module, was loaded; XFDT_MISSING if that is not known. */
struct xfdt_error *xfdt_module_section(const struct xfdt_image *image,
				       const struct xfdt_module *module, const char *name,
				       uint64_t *ret_kvaddr);

/*
 * A copy of the module's BTF (which needs that of vmlinux as its base).  The
 * caller frees *@ret_data; XFDT_MISSING if the module has none.
 */
struct xfdt_error *xfdt_module_btf(const struct xfdt_image *image, const struct xfdt_module *module,
				   void **ret_data, size_t *ret_len);

#endif
