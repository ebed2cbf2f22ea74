/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No more rights than reading a dump needs, by Landlock and seccomp.  A dump
 * is hostile input, and the libraries that read it have bugs.
 */
#ifndef XFDT_SANDBOX_CONFINE_H
#define XFDT_SANDBOX_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

struct xfdt_confinement {
	/* files, and folders with all that is in them; what does not exist is passed over */
	const char *const *readable;
	size_t readable_count;
	bool network; /* it may connect, and have threads; stat() tells about any file */
};

/* Does this kernel let a process limit which files it reaches? */
bool xfdt_landlock_works(void);

/*
 * Confine this process, which has one thread, irrevocably: of files it may open
 * what @allowed names, for reading, and use what is open; it may make no socket, no process,
 * no file, no shared and no executable memory, send no signal, run no program, and
 * ask nothing of a file that it cannot open.  System calls that are not allowed fail
 * with ENOSYS.
 *
 * Without Landlock it may read what its user may read.
 *
 * @ret_how says what became of it: XFDT_CONFINED_FULLY; else "landlock+seccomp",
 * "landlock" or "seccomp" with what is missing in parentheses, or "none: WHY".
 */
#define XFDT_CONFINED_FULLY "landlock+seccomp"
#define XFDT_CONFINED_SIZE 128
void xfdt_confine(const struct xfdt_confinement *allowed, char ret_how[XFDT_CONFINED_SIZE]);

#endif
