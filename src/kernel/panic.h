/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the kernel died: log, registers, stack. */
#ifndef XFDT_KERNEL_PANIC_H
#define XFDT_KERNEL_PANIC_H

#include "kernel/host.h"

/* Fill @host->panic; what is missing becomes a gap. */
struct xfdt_error *xfdt_panic_read(struct xfdt_host *host);
void xfdt_panic_deinit(struct xfdt_panic *panic);

#endif
