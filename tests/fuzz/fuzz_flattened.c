/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the flattened format: the input is the file. */
#include "fuzz/fuzz.h"
#include "dump/flattened.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[4096] = "makedumpfile";
	int fd = memfd_create("flattened", 0), to = -1;
	struct xfdt_error *err;

	if (write(fd, data, size) != (ssize_t)size)
		__builtin_trap();
	xfdt_is_flattened(fd);
	/* and as records behind a right header */
	FUZZ_CHECK(pwrite(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head));
	FUZZ_CHECK(pwrite(fd, data, size, sizeof(head)) == (ssize_t)size);
	FUZZ_CHECK(xfdt_is_flattened(fd));
	err = xfdt_rearrange(fd, "/tmp", NULL, NULL, &to);
	FUZZ_CHECK(err ? to == -1 : to >= 0);
	if (!err)
		close(to);
	xfdt_error_free(err);
	close(fd);
	return 0;
}
