/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file is, by its first bytes and its notes. */
#ifndef XFDT_DUMP_IDENTIFY_H
#define XFDT_DUMP_IDENTIFY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum xfdt_file_kind {
	XFDT_FILE_OTHER,
	XFDT_FILE_PROCESS, /* the core file of a process */
	XFDT_FILE_DUMP,	   /* of a kernel, and all of it; also if it is damaged */
	XFDT_FILE_PART,	   /* of a split set (makedumpfile --split) */
	XFDT_FILE_PACKED,  /* compressed, or an archive: there may be a dump in it */
	XFDT_FILE_LOG,	   /* text that looks like a kernel log */
	XFDT_FILE_PROGRAM, /* a vmlinux, a module or another ELF file that is not a core */
	XFDT_FILE_BOOT,	   /* a vmlinuz */
	XFDT_FILE_HOOK,	   /* JSON that the hook for kdump left */
};

struct xfdt_file {
	enum xfdt_file_kind kind;
	const char *packing; /* XFDT_FILE_PACKED: "gzip", "tar", ...; static */
	char build_id[64];   /* of vmlinux, "-" if the headers do not tell */
	uint64_t hash;	     /* of the headers; XFDT_FILE_HOOK: of all */
	/* XFDT_FILE_PART: what it has of the @frames page frames, and what it shares with its set */
	uint64_t set, start_pfn, end_pfn, frames;
};

/* What the hook for kdump triages, and names in its JSON; and bytes of that, which --kdump does not exceed. */
#define XFDT_HOOK_VMCORE "/proc/vmcore"
#define XFDT_HOOK_MAX (16u << 20)

/* Look at the file behind @fd.  XFDT_SYSTEM if it cannot be read. */
struct xfdt_error *xfdt_identify(int fd, struct xfdt_file *ret_file);

/*
 * The identity of @size bytes with that @hash: copies share it.  @what they are: a build-id, "log", "set".
 * The caller frees it; NULL: out of memory.
 */
char *xfdt_file_identity(int64_t size, const char *what, uint64_t hash);

/*
 * How a file that begins with the @len bytes at @head is packed: a static name; NULL: it is
 * not.  XFDT_PACKING_HEAD bytes are enough to recognise all formats.
 */
#define XFDT_PACKING_HEAD 512
const char *xfdt_packing_of(const uint8_t *head, size_t len);

/*
 * What a file that begins with the @len bytes at @head may be: XFDT_FILE_DUMP also for what
 * xfdt_identify() finds to be a part, or a process's.
 */
enum xfdt_file_kind xfdt_guess_kind(const uint8_t *head, size_t len);

/*
 * XFDT_NOT_A_DUMP, XFDT_MISSING for a part of a split set: the file at @path is known to be
 * something else than a whole dump, and the message says what to do.  @name is for messages.
 */
struct xfdt_error *xfdt_check_is_dump(const char *path, const char *name);

#endif
