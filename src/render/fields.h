/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of fields that every form of a report is made from. */
#ifndef XFDT_RENDER_FIELDS_H
#define XFDT_RENDER_FIELDS_H

#include "render/render.h"

enum xfdt_cell_kind {
	XFDT_CELL_NONE,
	XFDT_CELL_HEX,
	XFDT_CELL_INT,
	XFDT_CELL_BOOL,
	XFDT_CELL_TEXT
};

struct xfdt_cell {
	enum xfdt_cell_kind kind;
	uint64_t number;
	const char *text; /* borrowed; untrusted */
};

/* What a field's cell is made from; fault, vm, vcpu and state only in their groups. */
struct xfdt_row {
	const struct xfdt_image *image;
	const struct xfdt_host *host;
	const struct xfdt_fault *fault;
	const struct xfdt_vm *vm;
	const struct xfdt_vcpu *vcpu;
	const struct xfdt_vcpu_verdict *state;
};

enum xfdt_field_group {
	XFDT_GROUP_KERNEL,
	XFDT_GROUP_SOURCES,
	XFDT_GROUP_PANIC,
	XFDT_GROUP_FAULT,
	XFDT_GROUP_VM,
	XFDT_GROUP_VCPU,
	XFDT_GROUP_THREAD,
};

struct xfdt_field {
	enum xfdt_field_group group;
	const char *key, *heading, *help;
	struct xfdt_cell (*cell)(const struct xfdt_row *row);
};

extern const struct xfdt_field xfdt_fields[];
extern const size_t xfdt_field_count;

/* A number as both forms write it: hexadecimal with 0x, unpadded. */
void xfdt_cell_format(const struct xfdt_cell *cell, char *ret_text, size_t size);

/*
 * Make untrusted @text safe to show: control characters, those that turn the
 * direction of text, and bytes that are no UTF-8 become \xNN.  Cut at @size.
 */
void xfdt_escape(const char *text, char *ret_text, size_t size);

/* What a verdict means, in a sentence without its full stop. */
const char *xfdt_verdict_words(enum xfdt_verdict_kind kind);
/* The same of this dump. */
const char *xfdt_render_words(const struct xfdt_outcome *report);

#define XFDT_ADVICE_MAX 1024

/* On a host that lives, with a vCPU in the state that triggers the bug. */
#define XFDT_KEEP_FROM_RUNNING \
	"keep the vCPUs below from running: the next KVM_RUN may panic this host"

/* What to do now, in a sentence or two without the full stop.  Untrusted: it may quote a release. */
void xfdt_render_advice(const struct xfdt_outcome *report, char *ret_text, size_t size);
/* Which kernel to boot in place of @release, which is untrusted, or NULL. */
void xfdt_render_upgrade(const char *release, char *ret_text, size_t size);
/* The first thing that is missing; NULL: nothing is. */
const struct xfdt_gap *xfdt_render_first_gap(const struct xfdt_host *host);
/* Are gaps part of the report?  Nothing is missing where the bug is impossible. */
bool xfdt_render_gaps_listed(const struct xfdt_outcome *report);
/* Could what is missing change the verdict? */
bool xfdt_render_gaps_matter(const struct xfdt_outcome *report);
/* Is the fix in this kernel, and which release has it?  Static words only. */
void xfdt_render_fix(const struct xfdt_outcome *report, char *ret_text, size_t size);

const char *xfdt_presence_name(enum xfdt_presence presence);
/* The two halves in one word. */
const char *xfdt_fix_name(const struct xfdt_host *host);
const char *xfdt_regs_source_name(enum xfdt_regs_source source);

/* What to type in crash(8) to see the same: calls @put with one line after the other. */
void xfdt_render_commands(const struct xfdt_outcome *report,
			  void (*put)(void *context, const char *command), void *context);

#define XFDT_TRACE_MAX 64 /* lines of the call trace that are shown */

#endif
