/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small vmcore with only the bytes that an answer depends on. */
#ifndef XFDT_DISTILL_DISTILL_H
#define XFDT_DISTILL_DISTILL_H

#include "base/output.h"
#include "dump/dump.h"
#include "kernel/host.h"

struct xfdt_distill_options {
	/*
	 * NULL, or the @record_len bytes of symbols and types that the dump was
	 * read with: they go into a note of their own (resolve/record.h).
	 */
	const char *record;
	size_t record_len;
	/* NULL, or a census as the dump was read with, for another note (kernel/census_note.h) */
	const char *census;
	size_t census_len;
	bool keep_log; /* all lines, not only those that an answer can depend on */
};

struct xfdt_distill_result {
	uint64_t pages, kept[XFDT_PURPOSES]; /* bytes of them that are not blanked */
	uint64_t file_size;
	bool flattened;
};

/*
 * Write to @output, as a kdump-compressed vmcore, the bytes of @dump that were
 * read to fill in @host (@dump was opened for recording).  All other bytes are
 * zero.  Registers are kept only of the thread that panicked; thread ids stay.
 * On a large host the page bitmaps would be most of the file: then the vmcore
 * is flattened, which leaves them out.
 */
struct xfdt_error *xfdt_distill_write(struct xfdt_dump *dump, const struct xfdt_host *host,
				      const struct xfdt_distill_options *options,
				      const struct xfdt_output *output,
				      struct xfdt_distill_result *ret_result);

#endif
