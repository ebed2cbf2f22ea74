/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store of a batch: what comes back, who may write, what is refused, and death at any moment. */
#include "unit.h"
#include "store/run.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t damaged;
static char dir[200], file[300];

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/xfdt-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		exit(99);
	snprintf(file, sizeof(file), "%s/store.sqlite", dir);
}

#define TABLE_OF_VERSION_1 \
	"CREATE TABLE result (path BLOB NOT NULL PRIMARY KEY, identity TEXT NOT NULL," \
	" size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ended TEXT NOT NULL," \
	" verdict TEXT NOT NULL, exit_code INTEGER NOT NULL, json TEXT NOT NULL," \
	" finished TEXT NOT NULL, wall_ms INTEGER NOT NULL, tries INTEGER NOT NULL," \
	" confined TEXT NOT NULL, version TEXT NOT NULL)"
#define ROW_OF_VERSION_1 \
	"INSERT INTO result VALUES (x'2f61', 'i', 1, 2, 'ok', 'armed', 3, '{}', '', 4, 1," \
	" 'seccomp', '0.1')"

static void teardown(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command))
		exit(99);
}

static struct xfdt_store *open_store(enum xfdt_store_mode mode)
{
	struct xfdt_store *store = NULL;

	assert_ok(xfdt_store_open(&store, file, mode));
	return store;
}

static void assert_not_opened(enum xfdt_store_mode mode, enum xfdt_code code)
{
	struct xfdt_store *store = (struct xfdt_store *)&dir;

	assert_fails(xfdt_store_open(&store, file, mode), code);
	assert_ptr_equal(store, &dir);
}

/* What somebody else does to the file. */
static void tamper(const char *sql)
{
	sqlite3 *db;

	if (sqlite3_open(file, &db) || sqlite3_exec(db, sql, NULL, NULL, NULL) || sqlite3_close(db))
		exit(99);
}

static int64_t number(const char *sql)
{
	sqlite3_stmt *statement;
	int64_t value;
	sqlite3 *db;

	if (sqlite3_open(file, &db) || sqlite3_prepare_v2(db, sql, -1, &statement, NULL) ||
	    sqlite3_step(statement) != SQLITE_ROW)
		exit(99);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

static struct xfdt_result result_of(const char *path)
{
	return (struct xfdt_result){
		.path = path,
		.path_len = strlen(path),
		.identity = "100 abcd 0123456789abcdef",
		.size = 100,
		.mtime_ns = 1700000000123456789,
		.ended = XFDT_ENDED_OK,
		.verdict = "armed",
		.exit_code = 3,
		.json = "{\"verdict\":\"armed\"}",
		.finished = "2026-11-22T13:30:00Z",
		.wall_ms = 12,
		.confined = "landlock+seccomp",
		.version = "0.1",
	};
}

static void put(struct xfdt_store *store, const char *path)
{
	struct xfdt_result result = result_of(path);

	assert_ok(xfdt_store_put(store, &result));
}

/* What a walk saw. */
struct seen {
	size_t count, stop_at;
	char paths[8][20];
	struct xfdt_result last;
	char json[64];
};

static struct xfdt_error *see(void *context, const struct xfdt_result *result)
{
	struct seen *seen = context;

	if (seen->count < COUNT(seen->paths))
		snprintf(seen->paths[seen->count], sizeof(seen->paths[0]), "%.*s",
			 (int)result->path_len, (const char *)result->path);
	seen->last = *result;
	snprintf(seen->json, sizeof(seen->json), "%s", result->json);
	if (++seen->count == seen->stop_at)
		return xfdt_error_new(XFDT_LIMIT, 0, "enough");
	return NULL;
}

static void test_store__gives_back_what_was_put(void **state)
{
	struct xfdt_result result = result_of("/a\xff\n'b");
	struct seen seen = { 0 };
	struct xfdt_store *store;

	setup();
	store = open_store(XFDT_STORE_WRITE);
	assert_ok(xfdt_store_get(store, result.path, result.path_len, see, &seen));
	assert_int_equal(seen.count, 0);
	assert_ok(xfdt_store_put(store, &result));
	xfdt_store_close(store);
	store = open_store(XFDT_STORE_READ);
	assert_ok(xfdt_store_get(store, result.path, result.path_len, see, &seen));
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.paths[0], "/a\xff\n'b");
	assert_string_equal(seen.json, result.json);
	assert_int_equal(seen.last.size, 100);
	assert_true(seen.last.mtime_ns == 1700000000123456789);
	assert_int_equal(seen.last.ended, XFDT_ENDED_OK);
	assert_int_equal(seen.last.exit_code, 3);
	assert_int_equal(seen.last.wall_ms, 12);
	assert_int_equal(seen.last.tries, 1);
	xfdt_store_close(store);
	teardown();
}

