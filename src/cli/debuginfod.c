/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debuginfod client.  Its library and what that needs are loaded only when
 * there is something to ask for: most runs need neither.
 */
#include "cli/command.h"

#ifdef XFDT_NO_DEBUGINFOD

struct xfdt_error *fetch_debuginfo(void *context, const char *build_id, char *ret_path,
				   size_t path_size, int *ret_fd)
{
	(void)context, (void)build_id, (void)ret_path, (void)path_size, (void)ret_fd;
	return xfdt_error_new(XFDT_UNSUPPORTED, 0,
			      "DEBUGINFOD_URLS is set, and this xfdtriage was built without "
			      "libdebuginfod");
}

#else

#include <dlfcn.h>
#include <elfutils/debuginfod.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_MAX 600

static struct {
	void *library;
	debuginfod_client *(*begin)(void);
	void (*end)(debuginfod_client *client);
	int (*find)(debuginfod_client *client, const unsigned char *build_id, int len,
		    char **ret_path);
	void (*set_progress)(debuginfod_client *client, debuginfod_progressfn_t progress);
} api;

static time_t started;

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* Other than 0 ends the download. */
static int show_progress(debuginfod_client *client, long done, long total)
{
	(void)client;
	if (isatty(STDERR_FILENO)) {
		if (total > 0 && done >= 0)
			fprintf(stderr, "\rdebuginfo from debuginfod: %ld of %ld MB\033[K",
				done >> 20, total >> 20);
		else
			fprintf(stderr, "\rdebuginfo from debuginfod: asking\033[K");
	}
	return now() - started > SECONDS_MAX;
}

static bool load_library(void)
{
	if (api.library)
		return true;
	api.library = dlopen(DEBUGINFOD_SONAME, RTLD_NOW);
	if (!api.library)
		return false;
	*(void **)&api.begin = dlsym(api.library, "debuginfod_begin");
	*(void **)&api.end = dlsym(api.library, "debuginfod_end");
	*(void **)&api.find = dlsym(api.library, "debuginfod_find_debuginfo");
	*(void **)&api.set_progress = dlsym(api.library, "debuginfod_set_progressfn");
	return api.begin && api.end && api.find && api.set_progress;
}

struct xfdt_error *fetch_debuginfo(void *context, const char *build_id, char *ret_path,
				   size_t path_size, int *ret_fd)
{
	const char *urls = context;
	debuginfod_client *client;
	char *path = NULL;
	int fd;

	if (!load_library())
		return xfdt_error_new(XFDT_SYSTEM, 0,
				      "DEBUGINFOD_URLS is set, and " DEBUGINFOD_SONAME
				      " is not installed");
	client = api.begin();
	if (!client)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "the debuginfod client does not start");
	api.set_progress(client, show_progress);
	started = now();
	/* length 0: a string of hexadecimal digits */
	fd = api.find(client, (const unsigned char *)build_id, 0, &path);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	api.end(client);
	if (fd < 0 && now() - started > SECONDS_MAX)
		return xfdt_error_new(XFDT_SYSTEM, 0, "debuginfod (%s): given up after %d s", urls,
				      SECONDS_MAX);
	if (fd < 0)
		return xfdt_error_new(fd == -ENOENT ? XFDT_MISSING : XFDT_SYSTEM, 0,
				      "debuginfod (%s): build-id %s: %s", urls, build_id,
				      strerror(-fd));
	snprintf(ret_path, path_size, "%s", path ? path : "debuginfod");
	free(path);
	*ret_fd = fd;
	return NULL;
}

#endif
