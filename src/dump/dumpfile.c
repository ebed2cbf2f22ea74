/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file of a dump. */
#include "dump/dumpfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_MAX (1u << 30) /* pread(2) takes at most 0x7ffff000 bytes */
#define AHEAD_MIN 4096u
#define NEAR (64u << 10) /* a gap that a stream of reads may leave */

struct xfdt_dumpfile {
	int fd;
	uint64_t size;
	struct stat opened;
	bool flattened;
	struct xfdt_flat_index index;
};

bool xfdt_read_file(int fd, void *buf, size_t len, uint64_t offset)
{
	return pread(fd, buf, len, (off_t)offset) == (ssize_t)len;
}

static struct xfdt_error *check_kind(const struct stat *status, const char *path)
{
	if (S_ISDIR(status->st_mode))
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0, "is a directory; name a vmcore in it");
	if (!S_ISREG(status->st_mode) && !S_ISBLK(status->st_mode))
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0,
				      "not a regular file; save the dump to a file first");
	if (S_ISREG(status->st_mode) && !status->st_size &&
	    strncmp(path, "/proc/", strlen("/proc/")))
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0, "is empty");
	return NULL;
}

static struct xfdt_error *open_flattened(struct xfdt_dumpfile *file, xfdt_progress *progress,
					 void *context)
{
	struct xfdt_error *err;

	err = xfdt_flat_index_init(&file->index, file->fd, progress, context);
	if (err)
		return err;
	file->flattened = true;
	file->size = file->index.count ? file->index.pieces[file->index.count - 1].end : 0;
	return NULL;
}

static struct xfdt_error *open_file(struct xfdt_dumpfile *file, const char *path)
{
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file->fd < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot open: %s", strerror(errno));
	if (fstat(file->fd, &file->opened))
		return xfdt_error_new(XFDT_SYSTEM, 0, "fstat: %s", strerror(errno));
	/* devices and some of /proc do not tell */
	file->size = UINT64_MAX;
	if (S_ISREG(file->opened.st_mode) && file->opened.st_size)
		file->size = (uint64_t)file->opened.st_size;
	return check_kind(&file->opened, path);
}

struct xfdt_error *xfdt_dumpfile_open(struct xfdt_dumpfile **ret_file, const char *path,
				      xfdt_progress *progress, void *context)
{
	struct xfdt_dumpfile *file = calloc(1, sizeof(*file));
	struct xfdt_error *err;

	if (!file)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	err = open_file(file, path);
	if (!err && xfdt_is_flattened(file->fd))
		err = open_flattened(file, progress, context);
	if (err)
		xfdt_dumpfile_close(file);
	else
		*ret_file = file;
	return err;
}

