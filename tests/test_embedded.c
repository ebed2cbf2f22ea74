/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The note of a distilled vmcore that carries symbols and types. */
#include "unit.h"
#include "dump/embedded.h"
#include "dump/kdump_format.h"

#include <elf.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOTES 8192

/* A kdump-compressed file of headers and @len bytes of notes. */
static int file_of(const void *notes, size_t len, uint64_t said_len)
{
	struct xfdt_kdump_header header = {
		.header_version = XFDT_KDUMP_VERSION,
		.block_size = 4096,
		.sub_hdr_size = 1,
	};
	struct xfdt_kdump_sub_header sub = { .offset_note = NOTES, .size_note = said_len };
	int fd = memfd_create("kdump", MFD_CLOEXEC);

	memcpy(header.signature, XFDT_KDUMP_SIGNATURE, sizeof(header.signature));
	if (fd < 0 || pwrite(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    pwrite(fd, &sub, sizeof(sub), 4096) != sizeof(sub) ||
	    pwrite(fd, notes, len, NOTES) != (ssize_t)len)
		exit(99);
	return fd;
}

/* Append a note; returns the new length. */
static size_t put_note(uint8_t *notes, size_t len, const char *name, uint32_t type,
		       const char *text)
{
	Elf64_Nhdr header = {
		.n_namesz = (uint32_t)strlen(name) + 1,
		.n_descsz = (uint32_t)strlen(text),
		.n_type = type,
	};

	memcpy(notes + len, &header, sizeof(header));
	len += sizeof(header);
	memcpy(notes + len, name, header.n_namesz);
	len += (header.n_namesz + 3) & ~3u;
	memcpy(notes + len, text, header.n_descsz);
	return len + ((header.n_descsz + 3) & ~3u);
}

static bool carries(int fd, char **text, size_t *len)
{
	*text = (char *)0x5a;
	assert_ok(xfdt_embedded_read(fd, text, len));
	close(fd);
	return *text;
}

static void test_embedded__is_found_behind_other_notes(void **state)
{
	uint8_t notes[512] = { 0 };
	size_t len;
	char *text;

	len = put_note(notes, 0, "CORE", 1, "registers of a CPU");
	len = put_note(notes, len, "XFDTRIAGE", 2, "of another type");
	len = put_note(notes, len, "XFDTRIAG", 1, "of another name");
	len = put_note(notes, len, "XFDTRIAGE", 1, "the record");
	len = put_note(notes, len, "VMCOREINFO", 0, "OSRELEASE=1");
	assert_true(carries(file_of(notes, len, len), &text, &len));
	assert_int_equal(len, strlen("the record"));
	assert_memory_equal(text, "the record", len);
	free(text);
}

/* A flattened file whose first record has @len bytes of @from, of which it says @offset and so many. */
static int flattened(int from, int64_t offset, size_t len)
{
	struct xfdt_flat_record record = { (int64_t)htobe64((uint64_t)offset),
					   (int64_t)htobe64(len) };
	static const char signature[16] = XFDT_FLAT_SIGNATURE;
	int fd = memfd_create("flat", MFD_CLOEXEC);
	char *bytes = calloc(1, len);

	if (fd < 0 || !bytes || pread(from, bytes, len, 0) < 0 ||
	    pwrite(fd, signature, sizeof(signature), 0) != sizeof(signature) ||
	    pwrite(fd, &record, sizeof(record), XFDT_FLAT_HEADER_SIZE) != sizeof(record) ||
	    pwrite(fd, bytes, len, XFDT_FLAT_HEADER_SIZE + sizeof(record)) != (ssize_t)len)
		exit(99);
	free(bytes);
	close(from);
	return fd;
}

/* libkdumpfile 0.5.4 and later read such a file as it is */
static void test_embedded__is_found_in_a_flattened_dump(void **state)
{
	uint8_t notes[512] = { 0 };
	size_t notes_len, len;
	char *text;

	notes_len = put_note(notes, 0, "VMCOREINFO", 0, "OSRELEASE=1");
	notes_len = put_note(notes, notes_len, "XFDTRIAGE", 1, "the record");
	assert_true(carries(flattened(file_of(notes, notes_len, notes_len), 0, NOTES + notes_len),
			    &text, &len));
	assert_int_equal(len, strlen("the record"));
	free(text);
	/* the first record is of another place, or cut off */
	assert_false(
		carries(flattened(file_of(notes, notes_len, notes_len), 4096, NOTES + notes_len),
			&text, &len));
	assert_false(
		carries(flattened(file_of(notes, notes_len, notes_len), 0, NOTES), &text, &len));
	assert_false(carries(flattened(file_of(notes, notes_len, notes_len), 0, 100), &text, &len));
}

static void test_embedded__none(void **state)
{
	uint8_t notes[512] = { 0 };
	size_t len;
	char *text;

	len = put_note(notes, 0, "CORE", 1, "registers");
	assert_false(carries(file_of(notes, len, len), &text, &len));
	assert_false(carries(file_of(notes, 0, 0), &text, &len));
	len = put_note(notes, 0, "XFDTRIAGE", 1, "");
	assert_false(carries(file_of(notes, len, len), &text, &len));
}

/* Sizes that lie: beyond the notes, beyond the file, and all ones. */
static void test_embedded__damaged_notes(void **state)
{
	uint8_t notes[256] = { 0 };
	size_t whole = put_note(notes, put_note(notes, 0, "CORE", 1, "registers"), "XFDTRIAGE", 1,
				"record");
	size_t len, at;
	char *text;

	for (len = 0; len < whole; len++) {
		size_t found;

		/* "record" ends two bytes in front of the padded end */
		if (carries(file_of(notes, whole, len), &text, &found)) {
			assert_within(len, whole - 2, whole - 1);
			assert_int_equal(found, 6);
			free(text);
		}
	}
	assert_false(carries(file_of(notes, whole, 1u << 20), &text, &len));
	assert_false(carries(file_of(notes, whole, ~0ull), &text, &len));
	for (at = 0; at < 12; at++) {
		uint8_t damaged[256];

		memcpy(damaged, notes, sizeof(damaged));
		memset(damaged + at, 0xff, 4);
		if (carries(file_of(damaged, whole, whole), &text, &len)) {
			assert_int_equal(len, 6);
			free(text);
		}
	}
}

static void test_embedded__too_long_is_not_taken(void **state)
{
	size_t size = XFDT_EMBEDDED_MAX + 64, len;
	uint8_t *notes = calloc(1, size + 64);
	Elf64_Nhdr header = { .n_namesz = 10, .n_descsz = XFDT_EMBEDDED_MAX + 1, .n_type = 1 };
	char *text;

	memcpy(notes, &header, sizeof(header));
	memcpy(notes + sizeof(header), "XFDTRIAGE", 10);
	assert_false(carries(file_of(notes, size, size), &text, &len));
	free(notes);
}

static void test_embedded__other_files(void **state)
{
	uint8_t notes[256] = { 0 };
	size_t len = put_note(notes, 0, "XFDTRIAGE", 1, "record"), found;
	char *text;
	int fd;

	fd = file_of(notes, len, len);
	assert_int_equal(pwrite(fd, "\177ELF", 4, 0), 4);
	assert_false(carries(fd, &text, &found));
	fd = file_of(notes, len, len);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_false(carries(fd, &text, &found));
	fd = memfd_create("empty", MFD_CLOEXEC);
	assert_false(carries(fd, &text, &found));
}

#include "test_embedded.tests.h"
