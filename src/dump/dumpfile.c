/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file of a dump. */
#include "dump/dumpfile.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct xfdt_dumpfile {
	struct xfdt_storage *storage;
	uint64_t size;
	bool flattened;
	struct xfdt_flat_index index;
};

bool xfdt_read_file(int fd, void *buf, size_t len, uint64_t offset)
{
	return pread(fd, buf, len, (off_t)offset) == (ssize_t)len;
}

/* Take over @storage, and find out how the dump lies in it. */
static struct xfdt_error *new_file(struct xfdt_dumpfile **ret_file, struct xfdt_storage *storage,
				   xfdt_progress *progress, void *context)
{
	struct xfdt_dumpfile *file = calloc(1, sizeof(*file));
	struct xfdt_error *err;

	if (!file) {
		xfdt_storage_close(storage);
		return xfdt_no_memory("a file");
	}
	file->storage = storage;
	file->size = xfdt_storage_size(storage);
	err = xfdt_storage_is_flattened(storage, &file->flattened);
	if (!err && file->flattened)
		err = xfdt_flat_index_init(&file->index, storage, progress, context);
	if (err) {
		xfdt_dumpfile_close(file);
		return err;
	}
	if (file->flattened)
		file->size = file->index.count ? file->index.pieces[file->index.count - 1].end : 0;
	*ret_file = file;
	return NULL;
}

struct xfdt_error *xfdt_dumpfile_open(struct xfdt_dumpfile **ret_file, const char *path,
				      xfdt_progress *progress, void *context)
{
	struct xfdt_storage *storage;
	struct xfdt_error *err = xfdt_storage_open(&storage, path);

	return err ? err : new_file(ret_file, storage, progress, context);
}

struct xfdt_error *xfdt_dumpfile_open_remote(struct xfdt_dumpfile **ret_file,
					     const struct xfdt_remote *remote, size_t index,
					     xfdt_progress *progress, void *context)
{
	struct xfdt_storage *storage;
	struct xfdt_error *err = xfdt_storage_open_remote(&storage, remote, index);

	return err ? err : new_file(ret_file, storage, progress, context);
}

void xfdt_dumpfile_close(struct xfdt_dumpfile *file)
{
	if (!file)
		return;
	xfdt_flat_index_deinit(&file->index);
	xfdt_storage_close(file->storage);
	free(file);
}

struct xfdt_storage *xfdt_dumpfile_storage(struct xfdt_dumpfile *file)
{
	return file->storage;
}

uint64_t xfdt_dumpfile_size(const struct xfdt_dumpfile *file)
{
	return file->size;
}

/* Up to @len bytes at @offset of a flattened file; what no record has is zero. */
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
			err = xfdt_storage_read(file->storage, buf + done, part,
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

struct xfdt_error *xfdt_dumpfile_read(struct xfdt_dumpfile *file, void *buf, size_t len,
				      uint64_t offset)
{
	struct xfdt_error *err;
	size_t got;

	err = file->flattened ? read_pieces(file, buf, len, offset, &got) :
				xfdt_storage_read(file->storage, buf, len, offset, &got);
	if (!err && got < len)
		err = xfdt_error_new(XFDT_TRUNCATED, 0,
				     "the file ends after %llu bytes; copy it again",
				     ull(got || offset < file->size ? offset + got : file->size));
	return err;
}
