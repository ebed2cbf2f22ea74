/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XRSTOR that faulted (Linux: arch/x86/kernel/fpu/core.c, arch/x86/entry/entry_64.S). */
#include "kernel/fault.h"
#include "kernel/oops_log.h"
#include "kernel/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_SIZE 16384u	/* THREAD_SIZE */
#define STACK_SIZE_KASAN 32768u /* with CONFIG_KASAN */
#define KERNEL_CS 0x10
/* alignment to 16; FRED: 16 bytes more, a red zone of 64, alignment to 64 */
#define FRAME_SLACK (16 + 64 + 63)
#define CALLER_WORDS 64
#define NO_ERROR_CODE (~0ull)

struct xfdt_gpr xfdt_gpr_of(const struct xfdt_regs *regs)
{
	return (struct xfdt_gpr){ {
		regs->ax,
		regs->cx,
		regs->dx,
		regs->bx,
		regs->sp,
		regs->bp,
		regs->si,
		regs->di,
		regs->r8,
		regs->r9,
		regs->r10,
		regs->r11,
		regs->r12,
		regs->r13,
		regs->r14,
		regs->r15,
	} };
}

/* Are these the registers of an exception or interrupt in restore_fpregs_from_fpstate()? */
static bool at_restore(const struct xfdt_image *image, const struct xfdt_regs *regs)
{
	return (regs->cs & 0xffff) == KERNEL_CS && regs->orig_ax == NO_ERROR_CODE &&
	       xfdt_in_function(image, XFDT_S_restore_fpregs, regs->ip);
}

struct stack {
	uint64_t kvaddr;
	size_t len;
	uint64_t words[STACK_SIZE_KASAN / 8];
};

bool xfdt_is_on_stack(const struct xfdt_image *image, uint64_t task, uint64_t sp)
{
	struct xfdt_value base = xfdt_value_of(image, task, XFDT_M_task_stack);

	return base.known && sp - base.value < STACK_SIZE_KASAN;
}

/* @sp: where the thread last was on it, 0 if that is not known. */
static struct xfdt_error *read_stack(const struct xfdt_image *image, uint64_t task, uint64_t sp,
				     struct stack *stack)
{
	struct xfdt_error *err;

	err = xfdt_read_member(image, task, XFDT_M_task_stack, &stack->kvaddr);
	if (err)
		return err;
	stack->len = sp - stack->kvaddr >= STACK_SIZE && sp - stack->kvaddr < STACK_SIZE_KASAN ?
			     STACK_SIZE_KASAN :
			     STACK_SIZE;
	err = xfdt_read_for(image, XFDT_FOR_STACK, stack->kvaddr, stack->words, stack->len);
	if (err)
		stack->len = 0;
	return err;
}

/* Does the frame that the word at @below precedes belong to the handler of #NM? */
static bool is_nm_frame(const struct xfdt_image *image, uint64_t below)
{
	if (!xfdt_symbol(image, XFDT_S_asm_exc_nm))
		return true;
	/* the return address of the CALL of exc_device_not_available(), or of FRED's dispatcher */
	return xfdt_in_function(image, XFDT_S_asm_exc_nm, below) ||
	       xfdt_in_function(image, XFDT_S_asm_fred, below);
}

static bool same_fault(const struct xfdt_image *image, const struct xfdt_regs *regs,
		       const struct xfdt_log_regs *logged)
{
	return regs->ip - xfdt_symbol(image, XFDT_S_restore_fpregs)->kvaddr == logged->regs.ip &&
	       regs->sp == logged->regs.sp && regs->ax == logged->regs.ax &&
	       regs->dx == logged->regs.dx;
}

/*
 * Find the frame of an #NM in restore_fpregs_from_fpstate().  The saved RSP has
 * to point right behind the frame, which was pushed on this very stack.  What
 * lies below @sp, the thread's last known stack pointer, is of calls that
 * returned.  Of several, the one that the log prints is taken, else the
 * outermost.
 */
static void find_frame(const struct xfdt_image *image, const struct stack *stack, uint64_t sp,
		       const struct xfdt_log_regs *logged, struct xfdt_fault *fault)
{
	const size_t words = sizeof(struct xfdt_regs) / 8;
	size_t i = 1;

	if (sp > stack->kvaddr && sp - stack->kvaddr < stack->len)
		i += (sp - stack->kvaddr) / 8;
	for (; i + words <= stack->len / 8; i++) {
		uint64_t frame = stack->kvaddr + 8 * i;
		struct xfdt_regs regs;

		memcpy(&regs, &stack->words[i], sizeof(regs));
		if (!at_restore(image, &regs) || regs.sp - (frame + sizeof(regs)) > FRAME_SLACK ||
		    !is_nm_frame(image, stack->words[i - 1]))
			continue;
		fault->regs = regs;
		fault->frame = frame;
		fault->source = XFDT_REGS_STACK;
		if (logged && same_fault(image, &regs, logged))
			return;
	}
}

