/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both tables of the verdict, over every combination of their inputs. */
#include "unit.h"
#include "verdict/releases.h"
#include "verdict/verdict.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 60

/* names */

static void test_rules__names_and_exit_codes(void **state)
{
	static const struct {
		const char *name;
		int exit;
	} kinds[XFDT_VERDICT_KINDS] = {
		[XFDT_CONFIRMED] = { "confirmed", 0 },
		[XFDT_NOT_THIS_BUG] = { "not-this-bug", 1 },
		[XFDT_ARMED] = { "armed", 3 },
		[XFDT_PROBABLE] = { "probable", 4 },
		[XFDT_INCONCLUSIVE] = { "inconclusive", 5 },
		[XFDT_NOT_APPLICABLE] = { "not-applicable", 6 },
	};
	size_t i;

	for (i = 0; i < XFDT_VERDICT_KINDS; i++) {
		assert_string_equal(xfdt_verdict_name(i), kinds[i].name);
		assert_int_equal(xfdt_verdict_exit(i), kinds[i].exit);
	}
	assert_int_equal(XFDT_EXIT_ERROR, 2);
}

static void test_rules__names_of_the_rest(void **state)
{
	static const char *const states[XFDT_VCPU_STATES] = {
		[XFDT_VCPU_OK] = "ok",
		[XFDT_VCPU_ARMED] = "armed",
		[XFDT_VCPU_STALE] = "stale",
		[XFDT_VCPU_INDETERMINATE] = "indeterminate",
		[XFDT_VCPU_MALFORMED] = "malformed",
		[XFDT_VCPU_CONFIDENTIAL] = "confidential",
		[XFDT_VCPU_UNREADABLE] = "unreadable",
	};
	static const char *const facts[XFDT_FACTS] = {
		[XFDT_FACT_KVM] = "kvm",     [XFDT_FACT_CAPABLE] = "capable",
		[XFDT_FACT_HIT] = "hit",     [XFDT_FACT_PANICKED] = "panicked",
		[XFDT_FACT_ENDED] = "ended", [XFDT_FACT_COMPLETE] = "complete",
	};
	size_t i;

	for (i = 0; i < XFDT_VCPU_STATES; i++)
		assert_string_equal(xfdt_vcpu_state_name(i), states[i]);
	for (i = 0; i < XFDT_FACTS; i++)
		assert_string_equal(xfdt_fact_name(i), facts[i]);
	assert_null(xfdt_when_name(XFDT_WHEN_NONE));
	assert_string_equal(xfdt_when_name(XFDT_WHEN_END), "end");
	assert_string_equal(xfdt_when_name(XFDT_WHEN_EARLIER), "earlier");
	assert_string_equal(xfdt_when_name(XFDT_WHEN_UNKNOWN), "unknown");
	assert_null(xfdt_route_name(XFDT_ROUTE_NONE));
	assert_string_equal(xfdt_route_name(XFDT_ROUTE_SWAP), "fpu_swap_kvm_fpstate");
	assert_string_equal(xfdt_route_name(XFDT_ROUTE_RETURN), "switch_fpu_return");
	assert_string_equal(xfdt_route_name(XFDT_ROUTE_UNKNOWN), "unknown");
	assert_null(xfdt_hit_state_name(XFDT_HIT_NO_STATE));
	for (i = XFDT_HIT_NO_STATE + 1; i < XFDT_HIT_STATES; i++)
		assert_non_null(xfdt_hit_state_name(i));
}

static void test_rules__ids_are_unique_and_words_short(void **state)
{
	size_t i, j;

	for (i = 0; i < xfdt_rule_count; i++) {
		assert_within(strlen(xfdt_rules[i].words), 1, WORDS_MAX);
		for (j = 0; j < i; j++)
			assert_string_not_equal(xfdt_rules[i].id, xfdt_rules[j].id);
		for (j = 0; j < xfdt_vcpu_rule_count; j++)
			/* "armed" alone is a verdict and a vCPU's state, but never the id of two rules */
			assert_string_not_equal(xfdt_rules[i].id, xfdt_vcpu_rules[j].id);
	}
	for (i = 0; i < xfdt_vcpu_rule_count; i++) {
		assert_within(strlen(xfdt_vcpu_rules[i].why), 1, 120);
		for (j = 0; j < i; j++)
			assert_string_not_equal(xfdt_vcpu_rules[i].id, xfdt_vcpu_rules[j].id);
	}
}

