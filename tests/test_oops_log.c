/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lines of the log mean, and the registers that are printed in it. */
#include "unit.h"
#include "kernel/oops_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Linux 6.18.9, taken from a dump: KVM_SET_MSRS(IA32_XFD) after KVM_SET_XSAVE */
static const char *const log_6_18[] = {
	"------------[ cut here ]------------",
	"WARNING: CPU: 0 PID: 136 at arch/x86/kernel/traps.c:1405 exc_device_not_available+0xde/0xf0",
	"Modules linked in: kvm_intel kvm irqbypass",
	"CPU: 0 UID: 0 PID: 136 Comm: reproducer Kdump: loaded Tainted: G S                  6.18.9+deb13-amd64 #1 PREEMPT(lazy)  Debian 6.18.9-1~bpo13+1 ",
	"Tainted: [S]=CPU_OUT_OF_SPEC",
	"Hardware name:  , BIOS Bochs 3.0 16/02/2025",
	"RIP: 0010:exc_device_not_available+0xde/0xf0",
	"Code: 00 00 00 e8 94 c8 29 ff eb ec 48 c7 c7 6a 64 c8 91 e8 f6 43 28 ff 0f 0b 4c 89 e7 48 83 e7 f7 e8 b8 c4 21 ff 90 e9 74 ff ff ff <0f> 0b e9 56 ff ff ff 66 66 2e 0f 1f 84 00 00 00 00 00 90 90 90 90",
	"RSP: 0018:ffffd19bc05ffc28 EFLAGS: 00010246",
	"RAX: 0000000000000000 RBX: ffffd19bc05ffc58 RCX: 00000000000001c5",
	"RDX: 0000000000000000 RSI: 0000000000000000 RDI: 00000000000001c5",
	"RBP: 0000000000000000 R08: 0000000000000000 R09: 0000000000000000",
	"R10: 0000000000000000 R11: 0000000000000000 R12: 0000000080050033",
	"R13: 00000000000001c5 R14: 0000000000040000 R15: 0000000000000000",
	"FS:  000000000c72f380(0000) GS:ffff8cb0da776000(0000) knlGS:0000000000000000",
	"CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033",
	"CR2: 00000000004dc000 CR3: 000000000576d006 CR4: 0000000000f72ef0",
	"PKRU: 55555554",
	"Call Trace:",
	" <TASK>",
	" asm_exc_device_not_available+0x1a/0x20",
	"RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
	"Code: 77 db 07 0f 1f 44 00 00 eb 3c 48 23 2d 5c 92 60 01 ba 01 00 00 00 48 89 df 48 89 ee e8 a4 3a 00 00 48 89 ea 89 e8 48 c1 ea 20 <48> 0f c7 5b 40 5b 5d 41 5c c3 cc cc cc cc 48 0f ae 4b 40 5b 5d 41",
	"RSP: 0018:ffffd19bc05ffd00 EFLAGS: 00000246",
	"RAX: 00000000000618e7 RBX: ffffd19bc0615000 RCX: 0000000000000000",
	"RDX: 0000000000000000 RSI: 00000000000618e7 RDI: ffffd19bc0615000",
	"RBP: 00000000000618e7 R08: ffffffff9321da00 R09: 0000000000000000",
	"R10: 0000000000000000 R11: 0000000000000000 R12: 0000000000040000",
	"R13: ffff8cb0440c1740 R14: ffff8cb0423f9a80 R15: 000000000000ae80",
	" fpu_swap_kvm_fpstate+0x70/0x110",
	" kvm_load_guest_fpu+0x34/0xa0 [kvm]",
	" kvm_arch_vcpu_ioctl_run+0x8a/0x1750 [kvm]",
	" ? __pfx_hrtimer_wakeup+0x10/0x10",
	" </TASK>",
	"---[ end trace 0000000000000000 ]---",
	"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
	"CPU: 0 UID: 0 PID: 136 Comm: reproducer Kdump: loaded Tainted: G S      W           6.18.9+deb13-amd64 #1 PREEMPT(lazy)  Debian 6.18.9-1~bpo13+1 ",
	"Tainted: [S]=CPU_OUT_OF_SPEC, [W]=WARN",
	"Hardware name:  , BIOS Bochs 3.0 16/02/2025",
	"RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
	"Code: 77 db 07 0f 1f 44 00 00 eb 3c 48 23 2d 5c 92 60 01 ba 01 00 00 00 48 89 df 48 89 ee e8 a4 3a 00 00 48 89 ea 89 e8 48 c1 ea 20 <48> 0f c7 5b 40 5b 5d 41 5c c3 cc cc cc cc 48 0f ae 4b 40 5b 5d 41",
	"RSP: 0018:ffffd19bc05ffd00 EFLAGS: 00000246",
	"RAX: 00000000000618e7 RBX: ffffd19bc0615000 RCX: 0000000000000000",
	"RDX: 0000000000000001 RSI: 00000000000618e7 RDI: ffffd19bc0615000",
	"RBP: 00000000000618e7 R08: ffffffff9321da00 R09: 0000000000000009",
	"R10: 000000000000000a R11: 000000000000000b R12: 0000000000040000",
	"R13: ffff8cb0440c1740 R14: ffff8cb0423f9a80 R15: 000000000000ae80",
	"FS:  000000000c72f380(0000) GS:ffff8cb0da776000(0000) knlGS:0000000000000000",
	"CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033",
	"CR2: 00000000004dc000 CR3: 000000000576d006 CR4: 0000000000f72ef0",
	"PKRU: 55555554",
	"Call Trace:",
	" <TASK>",
	" ? __die_body.cold+0x19/0x27",
	" ? exc_device_not_available+0x6f/0xf0",
	" ? restore_fpregs_from_fpstate+0x45/0x90",
	" fpu_swap_kvm_fpstate+0x70/0x110",
	" kvm_load_guest_fpu+0x34/0xa0 [kvm]",
	"RIP: 0033:0x44710b",
	"Code: 00 48 89 44 24 18 31 c0 48 8d 44 24 60 c7 04 24 10 00 00 00 48 89 44 24 08 48 8d 44 24 20 48 89 44 24 10 b8 10 00 00 00 0f 05 <89> c2 3d 00 f0 ff ff 77 1c 48 8b 44 24 18 64 48 2b 04 25 28 00 00",
	"RSP: 002b:00007ffcb37af740 EFLAGS: 00000246 ORIG_RAX: 0000000000000010",
	"RAX: ffffffffffffffda RBX: 00007ffcb37af920 RCX: 000000000044710b",
	"RDX: 0000000000000000 RSI: 000000000000ae80 RDI: 000000000000000b",
	"RBP: 00007ffcb37af940 R08: 0000000000000021 R09: 00007ffcb37af677",
	"R10: 0000000000000000 R11: 0000000000000246 R12: 00000000004c35a0",
	"R13: 00007ffcb37af7e7 R14: 0000000000000001 R15: 0000000000000001",
	" </TASK>",
};
#define WARN_LINE 1
#define DIE_LINE 35

