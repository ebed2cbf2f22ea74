/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into xfdtriage: a worker that reads a file called spin.* never ends,
 * one that reads a file called die.* dies, and one that reads a file called
 * exit.N calls exit(N).  No dump is known that does any of it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t pread64(int fd, void *buf, size_t count, off64_t offset)
{
	char link[40], path[4096] = "";

	/* what finds dumps is not confined; workers are, and may not even ask */
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, path, sizeof(path) - 1) < 0)
			path[0] = '\0';
		for (; strstr(path, "/spin.");)
			;
		if (strstr(path, "/die."))
			abort();
		if (strstr(path, "/exit."))
			_exit(atoi(strstr(path, "/exit.") + strlen("/exit.")));
	}
	return syscall(SYS_pread64, fd, buf, count, offset);
}
