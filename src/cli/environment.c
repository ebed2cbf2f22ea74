/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the environment and the terminal say. */
#include "cli/command.h"
#include "base/util.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void show_progress(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	fprintf(stderr, "\rreading the flattened dump: %3llu%%%s",
		ull(total ? done * 100 / total : 0), done >= total ? "\n" : "");
}

static struct xfdt_debug_options debug_options(const struct arguments *arguments)
{
	char *urls = getenv("DEBUGINFOD_URLS");

	return (struct xfdt_debug_options){
		.types = arguments->types,
		.symbols = arguments->symbols,
		.paths = arguments->debuginfo,
		.path_count = arguments->debuginfo_count,
		.named = "by -d",
		.prefer_named = arguments->debuginfo_count,
		.search = true,
		.fetch = urls && *urls ? fetch_debuginfo : NULL,
		.context = urls,
	};
}

struct xfdt_session_options session_options(const struct arguments *arguments)
{
	return (struct xfdt_session_options) {
		.dump = {
			.progress = isatty(STDERR_FILENO) ? show_progress : NULL,
			.vmcoreinfo = arguments->vmcoreinfo,
		},
		.debug = debug_options(arguments),
		.stats = arguments->stats,
	};
}

/* /tmp is memory on many systems, and a dump is large */
const char *temporary_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/var/tmp";
}

bool use_colour(const struct arguments *arguments)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (arguments->colour != COLOUR_AUTO)
		return arguments->colour == COLOUR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

unsigned int terminal_width(void)
{
	struct winsize size;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? size.ws_col : 0;
}

unsigned int terminal_rows(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? size.ws_row : 0;
}
