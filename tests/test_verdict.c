/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole way from memory to a rule of the table: hosts that died of the bug, that
 * the bug struck earlier, that ended otherwise; and what must not acquit.
 */
#include "unit.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

#define OTHER_PID 999

#define WARN \
	"WARNING: CPU: 0 PID: 1404 at arch/x86/kernel/traps.c:1405 exc_device_not_available+0xde/0xf0"
#define DIE "Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI"
#define GPF \
	"Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP NOPTI"

static const char *const sysrq[] = { "sysrq: Trigger a crash",
				     "Kernel panic - not syncing: sysrq triggered crash", NULL };

/* A VM of two vCPUs, of which the first may have a mismatch; a shell on another CPU. */
struct scene {
	struct kernel_layout layout;
	struct kernel kernel;
	struct task_struct *shell;
};

static struct kernel_vcpu *vcpu_of(struct scene *scene, unsigned int n)
{
	return &scene->kernel.vcpu[n];
}

static void set_up_as(struct scene *scene, const struct kernel_layout *layout, unsigned int armed,
		      unsigned int running)
{
	struct kernel *kernel = &scene->kernel;

	scene->layout = *layout;
	scene->layout.cpus = 3;
	kernel_boot(kernel, &scene->layout);
	kernel_add_vm(kernel,
		      &(struct kernel_vm){ .vcpus = 2, .armed = armed, .running = running });
	scene->shell = kernel_add_thread(kernel,
					 &(struct kernel_thread){ .comm = "sh", .pid = OTHER_PID });
	kernel_run(kernel, scene->shell, 2);
	kernel_panic(kernel, scene->shell, NULL);
}

static void set_up(struct scene *scene, unsigned int armed, unsigned int running)
{
	set_up_as(scene, &kernel_6_18, armed, running);
}

static void tear_down(struct scene *scene)
{
	kernel_deinit(&scene->kernel);
}

/* Exchange the log for @lines, of the shell. */
static void let_log(struct scene *scene, const char *const *lines)
{
	scene->kernel.caller = OTHER_PID;
	kernel_log(&scene->kernel, lines);
}

static void add_lines(struct scene *scene, uint32_t caller, const char *const *lines)
{
	for (; *lines; lines++)
		kernel_log_add(&scene->kernel,
			       &(struct kernel_record){ .text = *lines, .caller = caller });
}

/* A log whose first records were overwritten. */
static void wrap_log(struct scene *scene, const char *const *lines)
{
	scene->kernel.log_first = 1000;
	let_log(scene, lines);
}

/* vCPU 0's thread was killed by an oops that the host survived: registers @regs, number 1. */
static void survive_oops(struct scene *scene, const struct xfdt_regs *regs)
{
	struct kernel *kernel = &scene->kernel;

	kernel->data->die_counter = 1;
	kernel->data->tainted_mask = KERNEL_TAINT_DIE | KERNEL_TAINT_WARN;
	kernel->data->exec_summary_regs = *regs;
	kernel_reap(kernel, vcpu_of(scene, 0));
}

/* The same, of an #NM at the restore; then the shell uses sysrq. */
static struct xfdt_regs survive_nm(struct scene *scene)
{
	struct kernel_vcpu *vcpu;
	struct xfdt_regs regs;

	set_up(scene, 1, 1);
	vcpu = vcpu_of(scene, 0);
	regs = kernel_nm_regs(&scene->kernel, vcpu->task, vcpu->fpstate);
	survive_oops(scene, &regs);
	scene->kernel.caller = vcpu->task->pid;
	kernel_log_nm(&scene->kernel, 1, &regs);
	add_lines(scene, OTHER_PID, sysrq);
	return regs;
}

/* A dump without page tables has no census of guest states. */
static void lose_census(struct scene *scene)
{
	kernel_forget_vmcoreinfo(&scene->kernel, "SYMBOL(init_top_pgt)");
}

static void assert_scene(struct scene *scene, const char *rule)
{
	assert_rules(&scene->kernel, rule, NULL);
	tear_down(scene);
}

static void assert_acquits(struct scene *scene, bool expected)
{
	struct run run;
	bool acquits;

	run_init(&run, &scene->kernel);
	acquits = run.verdict.kind == XFDT_NOT_THIS_BUG || run.verdict.kind == XFDT_NOT_APPLICABLE;
	if (acquits != expected)
		assert_rule(&run, expected ? "an acquittal" : "no acquittal");
	run_deinit(&run);
}

/* An oops elsewhere, which killed some thread; then sysrq. */
static void let_an_oops_happen(struct scene *scene)
{
	static const char *const log[] = { GPF, "RIP: 0010:foo+0x1/0x2",
					   "---[ end trace 0000000000000000 ]---", NULL };

	scene->kernel.data->die_counter = 1;
	scene->kernel.data->tainted_mask = KERNEL_TAINT_DIE;
	let_log(scene, log);
	add_lines(scene, OTHER_PID, sysrq);
}

/* died of the bug */

