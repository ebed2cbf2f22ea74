/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Did an XRSTOR of a guest's state raise an #NM for XFD since boot, and did that
 * end the host?
 *
 * Yes needs one fault at such an instruction.  No needs every oops accounted for
 * elsewhere, by a count and by witnesses that agree, and no thread in the handler.
 */
#include "kernel/facts_parts.h"
#include "kernel/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOG_MAX 160 /* bytes of a log line in a fact */

static const char *source_name(const struct xfdt_fault *fault)
{
	static const char *const names[] = {
		[XFDT_REGS_NONE] = "nowhere",
		[XFDT_REGS_PRSTATUS] = "the NT_PRSTATUS note of the CPU that panicked",
		[XFDT_REGS_STACK] = "the #NM frame on the thread's stack",
		[XFDT_REGS_EXEC_SUMMARY] = "exec_summary_regs",
		[XFDT_REGS_LOG] = "the kernel log",
	};

	return names[fault->source];
}

static const char *line_of(const struct xfdt_panic *panic, const struct xfdt_event *event)
{
	return panic->log.lines[event->line].text;
}

/* accounting */

static unsigned long count_logged_oopses(const struct xfdt_panic *panic)
{
	unsigned long count = 0;
	size_t i;

	for (i = 0; i < panic->events.count; i++)
		count += xfdt_event_is_oops(&panic->events.items[i]);
	return count;
}

static const struct xfdt_event *first_logged_oops(const struct xfdt_panic *panic)
{
	size_t i;

	for (i = 0; i < panic->events.count; i++)
		if (xfdt_event_is_oops(&panic->events.items[i]))
			return &panic->events.items[i];
	return NULL;
}

/* Does the log have a line of taint D before its first oops? */
static bool taint_precedes_oopses(const struct xfdt_panic *panic)
{
	const struct xfdt_event *first = first_logged_oops(panic);
	size_t i, end = first ? first->line : panic->log.count;

	for (i = 0; i < end; i++)
		if (!panic->log.lines[i].from_user &&
		    xfdt_line_has_taint_die(panic->log.lines[i].text))
			return true;
	return false;
}

/* The last event of the log that says how the kernel ended. */
static const struct xfdt_event *last_end(const struct xfdt_panic *panic)
{
	size_t i;

	for (i = panic->events.count; i-- > 0;) {
		const struct xfdt_event *event = &panic->events.items[i];

		if (event->kind == XFDT_EVENT_PANIC || event->kind == XFDT_EVENT_SYSRQ ||
		    xfdt_event_is_oops(event))
			return event;
	}
	return NULL;
}

/*
 * Is the dump of the first oops itself?  With panic_on_oops, oops_end() starts kdump before it
 * sets TAINT_DIE (Linux: arch/x86/kernel/dumpstack.c).
 */
static bool is_of_first_oops(const struct xfdt_panic *panic, unsigned long count)
{
	const struct xfdt_event *last = panic->log_known ? last_end(panic) : NULL;

	return count == 1 && panic->panicked == XFDT_YES && last && xfdt_event_is_oops(last) &&
	       last->oops == 1;
}

/*
 * How many oopses there were: die_counter, which tainted_mask and the log have to
 * agree with; without it a log that is complete from its first record.
 */
static bool count_oopses(const struct xfdt_panic *panic, unsigned long *ret_count, char *why,
			 size_t size)
{
	unsigned long logged = count_logged_oopses(panic), count = panic->oopses.value;
	bool whole = panic->log_known && !panic->log.cut;

	if (!panic->oopses.known && !whole) {
		snprintf(why, size,
			 "how many oopses there were is unknown: die_counter is missing and the log %s",
			 panic->log_known ? "is not complete" : "cannot be read");
		return false;
	}
	if (!panic->oopses.known)
		count = logged;
	else if (!panic->tainted.known && !whole) {
		snprintf(why, size,
			 "die_counter is %lu, with no second witness: tainted_mask cannot be read and the log is not complete",
			 count);
		return false;
	}
	if (panic->tainted.known && !(panic->tainted.value >> XFDT_TAINT_DIE & 1) != !count &&
	    !is_of_first_oops(panic, count)) {
		snprintf(why, size,
			 "%s %lu, but tainted_mask 0x%" PRIx64 " says that there was %s oops",
			 panic->oopses.known ? "die_counter is" : "the oopses in the log are",
			 count, panic->tainted.value, count ? "no" : "an");
		return false;
	}
	if (whole && count != logged) {
		snprintf(why, size,
			 "die_counter is %lu, but the log, complete from its first record, has %lu oopses",
			 count, logged);
		return false;
	}
	if (logged > count || (!count && taint_precedes_oopses(panic))) {
		snprintf(why, size, "die_counter is %lu, but the log shows %lu oopses%s", count,
			 logged, logged > count ? "" : " and taint D");
		return false;
	}
	*ret_count = count;
	return true;
}

