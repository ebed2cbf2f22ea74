/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Was the panic this bug? */
#include "verdict/verdict.h"
#include "kernel/kvm.h"
#include "kernel/oops_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAINT_DIE 7 /* Linux: include/linux/panic.h */

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

/* One judgement in the making; a failed allocation is remembered, not lost. */
struct judge {
	const struct xfdt_host *host;
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

#define WHY(judge, ...) say(judge, &(judge)->verdict->why, __VA_ARGS__)
#define LOOKS_LIKE(judge, ...) say(judge, &(judge)->verdict->looks_like, __VA_ARGS__)
#define ORIGIN(judge, ...) say(judge, &(judge)->verdict->origins, __VA_ARGS__)

static unsigned long long hex(uint64_t value)
{
	return value;
}

/* what the log says of the end */

/* What panic() says when it follows from something else. */
static const struct effect {
	const char *words;	   /* at the beginning */
	bool by_death, by_warning; /* of what it follows, always */
} effects[] = {
	{ "Fatal exception", true, false },
	{ "Oopsed too often", true, false },
	{ "Aiee, killing interrupt handler", true, false },
	/* init may end by itself as well, and a taint has many causes */
	{ "Attempted to kill init!", false, false },
	{ "panic_on_taint set", false, false },
	/* with another word in front (v6.2) it is no WARN()'s */
	{ "panic_on_warn set", false, true },
	{ "kernel: panic_on_warn set", false, true },
	{ "system warned too often", false, true },
	{ "kernel: system warned too often", false, true },
};

/* NULL if the panic of event number @event stands for itself. */
static const struct effect *effect_of(const struct xfdt_panic *panic, long event)
{
	static const char before[] = "Kernel panic - not syncing: ";
	const char *text = panic->log.lines[panic->events[event].line].text;
	size_t i;

	if (strncmp(text, before, strlen(before)))
		return NULL;
	for (i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (!strncmp(text + strlen(before), effects[i].words, strlen(effects[i].words)))
			return &effects[i];
	return NULL;
}

/*
 * Does panic number @later follow from the #NM of event number @event?  Between
 * die() and panic() may lie minutes: a trace is dumped on a slow console.
 */
static bool is_consequence(const struct xfdt_panic *panic, long event, long later)
{
	const struct effect *effect = effect_of(panic, later);

	if (effect && effect->by_death && panic->events[event].kind == XFDT_EVENT_NM_DIE)
		return xfdt_event_caller(panic, event) == xfdt_event_caller(panic, later);
	return effect && xfdt_event_follows(panic, event, later);
}

/* May event number @event be the word of the thread that panicked? */
static bool by_panicking_thread(const struct xfdt_panic *panic, long event)
{
	return !panic->pid_known || xfdt_event_may_be_by(panic, event, panic->pid);
}

/* Did another thread die right before event number @event, so that either may have taken the kernel down? */
static bool has_rival(const struct xfdt_panic *panic, long event)
{
	long i;

	for (i = 0; !panic->pid_known && i < event; i++)
		if (panic->events[i].kind == XFDT_EVENT_OOPS &&
		    !xfdt_event_follows(panic, i, event) &&
		    xfdt_event_is_soon_after(panic, i, event))
			return true;
	return false;
}

/*
 * Is the last "unexpected #NM exception", or WARN that a panic follows, how the
 * kernel ended?  Not if it was another thread's, if the kernel was panicking
 * already, or if something else came after.
 */
static bool log_ends_with_nm(const struct xfdt_panic *panic)
{
	long last = xfdt_nm_event(panic), i;
	bool dies;

	if (last < 0 || !by_panicking_thread(panic, last) || has_rival(panic, last))
		return false;
	dies = panic->events[last].kind == XFDT_EVENT_NM_DIE;
	for (i = 0; i < (long)panic->event_count; i++) {
		enum xfdt_event_kind kind = panic->events[i].kind;

		if (kind == XFDT_EVENT_PANIC && (i < last || !is_consequence(panic, last, i)))
			return false;
		if (i > last && (kind == XFDT_EVENT_OOPS || kind == XFDT_EVENT_SYSRQ))
			return false;
		dies |= kind == XFDT_EVENT_PANIC;
	}
	return dies;
}

static const char *event_text(const struct xfdt_panic *panic, long event)
{
	return panic->log.lines[panic->events[event].line].text;
}

/* look-alikes in the log that are not what the panic is about */
static void note_look_alikes(struct judge *judge)
{
	static const struct {
		enum xfdt_event_kind kind;
		const char *what;
	} look_alikes[] = {
		{ XFDT_EVENT_BAD_FPU,
		  "an XRSTOR that raised #GP (a header or MXCSR that it refuses): the kernel repairs it and goes on; not XFD" },
		{ XFDT_EVENT_CR0_TS,
		  "#NM because CR0.TS was set: the kernel clears it and goes on; not XFD" },
		{ XFDT_EVENT_KVM_LOAD_PUT,
		  "loads and puts of a guest's FPU state that are out of balance: a KVM bug of its own" },
		{ XFDT_EVENT_XFD_STATE,
		  "xfd_validate_state(): the CPU's idea of IA32_XFD is not that of the state it holds" },
		{ XFDT_EVENT_FPREGS_STATE,
		  "fpregs_assert_state_consistent(): TIF_NEED_FPU_LOAD and the registers' owner disagree" },
		{ XFDT_EVENT_FREE_IN_USE,
		  "a guest FPU state that was freed while in use: left behind by a vCPU thread that was killed" },
		{ XFDT_EVENT_UABI_REFUSED,
		  "KVM_SET_XSAVE with a component that XFD disables, refused: the fix at work" },
		{ XFDT_EVENT_USER_XFD,
		  "a user process that used AMX without leave, and was sent a signal: no kernel bug" },
	};
	const struct xfdt_panic *panic = &judge->host->panic;
	size_t i;

	for (i = 0; i < sizeof(look_alikes) / sizeof(look_alikes[0]); i++) {
		long event = xfdt_last_event(panic, look_alikes[i].kind);

		if (event >= 0)
			LOOKS_LIKE(judge, "%s (log: \"%.120s\")", look_alikes[i].what,
				   event_text(panic, event));
	}
}

/* vCPUs */

static void judge_vcpus(struct judge *judge)
{
	const struct xfdt_host *host = judge->host;
	struct xfdt_verdict *verdict = judge->verdict;
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *each;
	size_t count = 0;

	while (xfdt_next_vcpu(host, &at))
		count++;
	verdict->vcpus = calloc(count + 1, sizeof(*verdict->vcpus));
	if (!verdict->vcpus) {
		judge->out_of_memory = true;
		return;
	}
	at = (struct xfdt_vcpu_at){ 0 };
	while ((each = xfdt_next_vcpu(host, &at))) {
		struct xfdt_vcpu_verdict *vcpu = &verdict->vcpus[verdict->vcpu_count++];

		xfdt_vcpu_judge(host, each, vcpu);
		verdict->states[vcpu->state]++;
		verdict->undecided_count += vcpu->undecided;
	}
}

static bool vms_are_known(const struct xfdt_host *host)
{
	size_t i;

	if (!host->vms_complete)
		return false;
	for (i = 0; i < host->vm_count; i++)
		if (!host->vms[i].complete)
			return false;
	return true;
}

/* the fault */

static const char *source_name(enum xfdt_regs_source source)
{
	static const char *const names[] = {
		[XFDT_REGS_NONE] = "nowhere",
		[XFDT_REGS_PRSTATUS] = "the CPU's NT_PRSTATUS note",
		[XFDT_REGS_STACK] = "the exception frame on the thread's stack",
		[XFDT_REGS_EXEC_SUMMARY] = "exec_summary_regs",
		[XFDT_REGS_LOG] = "the kernel log",
	};

	return names[source];
}

static enum xfdt_route route_of(const struct xfdt_fault *fault)
{
	if (!strcmp(fault->caller, "fpu_swap_kvm_fpstate"))
		return XFDT_ROUTE_SWAP;
	if (!strcmp(fault->caller, "switch_fpu_return") ||
	    !strcmp(fault->caller, "fpregs_restore_userregs"))
		return XFDT_ROUTE_RETURN;
	return XFDT_ROUTE_UNKNOWN;
}

static void say_origins(struct judge *judge, const struct xfdt_vcpu *vcpu)
{
	switch (judge->verdict->route) {
	case XFDT_ROUTE_SWAP:
		ORIGIN(judge,
		       "user space: KVM_SET_XSAVE with a component that IA32_XFD disables, or KVM_SET_MSRS(IA32_XFD) after KVM_SET_XSAVE (restoring or migrating a guest does both)");
		ORIGIN(judge, "or an earlier race in the guest, saved when the vCPU was put");
		break;
	case XFDT_ROUTE_RETURN:
		ORIGIN(judge,
		       "the guest wrote IA32_XFD with live tile data, and the host used the FPU, or was preempted, before the exit handler ran");
		break;
	default:
		break;
	}
	if (vcpu && vcpu->xfd_no_write_intercept.known)
		ORIGIN(judge, "xfd_no_write_intercept is %llu: IA32_XFD was %s",
		       hex(vcpu->xfd_no_write_intercept.value),
		       vcpu->xfd_no_write_intercept.value ?
			       "set to something other than 0 before, by the guest or by user space" :
			       "never set to anything but 0");
}

static void say_fault(struct judge *judge)
{
	const struct xfdt_fault *fault = &judge->host->panic.fault;

	WHY(judge,
	    "the faulting instruction is %s at %#llx in restore_fpregs_from_fpstate (registers from %s%s)",
	    fault->text, hex(fault->regs.ip), source_name(fault->source),
	    fault->bytes_from_log ? ", code from the log" : "");
}

/*
 * restore_fpregs_from_fpstate() makes the CPU's xfd_state that of the state it
 * loads, right before the XRSTOR.  Does memory still show that?
 */
static bool xfd_state_agrees(const struct xfdt_panic *panic, const struct xfdt_vcpu *vcpu)
{
	const struct xfdt_thread *thread = &vcpu->thread;

	return thread->known && thread->task == panic->task && thread->cpu.known &&
	       thread->cpu.value == panic->cpu.value && thread->xfd_state.known &&
	       thread->xfd_state.value == vcpu->xfd;
}

/* The operand is a vCPU's guest state: does it hold what XRSTOR refuses? */
static enum xfdt_verdict_kind judge_culprit(struct judge *judge, const struct xfdt_vm *vm,
					    const struct xfdt_vcpu *vcpu)
{
	const struct xfdt_fault *fault = &judge->host->panic.fault;
	struct xfdt_vcpu_verdict state;

	WHY(judge,
	    "its operand %#llx is the guest FPU state of vCPU %u of VM %#llx (fpstate %#llx)",
	    hex(fault->operand), vcpu->id, hex(vm->kvaddr), hex(vcpu->fpstate));
	xfdt_vcpu_judge(judge->host, vcpu, &state);
	if (!vcpu->state_known) {
		WHY(judge, "that state cannot be read: %s", vcpu->error ? vcpu->error : "");
		return fault->fpstate_absent ? XFDT_PROBABLE : XFDT_INCONCLUSIVE;
	}
	if (state.state == XFDT_VCPU_CONFIDENTIAL || !vcpu->is_guest) {
		WHY(judge, "that state is marked %s, which a restore should never meet",
		    vcpu->is_guest ? "confidential" : "as no guest's");
		return XFDT_INCONCLUSIVE;
	}
	if (state.state == XFDT_VCPU_MALFORMED) {
		WHY(judge, "its header would raise #GP, not #NM: %s", state.why);
		return XFDT_INCONCLUSIVE;
	}
	if (state.mismatch) {
		WHY(judge, "XSTATE_BV %#llx & XFD %#llx & EDX:EAX %#llx = %#llx: XRSTOR raises #NM",
		    hex(vcpu->header.xstate_bv), hex(vcpu->xfd), hex(fault->edx_eax),
		    hex(state.mismatch));
		return XFDT_CONFIRMED;
	}
	WHY(judge, "XSTATE_BV %#llx & XFD %#llx & EDX:EAX %#llx = 0: memory shows no mismatch",
	    hex(vcpu->header.xstate_bv), hex(vcpu->xfd), hex(fault->edx_eax));
	if ((vcpu->header.xstate_bv & fault->edx_eax & (1ull << XFDT_XFEATURE_XTILEDATA)) &&
	    xfd_state_agrees(&judge->host->panic, vcpu)) {
		LOOKS_LIKE(
			judge,
			"CVE-2024-35801: the CPU's IA32_XFD was not what the kernel's xfd_state said (\"x86/fpu: Keep xfd_state in sync with MSR_IA32_XFD\")");
		return XFDT_NOT_THIS_BUG;
	}
	WHY(judge,
	    "and that cannot be what XRSTOR saw: something wrote the state, or IA32_XFD, after the fault");
	return XFDT_INCONCLUSIVE;
}

/* The operand belongs to no vCPU that was found. */
static enum xfdt_verdict_kind judge_stranger(struct judge *judge)
{
	const struct xfdt_fault *fault = &judge->host->panic.fault;

	if (fault->fpstate_read &&
	    (fault->fpstate_xfeatures & XFDT_XFEATURES_LEGACY) != XFDT_XFEATURES_LEGACY) {
		WHY(judge, "what is at its operand %#llx is no fpstate", hex(fault->operand));
		return XFDT_INCONCLUSIVE;
	}
	if (fault->fpstate_read && !fault->fpstate_is_guest) {
		WHY(judge,
		    "its operand %#llx is the FPU state of a host task, not of a guest (fpstate %#llx, is_guest 0)",
		    hex(fault->operand), hex(fault->fpstate));
		LOOKS_LIKE(
			judge,
			"a host task's own AMX state against IA32_XFD: see \"x86/fpu: Ensure XFD state on signal delivery\" and CVE-2024-35801");
		return XFDT_NOT_THIS_BUG;
	}
	if (fault->fpstate_read) {
		WHY(judge,
		    "its operand %#llx is in a guest's FPU state (fpstate %#llx, XSTATE_BV %#llx, XFD %#llx), but no vCPU that was found has it",
		    hex(fault->operand), hex(fault->fpstate), hex(fault->fpstate_header.xstate_bv),
		    hex(fault->fpstate_xfd));
		return XFDT_INCONCLUSIVE;
	}
	if (fault->fpstate_absent && vms_are_known(judge->host) &&
	    !judge->verdict->states[XFDT_VCPU_UNREADABLE]) {
		WHY(judge, "its operand %#llx is not in the dump, and is no vCPU's: all were read",
		    hex(fault->operand));
		return XFDT_INCONCLUSIVE;
	}
	if (fault->fpstate_absent) {
		WHY(judge,
		    "its operand %#llx is not in the dump, so XSTATE_BV and XFD cannot be compared",
		    hex(fault->operand));
		return XFDT_PROBABLE;
	}
	WHY(judge, "its operand %#llx cannot be read", hex(fault->operand));
	return XFDT_INCONCLUSIVE;
}

/* The panic is an #NM at an XRSTOR of restore_fpregs_from_fpstate(). */
static enum xfdt_verdict_kind judge_fault(struct judge *judge)
{
	const struct xfdt_panic *panic = &judge->host->panic;
	long warn = xfdt_nm_warning(panic);
	enum xfdt_verdict_kind kind;
	const struct xfdt_vcpu *vcpu;
	const struct xfdt_vm *vm;

	say_fault(judge);
	vcpu = xfdt_kvm_find(judge->host, panic->fault.fpstate, &vm);
	kind = vcpu ? judge_culprit(judge, vm, vcpu) : judge_stranger(judge);
	/* lines of several CPUs may be mixed up in a log: enough to accuse with memory, not to acquit */
	if (kind == XFDT_NOT_THIS_BUG && panic->fault.source == XFDT_REGS_LOG) {
		WHY(judge, "registers out of the log alone are not enough to rule the bug out");
		kind = XFDT_INCONCLUSIVE;
	}
	if (warn < 0) {
		WHY(judge,
		    "no warning of exc_device_not_available() precedes the #NM in the log, which would say that IA32_XFD_ERR was not 0");
		/* memory that shows no mismatch agrees with that; else the warning may be lost */
		if (kind == XFDT_NOT_THIS_BUG && !panic->log.cut)
			LOOKS_LIKE(
				judge,
				"an #NM without XFD_ERR: CR0.TS or CR0.EM, or one that a hypervisor below injects");
		return kind == XFDT_NOT_THIS_BUG && !panic->log.cut ? kind : XFDT_INCONCLUSIVE;
	}
	WHY(judge,
	    "exc_device_not_available() warned, which it does for an #NM with IA32_XFD_ERR not 0 only (log: \"%.120s\")",
	    event_text(panic, warn));
	if (kind == XFDT_CONFIRMED || kind == XFDT_PROBABLE) {
		if (xfdt_panic_survived(panic))
			WHY(judge,
			    "the kernel had not panicked when the dump was taken (panic_cpu is -1): it went on without the thread that died");
		judge->verdict->route = route_of(&panic->fault);
		if (*panic->fault.caller)
			WHY(judge, "it was called from %s (by %s)", panic->fault.caller,
			    panic->fault.caller_source);
		say_origins(judge, vcpu);
	}
	return kind;
}

/* Could the XRSTOR at the note's RIP have loaded a guest's state? */
static bool note_loads_guest(const struct judge *judge)
{
	const struct xfdt_host *host = judge->host;
	const struct xfdt_member *regs = &host->image->layout.members[XFDT_M_fpstate_regs];

	return !vms_are_known(host) || judge->verdict->states[XFDT_VCPU_UNREADABLE] ||
	       !regs->known || xfdt_kvm_find(host, host->panic.note_operand - regs->offset, NULL);
}

/* The log ends with #NM, and no XRSTOR of restore_fpregs_from_fpstate() was found. */
static enum xfdt_verdict_kind judge_other_nm(struct judge *judge)
{
	const struct xfdt_panic *panic = &judge->host->panic;
	long die = xfdt_last_event(panic, XFDT_EVENT_NM_DIE);
	long warn = xfdt_nm_warning(panic);

	if (panic->fault.source == XFDT_REGS_NONE && xfdt_note_is_nm_frame(panic) &&
	    (!panic->note_is_xrstor || !note_loads_guest(judge))) {
		WHY(judge,
		    "the kernel died of an #NM at %#llx, which is no restore of a guest's FPU state",
		    hex(panic->note.ip));
		LOOKS_LIKE(judge, warn >= 0 ? "AMX or XFD used elsewhere in the kernel" :
					      "an #NM that is not about XFD (IA32_XFD_ERR was 0)");
		return XFDT_NOT_THIS_BUG;
	}
	WHY(judge, "the kernel died of an #NM (log: \"%.120s\"), but %s",
	    event_text(panic, die >= 0 ? die : warn),
	    panic->fault.source == XFDT_REGS_NONE ?
		    "the registers of the fault are neither in the dump nor in the log" :
		    "the instruction it hit cannot be read, or is no XRSTOR");
	return XFDT_INCONCLUSIVE;
}

static enum xfdt_verdict_kind judge_other_panic(struct judge *judge, const char *words)
{
	if (words)
		WHY(judge, "the panic is something else (log: \"%.120s\")", words);
	else
		WHY(judge,
		    "the kernel had not panicked when the dump was taken (panic_cpu is -1, and the log tells of no panic)");
	return XFDT_NOT_THIS_BUG;
}

/* Is the last panic one that says only that something had happened, with nothing before it that may be meant? */
static bool cause_is_lost(const struct xfdt_panic *panic)
{
	long end = xfdt_last_event(panic, XFDT_EVENT_PANIC), i;
	const struct effect *effect = end < 0 ? NULL : effect_of(panic, end);
	size_t line;

	if (!effect || (!effect->by_death && !effect->by_warning))
		return false;
	for (i = 0; effect->by_death && i < end; i++)
		if (xfdt_event_is_death(panic, i) &&
		    xfdt_event_caller(panic, i) == xfdt_event_caller(panic, end))
			return false;
	for (line = 0; effect->by_warning && line < panic->events[end].line; line++)
		if (!panic->log.lines[line].from_user &&
		    xfdt_line_is_warning(panic->log.lines[line].text) &&
		    panic->log.lines[line].caller == xfdt_event_caller(panic, end))
			return false;
	return true;
}

/* Does the log tell of another death of the thread that panicked? */
static bool died_otherwise(const struct xfdt_panic *panic)
{
	long event = xfdt_last_event(panic, XFDT_EVENT_OOPS);

	return event >= 0 && by_panicking_thread(panic, event);
}

/*
 * The end itself is not this bug.  May it be the consequence of something
 * earlier that was?  A killed vCPU thread leaves locks behind.
 */
static bool may_follow_from_nm(struct judge *judge, bool ends_with_nm)
{
	const struct xfdt_panic *panic = &judge->host->panic;
	const struct xfdt_fault *fault = &panic->fault;
	long last = ends_with_nm ? xfdt_nm_event(panic) : -1, other = -1,
	     tainted = xfdt_tainted_by_death(panic), i;
	unsigned long death = xfdt_first_death(panic);

	for (i = (long)panic->event_count - 1; i >= 0; i--) {
		if (!xfdt_event_tells_of_nm(panic, i) || i == last)
			continue;
		if (xfdt_nm_is_restore(panic, i)) {
			WHY(judge,
			    "yet there was another #NM, maybe of this bug (log: \"%.120s\"), and the end may be its consequence",
			    event_text(panic, i));
			return true;
		}
		other = other < 0 ? i : other;
	}
	if (other >= 0)
		LOOKS_LIKE(judge,
			   "an #NM elsewhere in the kernel, before the panic (log: \"%.120s\")",
			   event_text(panic, other));
	if (!ends_with_nm && fault->decoded && fault->source == XFDT_REGS_STACK) {
		WHY(judge,
		    "yet the thread that panicked was in the handler of an #NM, raised by %s at %#llx (frame at %#llx on its stack)",
		    fault->text, hex(fault->regs.ip), hex(fault->frame));
		return true;
	}
	if (!ends_with_nm && panic->note_on_stack && panic->note_is_xrstor &&
	    note_loads_guest(judge) && !died_otherwise(panic)) {
		WHY(judge,
		    "yet the CPU that panicked left its registers at an XRSTOR of a guest's state (RIP %#llx), as an #NM does, and the log does not tell of it",
		    hex(panic->note.ip));
		return true;
	}
	if (!ends_with_nm && cause_is_lost(panic)) {
		WHY(judge, "yet what that panic followed from is not in the log");
		return true;
	}
	if (death > 1) {
		WHY(judge,
		    "yet the first death that the log tells of is number %lu: what the kernel survived before is lost, and may have been this bug",
		    death);
		return true;
	}
	if (!death && panic->tainted.known && panic->tainted.value >> TAINT_DIE & 1) {
		WHY(judge,
		    "yet there had been a death of which the log does not tell, and it may have been this bug (tainted_mask %#llx)",
		    hex(panic->tainted.value));
		return true;
	}
	if (tainted >= 0) {
		WHY(judge,
		    "yet there had been a death of which the log does not tell, and it may have been this bug (log: \"%.120s\")",
		    panic->log.lines[tainted].text);
		return true;
	}
	return false;
}

/* The end is something else.  Would a vCPU have been next? */
static enum xfdt_verdict_kind judge_what_was_next(struct judge *judge)
{
	struct xfdt_verdict *verdict = judge->verdict;
	const struct xfdt_host *host = judge->host;

	if (verdict->states[XFDT_VCPU_ARMED]) {
		WHY(judge, "yet %zu vCPU%s a mismatch that the next restore will load",
		    verdict->states[XFDT_VCPU_ARMED],
		    verdict->states[XFDT_VCPU_ARMED] == 1 ? " has" : "s have");
		return XFDT_ARMED;
	}
	if (!vms_are_known(host)) {
		WHY(judge,
		    "whether a vCPU would have been next cannot be said: not all VMs and vCPUs could be read");
		return XFDT_INCONCLUSIVE;
	}
	if (verdict->states[XFDT_VCPU_UNREADABLE]) {
		WHY(judge,
		    "whether a vCPU would have been next cannot be said: %zu could not be read",
		    verdict->states[XFDT_VCPU_UNREADABLE]);
		return XFDT_INCONCLUSIVE;
	}
	if (verdict->undecided_count) {
		WHY(judge,
		    "whether a vCPU would have been next cannot be said: %zu with a mismatch in memory lack%s what decides whether it counts",
		    verdict->undecided_count, verdict->undecided_count == 1 ? "s" : "");
		return XFDT_INCONCLUSIVE;
	}
	WHY(judge, "%zu vCPU%s of %zu VM%s were read, and none would raise #NM at its next restore",
	    verdict->vcpu_count, verdict->vcpu_count == 1 ? "" : "s", host->vm_count,
	    host->vm_count == 1 ? "" : "s");
	if (verdict->states[XFDT_VCPU_INDETERMINATE])
		WHY(judge,
		    "for %zu of them memory is not what counts: the CPU was inside the guest, its registers live",
		    verdict->states[XFDT_VCPU_INDETERMINATE]);
	return XFDT_NOT_THIS_BUG;
}

static enum xfdt_verdict_kind judge_end(struct judge *judge, bool ends_with_nm)
{
	const struct xfdt_panic *panic = &judge->host->panic;
	const char *words = xfdt_last_words(panic);

	if (panic->fault.decoded && ends_with_nm)
		return judge_fault(judge);
	if (ends_with_nm)
		return judge_other_nm(judge);
	if (words)
		return judge_other_panic(judge, words);
	if (xfdt_panic_survived(panic))
		return judge_other_panic(judge, NULL);
	WHY(judge, "the log does not say why the kernel panicked");
	return XFDT_INCONCLUSIVE;
}

static enum xfdt_verdict_kind judge_panic(struct judge *judge)
{
	const struct xfdt_panic *panic = &judge->host->panic;
	enum xfdt_verdict_kind kind;
	bool ends_with_nm;

	if (!panic->log_known) {
		WHY(judge,
		    "the kernel log cannot be read, and with it whether exc_device_not_available() warned");
		return XFDT_INCONCLUSIVE;
	}
	ends_with_nm = log_ends_with_nm(panic);
	kind = judge_end(judge, ends_with_nm);
	if (kind != XFDT_NOT_THIS_BUG)
		return kind;
	return may_follow_from_nm(judge, ends_with_nm) ? XFDT_INCONCLUSIVE :
							 judge_what_was_next(judge);
}

static enum xfdt_verdict_kind judge_host(struct judge *judge)
{
	const struct xfdt_host *host = judge->host;
	const struct xfdt_image *image = host->image;

	if (!xfdt_is_x86_64(image)) {
		WHY(judge, "the kernel is one for %s; IA32_XFD is a thing of x86-64", image->arch);
		return XFDT_NOT_APPLICABLE;
	}
	if (!xfdt_has_struct(image, XFDT_T_task_struct)) {
		WHY(judge, "the kernel's symbols and types are needed, and not all could be had");
		return XFDT_INCONCLUSIVE;
	}
	if ((!xfdt_has_member(image, XFDT_M_fpstate_xfd) || host->kvm == XFDT_KVM_ABSENT) &&
	    (host->panic.fault.decoded ||
	     (host->panic.log_known && log_ends_with_nm(&host->panic)))) {
		WHY(judge,
		    "the kernel seems to have no %s, yet it died of an #NM: one of the two is wrong",
		    host->kvm == XFDT_KVM_ABSENT ? "kvm" : "use for XFD");
		return XFDT_INCONCLUSIVE;
	}
	if (!xfdt_has_member(image, XFDT_M_fpstate_xfd)) {
		WHY(judge,
		    "the kernel has no struct fpstate with an xfd in it: it is older than the use of XFD (v5.16)");
		return XFDT_NOT_APPLICABLE;
	}
	if (!xfdt_symbol(image, XFDT_S_restore_fpregs)) {
		WHY(judge, "the kernel's restore_fpregs_from_fpstate() was not found");
		return XFDT_INCONCLUSIVE;
	}
	if (host->kvm == XFDT_KVM_ABSENT) {
		WHY(judge, "kvm is not loaded, so there is no guest FPU state");
		return XFDT_NOT_APPLICABLE;
	}
	if (host->kvm == XFDT_KVM_UNKNOWN) {
		WHY(judge, "whether kvm is loaded cannot be said");
		return XFDT_INCONCLUSIVE;
	}
	return judge_panic(judge);
}

struct xfdt_error *xfdt_verdict_init(struct xfdt_verdict *verdict, const struct xfdt_host *host)
{
	struct judge judge = { .host = host, .verdict = verdict };

	memset(verdict, 0, sizeof(*verdict));
	judge_vcpus(&judge);
	if (!judge.out_of_memory) {
		verdict->kind = judge_host(&judge);
		if (verdict->kind != XFDT_CONFIRMED)
			note_look_alikes(&judge);
	}
	if (judge.out_of_memory) {
		xfdt_verdict_deinit(verdict);
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for the verdict");
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