#define LINES_MAX 128
struct fixture {
	struct xfdt_log log;
	struct xfdt_log_line lines[LINES_MAX];
};

static void fill(struct fixture *fixture, const char *const *lines, size_t count)
{
	size_t i;

	memset(fixture, 0, sizeof(*fixture));
	fixture->log.lines = fixture->lines;
	fixture->log.count = count;
	for (i = 0; i < count; i++)
		fixture->lines[i] = (struct xfdt_log_line){ .text = lines[i], .nsec = i + 1 };
}

static void assert_event(const char *text, enum xfdt_event_kind expected)
{
	enum xfdt_event_kind kind = XFDT_EVENT_KINDS;

	if (!xfdt_event_of_line(text, &kind))
		fail_msg("no event: %s", text);
	if (kind != expected)
		fail_msg("event %d, not %d: %s", kind, expected, text);
}

static void assert_no_event(const char *text)
{
	enum xfdt_event_kind kind = XFDT_EVENT_KINDS;

	if (xfdt_event_of_line(text, &kind))
		fail_msg("event %d: %s", kind, text);
	assert_int_equal(kind, XFDT_EVENT_KINDS);
}

/* kernel facts, 3: up to 6.18.9, and from 6.19.6 on */
static void test_oops_log__warning_in_both_formats(void **state)
{
	assert_event(
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1302 exc_device_not_available+0x6f/0x90",
		XFDT_EVENT_NM_WARN);
	assert_event(
		"WARNING: CPU: 117 PID: 1 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0x0/0xf0",
		XFDT_EVENT_NM_WARN);
	assert_event(
		"WARNING: arch/x86/kernel/traps.c:1524 at exc_device_not_available+0x8b/0xd0, CPU#3: CPU 0/KVM/1404",
		XFDT_EVENT_NM_WARN);
	/* split off by the compiler */
	assert_event(
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1302 exc_device_not_available.cold+0x6/0x9",
		XFDT_EVENT_NM_WARN);
}

static void test_oops_log__death_in_both_formats(void **state)
{
	assert_event("unexpected #NM exception: 0000 [#1] PREEMPT SMP NOPTI", XFDT_EVENT_NM_DIE);
	assert_event("Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI", XFDT_EVENT_NM_DIE);
	assert_event(
		"Oops: unexpected #NM exception: 0000 [#12] PREEMPT_RT SMP DEBUG_PAGEALLOC KASAN PTI",
		XFDT_EVENT_NM_DIE);
}

static void test_oops_log__other_deaths(void **state)
{
	assert_event("Oops: 0002 [#1] SMP NOPTI", XFDT_EVENT_OOPS);
	assert_event("Oops: Oops: 0000 [#1] PREEMPT SMP NOPTI", XFDT_EVENT_OOPS);
	assert_event(
		"Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#2] SMP NOPTI",
		XFDT_EVENT_OOPS);
	assert_event(
		"general protection fault, kernel NULL pointer dereference 0x8: 0000 [#1] PREEMPT SMP NOPTI",
		XFDT_EVENT_OOPS);
	assert_event("invalid opcode: 0000 [#1] PREEMPT SMP NOPTI", XFDT_EVENT_OOPS);
	assert_event("Oops: invalid opcode: 0000 [#1] SMP NOPTI", XFDT_EVENT_OOPS);
	assert_event("stack segment: 0000 [#1] SMP", XFDT_EVENT_OOPS);
	assert_event("Kernel panic - not syncing: Fatal exception", XFDT_EVENT_PANIC);
	assert_event("Kernel panic - not syncing: kernel: panic_on_warn set ...", XFDT_EVENT_PANIC);
	assert_event("sysrq: Trigger a crash", XFDT_EVENT_SYSRQ);
}

