/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding dumps: what a file is, which files are met, sets of parts, and shares. */
#include "unit.h"
#include "batch/find.h"
#include "dump/identify.h"
#include "dump/kdump_format.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define VMCOREINFO "OSRELEASE=6.18.5\nBUILD-ID=00ff\n"

static char dir[200];

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");
	char made[180];

	snprintf(made, sizeof(made), "%s/xfdt-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(made) || !realpath(made, dir))
		exit(99);
}

static void teardown(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command))
		exit(99);
}

static const char *in_dir(const char *name)
{
	static char path[400];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void make_folder(const char *name)
{
	if (mkdir(in_dir(name), 0700))
		exit(99);
}

static void make_file(const char *name, const void *bytes, size_t len)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd))
		exit(99);
}

/* identifying */

static enum xfdt_file_kind kind_of(const void *bytes, size_t len, struct xfdt_file *ret_file)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		exit(99);
	assert_ok(xfdt_identify(fd, ret_file));
	close(fd);
	return ret_file->kind;
}

struct kdump {
	struct xfdt_kdump_header header;
	uint8_t to_block_1[4096 - sizeof(struct xfdt_kdump_header)];
	struct xfdt_kdump_sub_header sub;
	uint8_t to_block_2[4096 - sizeof(struct xfdt_kdump_sub_header)];
	char vmcoreinfo[64];
};

static struct kdump kdump_of(int32_t split, uint64_t start, uint64_t end)
{
	struct kdump kdump = {
		.header = { .header_version = 6, .block_size = 4096 },
		.sub = {
			.split = split,
			.start_pfn_64 = start,
			.end_pfn_64 = end,
			.max_mapnr_64 = 1000,
			.offset_vmcoreinfo = 8192,
			.size_vmcoreinfo = sizeof(VMCOREINFO) - 1,
		},
		.vmcoreinfo = VMCOREINFO,
	};

	memcpy(kdump.header.signature, XFDT_KDUMP_SIGNATURE, sizeof(kdump.header.signature));
	return kdump;
}

/* every format by its first bytes; one byte off, or a head cut short, is none */
static void test_find__packed(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t len, offset;
	} formats[] = {
		{ "gzip", "\x1f\x8b\x08", 3, 0 },
		{ "xz",
		  "\xfd"
		  "7zXZ\0",
		  6, 0 },
		{ "zstd", "\x28\xb5\x2f\xfd", 4, 0 },
		{ "zstd", "\x5e\x2a\x4d\x18", 4, 0 },
		{ "lz4", "\x04\x22\x4d\x18", 4, 0 },
		{ "bzip2", "BZh91AY&SY", 10, 0 },
		{ "zip", "PK\3\4", 4, 0 },
		{ "7z", "7z\xbc\xaf\x27\x1c", 6, 0 },
		{ "rar", "Rar!\x1a\x07", 6, 0 },
		{ "lzip", "LZIP\1", 5, 0 },
		{ "tar", "ustar", 5, 257 },
	};
	size_t i;

	for (i = 0; i < COUNT(formats); i++) {
		uint8_t head[XFDT_PACKING_HEAD] = { 0 };
		struct xfdt_file file;

		memcpy(head + formats[i].offset, formats[i].bytes, formats[i].len);
		assert_int_equal(kind_of(head, sizeof(head), &file), XFDT_FILE_PACKED);
		assert_string_equal(file.packing, formats[i].name);
		assert_null(xfdt_packing_of(head, formats[i].offset + formats[i].len - 1));
		head[formats[i].offset + formats[i].len - 1] ^= 0x40;
		assert_null(xfdt_packing_of(head, sizeof(head)));
	}
}

/* tar(5) of before POSIX: its sum is right */
static void test_find__old_tar(void **state)
{
	uint8_t head[XFDT_PACKING_HEAD] = "vmcore";
	unsigned long sum = 8 * ' ';
	size_t i;

	strcpy((char *)head + 100, "0000644");
	for (i = 0; i < sizeof(head); i++)
		sum += head[i];
	snprintf((char *)head + 148, 8, "%06lo", sum);
	assert_string_equal(xfdt_packing_of(head, sizeof(head)), "tar");
	head[0]++;
	assert_null(xfdt_packing_of(head, sizeof(head)));
}