static void test_verdict__died_of_it(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	run_init(&run, &kernel);
	assert_rule(&run, "hit-end");
	assert_kind(&run, XFDT_CONFIRMED);
	assert_int_equal(run.verdict.when, XFDT_WHEN_END);
	assert_int_equal(run.verdict.route, XFDT_ROUTE_SWAP);
	assert_int_equal(run.facts.hit_state, XFDT_HIT_MISMATCH);
	assert_true(run.verdict.vcpus[0].faulting);
	assert_false(run.verdict.vcpus[1].faulting);
	assert_int_equal(run.verdict.states[XFDT_VCPU_ARMED], 1);
	assert_int_equal(run.verdict.states[XFDT_VCPU_OK], 1);
	/* the evidence, with addresses and values, and a line for each fact */
	assert_true(run_says(&run.verdict.why, "kvm yes:"));
	assert_true(run_says(&run.verdict.why, "capable yes:"));
	assert_true(run_says(&run.verdict.why, "hit yes: oops 1 of 1:"));
	assert_true(run_says(&run.verdict.why, "XSTATE_BV 0x602e7 & XFD 0x40000"));
	assert_true(run_says(&run.verdict.why, "ended yes:"));
	assert_true(run_says(&run.verdict.why, "panicked yes:"));
	assert_true(run_says(&run.verdict.why, "complete yes:"));
	assert_true(run_says(&run.verdict.why, "next: 1 armed"));
	assert_true(run_says(&run.verdict.origins, "KVM_SET_XSAVE"));
	assert_true(run_says(&run.verdict.origins, "xfd_no_write_intercept"));
	assert_int_equal(run.verdict.looks_like.count, 0);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* what the hit loaded decides, not what the thread, the flag or lists say */
static void test_verdict__confirmed_whatever_the_thread_says(void **state)
{
	unsigned int i;

	for (i = 0; i < 64; i++) {
		struct kernel_vcpu *vcpu;
		struct kernel kernel;
		struct run run;

		kernel_init(&kernel);
		vcpu = &kernel.vcpu[0];
		if (i & 1)
			vcpu->fpstate->in_use = 0;
		if (i & 2)
			vcpu->pid->tasks[0].first = 0;
		if (i & 4)
			vcpu->task->thread_info.flags = ~0ull;
		if (i & 8)
			kernel.percpu[0]->fpu_fpregs_owner_ctx = 0;
		if (i & 16)
			vcpu->vcpu->mode = XFDT_IN_GUEST_MODE;
		if (i & 32)
			kernel.vms[0].kvm->vm_list.next = 0xdead000000000100ull;
		run_init(&run, &kernel);
		assert_rule(&run, "hit-end");
		assert_true(run.verdict.vcpus[0].faulting);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* the WARN is a line of the log, and no condition: a full ring or CONFIG_BUG=n loses it */
static void test_verdict__died_without_a_warning(void **state)
{
	static const char *const logs[][4] = {
		{ DIE, "Kernel panic - not syncing: Fatal exception" },
		{ DIE },
		{ "unexpected #NM exception: 0000 [#1] PREEMPT SMP NOPTI" },
	};
	struct kernel kernel;
	size_t i;

	for (i = 0; i < COUNT(logs); i++) {
		kernel_init(&kernel);
		kernel_log(&kernel, logs[i]);
		assert_rules(&kernel, "hit-end", "at-restore");
		kernel_deinit(&kernel);
	}
}

static void test_verdict__confirmed_in_every_format_of_the_log(void **state)
{
	static const char *const warnings[] = {
		WARN,
		"WARNING: arch/x86/kernel/traps.c:1524 at exc_device_not_available+0x8b/0xd0, CPU#3: CPU 0/KVM/1404",
		"WARNING: CPU: 0 PID: 1404 at arch/x86/kernel/traps.c:1360 handle_xfd_event+0x2b/0x50",
	};
	static const char *const ends[] = {
		"Kernel panic - not syncing: Fatal exception",
		"Kernel panic - not syncing: Fatal exception in interrupt",
		"Kernel panic - not syncing: Oopsed too often (kernel.oops_limit is 1)",
		"Kernel panic - not syncing: Aiee, killing interrupt handler!",
		"Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
		NULL,
	};
	struct kernel kernel;
	size_t i, j;

	for (i = 0; i < COUNT(warnings); i++) {
		for (j = 0; j < COUNT(ends); j++) {
			const char *const log[] = { warnings[i], DIE, ends[j], NULL };

			kernel_init(&kernel);
			kernel_log(&kernel, log);
			assert_rules(&kernel, "hit-end", NULL);
			/* panic() leaves registers of its own, further down on that stack than the #NM's */
			kernel.notes[0].regs.ip = KERNEL_ELSEWHERE;
			kernel.notes[0].regs.sp -= 0x1000;
			kernel_push_nm(&kernel, kernel.vcpu[0].task, KERNEL_FRAME,
				       &kernel.data->exec_summary_regs);
			assert_rules(&kernel, "hit-end", "at-restore");
			kernel_deinit(&kernel);
		}
	}
}

/* the log is lost: note and exec_summary_regs are enough */
static void test_verdict__died_without_a_log(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	kernel_forget_symbol(&kernel, "prb");
	assert_rules(&kernel, "hit-end", "at-restore");
	kernel_deinit(&kernel);
}

/* panic() left registers of its own, and the log none: the number of the oops and who said it are enough */
static void test_verdict__died_of_it_by_its_number(void **state)
{
	static const char *const others[] = { "Kernel panic - not syncing: Fatal exception", NULL };
	const struct {
		uint32_t die, panic; /* callers */
		uint32_t oopses;
		enum xfdt_truth ended;
	} cases[] = {
		{ 1404, 1404, 1, XFDT_YES },
		/* another thread says so: the panic is not of this oops */
		{ 1404, OTHER_PID, 1, XFDT_NO },
		/* of another oops, which the log has lost */
		{ 1404, 1404, 2, XFDT_UNSURE },
	};
	struct kernel kernel;
	struct run run;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		kernel_init(&kernel);
		kernel.notes[0].regs.ip = KERNEL_ELSEWHERE;
		kernel.notes[0].regs.sp -= 0x1000;
		kernel.data->die_counter = cases[i].oopses;
		kernel.caller = cases[i].die;
		kernel_log(&kernel, (const char *const[]){ WARN, DIE, NULL });
		kernel_log_add(&kernel, &(struct kernel_record){ .text = others[0],
								 .caller = cases[i].panic });
		run_init(&run, &kernel);
		assert_int_equal(run_fact(&run, XFDT_FACT_HIT), XFDT_YES);
		assert_int_equal(run_fact(&run, XFDT_FACT_ENDED), cases[i].ended);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* the fix does not exclude the bug */
static void test_verdict__fix_decides_nothing(void **state)
{
	/* andb $-5,0x242(%rdi): a bit of XSTATE_BV */
	static const uint8_t clears[] = { 0x48, 0x81, 0xa7, 0x40, 0x02, 0x00,
					  0x00, 0xff, 0xff, 0xfb, 0xff, 0xc3 };
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	memory_put(&kernel.memory, KERNEL_UPDATE_XFD, clears, sizeof(clears));
	run_init(&run, &kernel);
	assert_rule(&run, "hit-end");
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* the bug struck, and something else ended the host */

static void test_verdict__struck_earlier(void **state)
{
	struct scene scene;
	struct run run;

	survive_nm(&scene);
	run_init(&run, &scene.kernel);
	assert_rule(&run, "hit-earlier");
	assert_int_equal(run.verdict.when, XFDT_WHEN_EARLIER);
	assert_true(run_says(&run.verdict.why, "ended no:"));
	assert_non_null(strstr(run.facts.ended_by, "sysrq"));
	/* the thread that held the state is dead: it is not loaded again */
	assert_vcpu(&run, 0, "owner-dead");
	assert_true(run.verdict.vcpus[0].faulting);
	run_deinit(&run);
	tear_down(&scene);
}

/* exec_summary_regs has the first oops when the log no longer has it */
static void test_verdict__struck_earlier_and_the_log_wrapped(void **state)
{
	struct scene scene;
	struct run run;

	survive_nm(&scene);
	wrap_log(&scene, sysrq);
	run_init(&run, &scene.kernel);
	assert_rule(&run, "hit-earlier");
	assert_vcpu(&run, 0, "owner-dead");
	run_deinit(&run);
	tear_down(&scene);
}

/* gcc -Os puts the XRSTOR into an os_xrstor() out of line; the VM was destroyed, and leaks its state */
static void test_verdict__struck_earlier_in_os_xrstor(void **state)
{
	static const uint8_t xrstors[] = { 0x48, 0x0f, 0xc7, 0x5b, 0x40, 0xc3 };
	static const char *const hung[] = { "INFO: task sh:999 blocked for more than 120 seconds.",
					    "Kernel panic - not syncing: hung_task: blocked tasks",
					    NULL };
	struct xfdt_regs regs;
	struct scene scene;
	int wrapped;

	for (wrapped = 0; wrapped < 2; wrapped++) {
		regs = survive_nm(&scene);
		memory_put(&scene.kernel.memory, KERNEL_TEXT + 0x120, xrstors, sizeof(xrstors));
		kernel_add_symbol(&scene.kernel, "os_xrstor", KERNEL_TEXT + 0x120);
		regs.ip = KERNEL_TEXT + 0x120;
		scene.kernel.data->exec_summary_regs = regs;
		scene.kernel.data->vm_list.next = scene.kernel.data->vm_list.prev =
			KERNEL_VARIABLE(vm_list);
		if (wrapped)
			wrap_log(&scene, hung);
		else
			let_log(&scene, hung);
		assert_scene(&scene, wrapped ? "hit-earlier" : "hit-earlier");
	}
}

/* of a live dump: nothing ended the host */
static void test_verdict__struck_and_the_host_lives(void **state)
{
	struct scene scene;
	struct run run;

	survive_nm(&scene);
	scene.kernel.caller = 1404;
	kernel_log_nm(&scene.kernel, 1, &scene.kernel.data->exec_summary_regs);
	scene.kernel.data->panic_cpu = UINT32_MAX;
	scene.kernel.source.note_count = 0;
	run_init(&run, &scene.kernel);
	assert_rule(&run, "hit-earlier");
	assert_int_equal(run_fact(&run, XFDT_FACT_PANICKED), XFDT_NO);
	assert_non_null(strstr(run.facts.ended_by, "lived"));
	run_deinit(&run);
	tear_down(&scene);
}

/* survived, and another vCPU is next */
static void test_verdict__struck_earlier_and_another_is_armed(void **state)
{
	struct scene scene;
	struct run run;

	survive_nm(&scene);
	vcpu_of(&scene, 1)->fpstate->xfd = KERNEL_XTILEDATA;
	run_init(&run, &scene.kernel);
	assert_rule(&run, "hit-earlier");
	assert_vcpu(&run, 1, "scheduled-out");
	assert_int_equal(run.verdict.situation.next, XFDT_NEXT_ARMED);
	run_deinit(&run);
	/* where the hit itself is no longer provable, the armed one is */
	scene.kernel.data->exec_summary_regs = (struct xfdt_regs){ 0 };
	wrap_log(&scene, sysrq);
	assert_scene(&scene, "unknown-armed");
}

/* another oops ended it */
static void test_verdict__struck_earlier_and_then_another_oops(void **state)
{
	static const char *const oops[] = {
		"BUG: unable to handle page fault for address: ffffc90000123456",
		"Oops: Oops: 0000 [#2] SMP NOPTI", "RIP: 0010:foo+0x1/0x2",
		"Kernel panic - not syncing: Fatal exception", NULL
	};
	struct scene scene;

	survive_nm(&scene);
	scene.kernel.data->die_counter = 2;
	scene.kernel.caller = 1404;
	kernel_log_nm(&scene.kernel, 1, &scene.kernel.data->exec_summary_regs);
	add_lines(&scene, OTHER_PID, oops);
	assert_scene(&scene, "hit-earlier");
}

/* a killed vCPU thread, by its own oops, and a hard lockup of another CPU */
static void test_verdict__struck_earlier_and_then_a_lockup(void **state)
{
	static const char *const lockup[] = { "Watchdog detected hard LOCKUP on cpu 2",
					      "Kernel panic - not syncing: Hard LOCKUP", NULL };
	struct scene scene;

	survive_nm(&scene);
	scene.kernel.caller = 1404;
	kernel_log_nm(&scene.kernel, 1, &scene.kernel.data->exec_summary_regs);
	add_lines(&scene, 0x80000002, lockup);
	assert_scene(&scene, "hit-earlier");
}

/* an oops at the XRSTOR that the log does not call #NM: XFD did not raise it, and the state is as armed as before */
static void test_verdict__other_exception_at_the_restore(void **state)
{
	static const char *const titles[] = {
		"Oops: Oops: 0000 [#1] SMP NOPTI",
		"Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP NOPTI",
		"Oops: stack segment: 0000 [#1] SMP NOPTI",
		"invalid opcode: 0000 [#1] PREEMPT SMP NOPTI",
		"Oops: Oops: 0000 [#2] SMP NOPTI",
	};
	size_t i;
	int printed;

	for (i = 0; i < COUNT(titles); i++) {
		for (printed = 0; printed < 4; printed++) {
			const char *const log[] = {
				titles[i], "RIP: 0010:restore_fpregs_from_fpstate+0x3c/0x80",
				"Kernel panic - not syncing: Fatal exception", NULL
			};
			struct kernel kernel;
			struct run run;

			kernel_init(&kernel);
			kernel_log(&kernel, log);
			if (strstr(titles[i], "#2")) {
				kernel.data->die_counter = 2;
				kernel.data->exec_summary_regs = (struct xfdt_regs){
					.ip = KERNEL_ELSEWHERE,
					.sp = kernel.vcpu[1].task->stack + 0x3000
				};
			}
			if (printed & 1)
				kernel_forget_symbol(&kernel, "exec_summary_regs");
			if (printed & 2)
				kernel_forget_symbol(&kernel, "die_counter");
			run_init(&run, &kernel);
			if (run_fact(&run, XFDT_FACT_HIT) != XFDT_UNSURE)
				print_message("%s, %d\n", titles[i], printed);
			assert_int_equal(run_fact(&run, XFDT_FACT_HIT), XFDT_UNSURE);
			assert_rule(&run, "unknown-armed");
			run_deinit(&run);
			kernel_deinit(&kernel);
		}
	}
}

/* another CPU panics while a vCPU's thread is in the handler of #NM: nothing has counted that oops yet */
static void test_verdict__other_panic_during_the_handler(void **state)
{
	struct kernel_vcpu *vcpu;
	struct xfdt_cpu_note *note;
	struct xfdt_regs regs;
	struct scene scene;
	int noted;

	for (noted = 0; noted < 2; noted++) {
		set_up(&scene, 1, 1);
		vcpu = vcpu_of(&scene, 0);
		regs = kernel_nm_regs(&scene.kernel, vcpu->task, vcpu->fpstate);
		kernel_push_nm(&scene.kernel, vcpu->task, KERNEL_FRAME, &regs);
		note = kernel_add_note(&scene.kernel, (int)vcpu->task->pid);
		note->regs.ip = noted ? KERNEL_ASM_NM + 2 : KERNEL_ELSEWHERE;
		note->regs.sp = vcpu->task->stack + KERNEL_FRAME - 0x100;
		assert_rules(&scene.kernel, "hit-earlier", "at-restore");
		tear_down(&scene);
	}
}

/* The CPU of vCPU 0 is in the handler of its #NM. */
static struct xfdt_cpu_note *put_in_handler(struct scene *scene)
{
	struct kernel_vcpu *vcpu = vcpu_of(scene, 0);
	struct xfdt_regs regs = kernel_nm_regs(&scene->kernel, vcpu->task, vcpu->fpstate);
	struct xfdt_cpu_note *note = kernel_add_note(&scene->kernel, (int)vcpu->task->pid);

	kernel_push_nm(&scene->kernel, vcpu->task, KERNEL_FRAME, &regs);
	note->regs.sp = vcpu->task->stack + KERNEL_FRAME - 0x100;
	return note;
}

/* without types no thread is known; the stack pointer of its CPU leads to the frame */
static void test_verdict__handler_without_types(void **state)
{
	struct xfdt_cpu_note *note;
	struct scene scene;
	int died;

	for (died = 0; died < 2; died++) {
		set_up(&scene, 1, 1);
		memory_fail(&scene.kernel.memory, KERNEL_BTF, XFDT_EXCLUDED);
		note = put_in_handler(&scene);
		/* an oops may have been that of this thread: it may be ending */
		if (died)
			let_an_oops_happen(&scene);
		assert_rules(&scene.kernel, "hit-earlier",
			     died ? "owner-holds-other" : "at-restore");
		/* what lies below the stack pointer is left over */
		note->regs.sp += 0x300;
		assert_acquits(&scene, false);
		assert_rules(&scene.kernel, "open", "owner-unknown");
		tear_down(&scene);
	}
}

/* the thread that holds the state, or else the mismatch, is the second witness of in_use */
static void test_verdict__handler_of_a_state_not_in_use(void **state)
{
	struct scene scene;
	int types;

	for (types = 0; types < 2; types++) {
		set_up(&scene, 1, 1);
		if (!types)
			memory_fail(&scene.kernel.memory, KERNEL_BTF, XFDT_EXCLUDED);
		put_in_handler(&scene);
		vcpu_of(&scene, 0)->fpstate->in_use = 0;
		assert_rules(&scene.kernel, "hit-earlier", "next-run");
		/* its VM is dead, but the bug struck all the same */
		scene.kernel.vms[0].kvm->vm_dead = scene.kernel.vms[0].kvm->vm_bugged = 1;
		assert_rules(&scene.kernel, "hit-earlier", types ? "contradictory" : "next-run");
		tear_down(&scene);
	}
}

/* a thread that was scheduled out with a guest's state loads it again, also if KVM_RUN no longer can */
static void test_verdict__held_state_of_a_dead_vm_not_in_use(void **state)
{
	struct scene scene;

	set_up(&scene, 1, 0);
	scene.kernel.vms[0].kvm->vm_dead = scene.kernel.vms[0].kvm->vm_bugged = 1;
	assert_rules(&scene.kernel, "armed", "scheduled-out");
	vcpu_of(&scene, 0)->fpstate->in_use = 0;
	assert_rules(&scene.kernel, "open", "contradictory");
	tear_down(&scene);
}

/*
 * CONFIG_KASAN: the stack pointer is in the lower half of 32 KiB, and the frame in the upper one.  Of a kernel with
 * stacks of 16 KiB that is another thread's stack, with what is left over there.
 */
static void test_verdict__handler_on_a_stack_of_kasan(void **state)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		const bool types = i & 1, kasan = i & 2;
		struct kernel_layout layout = kernel_6_18;
		struct task_struct *task;
		struct xfdt_regs regs;
		struct scene scene;

		layout.kasan = kasan;
		set_up_as(&scene, &layout, 1, 1);
		task = types ? vcpu_of(&scene, 0)->task : scene.shell;
		if (!types)
			memory_fail(&scene.kernel.memory, KERNEL_BTF, XFDT_EXCLUDED);
		if (!kasan && !types)
			memory_add(&scene.kernel.memory, task->stack + 0x4000, 0x4000);
		regs = kernel_nm_regs(&scene.kernel, task, vcpu_of(&scene, 0)->fpstate);
		if (kasan || !types)
			kernel_push_nm(&scene.kernel, task, 0x5f00, &regs);
		if (types)
			kernel_add_note(&scene.kernel, (int)task->pid);
		scene.kernel.notes[types].regs.sp = task->stack + 0x3e00;
		assert_rules(&scene.kernel,
			     kasan ? "hit-earlier" :
			     types ? "clear" :
				     "open",
			     kasan ? "at-restore" :
			     types ? "registers-live" :
				     "owner-unknown");
		if (kasan) {
			/* the page of the frame is blank */
			memset(kernel_at(&scene.kernel, task->stack + 0x5000), 0, XFDT_PAGE_SIZE);
			assert_acquits(&scene, false);
			memory_fail(&scene.kernel.memory, task->stack, XFDT_EXCLUDED);
			assert_acquits(&scene, false);
		}
		tear_down(&scene);
	}
}

/* CONFIG_KASAN: damage to kallsyms hides kasan_report(); the types say it as well */
static void test_verdict__handler_on_a_stack_of_kasan_damaged(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct task_struct *task;
	struct xfdt_regs regs;
	struct scene scene;
	int types;

	layout.kasan = true;
	for (types = 0; types < 2; types++) {
		set_up_as(&scene, &layout, 1, 1);
		task = vcpu_of(&scene, 0)->task;
		regs = kernel_nm_regs(&scene.kernel, task, vcpu_of(&scene, 0)->fpstate);
		kernel_push_nm(&scene.kernel, task, 0x5f00, &regs);
		kernel_add_note(&scene.kernel, (int)task->pid)->regs.sp = task->stack + 0x3e00;
		if (types)
			kernel_forget_symbol(&scene.kernel, "kasan_report");
		else
			kernel_forget_member(&scene.kernel, "task_struct", "kasan_depth");
		assert_rules(&scene.kernel, "hit-earlier", "at-restore");
		tear_down(&scene);
	}
}

/*
 * An oops killed the thread that held the state, which was freed with it (Linux: arch_release_task_struct()).  Another
 * guest's state has its address now, and its thread is scheduled out; without types that thread is not known.
 */
static void test_verdict__address_of_a_state_that_was_freed(void **state)
{
	static const char *const note[] = { "note: CPU 0/KVM[1300] exited with irqs disabled",
					    NULL };
	struct xfdt_regs regs;
	struct scene scene;

	set_up(&scene, 1, 0);
	regs = kernel_nm_regs(&scene.kernel, vcpu_of(&scene, 0)->task, vcpu_of(&scene, 0)->fpstate);
	scene.kernel.data->die_counter = 1;
	scene.kernel.data->tainted_mask = KERNEL_TAINT_DIE | KERNEL_TAINT_WARN;
	scene.kernel.data->exec_summary_regs = regs;
	scene.kernel.caller = 1300;
	kernel_log_nm(&scene.kernel, 1, &regs);
	add_lines(&scene, 1300, note);
	add_lines(&scene, OTHER_PID, sysrq);
	assert_rules(&scene.kernel, "hit-earlier", "scheduled-out");
	memory_fail(&scene.kernel.memory, KERNEL_BTF, XFDT_EXCLUDED);
	assert_rules(&scene.kernel, "hit-earlier", "owner-unknown");
	tear_down(&scene);
}

/* a CPU is in the handler, of which thread is not known; another thread, not known either, ended the host */
static void test_verdict__handler_where_another_thread_ended_the_host(void **state)
{
	static const char *const fatal[] = { GPF, "RIP: 0010:foo+0x1/0x2",
					     "---[ end trace 0000000000000000 ]---",
					     "Kernel panic - not syncing: Fatal exception", NULL };
	static const char *const warn[] = {
		"WARNING: CPU: 2 PID: 999 at kernel/foo.c:1 foo+0x1/0x2",
		"Kernel panic - not syncing: kernel: panic_on_warn set ...", NULL
	};
	struct scene scene;
	int warned;

	for (warned = 0; warned < 2; warned++) {
		set_up(&scene, 1, 1);
		put_in_handler(&scene);
		let_log(&scene, warned ? warn : fatal);
		if (!warned) {
			scene.kernel.data->die_counter = 1;
			scene.kernel.data->tainted_mask = KERNEL_TAINT_DIE;
		}
		memory_fail(&scene.kernel.memory, KERNEL_BTF, XFDT_EXCLUDED);
		kernel_forget_symbol(&scene.kernel, "panic_cpu");
		kernel_forget_symbol(&scene.kernel, "crashing_cpu");
		assert_scene(&scene, "hit-when");
	}
}

/* bit 18 of XSTATE_BV is the second witness of that of fpstate->xfd */
static void test_verdict__handler_of_a_state_with_damage(void **state)
{
	struct scene scene;

	set_up(&scene, 1, 1);
	put_in_handler(&scene);
	vcpu_of(&scene, 0)->fpstate->xfd = 0;
	assert_acquits(&scene, false);
	tear_down(&scene);
}

/* the note of a CPU that did not panic shows the XRSTOR of a state with a mismatch: about to fault */
static void test_verdict__note_of_another_cpu_at_the_restore(void **state)
{
	struct kernel_vcpu *vcpu;
	struct scene scene;

	set_up(&scene, 1, 1);
	vcpu = vcpu_of(&scene, 0);
	kernel_add_note(&scene.kernel, (int)vcpu->task->pid)->regs =
		kernel_nm_regs(&scene.kernel, vcpu->task, vcpu->fpstate);
	assert_rules(&scene.kernel, "armed", "at-restore");
	tear_down(&scene);
}

/* the state of the hit */

static void test_verdict__state_not_in_the_dump(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	memory_fail(&kernel.memory, kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate), XFDT_EXCLUDED);
	run_init(&run, &kernel);
	assert_rule(&run, "hit-unseen-end");
	assert_kind(&run, XFDT_PROBABLE);
	assert_int_equal(run.facts.hit_state, XFDT_HIT_ABSENT);
	assert_int_equal(run.verdict.route, XFDT_ROUTE_SWAP);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* memory that is no intact guest state proves no hit */
static void test_verdict__operand_is_no_state(void **state)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		struct fpstate *fpstate;
		struct kernel kernel;
		struct run run;

		kernel_init(&kernel);
		fpstate = kernel.vcpu[0].fpstate;
		switch (i) {
		case 0:
			memset(fpstate, 0, XFDT_PAGE_SIZE);
			break;
		case 1:
			fpstate->is_guest = 0;
			break;
		case 2:
			fpstate->is_valloc = 0;
			break;
		case 3:
			fpstate->xfeatures = 0x602e5; /* no SSE */
			break;
		case 4:
			fpstate->size = 0x7fffffff;
			break;
		}
		run_init(&run, &kernel);
		assert_int_equal(run_fact(&run, XFDT_FACT_HIT), XFDT_UNSURE);
		assert_true(run.verdict.kind == XFDT_INCONCLUSIVE ||
			    run.verdict.kind == XFDT_ARMED);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* the page is absent, and no vCPU has its state there: it is not known to be a guest's */
static void test_verdict__absent_operand_of_no_vcpu(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	memory_fail(&kernel.memory, kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate), XFDT_EXCLUDED);
	kernel.vcpu[0].vcpu->arch.guest_fpu.fpstate = kernel_kvaddr(&kernel,
								    kernel.vcpu[1].fpstate);
	/* nor does the name of a caller say so */
	*kernel_stack(&kernel, kernel.vcpu[0].task, KERNEL_STACK_POINTER) = 0;
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_deinit(&kernel);
}

static void test_verdict__hit_without_a_mismatch(void **state)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct kernel kernel;
		struct run run;

		kernel_init(&kernel);
		if (i == 0) /* neither */
			kernel.vcpu[0].fpstate->xfd = kernel.vcpu[0].header->xfeatures = 7;
		else if (i == 1) /* the mask leaves tiles out */
			kernel.notes[0].regs.ax = kernel.data->exec_summary_regs.ax = 0x200ff;
		else
			kernel.vcpu[0].header->xfeatures &= ~KERNEL_XTILEDATA;
		if (i == 0)
			kernel.vcpu[0].fpstate->xfd = 0;
		if (i == 1)
			kernel_log(&kernel, (const char *const[]){ WARN, DIE, NULL });
		run_init(&run, &kernel);
		assert_int_equal(run_fact(&run, XFDT_FACT_HIT), XFDT_YES);
		assert_kind(&run, XFDT_INCONCLUSIVE);
		run_deinit(&run);
		/* another one is armed */
		kernel.vcpu[1].fpstate->xfd = KERNEL_XTILEDATA;
		assert_rules(&kernel, "hit-none-armed", NULL);
		kernel_deinit(&kernel);
	}
}

