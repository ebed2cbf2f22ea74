/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict and what it rests on, for people and for programs. */
#ifndef XFDT_RENDER_RENDER_H
#define XFDT_RENDER_RENDER_H

#include "kernel/host.h"
#include "verdict/verdict.h"

#include <stdio.h>

struct xfdt_outcome {
	const char *path;	  /* the dump's, or the first of a split set */
	const char *format;	  /* "diskdump", "elf", or "log": a kernel log alone */
	const char *const *files; /* of a log: those that its lines name by index */
	size_t file_count;
	const struct xfdt_host *host;
	const struct xfdt_facts *facts;
	const struct xfdt_verdict *verdict;
	const struct xfdt_stats *stats; /* cost of the triage; NULL: not requested */
	const char *confined; /* how the process that read the dump was; NULL: not at all */
};

#define XFDT_WIDTH_MIN 80 /* columns of a line */

/*
 * The words of @text, which is untrusted, from @column on and then below @indent, to the end of
 * the line.  A word that is longer than a line stays whole.
 */
void xfdt_render_wrapped(const char *text, size_t column, size_t indent, unsigned int width,
			 FILE *out);

/* Which vCPUs xfdt_render_show() shows. */
enum xfdt_pick {
	XFDT_PICK_ALL,
	XFDT_PICK_ID,	  /* those of this vcpu_id, of any VM */
	XFDT_PICK_KVADDR, /* those of the struct kvm, or the struct kvm_vcpu, at this address */
};

struct xfdt_text_options {
	bool colour;
	unsigned int width; /* of a line, in columns; less than XFDT_WIDTH_MIN is taken for that */
	bool verbose;	    /* all vCPUs, every piece of evidence, commands to check by hand */
	enum xfdt_pick pick;
	uint64_t picked;
};

/* The verdict, why, and the vCPUs. */
void xfdt_render_text(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
		      FILE *out);

/* The first lines of it alone: the verdict, and what to do. */
void xfdt_render_answer(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
			FILE *out);

/*
 * The verdict in a few lines for a console: the kernel, the vCPU that matters,
 * what to do.  Each line begins with @prefix.
 */
void xfdt_render_brief(const struct xfdt_outcome *report, const char *prefix, FILE *out);

/* Every vCPU in full, with its XSAVE components. */
void xfdt_render_show(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
		      FILE *out);

/* The VMs and their vCPUs alone, all of them. */
void xfdt_render_vms(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
		     FILE *out);

/* How the kernel died: the verdict, why, and the evidence. */
void xfdt_render_panic(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
		       FILE *out);

/* Does @options pick any VM or vCPU of the dump? */
bool xfdt_render_picks_any(const struct xfdt_outcome *report,
			   const struct xfdt_text_options *options);

/* One JSON object on one line (docs/json.md). */
struct xfdt_error *xfdt_render_json(const struct xfdt_outcome *report, FILE *out);

/* The same for a dump that could not be looked at at all. */
struct xfdt_error *xfdt_render_json_error(const char *path, const char *message, FILE *out);

#define XFDT_JSON_SCHEMA "xfdtriage-1"

#endif
