/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results in an SQLite file. */
#include "store/store.h"
#include "base/util.h"
#include "render/fields.h"
#include "store/store_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define APPLICATION_ID 0x58464454 /* "XFDT" */
#define VALUE_MAX (256 << 20)
#define BUSY_MS (5 * 60 * 1000)
/*
 * A byte of the file that SQLite neither uses nor locks.  The process that
 * holds a lock on it is the writer.
 */
#define LOCK_BYTE (1ll << 40)
#define LOCK_TRIES 20
#define LOCK_PAUSE_NS (100 * 1000 * 1000)

/* STRICT would say the same, from SQLite 3.37 on; RHEL 9 has 3.34. */
static const char *const schema = "CREATE TABLE result ("
				  " path BLOB NOT NULL PRIMARY KEY,"
				  " identity TEXT NOT NULL,"
				  " size INTEGER NOT NULL,"
				  " mtime_ns INTEGER NOT NULL,"
				  " ended TEXT NOT NULL,"
				  " verdict TEXT NOT NULL,"
				  " exit_code INTEGER NOT NULL,"
				  " json TEXT NOT NULL,"
				  " finished TEXT NOT NULL,"
				  " wall_ms INTEGER NOT NULL,"
				  " tries INTEGER NOT NULL,"
				  " confined TEXT NOT NULL,"
				  " version TEXT NOT NULL,"
				  " CHECK (typeof(path) = 'blob'),"
				  " CHECK (typeof(identity) = 'text'),"
				  " CHECK (typeof(ended) = 'text'),"
				  " CHECK (typeof(verdict) = 'text'),"
				  " CHECK (typeof(json) = 'text'),"
				  " CHECK (typeof(finished) = 'text'),"
				  " CHECK (typeof(confined) = 'text'),"
				  " CHECK (typeof(version) = 'text'),"
				  " CHECK (typeof(size) = 'integer'),"
				  " CHECK (typeof(mtime_ns) = 'integer'),"
				  " CHECK (typeof(exit_code) = 'integer'),"
				  " CHECK (typeof(wall_ms) = 'integer'),"
				  " CHECK (typeof(tries) = 'integer')"
				  ")";

enum column {
	COLUMN_PATH,
	COLUMN_IDENTITY,
	COLUMN_SIZE,
	COLUMN_MTIME,
	COLUMN_ENDED,
	COLUMN_VERDICT,
	COLUMN_EXIT,
	COLUMN_JSON,
	COLUMN_FINISHED,
	COLUMN_WALL,
	COLUMN_TRIES,
	COLUMN_CONFINED,
	COLUMN_VERSION,
	COLUMN_SOURCE,
	COLUMN_PANIC,
	COLUMNS,
};
#define COLUMN_NAMES_2 \
	"path, identity, size, mtime_ns, ended, verdict, exit_code, json, finished, wall_ms," \
	" tries, confined, version"
#define COLUMN_NAMES COLUMN_NAMES_2 ", source, panic"

static const char *const put_sql =
	"INSERT INTO result (" COLUMN_NAMES ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	" ON CONFLICT (path) DO UPDATE SET identity = excluded.identity, size = excluded.size,"
	" mtime_ns = excluded.mtime_ns, ended = excluded.ended, verdict = excluded.verdict,"
	" exit_code = excluded.exit_code, json = excluded.json, finished = excluded.finished,"
	" wall_ms = excluded.wall_ms, confined = excluded.confined, version = excluded.version,"
	" source = excluded.source, panic = excluded.panic,"
	" tries = iif(identity = excluded.identity AND mtime_ns = excluded.mtime_ns, tries + 1, 1)";
static const char *const forget_sql = "DELETE FROM result WHERE path = ?";
#define GET_SQL(columns) "SELECT " columns " FROM result WHERE path = ?"
#define ALL_SQL(columns) "SELECT " columns " FROM result ORDER BY path"
/* a store that is only read may be of an earlier version */
#define BEFORE_3 COLUMN_NAMES_2 ", 'triage', ''"

static const char *const ended_names[XFDT_ENDED_KINDS] = {
	[XFDT_ENDED_OK] = "ok",
	[XFDT_ENDED_ERROR] = "error",
	[XFDT_ENDED_TIMEOUT] = "timeout",
	[XFDT_ENDED_KILLED] = "killed",
	[XFDT_ENDED_NO_MEMORY] = "out of memory",
};

