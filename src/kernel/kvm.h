/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMs and vCPUs. */
#ifndef XFDT_KERNEL_KVM_H
#define XFDT_KERNEL_KVM_H

#include "image/image.h"
#include "kernel/log.h"
#include "kernel/task.h"
#include "xstate/xstate.h"

struct xfdt_host;

/* enum in Linux: include/linux/kvm_host.h */
enum xfdt_vcpu_mode {
	XFDT_OUTSIDE_GUEST_MODE,
	XFDT_IN_GUEST_MODE,
	XFDT_EXITING_GUEST_MODE,
	XFDT_READING_SHADOW_PAGE_TABLES,
};

/* A guest FPU state: that of a vCPU, or one that the census found and no list leads to. */
struct xfdt_vcpu {
	uint64_t kvaddr; /* of struct kvm_vcpu; 0: unknown, the state is on no list */
	uint32_t id;
	uint64_t index;		/* in the VM's array */
	struct xfdt_value mode; /* enum xfdt_vcpu_mode */
	uint64_t fpstate;	/* kvaddr of the guest's struct fpstate; 0: unknown */
	bool state_known;	/* all that follows could be read */
	uint64_t xfeatures, xfd;
	bool is_guest, is_confidential, in_use;
	struct xfdt_xsave_header header;

	struct xfdt_value user_xfeatures, size, guest_xfeatures, guest_perm, xfd_err;
	struct xfdt_value xcr0, supported_xcr0, ia32_xss, xfd_no_write_intercept;
	struct xfdt_thread thread; /* that last ran it, or that holds its state */
	enum xfdt_truth can_run;   /* can KVM_RUN load it again? */
	enum xfdt_truth shared;	   /* has another vCPU the same state, or page? */
	enum xfdt_truth unheld;	   /* in use, but no thread holds it, by all threads there are */
	enum xfdt_truth in_census; /* does the census have its state? */
	/*
	 * Is its thread, on a CPU, loading this state right now: in the handler of the
	 * #NM that the XRSTOR raised, or at that XRSTOR?  Unknown within the functions
	 * around it.
	 */
	enum xfdt_truth loading;
	struct xfdt_piece stack; /* what of its thread's stack was read for that */
	uint64_t note_sp;	 /* the stack pointer of its CPU, by a note; 0: unknown */
	uint64_t stack_sp;	 /* its own; 0: unknown */
	uint64_t frame;		 /* and where its struct pt_regs is; 0: none */
	uint64_t interrupted; /* a saved RIP on its stack in or below a function that restores; 0: none */
	uint64_t other_frame; /* a struct pt_regs there of an #NM at the restore of its state; 0: none */
	bool thread_gone; /* it ran, and its thread no longer exists */
	bool ran;	  /* some thread once called KVM_RUN on it, or may have */
	char *error;	  /* why state_known is false */
};

struct xfdt_vm {
	uint64_t kvaddr;	      /* of struct kvm */
	int pid;		      /* of the process that made it; 0: unknown */
	char comm[XFDT_COMM_LEN + 1]; /* of that process; empty: unknown */
	bool maker_gone;	      /* of its threads only KVM's own workers are left */
	uint64_t online_vcpus;
	bool counted; /* online_vcpus is known */
	struct xfdt_value bugged;
	enum xfdt_truth can_run; /* no: dead, or no task has its address space any more */
	struct xfdt_vcpu *vcpus;
	size_t vcpu_count;
	bool complete; /* every online vCPU was found */
};

enum xfdt_kvm_presence { XFDT_KVM_UNKNOWN, XFDT_KVM_ABSENT, XFDT_KVM_LOADED };

/* Bounds on what a dump may make us hold. */
#define XFDT_VMS_MAX 16384u
#define XFDT_VCPUS_MAX 65536u

/*
 * Fill vms, vm_count, unlisted and kvm of @host; needs its census.
 * What is missing becomes a gap.
 */
struct xfdt_error *xfdt_kvm_read(struct xfdt_host *host);

/* Is @vcpu's thread known to hold its state? */
bool xfdt_vcpu_is_held(const struct xfdt_vcpu *vcpu);

/* The vCPU whose guest fpstate is at @fpstate, or NULL; @ret_vm (may be NULL) is its VM, or NULL. */
const struct xfdt_vcpu *xfdt_kvm_find(const struct xfdt_host *host, uint64_t fpstate,
				      const struct xfdt_vm **ret_vm);

#endif