/* the verdict */

/* Call @visit for every situation. */
static void each_situation(void (*visit)(const struct xfdt_situation *situation))
{
	struct xfdt_situation s;
	unsigned int kvm, capable, hit, ended, hit_state, next;

	for (kvm = 0; kvm < XFDT_TRUTHS; kvm++)
		for (capable = 0; capable < XFDT_TRUTHS; capable++)
			for (hit = 0; hit < XFDT_TRUTHS; hit++)
				for (ended = 0; ended < XFDT_TRUTHS; ended++)
					for (hit_state = 0; hit_state < XFDT_HIT_STATES;
					     hit_state++)
						for (next = 0; next < XFDT_NEXTS; next++) {
							s = (struct xfdt_situation){
								kvm,	   capable, hit,
								hit_state, ended,   next
							};
							visit(&s);
						}
}

static enum xfdt_verdict_kind verdict_of(const struct xfdt_situation *situation)
{
	return xfdt_rule_find(situation)->verdict;
}

static bool acquits(const struct xfdt_situation *situation)
{
	enum xfdt_verdict_kind kind = verdict_of(situation);

	return kind == XFDT_NOT_THIS_BUG || kind == XFDT_NOT_APPLICABLE;
}

/* A situation that the facts cannot have: without a hit there is no state of one. */
static bool is_possible(const struct xfdt_situation *s)
{
	return s->hit == XFDT_YES ? s->state != XFDT_HIT_NO_STATE : s->state == XFDT_HIT_NO_STATE;
}

/* KVM or the capability is a proven no, and a hit or an armed vCPU says the opposite. */
static bool is_contradiction(const struct xfdt_situation *s)
{
	return (s->kvm == XFDT_NO || s->capable == XFDT_NO) &&
	       (s->hit == XFDT_YES || s->next == XFDT_NEXT_ARMED);
}

static bool rule_meets(const struct xfdt_rule *rule, const struct xfdt_situation *s)
{
	return rule->kvm >> s->kvm & 1 && rule->capable >> s->capable & 1 &&
	       rule->hit >> s->hit & 1 && rule->state >> s->state & 1 &&
	       rule->ended >> s->ended & 1 && rule->next >> s->next & 1;
}

static void assert_one_rule(const struct xfdt_situation *s)
{
	const struct xfdt_rule *found = NULL;
	size_t i, count = 0;

	for (i = 0; i < xfdt_rule_count; i++) {
		if (!rule_meets(&xfdt_rules[i], s))
			continue;
		found = &xfdt_rules[i];
		count++;
	}
	if (count != 1)
		fail_msg("%zu rules for kvm %d, capable %d, hit %d, state %d, ended %d, next %d",
			 count, s->kvm, s->capable, s->hit, s->state, s->ended, s->next);
	assert_ptr_equal(found, xfdt_rule_find(s));
}

static void test_rules__disjoint_and_complete(void **state)
{
	each_situation(assert_one_rule);
}

static bool rule_is_met[64];

static void note_rule(const struct xfdt_situation *s)
{
	if (is_possible(s))
		rule_is_met[xfdt_rule_find(s) - xfdt_rules] = true;
}

/* a rule that nothing meets would be a promise that nothing keeps */
static void test_rules__every_rule_is_met_by_something(void **state)
{
	size_t i;

	assert_true(xfdt_rule_count < COUNT(rule_is_met));
	each_situation(note_rule);
	for (i = 0; i < xfdt_rule_count; i++)
		if (!rule_is_met[i])
			fail_msg("nothing meets %s", xfdt_rules[i].id);
}

static void assert_acquittal_is_proven(const struct xfdt_situation *s)
{
	bool cannot_be = s->kvm == XFDT_NO || s->capable == XFDT_NO;

	if (!acquits(s))
		return;
	/* a hit acquits only where another bug is proven to be its cause */
	if (s->hit == XFDT_YES)
		assert_true(s->state == XFDT_HIT_LOOK_ALIKE && s->next == XFDT_NEXT_CLEAR);
	else if (s->hit == XFDT_UNSURE)
		assert_true(cannot_be);
	assert_int_not_equal(s->next, XFDT_NEXT_ARMED);
	if (s->next == XFDT_NEXT_OPEN)
		assert_true(cannot_be);
	assert_int_equal(verdict_of(s), cannot_be ? XFDT_NOT_APPLICABLE : XFDT_NOT_THIS_BUG);
}

