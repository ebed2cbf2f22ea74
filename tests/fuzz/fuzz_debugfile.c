/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz the reader of files with debuginfo: the input is an ELF file.  Modules and
 * compressed files are left out, since libdwfl has them first.
 */
#include "fuzz/fuzz.h"
#include "resolve/debugfile.h"

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct xfdt_debugfile *no_alt(void *context, const char *build_id, const char *name)
{
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_name_query queries[] = { { .name = "_stext" }, { .name = "modules" } };
	struct xfdt_layout layout;
	struct xfdt_debugfile *file;
	struct xfdt_error *err;
	Elf64_Ehdr header;
	size_t i;
	int fd;

	if (size < sizeof(header) || memcmp(data, ELFMAG, SELFMAG))
		return 0;
	memcpy(&header, data, sizeof(header));
	if (header.e_type == ET_REL)
		return 0;
	fd = memfd_create("vmlinux", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	err = xfdt_debugfile_open(&file, "vmlinux", fd);
	if (err) {
		xfdt_error_free(err);
		return 0;
	}
	FUZZ_CHECK(strlen(file->build_id) <= XFDT_BUILD_ID_MAX);
	xfdt_error_free(xfdt_debugfile_symbols(file, queries, 2));
	memset(&layout, 0, sizeof(layout));
	err = xfdt_debugfile_types(file, no_alt, NULL, &layout);
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		FUZZ_CHECK(layout.structs[i] <= XFDT_STRUCT_MAX && (!err || !layout.structs[i]));
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		FUZZ_CHECK(xfdt_member_is_sane(&layout.members[i]));
	xfdt_error_free(err);
	xfdt_debugfile_close(file);
	return 0;
}