/* XRSTOR refuses the header with #GP before it looks at XFD: memory or the fault is damaged */
static void test_verdict__hit_with_a_header_that_raises_gp(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	kernel.vcpu[0].header->reserved[0] = 1;
	run_init(&run, &kernel);
	assert_int_equal(run.facts.hit_state, XFDT_HIT_UNSURE);
	assert_rule(&run, "hit-unseen-end");
	run_deinit(&run);
	kernel_deinit(&kernel);
}

static void test_verdict__hit_of_a_confidential_state(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	kernel.vcpu[0].fpstate->is_confidential = 1;
	run_init(&run, &kernel);
	assert_int_equal(run.facts.hit_state, XFDT_HIT_UNSURE);
	assert_true(run.verdict.kind == XFDT_PROBABLE || run.verdict.kind == XFDT_INCONCLUSIVE);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* kernel_fpu_begin() of a dumper saved the live registers over the state */
static void save_over(struct kernel *kernel)
{
	kernel->vcpu[0].header->xfeatures &= ~KERNEL_XTILEDATA;
	kernel->vcpu[0].task->thread_info.flags |= 1ull << kernel->layout->tif;
	kernel->percpu[0]->fpu_fpregs_owner_ctx = 0;
}

static void test_verdict__state_that_was_saved_over(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	save_over(&kernel);
	run_init(&run, &kernel);
	assert_rule(&run, "hit-end");
	assert_int_equal(run.facts.hit_state, XFDT_HIT_SAVED_OVER);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* the thread that holds it is found though its VM is on no list */
static void test_verdict__state_on_no_list_that_was_saved_over(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	save_over(&kernel);
	kernel_forget_symbol(&kernel, "vm_list");
	kernel_forget_symbol(&kernel, "panic_cpu");
	kernel_forget_symbol(&kernel, "crashing_cpu");
	run_init(&run, &kernel);
	assert_rule(&run, "hit-end");
	assert_int_equal(run.facts.hit_state, XFDT_HIT_SAVED_OVER);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* each of its witnesses missing */
static void test_verdict__state_that_may_have_been_saved_over(void **state)
{
	static const enum xfdt_hit_state expected[] = {
		XFDT_HIT_NONE,	 /* the registers have an owner */
		XFDT_HIT_NONE,	 /* TIF_NEED_FPU_LOAD is clear */
		XFDT_HIT_UNSURE, /* whether it is set is unknown */
		XFDT_HIT_UNSURE, /* who the owner is, is unknown */
		XFDT_HIT_NONE,	 /* XFD does not disable it */
	};
	struct kernel kernel;
	struct run run;
	size_t i;

	for (i = 0; i < COUNT(expected); i++) {
		kernel_init(&kernel);
		save_over(&kernel);
		if (i == 0)
			kernel.percpu[0]->fpu_fpregs_owner_ctx = KERNEL_HEAP;
		else if (i == 1)
			kernel.vcpu[0].task->thread_info.flags = 0;
		else if (i == 2)
			kernel_forget_symbol(&kernel, "fpregs_mark_activate");
		else if (i == 3)
			kernel_forget_symbol(&kernel, "fpu_fpregs_owner_ctx");
		else
			kernel.vcpu[0].fpstate->xfd = 0;
		run_init(&run, &kernel);
		assert_int_equal(run.facts.hit_state, expected[i]);
		assert_int_not_equal(run.verdict.kind, XFDT_CONFIRMED);
		assert_int_not_equal(run.verdict.kind, XFDT_NOT_THIS_BUG);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* CVE-2024-35801: IA32_XFD was not what xfd_state says */
static void test_verdict__look_alike_that_is_proven(void **state)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		struct kernel kernel;
		struct run run;

		kernel_init(&kernel);
		kernel.vcpu[0].fpstate->xfd = 0;
		kernel.percpu[0]->xfd_state = 0;
		if (i == 1) /* the CPU's copy is not that of the state */
			kernel.percpu[0]->xfd_state = KERNEL_XTILEDATA;
		else if (i == 2)
			kernel_forget_symbol(&kernel, "xfd_state");
		else if (i == 3) /* whose CPU is another one */
			kernel.vcpu[0].task->thread_info.cpu = 1;
		else if (i == 4)
			kernel.vcpu[1].fpstate->xfd = KERNEL_XTILEDATA;
		run_init(&run, &kernel);
		assert_rule(&run, i == 0 ? "hit-look-alike" :
				  i == 4 ? "hit-none-armed" :
					   "hit-none");
		assert_int_equal(run_says(&run.verdict.looks_like, "CVE-2024-35801"),
				 i == 0 || i == 4);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* another end, and no vCPU is armed */

static void test_verdict__other_ends(void **state)
{
	static const char *const ends[][4] = {
		{ "sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash" },
		{ "Kernel panic - not syncing: Fatal machine check" },
		{ "Kernel panic - not syncing: Hard LOCKUP" },
		{ "Kernel panic - not syncing: hung_task: blocked tasks" },
		{ "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled" },
		{ "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009" },
		{ "BUG: KFENCE: use-after-free read in test+0x1/0x2",
		  "Kernel panic - not syncing: KFENCE: panic_on_warn set ..." },
		{ "WARNING: CPU: 3 PID: 999 at mm/slab.c:1 kfree+0x1/0x2",
		  "Kernel panic - not syncing: kernel: panic_on_warn set ..." },
		{ "UBSAN: array-index-out-of-bounds in mm/slab.c:1",
		  "Kernel panic - not syncing: UBSAN: panic_on_warn set ..." },
	};
	struct scene scene;
	size_t i;

	for (i = 0; i < COUNT(ends); i++) {
		set_up(&scene, 0, 0);
		let_log(&scene, ends[i]);
		assert_scene(&scene, "clear");
	}
}

/* an oops elsewhere, which the log names, or exec_summary_regs */
static void test_verdict__other_oops(void **state)
{
	static const char *const logs[][4] = {
		{ GPF, "RIP: 0010:foo+0x1/0x2", "Kernel panic - not syncing: Fatal exception" },
		{ GPF, "RIP: 0010:foo+0x1/0x2" },
		{ "invalid opcode: 0000 [#1] PREEMPT SMP NOPTI", "RIP: 0010:foo+0x1/0x2" },
		{ "Oops: Oops: 0002 [#1] SMP NOPTI", "RIP: 0010:foo+0x1/0x2" },
	};
	struct scene scene;
	size_t i;
	int logged;

	for (i = 0; i < COUNT(logs); i++) {
		for (logged = 0; logged < 2; logged++) {
			set_up(&scene, 0, 0);
			scene.kernel.data->die_counter = 1;
			scene.kernel.data->tainted_mask = KERNEL_TAINT_DIE;
			scene.kernel.data->exec_summary_regs = (struct xfdt_regs){
				.ip = KERNEL_ELSEWHERE, .sp = scene.shell->stack + 0x3000
			};
			if (logged)
				let_log(&scene, logs[i]);
			else
				wrap_log(&scene, sysrq);
			assert_scene(&scene, "clear");
		}
	}
}

/* oops_end() starts kdump before it sets TAINT_DIE: as in the lab's set-xsave-6.18.5, tainted_mask lacks it */
static void test_verdict__other_oops_that_kdump_took(void **state)
{
	static const char *const log[] = { GPF, "RIP: 0010:foo+0x1/0x2", NULL };
	struct scene scene;
	int i;

	for (i = 0; i < 2; i++) {
		set_up(&scene, 0, 0);
		scene.kernel.data->die_counter = 1;
		scene.kernel.data->tainted_mask = KERNEL_TAINT_WARN;
		scene.kernel.data->exec_summary_regs = (struct xfdt_regs){
			.ip = KERNEL_ELSEWHERE, .sp = scene.shell->stack + 0x3000
		};
		if (i)
			wrap_log(&scene, log);
		else
			let_log(&scene, log);
		assert_scene(&scene, "clear");
	}
	/* the host went on, and so would have set it */
	for (i = 0; i < 2; i++) {
		set_up(&scene, 0, 0);
		scene.kernel.data->die_counter = 1;
		if (i)
			scene.kernel.data->panic_cpu = scene.kernel.data->crashing_cpu = UINT32_MAX;
		let_log(&scene, log);
		if (!i)
			add_lines(&scene, OTHER_PID, sysrq);
		assert_scene(&scene, "unknown");
	}
	/* a second one was under way: the first would have set it */
	set_up(&scene, 0, 0);
	scene.kernel.data->die_counter = 2;
	wrap_log(&scene, log);
	assert_scene(&scene, "unknown");
}

/* an #NM in the kernel, not at an XRSTOR */
static void test_verdict__nm_elsewhere(void **state)
{
	static const char *const log[] = { DIE, "RIP: 0010:kernel_tile_use+0x1/0x2 [evil]", NULL };
	struct scene scene;

	set_up(&scene, 0, 0);
	scene.kernel.data->die_counter = 1;
	scene.kernel.data->tainted_mask = KERNEL_TAINT_DIE;
	let_log(&scene, log);
	assert_rules(&scene.kernel, "clear", NULL);
	/* without a place, it may have been there */
	let_log(&scene, (const char *const[]){ DIE, NULL });
	assert_scene(&scene, "unknown");
}

/* a host task's own state, only if the thread's fpu->fpstate is that address */
static void test_verdict__xrstor_of_a_tasks_own_state(void **state)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct fpstate *own;
		struct xfdt_regs regs;
		struct scene scene;

		set_up(&scene, 0, 0);
		own = kernel_add_own_fpstate(&scene.kernel, scene.shell);
		regs = kernel_nm_regs(&scene.kernel, scene.shell, own);
		scene.kernel.data->die_counter = 1;
		scene.kernel.data->tainted_mask = KERNEL_TAINT_DIE;
		scene.kernel.caller = OTHER_PID;
		kernel_log_nm(&scene.kernel, 1, &regs);
		scene.kernel.notes[0].regs = regs;
		if (i == 1) /* it is nobody's */
			kernel_fpu(&scene.kernel, scene.shell)->fpstate = KERNEL_HEAP;
		else if (i == 2) /* it holds a guest's */
			kernel_fpu(&scene.kernel, scene.shell)->task_fpstate = KERNEL_HEAP;
		else if (i == 3)
			kernel_forget_member(&scene.kernel, "fpu", "__task_fpstate");
		assert_scene(&scene, i ? "unknown" : "clear");
	}
}

/* Let the shell have died of an oops at @regs: @lines in the log, and then what it says of them. */
static void die_elsewhere(struct scene *scene, const struct xfdt_regs *regs,
			  const char *const *lines, const char *place, const char *code)
{
	scene->kernel.data->die_counter = 1;
	scene->kernel.data->exec_summary_regs = *regs;
	scene->kernel.notes[0].regs = *regs;
	let_log(scene, lines);
	kernel_log_registers(&scene->kernel, regs, place, code);
}

/* The host survived the hit; the thread's state was freed with it, and a new VM's healthy one has its address. */
static void test_verdict__state_that_replaced_the_one_of_the_hit(void **state)
{
	struct xfdt_regs regs;
	struct scene scene;
	int wrapped;

	for (wrapped = 0; wrapped < 2; wrapped++) {
		set_up(&scene, 0, 0);
		regs = kernel_nm_regs(&scene.kernel, scene.shell, vcpu_of(&scene, 0)->fpstate);
		regs.sp -= 1ull << 30;
		survive_oops(&scene, &regs);
		scene.kernel.caller = OTHER_PID + 1;
		kernel_log_nm(&scene.kernel, 1, &regs);
		if (wrapped)
			wrap_log(&scene, sysrq);
		else
			add_lines(&scene, OTHER_PID, sysrq);
		assert_scene(&scene, "hit-unseen-earlier");
	}
}

/* A jump to NULL, or to memory that is not mapped, as that of a module that is gone. */
static void test_verdict__jump_to_nowhere(void **state)
{
	static const char *const fetch[] = { "#PF: supervisor instruction fetch in kernel mode",
					     "Oops: Oops: 0010 [#1] SMP NOPTI", NULL };
	static const struct {
		uint64_t ip;
		const char *place; /* NULL: the log has lost it */
		const char *rule;
	} jumps[] = {
		{ 0, "0x0", "clear" },
		{ 0xffffffffc1234000, "0xffffffffc1234000", "clear" },
		{ 0x7f0000001000, "0x7f0000001000", "clear" },
		/* in vmlinux: a kernel without kallsyms names no function */
		{ 0xffffffff81800000, "0xffffffff81800000", "unknown" },
		{ 0, NULL, "clear" },
		{ 0xffffffffc1234000, NULL, "unknown" },
	};
	struct scene scene;
	size_t i;

	for (i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct xfdt_regs regs = { .ip = jumps[i].ip, .cs = 0x10, .ax = 1 };

		set_up(&scene, 0, 0);
		regs.sp = scene.shell->stack + 0x3000;
		die_elsewhere(&scene, &regs, fetch, jumps[i].place ? jumps[i].place : "", "");
		if (!jumps[i].place) {
			scene.kernel.data->tainted_mask = KERNEL_TAINT_DIE;
			wrap_log(&scene, sysrq);
		}
		assert_scene(&scene, jumps[i].rule);
	}
}

#define ZFS 0xffffffffc0a00000ull
static const uint8_t zfs_code[16] = { 0x48, 0x0f, 0xae, 0x2f, 0xc3 }; /* xrstor64 (%rdi) */

/* XRSTOR in ZFS (kfpu_end()): the module loads a buffer of its own. */
static struct xfdt_regs set_up_zfs(struct scene *scene, bool in_memory)
{
	struct xfdt_regs regs = { .ip = ZFS, .ax = ~0ull, .dx = ~0ull, .cs = 0x10 };

	set_up(scene, 0, 0);
	if (in_memory)
		memcpy(memory_add(&scene->kernel.memory, ZFS, sizeof(zfs_code)), zfs_code,
		       sizeof(zfs_code));
	regs.di = kernel_kvaddr(&scene->kernel, kernel_alloc(&scene->kernel, 2 * XFDT_PAGE_SIZE));
	regs.di = (regs.di + 63) & ~63ull;
	regs.sp = scene->shell->stack + 0x3000;
	return regs;
}

/* by #GP, or where IA32_XFD was not 0 by #NM: then the log begins as that of the bug does */
static void test_verdict__xrstor_in_zfs(void **state)
{
	static const char *const gp[] = { GPF, NULL };
	static const char *const warn[] = { WARN, "RIP: 0010:exc_device_not_available+0xde/0xf0",
					    NULL };
	static const char *const nm[] = { "---[ end trace 0000000000000000 ]---", DIE, NULL };
	static const char place[] = "kfpu_end+0x2a/0x60 [zfs]", code[] = "<48> 0f ae 2f c3";
	struct xfdt_regs regs;
	struct scene scene;
	int in_memory;

	for (in_memory = 0; in_memory < 2; in_memory++) {
		regs = set_up_zfs(&scene, in_memory);
		die_elsewhere(&scene, &regs, gp, place, code);
		assert_rules(&scene.kernel, "clear", NULL);
		die_elsewhere(&scene, &regs, warn, place, code);
		add_lines(&scene, OTHER_PID, nm);
		kernel_log_registers(&scene.kernel, &regs, place, code);
		assert_scene(&scene, "clear");
		/* what cannot be read may have been a guest's */
		regs = set_up_zfs(&scene, in_memory);
		regs.di = KERNEL_HEAP + 2 * KERNEL_HEAP_SIZE;
		die_elsewhere(&scene, &regs, gp, place, code);
		assert_scene(&scene, "unknown");
		/* a module that restores guests' states: a live patch */
		regs = set_up_zfs(&scene, in_memory);
		regs.di = kernel_kvaddr(&scene.kernel, vcpu_of(&scene, 0)->header) - 512;
		vcpu_of(&scene, 0)->fpstate->xfd = KERNEL_XTILEDATA;
		die_elsewhere(&scene, &regs, (const char *const[]){ DIE, NULL }, place, code);
		assert_rules(&scene.kernel, "hit-end", NULL);
		/* one damaged field of such a state does not acquit */
		vcpu_of(&scene, 0)->fpstate->is_guest = 0;
		die_elsewhere(&scene, &regs, (const char *const[]){ DIE, NULL }, place, code);
		assert_scene(&scene, "unknown");
	}
}

/* The areas of ZFS are pages of their own, and the page before one need not be in the dump. */
static void test_verdict__xrstor_in_zfs_of_a_page(void **state)
{
	const uint64_t page = 0xffff888100800000ull;
	struct xfdt_regs regs;
	struct scene scene;

	regs = set_up_zfs(&scene, true);
	memset(memory_add(&scene.kernel.memory, page, XFDT_PAGE_SIZE), 0, XFDT_PAGE_SIZE);
	regs.di = page;
	die_elsewhere(&scene, &regs, (const char *const[]){ GPF, NULL }, "kfpu_end+0x2a/0x60 [zfs]",
		      "<48> 0f ae 2f c3");
	assert_scene(&scene, "clear");
}

/* Without CONFIG_RANDOMIZE_BASE modules begin 512 MiB lower; what else VMCOREINFO says is not plausible. */
static void test_verdict__xrstor_in_zfs_without_kaslr(void **state)
{
	static const struct {
		const char *line, *rule;
	} sizes[] = {
		{ "NUMBER(KERNEL_IMAGE_SIZE)=536870912\n", "clear" },
		{ "NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n", "unknown" },
		{ "NUMBER(KERNEL_IMAGE_SIZE)=4096\n", "unknown" },
		{ "", "unknown" },
	};
	struct xfdt_regs regs;
	struct scene scene;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		regs = set_up_zfs(&scene, false);
		regs.ip = ZFS - (512ull << 20);
		strcat(scene.kernel.vmcoreinfo, sizes[i].line);
		die_elsewhere(&scene, &regs, (const char *const[]){ GPF, NULL },
			      "kfpu_end+0x2a/0x60 [zfs]", "<48> 0f ae 2f c3");
		assert_scene(&scene, sizes[i].rule);
	}
	/* an address in vmlinux is none of a module, whatever VMCOREINFO says */
	regs = set_up_zfs(&scene, false);
	regs.ip = KERNEL_ELSEWHERE;
	strcat(scene.kernel.vmcoreinfo, sizes[0].line);
	memory_put(&scene.kernel.memory, regs.ip, zfs_code, sizeof(zfs_code));
	die_elsewhere(&scene, &regs, (const char *const[]){ GPF, NULL }, "foo+0x1/0x2",
		      "<48> 0f ae 2f c3");
	assert_scene(&scene, "unknown");
}

/* An #NM in a live patch that the host survived: neither a bit of the operand nor its page acquits. */
static void test_verdict__operand_in_a_live_patch_damaged(void **state)
{
	struct xfdt_regs regs;
	struct scene scene;
	unsigned int bit;

	for (bit = 5; bit < 48; bit++) {
		regs = survive_nm(&scene);
		memcpy(memory_add(&scene.kernel.memory, ZFS, sizeof(zfs_code)), zfs_code,
		       sizeof(zfs_code));
		regs.ip = ZFS;
		regs.di = kernel_kvaddr(&scene.kernel, vcpu_of(&scene, 0)->header) - 512;
		if (bit > 5) {
			regs.di ^= 1ull << bit;
		} else {
			memset((void *)vcpu_of(&scene, 0)->fpstate, 0, 1024);
			kernel_forget_symbol(&scene.kernel, "vm_list");
		}
		scene.kernel.data->exec_summary_regs = regs;
		wrap_log(&scene, sysrq);
		assert_acquits(&scene, false);
		tear_down(&scene);
	}
}

static const char *const recursion[] = {
	"Bad FPU state detected at restore_fpregs_from_fpstate+0x3c/0xa0, reinitializing FPU registers.",
	"traps: PANIC: double fault, error_code: 0x0",
	"Oops: double fault: 0000 [#1] SMP NOPTI",
	NULL,
};
#define RESTORE "restore_fpregs_from_fpstate+0x3c/0x80"

/* #GP recursion: the handler of #GP loads init_fpstate by the XRSTORS that raised it */
static void test_verdict__gp_recursion_in_the_fixup(void **state)
{
	struct xfdt_regs regs;
	struct scene scene;
	int armed;

	for (armed = 0; armed < 2; armed++) {
		set_up(&scene, (unsigned int)armed, 0);
		regs = kernel_nm_regs(&scene.kernel, scene.shell, &scene.kernel.data->init_fpstate);
		die_elsewhere(&scene, &regs, recursion, RESTORE, KERNEL_XRSTORS_CODE);
		assert_rules(&scene.kernel, armed ? "armed" : "clear", NULL);
		tear_down(&scene);
	}
}

static void set_up_without_kvm(struct scene *scene)
{
	*scene = (struct scene){ .layout = kernel_6_18 };
	scene->layout.kvm_is_module = true;
	kernel_boot(&scene->kernel, &scene->layout);
	strcpy(scene->kernel.module->name, "ext4");
	scene->shell = kernel_add_thread(&scene->kernel,
					 &(struct kernel_thread){ .comm = "sh", .pid = OTHER_PID });
	kernel_run(&scene->kernel, scene->shell, 0);
	kernel_panic(&scene->kernel, scene->shell, NULL);
	scene->kernel.data->tainted_mask = KERNEL_TAINT_DIE;
	scene->kernel.caller = 1404;
}

/* a guest's own vmcore, after a snapshot lost its IA32_XSS: each of its XRSTORS raises #GP */
static void test_verdict__guest_that_lost_ia32_xss(void **state)
{
	struct xfdt_regs regs;
	struct scene scene;
	struct run run;

	set_up_without_kvm(&scene);
	regs = kernel_nm_regs(&scene.kernel, scene.shell, &scene.kernel.data->init_fpstate);
	die_elsewhere(&scene, &regs, recursion, RESTORE, KERNEL_XRSTORS_CODE);
	run_init(&run, &scene.kernel);
	assert_rule(&run, "no-kvm");
	assert_int_equal(run_fact(&run, XFDT_FACT_HIT), XFDT_NO);
	run_deinit(&run);
	tear_down(&scene);
}

/* KVM was unloaded after an #NM at the restore of a state that is gone; another oops ends the host. */
static void test_verdict__kvm_unloaded_between_two_oopses(void **state)
{
	struct xfdt_regs first, second;
	struct scene scene;

	set_up_without_kvm(&scene);
	first = kernel_nm_regs(&scene.kernel, scene.shell,
			       kernel_vmalloc(&scene.kernel, 2 * XFDT_PAGE_SIZE));
	first.sp = KERNEL_VMALLOC + 0x123000;
	second = kernel_nm_regs(&scene.kernel, scene.shell, &scene.kernel.data->init_fpstate);
	scene.kernel.data->die_counter = 2;
	scene.kernel.data->exec_summary_regs = first;
	scene.kernel.notes[0].regs = second;
	kernel_log(&scene.kernel, (const char *const[]){ WARN, DIE, NULL });
	kernel_log_registers(&scene.kernel, &first, RESTORE, KERNEL_XRSTORS_CODE);
	add_lines(&scene, OTHER_PID, (const char *const[]){ recursion[0], recursion[1], NULL });
	scene.kernel.caller = OTHER_PID;
	add_lines(&scene, OTHER_PID,
		  (const char *const[]){ "Oops: double fault: 0000 [#2] SMP NOPTI", NULL });
	kernel_log_registers(&scene.kernel, &second, RESTORE, KERNEL_XRSTORS_CODE);
	assert_scene(&scene, "unknown");
}

/* The same, of which the log has the function, and nothing has the registers. */
static void test_verdict__kvm_unloaded_and_registers_lost(void **state)
{
	struct scene scene;

	set_up_without_kvm(&scene);
	scene.kernel.data->die_counter = 1;
	kernel_log(&scene.kernel,
		   (const char *const[]){ WARN, "RIP: 0010:exc_device_not_available+0xde/0xf0",
					  "---[ end trace 0000000000000000 ]---", DIE,
					  "RIP: 0010:" RESTORE, NULL });
	add_lines(&scene, OTHER_PID, sysrq);
	assert_scene(&scene, "unknown");
}

static void test_verdict__no_panic_at_all(void **state)
{
	static const char *const log[] = { "systemd[1]: Started something.", NULL };
	struct scene scene;
	struct run run;

	set_up(&scene, 0, 0);
	scene.kernel.data->panic_cpu = UINT32_MAX;
	scene.kernel.source.note_count = 0;
	let_log(&scene, log);
	run_init(&run, &scene.kernel);
	assert_rule(&run, "clear");
	assert_int_equal(run_fact(&run, XFDT_FACT_PANICKED), XFDT_NO);
	run_deinit(&run);
	vcpu_of(&scene, 1)->fpstate->xfd = KERNEL_XTILEDATA;
	assert_scene(&scene, "armed");
}

static void test_verdict__without_vms(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_boot(&kernel, &kernel_6_18);
	kernel_panic(&kernel, &kernel.data->init_task, NULL);
	run_init(&run, &kernel);
	assert_rule(&run, "clear");
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* none of them hides a hit, and of another end each is named */
static void test_verdict__look_alikes_in_the_log(void **state)
{
	static const struct {
		const char *line, *words;
	} look_alikes[] = {
		{ "Bad FPU state detected at restore_fpregs_from_fpstate+0x3c/0xa0, reinitializing FPU registers.",
		  "#GP" },
		{ "CR0.TS was set", "CR0.TS" },
		{ "WARNING: CPU: 3 PID: 999 at arch/x86/kvm/x86.c:11500 kvm_load_guest_fpu+0x5d/0x70 [kvm]",
		  "unbalanced" },
		{ "WARNING: arch/x86/kvm/x86.c:11500 at kvm_put_guest_fpu+0x5d/0x70 [kvm], CPU#3: qemu/1404",
		  "unbalanced" },
		{ "WARNING: CPU: 3 PID: 999 at arch/x86/kernel/fpu/xstate.c:1500 xfd_validate_state+0x6a/0x80",
		  "CVE-2025-68171" },
		{ "WARNING: CPU: 3 PID: 999 at arch/x86/kernel/fpu/core.c:600 fpregs_assert_state_consistent+0x40/0x50",
		  "TIF_NEED_FPU_LOAD" },
		{ "WARNING: CPU: 3 PID: 999 at arch/x86/kernel/fpu/core.c:270 fpu_free_guest_fpstate+0x40/0x50",
		  "freed while in use" },
		{ "WARNING: CPU: 3 PID: 999 at arch/x86/kernel/fpu/core.c:400 fpu_copy_uabi_to_guest_fpstate+0x100/0x120",
		  "the fix at work" },
		{ "x86/fpu: XFD: Invalid xfd error: 0000000000040000", "user process" },
	};
	struct scene scene;
	struct run run;
	size_t i;

	for (i = 0; i < COUNT(look_alikes); i++) {
		const char *const log[] = { look_alikes[i].line, sysrq[0], sysrq[1], NULL };

		set_up(&scene, 0, 0);
		let_log(&scene, log);
		run_init(&run, &scene.kernel);
		assert_rule(&run, "clear");
		if (!run_says(&run.verdict.looks_like, look_alikes[i].words))
			fail_msg("no word of '%s'", look_alikes[i].words);
		run_deinit(&run);
		tear_down(&scene);

		survive_nm(&scene);
		add_lines(&scene, OTHER_PID, log);
		assert_scene(&scene, "hit-earlier");
	}
}

/* whatever else the host died of: a vCPU may still have been next, or not be known */
static void test_verdict__every_other_end_asks_who_is_next(void **state)
{
	static const char *const expected[] = { "clear", "armed", "open", "open", "clear" };
	struct scene scene;
	unsigned int next;
	int oops;

	for (oops = 0; oops < 2; oops++) {
		for (next = 0; next < COUNT(expected); next++) {
			struct kernel_vcpu *vcpu;

			set_up(&scene, 0, 0);
			vcpu = vcpu_of(&scene, 1);
			if (oops)
				let_an_oops_happen(&scene);
			if (next == 1) {
				vcpu->fpstate->xfd = KERNEL_XTILEDATA;
				vcpu->fpstate->in_use = 0;
			} else if (next == 2) {
				memory_fail(&scene.kernel.memory,
					    kernel_kvaddr(&scene.kernel, vcpu->fpstate),
					    XFDT_EXCLUDED);
			} else if (next >= 3) {
				scene.kernel.vms[0].kvm->vm_list.next = 0xdead000000000100ull;
			}
			/* a broken list costs names, where a census has every state */
			if (next == 3)
				lose_census(&scene);
			assert_scene(&scene, expected[next]);
		}
	}
}

/* one that is armed for certain says more than those that are not known */
static void test_verdict__armed_among_unreadable_ones(void **state)
{
	struct scene scene;

	set_up(&scene, 1, 0);
	memory_fail(&scene.kernel.memory, kernel_kvaddr(&scene.kernel, vcpu_of(&scene, 1)->fpstate),
		    XFDT_EXCLUDED);
	scene.kernel.vms[0].kvm->vm_list.next = 0xdead000000000100ull;
	assert_scene(&scene, "armed");
}

/* no acquittal: whether it struck is not known */

/* An oops that nothing describes: by which witness, and what the log says. */
static void test_verdict__oops_that_nothing_describes(void **state)
{
	static const char *const logs[][4] = {
		{ "CPU: 4 PID: 80 Comm: khungtaskd Tainted: G      D W    6.18.5",
		  "Kernel panic - not syncing: hung_task: blocked tasks" },
		{ "Tainted: [D]=DIE, [W]=WARN",
		  "Kernel panic - not syncing: hung_task: blocked tasks" },
		{ "Oops: Oops: 0000 [#2] SMP NOPTI", "RIP: 0010:foo+0x1/0x2",
		  "Kernel panic - not syncing: Fatal exception" },
		{ "sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash" },
	};
	struct scene scene;
	size_t i, witness;

	for (i = 0; i < COUNT(logs); i++) {
		for (witness = 0; witness < 6; witness++) {
			struct kernel_data *data;

			/* of a quiet log, counters alone say it, and all of them have to be read */
			if (i == 3 && (witness == 0 || witness == 4))
				continue;
			set_up(&scene, 0, 0);
			data = scene.kernel.data;
			wrap_log(&scene, logs[i]);
			if (witness & 1)
				data->die_counter = i == 2 ? 2 : 1;
			if (witness & 2)
				data->tainted_mask = KERNEL_TAINT_DIE;
			if (witness & 4)
				kernel_forget_symbol(&scene.kernel, "die_counter");
			assert_rules(&scene.kernel, "unknown", NULL);
			tear_down(&scene);
		}
	}
}

/* tainted_mask cannot be read, and the log is cut: one witness alone does not acquit */
static void test_verdict__tainted_mask_unreadable_and_log_cut(void **state)
{
	struct scene scene;

	set_up(&scene, 0, 0);
	kernel_forget_symbol(&scene.kernel, "tainted_mask");
	kernel_forget_symbol(&scene.kernel, "die_counter");
	wrap_log(&scene, sysrq);
	assert_scene(&scene, "unknown");
	set_up(&scene, 0, 0);
	kernel_forget_symbol(&scene.kernel, "tainted_mask");
	kernel_add_symbol(&scene.kernel, "tainted_mask", KERNEL_TEXT + 0x900000);
	wrap_log(&scene, sysrq);
	assert_scene(&scene, "unknown");
}

/* counters are missing: a log that is complete from its first record stands in for them */
static void test_verdict__complete_log_without_counters(void **state)
{
	struct scene scene;

	set_up(&scene, 0, 0);
	kernel_forget_symbol(&scene.kernel, "tainted_mask");
	kernel_forget_symbol(&scene.kernel, "die_counter");
	assert_rules(&scene.kernel, "clear", NULL);
	wrap_log(&scene, sysrq);
	assert_scene(&scene, "unknown");
}

/* counters, mask and log contradict each other */
static void test_verdict__witnesses_of_an_oops_disagree(void **state)
{
	static const struct {
		uint32_t die_counter;
		uint64_t tainted;
		bool logged;
	} cases[] = {
		{ 0, KERNEL_TAINT_DIE, false },
		{ 1, 0, false },
		{ 1, 0, true },
		{ 1, KERNEL_TAINT_DIE, false },
		{ 0, KERNEL_TAINT_DIE, true },
		{ 0, 0, true },
		{ 2, KERNEL_TAINT_DIE, true },
	};
	struct scene scene;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		set_up(&scene, 0, 0);
		scene.kernel.data->die_counter = cases[i].die_counter;
		scene.kernel.data->tainted_mask = cases[i].tainted;
		let_log(&scene,
			cases[i].logged ?
				(const char *const[]){ GPF, "RIP: 0010:foo+0x1/0x2", NULL } :
				sysrq);
		if (cases[i].logged)
			add_lines(&scene, OTHER_PID, sysrq);
		assert_acquits(&scene, false);
		tear_down(&scene);
	}
}

/* words of a panic that follow from something, and what that was is lost */
static void test_verdict__consequence_without_its_cause(void **state)
{
	static const struct {
		const char *before, *words, *rule;
	} cases[] = {
		{ "nothing", "Fatal exception in interrupt", "unknown" },
		{ "nothing", "Oopsed too often (kernel.oops_limit is 10000)", "unknown" },
		{ "nothing", "Aiee, killing interrupt handler!", "unknown" },
		{ "nothing", "Hard LOCKUP", "clear" },
		{ "WARNING: CPU: 3 PID: 999 at mm/slab.c:1 kfree+0x1/0x2",
		  "kernel: panic_on_warn set ...", "clear" },
		{ "WARNING: CPU: 3 PID: 999 at mm/slab.c:1 kfree+0x1/0x2", "Fatal exception",
		  "unknown" },
	};
	struct scene scene;
	char words[128];
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		const char *const log[] = { cases[i].before, words, NULL };

		snprintf(words, sizeof(words), "Kernel panic - not syncing: %s", cases[i].words);
		set_up(&scene, 0, 0);
		let_log(&scene, log);
		assert_scene(&scene, cases[i].rule);
	}
}

/* panic_on_warn, and the warning is lost: without the stack it may have been that of the #NM */
static void test_verdict__lost_warning(void **state)
{
	static const char *const log[] = {
		"Kernel panic - not syncing: kernel: panic_on_warn set ...", NULL
	};
	struct scene scene;

	set_up(&scene, 0, 0);
	wrap_log(&scene, log);
	memory_fail(&scene.kernel.memory, scene.shell->stack, XFDT_EXCLUDED);
	assert_rules(&scene.kernel, "unknown", NULL);
	/* no register note: a frame may be left over or not */
	memory_fail(&scene.kernel.memory, scene.shell->stack, 0);
	scene.kernel.source.note_count = 0;
	assert_rules(&scene.kernel, "unknown", NULL);
	tear_down(&scene);
}

/* an #NM in the log whose place is not there */
static void test_verdict__nm_whose_place_is_lost(void **state)
{
	static const char *const ends[] = { "---[ end trace 0000000000000000 ]---", " </TASK>",
					    "WARNING: CPU: 3 PID: 1404 at mm/slab.c:1 bar+0x1/0x2" };
	struct scene scene;
	size_t i;

	for (i = 0; i < COUNT(ends); i++) {
		const char *const log[] = { DIE,      ends[i],	"RIP: 0010:bar+0x1/0x2",
					    sysrq[0], sysrq[1], NULL };

		set_up(&scene, 0, 0);
		scene.kernel.data->die_counter = 1;
		scene.kernel.data->tainted_mask = KERNEL_TAINT_DIE;
		let_log(&scene, log);
		assert_scene(&scene, "unknown");
	}
}

/* log only, and the place is a function that restores: the callers too, and os_xrstor() */
static void test_verdict__nm_in_the_log_at_a_restore(void **state)
{
	static const char *const functions[] = {
		"restore_fpregs_from_fpstate",
		"os_xrstor",
		"fpu_swap_kvm_fpstate",
		"switch_fpu_return",
		"fpregs_restore_userregs.llvm.1234",
	};
	struct scene scene;
	char rip[96];
	size_t i;

	for (i = 0; i < COUNT(functions); i++) {
		const char *const log[] = {
			WARN,	  "RIP: 0010:exc_device_not_available+0xde/0xf0",
			rip,	  DIE,
			rip,	  sysrq[0],
			sysrq[1], NULL
		};

		snprintf(rip, sizeof(rip), "RIP: 0010:%s+0x45/0x90", functions[i]);
		set_up(&scene, 0, 0);
		scene.kernel.data->die_counter = 1;
		scene.kernel.data->tainted_mask = KERNEL_TAINT_DIE;
		let_log(&scene, log);
		assert_scene(&scene, "unknown");
	}
}

/* a warning of CR0.TS is one of the #NM handler too, and no hit */
static void test_verdict__nm_of_cr0_ts(void **state)
{
	const char *const log[] = { "CR0.TS was set",
				    WARN,
				    "RIP: 0010:exc_device_not_available+0xde/0xf0",
				    "RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
				    "---[ end trace 0000000000000000 ]---",
				    sysrq[0],
				    sysrq[1],
				    NULL };
	struct scene scene;

	set_up(&scene, 0, 0);
	scene.kernel.data->tainted_mask = KERNEL_TAINT_WARN;
	let_log(&scene, log);
	assert_scene(&scene, "clear");
}

static void test_verdict__other_architecture(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	kernel.source.arch = "aarch64";
	assert_verdict(&kernel, XFDT_NOT_APPLICABLE);
	kernel_deinit(&kernel);
}

/* not applicable, and contradictions */

static void take_amx(struct kernel *kernel)
{
	uint32_t *capability = kernel->data->boot_cpu_data.x86_capability;
	unsigned int n;

	kernel->data->fpu_kernel_cfg.max_features = 0x2e7;
	KERNEL_CAP_XFD(capability) = KERNEL_CAP_AMX(capability) = 0;
	kernel->data->init_fpstate.xfd = 0;
	for (n = 0; n < 2; n++) {
		struct kernel_vcpu *vcpu = &kernel->vcpu[n];

		vcpu->fpstate->xfeatures = vcpu->fpstate->user_xfeatures = 0x2e7;
		vcpu->header->xfeatures = 0x2e7;
		vcpu->header->xcomp_bv = 1ull << 63 | 0x2e7;
	}
}

/* lost oopses, a broken list: on a CPU without AMX it cannot have happened */
static void test_verdict__cpu_without_amx(void **state)
{
	struct scene scene;
	struct run run;

	set_up(&scene, 0, 0);
	take_amx(&scene.kernel);
	scene.kernel.data->die_counter = 1;
	scene.kernel.data->tainted_mask = KERNEL_TAINT_DIE;
	wrap_log(&scene, sysrq);
	run_init(&run, &scene.kernel);
	assert_int_equal(run_fact(&run, XFDT_FACT_HIT), XFDT_UNSURE);
	assert_rule(&run, "not-capable");
	assert_kind(&run, XFDT_NOT_APPLICABLE);
	run_deinit(&run);
	scene.kernel.vms[0].kvm->vm_list.next = 0xdead000000000100ull;
	assert_rules(&scene.kernel, "not-capable", NULL);
	kernel_forget_symbol(&scene.kernel, "tainted_mask");
	kernel_forget_symbol(&scene.kernel, "die_counter");
	assert_scene(&scene, "not-capable");
}

/* and %rsi,[rip + fpu_kernel_cfg.max_features], as restore_fpregs_from_fpstate() has it */
static void put_mask(struct kernel *kernel, unsigned int offset)
{
	const uint64_t variable = KERNEL_VARIABLE(fpu_kernel_cfg.max_features),
		       at = KERNEL_RESTORE + offset;
	const int32_t displacement = (int32_t)(variable - (at + 7));
	uint8_t code[7] = { 0x48, 0x23, 0x35 };

	memcpy(code + 3, &displacement, sizeof(displacement));
	memory_put(&kernel->memory, at, code, sizeof(code));
}

static void let_boot_be_logged(struct scene *scene, const char *features)
{
	const char *const lines[] = { features, sysrq[0], sysrq[1], NULL };

	let_log(scene, lines);
}

/* variables without names: the code tells where max_features is, and the log is its witness */
static void test_verdict__cpu_without_amx_by_code_and_log(void **state)
{
	static const struct {
		const char *line, *rule;
	} logs[] = {
		{ "x86/fpu: Enabled xstate features 0x2e7, context size is 2440 bytes, using 'compacted' format.",
		  "not-capable" },
		{ "x86/fpu: Enabled xstate features 0x602e7, context size is 10752 bytes, using 'compacted' format.",
		  "clear" },
		{ "x86/fpu: Enabled xstate features 0x2e6, context size is 2440 bytes, using 'compacted' format.",
		  "clear" },
		{ "x86/fpu: x87 FPU will use FXSAVE", "clear" },
	};
	struct scene scene;
	struct run run;
	size_t i;

	for (i = 0; i < COUNT(logs); i++) {
		set_up(&scene, 0, 0);
		take_amx(&scene.kernel);
		kernel_forget_symbol(&scene.kernel, "fpu_kernel_cfg");
		kernel_forget_symbol(&scene.kernel, "boot_cpu_data");
		let_boot_be_logged(&scene, logs[i].line);
		run_init(&run, &scene.kernel);
		assert_false(run.host.features.max_features.known);
		assert_rule(&run, "clear");
		run_deinit(&run);
		put_mask(&scene.kernel, 0x10);
		put_mask(&scene.kernel, 0x20);
		run_init(&run, &scene.kernel);
		assert_true(run.host.features.max_features.value == 0x2e7);
		assert_rule(&run, logs[i].rule);
		run_deinit(&run);
		tear_down(&scene);
	}
}

/* clearcpuid=amx_tile: the kernel drops XTILEDATA (xsave_cpuid_features[]), and the CPU still has XFD */
static void test_verdict__capability_without_amx(void **state)
{
	struct scene scene;

	set_up(&scene, 0, 0);
	take_amx(&scene.kernel);
	KERNEL_CAP_XFD(scene.kernel.data->boot_cpu_data.x86_capability) = 1u << 4;
	assert_scene(&scene, "not-capable");
}

/* one of its witnesses missing, or of another opinion */
static void test_verdict__capability_that_is_not_proven(void **state)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		struct scene scene;
		struct kernel *kernel = &scene.kernel;
		struct run run;

		set_up(&scene, 0, 0);
		take_amx(kernel);
		kernel->data->die_counter = 1;
		kernel->data->tainted_mask = KERNEL_TAINT_DIE;
		wrap_log(&scene, sysrq);
		switch (i) {
		case 0:
			kernel_forget_symbol(kernel, "boot_cpu_data");
			break;
		case 1:
			kernel_forget_symbol(kernel, "fpu_kernel_cfg");
			break;
		case 2:
			kernel->data->fpu_kernel_cfg.max_features = 0;
			break;
		case 3:
			kernel->data->fpu_kernel_cfg.max_features = KERNEL_XCR0;
			break;
		case 4:
			kernel->vcpu[0].header->xfeatures |= KERNEL_XTILEDATA;
			break;
		case 5:
			KERNEL_CAP_AMX(kernel->data->boot_cpu_data.x86_capability) = 1u << 24;
			break;
		case 6:
			kernel->data->init_fpstate.xfd = KERNEL_XTILEDATA;
			break;
		case 7:
			kernel->vcpu[1].header->xcomp_bv |= KERNEL_XTILEDATA;
			break;
		case 8:
			kernel_forget_member(kernel, "cpuinfo_x86", "x86_capability");
			break;
		case 9:
			kernel->data->fpu_kernel_cfg.max_features = 0x2e7 | 1ull << 40;
			break;
		}
		run_init(&run, kernel);
		if (run_fact(&run, XFDT_FACT_CAPABLE) == XFDT_NO)
			fail_msg("case %u: %s", i, run.facts.items[XFDT_FACT_CAPABLE].why);
		assert_kind(&run, XFDT_INCONCLUSIVE);
		run_deinit(&run);
		tear_down(&scene);
	}
}

