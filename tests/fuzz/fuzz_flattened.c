/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the flattened format: the input is the records; the answer is that of writing them one by one. */
#include "fuzz/fuzz.h"
#include "dump/dumpfile.h"
#include "dump/kdump_format.h"

#include <endian.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE 8192 /* of the dump, as far as it is compared */

static void replay(const uint8_t *data, size_t size, uint8_t *dump)
{
	size_t at = 0;

	for (;;) {
		uint64_t numbers[2], offset, len, i;

		memcpy(numbers, data + at, sizeof(numbers));
		offset = be64toh(numbers[0]);
		len = be64toh(numbers[1]);
		at += sizeof(numbers);
		if ((int64_t)offset == XFDT_FLAT_END)
			return;
		for (i = 0; i < len && offset + i < SIZE; i++)
			dump[offset + i] = data[at + i];
		at += len;
		FUZZ_CHECK(at <= size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[XFDT_FLAT_HEADER_SIZE] = XFDT_FLAT_SIGNATURE;
	static uint8_t expected[SIZE], bytes[SIZE];
	static int fd = -1;
	struct xfdt_dumpfile *file;
	struct xfdt_error *err;
	uint64_t len;
	char path[40];

	if (fd < 0)
		fd = memfd_create("flattened", 0);
	FUZZ_CHECK(!ftruncate(fd, 0));
	FUZZ_CHECK(pwrite(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head));
	FUZZ_CHECK(pwrite(fd, data, size, sizeof(head)) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = xfdt_dumpfile_open(&file, path, NULL, NULL);
	if (err) {
		xfdt_error_free(err);
		return 0;
	}
	memset(expected, 0, sizeof(expected));
	replay(data, size, expected);
	len = xfdt_dumpfile_size(file);
	if (len > SIZE)
		len = SIZE;
	FUZZ_CHECK(!xfdt_dumpfile_read(file, bytes, len, 0));
	FUZZ_CHECK(!memcmp(bytes, expected, len));
	xfdt_dumpfile_close(file);
	return 0;
}
