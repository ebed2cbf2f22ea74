/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of runs, and the views on results. */
#include "store/run.h"
#include "base/util.h"
#include "store/store_parts.h"

#include <string.h>

/* A value of the JSON, which may be anything. */
#define JSON(path) "CASE WHEN json_valid(json) THEN json_extract(json, '$." path "') END"

const char *const xfdt_store_version_2 =
	"CREATE TABLE run ("
	" paths TEXT NOT NULL CHECK (typeof(paths) = 'text'),"
	" shard INTEGER NOT NULL CHECK (typeof(shard) = 'integer' AND shard BETWEEN 1 AND shards),"
	" shards INTEGER NOT NULL CHECK (typeof(shards) = 'integer' AND shards <= 1000000),"
	" status TEXT NOT NULL CHECK (status IN ('started', 'interrupted', 'complete')),"
	" started TEXT NOT NULL CHECK (typeof(started) = 'text'),"
	" ended TEXT NOT NULL CHECK (typeof(ended) = 'text'),"
	" files INTEGER NOT NULL CHECK (typeof(files) = 'integer' AND files >= 0),"
	" found INTEGER NOT NULL CHECK (typeof(found) = 'integer' AND found >= 0),"
	" done INTEGER NOT NULL CHECK (typeof(done) = 'integer' AND done >= 0),"
	" unread INTEGER NOT NULL CHECK (typeof(unread) = 'integer' AND unread >= 0),"
	" version TEXT NOT NULL CHECK (typeof(version) = 'text'),"
	" PRIMARY KEY (paths, shard, shards)"
	")";

/*
 * In the views, the answer of the hook for kdump is left out where a dump of the same panic was triaged.
 */
/* clang-format off */
const char *const xfdt_store_version_3 =
	"ALTER TABLE result ADD COLUMN source TEXT NOT NULL DEFAULT 'triage'"
	" CHECK (source IN ('triage', 'kdump hook'));"
	"ALTER TABLE result ADD COLUMN panic TEXT NOT NULL DEFAULT ''"
	" CHECK (typeof(panic) = 'text');"
	"DROP VIEW IF EXISTS signature; DROP VIEW IF EXISTS dump;"
	"CREATE VIEW dump AS SELECT CAST(path AS TEXT) AS path, verdict, exit_code,"
	" " JSON("kernel.nodename") " AS host, " JSON("kernel.release") " AS release,"
	" " JSON("kernel.fix") " AS fix, " JSON("route") " AS route, " JSON("rule") " AS rule,"
	" " JSON("panic.last_words") " AS last_words, " JSON("error") " AS error,"
	" " JSON("kernel.build_id") " AS build_id,"
	" identity, size, ended, finished, wall_ms, tries, version, source, panic FROM result"
	" WHERE source = 'triage' OR panic = '' OR panic NOT IN"
	" (SELECT panic FROM result WHERE source = 'triage');"
	"CREATE VIEW signature AS SELECT verdict, release, fix, route, rule, count(*) AS dumps,"
	" count(DISTINCT host) AS hosts, min(finished) AS first, max(finished) AS last"
	" FROM dump GROUP BY verdict, release, fix, route, rule";
/* clang-format on */

enum column {
	COLUMN_PATHS,
	COLUMN_SHARD,
	COLUMN_SHARDS,
	COLUMN_STATUS,
	COLUMN_STARTED,
	COLUMN_ENDED,
	COLUMN_FILES,
	COLUMN_FOUND,
	COLUMN_DONE,
	COLUMN_UNREAD,
	COLUMN_VERSION,
};
#define COLUMN_NAMES \
	"paths, shard, shards, status, started, ended, files, found, done, unread, version"

static const char *const status_names[XFDT_RUN_KINDS] = {
	[XFDT_RUN_STARTED] = "started",
	[XFDT_RUN_INTERRUPTED] = "interrupted",
	[XFDT_RUN_COMPLETE] = "complete",
};

const char *xfdt_run_status_name(enum xfdt_run_status status)
{
	return status_names[status];
}

