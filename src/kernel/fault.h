/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XRSTOR that faulted: its registers, its operand, its caller. */
#ifndef XFDT_KERNEL_FAULT_H
#define XFDT_KERNEL_FAULT_H

#include "insn/insn.h"
#include "kernel/host.h"

struct xfdt_gpr xfdt_gpr_of(const struct xfdt_regs *regs);

/*
 * Fill @host->panic.fault from the rest of @host->panic, the stack and the log;
 * its source is XFDT_REGS_NONE if there was no such fault.
 */
struct xfdt_error *xfdt_fault_read(struct xfdt_host *host);

#endif