static void test_oops_log__look_alikes(void **state)
{
	assert_event(
		"Bad FPU state detected at restore_fpregs_from_fpstate+0x3c/0xa0, reinitializing FPU registers.",
		XFDT_EVENT_BAD_FPU);
	assert_event("CR0.TS was set", XFDT_EVENT_CR0_TS);
	assert_event(
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kvm/x86.c:11500 kvm_load_guest_fpu+0x5d/0x70 [kvm]",
		XFDT_EVENT_KVM_LOAD_PUT);
	assert_event(
		"WARNING: arch/x86/kvm/x86.c:11500 at kvm_put_guest_fpu+0x5d/0x70 [kvm], CPU#3: qemu/1404",
		XFDT_EVENT_KVM_LOAD_PUT);
	assert_event(
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/fpu/xstate.c:1500 xfd_validate_state+0x6a/0x80",
		XFDT_EVENT_XFD_STATE);
	assert_event(
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/fpu/core.c:600 fpregs_assert_state_consistent+0x40/0x50",
		XFDT_EVENT_FPREGS_STATE);
	assert_event(
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/fpu/core.c:270 fpu_free_guest_fpstate+0x40/0x50",
		XFDT_EVENT_FREE_IN_USE);
	assert_event(
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/fpu/core.c:400 fpu_copy_uabi_to_guest_fpstate+0x100/0x120",
		XFDT_EVENT_UABI_REFUSED);
	assert_event("x86/fpu: XFD: Invalid xfd error: 0000000000040000", XFDT_EVENT_USER_XFD);
	assert_event("XFD: Invalid xfd error: 0000000000040000", XFDT_EVENT_USER_XFD);
}

static void test_oops_log__lines_that_are_no_events(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"------------[ cut here ]------------",
		"---[ end trace 0000000000000000 ]---",
		"WARNING: CPU: 0 PID: 0 at arch/x86/kernel/cpu/bugs.c:3790 __warn_thunk+0x2a/0x40",
		" asm_exc_device_not_available+0x1a/0x20",
		" ? exc_device_not_available+0x6f/0xf0",
		"RIP: 0010:exc_device_not_available+0xde/0xf0",
		"RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
		"note: CPU 0/KVM[1404] exited with irqs disabled",
		"sysrq: Show State",
		"an unexpected #NM exception: it says here",
		"Modules linked in: kvm_intel kvm irqbypass",
	};
	size_t i;

	for (i = 0; i < COUNT(lines); i++)
		assert_no_event(lines[i]);
	for (i = 0; i < COUNT(log_6_18); i++)
		if (i != WARN_LINE && i != DIE_LINE)
			assert_no_event(log_6_18[i]);
}

/* " [#" is no death of the kernel by itself: it would make an #NM before it one that was survived */
static void test_oops_log__number_in_brackets_is_no_death(void **state)
{
	assert_no_event("nvme nvme0: queue [#3] reset");
	assert_no_event("foo: bar [#1]");
	assert_no_event("firmware: version 0000 [#1] loaded");
	assert_no_event(" [#1]");
	assert_no_event(" [#");
	assert_no_event("0000 [#1]");
	assert_no_event(": 0000 [#");
	assert_no_event(": 0000 [#x]");
}

/* A process calls itself what it likes; its name is up to 15 bytes. */
static void test_oops_log__process_names_do_not_imitate(void **state)
{
	assert_no_event("WARNING: kernel/foo.c:10 at foo+0x1/0x2, CPU#3: exc_device_not_/1404");
	assert_no_event("note: x: 0000 [#1][1404] exited with irqs disabled");
	assert_no_event(
		"x: 0000 [#1][77]: segfault at 0 ip 0000000000401136 sp 00007ffd error 6 in a.out");
	assert_no_event(
		"traps: x: 0000 [#1][77] general protection fault ip:401136 sp:7ffd error:0 in a.out");
}

static void test_oops_log__same_name_in_part_is_not_it(void **state)
{
	assert_no_event(
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1 exc_device_not_available2+0x6f/0x90");
	assert_no_event(
		"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1 exc_device_not_available");
}

/* N of die()'s [#N] */
static void test_oops_log__number_of_an_oops(void **state)
{
	assert_int_equal(xfdt_oops_number("Oops: unexpected #NM exception: 0000 [#12] SMP NOPTI"),
			 12);
	assert_int_equal(xfdt_oops_number("unexpected #NM exception: 0000 [#1] PREEMPT SMP"), 1);
	assert_int_equal(xfdt_oops_number("Kernel panic - not syncing: Fatal exception"), 0);
	assert_int_equal(xfdt_oops_number(" [#"), 0);
}

static void test_oops_log__reasons_of_a_panic(void **state)
{
	static const struct {
		const char *words;
		enum xfdt_panic_reason reason;
	} cases[] = {
		{ "Fatal exception", XFDT_PANIC_BY_OOPS },
		{ "Fatal exception in interrupt", XFDT_PANIC_BY_OOPS },
		{ "Oopsed too often (kernel.oops_limit is 1)", XFDT_PANIC_BY_OOPS },
		{ "Aiee, killing interrupt handler!", XFDT_PANIC_BY_OOPS },
		{ "Attempted to kill the idle task!", XFDT_PANIC_BY_OOPS },
		{ "Attempted to kill init! exitcode=0x0000000b", XFDT_PANIC_MAYBE_BY_OOPS },
		{ "panic_on_taint set ...", XFDT_PANIC_MAYBE_BY_OOPS },
		{ "panic_on_warn set ...", XFDT_PANIC_BY_WARNING },
		{ "kernel: panic_on_warn set ...", XFDT_PANIC_BY_WARNING },
		{ "kernel: system warned too often (kernel.warn_limit is 1)",
		  XFDT_PANIC_BY_WARNING },
		{ "KASAN: panic_on_warn set ...", XFDT_PANIC_BY_WARNING },
		{ "scheduling while atomic: panic_on_warn set ...", XFDT_PANIC_BY_WARNING },
		{ "sysrq triggered crash", XFDT_PANIC_OTHER },
		{ "Hard LOCKUP", XFDT_PANIC_OTHER },
		{ "hung_task: blocked tasks", XFDT_PANIC_OTHER },
		/* not at the start */
		{ "Not a Fatal exception", XFDT_PANIC_OTHER },
		{ "", XFDT_PANIC_OTHER },
	};
	char text[128];
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "Kernel panic - not syncing: %s", cases[i].words);
		assert_int_equal(xfdt_panic_reason(text), cases[i].reason);
	}
	assert_int_equal(xfdt_panic_reason("Kernel panic: Fatal exception"), XFDT_PANIC_OTHER);
}

