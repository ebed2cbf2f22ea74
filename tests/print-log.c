/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print-log VMCORE		the kernel log of a vmcore, a record a line, separated by tabs: nanoseconds
 *				since boot, caller (thread id, or 0x80000000 + CPU), whether user
 *				space wrote it, text
 * print-log --judge LOG...	of each log its name, verdict and route, separated by tabs
 */
#include "triage/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_line(const struct xfdt_log_line *line)
{
	const char *at;

	printf("%" PRIu64 "\t%" PRIu32 "\t%d\t", line->nsec, line->caller, line->from_user);
	for (at = line->text; *at; at++)
		putchar((unsigned char)*at < ' ' ? ' ' : *at);
	putchar('\n');
}

static int fail(struct xfdt_error *err)
{
	fprintf(stderr, "%s\n", xfdt_error_message(err));
	xfdt_error_free(err);
	return 1;
}

static int print_log(const char *const *path)
{
	const struct xfdt_session_options options = { 0 };
	const struct xfdt_log *log;
	struct xfdt_session session;
	struct xfdt_error *err = xfdt_session_init(&session, path, 1, &options);
	size_t i;

	if (err)
		return fail(err);
	log = &session.host.panic.log;
	for (i = 0; i < log->count; i++)
		print_line(&log->lines[i]);
	xfdt_session_deinit(&session);
	return 0;
}

static int judge(const char *const *path)
{
	const char *slash = strrchr(*path, '/'), *route;
	struct xfdt_session session;
	struct xfdt_error *err = xfdt_log_session_init(&session, path, path, 1, NULL);

	if (err)
		return fail(err);
	route = xfdt_route_name(session.verdict.route);
	printf("%s\t%s\t%s\n", slash ? slash + 1 : *path, xfdt_verdict_name(session.verdict.kind),
	       route ? route : "");
	xfdt_session_deinit(&session);
	return 0;
}

int main(int argc, char **argv)
{
	const char *const *paths = (const char *const *)argv + 1;
	int status = 0;

	if (argc == 2)
		return print_log(paths);
	if (argc < 3 || strcmp(argv[1], "--judge")) {
		fputs("usage: print-log VMCORE, or print-log --judge LOG...\n", stderr);
		return 99;
	}
	for (paths++; *paths; paths++)
		status |= judge(paths);
	return status;
}
