/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the notes of a dump say. */
#ifndef XFDT_DUMP_NOTES_H
#define XFDT_DUMP_NOTES_H

#include "base/error.h"
#include "dump/kdump_format.h"
#include "image/reader.h"

#include <stddef.h>
#include <stdint.h>

#define XFDT_NOTES_MAX (64u << 20) /* bytes of notes that are read of a file */

struct xfdt_notes {
	char *vmcoreinfo; /* NULL: none */
	/* of a distilled vmcore; NULL: none */
	char *record, *census;
	size_t record_len, census_len;
	struct xfdt_cpu_note *cpus; /* in the order of the notes */
	size_t cpu_count;
};

/*
 * Take what the @len bytes of ELF notes at @bytes say and @notes does not yet.
 * Notes behind one that does not fit are passed over.
 */
struct xfdt_error *xfdt_notes_add(struct xfdt_notes *notes, const uint8_t *bytes, size_t len);
/* Take the @len bytes of VMCOREINFO at @text.  XFDT_CORRUPT if they are too many. */
struct xfdt_error *xfdt_notes_add_vmcoreinfo(struct xfdt_notes *notes, const uint8_t *text,
					     size_t len);
void xfdt_notes_deinit(struct xfdt_notes *notes);

#endif
