/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dump of a crash(8) session, as a source for the image stage. */
#ifndef XFDT_EXTENSIONS_SOURCE_H
#define XFDT_EXTENSIONS_SOURCE_H

#include "image/image.h"

/*
 * Ask crash for what it may have to ask its gdb for.  To be called in crash's
 * own process, whose gdb has threads, with SIGINT blocked.
 */
void xfd_source_prepare(void);

/*
 * To be called in a process forked after that: it changes how crash reports
 * errors and what it does about pages that are missing, and never gives back
 * what it takes.  No call of crash's that may longjmp() leaves it.
 */
struct xfdt_source xfd_source(void);

/* The dump's format, by libkdumpfile's name for it where it has one; static. */
const char *xfd_format(void);

#endif
