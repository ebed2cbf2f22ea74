/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A struct xfdt_host made by hand. */
#include "host.h"
#include "kernel/oops_log.h"
#include "memory.h"

#include <stdio.h>
#include <string.h>

const char *const host_log_confirmed[] = {
	"------------[ cut here ]------------",
	"WARNING: CPU: 3 PID: 1404 at arch/x86/kernel/traps.c:1519 exc_device_not_available+0x8b/0xd0",
	"Modules linked in: kvm_intel kvm irqbypass",
	"CPU: 3 UID: 0 PID: 1404 Comm: CPU 0/KVM Not tainted 6.18.5+deb14-amd64 #1 PREEMPT(lazy)",
	"---[ end trace 0000000000000000 ]---",
	"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
	"CPU: 3 UID: 0 PID: 1404 Comm: CPU 0/KVM Tainted: G        W           6.18.5+deb14-amd64 #1",
	NULL
};

static struct xfdt_value known(uint64_t value)
{
	return (struct xfdt_value){ .known = true, .value = value };
}

void host_log(struct host *fixture, const char *const *lines)
{
	struct xfdt_panic *panic = &fixture->host.panic;
	size_t i;

	panic->log_known = true;
	panic->log.lines = fixture->lines;
	panic->log.count = 0;
	panic->events = fixture->events;
	panic->event_count = 0;
	for (i = 0; lines[i] && i < HOST_LINES; i++) {
		enum xfdt_event_kind kind;

		fixture->lines[i] = (struct xfdt_log_line){ .text = lines[i],
							    .nsec = 1000000000ull + i };
		panic->log.count++;
		if (xfdt_event_of_line(lines[i], &kind))
			fixture->events[panic->event_count++] = (struct xfdt_event){ kind, i };
	}
}

void host_vcpu(struct host *fixture, size_t n)
{
	struct xfdt_vcpu *vcpu = &fixture->vcpus[n];

	*vcpu = (struct xfdt_vcpu) {
		.kvaddr = 0xffff888110000000ull + 0x8000 * n,
		.id = (uint32_t)n,
		.index = n,
		.mode = known(XFDT_OUTSIDE_GUEST_MODE),
		.fpstate = HOST_FPSTATE(n),
		.state_known = true,
		.xfeatures = HOST_XCR0,
		.is_guest = true,
		.in_use = true,
		.header = { .xstate_bv = HOST_XCR0, .xcomp_bv = COMPACTED | HOST_XCR0 },
		.user_xfeatures = known(HOST_XCR0),
		.xfd_no_write_intercept = known(1),
		.ran = true,
		.thread = {
			.known = true,
			.task = HOST_TASK(n),
			.pid = 1404 + (int)n,
			.tgid = 1400,
			.on_cpu = known(0),
			.cpu = known(HOST_CPU + n),
			.need_fpu_load = known(1),
			.fpu = HOST_FPU(n),
			.fpstate = known(HOST_FPSTATE(n)),
			.last_cpu = known(HOST_CPU + n),
			.owner = known(0),
			.xfd_state = known(0),
			.nm_fpstate = known(0),
		},
	};
	snprintf(vcpu->thread.comm, sizeof(vcpu->thread.comm), "CPU %zu/KVM", n);
}

void host_init(struct host *fixture)
{
	struct xfdt_host *host = &fixture->host;
	struct xfdt_fault *fault = &host->panic.fault;
	struct xfdt_vcpu *culprit = &fixture->vcpus[0];

	memset(fixture, 0, sizeof(*fixture));
	fixture->image.arch = "x86_64";
	fixture->image.release = (char *)"6.18.5+deb14-amd64";
	fixture->image.symbol_source = "kallsyms";
	fixture->image.type_source = "btf";
	fixture->image.kvm_is_module = true;
	fixture->image.modules_known = true;
	set_symbol(&fixture->image, XFDT_S_restore_fpregs, HOST_RESTORE, 0xa0);
	set_struct(&fixture->image, XFDT_T_task_struct, 5888);
	set_struct(&fixture->image, XFDT_T_fpstate, 4160);
	set_member(&fixture->image, XFDT_M_fpstate_regs, 64, 4096);
	set_member(&fixture->image, XFDT_M_fpstate_xfd, 24, 8);

	host_vcpu(fixture, 0);
	host_vcpu(fixture, 1);
	/* fpu_swap_kvm_fpstate() took it in use and faulted before it cleared TIF: rule f */
	culprit->xfd = XTILEDATA;
	culprit->thread.on_cpu = known(1);
	culprit->thread.need_fpu_load = known(0);
	fixture->vms[0] = (struct xfdt_vm){
		.kvaddr = HOST_KVM,
		.pid = 1400,
		.comm = "qemu-system-x86",
		.online_vcpus = 2,
		.vcpus = fixture->vcpus,
		.vcpu_count = 2,
		.complete = true,
	};

	host->image = &fixture->image;
	snprintf(host->nodename, sizeof(host->nodename), "host1");
	host->kvm = XFDT_KVM_LOADED;
	host->tif_need_fpu_load = known(19);
	host->enabled_features = HOST_XCR0;
	host->vms = fixture->vms;
	host->vm_count = 1;
	host->vms_complete = true;
	host->panic.cpu = known(HOST_CPU);
	host->panic.cpu_known = true;
	host->panic.task = HOST_TASK(0);
	host->panic.pid_known = true;
	host->panic.pid = 1404;
	snprintf(host->panic.comm, sizeof(host->panic.comm), "CPU 0/KVM");
	host->panic.note_known = true;
	host->panic.note_on_stack = true;
	host->panic.note_code_known = true;
	host->panic.note_is_xrstor = true;
	host->panic.note_operand = HOST_FPSTATE(0) + 64;
	host->panic.stack_known = true;
	host->panic.note.ip = HOST_RESTORE + 0x3c;
	host_log(fixture, host_log_confirmed);

	fault->source = XFDT_REGS_PRSTATUS;
	fault->regs.ip = HOST_RESTORE + 0x3c;
	fault->regs.cs = 0x10;
	fault->regs.orig_ax = ~0ull;
	fault->regs.ax = HOST_MASK;
	fault->regs.bx = HOST_FPSTATE(0);
	fault->decoded = true;
	fault->supervisor = true;
	snprintf(fault->text, sizeof(fault->text), "xrstors64 [rbx+0x40]");
	fault->operand = HOST_FPSTATE(0) + 64;
	fault->edx_eax = HOST_MASK;
	snprintf(fault->caller, sizeof(fault->caller), "fpu_swap_kvm_fpstate");
	fault->caller_source = "the return address on the stack";
	fault->fpstate = HOST_FPSTATE(0);
	fault->fpstate_read = true;
	fault->fpstate_is_guest = true;
	fault->fpstate_xfeatures = HOST_XCR0;
	fault->fpstate_xfd = XTILEDATA;
	fault->fpstate_header = culprit->header;
}
