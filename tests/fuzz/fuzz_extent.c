/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz what is read of a dump's file beside libkdumpfile: the input is the file. */
#include "fuzz/fuzz.h"
#include "dump/embedded.h"
#include "dump/extent.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);
	struct xfdt_extent *extent = NULL;
	struct xfdt_error *err;
	uint64_t paddr;
	size_t len;
	char *text;

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	err = xfdt_extent_new(fd, &extent);
	if (!err && extent) {
		for (paddr = 0; paddr < 64 * 4096; paddr += 2048)
			xfdt_extent_check(extent, paddr, 2048);
		xfdt_extent_check(extent, ~0ull - 4095, 4096);
		xfdt_extent_check(extent, 1ull << 63, 8);
		xfdt_extent_free(extent);
	}
	xfdt_error_free(err);
	err = xfdt_embedded_read(fd, &text, &len);
	if (!err && text) {
		FUZZ_CHECK(len && len <= XFDT_EMBEDDED_MAX && len <= size);
		free(text);
	}
	xfdt_error_free(err);
	close(fd);
	return 0;
}
