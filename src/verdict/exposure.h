/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a host that runs exposed to the bug?  Judged by two readings of its memory. */
#ifndef XFDT_VERDICT_EXPOSURE_H
#define XFDT_VERDICT_EXPOSURE_H

#include "verdict/verdict.h"

enum xfdt_exposure { XFDT_NOT_EXPOSED, XFDT_EXPOSED, XFDT_EXPOSURE_UNKNOWN, XFDT_EXPOSURES };

const char *xfdt_exposure_name(enum xfdt_exposure exposure);
/* Exit codes of the command live (docs/live.md). */
int xfdt_exposure_exit(enum xfdt_exposure exposure);

/* A guest FPU state with a mismatch that the next restore loads. */
struct xfdt_mismatch {
	uint64_t kvm_vcpu, fpstate; /* kvaddrs */
	uint64_t components;	    /* XSTATE_BV & XFD */
};

/* What one reading of a running host says. */
struct xfdt_reading {
	enum xfdt_truth kvm, capable;
	enum xfdt_truth
		fixed; /* both halves; unknown where a livepatch may have replaced one that is absent */
	enum xfdt_next next;
	struct xfdt_mismatch *mismatches; /* in the order of xfdt_next_vcpu() */
	size_t mismatch_count;
};

/* XFDT_NO_MEMORY only. */
struct xfdt_error *xfdt_reading_init(struct xfdt_reading *reading, const struct xfdt_host *host,
				     const struct xfdt_facts *facts,
				     const struct xfdt_verdict *verdict);
void xfdt_reading_deinit(struct xfdt_reading *reading);
bool xfdt_reading_has(const struct xfdt_reading *reading, const struct xfdt_mismatch *mismatch);

/* The columns of exposure_rules.def. */
struct xfdt_live_facts {
	enum xfdt_truth kvm, capable, mismatch, fixed;
};

struct xfdt_exposure_rule {
	const char *id;
	unsigned char kvm, capable, mismatch, fixed; /* sets of enum xfdt_truth */
	enum xfdt_exposure answer;
	const char *words;
};

extern const struct xfdt_exposure_rule xfdt_exposure_rules[];
extern const size_t xfdt_exposure_rule_count;

/* The rule that @facts meet; never NULL. */
const struct xfdt_exposure_rule *xfdt_exposure_rule_find(const struct xfdt_live_facts *facts);

/*
 * What two readings, one after the other, say together: a fact in which they differ is
 * unknown, and a mismatch counts if the same state has it in both.
 */
struct xfdt_live_facts xfdt_live_facts_of(const struct xfdt_reading *first,
					  const struct xfdt_reading *second);

#endif