/* Is oops number @number known to have been elsewhere, by every source that has it? */
static bool is_elsewhere(const struct xfdt_panic *panic, unsigned long number)
{
	bool any = false;
	size_t i;

	for (i = 0; i < panic->fault_count; i++) {
		const struct xfdt_fault *fault = &panic->faults[i];

		if (fault->oops != number)
			continue;
		if (fault->target != XFDT_TARGET_ELSEWHERE && fault->target != XFDT_TARGET_HOST)
			return false;
		any = true;
	}
	return any;
}

/* A panic whose reason is an oops or a warning that neither counters nor the log show. */
static const struct xfdt_event *unexplained_panic(const struct xfdt_panic *panic,
						  unsigned long oopses)
{
	const struct xfdt_event *event = xfdt_event_last(&panic->events, XFDT_EVENT_PANIC);
	enum xfdt_panic_reason reason;
	size_t i;

	if (!event)
		return NULL;
	reason = xfdt_panic_reason(line_of(panic, event));
	if (reason == XFDT_PANIC_BY_OOPS)
		return oopses ? NULL : event;
	if (reason != XFDT_PANIC_BY_WARNING)
		return NULL;
	for (i = 0; i < event->line; i++)
		if (!panic->log.lines[i].from_user && panic->log.lines[i].caller == event->caller &&
		    xfdt_line_is_warning(panic->log.lines[i].text))
			return NULL;
	/* the warning is lost: the stack would show the #NM it may have been about */
	return panic->stack_known && panic->note_known ? NULL : event;
}

/* No: every oops was elsewhere, and no fault is open.  Fills @why. */
static bool all_accounted(const struct xfdt_panic *panic, char *why, size_t size)
{
	const struct xfdt_event *unexplained;
	unsigned long count = 0, number;
	size_t i;

	if (!count_oopses(panic, &count, why, size))
		return false;
	for (i = 0; i < panic->fault_count; i++) {
		const struct xfdt_fault *fault = &panic->faults[i];

		if (fault->target == XFDT_TARGET_ELSEWHERE || fault->target == XFDT_TARGET_HOST)
			continue;
		snprintf(why, size,
			 "a fault%s%s%s (registers from %s): whose state it loaded cannot be proven",
			 fault->decoded ? " at " : "", fault->decoded ? fault->text : "",
			 *fault->function ? " in a function that restores FPU state" : "",
			 source_name(fault));
		return false;
	}
	for (number = 1; number <= count; number++) {
		if (number <= XFDT_FAULTS_MAX && is_elsewhere(panic, number))
			continue;
		snprintf(why, size,
			 "oops %lu of %lu is not accounted for: its registers are neither in memory nor in the log",
			 number, count);
		return false;
	}
	unexplained = unexplained_panic(panic, count);
	if (unexplained) {
		snprintf(why, size, "what led to the panic is missing from the log (\"%.*s\")",
			 LOG_MAX, line_of(panic, unexplained));
		return false;
	}
	if (panic->faults_full || (!panic->log_known && !panic->stack_known)) {
		snprintf(why, size,
			 "neither the log nor the stack of the thread that panicked can be read");
		return false;
	}
	if (count)
		snprintf(why, size, "%lu oops%s, none at a restore of a guest's state", count,
			 count == 1 ? "" : "es");
	else
		snprintf(why, size, "no oops happened (%s%s%s)",
			 panic->oopses.known ? "die_counter 0" : "complete log",
			 panic->tainted.known ? ", tainted_mask without TAINT_DIE" : "",
			 panic->oopses.known && !panic->log.cut ? ", complete log" : "");
	return true;
}