/* it cannot be, and it is */
static void test_verdict__contradictions(void **state)
{
	struct scene scene;
	struct kernel kernel;

	/* no AMX, and a hit with a mismatch */
	kernel_init(&kernel);
	take_amx(&kernel);
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_deinit(&kernel);
	/* no AMX, and an armed vCPU */
	set_up(&scene, 1, 0);
	take_amx(&scene.kernel);
	vcpu_of(&scene, 0)->header->xfeatures |= KERNEL_XTILEDATA;
	vcpu_of(&scene, 0)->header->xcomp_bv |= KERNEL_XTILEDATA;
	assert_verdict(&scene.kernel, XFDT_INCONCLUSIVE);
	tear_down(&scene);
}

static void test_verdict__kvm_not_loaded(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct kernel kernel;
	uint64_t *entry;
	struct run run;

	layout.kvm_is_module = true;
	kernel_boot(&kernel, &layout);
	kernel_panic(&kernel, &kernel.data->init_task, NULL);
	run_init(&run, &kernel);
	assert_rule(&run, "clear");
	run_deinit(&run);
	/* another module */
	strcpy(kernel.module->name, "ext4");
	run_init(&run, &kernel);
	assert_rule(&run, "no-kvm");
	run_deinit(&run);
	/* one bit of its name, and one of the page tables that led to a guest state */
	entry = memory_page_entry(&kernel.memory, KERNEL_VMALLOC + 0x100000, 1);
	*entry ^= 2;
	run_init(&run, &kernel);
	assert_int_equal(run_fact(&run, XFDT_FACT_KVM), XFDT_UNSURE);
	run_deinit(&run);
	*entry ^= 2;
	/* whatever is lost */
	kernel.data->die_counter = 1;
	kernel.data->tainted_mask = KERNEL_TAINT_DIE;
	assert_rules(&kernel, "no-kvm", NULL);
	/* the list of modules breaks off; a census says that there is no guest state */
	kernel.data->die_counter = kernel.data->tainted_mask = 0;
	kernel.data->modules.next = 0xdead000000000100ull;
	run_init(&run, &kernel);
	assert_int_equal(run_fact(&run, XFDT_FACT_KVM), XFDT_UNSURE);
	assert_rule(&run, "clear");
	run_deinit(&run);
	kernel_forget_vmcoreinfo(&kernel, "SYMBOL(init_top_pgt)");
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_deinit(&kernel);
}

