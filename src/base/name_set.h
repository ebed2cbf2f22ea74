/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of a few names, to find them among very many. */
#ifndef XFDT_BASE_NAME_SET_H
#define XFDT_BASE_NAME_SET_H

#include <stddef.h>

#define XFDT_NAME_SET_MAX 128

/* All zero: empty. */
struct xfdt_name_set {
	const char *items[XFDT_NAME_SET_MAX]; /* borrowed */
	size_t count;
	unsigned char buckets[4 * XFDT_NAME_SET_MAX]; /* index + 1; 0: none */
};

/* Add @name unless it is there; a name past XFDT_NAME_SET_MAX is left out. */
void xfdt_name_set_add(struct xfdt_name_set *names, const char *name);
/* The index of @name in @items, or -1. */
int xfdt_name_set_find(const struct xfdt_name_set *names, const char *name);

#endif
