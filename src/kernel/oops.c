/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every fault that die() or the #NM handler handled, from all that keeps one:
 * the register note of the CPU that panicked, the stacks of threads, the
 * registers of the first oops, and the log.
 */
#include "kernel/host.h"
#include "image/page_tables.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 64		      /* newest oopses and warnings of #NM that are looked at */
#define STACKS_MAX 4096		      /* that are searched */
#define KERNEL_MAP_SIZE 0x7f000000ull /* of vmlinux, and of modules behind it */

/* The registers that one event of the log prints. */
struct logged {
	const struct xfdt_event *event;
	struct xfdt_log_regs regs;
};

struct collector {
	struct xfdt_host *host;
	struct logged logged[EVENTS_MAX];
	size_t logged_count;
	struct xfdt_stack stack;
	size_t stacks;
};

static bool is_nm(const struct xfdt_event *event)
{
	return event->kind == XFDT_EVENT_NM_WARN || event->kind == XFDT_EVENT_NM_DIE;
}

/*
 * The handler went on after its WARN, since CR0.TS was set: the next event of
 * that thread says so, and no XRSTOR failed for XFD.
 */
static bool was_repaired(const struct xfdt_events *events, const struct xfdt_event *warn)
{
	const struct xfdt_event *event, *end = events->items + events->count;

	if (warn->kind != XFDT_EVENT_NM_WARN)
		return false;
	for (event = warn + 1; event < end; event++)
		if (event->caller == warn->caller)
			return event->kind == XFDT_EVENT_CR0_TS;
	return false;
}

static void read_logged(struct collector *collector)
{
	struct xfdt_panic *panic = &collector->host->panic;
	const struct xfdt_events *events = &panic->events;
	size_t i;

	for (i = events->count; i-- > 0;) {
		const struct xfdt_event *event = &events->items[i];
		struct logged *logged = &collector->logged[collector->logged_count];

		if (!(is_nm(event) || event->kind == XFDT_EVENT_OOPS) ||
		    was_repaired(events, event))
			continue;
		if (collector->logged_count == EVENTS_MAX) {
			panic->faults_full = true;
			return;
		}
		logged->event = event;
		if (!xfdt_event_registers(&panic->log, event, &logged->regs))
			memset(&logged->regs, 0, sizeof(logged->regs));
		collector->logged_count++;
	}
}

/* Do these registers and those of the log belong to the same exception? */
static bool same_context(const struct xfdt_regs *regs, const struct logged *logged)
{
	return logged->regs.complete && regs->sp == logged->regs.regs.sp;
}

/* What the log prints of this exception; of WARN and die() of it the latter. */
static const struct logged *logged_of(const struct collector *collector,
				      const struct xfdt_regs *regs)
{
	const struct logged *found = NULL;
	size_t i;

	for (i = 0; i < collector->logged_count; i++)
		if (same_context(regs, &collector->logged[i]) &&
		    (!found || xfdt_event_is_oops(collector->logged[i].event)))
			found = &collector->logged[i];
	return found;
}

static bool was_warned(const struct collector *collector, const struct xfdt_regs *regs)
{
	size_t i;

	for (i = 0; i < collector->logged_count; i++)
		if (collector->logged[i].event->kind == XFDT_EVENT_NM_WARN &&
		    same_context(regs, &collector->logged[i]))
			return true;
	return false;
}

/* Is it one exception?  By its stack pointer or, where the log printed none, by its number. */
static bool same_fault(const struct xfdt_fault *a, const struct xfdt_fault *b)
{
	if (!a->regs.sp || !b->regs.sp)
		return a->oops && a->oops == b->oops;
	return a->regs.sp && a->regs.sp == b->regs.sp &&
	       (!a->oops || !b->oops || a->oops == b->oops);
}

/* Does @fault say where it was: by an address, or by a function's name? */
static bool names_place(const struct xfdt_fault *fault)
{
	return fault->regs.ip || *fault->function;
}

/* Does @fault know its operand, as no guest's state, and @other nothing that contradicts it? */
static bool is_host_for_both(const struct xfdt_fault *fault, const struct xfdt_fault *other)
{
	return fault->target == XFDT_TARGET_HOST &&
	       (!other->decoded || other->fpstate_kvaddr == fault->fpstate_kvaddr);
}

