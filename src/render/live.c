/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a host that runs, for people; json.c has the other form. */
#include "render/live.h"
#include "render/fields.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define TEXT_MAX 1024
#define SHOWN_MAX 32 /* mismatches, before they are only counted */
#define XTILEDATA (1ull << XFDT_XFEATURE_XTILEDATA)

static bool has_tiles(const struct xfdt_value *value)
{
	return value->known && value->value & XTILEDATA;
}

static bool wrote_xfd(const struct xfdt_vcpu *vcpu)
{
	return (vcpu->state_known && vcpu->xfd) ||
	       xfdt_value_bool(&vcpu->xfd_no_write_intercept) == XFDT_YES;
}

void xfdt_live_count(const struct xfdt_live *live, struct xfdt_live_counts *ret_counts)
{
	const struct xfdt_host *host = live->outcome->host;
	struct xfdt_live_counts counts = { .vms = host->vm_count };
	const struct xfdt_verdict *verdict = live->outcome->verdict;
	const struct xfdt_vcpu *vcpu;
	struct xfdt_vcpu_at at = { 0 };

	for (; (vcpu = xfdt_next_vcpu(host, &at)); counts.vcpus++) {
		counts.amx_enabled += has_tiles(&vcpu->xcr0);
		counts.xfd_written += wrote_xfd(vcpu);
		counts.unread += !vcpu->xcr0.known || !vcpu->state_known;
		counts.mismatches += xfdt_live_is_mismatch(live, vcpu,
							   &verdict->vcpus[counts.vcpus]);
	}
	*ret_counts = counts;
}

bool xfdt_live_is_mismatch(const struct xfdt_live *live, const struct xfdt_vcpu *vcpu,
			   const struct xfdt_vcpu_verdict *state)
{
	return state->state == XFDT_VCPU_ARMED &&
	       xfdt_reading_has(live->before, &(struct xfdt_mismatch){
						      .kvm_vcpu = vcpu->kvaddr,
						      .fpstate = vcpu->fpstate,
						      .components = state->mismatch,
					      });
}

void xfdt_live_advice(const struct xfdt_live *live, char *ret_text, size_t size)
{
	char upgrade[XFDT_ADVICE_MAX / 2];

	xfdt_render_upgrade(live->outcome->host->image->release, upgrade, sizeof(upgrade));
	if (live->rule->answer == XFDT_NOT_EXPOSED)
		snprintf(ret_text, size, "nothing");
	else if (live->facts.mismatch == XFDT_YES && live->facts.fixed == XFDT_YES)
		snprintf(ret_text, size,
			 XFDT_KEEP_FROM_RUNNING ", although the fix is in its code; report it");
	else if (live->facts.mismatch == XFDT_YES)
		snprintf(ret_text, size, XFDT_KEEP_FROM_RUNNING "; then %s", upgrade);
	else if (live->rule->answer == XFDT_EXPOSED)
		snprintf(ret_text, size, "%s", upgrade);
	else
		snprintf(ret_text, size,
			 "see what is missing; run it again when the host is less busy, or name "
			 "the kernel's debuginfo (-d)");
}

static void put_line(FILE *out, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put_line(FILE *out, const char *label, const char *format, ...)
{
	char text[TEXT_MAX], escaped[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	xfdt_escape(text, escaped, sizeof(escaped));
	fprintf(out, "  %-10s %s\n", label, escaped);
}

static void put_fix(const struct xfdt_live *live, FILE *out)
{
	const struct xfdt_host *host = live->outcome->host;
	const struct xfdt_value *livepatched = &host->fix.livepatched;
	char fix[TEXT_MAX];

	xfdt_render_fix(live->outcome, fix, sizeof(fix));
	put_line(out, "fix", "%s", fix);
	put_line(out, "livepatch", "%s",
		 !livepatched->known ? "not known (a kernel without CONFIG_LIVEPATCH has none)" :
		 livepatched->value  ? "one or more are loaded" :
				       "none is loaded");
}

static void put_mismatches(const struct xfdt_live *live, FILE *out)
{
	const struct xfdt_vcpu_verdict *state = live->outcome->verdict->vcpus;
	const struct xfdt_vm *vm;
	size_t i, j, count = 0;

	for (i = 0; (vm = xfdt_host_vm(live->outcome->host, i)); i++) {
		for (j = 0; j < vm->vcpu_count; j++, state++) {
			const struct xfdt_vcpu *vcpu = &vm->vcpus[j];

			if (!xfdt_live_is_mismatch(live, vcpu, state) || count++ >= SHOWN_MAX)
				continue;
			put_line(out, "mismatch",
				 "vCPU %u of VM 0x%" PRIx64 " (pid %d %s): XSTATE_BV 0x%" PRIx64
				 " & XFD 0x%" PRIx64 " = 0x%" PRIx64,
				 vcpu->id, vm->kvaddr, vm->pid, vm->comm, vcpu->header.xstate_bv,
				 vcpu->xfd, state->mismatch);
		}
	}
	if (count > SHOWN_MAX)
		put_line(out, "", "and %zu more", count - SHOWN_MAX);
}

static void put_missing(const struct xfdt_gaps *gaps, FILE *out)
{
	size_t i;

	for (i = 0; i < gaps->count; i++)
		put_line(out, "missing", "%s: %s", gaps->items[i].what, gaps->items[i].why);
}

void xfdt_render_live_text(const struct xfdt_live *live, FILE *out)
{
	const struct xfdt_host *host = live->outcome->host;
	const struct xfdt_fact *facts = live->outcome->facts->items;
	struct xfdt_live_counts counts;
	char advice[XFDT_ADVICE_MAX];

	xfdt_live_count(live, &counts);
	xfdt_live_advice(live, advice, sizeof(advice));
	fprintf(out, "%s: %s\n", xfdt_exposure_name(live->rule->answer), live->rule->words);
	put_line(out, "do", "%s", advice);
	put_line(out, "host", "%s, Linux %s", *host->nodename ? host->nodename : "(name unknown)",
		 host->image->release ? host->image->release : "unknown");
	put_line(out, "AMX", "%s: %s", xfdt_truth_name(live->facts.capable),
		 facts[XFDT_FACT_CAPABLE].why);
	put_line(out, "KVM", "%s: %s", xfdt_truth_name(live->facts.kvm), facts[XFDT_FACT_KVM].why);
	put_fix(live, out);
	put_line(out, "vCPUs",
		 "%zu in %zu VM%s; AMX enabled in %zu, IA32_XFD written in %zu, mismatch in %zu%s",
		 counts.vcpus, counts.vms, counts.vms == 1 ? "" : "s", counts.amx_enabled,
		 counts.xfd_written, counts.mismatches,
		 counts.unread ? "; some could not be read" : "");
	put_mismatches(live, out);
	if (live->rule->answer != XFDT_EXPOSURE_UNKNOWN)
		return;
	put_missing(&host->image->gaps, out);
	put_missing(&host->gaps, out);
}
