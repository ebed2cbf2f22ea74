/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of one vCPU: rules a to f of when memory is authoritative. */
#include "unit.h"
#include "host.h"
#include "verdict/verdict.h"

#include <string.h>

static struct xfdt_value known(uint64_t value)
{
	return (struct xfdt_value){ .known = true, .value = value };
}

static const struct xfdt_value unknown = { .known = false };

/*
 * A host that died of something else, and vCPU 1 of it with a mismatch: its
 * thread is on a CPU, outside of the guest, with TIF_NEED_FPU_LOAD set and
 * registers that are not valid.
 */
static struct xfdt_vcpu *mismatched(struct host *fixture)
{
	static const char *const log[] = { "sysrq: Trigger a crash",
					   "Kernel panic - not syncing: sysrq triggered crash",
					   NULL };
	struct xfdt_vcpu *vcpu = &fixture->vcpus[1];

	host_init(fixture);
	memset(&fixture->host.panic.fault, 0, sizeof(fixture->host.panic.fault));
	host_log(fixture, log);
	fixture->host.panic.task = HOST_TASK(7);
	fixture->host.panic.note_known = false;
	vcpu->xfd = XTILEDATA;
	vcpu->thread.on_cpu = known(1);
	vcpu->thread.owner = known(0);
	return vcpu;
}

static void judge(struct host *fixture, const struct xfdt_vcpu *vcpu, enum xfdt_vcpu_state expected)
{
	struct xfdt_vcpu_verdict verdict;

	memset(&verdict, 0x5a, sizeof(verdict));
	xfdt_vcpu_judge(&fixture->host, vcpu, &verdict);
	if (verdict.state != expected)
		fail_msg("'%s' (%s), not '%s'", xfdt_vcpu_state_name(verdict.state), verdict.why,
			 xfdt_vcpu_state_name(expected));
	assert_non_null(verdict.why);
}

static struct xfdt_vcpu_verdict judged(struct host *fixture, const struct xfdt_vcpu *vcpu)
{
	struct xfdt_vcpu_verdict verdict;

	memset(&verdict, 0x5a, sizeof(verdict));
	xfdt_vcpu_judge(&fixture->host, vcpu, &verdict);
	return verdict;
}

static void test_vcpu__names_of_states(void **state)
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
	size_t i;

	for (i = 0; i < XFDT_VCPU_STATES; i++)
		assert_string_equal(xfdt_vcpu_state_name(i), names[i]);
}

static void test_vcpu__no_mismatch_is_ok(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->xfd = 0;
	judge(&fixture, vcpu, XFDT_VCPU_OK);
	/* XFD is set, and the component in its initial state */
	vcpu->xfd = XTILEDATA;
	vcpu->header.xstate_bv &= ~XTILEDATA;
	judge(&fixture, vcpu, XFDT_VCPU_OK);
	vcpu->in_use = false;
	judge(&fixture, vcpu, XFDT_VCPU_OK);
	assert_true(judged(&fixture, vcpu).mismatch == 0);
}

/* rule a */
static void test_vcpu__not_in_use_is_armed(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);
	struct xfdt_vcpu_verdict verdict;

	vcpu->in_use = false;
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	verdict = judged(&fixture, vcpu);
	assert_true(verdict.mismatch == XTILEDATA);
	assert_false(verdict.culprit);
	assert_false(verdict.rfbm.known);
	/* whatever its thread does; it holds another state */
	vcpu->thread.known = false;
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	vcpu->thread_gone = true;
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
}

/* rule b: sched-out saved it; up to 6.15 without TIF on the thread that left */
static void test_vcpu__off_cpu_is_armed_whatever_tif_says(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->thread.on_cpu = known(0);
	vcpu->thread.need_fpu_load = known(1);
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	vcpu->thread.need_fpu_load = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	vcpu->thread.need_fpu_load = unknown;
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	/* preempted in between: its mode is still that of the guest's entry */
	vcpu->mode = known(XFDT_IN_GUEST_MODE);
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
}

