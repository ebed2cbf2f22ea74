/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libarchive, loaded only when there is something to unpack: with the libraries that it needs (libxml2,
 * ICU) it would cost every run of the program milliseconds and 40 MiB of address space.
 */
#ifndef XFDT_UNPACK_LIBARCHIVE_H
#define XFDT_UNPACK_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>

/* clang-format off */
#define XFDT_LIBARCHIVE_FUNCTIONS(X)			\
	X(archive_entry_filetype)			\
	X(archive_entry_hardlink)			\
	X(archive_entry_is_data_encrypted)		\
	X(archive_entry_pathname)			\
	X(archive_entry_pathname_utf8)			\
	X(archive_error_string)				\
	X(archive_filter_count)				\
	X(archive_format)				\
	X(archive_read_data)				\
	X(archive_read_free)				\
	X(archive_read_new)				\
	X(archive_read_next_header)			\
	X(archive_read_open)				\
	X(archive_read_open_fd)				\
	X(archive_read_set_option)			\
	X(archive_read_support_filter_bzip2)		\
	X(archive_read_support_filter_compress)		\
	X(archive_read_support_filter_lz4)		\
	X(archive_read_support_filter_lzip)		\
	X(archive_read_support_filter_lzma)		\
	X(archive_read_support_filter_xz)		\
	X(archive_read_support_filter_zstd)		\
	X(archive_read_support_format_7zip)		\
	X(archive_read_support_format_cpio)		\
	X(archive_read_support_format_empty)		\
	X(archive_read_support_format_raw)		\
	X(archive_read_support_format_tar)		\
	X(archive_read_support_format_zip)		\
	X(archive_set_error)
/* clang-format on */

struct xfdt_libarchive {
#define MEMBER(name) __typeof__(name) *name;
	XFDT_LIBARCHIVE_FUNCTIONS(MEMBER)
#undef MEMBER
	const char *missing; /* why it could not be loaded; NULL: it is */
};
extern struct xfdt_libarchive xfdt_la;

/* Load the library and fill xfdt_la, before the process is confined. */
void xfdt_libarchive_load(void);

/* What went wrong last with @archive, or @otherwise if it does not say; borrowed until the next call for it. */
const char *xfdt_libarchive_error(struct archive *archive, const char *otherwise);

#endif