static void bind_run(sqlite3_stmt *put, const struct xfdt_run *run)
{
	const struct {
		enum column column;
		const char *text;
	} texts[] = {
		{ COLUMN_PATHS, run->paths },	  { COLUMN_STATUS, status_names[run->status] },
		{ COLUMN_STARTED, run->started }, { COLUMN_ENDED, run->ended },
		{ COLUMN_VERSION, run->version },
	};
	const struct {
		enum column column;
		int64_t number;
	} numbers[] = {
		{ COLUMN_SHARD, run->shard }, { COLUMN_SHARDS, run->shards },
		{ COLUMN_FILES, run->files }, { COLUMN_FOUND, run->found },
		{ COLUMN_DONE, run->done },   { COLUMN_UNREAD, run->unread },
	};
	size_t i;

	for (i = 0; i < COUNT(texts); i++)
		sqlite3_bind_text(put, (int)texts[i].column + 1, texts[i].text, -1, SQLITE_STATIC);
	for (i = 0; i < COUNT(numbers); i++)
		sqlite3_bind_int64(put, (int)numbers[i].column + 1, numbers[i].number);
}

struct xfdt_error *xfdt_store_put_run(struct xfdt_store *store, const struct xfdt_run *run)
{
	struct xfdt_error *err = NULL;
	sqlite3_stmt *put;

	if (sqlite3_prepare_v2(store->db,
			       "INSERT OR REPLACE INTO run (" COLUMN_NAMES
			       ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			       -1, &put, NULL) != SQLITE_OK)
		return xfdt_store_error(store);
	bind_run(put, run);
	if (sqlite3_step(put) != SQLITE_DONE)
		err = xfdt_store_error(store);
	sqlite3_finalize(put);
	return err;
}

static const char *text_of(sqlite3_stmt *row, enum column column, bool *sane)
{
	const char *text = (const char *)sqlite3_column_text(row, (int)column);

	*sane &= text != NULL;
	return text ? text : "";
}

static int64_t count_of(sqlite3_stmt *row, enum column column, bool *sane)
{
	const int64_t count = sqlite3_column_int64(row, (int)column);

	*sane &= count >= 0;
	return count;
}

/* False if xfdt_store_put_run() cannot have written the row. */
static bool read_run(sqlite3_stmt *row, struct xfdt_run *ret_run)
{
	const int64_t shard = sqlite3_column_int64(row, COLUMN_SHARD);
	const int64_t shards = sqlite3_column_int64(row, COLUMN_SHARDS);
	bool sane = shard >= 1 && shard <= shards && shards <= XFDT_SHARDS_MAX;
	const char *status = text_of(row, COLUMN_STATUS, &sane);
	int kind;

	for (kind = 0; kind < XFDT_RUN_KINDS && strcmp(status, status_names[kind]); kind++)
		;
	*ret_run = (struct xfdt_run){
		.paths = text_of(row, COLUMN_PATHS, &sane),
		.shard = (unsigned int)shard,
		.shards = (unsigned int)shards,
		.status = (enum xfdt_run_status)kind,
		.started = text_of(row, COLUMN_STARTED, &sane),
		.ended = text_of(row, COLUMN_ENDED, &sane),
		.files = count_of(row, COLUMN_FILES, &sane),
		.found = count_of(row, COLUMN_FOUND, &sane),
		.done = count_of(row, COLUMN_DONE, &sane),
		.unread = count_of(row, COLUMN_UNREAD, &sane),
		.version = text_of(row, COLUMN_VERSION, &sane),
	};
	return sane && kind < XFDT_RUN_KINDS;
}

struct xfdt_error *xfdt_store_each_run(struct xfdt_store *store, xfdt_store_visit_run *visit,
				       void *context, uint64_t *ret_damaged)
{
	struct xfdt_error *err = NULL;
	int status = SQLITE_DONE;
	uint64_t damaged = 0;
	struct xfdt_run run;
	sqlite3_stmt *all;

	*ret_damaged = 0;
	if (store->version < 2)
		return NULL;
	if (sqlite3_prepare_v2(store->db, "SELECT " COLUMN_NAMES " FROM run", -1, &all, NULL) !=
	    SQLITE_OK)
		return xfdt_store_error(store);
	while (!err && (status = sqlite3_step(all)) == SQLITE_ROW) {
		if (read_run(all, &run))
			err = visit(context, &run);
		else
			damaged++;
	}
	if (!err && status != SQLITE_DONE)
		err = xfdt_store_error(store);
	sqlite3_finalize(all);
	*ret_damaged = damaged;
	return err;
}
