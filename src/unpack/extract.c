/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members that look like dumps or kernel logs are written to files that the parent makes; the others are passed over. */
#include "unpack/extract.h"
#include "base/util.h"
#include "dump/identify.h"
#include "kernel/log_text.h"
#include "sandbox/confine.h"
#include "sandbox/pass_fd.h"
#include "unpack/message.h"
#include "unpack/libarchive.h"
#include "unpack/packed_file.h"
#include "unpack/sparse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (256u << 10) /* bytes read at a time */
#define TELL_MS 100
#define CANNOT_WRITE \
	"cannot be unpacked: cannot write a temporary file: %s; TMPDIR names the folder for it"

struct extraction {
	int fd, socket;
	const struct xfdt_unpack_limits *limits;
	unsigned int wanted; /* of enum xfdt_unpack_wanted */
	uint64_t written;
	uint32_t members, files;
	int64_t told; /* ms */
	bool stopped; /* a limit is reached, or the parent is gone */
	uint8_t *block;
};

/* what is said */

static void say(struct extraction *job, enum xfdt_unpack_what what, uint32_t file, const char *name,
		const char *text)
{
	off_t read = lseek(job->fd, 0, SEEK_CUR);
	struct xfdt_unpack_message message = {
		.what = what,
		.file = file,
		.read = read > 0 ? (uint64_t)read : 0,
		.written = job->written,
		.members = job->members,
	};

	snprintf(message.name, sizeof(message.name), "%s", name);
	snprintf(message.text, sizeof(message.text), "%s", text);
	if (write(job->socket, &message, sizeof(message)) != sizeof(message))
		job->stopped = true;
}

