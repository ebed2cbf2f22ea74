/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF vmcores: segments that overlap, end within a page, or are not there. */
#include "unit.h"
#include "dump/elf_file.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEGMENTS 4
#define DATA 4096 /* where the bytes begin: byte N of them is N * 7 */
#define DATA_LEN 16384

struct dump {
	Elf64_Ehdr header;
	Elf64_Phdr segments[SEGMENTS];
	size_t less; /* bytes that the file lacks at its end */
};

static struct dump new_dump(void)
{
	return (struct dump){
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			.e_phoff = sizeof(Elf64_Ehdr), .e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = SEGMENTS,
		},
		/* the second lies within the third, as the kernel's text in /proc/vmcore */
		.segments = {
			{ .p_type = PT_NOTE },
			{ .p_type = PT_LOAD, .p_offset = DATA + 4096, .p_paddr = 0x11000, .p_filesz = 4096 },
			{ .p_type = PT_LOAD, .p_offset = DATA, .p_paddr = 0x10000, .p_filesz = 0x2800 },
			{ .p_type = PT_LOAD, .p_offset = DATA + 0x3000, .p_paddr = 0x20000, .p_filesz = 0x1000 },
		},
	};
}

static uint8_t byte_of(size_t offset)
{
	return (uint8_t)(offset * 7 + (offset >> 8));
}

struct opened {
	struct xfdt_dumpfile *file;
	struct xfdt_elf_dump *elf;
	struct xfdt_notes notes;
};

static struct xfdt_error *open_dump(struct opened *opened, const struct dump *dump)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	static uint8_t bytes[DATA + DATA_LEN];
	struct xfdt_error *err;
	char path[40];
	size_t i;

	*opened = (struct opened){ 0 };
	memcpy(bytes, &dump->header, sizeof(dump->header));
	memcpy(bytes + sizeof(dump->header), dump->segments, sizeof(dump->segments));
	for (i = 0; i < DATA_LEN; i++)
		bytes[DATA + i] = byte_of(i);
	if (write(fd, bytes, sizeof(bytes) - dump->less) != (ssize_t)(sizeof(bytes) - dump->less))
		exit(99);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = xfdt_dumpfile_open(&opened->file, path, NULL, NULL);
	close(fd);
	assert_null(err);
	return xfdt_elf_dump_open(&opened->elf, opened->file, &opened->notes);
}

static void close_dump(struct opened *opened)
{
	xfdt_elf_dump_close(opened->elf);
	xfdt_dumpfile_close(opened->file);
	xfdt_notes_deinit(&opened->notes);
}

static void assert_bytes(struct opened *opened, uint64_t paddr, size_t len, size_t offset)
{
	uint8_t bytes[DATA_LEN];
	size_t i;

	assert_ok(xfdt_elf_dump_read(opened->elf, paddr, bytes, len));
	for (i = 0; i < len; i++)
		assert_int_equal(bytes[i], byte_of(offset + i));
}

static void test_elf_file__segments(void **state)
{
	struct dump dump = new_dump();
	struct opened opened;
	uint8_t bytes[4096];

	assert_ok(open_dump(&opened, &dump));
	assert_string_equal(xfdt_elf_dump_machine(opened.elf), "x86_64");
	assert_bytes(&opened, 0x10000, 4096, 0);
	assert_bytes(&opened, 0x11ff0, 32, 0x1ff0);
	assert_bytes(&opened, 0x10ff0, 32, 0xff0);
	assert_bytes(&opened, 0x20000, 4096, 0x3000);
	assert_bytes(&opened, 0x12000, 0x800, 0x2000);
	/* the last one ends within a page */
	assert_fails(xfdt_elf_dump_read(opened.elf, 0x12000, bytes, 4096), XFDT_NOT_RAM);
	assert_fails(xfdt_elf_dump_read(opened.elf, 0xffff, bytes, 2), XFDT_NOT_RAM);
	assert_fails(xfdt_elf_dump_read(opened.elf, UINT64_MAX, bytes, 1), XFDT_NOT_RAM);
	close_dump(&opened);
}

/* memory that the kernel had, and makedumpfile left out */
static void test_elf_file__memory_left_out(void **state)
{
	struct dump dump = new_dump();
	struct opened opened;
	uint8_t bytes[8];

	dump.segments[3].p_memsz = 0x3000;
	assert_ok(open_dump(&opened, &dump));
	assert_bytes(&opened, 0x20000, 4096, 0x3000);
	assert_fails(xfdt_elf_dump_read(opened.elf, 0x21000, bytes, 8), XFDT_EXCLUDED);
	assert_fails(xfdt_elf_dump_read(opened.elf, 0x22ff8, bytes, 8), XFDT_EXCLUDED);
	assert_fails(xfdt_elf_dump_read(opened.elf, 0x23000, bytes, 8), XFDT_NOT_RAM);
	close_dump(&opened);
}

