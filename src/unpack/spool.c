/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pipe, made a file: nothing is parsed. */
#include "unpack/sparse.h"
#include "base/util.h"
#include "unpack/unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (256u << 10)

static struct xfdt_error *copy(int from, int to, uint64_t most, uint8_t *block)
{
	uint64_t offset = 0;
	ssize_t len;

	while ((len = xfdt_read_fully(from, block, BLOCK)) > 0) {
		if ((uint64_t)len > most - offset)
			return xfdt_error_new(XFDT_LIMIT, 0,
					      "has more than %llu MiB; --unpack-size allows more",
					      ull(most >> 20));
		if (!xfdt_write_sparse(to, block, (size_t)len, offset))
			return xfdt_error_new(XFDT_SYSTEM, 0, "cannot write a temporary file: %s",
					      strerror(errno));
		offset += (uint64_t)len;
	}
	if (len < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot read: %s", strerror(errno));
	if (ftruncate(to, (off_t)offset))
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot write a temporary file: %s",
				      strerror(errno));
	return NULL;
}

struct xfdt_error *xfdt_spool(int from, const char *dir, const struct xfdt_unpack_limits *limits,
			      int *ret_fd)
{
	struct xfdt_error *err;
	uint8_t *block;
	int fd = -1;

	err = xfdt_unnamed_file(dir, &fd);
	if (err)
		return err;
	block = malloc(BLOCK);
	err = block ? copy(from, fd, limits->bytes, block) : xfdt_no_memory("copying");
	free(block);
	if (err)
		close(fd);
	else
		*ret_fd = fd;
	return err;
}