/*
 * Merge two sources of the same exception.  If one of them names a guest's state, that
 * counts.  A source without a place adds nothing; a source that does not know the thread
 * or the operand cannot contradict one that does.  Apart from that, sources that disagree
 * prove nothing.
 */
static enum xfdt_target target_of_both(const struct xfdt_fault *a, const struct xfdt_fault *b)
{
	if (a->target == b->target || a->target == XFDT_TARGET_GUEST || !names_place(b))
		return a->target;
	if (b->target == XFDT_TARGET_GUEST || !names_place(a))
		return b->target;
	return is_host_for_both(a, b) || is_host_for_both(b, a) ? XFDT_TARGET_HOST :
								  XFDT_TARGET_UNKNOWN;
}

/* How much memory shows of the state that @fault loads. */
static int weight_of_state(const struct xfdt_fault *fault)
{
	if (fault->target != XFDT_TARGET_GUEST || !fault->fpstate.read)
		return 0;
	return fault->fpstate.header.xstate_bv & fault->fpstate.xfd ? 2 : 1;
}

/* Is @other the better source of what @into is about? */
static bool is_better(const struct xfdt_fault *into, const struct xfdt_fault *other)
{
	if (into->target == XFDT_TARGET_GUEST && other->target == XFDT_TARGET_GUEST)
		return weight_of_state(other) > weight_of_state(into);
	return other->target == target_of_both(into, other) && other->target != into->target;
}

static void merge(struct xfdt_fault *into, const struct xfdt_fault *other)
{
	struct xfdt_fault merged = is_better(into, other) ? *other : *into;

	merged.target = target_of_both(into, other);
	merged.oops = into->oops ? into->oops : other->oops;
	merged.warned |= into->warned | other->warned;
	merged.frame = into->frame ? into->frame : other->frame;
	merged.task = into->task ? into->task : other->task;
	merged.pid = into->pid ? into->pid : other->pid;
	if (!*merged.caller) {
		memcpy(merged.caller, *into->caller ? into->caller : other->caller,
		       sizeof(merged.caller));
		merged.caller_source = into->caller_source ? into->caller_source :
							     other->caller_source;
		merged.caller_slot = into->caller_slot | other->caller_slot;
		merged.caller_return = into->caller_return | other->caller_return;
	}
	*into = merged;
}

/* The entry for @fault, new or of another source; NULL: there is no room. */
static struct xfdt_fault *keep_fault(struct xfdt_panic *panic, const struct xfdt_fault *fault)
{
	size_t i;

	for (i = 0; i < panic->fault_count; i++) {
		if (!same_fault(&panic->faults[i], fault))
			continue;
		merge(&panic->faults[i], fault);
		return &panic->faults[i];
	}
	if (panic->fault_count == XFDT_FAULTS_MAX) {
		panic->faults_full = true;
		return NULL;
	}
	panic->faults[panic->fault_count] = *fault;
	return &panic->faults[panic->fault_count++];
}

/*
 * Of a log alone: does it show an XRSTOR of a guest's state with XTILEDATA?  The operand's memory
 * would prove whose state it is; here names must do.
 */
static const char *doubt_of(const struct xfdt_log_regs *regs, const struct xfdt_fault *fault)
{
	if (!xfdt_is_restore_name(regs->function))
		return "RIP is in no function that restores FPU state";
	if (!fault->decoded)
		return "the line Code: shows no XRSTOR at RIP";
	if (fault->operand % 64)
		return "the operand of the XRSTOR is not aligned to 64 bytes, so it would raise #GP";
	if (!(fault->edx_eax >> XFDT_XFEATURE_XTILEDATA & 1))
		return "EDX:EAX leaves XTILEDATA out";
	if (!regs->outer_is_kvm)
		return "the call trace does not lead there from KVM";
	if (!strncmp(regs->outer, "kvm_put_guest_fpu", 17))
		return "kvm_put_guest_fpu() loads the thread's own state, not the guest's";
	return NULL;
}

/* @regs is NULL where the log does not print all registers. */
static void judge_by_log(const struct xfdt_log_regs *regs, struct xfdt_fault *fault)
{
	fault->doubt = regs ? doubt_of(regs, fault) :
			      "the log lacks some of the lines with its registers";
	if (!fault->doubt)
		fault->target = XFDT_TARGET_GUEST;
}

