/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz what is made of a file that is found: the input is the file, behind different first bytes. */
#include "dump/identify.h"
#include "fuzz/fuzz.h"
#include "dump/kdump_format.h"

#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void identify(int fd, bool dump)
{
	struct xfdt_file file, again;
	struct xfdt_error *err = xfdt_identify(fd, &file);

	FUZZ_CHECK(!err);
	FUZZ_CHECK(!dump || file.kind == XFDT_FILE_DUMP || file.kind == XFDT_FILE_PART);
	FUZZ_CHECK(strlen(file.build_id) < sizeof(file.build_id) &&
		   file.build_id[strspn(file.build_id, "0123456789abcdef-")] == '\0');
	/* the same file is the same dump on another day, and on another machine */
	FUZZ_CHECK(!xfdt_identify(fd, &again) && again.kind == file.kind &&
		   again.hash == file.hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t core[] = {
		0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1, 0,	  0,
		0,    0,   0,	0,   0,		 0,	      0, ET_CORE, 0
	};
	struct xfdt_kdump_header kdump = { .header_version = 6, .block_size = 4096 };
	int fd = memfd_create("file", 0);

	memcpy(kdump.signature, XFDT_KDUMP_SIGNATURE, sizeof(kdump.signature));
	FUZZ_CHECK(write(fd, data, size) == (ssize_t)size);
	identify(fd, false);
	FUZZ_CHECK(pwrite(fd, core, sizeof(core), 0) == (ssize_t)sizeof(core));
	identify(fd, false);
	FUZZ_CHECK(pwrite(fd, &kdump, sizeof(kdump), 0) == (ssize_t)sizeof(kdump));
	/* the sub header, and what it points to */
	FUZZ_CHECK(pwrite(fd, data, size, 4096) == (ssize_t)size);
	identify(fd, true);
	close(fd);
	return 0;
}
