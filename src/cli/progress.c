/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line of progress on a terminal: the last line of standard error. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS 80 /* where the terminal does not say */
#define BAR_MAX 24

static bool shown;

void show_progress_line(const char *line)
{
	fprintf(stderr, "\r%s\033[K", line);
	fflush(stderr);
	shown = true;
}

void clear_progress_line(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}

unsigned int progress_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return COLUMNS - 1;
	/* a character in the last column would start another line */
	return size.ws_col - 1u;
}

size_t format_bar(uint64_t done, uint64_t total, unsigned int width, char *ret_text, size_t size)
{
	int bar = width > BAR_MAX ? BAR_MAX : (int)width;
	int filled = total ? (int)(done * (uint64_t)bar / total) : 0;

	return (size_t)snprintf(ret_text, size, "[%.*s%.*s] %" PRIu64 "/%" PRIu64, filled,
				"########################", bar - filled,
				"........................", done, total);
}
