/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into xfdtriage: a worker that reads a file called spin.* never ends,
 * one that reads a file called sleep.N waits N seconds first, as for slow storage,
 * one that reads a file called die.* dies, and one that reads a file called
 * exit.N calls exit(N).  No dump is known that does any of it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define FILES 64

static char paths[FILES][4096];

int open64(const char *path, int flags, ...)
{
	va_list arguments;
	int fd;

	va_start(arguments, flags);
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, va_arg(arguments, mode_t));
	va_end(arguments);
	if (fd >= 0 && fd < FILES)
		snprintf(paths[fd], sizeof(paths[fd]), "%s", path);
	return fd;
}

/* The number behind @word in @path; -1: it is not there. */
static int number_behind(const char *path, const char *word)
{
	const char *found = strstr(path, word);

	return found ? atoi(found + strlen(word)) : -1;
}

static void sleep_once(int seconds)
{
	static bool slept;
	const struct timespec length = { .tv_sec = seconds };

	if (!slept && seconds > 0)
		nanosleep(&length, NULL);
	slept = true;
}

/* Before a worker reads @fd. */
static void misbehave(int fd)
{
	const char *path = fd >= 0 && fd < FILES ? paths[fd] : "";

	/* what finds dumps is not confined; workers are */
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)) {
		while (strstr(path, "/spin."))
			;
		if (strstr(path, "/die."))
			abort();
		if (number_behind(path, "/exit.") >= 0)
			_exit(number_behind(path, "/exit."));
		sleep_once(number_behind(path, "/sleep."));
	}
}

ssize_t pread64(int fd, void *buf, size_t count, off64_t offset)
{
	misbehave(fd);
	return syscall(SYS_pread64, fd, buf, count, offset);
}

/* kernel logs are read with it */
ssize_t read(int fd, void *buf, size_t count)
{
	misbehave(fd);
	return syscall(SYS_read, fd, buf, count);
}
