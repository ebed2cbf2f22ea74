/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kdump-compressed, ELF and flattened dumps, and what is taken for one. */
#include "dump/identify.h"
#include "base/util.h"
#include "dump/dumpfile.h"
#include "image/reader.h"
#include "dump/kdump_format.h"
#include "image/vmcoreinfo.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD 8192 /* both headers of a kdump-compressed file */
#define DISKDUMP_SIGNATURE "DISKDUMP"
#define SEGMENTS_MAX 65536
#define SEGMENTS_AT_ONCE 64
/*
 * What a file may cost, since this process is neither confined nor limited: all
 * notes of a dump of 8192 CPUs are 3 MB, its program headers less than 4 MB.
 */
#define NOTES_MAX 65536
#define BYTES_MAX (16u << 20)
#define WINDOW 16384 /* bytes that are read at once */
#define VMCOREINFO_NAME "VMCOREINFO"

/* Take the keys from VMCOREINFO, @size bytes at @offset; without VMCOREINFO, nothing. */
static void take_vmcoreinfo(int fd, uint64_t offset, uint64_t size, struct xfdt_file *file)
{
	struct xfdt_vmcoreinfo info;
	char *text;

	if (!size || size > XFDT_VMCOREINFO_MAX || offset > INT64_MAX)
		return;
	text = calloc(1, size + 1);
	if (text && xfdt_read_file(fd, text, size, offset)) {
		file->hash = xfdt_hash(file->hash, text, size);
		xfdt_error_free(xfdt_vmcoreinfo_init(&info, text));
		if (!xfdt_vmcoreinfo_get(&info, "BUILD-ID", file->build_id,
					 sizeof(file->build_id)) ||
		    !*file->build_id || file->build_id[strspn(file->build_id, "0123456789abcdef")])
			strcpy(file->build_id, "-");
		xfdt_vmcoreinfo_deinit(&info);
	}
	free(text);
}

/* kdump-compressed */

static void identify_kdump(int fd, const uint8_t *head, size_t len, struct xfdt_file *file)
{
	struct xfdt_kdump_sub_header sub;
	struct xfdt_kdump_header header;

	file->kind = XFDT_FILE_DUMP;
	if (len < HEAD)
		return;
	memcpy(&header, head, sizeof(header));
	memcpy(&sub, head + XFDT_PAGE_SIZE, sizeof(sub));
	if (header.block_size != XFDT_PAGE_SIZE)
		return;
	if (header.header_version >= 3)
		take_vmcoreinfo(fd, sub.offset_vmcoreinfo, sub.size_vmcoreinfo, file);
	if (header.header_version < 2 || !sub.split)
		return;
	file->kind = XFDT_FILE_PART;
	file->set = xfdt_hash(xfdt_hash(XFDT_HASH_INIT, &header, sizeof(header)), file->build_id,
			      strlen(file->build_id));
	file->start_pfn = header.header_version < 6 ? sub.start_pfn : sub.start_pfn_64;
	file->end_pfn = header.header_version < 6 ? sub.end_pfn : sub.end_pfn_64;
	file->frames = header.header_version < 6 ? header.max_mapnr : sub.max_mapnr_64;
}

/* ELF; those of 32 bits are read as if they had 64 */

struct elf {
	int fd;
	bool wide;	   /* 64 bits */
	uint64_t segments; /* offset of the program headers */
	size_t count;
	size_t bytes_left, notes_left; /* of BYTES_MAX and NOTES_MAX */
	uint8_t window[WINDOW];	       /* of the file, from @window_start on */
	uint64_t window_start;
	size_t window_len;
};

/* As xfdt_read_file(), and false as well when BYTES_MAX are read. */
static bool read_bounded(struct elf *elf, void *buf, size_t len, uint64_t offset)
{
	if (offset > INT64_MAX - len || len > elf->bytes_left)
		return false;
	elf->bytes_left -= len;
	return xfdt_read_file(elf->fd, buf, len, offset);
}

/* A few bytes of a note, out of the window. */
static bool peek(struct elf *elf, void *buf, size_t len, uint64_t offset)
{
	if (offset < elf->window_start || offset - elf->window_start > elf->window_len ||
	    len > elf->window_len - (offset - elf->window_start)) {
		ssize_t got;

		if (offset > INT64_MAX - WINDOW || elf->bytes_left < WINDOW)
			return false;
		elf->bytes_left -= WINDOW;
		got = pread(elf->fd, elf->window, WINDOW, (off_t)offset);
		elf->window_start = offset;
		elf->window_len = got > 0 ? (size_t)got : 0;
		if (len > elf->window_len)
			return false;
	}
	memcpy(buf, elf->window + (offset - elf->window_start), len);
	return true;
}

