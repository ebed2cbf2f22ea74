/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults at an XRSTOR (Linux: arch/x86/kernel/fpu/core.c, arch/x86/entry/entry_64.S). */
#include "kernel/fault.h"
#include "image/page_tables.h"
#include "kernel/task.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define STACK_SIZE 16384u /* THREAD_SIZE without CONFIG_KASAN */
#define KERNEL_CS 0x10
#define KERNEL_DS 0x18
/* Bit positions in struct fred_ss, and the values there for #NM (Linux: arch/x86/include/asm/ptrace.h). */
#define FRED_VECTOR 32
#define FRED_TYPE 48
#define FRED_HARDWARE_EXCEPTION 3
#define NM_VECTOR 7
#define CALLER_WORDS 64
#define NO_ERROR_CODE (~0ull)
#define XSAVE_ALIGNMENT 64 /* SDM vol. 1, 13.4: #GP if the area is not aligned */
#define FPSTATE_SIZE_MAX (1u << 20)
#define FPSTATE_SIZE_MIN 576

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

bool xfdt_in_restore(const struct xfdt_image *image, uint64_t kvaddr)
{
	static const enum xfdt_symbol_id ids[] = {
		XFDT_S_restore_fpregs,	     XFDT_S_os_xrstor,
		XFDT_S_fpu_swap_kvm_fpstate, XFDT_S_fpregs_restore_userregs,
		XFDT_S_switch_fpu_return,
	};
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (xfdt_in_function(image, ids[i], kvaddr))
			return true;
	return false;
}

/* the operand */

/* How many marks of a guest's state @kvaddr lacks; what cannot be read is not lacking, but is_guest is. */
static unsigned int lacking(const struct xfdt_image *image, uint64_t kvaddr, uint64_t xfeatures)
{
	struct xfdt_value guest = xfdt_value_of(image, kvaddr, XFDT_M_fpstate_is_guest);
	struct xfdt_value vmalloc = xfdt_value_of(image, kvaddr, XFDT_M_fpstate_is_valloc);
	struct xfdt_value size = xfdt_value_of(image, kvaddr, XFDT_M_fpstate_size);

	return (xfdt_value_truth(&guest) != XFDT_YES) + (vmalloc.known && !vmalloc.value) +
	       !xfdt_xfeatures_are_possible(xfeatures) +
	       (size.known && (size.value < FPSTATE_SIZE_MIN || size.value > FPSTATE_SIZE_MAX));
}

bool xfdt_is_intact_guest(const struct xfdt_image *image, uint64_t kvaddr, uint64_t xfeatures)
{
	return !lacking(image, kvaddr, xfeatures);
}

void xfdt_fpstate_read(const struct xfdt_image *image, uint64_t kvaddr,
		       struct xfdt_fpstate *ret_fpstate)
{
	struct xfdt_fpstate fpstate = { .read = false };
	uint8_t header[XFDT_XSAVE_HEADER_SIZE];
	struct xfdt_error *err;
	uint64_t regs;

	err = xfdt_member_kvaddr(image, kvaddr, XFDT_M_fpstate_regs, &regs);
	if (!err)
		err = xfdt_read_member(image, kvaddr, XFDT_M_fpstate_xfd, &fpstate.xfd);
	if (!err)
		err = xfdt_read_member(image, kvaddr, XFDT_M_fpstate_xfeatures, &fpstate.xfeatures);
	if (!err)
		err = xfdt_read(image, regs + XFDT_XSAVE_HEADER_OFFSET, header, sizeof(header));
	fpstate.read = !err;
	fpstate.absent = err && xfdt_error_is_absence(err);
	fpstate.freed = err && xfdt_error_code(err) == XFDT_UNMAPPED;
	if (!err) {
		xfdt_xsave_header_decode(header, &fpstate.header);
		fpstate.intact_guest = xfdt_is_intact_guest(image, kvaddr, fpstate.xfeatures);
	}
	xfdt_error_free(err);
	*ret_fpstate = fpstate;
}