static void test_store__each_way_of_ending_comes_back(void **state)
{
	struct xfdt_store *store;
	int i;

	setup();
	store = open_store(XFDT_STORE_WRITE);
	for (i = 0; i < XFDT_ENDED_KINDS; i++) {
		struct xfdt_result result = result_of("/x");
		struct seen seen = { 0 };

		result.ended = (enum xfdt_ended)i;
		assert_ok(xfdt_store_put(store, &result));
		assert_ok(xfdt_store_get(store, "/x", 2, see, &seen));
		assert_int_equal(seen.last.ended, i);
		assert_int_equal(seen.last.tries, i + 1);
	}
	xfdt_store_close(store);
	teardown();
}

/* other content at the same path has not been tried yet */
static void test_store__counts_tries_of_the_same_content(void **state)
{
	struct xfdt_result result = result_of("/x");
	struct seen seen = { 0 };
	struct xfdt_store *store;

	setup();
	store = open_store(XFDT_STORE_WRITE);
	put(store, "/x");
	put(store, "/x");
	result.mtime_ns++;
	assert_ok(xfdt_store_put(store, &result));
	assert_ok(xfdt_store_get(store, "/x", 2, see, &seen));
	assert_int_equal(seen.last.tries, 1);
	xfdt_store_close(store);
	teardown();
}

static void test_store__forgets(void **state)
{
	struct seen seen = { 0 };
	struct xfdt_store *store;

	setup();
	store = open_store(XFDT_STORE_WRITE);
	put(store, "/a");
	put(store, "/b");
	assert_ok(xfdt_store_forget(store, "/a", 2));
	assert_ok(xfdt_store_forget(store, "/none", 5));
	assert_ok(xfdt_store_each(store, see, &seen, &damaged));
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.paths[0], "/b");
	xfdt_store_close(store);
	teardown();
}

static void test_store__walks_by_path(void **state)
{
	struct seen seen = { 0 }, some = { .stop_at = 2 };
	struct xfdt_store *store;

	setup();
	store = open_store(XFDT_STORE_WRITE);
	put(store, "/c");
	put(store, "/a");
	put(store, "/b");
	put(store, "/a");
	assert_ok(xfdt_store_each(store, see, &seen, &damaged));
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.paths[0], "/a");
	assert_string_equal(seen.paths[1], "/b");
	assert_string_equal(seen.paths[2], "/c");
	assert_fails(xfdt_store_each(store, see, &some, &damaged), XFDT_LIMIT);
	assert_int_equal(some.count, 2);
	/* and nothing stays locked */
	put(store, "/d");
	xfdt_store_close(store);
	teardown();
}

/* one file only, when nobody is writing */
static void test_store__leaves_no_journal(void **state)
{
	struct xfdt_store *store;
	static const char *const beside[] = { "journal", "wal", "shm" };
	enum xfdt_store_mode mode;
	char path[320];
	size_t i;

	for (mode = XFDT_STORE_WRITE; mode <= XFDT_STORE_WRITE_ROLLBACK; mode++) {
		setup();
		store = open_store(mode);
		put(store, "/a");
		xfdt_store_close(store);
		for (i = 0; i < COUNT(beside); i++) {
			snprintf(path, sizeof(path), "%s-%s", file, beside[i]);
			assert_int_equal(access(path, F_OK), -1);
		}
		teardown();
	}
}

