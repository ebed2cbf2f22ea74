/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict on a host: every kind, and each condition missing in turn. */
#include "unit.h"
#include "host.h"
#include "memory.h"
#include "verdict/verdict.h"

#include <stdio.h>
#include <string.h>

static struct xfdt_value known(uint64_t value)
{
	return (struct xfdt_value){ .known = true, .value = value };
}

static const struct xfdt_value unknown = { .known = false };

static struct xfdt_verdict judge(struct host *fixture)
{
	struct xfdt_verdict verdict;

	memset(&verdict, 0x5a, sizeof(verdict));
	assert_ok(xfdt_verdict_init(&verdict, &fixture->host));
	/* a verdict has a reason */
	assert_within(verdict.why.count, 1, 100);
	return verdict;
}

static void assert_verdict(struct host *fixture, enum xfdt_verdict_kind expected)
{
	struct xfdt_verdict verdict = judge(fixture);

	if (verdict.kind != expected)
		fail_msg("'%s' (%s), not '%s'", xfdt_verdict_name(verdict.kind),
			 verdict.why.items[verdict.why.count - 1].text,
			 xfdt_verdict_name(expected));
	/* the route is one of a bug's only */
	if (expected == XFDT_CONFIRMED || expected == XFDT_PROBABLE)
		assert_int_not_equal(verdict.route, XFDT_ROUTE_NONE);
	else
		assert_int_equal(verdict.route, XFDT_ROUTE_NONE);
	xfdt_verdict_deinit(&verdict);
}

static void assert_neither_this_bug_nor_another(struct host *fixture)
{
	struct xfdt_verdict verdict = judge(fixture);

	assert_int_not_equal(verdict.kind, XFDT_CONFIRMED);
	assert_int_not_equal(verdict.kind, XFDT_NOT_THIS_BUG);
	assert_int_not_equal(verdict.kind, XFDT_NOT_APPLICABLE);
	xfdt_verdict_deinit(&verdict);
}

static bool says(const struct xfdt_reasons *reasons, const char *words)
{
	size_t i;

	for (i = 0; i < reasons->count; i++)
		if (strstr(reasons->items[i].text, words))
			return true;
	return false;
}

/* The panic is something else, and no vCPU is amiss. */
static void other_panic(struct host *fixture, const char *const *log)
{
	host_init(fixture);
	host_log(fixture, log);
	memset(&fixture->host.panic.fault, 0, sizeof(fixture->host.panic.fault));
	fixture->host.panic.note_is_xrstor = false;
	fixture->vcpus[0].xfd = 0;
}

static const char *const log_sysrq[] = { "sysrq: Trigger a crash",
					 "Kernel panic - not syncing: sysrq triggered crash",
					 NULL };

/* design.md, the table */
static void test_verdict__names_and_exits(void **state)
{
	static const struct {
		const char *name;
		int exit;
	} kinds[XFDT_VERDICT_KINDS] = {
		[XFDT_CONFIRMED] = { "confirmed", 0 },
		[XFDT_NOT_THIS_BUG] = { "not-this-bug", 1 },
		[XFDT_ARMED] = { "armed", 3 },
		[XFDT_PROBABLE] = { "probable", 4 },
		[XFDT_INCONCLUSIVE] = { "inconclusive", 5 },
		[XFDT_NOT_APPLICABLE] = { "not-applicable", 6 },
	};
	size_t i;

	for (i = 0; i < XFDT_VERDICT_KINDS; i++) {
		assert_string_equal(xfdt_verdict_name(i), kinds[i].name);
		assert_int_equal(xfdt_verdict_exit(i), kinds[i].exit);
	}
	assert_int_equal(XFDT_EXIT_ERROR, 2);
	assert_string_equal(xfdt_route_name(XFDT_ROUTE_SWAP), "fpu_swap_kvm_fpstate");
	assert_string_equal(xfdt_route_name(XFDT_ROUTE_RETURN), "switch_fpu_return");
	assert_string_equal(xfdt_route_name(XFDT_ROUTE_UNKNOWN), "unknown");
	assert_null(xfdt_route_name(XFDT_ROUTE_NONE));
}

/* confirmed */

static void test_verdict__confirmed_by_swap(void **state)
{
	struct xfdt_verdict verdict;
	struct host fixture;

	host_init(&fixture);
	verdict = judge(&fixture);
	assert_int_equal(verdict.kind, XFDT_CONFIRMED);
	assert_int_equal(verdict.route, XFDT_ROUTE_SWAP);
	assert_int_equal(verdict.vcpu_count, 2);
	assert_true(verdict.vcpus[0].culprit);
	assert_false(verdict.vcpus[1].culprit);
	assert_int_equal(verdict.states[XFDT_VCPU_ARMED], 1);
	assert_int_equal(verdict.states[XFDT_VCPU_OK], 1);
	/* the evidence, with addresses and values */
	assert_true(says(&verdict.why, "0xffffa0c001200040"));
	assert_true(says(&verdict.why, "0x602e7"));
	assert_true(says(&verdict.why, "0x40000"));
	assert_true(says(&verdict.why, "exc_device_not_available"));
	assert_true(says(&verdict.origins, "KVM_SET_XSAVE"));
	assert_true(says(&verdict.origins, "xfd_no_write_intercept"));
	xfdt_verdict_deinit(&verdict);
}

static void test_verdict__confirmed_by_return(void **state)
{
	static const char *const callers[] = { "switch_fpu_return", "fpregs_restore_userregs" };
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(callers); i++) {
		struct xfdt_verdict verdict;

		host_init(&fixture);
		strcpy(fixture.host.panic.fault.caller, callers[i]);
		verdict = judge(&fixture);
		assert_int_equal(verdict.kind, XFDT_CONFIRMED);
		assert_int_equal(verdict.route, XFDT_ROUTE_RETURN);
		assert_true(says(&verdict.origins, "guest wrote IA32_XFD"));
		xfdt_verdict_deinit(&verdict);
	}
}

static void test_verdict__route_unknown(void **state)
{
	static const char *const callers[] = { "", "fpu_swap_kvm", "fpu_swap_kvm_fpstate.cold",
					       "?" };
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(callers); i++) {
		struct xfdt_verdict verdict;

		host_init(&fixture);
		strcpy(fixture.host.panic.fault.caller, callers[i]);
		verdict = judge(&fixture);
		assert_int_equal(verdict.kind, XFDT_CONFIRMED);
		assert_int_equal(verdict.route, XFDT_ROUTE_UNKNOWN);
		xfdt_verdict_deinit(&verdict);
	}
}