static void test_rules__an_acquittal_has_every_deciding_fact(void **state)
{
	each_situation(assert_acquittal_is_proven);
}

static void assert_contradiction_is_inconclusive(const struct xfdt_situation *s)
{
	if (is_contradiction(s))
		assert_int_equal(verdict_of(s), XFDT_INCONCLUSIVE);
}

static void test_rules__contradictions_are_inconclusive(void **state)
{
	each_situation(assert_contradiction_is_inconclusive);
}

static void assert_no_acquittal(const struct xfdt_situation *before,
				const struct xfdt_situation *after)
{
	if (acquits(after))
		fail_msg("%s becomes %s by an unknown", xfdt_rule_find(before)->id,
			 xfdt_rule_find(after)->id);
}

/* what contradicts a hit or an armed vCPU is taken away with it: that is not what this is about */
static void assert_unknowns_do_not_acquit(const struct xfdt_situation *s)
{
	struct xfdt_situation unknown;

	if (!is_possible(s) || acquits(s) || is_contradiction(s))
		return;
	unknown = *s;
	unknown.kvm = XFDT_UNSURE;
	assert_no_acquittal(s, &unknown);
	unknown = *s;
	unknown.capable = XFDT_UNSURE;
	assert_no_acquittal(s, &unknown);
	unknown = *s;
	unknown.hit = XFDT_UNSURE;
	unknown.state = XFDT_HIT_NO_STATE;
	assert_no_acquittal(s, &unknown);
	unknown = *s;
	unknown.ended = XFDT_UNSURE;
	assert_no_acquittal(s, &unknown);
	unknown = *s;
	unknown.next = XFDT_NEXT_OPEN;
	assert_no_acquittal(s, &unknown);
	unknown = *s;
	if (s->hit == XFDT_YES)
		unknown.state = XFDT_HIT_UNSURE;
	assert_no_acquittal(s, &unknown);
}

static void test_rules__an_unknown_never_acquits(void **state)
{
	each_situation(assert_unknowns_do_not_acquit);
}

/* How much a verdict says for the bug. */
static int severity(const struct xfdt_situation *situation)
{
	static const int order[XFDT_VERDICT_KINDS] = {
		[XFDT_NOT_APPLICABLE] = 0, [XFDT_NOT_THIS_BUG] = 0, [XFDT_INCONCLUSIVE] = 1,
		[XFDT_ARMED] = 2,	   [XFDT_PROBABLE] = 3,	    [XFDT_CONFIRMED] = 4,
	};

	return order[verdict_of(situation)];
}

/* How much a value of enum xfdt_truth, or a state of a hit, is evidence for the bug. */
static int evidence(enum xfdt_truth truth)
{
	return truth == XFDT_NO ? 0 : truth == XFDT_UNSURE ? 1 : 2;
}

static int evidence_of_state(enum xfdt_hit_state hit_state)
{
	static const int order[XFDT_HIT_STATES] = {
		[XFDT_HIT_LOOK_ALIKE] = 0, [XFDT_HIT_NONE] = 1,	  [XFDT_HIT_NO_STATE] = 2,
		[XFDT_HIT_UNSURE] = 2,	   [XFDT_HIT_ABSENT] = 2, [XFDT_HIT_SAVED_OVER] = 3,
		[XFDT_HIT_MISMATCH] = 3,
	};

	return order[hit_state];
}

static void assert_not_weaker(const struct xfdt_situation *less, const struct xfdt_situation *more)
{
	if (severity(more) < severity(less))
		fail_msg("more evidence weakens %s to %s", xfdt_rule_find(less)->id,
			 xfdt_rule_find(more)->id);
}

