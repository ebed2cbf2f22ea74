/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kernel made by hand, for the whole way from memory to a verdict:
 * kallsyms, BTF, a log, and one VM of two vCPUs.  It died of the bug: vCPU 0
 * is the culprit.  KVM is built in, unless the struct kernel_layout, in which
 * kernels differ, says that it is a module.
 */
#ifndef TESTS_KERNEL_H
#define TESTS_KERNEL_H

#include "memory.h"

#define KERNEL_TEXT 0xffffffff81000000ull
#define KERNEL_TEXT_SIZE 0x1000u
#define KERNEL_RESTORE (KERNEL_TEXT + 0x400)	 /* restore_fpregs_from_fpstate() */
#define KERNEL_SWAP_RETURN (KERNEL_TEXT + 0x215) /* behind its CALL in fpu_swap_kvm_fpstate() */
#define KERNEL_UPDATE_XFD (KERNEL_TEXT + 0x600)	 /* fpu_update_guest_xfd() */
#define KERNEL_COPY_UABI (KERNEL_TEXT + 0x700)	 /* fpu_copy_uabi_to_guest_fpstate() */
#define KERNEL_IOCTL (KERNEL_TEXT + 0x800)	 /* kvm_arch_vcpu_ioctl() */
#define KERNEL_ASM_NM (KERNEL_TEXT + 0x900)	 /* asm_exc_device_not_available() */
#define KERNEL_ASM_FRED (KERNEL_TEXT + 0xa00)	 /* asm_fred_entrypoint_kernel() */
#define KERNEL_DATA 0xffffffff82000000ull
#define KERNEL_DATA_SIZE 0x1000u
#define KERNEL_PANIC_CPU (KERNEL_DATA + 0x48)
#define KERNEL_CRASHING_CPU (KERNEL_DATA + 0x4c)
#define KERNEL_VM_LIST (KERNEL_DATA + 0xa0)
#define KERNEL_EXEC_SUMMARY (KERNEL_DATA + 0x300) /* exec_summary_regs */
#define KERNEL_SPARE (KERNEL_DATA + 0x800)	  /* nothing is there */
#define KERNEL_LOG 0xffffffff82100000ull
#define KERNEL_KALLSYMS 0xffffffff82200000ull
#define KERNEL_BTF 0xffffffff82300000ull
#define KERNEL_MODULE 0xffffffffc0800000ull /* kvm, if it is one */
#define KERNEL_MODULE_TAINTS (KERNEL_MODULE + 80)
#define KERNEL_MODULE_BTF 0xffffffffc0900000ull

#define KERNEL_HEAP 0xffff888100000000ull
#define KERNEL_HEAP_SIZE 0x14000u
#define KERNEL_PERCPU(cpu) (KERNEL_HEAP + 0x100ull * (cpu))
#define KERNEL_CURRENT(cpu) (KERNEL_PERCPU(cpu) + 64) /* unless it is in pcpu_hot */
#define KERNEL_KVM (KERNEL_HEAP + 0x1000)
#define KERNEL_NODE (KERNEL_HEAP + 0x1200) /* struct xa_node */
#define KERNEL_VCPU(n) (KERNEL_HEAP + 0x2000 + 0x200ull * (n))
#define KERNEL_TASK(n) (KERNEL_HEAP + 0x3000 + 0x800ull * (n))
#define KERNEL_PID(n) (KERNEL_HEAP + 0x4000 + 0x40ull * (n))
#define KERNEL_FPSTATE(n) (KERNEL_HEAP + 0x5000 + 0x2000ull * (n))
#define KERNEL_STACK (KERNEL_HEAP + 0xc000) /* of task 0; 32 KiB are there */

/* offsets in its structures */
#define KERNEL_KVM_ONLINE 28
#define KERNEL_KVM_LIST 40
#define KERNEL_KVM_BUGGED 56
#define KERNEL_KVM_DEAD 57
#define KERNEL_FPSTATE_XFEATURES 8
#define KERNEL_FPSTATE_XFD 24
#define KERNEL_FPSTATE_BITS 32
#define KERNEL_FPSTATE_BV 0x240
#define KERNEL_SLOTS 40
#define KERNEL_TASK_STACK 32
#define KERNEL_TASK_ON_CPU 56
#define KERNEL_TASK_PID 64
#define KERNEL_TASK_TGID 68
#define KERNEL_TASK_EXIT_STATE 88
#define KERNEL_TASK_NOTIFIERS 168
#define KERNEL_VCPU_PID 48

struct kernel_symbol {
	const char *name;
	uint64_t kvaddr; /* of a per-CPU variable its offset, below 4096 */
};

struct kernel_layout {
	const char *release;
	unsigned int cpus;   /* 1 or 2; with 2, thread n is running on CPU n */
	unsigned int tif;    /* the bit of TIF_NEED_FPU_LOAD */
	unsigned int on_cpu; /* sizeof(task_struct.on_cpu) */
	unsigned int regs;   /* offsetof(struct fpstate, regs) */
	bool fpu_in_thread;  /* task_struct.thread.fpu, not behind the task_struct */
	bool pcpu_hot;	     /* pcpu_hot.current_task, not current_task */
	bool percpu_from_0;  /* addresses of per-CPU variables begin at 0 */
	bool vcpus_array;    /* kvm.vcpus[], not kvm.vcpu_array */
	bool kvm_is_module;
	unsigned int kvm_moved; /* how far off vmlinux's BTF has the members of struct kvm */
	const struct kernel_symbol *more; /* symbols besides; a NULL name ends them */
};
extern const struct kernel_layout kernel_5_16, kernel_6_12, kernel_6_18, kernel_7_2;

#define KERNEL_SYMBOLS_MAX 48

struct kernel {
	const struct kernel_layout *layout;
	struct kernel_symbol symbols[KERNEL_SYMBOLS_MAX]; /* in the order of kallsyms */
	size_t symbol_count;
	struct memory memory;
	char vmcoreinfo[2048];
	struct xfdt_cpu_note note;
	struct xfdt_source source;
};

void kernel_init(struct kernel *kernel); /* as kernel_6_18 */
void kernel_init_as(struct kernel *kernel, const struct kernel_layout *layout);
void kernel_deinit(struct kernel *kernel);

/* Exchange the log, of up to 16 lines; NULL ends @lines. */
void kernel_log(struct kernel *kernel, const char *const *lines);
/* Let thread @caller have said line number @line. */
void kernel_log_caller(struct kernel *kernel, size_t line, uint32_t caller);

/* Where kallsyms has the address of @name. */
uint64_t kernel_symbol_place(const struct kernel *kernel, const char *name);

uint64_t kernel_fpu(const struct kernel *kernel, unsigned int task);

#endif
