/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is Linux kernel commit b45f72177594 in the running kernel's code? */
#ifndef XFDT_KERNEL_FIX_H
#define XFDT_KERNEL_FIX_H

#include "image/image.h"
#include "insn/decode.h"

enum xfdt_presence { XFDT_UNKNOWN, XFDT_ABSENT, XFDT_PRESENT };

/* The fix by the code in memory; each half has its own witness. */
struct xfdt_fix {
	enum xfdt_presence vmlinux, kvm;
	struct xfdt_value livepatched; /* are livepatches loaded? */
	char vmlinux_why[160], kvm_why[160];
};

/*
 * Look at the code of both halves.  No type changed with the fix, so code is
 * the only witness; what cannot be read, or does not look like either, is
 * XFDT_UNKNOWN.
 */
void xfdt_fix_read(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
		   struct xfdt_fix *ret_fix);

#endif