static void test_oops_log__functions_that_restore(void **state)
{
	static const char *const yes[] = {
		"restore_fpregs_from_fpstate", "os_xrstor",
		"fpu_swap_kvm_fpstate",	       "switch_fpu_return",
		"fpregs_restore_userregs",     "fpregs_restore_userregs.llvm.1234567890",
		"os_xrstor.constprop.0",       "restore_fpregs_from_fpstate.cold",
	};
	static const char *const no[] = { "",	    "os_xrstor_safe", "restore_fpregs",
					  "xrstor", "my_os_xrstor",   "kernel_tile_use" };
	size_t i;

	for (i = 0; i < COUNT(yes); i++)
		if (!xfdt_is_restore_name(yes[i]))
			fail_msg("%s", yes[i]);
	for (i = 0; i < COUNT(no); i++)
		if (xfdt_is_restore_name(no[i]))
			fail_msg("%s", no[i]);
}

static void test_oops_log__lines_that_are_warnings(void **state)
{
	assert_true(xfdt_line_is_warning("WARNING: CPU: 0 PID: 1 at mm/slab.c:1 kfree+0x1/0x2"));
	assert_true(xfdt_line_is_warning("BUG: KFENCE: use-after-free read in test+0x1/0x2"));
	assert_true(xfdt_line_is_warning("UBSAN: array-index-out-of-bounds in mm/slab.c:1"));
	assert_false(xfdt_line_is_warning("a WARNING: none"));
	assert_false(xfdt_line_is_warning(""));
}

/* registers */

static void assert_fault_registers(const struct xfdt_log_regs *regs, uint64_t dx)
{
	static const uint8_t xrstors[] = { 0x48, 0x0f, 0xc7, 0x5b, 0x40, 0x5b, 0x5d };

	assert_true(regs->complete);
	assert_string_equal(regs->function, "restore_fpregs_from_fpstate");
	assert_true(regs->offset == 0x45);
	assert_true(regs->regs.ip == 0);
	assert_true(regs->regs.sp == 0xffffd19bc05ffd00ull);
	assert_true(regs->regs.ax == 0x618e7);
	assert_true(regs->regs.bx == 0xffffd19bc0615000ull);
	assert_true(regs->regs.cx == 0);
	assert_true(regs->regs.dx == dx);
	assert_true(regs->regs.si == 0x618e7);
	assert_true(regs->regs.di == 0xffffd19bc0615000ull);
	assert_true(regs->regs.bp == 0x618e7);
	assert_true(regs->regs.r8 == 0xffffffff9321da00ull);
	assert_true(regs->regs.r12 == 0x40000);
	assert_true(regs->regs.r13 == 0xffff8cb0440c1740ull);
	assert_true(regs->regs.r14 == 0xffff8cb0423f9a80ull);
	assert_true(regs->regs.r15 == 0xae80);
	assert_int_equal(regs->code_len, 15);
	assert_memory_equal(regs->code, xrstors, sizeof(xrstors));
	assert_string_equal(regs->caller, "fpu_swap_kvm_fpstate");
}

/* Of the event that the line starts. */
static bool registers_at(const struct fixture *fixture, size_t line, struct xfdt_log_regs *ret_regs)
{
	struct xfdt_event event = { .line = line, .caller = fixture->log.lines[line].caller };

	assert_true(xfdt_event_of_line(fixture->log.lines[line].text, &event.kind));
	return xfdt_event_registers(&fixture->log, &event, ret_regs);
}

/* the interrupted frame, which the WARN prints behind its own registers */
static void test_oops_log__registers_behind_a_warning(void **state)
{
	struct xfdt_log_regs regs;
	struct fixture fixture;

	fill(&fixture, log_6_18, COUNT(log_6_18));
	memset(&regs, 0x5a, sizeof(regs));
	assert_true(registers_at(&fixture, WARN_LINE, &regs));
	assert_fault_registers(&regs, 0);
}

/* and those of die(), whose call trace begins with guesses */
static void test_oops_log__registers_behind_a_death(void **state)
{
	struct xfdt_log_regs regs;
	struct fixture fixture;

	fill(&fixture, log_6_18, COUNT(log_6_18));
	memset(&regs, 0x5a, sizeof(regs));
	assert_true(registers_at(&fixture, DIE_LINE, &regs));
	assert_fault_registers(&regs, 1);
	assert_true(regs.regs.r9 == 9);
	assert_true(regs.regs.r10 == 10);
	assert_true(regs.regs.r11 == 11);
}