static void widen(const Elf32_Phdr *narrow, Elf64_Phdr *ret_segment)
{
	*ret_segment = (Elf64_Phdr){
		.p_type = narrow->p_type,
		.p_offset = narrow->p_offset,
		.p_paddr = narrow->p_paddr,
		.p_filesz = narrow->p_filesz,
	};
}

static bool read_segments(struct elf *elf, size_t first, size_t count, Elf64_Phdr *ret_segments)
{
	Elf32_Phdr narrow[SEGMENTS_AT_ONCE];
	size_t i;

	if (elf->wide)
		return read_bounded(elf, ret_segments, count * sizeof(*ret_segments),
				    elf->segments + first * sizeof(*ret_segments));
	if (!read_bounded(elf, narrow, count * sizeof(*narrow),
			  elf->segments + first * sizeof(*narrow)))
		return false;
	for (i = 0; i < count; i++)
		widen(&narrow[i], &ret_segments[i]);
	return true;
}

/* What speaks for a kernel's dump and what for a process's. */
struct elf_signs {
	bool vmcoreinfo, process, physical, unread;
};

static uint64_t note_padded(uint64_t size)
{
	return (size + 3) & ~3ull;
}

static bool are_known(const struct elf_signs *signs)
{
	return signs->vmcoreinfo || signs->process;
}

static void take_note(struct elf *elf, const Elf64_Nhdr *note, uint64_t at, struct xfdt_file *file,
		      struct elf_signs *signs)
{
	char name[sizeof(VMCOREINFO_NAME)] = "";

	if (note->n_namesz <= sizeof(name))
		peek(elf, name, note->n_namesz, at + sizeof(*note));
	if (!memcmp(name, VMCOREINFO_NAME, sizeof(name))) {
		signs->vmcoreinfo = true;
		take_vmcoreinfo(elf->fd, at + sizeof(*note) + note_padded(note->n_namesz),
				note->n_descsz, file);
	}
	if (!memcmp(name, "CORE", sizeof("CORE")) &&
	    (note->n_type == NT_AUXV || note->n_type == NT_FILE || note->n_type == NT_SIGINFO))
		signs->process = true;
}

static void walk_notes(struct elf *elf, const Elf64_Phdr *segment, struct xfdt_file *file,
		       struct elf_signs *signs)
{
	uint64_t left = segment->p_filesz, at = segment->p_offset;

	while (left >= sizeof(Elf64_Nhdr) && !are_known(signs)) {
		Elf64_Nhdr note; /* the same in files of 32 bits */
		uint64_t size;

		if (!elf->notes_left || !peek(elf, &note, sizeof(note), at)) {
			signs->unread = true;
			return;
		}
		elf->notes_left--;
		size = sizeof(note) + note_padded(note.n_namesz) + note_padded(note.n_descsz);
		if (size > left)
			return;
		take_note(elf, &note, at, file, signs);
		at += size;
		left -= size;
	}
}

static void look_for_signs(struct elf *elf, struct xfdt_file *file, struct elf_signs *signs)
{
	Elf64_Phdr segments[SEGMENTS_AT_ONCE];
	size_t first, count, i;

	for (first = 0; first < elf->count && !are_known(signs); first += count) {
		count = elf->count - first < SEGMENTS_AT_ONCE ? elf->count - first :
								SEGMENTS_AT_ONCE;
		if (!read_segments(elf, first, count, segments)) {
			signs->unread = true;
			return;
		}
		for (i = 0; i < count; i++) {
			if (segments[i].p_type == PT_NOTE)
				walk_notes(elf, &segments[i], file, signs);
			signs->physical |= segments[i].p_type == PT_LOAD && segments[i].p_paddr;
		}
	}
}

/*
 * The core file of a process has notes that no kernel's dump has, and no
 * physical addresses.  What was cut off before that can be told counts as a
 * dump, which then is said to be damaged.
 */