static const char *const source_names[XFDT_SOURCES] = {
	[XFDT_SOURCE_TRIAGE] = "triage",
	[XFDT_SOURCE_HOOK] = "kdump hook",
};

const char *xfdt_answer_source_name(enum xfdt_answer_source source)
{
	return source_names[source];
}

const char *xfdt_ended_name(enum xfdt_ended ended)
{
	return ended_names[ended];
}

static enum xfdt_code code_of(int status)
{
	switch (status & 0xff) {
	case SQLITE_NOMEM:
		return XFDT_NO_MEMORY;
	case SQLITE_CORRUPT:
		return XFDT_CORRUPT;
	case SQLITE_NOTADB:
		return XFDT_MISSING;
	default:
		return XFDT_SYSTEM;
	}
}

/* What to do where SQLite failed with @status, and perhaps errno @reason; "": that is not known. */
static const char *advice(int status, int reason)
{
	struct rlimit size;

	if (status == SQLITE_FULL || reason == ENOSPC || reason == EDQUOT)
		return "; make room on that file system, or name a store on another one";
	/* SQLite does not give EFBIG each time */
	if ((reason == EFBIG || (status == SQLITE_IOERR && !reason)) &&
	    !getrlimit(RLIMIT_FSIZE, &size) && size.rlim_cur != RLIM_INFINITY)
		return "; the size of files is limited: raise the limit (ulimit -f)";
	return "";
}

struct xfdt_error *xfdt_store_error(const struct xfdt_store *store)
{
	int status = sqlite3_extended_errcode(store->db), reason = 0;

	/* of a file alone SQLite does not say what is wrong */
	if ((status & 0xff) == SQLITE_CANTOPEN || (status & 0xff) == SQLITE_IOERR)
		reason = sqlite3_system_errno(store->db);
	return xfdt_error_new(code_of(status), 0, "store '%s': %s%s%s%s", store->path,
			      sqlite3_errmsg(store->db), reason ? ": " : "",
			      reason ? strerror(reason) : "", advice(status & 0xff, reason));
}

static struct xfdt_error *run_sql(struct xfdt_store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ?
		       NULL :
		       xfdt_store_error(store);
}

/* The one number that @sql gives. */
static struct xfdt_error *ask_number(struct xfdt_store *store, const char *sql, int64_t *ret_number)
{
	struct xfdt_error *err = NULL;
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
		return xfdt_store_error(store);
	if (sqlite3_step(statement) == SQLITE_ROW)
		*ret_number = sqlite3_column_int64(statement, 0);
	else
		err = xfdt_store_error(store);
	sqlite3_finalize(statement);
	return err;
}

/* opening */

/* Make the folders that @path is in; one that cannot be made is noticed when the file is opened. */
static void make_folders(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0777);
		*slash = '/';
	}
}

/*
 * A lock of the open file, not of the process: closing another descriptor of
 * the file does not drop it, and a process that is killed does.
 */
static struct xfdt_error *lock_store(struct xfdt_store *store)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_BYTE, .l_len = 1
	};
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
	int i;

	make_folders(store->path);
	store->lock_fd = open(store->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			      0666);
	if (store->lock_fd < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot open store '%s': %s", store->path,
				      strerror(errno));
	for (i = 0; fcntl(store->lock_fd, F_OFD_SETLK, &lock); i++) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return xfdt_error_new(XFDT_SYSTEM, 0, "cannot lock store '%s': %s",
					      store->path, strerror(errno));
		/* the workers of a killed batch may not have exited yet */
		if (i == LOCK_TRIES)
			return xfdt_error_new(
				XFDT_LIMIT, 0,
				"store '%s' is being written to by another batch; "
				"wait for it, or use a store of its own and merge them with "
				"'xfdtriage report'",
				store->path);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* Make what a store of version @from lacks; 0: all. */
static struct xfdt_error *make_tables(struct xfdt_store *store, int64_t from)
{
	struct xfdt_error *err;
	char *sql;

	sql = sqlite3_mprintf("BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d;"
			      "%s; %s; %s; COMMIT",
			      APPLICATION_ID, XFDT_STORE_VERSION, from ? "" : schema,
			      from < 2 ? xfdt_store_version_2 : "", xfdt_store_version_3);
	if (!sql)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	err = run_sql(store, sql);
	sqlite3_free(sql);
	return err;
}

static struct xfdt_error *check_version(struct xfdt_store *store, bool may_make)
{
	int64_t application = 0, version = 0, tables = 0;
	struct xfdt_error *err;