static void test_verdict__confirmed_from_every_source_of_registers(void **state)
{
	static const enum xfdt_regs_source sources[] = {
		XFDT_REGS_PRSTATUS,
		XFDT_REGS_STACK,
		XFDT_REGS_EXEC_SUMMARY,
		XFDT_REGS_LOG,
	};
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(sources); i++) {
		host_init(&fixture);
		fixture.host.panic.fault.source = sources[i];
		fixture.host.panic.note_known = sources[i] == XFDT_REGS_PRSTATUS;
		assert_verdict(&fixture, XFDT_CONFIRMED);
	}
}

/* panic_on_warn: the kernel dies in the WARN, and "unexpected #NM" is never printed */
static void test_verdict__confirmed_under_panic_on_warn(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Kernel panic - not syncing: kernel: panic_on_warn set ...", NULL
	};
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	fixture.host.panic.fault.source = XFDT_REGS_STACK;
	fixture.host.panic.note_is_xrstor = false;
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

static void test_verdict__confirmed_in_every_format_of_the_log(void **state)
{
	static const char *const warnings[] = {
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1302 exc_device_not_available+0x6f/0x90",
		"WARNING: arch/x86/kernel/traps.c:1524 at exc_device_not_available+0x8b/0xd0, CPU#3: CPU 0/KVM/1404",
	};
	static const char *const deaths[] = {
		"unexpected #NM exception: 0000 [#1] PREEMPT SMP NOPTI",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
	};
	static const char *const panics[] = {
		"Kernel panic - not syncing: Fatal exception",
		"Kernel panic - not syncing: Fatal exception in interrupt",
	};
	struct host fixture;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		const char *log[] = { warnings[i & 1], deaths[i >> 1 & 1], panics[i >> 2], NULL };

		host_init(&fixture);
		host_log(&fixture, log);
		assert_verdict(&fixture, XFDT_CONFIRMED);
		/* crash_kexec() comes before the last line */
		log[2] = NULL;
		host_init(&fixture);
		host_log(&fixture, log);
		assert_verdict(&fixture, XFDT_CONFIRMED);
	}
}

/* "The fix present does not exclude the bug", nor does a livepatch. */
static void test_verdict__fix_present_does_not_exclude(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.fix.vmlinux = XFDT_PRESENT;
	fixture.host.fix.kvm = XFDT_PRESENT;
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

/* the in_use flag and the vCPU's thread are no conditions */
static void test_verdict__confirmed_whatever_the_thread_says(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].in_use = false;
	memset(&fixture.vcpus[0].thread, 0, sizeof(fixture.vcpus[0].thread));
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

/* Other VMs and vCPUs that could not be read do not take the proof away. */
static void test_verdict__confirmed_with_lists_that_are_incomplete(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.vms_complete = false;
	fixture.vms[0].complete = false;
	fixture.vcpus[1].state_known = false;
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

/* condition 1: an XRSTOR(S) in restore_fpregs_from_fpstate() */

static void test_verdict__fault_elsewhere_in_the_kernel(void **state)
{
	struct xfdt_verdict verdict;
	struct host fixture;

	host_init(&fixture);
	memset(&fixture.host.panic.fault, 0, sizeof(fixture.host.panic.fault));
	fixture.host.panic.note.ip = 0xffffffffc0801000ull;
	fixture.host.panic.note_is_xrstor = false;
	verdict = judge(&fixture);
	assert_int_equal(verdict.kind, XFDT_NOT_THIS_BUG);
	assert_true(says(&verdict.looks_like, "elsewhere"));
	xfdt_verdict_deinit(&verdict);
}

/* panic() comes with registers of its own: then the note is not where the fault was */
static void test_verdict__note_behind_a_panic_says_nothing(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"Kernel panic - not syncing: Fatal exception in interrupt", NULL
	};
	struct host fixture;

	host_init(&fixture);
	memset(&fixture.host.panic.fault, 0, sizeof(fixture.host.panic.fault));
	host_log(&fixture, log);
	fixture.host.panic.note.ip = 0xffffffff81180000ull;
	fixture.host.panic.note_is_xrstor = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* os_xrstor() and the like load a state of their own */
static void test_verdict__xrstor_elsewhere_of_no_guest_state(void **state)
{
	struct host fixture;

	host_init(&fixture);
	memset(&fixture.host.panic.fault, 0, sizeof(fixture.host.panic.fault));
	fixture.host.panic.note.ip = 0xffffffff8104b000ull;
	fixture.host.panic.note_is_xrstor = true;
	fixture.host.panic.note_operand = 0xffff888100200040ull;
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
	/* where not all vCPUs are known, it may have been one of theirs */
	fixture.host.vms_complete = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__xrstor_elsewhere_of_a_guest_state(void **state)
{
	struct host fixture;

	host_init(&fixture);
	memset(&fixture.host.panic.fault, 0, sizeof(fixture.host.panic.fault));
	fixture.host.panic.note.ip = 0xffffffff8104b000ull;
	fixture.host.panic.note_operand = HOST_FPSTATE(0) + 64;
	assert_neither_this_bug_nor_another(&fixture);
}

static void test_verdict__registers_nowhere(void **state)
{
	struct host fixture;

	host_init(&fixture);
	memset(&fixture.host.panic.fault, 0, sizeof(fixture.host.panic.fault));
	fixture.host.panic.note_known = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__code_not_readable(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.fault.decoded = false;
	fixture.host.panic.note_code_known = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* condition 2: the operand is a vCPU's guest state */

static void test_verdict__operand_is_a_host_tasks_state(void **state)
{
	struct xfdt_verdict verdict;
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.fault.operand = HOST_FPU(5) + 128;
	fixture.host.panic.fault.fpstate = HOST_FPU(5) + 64;
	fixture.host.panic.fault.fpstate_is_guest = false;
	verdict = judge(&fixture);
	assert_int_equal(verdict.kind, XFDT_NOT_THIS_BUG);
	assert_true(says(&verdict.looks_like, "host task"));
	xfdt_verdict_deinit(&verdict);
}

static void test_verdict__operand_is_a_guest_state_of_no_known_vcpu(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].fpstate = HOST_FPSTATE(8);
	fixture.vms[0].complete = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__vcpus_state_is_no_guests(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].is_guest = false;
	assert_neither_this_bug_nor_another(&fixture);
}

static void test_verdict__vcpus_state_is_confidential(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].is_confidential = true;
	assert_neither_this_bug_nor_another(&fixture);
}

/* probable: the state itself is not in the dump */
static void test_verdict__state_not_in_the_dump(void **state)
{
	struct xfdt_verdict verdict;
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].state_known = false;
	fixture.vcpus[0].error = (char *)"fpstate: page excluded";
	fixture.host.panic.fault.fpstate_read = false;
	fixture.host.panic.fault.fpstate_absent = true;
	verdict = judge(&fixture);
	assert_int_equal(verdict.kind, XFDT_PROBABLE);
	assert_int_equal(verdict.route, XFDT_ROUTE_SWAP);
	xfdt_verdict_deinit(&verdict);
}

static void test_verdict__state_that_is_corrupt_is_not_probable(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].state_known = false;
	fixture.host.panic.fault.fpstate_read = false;
	fixture.host.panic.fault.fpstate_absent = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/*
 * Every vCPU is known, and the operand, which is not in the dump, is none's:
 * nothing says that it is a guest's at all.
 */
static void test_verdict__absent_operand_of_no_vcpu_is_not_probable(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].fpstate = HOST_FPSTATE(8);
	fixture.host.panic.fault.fpstate_read = false;
	fixture.host.panic.fault.fpstate_absent = true;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* but where the lists broke off, it may be that of a vCPU that was not found */
static void test_verdict__absent_operand_with_vcpus_unknown(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].fpstate = HOST_FPSTATE(8);
	fixture.vms[0].complete = false;
	fixture.host.panic.fault.fpstate_read = false;
	fixture.host.panic.fault.fpstate_absent = true;
	assert_neither_this_bug_nor_another(&fixture);
}

/* memory that is no fpstate at all, a page of zeros for one, acquits nobody */
static void test_verdict__operand_is_no_fpstate(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.fault.operand = HOST_FPU(5) + 128;
	fixture.host.panic.fault.fpstate = HOST_FPU(5) + 64;
	fixture.host.panic.fault.fpstate_is_guest = false;
	fixture.host.panic.fault.fpstate_xfeatures = 0;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* lines of several CPUs may be mixed up in the log: those registers do not acquit */
static void test_verdict__registers_of_the_log_do_not_acquit(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.fault.source = XFDT_REGS_LOG;
	fixture.vcpus[0].xfd = 0;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* condition 3: XSTATE_BV & XFD & EDX:EAX */

/* CVE-2024-35801: memory says XFD = 0 while the MSR had it set */
static void test_verdict__no_mismatch_with_tiles_in_use(void **state)
{
	struct xfdt_verdict verdict;
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].xfd = 0;
	fixture.host.panic.fault.fpstate_xfd = 0;
	verdict = judge(&fixture);
	assert_int_equal(verdict.kind, XFDT_NOT_THIS_BUG);
	assert_true(says(&verdict.looks_like, "CVE-2024-35801"));
	xfdt_verdict_deinit(&verdict);
}

static void test_verdict__no_mismatch_and_no_tiles(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].header.xstate_bv = 0x2e7;
	assert_neither_this_bug_nor_another(&fixture);
}

static void test_verdict__mask_leaves_tiles_out(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.fault.edx_eax = HOST_MASK & ~XTILEDATA;
	assert_neither_this_bug_nor_another(&fixture);
}

static void test_verdict__header_that_raises_gp(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].header.reserved[0] = 1;
	assert_neither_this_bug_nor_another(&fixture);
}