/* the hit's state */

/*
 * kernel_fpu_begin() saved the registers over the state: XSTATE_BV lost the
 * component that XFD disables, TIF_NEED_FPU_LOAD is set, and the CPU's registers
 * have no owner (Linux: arch/x86/kernel/fpu/core.c).
 */
static enum xfdt_truth saved_over(const struct xfdt_fault *fault, const struct xfdt_vcpu *vcpu)
{
	uint64_t lost = fault->fpstate.xfd & fault->edx_eax & ~fault->fpstate.header.xstate_bv;

	if (!(lost & (1ull << XFDT_XFEATURE_XTILEDATA)))
		return XFDT_NO;
	if (!vcpu || (vcpu->thread.known && !xfdt_vcpu_is_held(vcpu)))
		return XFDT_NO;
	if (!vcpu->thread.need_fpu_load.known || !vcpu->thread.owner.known)
		return XFDT_UNSURE;
	return xfdt_truth(vcpu->thread.need_fpu_load.value && !vcpu->thread.owner.value);
}

/*
 * CVE-2024-35801: XSTATE_BV has the component, fpstate->xfd has not, and the CPU's
 * xfd_state says the same: IA32_XFD itself was not what the kernel thought.
 */
static bool is_xfd_out_of_sync(const struct xfdt_panic *panic, const struct xfdt_fault *fault,
			       const struct xfdt_vcpu *vcpu)
{
	const struct xfdt_thread *thread = vcpu ? &vcpu->thread : NULL;

	return (fault->fpstate.header.xstate_bv & fault->edx_eax & ~fault->fpstate.xfd &
		(1ull << XFDT_XFEATURE_XTILEDATA)) &&
	       thread && thread->known && thread->task == panic->task && thread->cpu.known &&
	       thread->cpu.value == panic->cpu.value && thread->xfd_state.known &&
	       thread->xfd_state.value == fault->fpstate.xfd;
}

/*
 * Can the state be another one by now?  If the host survived the hit, its thread died, which frees the state
 * (arch_release_task_struct()), and vmalloc() gives the address to the next one.
 */
static bool may_be_replaced(const struct xfdt_facts *facts, const struct xfdt_fault *fault,
			    const struct xfdt_vcpu *vcpu)
{
	const bool same = vcpu && vcpu->thread.known && vcpu->thread.pid == fault->pid;

	return !fault->task && fault->oops && !same &&
	       facts->items[XFDT_FACT_ENDED].value != XFDT_YES;
}

static void set_state(struct xfdt_facts *facts, enum xfdt_hit_state state, const char *words)
{
	facts->hit_state = state;
	snprintf(facts->hit_state_why, sizeof(facts->hit_state_why), "%s", words);
}

