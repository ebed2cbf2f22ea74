/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report for a console: a few lines. */
#include "render/fields.h"
#include "kernel/oops_log.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_MAX 1024

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

static void put_kernel(const struct writer *writer)
{
	const struct xfdt_image *image = writer->report->host->image;
	char fix[TEXT_MAX];

	put_line(writer, "kernel", image->release ? image->release : "unknown");
	if (writer->report->verdict->kind == XFDT_NOT_APPLICABLE)
		return;
	xfdt_render_fix(writer->report, fix, sizeof(fix));
	put_line(writer, "fix", fix);
}

/* Does the verdict rest on this vCPU? */
static bool matters(const struct xfdt_verdict *verdict, const struct xfdt_vcpu_verdict *state)
{
	if (verdict->kind == XFDT_ARMED)
		return state->state == XFDT_VCPU_ARMED;
	return state->faulting;
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

static void put_missing(const struct writer *writer)
{
	const struct xfdt_gap *gap = xfdt_render_first_gap(writer->report->host);
	char text[TEXT_MAX];

	if (!gap)
		return;
	snprintf(text, sizeof(text), "%s: %s", gap->what, gap->why);
	put_line(writer, "missing", text);
}

void xfdt_render_brief(const struct xfdt_outcome *report, const char *prefix, FILE *out)
{
	const struct writer writer = { .report = report, .prefix = prefix, .out = out };
	const struct xfdt_verdict *verdict = report->verdict;
	char advice[XFDT_ADVICE_MAX];

	fprintf(out, "%s%s: %s\n", prefix, xfdt_verdict_name(verdict->kind),
		xfdt_render_words(report));
	xfdt_render_advice(report, advice, sizeof(advice));
	put_line(&writer, "do", advice);
	put_kernel(&writer);
	if (xfdt_route_name(verdict->route))
		put_line(&writer, "route", xfdt_route_name(verdict->route));
	put_vcpu(&writer);
	if (verdict->kind != XFDT_CONFIRMED && verdict->why.count)
		put_line(&writer, "why", verdict->why.items[0].text);
	if (verdict->kind == XFDT_INCONCLUSIVE)
		put_missing(&writer);
}
