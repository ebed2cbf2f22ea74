/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary of what a distilled vmcore contains, for whoever approves its release. */
#ifndef XFDT_DISTILL_CONTENTS_H
#define XFDT_DISTILL_CONTENTS_H

#include "distill/distill.h"
#include "render/render.h"

#include <stdio.h>

struct xfdt_contents {
	const char *path;		   /* of the distilled file */
	const struct xfdt_outcome *report; /* of what it was made from */
	const struct xfdt_distill_options *options;
	const struct xfdt_distill_result *result;
	bool same_answer; /* byte for byte, or only the same verdict */
};

/* For people, with names and lines of the log in full. */
struct xfdt_error *xfdt_contents_text(const struct xfdt_contents *contents, FILE *out);

/* One JSON object on one line (docs/json.md). */
struct xfdt_error *xfdt_contents_json(const struct xfdt_contents *contents, FILE *out);

#define XFDT_CONTENTS_SCHEMA "xfdtriage-distill-1"

#endif
