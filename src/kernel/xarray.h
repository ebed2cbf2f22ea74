/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's XArray. */
#ifndef XFDT_KERNEL_XARRAY_H
#define XFDT_KERNEL_XARRAY_H

#include "image/image.h"

/* Called for each pointer stored; an error ends the walk and becomes its result. */
typedef struct xfdt_error *xfdt_xarray_visit(void *context, uint64_t index, uint64_t pointer);

/*
 * Visit all pointers of the struct xarray at @xarray, by rising index.
 * Internal entries (nodes apart) and value entries are passed over.  Where a
 * node cannot be read, the rest is still visited and the first such
 * error is returned at the end.  At most *@nodes_left nodes are read, and it is
 * less by those that were.
 */
struct xfdt_error *xfdt_xarray_walk(const struct xfdt_image *image, uint64_t xarray,
				    unsigned int *nodes_left, xfdt_xarray_visit *visit,
				    void *context);

#endif
