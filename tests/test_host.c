/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole way from memory to a verdict, over a small kernel made by hand. */
#include "unit.h"
#include "run.h"
#include "kernel/census_note.h"
#include "kernel/kvm.h"
#include "kernel/task.h"
#include "resolve/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Was the list of VMs not followed to its end? */
static bool lacks_vms(const struct run *run)
{
	size_t i;

	for (i = 0; i < run->host.gaps.count; i++)
		if (!strcmp(run->host.gaps.items[i].what, "the list of VMs"))
			return true;
	return false;
}

static void test_host__confirmed_from_memory(void **state)
{
	const struct xfdt_fault *fault;
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	run_init(&run, &kernel);
	assert_kind(&run, XFDT_CONFIRMED);
	assert_int_equal(run.verdict.route, XFDT_ROUTE_SWAP);
	assert_int_equal(run.image.gaps.count + run.host.gaps.count, 0);
	assert_string_equal(run.image.release, "6.18.5-test");
	assert_string_equal(run.host.nodename, "host1");
	assert_true(run.host.tif_need_fpu_load.known);
	assert_int_equal(run.host.tif_need_fpu_load.value, 19);
	assert_true(run.host.enabled_features == 0x602e7);
	assert_int_equal(run.host.kvm, XFDT_KVM_LOADED);
	assert_int_equal(run.host.vm_count, 1);
	assert_true(run.host.vms[0].kvaddr == kernel_kvaddr(&kernel, kernel.vms[0].kvm));
	assert_int_equal(run.host.vms[0].pid, 1400);
	assert_int_equal(run.host.vms[0].vcpu_count, 2);
	assert_true(run.host.vms[0].complete && !lacks_vms(&run));
	assert_true(run.host.vms[0].vcpus[1].kvaddr == kernel_kvaddr(&kernel, kernel.vcpu[1].vcpu));
	assert_string_equal(run.host.vms[0].vcpus[1].thread.comm, "CPU 1/KVM");
	assert_int_equal(run.host.vms[0].vcpus[1].thread.pid, 1405);
	assert_true(run.host.vms[0].vcpus[0].header.xstate_bv == 0x602e7);
	assert_true(run.host.vms[0].vcpus[0].xfd == 1u << 18);
	assert_true(run.host.vms[0].vcpus[0].in_use);
	assert_false(run.host.vms[0].vcpus[0].is_confidential);
	assert_true(run.host.panic.task == kernel_kvaddr(&kernel, kernel.vcpu[0].task));
	fault = xfdt_panic_fault(&run.host.panic);
	assert_non_null(fault);
	assert_int_equal(fault->source, XFDT_REGS_PRSTATUS);
	assert_true(fault->supervisor);
	assert_true(fault->operand == kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate) + 64);
	assert_true(fault->edx_eax == 0x600ff);
	assert_string_equal(fault->caller, "fpu_swap_kvm_fpstate");
	assert_true(fault->caller_return == KERNEL_SWAP_RETURN);
	/* the kernel has neither half of the fix */
	assert_int_equal(run.host.fix.vmlinux, XFDT_ABSENT);
	assert_int_equal(run.host.fix.kvm, XFDT_ABSENT);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

static void test_host__other_panic_is_not_this_bug(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	kernel.vcpu[0].fpstate->xfd = 0;
	assert_verdict(&kernel, XFDT_NOT_THIS_BUG);
	kernel_deinit(&kernel);
}

static void test_host__vcpu_that_would_have_been_next(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	/* vCPU 1: its thread is off the CPU */
	kernel.vcpu[0].fpstate->xfd = 0;
	kernel.vcpu[1].fpstate->xfd = 1u << 18;
	assert_verdict(&kernel, XFDT_ARMED);
	kernel_deinit(&kernel);
}

static const char *const half_of_the_registers[] = {
	"WARNING: CPU: 0 PID: 1404 at arch/x86/kernel/traps.c:1405 exc_device_not_available+0xde/0xf0",
	"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
	"RIP: 0010:restore_fpregs_from_fpstate+0x3c/0x90",
	"Code: 89 e8 48 c1 ea 20 <48> 0f c7 5b 40 5b 5d",
	"RAX: 00000000000600ff RBX: ffff888100005000 RCX: 0000000000000000",
	NULL
};

/* registers of the log, where the dump has no note */
static void test_host__no_note_and_half_of_the_registers(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	kernel_log(&kernel, half_of_the_registers);
	kernel_forget_symbol(&kernel, "exec_summary_regs");
	kernel.source.note_count = 0;
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_deinit(&kernel);
}

/* any one segment missing: no crash, and no other verdict than an honest one */
static void test_host__segments_missing_in_turn(void **state)
{
	uint64_t segments[] = {
		KERNEL_TEXT, KERNEL_DATA, KERNEL_LOG, KERNEL_KALLSYMS, KERNEL_BTF, KERNEL_HEAP, 0,
	};
	static const enum xfdt_code codes[] = { XFDT_EXCLUDED, XFDT_TRUNCATED, XFDT_CORRUPT,
						XFDT_UNMAPPED };
	size_t i, j;

	for (i = 0; i < COUNT(segments); i++) {
		for (j = 0; j < COUNT(codes); j++) {
			struct kernel kernel;
			struct run run;

			kernel_init(&kernel);
			kernel_log(&kernel, half_of_the_registers);
			segments[COUNT(segments) - 1] = kernel_kvaddr(&kernel,
								      kernel.vcpu[0].fpstate);
			memory_fail(&kernel.memory, segments[i], codes[j]);
			run_init(&run, &kernel);
			/*
			 * note and exec_summary_regs do without the log, and without threads and VMs;
			 * the census does without types
			 */
			assert_rule(&run, segments[i] == KERNEL_LOG || segments[i] == KERNEL_HEAP ||
							  segments[i] == KERNEL_BTF ?
						  "hit-end" :
					  segments[i] == segments[COUNT(segments) - 1] &&
							  codes[j] != XFDT_CORRUPT ?
						  "hit-unseen-end" :
						  "unknown");
			assert_true(run.image.gaps.count + run.host.gaps.count > 0 ||
				    segments[i] == KERNEL_TEXT ||
				    run.verdict.states[XFDT_VCPU_UNREADABLE]);
			run_deinit(&run);
			kernel_deinit(&kernel);
		}
	}
}

static void test_host__no_vmcoreinfo(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	kernel.source.vmcoreinfo = NULL;
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_deinit(&kernel);
}

static void test_host__other_architecture(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	kernel.source.arch = "aarch64";
	assert_verdict(&kernel, XFDT_NOT_APPLICABLE);
	kernel_deinit(&kernel);
}

/* lists: what they break off at costs the verdict only where no census has every state */

static void lose_census(struct kernel *kernel)
{
	kernel_forget_vmcoreinfo(kernel, "SYMBOL(init_top_pgt)");
}

