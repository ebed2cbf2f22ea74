/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every form of a report says first: what the verdict means, what to do now, and the fix. */
#include "render/fields.h"
#include "verdict/releases.h"

#include <string.h>

const char *xfdt_render_words(const struct xfdt_outcome *report)
{
	const struct xfdt_verdict *verdict = report->verdict;

	if (report->facts->of_log)
		return verdict->kind == XFDT_PROBABLE ?
			       "the log matches " XFDT_CVE "; the vmcore decides" :
			       "the log does not show the bug; the vmcore decides";
	if (verdict->kind == XFDT_CONFIRMED && report->facts->fixed == XFDT_YES)
		return "the mechanism of " XFDT_CVE ", on a kernel with the fix";
	if (verdict->kind == XFDT_NOT_THIS_BUG &&
	    report->facts->items[XFDT_FACT_PANICKED].value == XFDT_NO)
		return "no sign of the bug on this host, which was running";
	return verdict->rule->words;
}

/* the fix */

static const char *half_name(enum xfdt_presence presence)
{
	static const char *const names[] = {
		[XFDT_UNKNOWN] = "unknown",
		[XFDT_ABSENT] = "no",
		[XFDT_PRESENT] = "yes",
	};

	return names[presence];
}

static const char *fix_words(const struct xfdt_host *host)
{
	enum xfdt_presence vmlinux = host->fix.vmlinux, kvm = host->fix.kvm;

	if (host->kvm == XFDT_KVM_ABSENT)
		kvm = vmlinux;
	if (vmlinux == XFDT_PRESENT && kvm == XFDT_PRESENT)
		return "in this kernel";
	if (vmlinux == XFDT_ABSENT && kvm == XFDT_ABSENT)
		return "not in this kernel";
	if (vmlinux == XFDT_UNKNOWN && kvm == XFDT_UNKNOWN)
		return "not known whether in this kernel";
	if (vmlinux == XFDT_ABSENT || kvm == XFDT_ABSENT)
		return "not complete in this kernel";
	return "not known whether complete in this kernel";
}

static bool is_livepatched(const struct xfdt_host *host)
{
	return host->fix.livepatched.known && host->fix.livepatched.value;
}

/* Which upstream release has it, and what this distribution says of its own. */
static void put_fixed_in(const char *release, char *ret_text, size_t size)
{
	const struct xfdt_vendor *vendor = xfdt_vendor_of(release);
	size_t len = (size_t)snprintf(ret_text, size, "; first fixed in %s",
				      xfdt_fixed_in(release));

	if (vendor->name && len < size)
		snprintf(ret_text + len, size - len, "; %s: %s%s (as of %s)", vendor->name,
			 vendor->fixed_in ? "in " : xfdt_vendor_state_name(vendor->state),
			 vendor->fixed_in ? vendor->fixed_in : "", vendor->date);
}

void xfdt_render_fix(const struct xfdt_outcome *report, char *ret_text, size_t size)
{
	const struct xfdt_host *host = report->host;
	char fixed_in[256] = "";

	if (strcmp(xfdt_fix_name(host), "present"))
		put_fixed_in(host->image->release, fixed_in, sizeof(fixed_in));
	snprintf(ret_text, size, "%s (vmlinux %s, kvm %s)%s%s", fix_words(host),
		 half_name(host->fix.vmlinux),
		 host->kvm == XFDT_KVM_ABSENT ? "not loaded" : half_name(host->fix.kvm),
		 is_livepatched(host) ? "; a livepatch is loaded, which can replace either half" :
					"",
		 fixed_in);
}

/* what to do */

void xfdt_render_upgrade(const char *release, char *ret_text, size_t size)
{
	const struct xfdt_vendor *vendor = xfdt_vendor_of(release);
	const char *upstream = xfdt_fixed_in(release);

	switch (vendor->state) {
	case XFDT_VENDOR_FIXED:
		snprintf(ret_text, size,
			 "boot a kernel with the fix before guests that use AMX run again: "
			 "%s %s or later (as of %s)",
			 vendor->name, vendor->fixed_in, vendor->date);
		break;
	case XFDT_VENDOR_NONE_YET:
		snprintf(ret_text, size,
			 "keep AMX from guests until the vendor has a kernel with the fix: for %s "
			 "there is none yet (as of %s)",
			 vendor->name, vendor->date);
		break;
	case XFDT_VENDOR_NEVER:
		snprintf(ret_text, size,
			 "boot a kernel of another series with the fix before guests that use AMX "
			 "run again: %s never gets it (as of %s)",
			 vendor->name, vendor->date);
		break;
	case XFDT_VENDOR_UNAFFECTED:
		snprintf(ret_text, size,
			 "ask the vendor: %s is said not to have the bug (as of %s), and this kernel "
			 "differs",
			 vendor->name, vendor->date);
		break;
	default:
		snprintf(ret_text, size,
			 "boot a kernel with the fix before guests that use AMX run again: ask the "
			 "vendor%s%s for one; upstream it is %s",
			 vendor->name ? " of " : "", vendor->name ? vendor->name : "", upstream);
		break;
	}
}