/* cpio(5), "Old Binary Format": its name has the stated size */
static void test_find__binary_cpio(void **state)
{
	static const uint8_t magics[2][2] = { { 0xc7, 0x71 }, { 0x71, 0xc7 } };
	int big;

	for (big = 0; big < 2; big++) {
		uint8_t head[XFDT_PACKING_HEAD] = { 0 };

		memcpy(head, magics[big], 2);
		head[20 + big] = sizeof("vmcore");
		strcpy((char *)head + 26, "vmcore");
		assert_string_equal(xfdt_packing_of(head, sizeof(head)), "cpio");
		head[20 + big]++;
		assert_null(xfdt_packing_of(head, sizeof(head)));
		/* a name that goes on behind the head */
		memset(head + 26, 'x', sizeof(head) - 26);
		assert_null(xfdt_packing_of(head, sizeof(head)));
		head[20 + !big] = 4;
		assert_string_equal(xfdt_packing_of(head, sizeof(head)), "cpio");
	}
}

static void test_find__not_a_dump_is_named(void **state)
{
	static const Elf64_Ehdr program = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
	};
	static const char text[] = "some text", log[] = "[    0.000000] Linux version 6.18.5 (x)\n";
	uint8_t boot[1024] = { 0 };
	struct xfdt_file file;

	assert_int_equal(kind_of(&program, sizeof(program), &file), XFDT_FILE_PROGRAM);
	assert_int_equal(kind_of(log, sizeof(log) - 1, &file), XFDT_FILE_LOG);
	assert_int_equal(kind_of(log, sizeof(log), &file), XFDT_FILE_OTHER);
	assert_int_equal(kind_of(text, sizeof(text) - 1, &file), XFDT_FILE_OTHER);
	memcpy(boot + 0x202, "HdrS", 4);
	assert_int_equal(kind_of(boot, sizeof(boot), &file), XFDT_FILE_BOOT);
	setup();
	make_file("log", log, sizeof(log) - 1);
	assert_fails(xfdt_check_is_dump(in_dir("log"), "log"), XFDT_NOT_A_DUMP);
	make_file("packed", "\x1f\x8b\x08", 3);
	assert_fails(xfdt_check_is_dump(in_dir("packed"), "packed"), XFDT_NOT_A_DUMP);
	make_file("other", text, sizeof(text));
	assert_ok(xfdt_check_is_dump(in_dir("other"), "other"));
	assert_ok(xfdt_check_is_dump(in_dir("none"), "none"));
	teardown();
}

static void test_find__kdump_compressed(void **state)
{
	struct kdump kdump = kdump_of(0, 0, 0);
	struct xfdt_file file, other;

	assert_int_equal(kind_of(&kdump, sizeof(kdump), &file), XFDT_FILE_DUMP);
	assert_string_equal(file.build_id, "00ff");
	kdump.header.timestamp[0] = 1;
	assert_int_equal(kind_of(&kdump, sizeof(kdump), &other), XFDT_FILE_DUMP);
	assert_true(file.hash != other.hash);
	/* VMCOREINFO has the time of the crash */
	kdump.header.timestamp[0] = 0;
	kdump.vmcoreinfo[10]++;
	assert_int_equal(kind_of(&kdump, sizeof(kdump), &other), XFDT_FILE_DUMP);
	assert_true(file.hash != other.hash);
	memcpy(kdump.header.signature, "DISKDUMP", 8);
	assert_int_equal(kind_of(&kdump, sizeof(kdump), &file), XFDT_FILE_DUMP);
	memcpy(kdump.header.signature, "KDUMP  x", 8);
	assert_int_equal(kind_of(&kdump, sizeof(kdump), &file), XFDT_FILE_OTHER);
}

/* a damaged dump is a dump: somebody has to be told */
static void test_find__kdump_cut_off_anywhere(void **state)
{
	struct kdump kdump = kdump_of(0, 0, 0);
	struct xfdt_file file;
	size_t len;

	for (len = 0; len < sizeof(kdump); len += len < 600 ? 1 : 97)
		assert_int_equal(kind_of(&kdump, len, &file),
				 len < 8 ? XFDT_FILE_OTHER : XFDT_FILE_DUMP);
}

static void test_find__kdump_with_nonsense_in_its_headers(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 65536, 65537, UINT64_MAX, INT64_MAX };
	struct xfdt_file file;
	size_t i, j;

	for (i = 0; i < COUNT(sizes); i++) {
		for (j = 0; j < COUNT(sizes); j++) {
			struct kdump kdump = kdump_of(0, 0, 0);

			kdump.sub.offset_vmcoreinfo = sizes[i];
			kdump.sub.size_vmcoreinfo = sizes[j];
			assert_int_equal(kind_of(&kdump, sizeof(kdump), &file), XFDT_FILE_DUMP);
			assert_string_equal(file.build_id, "-");
		}
	}
}

