/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of records. */
#include "resolve/cache.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_MAX (256u << 10)

static bool file_of(const char *dir, const char *key, char *ret_path, size_t size)
{
	/* keys are build-ids and words: nothing in them may lead out of the folder */
	if (!*key || strspn(key, "0123456789abcdefghijklmnopqrstuvwxyz-") != strlen(key))
		return false;
	return (size_t)snprintf(ret_path, size, "%s/%s", dir, key) < size;
}

bool xfdt_cache_load(const char *dir, const char *key, uint64_t stext,
		     struct xfdt_record *ret_record)
{
	char path[PATH_MAX], *text = NULL;
	struct xfdt_record *record = NULL;
	struct xfdt_error *err;
	struct stat status;
	bool loaded = false;
	int fd;

	if (!file_of(dir, key, path, sizeof(path)))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_size <= 0 ||
	    status.st_size > RECORD_MAX)
		goto out;
	text = malloc((size_t)status.st_size);
	record = malloc(sizeof(*record));
	if (!text || !record || read(fd, text, (size_t)status.st_size) != status.st_size)
		goto out;
	err = xfdt_record_parse(text, (size_t)status.st_size, key, stext, record);
	/* another needs.def did not look for the same: what is not there may be unknown */
	loaded = !err && record->needs == xfdt_needs_sum();
	if (loaded)
		*ret_record = *record;
	xfdt_error_free(err);
out:
	free(record);
	free(text);
	close(fd);
	return loaded;
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t done = write(fd, text, len);

		if (done <= 0)
			return false;
		text += done;
		len -= (size_t)done;
	}
	return true;
}

void xfdt_cache_make(const char *dir)
{
	const char *slash = strrchr(dir, '/');
	char parent[PATH_MAX];

	if (slash && slash - dir < PATH_MAX) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - dir), dir);
		mkdir(parent, 0700);
	}
	mkdir(dir, 0700);
}

void xfdt_cache_store(const char *dir, const char *key, uint64_t stext,
		      const struct xfdt_record *record)
{
	char path[PATH_MAX], temporary[PATH_MAX + 8], *text;
	struct xfdt_error *err;
	bool written;
	size_t len;
	int fd;

	if (!file_of(dir, key, path, sizeof(path)))
		return;
	err = xfdt_record_format(record, key, stext, &text, &len);
	if (err) {
		xfdt_error_free(err);
		return;
	}
	xfdt_cache_make(dir);
	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	fd = mkstemp(temporary);
	if (fd >= 0) {
		written = write_all(fd, text, len);
		if (close(fd) || !written || rename(temporary, path))
			unlink(temporary);
	}
	free(text);
}