static void identify_elf(int fd, const uint8_t *head, size_t len, struct xfdt_file *file)
{
	struct elf elf = {
		.fd = fd,
		.wide = head[EI_CLASS] == ELFCLASS64,
		.bytes_left = BYTES_MAX,
		.notes_left = NOTES_MAX,
	};
	struct elf_signs signs = { 0 };
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;

	file->kind = XFDT_FILE_OTHER;
	if (len < sizeof(wide) || head[EI_DATA] != ELFDATA2LSB ||
	    (!elf.wide && head[EI_CLASS] != ELFCLASS32))
		return;
	memcpy(&wide, head, sizeof(wide));
	memcpy(&narrow, head, sizeof(narrow));
	if (wide.e_type != ET_CORE) {
		file->kind = XFDT_FILE_PROGRAM;
		return;
	}
	elf.segments = elf.wide ? wide.e_phoff : narrow.e_phoff;
	elf.count = elf.wide ? wide.e_phnum : narrow.e_phnum;
	if (elf.segments > INT64_MAX - SEGMENTS_MAX * sizeof(Elf64_Phdr))
		signs.unread = true;
	else
		look_for_signs(&elf, file, &signs);
	if (signs.vmcoreinfo || (!signs.process && (signs.physical || signs.unread)))
		file->kind = XFDT_FILE_DUMP;
	else
		file->kind = XFDT_FILE_PROCESS;
}

/* packed files */

/* The first bytes, or those at @offset, of each format; where one contains another, the longer is first. */
static const struct {
	const char *name, *bytes;
	size_t len, offset;
} packings[] = {
#define MAGIC(name, bytes, offset) \
	{ \
		name, bytes, sizeof(bytes) - 1, offset \
	}
	MAGIC("gzip", "\x1f\x8b\x08", 0), /* RFC 1952 */
	MAGIC("xz",
	      "\xfd"
	      "7zXZ\0",
	      0),			      /* xz-file-format.txt 2.1.1.1 */
	MAGIC("zstd", "\x28\xb5\x2f\xfd", 0), /* RFC 8878 3.1.1 */
	MAGIC("lz4", "\x04\x22\x4d\x18", 0),  /* lz4_Frame_format.md */
	MAGIC("lz4", "\x02\x21\x4c\x18", 0),  /* its legacy frame */
	MAGIC("bzip2", "1AY&SY", 4),	      /* after "BZh" and a digit: the first block */
	MAGIC("bzip2", "\x17rE8P\x90", 4),    /* the end of an empty one */
	MAGIC("zip", "PK\3\4", 0),	      /* APPNOTE.TXT 4.3.7 */
	MAGIC("zip", "PK\5\6", 0),	      /* 4.3.16: an empty one */
	MAGIC("zip", "PK\7\10", 0),	      /* 8.5.4: the first of several */
	MAGIC("7z", "7z\xbc\xaf\x27\x1c", 0), /* 7zFormat.txt */
	MAGIC("rar", "Rar!\x1a\x07", 0),
	MAGIC("lzip", "LZIP\1", 0),
	MAGIC("lzop", "\x89LZO\0\r\n\x1a\n", 0),
	MAGIC("compress", "\x1f\x9d", 0),
	MAGIC("cpio", "070701", 0), /* cpio(5) */
	MAGIC("cpio", "070702", 0),
	MAGIC("cpio", "070707", 0),
	MAGIC("tar", "ustar", 257), /* tar(5) */
#undef MAGIC
};

#define TAR_SUM 148
#define TAR_SUM_LEN 8

/* tar(5) of before POSIX has a sum of its header only: in octal, taken with blanks in its own place. */
static bool is_old_tar(const uint8_t *head, size_t len)
{
	char text[TAR_SUM_LEN + 1] = "";
	unsigned long sum = 0;
	size_t i;

	if (len < XFDT_PACKING_HEAD || !*head)
		return false;
	memcpy(text, head + TAR_SUM, TAR_SUM_LEN);
	if (strspn(text, " 01234567") < TAR_SUM_LEN - 2)
		return false;
	for (i = 0; i < XFDT_PACKING_HEAD; i++)
		sum += i >= TAR_SUM && i < TAR_SUM + TAR_SUM_LEN ? ' ' : head[i];
	return strtoul(text, NULL, 8) == sum;
}

#define CPIO_NAME_SIZE 20
#define CPIO_NAME 26

/*
 * cpio(5), "Old Binary Format": numbers of 16 bits in either order of bytes, and a name that ends with the only NUL
 * in its size.
 */
