/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which parts make up a dump, and whether all of them are there. */
#include "batch/split.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct xfdt_part {
	struct xfdt_found *found; /* NULL: used up */
	uint64_t set, start_pfn, end_pfn, frames;
	bool beside;
	bool returned[2]; /* by xfdt_parts_next_lacking(), without and with @alike */
};

bool xfdt_parts_add(struct xfdt_parts *parts, struct xfdt_found *found,
		    const struct xfdt_file *file)
{
	if (parts->count == parts->room) {
		size_t room = parts->room ? 2 * parts->room : 16;
		struct xfdt_part *items = realloc(parts->items, room * sizeof(*items));

		if (!items) {
			xfdt_found_free(found);
			return false;
		}
		parts->items = items;
		parts->room = room;
	}
	parts->items[parts->count++] = (struct xfdt_part){
		.found = found,
		.set = file->set,
		.start_pfn = file->start_pfn,
		.end_pfn = file->end_pfn,
		.frames = file->frames,
		.beside = parts->beside,
	};
	return true;
}

void xfdt_parts_deinit(struct xfdt_parts *parts)
{
	size_t i;

	for (i = 0; i < parts->count; i++)
		xfdt_found_free(parts->items[i].found);
	free(parts->items);
	*parts = (struct xfdt_parts){ 0 };
}

static const char *path_of(const struct xfdt_part *part)
{
	return part->found->paths[0];
}

static int compare_folders(const struct xfdt_part *a, const struct xfdt_part *b)
{
	size_t a_len = xfdt_folder_len(path_of(a)), b_len = xfdt_folder_len(path_of(b));

	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(path_of(a), path_of(b), a_len);
}

static int compare_places(const struct xfdt_part *a, const struct xfdt_part *b)
{
	if (a->start_pfn != b->start_pfn)
		return a->start_pfn < b->start_pfn ? -1 : 1;
	/* one that has no frames goes first */
	if (a->end_pfn != b->end_pfn)
		return a->end_pfn < b->end_pfn ? -1 : 1;
	return strcmp(path_of(a), path_of(b));
}

/* By set; within one by folder; within one by frames. */
static int compare_in_folder(const void *a, const void *b)
{
	const struct xfdt_part *x = a, *y = b;
	int order;

	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	order = compare_folders(x, y);
	return order ? order : compare_places(x, y);
}

static int compare_in_set(const void *a, const void *b)
{
	const struct xfdt_part *x = a, *y = b;

	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	return compare_places(x, y);
}

/* Forget those that are used up, and of neighbours that are copies all but the first. */
static void compact(struct xfdt_parts *parts, bool across_folders)
{
	size_t count = 0, i;

	for (i = 0; i < parts->count; i++) {
		struct xfdt_part *part = &parts->items[i],
				 *last = count ? &parts->items[count - 1] : NULL;

		if (!part->found)
			continue;
		if (last && last->start_pfn == part->start_pfn && last->end_pfn == part->end_pfn &&
		    !strcmp(last->found->identity, part->found->identity) &&
		    (across_folders || !compare_folders(last, part))) {
			xfdt_found_free(part->found);
			part->found = NULL;
			continue;
		}
		parts->items[count++] = *part;
	}
	parts->count = count;
}

/*
 * Do the @count parts, by rising frames, hold each frame once?  If not,
 * @ret_problem says what is wrong.
 */
static bool are_whole(const struct xfdt_part *parts, size_t count, char *ret_problem, size_t size)
{
	uint64_t next = 0, end = parts[0].frames;
	size_t i;

	for (i = 0; i < count && parts[i].start_pfn == next && parts[i].end_pfn >= next; i++)
		next = parts[i].end_pfn;
	if (i == count && next >= end)
		return true;
	if (i && i < count && parts[i].start_pfn < next) {
		snprintf(ret_problem, size,
			 "two files hold the same pages of this split set, and differ: '%s', '%s'",
			 path_of(&parts[i - 1]), path_of(&parts[i]));
		return false;
	}
	if (i < count && parts[i].start_pfn > next)
		end = parts[i].start_pfn;
	snprintf(ret_problem, size,
		 "a part of this split set is missing: page frames %#llx up to %#llx are in no file here",
		 ull(next), ull(end));
	return false;
}

/* Move @part's path to the end of @whole; false: out of memory. */
static bool append(struct xfdt_found *whole, struct xfdt_part *part, uint64_t *hash)
{
	struct xfdt_found *found = part->found;

	part->found = NULL;
	*hash = xfdt_hash(*hash, found->identity, strlen(found->identity));
	return xfdt_found_append(whole, found);
}

/* One dump of the @count parts, which are used up; @problem may be NULL.  NULL: out of memory. */
static struct xfdt_found *join(struct xfdt_part *parts, size_t count, const char *problem)
{
	struct xfdt_found *whole = parts[0].found;
	uint64_t hash = xfdt_hash(XFDT_HASH_INIT, whole->identity, strlen(whole->identity));
	bool done = true;
	char *identity = NULL;
	size_t i;

	parts[0].found = NULL;
	for (i = 1; done && i < count; i++)
		done = append(whole, &parts[i], &hash);
	if (done && problem)
		done = (whole->problem = strdup(problem)) != NULL;
	if (done)
		identity = xfdt_file_identity(whole->size, "set", hash);
	if (!identity) {
		xfdt_found_free(whole);
		return NULL;
	}
	free(whole->identity);
	whole->identity = identity;
	return whole;
}