/* a WARN of a handle_xfd_event() that is out of line has its own place first as well */
static void test_oops_log__registers_behind_an_outlined_handler(void **state)
{
	struct xfdt_log_regs regs;
	struct fixture fixture;

	fill(&fixture, log_6_18, COUNT(log_6_18));
	fixture.lines[WARN_LINE].text =
		"WARNING: CPU: 0 PID: 136 at arch/x86/kernel/traps.c:1360 handle_xfd_event+0x2b/0x50";
	fixture.lines[WARN_LINE + 5].text = "RIP: 0010:handle_xfd_event+0x2b/0x50";
	assert_true(registers_at(&fixture, WARN_LINE, &regs));
	assert_fault_registers(&regs, 0);
}

/* no RIP, or none of the kernel's */
static void test_oops_log__event_without_a_place(void **state)
{
	static const char *const rips[] = { "RIP: 0033:0x44710b", "RIP: 0010:0xffffffff81801000",
					    "RIP: 0010:", "Hardware name: QEMU" };
	struct xfdt_log_regs regs, untouched;
	struct fixture fixture;
	size_t i;

	memset(&regs, 0x5a, sizeof(regs));
	untouched = regs;
	for (i = 0; i < COUNT(rips); i++) {
		const char *const lines[] = { "Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
					      rips[i],
					      "RAX: 0000000000000001 RBX: 0000000000000002" };

		fill(&fixture, lines, COUNT(lines));
		assert_false(registers_at(&fixture, 0, &regs));
	}
	assert_memory_equal(&regs, &untouched, sizeof(regs));
}

/* the place alone: what it names is known, its registers are not */
static void test_oops_log__registers_that_are_cut_off(void **state)
{
	struct xfdt_log_regs regs;
	struct fixture fixture;
	size_t count;

	for (count = DIE_LINE + 1; count <= DIE_LINE + 11; count++) {
		fill(&fixture, log_6_18, count);
		memset(&regs, 0x5a, sizeof(regs));
		if (!registers_at(&fixture, DIE_LINE, &regs)) {
			assert_within(count, DIE_LINE + 1, DIE_LINE + 4);
			continue;
		}
		assert_false(regs.complete);
		assert_string_equal(regs.function, "restore_fpregs_from_fpstate");
	}
	fill(&fixture, log_6_18, DIE_LINE + 12); /* up to R15 */
	assert_true(registers_at(&fixture, DIE_LINE, &regs));
	assert_true(regs.complete);
	assert_string_equal(regs.caller, "");
}

/* the user's registers follow; they are not the fault's, even where one of its own is missing */
static void test_oops_log__registers_of_user_space_are_not_mixed_in(void **state)
{
	struct xfdt_log_regs regs;
	struct fixture fixture;
	size_t i;

	for (i = DIE_LINE + 6; i <= DIE_LINE + 11; i++) {
		fill(&fixture, log_6_18, COUNT(log_6_18));
		/* no trace entry ends the frame either */
		fixture.lines[DIE_LINE + 21].text = "";
		fixture.lines[DIE_LINE + 22].text = "";
		fixture.lines[i].text = "";
		assert_true(registers_at(&fixture, DIE_LINE, &regs));
		if (regs.complete)
			fail_msg("line %zu was taken from user space's registers", i);
	}
}

/* what user space writes to /dev/kmsg proves nothing */
static void test_oops_log__lines_of_user_space_are_passed_over(void **state)
{
	struct xfdt_log_regs regs;
	struct fixture fixture;
	size_t i;

	fill(&fixture, log_6_18, COUNT(log_6_18));
	for (i = DIE_LINE + 1; i < COUNT(log_6_18); i++)
		fixture.lines[i].from_user = true;
	assert_false(registers_at(&fixture, DIE_LINE, &regs));
	/* in the middle of the kernel's */
	fill(&fixture, log_6_18, COUNT(log_6_18));
	memmove(&fixture.lines[DIE_LINE + 8], &fixture.lines[DIE_LINE + 7],
		(COUNT(log_6_18) - DIE_LINE - 7) * sizeof(fixture.lines[0]));
	fixture.lines[DIE_LINE + 7] = (struct xfdt_log_line){
		.text = "RAX: 1111111111111111 RBX: 2222222222222222 RCX: 3333333333333333",
		.from_user = true,
	};
	fixture.log.count++;
	assert_true(registers_at(&fixture, DIE_LINE, &regs));
	assert_fault_registers(&regs, 1);
}

/* printk says which thread a record is from: another CPU's trace is in between */
static void test_oops_log__lines_of_another_thread_are_passed_over(void **state)
{
	static const char *const others[] = {
		"RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
		"RAX: 1111111111111111 RBX: 2222222222222222 RCX: 3333333333333333",
		"Oops: Oops: 0000 [#2] SMP NOPTI",
		" some_function+0x1/0x2",
	};
	struct xfdt_log_regs regs;
	struct fixture fixture;
	size_t i, n = 0;

	memset(&fixture, 0, sizeof(fixture));
	fixture.log.lines = fixture.lines;
	for (i = DIE_LINE; i < DIE_LINE + 23; i++) {
		fixture.lines[n++] = (struct xfdt_log_line){ .text = log_6_18[i], .caller = 136 };
		fixture.lines[n++] = (struct xfdt_log_line){ .text = others[i % COUNT(others)],
							     .caller = 137 };
	}
	fixture.log.count = n;
	assert_true(registers_at(&fixture, 0, &regs));
	assert_fault_registers(&regs, 1);
}

