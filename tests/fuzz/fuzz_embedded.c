/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the note of a distilled dump: the input is all notes, behind a right header. */
#include "dump/embedded.h"
#include "dump/kdump_format.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOTES (2 * 4096)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_kdump_header header = { .header_version = 6, .block_size = 4096 };
	struct xfdt_kdump_sub_header sub = { .offset_note = NOTES, .size_note = size };
	static int fd = -1;
	struct xfdt_error *err;
	char *text = NULL;
	size_t len = 0;

	if (fd < 0)
		fd = memfd_create("dump", 0);
	memcpy(header.signature, XFDT_KDUMP_SIGNATURE, sizeof(header.signature));
	FUZZ_CHECK(!ftruncate(fd, 0));
	FUZZ_CHECK(pwrite(fd, &header, sizeof(header), 0) == sizeof(header));
	FUZZ_CHECK(pwrite(fd, &sub, sizeof(sub), 4096) == sizeof(sub));
	FUZZ_CHECK(pwrite(fd, data, size, NOTES) == (ssize_t)size);
	err = xfdt_embedded_read(fd, &text, &len);
	FUZZ_CHECK(err || !text || (len && len < size && len <= XFDT_EMBEDDED_MAX));
	/* all of it is there */
	if (!err && text)
		FUZZ_CHECK(memmem(data, size, text, len));
	xfdt_error_free(err);
	free(text);
	return 0;
}
