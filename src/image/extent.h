/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which page frames a file that was cut off still holds.  libkdumpfile 0.5.1
 * reads zeros behind the end of a file, and a page of zeros is a wrong answer
 * where a missing page is none.
 */
#ifndef XFDT_IMAGE_EXTENT_H
#define XFDT_IMAGE_EXTENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct xfdt_extent;

/*
 * Look at the dump behind @fd.  *@ret_extent is NULL where the file is whole,
 * or where its size says nothing (devices, /proc); else it borrows @fd.
 * XFDT_TRUNCATED if not even the headers are there.
 */
struct xfdt_error *xfdt_extent_new(int fd, struct xfdt_extent **ret_extent);
void xfdt_extent_free(struct xfdt_extent *extent);

/* Is all that the file has to say of page frame @pfn before its end? */
bool xfdt_extent_holds(const struct xfdt_extent *extent, uint64_t pfn);

#endif
