/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of the kernel (Linux: include/linux/list.h). */
#ifndef XFDT_IMAGE_LIST_H
#define XFDT_IMAGE_LIST_H

#include "image/image.h"

/*
 * A walk along a list, forwards.  Two links say where each entry is: next of the one before it,
 * and prev of the one behind it.  Where they disagree, entries may be missing.
 */
struct xfdt_list {
	const struct xfdt_image *image;
	uint64_t head; /* kvaddr of the struct list_head that stands for the list */
	uint64_t node; /* kvaddr of the present entry's; @head: at the end */
	uint64_t odd;  /* the first entry whose prev is not the entry before it; 0: none so far */
};

/* Go to the first entry of the list at @head, or to its end. */
struct xfdt_error *xfdt_list_begin(const struct xfdt_image *image, uint64_t head,
				   struct xfdt_list *ret_list);
/* Go to the next entry, or to the end.  The caller bounds the number of entries. */
struct xfdt_error *xfdt_list_next(struct xfdt_list *list);
bool xfdt_list_at_end(const struct xfdt_list *list);
/*
 * At the end: NULL, or XFDT_CORRUPT if the two links disagree somewhere.  A prev that cannot be read,
 * or is 0 as in a distilled dump that did not read it, says nothing.
 */
struct xfdt_error *xfdt_list_check(const struct xfdt_list *list);

#endif