/* Without a census the list of modules is not the only witness of KVM. */
static void test_verdict__modules_without_kvm_and_census(void **state)
{
	static const struct {
		uint64_t guest_cbs;    /* perf_guest_cbs */
		const char *modules;   /* of the log */
		bool is_empty, closes; /* the list of modules */
		bool acquits;
	} cases[] = {
		{ 0, "Modules linked in: ext4 crc16", false, true, true },
		{ KERNEL_MODULE + 0x40, NULL, false, true, false },
		/* Xen's */
		{ KERNEL_SPARE, NULL, false, true, true },
		{ 0, "Modules linked in: kvm_amd kvm ext4", false, true, false },
		{ 0, "Modules linked in: ext4 [last unloaded: kvm]", false, true, false },
		{ 0, NULL, true, true, true },
		{ 0, NULL, true, false, false },
	};
	struct kernel_data *data;
	struct scene scene;
	struct run run;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		set_up_without_kvm(&scene);
		data = scene.kernel.data;
		lose_census(&scene);
		data->spare[0] = cases[i].guest_cbs;
		kernel_add_symbol(&scene.kernel, "perf_guest_cbs", KERNEL_SPARE);
		if (cases[i].modules)
			add_lines(&scene, OTHER_PID,
				  (const char *const[]){ cases[i].modules, NULL });
		if (cases[i].is_empty)
			data->modules.next = KERNEL_VARIABLE(modules);
		if (cases[i].is_empty && cases[i].closes)
			data->modules.prev = KERNEL_VARIABLE(modules);
		run_init(&run, &scene.kernel);
		assert_int_equal(run_fact(&run, XFDT_FACT_KVM),
				 cases[i].acquits ? XFDT_NO : XFDT_UNSURE);
		run_deinit(&run);
		assert_acquits(&scene, cases[i].acquits);
		tear_down(&scene);
	}
}

