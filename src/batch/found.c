/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump that was found. */
#include "batch/found.h"
#include "base/util.h"
#include "dump/identify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct xfdt_found *xfdt_found_new(const char *path)
{
	struct xfdt_found *found = calloc(1, sizeof(*found));

	if (!found)
		return NULL;
	found->paths = calloc(1, sizeof(*found->paths));
	if (found->paths)
		found->paths[0] = strdup(path);
	if (!found->paths || !found->paths[0]) {
		xfdt_found_free(found);
		return NULL;
	}
	found->path_count = 1;
	return found;
}

void xfdt_found_free(struct xfdt_found *found)
{
	size_t i;

	if (!found)
		return;
	for (i = 0; i < found->path_count; i++) {
		free(found->paths[i]);
		if (found->fds && found->fds[i] >= 0)
			close(found->fds[i]);
	}
	free(found->paths);
	free(found->fds);
	free(found->identity);
	free(found->name);
	free(found->problem);
	free(found);
}

bool xfdt_found_set_fd(struct xfdt_found *found, int fd)
{
	found->fds = malloc(sizeof(*found->fds));
	if (found->fds)
		found->fds[0] = fd;
	return found->fds != NULL;
}

#define PLACE_MAX 32 /* of /proc/self/fd/N */

const char **xfdt_found_places(const struct xfdt_found *found)
{
	const char **places = malloc(found->path_count * (sizeof(*places) + PLACE_MAX));
	char *text = (char *)(places + found->path_count);
	size_t i;

	for (i = 0; places && i < found->path_count; i++, text += PLACE_MAX) {
		places[i] = found->paths[i];
		if (!found->fds || found->fds[i] < 0)
			continue;
		snprintf(text, PLACE_MAX, "/proc/self/fd/%d", found->fds[i]);
		places[i] = text;
	}
	return places;
}

size_t xfdt_folder_len(const char *path)
{
	size_t len = strlen(path);

	while (len && path[len - 1] != '/' && path[len - 1] != '!')
		len--;
	return len;
}

bool xfdt_are_beside(const char *path, const char *other)
{
	const size_t len = xfdt_folder_len(path);

	return len == xfdt_folder_len(other) && !memcmp(path, other, len);
}

/* Move what was unpacked of @found behind that of @whole; false: out of memory. */
static bool append_fd(struct xfdt_found *whole, struct xfdt_found *found)
{
	size_t count = whole->path_count, i;
	int *fds;

	if (!whole->fds && !found->fds)
		return true;
	fds = realloc(whole->fds, (count + 1) * sizeof(*fds));
	if (!fds)
		return false;
	for (i = 0; !whole->fds && i < count; i++)
		fds[i] = -1;
	whole->fds = fds;
	fds[count] = found->fds ? found->fds[0] : -1;
	free(found->fds);
	found->fds = NULL;
	return true;
}

bool xfdt_found_append(struct xfdt_found *whole, struct xfdt_found *found)
{
	char **paths = realloc(whole->paths, (whole->path_count + 1) * sizeof(*paths));
	bool done = paths != NULL;

	if (paths)
		whole->paths = paths;
	done = done && append_fd(whole, found);
	if (done) {
		paths[whole->path_count++] = found->paths[0];
		found->path_count = 0;
		whole->size += found->size;
		/* the youngest alone would hide a change of another */
		whole->mtime_ns =
			(int64_t)(((uint64_t)whole->mtime_ns + (uint64_t)found->mtime_ns) &
				  INT64_MAX);
	}
	xfdt_found_free(found);
	return done;
}

bool xfdt_name_in_shard(const char *name, unsigned int shard, unsigned int shards)
{
	const uint64_t hash = xfdt_hash(XFDT_HASH_INIT, name, strlen(name));

	/* the lowest bits of FNV-1a are the least mixed */
	return (hash >> 32 ^ hash) % shards == shard - 1;
}
