/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Did the batches behind the stores get to the end, and are all shards there? */
#ifndef XFDT_REPORT_RUNS_H
#define XFDT_REPORT_RUNS_H

#include "store/run.h"

struct xfdt_runs;

struct xfdt_error *xfdt_runs_new(struct xfdt_runs **ret_runs);
void xfdt_runs_free(struct xfdt_runs *runs);

/* Add a record of the store that is called @store, which is borrowed until @runs is freed. */
struct xfdt_error *xfdt_runs_add(struct xfdt_runs *runs, const char *store,
				 const struct xfdt_run *run);

/* Told of one thing that is missing, in a line without a newline. */
typedef void xfdt_runs_tell(void *context, const char *line);

/*
 * Call it when all are added.  Of records with the same paths, shard and number of shards, the one that was
 * started last counts.  Returns how many things are missing; @tell may be NULL.
 */
size_t xfdt_runs_check(struct xfdt_runs *runs, xfdt_runs_tell *tell, void *context);

/* When the last run was started; "" if there is none. */
const char *xfdt_runs_last_start(const struct xfdt_runs *runs);

#endif
