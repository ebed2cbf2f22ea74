/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A few names to be recognised among very many. */
#ifndef XFDT_IMAGE_NAMES_H
#define XFDT_IMAGE_NAMES_H

#include "image/layout.h"

#include <stddef.h>

#define XFDT_NAMES_MAX 128

/* All zero: empty. */
struct xfdt_names {
	const char *items[XFDT_NAMES_MAX];	/* borrowed */
	size_t count;
	unsigned char buckets[4 * XFDT_NAMES_MAX];	/* index + 1; 0: none */
};

/* Add @name unless it is there; a name past XFDT_NAMES_MAX is left out. */
void xfdt_names_add(struct xfdt_names *names, const char *name);
/* The index of @name in @items, or -1. */
int xfdt_names_find(const struct xfdt_names *names, const char *name);

/* The structures of which something is still unknown in @layout. */
void xfdt_names_of_structures(struct xfdt_names *names, const struct xfdt_layout *layout);

#endif
