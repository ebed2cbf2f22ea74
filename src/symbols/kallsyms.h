/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols of vmlinux from the kallsyms tables in the kernel's own memory. */
#ifndef XFDT_SYMBOLS_KALLSYMS_H
#define XFDT_SYMBOLS_KALLSYMS_H

#include "image/image.h"
#include "image/vmcoreinfo.h"
#include "symbols/name_query.h"

/*
 * How kallsyms stores addresses.  The names of the tables do not show it, so the encoding
 * that agrees with every anchor is used.
 */
enum xfdt_kallsyms_encoding {
	/* unsigned long kallsyms_addresses[]: CONFIG_KALLSYMS_BASE_RELATIVE=n */
	XFDT_KALLSYMS_ABSOLUTE,
	/* offset >= 0: a per-CPU offset; else relative_base - 1 - offset (to v6.14) */
	XFDT_KALLSYMS_PERCPU_RELATIVE,
	/* relative_base + (u32)offset (v6.15 to v6.19) */
	XFDT_KALLSYMS_RELATIVE,
	/* address of the entry itself + (s32)offset (from v7.0) */
	XFDT_KALLSYMS_PC_RELATIVE,
	XFDT_KALLSYMS_ENCODINGS
};

struct xfdt_kallsyms {
	uint64_t names, token_table, token_index; /* kvaddrs */
	uint64_t values;	/* kvaddr of kallsyms_offsets or kallsyms_addresses */
	uint64_t relative_base; /* the base itself */
	bool has_relative_base;
	bool has_addresses; /* @values is kallsyms_addresses */
	uint32_t num_syms;
};

/* Find the tables that VMCOREINFO names (Linux kernel commit 5fd8fea935a1, in v6.0). */
struct xfdt_error *xfdt_kallsyms_init(struct xfdt_kallsyms *ret_kallsyms,
				      struct xfdt_reader *reader,
				      const struct xfdt_vmcoreinfo *vmcoreinfo);

/*
 * Look all @queries up in one pass over the names.  Fails with XFDT_CORRUPT if
 * no encoding agrees with the anchors, of which at least one must be found.
 */
struct xfdt_error *xfdt_kallsyms_lookup(const struct xfdt_kallsyms *kallsyms,
					struct xfdt_reader *reader, struct xfdt_name_query *queries,
					size_t count);

#endif
