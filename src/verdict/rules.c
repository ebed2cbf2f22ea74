/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of verdicts, and lookups in them. */
#include "verdict/verdict.h"

#define N XFDT_SET(XFDT_NO)
#define Y XFDT_SET(XFDT_YES)
#define U XFDT_SET(XFDT_UNSURE)
#define NU (N | U)
#define YU (Y | U)
#define YN (Y | N)
#define ANY (Y | N | U)

/* clang-format off */
const struct xfdt_vcpu_rule xfdt_vcpu_rules[] = {
#define XFDT_VCPU_RULE(id, a, b, c, d, e, f, g, h, i, j, k, l, m, n, state, undecided, why) \
	{ id, { a, b, c, d, e, f, g, h, i, j, k, l, m, n }, XFDT_VCPU_##state, undecided, why },
#include "verdict/vcpu_rules.def"
#undef XFDT_VCPU_RULE
};
const size_t xfdt_vcpu_rule_count = sizeof(xfdt_vcpu_rules) / sizeof(xfdt_vcpu_rules[0]);

#define STATE_MISMATCH XFDT_SET(XFDT_HIT_MISMATCH)
#define STATE_SAVED_OVER XFDT_SET(XFDT_HIT_SAVED_OVER)
#define STATE_NONE XFDT_SET(XFDT_HIT_NONE)
#define STATE_LOOK_ALIKE XFDT_SET(XFDT_HIT_LOOK_ALIKE)
#define STATE_SEEN (STATE_MISMATCH | STATE_SAVED_OVER)
#define STATE_NONE_OR_ALIKE (STATE_NONE | STATE_LOOK_ALIKE)
#define STATE_UNSEEN \
	(XFDT_SET(XFDT_HIT_ABSENT) | XFDT_SET(XFDT_HIT_UNSURE) | XFDT_SET(XFDT_HIT_NO_STATE))
#define STATE_ALL (STATE_SEEN | STATE_NONE_OR_ALIKE | STATE_UNSEEN)
#define NEXT_ARMED XFDT_SET(XFDT_NEXT_ARMED)
#define NEXT_OPEN XFDT_SET(XFDT_NEXT_OPEN)
#define NEXT_CLEAR XFDT_SET(XFDT_NEXT_CLEAR)
#define NEXT_NOT_ARMED (NEXT_OPEN | NEXT_CLEAR)
#define NEXT_WHATEVER (NEXT_ARMED | NEXT_NOT_ARMED)

const struct xfdt_rule xfdt_rules[] = {
#define XFDT_RULE(id, kvm, capable, hit, state, ended, next, verdict, when, words) \
	{ id, kvm, capable, hit, STATE_##state, ended, NEXT_##next, XFDT_##verdict, XFDT_WHEN_##when, words },
#include "verdict/rules.def"
#undef XFDT_RULE
};
const size_t xfdt_rule_count = sizeof(xfdt_rules) / sizeof(xfdt_rules[0]);
/* clang-format on */

const struct xfdt_vcpu_rule *xfdt_vcpu_rule_find(const enum xfdt_truth inputs[XFDT_VCPU_INPUTS])
{
	size_t i, j;

	for (i = 0; i < xfdt_vcpu_rule_count; i++) {
		for (j = 0; j < XFDT_VCPU_INPUTS; j++)
			if (!(xfdt_vcpu_rules[i].inputs[j] & XFDT_SET(inputs[j])))
				break;
		if (j == XFDT_VCPU_INPUTS)
			return &xfdt_vcpu_rules[i];
	}
	/* the rules cover everything */
	return &xfdt_vcpu_rules[0];
}

static bool meets(const struct xfdt_rule *rule, const struct xfdt_situation *situation)
{
	return rule->kvm & XFDT_SET(situation->kvm) &&
	       rule->capable & XFDT_SET(situation->capable) &&
	       rule->hit & XFDT_SET(situation->hit) && rule->state & XFDT_SET(situation->state) &&
	       rule->ended & XFDT_SET(situation->ended) && rule->next & XFDT_SET(situation->next);
}

const struct xfdt_rule *xfdt_rule_find(const struct xfdt_situation *situation)
{
	const struct xfdt_rule *rule = xfdt_rules;

	/* the rules cover everything */
	while (rule < xfdt_rules + xfdt_rule_count - 1 && !meets(rule, situation))
		rule++;
	return rule;
}