/* condition 4: the WARN in exc_device_not_available() */

static const char *const log_without_warning[] = {
	"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
	"Kernel panic - not syncing: Fatal exception", NULL
};

/* kernel facts, 7: other #NM */
static void test_verdict__no_warning_and_no_mismatch(void **state)
{
	struct xfdt_verdict verdict;
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log_without_warning);
	fixture.vcpus[0].xfd = 0;
	verdict = judge(&fixture);
	assert_int_equal(verdict.kind, XFDT_NOT_THIS_BUG);
	assert_true(says(&verdict.looks_like, "without XFD_ERR"));
	xfdt_verdict_deinit(&verdict);
}

/*
 * Memory holds all that makes this XRSTOR raise #NM by XFD, so a WARN that is
 * not in the log has been lost (a full ring, a damaged record, CONFIG_BUG=n):
 * that is a contradiction, and no proof of another bug.
 */
static void test_verdict__no_warning_against_a_mismatch_in_memory(void **state)
{
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log_without_warning);
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* the first records are not there, and the warning may be one of them */
static void test_verdict__no_warning_in_a_log_that_is_cut(void **state)
{
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log_without_warning);
	fixture.host.panic.log.cut = true;
	fixture.vcpus[0].xfd = 0;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__log_missing(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.log_known = false;
	fixture.host.panic.log.count = 0;
	fixture.host.panic.event_count = 0;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__empty_log(void **state)
{
	static const char *const log[] = { NULL };
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* a warning that belongs to an #NM before this one */
static void test_verdict__warning_of_an_earlier_nm(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 1 PID: 900 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"RIP: 0010:os_xrstor+0x45/0x90",
		"Oops: unexpected #NM exception: 0000 [#2] SMP NOPTI", NULL
	};
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	fixture.vcpus[0].xfd = 0;
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
}

/* Two CPUs fault at once: their lines are in between each other's. */
static const char *const log_of_two[] = {
	"WARNING: CPU: 1 PID: 1405 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
	"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
	"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
	"Oops: unexpected #NM exception: 0000 [#2] SMP NOPTI",
	"Kernel panic - not syncing: Fatal exception",
	NULL
};

static void test_verdict__two_cpus_warn_and_then_die(void **state)
{
	struct xfdt_verdict verdict;
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log_of_two);
	verdict = judge(&fixture);
	assert_int_not_equal(verdict.kind, XFDT_NOT_THIS_BUG);
	assert_int_not_equal(verdict.kind, XFDT_ARMED);
	xfdt_verdict_deinit(&verdict);
}

/* where the records say which thread wrote them, each die() has its own warning */
static void test_verdict__two_cpus_told_apart_by_their_threads(void **state)
{
	static const uint32_t callers[] = { 1405, 1404, 1405, 1404, 1404 };
	struct host fixture;
	size_t i;

	host_init(&fixture);
	host_log(&fixture, log_of_two);
	for (i = 0; i < COUNT(callers); i++)
		fixture.lines[i].caller = callers[i];
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

/* another CPU's oops, of anything, in between the WARN and the die() of this one */
static void test_verdict__oops_of_another_cpu_in_between(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP NOPTI",
		"Oops: unexpected #NM exception: 0000 [#2] SMP NOPTI",
		"Kernel panic - not syncing: Fatal exception", NULL
	};
	struct xfdt_verdict verdict;
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	verdict = judge(&fixture);
	assert_int_not_equal(verdict.kind, XFDT_NOT_THIS_BUG);
	xfdt_verdict_deinit(&verdict);
}

