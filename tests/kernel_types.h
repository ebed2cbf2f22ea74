/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The structures of the hand-made kernel, with the kernel's names and the members that xfdtriage reads.  Their layout
 * is the C compiler's: offsetof feeds the BTF (kernel_btf.c), VMCOREINFO and the memory.  Pointers are kvaddrs.
 */
#ifndef TESTS_KERNEL_TYPES_H
#define TESTS_KERNEL_TYPES_H

#include "image/image.h"

struct list_head {
	uint64_t next, prev;
};

struct hlist_head {
	uint64_t first;
};

struct hlist_node {
	uint64_t next, pprev;
};

struct xarray {
	uint32_t xa_lock, xa_flags;
	uint64_t xa_head;
};

struct xa_node {
	uint8_t shift, offset;
	uint64_t parent, array, private_list[2];
	uint64_t slots[64];
};

/* FPU */

struct xstate_header {
	uint64_t xfeatures, xcomp_bv, reserved[6];
};

struct fpstate {
	uint32_t size, user_size;
	uint64_t xfeatures, user_xfeatures, xfd;
	uint32_t is_valloc : 1, is_guest : 1, is_confidential : 1, in_use : 1;
	/* regs, where struct kernel_layout says */
};
#define FPSTATE_REGS_SIZE 11008

struct fpu {
	uint32_t last_cpu;
	uint64_t avx512_timestamp, fpstate, task_fpstate /* __task_fpstate */, perm[4];
	uint64_t rest[4]; /* __fpstate */
} __attribute__((aligned(64)));

struct fpu_guest {
	uint64_t xfeatures, xfd_err;
	uint32_t uabi_size;
	uint64_t fpstate;
};

struct fpu_state_config {
	uint32_t max_size, default_size;
	uint64_t max_features, default_features, legacy_features;
};

struct cpuinfo_x86 {
	uint8_t x86, x86_vendor, x86_model, x86_stepping;
	union {
		uint32_t x86_capability[24];
		uint64_t x86_capability_alignment;
	};
};

/* Tasks */

struct thread_info {
	uint64_t flags, syscall_work;
	uint32_t cpu, status;
};

struct thread_struct {
	uint64_t sp, rest[7];
	struct fpu fpu; /* if struct kernel_layout says so */
};

struct signal_struct {
	struct list_head thread_head;
};

struct mm_struct {
	uint32_t mm_count, mm_users;
	uint64_t pgd, owner;
};

struct task_struct {
	struct thread_info thread_info;
	uint64_t stack;
	uint32_t on_cpu; /* 1 byte of it, if struct kernel_layout says so */
	uint32_t exit_state, flags;
	uint32_t pid, tgid;
	uint64_t mm, signal;
	char comm[16];
	struct list_head tasks, thread_node;
	struct hlist_node pid_links[4];
	struct hlist_head preempt_notifiers;
	struct thread_struct thread;
	uint32_t kasan_depth; /* if struct kernel_layout says so */
	uint64_t rest[64];
};

struct pid {
	uint32_t count, level;
	struct hlist_head tasks[4];
};

struct pcpu_hot {
	uint64_t preempt_count, current_task, hardirq_stack_ptr;
};

/* KVM */

struct preempt_notifier {
	struct hlist_node link;
	uint64_t ops;
};

struct kvm_vcpu_arch {
	uint64_t regs[8];
	struct fpu_guest guest_fpu;
	uint64_t xcr0, guest_supported_xcr0, ia32_xss;
	uint8_t xfd_no_write_intercept;
};

struct kvm_vcpu {
	uint64_t kvm;
	struct preempt_notifier preempt_notifier;
	uint32_t cpu, vcpu_id, vcpu_idx, mode;
	uint64_t pid;
	struct kvm_vcpu_arch arch;
};

struct kvm {
	struct xarray vcpu_array; /* struct kernel_layout: this, or vcpus[] */
	uint64_t mm;
	uint32_t userspace_pid, online_vcpus, created_vcpus;
	struct list_head vm_list;
	uint8_t vm_bugged, vm_dead;
	uint64_t vcpus[8];
};

/* The log */

struct prb_data_blk_lpos {
	uint64_t begin, next;
};

struct prb_desc {
	uint64_t state_var;
	struct prb_data_blk_lpos text_blk_lpos;
};

struct prb_desc_ring {
	uint32_t count_bits;
	uint64_t descs, infos, head_id, tail_id, last_finalized_seq;
};

struct prb_data_ring {
	uint32_t size_bits;
	uint64_t data, head_lpos, tail_lpos;
};

struct printk_ringbuffer {
	struct prb_desc_ring desc_ring;
	struct prb_data_ring text_data_ring;
};

struct printk_info {
	uint64_t seq, ts_nsec;
	uint16_t text_len;
	uint8_t facility, flags_level;
	uint32_t caller_id, rest[2];
};

struct uts_namespace {
	char name[6][65];
};

/* Modules */

struct mod_kallsyms {
	uint64_t symtab;
	uint32_t num_symtab;
	uint64_t strtab;
};

struct module {
	uint32_t state;
	struct list_head list;
	char name[56];
	uint64_t taints, kallsyms;
};

struct btf_module {
	struct list_head list;
	uint64_t module, btf;
};

struct module_btf { /* the kernel's struct btf; libbpf has the name too */
	uint64_t data;
	uint32_t data_size;
};

#endif
