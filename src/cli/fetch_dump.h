/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vmcore behind a URL: a process that fetches it, for a worker that has no network. */
#ifndef XFDT_CLI_FETCH_DUMP_H
#define XFDT_CLI_FETCH_DUMP_H

#include "cli/command.h"
#include "fetch/client.h"

#include <sys/types.h>

struct fetcher {
	pid_t pid; /* 0: there is nothing to fetch */
	int fd;	   /* the socket to it, for the worker */
	struct xfdt_fetch_client client;
};

/* Is the operand @path a URL, and no file? */
bool names_url(const char *path);

/*
 * Look at what the file at @url, shown as @name, begins with.  *@ret_fd is a copy of it in a file
 * without a name; -1: it begins as a dump does, and is read where it is.
 */
struct xfdt_error *fetch_unless_dump(const struct arguments *arguments, const char *url,
				     const char *name, int *ret_fd);

/* Start a process that fetches @url, and shows progress on a terminal if it @shows; @url may be NULL. */
struct xfdt_error *fetcher_start(struct fetcher *fetcher, const struct arguments *arguments,
				 const char *url, bool shows);
/* In the worker: read the dump by the fetcher. */
void fetcher_use(struct fetcher *fetcher, struct xfdt_dump_options *options);
/* In the parent, which does not use the socket. */
void fetcher_leave(struct fetcher *fetcher);
/* Wait for its end, when the worker has ended. */
void fetcher_wait(const struct fetcher *fetcher);

#endif
