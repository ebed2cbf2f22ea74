/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which reader of libarchive's reads what. */
#include "unpack/packed_file.h"
#include "base/util.h"
#include "dump/identify.h"
#include "unpack/libarchive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int support_filters(struct archive *archive)
{
	int (*const filters[])(struct archive *) = {
		xfdt_la.archive_read_support_filter_bzip2,
		xfdt_la.archive_read_support_filter_xz,
		xfdt_la.archive_read_support_filter_zstd,
		xfdt_la.archive_read_support_filter_lz4,
		xfdt_la.archive_read_support_filter_lzip,
		xfdt_la.archive_read_support_filter_lzma,
		xfdt_la.archive_read_support_filter_compress,
	};
	size_t i;

	/* one that was left out of this libarchive would start a program, which a confined process cannot */
	for (i = 0; i < COUNT(filters); i++)
		if (filters[i](archive) == ARCHIVE_FATAL)
			return ARCHIVE_FATAL;
	return ARCHIVE_OK;
}

/*
 * zip and 7z alone, and not for what only ends like one: a reader that is not there cannot be
 * attacked, and a vmcore that holds the end of a zip file is not a zip file.
 */
static int support_formats(struct archive *archive, const char *packing)
{
	if (!strcmp(packing, "zip"))
		return xfdt_la.archive_read_support_format_zip(archive);
	if (!strcmp(packing, "7z"))
		return xfdt_la.archive_read_support_format_7zip(archive);
	if (xfdt_la.archive_read_support_format_tar(archive) != ARCHIVE_OK ||
	    xfdt_la.archive_read_support_format_cpio(archive) != ARCHIVE_OK ||
	    xfdt_la.archive_read_support_format_empty(archive) != ARCHIVE_OK ||
	    xfdt_la.archive_read_support_format_raw(archive) != ARCHIVE_OK ||
	    /* what is behind the end of one was appended, and may be the vmcore */
	    xfdt_la.archive_read_set_option(archive, "tar", "read_concatenated_archives", "1") !=
		    ARCHIVE_OK)
		return ARCHIVE_FATAL;
	return support_filters(archive);
}

/* gzip is zlib's: libarchive does not check the sum at the end. */
static la_ssize_t read_gzip(struct archive *archive, void *context, const void **ret_bytes)
{
	struct xfdt_packed_file *source = context;
	int got = gzread(source->gzip, source->buf, sizeof(source->buf)), code = Z_OK;
	const char *message;

	if (got > 0) {
		*ret_bytes = source->buf;
		return got;
	}
	message = gzerror(source->gzip, &code);
	/* its name for the file is in front */
	if (strstr(message, ": "))
		message = strstr(message, ": ") + 2;
	if (code != Z_OK && code != Z_STREAM_END) {
		xfdt_la.archive_set_error(archive, EIO, "gzip: %s",
					  code == Z_BUF_ERROR ? "the file ends too early" :
								message);
		return -1;
	}
	return 0;
}

static int open_source(struct xfdt_packed_file *source)
{
	int copy;

	if (strcmp(source->packing, "gzip"))
		return xfdt_la.archive_read_open_fd(source->archive, source->fd,
						    sizeof(source->buf));
	copy = dup(source->fd);
	source->gzip = copy < 0 ? NULL : gzdopen(copy, "r");
	if (!source->gzip) {
		if (copy >= 0)
			close(copy);
		xfdt_la.archive_set_error(source->archive, ENOMEM, "out of memory");
		return ARCHIVE_FATAL;
	}
	gzbuffer(source->gzip, sizeof(source->buf));
	return xfdt_la.archive_read_open(source->archive, source, NULL, read_gzip, NULL);
}

static const char *packing_at(int fd)
{
	uint8_t head[XFDT_PACKING_HEAD];
	ssize_t len = pread(fd, head, sizeof(head), 0);

	return len > 0 ? xfdt_packing_of(head, (size_t)len) : NULL;
}

static bool is_supported(const char *packing)
{
	return packing && strcmp(packing, "rar") && strcmp(packing, "lzop");
}

bool xfdt_packed_file_init(struct xfdt_packed_file *source, int fd, char *ret_why, size_t size)
{
	source->packing = packing_at(fd);
	source->fd = fd;
	source->gzip = NULL;
	if (!is_supported(source->packing)) {
		snprintf(ret_why, size,
			 "is packed with %s, which is not supported; unpack it first",
			 source->packing ? source->packing : "an unknown method");
		return false;
	}
	if (xfdt_la.missing) {
		snprintf(ret_why, size,
			 "is packed with %s, and libarchive, which unpacks it, cannot be loaded (%s); install it if it is missing, or unpack the file first",
			 source->packing, xfdt_la.missing);
		return false;
	}
	source->archive = xfdt_la.archive_read_new();
	if (!source->archive) {
		snprintf(ret_why, size, "out of memory for unpacking");
		return false;
	}
	if (support_formats(source->archive, source->packing) == ARCHIVE_FATAL ||
	    lseek(fd, 0, SEEK_SET) || open_source(source) < ARCHIVE_WARN) {
		snprintf(ret_why, size, "cannot be unpacked: %s",
			 xfdt_libarchive_error(source->archive, strerror(errno)));
		xfdt_packed_file_deinit(source);
		return false;
	}
	return true;
}

void xfdt_packed_file_deinit(struct xfdt_packed_file *source)
{
	xfdt_la.archive_read_free(source->archive);
	if (source->gzip)
		gzclose(source->gzip);
	source->archive = NULL;
	source->gzip = NULL;
}

bool xfdt_packed_file_is_plain(const struct xfdt_packed_file *source)
{
	return (xfdt_la.archive_format(source->archive) & ARCHIVE_FORMAT_BASE_MASK) ==
	       ARCHIVE_FORMAT_RAW;
}