static void find_exec_summary(const struct xfdt_image *image, struct xfdt_fault *fault)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, XFDT_S_exec_summary_regs);
	struct xfdt_error *err;
	struct xfdt_regs regs;

	if (!symbol)
		return;
	err = xfdt_read(image, symbol->kvaddr, &regs, sizeof(regs));
	if (!err && at_restore(image, &regs)) {
		fault->regs = regs;
		fault->source = XFDT_REGS_EXEC_SUMMARY;
	}
	xfdt_error_free(err);
}

static void decode_fault(const struct xfdt_host *host, const struct xfdt_log_regs *logged,
			 struct xfdt_fault *fault)
{
	struct xfdt_gpr gpr = xfdt_gpr_of(&fault->regs);
	struct xfdt_xrstor_insn insn;
	uint8_t code[XFDT_INSN_MAX];
	const uint8_t *bytes = code;
	size_t len = sizeof(code);
	struct xfdt_error *err;

	err = xfdt_read_for(host->image, XFDT_FOR_CODE, fault->regs.ip, code, sizeof(code));
	if (err) {
		xfdt_error_free(err);
		if (!logged || !logged->code_len)
			return;
		fault->bytes_from_log = true;
		bytes = logged->code;
		len = logged->code_len;
	}
	if (!xfdt_insn_xrstor(host->decoder, bytes, len, fault->regs.ip, &gpr, &insn))
		return;
	fault->decoded = true;
	fault->supervisor = insn.supervisor;
	fault->operand = insn.operand;
	fault->edx_eax = fault->regs.dx << 32 | (fault->regs.ax & 0xffffffff);
	memcpy(fault->text, insn.text, sizeof(fault->text));
}

/* Who called restore_fpregs_from_fpstate(): the return address whose CALL says so. */
static void find_caller(const struct xfdt_host *host, const struct stack *stack,
			const struct xfdt_log_regs *logged, struct xfdt_fault *fault)
{
	static const enum xfdt_symbol_id callers[] = {
		XFDT_S_fpu_swap_kvm_fpstate,
		XFDT_S_switch_fpu_return,
		XFDT_S_fpregs_restore_userregs,
	};
	const struct xfdt_image *image = host->image;
	const struct xfdt_symbol *restore = xfdt_symbol(image, XFDT_S_restore_fpregs);
	uint64_t first = (fault->regs.sp - stack->kvaddr) / 8;
	size_t i, c;

	for (i = first;
	     fault->regs.sp >= stack->kvaddr && i < stack->len / 8 && i - first < CALLER_WORDS;
	     i++) {
		uint64_t target, address = stack->words[i];
		struct xfdt_error *err;
		uint8_t code[5];

		for (c = 0; c < sizeof(callers) / sizeof(callers[0]); c++)
			if (xfdt_in_function(image, callers[c], address))
				break;
		if (c == sizeof(callers) / sizeof(callers[0]))
			continue;
		err = xfdt_read_for(image, XFDT_FOR_CODE, address - sizeof(code), code,
				    sizeof(code));
		if (err) {
			xfdt_error_free(err);
			continue;
		}
		if (!xfdt_insn_call_before(host->decoder, code, sizeof(code), address, &target) ||
		    !xfdt_insn_calls(target, restore->kvaddr))
			continue;
		snprintf(fault->caller, sizeof(fault->caller), "%s",
			 xfdt_symbol_needs[callers[c]].name);
		fault->caller_source = "the return address on the stack";
		fault->caller_return = address;
		fault->caller_slot = stack->kvaddr + 8 * i;
		return;
	}
	if (logged && *logged->caller) {
		memcpy(fault->caller, logged->caller, sizeof(fault->caller));
		fault->caller_source = "the call trace in the log";
	}
}

static void read_fault_fpstate(const struct xfdt_image *image, struct xfdt_fault *fault)
{
	uint8_t header[XFDT_XSAVE_HEADER_SIZE];
	struct xfdt_error *err;
	uint64_t is_guest;

	if (!xfdt_has_member(image, XFDT_M_fpstate_regs))
		return;
	fault->fpstate = fault->operand - image->layout.members[XFDT_M_fpstate_regs].offset;
	err = xfdt_read_member(image, fault->fpstate, XFDT_M_fpstate_is_guest, &is_guest);
	if (!err)
		err = xfdt_read_member(image, fault->fpstate, XFDT_M_fpstate_xfd,
				       &fault->fpstate_xfd);
	if (!err)
		err = xfdt_read_member(image, fault->fpstate, XFDT_M_fpstate_xfeatures,
				       &fault->fpstate_xfeatures);
	if (!err)
		err = xfdt_read(image, fault->operand + XFDT_XSAVE_HEADER_OFFSET, header,
				sizeof(header));
	if (err) {
		fault->fpstate_absent = xfdt_error_is_absence(err);
		xfdt_error_free(err);
		return;
	}
	fault->fpstate_read = true;
	fault->fpstate_is_guest = is_guest;
	xfdt_xsave_header_decode(header, &fault->fpstate_header);
}