static void test_find__build_id_is_hexadecimal_or_none(void **state)
{
	static const char *const bad[] = { "BUILD-ID=../../x\n", "BUILD-ID=\n", "BUILD-ID=00FG\n",
					   "X=1\n" };
	struct xfdt_file file;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		struct kdump kdump = kdump_of(0, 0, 0);

		snprintf(kdump.vmcoreinfo, sizeof(kdump.vmcoreinfo), "%s", bad[i]);
		assert_int_equal(kind_of(&kdump, sizeof(kdump), &file), XFDT_FILE_DUMP);
		assert_string_equal(file.build_id, "-");
	}
}

static void test_find__part_of_a_split_set(void **state)
{
	struct kdump kdump = kdump_of(1, 5, 1000);
	struct xfdt_file file, other;

	assert_int_equal(kind_of(&kdump, sizeof(kdump), &file), XFDT_FILE_PART);
	assert_int_equal(file.start_pfn, 5);
	assert_int_equal(file.end_pfn, 1000);
	assert_int_equal(file.frames, 1000);
	kdump = kdump_of(1, 0, 5);
	assert_int_equal(kind_of(&kdump, sizeof(kdump), &other), XFDT_FILE_PART);
	assert_true(file.set == other.set && file.hash != other.hash);
	kdump.header.timestamp[0] = 7;
	assert_int_equal(kind_of(&kdump, sizeof(kdump), &other), XFDT_FILE_PART);
	assert_true(file.set != other.set);
	/* version 5 has its frames in 32 bits elsewhere */
	kdump.header.header_version = 5;
	kdump.header.max_mapnr = 77;
	kdump.sub.start_pfn = 11;
	kdump.sub.end_pfn = 22;
	assert_int_equal(kind_of(&kdump, sizeof(kdump), &file), XFDT_FILE_PART);
	assert_int_equal(file.start_pfn, 11);
	assert_int_equal(file.end_pfn, 22);
	assert_int_equal(file.frames, 77);
}

struct elf_file {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	struct {
		Elf64_Nhdr header;
		char name[12];
		char text[64];
	} note;
};

static struct elf_file elf_of(const char *name, uint32_t type, uint64_t paddr)
{
	struct elf_file elf = {
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_CORE,
			.e_machine = EM_X86_64,
			.e_phoff = offsetof(struct elf_file, segments),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 2,
		},
		.segments = {
			{ .p_type = PT_NOTE, .p_offset = offsetof(struct elf_file, note),
			  .p_filesz = sizeof(((struct elf_file *)0)->note) },
			{ .p_type = PT_LOAD, .p_paddr = paddr },
		},
		.note = { .header = { 11, sizeof(VMCOREINFO) - 1, type }, .text = VMCOREINFO },
	};

	snprintf(elf.note.name, sizeof(elf.note.name), "%s", name);
	if (strlen(name) < 8) {
		elf.note.header.n_namesz = (uint32_t)strlen(name) + 1;
		memmove(elf.note.name + (elf.note.header.n_namesz + 3) / 4 * 4, VMCOREINFO,
			sizeof(VMCOREINFO));
	}
	return elf;
}

static void test_find__elf(void **state)
{
	static const struct {
		const char *name;
		uint32_t type;
		uint64_t paddr;
		enum xfdt_file_kind kind;
	} files[] = {
		{ "VMCOREINFO", 0, 0x1000, XFDT_FILE_DUMP },
		{ "VMCOREINFO", 0, 0, XFDT_FILE_DUMP },
		{ "QEMU", 0, 0x1000, XFDT_FILE_DUMP }, /* dump-guest-memory */
		{ "CORE", NT_PRSTATUS, 0x1000, XFDT_FILE_DUMP },
		{ "CORE", NT_PRSTATUS, 0, XFDT_FILE_PROCESS },
		{ "CORE", NT_AUXV, 0, XFDT_FILE_PROCESS },
		{ "CORE", NT_AUXV, 0x1000, XFDT_FILE_PROCESS },
		{ "CORE", NT_FILE, 0, XFDT_FILE_PROCESS },
		{ "CORE", NT_SIGINFO, 0, XFDT_FILE_PROCESS },
	};
	struct xfdt_file file;
	size_t i;

	for (i = 0; i < COUNT(files); i++) {
		struct elf_file elf = elf_of(files[i].name, files[i].type, files[i].paddr);

		if (kind_of(&elf, sizeof(elf), &file) != files[i].kind)
			fail_msg("%zu: %d", i, file.kind);
		assert_string_equal(file.build_id,
				    strcmp(files[i].name, "VMCOREINFO") ? "-" : "00ff");
		elf.header.e_type = ET_EXEC;
		assert_int_equal(kind_of(&elf, sizeof(elf), &file), XFDT_FILE_PROGRAM);
		elf.header.e_type = ET_CORE;
		elf.header.e_ident[EI_DATA] = ELFDATA2MSB;
		assert_int_equal(kind_of(&elf, sizeof(elf), &file), XFDT_FILE_OTHER);
	}
}

