/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Damage to files, read through src/dump: cut off, headers of nonsense, random bytes. */
#include "hostile/campaign.h"
#include "triage/session.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CUTS 1000
#define HEADER_MAX 12288 /* headers and notes are in the first blocks */
#define CHANGES_MAX 4
#define READS_MAX 100000

struct span {
	off_t offset;
	size_t len;
};

struct file_state {
	int fd;
	char path[40];
	char *names;	   /* those of the job */
	const char *other; /* the part of a split set that is left alone; NULL: none */
	uint8_t *bytes;
	size_t size;
	enum xfdt_verdict_kind verdict; /* of the intact file */
	struct span *spans;		/* what was read of the intact file */
	size_t span_count;
};

/* The file whose reads are noted, or NULL. */
static struct file_state *noting;

/* In the place of the C library's. */
ssize_t pread(int fd, void *buf, size_t len, off_t offset)
{
	struct stat one, two;

	if (noting && noting->span_count < READS_MAX && len && !fstat(fd, &one) &&
	    !fstat(noting->fd, &two) && one.st_ino == two.st_ino && one.st_dev == two.st_dev)
		noting->spans[noting->span_count++] = (struct span){ offset, len };
	return syscall(SYS_pread64, fd, buf, len, offset);
}

/* As libraries call it that were not built for files of 64 bits; the name above means pread64 here. */
ssize_t plain_pread(int fd, void *buf, size_t len, off_t offset) __asm__("pread");
ssize_t plain_pread(int fd, void *buf, size_t len, off_t offset)
{
	return pread(fd, buf, len, offset);
}

static int triage(const struct file_state *state)
{
	const struct xfdt_session_options options = { 0 };
	const char *const paths[] = { state->path, state->other };
	struct xfdt_session session;
	struct xfdt_error *err;
	int kind = -1;

	err = xfdt_session_init(&session, paths, state->other ? 2 : 1, &options);
	if (!err) {
		kind = (int)session.verdict.kind;
		xfdt_session_deinit(&session);
	}
	xfdt_error_free(err);
	return kind;
}

static struct file_state *open_state(const struct job *job, void **ret_state)
{
	struct file_state *state = calloc(1, sizeof(*state));
	char *names = strdup(job->dump), *colon = names ? strchr(names, ':') : NULL;
	struct stat status;
	int fd, kind;

	if (colon)
		*colon = '\0';
	fd = names ? open(names, O_RDONLY | O_CLOEXEC) : -1;
	if (!state || fd < 0 || fstat(fd, &status))
		exit(99);
	state->names = names;
	state->other = colon ? colon + 1 : NULL;
	state->size = (size_t)status.st_size;
	state->bytes = malloc(state->size);
	state->spans = calloc(READS_MAX, sizeof(*state->spans));
	state->fd = memfd_create("dump", MFD_CLOEXEC);
	snprintf(state->path, sizeof(state->path), "/proc/self/fd/%d", state->fd);
	if (!state->bytes || !state->spans || state->fd < 0 ||
	    read(fd, state->bytes, state->size) != (ssize_t)state->size ||
	    write(state->fd, state->bytes, state->size) != (ssize_t)state->size)
		exit(99);
	close(fd);
	noting = state;
	kind = triage(state);
	noting = NULL;
	if (kind < 0 || !state->span_count)
		exit(99);
	state->verdict = (enum xfdt_verdict_kind)kind;
	*ret_state = state;
	return state;
}

static enum xfdt_verdict_kind intact(void *context)
{
	return ((struct file_state *)context)->verdict;
}

static void put(const struct file_state *state, const void *bytes, size_t len, uint64_t offset)
{
	if (len > state->size - offset)
		len = state->size - offset;
	if (pwrite(state->fd, bytes, len, (off_t)offset) != (ssize_t)len)
		exit(99);
}

static void restore(const struct file_state *state, size_t len, uint64_t offset)
{
	put(state, state->bytes + offset, len, offset);
}

/* cut off at a thousand places */

static uint64_t open_truncated(const struct job *job, void **ret_state)
{
	open_state(job, ret_state);
	return CUTS;
}