/* Decode @fault, which registers and source are set of, and keep it. */
static struct xfdt_fault *add_fault(struct collector *collector, struct xfdt_fault *fault,
				    const struct xfdt_stack *stack)
{
	const struct xfdt_image *image = collector->host->image;
	const struct logged *logged = logged_of(collector, &fault->regs);
	const struct xfdt_log_regs *regs = logged ? &logged->regs : NULL;

	xfdt_fault_decode(image, collector->host->decoder, regs, fault);
	if (collector->host->panic.log.is_text)
		judge_by_log(regs, fault);
	if (fault->decoded)
		xfdt_fault_find_caller(image, collector->host->decoder, stack, regs, fault);
	if (stack && fault->frame && fault->target == XFDT_TARGET_ELSEWHERE &&
	    xfdt_stack_is_in_restore(image, collector->host->decoder, stack, fault->regs.sp))
		fault->target = XFDT_TARGET_UNKNOWN;
	if (logged && !fault->oops)
		fault->oops = logged->event->oops;
	if (logged && !fault->pid)
		fault->pid = (int)logged->event->caller;
	fault->warned |= was_warned(collector, &fault->regs);
	return keep_fault(&collector->host->panic, fault);
}

/* Add the faults of the frames on the stack that was read last; @of has its thread. */
static void take_frames(struct collector *collector, const struct xfdt_fault *of)
{
	const struct xfdt_stack *stack = &collector->stack;
	struct xfdt_fault fault = *of;
	/* what lies below the stack pointer does not count */
	size_t at = stack->sp ? (stack->sp - stack->kvaddr) / 8 + 1 : 0;

	while (xfdt_stack_next_frame(collector->host->image, stack, &at, &fault)) {
		struct xfdt_fault found = fault;

		/* without a stack pointer a frame may be left over, unless the log has it */
		if (stack->sp || logged_of(collector, &fault.regs))
			add_fault(collector, &found, stack);
	}
}

static bool may_search(struct collector *collector)
{
	if (collector->stacks++ < STACKS_MAX)
		return true;
	collector->host->panic.faults_full = true;
	return false;
}

static void add_frames(struct collector *collector, uint64_t task, int pid, uint64_t sp,
		       struct xfdt_piece *ret_stack)
{
	const struct xfdt_fault fault = { .task = task, .pid = pid };
	struct xfdt_stack *stack = &collector->stack;
	struct xfdt_error *err;

	ret_stack->len = 0;
	if (!may_search(collector))
		return;
	err = xfdt_stack_read(collector->host->image, task, sp, stack);
	if (err) {
		xfdt_error_free(err);
		return;
	}
	*ret_stack = (struct xfdt_piece){ stack->kvaddr, stack->len };
	take_frames(collector, &fault);
}

/* The note is of the exception itself if die() went straight to crash_kexec(). */
static void add_note(struct collector *collector)
{
	const struct xfdt_panic *panic = &collector->host->panic;
	struct xfdt_fault fault = {
		.source = XFDT_REGS_PRSTATUS,
		.regs = panic->note,
		.task = panic->task,
		.pid = panic->pid,
	};

	/* panic() leaves registers of its own; without an oops the note is of an NMI */
	if (!panic->note_known || !panic->note_on_stack || xfdt_panic_had_no_oops(panic))
		return;
	xfdt_fault_decode(collector->host->image, collector->host->decoder, NULL, &fault);
	if (fault.target == XFDT_TARGET_ELSEWHERE)
		return;
	add_fault(collector, &fault, collector->stack.len ? &collector->stack : NULL);
}

static void add_exec_summary(struct collector *collector)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(collector->host->image,
						       XFDT_S_exec_summary_regs);
	const struct xfdt_panic *panic = &collector->host->panic;
	struct xfdt_fault fault = { .source = XFDT_REGS_EXEC_SUMMARY, .oops = 1 };
	struct xfdt_error *err;

	if (!symbol || xfdt_panic_had_no_oops(panic))
		return;
	err = xfdt_read(collector->host->image, symbol->kvaddr, &fault.regs, sizeof(fault.regs));
	/* all zero: no oops happened yet; RIP alone is 0 after a jump to NULL */
	if (!err && (fault.regs.ip || fault.regs.cs))
		add_fault(collector, &fault, NULL);
	xfdt_error_free(err);
}

