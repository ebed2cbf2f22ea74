/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of src/store share. */
#ifndef XFDT_STORE_PARTS_H
#define XFDT_STORE_PARTS_H

#include "store/store.h"

#include <sqlite3.h>

struct xfdt_store {
	sqlite3 *db;
	sqlite3_stmt *put, *forget, *get, *all;
	int lock_fd;	 /* -1: for reading */
	int64_t version; /* PRAGMA user_version */
	char *path;	 /* as SQLite takes it */
};

/* What SQLite says of the last call. */
struct xfdt_error *xfdt_store_error(const struct xfdt_store *store);

/* SQL that makes what version 2 added: the table of runs, and the views that docs/report.md describes. */
extern const char *const xfdt_store_version_2;
/* And version 3: where results come from, and of which panic they are. */
extern const char *const xfdt_store_version_3;

#endif
