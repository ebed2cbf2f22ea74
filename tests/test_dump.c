/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a real vmcore, and small ones made by hand. */
#include "unit.h"

#include "dump/dump.h"
#include "image/vmcoreinfo.h"
#include "resolve/resolve.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE "dumps/clean-6.1.192.vmcore"
#define ABSENT_FRAME 0x7ffffffu

static struct xfdt_dump *open_recorded(void)
{
	struct xfdt_dump_options options = { .record = true };
	const char *paths[] = { SOURCE };
	struct xfdt_source source;
	struct xfdt_image image;
	struct xfdt_dump *dump;

	assert_null(xfdt_dump_open(&dump, paths, 1, &options));
	source = xfdt_dump_source(dump);
	xfdt_image_init(&image, &source, NULL);
	xfdt_image_deinit(&image);
	return dump;
}

/* libkdumpfile 0.5.1: after one page that is missing, good ones read as corrupt */
static void test_dump__pages_read_after_a_missing_one(void **state)
{
	const struct xfdt_frame *frames;
	uint8_t page[XFDT_PAGE_SIZE];
	struct xfdt_dump *dump;
	struct xfdt_error *err;
	size_t count, round, i;

	NEED_FILE(SOURCE);
	dump = open_recorded();
	frames = xfdt_dump_frames(dump, &count);
	assert_true(count > 10);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < count && i < 200; i++) {
			err = xfdt_dump_read_frame(dump, frames[i].pfn, page);
			assert_null(err);
			if (i % 50 == round) {
				err = xfdt_dump_read_frame(dump, ABSENT_FRAME + i, page);
				assert_non_null(err);
				assert_int_equal(xfdt_error_code(err), XFDT_NOT_RAM);
				xfdt_error_free(err);
			}
		}
	}
	xfdt_dump_close(dump);
}

/* what is recorded are the bytes read, and no others */
static void test_dump__records_bytes_not_pages(void **state)
{
	const struct xfdt_frame *frames;
	size_t count, i, j, whole = 0, part = 0;
	struct xfdt_dump *dump;

	NEED_FILE(SOURCE);
	dump = open_recorded();
	frames = xfdt_dump_frames(dump, &count);
	for (i = 0; i < count; i++) {
		bool all = true, any = false;

		for (j = 0; j < sizeof(frames[i].read); j++) {
			all = all && frames[i].read[j] == 0xff;
			any = any || frames[i].read[j];
		}
		assert_true(any);
		if (i)
			assert_true(frames[i].pfn > frames[i - 1].pfn);
		whole += all;
		part += !all;
	}
	assert_true(whole > 0);
	assert_true(part > 0);
	xfdt_dump_close(dump);
}

static uint64_t bytes_recorded(struct xfdt_dump *dump)
{
	const struct xfdt_frame *frames;
	uint64_t sum = 0;
	size_t count, i, j;

	frames = xfdt_dump_frames(dump, &count);
	for (i = 0; i < count; i++)
		for (j = 0; j < sizeof(frames[i].read); j++)
			sum += (uint64_t)__builtin_popcount(frames[i].read[j]);
	return sum;
}

static uint64_t bytes_accounted(const struct xfdt_dump *dump)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < XFDT_PURPOSES; i++)
		sum += xfdt_dump_read_for(dump, (enum xfdt_purpose)i);
	return sum;
}

