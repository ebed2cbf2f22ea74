/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes to standard error.  Names of files and text of dumps may hold control characters. */
#include "cli/command.h"
#include "cli/progress.h"
#include "render/fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_MAX 16384

void warn(const char *format, ...)
{
	char escaped[MESSAGE_MAX], *text;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0) {
		fputs("xfdtriage: out of memory\n", stderr);
		return;
	}
	xfdt_escape(text, escaped, sizeof(escaped));
	clear_progress_line();
	fprintf(stderr, "xfdtriage: %s\n", escaped);
	free(text);
}

int complain(struct xfdt_error *err)
{
	warn("%s", xfdt_error_message(err));
	xfdt_error_free(err);
	return XFDT_EXIT_ERROR;
}

/* What usage_error() points to: "help NAME" or "--help". */
static char help[32] = "--help";

void about_command(const struct command *command)
{
	if (command && command != &commands[0])
		snprintf(help, sizeof(help), "help %s", command->name);
	else
		snprintf(help, sizeof(help), "--help");
}

int usage_error(const char *what, const char *subject)
{
	if (subject)
		warn("%s '%s'; see 'xfdtriage %s'", what, subject, help);
	else
		warn("%s; see 'xfdtriage %s'", what, help);
	return XFDT_EXIT_ERROR;
}
