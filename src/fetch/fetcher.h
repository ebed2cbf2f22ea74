/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that fetches ranges of files over http and https, by libcurl.  It has a network and no
 * files; what reads the dump has no network.
 */
#ifndef XFDT_FETCH_FETCHER_H
#define XFDT_FETCH_FETCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xfdt_fetch_progress {
	uint64_t round_trips, bytes; /* so far */
	uint64_t size;		     /* of the file; 0: not known yet */
	unsigned int attempt;	     /* of the request that is on its way; from 1 on */
	bool waiting;		     /* one is */
};

struct xfdt_fetch_options {
	const char *const *urls; /* that may be asked for, by number */
	size_t url_count;
	unsigned int stalled_seconds; /* how long a server may send next to nothing; 0: 20 */
	const char *ca_file; /* certificates to trust instead of the system's; NULL: the system's */
	/* told while it waits, and when it has what it waited for; may be NULL */
	void (*progress)(void *context, const struct xfdt_fetch_progress *progress);
	void *context;
};

/* Load libcurl, and what it loads; before the process is confined. */
void xfdt_fetch_prepare(void);

/* The files that name resolution and TLS need; what does not exist is passed over. */
extern const char *const xfdt_fetch_files[];
extern const size_t xfdt_fetch_file_count;

/* Answer what comes over the stream socket @fd, until the other side has gone. */
void xfdt_fetch_serve(int fd, const struct xfdt_fetch_options *options);

#endif
