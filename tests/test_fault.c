/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults: where their registers come from, what the instruction loads, and how sources of one are merged. */
#include "unit.h"
#include "run.h"
#include "resolve/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_PID 999

/* An image alone, with a decoder. */
struct decoding {
	struct xfdt_image image;
	struct xfdt_decoder *decoder;
};

static void decoding_init(struct decoding *decoding, struct kernel *kernel)
{
	xfdt_image_init(&decoding->image, &kernel->source, NULL);
	decoding->decoder = xfdt_decoder_new();
	assert_non_null(decoding->decoder);
}

static void decoding_deinit(struct decoding *decoding)
{
	xfdt_decoder_free(decoding->decoder);
	xfdt_image_deinit(&decoding->image);
}

/* What the instruction at the registers of vCPU 0's thread is, as changed by a test. */
static struct xfdt_fault decode(struct kernel *kernel, const struct xfdt_regs *regs,
				const struct task_struct *task, const struct xfdt_log_regs *logged)
{
	struct xfdt_fault fault = { .source = XFDT_REGS_PRSTATUS, .regs = *regs };
	struct decoding decoding;

	fault.task = task ? kernel_kvaddr(kernel, task) : 0;
	decoding_init(&decoding, kernel);
	xfdt_fault_decode(&decoding.image, decoding.decoder, logged, &fault);
	decoding_deinit(&decoding);
	return fault;
}

static struct xfdt_regs regs_of(struct kernel *kernel, unsigned int n)
{
	return kernel_nm_regs(kernel, kernel->vcpu[n].task, kernel->vcpu[n].fpstate);
}

/* the instruction */

static void test_fault__operand_of_a_guest(void **state)
{
	struct xfdt_fault fault;
	struct xfdt_regs regs;
	struct kernel kernel;

	kernel_init(&kernel);
	regs = regs_of(&kernel, 0);
	/* the mask is EDX:EAX */
	regs.ax |= 0xabcd000000000000;
	regs.dx = 0x1234000000005a;
	fault = decode(&kernel, &regs, NULL, NULL);
	assert_true(fault.decoded && fault.supervisor && !fault.bytes_from_log);
	assert_int_equal(fault.target, XFDT_TARGET_GUEST);
	assert_string_equal(fault.text, "xrstors64 [rbx+0x40]");
	assert_true(fault.operand == kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate) + 64);
	assert_true(fault.edx_eax == 0x5a000600ff);
	assert_true(fault.fpstate_kvaddr == kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate));
	assert_true(fault.fpstate.read && fault.fpstate.intact_guest && !fault.fpstate.absent);
	assert_true(fault.fpstate.xfd == KERNEL_XTILEDATA);
	assert_true(fault.fpstate.header.xstate_bv == KERNEL_XCR0);
	kernel_deinit(&kernel);
}

/* the state is around the operand: how far before it, types tell */
static void test_fault__fpstate_by_the_offset_of_regs(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct xfdt_fault fault;
	struct xfdt_regs regs;
	struct kernel kernel;

	layout.regs = 192;
	kernel_init_as(&kernel, &layout);
	regs = regs_of(&kernel, 0);
	fault = decode(&kernel, &regs, NULL, NULL);
	assert_int_equal(fault.target, XFDT_TARGET_GUEST);
	assert_true(fault.operand == kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate) + 192);
	assert_true(fault.fpstate_kvaddr == kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate));
	kernel_deinit(&kernel);
}

/* wherever the XRSTOR is */
static void test_fault__operand_decides_and_not_the_symbol(void **state)
{
	static const uint64_t places[] = { KERNEL_TEXT + 0x20, KERNEL_TEXT + 0x240,
					   KERNEL_TEXT + 0x340 };
	static const uint8_t xrstors[] = { 0x48, 0x0f, 0xc7, 0x5b, 0x40, 0xc3 };
	struct xfdt_fault fault;
	struct xfdt_regs regs;
	struct kernel kernel;
	size_t i;

	for (i = 0; i < COUNT(places); i++) {
		kernel_init(&kernel);
		memory_put(&kernel.memory, places[i], xrstors, sizeof(xrstors));
		regs = regs_of(&kernel, 0);
		regs.ip = places[i];
		fault = decode(&kernel, &regs, NULL, NULL);
		assert_int_equal(fault.target, XFDT_TARGET_GUEST);
		kernel_deinit(&kernel);
	}
}

/* #GP comes before #NM */
static void test_fault__unaligned_operand(void **state)
{
	struct xfdt_fault fault;
	struct xfdt_regs regs;
	struct kernel kernel;
	unsigned int bit;

	for (bit = 0; bit < 6; bit++) {
		kernel_init(&kernel);
		regs = regs_of(&kernel, 0);
		regs.bx += 1u << bit;
		fault = decode(&kernel, &regs, kernel.vcpu[0].task, NULL);
		assert_true(fault.decoded);
		assert_int_equal(fault.target, XFDT_TARGET_UNKNOWN);
		kernel_deinit(&kernel);
	}
}

