/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of one file as they are stored, read in large blocks.  Over a network
 * every read waits for the storage once, and what a triage reads lies close together.
 */
#ifndef XFDT_DUMP_STORAGE_H
#define XFDT_DUMP_STORAGE_H

#include "base/error.h"
#include "image/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Bytes of blocks that one dump keeps in memory. */
#define XFDT_STORAGE_ROOM (16u << 20)

struct xfdt_storage;

/* Files that another process reads, by their numbers. */
struct xfdt_remote {
	struct xfdt_error *(*open)(void *context, size_t index, uint64_t *ret_size);
	/* all @len bytes; the file has them */
	struct xfdt_error *(*read)(void *context, size_t index, void *buf, size_t len,
				   uint64_t offset);
	void *context;
};

/* Open the file or block device at @path.  XFDT_SYSTEM, XFDT_NOT_A_DUMP. */
struct xfdt_error *xfdt_storage_open(struct xfdt_storage **ret_storage, const char *path);
/* Open file @index of @remote, which is borrowed. */
struct xfdt_error *xfdt_storage_open_remote(struct xfdt_storage **ret_storage,
					    const struct xfdt_remote *remote, size_t index);
void xfdt_storage_close(struct xfdt_storage *storage);

/* Keep at most @room bytes of blocks from now on. */
void xfdt_storage_set_room(struct xfdt_storage *storage, size_t room);

/* Bytes of the file; UINT64_MAX: unknown (a device, and some of /proc). */
uint64_t xfdt_storage_size(const struct xfdt_storage *storage);

/* Is each read a request over the network? */
bool xfdt_storage_is_remote(const struct xfdt_storage *storage);

/* Borrowed, until the storage is closed. */
const struct xfdt_traffic *xfdt_storage_traffic(const struct xfdt_storage *storage);

/* XFDT_SYSTEM if the regular file @fd was written to since fstat(2) gave @opened. */
struct xfdt_error *xfdt_check_unchanged(int fd, const struct stat *opened);
/* XFDT_SYSTEM likewise, since the file was opened, or the network failed meanwhile. */
struct xfdt_error *xfdt_storage_check_unchanged(const struct xfdt_storage *storage);

/*
 * Read up to @len bytes at @offset, with those around them; *@ret_got is less
 * than @len only if the file ends there.  XFDT_SYSTEM if they cannot be read.
 */
struct xfdt_error *xfdt_storage_read(struct xfdt_storage *storage, void *buf, size_t len,
				     uint64_t offset, size_t *ret_got);

/* The same of these bytes alone: for a few that are far from all others. */
struct xfdt_error *xfdt_storage_read_alone(struct xfdt_storage *storage, void *buf, size_t len,
					   uint64_t offset, size_t *ret_got);

#endif