/* what follows the next event, or a warning of anything, is of that */
static void test_oops_log__registers_of_what_comes_next_are_not_taken(void **state)
{
	static const char *const next[] = {
		"Oops: Oops: 0000 [#2] SMP NOPTI",
		"Kernel panic - not syncing: Fatal exception",
		"WARNING: CPU: 0 PID: 136 at mm/slab.c:1 kfree+0x1/0x2",
		"---[ end trace 0000000000000000 ]---",
		" </TASK>",
	};
	struct xfdt_log_regs regs;
	struct fixture fixture;
	size_t i;

	for (i = 0; i < COUNT(next); i++) {
		fill(&fixture, log_6_18, COUNT(log_6_18));
		fixture.lines[DIE_LINE + 1].text = next[i];
		if (registers_at(&fixture, DIE_LINE, &regs))
			fail_msg("behind \"%s\"", next[i]);
	}
}

/* old kernels: XRSTOR of (%rdi), before Oops: was put in front */
static void test_oops_log__registers_of_6_1(void **state)
{
	static const char *const lines[] = {
		"unexpected #NM exception: 0000 [#1] PREEMPT SMP NOPTI",
		"CPU: 3 PID: 1404 Comm: CPU 0/KVM Tainted: G        W          6.1.0-40-amd64 #1  Debian 6.1.153-1",
		"RIP: 0010:restore_fpregs_from_fpstate+0x3c/0xa0",
		"Code: 89 c2 48 c1 ea 20 <48> 0f c7 1f c3 cc",
		"RSP: 0018:ffffb1c0c1a3fd58 EFLAGS: 00010046",
		"RAX: 00000000000602e7 RBX: ffff9b0f8a1b8000 RCX: 0000000000000000",
		"RDX: 0000000000000000 RSI: 00000000000602e7 RDI: ffffb1c0c1b95040",
		"RBP: ffffb1c0c1b95000 R08: 0000000000000000 R09: 0000000000000000",
		"R10: 0000000000000000 R11: 0000000000000000 R12: 0000000000000001",
		"R13: 0000000000000000 R14: ffff9b0f8a1b8038 R15: 0000000000000000",
		"Call Trace:",
		" <TASK>",
		" switch_fpu_return+0x4c/0xd0",
	};
	static const uint8_t xrstors[] = { 0x48, 0x0f, 0xc7, 0x1f, 0xc3, 0xcc };
	struct xfdt_log_regs regs;
	struct fixture fixture;

	fill(&fixture, lines, COUNT(lines));
	assert_true(registers_at(&fixture, 0, &regs));
	assert_true(regs.complete);
	assert_true(regs.offset == 0x3c);
	assert_true(regs.regs.di == 0xffffb1c0c1b95040ull);
	assert_true(regs.regs.sp == 0xffffb1c0c1a3fd58ull);
	assert_int_equal(regs.code_len, 6);
	assert_memory_equal(regs.code, xrstors, sizeof(xrstors));
	assert_string_equal(regs.caller, "switch_fpu_return");
}

/* hostile texts: too long, half a line, no digits */
static void test_oops_log__absurd_texts(void **state)
{
	char name[200], rip[200];
	const char *lines[] = {
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"RIP: 0010:restore_fpregs_from_fpstate+0x",
		"RIP: 0010:restore_fpregs_from_fpstate+",
		rip,
		"RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90",
		"Code: <",
		"Code: <>",
		"Code: <zz>",
		"Code:",
		"Code: <48",
		"Code: <48> 0f c7 5b 40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50 51 52 53",
		"RAX: RBX: RCX: ",
		"RAX:",
		"RSP: 0018:",
		"R15: ",
		name,
		"+0x",
		" +0x10/0x20",
		"?+0x1",
		" ? +0x1",
	};
	struct xfdt_log_regs regs;
	struct fixture fixture;

	memset(name, 'n', sizeof(name) - 4);
	strcpy(name + sizeof(name) - 4, "+0x");
	memset(rip, 'r', sizeof(rip));
	memcpy(rip, "RIP: 0010:", 10);
	strcpy(rip + sizeof(rip) - 5, "+0x1");
	fill(&fixture, lines, COUNT(lines));
	assert_true(registers_at(&fixture, 0, &regs));
	assert_false(regs.complete);
	assert_string_equal(regs.function, "restore_fpregs_from_fpstate");
	assert_int_equal(regs.code_len, 15);
	assert_string_equal(regs.caller, "");
}

/* events of a log */

static struct xfdt_events events_of(const struct xfdt_log *log)
{
	struct xfdt_events events;

	assert_ok(xfdt_events_find(log, &events));
	return events;
}

