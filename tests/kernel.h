/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kernel made by hand, for the whole way from memory to a verdict:
 * kallsyms, BTF, a log, and one VM of two vCPUs.  It died of the bug: vCPU 0
 * is the culprit.  KVM is built in, so that no module is needed.
 */
#ifndef TESTS_KERNEL_H
#define TESTS_KERNEL_H

#include "memory.h"

#define KERNEL_TEXT 0xffffffff81000000ull
#define KERNEL_TEXT_SIZE 0x1000u
#define KERNEL_RESTORE (KERNEL_TEXT + 0x400)		/* restore_fpregs_from_fpstate() */
#define KERNEL_SWAP_RETURN (KERNEL_TEXT + 0x215)	/* behind its CALL in fpu_swap_kvm_fpstate() */
#define KERNEL_ASM_NM (KERNEL_TEXT + 0x900)		/* asm_exc_device_not_available() */
#define KERNEL_DATA 0xffffffff82000000ull
#define KERNEL_DATA_SIZE 0x1000u
#define KERNEL_VM_LIST (KERNEL_DATA + 0xa0)
#define KERNEL_LOG 0xffffffff82100000ull
#define KERNEL_KALLSYMS 0xffffffff82200000ull
#define KERNEL_BTF 0xffffffff82300000ull

#define KERNEL_HEAP 0xffff888100000000ull
#define KERNEL_HEAP_SIZE 0x10000u
#define KERNEL_KVM (KERNEL_HEAP + 0x1000)
#define KERNEL_NODE (KERNEL_HEAP + 0x1200)		/* struct xa_node */
#define KERNEL_VCPU(n) (KERNEL_HEAP + 0x2000 + 0x200ull * (n))
#define KERNEL_TASK(n) (KERNEL_HEAP + 0x3000 + 0x800ull * (n))
#define KERNEL_FPU(n) (KERNEL_TASK(n) + 1024)
#define KERNEL_PID(n) (KERNEL_HEAP + 0x4000 + 0x40ull * (n))
#define KERNEL_FPSTATE(n) (KERNEL_HEAP + 0x5000 + 0x2000ull * (n))
#define KERNEL_STACK (KERNEL_HEAP + 0xc000)		/* of task 0 */

/* offsets in its structures */
#define KERNEL_KVM_ONLINE 28
#define KERNEL_KVM_LIST 40
#define KERNEL_FPSTATE_XFD 24
#define KERNEL_FPSTATE_BITS 32
#define KERNEL_FPSTATE_BV 0x240
#define KERNEL_SLOTS 40

/* Its symbols; __stop_BTF has address 0 in here.  A NULL name ends them. */
struct kernel_symbol {
	const char *name;
	uint64_t kvaddr;
};
extern const struct kernel_symbol kernel_symbols[];

struct kernel {
	struct memory memory;
	char vmcoreinfo[2048];
	struct xfdt_cpu_note note;
	struct xfdt_source source;
};

void kernel_init(struct kernel *kernel);
void kernel_deinit(struct kernel *kernel);

/* Exchange the log, of up to 16 lines; NULL ends @lines. */
void kernel_log(struct kernel *kernel, const char *const *lines);

#endif
