/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving out what was searched, but not found to matter. */
#ifndef XFDT_DISTILL_REDACT_H
#define XFDT_DISTILL_REDACT_H

#include "dump/dump.h"
#include "kernel/host.h"

/*
 * Of the stack of the thread that panicked, which was looked through word by
 * word, keep the frame and the return address that @host speaks of; of the log,
 * where @lines is not NULL, those lines that it has set (kernel/story.h).  The
 * rest is taken for not read: @dump was opened for recording.
 */
struct xfdt_error *xfdt_redact(struct xfdt_dump *dump, const struct xfdt_host *host,
			       const bool *lines);

#endif