/* What an event prints that no other source has matched by its stack pointer. */
static void add_event(struct collector *collector, const struct logged *logged)
{
	const struct xfdt_image *image = collector->host->image;
	const struct xfdt_symbol *restore = xfdt_symbol(image, XFDT_S_restore_fpregs);
	const char *function = logged->regs.function;
	struct xfdt_fault fault = {
		.source = XFDT_REGS_LOG,
		.pid = (int)logged->event->caller,
		.oops = logged->event->oops,
		.warned = logged->event->kind == XFDT_EVENT_NM_WARN,
		.target = *function && !xfdt_is_restore_name(function) ? XFDT_TARGET_ELSEWHERE :
									 XFDT_TARGET_UNKNOWN,
	};

	memcpy(fault.function, function, sizeof(fault.function));
	/* only an #NM can come from XFD; incomplete registers do not give the operand */
	if (logged->event->kind == XFDT_EVENT_OOPS || !logged->regs.complete) {
		fault.regs.sp = logged->regs.complete ? logged->regs.regs.sp : 0;
		if (is_nm(logged->event) && collector->host->panic.log.is_text)
			judge_by_log(NULL, &fault);
		keep_fault(&collector->host->panic, &fault);
		return;
	}
	fault.regs = logged->regs.regs;
	if (restore && !strcmp(function, "restore_fpregs_from_fpstate"))
		fault.regs.ip = restore->kvaddr + logged->regs.offset;
	add_fault(collector, &fault, NULL);
}

/* Is the XRSTOR at @regs about to load the state at @fpstate? */
static bool loads(const struct xfdt_host *host, const struct xfdt_regs *regs, uint64_t fpstate)
{
	struct xfdt_fault fault = { .source = XFDT_REGS_PRSTATUS, .regs = *regs };

	xfdt_fault_decode(host->image, host->decoder, NULL, &fault);
	return fault.decoded && fault.fpstate_kvaddr == fpstate;
}

/* Is one of @words an address in vmlinux or a module (Linux: Documentation/arch/x86/x86_64/mm.rst)? */
static bool has_address(const uint64_t *words, size_t count)
{
	while (count && words[count - 1] - XFDT_KERNEL_MAP >= KERNEL_MAP_SIZE)
		count--;
	return count;
}

/* Is there anything but one value, as damage leaves it?  Local variables need not have addresses. */
static bool has_data(const uint64_t *words, size_t count)
{
	size_t rest = count;

	while (rest > 1 && words[rest - 1] == words[0])
		rest--;
	return rest > 1 || has_address(words, count);
}

/*
 * Is the stack that of a thread that ran: something at the stack pointer, and return addresses on every page above?
 * A page that is blank, or damaged otherwise, has none.  Of a dump that was distilled, only
 * the top is kept.
 */
static bool has_content(const struct xfdt_image *image, const struct xfdt_stack *stack)
{
	const size_t page = XFDT_PAGE_SIZE / 8, end = stack->len / 8, top = XFDT_STACK_TOP / 8;
	size_t i = (stack->sp - stack->kvaddr) / 8, next;

	if (i >= end || !has_data(stack->words + i, end - i < top ? end - i : top))
		return false;
	for (; i < end && !image->embedded && !image->census; i = next) {
		next = (i / page + 1) * page;
		if (!has_address(stack->words + i, next - i))
			return false;
	}
	return true;
}

/* The frame of the #NM that loading @vcpu's state raised, among the faults of its thread. */
static const struct xfdt_fault *frame_of(const struct xfdt_panic *panic,
					 const struct xfdt_vcpu *vcpu)
{
	size_t i;

	for (i = 0; i < panic->fault_count; i++)
		if ((!panic->faults[i].task || panic->faults[i].task == vcpu->thread.task) &&
		    panic->faults[i].frame && panic->faults[i].fpstate_kvaddr == vcpu->fpstate)
			return &panic->faults[i];
	return NULL;
}

/*
 * A frame on the stack, of an #NM at the restore of the state at @fpstate; 0: there is none.  The handler of such an #NM does
 * not return.  So if the frame is below the stack pointer, the frame or the stack pointer is damaged.
 */
static uint64_t find_frame_of(const struct collector *collector, uint64_t fpstate)
{
	struct xfdt_fault fault = { 0 };
	size_t at = 0;

	while (xfdt_stack_next_frame(collector->host->image, &collector->stack, &at, &fault))
		if (loads(collector->host, &fault.regs, fpstate))
			return fault.frame;
	return 0;
}

