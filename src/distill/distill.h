/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small vmcore with just the bytes that an answer was made from. */
#ifndef XFDT_DISTILL_DISTILL_H
#define XFDT_DISTILL_DISTILL_H

#include "image/dump.h"

struct xfdt_distill_result {
	uint64_t pages, bytes_kept;	/* bytes of memory that are not blanked */
	uint64_t file_size;
};

/*
 * Write what was read of @dump, which was opened for recording, to @path: a
 * kdump-compressed vmcore.  Every byte that was not read is zero in it, and so
 * are the register notes of all CPUs but that of @keep_pid (thread ids stay).
 * @record, NULL or the @record_len bytes that the dump was read with, goes into
 * a note of its own (image/carried.h).  The file appears whole or not at all.
 */
struct xfdt_error *xfdt_distill_write(struct xfdt_dump *dump, int keep_pid,
				      const char *record, size_t record_len,
				      const char *path,
				      struct xfdt_distill_result *ret_result);

#endif
