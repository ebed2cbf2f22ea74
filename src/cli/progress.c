/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line of progress on a terminal: the last line of standard error. */
#include "cli/progress.h"

#include "base/util.h"
#include "render/fields.h"

#include <inttypes.h>
#include <limits.h>
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

static void format_size(uint64_t bytes, char *ret_text, size_t size)
{
	if (bytes < 10u << 20)
		snprintf(ret_text, size, "%llu KiB", ull(bytes >> 10));
	else
		snprintf(ret_text, size, "%llu MiB", ull(bytes >> 20));
}

void show_work(const char *what, const char *name, const struct xfdt_unpack_progress *progress)
{
	const int64_t ms = xfdt_now_ms() - progress->started;
	char size[40], left[60] = "", escaped[PATH_MAX], line[PATH_MAX + 120];

	format_size(progress->written, size, sizeof(size));
	if (progress->size && progress->read) {
		uint64_t done = progress->read < progress->size ? progress->read : progress->size;
		uint64_t seconds = (uint64_t)ms * (progress->size - done) / done / 1000;

		snprintf(left, sizeof(left), "%3llu%%  %llu:%02llu left  ",
			 ull(done * 100 / progress->size), ull(seconds / 60), ull(seconds % 60));
	}
	xfdt_escape(name, escaped, sizeof(escaped));
	snprintf(line, sizeof(line), "%s  %s%s  %s", what, left, size, escaped);
	if (progress_columns() < sizeof(line))
		line[progress_columns()] = '\0';
	show_progress_line(line);
}
