/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packed file as libarchive reads it. */
#ifndef XFDT_UNPACK_PACKED_FILE_H
#define XFDT_UNPACK_PACKED_FILE_H

#include <archive.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

struct xfdt_packed_file {
	struct archive *archive;
	gzFile gzip;	     /* NULL: libarchive does all of it */
	int fd;		     /* borrowed */
	const char *packing; /* of its first bytes */
	uint8_t buf[64 << 10];
};

/*
 * Open the packed file behind @fd.  Only the format that its first bytes show is tried.
 * False: @ret_why, of @size bytes, says why it cannot be unpacked, and there is nothing to free.
 */
bool xfdt_packed_file_init(struct xfdt_packed_file *source, int fd, char *ret_why, size_t size);
void xfdt_packed_file_deinit(struct xfdt_packed_file *source);

/* Is it compressed data, and no archive?  After the first header. */
bool xfdt_packed_file_is_plain(const struct xfdt_packed_file *source);

#endif