/* rule c */
static void test_vcpu__on_cpu_with_tif_is_armed(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	/* the owner is somebody else, though the CPU is the same */
	vcpu->thread.owner = known(HOST_FPU(6));
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	/* it owns this CPU's registers, but was elsewhere since */
	vcpu->thread.owner = known(HOST_FPU(1));
	vcpu->thread.last_cpu = known(HOST_CPU + 5);
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
}

/* rule c: then the return to the guest only clears TIF */
static void test_vcpu__on_cpu_with_tif_and_valid_registers_is_stale(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->thread.owner = known(HOST_FPU(1));
	judge(&fixture, vcpu, XFDT_VCPU_STALE);
	assert_true(judged(&fixture, vcpu).mismatch == XTILEDATA);
}

/* rule d: must not be reported as the bug */
static void test_vcpu__on_cpu_without_tif_is_stale(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->thread.need_fpu_load = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_STALE);
	vcpu->mode = known(XFDT_READING_SHADOW_PAGE_TABLES);
	judge(&fixture, vcpu, XFDT_VCPU_STALE);
}

/* rule e */
static void test_vcpu__inside_the_guest_is_indeterminate(void **state)
{
	static const enum xfdt_vcpu_mode modes[] = { XFDT_IN_GUEST_MODE, XFDT_EXITING_GUEST_MODE };
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);
	size_t i;

	for (i = 0; i < COUNT(modes); i++) {
		vcpu->mode = known(modes[i]);
		vcpu->thread.need_fpu_load = known(0);
		judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
	}
}

/* rule e: vcpu_enter_guest() sets the mode first, and then loads what TIF_NEED_FPU_LOAD says */
static void test_vcpu__on_the_way_into_the_guest_is_armed(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->mode = known(XFDT_IN_GUEST_MODE);
	vcpu->thread.need_fpu_load = known(1);
	vcpu->thread.owner = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	/* nothing is loaded */
	vcpu->thread.owner = known(vcpu->thread.fpu);
	vcpu->thread.last_cpu = vcpu->thread.cpu;
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
	assert_false(judged(&fixture, vcpu).undecided);
	vcpu->thread.owner = unknown;
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
	assert_true(judged(&fixture, vcpu).undecided);
}

/* rule e: fpstate->xfd may be older than the guest's last write */
static void test_vcpu__inside_the_guest_without_mismatch_is_indeterminate(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->mode = known(XFDT_IN_GUEST_MODE);
	vcpu->thread.need_fpu_load = known(0);
	vcpu->xfd = 0;
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
	/* a guest that may not use tiles cannot write IA32_XFD */
	vcpu->user_xfeatures = known(0x2e7);
	vcpu->xfeatures = 0x2e7;
	vcpu->header.xstate_bv = 0x2e7;
	vcpu->header.xcomp_bv = COMPACTED | 0x2e7;
	judge(&fixture, vcpu, XFDT_VCPU_OK);
}

/* a thread that is not on a CPU cannot be inside of a guest */
static void test_vcpu__mode_of_a_thread_off_cpu_does_not_count(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->mode = known(XFDT_IN_GUEST_MODE);
	vcpu->thread.on_cpu = known(0);
	vcpu->xfd = 0;
	judge(&fixture, vcpu, XFDT_VCPU_OK);
}

/* rule e cannot be excluded where the mode is not known: 'stale' has no evidence */
static void test_vcpu__unknown_mode_on_cpu_is_not_stale(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->mode = unknown;
	vcpu->thread.need_fpu_load = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
}

