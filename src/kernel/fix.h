/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is Linux kernel commit b45f72177594 in the running kernel's code? */
#ifndef XFDT_KERNEL_FIX_H
#define XFDT_KERNEL_FIX_H

#include "insn/decode.h"
#include "kernel/host.h"

/*
 * Look at the code of both halves.  No type changed with the fix, so code is
 * the only witness; what cannot be read, or does not look like either, is
 * XFDT_UNKNOWN.
 */
void xfdt_fix_read(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
		   struct xfdt_fix *ret_fix);

#endif