static bool is_binary_cpio(const uint8_t *head, size_t len)
{
	const uint8_t *end;
	size_t size;
	bool little;

	if (len < CPIO_NAME)
		return false;
	little = !memcmp(head, "\xc7\x71", 2);
	if (!little && memcmp(head, "\x71\xc7", 2))
		return false;
	size = (size_t)head[CPIO_NAME_SIZE + little] << 8 | head[CPIO_NAME_SIZE + !little];
	end = memchr(head + CPIO_NAME, '\0', len - CPIO_NAME);
	return size >= 2 &&
	       (end ? (size_t)(end - (head + CPIO_NAME)) == size - 1 : size > len - CPIO_NAME);
}

/* lzma(1) of before xz: properties, a dictionary of 2^n bytes, and a size or "unknown". */
static bool is_lzma(const uint8_t *head, size_t len)
{
	static const uint8_t unknown[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };

	return len >= 14 && head[0] == 0x5d && !head[1] && !head[2] && !head[13] &&
	       (!memcmp(head + 5, unknown, sizeof(unknown)) || (!head[11] && !head[12]));
}

/* A frame that decoders pass over, as pzstd and "zstd --patch-from" write them first (RFC 8878 3.1.2). */
static bool is_skippable(const uint8_t *head, size_t len)
{
	return len >= 4 && (head[0] & 0xf0) == 0x50 && !memcmp(head + 1, "\x2a\x4d\x18", 3);
}

const char *xfdt_packing_of(const uint8_t *head, size_t len)
{
	size_t i;

	for (i = 0; i < COUNT(packings); i++)
		if (len >= packings[i].offset + packings[i].len &&
		    !memcmp(head + packings[i].offset, packings[i].bytes, packings[i].len))
			return packings[i].name;
	if (is_skippable(head, len))
		return "zstd";
	if (is_lzma(head, len))
		return "lzma";
	if (is_binary_cpio(head, len))
		return "cpio";
	return is_old_tar(head, len) ? "tar" : NULL;
}

/* other files that people take for a vmcore */

/* Text with what every kernel log has. */
static bool is_log(const uint8_t *head, size_t len)
{
	static const char *const signs[] = { "Linux version ", "Kernel panic",
					     "Call Trace:", "kernel: ", "[    0.000000]" };
	size_t i;

	if (memchr(head, '\0', len))
		return false;
	for (i = 0; i < COUNT(signs); i++)
		if (memmem(head, len, signs[i], strlen(signs[i])))
			return true;
	return false;
}

/* Documentation/arch/x86/boot.rst: "HdrS" at 0x202 */
static bool is_bzimage(const uint8_t *head, size_t len)
{
	return len >= 0x206 && !memcmp(head + 0x202, "HdrS", 4);
}

/* Does @head begin with @text, but for blanks in @head?  @at moves behind it. */
static bool begins(const uint8_t *head, size_t len, size_t *at, const char *text)
{
	for (; *text && *at < len; ++*at) {
		if (strchr(" \t\r\n", head[*at]))
			continue;
		if (head[*at] != *text++)
			return false;
	}
	return !*text;
}

/* The first keys of docs/json.md, as --kdump writes them; the schema may be a later one. */
static bool is_hook(const uint8_t *head, size_t len)
{
	size_t at = 0;

	if (!begins(head, len, &at, "{\"schema\":\"xfdtriage-"))
		return false;
	while (at < len && head[at] >= '0' && head[at] <= '9')
		at++;
	return begins(head, len, &at, "\",\"dump\":{\"path\":\"" XFDT_HOOK_VMCORE "\"");
}

/* Hooks of hosts of the same kind differ in little, which may be far behind. */
static uint64_t hash_all(int fd, uint64_t hash)
{
	uint8_t block[HEAD];
	off_t at = 0;
	ssize_t got;

	while (at <= XFDT_HOOK_MAX && (got = pread(fd, block, sizeof(block), at)) > 0) {
		hash = xfdt_hash(hash, block, (size_t)got);
		at += got;
	}
	return hash;
}

static bool is_kdump(const uint8_t *head, size_t len)
{
	return len >= 8 &&
	       (!memcmp(head, XFDT_KDUMP_SIGNATURE, 8) || !memcmp(head, DISKDUMP_SIGNATURE, 8));
}

static bool is_elf(const uint8_t *head, size_t len)
{
	return len >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG);
}

/* e_type is at the same place in files of 32 bits */
static enum xfdt_file_kind guess_elf(const uint8_t *head, size_t len)
{
	Elf64_Ehdr header = { 0 };