/* How many parts from @first on belong together. */
static size_t run_length(const struct xfdt_parts *parts, size_t first, bool across_folders)
{
	const struct xfdt_part *items = parts->items;
	size_t i = first + 1;

	while (i < parts->count && items[i].set == items[first].set &&
	       (across_folders || !compare_folders(&items[i], &items[first])))
		i++;
	return i - first;
}

/* The first of the @count parts that this shard met; NULL: none, or one was returned with @alike. */
static struct xfdt_part *next_of_run(struct xfdt_part *parts, size_t count, bool alike)
{
	struct xfdt_part *own = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		if (parts[i].returned[alike])
			return NULL;
		if (!own && !parts[i].beside)
			own = &parts[i];
	}
	return own;
}

struct xfdt_found *xfdt_parts_next_lacking(struct xfdt_parts *parts, bool alike)
{
	char problem[512];
	size_t first, count;

	if (!parts->count)
		return NULL;
	qsort(parts->items, parts->count, sizeof(*parts->items), compare_in_folder);
	compact(parts, false);
	for (first = 0; first < parts->count; first += count) {
		struct xfdt_part *run = &parts->items[first], *part;

		count = run_length(parts, first, false);
		part = next_of_run(run, count, alike);
		if (!part || are_whole(run, count, problem, sizeof(problem)))
			continue;
		part->returned[alike] = true;
		return part->found;
	}
	return NULL;
}

/* Join those that belong together; false: out of memory. */
static bool join_runs(struct xfdt_parts *parts, bool across_folders, struct xfdt_found **sets,
		      size_t *set_count)
{
	size_t first, count;

	qsort(parts->items, parts->count, sizeof(*parts->items),
	      across_folders ? compare_in_set : compare_in_folder);
	compact(parts, across_folders);
	for (first = 0; first < parts->count; first += count) {
		struct xfdt_part *run = &parts->items[first];
		char problem[512];
		bool whole;

		count = run_length(parts, first, across_folders);
		whole = are_whole(run, count, problem, sizeof(problem));
		if (!whole && !across_folders)
			continue;
		sets[*set_count] = join(run, count, whole ? NULL : problem);
		if (!sets[*set_count])
			return false;
		++*set_count;
	}
	compact(parts, across_folders);
	return true;
}

bool xfdt_parts_join(struct xfdt_parts *parts, struct xfdt_found ***ret_sets, size_t *ret_count)
{
	struct xfdt_found **sets = calloc(parts->count + 1, sizeof(*sets));
	size_t count = 0;

	if (!sets)
		return false;
	if (parts->count &&
	    (!join_runs(parts, false, sets, &count) || !join_runs(parts, true, sets, &count))) {
		while (count)
			xfdt_found_free(sets[--count]);
		free(sets);
		return false;
	}
	*ret_sets = sets;
	*ret_count = count;
	return true;
}

/* named parts */

static struct xfdt_error *identify_at(const char *place, const char *name,
				      struct xfdt_file *ret_file)
{
	int fd = open(place, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct xfdt_error *err;

	if (fd < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "%s: cannot open: %s", name, strerror(errno));
	err = xfdt_identify(fd, ret_file);
	close(fd);
	return err ? xfdt_error_wrap(err, "%s", name) : NULL;
}

struct xfdt_error *xfdt_parts_add_named(struct xfdt_parts *parts, struct xfdt_found *found)
{
	const char **places = xfdt_found_places(found);
	struct xfdt_error *err;
	struct xfdt_file file;

	err = places ? identify_at(places[0], found->paths[0], &file) :
		       xfdt_no_memory("the parts of a dump");
	free(places);
	if (!err && file.kind != XFDT_FILE_PART)
		err = xfdt_error_new(XFDT_NOT_A_DUMP, 0,
				     "%s: not a part of a split set (makedumpfile --split)",
				     found->paths[0]);
	if (!err && !found->identity && asprintf(&found->identity, "%016llx", ull(file.hash)) < 0) {
		found->identity = NULL;
		err = xfdt_no_memory("the parts of a dump");
	}
	if (err) {
		xfdt_found_free(found);
		return err;
	}
	return xfdt_parts_add(parts, found, &file) ? NULL : xfdt_no_memory("the parts of a dump");
}

/* @parts, sorted, become one dump. */
static struct xfdt_error *join_named(struct xfdt_parts *parts, struct xfdt_found **ret_found)
{
	const struct xfdt_part *first = &parts->items[0], *last = &parts->items[parts->count - 1];
	char problem[512];

	if (first->set != last->set)
		return xfdt_error_new(XFDT_MISSING, 0, "parts of different dumps: '%s', '%s'",
				      path_of(first), path_of(last));
	if (!are_whole(first, parts->count, problem, sizeof(problem)))
		return xfdt_error_new(XFDT_MISSING, 0, "%s: %s", path_of(first), problem);
	*ret_found = join(parts->items, parts->count, NULL);
	return *ret_found ? NULL : xfdt_no_memory("the parts of a dump");
}

struct xfdt_error *xfdt_parts_order(struct xfdt_parts *parts, struct xfdt_found **ret_found)
{
	if (!parts->count)
		return xfdt_error_new(XFDT_MISSING, 0, "there is no part of a split set");
	qsort(parts->items, parts->count, sizeof(*parts->items), compare_in_set);
	compact(parts, true);
	return join_named(parts, ret_found);
}