static void assert_more_evidence_does_not_weaken(const struct xfdt_situation *s)
{
	struct xfdt_situation more;
	unsigned int value;

	if (!is_possible(s) || is_contradiction(s))
		return;
	for (value = 0; value < XFDT_TRUTHS; value++) {
		more = *s;
		more.kvm = value;
		if (evidence(value) > evidence(s->kvm))
			assert_not_weaker(s, &more);
		more = *s;
		more.capable = value;
		if (evidence(value) > evidence(s->capable))
			assert_not_weaker(s, &more);
	}
	/* from no hit to a hit whose state speaks for no other bug */
	for (value = XFDT_HIT_NO_STATE + 1; value < XFDT_HIT_STATES; value++) {
		more = *s;
		more.hit = XFDT_YES;
		more.state = value;
		if (s->hit != XFDT_YES && value != XFDT_HIT_LOOK_ALIKE)
			assert_not_weaker(s, &more);
		if (s->hit == XFDT_YES && evidence_of_state(value) > evidence_of_state(s->state))
			assert_not_weaker(s, &more);
	}
	more = *s;
	more.hit = XFDT_UNSURE;
	if (s->hit == XFDT_NO)
		assert_not_weaker(s, &more);
	/* CLEAR, OPEN, ARMED: in the reverse order of the enum */
	for (value = 0; value < (unsigned int)s->next; value++) {
		more = *s;
		more.next = value;
		assert_not_weaker(s, &more);
	}
}

static void test_rules__more_evidence_never_weakens(void **state)
{
	assert_true(XFDT_NEXT_ARMED < XFDT_NEXT_OPEN && XFDT_NEXT_OPEN < XFDT_NEXT_CLEAR);
	each_situation(assert_more_evidence_does_not_weaken);
}

static void assert_when(const struct xfdt_situation *s)
{
	const struct xfdt_rule *rule = xfdt_rule_find(s);
	static const enum xfdt_when when[XFDT_TRUTHS] = {
		[XFDT_YES] = XFDT_WHEN_END,
		[XFDT_NO] = XFDT_WHEN_EARLIER,
		[XFDT_UNSURE] = XFDT_WHEN_UNKNOWN,
	};

	if (rule->verdict == XFDT_CONFIRMED || rule->verdict == XFDT_PROBABLE)
		assert_int_equal(rule->when, when[s->ended]);
	else
		assert_int_equal(rule->when, XFDT_WHEN_NONE);
}

static void test_rules__when_it_struck(void **state)
{
	each_situation(assert_when);
}

/* vCPUs: the number of a combination has a digit, of base 3, for each input */

#define COMBINATIONS 4782969u /* 3^14 */

static unsigned int power_of(unsigned int input)
{
	unsigned int power = 1;

	while (input--)
		power *= XFDT_TRUTHS;
	return power;
}

static enum xfdt_truth digit(unsigned int combination, unsigned int input)
{
	return combination / power_of(input) % XFDT_TRUTHS;
}

static unsigned int with(unsigned int combination, unsigned int input, enum xfdt_truth value)
{
	return combination + (value - digit(combination, input)) * power_of(input);
}

static void inputs_of(unsigned int combination, enum xfdt_truth inputs[XFDT_VCPU_INPUTS])
{
	unsigned int i;

	for (i = 0; i < XFDT_VCPU_INPUTS; i++, combination /= XFDT_TRUTHS)
		inputs[i] = combination % XFDT_TRUTHS;
}

static unsigned int count_vcpu_rules(const enum xfdt_truth inputs[XFDT_VCPU_INPUTS],
				     size_t *ret_last)
{
	unsigned int count = 0, j;
	size_t i;

	for (i = 0; i < xfdt_vcpu_rule_count; i++) {
		for (j = 0; j < XFDT_VCPU_INPUTS; j++)
			if (!(xfdt_vcpu_rules[i].inputs[j] >> inputs[j] & 1))
				break;
		if (j < XFDT_VCPU_INPUTS)
			continue;
		*ret_last = i;
		count++;
	}
	return count;
}

/* The rule of every combination; the caller frees it. */
static uint8_t *all_vcpu_rules(void)
{
	uint8_t *rules = malloc(COMBINATIONS);
	unsigned int c;

	assert_non_null(rules);
	assert_int_equal(power_of(XFDT_VCPU_INPUTS), COMBINATIONS);
	for (c = 0; c < COMBINATIONS; c++) {
		enum xfdt_truth inputs[XFDT_VCPU_INPUTS];

		inputs_of(c, inputs);
		rules[c] = (uint8_t)(xfdt_vcpu_rule_find(inputs) - xfdt_vcpu_rules);
	}
	return rules;
}

