/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What else is in the folder of a kernel log. */
#ifndef XFDT_BATCH_BESIDE_H
#define XFDT_BATCH_BESIDE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Of the folder that was looked at last; all zero at the start. */
struct xfdt_beside {
	char *folder;	 /* ends with '/' */
	bool has_dump;	 /* whole or in part, of a kernel */
	bool has_packed; /* a file that may be a compressed dump */
	char **parts;	 /* paths of the parts of a log in pstore, each in a file, sorted */
	size_t part_count;
};

/*
 * Look at the folder of the file at @path, an absolute one, unless it was the last one that was
 * looked at.  The answer does not depend on shards.
 */
struct xfdt_error *xfdt_beside_look(struct xfdt_beside *beside, const char *path);
void xfdt_beside_deinit(struct xfdt_beside *beside);

#endif
