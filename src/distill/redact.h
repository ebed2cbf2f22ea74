/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Redact data that was scanned and not used. */
#ifndef XFDT_DISTILL_REDACT_H
#define XFDT_DISTILL_REDACT_H

#include "dump/dump.h"
#include "kernel/host.h"

/*
 * Remove from the read record of @dump, which was opened for recording: the
 * scanned stack of the thread that panicked, but for the frame and the return
 * address that @host refers to; and the log, but for the lines set in @lines
 * (NULL: all lines stay).
 */
struct xfdt_error *xfdt_redact(struct xfdt_dump *dump, const struct xfdt_host *host,
			       const bool *lines);

#endif