static void test_rules__of_vcpus_disjoint_and_complete(void **state)
{
	bool met[UINT8_MAX] = { false };
	unsigned int c, count;
	size_t i, rule = 0;

	assert_true(xfdt_vcpu_rule_count < COUNT(met));
	for (c = 0; c < COMBINATIONS; c++) {
		enum xfdt_truth inputs[XFDT_VCPU_INPUTS];

		inputs_of(c, inputs);
		count = count_vcpu_rules(inputs, &rule);
		if (count != 1)
			fail_msg("%u rules for combination %u, the last %s", count, c,
				 count ? xfdt_vcpu_rules[rule].id : "none");
		if (xfdt_vcpu_rule_find(inputs) != &xfdt_vcpu_rules[rule])
			fail_msg("another rule than %s is found", xfdt_vcpu_rules[rule].id);
		met[rule] = true;
	}
	for (i = 0; i < xfdt_vcpu_rule_count; i++)
		if (!met[i])
			fail_msg("nothing meets %s", xfdt_vcpu_rules[i].id);
}

/* 0: nothing loads it; 1: it may be armed; 2: it is */
static int vcpu_severity(const uint8_t *rules, unsigned int combination)
{
	const struct xfdt_vcpu_rule *rule = &xfdt_vcpu_rules[rules[combination]];

	return rule->state == XFDT_VCPU_ARMED ? 2 : rule->undecided;
}

/*
 * What is read with the state: unknown means that the state is not readable, so
 * these are yes or no.  "Readable" unknown means "counted".
 */
static bool is_two_valued(unsigned int input)
{
	static const bool two_valued[XFDT_VCPU_INPUTS] = {
		[XFDT_IN_READABLE] = true, [XFDT_IN_SOUND] = true,    [XFDT_IN_CONFIDENTIAL] = true,
		[XFDT_IN_REFUSED] = true,  [XFDT_IN_MISMATCH] = true, [XFDT_IN_USE] = true,
	};

	return two_valued[input];
}

static bool is_possible_vcpu(unsigned int combination)
{
	unsigned int i;

	for (i = 0; i < XFDT_VCPU_INPUTS; i++)
		if (is_two_valued(i) && digit(combination, i) == XFDT_UNSURE)
			return false;
	return true;
}

static const char *rule_id(const uint8_t *rules, unsigned int combination)
{
	return xfdt_vcpu_rules[rules[combination]].id;
}

static void test_rules__of_vcpus_an_unknown_never_acquits(void **state)
{
	uint8_t *rules = all_vcpu_rules();
	unsigned int c, i;

	for (c = 0; c < COMBINATIONS; c++) {
		if (!is_possible_vcpu(c) || !vcpu_severity(rules, c))
			continue;
		for (i = 0; i < XFDT_VCPU_INPUTS; i++) {
			unsigned int unknown = with(c, i, XFDT_UNSURE);

			if (!is_two_valued(i) && !vcpu_severity(rules, unknown))
				fail_msg("%s becomes %s where input %u is unknown",
					 rule_id(rules, c), rule_id(rules, unknown), i);
		}
	}
	free(rules);
}

/* armed is a claim: what decides it is known */
static void test_rules__of_vcpus_armed_has_its_evidence(void **state)
{
	uint8_t *rules = all_vcpu_rules();
	unsigned int c;

	for (c = 0; c < COMBINATIONS; c++) {
		enum xfdt_truth in[XFDT_VCPU_INPUTS];
		bool loads;

		if (!is_possible_vcpu(c) || vcpu_severity(rules, c) != 2)
			continue;
		inputs_of(c, in);
		assert_int_equal(in[XFDT_IN_MISMATCH], XFDT_YES);
		assert_int_equal(in[XFDT_IN_CONFIDENTIAL], XFDT_NO);
		assert_int_equal(in[XFDT_IN_REFUSED], XFDT_NO);
		assert_int_equal(in[XFDT_IN_SOUND], XFDT_YES);
		if (in[XFDT_IN_USE] == XFDT_NO) {
			assert_int_not_equal(in[XFDT_IN_CAN_RUN], XFDT_NO);
			continue;
		}
		assert_int_equal(in[XFDT_IN_ALIVE], XFDT_YES);
		assert_int_equal(in[XFDT_IN_HOLDS], XFDT_YES);
		loads = in[XFDT_IN_RUNNING] == XFDT_NO || in[XFDT_IN_LOADING] == XFDT_YES ||
			(in[XFDT_IN_NEED_LOAD] == XFDT_YES && in[XFDT_IN_VALID] == XFDT_NO);
		assert_true(loads);
	}
	free(rules);
}

