/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place at which an exception hit the kernel: registers, instruction, operand. */
#ifndef XFDT_KERNEL_FAULT_H
#define XFDT_KERNEL_FAULT_H

#include "image/image.h"
#include "insn/insn.h"
#include "kernel/oops_log.h"
#include "xstate/xstate.h"

/* Where the registers come from. */
enum xfdt_regs_source {
	XFDT_REGS_NONE,
	XFDT_REGS_PRSTATUS,	/* the dump's note of the CPU that panicked */
	XFDT_REGS_STACK,	/* struct pt_regs on a thread's stack, pushed by the entry of #NM */
	XFDT_REGS_EXEC_SUMMARY, /* exec_summary_regs, of the first oops */
	XFDT_REGS_LOG,		/* printed in the kernel log */
};

/* What the instruction at RIP does. */
enum xfdt_target {
	XFDT_TARGET_UNKNOWN,   /* not readable, or contradictory */
	XFDT_TARGET_ELSEWHERE, /* no XRSTOR */
	XFDT_TARGET_HOST,      /* an XRSTOR of what is known not to be a guest's FPU state */
	XFDT_TARGET_GUEST,     /* an XRSTOR of a guest's FPU state */
};

/* What lies at an address that may be a struct fpstate. */
struct xfdt_fpstate {
	bool read;
	bool absent;	   /* its page is not in the dump, */
	bool freed;	   /* or no longer mapped; then it is absent, too */
	bool intact_guest; /* flags, features and sizes are those of a guest's state */
	uint64_t xfeatures, xfd;
	struct xfdt_xsave_header header;
};

struct xfdt_fault {
	enum xfdt_regs_source source;
	enum xfdt_target target;
	struct xfdt_regs regs;
	uint64_t task;	     /* kvaddr of the thread; 0: unknown */
	int pid;	     /* its id; 0: unknown */
	uint64_t frame;	     /* kvaddr of struct pt_regs, for STACK; else 0 */
	bool warned;	     /* the log has the WARN of the #NM handler for it */
	unsigned long oops;  /* number of the oops; 0: unknown, or none yet */
	bool decoded;	     /* the instruction is an XRSTOR or XRSTORS: all that follows is set */
	bool supervisor;     /* XRSTORS */
	bool bytes_from_log; /* the bytes are those of the log's Code: line */
	char text[48];	     /* disassembly */
	uint64_t operand;    /* kvaddr of the XSAVE area */
	uint64_t edx_eax;
	uint64_t fpstate_kvaddr; /* operand less offsetof(struct fpstate, regs) */
	struct xfdt_fpstate fpstate;
	char function[64];	   /* that contains RIP; empty: unknown */
	char caller[64];	   /* who called the function that restores; empty: unknown */
	const char *caller_source; /* static words */
	const char *
		doubt; /* of a log alone: why it does not show a restore of a guest's state; static, or NULL */
	uint64_t caller_slot; /* kvaddr of the return address; 0: not from the stack */
	uint64_t caller_return;
};

struct xfdt_gpr xfdt_gpr_of(const struct xfdt_regs *regs);

/*
 * Does the struct fpstate at @kvaddr, with these @xfeatures, look like a guest's?
 * fpu_alloc_guest_fpstate() and fpstate_realloc() set flags and sizes; a page of
 * zeros has none of them.
 */
bool xfdt_is_intact_guest(const struct xfdt_image *image, uint64_t kvaddr, uint64_t xfeatures);

/* Read what lies at @kvaddr as a struct fpstate. */
void xfdt_fpstate_read(const struct xfdt_image *image, uint64_t kvaddr,
		       struct xfdt_fpstate *ret_fpstate);

/*
 * Fill @fault by its @regs, @source and @task: decode the instruction at RIP, in
 * memory or, failing that, in @logged (NULL: none), and look at its operand.
 * Where memory and log disagree, the one that names a guest's state counts.
 */
void xfdt_fault_decode(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
		       const struct xfdt_log_regs *logged, struct xfdt_fault *fault);