/* memory that is no intact guest state is not a task's for that */
static void test_fault__operand_of_nobody(void **state)
{
	struct xfdt_fault fault;
	struct xfdt_regs regs;
	struct kernel kernel;
	unsigned int i;

	for (i = 0; i < 7; i++) {
		struct fpstate *fpstate;

		kernel_init(&kernel);
		regs = regs_of(&kernel, 0);
		fpstate = kernel.vcpu[0].fpstate;
		if (i == 0)
			memset(fpstate, 0, XFDT_PAGE_SIZE);
		else if (i == 1)
			fpstate->is_guest = 0;
		else if (i == 2)
			fpstate->is_valloc = 0;
		else if (i == 3)
			fpstate->xfeatures = 0x602e5;
		else if (i == 4)
			fpstate->xfeatures |= 1ull << 40;
		else if (i == 5)
			fpstate->size = 575;
		else
			regs.bx = KERNEL_HEAP;
		fault = decode(&kernel, &regs, kernel.vcpu[0].task, NULL);
		assert_false(fault.fpstate.intact_guest);
		if (fault.target != XFDT_TARGET_UNKNOWN)
			fail_msg("case %u: %d", i, fault.target);
		kernel_deinit(&kernel);
	}
}

/* a page that is absent: the place of the instruction says that it is a guest's or a task's, and not which */
static void test_fault__operand_that_is_absent(void **state)
{
	static const uint8_t xrstors[] = { 0x48, 0x0f, 0xc7, 0x5b, 0x40, 0xc3 };
	struct xfdt_fault fault;
	struct xfdt_regs regs;
	struct kernel kernel;

	kernel_init(&kernel);
	memory_put(&kernel.memory, KERNEL_TEXT + 0x20, xrstors, sizeof(xrstors));
	regs = regs_of(&kernel, 0);
	memory_fail(&kernel.memory, kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate), XFDT_EXCLUDED);
	fault = decode(&kernel, &regs, NULL, NULL);
	assert_true(fault.fpstate.absent && !fault.fpstate.read);
	assert_int_equal(fault.target, XFDT_TARGET_GUEST);
	regs.ip = KERNEL_TEXT + 0x20;
	fault = decode(&kernel, &regs, NULL, NULL);
	assert_int_equal(fault.target, XFDT_TARGET_UNKNOWN);
	/* that it is damaged is something else */
	memory_fail(&kernel.memory, kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate), XFDT_CORRUPT);
	regs.ip = KERNEL_XRSTOR;
	fault = decode(&kernel, &regs, NULL, NULL);
	assert_false(fault.fpstate.absent);
	assert_int_equal(fault.target, XFDT_TARGET_UNKNOWN);
	kernel_deinit(&kernel);
}

/* "a host task's state" is that of the thread that faulted */
static void test_fault__operand_of_a_task(void **state)
{
	struct task_struct *other;
	struct xfdt_fault fault;
	struct xfdt_regs regs;
	struct fpstate *own;
	struct kernel kernel;

	kernel_init(&kernel);
	other = kernel_add_thread(&kernel,
				  &(struct kernel_thread){ .comm = "sh", .pid = OTHER_PID });
	own = kernel_add_own_fpstate(&kernel, other);
	regs = kernel_nm_regs(&kernel, other, own);
	fault = decode(&kernel, &regs, other, NULL);
	assert_int_equal(fault.target, XFDT_TARGET_HOST);
	fault = decode(&kernel, &regs, kernel.vcpu[0].task, NULL);
	assert_int_equal(fault.target, XFDT_TARGET_UNKNOWN);
	fault = decode(&kernel, &regs, NULL, NULL);
	assert_int_equal(fault.target, XFDT_TARGET_UNKNOWN);
	/* it holds a guest's */
	kernel_fpu(&kernel, other)->task_fpstate = KERNEL_HEAP;
	fault = decode(&kernel, &regs, other, NULL);
	assert_int_equal(fault.target, XFDT_TARGET_UNKNOWN);
	kernel_deinit(&kernel);
}

static void test_fault__no_xrstor(void **state)
{
	static const uint8_t zeros[32];
	struct xfdt_fault fault;
	struct xfdt_regs regs;
	struct kernel kernel;

	kernel_init(&kernel);
	regs = regs_of(&kernel, 0);
	regs.ip = KERNEL_ELSEWHERE;
	fault = decode(&kernel, &regs, NULL, NULL);
	assert_false(fault.decoded);
	assert_int_equal(fault.target, XFDT_TARGET_ELSEWHERE);
	/* within a function that restores, its bytes are in doubt */
	regs.ip = KERNEL_RESTORE + 4;
	fault = decode(&kernel, &regs, NULL, NULL);
	assert_int_equal(fault.target, XFDT_TARGET_UNKNOWN);
	/* a page that reads as zeros is not what it was */
	regs.ip = KERNEL_TEXT + 0xc00;
	memory_put(&kernel.memory, regs.ip, zeros, sizeof(zeros));
	fault = decode(&kernel, &regs, NULL, NULL);
	assert_int_equal(fault.target, XFDT_TARGET_UNKNOWN);
	/* no code at all */
	regs.ip = 0xffffffffc0a00000ull;
	fault = decode(&kernel, &regs, NULL, NULL);
	assert_int_equal(fault.target, XFDT_TARGET_UNKNOWN);
	kernel_deinit(&kernel);
}

