/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process that unpacks says to its parent, one packet each. */
#ifndef XFDT_UNPACK_MESSAGE_H
#define XFDT_UNPACK_MESSAGE_H

#include <stdint.h>

enum xfdt_unpack_what {
	XFDT_UNPACK_CONFINED = 1, /* @text says how: the first message */
	XFDT_UNPACK_FILE, /* make a file; the answer is an int, errno or 0, and its descriptor */
	XFDT_UNPACK_KEEP, /* file number @file is all of the member @name, a dump or a hook's JSON */
	XFDT_UNPACK_KEEP_LOG, /* the same of a kernel log */
	XFDT_UNPACK_DROP,     /* file number @file is not needed any more */
	XFDT_UNPACK_PROBLEM,  /* @name could not be unpacked, @text says why */
	XFDT_UNPACK_PROGRESS,
	XFDT_UNPACK_END, /* that was all */
};

struct xfdt_unpack_message {
	uint32_t what, file;	/* files are counted from 0, in the order in which they were made */
	uint64_t read, written; /* bytes so far: of the packed file, and unpacked */
	uint32_t members;	/* met so far */
	char name[4096], text[512];
};

#endif