static void find_state(struct xfdt_facts *facts, const struct xfdt_host *host,
		       const struct xfdt_fault *fault, const struct xfdt_vcpu *vcpu)
{
	const struct xfdt_fpstate *fpstate = &fault->fpstate;
	struct xfdt_xrstor xrstor = { fault->supervisor, fault->edx_eax, fpstate->xfd,
				      host->enabled_features };
	struct xfdt_restore_result result;
	enum xfdt_truth over;
	char sums[120];

	if (!fpstate->read) {
		set_state(
			facts, XFDT_HIT_ABSENT,
			host->panic.log.is_text ?
				"a log does not hold the FPU state, so XSTATE_BV and XFD cannot be compared" :
			fpstate->freed ?
				"the kernel freed it when its thread died (arch_release_task_struct()), and XSTATE_BV and XFD with it" :
				"the page with the FPU state is not in the dump, so XSTATE_BV and XFD cannot be compared");
		return;
	}
	xfdt_xrstor_simulate(&fpstate->header, &xrstor, &result);
	snprintf(sums, sizeof(sums),
		 "XSTATE_BV 0x%" PRIx64 " & XFD 0x%" PRIx64 " & RFBM 0x%" PRIx64 " = 0x%" PRIx64,
		 fpstate->header.xstate_bv, fpstate->xfd, result.rfbm, result.components);
	set_state(facts, XFDT_HIT_NONE, sums);
	over = saved_over(fault, vcpu);
	if (fpstate->intact_guest && vcpu && vcpu->is_confidential)
		set_state(facts, XFDT_HIT_UNSURE,
			  "the state is marked confidential, which a restore never loads");
	else if (result.outcome == XFDT_RESTORE_GP)
		set_state(facts, XFDT_HIT_UNSURE, result.reason);
	else if (result.components)
		set_state(facts, XFDT_HIT_MISMATCH, sums);
	else if (over == XFDT_YES)
		set_state(
			facts, XFDT_HIT_SAVED_OVER,
			"XFD still disables XTILEDATA; XSTATE_BV lost it when the kernel saved the registers (TIF_NEED_FPU_LOAD is set, the registers have no owner)");
	else if (over == XFDT_UNSURE)
		set_state(
			facts, XFDT_HIT_UNSURE,
			"XSTATE_BV lacks XTILEDATA, and whether the kernel saved over it is unknown");
	else if (may_be_replaced(facts, fault, vcpu))
		set_state(
			facts, XFDT_HIT_ABSENT,
			"its thread died, and what is at the address of its FPU state now may be another state");
	else if (is_xfd_out_of_sync(&host->panic, fault, vcpu)) {
		set_state(facts, XFDT_HIT_LOOK_ALIKE, sums);
		xfdt_remark_add(
			&facts->look_alikes,
			"CVE-2024-35801: IA32_XFD was not what xfd_state said (\"x86/fpu: Keep xfd_state in sync with MSR_IA32_XFD\")");
	}
}

/* route */

static enum xfdt_route route_of(const struct xfdt_fault *fault)
{
	if (!strcmp(fault->caller, "fpu_swap_kvm_fpstate"))
		return XFDT_ROUTE_SWAP;
	if (!strncmp(fault->caller, "switch_fpu_return", 17) ||
	    !strncmp(fault->caller, "fpregs_restore_userregs", 23))
		return XFDT_ROUTE_RETURN;
	return XFDT_ROUTE_UNKNOWN;
}

static void find_route(struct xfdt_facts *facts, const struct xfdt_fault *fault,
		       const struct xfdt_vcpu *vcpu)
{
	facts->route = route_of(fault);
	if (facts->route == XFDT_ROUTE_SWAP) {
		xfdt_remark_add(
			&facts->origins,
			"user space: KVM_SET_XSAVE with a component that IA32_XFD disables, or KVM_SET_MSRS(IA32_XFD) after KVM_SET_XSAVE (restoring or migrating a guest does both)");
		xfdt_remark_add(&facts->origins,
				"or an earlier race in the guest, saved when the vCPU was put");
	} else if (facts->route == XFDT_ROUTE_RETURN) {
		xfdt_remark_add(
			&facts->origins,
			"the guest wrote IA32_XFD with live tile data, and the host used the FPU, or was preempted, before the exit handler ran");
	}
	if (vcpu && vcpu->xfd_no_write_intercept.known)
		xfdt_remark_add(
			&facts->origins, "xfd_no_write_intercept is %" PRIu64 ": IA32_XFD was %s",
			vcpu->xfd_no_write_intercept.value,
			vcpu->xfd_no_write_intercept.value ?
				"set to a value other than 0 before, by the guest or by user space" :
				"never set to a value other than 0");
}

/* ended */

/* Is @event what follows from @fault: its die(), or the panic that die() or the WARN led to? */
static enum xfdt_truth is_of_fault(const struct xfdt_panic *panic, const struct xfdt_event *event,
				   const struct xfdt_fault *fault)
{
	bool same = fault->task && fault->task == panic->task;
	enum xfdt_panic_reason reason;

	if (fault->pid && event->caller && event->caller != (uint32_t)fault->pid)
		return XFDT_NO;
	if (xfdt_event_is_oops(event))
		return fault->oops ? xfdt_truth(event->oops == fault->oops) :
				     xfdt_truth(event->kind == XFDT_EVENT_NM_DIE);
	if (event->kind == XFDT_EVENT_SYSRQ)
		return XFDT_NO;
	reason = xfdt_panic_reason(line_of(panic, event));
	if (reason == XFDT_PANIC_OTHER)
		return XFDT_NO;
	/* more oopses followed, and the panic may be of one of them */
	if (fault->oops && panic->oopses.known && panic->oopses.value > fault->oops)
		return XFDT_UNSURE;
	if (reason == XFDT_PANIC_BY_WARNING)
		return fault->frame && same ? XFDT_YES : XFDT_UNSURE;
	return fault->pid || same || (fault->oops && !panic->task && !fault->task) ? XFDT_YES :
										     XFDT_UNSURE;
}

