/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding dumps, and kernel logs without one, in files and folders, by content. */
#ifndef XFDT_BATCH_FIND_H
#define XFDT_BATCH_FIND_H

#include "base/error.h"
#include "batch/found.h"

/* What was met, in files but where it says otherwise. */
struct xfdt_scan_counts {
	uint64_t files;	    /* that were opened, or should have been */
	uint64_t parts;	    /* of split sets */
	uint64_t packed;    /* compressed files and archives */
	uint64_t processes; /* core files of processes */
	uint64_t others;    /* no dumps */
	uint64_t special;   /* FIFOs, sockets, devices, links to nothing: not opened */
	uint64_t links;	    /* to folders: not followed */
	uint64_t repeated;  /* dumps that were met before */
	uint64_t folders;   /* that cannot be read, and paths that do not exist */
	uint64_t young;	    /* changed a moment ago: not looked at yet */
	uint64_t vanished;  /* deleted or renamed before they could be opened */
	uint64_t entries;   /* everything but folders, of every shard */
	uint64_t elsewhere; /* of them, those in other shards: not opened */
};

/* Told of a folder that cannot be read and of a path that does not exist. */
typedef void xfdt_scan_complain(void *context, const char *path, const char *why);

struct xfdt_scan_options {
	const char *const *paths; /* files and folders; borrowed */
	size_t path_count;
	unsigned int shard, shards; /* counted from 1; 1 of 1: all */
	unsigned int settle;	    /* seconds that a file has to be left unchanged; 0: none */
	xfdt_scan_complain *complain;
	void *context; /* of complain() */
};

struct xfdt_scan;

/*
 * Find dumps in the files and folders at @options->paths.
 * Links to files are followed, links to folders only if they are among these paths.
 * A file of another shard is not opened, unless it may be a part of a split set
 * of which this shard has a part: sets are whole, in the shard of their first part.
 */
struct xfdt_error *xfdt_scan_new(struct xfdt_scan **ret_scan,
				 const struct xfdt_scan_options *options);
void xfdt_scan_free(struct xfdt_scan *scan);

/*
 * Go one file further.  *@ret_found is a dump, or NULL: none this time.
 * *@ret_more is false when all is looked at.  Split sets come last.
 */
struct xfdt_error *xfdt_scan_step(struct xfdt_scan *scan, struct xfdt_found **ret_found,
				  bool *ret_more);

/*
 * Go through the paths once more, for files that were renamed meanwhile: what was
 * found before is not found again.  The counts start anew.
 */
void xfdt_scan_again(struct xfdt_scan *scan);

/* Let @path be found again. */
void xfdt_scan_forget(struct xfdt_scan *scan, const char *path);

/*
 * The folder that is path number @index, absolute, if all of it could be read and it
 * is not empty; else NULL.  Valid until xfdt_scan_free() or xfdt_scan_again().
 */
const char *xfdt_scan_whole(const struct xfdt_scan *scan, size_t index);

/* As of now; valid until xfdt_scan_free(). */
const struct xfdt_scan_counts *xfdt_scan_counts(const struct xfdt_scan *scan);

#endif