/* every byte has a purpose, and what is forgotten has none */
static void test_dump__accounts_for_what_it_records(void **state)
{
	struct xfdt_vmcoreinfo info;
	struct xfdt_source source;
	struct xfdt_dump *dump;
	uint64_t start, before, code, log;
	char text[64];
	uint8_t byte;

	NEED_FILE(SOURCE);
	dump = open_recorded();
	before = bytes_recorded(dump);
	assert_true(before > 0);
	assert_int_equal(bytes_accounted(dump), before);
	source = xfdt_dump_source(dump);
	assert_ok(xfdt_vmcoreinfo_init(&info, source.vmcoreinfo));
	assert_true(xfdt_vmcoreinfo_get(&info, "SYMBOL(init_uts_ns)", text, sizeof(text)));
	xfdt_vmcoreinfo_deinit(&info);
	start = strtoull(text, NULL, 16) | 0xfff;
	source.reader->purpose = XFDT_FOR_CODE;
	assert_ok(source.reader->read(source.reader, start, &byte, 1));
	code = xfdt_dump_read_for(dump, XFDT_FOR_CODE);
	assert_int_equal(code, 1);
	assert_int_equal(bytes_recorded(dump), bytes_accounted(dump));
	xfdt_dump_forget(dump, start - 7, 8);
	assert_int_equal(xfdt_dump_read_for(dump, XFDT_FOR_CODE), 0);
	assert_int_equal(bytes_recorded(dump), bytes_accounted(dump));
	/* twice, or where nothing is, changes nothing */
	xfdt_dump_forget(dump, start - 7, 8);
	xfdt_dump_forget(dump, 0xffff000000000000ull, 65536);
	assert_int_equal(xfdt_dump_read_for(dump, XFDT_FOR_CODE), 0);
	/* for another purpose than it was read for */
	assert_ok(source.reader->read(source.reader, start, &byte, 1));
	source.reader->purpose = XFDT_FOR_LOG;
	log = xfdt_dump_read_for(dump, XFDT_FOR_LOG);
	xfdt_dump_forget(dump, start, 1);
	assert_int_equal(xfdt_dump_read_for(dump, XFDT_FOR_CODE), 0);
	assert_int_equal(xfdt_dump_read_for(dump, XFDT_FOR_LOG), log);
	assert_int_equal(bytes_recorded(dump), bytes_accounted(dump));
	xfdt_dump_close(dump);
}

/* a vmcore of a few pages, which memory encryption marks in its page tables */

#define KERNEL_MAP 0xffffffff80000000ull
#define ROOT 0x1000u /* physical, as are all */
#define DATA 0x5000u
#define PAGES 6
#define SME_MASK (1ull << 47)

static void write_encrypted(const char *path, bool says_so)
{
	static uint64_t memory[PAGES][XFDT_PAGE_SIZE / 8];
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segments[2];
		Elf64_Nhdr note;
		char name[12], text[244];
	} elf = {
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			.e_phoff = sizeof(Elf64_Ehdr), .e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
		},
		.note = { sizeof("VMCOREINFO"), sizeof(elf.text), 0 },
		.name = "VMCOREINFO",
	};
	const size_t notes = offsetof(__typeof__(elf), note);
	unsigned int level;
	FILE *out;

	elf.segments[0] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = notes,
		.p_filesz = sizeof(elf) - notes,
	};
	elf.segments[1] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = XFDT_PAGE_SIZE,
		.p_vaddr = 0xffff888000000000ull,
		.p_filesz = sizeof(memory),
		.p_memsz = sizeof(memory),
	};
	snprintf(elf.text, sizeof(elf.text),
		 "OSRELEASE=6.12.0\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=%llx\n"
		 "NUMBER(phys_base)=0\nNUMBER(pgtable_l5_enabled)=0\n%s",
		 KERNEL_MAP + ROOT, says_so ? "NUMBER(sme_mask)=140737488355328\n" : "");
	/* each level leads to the next page, for the first page of the kernel map */
	memset(memory, 0, sizeof(memory));
	for (level = 0; level < 4; level++) {
		uint64_t at = ROOT + level * XFDT_PAGE_SIZE;

		memory[at / XFDT_PAGE_SIZE][KERNEL_MAP >> (39 - 9 * level) & 511] =
			(at + XFDT_PAGE_SIZE) | SME_MASK | 0x63;
	}
	memory[DATA / XFDT_PAGE_SIZE][1] = 0x1122334455667788;
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(&elf, sizeof(elf), 1, out), 1);
	assert_int_equal(fseek(out, XFDT_PAGE_SIZE, SEEK_SET), 0);
	assert_int_equal(fwrite(memory, sizeof(memory), 1, out), 1);
	assert_int_equal(fclose(out), 0);
}