/* a mismatch that is said to be harmless: what decides that is known, but for where live registers are */
static void test_rules__of_vcpus_stale_has_its_evidence(void **state)
{
	uint8_t *rules = all_vcpu_rules();
	unsigned int c;

	for (c = 0; c < COMBINATIONS; c++) {
		enum xfdt_truth in[XFDT_VCPU_INPUTS];

		inputs_of(c, in);
		if (!is_possible_vcpu(c) || in[XFDT_IN_MISMATCH] != XFDT_YES ||
		    in[XFDT_IN_READABLE] != XFDT_YES || in[XFDT_IN_CONFIDENTIAL] != XFDT_NO ||
		    vcpu_severity(rules, c))
			continue;
		assert_int_equal(in[XFDT_IN_SOUND], XFDT_YES);
		assert_int_equal(in[XFDT_IN_REFUSED], XFDT_NO);
		if (in[XFDT_IN_USE] == XFDT_NO) {
			assert_int_equal(in[XFDT_IN_CAN_RUN], XFDT_NO);
			continue;
		}
		if (in[XFDT_IN_ALIVE] == XFDT_NO)
			continue;
		assert_int_equal(in[XFDT_IN_ALIVE], XFDT_YES);
		assert_int_equal(in[XFDT_IN_HOLDS], XFDT_YES);
		assert_int_equal(in[XFDT_IN_RUNNING], XFDT_YES);
		assert_int_equal(in[XFDT_IN_LOADING], XFDT_NO);
		assert_int_equal(in[XFDT_IN_NEED_LOAD], XFDT_NO);
		assert_int_equal(in[XFDT_IN_VALID], XFDT_YES);
	}
	free(rules);
}

/* which value of an input is the most evidence for the bug; XFDT_TRUTHS: it is none by itself */
static enum xfdt_truth worst_of(unsigned int input)
{
	switch (input) {
	case XFDT_IN_MISMATCH:
	case XFDT_IN_CAN_RUN:
	case XFDT_IN_ALIVE:
	case XFDT_IN_LOADING:
	case XFDT_IN_NEED_LOAD:
		return XFDT_YES;
	case XFDT_IN_CONFIDENTIAL:
	case XFDT_IN_VALID:
		return XFDT_NO;
	default:
		return XFDT_TRUTHS;
	}
}

/* a header that is damaged in two ways is in doubt, and stays so */
static bool is_in_doubt(unsigned int combination)
{
	return digit(combination, XFDT_IN_REFUSED) == XFDT_YES ||
	       digit(combination, XFDT_IN_CONFIDENTIAL) == XFDT_YES;
}

static void test_rules__of_vcpus_more_evidence_never_weakens(void **state)
{
	uint8_t *rules = all_vcpu_rules();
	unsigned int c, i;

	for (c = 0; c < COMBINATIONS; c++) {
		if (!is_possible_vcpu(c) || is_in_doubt(c))
			continue;
		for (i = 0; i < XFDT_VCPU_INPUTS; i++) {
			const enum xfdt_truth worst = worst_of(i);
			unsigned int more;

			/* what is unknown is undecided, also where neither answer would make it armed */
			if (worst == XFDT_TRUTHS || digit(c, i) == XFDT_UNSURE)
				continue;
			more = with(c, i, worst);
			if (vcpu_severity(rules, more) < vcpu_severity(rules, c))
				fail_msg("%s becomes %s by more of input %u", rule_id(rules, c),
					 rule_id(rules, more), i);
		}
	}
	free(rules);
}

