/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of zeros are left out. */
#include "unpack/sparse.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SPARSE_BLOCK 4096 /* of the file systems there are */

static bool is_zero(const uint8_t *bytes, size_t len)
{
	return !*bytes && !memcmp(bytes, bytes + 1, len - 1);
}

static size_t block_at(uint64_t offset, size_t left)
{
	size_t len = SPARSE_BLOCK - offset % SPARSE_BLOCK;

	return len < left ? len : left;
}

static bool write_all(int fd, const uint8_t *bytes, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t done = pwrite(fd, bytes, len, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		offset += (uint64_t)done;
		len -= (size_t)done;
	}
	return true;
}

/* How many of the @len bytes, from the first on, are in blocks that are @zero, or are not. */
static size_t run_of(const uint8_t *bytes, size_t len, uint64_t offset, bool zero)
{
	size_t done = 0;

	while (done < len) {
		size_t block = block_at(offset + done, len - done);

		if (is_zero(bytes + done, block) != zero)
			break;
		done += block;
	}
	return done;
}

bool xfdt_write_sparse(int fd, const uint8_t *bytes, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		size_t run;

		done += run_of(bytes + done, len - done, offset + done, true);
		run = run_of(bytes + done, len - done, offset + done, false);
		if (run && !write_all(fd, bytes + done, run, offset + done))
			return false;
		done += run;
	}
	return true;
}