static void test_dump__encrypted_memory_is_where_its_tables_say(void **state)
{
	struct xfdt_dump_options options = { 0 };
	const char *tmp = getenv("TMPDIR");
	char path[200];
	const char *paths[] = { path };
	int fd, says_so;

	snprintf(path, sizeof(path), "%s/xfdt-test-XXXXXX", tmp ? tmp : "/tmp");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	for (says_so = 0; says_so < 2; says_so++) {
		struct xfdt_source source;
		struct xfdt_error *err;
		struct xfdt_dump *dump;
		uint64_t value = 0;

		write_encrypted(path, says_so);
		assert_ok(xfdt_dump_open(&dump, paths, 1, &options));
		source = xfdt_dump_source(dump);
		err = source.reader->read(source.reader, KERNEL_MAP + 8, &value, sizeof(value));
		if (says_so) {
			assert_ok(err);
			assert_true(value == 0x1122334455667788);
		} else {
			assert_non_null(err);
			xfdt_error_free(err);
		}
		xfdt_dump_close(dump);
	}
	unlink(path);
}

#define NOTE_FRAME 0x100 /* in low memory, which the dumps do not hold */

static void put_note_page(FILE *out, const char *text)
{
	uint8_t page[XFDT_PAGE_SIZE] = { 0 };
	const Elf64_Nhdr header = { .n_namesz = sizeof("VMCOREINFO"),
				    .n_descsz = (Elf64_Word)strlen(text) };

	assert_true(sizeof(header) + 12 + strlen(text) <= sizeof(page));
	memcpy(page, &header, sizeof(header));
	memcpy(page + sizeof(header), "VMCOREINFO", sizeof("VMCOREINFO"));
	memcpy(page + sizeof(header) + 12, text, strlen(text));
	fwrite(page, sizeof(page), 1, out);
}

static void put_segment(FILE *out, size_t index, uint64_t offset, uint64_t pfn)
{
	const Elf64_Phdr segment = {
		.p_type = PT_LOAD,
		.p_offset = offset + index * XFDT_PAGE_SIZE,
		.p_paddr = pfn * XFDT_PAGE_SIZE,
		.p_filesz = XFDT_PAGE_SIZE,
		.p_memsz = XFDT_PAGE_SIZE,
	};

	fwrite(&segment, sizeof(segment), 1, out);
}

/* An ELF dump without notes: @notes as memory, then all that was read of @dump. */
static void write_elf(const char *path, struct xfdt_dump *dump, const char *const *notes,
		      size_t note_count)
{
	const struct xfdt_frame *frames;
	uint8_t page[XFDT_PAGE_SIZE];
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
	};
	FILE *out = fopen(path, "w");
	uint64_t offset;
	size_t count, i;

	assert_non_null(out);
	frames = xfdt_dump_frames(dump, &count);
	header.e_phnum = (Elf64_Half)(note_count + count);
	offset = sizeof(header) + header.e_phnum * sizeof(Elf64_Phdr);
	fwrite(&header, sizeof(header), 1, out);
	for (i = 0; i < note_count; i++)
		put_segment(out, i, offset, NOTE_FRAME + i);
	for (i = 0; i < count; i++)
		put_segment(out, note_count + i, offset, frames[i].pfn);
	for (i = 0; i < note_count; i++)
		put_note_page(out, notes[i]);
	for (i = 0; i < count; i++) {
		assert_ok(xfdt_dump_read_frame(dump, frames[i].pfn, page));
		fwrite(page, sizeof(page), 1, out);
	}
	assert_int_equal(fclose(out), 0);
}

/* Reads of @dump what leads to the release, so that it is recorded. */
static void read_uts_ns(const struct xfdt_source *source)
{
	struct xfdt_vmcoreinfo info;
	uint8_t bytes[512];
	uint64_t kvaddr;

	assert_ok(xfdt_vmcoreinfo_init(&info, source->vmcoreinfo));
	assert_true(xfdt_vmcoreinfo_symbol(&info, "init_uts_ns", &kvaddr));
	xfdt_vmcoreinfo_deinit(&info);
	assert_ok(source->reader->read(source->reader, kvaddr, bytes, sizeof(bytes)));
}

