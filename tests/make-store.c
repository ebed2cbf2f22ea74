/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Make a store for tests: each line of the standard input is
 * PATH <tab> IDENTITY <tab> FINISHED <tab> JSON, which need not be what it says.
 * The last argument is the store; with --damage PATH before it, the row of PATH is damaged then.
 */
#include "store/store.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct xfdt_error *err)
{
	fprintf(stderr, "make-store: %s\n", xfdt_error_message(err));
	xfdt_error_free(err);
	return 99;
}

static struct xfdt_error *put_line(struct xfdt_store *store, char *line)
{
	struct xfdt_result result = {
		.ended = XFDT_ENDED_OK,
		.verdict = "error",
		.exit_code = 2,
		.size = 123456,
		.wall_ms = 7,
		.confined = "landlock+seccomp",
		.version = "0.1",
	};
	char *path = strsep(&line, "\t"), *identity = strsep(&line, "\t"),
	     *finished = strsep(&line, "\t");

	result.path = path;
	result.path_len = strlen(path);
	result.identity = identity ? identity : "";
	result.finished = finished ? finished : "";
	result.json = line ? line : "";
	if (strstr(result.json, "\"verdict\":\"error\""))
		result.ended = XFDT_ENDED_ERROR;
	return xfdt_store_put(store, &result);
}

/* Make the row of @path one that no batch writes. */
static bool damage(const char *file, const char *path)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;
	bool done;

	done = sqlite3_open(file, &db) == SQLITE_OK &&
	       sqlite3_prepare_v2(db, "UPDATE result SET ended = 'nonsense' WHERE path = ?", -1,
				  &statement, NULL) == SQLITE_OK &&
	       sqlite3_bind_blob(statement, 1, path, (int)strlen(path), NULL) == SQLITE_OK &&
	       sqlite3_step(statement) == SQLITE_DONE;
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return done;
}

int main(int argc, char **argv)
{
	struct xfdt_store *store;
	struct xfdt_error *err;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (argc != 2 && (argc != 4 || strcmp(argv[1], "--damage")))
		return 99;
	err = xfdt_store_open(&store, argv[argc - 1], XFDT_STORE_WRITE);
	if (err)
		return fail(err);
	while (!err && (len = getline(&line, &room, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		err = put_line(store, line);
	}
	free(line);
	xfdt_store_close(store);
	if (err)
		return fail(err);
	return argc == 4 && !damage(argv[3], argv[2]) ? 99 : 0;
}
