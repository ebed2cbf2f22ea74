/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of the kernel (Linux: include/linux/list.h). */
#ifndef XFDT_IMAGE_LIST_H
#define XFDT_IMAGE_LIST_H

#include "image/image.h"

/*
 * A walk over a list.  Two links lead to each entry: next of the one before it, and prev of the one behind it.  The
 * walk follows next, as long as prev agrees; from there it goes to the end of the list and follows prev, as long as
 * next agrees.  So one damaged link hides no entry.
 */
struct xfdt_list {
	const struct xfdt_image *image;
	uint64_t head; /* kvaddr of the struct list_head that stands for the list */
	uint64_t node; /* kvaddr of the present entry's; @head: at the end */
	uint64_t broken; /* the entry (or @head) whose next cannot be followed: the walk follows prev; 0: none */
	bool has_prev; /* that of the last entry is not 0, so one that is 0 is damaged */
};

/* Go to the first entry of the list at @head, or to its end. */
void xfdt_list_begin(const struct xfdt_image *image, uint64_t head, struct xfdt_list *ret_list);
/* Go to the next entry, or to the end.  The caller bounds the number of entries; one may be unreadable, or damaged. */
void xfdt_list_next(struct xfdt_list *list);
bool xfdt_list_at_end(const struct xfdt_list *list);
/*
 * NULL if all entries so far were reached by next.  Else why not: next cannot be read, or it and prev disagree
 * (XFDT_CORRUPT); then others may be missing.  A prev that cannot be read, or is 0 like that of the last entry, as in
 * a distilled dump that did not need it, says nothing.
 */
struct xfdt_error *xfdt_list_check(const struct xfdt_list *list);

#endif
