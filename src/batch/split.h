/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of split sets (makedumpfile --split), joined. */
#ifndef XFDT_BATCH_SPLIT_H
#define XFDT_BATCH_SPLIT_H

#include "batch/found.h"
#include "dump/identify.h"

struct xfdt_part;

struct xfdt_parts {
	struct xfdt_part *items;
	size_t count, room;
	bool beside; /* what is added now was met in another shard's file */
};

/* Takes over @found, a single file that @file says is a part; false: out of memory. */
bool xfdt_parts_add(struct xfdt_parts *parts, struct xfdt_found *found,
		    const struct xfdt_file *file);

/*
 * Make dumps of the parts, which are used up; the caller owns the list and what
 * is in it.  Parts belong together by what their headers share: first those
 * of one folder, then, if none of those are all there, those of all folders.  A set
 * with missing parts is one dump with a problem.  False: out of memory.
 */
bool xfdt_parts_join(struct xfdt_parts *parts, struct xfdt_found ***ret_sets, size_t *ret_count);

/*
 * A part that is not @parts->beside, of a set that is not whole in its folder; NULL: there
 * is none.  Each set is returned once with @alike and once without.  Borrowed until the
 * next call; xfdt_parts_add() may be called before that.
 */
struct xfdt_found *xfdt_parts_next_lacking(struct xfdt_parts *parts, bool alike);

void xfdt_parts_deinit(struct xfdt_parts *parts);

/*
 * Add @found, a file that was named as a part and is taken over.  XFDT_NOT_A_DUMP: it is not one;
 * XFDT_SYSTEM.
 */
struct xfdt_error *xfdt_parts_add_named(struct xfdt_parts *parts, struct xfdt_found *found);

/*
 * All of @parts by rising page frames, without copies, as one dump that the caller owns.
 * XFDT_MISSING: there are none, they are parts of different dumps, or not all parts of one, or two
 * hold the same pages and differ.
 */
struct xfdt_error *xfdt_parts_order(struct xfdt_parts *parts, struct xfdt_found **ret_found);

#endif