/* Is @fpstate the own state of thread @task? */
static bool is_state_of(const struct xfdt_image *image, uint64_t task, uint64_t fpstate)
{
	struct xfdt_thread_fpu fpu;

	/* __task_fpstate is set while a thread holds a guest's state */
	return task && xfdt_thread_fpu(image, task, &fpu) && fpu.fpstate.known &&
	       fpu.fpstate.value == fpstate && fpu.task_fpstate.known && !fpu.task_fpstate.value;
}

/* What the kernel loads in place of a state that raised #GP (Linux: fpu_reset_from_exception_fixup()). */
static bool is_initial_state(const struct xfdt_image *image, uint64_t fpstate)
{
	const struct xfdt_symbol *init = xfdt_symbol(image, XFDT_S_init_fpstate);

	return init && init->kvaddr == fpstate;
}

/*
 * A module, such as ZFS, loads buffers of its own; a live patch is a module, too.  A guest's state begins a page
 * (Linux: fpu_alloc_guest_fpstate(), vzalloc()), so the operand is no guest's if it is elsewhere on its page and no state
 * begins there.  Damage to the operand or to the page does not make one of the other.
 */
static bool is_buffer_of_module(const struct xfdt_image *image, const struct xfdt_fault *fault)
{
	const uint64_t page = fault->operand & ~(uint64_t)(XFDT_PAGE_SIZE - 1);
	struct xfdt_fpstate state;

	if (!xfdt_is_in_module(image, fault->regs.ip) || fault->fpstate_kvaddr == page)
		return false;
	xfdt_fpstate_read(image, page, &state);
	return state.read && lacking(image, page, state.xfeatures) > 1;
}

static void look_at_operand(const struct xfdt_image *image, struct xfdt_fault *fault)
{
	fault->target = XFDT_TARGET_UNKNOWN;
	/* an area that is not aligned raises #GP before anything else */
	if (!xfdt_has_member(image, XFDT_M_fpstate_regs) || fault->operand % XSAVE_ALIGNMENT)
		return;
	fault->fpstate_kvaddr = fault->operand - image->layout.members[XFDT_M_fpstate_regs].offset;
	xfdt_fpstate_read(image, fault->fpstate_kvaddr, &fault->fpstate);
	if (fault->fpstate.intact_guest)
		fault->target = XFDT_TARGET_GUEST;
	else if (fault->fpstate.absent && xfdt_in_restore(image, fault->regs.ip))
		fault->target = XFDT_TARGET_GUEST;
	else if (is_initial_state(image, fault->fpstate_kvaddr) ||
		 (fault->fpstate.read && is_state_of(image, fault->task, fault->fpstate_kvaddr)) ||
		 is_buffer_of_module(image, fault))
		fault->target = XFDT_TARGET_HOST;
}

/* the instruction */

static bool all_zero(const uint8_t *bytes, size_t len)
{
	while (len && !bytes[len - 1])
		len--;
	return !len;
}

/* Decode @code as the instruction of @fault; false if it is not an XRSTOR. */
static bool decode(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
		   const uint8_t *code, size_t len, struct xfdt_fault *fault)
{
	struct xfdt_gpr gpr = xfdt_gpr_of(&fault->regs);
	struct xfdt_xrstor_insn insn;

	if (!xfdt_insn_xrstor(decoder, code, len, fault->regs.ip, &gpr, &insn))
		return false;
	fault->decoded = true;
	fault->supervisor = insn.supervisor;
	fault->operand = insn.operand;
	fault->edx_eax = fault->regs.dx << 32 | (fault->regs.ax & 0xffffffff);
	memcpy(fault->text, insn.text, sizeof(fault->text));
	look_at_operand(image, fault);
	return true;
}

/*
 * Are @fault's registers of a jump to address 0?  No instruction is there, so none raised #NM.  The log has RIP as
 * text only.
 */
static bool is_jump_to_null(const struct xfdt_fault *fault)
{
	return fault->source != XFDT_REGS_LOG && !fault->regs.ip &&
	       (fault->regs.cs & 0xffff) == KERNEL_CS && xfdt_is_kernel_address(fault->regs.sp);
}

