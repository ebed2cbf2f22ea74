/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of one file of a dump: as they are, or put in order if it is flattened. */
#ifndef XFDT_DUMP_DUMPFILE_H
#define XFDT_DUMP_DUMPFILE_H

#include "base/error.h"
#include "dump/flattened.h"
#include "dump/storage.h"

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
/* The same of file @index of @remote, which is borrowed. */
struct xfdt_error *xfdt_dumpfile_open_remote(struct xfdt_dumpfile **ret_file,
					     const struct xfdt_remote *remote, size_t index,
					     xfdt_progress *progress, void *context);
void xfdt_dumpfile_close(struct xfdt_dumpfile *file);

/* The file as it is stored; borrowed. */
struct xfdt_storage *xfdt_dumpfile_storage(struct xfdt_dumpfile *file);

/* Bytes of the dump; UINT64_MAX: unknown (a device, and some of /proc). */
uint64_t xfdt_dumpfile_size(const struct xfdt_dumpfile *file);

/*
 * Read @len bytes at @offset.  XFDT_TRUNCATED if the file ends before that,
 * XFDT_SYSTEM if it cannot be read.
 */
struct xfdt_error *xfdt_dumpfile_read(struct xfdt_dumpfile *file, void *buf, size_t len,
				      uint64_t offset);

#endif