/* no KVM, and yet the #NM at the restore of a guest's state; a census tells that there are such states */
static void test_verdict__hit_without_kvm(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct kernel kernel;
	struct run run;

	layout.kvm_is_module = true;
	kernel_init_as(&kernel, &layout);
	strcpy(kernel.module->name, "ext4");
	run_init(&run, &kernel);
	assert_int_equal(run_fact(&run, XFDT_FACT_KVM), XFDT_UNSURE);
	assert_rule(&run, "hit-end");
	run_deinit(&run);
	kernel_forget_vmcoreinfo(&kernel, "SYMBOL(init_top_pgt)");
	assert_rules(&kernel, "no-kvm-but-hit", NULL);
	kernel_deinit(&kernel);
}

/* kvm was unloaded since: exec_summary_regs has an XRSTOR of a state that was freed with its thread */
static void test_verdict__kvm_unloaded_after_a_fault(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct kernel kernel;
	struct fpstate *freed;

	layout.kvm_is_module = true;
	kernel_boot(&kernel, &layout);
	strcpy(kernel.module->name, "ext4");
	freed = kernel_vmalloc(&kernel, FPSTATE_REGS_SIZE);
	kernel_panic(&kernel, &kernel.data->init_task, NULL);
	kernel.log_first = 1000;
	kernel_log(&kernel, sysrq);
	kernel.data->die_counter = 1;
	kernel.data->tainted_mask = KERNEL_TAINT_DIE;
	kernel.data->exec_summary_regs = kernel_nm_regs(&kernel, &kernel.data->init_task, freed);
	memory_fail(&kernel.memory, kernel_kvaddr(&kernel, freed), XFDT_UNMAPPED);
	assert_rules(&kernel, "unknown", NULL);
	kernel_deinit(&kernel);
}

/* neither types nor symbols know of a guest's XFD, and there is no such state */
static void test_verdict__kernel_older_than_xfd(void **state)
{
	struct kernel kernel;
	struct run run;

	/* struct fpu is in thread_struct there */
	kernel_boot(&kernel, &kernel_6_12);
	kernel_panic(&kernel, &kernel.data->init_task, NULL);
	kernel.data->die_counter = 1;
	kernel.data->tainted_mask = KERNEL_TAINT_DIE;
	kernel_forget_member(&kernel, "fpstate", "xfd");
	/* symbols still say otherwise */
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_forget_symbol(&kernel, "fpu_update_guest_xfd");
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_forget_symbol(&kernel, "xfd_state");
	run_init(&run, &kernel);
	assert_rule(&run, "not-capable");
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* without types: the variable that such a kernel has, its value, and what it has not */
static void test_verdict__kernel_older_than_xfd_without_types(void **state)
{
	static const char *const later[] = { "fpu_kernel_cfg", "xfd_state",
					     "fpu_update_guest_xfd" };
	/* of AMX, none, not sane */
	static const uint64_t others[] = { KERNEL_XCR0, 0, ~0ull };
	struct kernel kernel;
	size_t i, left;

	for (left = 0; left <= COUNT(later); left++) {
		kernel_boot(&kernel, &kernel_6_12);
		kernel_panic(&kernel, &kernel.data->init_task, NULL);
		memory_fail(&kernel.memory, KERNEL_BTF, XFDT_EXCLUDED);
		for (i = 0; i < COUNT(later); i++)
			if (i != left)
				kernel_forget_symbol(&kernel, later[i]);
		assert_verdict(&kernel, XFDT_INCONCLUSIVE);
		kernel_add_symbol(&kernel, "xfeatures_mask_all", KERNEL_SPARE);
		for (i = 0; i < COUNT(others); i++) {
			kernel.data->spare[0] = others[i];
			assert_verdict(&kernel, XFDT_INCONCLUSIVE);
		}
		kernel.data->spare[0] = KERNEL_XCR0 & ~KERNEL_XTILEDATA & ~(1ull << 17);
		if (left < COUNT(later))
			assert_verdict(&kernel, XFDT_INCONCLUSIVE);
		else
			assert_rules(&kernel, "not-capable", NULL);
		kernel_deinit(&kernel);
	}
}

/* what is missing acquits nobody */

/* The census and a complete log need neither; one of them alone is not enough. */
static void test_verdict__no_symbols_or_no_types(void **state)
{
	static const uint64_t segments[] = { KERNEL_KALLSYMS, KERNEL_BTF };
	struct scene scene;
	size_t i;

	for (i = 0; i < COUNT(segments); i++) {
		set_up(&scene, 0, 0);
		memory_fail(&scene.kernel.memory, segments[i], XFDT_EXCLUDED);
		assert_acquits(&scene, true);
		lose_census(&scene);
		assert_acquits(&scene, false);
		tear_down(&scene);
		set_up(&scene, 0, 0);
		memory_fail(&scene.kernel.memory, segments[i], XFDT_EXCLUDED);
		memory_fail(&scene.kernel.memory, KERNEL_LOG, XFDT_EXCLUDED);
		assert_acquits(&scene, false);
		tear_down(&scene);
		/* whose thread holds the state with the mismatch? */
		set_up(&scene, 1, 1);
		memory_fail(&scene.kernel.memory, segments[i], XFDT_EXCLUDED);
		assert_acquits(&scene, false);
		tear_down(&scene);
	}
}

/* vCPUs */

/* Another end; vCPU 0, on CPU 0 outside of the guest, has a mismatch. */
static struct kernel_vcpu *set_up_running(struct scene *scene)
{
	struct kernel_vcpu *vcpu;
	struct xfdt_cpu_note *note;

	set_up(scene, 1, 1);
	vcpu = vcpu_of(scene, 0);
	note = kernel_add_note(&scene->kernel, (int)vcpu->task->pid);
	note->regs.sp = vcpu->task->stack + 0x2000;
	return vcpu;
}

static void assert_vcpu_rule(struct scene *scene, const char *rule)
{
	struct run run;

	run_init(&run, &scene->kernel);
	assert_vcpu(&run, 0, rule);
	assert_rule(&run, run.verdict.vcpus[0].state == XFDT_VCPU_ARMED ? "armed" :
			  run.verdict.vcpus[0].undecided		? "open" :
									  "clear");
	run_deinit(&run);
	tear_down(scene);
}

static void test_verdict__registers_are_live(void **state)
{
	struct scene scene;

	set_up_running(&scene);
	assert_vcpu_rule(&scene, "registers-live");
	set_up_running(&scene)->vcpu->mode = XFDT_IN_GUEST_MODE;
	assert_vcpu_rule(&scene, "live-in-guest");
	/* without KVM's types nothing says that the CPU was outside */
	set_up_running(&scene);
	kernel_forget_member(&scene.kernel, "kvm_vcpu", "mode");
	assert_vcpu_rule(&scene, "live-in-guest");
	/* they are another thread's */
	set_up_running(&scene);
	scene.kernel.percpu[0]->fpu_fpregs_owner_ctx = 0;
	assert_vcpu_rule(&scene, "registers-unowned");
}

static void test_verdict__tif_decides_on_a_cpu(void **state)
{
	struct kernel_vcpu *vcpu;
	struct scene scene;

	vcpu = set_up_running(&scene);
	vcpu->task->thread_info.flags |= 1ull << 19;
	scene.kernel.percpu[0]->fpu_fpregs_owner_ctx = 0;
	assert_vcpu_rule(&scene, "before-return");
	/* it owns the registers, but was elsewhere since */
	vcpu = set_up_running(&scene);
	vcpu->task->thread_info.flags |= 1ull << 19;
	kernel_fpu(&scene.kernel, vcpu->task)->last_cpu = 1;
	assert_vcpu_rule(&scene, "before-return");
	/* valid: it may migrate before it returns */
	vcpu = set_up_running(&scene);
	vcpu->task->thread_info.flags |= 1ull << 19;
	assert_vcpu_rule(&scene, "registers-kept");
	/* every other bit, and not that one */
	set_up_running(&scene)->task->thread_info.flags = ~(1ull << 19);
	assert_vcpu_rule(&scene, "registers-live");
}

static void test_verdict__unknown_tif_and_a_mismatch(void **state)
{
	struct scene scene;

	set_up_running(&scene);
	kernel_forget_symbol(&scene.kernel, "fpregs_mark_activate");
	assert_vcpu_rule(&scene, "tif-unknown");
	/* "in guest" does not make up for it */
	set_up_running(&scene)->vcpu->mode = XFDT_IN_GUEST_MODE;
	kernel_forget_symbol(&scene.kernel, "fpregs_mark_activate");
	assert_vcpu_rule(&scene, "tif-unknown");
}

/* off the CPU memory counts, whatever TIF says */
static void test_verdict__scheduled_out(void **state)
{
	struct scene scene;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		set_up(&scene, 1, 0);
		if (i == 1)
			vcpu_of(&scene, 0)->task->thread_info.flags = 0;
		else if (i == 2)
			kernel_forget_symbol(&scene.kernel, "fpregs_mark_activate");
		vcpu_of(&scene, 0)->vcpu->mode = XFDT_IN_GUEST_MODE;
		assert_vcpu_rule(&scene, "scheduled-out");
	}
}

