/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readings of a running host, and the table that judges them.  Reads no memory. */
#include "verdict/exposure.h"
#include "kernel/host.h"

#include <stdlib.h>

#define N XFDT_SET(XFDT_NO)
#define Y XFDT_SET(XFDT_YES)
#define U XFDT_SET(XFDT_UNSURE)
#define NU (N | U)
#define YU (Y | U)
#define ANY (Y | N | U)

#define XFDT_EXPOSURE_NOT_EXPOSED XFDT_NOT_EXPOSED
#define XFDT_EXPOSURE_EXPOSED XFDT_EXPOSED

/* clang-format off */
const struct xfdt_exposure_rule xfdt_exposure_rules[] = {
#define XFDT_EXPOSURE_RULE(id, kvm, capable, mismatch, fixed, answer, words) \
	{ id, kvm, capable, mismatch, fixed, XFDT_EXPOSURE_##answer, words },
#include "verdict/exposure_rules.def"
#undef XFDT_EXPOSURE_RULE
};
const size_t xfdt_exposure_rule_count = sizeof(xfdt_exposure_rules) / sizeof(xfdt_exposure_rules[0]);
/* clang-format on */

static const struct {
	const char *name;
	int exit;
} exposures[XFDT_EXPOSURES] = {
	[XFDT_NOT_EXPOSED] = { "not-exposed", 1 },
	[XFDT_EXPOSED] = { "exposed", 3 },
	[XFDT_EXPOSURE_UNKNOWN] = { "unknown", 5 },
};

const char *xfdt_exposure_name(enum xfdt_exposure exposure)
{
	return exposures[exposure].name;
}

int xfdt_exposure_exit(enum xfdt_exposure exposure)
{
	return exposures[exposure].exit;
}

const struct xfdt_exposure_rule *xfdt_exposure_rule_find(const struct xfdt_live_facts *facts)
{
	const struct xfdt_exposure_rule *rule = xfdt_exposure_rules;

	/* the rules cover everything */
	for (; rule < xfdt_exposure_rules + xfdt_exposure_rule_count - 1; rule++)
		if (rule->kvm & XFDT_SET(facts->kvm) && rule->capable & XFDT_SET(facts->capable) &&
		    rule->mismatch & XFDT_SET(facts->mismatch) &&
		    rule->fixed & XFDT_SET(facts->fixed))
			break;
	return rule;
}

/* A livepatch leaves the code of the function that it replaces as it was. */
static enum xfdt_truth fixed_in_running_code(const struct xfdt_host *host,
					     const struct xfdt_facts *facts)
{
	if (facts->fixed == XFDT_NO && xfdt_value_truth(&host->fix.livepatched) == XFDT_YES)
		return XFDT_UNSURE;
	return facts->fixed;
}

struct xfdt_error *xfdt_reading_init(struct xfdt_reading *reading, const struct xfdt_host *host,
				     const struct xfdt_facts *facts,
				     const struct xfdt_verdict *verdict)
{
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;
	size_t i;

	*reading = (struct xfdt_reading){
		.kvm = facts->items[XFDT_FACT_KVM].value,
		.capable = facts->items[XFDT_FACT_CAPABLE].value,
		.fixed = fixed_in_running_code(host, facts),
		.next = verdict->situation.next,
	};
	reading->mismatches = calloc(verdict->states[XFDT_VCPU_ARMED] + 1,
				     sizeof(*reading->mismatches));
	if (!reading->mismatches)
		return xfdt_no_memory("a reading");
	for (i = 0; i < verdict->vcpu_count && (vcpu = xfdt_next_vcpu(host, &at)); i++) {
		if (verdict->vcpus[i].state != XFDT_VCPU_ARMED)
			continue;
		reading->mismatches[reading->mismatch_count++] = (struct xfdt_mismatch){
			.kvm_vcpu = vcpu->kvaddr,
			.fpstate = vcpu->fpstate,
			.components = verdict->vcpus[i].mismatch,
		};
	}
	return NULL;
}

void xfdt_reading_deinit(struct xfdt_reading *reading)
{
	free(reading->mismatches);
	*reading = (struct xfdt_reading){ 0 };
}

bool xfdt_reading_has(const struct xfdt_reading *reading, const struct xfdt_mismatch *mismatch)
{
	size_t i;

	for (i = 0; i < reading->mismatch_count; i++)
		if (reading->mismatches[i].kvm_vcpu == mismatch->kvm_vcpu &&
		    reading->mismatches[i].fpstate == mismatch->fpstate &&
		    reading->mismatches[i].components & mismatch->components)
			return true;
	return false;
}

static enum xfdt_truth agreed(enum xfdt_truth first, enum xfdt_truth second)
{
	return first == second ? first : XFDT_UNSURE;
}

static enum xfdt_truth mismatch_in_both(const struct xfdt_reading *first,
					const struct xfdt_reading *second)
{
	size_t i;

	for (i = 0; i < second->mismatch_count; i++)
		if (xfdt_reading_has(first, &second->mismatches[i]))
			return XFDT_YES;
	/* every state was judged at the time of the second */
	return second->next == XFDT_NEXT_CLEAR ? XFDT_NO : XFDT_UNSURE;
}

struct xfdt_live_facts xfdt_live_facts_of(const struct xfdt_reading *first,
					  const struct xfdt_reading *second)
{
	return (struct xfdt_live_facts){
		.kvm = agreed(first->kvm, second->kvm),
		.capable = agreed(first->capable, second->capable),
		.mismatch = mismatch_in_both(first, second),
		.fixed = agreed(first->fixed, second->fixed),
	};
}
