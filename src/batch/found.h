/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump that was found, not yet opened. */
#ifndef XFDT_BATCH_FOUND_H
#define XFDT_BATCH_FOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A dump: one file, or the parts of a split set by rising page frames.  Freed by xfdt_found_free(). */
struct xfdt_found {
	char **paths; /* absolute; of a member of an archive, "ARCHIVE!MEMBER", which is not a path */
	size_t path_count;
	bool is_log;	    /* a kernel log, with no dump beside it, */
	bool beside_packed; /* but with a packed file, which may be one */
	bool is_hook;	    /* JSON that the hook for kdump left */
	bool beside_dump;   /* of that: there is a dump in the same folder */
	int *fds; /* the unpacked file of each path, or -1: open the path; NULL: open all paths */
	int64_t size;	  /* bytes, of all */
	int64_t mtime_ns; /* the sum of all, modulo 2^63 */
	char *identity;	  /* size, build-id and hash of the headers */
	/*
	 * Of the first path: below the folder that was named, which is the same
	 * on machines that mount that folder elsewhere; of a file that was named
	 * itself, as it was given.
	 */
	char *name;
	const char *url; /* where it is; borrowed; NULL: it is a file */
	bool packed;	 /* it has to be unpacked, and may contain dumps */
	char *problem;	 /* why it cannot be looked at; NULL: nothing is known against it */
};

/* One file at @path, with nothing else known; NULL: out of memory. */
struct xfdt_found *xfdt_found_new(const char *path);
void xfdt_found_free(struct xfdt_found *found);

/*
 * The length of what @path, of a file or of a member of an archive, has in front of its last name:
 * a folder that ends with '/', or an archive with '!'; 0: nothing.
 */
size_t xfdt_folder_len(const char *path);
/* Are the two in the same folder, or in the same folder of the same archive? */
bool xfdt_are_beside(const char *path, const char *other);

/* Move the only file of @found, which is used up in any case, behind those of @whole.  False: out of memory. */
bool xfdt_found_append(struct xfdt_found *whole, struct xfdt_found *found);

/* Does a dump of that @name belong to shard @shard, counted from 1, of @shards? */
bool xfdt_name_in_shard(const char *name, unsigned int shard, unsigned int shards);

/* What was unpacked of the only path; @fd becomes @found's.  False: out of memory. */
bool xfdt_found_set_fd(struct xfdt_found *found, int fd);

/* Paths to open, in the order of @found->paths; the caller frees the array, and nothing in it.  NULL: out of memory. */
const char **xfdt_found_places(const struct xfdt_found *found);

#endif
