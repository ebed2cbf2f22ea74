/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flattened format (makedumpfile(8), -F and -R; its header is big endian). */
#include "dump/extent.h"
#include "dump/flattened.h"
#include "dump/kdump_format.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OFFSET_MAX (1ll << 50)
#define BUFFER (1u << 16)
#define PROGRESS_STEP (64 << 20)

static const char signature[16] = XFDT_FLAT_SIGNATURE;

bool xfdt_is_flattened(int fd)
{
	char start[sizeof(signature)];

	return xfdt_read_file(fd, start, sizeof(start), 0) &&
	       !memcmp(start, signature, sizeof(signature));
}

static struct xfdt_error *copy_bytes(int from, int64_t from_offset, int to, int64_t to_offset,
				     int64_t size, char *buf)
{
	while (size > 0) {
		size_t len = size < BUFFER ? (size_t)size : BUFFER;
		ssize_t got = pread(from, buf, len, from_offset);

		if (got < 0)
			return xfdt_error_new(XFDT_SYSTEM, 0, "read: %s", strerror(errno));
		if (!got)
			return xfdt_error_new(
				XFDT_TRUNCATED, 0,
				"the flattened dump ends in the middle of a record, at offset %lld",
				(long long)from_offset);
		if (pwrite(to, buf, (size_t)got, to_offset) != got)
			return xfdt_error_new(XFDT_SYSTEM, 0,
					      "cannot write the rearranged dump: %s",
					      strerror(errno));
		from_offset += got;
		to_offset += got;
		size -= got;
	}
	return NULL;
}

static struct xfdt_error *copy_records(int from, int to, char *buf, xfdt_progress *progress,
				       void *context)
{
	int64_t position = XFDT_FLAT_HEADER_SIZE, told = 0;
	struct stat status;
	uint64_t total = 0;

	if (!fstat(from, &status))
		total = (uint64_t)status.st_size;

	for (;;) {
		struct xfdt_error *err;
		struct xfdt_flat_record record;
		ssize_t got = pread(from, &record, sizeof(record), position);

		if (got < 0)
			return xfdt_error_new(XFDT_SYSTEM, 0, "read: %s", strerror(errno));
		if (got != sizeof(record))
			return xfdt_error_new(XFDT_TRUNCATED, 0,
					      "the flattened dump has no end record");
		record.offset = (int64_t)be64toh((uint64_t)record.offset);
		record.size = (int64_t)be64toh((uint64_t)record.size);
		if (record.offset == -1) {
			if (told)
				progress(context, total, total);
			return NULL;
		}
		if (record.offset < 0 || record.offset > OFFSET_MAX || record.size <= 0 ||
		    record.size > OFFSET_MAX)
			return xfdt_error_new(XFDT_CORRUPT, 0,
					      "a flattened record at offset %lld is out of bounds",
					      (long long)position);
		position += (int64_t)sizeof(record);
		err = copy_bytes(from, position, to, record.offset, record.size, buf);
		if (err)
			return err;
		position += record.size;
		if (progress && position - told >= PROGRESS_STEP) {
			told = position;
			progress(context, (uint64_t)position, total);
		}
	}
}

struct xfdt_error *xfdt_rearrange(int fd, const char *temp_dir, xfdt_progress *progress,
				  void *context, int *ret_fd)
{
	struct xfdt_error *err;
	char *buf;
	int to;

	if (!temp_dir)
		return xfdt_error_new(XFDT_UNSUPPORTED, 0,
				      "is flattened, and there is no folder to rearrange it in");
	buf = malloc(BUFFER);
	if (!buf)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	to = open(temp_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (to < 0) {
		err = xfdt_error_new(
			XFDT_SYSTEM, 0,
			"cannot make a temporary file in '%s' to rearrange the flattened dump: %s",
			temp_dir, strerror(errno));
		goto out;
	}
	err = copy_records(fd, to, buf, progress, context);
	if (err)
		close(to);
	else
		*ret_fd = to;
out:
	free(buf);
	return err;
}
