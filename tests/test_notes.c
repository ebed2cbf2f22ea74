/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notes of a dump, in order and damaged. */
#include "unit.h"
#include "dump/notes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

/* Append a note; returns the new length. */
static size_t put_note(uint8_t *notes, size_t len, const char *name, uint32_t type,
		       const void *desc, size_t desc_len)
{
	Elf64_Nhdr header = {
		.n_namesz = (uint32_t)strlen(name) + 1,
		.n_descsz = (uint32_t)desc_len,
		.n_type = type,
	};

	memcpy(notes + len, &header, sizeof(header));
	len += sizeof(header);
	memcpy(notes + len, name, header.n_namesz);
	len += (header.n_namesz + 3) & ~3u;
	memcpy(notes + len, desc, desc_len);
	return len + ((desc_len + 3) & ~(size_t)3);
}

static size_t put_text(uint8_t *notes, size_t len, const char *name, uint32_t type,
		       const char *text)
{
	return put_note(notes, len, name, type, text, strlen(text));
}

/* What @len bytes of notes say; from memory of just that size, so that a read behind it is seen. */
static struct xfdt_notes said_by(const uint8_t *bytes, size_t len)
{
	struct xfdt_notes notes = { 0 };
	uint8_t *exact = malloc(len ? len : 1);

	memcpy(exact, bytes, len);
	assert_ok(xfdt_notes_add(&notes, exact, len));
	free(exact);
	return notes;
}

static void test_notes__each_kind(void **state)
{
	struct elf_prstatus status = { .pr_pid = 4711 };
	struct xfdt_notes notes;
	uint8_t bytes[2048] = { 0 };
	size_t len;

	status.pr_reg[16] = 0xffffffff81000000ull; /* RIP */
	len = put_note(bytes, 0, "CORE", NT_PRSTATUS, &status, sizeof(status));
	len = put_text(bytes, len, "CORE", NT_PRSTATUS, "too short for registers");
	status.pr_pid = 4712;
	len = put_note(bytes, len, "CORE", NT_PRSTATUS, &status, sizeof(status));
	len = put_text(bytes, len, "XFDTRIAGE", 3, "of another type");
	len = put_text(bytes, len, "XFDTRIAGE", 2, "the census");
	len = put_text(bytes, len, "XFDTRIAG", 1, "of another name");
	len = put_text(bytes, len, "XFDTRIAGE", 1, "the record");
	len = put_text(bytes, len, "XFDTRIAGE", 1, "a second record");
	len = put_text(bytes, len, "VMCOREINFO", 0, "OSRELEASE=1\n");
	notes = said_by(bytes, len);
	assert_int_equal(notes.cpu_count, 2);
	assert_int_equal(notes.cpus[0].pid, 4711);
	assert_int_equal(notes.cpus[1].pid, 4712);
	assert_true(notes.cpus[0].regs.ip == 0xffffffff81000000ull);
	assert_int_equal(notes.record_len, strlen("the record"));
	assert_memory_equal(notes.record, "the record", notes.record_len);
	assert_int_equal(notes.census_len, strlen("the census"));
	assert_memory_equal(notes.census, "the census", notes.census_len);
	assert_string_equal(notes.vmcoreinfo, "OSRELEASE=1\n");
	xfdt_notes_deinit(&notes);
}

static void test_notes__none(void **state)
{
	struct xfdt_notes notes;
	uint8_t bytes[64] = { 0 };

	notes = said_by(bytes, 0);
	assert_null(notes.vmcoreinfo);
	assert_null(notes.record);
	notes = said_by(bytes, put_text(bytes, 0, "XFDTRIAGE", 1, ""));
	assert_null(notes.record);
}

static void test_notes__more_cpus_than_a_kernel_has(void **state)
{
	struct elf_prstatus status = { 0 };
	size_t size = (XFDT_CPUS_MAX + 10) * (sizeof(status) + 32), len = 0, i;
	uint8_t *bytes = calloc(1, size);
	struct xfdt_notes notes;

	for (i = 0; i < XFDT_CPUS_MAX + 5; i++) {
		status.pr_pid = (int)i;
		len = put_note(bytes, len, "CORE", NT_PRSTATUS, &status, sizeof(status));
	}
	notes = said_by(bytes, len);
	assert_int_equal(notes.cpu_count, XFDT_CPUS_MAX);
	assert_int_equal(notes.cpus[XFDT_CPUS_MAX - 1].pid, XFDT_CPUS_MAX - 1);
	xfdt_notes_deinit(&notes);
	free(bytes);
}

/* Sizes that lie: beyond the notes, and all ones. */
static void test_notes__damaged(void **state)
{
	uint8_t bytes[256] = { 0 };
	size_t whole = put_text(bytes, put_text(bytes, 0, "CORE", 1, "registers"), "XFDTRIAGE", 1,
				"record");
	struct xfdt_notes notes;
	size_t len, at;

	for (len = 0; len <= whole; len++) {
		notes = said_by(bytes, len);
		/* "record" ends two bytes in front of the padded end */
		assert_int_equal(notes.record != NULL, len >= whole - 2);
		xfdt_notes_deinit(&notes);
	}
	for (at = 0; at < 12; at++) {
		uint8_t damaged[256];

		memcpy(damaged, bytes, sizeof(damaged));
		memset(damaged + at, 0xff, 4);
		notes = said_by(damaged, whole);
		if (notes.record)
			assert_int_equal(notes.record_len, 6);
		xfdt_notes_deinit(&notes);
	}
}

static void test_notes__too_long_is_not_taken(void **state)
{
	size_t size = XFDT_EMBEDDED_MAX + 64;
	char *text = malloc(size);
	uint8_t *bytes = calloc(2, size + 64);
	struct xfdt_notes notes;
	size_t len;

	memset(text, 'x', size);
	len = put_note(bytes, 0, "XFDTRIAGE", 1, text, XFDT_EMBEDDED_MAX + 1);
	notes = said_by(bytes, len);
	assert_null(notes.record);
	len = put_note(bytes, 0, "VMCOREINFO", 0, text, XFDT_VMCOREINFO_MAX + 1);
	assert_fails(xfdt_notes_add(&notes, bytes, len), XFDT_CORRUPT);
	len = put_note(bytes, 0, "XFDTRIAGE", 1, text, XFDT_EMBEDDED_MAX);
	len = put_note(bytes, len, "VMCOREINFO", 0, text, XFDT_VMCOREINFO_MAX);
	notes = said_by(bytes, len);
	assert_int_equal(notes.record_len, XFDT_EMBEDDED_MAX);
	assert_int_equal(strlen(notes.vmcoreinfo), XFDT_VMCOREINFO_MAX);
	xfdt_notes_deinit(&notes);
	free(bytes);
	free(text);
}

#include "test_notes.tests.h"
