/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a dump says of its host, as plain structs: VMs and vCPUs with their FPU
 * state, how the kernel died, and whether it has the fix.  Nothing in here is
 * judged; that is the verdict's part.
 */
#ifndef XFDT_KERNEL_HOST_H
#define XFDT_KERNEL_HOST_H

#include "image/image.h"
#include "kernel/census.h"
#include "kernel/log.h"
#include "xstate/xstate.h"

#include <stdbool.h>
#include <stdint.h>

/* A value that not every kernel or dump gives. */
struct xfdt_value {
	bool known;
	uint64_t value;
};

#define XFDT_COMM_LEN 16

/* The thread that last ran a vCPU. */
struct xfdt_thread {
	bool known;
	uint64_t task; /* kvaddr of struct task_struct */
	int pid, tgid; /* in the initial namespace; tgid is the process */
	char comm[XFDT_COMM_LEN + 1];
	struct xfdt_value on_cpu;     /* was it running? */
	struct xfdt_value exit_state; /* not 0: it has ended */
	struct xfdt_value cpu;
	struct xfdt_value need_fpu_load; /* TIF_NEED_FPU_LOAD */
	uint64_t fpu;			 /* kvaddr of struct fpu; 0: unknown */
	struct xfdt_value fpstate;	 /* fpu->fpstate, a kvaddr */
	struct xfdt_value last_cpu;	 /* fpu->last_cpu */
	struct xfdt_value owner;	 /* of @cpu: fpu_fpregs_owner_ctx, a kvaddr */
	struct xfdt_value xfd_state;	 /* of @cpu: what it believes IA32_XFD to be */
	/*
	 * Of a thread other than the one that panicked: is it in the handler of an #NM that an XRSTOR of
	 * restore_fpregs_from_fpstate() raised?  The kvaddr of what that loads, a struct fpstate; 0: it is not.
	 * Read only where something hangs on it.
	 */
	struct xfdt_value nm_fpstate;
	struct xfdt_piece stack; /* what of its stack was read for that, */
	uint64_t nm_frame;	 /* and where its struct pt_regs is; 0: none */
};

/* enum in Linux: include/linux/kvm_host.h */
enum xfdt_vcpu_mode {
	XFDT_OUTSIDE_GUEST_MODE,
	XFDT_IN_GUEST_MODE,
	XFDT_EXITING_GUEST_MODE,
	XFDT_READING_SHADOW_PAGE_TABLES,
};

struct xfdt_vcpu {
	uint64_t kvaddr; /* of struct kvm_vcpu */
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
	struct xfdt_thread thread;
	bool vm_dead;	  /* KVM_RUN returns EIO, and loads nothing */
	bool thread_gone; /* it ran, and its thread no longer exists */
	bool ran;	  /* some thread once called KVM_RUN on it */
	char *error;	  /* why state_known is false */
};

struct xfdt_vm {
	uint64_t kvaddr;	      /* of struct kvm */
	int pid;		      /* of the process that made it; 0: unknown */
	char comm[XFDT_COMM_LEN + 1]; /* of that process; empty: unknown */
	uint64_t online_vcpus;
	struct xfdt_value bugged;
	bool dead;
	struct xfdt_vcpu *vcpus;
	size_t vcpu_count;
	bool complete; /* every online vCPU was found */
};

/* Where the registers of the fault come from, most trusted first. */
enum xfdt_regs_source {
	XFDT_REGS_NONE,
	XFDT_REGS_PRSTATUS,	/* the dump's note for the CPU that panicked */
	XFDT_REGS_STACK,	/* struct pt_regs on the thread's stack */
	XFDT_REGS_EXEC_SUMMARY, /* exec_summary_regs, of the first oops */
	XFDT_REGS_LOG,		/* printed in the kernel log */
};

/* An XRSTOR of restore_fpregs_from_fpstate() that faulted. */
struct xfdt_fault {
	enum xfdt_regs_source source;
	struct xfdt_regs regs;
	uint64_t frame;		   /* kvaddr of pt_regs, for STACK */
	bool decoded;		   /* the instruction at RIP is an XRSTOR(S) */
	bool supervisor;	   /* it is XRSTORS */
	bool bytes_from_log;	   /* its bytes come from the log's Code: line */
	char text[48];		   /* disassembly */
	uint64_t operand;	   /* kvaddr of the XSAVE area */
	uint64_t edx_eax;	   /* its mask */
	char caller[64];	   /* who called restore_fpregs_from_fpstate(); empty: unknown */
	const char *caller_source; /* static words */
	uint64_t caller_return;	   /* the return address, if from the stack, */
	uint64_t caller_slot;	   /* and the kvaddr of where it is there */

	/* what lies at operand - offsetof(struct fpstate, regs) */
	uint64_t fpstate;
	bool fpstate_read;
	bool fpstate_absent; /* the page is not in the dump */
	bool fpstate_is_guest;
	uint64_t fpstate_xfeatures, fpstate_xfd;
	struct xfdt_xsave_header fpstate_header;
};

