/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small hash table. */
#include "image/names.h"

#include <string.h>

#define BUCKETS (sizeof(((struct xfdt_names *)NULL)->buckets))

/* The bucket that holds @name, or the one to put it into. */
static size_t bucket_of(const struct xfdt_names *names, const char *name)
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

int xfdt_names_find(const struct xfdt_names *names, const char *name)
{
	return names->buckets[bucket_of(names, name)] - 1;
}

void xfdt_names_add(struct xfdt_names *names, const char *name)
{
	size_t bucket = bucket_of(names, name);

	if (names->buckets[bucket] || names->count == XFDT_NAMES_MAX)
		return;
	names->items[names->count++] = name;
	names->buckets[bucket] = (unsigned char)names->count;
}

void xfdt_names_of_structures(struct xfdt_names *names, const struct xfdt_layout *layout)
{
	size_t i;

	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (!layout->structs[i])
			xfdt_names_add(names, xfdt_struct_needs[i].name);
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		if (!layout->members[i].known)
			xfdt_names_add(names, xfdt_member_needs[i].structure);
}