static void test_oops_log__events_of_a_log(void **state)
{
	struct xfdt_events events;
	struct fixture fixture;

	fill(&fixture, log_6_18, COUNT(log_6_18));
	fixture.lines[DIE_LINE].caller = 136;
	events = events_of(&fixture.log);
	assert_int_equal(events.count, 2);
	assert_int_equal(events.items[0].kind, XFDT_EVENT_NM_WARN);
	assert_int_equal(events.items[0].line, WARN_LINE);
	assert_int_equal(events.items[0].oops, 0);
	assert_false(xfdt_event_is_oops(&events.items[0]));
	assert_int_equal(events.items[1].kind, XFDT_EVENT_NM_DIE);
	assert_int_equal(events.items[1].line, DIE_LINE);
	assert_int_equal(events.items[1].caller, 136);
	assert_int_equal(events.items[1].oops, 1);
	assert_true(xfdt_event_is_oops(&events.items[1]));
	free(events.items);
}

static size_t trace_of(struct fixture *fixture, const char **ret_lines, size_t max)
{
	struct xfdt_events events = events_of(&fixture->log);
	size_t count = xfdt_call_trace(&fixture->log, &events, ret_lines, max);

	free(events.items);
	return count;
}

/* that of the last event that has one, without registers and without user space */
static void test_oops_log__call_trace_of_the_end(void **state)
{
	static const char *const dies[] = {
		" <TASK>",
		" ? __die_body.cold+0x19/0x27",
		" ? exc_device_not_available+0x6f/0xf0",
		" ? restore_fpregs_from_fpstate+0x45/0x90",
		" fpu_swap_kvm_fpstate+0x70/0x110",
		" kvm_load_guest_fpu+0x34/0xa0 [kvm]",
	};
	const char *lines[16];
	struct fixture fixture;
	size_t i;

	fill(&fixture, log_6_18, COUNT(log_6_18));
	assert_int_equal(trace_of(&fixture, lines, COUNT(lines)), COUNT(dies));
	for (i = 0; i < COUNT(dies); i++)
		assert_string_equal(lines[i], dies[i]);
	/* no more than there is room for */
	assert_int_equal(trace_of(&fixture, lines, 2), 2);
	assert_int_equal(trace_of(&fixture, lines, 0), 0);
}

static void test_oops_log__call_trace_of_an_earlier_event(void **state)
{
	const char *lines[16];
	struct fixture fixture;
	size_t i;

	/* die() printed its title, and no more came of it */
	fill(&fixture, log_6_18, DIE_LINE + 1);
	assert_int_equal(trace_of(&fixture, lines, COUNT(lines)), 7);
	assert_string_equal(lines[0], " <TASK>");
	assert_string_equal(lines[2], "RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90");
	assert_string_equal(lines[6], " ? __pfx_hrtimer_wakeup+0x10/0x10");
	/* another thread's lines are none of it, nor are those of user space */
	for (i = 0; i < fixture.log.count; i++)
		if (strstr(fixture.lines[i].text, "kvm_load_guest_fpu"))
			fixture.lines[i].caller = 77;
		else if (strstr(fixture.lines[i].text, "kvm_arch_vcpu_ioctl_run"))
			fixture.lines[i].from_user = true;
	assert_int_equal(trace_of(&fixture, lines, COUNT(lines)), 5);
}

static void test_oops_log__no_call_trace(void **state)
{
	static const char *const log[] = { "Call Trace:", " one+0x1/0x2", "sysrq: Trigger a crash",
					   " two+0x1/0x2" };
	const char *lines[16];
	struct fixture fixture;

	fill(&fixture, log, COUNT(log));
	assert_int_equal(trace_of(&fixture, lines, COUNT(lines)), 0);
}

/* the lines that an answer can rest on are enough for the same answer */
static void test_oops_log__lines_that_matter(void **state)
{
	struct xfdt_log_regs before[2], after[2];
	bool matters[COUNT(log_6_18)];
	struct xfdt_events events;
	struct fixture fixture;
	size_t count, i;

	memset(before, 0, sizeof(before));
	memset(after, 0, sizeof(after));
	fill(&fixture, log_6_18, COUNT(log_6_18));
	events = events_of(&fixture.log);
	memset(matters, 0x5a, sizeof(matters));
	xfdt_oops_log_lines(&fixture.log, &events, matters);
	count = events.count;
	free(events.items);
	assert_true(matters[WARN_LINE] && matters[DIE_LINE]);
	assert_true(registers_at(&fixture, WARN_LINE, &before[0]));
	assert_true(registers_at(&fixture, DIE_LINE, &before[1]));
	for (i = 0; i < COUNT(log_6_18); i++) {
		/* what names the machine, its modules and its processes is not needed */
		if (strstr(log_6_18[i], "Hardware name") || strstr(log_6_18[i], "Modules linked") ||
		    strstr(log_6_18[i], "Comm:"))
			assert_false(matters[i]);
		if (!matters[i])
			fixture.lines[i].text = "";
	}
	events = events_of(&fixture.log);
	assert_int_equal(events.count, count);
	free(events.items);
	assert_true(registers_at(&fixture, WARN_LINE, &after[0]));
	assert_true(registers_at(&fixture, DIE_LINE, &after[1]));
	assert_memory_equal(before, after, sizeof(before));
}