static void test_find__elf_of_32_bits(void **state)
{
	struct {
		Elf32_Ehdr header;
		Elf32_Phdr segment;
		char to_64[12];
	} elf = {
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_CORE,
			.e_phoff = sizeof(Elf32_Ehdr),
			.e_phnum = 1,
		},
		.segment = { .p_type = PT_LOAD, .p_paddr = 0x1000 },
	};
	struct xfdt_file file;

	assert_int_equal(kind_of(&elf, sizeof(elf), &file), XFDT_FILE_DUMP);
	elf.segment.p_paddr = 0;
	assert_int_equal(kind_of(&elf, sizeof(elf), &file), XFDT_FILE_PROCESS);
}

/* what was cut off before it can be told counts as a dump */
static void test_find__elf_cut_off(void **state)
{
	struct elf_file elf = elf_of("VMCOREINFO", 0, 0);
	struct xfdt_file file;
	size_t len;

	for (len = sizeof(Elf64_Ehdr); len < sizeof(elf); len++)
		if (kind_of(&elf, len, &file) != XFDT_FILE_DUMP)
			fail_msg("%zu: %d", len, file.kind);
}

static void test_find__elf_with_nonsense_in_its_headers(void **state)
{
	struct elf_file elf = elf_of("VMCOREINFO", 0, 0x1000);
	struct xfdt_file file;

	elf.note.header.n_descsz = UINT32_MAX;
	assert_int_equal(kind_of(&elf, sizeof(elf), &file), XFDT_FILE_DUMP);
	elf.note.header.n_namesz = UINT32_MAX;
	assert_int_equal(kind_of(&elf, sizeof(elf), &file), XFDT_FILE_DUMP);
	elf.segments[0].p_filesz = UINT64_MAX;
	assert_int_equal(kind_of(&elf, sizeof(elf), &file), XFDT_FILE_DUMP);
	elf.segments[0].p_offset = UINT64_MAX - 3;
	assert_int_equal(kind_of(&elf, sizeof(elf), &file), XFDT_FILE_DUMP);
	elf.header.e_phnum = 0xffff;
	assert_int_equal(kind_of(&elf, sizeof(elf), &file), XFDT_FILE_DUMP);
	elf.header.e_phoff = UINT64_MAX;
	assert_int_equal(kind_of(&elf, sizeof(elf), &file), XFDT_FILE_DUMP);
}

/* the parent of a batch looks at files itself: none may hold it up */
static void test_find__elf_with_too_many_notes(void **state)
{
	const size_t segment_count = 2000, note_count = 70000;
	Elf64_Ehdr header = elf_of("X", 1, 0).header;
	Elf64_Phdr *segments = calloc(segment_count, sizeof(*segments));
	size_t notes = sizeof(header) + segment_count * sizeof(*segments), i;
	int fd = memfd_create("file", MFD_CLOEXEC);
	struct xfdt_file file;
	clock_t start;

	for (i = 0; i < segment_count; i++)
		segments[i] = (Elf64_Phdr){
			.p_type = PT_NOTE,
			.p_offset = notes,
			.p_filesz = note_count * sizeof(Elf64_Nhdr),
		};
	header.e_phoff = sizeof(header);
	header.e_phnum = (uint16_t)segment_count;
	if (write(fd, &header, sizeof(header)) != sizeof(header) ||
	    write(fd, segments, segment_count * sizeof(*segments)) !=
		    (ssize_t)(segment_count * sizeof(*segments)) ||
	    ftruncate(fd, (off_t)(notes + note_count * sizeof(Elf64_Nhdr))))
		exit(99);
	start = clock();
	assert_ok(xfdt_identify(fd, &file));
	assert_within(clock() - start, 0, CLOCKS_PER_SEC / 2);
	/* what was not read may be anything */
	assert_int_equal(file.kind, XFDT_FILE_DUMP);
	close(fd);
	free(segments);
}

