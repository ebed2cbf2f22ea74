/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps out of compressed files and archives.  A confined process, which can write to nothing
 * but files without a name, unpacks; names of members are text, and never paths.
 */
#ifndef XFDT_UNPACK_UNPACK_H
#define XFDT_UNPACK_UNPACK_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one packed file may cost; all are needed. */
struct xfdt_unpack_limits {
	uint64_t bytes;	      /* unpacked, zeros included */
	unsigned int members; /* of archives */
	unsigned int depth;   /* 1: no archive in an archive */
	unsigned int seconds; /* of CPU time; see xfdt_worker_wall_ms() */
};

/* 64 GiB, 10000 members, archives in archives, one hour. */
extern const struct xfdt_unpack_limits xfdt_unpack_defaults;

/* What is unpacked, as bits; all else is passed over. */
enum xfdt_unpack_wanted {
	XFDT_UNPACK_DUMPS = 1 << 0,
	XFDT_UNPACK_LOGS = 1 << 1,  /* kernel logs */
	XFDT_UNPACK_TEXT = 1 << 2,  /* of one compressed file any text, as a kernel log */
	XFDT_UNPACK_HOOKS = 1 << 3, /* what the hook for kdump left */
};

/* A member that looks like a dump or a kernel log, or could not be unpacked. */
struct xfdt_unpacked {
	char *name; /* that of the packed file; of an archive's member, with "!MEMBER" behind it */
	int fd;	    /* of a file without a name, to read; -1: see @problem */
	bool is_log;
	char *problem;
};

struct xfdt_unpack_progress {
	uint64_t read, size; /* bytes of the packed file; @size is 0 if it is not known */
	uint64_t written;    /* bytes unpacked */
	int64_t started;     /* as xfdt_now_ms() */
};

struct xfdt_unpacker;

/*
 * A file without a name in the folder @dir, which leaves nothing behind, however this process
 * ends.  XFDT_SYSTEM.
 */
struct xfdt_error *xfdt_unnamed_file(const char *dir, int *ret_fd);

/*
 * Start to unpack the regular file behind @fd, which stays the caller's, into files without a name in
 * @dir.  @wanted: of enum xfdt_unpack_wanted.  @name is for messages.  @dir and @name are copied.
 * XFDT_SYSTEM, XFDT_NO_MEMORY.
 */
struct xfdt_error *xfdt_unpacker_new(struct xfdt_unpacker **ret_unpacker, int fd, const char *name,
				     const char *dir, unsigned int wanted,
				     const struct xfdt_unpack_limits *limits);
/* Ends the process, and frees what was not taken out. */
void xfdt_unpacker_free(struct xfdt_unpacker *unpacker);

/* To poll(2) for input; xfdt_unpacker_step() does not wait then. */
int xfdt_unpacker_fd(const struct xfdt_unpacker *unpacker);

/*
 * Take in what the process says.  *@ret_more is false when it has ended, in whatever way, or was ended
 * for taking too long: then xfdt_unpacker_take() has all.
 */
struct xfdt_error *xfdt_unpacker_step(struct xfdt_unpacker *unpacker, bool *ret_more);

struct xfdt_unpack_progress xfdt_unpacker_progress(const struct xfdt_unpacker *unpacker);
/* How the process is confined: of xfdt_confine(), or "unknown".  Valid as long as @unpacker. */
const char *xfdt_unpacker_confined(const struct xfdt_unpacker *unpacker);
/* How many members were met. */
unsigned int xfdt_unpacker_members(const struct xfdt_unpacker *unpacker);

/* The next of the results, which becomes the caller's; false: that was all. */
bool xfdt_unpacker_take(struct xfdt_unpacker *unpacker, struct xfdt_unpacked *ret_unpacked);
void xfdt_unpacked_deinit(struct xfdt_unpacked *unpacked);

/*
 * Copy what can be read from @from, a pipe for instance, to an unnamed file in @dir, zeros as holes.
 * XFDT_LIMIT: it is longer than @limits allows; XFDT_SYSTEM.
 */
struct xfdt_error *xfdt_spool(int from, const char *dir, const struct xfdt_unpack_limits *limits,
			      int *ret_fd);

#endif