	err = ask_number(store, "PRAGMA application_id", &application);
	if (!err)
		err = ask_number(store, "PRAGMA user_version", &version);
	if (!err)
		err = ask_number(store, "SELECT count(*) FROM sqlite_schema", &tables);
	if (err)
		return err;
	store->version = may_make ? XFDT_STORE_VERSION : version;
	if (may_make && !application && !version && !tables)
		return make_tables(store, 0);
	if (application != APPLICATION_ID)
		return xfdt_error_new(XFDT_MISSING, 0, "'%s' is not an xfdtriage store",
				      store->path);
	if (version > XFDT_STORE_VERSION)
		return xfdt_error_new(XFDT_UNSUPPORTED, 0,
				      "store '%s' has version %lld, and this xfdtriage knows "
				      "%d; use a newer xfdtriage",
				      store->path, (long long)version, XFDT_STORE_VERSION);
	if (version < 1)
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "store '%s' has version %lld, which never was", store->path,
				      (long long)version);
	return version < XFDT_STORE_VERSION && may_make ? make_tables(store, version) : NULL;
}

/* A store is untrusted input: SQLite must not run anything that is defined in it. */
static void be_wary(struct xfdt_store *store)
{
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	sqlite3_busy_timeout(store->db, BUSY_MS);
}

static struct xfdt_error *prepare(struct xfdt_store *store, const char *sql,
				  sqlite3_stmt **ret_statement)
{
	return sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement,
				  NULL) == SQLITE_OK ?
		       NULL :
		       xfdt_store_error(store);
}

/* Is @fd on a file system that no other machine shares? */
static bool is_local(int fd)
{
	static const unsigned int local[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
		F2FS_SUPER_MAGIC, TMPFS_MAGIC,	   OVERLAYFS_SUPER_MAGIC,
	};
	struct statfs status;
	size_t i;

	if (fstatfs(fd, &status))
		return false;
	for (i = 0; i < COUNT(local); i++)
		if ((unsigned int)status.f_type == local[i])
			return true;
	return false;
}

static struct xfdt_error *open_database(struct xfdt_store *store, enum xfdt_store_mode mode)
{
	struct xfdt_error *err;

	/* also to read: a journal that a killed batch left has to be played back */
	if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return store->db ? xfdt_store_error(store) :
				   xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	sqlite3_extended_result_codes(store->db, 1);
	be_wary(store);
	if (mode == XFDT_STORE_READ)
		err = run_sql(store, "PRAGMA query_only = 1; PRAGMA cell_size_check = 1");
	else if (mode == XFDT_STORE_WRITE && is_local(store->lock_fd))
		err = run_sql(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
	else
		/* a journal that is made and removed each time would cost 20 times as much */
		err = run_sql(store, "PRAGMA journal_mode = PERSIST; PRAGMA synchronous = FULL");
	if (!err)
		err = check_version(store, mode != XFDT_STORE_READ);
	if (!err)
		err = prepare(store, store->version < 3 ? GET_SQL(BEFORE_3) : GET_SQL(COLUMN_NAMES),
			      &store->get);
	if (!err)
		err = prepare(store, store->version < 3 ? ALL_SQL(BEFORE_3) : ALL_SQL(COLUMN_NAMES),
			      &store->all);
	if (!err && mode != XFDT_STORE_READ)
		err = prepare(store, put_sql, &store->put);
	if (!err && mode != XFDT_STORE_READ)
		err = prepare(store, forget_sql, &store->forget);
	return err;
}

struct xfdt_error *xfdt_store_open(struct xfdt_store **ret_store, const char *path,
				   enum xfdt_store_mode mode)
{
	struct xfdt_store *store = calloc(1, sizeof(*store));
	struct xfdt_error *err = NULL;