static void set_ended_by(struct xfdt_facts *facts, const struct xfdt_panic *panic,
			 const struct xfdt_event *event)
{
	char thread[XFDT_THREAD_WORDS];

	if (event) {
		snprintf(facts->ended_by, sizeof(facts->ended_by), "%.*s", LOG_MAX,
			 line_of(panic, event));
		return;
	}
	xfdt_panic_thread(panic, thread);
	snprintf(facts->ended_by, sizeof(facts->ended_by), "something else, by %s", thread);
}

static bool is_own_note(const struct xfdt_panic *panic, const struct xfdt_fault *fault)
{
	return panic->note_known && panic->note_on_stack && fault->task == panic->task &&
	       panic->note.sp == fault->regs.sp && panic->note.ip == fault->regs.ip;
}

static void find_ended(struct xfdt_facts *facts, const struct xfdt_panic *panic,
		       const struct xfdt_fault *fault)
{
	const struct xfdt_event *event = panic->log_known ? last_end(panic) : NULL;
	enum xfdt_truth follows = event ? is_of_fault(panic, event, fault) : XFDT_UNSURE;
	bool by_thread = fault->task && fault->task == panic->task;
	const enum xfdt_fact_id id = XFDT_FACT_ENDED;
	char thread[XFDT_THREAD_WORDS];

	xfdt_panic_thread(panic, thread);
	if (panic->log.is_text && follows == XFDT_YES && xfdt_event_is_oops(event)) {
		xfdt_fact_set(
			facts, id, XFDT_UNSURE,
			"the log shows no panic after it: kdump took over there, the host kept running, or the log is cut");
	} else if (is_own_note(panic, fault)) {
		xfdt_fact_set(facts, id, XFDT_YES,
			      "the CPU that panicked left its registers at this instruction");
	} else if (panic->panicked == XFDT_NO) {
		snprintf(facts->ended_by, sizeof(facts->ended_by), "nothing: the host lived on");
		xfdt_fact_set(facts, id, XFDT_NO,
			      "the kernel had not panicked when the dump was taken");
	} else if (follows == XFDT_NO) {
		set_ended_by(facts, panic, event);
		xfdt_fact_set(facts, id, XFDT_NO, "something else ended the host (log: \"%.*s\")",
			      LOG_MAX, line_of(panic, event));
	} else if (panic->task && fault->task && !by_thread) {
		set_ended_by(facts, panic, follows == XFDT_YES ? NULL : event);
		xfdt_fact_set(facts, id, XFDT_NO, "another thread panicked: %s", thread);
	} else if (by_thread && fault->frame) {
		xfdt_fact_set(
			facts, id, XFDT_YES,
			"the thread that panicked was in the handler of this #NM (frame at 0x%" PRIx64
			")",
			fault->frame);
	} else if (follows == XFDT_YES &&
		   (!panic->pid_known || !fault->pid || fault->pid == panic->pid)) {
		xfdt_fact_set(facts, id, XFDT_YES, "it is the last event of the log (\"%.*s\")",
			      LOG_MAX, line_of(panic, event));
	} else if (follows == XFDT_YES) {
		set_ended_by(facts, panic, NULL);
		xfdt_fact_set(facts, id, XFDT_NO, "another thread panicked: %s", thread);
	} else {
		xfdt_fact_set(facts, id, XFDT_UNSURE, "what ended the kernel is not known");
	}
}

/* the hit */