/* a dump of the largest machine that Linux runs on: a note for each CPU, then VMCOREINFO */
static void test_find__elf_of_8192_cpus(void **state)
{
	static const uint8_t registers[336];
	const Elf64_Nhdr cpu = { 5, sizeof(registers), NT_PRSTATUS };
	struct elf_file elf = elf_of("VMCOREINFO", 0, 0x1000);
	int fd = memfd_create("file", MFD_CLOEXEC);
	struct xfdt_file file;
	int i;

	elf.segments[0].p_filesz += 8192 * (sizeof(cpu) + 8 + sizeof(registers));
	if (write(fd, &elf, offsetof(struct elf_file, note)) != offsetof(struct elf_file, note))
		exit(99);
	for (i = 0; i < 8192; i++)
		if (write(fd, &cpu, sizeof(cpu)) != sizeof(cpu) ||
		    write(fd, "CORE\0\0\0", 8) != 8 ||
		    write(fd, registers, sizeof(registers)) != sizeof(registers))
			exit(99);
	if (write(fd, &elf.note, sizeof(elf.note)) != sizeof(elf.note))
		exit(99);
	assert_ok(xfdt_identify(fd, &file));
	assert_int_equal(file.kind, XFDT_FILE_DUMP);
	assert_string_equal(file.build_id, "00ff");
	close(fd);
}

static void test_find__other_files(void **state)
{
	static const char zeros[10000], flattened[20] = "makedumpfile";
	struct xfdt_file file;

	assert_int_equal(kind_of("", 0, &file), XFDT_FILE_OTHER);
	assert_int_equal(kind_of("#!/bin/sh\n", 10, &file), XFDT_FILE_OTHER);
	assert_int_equal(kind_of(zeros, sizeof(zeros), &file), XFDT_FILE_OTHER);
	assert_int_equal(kind_of("\177ELF", 4, &file), XFDT_FILE_OTHER);
	assert_int_equal(kind_of(flattened, sizeof(flattened), &file), XFDT_FILE_DUMP);
}

/* the walk */

struct haul {
	char names[64][160]; /* below dir, sorted by the order they came in */
	size_t path_counts[64];
	char problems[64][200];
	char identities[64][100];
	int64_t times[64];
	size_t count, complaints;
	struct xfdt_scan_counts counts;
	unsigned int share_of_2[64];
};

static void count_complaint(void *context, const char *path, const char *why)
{
	((struct haul *)context)->complaints++;
}

static void scan_shard(const char *const *paths, size_t count, unsigned int shard,
		       unsigned int shards, struct haul *haul)
{
	const struct xfdt_scan_options options = {
		.paths = paths,
		.path_count = count,
		.shard = shard,
		.shards = shards,
		.complain = count_complaint,
		.context = haul,
	};
	struct xfdt_found *found = NULL;
	struct xfdt_scan *walk = NULL;
	bool more = true;

	memset(haul, 0, sizeof(*haul));
	assert_ok(xfdt_scan_new(&walk, &options));
	while (more) {
		size_t i = haul->count;

		assert_ok(xfdt_scan_step(walk, &found, &more));
		if (!found)
			continue;
		assert_within(i, 0, COUNT(haul->names) - 1);
		assert_memory_equal(found->paths[0], dir, strlen(dir));
		snprintf(haul->names[i], sizeof(haul->names[i]), "%s",
			 found->paths[0] + strlen(dir) + 1);
		snprintf(haul->problems[i], sizeof(haul->problems[i]), "%s",
			 found->problem ? found->problem : "");
		snprintf(haul->identities[i], sizeof(haul->identities[i]), "%s", found->identity);
		haul->times[i] = found->mtime_ns;
		haul->path_counts[i] = found->path_count;
		haul->share_of_2[i] = xfdt_name_in_shard(found->name, 1, 2) ? 1 : 2;
		haul->count++;
		xfdt_found_free(found);
	}
	haul->counts = *xfdt_scan_counts(walk);
	xfdt_scan_free(walk);
}

static void scan(const char *const *paths, size_t count, struct haul *haul)
{
	scan_shard(paths, count, 1, 1, haul);
}

static void scan_dir(struct haul *haul)
{
	const char *const paths[] = { dir };

	scan(paths, 1, haul);
}

static void make_dump(const char *name)
{
	struct kdump kdump = kdump_of(0, 0, 0);

	make_file(name, &kdump, sizeof(kdump));
}

static void make_part(const char *name, uint64_t start, uint64_t end)
{
	struct kdump kdump = kdump_of(1, start, end);

	make_file(name, &kdump, sizeof(kdump));
}

static bool link_to(const char *target, const char *name)
{
	return !symlink(target, in_dir(name));
}

static void test_find__only_regular_files_are_opened(void **state)
{
	struct haul haul;

	setup();
	make_folder("a");
	make_dump("a/dump");
	make_file("a/text", "text", 4);
	assert_int_equal(mkfifo(in_dir("a/fifo"), 0600), 0);
	assert_true(link_to("/dev/zero", "a/device") && link_to("nowhere", "a/dangling") &&
		    link_to("fifo", "a/to-fifo"));
	scan_dir(&haul);
	assert_int_equal(haul.count, 1);
	assert_string_equal(haul.names[0], "a/dump");
	assert_int_equal(haul.counts.others, 1);
	assert_int_equal(haul.counts.special, 4);
	assert_int_equal(haul.counts.files, 2);
	teardown();
}

