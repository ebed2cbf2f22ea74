/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each file that was unpacked is looked at as one that was found in a folder. */
#include "batch/unpacked.h"
#include "base/util.h"
#include "triage/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct list {
	struct xfdt_found **items;
	size_t count, room;
};

struct taking {
	struct xfdt_parts *parts;
	struct list all, logs;
	char **dumps; /* names of dumps and of parts */
	size_t dump_count, dump_room;
	size_t part_count;
};

/* The file behind @fd, which is taken over. */
static struct xfdt_error *new_found(const char *name, int fd, bool is_log,
				    struct xfdt_file *ret_file, struct xfdt_found **ret_found)
{
	struct xfdt_found *found = xfdt_found_new(name);
	struct xfdt_error *err = NULL;
	struct stat status;

	if (!found || !xfdt_found_set_fd(found, fd)) {
		close(fd);
		xfdt_found_free(found);
		return xfdt_no_memory("unpacking");
	}
	if (fstat(fd, &status))
		err = xfdt_error_new(XFDT_SYSTEM, 0, "%s: fstat: %s", name, strerror(errno));
	else
		err = xfdt_identify(fd, ret_file);
	if (!err) {
		found->size = status.st_size;
		found->is_log = is_log;
		found->identity = xfdt_file_identity(found->size,
						     is_log ? "log" : ret_file->build_id,
						     ret_file->hash);
		if (!found->identity)
			err = xfdt_no_memory("unpacking");
	}
	if (err)
		xfdt_found_free(found);
	else
		*ret_found = found;
	return err;
}

/* Takes over @found, which may be NULL. */
static struct xfdt_error *add(struct list *list, struct xfdt_found *found)
{
	if (found && list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 8;
		struct xfdt_found **items = realloc(list->items, room * sizeof(*items));

		if (!items) {
			xfdt_found_free(found);
			return xfdt_no_memory("unpacking");
		}
		list->items = items;
		list->room = room;
	}
	if (found)
		list->items[list->count++] = found;
	return found ? NULL : xfdt_no_memory("unpacking");
}

static struct xfdt_error *take_problem(struct taking *taking, const struct xfdt_unpacked *unpacked)
{
	struct xfdt_found *found = xfdt_found_new(unpacked->name);

	if (found) {
		/* not a copy of another file */
		found->identity = strdup("");
		found->problem = strdup(unpacked->problem);
	}
	if (!found || !found->identity || !found->problem) {
		xfdt_found_free(found);
		return xfdt_no_memory("unpacking");
	}
	return add(&taking->all, found);
}

/* Remember that there is a dump, or a part of one. */
static struct xfdt_error *note_dump(struct taking *taking, const char *name)
{
	if (taking->dump_count == taking->dump_room) {
		size_t room = taking->dump_room ? 2 * taking->dump_room : 8;
		char **dumps = realloc(taking->dumps, room * sizeof(*dumps));

		if (!dumps)
			return xfdt_no_memory("unpacking");
		taking->dumps = dumps;
		taking->dump_room = room;
	}
	taking->dumps[taking->dump_count] = strdup(name);
	return taking->dumps[taking->dump_count++] ? NULL : xfdt_no_memory("unpacking");
}

static struct xfdt_error *take_file(struct taking *taking, struct xfdt_unpacked *unpacked)
{
	struct xfdt_found *found = NULL;
	struct xfdt_error *err;
	struct xfdt_file file;
	int fd = unpacked->fd;

	unpacked->fd = -1;
	err = new_found(unpacked->name, fd, unpacked->is_log, &file, &found);
	if (err)
		return err;
	if (unpacked->is_log)
		return add(&taking->logs, found);
	found->is_hook = file.kind == XFDT_FILE_HOOK;
	if (found->is_hook)
		return add(&taking->all, found);
	if (file.kind != XFDT_FILE_DUMP && file.kind != XFDT_FILE_PART) {
		xfdt_found_free(found);
		return NULL;
	}
	err = note_dump(taking, found->paths[0]);
	if (err) {
		xfdt_found_free(found);
		return err;
	}
	if (file.kind == XFDT_FILE_DUMP)
		return add(&taking->all, found);
	taking->part_count++;
	return xfdt_parts_add(taking->parts, found, &file) ? NULL : xfdt_no_memory("unpacking");
}

/* logs */

static bool is_beside_dump(const struct taking *taking, const struct xfdt_found *log)
{
	size_t i;

	for (i = 0; i < taking->dump_count; i++)
		if (xfdt_are_beside(taking->dumps[i], log->paths[0]))
			return true;
	return false;
}

static bool is_pstore(const struct xfdt_found *log)
{
	const char **places = xfdt_found_places(log);
	bool is = places && xfdt_is_pstore_file(places[0]);

	free(places);
	return is;
}

static int compare_names(const void *a, const void *b)
{
	const struct xfdt_found *const *one = a, *const *other = b;

	return strcmp((*one)->paths[0], (*other)->paths[0]);
}

/* Add @log, which is taken over, to the results; *@ret_pstore is the last one, if that is a part of pstore. */
static struct xfdt_error *take_log(struct taking *taking, struct xfdt_found *log,
				   struct xfdt_found **ret_pstore)
{
	bool part = is_pstore(log);

	if (part && *ret_pstore && xfdt_are_beside((*ret_pstore)->paths[0], log->paths[0]))
		return xfdt_found_append(*ret_pstore, log) ? NULL : xfdt_no_memory("unpacking");
	if (part)
		*ret_pstore = log;
	return add(&taking->all, log);
}

/* Those that have no dump beside them. */
static struct xfdt_error *take_logs(struct taking *taking)
{
	struct xfdt_found *pstore = NULL;
	struct xfdt_error *err = NULL;
	size_t i;

	if (taking->logs.count)
		qsort(taking->logs.items, taking->logs.count, sizeof(*taking->logs.items),
		      compare_names);
	for (i = 0; i < taking->logs.count; i++) {
		struct xfdt_found *log = taking->logs.items[i];

		if (err || is_beside_dump(taking, log))
			xfdt_found_free(log);
		else
			err = take_log(taking, log, &pstore);
	}
	taking->logs.count = 0;
	return err;
}

static void free_list(struct list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		xfdt_found_free(list->items[i]);
	free(list->items);
}

struct xfdt_error *xfdt_haul_init(struct xfdt_haul *ret_haul, struct xfdt_unpacker *unpacker,
				  struct xfdt_parts *parts)
{
	struct taking taking = { .parts = parts };
	struct xfdt_unpacked unpacked;
	struct xfdt_error *err = NULL;

	while (!err && xfdt_unpacker_take(unpacker, &unpacked)) {
		err = unpacked.problem ? take_problem(&taking, &unpacked) :
					 take_file(&taking, &unpacked);
		xfdt_unpacked_deinit(&unpacked);
	}
	if (!err)
		err = take_logs(&taking);
	free_list(&taking.logs);
	while (taking.dump_count)
		free(taking.dumps[--taking.dump_count]);
	free(taking.dumps);
	if (err)
		free_list(&taking.all);
	else
		*ret_haul = (struct xfdt_haul){ taking.all.items, taking.all.count,
						taking.part_count };
	return err;
}

void xfdt_haul_deinit(struct xfdt_haul *haul)
{
	free_list(&(struct list){ haul->items, haul->count, 0 });
}