/* rule f: TIF is as it was for the user's state, usually clear */
static void test_vcpu__culprit_is_armed_whatever_tif_says(void **state)
{
	struct host fixture;
	struct xfdt_vcpu_verdict verdict;
	struct xfdt_vcpu *vcpu = &fixture.vcpus[0];
	unsigned int combination;

	host_init(&fixture);
	for (combination = 0; combination < 32; combination++) {
		vcpu->thread.need_fpu_load = known(combination & 1);
		vcpu->thread.owner = known(combination & 2 ? HOST_FPU(0) : 0);
		vcpu->in_use = combination & 4;
		vcpu->mode = known(combination & 8 ? XFDT_IN_GUEST_MODE : XFDT_OUTSIDE_GUEST_MODE);
		vcpu->thread.known = combination & 16;
		judge(&fixture, vcpu, XFDT_VCPU_ARMED);
		verdict = judged(&fixture, vcpu);
		assert_true(verdict.culprit);
		assert_true(verdict.mismatch == XTILEDATA);
		assert_true(verdict.rfbm.known);
		/* EDX:EAX & (XCR0 | IA32_XSS) */
		assert_true(verdict.rfbm.value == (HOST_MASK & HOST_XCR0));
	}
	assert_false(judged(&fixture, &fixture.vcpus[1]).culprit);
}

/* the mask of the culprit's instruction decides; of any other restore none is known */
static void test_vcpu__culprit_whose_mask_leaves_the_component_out(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.fault.edx_eax = HOST_MASK & ~XTILEDATA;
	judge(&fixture, &fixture.vcpus[0], XFDT_VCPU_OK);
	assert_true(judged(&fixture, &fixture.vcpus[0]).mismatch == 0);
}

static void test_vcpu__fault_that_was_not_decoded_has_no_culprit(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.fault.decoded = false;
	assert_false(judged(&fixture, &fixture.vcpus[0]).culprit);
}

static void test_vcpu__state_at_address_0_is_no_culprit(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.host.panic.fault.fpstate = 0;
	fixture.vcpus[1].fpstate = 0;
	fixture.vcpus[1].state_known = false;
	assert_false(judged(&fixture, &fixture.vcpus[1]).culprit);
}

/* rule f: the thread that panicked, and where it did is not known */
static void test_vcpu__thread_that_panicked_somewhere_is_not_stale(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	host_log(&fixture, host_log_confirmed);
	fixture.host.panic.task = HOST_TASK(1);
	vcpu->thread.need_fpu_load = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
}

/* the note is the frame of the #NM, and that was at another vCPU's state, or no restore */
static void test_vcpu__thread_that_panicked_elsewhere_is_stale(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	host_log(&fixture, host_log_confirmed);
	fixture.host.panic.task = HOST_TASK(1);
	fixture.host.panic.note_known = true;
	vcpu->thread.need_fpu_load = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_STALE);
	fixture.host.panic.note_operand = HOST_FPSTATE(1) + 64;
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
	fixture.host.panic.note_is_xrstor = false;
	judge(&fixture, vcpu, XFDT_VCPU_STALE);
	/* a note of another stack is not the frame */
	fixture.host.panic.note_on_stack = false;
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
}

/* another thread took the kernel down while this one was in the handler */
static void test_vcpu__thread_in_the_handler_is_armed(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->thread.need_fpu_load = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_STALE);
	vcpu->thread.nm_fpstate = known(HOST_FPSTATE(1));
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	vcpu->thread.nm_fpstate = known(HOST_FPSTATE(0));
	judge(&fixture, vcpu, XFDT_VCPU_STALE);
	vcpu->thread.nm_fpstate = unknown;
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
	assert_true(judged(&fixture, vcpu).undecided);
}

/* the log tells of an #NM of that very thread */
static void test_vcpu__thread_that_warned_is_not_stale(void **state)
{
	static const char *log[] = {
		"WARNING: CPU: 4 PID: 1405 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x6f/0xf0",
		"RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
		"Kernel panic - not syncing: Hard LOCKUP", NULL
	};
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	host_log(&fixture, log);
	vcpu->thread.need_fpu_load = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_STALE);
	fixture.lines[0].caller = fixture.lines[1].caller = 1405;
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
	assert_true(judged(&fixture, vcpu).undecided);
	fixture.lines[1].text = "RIP: 0010:os_xrstor+0x45/0x90";
	judge(&fixture, vcpu, XFDT_VCPU_STALE);
}

