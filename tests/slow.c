/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into xfdtriage: a worker never gets to the end of reading the dump, and
 * for --kdump time passes thirty times as fast.  The parent, which reads the first
 * bytes to see what the file is, is left alone.  Exit code 99 if the time limit is another one.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 30

static pid_t parent;

static void remember_parent(void) __attribute__((constructor));
static void remember_parent(void)
{
	parent = getpid();
}

ssize_t pread64(int fd, void *buf, size_t count, off64_t offset)
{
	if (getpid() == parent)
		return syscall(SYS_pread64, fd, buf, count, offset);
	for (;;)
		pause();
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	const struct timespec second = { .tv_sec = 1 };

	if (timeout->tv_sec != LIMIT)
		_exit(99);
	return (int)syscall(SYS_rt_sigtimedwait, set, info, &second, 8);
}
