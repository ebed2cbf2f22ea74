/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one vCPU: is its FPU state in memory the one that counts, and
 * what would XRSTOR do with it?
 */
#include "verdict/verdict.h"
#include "kernel/oops_log.h"

/* Linux: XFEATURE_MASK_USER_DYNAMIC; KVM refuses every other bit of IA32_XFD. */
#define DYNAMIC_FEATURES (1ull << XFDT_XFEATURE_XTILEDATA)
#define NM_EVENTS_MAX 64

static bool is_in_guest(const struct xfdt_vcpu *vcpu)
{
	/* a vCPU that is being kicked out is in the guest still */
	return vcpu->thread.on_cpu.known && vcpu->thread.on_cpu.value && vcpu->mode.known &&
	       (vcpu->mode.value == XFDT_IN_GUEST_MODE ||
		vcpu->mode.value == XFDT_EXITING_GUEST_MODE);
}

static bool may_write_xfd(const struct xfdt_vcpu *vcpu)
{
	uint64_t features = vcpu->user_xfeatures.known ? vcpu->user_xfeatures.value :
							 vcpu->xfeatures;

	return (features | vcpu->xfd) & DYNAMIC_FEATURES;
}

/* fpregs_state_valid() in Linux: arch/x86/kernel/fpu/context.h */
static struct xfdt_value registers_valid(const struct xfdt_thread *thread)
{
	struct xfdt_value valid = { .known = thread->owner.known && thread->last_cpu.known &&
					     thread->cpu.known };

	valid.value = thread->owner.value == thread->fpu &&
		      (uint32_t)thread->last_cpu.value == (uint32_t)thread->cpu.value;
	return valid;
}

/*
 * May the restore of @vcpu's state be what failed, by the thread that panicked, before it cleared
 * TIF_NEED_FPU_LOAD?  Not if the instruction is known, or the log tells of no #NM.
 */
static bool may_have_faulted(const struct xfdt_host *host, const struct xfdt_vcpu *vcpu)
{
	const struct xfdt_member *regs = &host->image->layout.members[XFDT_M_fpstate_regs];
	const struct xfdt_panic *panic = &host->panic;

	if (panic->fault.decoded || (panic->task && panic->task != vcpu->thread.task))
		return false;
	if (panic->task && panic->log_known && xfdt_note_is_nm_frame(panic))
		return panic->note_is_xrstor &&
		       (!regs->known || panic->note_operand - regs->offset == vcpu->fpstate);
	return !panic->log_known || xfdt_last_event(panic, XFDT_EVENT_NM_DIE) >= 0 ||
	       xfdt_last_event(panic, XFDT_EVENT_NM_WARN) >= 0;
}

/* Does the log tell of an #NM of @thread that may have been at a restore? */
static bool had_nm(const struct xfdt_panic *panic, const struct xfdt_thread *thread)
{
	unsigned int looked_at = 0;
	long event;

	for (event = 0; event < (long)panic->event_count; event++) {
		if (xfdt_event_caller(panic, event) != (uint32_t)thread->pid)
			continue;
		/* no thread tells that much: a log that was made to take long */
		if (looked_at++ > NM_EVENTS_MAX ||
		    (xfdt_event_tells_of_nm(panic, event) && xfdt_nm_is_restore(panic, event)))
			return true;
	}
	return false;
}

/* A mismatch in a state that a thread holds: do memory or registers count? */
static void judge_in_use(const struct xfdt_host *host, const struct xfdt_vcpu *vcpu,
			 struct xfdt_vcpu_verdict *verdict)
{
	const struct xfdt_thread *thread = &vcpu->thread;
	struct xfdt_value valid = registers_valid(thread);
	bool waits = thread->need_fpu_load.known && thread->need_fpu_load.value;

