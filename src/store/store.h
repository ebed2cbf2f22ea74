/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a batch found, in one SQLite file: a row for each dump, written in a
 * transaction of its own.  It knows strings and numbers, nothing of dumps.
 *
 * On a local file system that is done with a write-ahead log: nothing waits for
 * the disk, a process may be killed at any point, and a power cut costs the
 * last results, not the store.  It needs memory shared by all who have the file
 * open, so elsewhere a rollback journal is used, which waits for the disk with
 * every result.  A store that was closed is one file, of either kind.
 */
#ifndef XFDT_STORE_STORE_H
#define XFDT_STORE_STORE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * In PRAGMA user_version; a store with a greater one is refused.  Opening a store
 * to write to it brings it up from 1, which has no records of runs and no views, and from
 * 2, in which every result is of a triage, of a panic that is not known.
 */
#define XFDT_STORE_VERSION 3

enum xfdt_store_mode {
	XFDT_STORE_READ,	   /* the file has to exist; a batch may be writing to it */
	XFDT_STORE_WRITE,	   /* created if missing, with its folders; one writer at a time */
	XFDT_STORE_WRITE_ROLLBACK, /* the same as if it were on a network file system */
};

/* How the triage of a dump ended. */
enum xfdt_ended {
	XFDT_ENDED_OK,	  /* with a verdict */
	XFDT_ENDED_ERROR, /* it says why there is none */
	XFDT_ENDED_TIMEOUT,
	XFDT_ENDED_KILLED, /* by a signal: a damaged dump, or a bug */
	XFDT_ENDED_NO_MEMORY,
	XFDT_ENDED_KINDS,
};

/* Where an answer comes from. */
enum xfdt_answer_source {
	XFDT_SOURCE_TRIAGE, /* the batch looked at the dump, or at a log */
	XFDT_SOURCE_HOOK,   /* the hook for kdump did, when the host had crashed */
	XFDT_SOURCES,
};

struct xfdt_result {
	const void *
		path; /* absolute, of the first part of a split set; bytes, not text, and not NUL-terminated */
	size_t path_len;
	const char *identity; /* of the content: copies share it, other dumps do not */
	int64_t size;	      /* bytes, of all parts */
	int64_t mtime_ns;     /* since 1970; of a split set, the sum of its parts, modulo 2^63 */
	enum xfdt_ended ended;
	const char *verdict;  /* "error" unless @ended is XFDT_ENDED_OK */
	int exit_code;	      /* as xfdtriage's for this dump */
	const char *json;     /* the object of docs/json.md, one line, without a newline */
	const char *finished; /* UTC, 2026-11-22T13:30:00Z */
	int64_t wall_ms;      /* duration */
	int64_t tries; /* how often this content was looked at; counted by xfdt_store_put() */
	const char *confined; /* how the worker was: "landlock+seccomp", "seccomp", "none: WHY" */
	const char *version;  /* of xfdtriage */
	enum xfdt_answer_source source;
	const char *panic; /* panic.id of docs/json.md; "": unknown */
};

struct xfdt_store;

/*
 * Open the store at @path.  Errors: XFDT_MISSING (no store), XFDT_UNSUPPORTED (a newer version),
 * XFDT_LIMIT (another batch writes to it), XFDT_CORRUPT, XFDT_SYSTEM.
 */
struct xfdt_error *xfdt_store_open(struct xfdt_store **ret_store, const char *path,
				   enum xfdt_store_mode mode);
void xfdt_store_close(struct xfdt_store *store);

/*
 * Store @result, and replace an earlier one of the same path; @result->tries is
 * ignored.
 */
struct xfdt_error *xfdt_store_put(struct xfdt_store *store, const struct xfdt_result *result);

/* Delete the result of @path; not an error if there is none. */
struct xfdt_error *xfdt_store_forget(struct xfdt_store *store, const void *path, size_t path_len);

/*
 * Delete the results of paths below the folder @folder for which @is_gone is true.
 * *@ret_count is how many they were.
 */
struct xfdt_error *xfdt_store_prune(struct xfdt_store *store, const char *folder,
				    bool (*is_gone)(const char *path), uint64_t *ret_count);

/* @result is valid during the call.  An error ends the walk, and is returned. */
typedef struct xfdt_error *xfdt_store_visit(void *context, const struct xfdt_result *result);

/* Visit the result of @path, if there is one that is not damaged. */
struct xfdt_error *xfdt_store_get(struct xfdt_store *store, const void *path, size_t path_len,
				  xfdt_store_visit *visit, void *context);

/*
 * Visit all results by rising path, as of one moment.  A batch that writes to
 * the store at the same time may have to wait, so be quick.  *@ret_damaged is
 * the number of rows that xfdt_store_put() cannot have written; they are not visited.
 */
struct xfdt_error *xfdt_store_each(struct xfdt_store *store, xfdt_store_visit *visit, void *context,
				   uint64_t *ret_damaged);

/* "ok", "error", "timeout", "killed", "out of memory" */
const char *xfdt_ended_name(enum xfdt_ended ended);
/* "triage", "kdump hook" */
const char *xfdt_answer_source_name(enum xfdt_answer_source source);

/*
 * Print @result as one line: its JSON object with the key "batch" added
 * (docs/json.md).  A result without a JSON object becomes an error that says
 * XFDT_RESULT_NO_JSON; errors of @out are left for ferror().
 */
struct xfdt_error *xfdt_result_json(const struct xfdt_result *result, FILE *out);

#define XFDT_RESULT_NO_JSON "its stored result is not a JSON object, or too large"

#endif
