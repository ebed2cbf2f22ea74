/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kernel made by hand, for the whole way from memory to a verdict:
 * kallsyms, BTF, a log, threads and VMs.
 *
 * kernel_boot() makes a kernel that is up, without VMs; kernel_add_vm() and kernel_add_thread() add to it, and
 * kernel_die_of_nm() or kernel_panic() end it.  kernel_init() does all that for the case most tests start from: one VM
 * of two vCPUs, dead of the bug, with vCPU 0 as the one that faulted.
 *
 * Objects are C structures in the kernel's memory: a test changes them in place, and kernel_kvaddr() says where the
 * kernel has them.  A set-up that cannot work ends the test with exit code 99.
 */
#ifndef TESTS_KERNEL_H
#define TESTS_KERNEL_H

#include "kernel_types.h"
#include "memory.h"

#define KERNEL_PGD 0xffff888100fe0000ull /* page tables of a process; nothing reads them */
#define KERNEL_XTILEDATA (1ull << 18)
#define KERNEL_XCR0 0x602e7ull /* of host and guests */
#define KERNEL_MASK 0x600ffull /* EDX:EAX at the XRSTORS */

/* code, at fixed places */
#define KERNEL_TEXT 0xffffffff81000000ull
#define KERNEL_TEXT_SIZE 0x1000u
#define KERNEL_ELSEWHERE (KERNEL_TEXT + 0x10)	 /* code that no test is about */
#define KERNEL_ACTIVATE (KERNEL_TEXT + 0x100)	 /* fpregs_mark_activate() */
#define KERNEL_FPU_BEGIN (KERNEL_TEXT + 0x180)	 /* kernel_fpu_begin_mask() */
#define KERNEL_SET_TIF (KERNEL_FPU_BEGIN + 16)	 /* where that sets TIF_NEED_FPU_LOAD */
#define KERNEL_SAVE_CPU (KERNEL_TEXT + 0x1c0)	 /* crash_save_cpu() */
#define KERNEL_RESTORE (KERNEL_TEXT + 0x400)	 /* restore_fpregs_from_fpstate() */
#define KERNEL_XRSTOR (KERNEL_RESTORE + 0x3c)	 /* its XRSTORS */
#define KERNEL_SWAP_RETURN (KERNEL_TEXT + 0x215) /* behind its CALL in fpu_swap_kvm_fpstate() */
#define KERNEL_UPDATE_XFD (KERNEL_TEXT + 0x600)	 /* fpu_update_guest_xfd() */
#define KERNEL_COPY_UABI (KERNEL_TEXT + 0x700)	 /* fpu_copy_uabi_to_guest_fpstate() */
#define KERNEL_IOCTL (KERNEL_TEXT + 0x800)	 /* kvm_arch_vcpu_ioctl() */
#define KERNEL_ASM_NM (KERNEL_TEXT + 0x900)	 /* asm_exc_device_not_available() */
#define KERNEL_NM_RETURN (KERNEL_ASM_NM + 0x1a)	 /* behind its CALL of the handler */
#define KERNEL_ASM_FRED (KERNEL_TEXT + 0xa00)	 /* asm_fred_entrypoint_kernel() */
#define KERNEL_KASAN (KERNEL_TEXT + 0xa80)	 /* kasan_report(), if there is one */

/* memory */
#define KERNEL_DATA 0xffffffff82000000ull /* struct kernel_data */
#define KERNEL_LOG 0xffffffff82100000ull
#define KERNEL_KALLSYMS 0xffffffff82200000ull
#define KERNEL_BTF 0xffffffff82300000ull
#define KERNEL_MODULE 0xffffffffc0800000ull /* kvm, if it is one */
#define KERNEL_MODULE_BTF 0xffffffffc0900000ull
#define KERNEL_HEAP 0xffff888100000000ull /* what kernel_alloc() gives */
#define KERNEL_HEAP_SIZE 0x10000u
#define KERNEL_VMALLOC 0xffffc90000000000ull /* stacks and guest fpstates, each a run of pages */

#define KERNEL_CPUS_MAX 4
#define KERNEL_VCPUS_MAX 8
#define KERNEL_VMS_MAX 8
#define KERNEL_SYMBOLS_MAX 64
#define KERNEL_NOTES_MAX 8
#define KERNEL_STACK_SIZE 16384u
#define KERNEL_STACK_SIZE_KASAN 32768u

struct kernel_layout {
	const char *release;
	unsigned int cpus;
	unsigned int tif;    /* the bit of TIF_NEED_FPU_LOAD */
	unsigned int on_cpu; /* sizeof(task_struct.on_cpu) */
	unsigned int regs;   /* offsetof(struct fpstate, regs) */
	bool fpu_in_thread;  /* task_struct.thread.fpu, not behind the task_struct */
	bool pcpu_hot;	     /* pcpu_hot.current_task, not current_task */
	bool percpu_from_0;  /* addresses of per-CPU variables begin at 0 */
	bool vcpus_array;    /* kvm.vcpus[], not kvm.vcpu_array */
	bool panic_redirect; /* panic_redirect_cpu exists */
	bool kasan;	     /* CONFIG_KASAN: larger stacks */
	bool kvm_is_module;
	unsigned int kvm_moved; /* how far off vmlinux's BTF has the members of struct kvm */
};
extern const struct kernel_layout kernel_5_16, kernel_6_12, kernel_6_18, kernel_7_2;

