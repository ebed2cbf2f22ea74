/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict and what it rests on, for people and for programs. */
#ifndef XFDT_REPORT_REPORT_H
#define XFDT_REPORT_REPORT_H

#include "kernel/host.h"
#include "verdict/verdict.h"

#include <stdio.h>

struct xfdt_report {
	const char *path;		/* the dump's, or the first of a split set */
	const char *format;		/* libkdumpfile's name of its format */
	const struct xfdt_host *host;
	const struct xfdt_verdict *verdict;
};

struct xfdt_text_options {
	bool colour;
	bool verbose;		/* all vCPUs, every piece of evidence, commands to check by hand */
};

/* The verdict, why, and the vCPUs. */
void xfdt_report_text(const struct xfdt_report *report,
		      const struct xfdt_text_options *options, FILE *out);

/* Every vCPU in full, with its XSAVE components. */
void xfdt_report_show(const struct xfdt_report *report,
		      const struct xfdt_text_options *options, FILE *out);

/* One JSON object on one line (docs/json.md). */
struct xfdt_error *xfdt_report_json(const struct xfdt_report *report, FILE *out);

/* The same for a dump that could not be looked at at all. */
struct xfdt_error *xfdt_report_json_error(const char *path, const char *message,
					  FILE *out);

#define XFDT_JSON_SCHEMA "xfdtriage-1"

#endif
