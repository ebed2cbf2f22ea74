/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kdump-compressed file: its headers, which page frames it has, and these. */
#ifndef XFDT_DUMP_KDUMP_FILE_H
#define XFDT_DUMP_KDUMP_FILE_H

#include "dump/dumpfile.h"
#include "dump/kdump_format.h"
#include "dump/notes.h"

#include <stdbool.h>

struct xfdt_kdump;

/*
 * Open the dump in @file, which is borrowed, and add its notes to @notes.
 * XFDT_TRUNCATED, XFDT_CORRUPT.
 */
struct xfdt_error *xfdt_kdump_open(struct xfdt_kdump **ret_kdump, struct xfdt_dumpfile *file,
				   struct xfdt_notes *notes);
void xfdt_kdump_close(struct xfdt_kdump *kdump);

/* Is it one part of a split set? */
bool xfdt_kdump_is_part(const struct xfdt_kdump *kdump);

/* Of struct new_utsname; NULL: empty, or not printable.  Borrowed. */
const char *xfdt_kdump_uts(const struct xfdt_kdump *kdump, enum xfdt_uts_field field);
/* The machine, if it is one that we know; else NULL.  Static. */
const char *xfdt_kdump_machine(const struct xfdt_kdump *kdump);

/*
 * The page frame @pfn, XFDT_PAGE_SIZE bytes.  XFDT_EXCLUDED: the file does not
 * have it; XFDT_NOT_RAM: the dumped kernel did not; XFDT_TRUNCATED; XFDT_CORRUPT; XFDT_SYSTEM.
 */
struct xfdt_error *xfdt_kdump_read(struct xfdt_kdump *kdump, uint64_t pfn, void *ret_page);

/* The first page frame from @pfn on that the file has; *@ret_found is false behind the last. */
struct xfdt_error *xfdt_kdump_next_frame(struct xfdt_kdump *kdump, uint64_t pfn, uint64_t *ret_pfn,
					 bool *ret_found);

#endif
