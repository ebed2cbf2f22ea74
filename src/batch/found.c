/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump that was found. */
#include "batch/found.h"

#include <stdlib.h>

void xfdt_found_free(struct xfdt_found *found)
{
	size_t i;

	if (!found)
		return;
	for (i = 0; i < found->path_count; i++)
		free(found->paths[i]);
	free(found->paths);
	free(found->identity);
	free(found->problem);
	free(found);
}

bool xfdt_found_in_shard(const struct xfdt_found *found, unsigned int shard, unsigned int shards)
{
	/* the lowest bits of FNV-1a are the least mixed */
	return (found->name_hash >> 32 ^ found->name_hash) % shards == shard - 1;
}
