/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kallsyms tables of a kernel whose VMCOREINFO does not name them. */
#ifndef XFDT_SYMBOLS_KALLSYMS_SEARCH_H
#define XFDT_SYMBOLS_KALLSYMS_SEARCH_H

#include "symbols/kallsyms.h"

/*
 * Find the tables by what they hold, from _stext on through at most 64 MiB of
 * the kernel's image.  They are taken only if they give _stext, and every other
 * symbol of the image that both they and VMCOREINFO have, the address that
 * VMCOREINFO states.  XFDT_MISSING if there are none.
 */
struct xfdt_error *xfdt_kallsyms_search(struct xfdt_kallsyms *ret_kallsyms,
					struct xfdt_reader *reader,
					const struct xfdt_vmcoreinfo *vmcoreinfo);

#endif