/* other panics */

static void test_verdict__other_panics_are_not_this_bug(void **state)
{
	static const char *const ends[][3] = {
		{ "sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash" },
		{ "BUG: kernel NULL pointer dereference, address: 0000000000000000",
		  "Oops: Oops: 0002 [#1] SMP NOPTI" },
		{ "Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP" },
		{ "invalid opcode: 0000 [#1] PREEMPT SMP NOPTI" },
		{ "Kernel panic - not syncing: Fatal machine check" },
		{ "Kernel panic - not syncing: Hard LOCKUP" },
		{ "Kernel panic - not syncing: hung_task: blocked tasks" },
		{ "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled" },
		{ "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b" },
	};
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(ends); i++) {
		other_panic(&fixture, ends[i]);
		assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
	}
}

static void test_verdict__armed(void **state)
{
	struct xfdt_verdict verdict;
	struct host fixture;

	other_panic(&fixture, log_sysrq);
	fixture.vcpus[1].xfd = XTILEDATA;
	fixture.vcpus[1].in_use = false;
	verdict = judge(&fixture);
	assert_int_equal(verdict.kind, XFDT_ARMED);
	assert_int_equal(verdict.route, XFDT_ROUTE_NONE);
	assert_int_equal(verdict.states[XFDT_VCPU_ARMED], 1);
	xfdt_verdict_deinit(&verdict);
	/* and that is so even if others cannot be read */
	fixture.host.vms_complete = false;
	fixture.vcpus[0].state_known = false;
	assert_verdict(&fixture, XFDT_ARMED);
}

/* rule d: never evidence of the bug */
static void test_verdict__stale_vcpu_does_not_arm(void **state)
{
	struct host fixture;

	other_panic(&fixture, log_sysrq);
	fixture.host.panic.task = HOST_TASK(7);
	fixture.vcpus[1].xfd = XTILEDATA;
	fixture.vcpus[1].thread.on_cpu = known(1);
	fixture.vcpus[1].thread.need_fpu_load = known(0);
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
}

/* A mismatch in the state of a vCPU whose thread is on a CPU. */
static struct xfdt_vcpu *running(struct host *fixture)
{
	struct xfdt_vcpu *vcpu = &fixture->vcpus[1];

	other_panic(fixture, log_sysrq);
	fixture->host.panic.task = HOST_TASK(7);
	vcpu->xfd = XTILEDATA;
	vcpu->thread.on_cpu = known(1);
	vcpu->thread.need_fpu_load = known(0);
	return vcpu;
}

/* rule e: the registers are live */
static void test_verdict__vcpu_inside_its_guest_does_not_arm(void **state)
{
	struct xfdt_verdict verdict;
	struct host fixture;
	struct xfdt_vcpu *vcpu = running(&fixture);

	vcpu->mode = known(XFDT_IN_GUEST_MODE);
	verdict = judge(&fixture);
	assert_int_equal(verdict.kind, XFDT_NOT_THIS_BUG);
	assert_int_equal(verdict.states[XFDT_VCPU_INDETERMINATE], 1);
	assert_int_equal(verdict.undecided_count, 0);
	xfdt_verdict_deinit(&verdict);
}

/* what is missing may be what makes it armed */
static void test_verdict__mismatch_that_cannot_be_decided_is_inconclusive(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = running(&fixture);

	vcpu->thread.need_fpu_load = unknown;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	vcpu = running(&fixture);
	vcpu->mode = unknown;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	vcpu = running(&fixture);
	vcpu->thread.known = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	vcpu = running(&fixture);
	vcpu->thread_gone = true;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	/* one that is armed for certain says more */
	fixture.vcpus[0].xfd = XTILEDATA;
	fixture.vcpus[0].in_use = false;
	assert_verdict(&fixture, XFDT_ARMED);
}