/* of another death too; of a quiet log, nothing but warnings and taint D */
static void test_oops_log__lines_that_matter_of_other_events(void **state)
{
	static const char *const other[] = {
		"eth0: link up",
		"BUG: unable to handle page fault for address: 0000000000000008",
		"Oops: Oops: 0002 [#1] SMP NOPTI",
		"CPU: 4 PID: 80 Comm: secret Not tainted 6.18.5",
		"RIP: 0010:foo+0x1/0x2",
		"RAX: 0000000000000001 RBX: 0000000000000000",
		"Code: 90 <90>",
		"Call Trace:",
		" bar+0x1/0x2",
		"RIP: 0033:0x439afb",
		"RAX: ffffffffffffffda RBX: 0000000000000000",
		"Tainted: [D]=DIE",
	};
	static const bool expected[COUNT(other)] = {
		[1] = true, [2] = true, [4] = true, [5] = true,	 [6] = true,
		[7] = true, [8] = true, [9] = true, [11] = true,
	};
	static const bool quiet[COUNT(other)] = { [1] = true, [11] = true };
	struct xfdt_events events;
	bool matters[COUNT(other)];
	struct fixture fixture;

	fill(&fixture, other, COUNT(other));
	events = events_of(&fixture.log);
	xfdt_oops_log_lines(&fixture.log, &events, matters);
	assert_memory_equal(matters, expected, sizeof(expected));
	events.count = 0;
	xfdt_oops_log_lines(&fixture.log, &events, matters);
	assert_memory_equal(matters, quiet, sizeof(quiet));
	free(events.items);
}

static void test_oops_log__last_event_and_last_words(void **state)
{
	static const char *const lines[] = {
		"WARNING: CPU: 0 PID: 1 at arch/x86/kernel/traps.c:1 exc_device_not_available+0x1/0x2",
		"Oops: Oops: 0000 [#1] SMP NOPTI",
		"WARNING: CPU: 0 PID: 1 at arch/x86/kernel/traps.c:1 exc_device_not_available+0x1/0x2",
		"Kernel panic - not syncing: two",
		"CR0.TS was set",
	};
	struct xfdt_events events;
	struct fixture fixture;

	fill(&fixture, lines, COUNT(lines));
	events = events_of(&fixture.log);
	assert_int_equal(events.count, 5);
	assert_ptr_equal(xfdt_event_last(&events, XFDT_EVENT_NM_WARN), &events.items[2]);
	assert_ptr_equal(xfdt_event_last(&events, XFDT_EVENT_OOPS), &events.items[1]);
	assert_null(xfdt_event_last(&events, XFDT_EVENT_NM_DIE));
	/* what the kernel survives is no last word */
	assert_string_equal(xfdt_last_words(&fixture.log, &events), lines[3]);
	events.count = 1;
	assert_null(xfdt_last_words(&fixture.log, &events));
	events.count = 0;
	assert_null(xfdt_last_words(&fixture.log, &events));
	assert_null(xfdt_event_last(&events, XFDT_EVENT_NM_WARN));
	free(events.items);
}

/* What user space writes to /dev/kmsg can look like anything. */
static void test_oops_log__user_space_tells_no_events(void **state)
{
	static const char *const lines[] = {
		"WARNING: CPU: 0 PID: 1 at arch/x86/kernel/traps.c:1 exc_device_not_available+0x1/0x2",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"Kernel panic - not syncing: Fatal exception",
		"CPU: 4 PID: 80 Comm: x Tainted: G      D W    6.18.5",
	};
	struct xfdt_events events;
	struct fixture fixture;
	bool matters[COUNT(lines)];

	fill(&fixture, lines, COUNT(lines));
	fixture.lines[0].from_user = fixture.lines[1].from_user = fixture.lines[3].from_user = true;
	events = events_of(&fixture.log);
	assert_int_equal(events.count, 1);
	assert_int_equal(events.items[0].kind, XFDT_EVENT_PANIC);
	assert_int_equal(events.items[0].line, 2);
	xfdt_oops_log_lines(&fixture.log, &events, matters);
	assert_false(matters[0] || matters[1] || matters[3]);
	free(events.items);
}

/* exc_device_not_available() warns of CR0.TS as well: that is not the WARN of an XFD_ERR */
static void test_oops_log__warning_of_cr0_ts(void **state)
{
	static const char *const lines[] = {
		"CR0.TS was set",
		"WARNING: CPU: 0 PID: 1 at arch/x86/kernel/traps.c:1 exc_device_not_available+0x1/0x2",
	};
	struct xfdt_events events;
	struct fixture fixture;

	fill(&fixture, lines, COUNT(lines));
	events = events_of(&fixture.log);
	assert_int_equal(events.count, 1);
	assert_int_equal(events.items[0].kind, XFDT_EVENT_CR0_TS);
	free(events.items);
}

static void test_oops_log__taint_by_a_death(void **state)
{
	static const struct {
		const char *text;
		bool expected;
	} cases[] = {
		{ "CPU: 4 UID: 0 PID: 80 Comm: khungtaskd Tainted: G      D W           6.18.5+deb13-amd64 #1",
		  true },
		{ "CPU: 4 PID: 80 Comm: khungtaskd Kdump: loaded Tainted: P S    DO      6.1.0-47-amd64 #1",
		  true },
		{ "Tainted: [S]=CPU_OUT_OF_SPEC, [D]=DIE, [W]=WARN", true },
		{ "CPU: 4 PID: 80 Comm: khungtaskd Tainted: G S      W           6.18.5+DEBUG #1 Debian 6.18.5-1",
		  false },
		{ "CPU: 4 PID: 80 Comm: khungtaskd Not tainted 6.18.5+DEBUG #1 Debian 6.18.5-1",
		  false },
		{ "Tainted: [S]=CPU_OUT_OF_SPEC, [W]=WARN", false },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(xfdt_line_has_taint_die(cases[i].text), cases[i].expected);
}

#include "test_oops_log.tests.h"
