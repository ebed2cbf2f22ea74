/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structures named as the kernel's, of shapes that are hard to read: the test of
 * debuginfo has them from its compiler, and from the DWARF of structures.c.
 */
#ifndef TESTS_STRUCTURES_H
#define TESTS_STRUCTURES_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef const volatile u64 odd_u64;
typedef odd_u64 odder_u64;

struct list_head {
	struct list_head *next, *prev;
};
typedef struct {
	int counter;
} atomic_t;

/* typedefs of qualifiers, arrays */
struct xa_node {
	odder_u64 before;
	u8 shift, offset;
	void *slots[2][32];
};
struct xarray {
	u32 lock;
	void *xa_head;
};
struct uts_namespace {
	char name[6][65];
	u32 tail[];
};

/* bit fields: in the word, astride bytes, of other types */
struct fpstate {
	u32 size, user_size;
	u64 xfeatures, user_xfeatures, xfd;
	u32 is_valloc : 1, is_guest : 1, is_confidential : 1, in_use : 1;
	u8 regs[4096] __attribute__((aligned(64)));
} __attribute__((aligned(64)));
struct pid {
	u32 wide : 30;
	u64 tasks : 9;
};

/* unnamed members within unnamed members */
struct fpu {
	u32 last_cpu;
	union {
		u64 words[2];
		struct {
			u64 first;
			union {
				struct fpstate *fpstate;
				u8 byte;
			};
		};
	};
};
struct fpu_guest {
	u64 xfeatures, xfd_err;
	u32 uabi_size;
	struct fpstate *fpstate;
};

struct kvm {
	struct {
		u32 mmu_lock;
	};
	struct list_head vm_list;
	struct xarray vcpu_array;
	atomic_t online_vcpus;
	int created_vcpus;
	union {
		u64 padding;
		struct {
			u8 vm_dead, vm_bugged : 3, rest : 5;
		};
	};
};
struct preempt_notifier {
	struct {
		struct list_head *next, **pprev;
	} link;
};
struct kvm_vcpu {
	struct kvm *kvm;
	struct preempt_notifier preempt_notifier;
	int cpu, vcpu_id;
	enum { OUTSIDE, INSIDE = 1 << 20 } mode;
	struct kvm_vcpu_arch {
		u64 cr0;
		const struct fpu_guest guest_fpu;
		u64 xcr0;
		_Bool xfd_no_write_intercept;
	} arch;
};
typedef struct thread_struct {
	u64 sp;
	struct fpu fpu;
} thread_t;
typedef const thread_t constant_thread_t;
struct task_struct {
	struct thread_info {
		unsigned long flags;
		u32 cpu;
	} thread_info;
	struct {
		int on_cpu, pid, tgid;
		char comm[16];
	};
	constant_thread_t thread;
};

#endif
