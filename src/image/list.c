/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of the kernel. */
#include "image/list.h"
#include "base/util.h"

/* Go from the entry at @from to the one behind it. */
static struct xfdt_error *step(struct xfdt_list *list, uint64_t from)
{
	struct xfdt_error *err;
	struct xfdt_value prev;

	err = xfdt_read_member(list->image, from, XFDT_M_list_head_next, &list->node);
	if (err)
		return err;
	prev = xfdt_value_of(list->image, list->node, XFDT_M_list_head_prev);
	if (prev.known && prev.value && prev.value != from && !list->odd)
		list->odd = list->node;
	return NULL;
}

struct xfdt_error *xfdt_list_begin(const struct xfdt_image *image, uint64_t head,
				   struct xfdt_list *ret_list)
{
	*ret_list = (struct xfdt_list){ .image = image, .head = head };
	return step(ret_list, head);
}

struct xfdt_error *xfdt_list_next(struct xfdt_list *list)
{
	return step(list, list->node);
}

bool xfdt_list_at_end(const struct xfdt_list *list)
{
	return list->node == list->head;
}

struct xfdt_error *xfdt_list_check(const struct xfdt_list *list)
{
	if (!list->odd)
		return NULL;
	return xfdt_error_new(
		XFDT_CORRUPT, list->odd,
		"prev of the entry at %#llx is not the entry before it, so entries may be missing",
		ull(list->odd));
}
