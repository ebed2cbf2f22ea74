/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a verdict is made of: facts, each yes, no or unknown, with the evidence for
 * it and, if it is unknown, what is missing.  Nothing in here is judged.
 *
 * A fact that speaks against the bug is held against a second witness wherever the
 * dump has one; if the two disagree it is unknown.  docs/verdicts.md names them.
 */
#ifndef XFDT_KERNEL_FACTS_H
#define XFDT_KERNEL_FACTS_H

#include "base/error.h"
#include "base/truth.h"

#include <stddef.h>
#include <stdint.h>

struct xfdt_host;

enum xfdt_fact_id {
	XFDT_FACT_KVM,	    /* KVM is loaded or built in */
	XFDT_FACT_CAPABLE,  /* this kernel on this CPU can have the mismatch at all */
	XFDT_FACT_HIT,	    /* an XFD #NM at the restore of a guest's state happened since boot */
	XFDT_FACT_PANICKED, /* the kernel panicked */
	XFDT_FACT_ENDED,    /* that hit ended the host; unknown without a hit */
	XFDT_FACT_COMPLETE, /* every guest FPU state that can be restored is known */
	XFDT_FACTS
};

const char *xfdt_fact_name(enum xfdt_fact_id id);

struct xfdt_fact {
	enum xfdt_truth value;
	char why[320];	    /* the evidence; if unknown, why */
	const char *remedy; /* unknown: what to do; static, or NULL */
};

/* What memory shows of the state that the hit loaded. */
enum xfdt_hit_state {
	XFDT_HIT_NO_STATE,   /* there is no hit */
	XFDT_HIT_MISMATCH,   /* XSTATE_BV & XFD & RFBM is not 0 */
	XFDT_HIT_SAVED_OVER, /* the kernel saved the registers over it since */
	XFDT_HIT_NONE,	     /* no mismatch */
	XFDT_HIT_LOOK_ALIKE, /* no mismatch, and another bug explains the #NM */
	XFDT_HIT_ABSENT,     /* its page is not in the dump */
	XFDT_HIT_UNSURE,
	XFDT_HIT_STATES
};

const char *xfdt_hit_state_name(enum xfdt_hit_state state);

/* Facts about one guest FPU state, as the rules of verdict/vcpu_rules.def use them. */
struct xfdt_state_facts {
	enum xfdt_truth readable;
	enum xfdt_truth counted; /* unreadable, but a complete census has its state */
	enum xfdt_truth sound;	 /* no two sources disagree about it */
	enum xfdt_truth confidential;
	enum xfdt_truth refused;    /* the header makes XRSTOR raise #GP */
	enum xfdt_truth mismatch;   /* XSTATE_BV & XFD & RFBM is not 0 */
	enum xfdt_truth in_use;	    /* a thread holds it */
	enum xfdt_truth can_run;    /* KVM_RUN can load it */
	enum xfdt_truth alive;	    /* its thread exists and is not exiting */
	enum xfdt_truth holds;	    /* its thread's fpu->fpstate is this state */
	enum xfdt_truth running;    /* its thread is on a CPU */
	enum xfdt_truth loading;    /* its thread is at, or in the #NM of, the XRSTOR */
	enum xfdt_truth need_load;  /* TIF_NEED_FPU_LOAD is set */
	enum xfdt_truth valid;	    /* fpregs_state_valid() */
	enum xfdt_truth in_guest;   /* the CPU was inside the guest */
	enum xfdt_truth writes_xfd; /* the guest may write IA32_XFD without an exit */

	bool hit;	     /* the hit loaded it */
	uint64_t components; /* XSTATE_BV & XFD, within RFBM where that is known */
	bool rfbm_known;
	uint64_t rfbm;
	const char *refused_why; /* static; NULL: not refused */
};

enum xfdt_route {
	XFDT_ROUTE_NONE,   /* no hit */
	XFDT_ROUTE_SWAP,   /* fpu_swap_kvm_fpstate: bad when KVM_RUN loaded it */
	XFDT_ROUTE_RETURN, /* switch_fpu_return: went bad while the vCPU ran */
	XFDT_ROUTE_UNKNOWN,
};

/* Something that resembles this bug, or what it may come from. */
#define XFDT_REMARKS_MAX 16
struct xfdt_remarks {
	char items[XFDT_REMARKS_MAX][320];
	size_t count;
};

struct xfdt_facts {
	bool x86_64;
	bool of_log; /* of a kernel log alone: none of them is a no */
	struct xfdt_fact items[XFDT_FACTS];
	enum xfdt_hit_state hit_state;
	char hit_state_why[320]; /* empty without a hit */
	char ended_by[200];	 /* what ended the host, if not the hit; empty: unknown */
	enum xfdt_route route;
	struct xfdt_state_facts *states; /* in the order of xfdt_next_vcpu() */
	size_t state_count;
	enum xfdt_truth fixed; /* both halves of the fix are there; no livepatch is known */
	struct xfdt_remarks look_alikes, origins;
};

/* Collect all facts of @host.  XFDT_NO_MEMORY only. */
struct xfdt_error *xfdt_facts_init(struct xfdt_facts *facts, const struct xfdt_host *host);
void xfdt_facts_deinit(struct xfdt_facts *facts);

#endif
