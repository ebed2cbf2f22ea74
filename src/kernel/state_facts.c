/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts about each guest FPU state: would a restore load it, and is memory up to date? */
#include "kernel/facts_parts.h"
#include "base/util.h"
#include "kernel/host.h"

#include <inttypes.h>
#include <stdlib.h>

/* Linux: XFEATURE_MASK_USER_DYNAMIC; KVM refuses every other bit of IA32_XFD. */
#define DYNAMIC_FEATURES (1ull << XFDT_XFEATURE_XTILEDATA)

static enum xfdt_truth both(enum xfdt_truth a, enum xfdt_truth b)
{
	if (a == XFDT_NO || b == XFDT_NO)
		return XFDT_NO;
	return a == XFDT_YES && b == XFDT_YES ? XFDT_YES : XFDT_UNSURE;
}

/* fpregs_state_valid() in Linux: arch/x86/kernel/fpu/context.h */
static enum xfdt_truth registers_valid(const struct xfdt_thread *thread)
{
	if (!thread->owner.known || !thread->fpu.last_cpu.known || !thread->cpu.known ||
	    !thread->fpu.kvaddr)
		return XFDT_UNSURE;
	return xfdt_truth(thread->owner.value == thread->fpu.kvaddr &&
			  (uint32_t)thread->fpu.last_cpu.value == (uint32_t)thread->cpu.value);
}

static void look_at_header(const struct xfdt_host *host, const struct xfdt_vcpu *vcpu,
			   struct xfdt_state_facts *state)
{
	const struct xfdt_fault *fault = xfdt_panic_fault(&host->panic);
	struct xfdt_xrstor xrstor = {
		.supervisor = vcpu->header.xcomp_bv & XFDT_XCOMP_BV_COMPACTED,
		.edx_eax = ~0ull,
		.xfd = vcpu->xfd,
		.enabled = host->enabled_features,
	};
	struct xfdt_restore_result result;

	state->hit = fault && fault->target == XFDT_TARGET_GUEST && vcpu->fpstate &&
		     fault->fpstate_kvaddr == vcpu->fpstate;
	if (state->hit) {
		xrstor.supervisor = fault->supervisor;
		xrstor.edx_eax = fault->edx_eax;
	}
	xfdt_xrstor_simulate(&vcpu->header, &xrstor, &result);
	/* without what the host enables, which is read from elsewhere and may be damaged */
	state->components = vcpu->header.xstate_bv & vcpu->xfd & xrstor.edx_eax;
	state->rfbm_known = state->hit;
	state->rfbm = result.rfbm;
	state->mismatch = xfdt_truth(state->components);
	state->refused = xfdt_truth(result.outcome == XFDT_RESTORE_GP);
	state->refused_why = result.reason;
}

static void look_at_thread(const struct xfdt_vcpu *vcpu, struct xfdt_state_facts *state)
{
	const struct xfdt_thread *thread = &vcpu->thread;
	uint64_t features = vcpu->user_xfeatures.known ? vcpu->user_xfeatures.value :
							 vcpu->xfeatures;

	state->alive = thread->known ? thread->alive : XFDT_UNSURE;
	/* held by nobody: the thread that ran it last was killed; if that one lives, its fpstate is damaged */
	if (vcpu->unheld == XFDT_YES)
		state->alive = state->alive == XFDT_YES ? XFDT_UNSURE : XFDT_NO;
	state->holds = vcpu->unheld == XFDT_YES ?
			       XFDT_YES :
		       thread->known && thread->fpu.fpstate.known ?
			       xfdt_truth(thread->fpu.fpstate.value == vcpu->fpstate) :
			       XFDT_UNSURE;
	state->running = thread->known ? thread->running : XFDT_UNSURE;
	state->need_load = xfdt_value_truth(&thread->need_fpu_load);
	state->valid = registers_valid(thread);
	/* a vCPU that is being kicked out is still in the guest */
	state->in_guest = !vcpu->mode.known ?
				  XFDT_UNSURE :
				  xfdt_truth(vcpu->mode.value == XFDT_IN_GUEST_MODE ||
					     vcpu->mode.value == XFDT_EXITING_GUEST_MODE);
	state->in_guest = both(state->in_guest, state->running);
	state->writes_xfd = xfdt_truth((features | vcpu->xfd) & DYNAMIC_FEATURES);
	state->loading = vcpu->loading;
	/* at the XRSTOR it lives */
	if (state->loading == XFDT_YES && state->alive == XFDT_UNSURE)
		state->alive = XFDT_YES;
}

/*
 * The thread whose restore of this state ended the kernel held it, on a CPU, also where its
 * task_struct or the CPU's variables are not found (CONFIG_KALLSYMS_ALL=n).  So does one
 * that is not known, but that a CPU's stack shows in the handler, before any oops killed a thread.
 */
static void look_at_end(const struct xfdt_facts *facts, const struct xfdt_host *host,
			const struct xfdt_vcpu *vcpu, struct xfdt_state_facts *state)
{
	bool ended = state->hit && facts->items[XFDT_FACT_ENDED].value == XFDT_YES;
	bool in_handler = !vcpu->thread.known && vcpu->frame &&
			  xfdt_panic_had_no_oops(&host->panic);
	enum xfdt_truth *open[] = {
		&state->alive,
		&state->holds,
		&state->running,
		&state->loading,
	};
	size_t i;

	if (!ended && !in_handler)
		return;
	for (i = 0; i < COUNT(open); i++)
		if (*open[i] == XFDT_UNSURE)
			*open[i] = XFDT_YES;
}