/* xfdt_vcpu_judge() hands each fact to its own column */
static void test_rules__facts_of_a_vcpu_reach_their_columns(void **state)
{
	const struct xfdt_state_facts base = {
		.readable = XFDT_YES,
		.sound = XFDT_YES,
		.confidential = XFDT_NO,
		.refused = XFDT_NO,
		.mismatch = XFDT_YES,
		.in_use = XFDT_YES,
		.can_run = XFDT_YES,
		.alive = XFDT_YES,
		.holds = XFDT_YES,
		.running = XFDT_YES,
		.loading = XFDT_NO,
		.need_load = XFDT_YES,
		.valid = XFDT_NO,
		.in_guest = XFDT_NO,
		.writes_xfd = XFDT_YES,
		.components = 1u << 18,
	};
	static const struct {
		size_t fact;
		enum xfdt_truth value;
		const char *id;
	} cases[] = {
#define CASE(fact, value, id) { offsetof(struct xfdt_state_facts, fact), value, id }
		CASE(readable, XFDT_NO, "unreadable"),
		CASE(sound, XFDT_NO, "contradictory"),
		CASE(confidential, XFDT_YES, "confidential-mismatch"),
		CASE(refused, XFDT_YES, "malformed-mismatch"),
		CASE(mismatch, XFDT_NO, "ok"),
		CASE(in_use, XFDT_NO, "next-run"),
		CASE(alive, XFDT_NO, "owner-dead"),
		CASE(alive, XFDT_UNSURE, "owner-unknown"),
		CASE(holds, XFDT_NO, "owner-holds-other"),
		CASE(running, XFDT_NO, "scheduled-out"),
		CASE(running, XFDT_UNSURE, "switching"),
		CASE(loading, XFDT_YES, "at-restore"),
		CASE(loading, XFDT_UNSURE, "before-return"),
		CASE(need_load, XFDT_UNSURE, "tif-unknown"),
		CASE(need_load, XFDT_NO, "registers-unowned"),
		CASE(valid, XFDT_YES, "registers-kept"),
		CASE(in_guest, XFDT_YES, "before-return"),
#undef CASE
	};
	struct xfdt_vcpu_verdict verdict;
	size_t i;

	xfdt_vcpu_judge(&base, &verdict);
	assert_string_equal(verdict.rule->id, "before-return");
	assert_true(verdict.mismatch == 1u << 18);
	for (i = 0; i < COUNT(cases); i++) {
		struct xfdt_state_facts facts = base;

		*(enum xfdt_truth *)((char *)&facts + cases[i].fact) = cases[i].value;
		xfdt_vcpu_judge(&facts, &verdict);
		assert_string_equal(verdict.rule->id, cases[i].id);
		assert_int_equal(verdict.state, verdict.rule->state);
		assert_int_equal(verdict.undecided, verdict.rule->undecided);
	}
}

/* a CPU inside a guest that may not write IA32_XFD says nothing of the mismatch */
static void test_rules__in_guest_counts_with_xfd_only(void **state)
{
	struct xfdt_state_facts facts = {
		.readable = XFDT_YES,
		.sound = XFDT_YES,
		.confidential = XFDT_NO,
		.refused = XFDT_NO,
		.mismatch = XFDT_NO,
		.in_use = XFDT_YES,
		.in_guest = XFDT_YES,
		.writes_xfd = XFDT_NO,
	};
	struct xfdt_vcpu_verdict verdict;

	xfdt_vcpu_judge(&facts, &verdict);
	assert_string_equal(verdict.rule->id, "ok");
	facts.writes_xfd = XFDT_YES;
	xfdt_vcpu_judge(&facts, &verdict);
	assert_string_equal(verdict.rule->id, "in-guest");
	assert_false(verdict.undecided);
}

static void test_rules__unreadable_state_that_is_counted(void **state)
{
	struct xfdt_state_facts facts = { .readable = XFDT_NO, .counted = XFDT_YES };
	struct xfdt_vcpu_verdict verdict;

	xfdt_vcpu_judge(&facts, &verdict);
	assert_string_equal(verdict.rule->id, "counted");
	assert_false(verdict.undecided);
	facts.counted = XFDT_UNSURE;
	xfdt_vcpu_judge(&facts, &verdict);
	assert_string_equal(verdict.rule->id, "unreadable");
	assert_true(verdict.undecided);
}