/* the page of the code is not in the dump: the log has its bytes, and its function */
static void test_fault__bytes_of_the_log(void **state)
{
	struct xfdt_log_regs logged = {
		.function = "restore_fpregs_from_fpstate",
		.code = { 0x48, 0x0f, 0xc7, 0x5b, 0x40, 0x5b, 0x5d },
		.code_len = 7,
	};
	struct xfdt_fault fault;
	struct xfdt_regs regs;
	struct kernel kernel;

	kernel_init(&kernel);
	regs = regs_of(&kernel, 0);
	memory_fail(&kernel.memory, KERNEL_TEXT, XFDT_EXCLUDED);
	fault = decode(&kernel, &regs, NULL, &logged);
	assert_true(fault.decoded && fault.bytes_from_log && fault.supervisor);
	assert_int_equal(fault.target, XFDT_TARGET_GUEST);
	assert_string_equal(fault.function, "restore_fpregs_from_fpstate");
	/* memory and log disagree: the one that names a guest's state counts */
	memory_fail(&kernel.memory, KERNEL_TEXT, 0);
	memory_put(&kernel.memory, KERNEL_XRSTOR, "\x90\x90\x90\x90\x90", 5);
	fault = decode(&kernel, &regs, NULL, &logged);
	assert_int_equal(fault.target, XFDT_TARGET_GUEST);
	memory_put(&kernel.memory, KERNEL_XRSTOR, "\x48\x0f\xc7\x5b\x40", 5);
	memset(logged.code, 0x90, sizeof(logged.code));
	fault = decode(&kernel, &regs, NULL, &logged);
	assert_int_equal(fault.target, XFDT_TARGET_GUEST);
	assert_false(fault.bytes_from_log);
	/* neither has it, and the function is one that restores */
	memory_put(&kernel.memory, KERNEL_XRSTOR, "\x90\x90\x90\x90\x90", 5);
	fault = decode(&kernel, &regs, NULL, &logged);
	assert_int_equal(fault.target, XFDT_TARGET_UNKNOWN);
	kernel_deinit(&kernel);
}

/* frames on a stack */

/* Another thread uses sysrq; vCPU 0's, on CPU 0, is further down its stack than its #NM. */
struct fixture {
	struct kernel_layout layout;
	struct kernel kernel;
	struct task_struct *task, *shell;
	struct xfdt_regs regs;	    /* of the #NM */
	struct xfdt_cpu_note *note; /* of vCPU 0's thread */
};

static void set_up_as(struct fixture *fixture, const struct kernel_layout *layout)
{
	struct kernel *kernel = &fixture->kernel;

	fixture->layout = *layout;
	fixture->layout.cpus = 2;
	kernel_boot(kernel, &fixture->layout);
	kernel_add_vm(kernel, &(struct kernel_vm){ .vcpus = 2, .armed = 1, .running = 1 });
	fixture->task = kernel->vcpu[0].task;
	fixture->shell = kernel_add_thread(kernel, &(struct kernel_thread){ .comm = "sh",
									    .pid = OTHER_PID });
	kernel_run(kernel, fixture->shell, 1);
	kernel_panic(kernel, fixture->shell, NULL);
	fixture->note = kernel_add_note(kernel, (int)fixture->task->pid);
	fixture->note->regs.sp = fixture->task->stack + 0x2000;
	fixture->regs = regs_of(kernel, 0);
}

static struct xfdt_regs *set_up(struct fixture *fixture)
{
	set_up_as(fixture, &kernel_6_18);
	return kernel_push_nm(&fixture->kernel, fixture->task, KERNEL_FRAME, &fixture->regs);
}

/* The word in front of the frame. */
static uint64_t *below(struct fixture *fixture)
{
	return kernel_stack(&fixture->kernel, fixture->task, KERNEL_FRAME - 8);
}

static uint64_t *behind(struct fixture *fixture)
{
	return kernel_stack(&fixture->kernel, fixture->task,
			    KERNEL_FRAME + sizeof(struct xfdt_regs));
}

static void check(struct fixture *fixture, const char *rule, const char *vcpu)
{
	struct run run;

	run_init(&run, &fixture->kernel);
	assert_int_equal(run.host.panic.pid, OTHER_PID);
	assert_vcpu(&run, 0, vcpu);
	assert_rule(&run, rule);
	run_deinit(&run);
	kernel_deinit(&fixture->kernel);
}

/* another CPU panics while a vCPU's thread is in the handler of the #NM: die() has not counted it yet */
static void test_fault__thread_in_the_handler(void **state)
{
	const struct xfdt_fault *fault;
	struct fixture fixture;
	struct xfdt_regs *frame;
	struct run run;

	frame = set_up(&fixture);
	run_init(&run, &fixture.kernel);
	fault = xfdt_panic_fault(&run.host.panic);
	assert_non_null(fault);
	assert_int_equal(fault->source, XFDT_REGS_STACK);
	assert_true(fault->frame == kernel_kvaddr(&fixture.kernel, frame));
	assert_true(fault->task == kernel_kvaddr(&fixture.kernel, fixture.task));
	assert_int_equal(fault->pid, 1404);
	assert_string_equal(fault->caller, "fpu_swap_kvm_fpstate");
	assert_true(fault->caller_return == KERNEL_SWAP_RETURN);
	assert_int_equal(run.verdict.route, XFDT_ROUTE_SWAP);
	run_deinit(&run);
	check(&fixture, "hit-earlier", "at-restore");
}