/* Every source that has the instruction's bytes agrees: it is not an XRSTOR. */
static enum xfdt_target target_of_other(const struct xfdt_image *image,
					const struct xfdt_log_regs *logged,
					const struct xfdt_fault *fault, bool readable)
{
	bool in_restore = fault->regs.ip ? xfdt_in_restore(image, fault->regs.ip) :
					   logged && xfdt_is_restore_name(logged->function);

	if (in_restore)
		return XFDT_TARGET_UNKNOWN;
	if (is_jump_to_null(fault))
		return XFDT_TARGET_ELSEWHERE;
	/* with a function's name in the log, its bytes are not needed */
	return readable || (logged && *logged->function) ? XFDT_TARGET_ELSEWHERE :
							   XFDT_TARGET_UNKNOWN;
}

void xfdt_fault_decode(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
		       const struct xfdt_log_regs *logged, struct xfdt_fault *fault)
{
	bool readable = false, has_log = logged && logged->code_len;
	struct xfdt_fault by_log = *fault;
	uint8_t code[XFDT_INSN_MAX];
	struct xfdt_error *err = NULL;

	if (fault->regs.ip) {
		err = xfdt_read_for(image, XFDT_FOR_CODE, fault->regs.ip, code, sizeof(code));
		/* no function holds that many zeros: such a page was not saved as it was */
		readable = !err && !all_zero(code, sizeof(code));
		xfdt_error_free(err);
	}
	if (readable)
		decode(image, decoder, code, sizeof(code), fault);
	if (has_log && (!fault->decoded || fault->target == XFDT_TARGET_UNKNOWN) &&
	    decode(image, decoder, logged->code, logged->code_len, &by_log) &&
	    (!fault->decoded || by_log.target == XFDT_TARGET_GUEST)) {
		by_log.bytes_from_log = true;
		*fault = by_log;
	}
	if (!fault->decoded)
		fault->target = target_of_other(image, logged, fault, readable || has_log);
	if (logged && !*fault->function)
		memcpy(fault->function, logged->function, sizeof(fault->function));
}

/* the stack */

bool xfdt_is_on_stack(const struct xfdt_image *image, uint64_t task, uint64_t sp)
{
	struct xfdt_value base = xfdt_value_of(image, task, XFDT_M_task_stack);

	return base.known && sp - base.value < XFDT_STACK_MAX;
}

/*
 * kasan_report() and task_struct.kasan_depth are there with CONFIG_KASAN only (Linux: mm/kasan/Makefile,
 * include/linux/sched.h, arch/x86/include/asm/page_64_types.h).  Damage to kallsyms loses the one, but not the other.
 */
static size_t stack_size(const struct xfdt_image *image)
{
	return xfdt_symbol(image, XFDT_S_kasan_report) ||
			       xfdt_has_member(image, XFDT_M_task_kasan_depth) ?
		       XFDT_STACK_MAX :
		       STACK_SIZE;
}

uint64_t xfdt_stack_before_irq(const struct xfdt_image *image, unsigned int cpu, uint64_t task,
			       uint64_t sp)
{
	uint64_t top, before = sp;
	struct xfdt_error *err;

	if (xfdt_is_on_stack(image, task, sp))
		return sp;
	err = xfdt_irq_stack(image, cpu, &top);
	if (!err && top - sp < stack_size(image))
		err = xfdt_read_u64(image, top, &before);
	/* a word on two pages may have come in part */
	if (err)
		before = sp;
	xfdt_error_free(err);
	return xfdt_is_on_stack(image, task, before) ? before : sp;
}

struct xfdt_error *xfdt_stack_read(const struct xfdt_image *image, uint64_t task, uint64_t sp,
				   struct xfdt_stack *stack)
{
	struct xfdt_error *err;
	size_t len = stack_size(image);

	stack->len = 0;
	err = xfdt_read_member(image, task, XFDT_M_task_stack, &stack->kvaddr);
	if (err)
		return err;
	stack->sp = sp - stack->kvaddr < XFDT_STACK_MAX ? sp : 0;
	if (stack->sp && sp - stack->kvaddr >= STACK_SIZE)
		len = XFDT_STACK_MAX;
	err = xfdt_read_for(image, XFDT_FOR_STACK, stack->kvaddr, stack->words, len);
	if (!err)
		stack->len = len;
	return err;
}

struct xfdt_piece xfdt_stack_around(const struct xfdt_image *image, uint64_t sp)
{
	const uint64_t size = stack_size(image);