/* The VMCOREINFO of the dump at @path, opened with @given; the caller frees it; NULL: none. */
static char *vmcoreinfo_of(const char *path, const char *given)
{
	struct xfdt_dump_options options = { .vmcoreinfo = given };
	struct xfdt_source source;
	struct xfdt_dump *dump;
	char *text;

	assert_ok(xfdt_dump_open(&dump, &path, 1, &options));
	source = xfdt_dump_source(dump);
	text = source.vmcoreinfo ? strdup(source.vmcoreinfo) : NULL;
	if (text)
		read_uts_ns(&source);
	xfdt_dump_close(dump);
	return text;
}

/* @text with another release. */
static char *of_a_guest(const char *text)
{
	char *guest;

	assert_true(asprintf(&guest, "OSRELEASE=1.2.3-guest\n%s", strchr(text, '\n') + 1) > 0);
	return guest;
}

static char *temporary_file(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path;
	int fd;

	assert_true(asprintf(&path, "%s/xfdt-test-XXXXXX", tmp ? tmp : "/tmp") > 0);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return path;
}

/* A guest's note comes first in memory: its release is not what init_uts_ns has. */
static void test_dump__vmcoreinfo_is_found_in_memory(void **state)
{
	char *path, *guest, *found;
	struct xfdt_source source;
	struct xfdt_dump *dump;

	NEED_FILE(SOURCE);
	dump = open_recorded();
	source = xfdt_dump_source(dump);
	read_uts_ns(&source);
	guest = of_a_guest(source.vmcoreinfo);
	path = temporary_file();
	write_elf(path, dump, (const char *[]){ guest, source.vmcoreinfo }, 2);
	found = vmcoreinfo_of(path, NULL);
	assert_non_null(found);
	assert_string_equal(found, source.vmcoreinfo);
	free(found);
	/* with the guest's alone there is none */
	write_elf(path, dump, (const char *[]){ guest }, 1);
	assert_null(vmcoreinfo_of(path, NULL));
	unlink(path);
	free(path);
	free(guest);
	xfdt_dump_close(dump);
}

static void test_dump__given_vmcoreinfo_has_to_fit(void **state)
{
	struct xfdt_dump_options options = { 0 };
	struct xfdt_dump *dump, *refused = NULL;
	char *path, *guest, *found;
	struct xfdt_source source;

	NEED_FILE(SOURCE);
	dump = open_recorded();
	source = xfdt_dump_source(dump);
	read_uts_ns(&source);
	guest = of_a_guest(source.vmcoreinfo);
	path = temporary_file();
	write_elf(path, dump, NULL, 0);
	found = vmcoreinfo_of(path, source.vmcoreinfo);
	assert_string_equal(found, source.vmcoreinfo);
	free(found);
	options.vmcoreinfo = guest;
	assert_fails(xfdt_dump_open(&refused, (const char *[]){ path }, 1, &options), XFDT_CORRUPT);
	unlink(path);
	free(path);
	free(guest);
	xfdt_dump_close(dump);
}

/* QEMU's kdump-compressed dumps: the search goes by the page bitmap. */
static void test_dump__next_frame_goes_by_the_bitmap(void **state)
{
	uint8_t page[XFDT_PAGE_SIZE];
	uint64_t pfn = 0, frames = 0;
	const struct xfdt_frame *read;
	struct xfdt_dump *dump;
	size_t count, i = 0;
	bool found;

	NEED_FILE(SOURCE);
	dump = open_recorded();
	read = xfdt_dump_frames(dump, &count);
	for (;; pfn++, frames++) {
		assert_ok(xfdt_dump_next_frame(dump, 0, pfn, &pfn, &found));
		if (!found)
			break;
		assert_ok(xfdt_dump_read_frame(dump, pfn, page));
		i += i < count && read[i].pfn == pfn;
	}
	/* every frame that was read has been passed */
	assert_int_equal(i, count);
	assert_true(frames >= count);
	xfdt_dump_close(dump);
}

#include "test_dump.tests.h"
