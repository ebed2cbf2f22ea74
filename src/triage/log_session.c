/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel log in place of a dump. */
#include "base/util.h"
#include "dump/storage.h"
#include "kernel/log_text.h"
#include "triage/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE (1u << 20)
#define SAMPLE 65536u
#define HEAD 4096u /* enough to recognise most files that are not logs */
#define RELEASE_MAX 128

static size_t count_lines(const char *text, size_t len)
{
	size_t lines = 0;

	for (; len; text++, len--)
		lines += *text == '\n';
	return lines;
}

/* Forget the first bytes of @text, so that XFDT_LOG_TEXT_MAX remain. */
static void forget(struct xfdt_log_text *text)
{
	size_t excess = text->len - XFDT_LOG_TEXT_MAX;

	text->lines_before += count_lines(text->text, excess);
	memmove(text->text, text->text + excess, XFDT_LOG_TEXT_MAX);
	text->len = XFDT_LOG_TEXT_MAX;
}

/* Read @fd to its end, and keep the end. */
static struct xfdt_error *read_text(int fd, struct xfdt_log_text *text)
{
	size_t size = 0;
	ssize_t got;

	do {
		if (size - text->len < READ_SIZE + 1) {
			char *larger;

			if (text->len > 2 * XFDT_LOG_TEXT_MAX)
				forget(text);
			size = text->len + (text->len > READ_SIZE ? text->len : READ_SIZE) +
			       READ_SIZE + 1;
			larger = realloc(text->text, size);
			if (!larger)
				return xfdt_no_memory("the log");
			text->text = larger;
		}
		got = xfdt_read_fully(fd, text->text + text->len, READ_SIZE);
		if (got < 0)
			return xfdt_error_new(XFDT_SYSTEM, 0, "cannot read: %s", strerror(errno));
		text->len += (size_t)got;
	} while (got == READ_SIZE);
	if (text->len > XFDT_LOG_TEXT_MAX)
		forget(text);
	text->text[text->len] = '\0';
	return NULL;
}

static struct xfdt_error *read_file(const char *path, struct xfdt_log_text *text)
{
	struct xfdt_error *err;
	struct stat opened;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &opened)) {
		err = xfdt_error_new(XFDT_SYSTEM, 0, "cannot open: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return err;
	}
	err = read_text(fd, text);
	if (!err)
		err = xfdt_check_unchanged(fd, &opened);
	close(fd);
	if (!err && (!text->len || !xfdt_is_text(text->text, text->len)))
		err = xfdt_error_new(XFDT_NOT_A_DUMP, 0, "%s",
				     text->len ? "it is not text, so it is not a kernel log" :
						 "the log is empty");
	return err;
}

/* The release of the kernel that crashed in the log, or else of the last kernel in it. */
static void find_release(struct xfdt_session *session)
{
	const struct xfdt_panic *panic = &session->host.panic;
	size_t line = panic->evidence_count ? panic->evidence[0].line : panic->log.count;
	char release[RELEASE_MAX];

	if (xfdt_log_release(&panic->log, line, release, sizeof(release)))
		session->image.release = strdup(release);
}

static struct xfdt_error *judge(struct xfdt_session *session, struct xfdt_log *log)
{
	struct xfdt_error *err;

	session->image.symbol_source = "none";
	session->image.type_source = "none";
	err = xfdt_host_init_log(&session->host, &session->image, log);
	if (err)
		return err;
	find_release(session);
	err = xfdt_facts_init(&session->facts, &session->host);
	return err ? err : xfdt_verdict_init(&session->verdict, &session->facts);
}

struct xfdt_error *xfdt_log_session_init(struct xfdt_session *session, const char *const *paths,
					 const char *const *names, size_t count,
					 const char *confined)
{
	struct xfdt_log_text *texts = calloc(count + 1, sizeof(*texts));
	struct xfdt_log log = { 0 };
	struct xfdt_error *err = texts ? NULL : xfdt_no_memory("the log");
	size_t i;

	memset(session, 0, sizeof(*session));
	for (i = 0; i < count && !err; i++) {
		err = read_file(paths[i], &texts[i]);
		if (err)
			err = xfdt_error_wrap(err, "%s", names[i]);
	}
	if (!err)
		err = xfdt_log_parse(texts, count, &log);
	for (i = 0; texts && i < count; i++)
		free(texts[i].text);
	free(texts);
	if (!err)
		err = judge(session, &log);
	if (err) {
		xfdt_session_deinit(session);
		return err;
	}
	session->report = (struct xfdt_outcome){
		.path = names[0],
		.format = "log",
		.files = names,
		.file_count = count,
		.host = &session->host,
		.facts = &session->facts,
		.verdict = &session->verdict,
		.confined = confined,
	};
	return NULL;
}

/* Fill @sample with what @path begins with; its length, 0 if it cannot be read. */
static size_t read_sample(const char *path, char *sample, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t got = fd < 0 ? -1 : pread(fd, sample, size, 0);

	if (fd >= 0)
		close(fd);
	return got > 0 ? (size_t)got : 0;
}

static bool is_file_of(const char *path, bool (*is_it)(const char *text, size_t len))
{
	char *sample = malloc(SAMPLE);
	bool found = sample && xfdt_is_text(sample, read_sample(path, sample, HEAD)) &&
		     is_it(sample, read_sample(path, sample, SAMPLE));

	free(sample);
	return found;
}

bool xfdt_is_log_file(const char *path)
{
	return is_file_of(path, xfdt_is_log_text);
}

bool xfdt_is_pstore_file(const char *path)
{
	return is_file_of(path, xfdt_is_pstore_part);
}
