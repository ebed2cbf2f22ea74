/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spans of memory. */
#include "base/ranges.h"

#include <stdlib.h>

#define JOIN 32 /* bytes in between that are not worth a span of their own */

void xfdt_ranges_add(struct xfdt_ranges *spans, uint64_t kvaddr, size_t len)
{
	if (spans->count == XFDT_RANGES_MAX) {
		xfdt_ranges_merge(spans);
		if (spans->count == XFDT_RANGES_MAX) {
			spans->overflow = true;
			return;
		}
	}
	if (len > XFDT_RANGE_LEN_MAX)
		spans->overflow = true;
	else if (len)
		spans->items[spans->count++] = (struct xfdt_range){ kvaddr, (uint32_t)len };
}

static int compare_spans(const void *a, const void *b)
{
	const struct xfdt_range *x = a, *y = b;

	return x->kvaddr < y->kvaddr ? -1 : x->kvaddr > y->kvaddr;
}

void xfdt_ranges_merge(struct xfdt_ranges *spans)
{
	size_t last = 0, i;

	if (!spans->count)
		return;
	qsort(spans->items, spans->count, sizeof(spans->items[0]), compare_spans);
	for (i = 1; i < spans->count; i++) {
		struct xfdt_range *into = &spans->items[last], *span = &spans->items[i];
		uint64_t len = span->kvaddr - into->kvaddr + span->len;

		if (span->kvaddr - into->kvaddr > into->len + (uint64_t)JOIN ||
		    len > XFDT_RANGE_LEN_MAX)
			spans->items[++last] = *span;
		else if (len > into->len)
			into->len = (uint32_t)len;
	}
	spans->count = last + 1;
}
