/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files whose zeros take no room. */
#ifndef XFDT_UNPACK_SPARSE_H
#define XFDT_UNPACK_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Write the @len bytes at @bytes to @offset of @fd, a new file; blocks of zeros become holes, so
 * the end of the file has to be set with ftruncate(2).  False: errno says why.
 */
bool xfdt_write_sparse(int fd, const uint8_t *bytes, size_t len, uint64_t offset);

#endif
