/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of records, one file per key.  Safe with many processes. */
#ifndef XFDT_RESOLVE_CACHE_H
#define XFDT_RESOLVE_CACHE_H

#include "resolve/record.h"

#include <stdbool.h>

/*
 * Look @key up in folder @dir.  A file that is missing, damaged, of another
 * version or written for another needs.def is no error, just not there;
 * *@ret_record is untouched then.
 */
bool xfdt_cache_load(const char *dir, const char *key, uint64_t stext,
		     struct xfdt_record *ret_record);

/* Make folder @dir, for its owner alone, and the one it is in; best effort. */
void xfdt_cache_make(const char *dir);

/*
 * Keep @record under @key, replacing what is there at once and whole.  Best
 * effort: a cache that cannot be written is no reason to fail.
 */
void xfdt_cache_store(const char *dir, const char *key, uint64_t stext,
		      const struct xfdt_record *record);

#endif
