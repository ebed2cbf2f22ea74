/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make check-hostile: damaged and crafted dumps, thousands of them.  It fails on
 * a signal, a sanitizer's message, an experiment of more than 10 s, or a
 * dangerous verdict (is_dangerous()).  A dangerous verdict of damage to the only record of a
 * truth is listed and counted, but does not fail.
 *
 *   hostile [--seed N] [--seconds N] [--runs N] [--jobs N] [--only KIND] [--findings FILE] DUMP...
 *   hostile --seed N --only KIND --index N DUMP
 */
#include "hostile/campaign.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIAL_SECONDS 10       /* of CPU time */
#define TRIAL_WAIT 120	       /* seconds, for one that sleeps */
#define TRIALS_A_PROCESS 20000 /* what one of them leaves behind reaches no more than these */
#define DEATHS_MAX 20	       /* of one job */
#define JOBS_MAX 1024

/* What a worker and its parent share. */
struct progress {
	uint64_t next, count; /* experiments: the next one, and all there are */
	uint64_t findings, only_records;
	uint64_t current; /* index of the one that runs */
	int intact;
	int64_t spent_ms; /* of CPU time, since the first experiment */
	bool done;
	struct trial trial;
};

struct task {
	struct job job;
	struct progress *progress;
	unsigned int deaths;
	pid_t pid; /* 0: not running */
};

static struct {
	uint64_t seed, runs;
	unsigned int seconds, jobs;
	const char *only;
	int64_t index;	  /* -1: all */
	int findings;	  /* file descriptor; -1: none */
	int64_t share_ms; /* of CPU time, for each unit of weight */
} options = { .seed = 1, .seconds = 120, .runs = 3000, .jobs = 2, .index = -1, .findings = -1 };

uint64_t next_random(uint64_t *state)
{
	/* splitmix64 */
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint64_t random_below(uint64_t *state, uint64_t count)
{
	return next_random(state) % count;
}

static int64_t cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *name_of(int kind)
{
	return kind < 0 ? "error" : xfdt_verdict_name((enum xfdt_verdict_kind)kind);
}

/*
 * Is verdict @after, of the damaged dump, wrong where @before is right?  not-this-bug says that the bug did not strike and
 * that no vCPU is armed.  Both are true where the bug was impossible (not-applicable), so that change is not wrong.
 */
static bool is_dangerous(int before, int after)
{
	if (before == after || (before == XFDT_NOT_APPLICABLE && after == XFDT_NOT_THIS_BUG))
		return false;
	return after == XFDT_NOT_THIS_BUG || after == XFDT_NOT_APPLICABLE ||
	       after == XFDT_CONFIRMED;
}

/* One line: what, dump, kind and index, place, name, verdict before, after. */
static void put_finding(const struct task *task, const char *what, const char *after)
{
	const struct progress *progress = task->progress;
	char line[800];
	int len;

	len = snprintf(line, sizeof(line), "%s\t%s\t%s:%llu\t%s\t%s\t%s\t%s\n", what,
		       base_name(task->job.dump), task->job.name,
		       (unsigned long long)progress->current, progress->trial.where,
		       progress->trial.name, name_of(progress->intact), after);
	if (options.findings < 0 || write(options.findings, line, (size_t)len) != len)
		fputs(line, stdout);
}

/* the worker */

/* The order in which a job goes through its experiments: a stride without a common divisor, so each comes once. */
static uint64_t stride_of(uint64_t count)
{
	uint64_t stride = (uint64_t)((double)count * 0.6180339887) | 1, a, b;

	for (;; stride += 2) {
		for (a = stride, b = count; b;) {
			uint64_t rest = a % b;

			a = b;
			b = rest;
		}
		if (a == 1)
			return stride;
	}
}

/* SIGPROF after @seconds of CPU time; 0: no limit. */
static void limit_time(unsigned int seconds)
{
	const struct itimerval limit = { .it_value.tv_sec = seconds };

	setitimer(ITIMER_PROF, &limit, NULL);
	alarm(seconds ? TRIAL_WAIT : 0);
}

static void run_one(struct task *task, void *state, uint64_t index)
{
	struct progress *progress = task->progress;
	uint64_t hash = options.seed;
	const char *name;
	int64_t start;
	int kind;

	for (name = task->job.name; *name; name++)
		hash = hash * 31 + (uint8_t)*name;
	progress->trial = (struct trial){ .random = hash ^ index * 0x9e3779b97f4a7c15ull };
	progress->current = index;
	limit_time(TRIAL_SECONDS);
	start = cpu_ms();
	kind = task->job.run(state, index, &progress->trial);
	progress->spent_ms += cpu_ms() - start;
	limit_time(0);
	if (options.index >= 0)
		printf("%s: %s: %s -> %s\n", progress->trial.where, progress->trial.name,
		       name_of(progress->intact), name_of(kind));
	if (!is_dangerous(progress->intact, kind))
		return;
	if (progress->trial.only_record)
		progress->only_records++;
	else
		progress->findings++;
	put_finding(task, progress->trial.only_record ? "only record" : "verdict", name_of(kind));
}

static bool is_endless(const struct progress *progress)
{
	return progress->count >= 1u << 30;
}

static void work(struct task *task)
{
	struct progress *progress = task->progress;
	uint64_t stride, i;
	void *state;

	snprintf(progress->trial.where, sizeof(progress->trial.where), "before any damage");
	limit_time(6 * TRIAL_SECONDS);
	progress->count = task->job.open(&task->job, &state);
	progress->intact = (int)task->job.intact(state);
	if (options.index >= 0) {
		run_one(task, state, (uint64_t)options.index);
		progress->done = true;
		exit(0);
	}
	stride = stride_of(progress->count);
	for (i = 0; i < TRIALS_A_PROCESS; i++) {
		if (progress->next >= progress->count ||
		    (is_endless(progress) && progress->next >= options.runs) ||
		    (options.seconds && progress->spent_ms > options.share_ms * task->job.weight)) {
			progress->done = true;
			break;
		}
		run_one(task, state,
			(uint64_t)((__uint128_t)progress->next * stride % progress->count));
		progress->next++;
	}
	exit(0);
}

/* the parent */

static void start(struct task *task)
{
	fflush(stdout);
	task->pid = fork();
	if (!task->pid)
		work(task);
	if (task->pid < 0) {
		perror("hostile: fork");
		exit(99);
	}
}

/* The worker of @task has ended; false: it is not to be started again. */
static bool go_on(struct task *task, int status)
{
	struct progress *progress = task->progress;
	char after[80];

	task->pid = 0;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return !progress->done;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99) {
		printf("FAIL hostile: %s %s: cannot be set up\n", base_name(task->job.dump),
		       task->job.name);
		exit(99);
	}
	if (WIFSIGNALED(status))
		snprintf(after, sizeof(after), "%s",
			 WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGALRM ?
				 "more than 10 s" :
				 strsignal(WTERMSIG(status)));
	else
		snprintf(after, sizeof(after), "exit status %d (sanitizer)", WEXITSTATUS(status));
	put_finding(task, "death", after);
	progress->findings++;
	progress->next++;
	return ++task->deaths < DEATHS_MAX && !progress->done;
}

