/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From facts to a verdict: lookups in two tables.  Reads no memory. */
#ifndef XFDT_VERDICT_VERDICT_H
#define XFDT_VERDICT_VERDICT_H

#include "kernel/facts.h"

#include <stdbool.h>

enum xfdt_verdict_kind {
	XFDT_CONFIRMED,	     /* this bug struck */
	XFDT_NOT_THIS_BUG,   /* it did not, and no guest state would make it strike next */
	XFDT_ARMED,	     /* a vCPU is in the state that triggers it */
	XFDT_PROBABLE,	     /* it struck, but the FPU state is not in the dump */
	XFDT_INCONCLUSIVE,   /* a fact that decides is unknown, or facts contradict each other */
	XFDT_NOT_APPLICABLE, /* it cannot happen on this kernel and CPU, or without KVM */
	XFDT_VERDICT_KINDS
};

/* Exit codes (docs/verdicts.md); 2 is for errors. */
#define XFDT_EXIT_ERROR 2
int xfdt_verdict_exit(enum xfdt_verdict_kind kind);
const char *xfdt_verdict_name(enum xfdt_verdict_kind kind);

/* Of a hit: did it end the host? */
enum xfdt_when { XFDT_WHEN_NONE, XFDT_WHEN_END, XFDT_WHEN_EARLIER, XFDT_WHEN_UNKNOWN };

/* NULL for XFDT_WHEN_NONE. */
const char *xfdt_when_name(enum xfdt_when when);

/* NULL for XFDT_ROUTE_NONE. */
const char *xfdt_route_name(enum xfdt_route route);

enum xfdt_vcpu_state {
	XFDT_VCPU_OK,
	XFDT_VCPU_ARMED, /* mismatch, and the next restore loads it */
	XFDT_VCPU_STALE, /* mismatch in memory, but nothing will load it */
	XFDT_VCPU_INDETERMINATE,
	XFDT_VCPU_MALFORMED,	/* the header breaks another rule of XRSTOR: #GP */
	XFDT_VCPU_CONFIDENTIAL, /* the state is encrypted, the header not real */
	XFDT_VCPU_UNREADABLE,
	XFDT_VCPU_STATES
};

const char *xfdt_vcpu_state_name(enum xfdt_vcpu_state state);

/* Sets of values of an enum: one bit each. */
#define XFDT_SET(value) (1u << (value))

/* The inputs of a vCPU rule, in the order of the columns of vcpu_rules.def. */
enum xfdt_vcpu_input {
	XFDT_IN_READABLE,
	XFDT_IN_SOUND,
	XFDT_IN_CONFIDENTIAL,
	XFDT_IN_REFUSED,
	XFDT_IN_MISMATCH,
	XFDT_IN_USE,
	XFDT_IN_CAN_RUN,
	XFDT_IN_ALIVE,
	XFDT_IN_HOLDS,
	XFDT_IN_RUNNING,
	XFDT_IN_LOADING,
	XFDT_IN_NEED_LOAD,
	XFDT_IN_VALID,
	XFDT_IN_GUEST,
	XFDT_VCPU_INPUTS
};

struct xfdt_vcpu_rule {
	const char *id;
	unsigned char inputs[XFDT_VCPU_INPUTS]; /* sets of enum xfdt_truth */
	enum xfdt_vcpu_state state;
	bool undecided; /* it may be armed */
	const char *why;
};

extern const struct xfdt_vcpu_rule xfdt_vcpu_rules[];
extern const size_t xfdt_vcpu_rule_count;

/* The rule that @inputs meet; never NULL. */
const struct xfdt_vcpu_rule *xfdt_vcpu_rule_find(const enum xfdt_truth inputs[XFDT_VCPU_INPUTS]);

/* What is known of vCPUs that a restore would load. */
enum xfdt_next {
	XFDT_NEXT_ARMED, /* one or more are armed */
	XFDT_NEXT_OPEN,	 /* none is, but some are undecided, or not all are known */
	XFDT_NEXT_CLEAR, /* none is */
	XFDT_NEXTS
};

/* The columns of rules.def. */
struct xfdt_situation {
	enum xfdt_truth kvm, capable, hit;
	enum xfdt_hit_state state;
	enum xfdt_truth ended;
	enum xfdt_next next;
};

struct xfdt_rule {
	const char *id;
	unsigned char kvm, capable, hit; /* sets of enum xfdt_truth */
	unsigned char state;		 /* a set of enum xfdt_hit_state */
	unsigned char ended;		 /* a set of enum xfdt_truth */
	unsigned char next;		 /* a set of enum xfdt_next */
	enum xfdt_verdict_kind verdict;
	enum xfdt_when when;
	const char *words; /* what it means, in at most 60 characters */
};

extern const struct xfdt_rule xfdt_rules[];
extern const size_t xfdt_rule_count;

/* The rule that @situation meets; never NULL. */
const struct xfdt_rule *xfdt_rule_find(const struct xfdt_situation *situation);

struct xfdt_vcpu_verdict {
	const struct xfdt_vcpu_rule *rule;
	enum xfdt_vcpu_state state;
	const char *why;   /* static words */
	uint64_t mismatch; /* XSTATE_BV & XFD, within RFBM where that is known */
	bool rfbm_known;   /* of the state that the hit loaded */
	uint64_t rfbm;	   /* EDX:EAX & enabled features */
	bool undecided;	   /* it may be armed */
	bool faulting;	   /* the hit loaded its state */
};

/* One line of evidence. */
struct xfdt_reason {
	char *text;
};

struct xfdt_reasons {
	struct xfdt_reason *items;
	size_t count;
};

struct xfdt_verdict {
	enum xfdt_verdict_kind kind;
	const struct xfdt_rule *rule;
	enum xfdt_when when;
	enum xfdt_route route; /* NONE unless it is confirmed or probable */
	struct xfdt_situation situation;
	struct xfdt_reasons why;	 /* a line for each fact, in the order of the table */
	struct xfdt_reasons looks_like;	 /* look-alikes that it may be, or is */
	struct xfdt_reasons origins;	 /* likely origins; not part of the verdict */
	struct xfdt_vcpu_verdict *vcpus; /* in the order of @facts->states */
	size_t vcpu_count;
	size_t states[XFDT_VCPU_STATES]; /* how many vCPUs are in each */
	size_t undecided_count;
};

/* Judge @facts.  XFDT_NO_MEMORY only. */
struct xfdt_error *xfdt_verdict_init(struct xfdt_verdict *verdict, const struct xfdt_facts *facts);
void xfdt_verdict_deinit(struct xfdt_verdict *verdict);

/* The rule of one guest state. */
void xfdt_vcpu_judge(const struct xfdt_state_facts *state, struct xfdt_vcpu_verdict *ret_verdict);

#define XFDT_CVE "CVE-2026-23005"
#define XFDT_FIX_COMMIT "b45f72177594"

#endif
