/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layouts of structures from BTF. */
#ifndef XFDT_TYPES_BTF_H
#define XFDT_TYPES_BTF_H

#include "base/error.h"
#include "image/layout.h"

#include <stddef.h>

struct xfdt_btf;

/* Create the file that xfdt_btf_new() needs for a module's BTF, before the process loses the right to.  False: see errno. */
bool xfdt_btf_prepare(void);

/*
 * Parse @len bytes of BTF at @data, which is only read and may be freed
 * afterwards.  @base, for a module's split BTF, is borrowed and must outlive
 * the result; NULL for vmlinux.
 */
struct xfdt_error *xfdt_btf_new(struct xfdt_btf **ret_types, const void *data, size_t len,
				const struct xfdt_btf *base);
void xfdt_btf_free(struct xfdt_btf *types);

/*
 * Fill what is still unknown in @layout from @types (without its base).  Where
 * several structures share a name, the one with most of the members needed is
 * taken.  Returns how many entries were filled.
 */
size_t xfdt_btf_fill(const struct xfdt_btf *types, struct xfdt_layout *layout);

/*
 * Replace KVM's structures in @layout by those of @types (without its base).  Returns how many entries @layout got.
 */
size_t xfdt_btf_replace_kvm(const struct xfdt_btf *types, struct xfdt_layout *layout);

#endif
