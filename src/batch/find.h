/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding dumps in files and folders, by content. */
#ifndef XFDT_BATCH_FIND_H
#define XFDT_BATCH_FIND_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A dump: one file, or the parts of a split set by rising page frames.  Freed by xfdt_found_free(). */
struct xfdt_found {
	char **paths;		/* absolute */
	size_t path_count;
	int64_t size;		/* bytes, of all */
	int64_t mtime_ns;	/* the sum of all, modulo 2^63 */
	char *identity;		/* size, build-id and hash of the headers */
	/*
	 * Of the first path's name below the folder that was named, which is
	 * the same on machines that mount that folder elsewhere; for a file
	 * that was named itself, of its name as it was given.
	 */
	uint64_t name_hash;
	char *problem;		/* why it cannot be looked at; NULL: nothing is known against it */
};

void xfdt_found_free(struct xfdt_found *found);

/* What was met, in files but where it says otherwise. */
struct xfdt_scan_counts {
	uint64_t files;		/* that were opened, or should have been */
	uint64_t parts;		/* of split sets */
	uint64_t processes;	/* core files of processes */
	uint64_t others;	/* no dumps */
	uint64_t special;	/* FIFOs, sockets, devices, links to nothing: not opened */
	uint64_t links;		/* to folders: not followed */
	uint64_t repeated;	/* dumps that were met before */
	uint64_t folders;	/* that cannot be read, and paths that do not exist */
};

/* Told of a folder that cannot be read and of a path that does not exist. */
typedef void xfdt_scan_complain(void *context, const char *path, const char *why);

struct xfdt_scan;

/*
 * Find dumps in the @count files and folders at @paths, which are borrowed.
 * Links to files are followed, links to folders only if they are among @paths.
 */
struct xfdt_error *xfdt_scan_new(struct xfdt_scan **ret_scan, const char *const *paths, size_t count,
				 xfdt_scan_complain *complain, void *context);
void xfdt_scan_free(struct xfdt_scan *scan);

/*
 * Go one file further.  *@ret_found is a dump, or NULL: none this time.
 * *@ret_more is false when all is looked at.  Split sets come last.
 */
struct xfdt_error *xfdt_scan_step(struct xfdt_scan *scan, struct xfdt_found **ret_found, bool *ret_more);

/* As of now; valid until xfdt_scan_free(). */
const struct xfdt_scan_counts *xfdt_scan_counts(const struct xfdt_scan *scan);

/* Is the share of @found, of @shards, number @shard, counted from 1? */
bool xfdt_found_in_shard(const struct xfdt_found *found, unsigned int shard, unsigned int shards);

#endif
