/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A confined worker has no network: its parent asks debuginfod for it, and
 * passes it what came.
 */
#ifndef XFDT_CLI_FETCH_HELPER_H
#define XFDT_CLI_FETCH_HELPER_H

#include "resolve/resolve.h"

#include <sys/types.h>

struct fetch_helper {
	int parent, worker; /* the two ends of a socket; -1: there is nothing to fetch */
};

/* Before the fork: if @debug fetches, there is somebody to do it.  False: errno says why not. */
bool fetch_helper_init(struct fetch_helper *helper, const struct xfdt_debug_options *debug);
/* In the worker: what @debug fetches comes from the parent from now on. */
void fetch_helper_send(struct fetch_helper *helper, struct xfdt_debug_options *debug);
/* In the parent: fetch as @debug does, until the worker has ended. */
void fetch_helper_run(struct fetch_helper *helper, const struct xfdt_debug_options *debug);

#endif