struct kernel_symbol {
	const char *name;
	uint64_t kvaddr; /* of a per-CPU variable its offset, below 4096 */
};

/* Variables of vmlinux; each has a symbol of its name. */
struct kernel_data {
	struct fpu_state_config fpu_kernel_cfg;
	uint64_t prb;
	uint32_t panic_cpu, crashing_cpu; /* UINT32_MAX: none */
	uint32_t panic_redirect_cpu;	  /* has one if struct kernel_layout says so */
	uint32_t nr_cpu_ids, die_counter;
	uint64_t __per_cpu_offset[KERNEL_CPUS_MAX];
	struct list_head vm_list;
	struct uts_namespace init_uts_ns;
	struct xfdt_regs exec_summary_regs;
	uint64_t tainted_mask;
	struct cpuinfo_x86 boot_cpu_data;
	struct list_head modules, btf_modules; /* have one if KVM is a module */
	struct task_struct init_task;
	struct fpu init_fpu;
	uint64_t spare[8]; /* has none: kernel_add_symbol(kernel, name, KERNEL_SPARE) */
	struct fpstate init_fpstate __attribute__((aligned(64)));
	uint8_t init_regs[FPSTATE_REGS_SIZE];
	uint64_t behind;
};
#define KERNEL_VARIABLE(name) (KERNEL_DATA + offsetof(struct kernel_data, name))
#define KERNEL_SPARE KERNEL_VARIABLE(spare)
#define KERNEL_PF_EXITING 4u /* of task_struct.flags */
#define KERNEL_TAINT_DIE (1ull << 7)
#define KERNEL_TAINT_WARN (1ull << 9)
#define KERNEL_CAP_XFD(capability) ((capability)[10]) /* bit 4: X86_FEATURE_XFD */
#define KERNEL_CAP_AMX(capability) ((capability)[18]) /* bit 24: X86_FEATURE_AMX_TILE */

/* Variables of one CPU; those that struct kernel_layout does not exclude have a symbol. */
struct kernel_percpu {
	uint64_t fixed, xfd_state, fpu_fpregs_owner_ctx, current_task, hardirq_stack_ptr;
	struct pcpu_hot pcpu_hot;
	uint32_t cpu_number; /* has no symbol; code reads it */
};

/* One vCPU, in the kernel's memory. */
struct kernel_vcpu {
	struct kvm_vcpu *vcpu;
	struct fpstate *fpstate;
	struct xstate_header *header; /* of @fpstate */
	struct pid *pid;
	struct task_struct *task;
};

struct kernel_vm {
	unsigned int vcpus;
	unsigned int armed;   /* so many of them, the first ones, have a mismatch */
	unsigned int running; /* threads of so many of them, the first ones, run, on free CPUs */
	bool unlisted;	      /* not in vm_list */
	/* what kernel_add_vm() makes of it */
	struct kvm *kvm;
	struct xa_node *node;
	struct mm_struct *mm;
	struct task_struct *leader; /* of the process: not a vCPU's thread */
	struct kernel_vcpu vcpu[KERNEL_VCPUS_MAX];
};

struct kernel_thread {
	const char *comm;
	unsigned int pid;
	struct task_struct *leader; /* whose process it is of; NULL: its own */
	struct mm_struct *mm;	    /* NULL: a kernel thread */
};

/* A record of the log. */
struct kernel_record {
	const char *text;
	uint32_t caller; /* thread id, or 0x80000000 + CPU */
	uint64_t nsec;
	bool from_user; /* by /dev/kmsg */
};

struct kernel {
	const struct kernel_layout *layout;
	struct kernel_symbol symbols[KERNEL_SYMBOLS_MAX]; /* in the order of kallsyms */
	size_t symbol_count;
	struct memory memory;
	size_t heap_used;
	uint64_t vmalloc_next;
	char vmcoreinfo[4096];
	struct xfdt_cpu_note notes[KERNEL_NOTES_MAX];
	struct xfdt_source source;

	struct kernel_data *data;
	struct kernel_percpu *percpu[KERNEL_CPUS_MAX];
	unsigned int busy_cpus; /* which kernel_add_vm() has taken */
	struct kernel_vm vms[KERNEL_VMS_MAX];
	unsigned int vm_count;
	struct kernel_vcpu *vcpu; /* those of vms[0] */
	struct module *module;	  /* NULL: KVM is built in */
	uint64_t log_first;	  /* id and sequence number of the first record */
	size_t records, log_used;
	uint32_t caller; /* who says what kernel_log() adds */
};

void kernel_boot(struct kernel *kernel, const struct kernel_layout *layout);
void kernel_init(struct kernel *kernel); /* as kernel_6_18 */
void kernel_init_as(struct kernel *kernel, const struct kernel_layout *layout);
void kernel_deinit(struct kernel *kernel);

