/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done to a process before it sees a dump. */
#include "sandbox/worker.h"
#include "base/util.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* AddressSanitizer maps terabytes. */
#ifdef __SANITIZE_ADDRESS__
#define LIMITS_MEMORY 0
#else
#define LIMITS_MEMORY 1
#endif

/* Open at a time: the parts of a split set, files with debuginfo, and what was inherited. */
#define FILES_MAX 256
#define FILES_SEARCHED 65536 /* in the search for descriptors to close */

#define HEAP (24u << 20)
#define HEAP_MARGIN (64u << 10) /* what malloc(3) adds is less */
#define LARGE_PAGE (2u << 20)

/* Marks a code as a worker's own. */
#define CODE_MARK 0xa0
#define CODE_MASK 0x0f

/* Seconds of CPU time from SIGXCPU to SIGKILL, for one that was taken over and ignores the first. */
#define CPU_SPARE 2

/* how long a worker may take by the clock, as a multiple of its CPU time */
#define WALL_PER_CPU 5

/* by which the time of getrusage(2) may be below that which the kernel's limit counts, by ticks */
#define CPU_ERROR_MS 500

static void *volatile before_heap; /* never used, never freed */

long long xfdt_worker_wall_ms(unsigned int seconds)
{
	return seconds * 1000ll * WALL_PER_CPU;
}

/* The limit that counts: @seconds, or less if this process is held to less. */
static unsigned int seconds_within(unsigned int seconds)
{
	struct rlimit own;

	return !getrlimit(RLIMIT_CPU, &own) && own.rlim_cur < seconds ? (unsigned int)own.rlim_cur :
									seconds;
}

bool xfdt_worker_ran_out(unsigned int seconds, int status, const struct rusage *usage)
{
	const long long taken = (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000ll +
				(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1000;

	if (!WIFSIGNALED(status))
		return false;
	/* where the soft limit is not below the hard one, the kernel sends SIGKILL at once */
	return WTERMSIG(status) == SIGXCPU ||
	       (WTERMSIG(status) == SIGKILL &&
		taken + CPU_ERROR_MS >= seconds_within(seconds) * 1000ll);
}

void xfdt_worker_say_ran_out(unsigned int seconds, const char *advice, char *ret_message,
			     size_t size)
{
	const unsigned int limit = seconds_within(seconds);

	snprintf(ret_message, size, "not done after %u second%s of CPU time; %s", limit,
		 limit == 1 ? "" : "s",
		 limit < seconds ? "that is the limit of 'ulimit -t': raise it" : advice);
}

/* Hold @resource to @most, and at @spare above that for good. */
static void limit_softly(int resource, rlim_t most, rlim_t spare)
{
	struct rlimit limits;

	if (getrlimit(resource, &limits))
		return;
	if (limits.rlim_max > most + spare)
		limits.rlim_max = most + spare;
	if (limits.rlim_cur > most)
		limits.rlim_cur = most;
	if (limits.rlim_cur > limits.rlim_max)
		limits.rlim_cur = limits.rlim_max;
	setrlimit(resource, &limits);
}

static void limit(int resource, rlim_t most)
{
	limit_softly(resource, most, 0);
}

/*
 * Make the heap large before it is used, in large pages: a triage writes some 20 MB once, and
 * a page fault for each 4 KiB takes longer than what is done with them, above all in a
 * virtual machine.  Nothing is touched here.  Buffers of megabytes come from the heap, too.
 * The part before the first large page would be mapped in small ones: it stays unused.
 */
static void prepare_heap(const struct xfdt_limits *limits)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start, end;
	void *heap;

	if (!LIMITS_MEMORY || (limits->memory && limits->memory < 8 * (uint64_t)HEAP))
		return;
	mallopt(M_MMAP_THRESHOLD, HEAP);
	mallopt(M_TRIM_THRESHOLD, 2 * HEAP);
	heap = malloc(HEAP - HEAP_MARGIN);
	if (!heap)
		return;
	start = ((uintptr_t)heap + page - 1) & ~(page - 1);
	end = ((uintptr_t)heap + HEAP - HEAP_MARGIN) & ~(page - 1);
	madvise((void *)start, end - start, MADV_HUGEPAGE);
	free(heap);
	before_heap = malloc(-(uintptr_t)heap % LARGE_PAGE);
}

pid_t xfdt_worker_fork(const struct xfdt_limits *limits)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* it may have died before that */
	if (getppid() != parent)
		raise(SIGKILL);
	limit(RLIMIT_CORE, 0);
	if (limits->memory && LIMITS_MEMORY)
		limit(RLIMIT_AS, limits->memory);
	if (limits->data && LIMITS_MEMORY)
		limit(RLIMIT_DATA, limits->data);
	if (limits->seconds)
		limit_softly(RLIMIT_CPU, limits->seconds, CPU_SPARE);
	limit(RLIMIT_NOFILE, FILES_MAX);
	prepare_heap(limits);
	return 0;
}

/* Linux before 5.9 has no close_range(2). */
static void close_between(unsigned int first, unsigned int last)
{
	unsigned int fd;

	if (first > last || !close_range(first, last, 0))
		return;
	for (fd = first; fd <= last && fd < FILES_SEARCHED; fd++)
		close((int)fd);
}

/* The lowest of @kept from @first on; UINT_MAX: there is none. */
static unsigned int next_kept(const int *kept, size_t count, unsigned int first)
{
	unsigned int next = UINT_MAX;
	size_t i;

	for (i = 0; i < count; i++)
		if ((unsigned int)kept[i] >= first && (unsigned int)kept[i] < next)
			next = (unsigned int)kept[i];
	return next;
}

static void close_all_but(const int *kept, size_t count)
{
	unsigned int first = STDERR_FILENO + 1, next;

	while ((next = next_kept(kept, count, first)) != UINT_MAX) {
		close_between(first, next - 1);
		first = next + 1;
	}
	close_between(first, UINT_MAX);
}

bool xfdt_worker_detach(int in, int out, const int *kept, size_t count)
{
	static const int keyboard[] = { SIGINT, SIGQUIT, SIGHUP, SIGTSTP };
	int null;
	size_t i;

	if ((in >= 0 && dup2(in, STDIN_FILENO) < 0) || dup2(out, STDOUT_FILENO) < 0)
		return false;
	/* first: there may be no room for another descriptor */
	close_all_but(kept, count);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || (in < 0 && dup2(null, STDIN_FILENO) < 0) || dup2(null, STDERR_FILENO) < 0)
		return false;
	close(null);
	for (i = 0; i < COUNT(keyboard); i++)
		signal(keyboard[i], SIG_IGN);
	/* it does no harm if that fails */
	setpriority(PRIO_PROCESS, 0, 10);
	return true;
}

int xfdt_worker_status(int code)
{
	return CODE_MARK | (code & CODE_MASK);
}

bool xfdt_worker_ended(int status, int *ret_code)
{
	if (!WIFEXITED(status) || (WEXITSTATUS(status) & ~CODE_MASK) != CODE_MARK)
		return false;
	*ret_code = WEXITSTATUS(status) & CODE_MASK;
	return true;
}