static void test_rules__fixed_in(void **state)
{
	assert_non_null(strstr(xfdt_fixed_in("6.1.0-41-amd64"), "6.1.162"));
	assert_non_null(strstr(xfdt_fixed_in("6.6.100"), "6.6.122"));
	assert_non_null(strstr(xfdt_fixed_in("6.12.57+deb13-amd64"), "6.12.67"));
	assert_non_null(strstr(xfdt_fixed_in("6.18.5"), "6.18.7"));
	assert_non_null(strstr(xfdt_fixed_in("7.3.4"), "6.19"));
	assert_non_null(strstr(xfdt_fixed_in("6.19.0-rc2"), "6.19"));
	/* 6.10 is not 6.1 */
	assert_non_null(strstr(xfdt_fixed_in("6.10.3"), "no upstream release"));
	assert_non_null(strstr(xfdt_fixed_in("6.17.13"), "no upstream release"));
	assert_non_null(strstr(xfdt_fixed_in("5.14.0-503.el9"), "no upstream release"));
	assert_non_null(xfdt_fixed_in(NULL));
	assert_non_null(xfdt_fixed_in("rubbish"));
}

static const char *vendor_name(const char *release)
{
	return xfdt_vendor_of(release)->name;
}

static void test_rules__vendors_are_told_by_the_release(void **state)
{
	static const struct {
		const char *release, *name;
	} cases[] = {
		{ "6.1.0-56-amd64", "Debian 12" },
		{ "6.1.0-56-cloud-amd64", "Debian 12" },
		{ "6.12.57+deb12-rt-amd64", "Debian 12 (6.12)" },
		{ "6.12.57+deb13-amd64", "Debian 13" },
		{ "6.18.5+deb13-amd64", "Debian 13 backports" },
		{ "5.10.0-46-amd64", "Debian 11" },
		{ "4.18.0-553.el8_10.x86_64", "RHEL 8 and its rebuilds" },
		{ "5.14.0-503.11.1.el9_5.x86_64", "RHEL 9 and its rebuilds" },
		{ "6.12.0-55.el10.x86_64", "RHEL 10 and its rebuilds" },
		{ "6.12.0-100.28.2.el10uek.x86_64", "Oracle UEK 8" },
		{ "5.15.0-3.60.2.el9uek.x86_64", "Oracle UEK 7" },
		{ "6.12.0-160000.5-default", "SLES 16.0 and Leap 16.0" },
		{ "6.4.0-150600.21-default", "SLE 15 SP6 and SP7" },
		{ "6.8.0-106-generic", "Ubuntu 24.04" },
		{ "6.8.0-1050-aws", "Ubuntu 24.04 (linux-aws)" },
		{ "6.17.0-38-generic", "Ubuntu 25.10 and HWE 6.17" },
		{ "6.8.12-20-pve", "Proxmox VE kernel 6.8" },
		{ "6.6.121.1-1.azl3", "Azure Linux 3" },
		{ "6.1.159-180.amzn2023.x86_64", "Amazon Linux 2023" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_non_null(vendor_name(cases[i].release));
		assert_string_equal(vendor_name(cases[i].release), cases[i].name);
	}
	/* nothing is guessed of others */
	assert_null(vendor_name("6.18.5"));
	assert_null(vendor_name("6.18.5-arch1-1"));
	assert_null(vendor_name("6.12.55+"));
	assert_null(vendor_name(""));
	assert_null(vendor_name(NULL));
	assert_int_equal(xfdt_vendor_of("rubbish")->state, XFDT_VENDOR_ASK);
}

static void test_rules__every_vendor_states_date_and_source(void **state)
{
	size_t i, j;

	for (i = 0; i < xfdt_vendor_count; i++) {
		const struct xfdt_vendor *vendor = &xfdt_vendors[i];
		unsigned int year, month, day;
		int end = 0;

		assert_true(*vendor->name && *vendor->source);
		assert_int_equal(vendor->state == XFDT_VENDOR_FIXED, vendor->fixed_in != NULL);
		assert_int_equal(sscanf(vendor->date, "%4u-%2u-%2u%n", &year, &month, &day, &end),
				 3);
		assert_int_equal(end, 10);
		assert_true(strlen(vendor->date) == 10 && year >= 2026 && month <= 12 && day <= 31);
		for (j = 0; j < i; j++)
			assert_string_not_equal(vendor->pattern, xfdt_vendors[j].pattern);
	}
}

#include "test_rules.tests.h"