	memcpy(&header, head, len < sizeof(header) ? len : sizeof(header));
	if (header.e_ident[EI_DATA] != ELFDATA2LSB)
		return XFDT_FILE_OTHER;
	return header.e_type == ET_CORE ? XFDT_FILE_DUMP : XFDT_FILE_PROGRAM;
}

enum xfdt_file_kind xfdt_guess_kind(const uint8_t *head, size_t len)
{
	if (is_elf(head, len))
		return guess_elf(head, len);
	if (is_kdump(head, len) || xfdt_begins_flattened(head, len))
		return XFDT_FILE_DUMP;
	if (xfdt_packing_of(head, len))
		return XFDT_FILE_PACKED;
	if (is_bzimage(head, len))
		return XFDT_FILE_BOOT;
	if (is_hook(head, len))
		return XFDT_FILE_HOOK;
	return is_log(head, len) ? XFDT_FILE_LOG : XFDT_FILE_OTHER;
}

struct xfdt_error *xfdt_identify(int fd, struct xfdt_file *ret_file)
{
	struct xfdt_file file = { .build_id = "-" };
	uint8_t head[HEAD];
	ssize_t len;

	len = pread(fd, head, sizeof(head), 0);
	if (len < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot read: %s", strerror(errno));
	file.hash = xfdt_hash(XFDT_HASH_INIT, head, (size_t)len);
	file.kind = xfdt_guess_kind(head, (size_t)len);
	file.packing = xfdt_packing_of(head, (size_t)len);
	if (is_elf(head, (size_t)len))
		identify_elf(fd, head, (size_t)len, &file);
	else if (is_kdump(head, (size_t)len))
		identify_kdump(fd, head, (size_t)len, &file);
	else if (file.kind == XFDT_FILE_HOOK)
		file.hash = hash_all(fd, XFDT_HASH_INIT);
	*ret_file = file;
	return NULL;
}

char *xfdt_file_identity(int64_t size, const char *what, uint64_t hash)
{
	char *identity;

	return asprintf(&identity, "%lld-%s-%016llx", (long long)size, what, ull(hash)) < 0 ?
		       NULL :
		       identity;
}

/* named files */

static struct xfdt_error *check_part(const struct xfdt_file *file, const char *name)
{
	if (!file->start_pfn && file->end_pfn >= file->frames)
		return NULL;
	return xfdt_error_new(
		XFDT_MISSING, 0,
		"%s: is a part of a dump that was split (makedumpfile --split), with page frames "
		"%#llx up to %#llx of %#llx; name all of its parts, with --split",
		name, ull(file->start_pfn), ull(file->end_pfn), ull(file->frames));
}

static struct xfdt_error *check_kind(const struct xfdt_file *file, const char *name)
{
	static const char *const others[] = {
		[XFDT_FILE_PROCESS] =
			"is the core file of a process; name the vmcore that kdump saved of the kernel",
		[XFDT_FILE_LOG] =
			"is a kernel log; name the vmcore of that crash, or look at the log with 'xfdtriage dmesg'",
		[XFDT_FILE_PROGRAM] =
			"is an ELF program, such as a vmlinux, and no dump; name the vmcore, and this file with -d",
		[XFDT_FILE_BOOT] =
			"is a kernel to boot (vmlinuz), and no dump; name the vmcore that kdump saved",
		[XFDT_FILE_HOOK] =
			"is what the hook for kdump wrote, and no dump; 'xfdtriage report' shows it",
	};

	if (file->kind == XFDT_FILE_PART)
		return check_part(file, name);
	if (file->kind == XFDT_FILE_PACKED)
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0,
				      "%s: is packed (%s); unpack it, and name the vmcore in it",
				      name, file->packing);
	if (file->kind >= COUNT(others) || !others[file->kind])
		return NULL;
	return xfdt_error_new(XFDT_NOT_A_DUMP, 0, "%s: %s", name, others[file->kind]);
}

struct xfdt_error *xfdt_check_is_dump(const char *path, const char *name)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct xfdt_error *err;
	struct xfdt_file file;

	/* whoever opens it says what is wrong */
	if (fd < 0)
		return NULL;
	err = xfdt_identify(fd, &file);
	close(fd);
	if (err) {
		xfdt_error_free(err);
		return NULL;
	}
	return check_kind(&file, name);
}