/* What a thread holds is the second witness of in_use, which decides where KVM_RUN cannot load the state. */
static enum xfdt_truth is_in_use(const struct xfdt_vcpu *vcpu)
{
	if (!vcpu->in_use && vcpu->can_run == XFDT_NO && xfdt_vcpu_is_held(vcpu))
		return XFDT_UNSURE;
	return xfdt_truth(vcpu->in_use);
}

static void look_at(const struct xfdt_facts *facts, const struct xfdt_host *host,
		    const struct xfdt_vcpu *vcpu, struct xfdt_state_facts *state)
{
	const struct xfdt_census *census = &host->census;

	/* a dump of a running host may have a thread of later than the state */
	bool left_behind = vcpu->in_use &&
			   ((vcpu->unheld == XFDT_YES && (vcpu->header.xstate_bv & vcpu->xfd)) ||
			    vcpu->thread.alive == XFDT_NO);

	state->readable = xfdt_truth(vcpu->state_known);
	state->counted = xfdt_truth(census->known && census->complete && !vcpu->fpstate);
	/*
	 * Damage: two vCPUs with one state, two states with one page, a state that the census does not know, or
	 * one in use by a thread that has ended, where no oops has killed any.
	 */
	state->sound = xfdt_truth(vcpu->shared != XFDT_YES &&
				  !(vcpu->in_census == XFDT_NO && census->complete) &&
				  !(left_behind && xfdt_panic_had_no_oops(&host->panic)));
	state->confidential = xfdt_truth(vcpu->is_confidential);
	state->in_use = is_in_use(vcpu);
	state->can_run = vcpu->can_run;
	look_at_header(host, vcpu, state);
	look_at_thread(vcpu, state);
	look_at_end(facts, host, vcpu, state);
}

/* complete */

/* Do the rules of XRSTOR refuse every state?  Then what the host's features are is wrong. */
static bool all_are_refused(const struct xfdt_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->state_count; i++)
		if (facts->states[i].readable == XFDT_YES && facts->states[i].refused != XFDT_YES)
			return false;
	return facts->state_count;
}

static bool all_are_sound(const struct xfdt_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->state_count; i++)
		if (facts->states[i].sound != XFDT_YES)
			return false;
	return true;
}

/* Where the list of VMs is not known: are there more VMs than could have the states that are known? */
static bool vms_are_missing(const struct xfdt_host *host)
{
	return !host->vms_known && host->vms_counted.known &&
	       host->vms_counted.value > host->vm_count + host->unlisted.vcpu_count;
}

static void find_complete(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	const struct xfdt_census *census = &host->census;
	const enum xfdt_fact_id id = XFDT_FACT_COMPLETE;

	if (census->outdated)
		xfdt_fact_set(facts, id, XFDT_UNSURE, "%s", census->why);
	else if (!census->known || !census->complete)
		xfdt_fact_set(facts, id, XFDT_UNSURE,
			      "not all guest FPU states are known: the census is incomplete (%s)",
			      census->why);
	else if (xfdt_host_online_vcpus(host) > census->count)
		xfdt_fact_set(facts, id, XFDT_UNSURE,
			      "KVM counts more vCPUs than the %zu guest FPU states in memory",
			      census->count);
	else if (host->unknown_held)
		xfdt_fact_set(facts, id, XFDT_UNSURE,
			      "a thread holds a guest FPU state (0x%" PRIx64
			      ") that is not among the %zu in memory",
			      host->unknown_held, census->count);
	else if (host->holders_unread)
		xfdt_fact_set(
			facts, id, XFDT_UNSURE,
			"KVM's lists are not known, or may lack a VM, and what some threads hold cannot be read");
	else if (vms_are_missing(host))
		xfdt_fact_set(
			facts, id, XFDT_UNSURE,
			"the list of VMs is not known, and the kernel counts more VMs (preempt_notifier_key: %" PRIu64
			") than can have a guest FPU state in memory",
			host->vms_counted.value);
	else if (!all_are_sound(facts))
		xfdt_fact_set(
			facts, id, XFDT_UNSURE,
			"KVM's lists and the guest FPU states in memory contradict each other");
	else if (all_are_refused(facts))
		xfdt_fact_set(
			facts, id, XFDT_UNSURE,
			"XRSTOR would refuse every guest FPU state, so the host's features (max_features) are in doubt");
	else
		xfdt_fact_set(facts, id, XFDT_YES,
			      "%zu guest FPU state%s in memory, %zu of them on KVM's lists",
			      census->count, census->count == 1 ? "" : "s",
			      census->count - host->unlisted.vcpu_count);
}

struct xfdt_error *xfdt_state_facts_find(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;

	while (xfdt_next_vcpu(host, &at))
		facts->state_count++;
	facts->states = calloc(facts->state_count + 1, sizeof(*facts->states));
	if (!facts->states)
		return xfdt_no_memory("the facts");
	facts->state_count = 0;
	at = (struct xfdt_vcpu_at){ 0 };
	while ((vcpu = xfdt_next_vcpu(host, &at)))
		look_at(facts, host, vcpu, &facts->states[facts->state_count++]);
	find_complete(facts, host);
	return NULL;
}