/* on_cpu and the CPU's current thread disagree */
static void test_verdict__between_two_threads(void **state)
{
	struct scene scene;

	set_up_running(&scene)->task->on_cpu = 0;
	assert_vcpu_rule(&scene, "switching");
	set_up(&scene, 1, 0);
	vcpu_of(&scene, 0)->task->on_cpu = 1;
	assert_vcpu_rule(&scene, "switching");
}

/* the thread that panicked runs, whatever its task_struct says */
static void test_verdict__thread_that_panicked_runs(void **state)
{
	struct scene scene;
	struct run run;

	set_up(&scene, 1, 1);
	kernel_panic(&scene.kernel, vcpu_of(&scene, 0)->task, NULL);
	vcpu_of(&scene, 0)->task->on_cpu = 0;
	run_init(&run, &scene.kernel);
	assert_int_equal(run.facts.states[0].running, XFDT_YES);
	assert_vcpu(&run, 0, "registers-live");
	run_deinit(&run);
	tear_down(&scene);
}

static void test_verdict__not_in_use(void **state)
{
	struct scene scene;

	set_up(&scene, 1, 0);
	vcpu_of(&scene, 0)->fpstate->in_use = 0;
	assert_vcpu_rule(&scene, "next-run");
	/* any thread may call KVM_RUN: the death of the last one does not matter */
	set_up(&scene, 1, 0);
	vcpu_of(&scene, 0)->fpstate->in_use = 0;
	kernel_reap(&scene.kernel, vcpu_of(&scene, 0));
	assert_vcpu_rule(&scene, "next-run");
}

/* a state in use by a thread that an oops killed is not loaded again */
static void test_verdict__dead_owner(void **state)
{
	struct scene scene;
	unsigned int i;

	static const char *const expected[] = { "owner-dead",	 "owner-dead",	  "owner-dead",
						"owner-unknown", "owner-unknown", "owner-unknown" };

	for (i = 0; i < COUNT(expected); i++) {
		struct task_struct *task;

		set_up(&scene, 1, 0);
		let_an_oops_happen(&scene);
		task = vcpu_of(&scene, 0)->task;
		if (i == 0)
			kernel_reap(&scene.kernel, vcpu_of(&scene, 0));
		/* do_exit() sets PF_EXITING, drops mm, sets exit_state: one alone may be damage */
		if (i == 1 || i == 2 || i == 4)
			task->flags = KERNEL_PF_EXITING;
		if (i == 1)
			task->mm = 0;
		if (i == 2 || i == 3)
			task->exit_state = 32;
		if (i == 5)
			kernel_forget_member(&scene.kernel, "task_struct", "flags");
		assert_vcpu_rule(&scene, expected[i]);
	}
}

/* only an oops kills a thread within KVM_RUN: without one that is damage */
static void test_verdict__dead_owner_without_an_oops(void **state)
{
	struct scene scene;

	set_up(&scene, 1, 0);
	kernel_reap(&scene.kernel, vcpu_of(&scene, 0));
	assert_vcpu_rule(&scene, "contradictory");
	set_up(&scene, 1, 0);
	vcpu_of(&scene, 0)->task->flags = KERNEL_PF_EXITING;
	vcpu_of(&scene, 0)->task->mm = 0;
	assert_vcpu_rule(&scene, "contradictory");
}

/* vcpu->pid is of the thread that ran it last; that one may hold another state by now */
static void test_verdict__thread_that_holds_another_state(void **state)
{
	struct scene scene;

	set_up(&scene, 1, 0);
	kernel_fpu(&scene.kernel, vcpu_of(&scene, 0)->task)->fpstate = KERNEL_HEAP;
	/* in use, held by nobody, and no oops has killed a thread */
	assert_rules(&scene.kernel, "open", "contradictory");
	/* that would have killed the thread that ran it last, but it lives: its fpstate is damaged */
	let_an_oops_happen(&scene);
	assert_rules(&scene.kernel, "open", "owner-unknown");
	/* the list of threads breaks off: who holds it is not known */
	scene.kernel.data->init_task.tasks.next = 0xdead000000000100ull;
	assert_vcpu_rule(&scene, "owner-holds-other");
	/* another thread holds it */
	set_up(&scene, 1, 0);
	kernel_fpu(&scene.kernel, scene.shell)->fpstate =
		kernel_fpu(&scene.kernel, vcpu_of(&scene, 0)->task)->fpstate;
	kernel_fpu(&scene.kernel, vcpu_of(&scene, 0)->task)->fpstate = KERNEL_HEAP;
	kernel_run(&scene.kernel, &scene.kernel.data->init_task, 2);
	scene.kernel.data->panic_cpu = 0;
	assert_vcpu_rule(&scene, "scheduled-out");
}

/* KVM_RUN has returned: no thread holds the state of vCPU 0 (Linux: arch/x86/kernel/fpu/core.c, fpu_swap_kvm_fpstate()). */
static void put_state(struct scene *scene)
{
	struct kernel_vcpu *vcpu = vcpu_of(scene, 0);
	struct fpu *fpu = kernel_fpu(&scene->kernel, vcpu->task);

	vcpu->fpstate->in_use = 0;
	fpu->fpstate = fpu->task_fpstate;
	fpu->task_fpstate = 0;
}

/* KVM_RUN of a dead VM loads nothing; vm_bugged and vm_dead are each other's witness */
static void test_verdict__vm_that_is_dead(void **state)
{
	struct scene scene;

	set_up(&scene, 1, 0);
	put_state(&scene);
	scene.kernel.vms[0].kvm->vm_bugged = 1;
	assert_rules(&scene.kernel, "armed", "next-run");
	scene.kernel.vms[0].kvm->vm_dead = 1;
	assert_rules(&scene.kernel, "clear", "vm-gone");
	scene.kernel.vms[0].kvm->vm_bugged = 0;
	assert_vcpu_rule(&scene, "next-run");
	/* what a thread holds is another matter */
	set_up(&scene, 1, 0);
	scene.kernel.vms[0].kvm->vm_bugged = scene.kernel.vms[0].kvm->vm_dead = 1;
	assert_vcpu_rule(&scene, "scheduled-out");
}

/* mm_users 0 and no thread with that mm: nobody can run the VM */
static void test_verdict__vm_without_users(void **state)
{
	struct scene scene;
	unsigned int n;

	set_up(&scene, 1, 0);
	put_state(&scene);
	scene.kernel.vms[0].mm->mm_users = 0;
	/* threads have it: one of the two is damaged, and it is armed as far as known */
	assert_rules(&scene.kernel, "armed", "next-run");
	scene.kernel.vms[0].leader->mm = 0;
	for (n = 0; n < 2; n++)
		vcpu_of(&scene, n)->task->mm = 0;
	assert_rules(&scene.kernel, "clear", "vm-gone");
	/* the list of threads breaks off: not proven */
	scene.kernel.data->init_task.tasks.next = 0xdead000000000100ull;
	assert_rules(&scene.kernel, "armed", "next-run");
	tear_down(&scene);
	/* mm_users says that there are some */
	set_up(&scene, 1, 0);
	put_state(&scene);
	scene.kernel.vms[0].leader->mm = 0;
	for (n = 0; n < 2; n++)
		vcpu_of(&scene, n)->task->mm = 0;
	assert_vcpu_rule(&scene, "next-run");
}

/* a VM that no list has: a census finds its states, and the threads that hold them */
static void test_verdict__states_on_no_list(void **state)
{
	struct kernel_vcpu *vcpu;
	struct scene scene;
	struct run run;

	set_up(&scene, 0, 0);
	vcpu = kernel_add_vm(&scene.kernel,
			     &(struct kernel_vm){ .vcpus = 1, .armed = 1, .unlisted = true })
		       ->vcpu;
	run_init(&run, &scene.kernel);
	assert_rule(&run, "armed");
	assert_int_equal(run.verdict.vcpu_count, 3);
	assert_vcpu(&run, 2, "scheduled-out");
	assert_true(run.host.unlisted.vcpus[0].fpstate ==
		    kernel_kvaddr(&scene.kernel, vcpu->fpstate));
	assert_int_equal(run.host.unlisted.vcpus[0].thread.pid, vcpu->task->pid);
	run_deinit(&run);
	/* an oops killed its thread, and the VM was destroyed: the state is leaked */
	let_an_oops_happen(&scene);
	kernel_reap(&scene.kernel, vcpu);
	run_init(&run, &scene.kernel);
	assert_rule(&run, "clear");
	assert_vcpu(&run, 2, "owner-dead");
	run_deinit(&run);
	/* any thread may still load one that is not in use */
	vcpu->fpstate->in_use = 0;
	run_init(&run, &scene.kernel);
	assert_rule(&run, "armed");
	assert_vcpu(&run, 2, "next-run");
	run_deinit(&run);
	tear_down(&scene);
}

static void test_verdict__two_vcpus_with_one_state(void **state)
{
	struct scene scene;
	struct run run;

	set_up(&scene, 0, 0);
	vcpu_of(&scene, 1)->vcpu->arch.guest_fpu.fpstate =
		vcpu_of(&scene, 0)->vcpu->arch.guest_fpu.fpstate;
	run_init(&run, &scene.kernel);
	assert_rule(&run, "open");
	assert_vcpu(&run, 0, "contradictory");
	assert_vcpu(&run, 1, "contradictory");
	assert_int_equal(run_fact(&run, XFDT_FACT_COMPLETE), XFDT_UNSURE);
	run_deinit(&run);
	tear_down(&scene);
}

/* a thread whose fpu->fpstate cannot be read, or is damaged, may hold the state that no other holds */
static void test_verdict__holder_that_cannot_be_read(void **state)
{
	struct scene scene;
	uint64_t *fpstate;
	int damaged;

	for (damaged = 0; damaged < 2; damaged++) {
		set_up(&scene, 1, 0);
		kernel_forget_symbol(&scene.kernel, "vm_list");
		let_an_oops_happen(&scene);
		fpstate = &kernel_fpu(&scene.kernel, vcpu_of(&scene, 0)->task)->fpstate;
		if (damaged)
			*fpstate ^= 1u << 20;
		else
			scene.kernel.memory.missing = kernel_kvaddr(&scene.kernel, fpstate);
		assert_scene(&scene, "open");
	}
}

/* a dump of a running host: the thread gave its state back after the page of the state was copied */
static void test_verdict__state_copied_before_its_thread(void **state)
{
	struct scene scene;

	set_up(&scene, 0, 0);
	vcpu_of(&scene, 0)->fpstate->xfd = KERNEL_XTILEDATA;
	vcpu_of(&scene, 0)->header->xfeatures &= ~KERNEL_XTILEDATA;
	kernel_add_own_fpstate(&scene.kernel, vcpu_of(&scene, 0)->task);
	assert_scene(&scene, "clear");
}

/* KVM's lists do not prove that there is no other guest FPU state. */
static void test_verdict__lists_without_census(void **state)
{
	struct scene scene;

	set_up(&scene, 0, 0);
	lose_census(&scene);
	assert_scene(&scene, "open");
}

/*
 * A damaged page table hides the state with the mismatch.  Where no list leads to the state either, the thread that
 * holds it does.
 */