static void test_store__one_writer_many_readers(void **state)
{
	struct xfdt_store *writer, *reader;
	struct seen seen = { 0 };

	setup();
	writer = open_store(XFDT_STORE_WRITE);
	assert_not_opened(XFDT_STORE_WRITE, XFDT_LIMIT);
	put(writer, "/a");
	reader = open_store(XFDT_STORE_READ);
	assert_ok(xfdt_store_each(reader, see, &seen, &damaged));
	assert_int_equal(seen.count, 1);
	put(writer, "/b");
	assert_ok(xfdt_store_each(reader, see, &seen, &damaged));
	assert_int_equal(seen.count, 3);
	xfdt_store_close(reader);
	put(writer, "/c");
	xfdt_store_close(writer);
	writer = open_store(XFDT_STORE_WRITE);
	xfdt_store_close(writer);
	teardown();
}

static void test_store__refuses_what_is_no_store(void **state)
{
	int fd;

	setup();
	assert_not_opened(XFDT_STORE_READ, XFDT_SYSTEM);
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || write(fd, "KDUMP   ", 8) != 8 || ftruncate(fd, 100000))
		exit(99);
	close(fd);
	assert_not_opened(XFDT_STORE_READ, XFDT_MISSING);
	assert_not_opened(XFDT_STORE_WRITE, XFDT_MISSING);
	assert_int_equal(unlink(file), 0);
	/* the database of another program */
	tamper("CREATE TABLE t (a)");
	assert_not_opened(XFDT_STORE_READ, XFDT_MISSING);
	assert_not_opened(XFDT_STORE_WRITE, XFDT_MISSING);
	assert_int_equal(unlink(file), 0);
	/* nothing was put yet: good to write to */
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	close(fd);
	assert_not_opened(XFDT_STORE_READ, XFDT_MISSING);
	xfdt_store_close(open_store(XFDT_STORE_WRITE));
	xfdt_store_close(open_store(XFDT_STORE_READ));
	teardown();
}

static void test_store__refuses_other_versions(void **state)
{
	setup();
	xfdt_store_close(open_store(XFDT_STORE_WRITE));
	tamper("PRAGMA user_version = 4");
	assert_not_opened(XFDT_STORE_READ, XFDT_UNSUPPORTED);
	assert_not_opened(XFDT_STORE_WRITE, XFDT_UNSUPPORTED);
	tamper("PRAGMA user_version = 0");
	assert_not_opened(XFDT_STORE_WRITE, XFDT_CORRUPT);
	teardown();
}

/* a store may come from somebody else */
static void test_store__does_not_trust_its_rows(void **state)
{
	static const char *const bad[] = {
		"UPDATE result SET ended = 'nonsense'",
		"UPDATE result SET path = x''",
		"PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(replace(sql, 'NOT NULL', ''),"
		" 'CHECK (typeof(json) = ''text''),', '') WHERE type = 'table'; PRAGMA writable_schema = RESET;"
		" UPDATE result SET json = NULL",
		"DROP TABLE result; CREATE VIEW result AS SELECT x'61' AS path, 'i' AS identity, 1 AS size,"
		" 1 AS mtime_ns, 'ok' AS ended, 'armed' AS verdict, 3 AS exit_code, '{}' AS json, '' AS finished,"
		" 1 AS wall_ms, 1 AS tries, '' AS confined, '' AS version",
		"DROP TABLE result",
	};
	struct xfdt_store *store;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		struct seen seen = { 0 };
		struct xfdt_error *err;

		setup();
		store = open_store(XFDT_STORE_WRITE);
		put(store, "/a");
		xfdt_store_close(store);
		tamper(bad[i]);
		store = NULL;
		damaged = 0;
		err = xfdt_store_open(&store, file, XFDT_STORE_READ);
		if (!err)
			err = xfdt_store_each(store, see, &seen, &damaged);
		if (!err && damaged != 1)
			fail_msg("taken: %s", bad[i]);
		xfdt_error_free(err);
		assert_int_equal(seen.count, 0);
		xfdt_store_close(store);
		teardown();
	}
}

