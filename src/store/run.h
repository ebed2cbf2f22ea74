/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record that a batch leaves in its store: what it was to look at, and whether it got to the end. */
#ifndef XFDT_STORE_RUN_H
#define XFDT_STORE_RUN_H

#include "store/store.h"

#define XFDT_SHARDS_MAX 1000000

enum xfdt_run_status {
	XFDT_RUN_STARTED,     /* it is running, or was killed */
	XFDT_RUN_INTERRUPTED, /* by a signal or an error */
	XFDT_RUN_COMPLETE,    /* it looked at all that it could */
	XFDT_RUN_KINDS,
};

struct xfdt_run {
	const char *paths;	    /* as they were named, escaped, one a line */
	unsigned int shard, shards; /* counted from 1; 1 of 1: all */
	enum xfdt_run_status status;
	const char *started, *ended; /* UTC, 2026-11-22T13:30:00Z; @ended "": not yet */
	int64_t files;		     /* in the paths, of all shards */
	int64_t found, done;	     /* dumps of this shard */
	int64_t unread;		     /* folders and paths that could not be read */
	const char *version;	     /* of xfdtriage */
};

/* Store @run in place of an earlier one with the same paths, shard and number of shards. */
struct xfdt_error *xfdt_store_put_run(struct xfdt_store *store, const struct xfdt_run *run);

/* @run is valid during the call.  An error ends the walk, and is returned. */
typedef struct xfdt_error *xfdt_store_visit_run(void *context, const struct xfdt_run *run);

/* Visit all records; a store of version 1 has none.  *@ret_damaged is as in xfdt_store_each(). */
struct xfdt_error *xfdt_store_each_run(struct xfdt_store *store, xfdt_store_visit_run *visit,
				       void *context, uint64_t *ret_damaged);

/* "started", "interrupted", "complete" */
const char *xfdt_run_status_name(enum xfdt_run_status status);

#endif
