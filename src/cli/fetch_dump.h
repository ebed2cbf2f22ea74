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

/*
 * Let @arguments' paths that are URLs be shown without what is secret in them; the URLs stay in
 * @arguments->urls.  Returns -1 to go on, or an exit code.
 */
int take_urls(struct arguments *arguments);
void free_urls(struct arguments *arguments);

/* The URL of @path in @arguments; NULL: it is a file. */
const char *url_of(const struct arguments *arguments, const char *path);

/* Start a process that fetches @url; @url may be NULL. */
struct xfdt_error *fetcher_start(struct fetcher *fetcher, const struct arguments *arguments,
				 const char *url);
/* In the worker: read the dump by the fetcher. */
void fetcher_use(struct fetcher *fetcher, struct xfdt_dump_options *options);
/* In the parent, which does not use the socket. */
void fetcher_leave(struct fetcher *fetcher);
/* Wait for its end, when the worker has ended. */
void fetcher_wait(const struct fetcher *fetcher);

#endif
