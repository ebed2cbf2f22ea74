/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump that was found. */
#include "batch/found.h"
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

bool xfdt_name_in_shard(const char *name, unsigned int shard, unsigned int shards)
{
	const uint64_t hash = xfdt_hash(XFDT_HASH_INIT, name, strlen(name));

	/* the lowest bits of FNV-1a are the least mixed */
	return (hash >> 32 ^ hash) % shards == shard - 1;
}
