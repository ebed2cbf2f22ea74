/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command costs.
 *
 * measure FILE COMMAND [ARGUMENT...]
 *	Run COMMAND and exit as it did.  FILE gets "PEAK MICROSECONDS": the peak
 *	of its resident memory in KiB, and the time from fork() to its end.
 *	Needs libc only: its own start is not part of that time, and what runs
 *	next to it finds the machine as it was.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long microseconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000000 + (now.tv_nsec - start->tv_nsec) / 1000;
}

int main(int argc, char **argv)
{
	struct timespec start;
	struct rusage usage;
	long microseconds;
	int status;
	pid_t pid;
	FILE *out;

	if (argc < 3) {
		fputs("usage: measure FILE COMMAND [ARGUMENT...]\n", stderr);
		return 99;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = fork();
	if (!pid) {
		execvp(argv[2], argv + 2);
		fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
		fprintf(stderr, "measure: %s\n", strerror(errno));
		return 99;
	}
	microseconds = microseconds_since(&start);
	out = fopen(argv[1], "w");
	if (!out || fprintf(out, "%ld %ld\n", usage.ru_maxrss, microseconds) < 0 || fclose(out)) {
		fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(errno));
		return 99;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