static int run_truncated(void *context, uint64_t index, struct trial *trial)
{
	struct file_state *state = context;
	/* half of the places are in the first pages, where all headers are */
	uint64_t at = index < CUTS / 2 ? index * 4 * HEADER_MAX / CUTS :
					 random_below(&trial->random, state->size);
	int kind;

	if (at >= state->size)
		at = state->size - 1;
	snprintf(trial->where, sizeof(trial->where), "cut off at %llu", (unsigned long long)at);
	snprintf(trial->name, sizeof(trial->name), "end of the file");
	if (ftruncate(state->fd, (off_t)at))
		exit(99);
	kind = triage(state);
	restore(state, state->size - at, at);
	return kind;
}

const struct job file_truncated = {
	.name = "cut", .weight = 1, .open = open_truncated, .run = run_truncated, .intact = intact
};

/* each word of the headers set to values that are hard to bear */

static const uint64_t hard[] = {
	0,	    1,		2,	    3,		4095,	      4097,	    65536,
	1u << 20,   0x7fffffff, 0x80000000, 0xfffffffe, UINT32_MAX,   1ull << 32,   1ull << 40,
	1ull << 62, INT64_MAX,	1ull << 63, UINT64_MAX, 0x656c69662e, 0x2e2e2e2e2e,
};
#define HARD (sizeof(hard) / sizeof(hard[0]))

static size_t header_size(const struct file_state *state)
{
	return state->size < HEADER_MAX ? state->size : HEADER_MAX;
}

static uint64_t open_headers(const struct job *job, void **ret_state)
{
	struct file_state *state = open_state(job, ret_state);

	return header_size(state) / 4 * HARD * 2;
}

static int run_headers(void *context, uint64_t index, struct trial *trial)
{
	struct file_state *state = context;
	size_t len = index % 2 ? 8 : 4;
	uint64_t value = hard[index / 2 % HARD], offset = index / 2 / HARD * 4;
	int kind;

	snprintf(trial->where, sizeof(trial->where), "%zu bytes at %#llx = %#llx", len,
		 (unsigned long long)offset, (unsigned long long)value);
	snprintf(trial->name, sizeof(trial->name), "header of the file");
	put(state, &value, len, offset);
	kind = triage(state);
	restore(state, len, offset);
	return kind;
}

const struct job file_headers = {
	.name = "headers", .weight = 2, .open = open_headers, .run = run_headers, .intact = intact
};

/* random bytes: a third in headers, a third in what is read, a third anywhere */

static uint64_t open_random(const struct job *job, void **ret_state)
{
	open_state(job, ret_state);
	return 1u << 30;
}

static uint64_t random_offset(const struct file_state *state, uint64_t third, struct trial *trial)
{
	const struct span *span;
	uint64_t offset;

	if (third == 0)
		return random_below(&trial->random, header_size(state));
	if (third == 2)
		return random_below(&trial->random, state->size);
	span = &state->spans[random_below(&trial->random, state->span_count)];
	offset = (uint64_t)span->offset + random_below(&trial->random, span->len);
	return offset < state->size ? offset : state->size - 1;
}

static int run_random(void *context, uint64_t index, struct trial *trial)
{
	static const char *const thirds[] = { "headers", "bytes that are read", "any bytes" };
	struct file_state *state = context;
	uint64_t third = index % 3, count = 1 + random_below(&trial->random, CHANGES_MAX), i;
	uint64_t offsets[CHANGES_MAX];
	int kind, len = 0;

	for (i = 0; i < count; i++) {
		uint64_t at = offsets[i] = random_offset(state, third, trial);
		uint8_t byte = state->bytes[at];

		byte = random_below(&trial->random, 2) ?
			       (uint8_t)next_random(&trial->random) :
			       byte ^ (uint8_t)(1u << random_below(&trial->random, 8));
		put(state, &byte, 1, at);
		len += snprintf(trial->where + len, sizeof(trial->where) - (size_t)len,
				"%s%#llx=%#x", i ? " " : "", (unsigned long long)at, byte);
	}
	snprintf(trial->name, sizeof(trial->name), "file, %s", thirds[third]);
	kind = triage(state);
	for (i = 0; i < count; i++)
		restore(state, 1, offsets[i]);
	return kind;
}

const struct job file_random = {
	.name = "file", .weight = 1, .open = open_random, .run = run_random, .intact = intact
};
