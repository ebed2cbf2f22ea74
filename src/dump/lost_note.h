/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VMCOREINFO note that is in the dumped memory and not among the notes of the dump. */
#ifndef XFDT_DUMP_LOST_NOTE_H
#define XFDT_DUMP_LOST_NOTE_H

#include "dump/dump.h"

/* How much is searched: page frames, and milliseconds. */
#define XFDT_SEARCHED_FRAMES (1u << 23)
#define XFDT_SEARCHED_MS 15000

/*
 * Search the page frames of @dump for such a note that @is_own accepts: guests have
 * notes of their own.  The kernel puts it at the beginning of a page (Linux:
 * kernel/vmcore_info.c).  *@ret_text, which the caller frees, is NULL if there is none.
 * XFDT_NO_MEMORY; frames that cannot be read are passed over.
 */
struct xfdt_error *xfdt_lost_note_find(struct xfdt_dump *dump,
				       bool (*is_own)(struct xfdt_dump *dump, const char *text),
				       char **ret_text);

#endif
