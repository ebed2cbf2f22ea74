/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of one file of a dump: as they are, or put in order if it is flattened. */
#ifndef XFDT_DUMP_DUMPFILE_H
#define XFDT_DUMP_DUMPFILE_H

#include "base/error.h"
#include "dump/flattened.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read the @len bytes at @offset of the file behind @fd: all of them, or false. */
bool xfdt_read_file(int fd, void *buf, size_t len, uint64_t offset);

struct xfdt_dumpfile;

/*
 * Open the file or block device at @path.  XFDT_SYSTEM, XFDT_NOT_A_DUMP; for a
 * flattened file, errors of xfdt_flat_index_init().
 */
struct xfdt_error *xfdt_dumpfile_open(struct xfdt_dumpfile **ret_file, const char *path,
				      xfdt_progress *progress, void *context);
void xfdt_dumpfile_close(struct xfdt_dumpfile *file);

/* Bytes of the dump; UINT64_MAX: unknown (a device, and some of /proc). */
uint64_t xfdt_dumpfile_size(const struct xfdt_dumpfile *file);

/* XFDT_SYSTEM if the file was written to since it was opened. */
struct xfdt_error *xfdt_dumpfile_check_unchanged(const struct xfdt_dumpfile *file);

/*
 * Read @len bytes at @offset.  XFDT_TRUNCATED if the file ends before that,
 * XFDT_SYSTEM if it cannot be read.
 */
struct xfdt_error *xfdt_dumpfile_read(struct xfdt_dumpfile *file, void *buf, size_t len,
				      uint64_t offset);

#define XFDT_WINDOW_MAX (128u << 10)

/*
 * A part of a file that is kept in memory, for one stream of reads: as long as
 * they go forward, more and more is read at once.
 */
struct xfdt_window {
	struct xfdt_dumpfile *file; /* borrowed */
	uint64_t start;
	size_t len, ahead;
	uint8_t *bytes; /* XFDT_WINDOW_MAX */
};

struct xfdt_error *xfdt_window_init(struct xfdt_window *window, struct xfdt_dumpfile *file);
void xfdt_window_deinit(struct xfdt_window *window);

/*
 * The @len bytes at @offset, up to XFDT_WINDOW_MAX; *@ret_bytes is borrowed
 * until the next call.  Errors are those of xfdt_dumpfile_read().
 */
struct xfdt_error *xfdt_window_get(struct xfdt_window *window, uint64_t offset, size_t len,
				   const uint8_t **ret_bytes);

#endif
