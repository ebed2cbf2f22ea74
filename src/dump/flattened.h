/* SPDX-License-Identifier: GPL-2.0-or-later */
/* makedumpfile's flattened format: a dump as a stream of (offset, bytes). */
#ifndef XFDT_DUMP_FLATTENED_H
#define XFDT_DUMP_FLATTENED_H

#include "base/error.h"
#include "dump/storage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does a flattened dump begin with the @len bytes at @head? */
bool xfdt_begins_flattened(const void *head, size_t len);
/* Does the file behind @fd begin as a flattened dump does? */
bool xfdt_is_flattened(int fd);
/* The same of @storage.  Errors are those of xfdt_storage_read(). */
struct xfdt_error *xfdt_storage_is_flattened(struct xfdt_storage *storage, bool *ret_flattened);

/* Told now and then how many of @total bytes are done. */
typedef void xfdt_progress(void *context, uint64_t done, uint64_t total);

/* Bytes of the dump from @start up to @end; they are at @position of the file. */
struct xfdt_flat_piece {
	uint64_t start, end, position;
};

/* Where the bytes of a flattened dump are: by rising @start, apart from each other. */
struct xfdt_flat_index {
	struct xfdt_flat_piece *pieces;
	size_t count;
};

/*
 * Read the headers of all records of the flattened dump in @storage.  Where
 * records overlap, the later one holds.  @progress may be NULL.
 * XFDT_TRUNCATED if there is no end record, XFDT_LIMIT for too many records.
 */
struct xfdt_error *xfdt_flat_index_init(struct xfdt_flat_index *ret_index,
					struct xfdt_storage *storage, xfdt_progress *progress,
					void *context);
void xfdt_flat_index_deinit(struct xfdt_flat_index *index);

/* The first piece that ends behind @offset; index->count if there is none. */
size_t xfdt_flat_index_find(const struct xfdt_flat_index *index, uint64_t offset);

#endif
