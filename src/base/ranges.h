/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a kernel's read-only data that an answer was read from.  They
 * tell a kernel better than the build-id that a dump states: what was resolved
 * from other bytes is not taken for this dump.
 */
#ifndef XFDT_BASE_RANGES_H
#define XFDT_BASE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XFDT_RANGES_MAX 1024
#define XFDT_RANGE_LEN_MAX 65536u

struct xfdt_range {
	uint64_t kvaddr;
	uint32_t len;
};

struct xfdt_ranges {
	struct xfdt_range items[XFDT_RANGES_MAX];
	size_t count;
	bool overflow; /* there were more */
};

/* Add @len bytes at @kvaddr. */
void xfdt_ranges_add(struct xfdt_ranges *spans, uint64_t kvaddr, size_t len);

/* Sort, and join what touches or overlaps. */
void xfdt_ranges_merge(struct xfdt_ranges *spans);

#endif
