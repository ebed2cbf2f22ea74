/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A confined worker has no network: its parent asks debuginfod for it, and
 * passes it what came.
 */
#ifndef XFDT_CLI_ERRAND_H
#define XFDT_CLI_ERRAND_H

#include "image/image.h"

#include <sys/types.h>

struct errand {
	int parent, worker;	/* the two ends of a socket; -1: there is nothing to fetch */
};

/* Before the fork: if @debug fetches, there is somebody to do it.  False: errno says why not. */
bool errand_init(struct errand *errand, const struct xfdt_debug_options *debug);
/* In the worker: what @debug fetches comes from the parent from now on. */
void errand_send(struct errand *errand, struct xfdt_debug_options *debug);
/* In the parent: fetch as @debug does, until the worker has ended. */
void errand_run(struct errand *errand, const struct xfdt_debug_options *debug);

#endif
