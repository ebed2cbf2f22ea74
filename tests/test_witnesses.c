/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page-table entry is damaged, which leads to the state of an armed vCPU, and mostly something else, too, which leads
 * to its VM.  What is left in the dump must keep it from an acquittal.
 */
#include "unit.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

#define FRAME (1ull << 12)

enum of_vcpu { HELD, IDLE };

/* One VM of one vCPU, armed; a shell uses sysrq.  IDLE: its thread is in QEMU, between KVM_SET_XSAVE and KVM_RUN. */
struct scene {
	struct kernel_layout layout;
	struct kernel kernel;
};

static void set_up(struct scene *scene, enum of_vcpu what, bool is_module)
{
	struct kernel *kernel = &scene->kernel;
	struct task_struct *shell;

	scene->layout = kernel_6_18;
	scene->layout.cpus = 3;
	scene->layout.kvm_is_module = is_module;
	kernel_boot(kernel, &scene->layout);
	kernel_add_vm(kernel, &(struct kernel_vm){ .vcpus = 1, .armed = 1 });
	if (what == IDLE) {
		kernel->vcpu[0].fpstate->in_use = 0;
		kernel_add_own_fpstate(kernel, kernel->vcpu[0].task);
	}
	shell = kernel_add_thread(kernel, &(struct kernel_thread){ .comm = "sh", .pid = 999 });
	kernel_run(kernel, shell, 2);
	kernel_panic(kernel, shell, NULL);
}

/* A module besides kvm, the newest. */
static struct module *add_module(struct kernel *kernel, const char *name)
{
	struct list_head *head = &kernel->data->modules, *first = kernel_at(kernel, head->next);
	struct module *module = kernel_alloc(kernel, sizeof(*module));

	strcpy(module->name, name);
	module->list = (struct list_head){ head->next, KERNEL_VARIABLE(modules) };
	first->prev = head->next = kernel_kvaddr(kernel, &module->list);
	return module;
}

static bool acquits(struct scene *scene)
{
	struct run run;
	bool yes;

	run_init(&run, &scene->kernel);
	yes = run.verdict.kind == XFDT_NOT_THIS_BUG || run.verdict.kind == XFDT_NOT_APPLICABLE;
	if (yes)
		print_message("%s: kvm: %s; complete: %s\n", run.verdict.rule->id,
			      run.facts.items[XFDT_FACT_KVM].why,
			      run.facts.items[XFDT_FACT_COMPLETE].why);
	run_deinit(&run);
	return yes;
}

/* There is no acquittal, neither now nor when the frame number of the state's page is damaged as well. */
static void assert_open(struct scene *scene)
{
	assert_false(acquits(scene)); /* makes the page tables */
	*memory_page_entry(&scene->kernel.memory,
			   kernel_kvaddr(&scene->kernel, scene->kernel.vcpu[0].fpstate),
			   1) ^= FRAME;
	assert_false(acquits(scene));
	kernel_deinit(&scene->kernel);
}

/* Two bits: next of vm_list, and a frame number.  prev of vm_list still leads to the VM. */
static void test_witnesses__idle_vcpu_and_a_broken_list_of_vms(void **state)
{
	struct scene scene;

	set_up(&scene, IDLE, false);
	scene.kernel.data->vm_list.next ^= 1ull << 20;
	assert_open(&scene);
}

/* Two bits: next of modules, and a frame number.  prev of modules still leads to kvm, and that to vm_list. */
static void test_witnesses__idle_vcpu_and_a_broken_list_of_modules(void **state)
{
	struct scene scene;

	set_up(&scene, IDLE, true);
	add_module(&scene.kernel, "kvm_intel");
	scene.kernel.data->modules.next ^= 1ull << 20;
	assert_open(&scene);
}

/*
 * The symbol modules is damaged and names another list, an empty one; and a frame number.  perf_guest_cbs shows that
 * KVM is there, so all threads are looked at, and one holds the state.
 */
static void test_witnesses__held_state_and_no_module_kvm(void **state)
{
	struct scene scene;
	struct kernel_data *data;

	set_up(&scene, HELD, true);
	add_module(&scene.kernel, "kvm_intel");
	data = scene.kernel.data;
	data->spare[0] = KERNEL_MODULE + 0x40;
	data->spare[2] = data->spare[3] = KERNEL_SPARE + 16;
	kernel_add_symbol(&scene.kernel, "perf_guest_cbs", KERNEL_SPARE);
	kernel_forget_symbol(&scene.kernel, "modules");
	kernel_add_symbol(&scene.kernel, "modules", KERNEL_SPARE + 16);
	assert_open(&scene);
}