	if (!store)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	store->lock_fd = -1;
	/* SQLite has names that mean something else: ":memory:", "" and, by build, "file:" */
	if (asprintf(&store->path, "%s%s", *path == '/' ? "" : "./", path) < 0) {
		free(store);
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	}
	if (mode != XFDT_STORE_READ)
		err = lock_store(store);
	if (!err)
		err = open_database(store, mode);
	if (err) {
		xfdt_store_close(store);
		return err;
	}
	*ret_store = store;
	return NULL;
}

void xfdt_store_close(struct xfdt_store *store)
{
	if (!store)
		return;
	sqlite3_finalize(store->put);
	sqlite3_finalize(store->forget);
	sqlite3_finalize(store->get);
	sqlite3_finalize(store->all);
	/* one file again */
	if (store->put)
		sqlite3_exec(store->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	sqlite3_close(store->db);
	/* last: until then it may hold locks that closing any descriptor of the file drops */
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	free(store->path);
	free(store);
}

/* results */

static void bind_result(sqlite3_stmt *put, const struct xfdt_result *result)
{
	const struct {
		enum column column;
		const char *text;
	} texts[] = {
		{ COLUMN_IDENTITY, result->identity },
		{ COLUMN_ENDED, xfdt_ended_name(result->ended) },
		{ COLUMN_VERDICT, result->verdict },
		{ COLUMN_JSON, result->json },
		{ COLUMN_FINISHED, result->finished },
		{ COLUMN_CONFINED, result->confined },
		{ COLUMN_VERSION, result->version },
		{ COLUMN_SOURCE, xfdt_answer_source_name(result->source) },
		{ COLUMN_PANIC, result->panic ? result->panic : "" },
	};
	const struct {
		enum column column;
		int64_t number;
	} numbers[] = {
		{ COLUMN_SIZE, result->size },
		{ COLUMN_MTIME, result->mtime_ns },
		{ COLUMN_EXIT, result->exit_code },
		{ COLUMN_WALL, result->wall_ms },
		{ COLUMN_TRIES, 1 },
	};
	size_t i;

	/* parameters count from 1; one that cannot be bound is NULL, which the table refuses */
	sqlite3_bind_blob64(put, COLUMN_PATH + 1, result->path, result->path_len, SQLITE_STATIC);
	for (i = 0; i < COUNT(texts); i++)
		sqlite3_bind_text(put, (int)texts[i].column + 1, texts[i].text, -1, SQLITE_STATIC);
	for (i = 0; i < COUNT(numbers); i++)
		sqlite3_bind_int64(put, (int)numbers[i].column + 1, numbers[i].number);
}

struct xfdt_error *xfdt_store_put(struct xfdt_store *store, const struct xfdt_result *result)
{
	struct xfdt_error *err = NULL;

	bind_result(store->put, result);
	if (sqlite3_step(store->put) != SQLITE_DONE)
		err = xfdt_store_error(store);
	sqlite3_reset(store->put);
	sqlite3_clear_bindings(store->put);
	return err;
}

struct xfdt_error *xfdt_store_forget(struct xfdt_store *store, const void *path, size_t path_len)
{
	struct xfdt_error *err = NULL;

	sqlite3_bind_blob64(store->forget, 1, path, path_len, SQLITE_STATIC);
	if (sqlite3_step(store->forget) != SQLITE_DONE)
		err = xfdt_store_error(store);
	sqlite3_reset(store->forget);
	return err;
}

/* The index of @name in @names; false: it is not there. */
static bool parse_name(const char *name, const char *const *names, size_t count,
		       unsigned int *ret_index)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(name, names[i]))
			continue;
		*ret_index = (unsigned int)i;
		return true;
	}
	return false;
}

static const char *text_of(sqlite3_stmt *row, enum column column, bool *sane)
{
	const char *text = (const char *)sqlite3_column_text(row, (int)column);

	*sane &= text != NULL;
	return text ? text : "";
}

/* False if xfdt_store_put() cannot have written the row. */
static bool read_row(sqlite3_stmt *row, struct xfdt_result *ret_result)
{
	const void *path = sqlite3_column_blob(row, COLUMN_PATH);
	bool sane = path != NULL;
	unsigned int ended = 0, source = 0;

	sane &= parse_name(text_of(row, COLUMN_ENDED, &sane), ended_names, XFDT_ENDED_KINDS,
			   &ended);
	sane &= parse_name(text_of(row, COLUMN_SOURCE, &sane), source_names, XFDT_SOURCES, &source);
	*ret_result = (struct xfdt_result){
		.path = path,
		.path_len = (size_t)sqlite3_column_bytes(row, COLUMN_PATH),
		.identity = text_of(row, COLUMN_IDENTITY, &sane),
		.size = sqlite3_column_int64(row, COLUMN_SIZE),
		.mtime_ns = sqlite3_column_int64(row, COLUMN_MTIME),
		.verdict = text_of(row, COLUMN_VERDICT, &sane),
		.exit_code = sqlite3_column_int(row, COLUMN_EXIT),
		.json = text_of(row, COLUMN_JSON, &sane),
		.finished = text_of(row, COLUMN_FINISHED, &sane),
		.wall_ms = sqlite3_column_int64(row, COLUMN_WALL),
		.tries = sqlite3_column_int64(row, COLUMN_TRIES),
		.confined = text_of(row, COLUMN_CONFINED, &sane),
		.version = text_of(row, COLUMN_VERSION, &sane),
		.ended = (enum xfdt_ended)ended,
		.source = (enum xfdt_answer_source)source,
		.panic = text_of(row, COLUMN_PANIC, &sane),
	};
	return sane;
}

