/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a triage took. */
#include "render/stats.h"
#include "base/util.h"

#include <string.h>

void xfdt_stats_begin(struct xfdt_stats *stats)
{
	*stats = (struct xfdt_stats){ .started_us = xfdt_now_us() };
}

static struct xfdt_stage_cost cost_since(const struct xfdt_stage_cost *now,
					 const struct xfdt_stage_cost *before)
{
	return (struct xfdt_stage_cost){
		.reads = now->reads - before->reads,
		.read_bytes = now->read_bytes - before->read_bytes,
		.round_trips = now->round_trips - before->round_trips,
		.stored_bytes = now->stored_bytes - before->stored_bytes,
		.microseconds = now->microseconds - before->microseconds,
	};
}

void xfdt_stats_end(struct xfdt_stats *stats, enum xfdt_stage stage,
		    const struct xfdt_reader *reader)
{
	struct xfdt_traffic traffic = { 0 };
	struct xfdt_stage_cost now;

	if (reader->traffic)
		traffic = reader->traffic(reader);
	now = (struct xfdt_stage_cost){
		.reads = reader->cost.reads,
		.read_bytes = reader->cost.bytes,
		.round_trips = traffic.round_trips,
		.stored_bytes = traffic.bytes,
		.microseconds = xfdt_now_us() - stats->started_us,
	};
	stats->stages[stage] = cost_since(&now, &stats->total);
	stats->total = now;
}

const char *xfdt_stage_name(enum xfdt_stage stage)
{
	static const char *const names[XFDT_STAGES] = { "open", "resolve", "kernel", "verdict" };

	return names[stage];
}

static void put_cost(const char *name, const struct xfdt_stage_cost *cost, FILE *out)
{
	fprintf(out, "  %-8s %10llu %14llu %12llu %14llu %9lld.%06lld\n", name, ull(cost->reads),
		ull(cost->read_bytes), ull(cost->round_trips), ull(cost->stored_bytes),
		(long long)(cost->microseconds / 1000000),
		(long long)(cost->microseconds % 1000000));
}

void xfdt_render_stats(const struct xfdt_stats *stats, FILE *out)
{
	size_t i;

	fprintf(out, "\n  %-8s %10s %14s %12s %14s %16s\n", "stage", "reads", "bytes read",
		"round trips", "bytes of file", "seconds");
	for (i = 0; i < XFDT_STAGES; i++)
		put_cost(xfdt_stage_name(i), &stats->stages[i], out);
	put_cost("all", &stats->total, out);
}