	if (!xfdt_is_kernel_address(sp))
		return (struct xfdt_piece){ 0 };
	return (struct xfdt_piece){ sp & ~(size - 1), size };
}

void xfdt_stack_read_around(const struct xfdt_image *image, uint64_t sp, struct xfdt_stack *stack)
{
	const struct xfdt_piece piece = xfdt_stack_around(image, sp);
	struct xfdt_error *err;
	size_t at;

	stack->len = 0;
	stack->kvaddr = piece.kvaddr;
	stack->sp = sp;
	/* a distilled dump has the pages with frames only */
	for (at = 0; at < piece.len; at += XFDT_PAGE_SIZE) {
		err = xfdt_read_for(image, XFDT_FOR_SEARCH, piece.kvaddr + at,
				    stack->words + at / 8, XFDT_PAGE_SIZE);
		if (err)
			memset(stack->words + at / 8, 0, XFDT_PAGE_SIZE);
		else
			stack->len = piece.len;
		xfdt_error_free(err);
	}
}

/* FRED's entry is one for all events; the CPU stores which one it was above SS (Linux: struct fred_ss). */
static bool is_nm_event(const struct xfdt_regs *regs)
{
	return (regs->ss >> FRED_VECTOR & 0xff) == NM_VECTOR &&
	       (regs->ss >> FRED_TYPE & 0xf) == FRED_HARDWARE_EXCEPTION;
}

/* Has the entry of #NM pushed @regs, with the word @below them? */
static bool is_nm_frame(const struct xfdt_image *image, const struct xfdt_regs *regs,
			uint64_t below)
{
	/* the return address of the CALL of exc_device_not_available(), or of FRED's dispatcher */
	return xfdt_in_function(image, XFDT_S_asm_exc_nm, below) ||
	       (xfdt_in_function(image, XFDT_S_asm_fred, below) && is_nm_event(regs));
}

bool xfdt_stack_next_frame(const struct xfdt_image *image, const struct xfdt_stack *stack,
			   size_t *at, struct xfdt_fault *fault)
{
	const size_t words = sizeof(struct xfdt_regs) / 8;
	const size_t orig_ax = offsetof(struct xfdt_regs, orig_ax) / 8;
	size_t i = *at ? *at : 1;

	for (; i + words <= stack->len / 8; i++) {
		uint64_t frame = stack->kvaddr + 8 * i;
		struct xfdt_regs regs;

		/* nearly all fail this, so it comes before the copy */
		if (stack->words[i + orig_ax] != NO_ERROR_CODE)
			continue;
		memcpy(&regs, &stack->words[i], sizeof(regs));
		if ((regs.cs & 0xffff) != KERNEL_CS ||
		    regs.sp - (frame + sizeof(regs)) > XFDT_FRAME_SLACK ||
		    !is_nm_frame(image, &regs, stack->words[i - 1]))
			continue;
		fault->source = XFDT_REGS_STACK;
		fault->regs = regs;
		fault->frame = frame;
		*at = i + 1;
		return true;
	}
	return false;
}

/* How many of CS, RSP and SS of @words, RIP to SS at @slot, are what the kernel's are: 3 of a frame, 2 of a damaged one. */
static int signs_of_frame(const uint64_t *words, uint64_t slot)
{
	return ((words[1] & 0xffff) == KERNEL_CS) +
	       (words[3] - (slot + XFDT_INTERRUPT_FRAME) <= XFDT_FRAME_SLACK) +
	       ((words[4] & 0xffff) == KERNEL_DS);
}

bool xfdt_stack_is_within_restore(const struct xfdt_image *image, const struct xfdt_stack *stack,
				  uint64_t kvaddr, size_t len)
{
	size_t i, first = (kvaddr - stack->kvaddr) / 8;

	for (i = first; i < stack->len / 8 && i - first < len / 8; i++)
		if (xfdt_in_restore(image, stack->words[i]))
			return true;
	return false;
}