static void look_at_position(struct collector *collector, struct xfdt_vcpu *vcpu,
			     const struct xfdt_regs *note)
{
	const struct xfdt_image *image = collector->host->image;
	const struct xfdt_fault *fault = frame_of(&collector->host->panic, vcpu);

	vcpu->loading = XFDT_UNSURE;
	if (fault) {
		vcpu->frame = fault->frame;
		vcpu->loading = XFDT_YES;
	} else if (note && loads(collector->host, note, vcpu->fpstate)) {
		vcpu->loading = XFDT_YES;
	} else if (note && collector->stack.len && collector->stack.sp &&
		   has_content(image, &collector->stack)) {
		/* one bit of the word at the top of the IRQ stack may lead past the frame */
		vcpu->interrupted = xfdt_stack_interrupted_restore(image, &collector->stack,
								   vcpu->stack_sp != vcpu->note_sp);
		vcpu->other_frame = find_frame_of(collector, vcpu->fpstate);
		if (!vcpu->interrupted && !xfdt_in_restore(image, note->ip) &&
		    !xfdt_stack_is_within_restore(image, &collector->stack, collector->stack.sp,
						  XFDT_STACK_TOP) &&
		    !vcpu->other_frame)
			vcpu->loading = XFDT_NO;
	}
}

/* Where threads are not known, the stack pointers of the CPUs lead to the handlers that they are in. */
static void add_stacks_of_cpus(struct collector *collector)
{
	const struct xfdt_image *image = collector->host->image;
	const struct xfdt_fault none = { 0 };
	size_t i;

	for (i = 0; i < image->note_count && may_search(collector); i++) {
		xfdt_stack_read_around(image, image->notes[i].regs.sp, &collector->stack);
		if (collector->stack.len)
			take_frames(collector, &none);
	}
}

static void look_for_frame(const struct collector *collector, struct xfdt_vcpu *vcpu)
{
	const struct xfdt_fault *fault = frame_of(&collector->host->panic, vcpu);

	if (!fault)
		return;
	vcpu->frame = fault->frame;
	vcpu->loading = XFDT_YES;
}

/*
 * May @vcpu's thread be in the handler of an #NM?  What a thread holds is the second witness of in_use; where that
 * thread is not known, the mismatch has to do.
 */
static bool may_be_in_handler(const struct xfdt_vcpu *vcpu)
{
	const uint64_t tiles = vcpu->header.xstate_bv & 1ull << XFDT_XFEATURE_XTILEDATA;

	if (!vcpu->state_known)
		return false;
	if (vcpu->in_use || xfdt_vcpu_is_held(vcpu))
		return vcpu->xfd | tiles;
	return !vcpu->thread.known && vcpu->header.xstate_bv & vcpu->xfd;
}

static void add_other_threads(struct collector *collector)
{
	struct xfdt_host *host = collector->host;
	struct xfdt_vcpu_at at = { 0 };
	struct xfdt_vcpu *vcpu;
	bool searched = false;

	while ((vcpu = xfdt_next_vcpu(host, &at))) {
		struct xfdt_thread *thread = &vcpu->thread;
		const struct xfdt_cpu_note *note = NULL;

		if (!may_be_in_handler(vcpu))
			continue;
		if (!thread->known) {
			if (!searched)
				add_stacks_of_cpus(collector);
			searched = true;
			look_for_frame(collector, vcpu);
			continue;
		}
		if (thread->running != XFDT_NO && thread->cpu.known)
			note = xfdt_note_of_cpu(host->image, thread->cpu.value, thread->pid);
		vcpu->note_sp = note ? note->regs.sp : 0;
		vcpu->stack_sp = note ? xfdt_stack_before_irq(host->image,
							      (unsigned int)thread->cpu.value,
							      thread->task, note->regs.sp) :
					0;
		add_frames(collector, thread->task, thread->pid, vcpu->stack_sp, &vcpu->stack);
		look_at_position(collector, vcpu, note ? &note->regs : NULL);
	}
}

/* Is @event of the thread of @fault, which has no number and left no frame? */
static bool is_of_thread(const struct xfdt_event *event, const struct xfdt_fault *fault)
{
	return !fault->oops && !fault->frame && fault->pid && event->caller == (uint32_t)fault->pid;
}

