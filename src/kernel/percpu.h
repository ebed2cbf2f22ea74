/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Per-CPU variables without names. */
#ifndef XFDT_KERNEL_PERCPU_H
#define XFDT_KERNEL_PERCPU_H

#include "image/image.h"
#include "insn/decode.h"

/*
 * Give @image __per_cpu_offset, current_task and fpu_fpregs_owner_ctx if the first has no name
 * (CONFIG_KALLSYMS_ALL=n), by the code that uses them.  What code and memory do not agree on stays unknown.
 */
void xfdt_percpu_by_code(struct xfdt_image *image, const struct xfdt_decoder *decoder);

#endif
