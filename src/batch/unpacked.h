/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was unpacked, as dumps. */
#ifndef XFDT_BATCH_UNPACKED_H
#define XFDT_BATCH_UNPACKED_H

#include "batch/split.h"
#include "unpack/unpack.h"

/*
 * The next dump that @unpacker, which has ended, found, or what it could not unpack, as a dump with a
 * problem: *@ret_found, which becomes the caller's, or NULL: that was all.  Parts of split sets go to
 * @parts, with *@ret_parts counted up; core files of processes are left out.
 */
struct xfdt_error *xfdt_unpacked_next(struct xfdt_unpacker *unpacker, struct xfdt_parts *parts,
				      struct xfdt_found **ret_found, size_t *ret_parts);

#endif
