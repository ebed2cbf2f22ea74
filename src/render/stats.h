/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a triage took, stage by stage: reads, bytes, round trips and time. */
#ifndef XFDT_RENDER_STATS_H
#define XFDT_RENDER_STATS_H

#include "image/reader.h"

#include <stdio.h>

/* The stages in their order. */
enum xfdt_stage {
	XFDT_STAGE_OPEN,    /* the dump's headers and its page bitmap */
	XFDT_STAGE_RESOLVE, /* symbols and types */
	XFDT_STAGE_KERNEL,  /* facts about the kernel */
	XFDT_STAGE_VERDICT,
	XFDT_STAGES
};

struct xfdt_stage_cost {
	uint64_t reads, read_bytes;	    /* of the dumped kernel's memory */
	uint64_t round_trips, stored_bytes; /* of the file */
	int64_t microseconds;		    /* by the clock on the wall */
};

struct xfdt_stats {
	struct xfdt_stage_cost stages[XFDT_STAGES], total;
	int64_t started_us;
};

/* Begin the first stage. */
void xfdt_stats_begin(struct xfdt_stats *stats);
/* End @stage, in which all was read that @reader has read since the stage before; the next one begins. */
void xfdt_stats_end(struct xfdt_stats *stats, enum xfdt_stage stage,
		    const struct xfdt_reader *reader);

/* "open", "resolve", "kernel", "verdict" */
const char *xfdt_stage_name(enum xfdt_stage stage);

/* A table with a line for each stage, and one for all of them. */
void xfdt_render_stats(const struct xfdt_stats *stats, FILE *out);

#endif
