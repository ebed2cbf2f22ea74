/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Panics that are not CVE-2026-23005, for their logs (panics.sh): insmod panics.ko how=NAME, or with
 * at=FUNCTION when that is called.  Only for the lab's machine.
 */
#include <linux/completion.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/string.h>

static char *how = "";
module_param(how, charp, 0444);

static void null_pointer(void)
{
	*(volatile int *)0x48 = 1;
}

static void bad_pointer(void)
{
	*(volatile int *)0xffffc90012345678ul = 1;
}

static void protection(void)
{
	*(volatile int *)0xdead000000000100ul = 1;
}

/* vector 7 by an instruction: an #NM in the kernel that no XRSTOR raised */
static void device_not_available(void)
{
	asm volatile("int $7");
}

static void opcode(void)
{
	asm volatile("ud2");
}

static void divide(void)
{
	asm volatile("xor %%edx, %%edx; mov $1, %%eax; xor %%ecx, %%ecx; div %%ecx" ::
			     : "eax", "ecx", "edx");
}

static void bug(void)
{
	BUG();
}

static void warning(void)
{
	WARN(1, "a warning of the lab's\n");
}

static void just_panic(void)
{
	panic("the lab wants it");
}

static void soft_lockup(void)
{
	preempt_disable();
	for (;;)
		cpu_relax();
}

static void hung_task(void)
{
	DECLARE_COMPLETION_ONSTACK(never);

	wait_for_completion(&never);
}

static int recurse(volatile char *above, unsigned int depth)
{
	volatile char page[2000];

	page[0] = above[0];
	return depth ? recurse(page, depth - 1) + page[0] : 0;
}

static void stack_overflow(void)
{
	char first = 1;

	recurse(&first, 1000);
}

static void list(void)
{
	LIST_HEAD(head);
	struct list_head a, b;

	list_add(&a, &head);
	head.next = &b;
	list_add(&b, &head);
}

/* in a function of the path of this bug */
static void (*in_probe)(void);

static int __kprobes probed(struct kprobe *probe, struct pt_regs *regs)
{
	in_probe();
	return 0;
}

static char *at = "";
module_param(at, charp, 0444);
static struct kprobe probe = { .pre_handler = probed };

static const struct {
	const char *name;
	void (*run)(void);
} panics[] = {
	{ "null", null_pointer },
	{ "pointer", bad_pointer },
	{ "gp", protection },
	{ "nm", device_not_available },
	{ "ud", opcode },
	{ "divide", divide },
	{ "bug", bug },
	{ "warn", warning },
	{ "panic", just_panic },
	{ "soft-lockup", soft_lockup },
	{ "hung-task", hung_task },
	{ "stack", stack_overflow },
	{ "list", list },
};

static int __init panics_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(panics); i++) {
		if (strcmp(how, panics[i].name))
			continue;
		if (!*at) {
			panics[i].run();
			return 0;
		}
		in_probe = panics[i].run;
		probe.symbol_name = at;
		return register_kprobe(&probe);
	}
	return -ENOENT;
}
module_init(panics_init);
MODULE_LICENSE("GPL");