uint64_t xfdt_stack_interrupted_restore(const struct xfdt_image *image,
					const struct xfdt_stack *stack, bool below)
{
	bool innermost = true;
	size_t i = below ? 0 : (stack->sp - stack->kvaddr) / 8;

	for (; i + XFDT_INTERRUPT_FRAME / 8 <= stack->len / 8; i++) {
		const uint64_t slot = stack->kvaddr + 8 * i;
		const bool is_below = slot < stack->sp;
		const int signs = signs_of_frame(&stack->words[i], slot);

		if (signs < (is_below ? 3 : 2))
			continue;
		/* the callers are behind the frame: RSP, which says so, may be damaged */
		if (xfdt_in_restore(image, stack->words[i]) ||
		    (innermost && !is_below &&
		     xfdt_stack_is_within_restore(image, stack, slot + XFDT_INTERRUPT_FRAME,
						  XFDT_INTERRUPTED_TOP)))
			return slot;
		innermost &= is_below || signs < 3;
	}
	return 0;
}

/* the caller */

static const enum xfdt_symbol_id callers[] = {
	XFDT_S_fpu_swap_kvm_fpstate,
	XFDT_S_switch_fpu_return,
	XFDT_S_fpregs_restore_userregs,
};
#define CALLERS (sizeof(callers) / sizeof(callers[0]))

static const char *caller_containing(const struct xfdt_image *image, uint64_t kvaddr)
{
	size_t i;

	for (i = 0; i < CALLERS; i++)
		if (xfdt_in_function(image, callers[i], kvaddr))
			return xfdt_symbol_needs[callers[i]].name;
	return NULL;
}

/* What the CALL in front of return address @address calls; false: there is none, or it cannot be read. */
static bool called_before(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
			  uint64_t address, uint64_t *ret_target)
{
	struct xfdt_error *err;
	uint8_t code[5];

	/* code of the kernel and of modules; words of a stack may be anything */
	if (address < XFDT_KERNEL_MAP)
		return false;
	err = xfdt_read_for(image, XFDT_FOR_CODE, address - sizeof(code), code, sizeof(code));
	if (err) {
		xfdt_error_free(err);
		return false;
	}
	return xfdt_insn_call_before(decoder, code, sizeof(code), address, ret_target);
}

/* Does the CALL in front of return address @address call restore_fpregs_from_fpstate()? */
static bool returns_from_restore(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
				 uint64_t address)
{
	const struct xfdt_symbol *restore = xfdt_symbol(image, XFDT_S_restore_fpregs);
	uint64_t target;

	return restore && called_before(image, decoder, address, &target) &&
	       xfdt_insn_calls(target, restore->kvaddr);
}

bool xfdt_stack_is_in_restore(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
			      const struct xfdt_stack *stack, uint64_t sp)
{
	size_t first = (sp - stack->kvaddr) / 8, i;
	uint64_t target;

	for (i = first; i < stack->len / 8 && i - first < XFDT_STACK_TOP / 8; i++)
		if (called_before(image, decoder, stack->words[i], &target) &&
		    xfdt_in_restore(image, target))
			return true;
	return false;
}

static bool find_caller_on_stack(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
				 const struct xfdt_stack *stack, struct xfdt_fault *fault)
{
	uint64_t first = (fault->regs.sp - stack->kvaddr) / 8, i;

	if (fault->regs.sp < stack->kvaddr)
		return false;
	for (i = first; i < stack->len / 8 && i - first < CALLER_WORDS; i++) {
		uint64_t address = stack->words[i];
		const char *name = caller_containing(image, address);

		if (!name || !returns_from_restore(image, decoder, address))
			continue;
		snprintf(fault->caller, sizeof(fault->caller), "%s", name);
		fault->caller_source = "the return address on the stack";
		fault->caller_return = address;
		fault->caller_slot = stack->kvaddr + 8 * i;
		return true;
	}
	return false;
}

void xfdt_fault_find_caller(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
			    const struct xfdt_stack *stack, const struct xfdt_log_regs *logged,
			    struct xfdt_fault *fault)
{
	const char *inlined = caller_containing(image, fault->regs.ip);

	if (inlined) {
		snprintf(fault->caller, sizeof(fault->caller), "%s", inlined);
		fault->caller_source = "RIP, since the XRSTOR is inlined";
		return;
	}
	if (stack && find_caller_on_stack(image, decoder, stack, fault))
		return;
	if (logged && *logged->caller) {
		memcpy(fault->caller, logged->caller, sizeof(fault->caller));
		fault->caller_source = "the call trace in the log";
	}
}
