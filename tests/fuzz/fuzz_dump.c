/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz a whole dump: the input is the file. */
#include "fuzz/fuzz.h"
#include "dump/dump.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAMES 64 /* that are read, at most */

/* Pages that the file says it has, and some that it may not have. */
static void read_frames(struct xfdt_dump *dump)
{
	static uint8_t page[XFDT_PAGE_SIZE];
	struct xfdt_error *err = NULL;
	unsigned int frames;
	bool found = true;
	uint64_t pfn = 0;

	for (frames = 0; frames < FRAMES; frames++, pfn++) {
		err = xfdt_dump_next_frame(dump, 0, pfn, &pfn, &found);
		if (err || !found)
			break;
		xfdt_error_free(xfdt_dump_read_frame(dump, pfn, page));
	}
	xfdt_error_free(err);
	for (pfn = 0; pfn < 4; pfn++)
		xfdt_error_free(xfdt_dump_read_frame(dump, pfn, page));
	xfdt_error_free(xfdt_dump_read_frame(dump, UINT64_MAX / XFDT_PAGE_SIZE, page));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct xfdt_dump_options options;
	static uint8_t page[XFDT_PAGE_SIZE];
	static int fd = -1;
	struct xfdt_source source;
	struct xfdt_dump *dump;
	struct xfdt_error *err;
	char path[40];
	const char *paths[] = { path };

	if (fd < 0)
		fd = memfd_create("dump", 0);
	FUZZ_CHECK(!ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = xfdt_dump_open(&dump, paths, 1, &options);
	if (err) {
		xfdt_error_free(err);
		return 0;
	}
	read_frames(dump);
	source = xfdt_dump_source(dump);
	xfdt_error_free(source.reader->read(source.reader, 0xffffffff81000ffcull, page, 8));
	xfdt_error_free(source.reader->read(source.reader, 0xffff888000001000ull, page, 8));
	FUZZ_CHECK(!source.record == !source.record_len);
	xfdt_dump_close(dump);
	return 0;
}