static void run_all(struct task *tasks, size_t count)
{
	size_t next = 0, running = 0, i;
	int status;
	pid_t pid;

	while (next < count || running) {
		if (next < count && running < options.jobs) {
			start(&tasks[next++]);
			running++;
			continue;
		}
		pid = wait(&status);
		for (i = 0; i < next && tasks[i].pid != pid; i++)
			;
		if (i == next)
			continue;
		if (go_on(&tasks[i], status))
			start(&tasks[i]);
		else
			running--;
	}
}

static int report(const struct task *tasks, size_t count)
{
	uint64_t trials = 0, findings = 0, only_records = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct progress *progress = tasks[i].progress;

		trials += progress->next;
		findings += progress->findings;
		only_records += progress->only_records;
		printf("%-32s %-8s %8llu", base_name(tasks[i].job.dump), tasks[i].job.name,
		       (unsigned long long)progress->next);
		if (is_endless(progress))
			printf("%12s", "");
		else
			printf(" of %8llu", (unsigned long long)progress->count);
		printf("%6.1f s %6llu findings\n", (double)progress->spent_ms / 1000,
		       (unsigned long long)progress->findings);
	}
	printf("hostile: %llu damaged dumps, %llu findings, %llu of the only record of a truth, seed %llu\n",
	       (unsigned long long)trials, (unsigned long long)findings,
	       (unsigned long long)only_records, (unsigned long long)options.seed);
	return findings ? 1 : 0;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (!*text || *end)
		exit(99);
	return value;
}

static void parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "runs", required_argument, NULL, 'r' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "only", required_argument, NULL, 'o' },
		{ "index", required_argument, NULL, 'i' },
		{ "findings", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (letter) {
		case 's':
			options.seed = number(optarg);
			break;
		case 't':
			options.seconds = (unsigned int)number(optarg);
			break;
		case 'r':
			options.runs = number(optarg);
			break;
		case 'j':
			options.jobs = (unsigned int)number(optarg);
			break;
		case 'o':
			options.only = optarg;
			break;
		case 'i':
			options.index = (int64_t)number(optarg);
			break;
		case 'f':
			options.findings = open(optarg,
						O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
						0666);
			break;
		default:
			exit(99);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct job *const kinds[] = { &memory_bits,   &memory_pages,   &memory_limit,
						   &memory_random, &file_truncated, &file_headers,
						   &file_random };
	static struct task tasks[JOBS_MAX];
	size_t count = 0, i;
	int64_t weights = 0;
	int arg;

	parse_options(argc, argv);
	/* memory that was used once stays: its first touch is the most expensive part of an experiment */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	for (arg = optind; arg < argc; arg++) {
		for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && count < JOBS_MAX; i++) {
			/* memory is the same in every format */
			bool other_format = !strstr(argv[arg], ".vmcore");

			if ((options.only && strcmp(options.only, kinds[i]->name)) ||
			    (other_format && i < 4))
				continue;
			tasks[count].job = *kinds[i];
			tasks[count++].job.dump = argv[arg];
		}
	}
	if (!count)
		return 99;
	for (i = 0; i < count; i++) {
		tasks[i].progress = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (tasks[i].progress == MAP_FAILED)
			return 99;
		weights += tasks[i].job.weight;
	}
	options.share_ms = (int64_t)options.seconds * 1000 * options.jobs / weights;
	run_all(tasks, count);
	return report(tasks, count);
}
