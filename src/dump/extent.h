/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which bytes of physical memory a dump's file really holds.  libkdumpfile
 * 0.5.1 reads zeros behind the end of a file, and zeros for a page of an ELF
 * dump that is missing right before one that is there.  A page of zeros is a
 * wrong answer where a missing page is none.
 */
#ifndef XFDT_DUMP_EXTENT_H
#define XFDT_DUMP_EXTENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read the @len bytes at @offset of the file behind @fd: all of them, or false. */
bool xfdt_read_file(int fd, void *buf, size_t len, uint64_t offset);

struct xfdt_extent;

enum xfdt_held {
	XFDT_HELD,
	XFDT_LEFT_OUT, /* not in the dump, by the dump's own account */
	XFDT_CUT_OFF,  /* it should be, and the file ends before it */
};

/*
 * Look at the dump behind @fd.  *@ret_extent is NULL where libkdumpfile's word
 * is good enough (a whole kdump-compressed file, other formats, devices); else
 * it borrows @fd.  XFDT_TRUNCATED if not even the headers are there.
 */
struct xfdt_error *xfdt_extent_new(int fd, struct xfdt_extent **ret_extent);
void xfdt_extent_free(struct xfdt_extent *extent);

/* Are the @len bytes at @paddr, which lie within one page frame, in the file? */
enum xfdt_held xfdt_extent_check(const struct xfdt_extent *extent, uint64_t paddr, size_t len);

/*
 * Of a kdump-compressed file behind @fd, by the first of its bitmaps: was page
 * frame @pfn memory of the dumped kernel, whether the file holds it or not?
 * False if that is no such file, or does not say.
 */
bool xfdt_kdump_ram(int fd, uint64_t pfn, bool *ret_is_ram);

#endif
