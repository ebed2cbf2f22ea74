/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of the kernel. */
#include "image/list.h"
#include "base/util.h"

/* Follow prev, until it leads to where next broke off, or next disagrees. */
static void step_back(struct xfdt_list *list)
{
	struct xfdt_value prev = xfdt_value_of(list->image, list->node, XFDT_M_list_head_prev);
	struct xfdt_value next = { .known = false };

	if (prev.known && prev.value != list->broken)
		next = xfdt_value_of(list->image, prev.value, XFDT_M_list_head_next);
	list->node = next.known && next.value == list->node ? prev.value : list->head;
}

/* Does prev of the entry at @kvaddr lead to @before, as far as it is there? */
static bool is_behind(const struct xfdt_list *list, uint64_t kvaddr, uint64_t before)
{
	struct xfdt_value prev;

	if (!xfdt_is_kernel_address(kvaddr))
		return false;
	prev = xfdt_value_of(list->image, kvaddr, XFDT_M_list_head_prev);
	return !prev.known || prev.value == before || (!prev.value && !list->has_prev);
}

static void step(struct xfdt_list *list)
{
	struct xfdt_value next = xfdt_value_of(list->image, list->node, XFDT_M_list_head_next);

	if (next.known && is_behind(list, next.value, list->node)) {
		list->node = next.value;
		return;
	}
	list->broken = list->node;
	list->node = list->head;
	step_back(list);
}

/* Does the dump have prev: that of the last entry is not 0? */
static bool has_prev(const struct xfdt_image *image, uint64_t head)
{
	struct xfdt_value prev = xfdt_value_of(image, head, XFDT_M_list_head_prev);

	if (prev.known && prev.value)
		prev = xfdt_value_of(image, prev.value, XFDT_M_list_head_prev);
	return prev.known && prev.value;
}

void xfdt_list_begin(const struct xfdt_image *image, uint64_t head, struct xfdt_list *ret_list)
{
	*ret_list = (struct xfdt_list){
		.image = image,
		.head = head,
		.node = head,
		.has_prev = has_prev(image, head),
	};
	step(ret_list);
}

void xfdt_list_next(struct xfdt_list *list)
{
	if (list->broken)
		step_back(list);
	else
		step(list);
}

bool xfdt_list_at_end(const struct xfdt_list *list)
{
	return list->node == list->head;
}

struct xfdt_error *xfdt_list_check(const struct xfdt_list *list)
{
	struct xfdt_error *err;
	uint64_t next, after;

	if (!list->broken)
		return NULL;
	err = xfdt_read_member(list->image, list->broken, XFDT_M_list_head_next, &next);
	if (!err)
		err = xfdt_read_member(list->image, next, XFDT_M_list_head_next, &after);
	if (err)
		return err;
	return xfdt_error_new(XFDT_CORRUPT, list->broken,
			      "next of the entry at %#llx and prev of the entry at %#llx disagree",
			      ull(list->broken), ull(next));
}
