/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small hash table. */
#include "base/name_set.h"

#include <string.h>

#define BUCKETS (sizeof(((struct xfdt_name_set *)NULL)->buckets))

/* The bucket that holds @name, or the one to put it into. */
static size_t bucket_of(const struct xfdt_name_set *names, const char *name)
{
	const unsigned char *at = (const unsigned char *)name;
	size_t bucket;
	unsigned int hash = 5381;

	while (*at)
		hash = hash * 33 + *at++;
	for (bucket = hash % BUCKETS; names->buckets[bucket]; bucket = (bucket + 1) % BUCKETS)
		if (!strcmp(names->items[names->buckets[bucket] - 1], name))
			break;
	return bucket;
}

int xfdt_name_set_find(const struct xfdt_name_set *names, const char *name)
{
	return names->buckets[bucket_of(names, name)] - 1;
}

void xfdt_name_set_add(struct xfdt_name_set *names, const char *name)
{
	size_t bucket = bucket_of(names, name);

	if (names->buckets[bucket] || names->count == XFDT_NAME_SET_MAX)
		return;
	names->items[names->count++] = name;
	names->buckets[bucket] = (unsigned char)names->count;
}