static void advise_on_mechanism(const struct xfdt_outcome *report, char *ret_text, size_t size)
{
	const enum xfdt_truth fixed = report->facts->fixed;
	char upgrade[XFDT_ADVICE_MAX / 2];

	xfdt_render_upgrade(report->host->image->release, upgrade, sizeof(upgrade));
	if (fixed == XFDT_YES)
		snprintf(ret_text, size,
			 "upgrading will not help: the kernel has the fix, and " XFDT_FIX_COMMIT
			 " does not close this case; report it, with this vmcore distilled");
	else
		snprintf(ret_text, size, "%s%s",
			 fixed == XFDT_UNSURE ?
				 "find out whether the kernel has the fix (" XFDT_FIX_COMMIT
				 "); if not, " :
				 "",
			 upgrade);
}

static void advise_on_other(const struct xfdt_outcome *report, char *ret_text, size_t size)
{
	const struct xfdt_fact *facts = report->facts->items;
	bool exposed = report->verdict->kind == XFDT_NOT_THIS_BUG &&
		       report->facts->fixed == XFDT_NO && facts[XFDT_FACT_CAPABLE].value != XFDT_NO;
	bool panicked = facts[XFDT_FACT_PANICKED].value != XFDT_NO;
	char upgrade[XFDT_ADVICE_MAX / 2];

	xfdt_render_upgrade(report->host->image->release, upgrade, sizeof(upgrade));
	snprintf(ret_text, size, "%s%s%s%s",
		 panicked ? "look for another cause of this crash" :
		 exposed  ? "" :
			    "nothing: the host was running",
		 panicked && exposed ? "; " : "",
		 exposed ? "the host is still exposed to this bug: " : "", exposed ? upgrade : "");
}

const struct xfdt_gap *xfdt_render_first_gap(const struct xfdt_host *host)
{
	if (host->image->gaps.count)
		return &host->image->gaps.items[0];
	return host->gaps.count ? &host->gaps.items[0] : NULL;
}

bool xfdt_render_gaps_listed(const struct xfdt_outcome *report)
{
	return report->verdict->kind != XFDT_NOT_APPLICABLE;
}

bool xfdt_render_gaps_matter(const struct xfdt_outcome *report)
{
	switch (report->verdict->kind) {
	case XFDT_CONFIRMED:
	case XFDT_NOT_THIS_BUG:
	case XFDT_NOT_APPLICABLE:
		return false;
	case XFDT_ARMED:
		return report->facts->items[XFDT_FACT_HIT].value == XFDT_UNSURE;
	default:
		return true;
	}
}

/* The remedy of what is unknown. */
static const char *remedy_of(const struct xfdt_outcome *report)
{
	static const enum xfdt_fact_id order[] = { XFDT_FACT_HIT, XFDT_FACT_COMPLETE,
						   XFDT_FACT_CAPABLE, XFDT_FACT_KVM };
	const struct xfdt_gap *gap = xfdt_render_first_gap(report->host);
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct xfdt_fact *fact = &report->facts->items[order[i]];

		if (fact->value == XFDT_UNSURE && fact->remedy)
			return fact->remedy;
	}
	if (gap && gap->remedy)
		return gap->remedy;
	return "nothing can be added to the dump that decides it: read the evidence (-v), and report a contradiction with this vmcore distilled";
}

#define SHARING \
	". This report may be shared: it has no guest memory, but the names of host and processes"

/* What comes before the advice on the kernel. */
static const char *first_advice(const struct xfdt_outcome *report)
{
	if (report->facts->of_log)
		return "triage the vmcore of this crash, which decides; ";
	if (report->verdict->kind == XFDT_ARMED &&
	    report->facts->items[XFDT_FACT_PANICKED].value == XFDT_NO)
		return XFDT_KEEP_FROM_RUNNING "; ";
	return "";
}

void xfdt_render_advice(const struct xfdt_outcome *report, char *ret_text, size_t size)
{
	size_t len;

	switch (report->verdict->kind) {
	case XFDT_CONFIRMED:
	case XFDT_ARMED:
	case XFDT_PROBABLE:
		len = (size_t)snprintf(ret_text, size, "%s", first_advice(report));
		advise_on_mechanism(report, ret_text + len, size - len);
		break;
	case XFDT_INCONCLUSIVE:
		snprintf(ret_text, size, "%s", remedy_of(report));
		break;
	default:
		advise_on_other(report, ret_text, size);
		break;
	}
	len = strlen(ret_text);
	snprintf(ret_text + len, size - len, SHARING);
}
