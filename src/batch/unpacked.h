/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was unpacked, as dumps. */
#ifndef XFDT_BATCH_UNPACKED_H
#define XFDT_BATCH_UNPACKED_H

#include "batch/split.h"
#include "unpack/unpack.h"

/* What one packed file holds. */
struct xfdt_haul {
	struct xfdt_found *
		*items; /* dumps, what could not be unpacked as dumps with a problem, then logs */
	size_t count;
	size_t parts; /* how many parts of split sets there are besides */
};

/*
 * Take what @unpacker, which has ended, found.  Parts of split sets go to @parts; core files of
 * processes, and kernel logs beside a dump, are left out.  Parts of a log in pstore are one log.
 * On an error nothing is taken.  XFDT_SYSTEM, XFDT_NO_MEMORY.
 */
struct xfdt_error *xfdt_haul_init(struct xfdt_haul *ret_haul, struct xfdt_unpacker *unpacker,
				  struct xfdt_parts *parts);
/* Frees what was not taken out by setting its item to NULL. */
void xfdt_haul_deinit(struct xfdt_haul *haul);

#endif
