/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deleting the results of dumps that are gone. */
#include "base/util.h"
#include "store/store_parts.h"

#include <stdlib.h>
#include <string.h>

#define PRUNE_STEP 256 /* paths that are held in memory */

/* Up to PRUNE_STEP paths that are gone, from @from on; @from becomes the path behind the last one that was looked at. */
struct step {
	char *gone[PRUNE_STEP];
	size_t count;
	char *from; /* NULL: all are looked at */
};

static void step_deinit(struct step *step)
{
	while (step->count)
		free(step->gone[--step->count]);
}

/* Look at the paths after @step->from that begin with @prefix. */
static struct xfdt_error *collect(struct xfdt_store *store, sqlite3_stmt *paths, const char *prefix,
				  bool (*is_gone)(const char *path), struct step *step)
{
	const size_t len = strlen(prefix);
	int status = SQLITE_DONE;
	char *path = NULL;

	sqlite3_bind_blob(paths, 1, step->from, (int)strlen(step->from), SQLITE_STATIC);
	while (step->count < PRUNE_STEP && (status = sqlite3_step(paths)) == SQLITE_ROW) {
		const void *blob = sqlite3_column_blob(paths, 0);
		const size_t size = (size_t)sqlite3_column_bytes(paths, 0);

		if (!blob || size < len || memcmp(blob, prefix, len)) {
			status = SQLITE_DONE;
			break;
		}
		free(path);
		path = strndup(blob, size);
		if (!path) {
			status = SQLITE_NOMEM;
			break;
		}
		if (strlen(path) == size && is_gone(path)) {
			step->gone[step->count++] = path;
			path = NULL;
		}
	}
	sqlite3_reset(paths);
	free(path);
	if (status == SQLITE_NOMEM)
		return xfdt_no_memory("the store");
	if (status != SQLITE_DONE && status != SQLITE_ROW)
		return xfdt_store_error(store);
	free(step->from);
	step->from = status == SQLITE_ROW ? strdup(step->gone[step->count - 1]) : NULL;
	return status == SQLITE_ROW && !step->from ? xfdt_no_memory("the store") : NULL;
}

static struct xfdt_error *prune(struct xfdt_store *store, sqlite3_stmt *paths, const char *prefix,
				bool (*is_gone)(const char *path), uint64_t *ret_count)
{
	struct step step = { .from = strdup(prefix) };
	struct xfdt_error *err = step.from ? NULL : xfdt_no_memory("the store");
	uint64_t count = 0;
	size_t i;

	while (!err && step.from) {
		err = collect(store, paths, prefix, is_gone, &step);
		for (i = 0; !err && i < step.count; i++, count++)
			err = xfdt_store_forget(store, step.gone[i], strlen(step.gone[i]));
		step_deinit(&step);
	}
	free(step.from);
	if (!err)
		*ret_count = count;
	return err;
}

struct xfdt_error *xfdt_store_prune(struct xfdt_store *store, const char *folder,
				    bool (*is_gone)(const char *path), uint64_t *ret_count)
{
	struct xfdt_error *err = NULL;
	sqlite3_stmt *paths = NULL;
	char *prefix;

	if (asprintf(&prefix, "%s/", strcmp(folder, "/") ? folder : "") < 0)
		return xfdt_no_memory("the store");
	if (sqlite3_prepare_v2(store->db, "SELECT path FROM result WHERE path > ? ORDER BY path",
			       -1, &paths, NULL) == SQLITE_OK)
		err = prune(store, paths, prefix, is_gone, ret_count);
	else
		err = xfdt_store_error(store);
	sqlite3_finalize(paths);
	free(prefix);
	return err;
}
