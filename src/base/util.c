/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What more than one folder needs and no header of a library has. */
#include "base/util.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

int64_t xfdt_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ll + now.tv_nsec / 1000;
}

int64_t xfdt_now_ms(void)
{
	return xfdt_now_us() / 1000;
}

ssize_t xfdt_read_fully(int fd, void *buf, size_t len)
{
	uint8_t *to = buf;
	size_t done = 0;

	while (done < len) {
		ssize_t got = read(fd, to + done, len - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

uint64_t xfdt_hash(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *byte = bytes;

	while (len--)
		hash = (hash ^ *byte++) * 0x100000001b3ull;
	return hash;
}