static void test_elf_file__cut_off(void **state)
{
	struct dump dump = new_dump();
	struct opened opened;
	uint8_t bytes[4096];

	dump.less = 0x1001;
	assert_ok(open_dump(&opened, &dump));
	assert_fails(xfdt_elf_dump_read(opened.elf, 0x20000, bytes, 1), XFDT_TRUNCATED);
	assert_bytes(&opened, 0x12000, 0x800, 0x2000);
	close_dump(&opened);
	dump.less = DATA_LEN + DATA - 80;
	assert_fails(open_dump(&opened, &dump), XFDT_TRUNCATED);
	close_dump(&opened);
}

static void test_elf_file__segments_out_of_bounds(void **state)
{
	static const struct {
		uint64_t offset, paddr, filesz;
	} bad[] = {
		{ DATA, UINT64_MAX - 10, 4096 },      { DATA, 0, UINT64_MAX },
		{ INT64_MAX, 0x30000, 4096 },	      { UINT64_MAX, 0x30000, 4096 },
		{ UINT64_MAX - 4095, 0x30000, 8192 }, { DATA, UINT64_MAX, UINT64_MAX },
	};
	struct opened opened;
	uint8_t bytes[4096];
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		struct dump dump = new_dump();
		struct xfdt_error *err;

		dump.segments[3].p_offset = bad[i].offset;
		dump.segments[3].p_paddr = bad[i].paddr;
		dump.segments[3].p_filesz = bad[i].filesz;
		assert_ok(open_dump(&opened, &dump));
		assert_bytes(&opened, 0x10000, 4096, 0);
		/* memory that the headers promise is left out, other memory is none */
		err = xfdt_elf_dump_read(opened.elf, 0x30000, bytes, 8);
		assert_non_null(err);
		assert_true(xfdt_error_code(err) == XFDT_NOT_RAM ||
			    xfdt_error_code(err) == XFDT_EXCLUDED);
		xfdt_error_free(err);
		close_dump(&opened);
	}
}

static void test_elf_file__bad_headers(void **state)
{
	struct dump dump = new_dump();
	struct opened opened;

	dump.segments[0].p_filesz = DATA_LEN + DATA + 1;
	assert_fails(open_dump(&opened, &dump), XFDT_CORRUPT);
	close_dump(&opened);
	dump.segments[0].p_filesz = 4;
	dump.segments[0].p_offset = UINT64_MAX - 1;
	assert_fails(open_dump(&opened, &dump), XFDT_CORRUPT);
	close_dump(&opened);
	dump = new_dump();
	dump.header.e_type = ET_EXEC;
	assert_fails(open_dump(&opened, &dump), XFDT_NOT_A_DUMP);
	close_dump(&opened);
	dump = new_dump();
	dump.header.e_phentsize = 1;
	assert_fails(open_dump(&opened, &dump), XFDT_CORRUPT);
	close_dump(&opened);
	dump = new_dump();
	dump.header.e_phnum = 0;
	assert_fails(open_dump(&opened, &dump), XFDT_LIMIT);
	close_dump(&opened);
	dump = new_dump();
	dump.header.e_phoff = UINT64_MAX;
	assert_fails(open_dump(&opened, &dump), XFDT_CORRUPT);
	close_dump(&opened);
	dump = new_dump();
	dump.header.e_phnum = PN_XNUM;
	dump.header.e_shoff = DATA;
	assert_fails(open_dump(&opened, &dump), XFDT_LIMIT);
	close_dump(&opened);
}

/* each within its bound, and together so many that a worker would be busy for minutes */
static void test_elf_file__notes_that_overlap(void **state)
{
	enum { NOTES = 5000 };
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segments[NOTES];
	} *bytes = calloc(1, sizeof(*bytes));
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct opened opened = { 0 };
	char path[40];
	size_t i;

	bytes->header = new_dump().header;
	bytes->header.e_phnum = NOTES;
	for (i = 0; i < NOTES; i++)
		bytes->segments[i] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_filesz = 16384 };
	assert_int_equal(write(fd, bytes, sizeof(*bytes)), sizeof(*bytes));
	free(bytes);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_ok(xfdt_dumpfile_open(&opened.file, path, NULL, NULL));
	assert_fails(xfdt_elf_dump_open(&opened.elf, opened.file, &opened.notes), XFDT_LIMIT);
	close_dump(&opened);
	close(fd);
}

#include "test_elf_file.tests.h"