struct xfdt_error *xfdt_fault_read(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_panic *panic = &host->panic;
	struct xfdt_fault *fault = &panic->fault;
	struct xfdt_log_regs logged_regs, *logged = NULL;
	struct stack *stack;
	long event = xfdt_nm_event(panic);
	long line = event < 0 ? -1 : (long)panic->events[event].line;

	if (!xfdt_symbol(image, XFDT_S_restore_fpregs))
		return NULL;
	stack = calloc(1, sizeof(*stack));
	if (!stack)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for a stack");
	if (line >= 0 &&
	    xfdt_log_registers(&panic->log, (size_t)line,
			       xfdt_symbol_needs[XFDT_S_restore_fpregs].name, &logged_regs))
		logged = &logged_regs;
	if (panic->task) {
		struct xfdt_error *err = read_stack(image, panic->task,
						    panic->note_known ? panic->note.sp : 0, stack);

		panic->stack_known = !err;
		panic->stack = (struct xfdt_piece){ stack->kvaddr, stack->len };
		if (err)
			xfdt_gaps_add(&host->gaps, "the stack of the thread that panicked", err,
				      NULL);
	}
	/* the note may also be of an interrupt or another exception at that place */
	if (panic->note_known && panic->note_on_stack && at_restore(image, &panic->note) &&
	    event >= 0 && xfdt_event_may_be_by(panic, event, panic->pid)) {
		fault->source = XFDT_REGS_PRSTATUS;
		fault->regs = panic->note;
	} else {
		find_frame(image, stack, panic->note_known ? panic->note.sp : 0, logged, fault);
	}
	if (fault->source == XFDT_REGS_NONE && line >= 0) {
		/* of the first oops only */
		if (strstr(panic->log.lines[line].text, " [#1]"))
			find_exec_summary(image, fault);
		if (fault->source == XFDT_REGS_NONE && logged) {
			fault->source = XFDT_REGS_LOG;
			fault->regs = logged->regs;
			fault->regs.cs = KERNEL_CS;
			fault->regs.ip += xfdt_symbol(image, XFDT_S_restore_fpregs)->kvaddr;
		}
	}
	if (fault->source != XFDT_REGS_NONE) {
		decode_fault(host, logged, fault);
		find_caller(host, stack, logged, fault);
		if (fault->decoded)
			read_fault_fpstate(image, fault);
	}
	free(stack);
	return NULL;
}

/* The stack pointer of a thread that was on a CPU, from that CPU's note; 0: unknown. */
static uint64_t stack_pointer(const struct xfdt_image *image, const struct xfdt_thread *thread)
{
	const struct xfdt_cpu_note *note = NULL;
	size_t i, matches = 0;

	for (i = 0; i < image->note_count; i++) {
		if (image->notes[i].pid != thread->pid)
			continue;
		note = &image->notes[i];
		matches++;
	}
	return matches == 1 && xfdt_is_on_stack(image, thread->task, note->regs.sp) ?
		       note->regs.sp :
		       0;
}

static void read_handler(const struct xfdt_host *host, struct stack *stack,
			 struct xfdt_thread *thread)
{
	const struct xfdt_image *image = host->image;
	uint64_t sp = stack_pointer(image, thread);
	struct xfdt_fault fault = { .source = XFDT_REGS_NONE };
	struct xfdt_error *err;

	err = read_stack(image, thread->task, sp, stack);
	if (err) {
		xfdt_error_free(err);
		return;
	}
	thread->stack = (struct xfdt_piece){ stack->kvaddr, stack->len };
	find_frame(image, stack, sp, NULL, &fault);
	thread->nm_frame = fault.frame;
	if (fault.source == XFDT_REGS_NONE) {
		thread->nm_fpstate.known = true;
		return;
	}
	decode_fault(host, NULL, &fault);
	/* without a stack pointer the frame may be one that is left over */
	thread->nm_fpstate.known = sp && fault.decoded;
	thread->nm_fpstate.value = fault.operand -
				   image->layout.members[XFDT_M_fpstate_regs].offset;
}

struct xfdt_error *xfdt_fault_read_others(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_vcpu_at at = { 0 };
	struct stack *stack = NULL;
	struct xfdt_vcpu *vcpu;
	size_t count = 0;

	if (!xfdt_symbol(image, XFDT_S_restore_fpregs) ||
	    !xfdt_has_member(image, XFDT_M_fpstate_regs))
		return NULL;
	while ((vcpu = xfdt_next_vcpu(host, &at))) {
		struct xfdt_thread *thread = &vcpu->thread;

		if (!vcpu->state_known || !vcpu->in_use || !(vcpu->header.xstate_bv & vcpu->xfd) ||
		    !thread->known || !thread->on_cpu.known || !thread->on_cpu.value ||
		    thread->task == host->panic.task || count++ >= XFDT_CPUS_MAX)
			continue;
		if (!stack)
			stack = calloc(1, sizeof(*stack));
		if (!stack)
			return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for a stack");
		read_handler(host, stack, thread);
	}
	free(stack);
	return NULL;
}
