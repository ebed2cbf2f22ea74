/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's XArray (Linux: include/linux/xarray.h, lib/xarray.c). */
#include "kernel/xarray.h"
#include "base/util.h"

#include <string.h>

#define SLOTS_MAX 64 /* XA_CHUNK_SIZE; 16 with CONFIG_BASE_SMALL */
#define POINTER 8
#define INDEX_BITS 64

struct walk {
	const struct xfdt_image *image;
	xfdt_xarray_visit *visit;
	void *context;
	unsigned int *nodes_left;
	struct xfdt_error *unreadable; /* the first node that could not be read */
};

/* xa_is_internal() */
static bool is_internal(uint64_t entry)
{
	return (entry & 3) == 2;
}

/* xa_is_node(): retry, zero and sibling entries are smaller */
static bool is_node(uint64_t entry)
{
	return is_internal(entry) && entry > 4096;
}

/* xa_is_value() */
static bool is_value(uint64_t entry)
{
	return entry & 1;
}

static void keep_first(struct walk *walk, struct xfdt_error *err)
{
	if (walk->unreadable)
		xfdt_error_free(err);
	else
		walk->unreadable = err;
}

static struct xfdt_error *visit_entry(struct walk *walk, uint64_t entry, uint64_t index,
				      unsigned int above);

/* A node's shift has to be below that of its parent, so recursion ends. */
static struct xfdt_error *visit_node(struct walk *walk, uint64_t node, uint64_t index,
				     unsigned int above)
{
	const struct xfdt_member *member = &walk->image->layout.members[XFDT_M_xa_node_slots];
	uint64_t slots[SLOTS_MAX], shift, kvaddr;
	size_t count = member->size / POINTER, i;
	struct xfdt_error *err;

	if (!*walk->nodes_left) {
		keep_first(walk, xfdt_error_new(XFDT_LIMIT, node, "the xarray has too many nodes"));
		return NULL;
	}
	--*walk->nodes_left;
	if (!count || count > SLOTS_MAX)
		return xfdt_error_new(XFDT_CORRUPT, 0, "xa_node.slots has %zu entries", count);
	err = xfdt_read_member(walk->image, node, XFDT_M_xa_node_shift, &shift);
	if (!err)
		err = xfdt_member_kvaddr(walk->image, node, XFDT_M_xa_node_slots, &kvaddr);
	if (!err)
		err = xfdt_read(walk->image, kvaddr, slots, count * POINTER);
	if (!err && shift >= above)
		err = xfdt_error_new(XFDT_CORRUPT, node, "xa_node %#llx has shift %llu", ull(node),
				     ull(shift));
	if (err) {
		keep_first(walk, xfdt_error_wrap(err, "node of an xarray"));
		return NULL;
	}
	for (i = 0; i < count; i++) {
		err = visit_entry(walk, slots[i], index + ((uint64_t)i << shift),
				  (unsigned int)shift);
		if (err)
			return err;
	}
	return NULL;
}

static struct xfdt_error *visit_entry(struct walk *walk, uint64_t entry, uint64_t index,
				      unsigned int above)
{
	if (!entry || is_value(entry))
		return NULL;
	if (is_node(entry)) {
		if (!above) {
			keep_first(walk, xfdt_error_new(XFDT_CORRUPT, entry,
							"an xarray has a node below its leaves"));
			return NULL;
		}
		return visit_node(walk, entry & ~3ull, index, above);
	}
	if (is_internal(entry))
		return NULL;
	return walk->visit(walk->context, index, entry);
}

struct xfdt_error *xfdt_xarray_walk(const struct xfdt_image *image, uint64_t xarray,
				    unsigned int *nodes_left, xfdt_xarray_visit *visit,
				    void *context)
{
	struct walk walk = {
		.image = image,
		.visit = visit,
		.context = context,
		.nodes_left = nodes_left,
	};
	struct xfdt_error *err;
	uint64_t head;

	err = xfdt_read_member(image, xarray, XFDT_M_xarray_xa_head, &head);
	if (!err)
		err = visit_entry(&walk, head, 0, INDEX_BITS);
	if (err) {
		xfdt_error_free(walk.unreadable);
		return err;
	}
	return walk.unreadable;
}
