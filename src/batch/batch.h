/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many dumps, each in a process of its own, and their results in a store. */
#ifndef XFDT_BATCH_BATCH_H
#define XFDT_BATCH_BATCH_H

#include "batch/find.h"
#include "sandbox/worker.h"
#include "store/store.h"
#include "unpack/unpack.h"
#include "verdict/verdict.h"

/* The code of a worker that had not enough memory, beside those of docs/verdicts.md. */
#define XFDT_WORKER_NO_MEMORY 12

struct xfdt_batch_counts {
	uint64_t found; /* dumps, in this shard */
	uint64_t done;	/* of them, those with a result */
	uint64_t known; /* of them, those whose result was in the store before */
	uint64_t running;
	uint64_t hooks;	 /* of them, those that the hook for kdump answered, and no dump */
	uint64_t joined; /* answers of hooks beside these: a dump of the same panic counts */
	uint64_t pruned; /* results of dumps that are gone, forgotten */
	uint64_t verdicts[XFDT_VERDICT_KINDS]; /* of those done */
	uint64_t ended
		[XFDT_ENDED_KINDS]; /* the others by how they ended; [XFDT_ENDED_OK]: all with a verdict */
	uint64_t without;	    /* packed files that have no dump and no log in them */
	bool scanning;		    /* more may be found */
	const struct xfdt_scan_counts *scan;
};

struct xfdt_batch {
	struct xfdt_store *store;
	const char *const *paths;
	size_t path_count;
	unsigned int jobs;	    /* workers at a time, 1 or more */
	unsigned int seconds;	    /* of CPU time for one dump; see xfdt_worker_wall_ms() */
	uint64_t memory;	    /* address space for one dump, bytes */
	unsigned int shard, shards; /* counted from 1; 1 of 1: all */
	unsigned int settle;	    /* as in struct xfdt_scan_options */
	bool prune;	    /* forget dumps that are gone from folders that were read whole */
	const char *folder; /* to unpack to */
	struct xfdt_unpack_limits unpack;
	bool retry_failed; /* look again at dumps that gave no verdict */
	bool force;	   /* look again at all */
	const char *version;
	void *context; /* of the functions below; all are required */

	/*
	 * In a worker, which has to end in it: print the first line of how it is
	 * confined, a second of JSON, and _exit() with xfdt_worker_status().
	 */
	void (*work)(void *context, const struct xfdt_found *found);
	/* A dump is done now, or is @known from before.  Not for failures to store it. */
	void (*tell)(void *context, const struct xfdt_result *result, bool known);
	/* Now and then, about ten times a second. */
	void (*progress)(void *context, const struct xfdt_batch_counts *counts);
	xfdt_scan_complain *complain;
};

/*
 * Triage all that is found.  SIGINT, SIGTERM and SIGHUP end it early;
 * *@ret_signal is the one that did, or 0.  The results so far are in the
 * store, and the same call continues from there.
 */
struct xfdt_error *xfdt_batch_run(const struct xfdt_batch *batch,
				  struct xfdt_batch_counts *ret_counts,
				  struct xfdt_scan_counts *ret_scan, int *ret_signal);

/*
 * The exit code for all: the strongest finding of confirmed, armed, probable,
 * inconclusive; without those an error, since there can be no all-clear for
 * a dump that was not looked at; then not-this-bug, not-applicable.  A shard
 * that is empty while others are not has no finding: not-applicable.
 */
int xfdt_batch_exit(const struct xfdt_batch_counts *counts);

/* The exit code that tells a scheduler whether to run it again: 0, or XFDT_EXIT_ERROR if something could not be looked at. */
int xfdt_batch_exit_ran(const struct xfdt_batch_counts *counts);

#endif