/* an oops ended it within KVM_RUN: it will not go on */
static void test_vcpu__thread_that_has_ended(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->thread.on_cpu = known(0);
	vcpu->thread.exit_state = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	vcpu->thread.exit_state = known(32); /* EXIT_ZOMBIE */
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
	assert_true(judged(&fixture, vcpu).undecided);
	/* KVM_RUN by any other thread loads it */
	vcpu->in_use = false;
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
}

/* KVM_RUN of a dead VM loads nothing; what is loaded already is another matter */
static void test_vcpu__vm_that_is_dead(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->in_use = false;
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
	vcpu->vm_dead = true;
	judge(&fixture, vcpu, XFDT_VCPU_STALE);
	vcpu->in_use = true;
	vcpu->thread.on_cpu = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
}

/* rule f without a log: no more is known of where it panicked, but less */
static void test_vcpu__thread_that_panicked_without_a_log_is_not_stale(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	fixture.host.panic.log_known = false;
	fixture.host.panic.event_count = 0;
	fixture.host.panic.task = HOST_TASK(1);
	vcpu->thread.need_fpu_load = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
}

/* rule f: at restore_fpregs_from_fpstate(), but its operand could not be decoded */
static void test_vcpu__thread_that_faulted_at_an_unknown_operand_is_not_stale(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = &fixture.vcpus[0];

	host_init(&fixture);
	fixture.host.panic.fault.decoded = false;
	fixture.host.panic.fault.operand = 0;
	fixture.host.panic.fault.fpstate = 0;
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
}

/* rule f: any thread on a CPU may be the one that panicked */
static void test_vcpu__panicking_thread_unknown_after_nm_is_not_stale(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	host_log(&fixture, host_log_confirmed);
	fixture.host.panic.task = 0;
	fixture.host.panic.cpu = unknown;
	fixture.host.panic.cpu_known = false;
	vcpu->thread.need_fpu_load = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
}

static void test_vcpu__confidential(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->is_confidential = true;
	judge(&fixture, vcpu, XFDT_VCPU_CONFIDENTIAL);
	vcpu->in_use = false;
	judge(&fixture, vcpu, XFDT_VCPU_CONFIDENTIAL);
	/* its header is not real, so it is not malformed either */
	vcpu->header.xcomp_bv = 0x1234;
	judge(&fixture, vcpu, XFDT_VCPU_CONFIDENTIAL);
}

static void test_vcpu__unreadable(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->state_known = false;
	judge(&fixture, vcpu, XFDT_VCPU_UNREADABLE);
	assert_true(judged(&fixture, vcpu).mismatch == 0);
	/* also if what was read says confidential */
	vcpu->is_confidential = true;
	judge(&fixture, vcpu, XFDT_VCPU_UNREADABLE);
}

static void test_vcpu__malformed_headers(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->header.reserved[3] = 1;
	judge(&fixture, vcpu, XFDT_VCPU_MALFORMED);
	vcpu->header.reserved[3] = 0;
	vcpu->header.xcomp_bv = COMPACTED | 0x2e7; /* XSTATE_BV has more */
	judge(&fixture, vcpu, XFDT_VCPU_MALFORMED);
	vcpu->header.xcomp_bv = COMPACTED | HOST_XCR0 | 1ull << 40;
	judge(&fixture, vcpu, XFDT_VCPU_MALFORMED);
	/* it is known not to be one where XCR0 | IA32_XSS is not known */
	fixture.host.enabled_features = 0;
	judge(&fixture, vcpu, XFDT_VCPU_ARMED);
}

/* the culprit's instruction is known: XRSTORS takes the compacted format only */
static void test_vcpu__culprit_of_standard_format_under_xrstors_is_malformed(void **state)
{
	struct host fixture;

	host_init(&fixture);
	fixture.vcpus[0].header.xcomp_bv = 0;
	judge(&fixture, &fixture.vcpus[0], XFDT_VCPU_MALFORMED);
	fixture.host.panic.fault.supervisor = false;
	judge(&fixture, &fixture.vcpus[0], XFDT_VCPU_ARMED);
}

