/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to type in crash(8) to check an answer by hand. */
#include "render/fields.h"

#include <inttypes.h>
#include <stdarg.h>

#define VCPUS_MAX 8 /* that commands are given for */

struct sink {
	void (*put)(void *context, const char *command);
	void *context;
};

static void put(const struct sink *sink, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(const struct sink *sink, const char *format, ...)
{
	char command[128];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	sink->put(sink->context, command);
}

static void put_vcpu(const struct sink *sink, const struct xfdt_image *image,
		     const struct xfdt_vcpu *vcpu)
{
	const struct xfdt_member *members = image->layout.members;

	/* 0: a state on no list of KVM's */
	if (vcpu->kvaddr)
		put(sink, "struct kvm_vcpu.vcpu_id,arch.guest_fpu 0x%" PRIx64, vcpu->kvaddr);
	if (!vcpu->fpstate)
		return;
	put(sink, "rd -64 0x%" PRIx64 "       # fpstate->xfd",
	    vcpu->fpstate + members[XFDT_M_fpstate_xfd].offset);
	put(sink, "rd -64 0x%" PRIx64 " 2     # XSTATE_BV, XCOMP_BV",
	    vcpu->fpstate + members[XFDT_M_fpstate_regs].offset + XFDT_XSAVE_HEADER_OFFSET);
}

void xfdt_render_commands(const struct xfdt_outcome *report,
			  void (*put_line)(void *context, const char *command), void *context)
{
	const struct sink sink = { .put = put_line, .context = context };
	const struct xfdt_vcpu_verdict *state = report->verdict->vcpus;
	const struct xfdt_host *host = report->host;
	const struct xfdt_fault *fault = xfdt_panic_fault(&host->panic);
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;
	size_t shown = 0;

	/* there is no vmcore to open */
	if (report->facts->of_log)
		return;
	if (host->kvm != XFDT_KVM_ABSENT)
		put(&sink, "mod -s kvm");
	put(&sink, "log | grep -A40 exc_device_not_available");
	put(&sink, "bt");
	if (fault && fault->regs.ip)
		put(&sink, "dis -r 0x%" PRIx64 " | tail -3", fault->regs.ip);
	if (fault && fault->frame)
		put(&sink, "pt_regs 0x%" PRIx64, fault->frame);
	if (host->kvm != XFDT_KVM_ABSENT)
		put(&sink, "list kvm.vm_list -H vm_list -s kvm.userspace_pid,online_vcpus");
	for (; (vcpu = xfdt_next_vcpu(host, &at)); state++)
		if ((state->state != XFDT_VCPU_OK || state->faulting) && ++shown <= VCPUS_MAX)
			put_vcpu(&sink, host->image, vcpu);
}
