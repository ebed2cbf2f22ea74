/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts of a kernel log without the memory that it was in.  It can speak for the bug, but not
 * against it: what it does not say may have happened.
 */
#include "kernel/facts_parts.h"
#include "kernel/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is it a line of the kernel's that begins with @start? */
static bool begins_with(const struct xfdt_log_line *line, const char *start)
{
	return !line->from_user && !strncmp(line->text, start, strlen(start));
}

/* The newest line of the kernel's that begins with @start and holds @part; NULL: there is none. */
static const struct xfdt_log_line *find_line(const struct xfdt_log *log, const char *start,
					     const char *part)
{
	size_t i;

	for (i = log->count; i-- > 0;)
		if (begins_with(&log->lines[i], start) && strstr(log->lines[i].text, part))
			return &log->lines[i];
	return NULL;
}

/* Is kvm, or a module that needs it (kvm_intel, kvm_amd), among the names at @text? */
static bool names_kvm(const char *text, bool also_unloaded)
{
	const char *unloaded = strstr(text, "[last unloaded:"), *at = text;

	while ((at = strstr(at, " kvm"))) {
		if (unloaded && !also_unloaded && at > unloaded)
			return false;
		at += 4;
		/* a flag, a longer name, the next module, or the end */
		if (!*at || strchr("(_ ]", *at))
			return true;
	}
	return false;
}

const struct xfdt_log_line *xfdt_logged_kvm(const struct xfdt_log *log, bool also_unloaded)
{
	size_t i;

	for (i = log->count; i-- > 0;)
		if (begins_with(&log->lines[i], "Modules linked in:") &&
		    names_kvm(log->lines[i].text, also_unloaded))
			return &log->lines[i];
	return NULL;
}

static void find_kvm(struct xfdt_facts *facts, const struct xfdt_log *log)
{
	const struct xfdt_log_line *line = xfdt_logged_kvm(log, false);

	if (line)
		xfdt_fact_set(facts, XFDT_FACT_KVM, XFDT_YES, "line %zu lists the module kvm",
			      line->number);
	else
		xfdt_fact_set(facts, XFDT_FACT_KVM, XFDT_UNSURE,
			      "the log does not say which modules were loaded");
}

const struct xfdt_log_line *xfdt_logged_features(const struct xfdt_log *log, uint64_t *ret_features)
{
	const struct xfdt_log_line *line = find_line(log, XFDT_LINE_FEATURES, "0x");

	*ret_features = line ? strtoull(line->text + strlen(XFDT_LINE_FEATURES), NULL, 16) : 0;
	return line;
}

static void find_capable(struct xfdt_facts *facts, const struct xfdt_log *log)
{
	const enum xfdt_fact_id id = XFDT_FACT_CAPABLE;
	const struct xfdt_log_line *line;
	uint64_t features;

	line = xfdt_logged_features(log, &features);
	if (features >> XFDT_XFEATURE_XTILEDATA & 1)
		xfdt_fact_set(facts, id, XFDT_YES,
			      "line %zu: the enabled xstate features 0x%" PRIx64 " have XTILEDATA",
			      line->number, features);
	else if (line)
		xfdt_fact_set(facts, id, XFDT_UNSURE,
			      "line %zu: the enabled xstate features 0x%" PRIx64
			      " lack XTILEDATA; the log has no second witness of that",
			      line->number, features);
	else
		xfdt_fact_set(facts, id, XFDT_UNSURE,
			      "the log lacks the boot line with the enabled xstate features");
}

static void find_panicked(struct xfdt_facts *facts, const struct xfdt_panic *panic)
{
	const struct xfdt_event *event = xfdt_event_last(&panic->events, XFDT_EVENT_PANIC);

	if (event)
		xfdt_fact_set(facts, XFDT_FACT_PANICKED, XFDT_YES, "line %zu: \"%.160s\"",
			      panic->log.lines[event->line].number,
			      panic->log.lines[event->line].text);
	else
		xfdt_fact_set(facts, XFDT_FACT_PANICKED, XFDT_UNSURE, "the log shows no panic");
}

void xfdt_log_facts_find(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	const struct xfdt_panic *panic = &host->panic;

	find_kvm(facts, &panic->log);
	find_capable(facts, &panic->log);
	find_panicked(facts, panic);
	xfdt_fact_set(facts, XFDT_FACT_COMPLETE, XFDT_UNSURE,
		      "a log does not hold the FPU states of guests");
}