static void test_vcpu__in_use_and_its_thread_is_gone(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->thread_gone = true;
	memset(&vcpu->thread, 0, sizeof(vcpu->thread));
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
}

/* vcpu->pid is of the thread that ran it last; that one may hold another state by now */
static void test_vcpu__thread_that_holds_another_state(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);

	vcpu->thread.fpstate = known(HOST_FPSTATE(9));
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
	vcpu->thread.on_cpu = known(0);
	judge(&fixture, vcpu, XFDT_VCPU_INDETERMINATE);
}

/*
 * Every combination of what may be unknown, for a mismatch in a state in use:
 * never 'ok', and 'armed' or 'stale' with all of its evidence only.
 */
static void test_vcpu__no_claim_without_its_evidence(void **state)
{
	struct host fixture;
	struct xfdt_vcpu *vcpu = mismatched(&fixture);
	struct xfdt_vcpu plain = *vcpu;
	unsigned int combination;

	/* an #NM, at no XRSTOR that was found */
	host_log(&fixture, host_log_confirmed);
	for (combination = 0; combination < 1u << 13; combination++) {
		bool holds, on_cpu, off_cpu, valid, invalid, outside;
		struct xfdt_vcpu_verdict verdict;
		struct xfdt_thread *thread = &vcpu->thread;

		*vcpu = plain;
		thread->known = combination & 1;
		thread->fpstate.known = combination & 2;
		thread->on_cpu = (struct xfdt_value){ combination & 4, !!(combination & 8) };
		thread->need_fpu_load = (struct xfdt_value){ combination & 16,
							     !!(combination & 32) };
		thread->owner = (struct xfdt_value){ combination & 64,
						     combination & 128 ? HOST_FPU(1) : 0 };
		thread->last_cpu.known = combination & 256;
		thread->cpu.known = combination & 512;
		vcpu->mode = known(combination & 1024 ? XFDT_IN_GUEST_MODE :
							XFDT_OUTSIDE_GUEST_MODE);
		vcpu->thread_gone = combination & 2048;
		fixture.host.panic.task = combination & 4096 ? HOST_TASK(1) : HOST_TASK(7);

		holds = thread->known && thread->fpstate.known && !vcpu->thread_gone;
		on_cpu = thread->on_cpu.known && thread->on_cpu.value;
		off_cpu = thread->on_cpu.known && !thread->on_cpu.value;
		valid = thread->owner.known && thread->last_cpu.known && thread->cpu.known &&
			thread->owner.value == HOST_FPU(1);
		invalid = thread->owner.known && thread->last_cpu.known && thread->cpu.known &&
			  thread->owner.value != HOST_FPU(1);
		outside = !(combination & 1024);

		verdict = judged(&fixture, vcpu);
		assert_true(verdict.mismatch == XTILEDATA);
		switch (verdict.state) {
		case XFDT_VCPU_ARMED:
			assert_true(holds && (off_cpu || (on_cpu && thread->need_fpu_load.known &&
							  thread->need_fpu_load.value && invalid)));
			break;
		case XFDT_VCPU_STALE:
			assert_true(holds && on_cpu && outside && thread->need_fpu_load.known &&
				    (!thread->need_fpu_load.value || valid));
			/* rule f: it may be the one that faulted */
			assert_true(fixture.host.panic.task != HOST_TASK(1));
			break;
		default:
			assert_int_equal(verdict.state, XFDT_VCPU_INDETERMINATE);
			/* everything was known: then it says so */
			assert_false(holds && off_cpu);
			assert_false(holds && on_cpu && outside && thread->need_fpu_load.known &&
				     !thread->need_fpu_load.value &&
				     fixture.host.panic.task == HOST_TASK(7));
		}
	}
}

#include "test_vcpu.tests.h"