/* Lines of the log that tell how the kernel died. */
enum xfdt_event_kind {
	XFDT_EVENT_NM_WARN,	 /* WARN in exc_device_not_available(): XFD_ERR was not 0 */
	XFDT_EVENT_NM_DIE,	 /* unexpected #NM exception */
	XFDT_EVENT_OOPS,	 /* any other death of the kernel */
	XFDT_EVENT_PANIC,	 /* Kernel panic - not syncing */
	XFDT_EVENT_SYSRQ,	 /* sysrq: Trigger a crash */
	XFDT_EVENT_BAD_FPU,	 /* XRSTOR raised #GP and was repaired */
	XFDT_EVENT_CR0_TS,	 /* CR0.TS was set */
	XFDT_EVENT_KVM_LOAD_PUT, /* WARN in kvm_load_guest_fpu()/kvm_put_guest_fpu() */
	XFDT_EVENT_XFD_STATE,	 /* WARN in xfd_validate_state() */
	XFDT_EVENT_FPREGS_STATE, /* WARN in fpregs_assert_state_consistent() */
	XFDT_EVENT_FREE_IN_USE,	 /* WARN in fpu_free_guest_fpstate() */
	XFDT_EVENT_UABI_REFUSED, /* WARN in fpu_copy_uabi_to_guest_fpstate(): the fix at work */
	XFDT_EVENT_USER_XFD,	 /* XFD: Invalid xfd error (a user process) */
	XFDT_EVENT_KINDS
};

struct xfdt_event {
	enum xfdt_event_kind kind;
	size_t line; /* index into the log */
};

struct xfdt_panic {
	bool log_known;
	struct xfdt_log log;
	struct xfdt_event *events; /* in the order of the log */
	size_t event_count;
	struct xfdt_value cpu; /* the CPU that panicked */
	bool cpu_known;	       /* false: could not tell whether any did */
	uint64_t task;	       /* that CPU's current, a kvaddr; 0: unknown */
	bool pid_known;
	int pid; /* 0: of an idle thread, or unknown */
	char comm[XFDT_COMM_LEN + 1];
	bool note_known; /* the dump's registers of that CPU */
	struct xfdt_regs note;
	bool note_on_stack;	   /* its RSP lies on the thread's own stack */
	bool note_code_known;	   /* the code at its RIP could be read */
	bool note_is_xrstor;	   /* and is an XRSTOR or XRSTORS, */
	uint64_t note_operand;	   /* of the XSAVE area at this kvaddr */
	bool stack_known;	   /* the thread's stack could be read, */
	struct xfdt_piece stack;   /* and is this */
	struct xfdt_value tainted; /* /proc/sys/kernel/tainted */
	struct xfdt_fault fault;   /* source NONE: no XRSTOR fault was found */
};

/* Had no CPU panicked when the dump was taken? */
static inline bool xfdt_panic_survived(const struct xfdt_panic *panic)
{
	return panic->cpu_known && !panic->cpu.known;
}

enum xfdt_presence { XFDT_UNKNOWN, XFDT_ABSENT, XFDT_PRESENT };

/* The fix by the code in memory; each half has its own witness. */
struct xfdt_fix {
	enum xfdt_presence vmlinux, kvm;
	struct xfdt_value livepatched; /* are livepatches loaded? */
	char vmlinux_why[160], kvm_why[160];
};

enum xfdt_kvm_presence { XFDT_KVM_UNKNOWN, XFDT_KVM_ABSENT, XFDT_KVM_LOADED };

struct xfdt_host {
	const struct xfdt_image *image; /* borrowed */
	struct xfdt_decoder *decoder;	/* NULL: not x86-64 */
	char nodename[65];		/* empty: unknown */
	enum xfdt_kvm_presence kvm;
	struct xfdt_value tif_need_fpu_load; /* bit number, from code */
	uint64_t enabled_features;	     /* XCR0 | IA32_XSS of the host; 0: unknown */
	struct xfdt_xsave_layout xsave_layout;
	struct xfdt_census census; /* of guest FPU states, whether a vCPU leads to them or not */
	struct xfdt_vm *vms;
	size_t vm_count, vcpu_count;
	bool vms_complete; /* the list of VMs was followed to its end */
	struct xfdt_panic panic;
	struct xfdt_fix fix;
	struct xfdt_gaps gaps; /* in addition to those of the image */
};

/* A place among all VMs' vCPUs; all zero: before the first. */
struct xfdt_vcpu_at {
	size_t vm,
		next; /* the VM of the one that was given last, and the one in it to be given next */
};

/* The next vCPU of @host, in the order of its VMs; NULL behind the last. */
struct xfdt_vcpu *xfdt_next_vcpu(const struct xfdt_host *host, struct xfdt_vcpu_at *at);

/* Bounds on what a dump may make us hold. */
#define XFDT_VMS_MAX 16384u
#define XFDT_VCPUS_MAX 65536u

/*
 * Read all of it.  What cannot be read becomes a gap, or an error string of
 * its vCPU; an error is returned for want of memory only.  @image must outlive
 * @host.
 */
struct xfdt_error *xfdt_host_init(struct xfdt_host *host, const struct xfdt_image *image);
void xfdt_host_deinit(struct xfdt_host *host);

#endif
