/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hook for kdump left beside a dump: an answer of "xfdtriage --kdump", and as untrusted as a dump. */
#ifndef XFDT_REPORT_HOOK_H
#define XFDT_REPORT_HOOK_H

#include "base/error.h"
#include "kernel/panic.h"
#include "store/store.h"

struct xfdt_hook {
	const char *verdict;	       /* of the verdicts, or "error"; static */
	int exit_code;		       /* that goes with it */
	char panic[XFDT_PANIC_ID_MAX]; /* panic.id; empty: unknown */
	char *json; /* the object, its strings escaped, with the file's own name as dump.path; one line, without a newline */
};

/*
 * Read the file at @path.  @name is for messages and for dump.path.
 * XFDT_SYSTEM, XFDT_NO_MEMORY, XFDT_LIMIT (too large), XFDT_UNSUPPORTED (another schema),
 * XFDT_CORRUPT (not what a hook writes).
 */
struct xfdt_error *xfdt_hook_read(const char *path, const char *name, struct xfdt_hook *ret_hook);
void xfdt_hook_deinit(struct xfdt_hook *hook);

/* Is that what the file at @path may be?  False also if it cannot be read. */
bool xfdt_is_hook_file(const char *path);

/*
 * Visit the file at @path as a result, as a batch would store it: an error, if it is not
 * what a hook writes.  XFDT_SYSTEM if it cannot be read, XFDT_NO_MEMORY, and errors of @visit.
 */
struct xfdt_error *xfdt_hook_visit(const char *path, const char *version, xfdt_store_visit *visit,
				   void *context);

#endif