static void test_find__links(void **state)
{
	const char *paths[1];
	char link[400];
	struct haul haul;

	setup();
	make_folder("a");
	make_dump("a/dump");
	assert_true(link_to("a/dump", "file") && link_to("a", "folder") && link_to("..", "a/up") &&
		    link_to("self", "self"));
	scan_dir(&haul);
	/* the file and the link to it are two names */
	assert_int_equal(haul.count, 2);
	assert_string_equal(haul.identities[0], haul.identities[1]);
	assert_int_equal(haul.counts.links, 2);
	assert_int_equal(haul.counts.special, 1);
	/* one that is named is followed */
	snprintf(link, sizeof(link), "%s", in_dir("folder"));
	paths[0] = link;
	scan(paths, 1, &haul);
	assert_int_equal(haul.count, 1);
	assert_string_equal(haul.names[0], "a/dump");
	teardown();
}

static void test_find__each_name_once(void **state)
{
	char file[400], roundabout[400];
	const char *const paths[] = { dir, file, roundabout, dir };
	struct haul haul;

	setup();
	make_folder("a");
	make_dump("a/dump");
	snprintf(file, sizeof(file), "%s", in_dir("a/dump"));
	snprintf(roundabout, sizeof(roundabout), "%s", in_dir("a/../a//dump"));
	scan(paths, COUNT(paths), &haul);
	assert_int_equal(haul.count, 1);
	assert_int_equal(haul.counts.repeated, 3);
	teardown();
}

static void test_find__what_is_not_there_is_said(void **state)
{
	char missing[400];
	const char *const paths[] = { missing };
	struct haul haul;

	setup();
	snprintf(missing, sizeof(missing), "%s", in_dir("missing"));
	scan(paths, 1, &haul);
	assert_int_equal(haul.count, 0);
	assert_int_equal(haul.complaints, 1);
	assert_int_equal(haul.counts.folders, 1);
	teardown();
}

/* split sets */

static void test_find__parts_are_joined(void **state)
{
	struct haul haul;

	setup();
	make_part("z", 0, 400);
	make_part("b", 400, 400);
	make_part("a", 400, 1000);
	scan_dir(&haul);
	assert_int_equal(haul.count, 1);
	assert_string_equal(haul.names[0], "z");
	assert_int_equal(haul.path_counts[0], 3);
	assert_string_equal(haul.problems[0], "");
	assert_int_equal(haul.counts.parts, 3);
	teardown();
}

static void test_find__parts_in_several_folders(void **state)
{
	struct haul haul;

	setup();
	make_folder("one");
	make_folder("two");
	make_part("one/a", 0, 400);
	make_part("two/b", 400, 1000);
	scan_dir(&haul);
	assert_int_equal(haul.count, 1);
	assert_int_equal(haul.path_counts[0], 2);
	assert_string_equal(haul.problems[0], "");
	/* copies of the whole set stay together */
	make_part("one/b", 400, 1000);
	make_part("two/a", 0, 400);
	scan_dir(&haul);
	assert_int_equal(haul.count, 2);
	assert_int_equal(haul.path_counts[0], 2);
	assert_int_equal(haul.path_counts[1], 2);
	assert_int_equal(haul.names[0][0] == haul.names[1][0], 0);
	teardown();
}

static void change(const char *name, time_t when)
{
	const struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };

	assert_int_equal(utimensat(AT_FDCWD, in_dir(name), times, 0), 0);
}

/* a part that is restored from a backup may be older than others before and after */
static void test_find__a_change_of_any_part_shows(void **state)
{
	struct haul before, after;

	setup();
	make_part("a", 0, 400);
	make_part("b", 400, 1000);
	change("a", 1700000000);
	change("b", 1800000000);
	scan_dir(&before);
	change("a", 1600000000);
	scan_dir(&after);
	assert_int_equal(after.count, 1);
	assert_string_equal(after.identities[0], before.identities[0]);
	assert_true(after.times[0] != before.times[0]);
	assert_true(after.times[0] >= 0);
	teardown();
}