void xfdt_dumpfile_close(struct xfdt_dumpfile *file)
{
	if (!file)
		return;
	xfdt_flat_index_deinit(&file->index);
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

uint64_t xfdt_dumpfile_size(const struct xfdt_dumpfile *file)
{
	return file->size;
}

struct xfdt_error *xfdt_dumpfile_check_unchanged(const struct xfdt_dumpfile *file)
{
	const struct stat *opened = &file->opened;
	struct stat now;

	if (!S_ISREG(opened->st_mode) || file->size == UINT64_MAX)
		return NULL;
	if (fstat(file->fd, &now))
		return xfdt_error_new(XFDT_SYSTEM, 0, "fstat: %s", strerror(errno));
	if (now.st_size == opened->st_size && now.st_mtim.tv_sec == opened->st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == opened->st_mtim.tv_nsec)
		return NULL;
	return xfdt_error_new(XFDT_SYSTEM, 0,
			      "the file changed while it was read; wait until it is complete");
}

/* Up to @len bytes at @offset of the file as it is: fewer if it ends there. */
static struct xfdt_error *read_plain(int fd, uint8_t *buf, size_t len, uint64_t offset,
				     size_t *ret_got)
{
	size_t got = 0;

	while (got < len) {
		size_t part = len - got < READ_MAX ? len - got : READ_MAX;
		ssize_t done = offset > INT64_MAX - READ_MAX ?
				       0 :
				       pread(fd, buf + got, part, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return xfdt_error_new(XFDT_SYSTEM, 0, "read: %s", strerror(errno));
		if (!done)
			break;
		got += (size_t)done;
		offset += (uint64_t)done;
	}
	*ret_got = got;
	return NULL;
}

/* The same of a flattened file; what no record has is zero. */
static struct xfdt_error *read_pieces(const struct xfdt_dumpfile *file, uint8_t *buf, size_t len,
				      uint64_t offset, size_t *ret_got)
{
	size_t i = xfdt_flat_index_find(&file->index, offset), done = 0;

	if (offset >= file->size)
		len = 0;
	else if (len > file->size - offset)
		len = file->size - offset;
	while (done < len) {
		const struct xfdt_flat_piece *piece = &file->index.pieces[i];
		uint64_t at = offset + done, end = piece->start > at ? piece->start : piece->end;
		size_t part = end - at < len - done ? (size_t)(end - at) : len - done, got = part;
		struct xfdt_error *err = NULL;

		if (piece->start > at)
			memset(buf + done, 0, part);
		else
			err = read_plain(file->fd, buf + done, part,
					 piece->position + (at - piece->start), &got);
		if (err)
			return err;
		done += got;
		if (got < part)
			break;
		i += at + part == piece->end;
	}
	*ret_got = done;
	return NULL;
}

static struct xfdt_error *read_some(const struct xfdt_dumpfile *file, uint8_t *buf, size_t len,
				    uint64_t offset, size_t *ret_got)
{
	return file->flattened ? read_pieces(file, buf, len, offset, ret_got) :
				 read_plain(file->fd, buf, len, offset, ret_got);
}

static struct xfdt_error *too_short(uint64_t offset, size_t got)
{
	return xfdt_error_new(XFDT_TRUNCATED, 0, "the file ends after %llu bytes; copy it again",
			      (unsigned long long)(offset + got));
}

struct xfdt_error *xfdt_dumpfile_read(struct xfdt_dumpfile *file, void *buf, size_t len,
				      uint64_t offset)
{
	struct xfdt_error *err;
	size_t got;

	err = read_some(file, buf, len, offset, &got);
	if (!err && got < len)
		err = too_short(offset, got);
	return err;
}

struct xfdt_error *xfdt_window_init(struct xfdt_window *window, struct xfdt_dumpfile *file)
{
	*window = (struct xfdt_window){ .file = file, .bytes = malloc(XFDT_WINDOW_MAX) };
	return window->bytes ? NULL :
			       xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for reading");
}

void xfdt_window_deinit(struct xfdt_window *window)
{
	free(window->bytes);
	*window = (struct xfdt_window){ 0 };
}

struct xfdt_error *xfdt_window_get(struct xfdt_window *window, uint64_t offset, size_t len,
				   const uint8_t **ret_bytes)
{
	uint64_t into = offset - window->start;
	struct xfdt_error *err;
	size_t want;

	if (into > window->len || len > window->len - into) {
		bool goes_on = window->len && into <= window->len + (uint64_t)NEAR;

		if (len > XFDT_WINDOW_MAX)
			return xfdt_error_new(XFDT_LIMIT, 0, "%zu bytes are too many to read", len);
		window->ahead = goes_on ? 2 * window->ahead : AHEAD_MIN;
		if (window->ahead > XFDT_WINDOW_MAX)
			window->ahead = XFDT_WINDOW_MAX;
		want = len > window->ahead ? len : window->ahead;
		window->start = offset;
		window->len = 0;
		err = read_some(window->file, window->bytes, want, offset, &window->len);
		if (err)
			return err;
		into = 0;
		if (window->len < len)
			return too_short(offset, window->len);
	}
	*ret_bytes = window->bytes + into;
	return NULL;
}