	verdict->state = XFDT_VCPU_INDETERMINATE;
	verdict->undecided = true;
	if (vcpu->thread_gone) {
		verdict->why = "it is in use, and the thread that used it is gone";
	} else if (thread->exit_state.known && thread->exit_state.value) {
		/* die() ends a thread in the middle of KVM_RUN */
		verdict->why = "it is in use, and the thread that used it has ended";
	} else if (!thread->known || !thread->fpstate.known || !thread->on_cpu.known) {
		verdict->why = "it is in use, and the thread that uses it cannot be read";
	} else if (thread->fpstate.value != vcpu->fpstate) {
		verdict->why = "it is in use, yet its thread holds another state";
	} else if (!thread->on_cpu.value) {
		verdict->state = XFDT_VCPU_ARMED;
		verdict->why = "its thread was scheduled out; going on restores the state";
	} else if (is_in_guest(vcpu) && !(waits && !(valid.known && valid.value))) {
		/* not on its way in, before switch_fpu_return(): its registers are live, whatever memory says */
		verdict->undecided = false;
		verdict->why = "the CPU was inside the guest";
	} else if (!vcpu->mode.known) {
		verdict->why = "whether the CPU was inside the guest is not known";
	} else if (may_have_faulted(host, vcpu)) {
		verdict->why = "its thread may be the one that died, and where is not known";
	} else if (!thread->need_fpu_load.known) {
		verdict->why = "TIF_NEED_FPU_LOAD is not known";
	} else if (!thread->need_fpu_load.value && thread->task != host->panic.task &&
		   !thread->nm_fpstate.known) {
		verdict->why = "whether its thread was in the handler of an #NM is not known";
	} else if (!thread->need_fpu_load.value && thread->nm_fpstate.known &&
		   thread->nm_fpstate.value == vcpu->fpstate) {
		/* fpu_swap_kvm_fpstate() clears the flag before the state is loaded */
		verdict->state = XFDT_VCPU_ARMED;
		verdict->why = "its thread was in the handler of an #NM that loading it had raised";
	} else if (!thread->need_fpu_load.value && thread->task != host->panic.task &&
		   had_nm(&host->panic, thread)) {
		verdict->why = "the log tells of an #NM of its thread, maybe when it was loaded";
	} else if (!thread->need_fpu_load.value) {
		verdict->state = XFDT_VCPU_STALE;
		verdict->why = "the registers are live (TIF_NEED_FPU_LOAD is clear)";
	} else if (!valid.known) {
		verdict->why = "whether the registers are live is not known";
	} else if (valid.value) {
		verdict->state = XFDT_VCPU_STALE;
		verdict->why = "the registers are still the CPU's own (fpregs_state_valid)";
	} else {
		verdict->state = XFDT_VCPU_ARMED;
		verdict->why =
			"TIF_NEED_FPU_LOAD is set; the return to the guest restores the state";
	}
	verdict->undecided &= verdict->state == XFDT_VCPU_INDETERMINATE;
}

void xfdt_vcpu_judge(const struct xfdt_host *host, const struct xfdt_vcpu *vcpu,
		     struct xfdt_vcpu_verdict *ret_verdict)
{
	const struct xfdt_fault *fault = &host->panic.fault;
	struct xfdt_vcpu_verdict verdict = { .state = XFDT_VCPU_OK,
					     .why = "no component is set in both" };
	struct xfdt_xrstor xrstor = {
		.supervisor = vcpu->header.xcomp_bv & XFDT_XCOMP_BV_COMPACTED,
		.edx_eax = ~0ull,
		.xfd = vcpu->xfd,
		.enabled = host->enabled_features,
	};
	struct xfdt_restore_result result;

	verdict.culprit = fault->decoded && vcpu->fpstate && fault->fpstate == vcpu->fpstate;
	if (verdict.culprit) {
		xrstor.supervisor = fault->supervisor;
		xrstor.edx_eax = fault->edx_eax;
	}
	if (!vcpu->state_known) {
		verdict.state = XFDT_VCPU_UNREADABLE;
		verdict.why = "its state cannot be read";
		goto out;
	}
	if (vcpu->is_confidential) {
		verdict.state = XFDT_VCPU_CONFIDENTIAL;
		verdict.why = "the guest is confidential; its state is not in this memory";
		goto out;
	}
	xfdt_xrstor_simulate(&vcpu->header, &xrstor, &result);
	verdict.mismatch = result.components;
	if (verdict.culprit) {
		verdict.rfbm.known = true;
		verdict.rfbm.value = result.rfbm;
	}
	if (result.outcome == XFDT_RESTORE_GP) {
		verdict.state = XFDT_VCPU_MALFORMED;
		verdict.why = result.reason;
	} else if (result.components && verdict.culprit) {
		/* the instruction that faulted reads memory, whatever TIF says */
		verdict.state = XFDT_VCPU_ARMED;
		verdict.why = "the faulting instruction loads it";
	} else if (result.components && !vcpu->in_use && vcpu->vm_dead) {
		verdict.state = XFDT_VCPU_STALE;
		verdict.why = "its VM is dead: KVM_RUN refuses it, and nothing restores the state";
	} else if (result.components && !vcpu->in_use) {
		verdict.state = XFDT_VCPU_ARMED;
		verdict.why = "the next KVM_RUN restores it";
	} else if (result.components) {
		judge_in_use(host, vcpu, &verdict);
	} else if (vcpu->in_use && is_in_guest(vcpu) && may_write_xfd(vcpu)) {
		verdict.state = XFDT_VCPU_INDETERMINATE;
		verdict.why = "the CPU was inside the guest, which may write IA32_XFD itself";
	}
out:
	*ret_verdict = verdict;
}