static void test_find__parts_are_missing(void **state)
{
	struct haul haul;

	setup();
	make_part("a", 0, 400);
	scan_dir(&haul);
	assert_int_equal(haul.count, 1);
	assert_non_null(strstr(haul.problems[0], "page frames 0x190 up to 0x3e8 are in no file"));
	make_part("c", 600, 1000);
	scan_dir(&haul);
	assert_int_equal(haul.count, 1);
	assert_non_null(strstr(haul.problems[0], "page frames 0x190 up to 0x258 are in no file"));
	assert_int_equal(unlink(in_dir("a")), 0);
	scan_dir(&haul);
	assert_non_null(strstr(haul.problems[0], "page frames 0 up to 0x258 are in no file"));
	teardown();
}

static void test_find__parts_overlap(void **state)
{
	struct haul haul;

	setup();
	make_part("a", 0, 400);
	make_part("b", 400, 1000);
	/* a copy is no harm */
	make_part("b.copy", 400, 1000);
	scan_dir(&haul);
	assert_int_equal(haul.count, 1);
	assert_int_equal(haul.path_counts[0], 2);
	assert_string_equal(haul.problems[0], "");
	make_part("c", 300, 1000);
	scan_dir(&haul);
	assert_int_equal(haul.count, 1);
	assert_non_null(strstr(haul.problems[0], "two files hold the same pages"));
	teardown();
}

/* shares */

static void test_find__shares_do_not_depend_on_the_mount(void **state)
{
	unsigned int first = 0;
	char name[40], mounted[400];
	struct haul here, there;
	size_t i, j;

	setup();
	make_folder("mnt");
	for (i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "mnt/vmcore-%zu", i);
		make_dump(name);
	}
	strcat(dir, "/mnt");
	scan_dir(&here);
	dir[strlen(dir) - 4] = '\0';
	snprintf(mounted, sizeof(mounted), "%s", in_dir("mnt"));
	assert_int_equal(rename(mounted, in_dir("other")), 0);
	strcat(dir, "/other");
	scan_dir(&there);
	dir[strlen(dir) - 6] = '\0';
	assert_int_equal(here.count, 50);
	assert_int_equal(there.count, 50);
	for (i = 0; i < 50; i++) {
		for (j = 0; strcmp(here.names[i], there.names[j]); j++)
			assert_within(j, 0, 48);
		assert_int_equal(here.share_of_2[i], there.share_of_2[j]);
		first += here.share_of_2[i] == 1;
	}
	assert_within(first, 12, 38);
	teardown();
}

static void test_find__every_dump_is_in_one_share(void **state)
{
	unsigned int shards, shard, in, i;
	char name[20];

	for (shards = 1; shards < 20; shards++) {
		unsigned int sizes[20] = { 0 };

		for (i = 0; i < 2000; i++) {
			snprintf(name, sizeof(name), "/%u/vmcore", i);
			for (in = 0, shard = 1; shard <= shards; shard++) {
				bool mine = xfdt_name_in_shard(name, shard, shards);

				in += mine;
				sizes[shard] += mine;
			}
			assert_int_equal(in, 1);
		}
		for (shard = 1; shard <= shards; shard++)
			assert_within(sizes[shard], 2000 / shards / 2, 2000 / shards * 2);
	}
}

/* Scan @dir as each of @shards, and hold what they found together against one scan. */
static void check_shards(unsigned int shards, size_t sets, size_t parts, uint64_t files)
{
	const char *const paths[] = { dir };
	uint64_t opened = 0, entries = 0;
	size_t found = 0, i;
	unsigned int shard;

	for (shard = 1; shard <= shards; shard++) {
		struct haul haul;

		scan_shard(paths, 1, shard, shards, &haul);
		for (i = 0; i < haul.count; i++) {
			assert_string_equal(haul.problems[i], "");
			found += haul.path_counts[i] == parts;
		}
		opened += haul.counts.files;
		entries = haul.counts.entries;
		assert_int_equal(entries, haul.counts.files + haul.counts.elsewhere);
	}
	assert_int_equal(found, sets);
	assert_int_equal(opened, files);
	assert_int_equal(entries, files);
}

static void test_find__a_file_is_opened_by_its_shard_alone(void **state)
{
	char name[40];
	unsigned int i;

	setup();
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "dump%u", i);
		make_dump(name);
	}
	make_file("none", "text", 4);
	for (i = 1; i < 9; i++)
		check_shards(i, 40, 1, 41);
	teardown();
}

static void test_find__shards_leave_parts_together(void **state)
{
	unsigned int i;

	setup();
	make_part("dump1", 0, 300);
	make_part("dump2", 300, 600);
	make_part("dump10", 600, 1000);
	for (i = 1; i < 9; i++)
		check_shards(i, 1, 3, 3);
	teardown();
	/* names that have nothing in common */
	setup();
	make_part("one", 0, 300);
	make_part("two", 300, 600);
	make_part("last", 600, 1000);
	for (i = 1; i < 9; i++)
		check_shards(i, 1, 3, 3);
	teardown();
}

