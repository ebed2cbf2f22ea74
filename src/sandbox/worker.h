/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that looks at one dump. */
#ifndef XFDT_SANDBOX_WORKER_H
#define XFDT_SANDBOX_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct xfdt_limits {
	uint64_t memory;      /* bytes of address space; 0: no limit */
	uint64_t data;	      /* of them, bytes that are its own to write to; 0: no limit */
	unsigned int seconds; /* of CPU time, after which SIGXCPU ends it; 0: no limit */
};

/*
 * How many milliseconds a worker with @seconds of CPU time may take by the clock.  Slow storage or
 * a busy machine is no reason to end it, but it must not wait forever.  Its parent enforces that.
 */
long long xfdt_worker_wall_ms(unsigned int seconds);

struct rusage;

/*
 * Did a worker with @seconds of CPU time take all of them, or all that a limit of this process's
 * own (ulimit -t) leaves it?  @status and @usage are from wait4(2).
 */
bool xfdt_worker_ran_out(unsigned int seconds, int status, const struct rusage *usage);
/* Say so: "not done after 60 seconds of CPU time; ADVICE", or what to do about a limit of this process's own. */
void xfdt_worker_say_ran_out(unsigned int seconds, const char *advice, char *ret_message,
			     size_t size);

/*
 * As fork(2).  The child dies when its parent does, leaves no core file and is
 * held to @limits.  It has to end with _exit(2).
 */
pid_t xfdt_worker_fork(const struct xfdt_limits *limits);

/*
 * In a worker: make @in its standard input (-1: nothing to read) and @out its standard output,
 * close all else that is open but the @count descriptors of @kept, be nice, and leave the
 * keyboard's signals to the parent.  False if that failed.
 */
bool xfdt_worker_detach(int in, int out, const int *kept, size_t count);

/*
 * What a worker has to end with so that @code, 0 to 15, is believed: the
 * libraries that read a dump may call exit(3), with a code that would be an answer.
 */
int xfdt_worker_status(int code);
/* Did a worker end with a code?  @status is from waitpid(2). */
bool xfdt_worker_ended(int status, int *ret_code);

#endif
