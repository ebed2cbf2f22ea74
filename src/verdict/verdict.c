/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts in, a verdict out. */
#include "verdict/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kind_name {
	const char *name;
	int exit;
};

static const struct kind_name kinds[XFDT_VERDICT_KINDS] = {
	[XFDT_CONFIRMED] = { "confirmed", 0 },
	[XFDT_NOT_THIS_BUG] = { "not-this-bug", 1 },
	[XFDT_ARMED] = { "armed", 3 },
	[XFDT_PROBABLE] = { "probable", 4 },
	[XFDT_INCONCLUSIVE] = { "inconclusive", 5 },
	[XFDT_NOT_APPLICABLE] = { "not-applicable", 6 },
};

int xfdt_verdict_exit(enum xfdt_verdict_kind kind)
{
	return kinds[kind].exit;
}

const char *xfdt_verdict_name(enum xfdt_verdict_kind kind)
{
	return kinds[kind].name;
}

const char *xfdt_route_name(enum xfdt_route route)
{
	static const char *const names[] = {
		[XFDT_ROUTE_NONE] = NULL,
		[XFDT_ROUTE_SWAP] = "fpu_swap_kvm_fpstate",
		[XFDT_ROUTE_RETURN] = "switch_fpu_return",
		[XFDT_ROUTE_UNKNOWN] = "unknown",
	};

	return names[route];
}

const char *xfdt_when_name(enum xfdt_when when)
{
	static const char *const names[] = {
		[XFDT_WHEN_NONE] = NULL,
		[XFDT_WHEN_END] = "end",
		[XFDT_WHEN_EARLIER] = "earlier",
		[XFDT_WHEN_UNKNOWN] = "unknown",
	};

	return names[when];
}

const char *xfdt_vcpu_state_name(enum xfdt_vcpu_state state)
{
	static const char *const names[XFDT_VCPU_STATES] = {
		[XFDT_VCPU_OK] = "ok",
		[XFDT_VCPU_ARMED] = "armed",
		[XFDT_VCPU_STALE] = "stale",
		[XFDT_VCPU_INDETERMINATE] = "indeterminate",
		[XFDT_VCPU_MALFORMED] = "malformed",
		[XFDT_VCPU_CONFIDENTIAL] = "confidential",
		[XFDT_VCPU_UNREADABLE] = "unreadable",
	};

	return names[state];
}

/* reasons */

struct judge {
	const struct xfdt_facts *facts;
	struct xfdt_verdict *verdict;
	bool out_of_memory;
};

static void say(struct judge *judge, struct xfdt_reasons *reasons, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct judge *judge, struct xfdt_reasons *reasons, const char *format, ...)
{
	struct xfdt_reason *items;
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	items = len < 0 ? NULL : realloc(reasons->items, (reasons->count + 1) * sizeof(*items));
	if (!items) {
		if (len >= 0)
			free(text);
		judge->out_of_memory = true;
		return;
	}
	reasons->items = items;
	items[reasons->count++].text = text;
}

static void say_all(struct judge *judge, struct xfdt_reasons *reasons,
		    const struct xfdt_remarks *notes)
{
	size_t i;

	for (i = 0; i < notes->count; i++)
		say(judge, reasons, "%s", notes->items[i]);
}

static void say_fact(struct judge *judge, enum xfdt_fact_id id)
{
	const struct xfdt_fact *fact = &judge->facts->items[id];

	if (*fact->why)
		say(judge, &judge->verdict->why, "%s %s: %s", xfdt_fact_name(id),
		    xfdt_truth_name(fact->value), fact->why);
}

static void say_next(struct judge *judge)
{
	const struct xfdt_verdict *verdict = judge->verdict;

	/* without AMX no state can be armed, found or not */
	if (judge->facts->items[XFDT_FACT_CAPABLE].value != XFDT_NO)
		say_fact(judge, XFDT_FACT_COMPLETE);
	if (judge->facts->x86_64 && !judge->facts->of_log)
		say(judge, &judge->verdict->why, "next: %zu armed, %zu undecided, of %zu vCPU%s",
		    verdict->states[XFDT_VCPU_ARMED], verdict->undecided_count, verdict->vcpu_count,
		    verdict->vcpu_count == 1 ? "" : "s");
}

static void say_facts(struct judge *judge)
{
	const struct xfdt_facts *facts = judge->facts;

	say_fact(judge, XFDT_FACT_KVM);
	say_fact(judge, XFDT_FACT_CAPABLE);
	say_fact(judge, XFDT_FACT_HIT);
	if (facts->hit_state != XFDT_HIT_NO_STATE) {
		say(judge, &judge->verdict->why, "state %s: %s",
		    xfdt_hit_state_name(facts->hit_state), facts->hit_state_why);
		say_fact(judge, XFDT_FACT_ENDED);
	}
	say_fact(judge, XFDT_FACT_PANICKED);
	say_next(judge);
}

/* vCPUs */