static void test_find__shards_say_once_that_a_part_is_missing(void **state)
{
	const char *const paths[] = { dir };
	unsigned int shard;
	size_t found = 0;

	setup();
	make_part("dump2", 300, 600);
	make_part("dump3", 600, 700);
	make_part("dump4", 700, 1000);
	for (shard = 1; shard <= 5; shard++) {
		struct haul haul;

		scan_shard(paths, 1, shard, 5, &haul);
		found += haul.count;
		if (haul.count) {
			assert_int_equal(haul.path_counts[0], 3);
			assert_non_null(strstr(haul.problems[0], "is missing"));
		}
	}
	assert_int_equal(found, 1);
	teardown();
}

static void set_age(const char *name, time_t seconds)
{
	const struct timespec times[2] = { { .tv_sec = time(NULL) - seconds },
					   { .tv_sec = time(NULL) - seconds } };

	if (utimensat(AT_FDCWD, in_dir(name), times, 0))
		exit(99);
}

static void scan_settled(const char *path, unsigned int settle, struct haul *haul)
{
	const struct xfdt_scan_options options = { .paths = &path,
						   .path_count = 1,
						   .shard = 1,
						   .shards = 1,
						   .settle = settle,
						   .complain = count_complaint,
						   .context = haul };
	struct xfdt_scan *walk = NULL;
	bool more = true;

	memset(haul, 0, sizeof(*haul));
	assert_ok(xfdt_scan_new(&walk, &options));
	while (more) {
		struct xfdt_found *found = NULL;

		assert_ok(xfdt_scan_step(walk, &found, &more));
		haul->count += found != NULL;
		xfdt_found_free(found);
	}
	haul->counts = *xfdt_scan_counts(walk);
	xfdt_scan_free(walk);
}

static void test_find__young_files_wait(void **state)
{
	struct haul haul;

	setup();
	make_dump("young");
	make_dump("old");
	set_age("old", 100);
	make_dump("future");
	set_age("future", -100);
	scan_settled(dir, 60, &haul);
	assert_int_equal(haul.count, 2);
	assert_int_equal(haul.counts.young, 1);
	/* a part that is old, and one that comes */
	make_part("part1", 0, 300);
	set_age("part1", 100);
	set_age("young", 100);
	make_part("part2", 300, 1000);
	scan_settled(dir, 60, &haul);
	assert_int_equal(haul.count, 3);
	assert_int_equal(haul.counts.young, 2);
	set_age("part2", 61);
	scan_settled(dir, 60, &haul);
	assert_int_equal(haul.count, 4);
	assert_int_equal(haul.counts.young, 0);
	teardown();
}

static size_t take_all(struct xfdt_scan *walk)
{
	size_t count = 0;
	bool more = true;

	while (more) {
		struct xfdt_found *found = NULL;

		assert_ok(xfdt_scan_step(walk, &found, &more));
		count += found != NULL;
		xfdt_found_free(found);
	}
	return count;
}

static void test_find__another_pass_finds_new_names_only(void **state)
{
	const char *const paths[] = { dir };
	struct haul haul = { .count = 0 };
	const struct xfdt_scan_options options = { .paths = paths,
						   .path_count = 1,
						   .shard = 1,
						   .shards = 1,
						   .complain = count_complaint,
						   .context = &haul };
	struct xfdt_scan *walk = NULL;
	char former[400];

	setup();
	assert_ok(xfdt_scan_new(&walk, &options));
	assert_int_equal(take_all(walk), 0);
	assert_null(xfdt_scan_whole(walk, 0));
	make_dump("a");
	make_dump("b");
	make_part("part1", 0, 300);
	make_part("part2", 300, 1000);
	xfdt_scan_again(walk);
	assert_int_equal(take_all(walk), 3);
	assert_string_equal(xfdt_scan_whole(walk, 0), dir);
	snprintf(former, sizeof(former), "%s", in_dir("a"));
	assert_int_equal(rename(former, in_dir("c")), 0);
	xfdt_scan_forget(walk, former);
	xfdt_scan_forget(walk, in_dir("part1"));
	xfdt_scan_forget(walk, in_dir("part2"));
	xfdt_scan_again(walk);
	assert_int_equal(take_all(walk), 2);
	assert_int_equal(xfdt_scan_counts(walk)->repeated, 0);
	assert_int_equal(xfdt_scan_counts(walk)->entries, 4);
	assert_int_equal(haul.complaints, 0);
	xfdt_scan_free(walk);
	teardown();
}

#include "test_find.tests.h"