static void test_fault__thread_not_in_the_handler(void **state)
{
	struct fixture fixture;

	set_up_as(&fixture, &kernel_6_18);
	check(&fixture, "clear", "registers-live");
}

/* a stack pointer with no return address behind it: the page was damaged, and with it a frame may be lost */
static void test_fault__damaged_stack(void **state)
{
	static const int bytes[] = { 0, 0xff, 0x5a };
	struct fixture fixture;
	size_t i;

	for (i = 0; i < COUNT(bytes); i++) {
		set_up_as(&fixture, &kernel_6_18);
		memset(kernel_stack(&fixture.kernel, fixture.task, 0x2000), bytes[i],
		       XFDT_STACK_TOP);
		check(&fixture, "open", "within-restore");
		/* the page above, with the frame */
		set_up(&fixture);
		fixture.note->regs.sp = fixture.task->stack + 0x1f00;
		memset(kernel_stack(&fixture.kernel, fixture.task, 0x2000), bytes[i],
		       XFDT_PAGE_SIZE);
		check(&fixture, "open", "within-restore");
	}
}

static void assert_no_bit_acquits(struct fixture *fixture, void *bytes, size_t len)
{
	uint8_t *byte = bytes;
	struct run run;
	size_t i;

	for (i = 0; i < 8 * len; i++) {
		byte[i / 8] ^= (uint8_t)(1u << i % 8);
		run_init(&run, &fixture->kernel);
		if (run.verdict.kind == XFDT_NOT_THIS_BUG ||
		    run.verdict.kind == XFDT_NOT_APPLICABLE)
			fail_msg("bit %zu: %s", i, run.verdict.rule->id);
		run_deinit(&run);
		byte[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

/* the frame is the only trace of the #NM: no bit of it, nor of the return address below, hides it */
static void test_fault__no_bit_of_the_frame_acquits(void **state)
{
	struct fixture fixture;
	struct xfdt_regs *frame = set_up(&fixture);

	assert_no_bit_acquits(&fixture, below(&fixture), 8);
	assert_no_bit_acquits(&fixture, frame, sizeof(*frame));
	kernel_deinit(&fixture.kernel);
}

/* Below the stack pointer, as of a call that returned: the handler of an XFD #NM does not, so either is damaged. */
static void test_fault__frame_left_over(void **state)
{
	struct fixture fixture;
	struct xfdt_regs *frame;
	int other;

	for (other = 0; other < 2; other++) {
		frame = set_up(&fixture);
		fixture.note->regs.sp = fixture.task->stack + KERNEL_FRAME + sizeof(fixture.regs) +
					64;
		if (other)
			frame->bx = kernel_kvaddr(&fixture.kernel, fixture.kernel.vcpu[1].fpstate);
		check(&fixture, other ? "clear" : "open",
		      other ? "registers-live" : "within-restore");
	}
}

/* the frame of the #NM is the hit, of whichever state */
static void test_fault__frame_of_another_state(void **state)
{
	struct fixture fixture;
	struct xfdt_regs *frame;
	struct run run;

	frame = set_up(&fixture);
	frame->bx = kernel_kvaddr(&fixture.kernel, fixture.kernel.vcpu[1].fpstate);
	run_init(&run, &fixture.kernel);
	assert_int_equal(run_fact(&run, XFDT_FACT_HIT), XFDT_YES);
	assert_int_equal(run.facts.hit_state, XFDT_HIT_NONE);
	assert_kind(&run, XFDT_INCONCLUSIVE);
	assert_true(run.verdict.vcpus[1].faulting);
	run_deinit(&run);
	kernel_deinit(&fixture.kernel);
}

/* no note of that thread, or one of an interrupt's stack: a frame may be left over, or not */
static void test_fault__stack_pointer_unknown(void **state)
{
	struct fixture fixture;

	set_up(&fixture);
	fixture.kernel.source.note_count = 1;
	check(&fixture, "open", "within-restore");
	set_up(&fixture);
	fixture.note->regs.sp = KERNEL_HEAP;
	check(&fixture, "open", "within-restore");
}

static void test_fault__stack_not_in_the_dump(void **state)
{
	struct fixture fixture;

	set_up(&fixture);
	memory_fail(&fixture.kernel.memory, fixture.task->stack, XFDT_EXCLUDED);
	check(&fixture, "open", "within-restore");
}

/* an NMI or the stop of the other CPU has found it at the XRSTOR, before the fault */
static void test_fault__note_at_the_restore(void **state)
{
	struct fixture fixture;

	set_up_as(&fixture, &kernel_6_18);
	fixture.note->regs = fixture.regs;
	check(&fixture, "armed", "at-restore");
	/* of another state */
	set_up_as(&fixture, &kernel_6_18);
	fixture.note->regs = fixture.regs;
	fixture.note->regs.bx = kernel_kvaddr(&fixture.kernel, fixture.kernel.vcpu[1].fpstate);
	check(&fixture, "open", "within-restore");
	/* within the functions around it */
	set_up_as(&fixture, &kernel_6_18);
	fixture.note->regs.ip = KERNEL_TEXT + 0x230;
	check(&fixture, "open", "within-restore");
	/* or with one of them as a caller */
	set_up_as(&fixture, &kernel_6_18);
	*kernel_stack(&fixture.kernel, fixture.task, 0x2010) = KERNEL_SWAP_RETURN;
	check(&fixture, "open", "within-restore");
}

/* an interrupt hit one of these functions, and the thread is deep in its handler: RIP to SS are on the stack */
static void test_fault__interrupted_around_the_restore(void **state)
{
	struct fixture fixture;
	uint64_t *frame;
	int valid;

	for (valid = 0; valid < 2; valid++) {
		set_up_as(&fixture, &kernel_6_18);
		frame = kernel_stack(&fixture.kernel, fixture.task, 0x2400);
		frame[0] = KERNEL_SWAP_RETURN;
		frame[1] = 0x10;
		/* what is left over of an older frame has another RSP */
		frame[3] = fixture.task->stack + (valid ? 0x2428 : 0x3000);
		check(&fixture, valid ? "open" : "clear",
		      valid ? "within-restore" : "registers-live");
	}
}

/* An interrupt or softirq moved the CPU to its IRQ stack; the word at its top leads back to the thread's. */
static void test_fault__note_on_the_irq_stack(void **state)
{
	static const struct kernel_layout *const layouts[] = { &kernel_6_18, &kernel_6_12 };
	struct fixture fixture;
	uint64_t *frame, before;
	unsigned int cpu;
	size_t i;
	int which;

	for (i = 0; i < COUNT(layouts); i++) {
		for (which = 0; which < 10; which++) {
			set_up_as(&fixture, layouts[i]);
			cpu = fixture.task->thread_info.cpu;
			before = fixture.task->stack + 0x2000;
			if (which == 1)
				before = KERNEL_HEAP;
			/* a damaged word: it leads past the frame */
			if (which == 9)
				before += 0x200;
			fixture.note->regs.sp = kernel_take_interrupt(&fixture.kernel, cpu, before);
			frame = kernel_stack(&fixture.kernel, fixture.task, 0x2100);
			frame[0] = which == 2 || which == 9 ? KERNEL_SWAP_RETURN : KERNEL_ELSEWHERE;
			frame[1] = 0x10;
			frame[3] = fixture.task->stack + 0x2128;
			frame[4] = 0x18;
			/* a softirq behind the restore; a function that was called around it */
			if (which == 3)
				*kernel_stack(&fixture.kernel, fixture.task,
					      0x2010) = KERNEL_SWAP_RETURN;
			if (which == 4 || which == 7 || which == 8)
				frame[10] = KERNEL_SWAP_RETURN;
			if (which == 5)
				fixture.note->regs.sp += 0x400 + 8;
			if (which == 6)
				fixture.kernel.percpu[cpu]->hardirq_stack_ptr =
					fixture.kernel.percpu[cpu]->pcpu_hot.hardirq_stack_ptr = 0;
			/* a damaged RSP; saved registers that look like CS and SS */
			if (which == 7)
				frame[3] ^= 1ull << 20;
			if (which == 8) {
				frame[-7] = 0x10;
				frame[-4] = 0x18;
			}
			check(&fixture, which ? "open" : "clear",
			      which ? "within-restore" : "registers-live");
		}
	}
}

static void test_fault__nm_below_the_irq_stack(void **state)
{
	struct fixture fixture;

	/* the interrupt came while the handler ran */
	set_up(&fixture);
	fixture.note->regs.sp = kernel_take_interrupt(&fixture.kernel,
						      fixture.task->thread_info.cpu,
						      fixture.note->regs.sp);
	check(&fixture, "hit-earlier", "at-restore");
}

/* QEMU numbers its notes by CPU + 1: they are of CPUs, not of the threads with those ids */
static void test_fault__notes_by_cpu(void **state)
{
	struct fixture fixture;
	struct run run;

	set_up(&fixture);
	fixture.kernel.notes[0] = *fixture.note;
	fixture.kernel.notes[0].pid = 1;
	fixture.kernel.notes[1] = (struct xfdt_cpu_note){ .pid = 2,
							  .regs = { .ip = KERNEL_ELSEWHERE } };
	run_init(&run, &fixture.kernel);
	assert_vcpu(&run, 0, "at-restore");
	assert_rule(&run, "hit-earlier");
	assert_true(run.host.panic.note_known);
	assert_true(run.host.panic.note.ip == KERNEL_ELSEWHERE);
	run_deinit(&run);
	kernel_deinit(&fixture.kernel);
}

/* the CPU aligns the stack to 16 bytes before it pushes a frame */
static void test_fault__frame_of_an_unaligned_stack(void **state)
{
	struct fixture fixture;

	set_up(&fixture)->sp += 8;
	check(&fixture, "hit-earlier", "at-restore");
}

/* each makes it something else than that frame; one of another exception still hit the restore */
static void test_fault__words_that_are_no_frame(void **state)
{
	unsigned int i;

	for (i = 0; i < 6; i++) {
		struct fixture fixture;
		struct xfdt_regs *regs;
		struct run run;
		uint64_t frame;

		regs = set_up(&fixture);
		frame = kernel_kvaddr(&fixture.kernel, regs);
		switch (i) {
		case 0:
			regs->cs = 0x33; /* of user space */
			break;
		case 1:
			regs->orig_ax = 14; /* of another exception, or a system call */
			break;
		case 2:
			regs->sp = frame + 0x800; /* pushed elsewhere */
			break;
		case 3:
			regs->sp = frame - 8;
			break;
		case 4:
			*below(&fixture) = KERNEL_TEXT + 0x510; /* entered by another way */
			break;
		case 5:
			*below(&fixture) = 0;
			break;
		}
		run_init(&run, &fixture.kernel);
		if (run.host.panic.fault_count)
			fail_msg("case %u was taken for the frame", i);
		/* that the thread was interrupted around the restore is seen all the same */
		assert_rule(&run, "open");
		run_deinit(&run);
		kernel_deinit(&fixture.kernel);
	}
}

/* an #NM elsewhere in the kernel has such a frame, too */
static void test_fault__frame_of_an_nm_elsewhere(void **state)
{
	struct fixture fixture;

	set_up(&fixture)->ip = KERNEL_ELSEWHERE;
	/* the stack says that the function that restores was called: one of the two is damage */
	check(&fixture, "unknown", "within-restore");
	set_up(&fixture)->ip = KERNEL_ELSEWHERE;
	*behind(&fixture) = KERNEL_ELSEWHERE;
	check(&fixture, "clear", "registers-live");
}

/* the last words of the stack hold a part of one only */
static void test_fault__frame_that_the_stack_cuts(void **state)
{
	const uint32_t offset = KERNEL_STACK_SIZE - 160;
	struct xfdt_regs *frame, regs;
	struct fixture fixture;

	frame = set_up(&fixture);
	regs = *frame;
	memset(frame, 0, sizeof(*frame));
	*behind(&fixture) = 0;
	regs.sp = fixture.task->stack + offset + sizeof(regs);
	memcpy(kernel_stack(&fixture.kernel, fixture.task, offset), &regs, 160);
	*kernel_stack(&fixture.kernel, fixture.task, offset - 8) = KERNEL_NM_RETURN;
	check(&fixture, "clear", "registers-live");
}

/* CONFIG_KASAN: 32 KiB, where the thread's stack pointer says that there are so many */
static void test_fault__frame_on_a_stack_of_kasan(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct fixture fixture;
	struct run run;

	layout.kasan = true;
	set_up_as(&fixture, &layout);
	fixture.note->regs.sp = fixture.task->stack + 0x5000;
	kernel_push_nm(&fixture.kernel, fixture.task, 0x5f00, &fixture.regs);
	run_init(&run, &fixture.kernel);
	assert_rule(&run, "hit-earlier");
	assert_true(xfdt_panic_fault(&run.host.panic)->frame == fixture.task->stack + 0x5f00);
	assert_int_equal(run.verdict.route, XFDT_ROUTE_SWAP);
	run_deinit(&run);
	kernel_deinit(&fixture.kernel);
}

/* What FRED has above SS: the type of the event, and its vector (Linux: struct fred_ss). */
#define FRED_SS(type, vector) (0x18 | (uint64_t)(vector) << 32 | (uint64_t)(type) << 48)
#define FRED_NM FRED_SS(3, 7)

/*
 * FRED: CS has more than the selector above its 16 bits, a dispatcher called the
 * handler, and there is more between the frame and where RSP was.
 */
static void test_fault__frame_of_fred(void **state)
{
	static const struct {
		uint64_t cs, ss, below, gap;
		const char *rule, *state;
	} frames[] = {
		{ 0x10, 0x18, KERNEL_NM_RETURN, 0, "hit-earlier", "at-restore" },
		{ 0x10 | 0x103ull << 16, 0x18, KERNEL_NM_RETURN, 0, "hit-earlier", "at-restore" },
		{ 0x10, FRED_NM, KERNEL_ASM_FRED + 0x20, 0, "hit-earlier", "at-restore" },
		{ 0x10, 0x18, KERNEL_NM_RETURN, 16 + 64 + 56, "hit-earlier", "at-restore" },
		{ 0x10 | 0x103ull << 16, FRED_NM, KERNEL_ASM_FRED + 0x20, 16 + 64 + 56,
		  "hit-earlier", "at-restore" },
		{ 0x33 | 0x103ull << 16, FRED_NM, KERNEL_ASM_FRED + 0x20, 16 + 64 + 56, "open",
		  "within-restore" },
		/* of another entry: which exception hit the restore is not known */
		{ 0x10, FRED_NM, KERNEL_ASM_FRED + 0x100, 16 + 64 + 56, "open", "within-restore" },
		{ 0x10, FRED_NM, KERNEL_ASM_FRED + 0x20, 16 + 64 + 64, "open", "within-restore" },
		/* of FRED's entry, and no #NM: the timer's interrupt, #GP, INT 7 */
		{ 0x10, FRED_SS(0, 0xec), KERNEL_ASM_FRED + 0x20, 16 + 64 + 56, "open",
		  "within-restore" },
		{ 0x10, FRED_SS(3, 13), KERNEL_ASM_FRED + 0x20, 16 + 64 + 56, "open",
		  "within-restore" },
		{ 0x10, FRED_SS(4, 7), KERNEL_ASM_FRED + 0x20, 16 + 64 + 56, "open",
		  "within-restore" },
	};
	size_t i;

	for (i = 0; i < COUNT(frames); i++) {
		struct fixture fixture;
		struct xfdt_regs *regs;

		regs = set_up(&fixture);
		regs->cs = frames[i].cs;
		regs->ss = frames[i].ss;
		regs->sp += frames[i].gap;
		*below(&fixture) = frames[i].below;
		check(&fixture, frames[i].rule, frames[i].state);
	}
}

/* panic_on_warn: the thread itself panics within the handler */
static void test_fault__panic_within_the_handler(void **state)
{
	static const char *const panic_on_warn[] = {
		"WARNING: CPU: 0 PID: 1404 at arch/x86/kernel/traps.c:1405 exc_device_not_available+0xde/0xf0",
		"Kernel panic - not syncing: kernel: panic_on_warn set ...", NULL
	};
	struct fixture fixture;
	struct run run;

	set_up(&fixture);
	kernel_panic(&fixture.kernel, fixture.task, panic_on_warn);
	fixture.kernel.notes[0].regs.sp = fixture.task->stack + 0x2000;
	run_init(&run, &fixture.kernel);
	assert_rule(&run, "hit-end");
	assert_int_equal(xfdt_panic_fault(&run.host.panic)->source, XFDT_REGS_STACK);
	run_deinit(&run);
	/* without the stack nothing shows what the warning was about: no acquittal */
	memory_fail(&fixture.kernel.memory, fixture.task->stack, XFDT_EXCLUDED);
	run_init(&run, &fixture.kernel);
	assert_int_not_equal(run.verdict.kind, XFDT_NOT_THIS_BUG);
	run_deinit(&run);
	kernel_deinit(&fixture.kernel);
}

/* callers */

/* a return address counts only behind a CALL of restore_fpregs_from_fpstate() */
static void test_fault__caller_needs_its_call(void **state)
{
	struct fixture fixture;
	struct run run;

	set_up(&fixture);
	/* in switch_fpu_return(), which has no such CALL, in front of the real one */
	behind(&fixture)[0] = KERNEL_TEXT + 0x320;
	behind(&fixture)[1] = KERNEL_SWAP_RETURN;
	run_init(&run, &fixture.kernel);
	assert_int_equal(run.verdict.route, XFDT_ROUTE_SWAP);
	assert_true(xfdt_panic_fault(&run.host.panic)->caller_return == KERNEL_SWAP_RETURN);
	run_deinit(&run);
	behind(&fixture)[1] = 0;
	run_init(&run, &fixture.kernel);
	assert_rule(&run, "hit-earlier");
	assert_int_equal(run.verdict.route, XFDT_ROUTE_UNKNOWN);
	run_deinit(&run);
	kernel_deinit(&fixture.kernel);
}

/* the XRSTOR is inlined: RIP tells */
static void test_fault__caller_that_inlines(void **state)
{
	static const uint8_t xrstors[] = { 0x48, 0x0f, 0xc7, 0x5b, 0x40, 0xc3 };
	static const struct {
		uint64_t place;
		enum xfdt_route route;
	} cases[] = {
		{ KERNEL_TEXT + 0x240, XFDT_ROUTE_SWAP },
		{ KERNEL_TEXT + 0x340, XFDT_ROUTE_RETURN },
		{ KERNEL_TEXT + 0x20, XFDT_ROUTE_UNKNOWN },
	};
	struct fixture fixture;
	struct run run;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct xfdt_regs *frame = set_up(&fixture);

		*behind(&fixture) = 0;
		memory_put(&fixture.kernel.memory, cases[i].place, xrstors, sizeof(xrstors));
		frame->ip = cases[i].place;
		run_init(&run, &fixture.kernel);
		assert_rule(&run, "hit-earlier");
		assert_int_equal(run.verdict.route, cases[i].route);
		run_deinit(&run);
		kernel_deinit(&fixture.kernel);
	}
}

/* the call trace in the log, where the stack has none */
static void test_fault__caller_of_the_log(void **state)
{
	static const struct {
		const char *entry;
		enum xfdt_route route;
	} cases[] = {
		{ " fpu_swap_kvm_fpstate+0x15/0x100", XFDT_ROUTE_SWAP },
		{ " switch_fpu_return+0x15/0x100", XFDT_ROUTE_RETURN },
		{ " fpregs_restore_userregs.llvm.12+0x15/0x100", XFDT_ROUTE_RETURN },
		{ " ? fpu_swap_kvm_fpstate+0x15/0x100", XFDT_ROUTE_UNKNOWN },
		{ " foo+0x15/0x100", XFDT_ROUTE_UNKNOWN },
	};
	struct kernel kernel;
	struct run run;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		kernel_init(&kernel);
		*kernel_stack(&kernel, kernel.vcpu[0].task, KERNEL_STACK_POINTER) = 0;
		kernel_log_add(&kernel, &(struct kernel_record){ .text = cases[i].entry,
								 .caller = kernel.caller });
		run_init(&run, &kernel);
		assert_rule(&run, "hit-end");
		assert_int_equal(run.verdict.route, cases[i].route);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* sources */

/* each alone confirms it; one exception is one fault, whatever has it */
static void test_fault__each_source_alone(void **state)
{
	unsigned int sources;

	for (sources = 1; sources < 8; sources++) {
		const struct xfdt_fault *fault;
		struct kernel kernel;
		struct run run;

		kernel_init(&kernel);
		if (!(sources & 1))
			kernel.source.note_count = 0;
		if (!(sources & 2))
			kernel_forget_symbol(&kernel, "exec_summary_regs");
		if (!(sources & 4))
			kernel_forget_symbol(&kernel, "prb");
		run_init(&run, &kernel);
		assert_int_equal(run.host.panic.fault_count, 1);
		fault = xfdt_panic_fault(&run.host.panic);
		assert_non_null(fault);
		assert_int_equal(fault->target, XFDT_TARGET_GUEST);
		if (sources & 6)
			assert_int_equal(fault->oops, 1);
		assert_int_equal(fault->warned, !!(sources & 4));
		assert_kind(&run, XFDT_CONFIRMED);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* one register of the note is flipped: the other sources tell */
static void test_fault__note_with_a_flipped_register(void **state)
{
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		struct kernel kernel;
		struct run run;

		kernel_init(&kernel);
		kernel.notes[0].regs.bx ^= 1ull << bit;
		run_init(&run, &kernel);
		assert_kind(&run, XFDT_CONFIRMED);
		run_deinit(&run);
		/* it is the only source: that state is nobody's, or absent */
		kernel_forget_symbol(&kernel, "exec_summary_regs");
		kernel_forget_symbol(&kernel, "prb");
		run_init(&run, &kernel);
		assert_int_not_equal(run.verdict.kind, XFDT_CONFIRMED);
		assert_int_not_equal(run.verdict.kind, XFDT_NOT_THIS_BUG);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* an #NM, and registers in the log of something else; exec_summary_regs is of the first only */
static void test_fault__exec_summary_of_the_first_oops(void **state)
{
	static const char *const other[] = {
		"Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP NOPTI",
		"RIP: 0010:foo+0x1/0x2", NULL
	};
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	kernel.source.note_count = 0;
	kernel_log(&kernel, other);
	/* the log calls the first oops something else */
	run_init(&run, &kernel);
	assert_int_equal(run_fact(&run, XFDT_FACT_HIT), XFDT_UNSURE);
	run_deinit(&run);
	/* the log has the second one */
	kernel_log_nm(&kernel, 2, NULL);
	kernel.data->die_counter = 2;
	run_init(&run, &kernel);
	assert_int_equal(run_fact(&run, XFDT_FACT_HIT), XFDT_YES);
	assert_int_equal(xfdt_panic_fault(&run.host.panic)->source, XFDT_REGS_EXEC_SUMMARY);
	assert_int_equal(xfdt_panic_fault(&run.host.panic)->oops, 1);
	run_deinit(&run);
	/* no oops happened: then they are of nothing */
	run_die_otherwise(&kernel);
	kernel.data->exec_summary_regs = regs_of(&kernel, 0);
	run_init(&run, &kernel);
	assert_int_equal(run.host.panic.fault_count, 0);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* an #NM within an #NM: two faults */
static void test_fault__several_frames(void **state)
{
	struct fixture fixture;
	struct run run;

	set_up(&fixture);
	kernel_push_nm(&fixture.kernel, fixture.task, KERNEL_FRAME + 0x400, &fixture.regs);
	run_init(&run, &fixture.kernel);
	assert_int_equal(run.host.panic.fault_count, 2);
	assert_rule(&run, "hit-earlier");
	run_deinit(&run);
	kernel_deinit(&fixture.kernel);
}

/* more faults than there is room for: no acquittal */
static void test_fault__more_faults_than_are_kept(void **state)
{
	struct kernel kernel;
	struct run run;
	char text[64];
	unsigned int i;

	kernel_init(&kernel);
	kernel_panic(&kernel, kernel.vcpu[1].task, (const char *const[]){ NULL });
	kernel.vcpu[0].fpstate->xfd = 0;
	for (i = 1; i <= 60; i++) {
		snprintf(text, sizeof(text), "Oops: Oops: 0000 [#%u] SMP NOPTI", i);
		kernel_log_add(&kernel, &(struct kernel_record){ .text = text, .caller = 77 });
	}
	kernel.data->die_counter = 200;
	kernel.data->tainted_mask = KERNEL_TAINT_DIE;
	run_init(&run, &kernel);
	assert_within(run.host.panic.fault_count, 1, XFDT_FAULTS_MAX);
	assert_int_not_equal(run.verdict.kind, XFDT_NOT_THIS_BUG);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* words on the stack of a thread that holds no mismatch are not searched in vain: no hit, no crash */
static void test_fault__stack_of_hostile_words(void **state)
{
	struct fixture fixture;
	struct run run;
	uint64_t i;

	set_up_as(&fixture, &kernel_6_18);
	fixture.note->regs.sp = fixture.task->stack;
	for (i = 0; i < KERNEL_STACK_SIZE; i += 8)
		*kernel_stack(&fixture.kernel, fixture.task,
			      (uint32_t)i) = i / 8 % 2 ? KERNEL_NM_RETURN : ~0ull;
	run_init(&run, &fixture.kernel);
	assert_int_equal(run.host.panic.fault_count, 0);
	run_deinit(&run);
	kernel_deinit(&fixture.kernel);
}

#include "test_fault.tests.h"
