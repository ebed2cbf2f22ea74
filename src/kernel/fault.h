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

/* May the stack pointer @sp be one of the stack of @task, a kvaddr? */
bool xfdt_is_on_stack(const struct xfdt_image *image, uint64_t task, uint64_t sp);

/*
 * Fill nm_fpstate, stack and nm_frame of each vCPU's thread where they decide: a mismatch in
 * memory, in use on a CPU, by another thread than the one that panicked.
 */
struct xfdt_error *xfdt_fault_read_others(struct xfdt_host *host);

#endif