static void test_host__list_of_vms_that_loops(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	kernel.vcpu[0].fpstate->xfd = 0;
	kernel.vms[0].kvm->vm_list.next = kernel_kvaddr(&kernel, kernel.vms[0].kvm) +
					  offsetof(struct kvm, vm_list);
	assert_verdict(&kernel, XFDT_NOT_THIS_BUG);
	lose_census(&kernel);
	run_init(&run, &kernel);
	assert_kind(&run, XFDT_INCONCLUSIVE);
	assert_int_equal(run.host.vm_count, 1);
	assert_true(lacks_vms(&run));
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* It would cost all that a dump may cost, and nothing could be read after that. */
static void test_host__list_of_threads_that_loops(void **state)
{
	int processes;

	for (processes = 0; processes < 2; processes++) {
		struct task_struct *task;
		struct kernel kernel;
		struct run run;
		uint64_t node;

		kernel_init(&kernel);
		run_die_otherwise(&kernel);
		kernel_forget_symbol(&kernel, "vm_list");
		task = kernel.vcpu[1].task;
		node = kernel_kvaddr(&kernel, processes ? &task->tasks : &task->thread_node);
		if (processes)
			task->tasks.next = node;
		else
			task->thread_node.next = node;
		kernel.memory.reads = 0;
		run_init(&run, &kernel);
		assert_true(kernel.memory.reads < 20000);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* One bit of a link leads into a struct kvm, where no list is: that is no VM, and no other one is lost. */
static void test_host__link_to_what_is_no_vm(void **state)
{
	struct kernel kernel;
	unsigned int bit;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	kernel.vcpu[0].fpstate->xfd = 0;
	kernel_add_vm(&kernel, &(struct kernel_vm){ .vcpus = 1 });
	for (bit = 0; bit < 64; bit++) {
		kernel.data->vm_list.next ^= 1ull << bit;
		assert_verdict(&kernel, XFDT_NOT_THIS_BUG);
		kernel.data->vm_list.next ^= 1ull << bit;
	}
	kernel_deinit(&kernel);
}

#define THREADS 4096u
#define PROCESSES 1026u
#define FIRST_TASK 0xffff888200000000ull
#define SIGNAL 0xffff888300000000ull

static bool visit_nothing(void *context, uint64_t task)
{
	++*(size_t *)context;
	return false;
}

/* More threads than any kernel has: then not all of them were seen. */
static void test_host__too_many_threads(void **state)
{
	struct xfdt_image image;
	struct memory memory;
	size_t i, count = 0;

	memory_init(&memory);
	memory_image(&image, &memory);
	set_member(&image, XFDT_M_list_head_next, 0, 8);
	set_member(&image, XFDT_M_task_tasks, 0, 16);
	set_member(&image, XFDT_M_task_thread_node, 0, 16);
	set_member(&image, XFDT_M_task_signal, 16, 8);
	set_member(&image, XFDT_M_signal_thread_head, 0, 16);
	set_symbol(&image, XFDT_S_init_task, FIRST_TASK, 64);
	memory_add(&memory, SIGNAL, 16 * THREADS + 16);
	memory_add(&memory, FIRST_TASK, 24 * PROCESSES);
	for (i = 0; i <= THREADS; i++)
		memory_put_u64(&memory, SIGNAL + 16 * i, SIGNAL + 16 * (i < THREADS ? i + 1 : 0));
	for (i = 0; i < PROCESSES; i++) {
		memory_put_u64(&memory, FIRST_TASK + 24 * i,
			       FIRST_TASK + 24 * (i + 1 < PROCESSES ? i + 1 : 0));
		memory_put_u64(&memory, FIRST_TASK + 24 * i + 16, SIGNAL);
	}
	assert_fails(xfdt_tasks_walk(&image, visit_nothing, &count), XFDT_LIMIT);
	assert_int_equal(count, 1u << 22);
	memory_deinit(&memory);
}

static void test_host__list_of_vms_that_leads_nowhere(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	kernel.vms[0].kvm->vm_list.next = 0xdead000000000100ull;
	run_init(&run, &kernel);
	assert_true(lacks_vms(&run));
	assert_int_not_equal(run.verdict.kind, XFDT_NOT_THIS_BUG);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* as many vCPUs as the VM counts, or it is not complete */
static void test_host__online_vcpus_have_to_agree(void **state)
{
	static const uint32_t counts[] = { 0, 1, 3, 4096, UINT32_MAX };
	size_t i;

	for (i = 0; i < COUNT(counts); i++) {
		struct kernel kernel;
		struct run run;

		kernel_init(&kernel);
		run_die_otherwise(&kernel);
		kernel.vcpu[0].fpstate->xfd = 0;
		kernel.vms[0].kvm->online_vcpus = counts[i];
		kernel.vms[0].kvm->created_vcpus = counts[i];
		/* more than there are states: the census may lack some */
		assert_verdict(&kernel, counts[i] > 2 ? XFDT_INCONCLUSIVE : XFDT_NOT_THIS_BUG);
		lose_census(&kernel);
		run_init(&run, &kernel);
		assert_kind(&run, XFDT_INCONCLUSIVE);
		assert_false(run.host.vms[0].complete);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* a vCPU whose kvm is not the VM that lists it is none */
static void test_host__vcpu_of_another_vm(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	kernel.vcpu[1].vcpu->kvm = kernel_kvaddr(&kernel, kernel.vms[0].kvm) + 8;
	kernel.vcpu[0].fpstate->xfd = 0;
	assert_verdict(&kernel, XFDT_NOT_THIS_BUG);
	lose_census(&kernel);
	run_init(&run, &kernel);
	assert_int_equal(run.verdict.states[XFDT_VCPU_UNREADABLE], 1);
	assert_kind(&run, XFDT_INCONCLUSIVE);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/*
 * Two VMs share an xarray of three nodes, all slots of which lead to the next:
 * half a million vCPUs out of 2 KiB.
 */
static void test_host__vcpus_are_bounded_in_all(void **state)
{
	struct xa_node *nodes[3];
	struct kernel kernel;
	struct run run;
	size_t i, level, total = 0;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	for (level = 0; level < COUNT(nodes); level++)
		nodes[level] = kernel_alloc(&kernel, sizeof(*nodes[level]));
	for (level = 0; level < COUNT(nodes); level++) {
		nodes[level]->shift = (uint8_t)(12 - 6 * level);
		for (i = 0; i < COUNT(nodes[level]->slots); i++)
			nodes[level]->slots[i] =
				level < 2 ? kernel_kvaddr(&kernel, nodes[level + 1]) | 2 :
					    kernel_kvaddr(&kernel, kernel.vcpu[1].vcpu);
	}
	kernel_add_vm(&kernel, &(struct kernel_vm){ .vcpus = 0 });
	for (i = 0; i < 2; i++) {
		kernel.vms[i].kvm->vcpu_array.xa_head = kernel_kvaddr(&kernel, nodes[0]) | 2;
		kernel.vms[i].kvm->online_vcpus = 1u << 18;
	}
	alloc_watch();
	run_init(&run, &kernel);
	assert_int_equal(run.host.vm_count, 2);
	for (i = 0; i < run.host.vm_count; i++) {
		total += run.host.vms[i].vcpu_count;
		assert_false(run.host.vms[i].complete);
	}
	assert_within(total, 1, XFDT_VCPUS_MAX);
	assert_within(alloc_largest(), 0, 128u << 20);
	assert_int_not_equal(run.verdict.kind, XFDT_NOT_THIS_BUG);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* Eight VMs with the same xarray of 60 levels, in which each slot leads to the one node of the next level. */
static void test_host__nodes_of_xarrays_are_bounded(void **state)
{
	struct xa_node *node, *below = NULL;
	struct kernel kernel;
	struct run run;
	size_t i, level;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	for (level = 0; level < 60; level++) {
		node = kernel_alloc(&kernel, sizeof(*node));
		node->shift = (uint8_t)level;
		for (i = 0; below && i < COUNT(node->slots); i++)
			node->slots[i] = kernel_kvaddr(&kernel, below) | 2;
		below = node;
	}
	while (kernel.vm_count < KERNEL_VMS_MAX)
		kernel_add_vm(&kernel, &(struct kernel_vm){ .vcpus = 0 });
	for (i = 0; i < kernel.vm_count; i++)
		kernel.vms[i].kvm->vcpu_array.xa_head = kernel_kvaddr(&kernel, below) | 2;
	run_init(&run, &kernel);
	assert_int_equal(run.host.vm_count, KERNEL_VMS_MAX);
	for (i = 0; i < run.host.vm_count; i++)
		assert_false(run.host.vms[i].complete);
	/* 273 nodes are the most that a VM has, and each takes two reads */
	assert_within(kernel.memory.reads, 1, KERNEL_VMS_MAX * 2 * 600);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

static void test_host__culprit_found_by_its_thread(void **state)
{
	struct kernel kernel;
	struct run run;

	/* the VM is not in the list; its thread's preempt notifier leads to the vCPU */
	kernel_init(&kernel);
	kernel.data->vm_list.next = KERNEL_VARIABLE(vm_list);
	kernel.vcpu[0].task->preempt_notifiers.first =
		kernel_kvaddr(&kernel, &kernel.vcpu[0].vcpu->preempt_notifier.link);
	run_init(&run, &kernel);
	assert_non_null(
		xfdt_kvm_find(&run.host, kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate), NULL));
	assert_kind(&run, XFDT_CONFIRMED);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* Of a process that was killed, KVM's own worker is the last thread, and owns the mm: a user worker since v6.13. */
static void test_host__vm_whose_maker_is_gone(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	strcpy(kernel.vms[0].leader->comm, "kvm-nx-lpage-re");
	kernel.vms[0].leader->flags |= 0x4000; /* PF_USER_WORKER */
	run_init(&run, &kernel);
	assert_true(run.host.vms[0].maker_gone);
	assert_string_equal(run.host.vms[0].comm, "");
	run_deinit(&run);
	kernel.vms[0].leader->flags &= ~0x4000u;
	run_init(&run, &kernel);
	assert_false(run.host.vms[0].maker_gone);
	assert_string_equal(run.host.vms[0].comm, "kvm-nx-lpage-re");
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* two VMs, of which the second one's last vCPU is in order; a panic of a thread of neither */
static void test_host__vms_of_a_live_host(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct task_struct *shell;
	struct kernel kernel;
	struct run run;

	layout.cpus = 2;
	kernel_boot(&kernel, &layout);
	kernel_add_vm(&kernel, &(struct kernel_vm){ .vcpus = 1, .running = 1 });
	kernel_add_vm(&kernel, &(struct kernel_vm){ .vcpus = 3, .armed = 2 });
	shell = kernel_add_thread(&kernel, &(struct kernel_thread){ .comm = "sh", .pid = 999 });
	kernel_run(&kernel, shell, 1);
	kernel_panic(&kernel, shell, NULL);
	run_init(&run, &kernel);
	assert_kind(&run, XFDT_ARMED);
	assert_int_equal(run.host.vm_count, 2);
	assert_int_equal(run.host.vms[1].vcpu_count, 3);
	assert_string_equal(run.host.vms[1].comm, "qemu-system-x86");
	assert_int_equal(run.verdict.states[XFDT_VCPU_ARMED], 2);
	assert_int_equal(run.verdict.states[XFDT_VCPU_OK] + run.verdict.states[XFDT_VCPU_STALE], 2);
	assert_int_equal(run.image.gaps.count + run.host.gaps.count, 0);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* as many vCPUs and VMs as the builder makes: nothing lies on anything else */
static void test_host__largest_kernel_made_by_hand(void **state)
{
	struct kernel kernel;
	struct run run;
	unsigned int n;

	kernel_boot(&kernel, &kernel_7_2);
	for (n = 0; n < 3; n++)
		kernel_add_vm(&kernel, &(struct kernel_vm){ .vcpus = KERNEL_VCPUS_MAX });
	kernel_panic(&kernel, kernel.vms[2].leader, NULL);
	run_init(&run, &kernel);
	assert_kind(&run, XFDT_NOT_THIS_BUG);
	assert_int_equal(run.verdict.states[XFDT_VCPU_OK], 3 * KERNEL_VCPUS_MAX);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* what the builder can take away: a symbol (of vmlinux, of VMCOREINFO too, of kvm.ko), a member, a VM of the list */
static void test_host__what_a_kernel_lacks(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct kernel kernel;
	struct run run;

	layout.kvm_is_module = true;
	kernel_boot(&kernel, &layout);
	kernel_add_vm(&kernel, &(struct kernel_vm){ .vcpus = 1, .unlisted = true });
	kernel_forget_symbol(&kernel, "crashing_cpu");
	kernel_forget_symbol(&kernel, "prb");
	kernel_forget_symbol(&kernel, "kvm_arch_vcpu_ioctl");
	kernel_forget_member(&kernel, "fpstate", "xfd");
	run_init(&run, &kernel);
	assert_null(xfdt_symbol(&run.image, XFDT_S_crashing_cpu));
	assert_non_null(xfdt_symbol(&run.image, XFDT_S_panic_cpu));
	assert_null(xfdt_symbol(&run.image, XFDT_S_prb));
	assert_null(xfdt_symbol(&run.image, XFDT_S_kvm_arch_vcpu_ioctl));
	assert_non_null(xfdt_symbol(&run.image, XFDT_S_vm_list));
	assert_false(xfdt_has_member(&run.image, XFDT_M_fpstate_xfd));
	assert_true(xfdt_has_member(&run.image, XFDT_M_fpstate_xfeatures));
	assert_int_equal(run.host.vm_count, 0);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* kernels of other layouts */

static const struct kernel_layout *const layouts[] = { &kernel_5_16, &kernel_6_12, &kernel_6_18,
						       &kernel_7_2 };

static void test_host__confirmed_in_every_layout(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(layouts); i++) {
		const struct kernel_layout *layout = layouts[i];
		const struct xfdt_thread *thread;
		struct kernel kernel;
		struct run run;
		unsigned int n;

		kernel_init_as(&kernel, layout);
		run_init(&run, &kernel);
		assert_kind(&run, XFDT_CONFIRMED);
		assert_int_equal(run.image.gaps.count + run.host.gaps.count, 0);
		assert_int_equal(run.verdict.route, XFDT_ROUTE_SWAP);
		assert_int_equal(run.host.tif_need_fpu_load.value, layout->tif);
		assert_int_equal(run.host.vms[0].vcpu_count, 2);
		assert_true(run.host.vms[0].complete && !lacks_vms(&run));
		for (n = 0; n < 2; n++) {
			thread = &run.host.vms[0].vcpus[n].thread;
			assert_true(thread->task == kernel_kvaddr(&kernel, kernel.vcpu[n].task));
			assert_true(
				thread->fpu.kvaddr ==
				kernel_kvaddr(&kernel, kernel_fpu(&kernel, kernel.vcpu[n].task)));
			assert_true(thread->fpu.fpstate.known &&
				    thread->fpu.fpstate.value ==
					    kernel_kvaddr(&kernel, kernel.vcpu[n].fpstate));
			assert_true(thread->on_cpu.known);
			assert_int_equal(thread->on_cpu.value, n < layout->cpus);
			assert_true(thread->need_fpu_load.known);
			assert_int_equal(thread->need_fpu_load.value, n);
			assert_true(thread->xfd_state.known);
		}
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

static void test_host__kvm_as_a_module(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct kernel kernel;
	struct run run;

	layout.kvm_is_module = true;
	kernel_init_as(&kernel, &layout);
	run_init(&run, &kernel);
	assert_true(run.image.kvm_is_module);
	assert_string_equal(run.image.type_source, "btf");
	assert_int_equal(run.image.gaps.count + run.host.gaps.count, 0);
	assert_kind(&run, XFDT_CONFIRMED);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* a kvm.ko that was not built with the kernel may have a struct kvm of its own, and vmlinux's does not hold for it */
static void test_host__kvm_out_of_tree_has_its_own_types(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct kernel kernel;
	struct run run;

	layout.kvm_is_module = true;
	layout.kvm_moved = 8;
	kernel_init_as(&kernel, &layout);
	/* every taint but that one */
	kernel.module->taints = ~(1ull << 12);
	run_init(&run, &kernel);
	assert_int_equal(run.image.layout.members[XFDT_M_kvm_vm_list].offset,
			 offsetof(struct kvm, vm_list) + 8);
	assert_true(run.host.vms[0].kvaddr != kernel_kvaddr(&kernel, kernel.vms[0].kvm));
	assert_int_equal(run.verdict.states[XFDT_VCPU_UNREADABLE], 2);
	run_deinit(&run);

	kernel.module->taints = 1ull << 12;
	run_init(&run, &kernel);
	assert_string_equal(run.image.type_source, "btf (vmlinux and kvm)");
	assert_int_equal(run.image.layout.members[XFDT_M_kvm_vm_list].offset,
			 offsetof(struct kvm, vm_list));
	assert_int_equal(run.image.layout.structs[XFDT_T_kvm], sizeof(struct kvm));
	assert_int_equal(run.image.gaps.count + run.host.gaps.count, 0);
	assert_kind(&run, XFDT_CONFIRMED);
	run_deinit(&run);

	/* and if it does not say what it has, that is a gap */
	memory_fail(&kernel.memory, KERNEL_MODULE_BTF, XFDT_EXCLUDED);
	run_init(&run, &kernel);
	assert_int_equal(run.image.gaps.count, 1);
	assert_string_equal(run.image.gaps.items[0].what, "KVM's types");
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* Another end, with a mismatch in the state of vCPU 1 only. */
static void forget_types(struct kernel *kernel)
{
	const struct memory_segment *btf = memory_segment_at(&kernel->memory, KERNEL_BTF);

	memset(btf->bytes, 0, btf->len);
}

/* CONFIG_KALLSYMS_ALL=n: functions, and what VMCOREINFO states, have names. */
static void forget_variables(struct kernel *kernel)
{
	char line[64];
	size_t i;

	for (i = 0; i < kernel->symbol_count; i++) {
		const struct kernel_symbol *symbol = &kernel->symbols[i];

		snprintf(line, sizeof(line), "SYMBOL(%s)", symbol->name);
		if (!strstr(kernel->vmcoreinfo, line) &&
		    (symbol->kvaddr < KERNEL_TEXT || symbol->kvaddr >= KERNEL_DATA))
			kernel_forget_symbol(kernel, symbol->name);
	}
	/* data lies right behind the text */
	kernel_forget_symbol(kernel, "_etext");
	kernel_add_symbol(kernel, "_etext", KERNEL_DATA);
}

static void assert_confirmed_by_census(struct kernel *kernel, struct run *run)
{
	run_init(run, kernel);
	assert_kind(run, XFDT_CONFIRMED);
	assert_int_equal(run->host.unlisted.vcpu_count, 2);
	assert_vcpu(run, 0, "at-restore");
	assert_vcpu(run, 1, "ok");
}

/* and so does what is distilled of it */
static void test_host__functions_and_census_confirm(void **state)
{
	struct kernel kernel;
	size_t i;

	for (i = 0; i < COUNT(layouts); i++) {
		char *record, *census;
		struct run run;

		kernel_init_as(&kernel, layouts[i]);
		forget_variables(&kernel);
		forget_types(&kernel);
		assert_confirmed_by_census(&kernel, &run);
		assert_ok(xfdt_image_record(&run.image, &record, &kernel.source.record_len));
		assert_ok(xfdt_census_format(&run.host.census, &census, &kernel.source.census_len));
		run_deinit(&run);
		kernel.source.record = record;
		kernel.source.census = census;
		assert_confirmed_by_census(&kernel, &run);
		assert_non_null(strstr(run.image.gaps.items[0].why, "no BTF"));
		run_deinit(&run);
		kernel_deinit(&kernel);
		free(record);
		free(census);
	}
}

#define LARGE_BTF 0xffffffff82400000ull
#define LARGE_BTF_PLACE 4090u /* its header crosses a page */
#define LARGE_BTF_SIZE (512u << 10)

/* BTF as large as a kernel's: its strings are followed by zeros. */
static void enlarge_btf(struct kernel *kernel)
{
	const struct memory_segment *btf = memory_segment_at(&kernel->memory, KERNEL_BTF);
	uint8_t *large = memory_add(&kernel->memory, LARGE_BTF, LARGE_BTF_SIZE);
	uint32_t strings;

	large += LARGE_BTF_PLACE & ~3u;
	memcpy(large, btf->bytes, btf->len);
	memcpy(&strings, large + 20, sizeof(strings));
	strings += LARGE_BTF_SIZE / 2;
	memcpy(large + 20, &strings, sizeof(strings));
	forget_types(kernel);
}

/* types and threads are found by what they look like */
static void test_host__variables_without_names(void **state)
{
	struct kernel kernel;
	size_t i;

	for (i = 0; i < COUNT(layouts); i++) {
		struct run run;

		kernel_init_as(&kernel, layouts[i]);
		forget_variables(&kernel);
		enlarge_btf(&kernel);
		run_init(&run, &kernel);
		assert_kind(&run, XFDT_CONFIRMED);
		assert_string_equal(run.image.type_source, "btf");
		assert_true(xfdt_symbol(&run.image, XFDT_S_init_task)->kvaddr ==
			    KERNEL_VARIABLE(init_task));
		assert_int_equal(run.host.unlisted.vcpus[0].thread.pid, kernel.vcpu[0].task->pid);
		assert_vcpu(&run, 0, "at-restore");
		run_deinit(&run);
		/* QEMU's notes do not tell which threads were on a CPU; the CPU's variables do, and the fault */
		kernel.notes[0].pid = 1;
		kernel.source.note_count = 1;
		run_init(&run, &kernel);
		assert_int_equal(run.host.unlisted.vcpus[0].thread.running, XFDT_YES);
		assert_vcpu(&run, 0, "at-restore");
		run_deinit(&run);
		kernel_forget_symbol(&kernel, "crash_save_cpu");
		run_init(&run, &kernel);
		assert_int_equal(run.host.unlisted.vcpus[0].thread.running, XFDT_UNSURE);
		assert_vcpu(&run, 0, "at-restore");
		run_deinit(&run);
		/* the list of tasks does not lead back */
		kernel.data->init_task.tasks.next += 8;
		run_init(&run, &kernel);
		assert_kind(&run, XFDT_CONFIRMED);
		assert_null(xfdt_symbol(&run.image, XFDT_S_init_task));
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

static struct xfdt_error *(*plain_read)(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
					size_t len);
static uint64_t watched;
static bool kept;

static struct xfdt_error *watching_read(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
					size_t len)
{
	kept |= reader->purpose != XFDT_FOR_SEARCH && watched - kvaddr < len;
	return plain_read(reader, kvaddr, buf, len);
}

/* "distill" keeps what was not read for a search: it has to find them again */
static void test_host__variables_that_were_found_are_kept(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init_as(&kernel, &kernel_6_12);
	forget_variables(&kernel);
	enlarge_btf(&kernel);
	plain_read = kernel.memory.reader.read;
	kernel.memory.reader.read = watching_read;
	watched = kernel_kvaddr(&kernel, kernel.data->init_task.comm);
	kept = false;
	run_init(&run, &kernel);
	assert_non_null(xfdt_symbol(&run.image, XFDT_S_init_task));
	assert_true(kept);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* and so is the list of modules, which leads to KVM's symbols */
static void test_host__modules_without_names(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct kernel kernel;
	struct run run;

	layout.kvm_is_module = true;
	kernel_init_as(&kernel, &layout);
	forget_variables(&kernel);
	enlarge_btf(&kernel);
	run_init(&run, &kernel);
	assert_true(run.image.kvm_is_module);
	assert_true(xfdt_symbol(&run.image, XFDT_S_modules)->kvaddr == KERNEL_VARIABLE(modules));
	assert_non_null(xfdt_symbol(&run.image, XFDT_S_vm_list));
	run_deinit(&run);
	/* a list without kvm may be another one: it does not tell that kvm was not loaded */
	kernel.module->name[0] = 'x';
	run_init(&run, &kernel);
	assert_null(xfdt_symbol(&run.image, XFDT_S_modules));
	assert_false(run.image.modules_known);
	assert_int_not_equal(run.facts.items[XFDT_FACT_KVM].value, XFDT_NO);
	run_deinit(&run);
	/* what is on the list is no module */
	kernel.module->name[0] = '\n';
	run_init(&run, &kernel);
	assert_null(xfdt_symbol(&run.image, XFDT_S_modules));
	run_deinit(&run);
	kernel_deinit(&kernel);
}

#define OTHER_MODULES 0xffffffffc0a00000ull

/* A list at @head that looks like that of the modules, with a module @name; number @number of them. */
static void add_list_of_modules(struct kernel *kernel, uint64_t head, const char *name,
				unsigned int number)
{
	const uint64_t kvaddr = OTHER_MODULES + number * sizeof(struct module);
	struct list_head *list = kernel_at(kernel, head);
	struct module *module = kernel_at(kernel, kvaddr);

	*module = *kernel->module;
	snprintf(module->name, sizeof(module->name), "%s", name);
	list->next = list->prev = kvaddr + offsetof(struct module, list);
	module->list.next = module->list.prev = head;
}

/* which of the lists that look like it has kvm */
static void test_host__many_lists_without_names(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	unsigned int i, number;

	layout.kvm_is_module = true;
	for (i = 0; i < 4; i++) {
		struct kernel kernel;
		struct run run;

		kernel_init_as(&kernel, &layout);
		memory_add(&kernel.memory, OTHER_MODULES, 4096);
		/* it lies in front of the list of modules */
		add_list_of_modules(&kernel, KERNEL_VARIABLE(exec_summary_regs),
				    i == 1 ? "kvm" : "ext4", 0);
		for (number = 1; number < 16u && i >= 2; number++)
			add_list_of_modules(&kernel, KERNEL_VARIABLE(init_regs) + 64 * number,
					    "ext4", number);
		if (i == 2) /* one less to be looked at */
			add_list_of_modules(&kernel, KERNEL_VARIABLE(init_regs) + 64, "\n", 1);
		forget_variables(&kernel);
		enlarge_btf(&kernel);
		run_init(&run, &kernel);
		assert_int_equal(xfdt_symbol(&run.image, XFDT_S_modules) != NULL, i % 2 == 0);
		if (i % 2 == 0)
			assert_true(xfdt_symbol(&run.image, XFDT_S_modules)->kvaddr ==
				    KERNEL_VARIABLE(modules));
		assert_int_not_equal(run.facts.items[XFDT_FACT_KVM].value, XFDT_NO);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* the kernel saved the registers over the state, and no variable tells whose they were */
static void test_host__saved_over_without_names(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	kernel.vcpu[0].header->xfeatures &= ~KERNEL_XTILEDATA;
	forget_variables(&kernel);
	forget_types(&kernel);
	run_init(&run, &kernel);
	assert_rule(&run, "hit-unseen-end");
	assert_int_equal(run.facts.hit_state, XFDT_HIT_UNSURE);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* no types: dead of a state that the kernel saved over */
static void set_up_saved_over(struct kernel *kernel, const struct kernel_layout *layout)
{
	kernel_init_as(kernel, layout);
	forget_types(kernel);
	kernel->vcpu[0].header->xfeatures &= ~KERNEL_XTILEDATA;
	kernel->vcpu[0].task->thread_info.flags |= 1ull << layout->tif;
	kernel->percpu[0]->fpu_fpregs_owner_ctx = 0;
}

/* the thread on the CPU that panicked is known by what it holds, and its flags by code */
static void test_host__saved_over_without_types(void **state)
{
	struct kernel kernel;
	struct run run;
	size_t i;

	for (i = 0; i < COUNT(layouts); i++) {
		set_up_saved_over(&kernel, layouts[i]);
		run_init(&run, &kernel);
		assert_rule(&run, "hit-end");
		assert_int_equal(run.facts.hit_state, XFDT_HIT_SAVED_OVER);
		run_deinit(&run);
		/* the registers were live: nothing was saved */
		kernel.vcpu[0].task->thread_info.flags = 0;
		assert_rules(&kernel, "hit-none", NULL);
		kernel_deinit(&kernel);
	}
}

/* panic_on_warn ends the host in the handler of the #NM: the frame on the stack is that of the vCPU's thread */
static void test_host__died_in_the_handler_without_types(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 0 PID: 1404 at arch/x86/kernel/traps.c:1360 exc_device_not_available+0xde/0xf0",
		"Kernel panic - not syncing: kernel: panic_on_warn set ...", NULL
	};
	struct xfdt_regs regs;
	struct kernel kernel;

	kernel_init_as(&kernel, &kernel_6_12);
	forget_types(&kernel);
	regs = kernel.data->exec_summary_regs;
	memset(&kernel.data->exec_summary_regs, 0, sizeof(regs));
	kernel.data->die_counter = 0;
	kernel.data->tainted_mask = KERNEL_TAINT_WARN;
	kernel.caller = kernel.vcpu[0].task->pid;
	kernel_log(&kernel, log);
	kernel_push_nm(&kernel, kernel.vcpu[0].task, KERNEL_FRAME, &regs);
	kernel.notes[0].regs.ip = KERNEL_ELSEWHERE;
	kernel.notes[0].regs.sp = kernel.vcpu[0].task->stack + KERNEL_FRAME - 0x200;
	assert_rules(&kernel, "hit-when", "at-restore");
	kernel_deinit(&kernel);
}

/* what memory and code do not agree on is not known */
static void test_host__saved_over_in_doubt(void **state)
{
	struct kernel kernel;
	unsigned int i;

	for (i = 0; i < 7; i++) {
		set_up_saved_over(&kernel, &kernel_6_12);
		if (i == 0) /* a word that is no pointer to a state of its own */
			kernel_fpu(&kernel, kernel.vcpu[0].task)->task_fpstate += 8;
		else if (i == 1) /* it holds no guest's state */
			kernel_fpu(&kernel, kernel.vcpu[0].task)->fpstate += 4096;
		else if (i == 2) /* another thread is on that CPU */
			kernel.percpu[0]->pcpu_hot.current_task = KERNEL_VARIABLE(init_task);
		else if (i == 3) /* code sets another bit than it clears */
			*(uint8_t *)kernel_at(&kernel, KERNEL_SET_TIF + 4) ^= 0xc0;
		else if (i == 4) /* another byte */
			*(uint8_t *)kernel_at(&kernel, KERNEL_SET_TIF + 3) ^= 3;
		else if (i == 5) /* flags have 32 bits */
			kernel.vcpu[0].task->thread_info.flags |= 1ull << 40;
		else /* two variables of the CPU may be its thread */
			memcpy(kernel_at(&kernel, KERNEL_ACTIVATE + 0x40),
			       "\x65\x48\x8b\x04\x25\x40\x00\x00", 9);
		assert_rules(&kernel, "hit-unseen-end", NULL);
		kernel_deinit(&kernel);
	}
}

static void arm_the_other(struct kernel *kernel, const struct kernel_layout *layout)
{
	kernel_init_as(kernel, layout);
	run_die_otherwise(kernel);
	kernel->vcpu[0].fpstate->xfd = 0;
	kernel->vcpu[1].fpstate->xfd = 1u << 18;
}

/* the thread is on a CPU: only TIF_NEED_FPU_LOAD tells whether memory counts */
static void test_host__flag_decides_on_a_cpu(void **state)
{
	struct kernel kernel;

	arm_the_other(&kernel, &kernel_6_12);
	kernel.percpu[1]->fpu_fpregs_owner_ctx = 0;
	assert_verdict(&kernel, XFDT_ARMED);
	/* every other bit, and not that one */
	kernel.vcpu[1].task->thread_info.flags = ~(1ull << kernel_6_12.tif);
	kernel.percpu[1]->fpu_fpregs_owner_ctx =
		kernel_kvaddr(&kernel, kernel_fpu(&kernel, kernel.vcpu[1].task));
	kernel_add_note(&kernel, 1405)->regs.sp = kernel.vcpu[1].task->stack + 0x2000;
	assert_verdict(&kernel, XFDT_NOT_THIS_BUG);
	kernel_deinit(&kernel);
}

/* The registers are live, and the variables that say so have no names. */
static void set_up_nameless(struct kernel *kernel, const struct kernel_layout *layout)
{
	arm_the_other(kernel, layout);
	kernel->vcpu[1].task->thread_info.flags = 0;
	kernel_add_note(kernel, 1405)->regs.sp = kernel->vcpu[1].task->stack + 0x2000;
	forget_variables(kernel);
	enlarge_btf(kernel);
}

static void assert_state_rule(struct kernel *kernel, const char *rule)
{
	struct run run;

	run_init(&run, kernel);
	assert_vcpu(&run, 1, rule);
	run_deinit(&run);
	kernel_deinit(kernel);
}

/* by the code that uses them: they decide as with names */
static void test_host__percpu_variables_without_names(void **state)
{
	struct kernel kernel;

	set_up_nameless(&kernel, &kernel_6_12);
	assert_state_rule(&kernel, "live-in-guest");
	set_up_nameless(&kernel, &kernel_6_12);
	kernel.vcpu[1].task->thread_info.flags = 1ull << kernel_6_12.tif;
	kernel.percpu[1]->fpu_fpregs_owner_ctx = 0;
	assert_state_rule(&kernel, "before-return");
}

/* code and memory have to agree on them */
static void test_host__percpu_variables_in_doubt(void **state)
{
	static const uint8_t nop[] = { 0x90 };
	struct kernel kernel;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		set_up_nameless(&kernel, &kernel_6_12);
		if (i == 0) /* another variable is cleared */
			*(uint8_t *)kernel_at(&kernel, KERNEL_FPU_BEGIN + 4) += 8;
		else if (i == 1) /* the area is not that of CPU 1, which the thread was on */
			kernel.percpu[1]->cpu_number = 0;
		else if (i == 2) /* what runs on CPU 0 says that it is on another */
			((struct task_struct *)kernel_at(&kernel,
							 kernel.percpu[0]->pcpu_hot.current_task))
				->thread_info.cpu++;
		else if (i == 3) /* a second word of the CPU is read */
			memcpy(kernel_at(&kernel, KERNEL_ACTIVATE + 0x40),
			       "\x65\x48\x8b\x04\x25\x40\x00\x00", 9);
		else if (i == 4)
			memory_put(&kernel.memory, KERNEL_SAVE_CPU, nop, sizeof(nop));
		else
			kernel_forget_symbol(&kernel, "crash_save_cpu");
		assert_state_rule(&kernel, "registers-unowned");
	}
}

/* maxcpus=2: CPUs 2 and 3 are possible, and have the initial value of current_task, which is init_task */
static void test_host__percpu_variables_of_absent_cpus(void **state)
{
	struct kernel_layout layout = kernel_6_12;
	struct kernel kernel;
	unsigned int i;

	layout.cpus = 4;
	for (i = 0; i < 4; i++) {
		set_up_nameless(&kernel, &layout);
		kernel.percpu[2]->pcpu_hot.current_task = KERNEL_VARIABLE(init_task);
		kernel.percpu[3]->pcpu_hot.current_task = KERNEL_VARIABLE(init_task);
		if (i == 1) /* another task that is not on that CPU */
			kernel.percpu[2]->pcpu_hot.current_task ^= 64;
		else if (i == 2) /* the list of tasks is broken, so init_task is not known */
			kernel.data->init_task.tasks.next += 8;
		else if (i == 3) /* it is the CPU that the thread says it is on */
			kernel.percpu[1]->pcpu_hot.current_task = KERNEL_VARIABLE(init_task);
		assert_state_rule(&kernel, i == 0 ? "live-in-guest" :
					   i == 1 ? "registers-unowned" :
					   i == 2 ? "owner-unknown" :
						    "switching");
	}
}

/* a thread off the CPU: memory counts, though TIF_NEED_FPU_LOAD is clear and the bytes behind on_cpu are not 0 */
static void test_host__narrow_on_cpu(void **state)
{
	struct kernel kernel;

	arm_the_other(&kernel, &kernel_7_2);
	kernel.vcpu[1].task->thread_info.flags = 0;
	assert_verdict(&kernel, XFDT_ARMED);
	kernel_deinit(&kernel);
}

/* the CPU that panicked */

static void test_host__cpu_of_crash_kexec_alone(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init_as(&kernel, &kernel_6_12);
	kernel.data->panic_cpu = UINT32_MAX;
	kernel.data->crashing_cpu = 1;
	run_init(&run, &kernel);
	assert_true(run.host.panic.cpu.known);
	assert_int_equal(run.host.panic.cpu.value, 1);
	assert_true(run.host.panic.task == kernel_kvaddr(&kernel, kernel.vcpu[1].task));
	run_deinit(&run);
	/* panic() names its CPU first */
	kernel.data->panic_cpu = 0;
	run_init(&run, &kernel);
	assert_int_equal(run.host.panic.cpu.value, 0);
	assert_true(run.host.panic.task == kernel_kvaddr(&kernel, kernel.vcpu[0].task));
	run_deinit(&run);
	/* neither */
	kernel.data->panic_cpu = UINT32_MAX;
	kernel.data->crashing_cpu = UINT32_MAX;
	run_init(&run, &kernel);
	assert_int_equal(run.host.panic.panicked, XFDT_NO);
	assert_false(run.host.panic.cpu.known);
	assert_false(run.host.panic.note_known);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* all idle threads have id 0: the note is the one at the place of the CPU */
static void test_host__note_of_an_idle_thread(void **state)
{
	struct xfdt_cpu_note notes[2];
	struct kernel kernel;
	unsigned int cpu;
	struct run run;

	kernel_init_as(&kernel, &kernel_6_12);
	for (cpu = 0; cpu < 2; cpu++) {
		notes[cpu] = kernel.notes[0];
		notes[cpu].pid = 0;
		notes[cpu].regs.ip = KERNEL_ELSEWHERE + cpu;
		kernel.vcpu[cpu].task->pid = 0;
	}
	kernel.source.notes = notes;
	kernel.source.note_count = 2;
	for (cpu = 0; cpu < 2; cpu++) {
		kernel.data->panic_cpu = cpu;
		run_init(&run, &kernel);
		assert_true(run.host.panic.note_known);
		assert_true(run.host.panic.note.ip == KERNEL_ELSEWHERE + cpu);
		run_deinit(&run);
	}
	kernel_deinit(&kernel);
}

/* the state of a vCPU */

/* a page of zeros has no mismatch: it must not pass for a state that is in order */
static void test_host__zeros_are_no_fpstate(void **state)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct kernel kernel;
		struct run run;

		kernel_init(&kernel);
		run_die_otherwise(&kernel);
		kernel.vcpu[0].fpstate->xfd = 0;
		switch (i) {
		case 0:
			memset(kernel.vcpu[1].fpstate, 0, XFDT_PAGE_SIZE);
			break;
		case 1: /* no guest's */
			kernel.vcpu[1].fpstate->is_guest = 0;
			break;
		case 2: /* no SSE, which every state has */
			kernel.vcpu[1].fpstate->xfeatures = 0x602e5;
			break;
		}
		run_init(&run, &kernel);
		assert_int_equal(run.verdict.states[XFDT_VCPU_UNREADABLE], 1);
		assert_int_equal(run.verdict.states[XFDT_VCPU_OK], 1);
		assert_kind(&run, XFDT_INCONCLUSIVE);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* the struct pid of a vCPU is not in the dump: the thread that panicked holds its state, so it is the vCPU's */
static void test_host__thread_of_a_vcpu_by_the_panic(void **state)
{
	const struct xfdt_vcpu *vcpus;
	struct kernel kernel;
	struct run run;
	unsigned int n;

	kernel_init(&kernel);
	for (n = 0; n < 2; n++)
		kernel.vcpu[n].vcpu->pid = 0xffff8881deadb000ull;
	run_init(&run, &kernel);
	assert_kind(&run, XFDT_CONFIRMED);
	vcpus = run.host.vms[0].vcpus;
	assert_true(vcpus[0].thread.known &&
		    vcpus[0].thread.task == kernel_kvaddr(&kernel, kernel.vcpu[0].task));
	assert_int_equal(vcpus[0].thread.pid, 1404);
	assert_false(vcpus[1].thread.known);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* a type that is missing asks for the file that has it, and for no other */
static void test_host__remedy_for_a_missing_type(void **state)
{
	struct kernel_layout layout = kernel_6_12;
	struct kernel kernel;
	struct run run;

	layout.release = "6.12.57+deb12-amd64";
	kernel_init_as(&kernel, &layout);
	kernel_forget_member(&kernel, "pcpu_hot", "current_task");
	run_init(&run, &kernel);
	assert_string_equal(run.host.gaps.items[0].what, "the thread that panicked");
	assert_string_equal(
		run.host.gaps.items[0].remedy,
		"install linux-image-6.12.57+deb12-amd64-dbg, name its vmlinux (-d), or set DEBUGINFOD_URLS to a server that has it");
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* symbols and types that were resolved before */

/* How many VMs are on the list that types and symbols lead to. */
static void assert_vms(struct kernel *kernel, size_t count)
{
	struct run run;

	run_init(&run, kernel);
	assert_int_equal(run.host.vm_count, count);
	run_deinit(&run);
}

static void test_host__record_that_travels_in_the_dump(void **state)
{
	struct kernel kernel;
	struct run run;
	size_t len;
	char *text;

	kernel_init(&kernel);
	run_init(&run, &kernel);
	assert_ok(xfdt_image_record(&run.image, &text, &len));
	run_deinit(&run);
	/* a distilled dump has neither kallsyms nor BTF */
	memory_fail(&kernel.memory, KERNEL_KALLSYMS, XFDT_EXCLUDED);
	memory_fail(&kernel.memory, KERNEL_BTF, XFDT_EXCLUDED);
	assert_vms(&kernel, 0);
	kernel.source.record = text;
	kernel.source.record_len = len;
	assert_verdict(&kernel, XFDT_CONFIRMED);
	assert_vms(&kernel, 1);
	/* cut off, or of another kernel: not taken */
	kernel.source.record_len = len - 1;
	assert_vms(&kernel, 0);
	kernel.source.record_len = len;
	strstr(kernel.vmcoreinfo, "BUILD-ID=")[strlen("BUILD-ID=")] = 'f';
	assert_vms(&kernel, 0);
	free(text);
	kernel_deinit(&kernel);
}

/* every allocation fails in turn: an error or gaps, and nothing leaks */
static void test_host__out_of_memory(void **state)
{
	struct kernel kernel;
	long number;

	kernel_init(&kernel);
	for (number = 0;; number++) {
		struct xfdt_verdict verdict;
		struct xfdt_facts facts;
		struct xfdt_image image;
		struct xfdt_host host;
		struct xfdt_error *err;
		bool failed;

		alloc_watch();
		alloc_fail(number);
		xfdt_image_init(&image, &kernel.source, NULL);
		err = xfdt_host_init(&host, &image);
		if (!err) {
			err = xfdt_facts_init(&facts, &host);
			if (!err)
				err = xfdt_verdict_init(&verdict, &facts);
			if (!err) {
				/* want of memory may take a verdict away, not turn it around */
				assert_int_not_equal(verdict.kind, XFDT_NOT_THIS_BUG);
				assert_int_not_equal(verdict.kind, XFDT_NOT_APPLICABLE);
				xfdt_verdict_deinit(&verdict);
			}
			xfdt_facts_deinit(&facts);
			xfdt_host_deinit(&host);
		}
		failed = alloc_has_failed();
		alloc_watch();
		xfdt_image_deinit(&image);
		if (!failed) {
			assert_ok(err);
			break;
		}
		if (err)
			assert_fails(err, XFDT_NO_MEMORY);
	}
	assert_within(number, 10, 100000);
	kernel_deinit(&kernel);
}

static void test_host__architecture_that_vmcoreinfo_alone_tells(void **state)
{
	static const struct {
		const char *arch, *vmcoreinfo, *told;
	} dumps[] = {
		{ NULL, "NUMBER(pgtable_l5_enabled)=0\n", "x86_64" },
		{ NULL, "OSRELEASE=6.18.0\n", NULL },
		{ "aarch64", "NUMBER(pgtable_l5_enabled)=0\n", "aarch64" },
	};
	struct kernel kernel;
	size_t i;

	kernel_init(&kernel);
	for (i = 0; i < COUNT(dumps); i++) {
		struct xfdt_image image;

		kernel.source.arch = dumps[i].arch;
		kernel.source.vmcoreinfo = dumps[i].vmcoreinfo;
		xfdt_image_init(&image, &kernel.source, NULL);
		if (dumps[i].told)
			assert_string_equal(image.arch, dumps[i].told);
		else
			assert_null(image.arch);
		xfdt_image_deinit(&image);
	}
	kernel_deinit(&kernel);
}

static uint64_t secret;
static bool secret_is_code;

static struct xfdt_error *read_secret(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				      size_t len)
{
	secret_is_code |= secret - kvaddr < len && reader->purpose == XFDT_FOR_CODE;
	return plain_read(reader, kvaddr, buf, len);
}

/* a pointer on a stack is no return address: what it points to is not read as code, which distill keeps */
static void test_host__pointer_on_a_stack(void **state)
{
	struct kernel_vcpu *vcpu;
	struct kernel kernel;
	struct xfdt_regs regs;
	struct run run;

	kernel_boot(&kernel, &kernel_6_18);
	kernel_add_vm(&kernel, &(struct kernel_vm){ .vcpus = 2, .armed = 1, .running = 1 });
	kernel_panic(&kernel,
		     kernel_add_thread(&kernel,
				       &(struct kernel_thread){ .comm = "sh", .pid = 999 }),
		     NULL);
	vcpu = &kernel.vcpu[0];
	regs = kernel_nm_regs(&kernel, vcpu->task, vcpu->fpstate);
	regs.ip = KERNEL_ELSEWHERE;
	kernel_push_nm(&kernel, vcpu->task, KERNEL_FRAME, &regs);
	kernel_add_note(&kernel, (int)vcpu->task->pid)->regs.sp = vcpu->task->stack + KERNEL_FRAME -
								  0x100;
	secret = kernel_kvaddr(&kernel, kernel_alloc(&kernel, 64)) + 32;
	*kernel_stack(&kernel, vcpu->task, KERNEL_FRAME + sizeof(struct xfdt_regs)) = secret + 5;
	secret_is_code = false;
	plain_read = kernel.memory.reader.read;
	kernel.memory.reader.read = read_secret;
	run_init(&run, &kernel);
	assert_int_equal(run.host.panic.fault_count, 1);
	assert_false(secret_is_code);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

#include "test_host.tests.h"