/* no program can put in another type than it says */
static void test_store__types_are_checked(void **state)
{
	static const char *const bad[] = {
		"UPDATE result SET path = '/b'",       "UPDATE result SET json = x'7b7d'",
		"UPDATE result SET size = 'many'",     "UPDATE result SET size = 1.5",
		"UPDATE result SET exit_code = x'33'", "UPDATE result SET version = NULL",
		"UPDATE result SET tries = NULL",
	};
	struct xfdt_store *store;
	sqlite3 *db;
	size_t i;

	setup();
	store = open_store(XFDT_STORE_WRITE);
	put(store, "/a");
	xfdt_store_close(store);
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	for (i = 0; i < COUNT(bad); i++)
		if (sqlite3_exec(db, bad[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(sqlite3_exec(db, "UPDATE result SET size = 2", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	teardown();
}

/* a store of an earlier build: STRICT in place of the CHECKs */
static void test_store__strict_table_of_before(void **state)
{
	struct seen seen = { 0 };
	struct xfdt_store *store;

	if (sqlite3_libversion_number() < 3037000) {
		print_message("skipped: SQLite %s knows no STRICT\n", sqlite3_libversion());
		return;
	}
	setup();
	tamper("PRAGMA application_id = 1481000020; PRAGMA user_version = 1;" TABLE_OF_VERSION_1
	       " STRICT;" ROW_OF_VERSION_1);
	store = open_store(XFDT_STORE_WRITE);
	put(store, "/b");
	assert_ok(xfdt_store_each(store, see, &seen, &damaged));
	assert_int_equal(damaged, 0);
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.paths[0], "/a");
	assert_string_equal(seen.paths[1], "/b");
	xfdt_store_close(store);
	teardown();
}

/* the others are still there to be reported */
static void test_store__one_damaged_row_is_left_out(void **state)
{
	struct xfdt_store *store;
	struct seen seen = { 0 };

	setup();
	store = open_store(XFDT_STORE_WRITE);
	put(store, "/a");
	put(store, "/b");
	put(store, "/c");
	xfdt_store_close(store);
	tamper("UPDATE result SET ended = 'nonsense' WHERE path = x'2f62'");
	store = open_store(XFDT_STORE_READ);
	assert_ok(xfdt_store_each(store, see, &seen, &damaged));
	assert_int_equal(damaged, 1);
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.paths[1], "/c");
	assert_ok(xfdt_store_get(store, "/b", 2, see, &seen));
	assert_int_equal(seen.count, 2);
	xfdt_store_close(store);
	teardown();
}

static void test_store__what_is_missing_is_not_put(void **state)
{
	struct xfdt_result result = result_of("/x");
	struct seen seen = { 0 };
	struct xfdt_store *store;

	setup();
	store = open_store(XFDT_STORE_WRITE);
	result.json = NULL;
	assert_fails(xfdt_store_put(store, &result), XFDT_SYSTEM);
	assert_ok(xfdt_store_each(store, see, &seen, &damaged));
	assert_int_equal(seen.count, 0);
	put(store, "/x");
	xfdt_store_close(store);
	teardown();
}

/* Put "/00000", "/00001" and so on until killed; tell of each when it is put. */
static void put_for_ever(enum xfdt_store_mode mode, int out)
{
	struct xfdt_store *store = open_store(mode);
	uint32_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0;; i++) {
		char path[20];

		snprintf(path, sizeof(path), "/%05u", i);
		put(store, path);
		if (write(out, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

/* what was said to be put is there after kill -9 at any moment, and the next one may write */
static void test_store__survives_being_killed(void **state)
{
	int round;

	for (round = 0; round < 10; round++) {
		const struct timespec pause = { .tv_nsec = (round * 3 + 2) * 1000000 };
		uint32_t told = 0, number;
		struct seen seen = { 0 };
		struct xfdt_store *store;
		int pipes[2];
		pid_t pid;

		setup();
		assert_int_equal(pipe(pipes), 0);
		pid = fork();
		if (!pid) {
			close(pipes[0]);
			put_for_ever(round < 5 ? XFDT_STORE_WRITE : XFDT_STORE_WRITE_ROLLBACK,
				     pipes[1]);
		}
		close(pipes[1]);
		assert_int_equal(read(pipes[0], &number, sizeof(number)), sizeof(number));
		told = number + 1;
		nanosleep(&pause, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		while (read(pipes[0], &number, sizeof(number)) == sizeof(number))
			told = number + 1;
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		close(pipes[0]);
		store = open_store(round % 2 ? XFDT_STORE_READ : XFDT_STORE_WRITE);
		assert_ok(xfdt_store_each(store, see, &seen, &damaged));
		/* the last one may have been put and not been told of */
		assert_within(seen.count, told, told + 1);
		if (round % 2 == 0)
			put(store, "/after");
		xfdt_store_close(store);
		teardown();
	}
}

static void test_store__json_line_has_the_batch(void **state)
{
	struct xfdt_result result = result_of("/x");
	struct json_object *object, *batch;
	char *text = NULL;
	size_t len;
	FILE *out;

	result.confined = "none: \"\x1b[31m\xff";
	result.json = "{\"verdict\":\"armed\",\"vms\":[]}";
	out = open_memstream(&text, &len);
	assert_ok(xfdt_result_json(&result, out));
	fclose(out);
	assert_int_equal(text[len - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
	assert_ptr_equal(strstr(text,
				"{\"verdict\":\"armed\",\"vms\":[],\"batch\":{\"ended\":\"ok\","),
			 text);
	object = json_tokener_parse(text);
	batch = json_object_object_get(object, "batch");
	assert_string_equal(json_object_get_string(json_object_object_get(batch, "confined")),
			    "none: \"\\x1b[31m\\xff");
	assert_int_equal(json_object_get_int64(json_object_object_get(batch, "size")), 100);
	json_object_put(object);
	free(text);
}

static void test_store__what_is_no_json_object_is_an_error(void **state)
{
	static const char *const bad[] = { "[1]", "{\"a\":", "", NULL };
	struct xfdt_result result = result_of("/x");
	size_t i, len;

	for (i = 0; i < COUNT(bad); i++) {
		char *text = NULL;
		FILE *out = open_memstream(&text, &len);

		result.json = bad[i];
		assert_ok(xfdt_result_json(&result, out));
		fclose(out);
		assert_non_null(strstr(text, "\"verdict\":\"error\""));
		assert_non_null(strstr(text, "\"path\":\"/x\""));
		assert_non_null(strstr(text, XFDT_RESULT_NO_JSON));
		assert_non_null(strstr(text, "\"batch\":{"));
		free(text);
	}
}

static struct xfdt_error *count_run(void *context, const struct xfdt_run *run)
{
	size_t *count = context;

	++*count;
	assert_string_equal(run->paths, "/srv");
	assert_int_equal(run->shard, 3);
	assert_int_equal(run->shards, 8);
	assert_int_equal(run->status, XFDT_RUN_COMPLETE);
	assert_int_equal(run->files, 40);
	assert_int_equal(run->found, 5);
	assert_int_equal(run->done, 5);
	assert_int_equal(run->unread, 1);
	assert_string_equal(run->started, "2026-11-22T13:30:00Z");
	assert_string_equal(run->ended, "2026-11-22T13:31:00Z");
	assert_string_equal(run->version, "0.1");
	return NULL;
}

static size_t runs_in(struct xfdt_store *store)
{
	size_t count = 0;

	damaged = 77;
	assert_ok(xfdt_store_each_run(store, count_run, &count, &damaged));
	return count;
}

static void test_store__a_run_is_recorded_once(void **state)
{
	struct xfdt_run run = { .paths = "/srv",
				.shard = 3,
				.shards = 8,
				.started = "2026-11-22T13:30:00Z",
				.ended = "",
				.version = "0.1" };
	struct xfdt_store *store;

	setup();
	store = open_store(XFDT_STORE_WRITE);
	assert_ok(xfdt_store_put_run(store, &run));
	run.status = XFDT_RUN_COMPLETE;
	run.ended = "2026-11-22T13:31:00Z";
	run.files = 40;
	run.found = run.done = 5;
	run.unread = 1;
	assert_ok(xfdt_store_put_run(store, &run));
	assert_int_equal(runs_in(store), 1);
	assert_int_equal(damaged, 0);
	/* what no batch writes is refused by the table, and skipped if it got there */
	run.shard = 9;
	assert_fails(xfdt_store_put_run(store, &run), XFDT_SYSTEM);
	xfdt_store_close(store);
	tamper("PRAGMA ignore_check_constraints = 1; UPDATE run SET shard = 9");
	store = open_store(XFDT_STORE_READ);
	assert_int_equal(runs_in(store), 0);
	assert_int_equal(damaged, 1);
	xfdt_store_close(store);
	teardown();
}

static void test_store__version_1_is_brought_up(void **state)
{
	const struct xfdt_result result = result_of("/srv/a");
	struct seen seen = { 0 };
	struct xfdt_store *store;

	setup();
	store = open_store(XFDT_STORE_WRITE);
	assert_ok(xfdt_store_put(store, &result));
	xfdt_store_close(store);
	tamper("DROP VIEW signature; DROP VIEW dump; DROP TABLE run; DROP TABLE result;"
	       "PRAGMA user_version = 1;" TABLE_OF_VERSION_1 ";" ROW_OF_VERSION_1);
	/* reading changes nothing */
	store = open_store(XFDT_STORE_READ);
	assert_int_equal(runs_in(store), 0);
	assert_ok(xfdt_store_each(store, see, &seen, &damaged));
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.source, XFDT_SOURCE_TRIAGE);
	xfdt_store_close(store);
	store = open_store(XFDT_STORE_WRITE);
	assert_int_equal(runs_in(store), 0);
	xfdt_store_close(store);
	tamper("SELECT verdict, release, dumps, hosts FROM signature;"
	       "SELECT path, host, rule FROM dump; SELECT * FROM run");
	store = open_store(XFDT_STORE_READ);
	xfdt_store_close(store);
	teardown();
}

/* Where an answer comes from, and what it is of, is kept; the views have one row of a panic. */
static void test_store__a_hook_and_a_dump_of_one_panic(void **state)
{
	struct xfdt_result hook = result_of("/hook"), other = result_of("/other");
	struct xfdt_result dump = result_of("/dump");
	struct seen seen = { 0 };
	struct xfdt_store *store;

	hook.source = other.source = XFDT_SOURCE_HOOK;
	hook.panic = dump.panic = "abcd-1-2";
	other.panic = "abcd-1-3";
	setup();
	store = open_store(XFDT_STORE_WRITE);
	assert_ok(xfdt_store_put(store, &hook));
	assert_ok(xfdt_store_put(store, &other));
	assert_ok(xfdt_store_put(store, &dump));
	assert_ok(xfdt_store_get(store, "/hook", 5, see, &seen));
	assert_int_equal(seen.last.source, XFDT_SOURCE_HOOK);
	xfdt_store_close(store);
	assert_int_equal(number("SELECT count(*) FROM dump"), 2);
	assert_int_equal(number("SELECT count(*) FROM dump WHERE path = '/hook'"), 0);
	assert_int_equal(number("SELECT sum(dumps) FROM signature"), 2);
	teardown();
}

static bool is_odd(const char *path)
{
	return path[strlen(path) - 1] % 2;
}

static void test_store__prunes_one_folder(void **state)
{
	struct xfdt_store *store;
	struct seen seen = { 0 };
	uint64_t count = 0;
	char path[40];
	unsigned int i;

	setup();
	store = open_store(XFDT_STORE_WRITE);
	for (i = 0; i < 1500; i++) {
		snprintf(path, sizeof(path), "/a/%u", i);
		put(store, path);
	}
	put(store, "/a");
	put(store, "/ab/1");
	put(store, "/A/1");
	assert_ok(xfdt_store_prune(store, "/a", is_odd, &count));
	assert_int_equal(count, 750);
	assert_ok(xfdt_store_prune(store, "/a", is_odd, &count));
	assert_int_equal(count, 0);
	assert_ok(xfdt_store_prune(store, "/", is_odd, &count));
	assert_int_equal(count, 3);
	assert_ok(xfdt_store_get(store, "/a/0", 4, see, &seen));
	assert_int_equal(seen.count, 1);
	xfdt_store_close(store);
	teardown();
}

#include "test_store.tests.h"
