/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report for a console: a few lines. */
#include "render/fields.h"
#include "kernel/oops_log.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_MAX 512

struct writer {
	const struct xfdt_outcome *report;
	const char *prefix;
	FILE *out;
};

/* A line "LABEL  TEXT"; @text is untrusted. */
static void put_line(const struct writer *writer, const char *label, const char *text)
{
	char escaped[TEXT_MAX];

	xfdt_escape(text, escaped, sizeof(escaped));
	fprintf(writer->out, "%s  %-7s %s\n", writer->prefix, label, escaped);
}

static void put_verdict(const struct writer *writer)
{
	const struct xfdt_verdict *verdict = writer->report->verdict;
	const char *route = xfdt_route_name(verdict->route);

	fprintf(writer->out, "%s%s: %s%s%s%s\n", writer->prefix, xfdt_verdict_name(verdict->kind),
		xfdt_render_words(writer->report), route ? " (route " : "", route ? route : "",
		route ? ")" : "");
}

static void put_kernel(const struct writer *writer)
{
	const struct xfdt_host *host = writer->report->host;
	const char *release = host->image->release;
	char text[TEXT_MAX];

	if (!xfdt_is_x86_64(host->image)) {
		put_line(writer, "kernel", release ? release : "unknown");
		return;
	}
	snprintf(text, sizeof(text), "%s, fix %s; upstream: %s", release ? release : "unknown",
		 xfdt_fix_name(host), xfdt_fixed_in(release));
	put_line(writer, "kernel", text);
}

/* Does the verdict rest on this vCPU? */
static bool matters(const struct xfdt_verdict *verdict, const struct xfdt_vcpu_verdict *state)
{
	if (verdict->kind == XFDT_ARMED)
		return state->state == XFDT_VCPU_ARMED;
	return state->culprit;
}

/* The first vCPU that the verdict rests on. */
static void put_vcpu(const struct writer *writer)
{
	const struct xfdt_verdict *verdict = writer->report->verdict;
	const struct xfdt_host *host = writer->report->host;
	const struct xfdt_vcpu_verdict *state = verdict->vcpus;
	const struct xfdt_vm *vm;
	char text[TEXT_MAX];
	size_t i, j;

	for (i = 0; (vm = xfdt_host_vm(host, i)); i++) {
		for (j = 0; j < vm->vcpu_count; j++, state++) {
			const struct xfdt_vcpu *vcpu = &vm->vcpus[j];

			if (!matters(verdict, state))
				continue;
			snprintf(text, sizeof(text),
				 "%u of VM 0x%" PRIx64 " (pid %d %s): XSTATE_BV 0x%" PRIx64
				 " & XFD 0x%" PRIx64 " = 0x%" PRIx64,
				 vcpu->id, vm->kvaddr, vm->pid, vm->comm, vcpu->header.xstate_bv,
				 vcpu->xfd, state->mismatch);
			put_line(writer, "vCPU", text);
			if (verdict->states[XFDT_VCPU_ARMED] > 1) {
				snprintf(text, sizeof(text), "%zu vCPUs are armed in all",
					 verdict->states[XFDT_VCPU_ARMED]);
				put_line(writer, "", text);
			}
			return;
		}
	}
}

static const char *advice_by_fix(const struct xfdt_host *host)
{
	const char *fix = xfdt_fix_name(host);

	if (!strcmp(fix, "present"))
		return "the kernel has the fix and it was not enough: report it, with this vmcore distilled";
	if (!strcmp(fix, "unknown"))
		return "find out whether the kernel has the fix (" XFDT_FIX_COMMIT
		       "); if not, boot one that has";
	return "boot a kernel that has the fix before guests that use AMX run again";
}

static const struct xfdt_gap *first_gap(const struct xfdt_host *host)
{
	if (host->image->gaps.count)
		return &host->image->gaps.items[0];
	return host->gaps.count ? &host->gaps.items[0] : NULL;
}

static void put_missing(const struct writer *writer)
{
	const struct xfdt_gap *gap = first_gap(writer->report->host);
	char text[TEXT_MAX];

	if (!gap)
		return;
	snprintf(text, sizeof(text), "%s: %s", gap->what, gap->why);
	put_line(writer, "missing", text);
}

static void put_advice(const struct writer *writer)
{
	const struct xfdt_host *host = writer->report->host;
	const struct xfdt_fact *hit = &writer->report->facts->items[XFDT_FACT_HIT];
	const struct xfdt_gap *gap = first_gap(host);

	switch (writer->report->verdict->kind) {
	case XFDT_CONFIRMED:
	case XFDT_ARMED:
	case XFDT_PROBABLE:
		put_line(writer, "do", advice_by_fix(host));
		break;
	case XFDT_INCONCLUSIVE:
		put_line(writer, "do",
			 hit->value == XFDT_UNSURE && hit->remedy ? hit->remedy :
			 gap && gap->remedy			  ? gap->remedy :
					      "look at the whole report: xfdtriage -v VMCORE");
		break;
	default:
		put_line(writer, "do", "look for another cause of this panic");
		break;
	}
}

void xfdt_render_brief(const struct xfdt_outcome *report, const char *prefix, FILE *out)
{
	const struct writer writer = { .report = report, .prefix = prefix, .out = out };
	const struct xfdt_verdict *verdict = report->verdict;

	put_verdict(&writer);
	put_kernel(&writer);
	put_vcpu(&writer);
	if (verdict->kind != XFDT_CONFIRMED && verdict->why.count)
		put_line(&writer, "why", verdict->why.items[0].text);
	if (verdict->kind == XFDT_INCONCLUSIVE)
		put_missing(&writer);
	put_advice(&writer);
}
