/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vmcore file (or a split set of them). */
#ifndef XFDT_DUMP_DUMP_H
#define XFDT_DUMP_DUMP_H

#include "dump/flattened.h"
#include "dump/kdump_format.h"
#include "dump/storage.h"
#include "image/reader.h"

#include <stdbool.h>

struct xfdt_dump;

struct xfdt_dump_options {
	xfdt_progress *progress; /* of finding the records of a flattened dump; may be NULL */
	void *context;		 /* for @progress */
	/* VMCOREINFO to take instead of the dump's own, as text; NULL: none; borrowed */
	const char *vmcoreinfo;
	/* whose files the paths name, in this order; NULL: files of this machine; borrowed */
	const struct xfdt_remote *remote;
	const char *const *names; /* of the files, for messages and the report; NULL: their paths */
	bool record;		  /* remember which bytes are read, for xfdt_dump_frames() */
};

/*
 * Open @count files that are parts of one dump.  VMCOREINFO that is in none of its
 * notes is searched for in its memory.  Errors: XFDT_SYSTEM (open, permissions),
 * XFDT_NOT_A_DUMP, XFDT_TRUNCATED, XFDT_CORRUPT (also of an @options->vmcoreinfo that is
 * another kernel's).
 */
struct xfdt_error *xfdt_dump_open(struct xfdt_dump **ret_dump, const char *const *paths,
				  size_t count, const struct xfdt_dump_options *options);
void xfdt_dump_close(struct xfdt_dump *dump);

/* All borrowed, valid until xfdt_dump_close(). */
struct xfdt_source xfdt_dump_source(struct xfdt_dump *dump);
const char *xfdt_dump_format(const struct xfdt_dump *dump);
/* What the header says of uname(2); NULL: nothing, or nothing printable. */
const char *xfdt_dump_uts(const struct xfdt_dump *dump, enum xfdt_uts_field field);
/* XFDT_SYSTEM if a file of it was written to since it was opened: what was read need not fit together. */
struct xfdt_error *xfdt_dump_check_unchanged(const struct xfdt_dump *dump);

/* A page frame that was read, in whole or in part. */
struct xfdt_frame {
	uint64_t pfn;
	uint8_t read[XFDT_PAGE_SIZE / 8]; /* one bit a byte, lowest first */
	uint16_t bytes[XFDT_PURPOSES];	  /* how many of them were read for what */
};

/*
 * What was read since the dump was opened for recording, page-table entries
 * included, by rising frame number.  Borrowed until the next read.
 */
const struct xfdt_frame *xfdt_dump_frames(struct xfdt_dump *dump, size_t *ret_count);

/*
 * Take it that the @len bytes at @kvaddr were not read.  In a page that was read for several purposes, the reader's
 * purpose loses them first.
 */
void xfdt_dump_forget(struct xfdt_dump *dump, uint64_t kvaddr, size_t len);

/* How many bytes of all frames were read for @purpose (and for none before). */
uint64_t xfdt_dump_read_for(const struct xfdt_dump *dump, enum xfdt_purpose purpose);

/* The whole page frame @pfn, XFDT_PAGE_SIZE bytes, as it is in the dump. */
struct xfdt_error *xfdt_dump_read_frame(struct xfdt_dump *dump, uint64_t pfn, void *ret_page);

size_t xfdt_dump_part_count(const struct xfdt_dump *dump);
/*
 * The first whole page frame from @pfn on that part number @part, from 0 on, has; *@ret_found is
 * false behind the last.
 */
struct xfdt_error *xfdt_dump_next_frame(struct xfdt_dump *dump, size_t part, uint64_t pfn,
					uint64_t *ret_pfn, bool *ret_found);

#endif