static void test_verdict__state_that_page_tables_hide(void **state)
{
	uint64_t *entry, kvaddr, changed;
	unsigned int level, bit;
	struct scene scene;
	struct run run;

	set_up(&scene, 1, 0);
	kernel_forget_symbol(&scene.kernel, "vm_list");
	assert_rules(&scene.kernel, "armed", NULL);
	kvaddr = kernel_kvaddr(&scene.kernel, vcpu_of(&scene, 0)->fpstate);
	for (level = 4; level; level--) {
		entry = memory_page_entry(&scene.kernel.memory, kvaddr, level);
		for (bit = 0; bit <= 64; bit++) {
			changed = bit < 64 ? 1ull << bit : *entry;
			*entry ^= changed;
			assert_acquits(&scene, false);
			*entry ^= changed;
		}
	}
	/* another page of memory is mapped there */
	*entry ^= 1ull << 30;
	run_init(&run, &scene.kernel);
	assert_non_null(strstr(run.facts.items[XFDT_FACT_COMPLETE].why,
			       "a thread holds a guest FPU state (0x"));
	run_deinit(&run);
	*entry ^= 1ull << 30;
	tear_down(&scene);
}

/* The same, and what leads to the thread is damaged, too; or a list lacks an entry. */
static void test_verdict__hidden_state_whose_thread_is_not_found(void **state)
{
	static const uint64_t frame = 1ull << 12;
	struct scene scene;
	uint64_t *entry;
	int which;

	for (which = 0; which < 7; which++) {
		set_up(&scene, 1, 0);
		if (which != 4 && which != 5)
			kernel_forget_symbol(&scene.kernel, "vm_list");
		if (which == 1)
			scene.kernel.data->init_task.tasks.next ^= 8;
		else if (which == 2)
			vcpu_of(&scene, 0)->task->thread_node.next ^= 8;
		else if (which == 3)
			scene.kernel.memory.missing = kernel_kvaddr(
				&scene.kernel,
				&kernel_fpu(&scene.kernel, vcpu_of(&scene, 0)->task)->fpstate);
		else if (which == 4)
			scene.kernel.memory.missing =
				kernel_kvaddr(&scene.kernel,
					      &scene.kernel.vms[0].kvm->online_vcpus);
		/* a list that closes without an entry */
		else if (which == 5)
			scene.kernel.data->vm_list.next = KERNEL_VARIABLE(vm_list);
		else if (which == 6)
			scene.kernel.data->init_task.tasks.next = KERNEL_VARIABLE(init_task.tasks);
		assert_acquits(&scene, false);
		entry = memory_page_entry(&scene.kernel.memory,
					  kernel_kvaddr(&scene.kernel, vcpu_of(&scene, 0)->fpstate),
					  1);
		*entry ^= frame;
		assert_acquits(&scene, false);
		tear_down(&scene);
	}
}

/*
 * makedumpfile left out pages of slabs: nodes of xarrays, and threads.  The VMs count their vCPUs, and the census finds
 * as many states.
 */
static void test_verdict__counted_vcpus_need_no_thread(void **state)
{
	static const uint64_t frame = 1ull << 12;
	struct kernel_vm *vm;
	struct scene scene;
	uint64_t *entry;
	int armed;

	for (armed = 0; armed < 2; armed++) {
		set_up(&scene, armed, 0);
		vm = &scene.kernel.vms[0];
		vm->kvm->vcpu_array.xa_head = 0;
		scene.kernel.memory.missing =
			kernel_kvaddr(&scene.kernel,
				      &kernel_fpu(&scene.kernel, vcpu_of(&scene, 0)->task)->fpstate);
		assert_acquits(&scene, !armed);
		/* one more than there are states, and one state more */
		vm->kvm->online_vcpus++;
		assert_acquits(&scene, false);
		vm->kvm->online_vcpus -= 2;
		assert_acquits(&scene, false);
		vm->kvm->online_vcpus++;
		/* a state that the page tables hide */
		entry = memory_page_entry(&scene.kernel.memory,
					  kernel_kvaddr(&scene.kernel, vcpu_of(&scene, 0)->fpstate),
					  1);
		*entry ^= frame;
		assert_acquits(&scene, false);
		/* and a vCPU that is not counted yet, so the numbers agree: a thread that can be read holds the first */
		scene.kernel.memory.missing = 0;
		kernel_add_vm(&scene.kernel, &(struct kernel_vm){ .vcpus = 1, .unlisted = true });
		assert_acquits(&scene, false);
		tear_down(&scene);
	}
}

/* fpu_swap_kvm_fpstate() has stored task_fpstate, but not the guest's fpstate yet */
static void test_verdict__thread_that_begins_to_hold_a_state(void **state)
{
	struct scene scene;
	struct fpu *fpu;

	set_up(&scene, 0, 0);
	kernel_forget_symbol(&scene.kernel, "vm_list");
	assert_acquits(&scene, true);
	vcpu_of(&scene, 0)->fpstate->in_use = 0;
	fpu = kernel_fpu(&scene.kernel, vcpu_of(&scene, 0)->task);
	fpu->fpstate = fpu->task_fpstate;
	assert_acquits(&scene, true);
	tear_down(&scene);
}

/* kvm_vm_ioctl_create_vcpu() has stored one, and not counted it yet */
static void test_verdict__vcpu_that_is_being_created(void **state)
{
	struct scene scene;

	set_up(&scene, 0, 0);
	scene.kernel.vms[0].kvm->online_vcpus = 1;
	assert_rules(&scene.kernel, "clear", "ok");
	/* fewer than counted */
	scene.kernel.vms[0].kvm->online_vcpus = scene.kernel.vms[0].kvm->created_vcpus = 3;
	assert_scene(&scene, "open");
}

static void test_verdict__malformed_header(void **state)
{
	struct scene scene;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		struct kernel_vcpu *vcpu;

		set_up(&scene, i & 1, 0);
		vcpu = vcpu_of(&scene, 0);
		if (i < 2)
			vcpu->header->reserved[3] = 1;
		else if (i < 4)
			vcpu->header->xcomp_bv = 1ull << 63 | 0x2e7;
		else
			vcpu->header->xcomp_bv |= 1ull << 40;
		assert_vcpu_rule(&scene, i & 1 ? "malformed-mismatch" : "malformed");
	}
}

/* all are malformed: then what the host's features are is in doubt */
static void test_verdict__every_header_malformed(void **state)
{
	struct scene scene;

	set_up(&scene, 0, 0);
	vcpu_of(&scene, 0)->header->reserved[3] = vcpu_of(&scene, 1)->header->reserved[3] = 1;
	assert_scene(&scene, "open");
	/* by one bit of max_features */
	set_up(&scene, 1, 0);
	scene.kernel.data->fpu_kernel_cfg.max_features &= ~(1ull << 9);
	assert_acquits(&scene, false);
	tear_down(&scene);
}

static void test_verdict__confidential(void **state)
{
	struct kernel_vcpu *vcpu;
	struct scene scene;

	set_up(&scene, 0, 0);
	vcpu_of(&scene, 0)->fpstate->is_confidential = 1;
	assert_vcpu_rule(&scene, "confidential");
	set_up(&scene, 1, 0);
	vcpu_of(&scene, 0)->fpstate->is_confidential = 1;
	assert_vcpu_rule(&scene, "confidential-mismatch");
	set_up(&scene, 1, 0);
	vcpu = vcpu_of(&scene, 0);
	vcpu->fpstate->is_confidential = 1;
	vcpu->fpstate->in_use = 0;
	assert_rules(&scene.kernel, "open", "confidential-mismatch");
	vcpu->fpstate->xfd = 0;
	assert_vcpu_rule(&scene, "confidential");
	/* its header is not real, so it is not malformed either */
	set_up(&scene, 0, 0);
	vcpu = vcpu_of(&scene, 0);
	vcpu->fpstate->is_confidential = 1;
	vcpu->header->xcomp_bv = 0x1234;
	assert_vcpu_rule(&scene, "confidential");
}

/* inside the guest, which may write IA32_XFD: what is in memory is old, and that is no mismatch */
static void test_verdict__inside_the_guest(void **state)
{
	static const enum xfdt_vcpu_mode modes[] = { XFDT_IN_GUEST_MODE, XFDT_EXITING_GUEST_MODE };
	struct kernel_vcpu *vcpu;
	struct scene scene;
	size_t i;

	for (i = 0; i < COUNT(modes); i++) {
		vcpu = set_up_running(&scene);
		vcpu->fpstate->xfd = 0;
		vcpu->vcpu->mode = modes[i];
		assert_vcpu_rule(&scene, "in-guest");
		/* a guest that may not use tiles cannot write IA32_XFD */
		vcpu = set_up_running(&scene);
		vcpu->fpstate->xfd = 0;
		vcpu->vcpu->mode = modes[i];
		vcpu->fpstate->xfeatures = vcpu->fpstate->user_xfeatures = 0x2e7;
		vcpu->header->xfeatures = 0x2e7;
		vcpu->header->xcomp_bv = 1ull << 63 | 0x2e7;
		assert_vcpu_rule(&scene, "ok");
	}
}

/* single bits */

static const char *rule_with_flip(struct scene *scene, uint8_t *byte, unsigned int bit,
				  enum xfdt_verdict_kind *ret_kind)
{
	const char *rule;
	struct run run;

	*byte ^= (uint8_t)(1u << bit);
	/* what reading may cost is for one dump */
	memset(&scene->kernel.memory.reader.cost, 0, sizeof(scene->kernel.memory.reader.cost));
	run_init(&run, &scene->kernel);
	rule = run.verdict.rule->id;
	*ret_kind = run.verdict.kind;
	run_deinit(&run);
	*byte ^= (uint8_t)(1u << bit);
	return rule;
}

/* No bit of @len bytes at @object, but those of @but at @but_at, may acquit. */
static void assert_no_bit_acquits(struct scene *scene, const char *what, void *object, size_t len,
				  size_t but_at, uint64_t but)
{
	size_t i, acquittals = 0;

	for (i = 0; i < 8 * len; i++) {
		enum xfdt_verdict_kind kind;
		const char *rule;

		if (i >= 8 * but_at && i < 8 * but_at + 64 && but >> (i - 8 * but_at) & 1)
			continue;
		rule = rule_with_flip(scene, (uint8_t *)object + i / 8, i % 8, &kind);
		if (kind != XFDT_NOT_THIS_BUG && kind != XFDT_NOT_APPLICABLE)
			continue;
		print_message("bit %zu of byte %zu of %s: %s\n", i % 8, i / 8, what, rule);
		acquittals++;
	}
	assert_int_equal(acquittals, 0);
}

/* dead of it: no bit of the note, nor of exec_summary_regs, nor of the state but the mismatch's own */
static void test_verdict__no_bit_of_the_registers_acquits(void **state)
{
	struct scene scene;
	int sources;

	for (sources = 0; sources < 3; sources++) {
		kernel_init(&scene.kernel);
		if (sources == 1)
			kernel_log(&scene.kernel, (const char *const[]){ WARN, DIE, NULL });
		if (sources == 2)
			kernel_forget_symbol(&scene.kernel, "exec_summary_regs");
		assert_no_bit_acquits(&scene, "the note", &scene.kernel.notes[0].regs,
				      sizeof(struct xfdt_regs), 0, 0);
		if (sources < 2)
			assert_no_bit_acquits(&scene, "exec_summary_regs",
					      &scene.kernel.data->exec_summary_regs,
					      sizeof(struct xfdt_regs), 0, 0);
		tear_down(&scene);
	}
}

/* a frame on a stack is all that shows the fault: no bit of what leads to it, also if the VM is dead */
static void test_verdict__no_bit_of_a_handler_acquits(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct xfdt_cpu_note *note;
	struct kernel_vcpu *vcpu;
	struct scene scene;
	int i;

	for (i = 0; i < 4; i++) {
		layout.kasan = i & 1;
		set_up_as(&scene, &layout, 1, 1);
		vcpu = vcpu_of(&scene, 0);
		note = put_in_handler(&scene);
		scene.kernel.vms[0].kvm->vm_dead = scene.kernel.vms[0].kvm->vm_bugged = i / 2;
		assert_no_bit_acquits(&scene, "RSP", &note->regs.sp, 8, 0, 0);
		assert_no_bit_acquits(&scene, "xfd and flags", &vcpu->fpstate->xfd, 12, 0, 0);
		if (!i)
			assert_no_bit_acquits(&scene, "the frame",
					      kernel_stack(&scene.kernel, vcpu->task,
							   KERNEL_FRAME - 8),
					      sizeof(struct xfdt_regs) + 16, 0, 0);
		tear_down(&scene);
	}
}

static void test_verdict__no_bit_of_the_code_acquits(void **state)
{
	struct scene scene;

	kernel_init(&scene.kernel);
	assert_no_bit_acquits(&scene, "the XRSTOR", kernel_at(&scene.kernel, KERNEL_XRSTOR), 8, 0,
			      0);
	tear_down(&scene);
}

/* armed: the bits that are the only record of the mismatch are XFD's and XSTATE_BV's */
static void test_verdict__no_bit_of_an_armed_state_acquits(void **state)
{
	const size_t flags = offsetof(struct fpstate, xfd) + 8;
	struct kernel_vcpu *vcpu;
	struct scene scene;
	int in_use;

	for (in_use = 0; in_use < 2; in_use++) {
		set_up(&scene, 1, 0);
		vcpu = vcpu_of(&scene, 0);
		vcpu->fpstate->in_use = in_use;
		assert_no_bit_acquits(&scene, "fpstate before xfd", vcpu->fpstate,
				      offsetof(struct fpstate, xfd), 0, 0);
		assert_no_bit_acquits(&scene, "fpstate->xfd", &vcpu->fpstate->xfd, 8, 0,
				      KERNEL_XTILEDATA);
		assert_no_bit_acquits(&scene, "fpstate's flags", (uint8_t *)vcpu->fpstate + flags,
				      4, 0, 0);
		assert_no_bit_acquits(&scene, "the header", vcpu->header, sizeof(*vcpu->header), 0,
				      KERNEL_XTILEDATA);
		assert_no_bit_acquits(&scene, "struct kvm_vcpu", vcpu->vcpu, sizeof(*vcpu->vcpu), 0,
				      0);
		if (!in_use) /* what a thread holds does not ask KVM_RUN */
			assert_no_bit_acquits(&scene, "struct kvm", scene.kernel.vms[0].kvm,
					      offsetof(struct kvm, vcpus), 0, 0);
		if (in_use) { /* an oops killed another thread */
			let_an_oops_happen(&scene);
			assert_no_bit_acquits(&scene, "struct fpu",
					      kernel_fpu(&scene.kernel, vcpu->task),
					      sizeof(struct fpu), 0, 0);
		}
		assert_no_bit_acquits(&scene, "struct pid", vcpu->pid, sizeof(*vcpu->pid), 0, 0);
		assert_no_bit_acquits(&scene, "max_features", &scene.kernel.data->fpu_kernel_cfg,
				      sizeof(scene.kernel.data->fpu_kernel_cfg), 0, 0);
		tear_down(&scene);
	}
}

#include "test_verdict.tests.h"
