/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz the rows of a store that somebody else wrote: each column of a row, NULL included, is a
 * piece of the input up to a byte of 0xff.
 */
#include "fuzz/fuzz.h"
#include "report/report.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COLUMNS 15
#define ROWS_MAX 4

static char file[40];

static void remove_store(void)
{
	unlink(file);
}

/* The table as a batch makes it, but without its constraints. */
static sqlite3 *make_store(void)
{
	struct xfdt_store *store;
	sqlite3 *db;

	snprintf(file, sizeof(file), "/dev/shm/xfdt-fuzz-%d", (int)getpid());
	unlink(file);
	atexit(remove_store);
	FUZZ_CHECK(!xfdt_store_open(&store, file, XFDT_STORE_WRITE));
	xfdt_store_close(store);
	FUZZ_CHECK(sqlite3_open(file, &db) == SQLITE_OK);
	FUZZ_CHECK(
		sqlite3_exec(
			db,
			"DROP TABLE result; CREATE TABLE result (path, identity, size, mtime_ns,"
			" ended, verdict, exit_code, json, finished, wall_ms, tries, confined,"
			" version, source, panic); PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY",
			NULL, NULL, NULL) == SQLITE_OK);
	return db;
}

static void bind(sqlite3_stmt *insert, int column, const uint8_t *data, size_t len)
{
	if (!len)
		return;
	switch (*data) {
	case 'b':
		sqlite3_bind_blob(insert, column, data + 1, (int)len - 1, SQLITE_STATIC);
		break;
	case 'i':
		sqlite3_bind_int64(insert, column,
				   len > 1 ? (int64_t)(data[1] * 0x0123456789abcdefull) : -1);
		break;
	case 'o':
		sqlite3_bind_text(insert, column, "ok", 2, SQLITE_STATIC);
		break;
	default:
		sqlite3_bind_text(insert, column, (const char *)data, (int)len, SQLITE_STATIC);
	}
}

static size_t put_rows(sqlite3 *db, const uint8_t *data, size_t size)
{
	sqlite3_stmt *insert;
	size_t rows;
	int column;

	FUZZ_CHECK(sqlite3_exec(db, "BEGIN; DELETE FROM result", NULL, NULL, NULL) == SQLITE_OK);
	FUZZ_CHECK(sqlite3_prepare_v2(db,
				      "INSERT INTO result VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
				      -1, &insert, NULL) == SQLITE_OK);
	for (rows = 0; size && rows < ROWS_MAX; rows++) {
		for (column = 1; column <= COLUMNS; column++) {
			const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
			size_t len = end ? (size_t)(end - data) : size;

			bind(insert, column, data, len);
			len += end != NULL;
			data += len;
			size -= len;
		}
		FUZZ_CHECK(sqlite3_step(insert) == SQLITE_DONE);
		sqlite3_reset(insert);
		sqlite3_clear_bindings(insert);
	}
	sqlite3_finalize(insert);
	FUZZ_CHECK(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
	return rows;
}

struct visit {
	struct xfdt_report *summary;
	size_t count;
};

static struct xfdt_error *visit_row(void *context, const struct xfdt_result *result)
{
	struct visit *visit = context;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	FUZZ_CHECK(result->identity && result->json && result->ended < XFDT_ENDED_KINDS);
	FUZZ_CHECK(!xfdt_result_json(result, out));
	fclose(out);
	FUZZ_CHECK(len && text[len - 1] == '\n');
	free(text);
	visit->count++;
	return xfdt_report_add(visit->summary, result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static sqlite3 *db;
	struct xfdt_store *store;
	struct visit visit = { 0 };
	uint64_t damaged = 0;
	size_t rows;

	if (!db)
		db = make_store();
	rows = put_rows(db, data, size);
	FUZZ_CHECK(!xfdt_store_open(&store, file, XFDT_STORE_READ));
	FUZZ_CHECK(!xfdt_report_new(&visit.summary));
	FUZZ_CHECK(!xfdt_report_add_store(visit.summary, "fuzz"));
	FUZZ_CHECK(!xfdt_store_each(store, visit_row, &visit, &damaged));
	FUZZ_CHECK(visit.count + damaged == rows);
	FUZZ_CHECK(!xfdt_report_finish(visit.summary));
	xfdt_report_free(visit.summary);
	xfdt_store_close(store);
	return 0;
}