/* A thread's kernel stack.  Large: allocate it. */
#define XFDT_STACK_MAX 32768u /* THREAD_SIZE with CONFIG_KASAN; 16 KiB without */
#define XFDT_STACK_TOP 128u   /* bytes at the stack pointer that are asked for callers */
/* from a frame to where RSP was: alignment to 16; FRED: 16 bytes more, a red zone of 64, alignment to 64 */
#define XFDT_FRAME_SLACK (16u + 64 + 63)
struct xfdt_stack {
	uint64_t kvaddr, sp; /* sp 0: unknown */
	size_t len;	     /* bytes that were read; 0: none */
	uint64_t words[XFDT_STACK_MAX / 8];
};

/*
 * The stack pointer that @task, which is on @cpu, had on its own stack, where @sp is the one of that CPU: the same, or
 * that from before an interrupt or softirq moved the CPU to its IRQ stack.  @sp if neither is so.
 */
uint64_t xfdt_stack_before_irq(const struct xfdt_image *image, unsigned int cpu, uint64_t task,
			       uint64_t sp);

/* Read the stack of @task, which last had its stack pointer at @sp (0: unknown). */
struct xfdt_error *xfdt_stack_read(const struct xfdt_image *image, uint64_t task, uint64_t sp,
				   struct xfdt_stack *stack);
/*
 * The stack that @sp points to, of a thread that is not known: stacks are aligned to their size (Linux:
 * THREAD_ALIGN). len 0: @sp is not a kernel address.
 */
struct xfdt_piece xfdt_stack_around(const struct xfdt_image *image, uint64_t sp);
/* Read that stack; pages that cannot be read are zero. */
void xfdt_stack_read_around(const struct xfdt_image *image, uint64_t sp, struct xfdt_stack *stack);
/* May stack pointer @sp be one of the stack of @task? */
bool xfdt_is_on_stack(const struct xfdt_image *image, uint64_t task, uint64_t sp);

/*
 * The next frame at or above word *@at (start with 0) that the entry of #NM has
 * pushed on @stack: its return address lies in asm_exc_device_not_available() and
 * its saved RSP points behind it.
 * Sets source, regs and frame of @fault; false: it was the last one.
 */
bool xfdt_stack_next_frame(const struct xfdt_image *image, const struct xfdt_stack *stack,
			   size_t *at, struct xfdt_fault *fault);

/*
 * Where an interrupt or exception above the stack pointer saved RIP to SS, of a
 * function that restores, or the innermost of them of one that was called there:
 * the kvaddr of RIP.  0: nowhere.  @below: a frame that has all signs of one counts below
 * the stack pointer, too.
 */
uint64_t xfdt_stack_interrupted_restore(const struct xfdt_image *image,
					const struct xfdt_stack *stack, bool below);
#define XFDT_INTERRUPT_FRAME 40 /* bytes, RIP to SS */
/* bytes behind them that are asked for callers: what the CPU may leave out, and the innermost callers */
#define XFDT_INTERRUPTED_TOP (XFDT_FRAME_SLACK + XFDT_STACK_TOP)

/* Is a function that restores among the callers in the @len bytes at @kvaddr on @stack? */
bool xfdt_stack_is_within_restore(const struct xfdt_image *image, const struct xfdt_stack *stack,
				  uint64_t kvaddr, size_t len);

/*
 * Does one of the return addresses at @sp on @stack follow a CALL of a function that
 * restores?  Then RIP is in one: this is RIP's second witness.
 */
bool xfdt_stack_is_in_restore(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
			      const struct xfdt_stack *stack, uint64_t sp);

/* Find who called the function that restores, on @stack or in @logged (NULL: not there). */
void xfdt_fault_find_caller(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
			    const struct xfdt_stack *stack, const struct xfdt_log_regs *logged,
			    struct xfdt_fault *fault);

/* Is @kvaddr in a function that restores guest state, as far as symbols tell? */
bool xfdt_in_restore(const struct xfdt_image *image, uint64_t kvaddr);

#endif
