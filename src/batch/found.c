/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump that was found. */
#include "batch/found.h"
#include "dump/identify.h"

#include <stdlib.h>
#include <string.h>

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
	for (i = 0; i < found->path_count; i++)
		free(found->paths[i]);
	free(found->paths);
	free(found->identity);
	free(found->name);
	free(found->problem);
	free(found);
}

bool xfdt_name_in_shard(const char *name, unsigned int shard, unsigned int shards)
{
	const uint64_t hash = xfdt_hash(XFDT_HASH_INIT, name, strlen(name));

	/* the lowest bits of FNV-1a are the least mixed */
	return (hash >> 32 ^ hash) % shards == shard - 1;
}