static void describe_hit(struct xfdt_facts *facts, const struct xfdt_host *host,
			 const struct xfdt_fault *fault, const struct xfdt_vcpu *vcpu,
			 const struct xfdt_vm *vm)
{
	char whose[80], number[40] = "";

	if (host->panic.log.is_text) {
		xfdt_fact_set(facts, XFDT_FACT_HIT, XFDT_YES,
			      "%s in %s, called by KVM, with EDX:EAX 0x%" PRIx64 "%s", fault->text,
			      fault->function, fault->edx_eax,
			      fault->warned ? "; the #NM handler warned of IA32_XFD_ERR" : "");
		return;
	}
	if (vcpu && vm && vm->kvaddr)
		snprintf(whose, sizeof(whose), "the state of vCPU %u of VM 0x%" PRIx64, vcpu->id,
			 vm->kvaddr);
	else
		snprintf(whose, sizeof(whose), "a guest's FPU state at 0x%" PRIx64,
			 fault->fpstate_kvaddr);
	if (fault->oops && host->panic.oopses.known)
		snprintf(number, sizeof(number), "oops %lu of %" PRIu64 ": ", fault->oops,
			 host->panic.oopses.value);
	xfdt_fact_set(facts, XFDT_FACT_HIT, XFDT_YES,
		      "%s%s at 0x%" PRIx64 " loads %s (registers from %s%s%s)", number, fault->text,
		      fault->regs.ip, whose, source_name(fault),
		      fault->bytes_from_log ? ", code from the log" : "",
		      fault->warned ? "; the #NM handler warned of IA32_XFD_ERR" : "");
}

/* Why a log alone does not show a hit; that never means that there was none. */
static void doubt_log(struct xfdt_facts *facts, const struct xfdt_panic *panic)
{
	const struct xfdt_fault *fault = NULL;
	size_t i;

	for (i = 0; i < panic->fault_count && !fault; i++)
		if (panic->faults[i].doubt)
			fault = &panic->faults[i];
	if (fault)
		xfdt_fact_set(facts, XFDT_FACT_HIT, XFDT_UNSURE, "an #NM%s%s: %s",
			      *fault->function ? " in " : "", fault->function, fault->doubt);
	else
		xfdt_fact_set(
			facts, XFDT_FACT_HIT, XFDT_UNSURE,
			"the log shows no #NM at a restore of FPU state, but a log may lack what happened");
	facts->items[XFDT_FACT_HIT].remedy =
		"triage the vmcore of this host: a log alone rules nothing out";
}

/* What makes the hit known, if it is not. */
static const char *remedy_of(const struct xfdt_panic *panic)
{
	if (!panic->oopses.known)
		return "name the kernel's vmlinux with debuginfo (-d): die_counter says how many oopses there were";
	if (!panic->log_known || panic->log.cut)
		return "look for the console log or pstore of this host: the log in the dump is not complete";
	return NULL;
}

static bool is_known_state(const struct xfdt_fault *fault, const struct xfdt_vcpu *vcpu)
{
	/* a page that is absent shows nothing: a vCPU, or the name of the function, must */
	return fault->target == XFDT_TARGET_GUEST &&
	       (fault->fpstate.read || vcpu || *fault->caller);
}

void xfdt_hit_find(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	const struct xfdt_fault *fault = xfdt_panic_fault(&host->panic);
	const struct xfdt_vm *vm = NULL;
	const struct xfdt_vcpu *vcpu;
	char why[sizeof(facts->items[0].why)] = "";

	vcpu = fault ? xfdt_kvm_find(host, fault->fpstate_kvaddr, &vm) : NULL;
	if (fault && is_known_state(fault, vcpu)) {
		describe_hit(facts, host, fault, vcpu, vm);
		find_ended(facts, &host->panic, fault);
		find_state(facts, host, fault, vcpu);
		find_route(facts, fault, vcpu);
		return;
	}
	xfdt_fact_set(facts, XFDT_FACT_ENDED, XFDT_UNSURE, "there is no hit");
	if (host->panic.log.is_text) {
		doubt_log(facts, &host->panic);
		return;
	}
	facts->items[XFDT_FACT_HIT].remedy = remedy_of(&host->panic);
	if (all_accounted(&host->panic, why, sizeof(why)))
		xfdt_fact_set(facts, XFDT_FACT_HIT, XFDT_NO, "%s", why);
	else
		xfdt_fact_set(facts, XFDT_FACT_HIT, XFDT_UNSURE, "%s", why);
}