/* @size zero bytes of the heap, or of whole pages that nothing else is on and that an unmapped page follows. */
void *kernel_alloc(struct kernel *kernel, size_t size);
void *kernel_vmalloc(struct kernel *kernel, size_t size);
/* Give @cpu an IRQ stack, to which it moved with its stack pointer at @before; returns a stack pointer on it. */
uint64_t kernel_take_interrupt(struct kernel *kernel, unsigned int cpu, uint64_t before);
/* The kvaddr of what @object points to, and the other way round. */
uint64_t kernel_kvaddr(const struct kernel *kernel, const void *object);
void *kernel_at(struct kernel *kernel, uint64_t kvaddr);

/* Threads.  A new one has a stack, is in the list of tasks, and is on no CPU; its TIF_NEED_FPU_LOAD is set. */
struct task_struct *kernel_add_thread(struct kernel *kernel, const struct kernel_thread *thread);
/* Put @task on @cpu: its registers are live (TIF_NEED_FPU_LOAD is clear, and they are the CPU's). */
void kernel_run(struct kernel *kernel, struct task_struct *task, unsigned int cpu);
struct fpu *kernel_fpu(const struct kernel *kernel, struct task_struct *task);
/* @vcpu's thread is no more: neither struct pid nor a list leads to it, no CPU runs it. */
void kernel_reap(struct kernel *kernel, struct kernel_vcpu *vcpu);
/* A state of @task's own, no guest's. */
struct fpstate *kernel_add_own_fpstate(struct kernel *kernel, struct task_struct *task);

/* VMs.  The thread of every vCPU holds its state (in_use). */
struct kernel_vm *kernel_add_vm(struct kernel *kernel, const struct kernel_vm *vm);

/*
 * What ends the host.  kernel_die_of_nm(): @vcpu's thread faults at the XRSTORS, with all that the log, counters and
 * a note say of it.  kernel_panic(): @task panics elsewhere, with @lines as the whole log (NULL: sysrq), and a note.
 */
void kernel_die_of_nm(struct kernel *kernel, struct kernel_vcpu *vcpu);
void kernel_panic(struct kernel *kernel, struct task_struct *task, const char *const *lines);

/* Registers at the XRSTORS of @fpstate, with a stack pointer of @task's. */
struct xfdt_regs kernel_nm_regs(const struct kernel *kernel, const struct task_struct *task,
				const struct fpstate *fpstate);
/*
 * Push the frame of an #NM onto the stack of @task, with its first byte at @offset: @regs, with a stack pointer right
 * behind it, between the return address of the handler's call and that of restore_fpregs_from_fpstate()'s.  Returns
 * the registers in the frame.
 */
#define KERNEL_FRAME 0x2f00	    /* an @offset */
#define KERNEL_STACK_POINTER 0x3100 /* that of a thread whose note says nothing else */
struct xfdt_regs *kernel_push_nm(struct kernel *kernel, struct task_struct *task, uint32_t offset,
				 const struct xfdt_regs *regs);
/* The word at @offset of @task's stack. */
uint64_t *kernel_stack(struct kernel *kernel, const struct task_struct *task, uint32_t offset);
/* A note of thread @pid, the next of the dump. */
struct xfdt_cpu_note *kernel_add_note(struct kernel *kernel, int pid);

/* The log: exchange it for @lines, which NULL ends, or add one record. */
void kernel_log(struct kernel *kernel, const char *const *lines);
void kernel_log_add(struct kernel *kernel, const struct kernel_record *record);
/*
 * The log of an #NM, number @number of the oopses: the WARN of the handler, and die().  Both print @regs; NULL:
 * neither prints any.
 */
void kernel_log_nm(struct kernel *kernel, unsigned int number, const struct xfdt_regs *regs);
/* What the kernel prints of the registers of an exception at @place, with @code from its instruction on; 9 lines. */
void kernel_log_registers(struct kernel *kernel, const struct xfdt_regs *regs, const char *place,
			  const char *code);
#define KERNEL_XRSTORS_CODE "<48> 0f c7 5b 40 5b 5d" /* at KERNEL_XRSTOR */
/* Let thread @caller have said line number @line. */
void kernel_log_caller(struct kernel *kernel, size_t line, uint32_t caller);

/* Symbols.  One that is forgotten keeps its place in kallsyms, under another name. */
void kernel_add_symbol(struct kernel *kernel, const char *name, uint64_t kvaddr);
void kernel_forget_symbol(struct kernel *kernel, const char *name);
/* The kvaddr of kallsyms' entry with the address of @name. */
uint64_t kernel_symbol_place(const struct kernel *kernel, const char *name);
/* Let vmlinux's BTF have no @member of struct @name. */
void kernel_forget_member(struct kernel *kernel, const char *name, const char *member);
/* Overwrite @word in VMCOREINFO: an older kernel does not state it. */
void kernel_forget_vmcoreinfo(struct kernel *kernel, const char *word);

/* For the builder's own parts: kernel_symbols.c and kernel_btf.c. */
void kernel_put_symbols(struct kernel *kernel);
uint64_t kernel_put_btf(struct kernel *kernel); /* returns the address behind it */
void kernel_broken(const char *what) __attribute__((noreturn));

#endif