/*
 * All rows of @statement but damaged ones, which are counted; it is reset, so
 * that no lock stays behind.
 */
static struct xfdt_error *visit_rows(struct xfdt_store *store, sqlite3_stmt *statement,
				     xfdt_store_visit *visit, void *context, uint64_t *ret_damaged)
{
	struct xfdt_error *err = NULL;
	struct xfdt_result result;
	int status = SQLITE_DONE;
	uint64_t damaged = 0;

	while (!err && (status = sqlite3_step(statement)) == SQLITE_ROW) {
		if (read_row(statement, &result))
			err = visit(context, &result);
		else
			damaged++;
	}
	if (!err && status != SQLITE_DONE)
		err = xfdt_store_error(store);
	sqlite3_reset(statement);
	if (!err)
		*ret_damaged = damaged;
	return err;
}

struct xfdt_error *xfdt_store_get(struct xfdt_store *store, const void *path, size_t path_len,
				  xfdt_store_visit *visit, void *context)
{
	uint64_t damaged;

	if (sqlite3_bind_blob64(store->get, 1, path, path_len, SQLITE_STATIC) != SQLITE_OK)
		return xfdt_store_error(store);
	return visit_rows(store, store->get, visit, context, &damaged);
}

struct xfdt_error *xfdt_store_each(struct xfdt_store *store, xfdt_store_visit *visit, void *context,
				   uint64_t *ret_damaged)
{
	return visit_rows(store, store->all, visit, context, ret_damaged);
}

/* JSON */

/* If json-c runs out of memory, the value is left out and *@failed is set. */
static void add(struct json_object *object, const char *key, struct json_object *value,
		bool *failed)
{
	if (!object || !value || json_object_object_add(object, key, value)) {
		*failed = true;
		json_object_put(value);
	}
}

static struct json_object *text_object(const char *text)
{
	char escaped[256];

	xfdt_escape(text, escaped, sizeof(escaped));
	return json_object_new_string(escaped);
}

static struct json_object *batch_object(const struct xfdt_result *result, bool *failed)
{
	struct json_object *object = json_object_new_object();

	add(object, "ended", text_object(xfdt_ended_name(result->ended)), failed);
	add(object, "confined", text_object(result->confined), failed);
	add(object, "identity", text_object(result->identity), failed);
	add(object, "size", json_object_new_int64(result->size), failed);
	add(object, "mtime_ns", json_object_new_int64(result->mtime_ns), failed);
	add(object, "finished", text_object(result->finished), failed);
	add(object, "wall_ms", json_object_new_int64(result->wall_ms), failed);
	add(object, "tries", json_object_new_int64(result->tries), failed);
	add(object, "version", text_object(result->version), failed);
	add(object, "source", text_object(xfdt_answer_source_name(result->source)), failed);
	return object;
}

/* For stored text that is not a result; NULL if memory runs out. */
static struct json_object *error_object(const struct xfdt_result *result)
{
	char *path = strndup(result->path, result->path_len), *text = NULL;
	struct json_object *object = NULL;
	struct xfdt_error *err = NULL;
	FILE *memory = NULL;
	size_t len;

	if (path)
		memory = open_memstream(&text, &len);
	if (memory)
		err = xfdt_render_json_error(path, XFDT_RESULT_NO_JSON, memory);
	if (memory && !fclose(memory) && !err)
		object = json_tokener_parse(text);
	xfdt_error_free(err);
	free(text);
	free(path);
	return object;
}

struct xfdt_error *xfdt_result_json(const struct xfdt_result *result, FILE *out)
{
	struct json_object *object = result->json ? json_tokener_parse(result->json) : NULL;
	const char *text = NULL;
	bool failed = false;

	if (!json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		object = error_object(result);
	}
	add(object, "batch", batch_object(result, &failed), &failed);
	if (!failed)
		text = json_object_to_json_string_ext(object,
						      JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(object);
	return text ? NULL : xfdt_no_memory("JSON");
}
