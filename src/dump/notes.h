/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the notes of a dump say. */
#ifndef XFDT_DUMP_NOTES_H
#define XFDT_DUMP_NOTES_H

#include "base/error.h"
#include "image/reader.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The note of a distilled vmcore: its descriptor is the text of a record
 * (resolve/record.h).
 */
#define XFDT_EMBEDDED_NAME "XFDTRIAGE"
#define XFDT_EMBEDDED_TYPE 1
#define XFDT_EMBEDDED_MAX (256u << 10)

#define XFDT_NOTES_MAX (64u << 20) /* bytes of notes that are read at once */

struct xfdt_notes {
	char *vmcoreinfo; /* NULL: none */
	char *record;	  /* of a distilled vmcore; NULL: none */
	size_t record_len;
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