/* Does the log call @fault an exception other than #NM?  Then XFD did not raise it, or one of the two is wrong. */
static bool is_called_otherwise(const struct collector *collector, const struct xfdt_fault *fault)
{
	bool otherwise = false;
	size_t i;

	for (i = 0; i < collector->logged_count; i++) {
		const struct logged *logged = &collector->logged[i];
		const struct xfdt_event *event = logged->event;

		if (is_nm(event) && is_of_thread(event, fault))
			return false;
		if (event->kind == XFDT_EVENT_OOPS &&
		    (same_context(&fault->regs, logged) || is_of_thread(event, fault) ||
		     (fault->oops && fault->oops == event->oops)))
			otherwise = true;
	}
	return otherwise;
}

static void doubt_by_log(struct collector *collector)
{
	struct xfdt_panic *panic = &collector->host->panic;
	size_t i;

	for (i = 0; i < panic->fault_count; i++)
		if (panic->faults[i].target == XFDT_TARGET_GUEST &&
		    is_called_otherwise(collector, &panic->faults[i]))
			panic->faults[i].target = XFDT_TARGET_UNKNOWN;
}

/* The fault that restored a guest's state: of several the one with the most to show. */
static int choose_hit(const struct xfdt_panic *panic)
{
	int best = -1, score, best_score = 0;
	size_t i;

	for (i = 0; i < panic->fault_count; i++) {
		const struct xfdt_fault *fault = &panic->faults[i];

		score = fault->target == XFDT_TARGET_GUEST ? 8 : fault->decoded ? 1 : 0;
		score += 2 * weight_of_state(fault);
		if (score && fault->task && fault->task == panic->task)
			score++;
		if (score > best_score) {
			best_score = score;
			best = (int)i;
		}
	}
	return best;
}

static void add_evidence(struct xfdt_panic *panic, size_t line, const char *what)
{
	size_t i;

	for (i = 0; i < panic->evidence_count; i++)
		if (panic->evidence[i].line == line)
			return;
	if (line && i < XFDT_LOG_EVIDENCE_MAX)
		panic->evidence[panic->evidence_count++] = (struct xfdt_log_evidence){ line, what };
}

/* What the lines of @logged say of the hit. */
static void add_evidence_of(struct xfdt_panic *panic, const struct logged *logged)
{
	const struct xfdt_log_regs *regs = &logged->regs;
	bool warned = logged->event->kind == XFDT_EVENT_NM_WARN;

	add_evidence(panic, logged->event->line,
		     warned ? "the #NM handler found IA32_XFD_ERR set" :
			      "the kernel did not expect that #NM");
	add_evidence(panic, regs->rip_line, "RIP is in a function that restores FPU state");
	add_evidence(panic, regs->code_line, "the instruction at RIP is an XRSTOR");
	add_evidence(panic, regs->ax_line, "EAX asks for XTILEDATA, bit 18");
	add_evidence(panic, regs->dx_line, "EDX, the high half of the mask");
	add_evidence(panic, regs->caller_line, "the route");
	add_evidence(panic, regs->outer_line, "KVM's code is the caller");
}

/* Which lines of a log that is text speak for the hit. */
static void find_evidence(struct collector *collector)
{
	struct xfdt_panic *panic = &collector->host->panic;
	const struct xfdt_fault *hit = xfdt_panic_fault(panic);
	size_t i;

	if (!panic->log.is_text || !hit || hit->target != XFDT_TARGET_GUEST)
		return;
	/* the newest is the first */
	for (i = collector->logged_count; i-- > 0;)
		if (is_nm(collector->logged[i].event) &&
		    same_context(&hit->regs, &collector->logged[i]))
			add_evidence_of(panic, &collector->logged[i]);
}

struct xfdt_error *xfdt_oopses_read(struct xfdt_host *host)
{
	struct collector *collector = malloc(sizeof(*collector));
	struct xfdt_panic *panic = &host->panic;
	size_t i;

	if (!collector)
		return xfdt_no_memory("a stack");
	collector->host = host;
	collector->logged_count = collector->stacks = 0;
	collector->stack.len = 0;
	read_logged(collector);
	if (panic->task) {
		add_frames(collector, panic->task, panic->pid,
			   panic->note_known ? panic->note.sp : 0, &panic->stack);
		panic->stack_known = panic->stack.len;
	}
	add_note(collector);
	add_exec_summary(collector);
	add_other_threads(collector);
	for (i = 0; i < collector->logged_count; i++)
		add_event(collector, &collector->logged[i]);
	doubt_by_log(collector);
	panic->hit = choose_hit(panic);
	find_evidence(collector);
	free(collector);
	return NULL;
}
