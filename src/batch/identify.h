/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file is, by its first bytes and its notes. */
#ifndef XFDT_BATCH_IDENTIFY_H
#define XFDT_BATCH_IDENTIFY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum xfdt_file_kind {
	XFDT_FILE_OTHER,
	XFDT_FILE_PROCESS, /* the core file of a process */
	XFDT_FILE_DUMP,	   /* of a kernel, and all of it; also if it is damaged */
	XFDT_FILE_PART,	   /* of a split set (makedumpfile --split) */
};

struct xfdt_file {
	enum xfdt_file_kind kind;
	char build_id[64]; /* of vmlinux, "-" if the headers do not tell */
	uint64_t hash;	   /* of the headers */
	/* XFDT_FILE_PART: what it has of the @frames page frames, and what it shares with its set */
	uint64_t set, start_pfn, end_pfn, frames;
};

#define XFDT_HASH_INIT 0xcbf29ce484222325ull

/* FNV-1a, to be gone on with from @hash: tells apart, and proves nothing. */
uint64_t xfdt_hash(uint64_t hash, const void *bytes, size_t len);

/* Look at the file behind @fd.  XFDT_SYSTEM if it cannot be read. */
struct xfdt_error *xfdt_identify(int fd, struct xfdt_file *ret_file);

#endif
