/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what a host's dump says to whether it was this bug.  Pure: no I/O. */
#ifndef XFDT_VERDICT_VERDICT_H
#define XFDT_VERDICT_VERDICT_H

#include "kernel/host.h"

enum xfdt_verdict_kind {
	XFDT_CONFIRMED,	     /* the panic is this bug */
	XFDT_NOT_THIS_BUG,   /* everything needed was read, and it is not */
	XFDT_ARMED,	     /* it is not, yet a vCPU would have been next */
	XFDT_PROBABLE,	     /* all matches, but the fpstate is not in the dump */
	XFDT_INCONCLUSIVE,   /* something needed is missing */
	XFDT_NOT_APPLICABLE, /* no KVM, no XFD, not x86-64 */
	XFDT_VERDICT_KINDS
};

/* Exit codes (docs/verdicts.md); 2 is for errors. */
#define XFDT_EXIT_ERROR 2
int xfdt_verdict_exit(enum xfdt_verdict_kind kind);
const char *xfdt_verdict_name(enum xfdt_verdict_kind kind);

enum xfdt_route {
	XFDT_ROUTE_NONE,   /* no verdict that has one */
	XFDT_ROUTE_SWAP,   /* fpu_swap_kvm_fpstate: bad when KVM_RUN loaded it */
	XFDT_ROUTE_RETURN, /* switch_fpu_return: went bad while the vCPU ran */
	XFDT_ROUTE_UNKNOWN,
};

/* NULL for XFDT_ROUTE_NONE. */
const char *xfdt_route_name(enum xfdt_route route);

enum xfdt_vcpu_state {
	XFDT_VCPU_OK,
	XFDT_VCPU_ARMED, /* mismatch, and the next restore loads it */
	XFDT_VCPU_STALE, /* mismatch in memory, but the registers are live */
	XFDT_VCPU_INDETERMINATE,
	XFDT_VCPU_MALFORMED,	/* the header breaks other rules of XRSTOR: #GP */
	XFDT_VCPU_CONFIDENTIAL, /* the state is encrypted, the header not real */
	XFDT_VCPU_UNREADABLE,
	XFDT_VCPU_STATES
};

const char *xfdt_vcpu_state_name(enum xfdt_vcpu_state state);

struct xfdt_vcpu_verdict {
	enum xfdt_vcpu_state state;
	const char *why;	/* static words */
	uint64_t mismatch;	/* XSTATE_BV & XFD, within RFBM where that is known */
	struct xfdt_value rfbm; /* known for the culprit: EDX:EAX & enabled features */
	bool undecided;		/* indeterminate for want of what decides: it may be armed */
	bool culprit;		/* the faulting instruction's operand is its state */
};

/* A sentence with the bytes that speak for it. */
struct xfdt_reason {
	char *text;
};

struct xfdt_reasons {
	struct xfdt_reason *items;
	size_t count;
};

struct xfdt_verdict {
	enum xfdt_verdict_kind kind;
	enum xfdt_route route;
	struct xfdt_reasons why;	 /* what the verdict rests on, in order */
	struct xfdt_reasons looks_like;	 /* what else it may be taken for, or is */
	struct xfdt_reasons origins;	 /* likely origins; no part of the verdict */
	struct xfdt_vcpu_verdict *vcpus; /* all VMs' vCPUs in the host's order */
	size_t vcpu_count;
	size_t states[XFDT_VCPU_STATES]; /* how many vCPUs are in each */
	size_t undecided_count;
};

/* Judge @host.  Fails for want of memory only. */
struct xfdt_error *xfdt_verdict_init(struct xfdt_verdict *verdict, const struct xfdt_host *host);
void xfdt_verdict_deinit(struct xfdt_verdict *verdict);

/* The state of one vCPU (design: rules a to f). */
void xfdt_vcpu_judge(const struct xfdt_host *host, const struct xfdt_vcpu *vcpu,
		     struct xfdt_vcpu_verdict *ret_verdict);

/*
 * What to upgrade to, by the upstream series that @release names: informative
 * words, never part of a verdict, since vendors backport.  Static.
 */
const char *xfdt_fixed_in(const char *release);

#define XFDT_CVE "CVE-2026-23005"
#define XFDT_FIX_COMMIT "b45f72177594"

#endif