static void test_verdict__other_panic_with_unreadable_vcpus(void **state)
{
	struct host fixture;

	other_panic(&fixture, log_sysrq);
	fixture.vcpus[1].state_known = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__other_panic_with_lists_that_break_off(void **state)
{
	struct host fixture;

	other_panic(&fixture, log_sysrq);
	fixture.host.vms_complete = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	fixture.host.vms_complete = true;
	fixture.vms[0].complete = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__other_panic_without_vms(void **state)
{
	struct host fixture;

	other_panic(&fixture, log_sysrq);
	fixture.host.vm_count = 0;
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
}

/*
 * Kernel facts, 3: with panic_on_oops=0 the thread is killed and the host may
 * live on.  The locks that it leaves behind may be what the end is about.
 */
static void test_verdict__survived_nm_and_then_another_panic(void **state)
{
	static const struct {
		const char *rip;
		enum xfdt_verdict_kind expected;
	} cases[] = {
		{ "RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90", XFDT_INCONCLUSIVE },
		{ "Hardware name: QEMU", XFDT_INCONCLUSIVE }, /* no RIP at all */
		{ "RIP: 0010:os_xrstor+0x45/0x90", XFDT_NOT_THIS_BUG },
	};
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		const char *log[] = {
			"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
			"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
			cases[i].rip,
			"note: CPU 0/KVM[1404] exited with irqs disabled",
			"sysrq: Trigger a crash",
			"Kernel panic - not syncing: sysrq triggered crash",
			NULL
		};

		other_panic(&fixture, log);
		/* exec_summary_regs still tells of the first oops */
		fixture.host.panic.fault.source = XFDT_REGS_EXEC_SUMMARY;
		fixture.host.panic.task = HOST_TASK(7);
		assert_verdict(&fixture, cases[i].expected);
		/* decoded as well: it is not how the kernel ended */
		fixture.host.panic.fault.decoded = true;
		fixture.host.panic.fault.fpstate = HOST_FPSTATE(8);
		assert_verdict(&fixture, cases[i].expected);
	}
}

static void test_verdict__survived_nm_and_then_another_oops(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
		"BUG: unable to handle page fault for address: ffffc90000123456",
		"Oops: Oops: 0000 [#2] SMP NOPTI",
		"Kernel panic - not syncing: Fatal exception",
		NULL
	};
	struct host fixture;

	other_panic(&fixture, log);
	fixture.host.panic.fault.source = XFDT_REGS_LOG;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* a frame of that #NM that is still on a stack does not make it the end */
static void test_verdict__stale_frame_of_a_survived_nm(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
		"sysrq: Trigger a crash",
		"Kernel panic - not syncing: sysrq triggered crash",
		NULL
	};
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.fault.source = XFDT_REGS_STACK;
	host_log(&fixture, log);
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__survived_nm_and_then_this_bug(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 1 PID: 1500 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: unexpected #NM exception: 0000 [#2] SMP NOPTI",
		"Kernel panic - not syncing: Fatal exception in interrupt",
		NULL
	};
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

/* an XRSTOR frame is on the stack, and the log knows nothing of an #NM */
static void test_verdict__frame_without_nm_in_the_log(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.fault.source = XFDT_REGS_STACK;
	host_log(&fixture, log_sysrq);
	assert_neither_this_bug_nor_another(&fixture);
}

static void test_verdict__no_panic_at_all(void **state)
{
	static const char *const log[] = { "systemd[1]: Started something.", NULL };
	struct host fixture;

	other_panic(&fixture, log);
	fixture.host.panic.cpu = unknown;
	fixture.host.panic.task = 0;
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
	fixture.vcpus[1].xfd = XTILEDATA;
	assert_verdict(&fixture, XFDT_ARMED);
}

static void test_verdict__log_that_does_not_say(void **state)
{
	static const char *const log[] = { "systemd[1]: Started something.", NULL };
	struct host fixture;

	other_panic(&fixture, log);
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	fixture.host.panic.cpu = unknown;
	fixture.host.panic.cpu_known = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* look-alikes: kernel facts, 7 */

static void test_verdict__look_alikes(void **state)
{
	static const struct {
		const char *line, *words;
	} look_alikes[] = {
		{ "Bad FPU state detected at restore_fpregs_from_fpstate+0x3c/0xa0, reinitializing FPU registers.",
		  "#GP" },
		{ "CR0.TS was set", "CR0.TS" },
		{ "WARNING: CPU: 3 PID: 1404 at arch/x86/kvm/x86.c:11500 kvm_load_guest_fpu+0x5d/0x70 [kvm]",
		  "out of balance" },
		{ "WARNING: arch/x86/kvm/x86.c:11500 at kvm_put_guest_fpu+0x5d/0x70 [kvm], CPU#3: qemu/1404",
		  "out of balance" },
		{ "WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/fpu/xstate.c:1500 xfd_validate_state+0x6a/0x80",
		  "xfd_validate_state" },
		{ "WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/fpu/core.c:600 fpregs_assert_state_consistent+0x40/0x50",
		  "TIF_NEED_FPU_LOAD" },
		{ "WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/fpu/core.c:270 fpu_free_guest_fpstate+0x40/0x50",
		  "freed while in use" },
		{ "WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/fpu/core.c:400 fpu_copy_uabi_to_guest_fpstate+0x100/0x120",
		  "the fix at work" },
		{ "x86/fpu: XFD: Invalid xfd error: 0000000000040000", "user process" },
	};
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(look_alikes); i++) {
		const char *log[] = { look_alikes[i].line, "sysrq: Trigger a crash",
				      "Kernel panic - not syncing: sysrq triggered crash", NULL };
		struct xfdt_verdict verdict;

		other_panic(&fixture, log);
		verdict = judge(&fixture);
		assert_int_equal(verdict.kind, XFDT_NOT_THIS_BUG);
		if (!says(&verdict.looks_like, look_alikes[i].words))
			fail_msg("no word of '%s'", look_alikes[i].words);
		xfdt_verdict_deinit(&verdict);
	}
}

/* none of them stands in the way of a confirmed one: xfd_validate_state() can precede it */
static void test_verdict__confirmed_in_spite_of_look_alikes(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/fpu/xstate.c:1500 xfd_validate_state+0x6a/0x80",
		"CR0.TS was set",
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"Kernel panic - not syncing: Fatal exception",
		NULL
	};
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

/* not applicable, and what must not be taken for it */

static void test_verdict__other_architecture(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.image.arch = "aarch64";
	assert_verdict(&fixture, XFDT_NOT_APPLICABLE);
}

static void test_verdict__kvm_not_loaded(void **state)
{
	struct host fixture;

	other_panic(&fixture, log_sysrq);
	fixture.host.kvm = XFDT_KVM_ABSENT;
	fixture.host.vm_count = 0;
	assert_verdict(&fixture, XFDT_NOT_APPLICABLE);
	fixture.host.kvm = XFDT_KVM_UNKNOWN;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__kernel_older_than_xfd(void **state)
{
	struct host fixture;

	other_panic(&fixture, log_sysrq);
	fixture.image.layout.members[XFDT_M_fpstate_xfd].known = false;
	assert_verdict(&fixture, XFDT_NOT_APPLICABLE);
}

/* an #NM of XFD is a contradiction there: something was misread */
static void test_verdict__nm_where_none_can_be(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.kvm = XFDT_KVM_ABSENT;
	fixture.host.vm_count = 0;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	host_init(&fixture);
	fixture.image.layout.members[XFDT_M_fpstate_xfd].known = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* a symbol that was not found may have been renamed or inlined */
static void test_verdict__restore_function_not_found(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.image.symtab.symbols[XFDT_S_restore_fpregs].known = false;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__no_symbols_or_no_types(void **state)
{
	struct host fixture;

	host_init(&fixture);
	memset(&fixture.image.symtab, 0, sizeof(fixture.image.symtab));
	memset(&fixture.image.layout, 0, sizeof(fixture.image.layout));
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	host_init(&fixture);
	memset(&fixture.image.layout, 0, sizeof(fixture.image.layout));
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__fixed_in(void **state)
{
	/* kernel facts, 4 */
	assert_non_null(strstr(xfdt_fixed_in("6.1.0-41-amd64"), "6.1.162"));
	assert_non_null(strstr(xfdt_fixed_in("6.6.100"), "6.6.122"));
	assert_non_null(strstr(xfdt_fixed_in("6.12.57+deb13-amd64"), "6.12.67"));
	assert_non_null(strstr(xfdt_fixed_in("6.18.5"), "6.18.7"));
	assert_non_null(strstr(xfdt_fixed_in("7.3.4"), "6.19"));
	assert_non_null(strstr(xfdt_fixed_in("6.19.0-rc2"), "6.19"));
	/* 6.10 is not 6.1 */
	assert_non_null(strstr(xfdt_fixed_in("6.10.3"), "no upstream release"));
	assert_non_null(strstr(xfdt_fixed_in("6.17.13"), "no upstream release"));
	assert_non_null(strstr(xfdt_fixed_in("5.14.0-503.el9"), "no upstream release"));
	assert_non_null(xfdt_fixed_in(NULL));
	assert_non_null(xfdt_fixed_in("rubbish"));
}

static void test_verdict__out_of_memory_is_an_error(void **state)
{
	struct host fixture;
	long number;

	host_init(&fixture);
	for (number = 0;; number++) {
		struct xfdt_verdict verdict;
		struct xfdt_error *err;
		bool failed;

		alloc_watch();
		alloc_fail(number);
		err = xfdt_verdict_init(&verdict, &fixture.host);
		failed = alloc_has_failed();
		alloc_watch();
		if (!failed) {
			assert_ok(err);
			xfdt_verdict_deinit(&verdict);
			break;
		}
		assert_fails(err, XFDT_NO_MEMORY);
	}
	assert_within(number, 1, 100);
}

/* how the log ends */

#define NM_WARNING \
	"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1519 exc_device_not_available+0x8b/0xd0"
#define NM_DEATH "Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI"

static void test_verdict__panics_that_follow_from_the_death(void **state)
{
	static const char *const words[] = {
		"Fatal exception",
		"Fatal exception in interrupt",
		"Oopsed too often (kernel.oops_limit is 1)",
		"Aiee, killing interrupt handler!",
		"kernel: panic_on_warn set ...",
		"panic_on_warn set ...",
		"panic_on_taint set ...",
		"kernel: system warned too often (kernel.warn_limit is 1)",
		"Attempted to kill init! exitcode=0x0000000b",
	};
	struct host fixture;
	char panic[128];
	size_t i;

	for (i = 0; i < COUNT(words); i++) {
		const char *const log[] = { NM_WARNING, NM_DEATH, panic, NULL };

		snprintf(panic, sizeof(panic), "Kernel panic - not syncing: %s", words[i]);
		host_init(&fixture);
		host_log(&fixture, log);
		assert_verdict(&fixture, XFDT_CONFIRMED);
		/* of another thread */
		fixture.lines[2].caller = 1500;
		assert_neither_this_bug_nor_another(&fixture);
		/* late: between die() and its panic() a trace may be dumped on a slow console */
		fixture.lines[2].caller = 0;
		fixture.lines[2].nsec += 600000000000ull;
		if (i < 4)
			assert_verdict(&fixture, XFDT_CONFIRMED);
		else
			assert_neither_this_bug_nor_another(&fixture);
	}
	/* the words of something else */
	host_init(&fixture);
	host_log(&fixture,
		 (const char *const[]){ NM_WARNING, NM_DEATH,
					"Kernel panic - not syncing: KFENCE: panic_on_warn set ...",
					NULL });
	assert_neither_this_bug_nor_another(&fixture);
}

static void test_verdict__panic_before_the_death(void **state)
{
	static const char *const log[] = { "Kernel panic - not syncing: Fatal exception",
					   NM_WARNING, NM_DEATH, NULL };
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	assert_neither_this_bug_nor_another(&fixture);
}

static void test_verdict__something_else_after_the_death(void **state)
{
	static const char *const after[] = {
		"sysrq: Trigger a crash",
		"Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#2] SMP NOPTI",
	};
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(after); i++) {
		const char *const log[] = { NM_WARNING, NM_DEATH, after[i], NULL };

		host_init(&fixture);
		host_log(&fixture, log);
		assert_neither_this_bug_nor_another(&fixture);
	}
}

/* The thread that panicked has its own; another CPU's comes later in the log. */
static void test_verdict__death_of_the_panicking_thread_comes_first(void **state)
{
	static const char *const log[] = {
		NM_WARNING, NM_DEATH,
		"WARNING: CPU: 4 PID: 1405 at arch/x86/kernel/traps.c:1519 exc_device_not_available+0x8b/0xd0",
		NULL
	};
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	fixture.lines[0].caller = fixture.lines[1].caller = 1404;
	fixture.lines[2].caller = 1405;
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

/* A warning belongs to one death, and not to that behind another oops. */
static void test_verdict__warning_that_belongs_to_another_death(void **state)
{
	static const char *const logs[][5] = {
		{ NM_WARNING, "Oops: Oops: 0000 [#1] SMP NOPTI",
		  "Oops: unexpected #NM exception: 0000 [#2] SMP NOPTI", NULL },
		{ NM_WARNING, NM_DEATH, "Oops: unexpected #NM exception: 0000 [#2] SMP NOPTI",
		  NULL },
	};
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(logs); i++) {
		host_init(&fixture);
		host_log(&fixture, logs[i]);
		assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	}
}

static void test_verdict__warning_in_handle_xfd_event(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 handle_xfd_event+0x2b/0x50",
		NM_DEATH, NULL
	};
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

/* CVE-2024-35801 is what xfd_state shows, of that thread on that CPU */
static void test_verdict__xfd_state_that_does_not_agree(void **state)
{
	struct host fixture;
	struct xfdt_thread *thread = &fixture.vcpus[0].thread;
	size_t i;

	for (i = 0; i < 6; i++) {
		host_init(&fixture);
		fixture.vcpus[0].xfd = 0;
		if (i == 1)
			thread->xfd_state = known(XTILEDATA);
		else if (i == 2)
			thread->xfd_state = unknown;
		else if (i == 3)
			thread->cpu = known(HOST_CPU + 1);
		else if (i == 4)
			thread->cpu = unknown;
		else if (i == 5)
			thread->task = HOST_TASK(6);
		assert_verdict(&fixture, i ? XFDT_INCONCLUSIVE : XFDT_NOT_THIS_BUG);
	}
}

/* what is no acquittal */

/* Whatever else the host died of: a vCPU may still have been next, or not be known. */
static void test_verdict__every_other_end_asks_who_was_next(void **state)
{
	struct host fixture;
	size_t end, next;

	for (end = 0; end < 4; end++) {
		for (next = 0; next < 4; next++) {
			static const enum xfdt_verdict_kind expected[] = {
				XFDT_NOT_THIS_BUG,
				XFDT_ARMED,
				XFDT_INCONCLUSIVE,
				XFDT_INCONCLUSIVE,
			};

			if (end == 0) {
				other_panic(&fixture, log_sysrq);
			} else if (end == 1) { /* an #NM elsewhere in the kernel */
				other_panic(&fixture, host_log_confirmed);
				fixture.host.panic.note.ip = 0xffffffffc0801000ull;
			} else {
				host_init(&fixture);
				fixture.vcpus[0].xfd = 0;
			}
			if (end == 2) { /* an XRSTOR of a host task's state */
				fixture.host.panic.fault.operand = HOST_FPU(5) + 128;
				fixture.host.panic.fault.fpstate = HOST_FPU(5) + 64;
				fixture.host.panic.fault.fpstate_is_guest = false;
			} /* else CVE-2024-35801 */
			if (next == 1) {
				fixture.vcpus[1].xfd = XTILEDATA;
				fixture.vcpus[1].in_use = false;
			} else if (next == 2) {
				fixture.vcpus[1].state_known = false;
			} else if (next == 3) {
				fixture.host.vms_complete = false;
			}
			assert_verdict(&fixture, expected[next]);
		}
	}
}

/* Several #NM: one of them at the restore, and not the last. */
static void test_verdict__every_nm_of_the_log_counts(void **state)
{
	static const char *const survived[] = {
		"WARNING: CPU: 4 PID: 1500 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: unexpected #NM exception: 0000 [#2] SMP NOPTI",
		"RIP: 0010:os_xrstor+0x45/0x90",
		"sysrq: Trigger a crash",
		"Kernel panic - not syncing: sysrq triggered crash",
		NULL
	};
	struct host fixture;
	size_t i;

	other_panic(&fixture, survived);
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	/* died of the second */
	other_panic(&fixture, survived);
	fixture.host.panic.event_count -= 2;
	fixture.host.panic.log.count -= 2;
	fixture.host.panic.note.ip = 0xffffffffc0801000ull;
	for (i = 0; i < 3; i++)
		fixture.lines[i].caller = 1500;
	for (; i < 6; i++)
		fixture.lines[i].caller = 1404;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	fixture.lines[2].text = "RIP: 0010:os_xrstor+0x45/0x90";
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
}

/* A death that is no longer in the log may have been this bug. */
static void test_verdict__death_that_the_log_lost(void **state)
{
	static const char *const logs[][5] = {
		{ "CPU: 4 PID: 80 Comm: khungtaskd Tainted: G      D W    6.18.5",
		  "Kernel panic - not syncing: hung_task: blocked tasks", NULL },
		{ "Tainted: [D]=DIE, [W]=WARN",
		  "Kernel panic - not syncing: hung_task: blocked tasks", NULL },
		{ "Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#2] SMP NOPTI",
		  "Kernel panic - not syncing: Fatal exception", NULL },
		/* of these the cause is there, or there was none */
		{ "Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP NOPTI",
		  "CPU: 4 PID: 80 Comm: khungtaskd Tainted: G      D W    6.18.5",
		  "Kernel panic - not syncing: hung_task: blocked tasks", NULL },
		{ "CPU: 4 PID: 80 Comm: khungtaskd Tainted: G S      W    6.18.5",
		  "Kernel panic - not syncing: hung_task: blocked tasks", NULL },
	};
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(logs); i++) {
		other_panic(&fixture, logs[i]);
		assert_verdict(&fixture, i < 3 ? XFDT_INCONCLUSIVE : XFDT_NOT_THIS_BUG);
	}
	/* died of an #NM elsewhere, and that was the second death */
	other_panic(&fixture, host_log_confirmed);
	fixture.host.panic.note.ip = 0xffffffffc0801000ull;
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
	fixture.lines[5].text = "Oops: unexpected #NM exception: 0000 [#2] SMP NOPTI";
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* Words of a panic that follow from something, and what that was is lost. */
static void test_verdict__consequence_without_its_cause(void **state)
{
	static const struct {
		const char *before, *words;
		enum xfdt_verdict_kind expected;
	} cases[] = {
		{ "nothing", "Fatal exception in interrupt", XFDT_INCONCLUSIVE },
		{ "nothing", "Oopsed too often (kernel.oops_limit is 10000)", XFDT_INCONCLUSIVE },
		{ "nothing", "Aiee, killing interrupt handler!", XFDT_INCONCLUSIVE },
		{ "nothing", "kernel: panic_on_warn set ...", XFDT_INCONCLUSIVE },
		{ "nothing", "system warned too often (kernel.warn_limit is 5)",
		  XFDT_INCONCLUSIVE },
		{ "nothing", "Hard LOCKUP", XFDT_NOT_THIS_BUG },
		{ "WARNING: CPU: 3 PID: 1404 at mm/slab.c:1 kfree+0x1/0x2",
		  "kernel: panic_on_warn set ...", XFDT_NOT_THIS_BUG },
		{ "WARNING: CPU: 3 PID: 1404 at mm/slab.c:1 kfree+0x1/0x2", "Fatal exception",
		  XFDT_INCONCLUSIVE },
		{ "Oops: Oops: 0000 [#1] SMP NOPTI", "Fatal exception", XFDT_NOT_THIS_BUG },
		{ "Oops: Oops: 0000 [#1] SMP NOPTI", "kernel: panic_on_warn set ...",
		  XFDT_INCONCLUSIVE },
		/* others than WARN() end so, too; since v6.2 they say who it was */
		{ "BUG: KFENCE: use-after-free read in test+0x1/0x2", "panic_on_warn set ...",
		  XFDT_NOT_THIS_BUG },
		{ "UBSAN: array-index-out-of-bounds in mm/slab.c:1", "panic_on_warn set ...",
		  XFDT_NOT_THIS_BUG },
	};
	struct host fixture;
	char words[128];
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		const char *const log[] = { cases[i].before, words, NULL };

		snprintf(words, sizeof(words), "Kernel panic - not syncing: %s", cases[i].words);
		other_panic(&fixture, log);
		assert_verdict(&fixture, cases[i].expected);
		/* said by another thread, it is not the cause */
		fixture.lines[0].caller = 77;
		fixture.lines[1].caller = 78;
		assert_verdict(&fixture,
			       cases[i].before[0] == 'n' ? cases[i].expected : XFDT_INCONCLUSIVE);
	}
}

static void test_verdict__panic_on_warn_of_another_checker(void **state)
{
	static const char *const words[] = {
		"Kernel panic - not syncing: KFENCE: panic_on_warn set ...",
		"Kernel panic - not syncing: UBSAN: panic_on_warn set ...",
		"Kernel panic - not syncing: scheduling while atomic: panic_on_warn set ...",
	};
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(words); i++) {
		const char *const log[] = { words[i], NULL };

		other_panic(&fixture, log);
		assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
	}
}

/* die() and the panic that follows are minutes apart. */
static void test_verdict__slow_end_of_another_oops(void **state)
{
	static const char *const log[] = { "Oops: Oops: 0000 [#1] SMP NOPTI",
					   "Kernel panic - not syncing: Fatal exception", NULL };
	struct host fixture;

	other_panic(&fixture, log);
	fixture.lines[1].nsec += 600000000000ull;
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
}

/* The kernel knows of a death that the log has not; panic() itself prints no taint on such a kernel. */
static void test_verdict__death_that_only_the_taint_tells(void **state)
{
	struct host fixture;

	other_panic(&fixture, log_sysrq);
	fixture.host.panic.tainted = known(0x200);
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
	fixture.host.panic.tainted = known(0x280);
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	/* one that the log tells of is known */
	other_panic(&fixture, (const char *const[]){
				      "Oops: Oops: 0000 [#1] SMP NOPTI", "sysrq: Trigger a crash",
				      "Kernel panic - not syncing: sysrq triggered crash", NULL });
	fixture.host.panic.tainted = known(0x280);
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
}

/* die() went straight to crash_kexec(), and what it said is lost. */
static void test_verdict__registers_at_the_restore_without_a_word(void **state)
{
	static const char *const log[] = { "Oops: Oops: 0000 [#1] SMP NOPTI", NULL };
	struct host fixture;

	host_init(&fixture);
	memset(&fixture.host.panic.fault, 0, sizeof(fixture.host.panic.fault));
	host_log(&fixture, log);
	fixture.lines[0].caller = 77;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	/* it was that death */
	fixture.lines[0].caller = 1404;
	assert_verdict(&fixture, XFDT_NOT_THIS_BUG);
}

/* A RIP behind the end of the #NM's lines is that of something else. */
static void test_verdict__nm_whose_place_is_lost(void **state)
{
	static const char *const ends[] = { "---[ end trace 0000000000000000 ]---", " </TASK>",
					    "WARNING: CPU: 3 PID: 1404 at mm/slab.c:1 bar+0x1/0x2" };
	struct host fixture;
	size_t i;

	for (i = 0; i < COUNT(ends); i++) {
		const char *const log[] = { NM_DEATH,
					    ends[i],
					    "RIP: 0010:bar+0x1/0x2",
					    "sysrq: Trigger a crash",
					    "Kernel panic - not syncing: sysrq triggered crash",
					    NULL };

		other_panic(&fixture, log);
		assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	}
}

/* The handler's frame is on the stack of the thread that panicked, and the log tells of no #NM. */
static void test_verdict__panic_within_the_handler(void **state)
{
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log_sysrq);
	fixture.host.panic.fault.source = XFDT_REGS_STACK;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

/* One CPU dies of something else, while another warns of the #NM, or has just died of it. */
static void test_verdict__nm_of_another_thread_than_the_one_that_panicked(void **state)
{
	static const char *const logs[][5] = {
		{ "Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP NOPTI",
		  NM_WARNING, "RIP: 0010:restore_fpregs_from_fpstate+0x3c/0x90", NULL },
		{ "Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP NOPTI",
		  NM_WARNING, "Oops: unexpected #NM exception: 0000 [#2] SMP NOPTI",
		  "RIP: 0010:restore_fpregs_from_fpstate+0x3c/0x90", NULL },
	};
	struct host fixture;
	size_t i, line;

	for (i = 0; i < COUNT(logs); i++) {
		host_init(&fixture);
		host_log(&fixture, logs[i]);
		fixture.lines[0].caller = 999;
		for (line = 1; line < fixture.host.panic.log.count; line++)
			fixture.lines[line].caller = 1404;
		fixture.host.panic.pid = 999;
		fixture.host.panic.task = HOST_TASK(7);
		fixture.host.panic.fault.source = XFDT_REGS_LOG;
		assert_verdict(&fixture, XFDT_INCONCLUSIVE);
		/* the same where nobody knows which thread it was */
		fixture.host.panic.pid_known = false;
		fixture.host.panic.task = 0;
		assert_verdict(&fixture, XFDT_INCONCLUSIVE);
	}
	/* a death of long ago is no rival */
	for (line = 1; line < fixture.host.panic.log.count; line++)
		fixture.lines[line].nsec += 31000000000ull;
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

/* A warning alone ends nothing: what would have followed it is in the log, or it was not the end. */
static void test_verdict__warning_alone_is_not_the_end(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1519 exc_device_not_available+0x8b/0xd0",
		"RIP: 0010:restore_fpregs_from_fpstate+0x3c/0x90",
		"Kernel panic - not syncing: kernel: panic_on_warn set ...", NULL
	};
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	assert_verdict(&fixture, XFDT_CONFIRMED);
	fixture.host.panic.event_count--;
	fixture.host.panic.log.count--;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

static void test_verdict__init_dies_of_it(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 3 PID: 1 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b", NULL
	};
	struct host fixture;

	host_init(&fixture);
	host_log(&fixture, log);
	assert_verdict(&fixture, XFDT_CONFIRMED);
}

static void test_verdict__says_that_the_kernel_survived(void **state)
{
	struct xfdt_verdict verdict;
	struct host fixture;

	host_init(&fixture);
	verdict = judge(&fixture);
	assert_false(says(&verdict.why, "had not panicked"));
	xfdt_verdict_deinit(&verdict);
	fixture.host.panic.cpu.known = false;
	fixture.host.panic.pid_known = false;
	fixture.host.panic.task = 0;
	verdict = judge(&fixture);
	assert_int_equal(verdict.kind, XFDT_CONFIRMED);
	assert_true(says(&verdict.why, "had not panicked"));
	xfdt_verdict_deinit(&verdict);
}

/* WARN in a handle_xfd_event() that was not inlined: its own place is not that of the #NM */
static void test_verdict__warning_of_an_outlined_handler(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1360 handle_xfd_event+0x2b/0x50",
		"RIP: 0010:handle_xfd_event+0x2b/0x50",
		"RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
		"Kernel panic - not syncing: Hard LOCKUP", NULL
	};
	struct host fixture;

	other_panic(&fixture, log);
	fixture.host.panic.task = HOST_TASK(7);
	fixture.lines[3].caller = 0x80000001;
	assert_verdict(&fixture, XFDT_INCONCLUSIVE);
}

#include "test_verdict.tests.h"
