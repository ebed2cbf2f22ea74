/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line of progress on a terminal: the last line of standard error. */
#ifndef XFDT_CLI_PROGRESS_H
#define XFDT_CLI_PROGRESS_H

#include "unpack/unpack.h"

#include <stddef.h>
#include <stdint.h>

/* Show @line in the place of the one that is shown. */
void show_progress_line(const char *line);
/* Clear it, before other output. */
void clear_progress_line(void);
/* How long a line may be, in columns. */
unsigned int progress_columns(void);
/* "[####....] 4/8", the bar of @width columns, 24 at most.  Returns its length, as snprintf(3) does. */
size_t format_bar(uint64_t done, uint64_t total, unsigned int width, char *ret_text, size_t size);
/* The line of something that takes a while: @what is done to the file @name, how far it is, and the time left. */
void show_work(const char *what, const char *name, const struct xfdt_unpack_progress *progress);

#endif
