/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pass over a folder. */
#include "batch/beside.h"
#include "dump/identify.h"
#include "triage/session.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No log has more parts, and each is opened. */
#define PARTS_MAX 4096

static void look_into(struct xfdt_beside *beside, int fd)
{
	struct xfdt_file file;
	struct xfdt_error *err = xfdt_identify(fd, &file);

	if (err) {
		xfdt_error_free(err);
		return;
	}
	beside->has_dump |= file.kind == XFDT_FILE_DUMP || file.kind == XFDT_FILE_PART;
	beside->has_packed |= file.kind == XFDT_FILE_PACKED;
}

/* Takes over @path. */
static bool add_part(struct xfdt_beside *beside, char *path)
{
	char **parts = realloc(beside->parts, (beside->part_count + 1) * sizeof(*parts));

	if (!parts) {
		free(path);
		return false;
	}
	beside->parts = parts;
	parts[beside->part_count++] = path;
	return true;
}

/* The file @name of the folder.  False: out of memory. */
static bool look_at(struct xfdt_beside *beside, const char *name)
{
	struct stat status;
	char *path;
	int fd;

	if (asprintf(&path, "%s%s", beside->folder, name) < 0)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode)) {
		look_into(beside, fd);
		close(fd);
		if (beside->part_count < PARTS_MAX && xfdt_is_pstore_file(path))
			return add_part(beside, path);
	} else if (fd >= 0) {
		close(fd);
	}
	free(path);
	return true;
}

static int compare_parts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct xfdt_error *xfdt_beside_look(struct xfdt_beside *beside, const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') + 1 - path);
	struct dirent *entry;
	bool done = true;
	DIR *dir;

	if (beside->folder && strlen(beside->folder) == len && !strncmp(beside->folder, path, len))
		return NULL;
	xfdt_beside_deinit(beside);
	beside->folder = strndup(path, len);
	if (!beside->folder)
		return xfdt_no_memory("the list of dumps");
	dir = opendir(beside->folder);
	while (dir && done && (entry = readdir(dir)))
		if (entry->d_type != DT_DIR)
			done = look_at(beside, entry->d_name);
	if (dir)
		closedir(dir);
	if (!done) {
		xfdt_beside_deinit(beside);
		return xfdt_no_memory("the list of dumps");
	}
	if (beside->part_count)
		qsort(beside->parts, beside->part_count, sizeof(*beside->parts), compare_parts);
	return NULL;
}

void xfdt_beside_deinit(struct xfdt_beside *beside)
{
	size_t i;

	for (i = 0; i < beside->part_count; i++)
		free(beside->parts[i]);
	free(beside->parts);
	free(beside->folder);
	memset(beside, 0, sizeof(*beside));
}