/* The same of vm_list: no VM, no state, but a thread that holds one. */
static void test_witnesses__held_state_and_another_list_of_vms(void **state)
{
	struct scene scene;
	struct kernel_data *data;

	set_up(&scene, HELD, false);
	data = scene.kernel.data;
	data->spare[2] = data->spare[3] = KERNEL_SPARE + 16;
	kernel_forget_symbol(&scene.kernel, "vm_list");
	kernel_add_symbol(&scene.kernel, "vm_list", KERNEL_SPARE + 16);
	data->spare[0] = 1;
	kernel_add_symbol(&scene.kernel, "preempt_notifier_key", KERNEL_SPARE);
	assert_open(&scene);
}

/* The name of kvm is damaged, so that vm_list is unknown, too; and a frame number.  preempt_notifier_key counts the VM. */
static void test_witnesses__idle_vcpu_and_no_module_kvm(void **state)
{
	struct scene scene;

	set_up(&scene, IDLE, true);
	add_module(&scene.kernel, "kvm_intel");
	scene.kernel.module->name[0] ^= 1;
	scene.kernel.data->spare[0] = 1;
	kernel_add_symbol(&scene.kernel, "preempt_notifier_key", KERNEL_SPARE);
	assert_open(&scene);
}

/* A frame number is damaged, and names the page of another state: both states look intact. */
static void test_witnesses__two_states_with_one_page(void **state)
{
	struct kernel kernel;
	uint64_t *entries[2];
	struct run run;
	size_t i;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	kernel.vcpu[0].fpstate->xfd = 0;
	assert_rules(&kernel, "clear", "ok");
	for (i = 0; i < 2; i++)
		entries[i] = memory_page_entry(&kernel.memory,
					       kernel_kvaddr(&kernel, kernel.vcpu[i].fpstate), 1);
	*entries[0] = *entries[1];
	run_init(&run, &kernel);
	assert_rule(&run, "open");
	assert_vcpu(&run, 0, "contradictory");
	assert_vcpu(&run, 1, "contradictory");
	assert_int_equal(run_fact(&run, XFDT_FACT_COMPLETE), XFDT_UNSURE);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

static enum xfdt_truth kvm_with(const char *line)
{
	struct scene scene;
	struct kernel *kernel = &scene.kernel;
	struct task_struct *shell;
	enum xfdt_truth truth;
	struct run run;

	scene.layout = kernel_6_18;
	scene.layout.kvm_is_module = true;
	kernel_boot(kernel, &scene.layout);
	strcpy(kernel->module->name, "ext4");
	shell = kernel_add_thread(kernel, &(struct kernel_thread){ .comm = "sh", .pid = 999 });
	kernel_run(kernel, shell, 0);
	kernel_panic(kernel, shell, NULL);
	kernel_log_add(kernel, &(struct kernel_record){ .text = line, .caller = 999 });
	run_init(&run, kernel);
	truth = run_fact(&run, XFDT_FACT_KVM);
	run_deinit(&run);
	kernel_deinit(kernel);
	return truth;
}

/* No module kvm; what the log says of modules. */
static void test_witnesses__modules_in_the_log(void **state)
{
	static const struct {
		const char *line;
		enum xfdt_truth kvm;
	} cases[] = {
		{ "Modules linked in: ext4", XFDT_NO },
		{ "Modules linked in:", XFDT_NO },
		{ "Modules linked in: ext4 kvm", XFDT_UNSURE },
		{ "Modules linked in: kvm_intel(E) kvm(E) ext4", XFDT_UNSURE },
		{ "Modules linked in: kvm_amd(+) ext4", XFDT_UNSURE },
		/* an oops before that may have been one of KVM's */
		{ "Modules linked in: ext4 [last unloaded: kvm]", XFDT_UNSURE },
		{ "Modules linked in: ext4 [last unloaded: kvm_intel(OE)]", XFDT_UNSURE },
		/* of Looking Glass: needs no kvm */
		{ "Modules linked in: ext4 kvmfr(OE) crc16", XFDT_NO },
		{ "say Modules linked in: kvm", XFDT_NO },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		if (kvm_with(cases[i].line) != cases[i].kvm)
			fail_msg("%s", cases[i].line);
}

#include "test_witnesses.tests.h"