static void problem(struct extraction *job, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void problem(struct extraction *job, const char *name, const char *format, ...)
{
	char text[sizeof(((struct xfdt_unpack_message *)NULL)->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say(job, XFDT_UNPACK_PROBLEM, 0, name, text);
}

static void stop(struct extraction *job, const char *name, const char *limit, const char *option)
{
	char text[256];

	if (job->stopped)
		return;
	snprintf(text, sizeof(text), "is not unpacked any further: %s; %s allows more", limit,
		 option);
	say(job, XFDT_UNPACK_PROBLEM, 0, name, text);
	job->stopped = true;
}

/* Count @len unpacked bytes; false: there are too many. */
static bool spend(struct extraction *job, const char *name, uint64_t len)
{
	char limit[80];

	job->written += len;
	if (xfdt_now_ms() - job->told > TELL_MS) {
		job->told = xfdt_now_ms();
		say(job, XFDT_UNPACK_PROGRESS, 0, "", "");
	}
	if (job->written > job->limits->bytes) {
		snprintf(limit, sizeof(limit), "it has more than %llu MiB",
			 ull(job->limits->bytes >> 20));
		stop(job, name, limit, "--unpack-size");
	}
	return !job->stopped;
}

/* members */

/* Bytes of the member, as many as fit unless it ends; -1: they cannot be read. */
static la_ssize_t read_block(struct extraction *job, struct archive *archive)
{
	size_t len = 0;

	while (len < BLOCK) {
		la_ssize_t got = xfdt_la.archive_read_data(archive, job->block + len, BLOCK - len);

		/* a warning is a sum that is wrong */
		if (got < 0)
			return -1;
		if (!got)
			break;
		len += (size_t)got;
	}
	return (la_ssize_t)len;
}

static void damaged(struct extraction *job, struct archive *archive, const char *name)
{
	problem(job, name, "cannot be unpacked: %s",
		xfdt_libarchive_error(archive, "it is damaged"));
}

/* Is it a kernel log?  @alone: it is all of the packed file. */
static bool is_log(const struct extraction *job, size_t len, bool alone)
{
	const char *text = (const char *)job->block;

	if (job->wanted & XFDT_UNPACK_TEXT && alone)
		return xfdt_is_text(text, len);
	return job->wanted & XFDT_UNPACK_LOGS && xfdt_is_log_text(text, len);
}

/* What the member is that begins with @len bytes in the block; XFDT_FILE_OTHER: it is not wanted. */
static enum xfdt_file_kind wanted_kind(const struct extraction *job, size_t len, bool alone)
{
	switch (xfdt_guess_kind(job->block, len)) {
	case XFDT_FILE_DUMP:
		return job->wanted & XFDT_UNPACK_DUMPS ? XFDT_FILE_DUMP : XFDT_FILE_OTHER;
	case XFDT_FILE_PACKED:
		return XFDT_FILE_PACKED;
	case XFDT_FILE_HOOK:
		return job->wanted & XFDT_UNPACK_HOOKS ? XFDT_FILE_HOOK : XFDT_FILE_OTHER;
	case XFDT_FILE_LOG:
	case XFDT_FILE_OTHER:
		return is_log(job, len, alone) ? XFDT_FILE_LOG : XFDT_FILE_OTHER;
	default:
		return XFDT_FILE_OTHER;
	}
}

/* All of the member, whose first @len bytes are read, to @fd; false: it is not all there. */
static bool write_member(struct extraction *job, struct archive *archive, const char *name,
			 la_ssize_t len, int fd)
{
	uint64_t offset = 0;

	for (; len > 0; len = read_block(job, archive)) {
		if (!spend(job, name, (uint64_t)len))
			return false;
		if (!xfdt_write_sparse(fd, job->block, (size_t)len, offset)) {
			problem(job, name, CANNOT_WRITE, strerror(errno));
			job->stopped = true;
			return false;
		}
		offset += (uint64_t)len;
	}
	if (len < 0)
		damaged(job, archive, name);
	else if (ftruncate(fd, (off_t)offset))
		problem(job, name, CANNOT_WRITE, strerror(errno));
	else
		return true;
	return false;
}

/* A file of the parent's, and its number; -1: there is none. */
static int new_file(struct extraction *job, const char *name, uint32_t *ret_number)
{
	int fd = -1, reason = 0;

	say(job, XFDT_UNPACK_FILE, 0, name, "");
	if (job->stopped || !xfdt_receive_fd(job->socket, &reason, sizeof(reason), &fd)) {
		job->stopped = true;
		return -1;
	}
	if (fd < 0) {
		problem(job, name, CANNOT_WRITE, strerror(reason));
		job->stopped = true;
		return -1;
	}
	*ret_number = job->files++;
	return fd;
}

static void extract_file(struct extraction *job, int fd, const char *name, unsigned int depth);

/* A packed file in a packed file. */
static void extract_nested(struct extraction *job, int fd, const char *name, unsigned int depth)
{
	char limit[80];

	if (depth < job->limits->depth) {
		extract_file(job, fd, name, depth + 1);
		return;
	}
	snprintf(limit, sizeof(limit), "it is packed more than %u times over", depth);
	problem(job, name, "is not unpacked: %s; --unpack-depth allows more", limit);
}

static void keep_member(struct extraction *job, struct archive *archive, const char *name,
			la_ssize_t len, enum xfdt_file_kind kind, unsigned int depth)
{
	bool packed = kind == XFDT_FILE_PACKED;
	uint32_t number = 0;
	int fd = new_file(job, name, &number);
	bool whole;

	if (fd < 0)
		return;
	whole = write_member(job, archive, name, len, fd);
	if (whole && packed)
		extract_nested(job, fd, name, depth);
	close(fd);
	if (!whole || packed)
		say(job, XFDT_UNPACK_DROP, number, name, "");
	else
		say(job, kind == XFDT_FILE_LOG ? XFDT_UNPACK_KEEP_LOG : XFDT_UNPACK_KEEP, number,
		    name, "");
}

/* Read on to the end of a member; zip can do without. */
static bool pass_over(struct extraction *job, struct archive *archive, const char *name,
		      la_ssize_t len)
{
	bool skips = (xfdt_la.archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK) ==
		     ARCHIVE_FORMAT_ZIP;

	while (len > 0) {
		if (!spend(job, name, (uint64_t)len))
			return true;
		if (skips)
			return true;
		len = read_block(job, archive);
	}
	return !len;
}

static void extract_member(struct extraction *job, struct archive *archive, const char *name,
			   bool alone, unsigned int depth)
{
	la_ssize_t len = read_block(job, archive);
	enum xfdt_file_kind kind = len > 0 ? wanted_kind(job, (size_t)len, alone) : XFDT_FILE_OTHER;

	if (kind != XFDT_FILE_OTHER)
		keep_member(job, archive, name, len, kind, depth);
	else if (len < 0 || !pass_over(job, archive, name, len))
		damaged(job, archive, name);
}

/* archives */

/* In UTF-8 if it is text; NULL: out of memory. */
static char *name_of(const struct extraction *job, struct archive_entry *entry, const char *archive)
{
	const char *member = xfdt_la.archive_entry_pathname_utf8(entry);
	char *name;
	int len;

	if (!member)
		member = xfdt_la.archive_entry_pathname(entry);
	len = member ? asprintf(&name, "%s!%s", archive, member) :
		       asprintf(&name, "%s!%u", archive, job->members);
	return len < 0 ? NULL : name;
}

/* One that is a file, and has content of its own. */
static void take_entry(struct extraction *job, struct xfdt_packed_file *source,
		       struct archive_entry *entry, const char *archive, unsigned int depth)
{
	bool plain = xfdt_packed_file_is_plain(source);
	char *name;

	if (xfdt_la.archive_entry_filetype(entry) != AE_IFREG ||
	    xfdt_la.archive_entry_hardlink(entry))
		return;
	name = plain ? strdup(archive) : name_of(job, entry, archive);
	if (!name) {
		problem(job, archive, "cannot be unpacked: out of memory");
		job->stopped = true;
		return;
	}
	if (plain && xfdt_la.archive_filter_count(source->archive) == 1 && !source->gzip)
		problem(job, name, "cannot be unpacked: this build of libarchive does not know %s",
			source->packing);
	else if (xfdt_la.archive_entry_is_data_encrypted(entry) > 0)
		problem(job, name, "is protected by a password; unpack it first");
	else
		extract_member(job, source->archive, name, plain && depth == 1, depth);
	free(name);
}

static void extract_entries(struct extraction *job, struct xfdt_packed_file *source,
			    const char *name, unsigned int depth)
{
	struct archive_entry *entry;
	char limit[80];
	int status;

	while (!job->stopped) {
		status = xfdt_la.archive_read_next_header(source->archive, &entry);
		if (status == ARCHIVE_EOF)
			return;
		if (status < ARCHIVE_WARN) {
			damaged(job, source->archive, name);
			return;
		}
		if (job->members == job->limits->members) {
			snprintf(limit, sizeof(limit), "it has more than %u %s",
				 job->limits->members,
				 job->limits->members == 1 ? "entry" : "entries");
			stop(job, name, limit, "--unpack-members");
			return;
		}
		job->members++;
		take_entry(job, source, entry, name, depth);
	}
}

static void extract_file(struct extraction *job, int fd, const char *name, unsigned int depth)
{
	struct xfdt_packed_file *source = malloc(sizeof(*source));
	char why[400];

	if (!source) {
		problem(job, name, "cannot be unpacked: out of memory");
	} else if (!xfdt_packed_file_init(source, fd, why, sizeof(why))) {
		problem(job, name, "%s", why);
	} else {
		extract_entries(job, source, name, depth);
		xfdt_packed_file_deinit(source);
	}
	free(source);
}

void xfdt_extract(int fd, int socket, const char *name, unsigned int wanted,
		  const struct xfdt_unpack_limits *limits)
{
	struct extraction job = {
		.fd = fd,
		.socket = socket,
		.limits = limits,
		.wanted = wanted,
	};
	const struct xfdt_confinement nothing = { 0 };
	char confined[XFDT_CONFINED_SIZE];

	xfdt_confine(&nothing, confined);
	say(&job, XFDT_UNPACK_CONFINED, 0, "", confined);
	job.block = malloc(BLOCK);
	if (job.block)
		extract_file(&job, fd, name, 1);
	else
		problem(&job, name, "cannot be unpacked: out of memory");
	free(job.block);
	say(&job, XFDT_UNPACK_END, 0, "", "");
}