/* Known, of no contradictory sources: whether XRSTOR would fault follows from these. */
static enum xfdt_truth sound(const struct xfdt_state_facts *state)
{
	if (state->confidential == XFDT_UNSURE || state->refused == XFDT_UNSURE ||
	    state->mismatch == XFDT_UNSURE || state->in_use == XFDT_UNSURE)
		return XFDT_UNSURE;
	return state->sound;
}

void xfdt_vcpu_judge(const struct xfdt_state_facts *state, struct xfdt_vcpu_verdict *ret_verdict)
{
	bool xfd_may_change = state->writes_xfd == XFDT_YES;
	const enum xfdt_truth inputs[XFDT_VCPU_INPUTS] = {
		[XFDT_IN_READABLE] = state->readable == XFDT_YES ? XFDT_YES :
				     state->counted == XFDT_YES	 ? XFDT_UNSURE :
								   XFDT_NO,
		[XFDT_IN_SOUND] = sound(state),
		[XFDT_IN_CONFIDENTIAL] = state->confidential,
		[XFDT_IN_REFUSED] = state->refused,
		[XFDT_IN_MISMATCH] = state->mismatch,
		[XFDT_IN_USE] = state->in_use,
		[XFDT_IN_CAN_RUN] = state->can_run,
		[XFDT_IN_ALIVE] = state->alive,
		[XFDT_IN_HOLDS] = state->holds,
		[XFDT_IN_RUNNING] = state->running,
		[XFDT_IN_LOADING] = state->loading,
		[XFDT_IN_NEED_LOAD] = state->need_load,
		[XFDT_IN_VALID] = state->valid,
		[XFDT_IN_GUEST] = xfd_may_change ? state->in_guest : XFDT_NO,
	};
	const struct xfdt_vcpu_rule *rule = xfdt_vcpu_rule_find(inputs);

	*ret_verdict = (struct xfdt_vcpu_verdict){
		.rule = rule,
		.state = rule->state,
		.why = rule->state == XFDT_VCPU_MALFORMED && state->refused_why ?
			       state->refused_why :
			       rule->why,
		.mismatch = state->components,
		.rfbm_known = state->rfbm_known,
		.rfbm = state->rfbm,
		.undecided = rule->undecided,
		.faulting = state->hit,
	};
}

static void judge_vcpus(struct judge *judge)
{
	const struct xfdt_facts *facts = judge->facts;
	struct xfdt_verdict *verdict = judge->verdict;
	size_t i;

	verdict->vcpus = calloc(facts->state_count + 1, sizeof(*verdict->vcpus));
	judge->out_of_memory |= !verdict->vcpus;
	for (i = 0; verdict->vcpus && i < facts->state_count; i++) {
		struct xfdt_vcpu_verdict *vcpu = &verdict->vcpus[verdict->vcpu_count++];

		xfdt_vcpu_judge(&facts->states[i], vcpu);
		verdict->states[vcpu->state]++;
		verdict->undecided_count += vcpu->undecided;
	}
}

static enum xfdt_next next_of(const struct xfdt_verdict *verdict, const struct xfdt_facts *facts)
{
	if (verdict->states[XFDT_VCPU_ARMED])
		return XFDT_NEXT_ARMED;
	if (verdict->undecided_count || facts->items[XFDT_FACT_COMPLETE].value != XFDT_YES)
		return XFDT_NEXT_OPEN;
	return XFDT_NEXT_CLEAR;
}

struct xfdt_error *xfdt_verdict_init(struct xfdt_verdict *verdict, const struct xfdt_facts *facts)
{
	struct judge judge = { .facts = facts, .verdict = verdict };

	memset(verdict, 0, sizeof(*verdict));
	judge_vcpus(&judge);
	verdict->situation = (struct xfdt_situation){
		.kvm = facts->items[XFDT_FACT_KVM].value,
		.capable = facts->items[XFDT_FACT_CAPABLE].value,
		.hit = facts->items[XFDT_FACT_HIT].value,
		.state = facts->hit_state,
		.ended = facts->items[XFDT_FACT_ENDED].value,
		.next = next_of(verdict, facts),
	};
	verdict->rule = xfdt_rule_find(&verdict->situation);
	verdict->kind = verdict->rule->verdict;
	verdict->when = verdict->rule->when;
	say_facts(&judge);
	if (verdict->when != XFDT_WHEN_NONE) {
		verdict->route = facts->route;
		say_all(&judge, &verdict->origins, &facts->origins);
	} else {
		say_all(&judge, &verdict->looks_like, &facts->look_alikes);
	}
	if (judge.out_of_memory) {
		xfdt_verdict_deinit(verdict);
		return xfdt_no_memory("the verdict");
	}
	return NULL;
}

static void reasons_deinit(struct xfdt_reasons *reasons)
{
	size_t i;

	for (i = 0; i < reasons->count; i++)
		free(reasons->items[i].text);
	free(reasons->items);
}

void xfdt_verdict_deinit(struct xfdt_verdict *verdict)
{
	reasons_deinit(&verdict->why);
	reasons_deinit(&verdict->looks_like);
	reasons_deinit(&verdict->origins);
	free(verdict->vcpus);
	memset(verdict, 0, sizeof(*verdict));
}
