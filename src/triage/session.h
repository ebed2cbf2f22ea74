/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stages, one after the other, for one dump. */
#ifndef XFDT_TRIAGE_SESSION_H
#define XFDT_TRIAGE_SESSION_H

#include "dump/dump.h"
#include "render/render.h"
#include "render/stats.h"
#include "resolve/resolve.h"
#include "verdict/verdict.h"

struct xfdt_session {
	struct xfdt_dump *dump;
	struct xfdt_image image;
	struct xfdt_host host;
	struct xfdt_facts facts;
	struct xfdt_verdict verdict;
	struct xfdt_outcome report;
	struct xfdt_stats stats;
};

struct xfdt_session_options {
	struct xfdt_dump_options dump;
	struct xfdt_debug_options debug;
	/* symbols and types to take instead of the dump's own; NULL: none; borrowed */
	const char *record;
	size_t record_len;
	/* and the census to take instead of making one; NULL: none; borrowed */
	const char *census;
	size_t census_len;
	bool stats;	      /* the report says what it took */
	const char *confined; /* how this process is, for the report; NULL: not at all; borrowed */
};

/* Triage the dump that the @count files at @paths make up.  After an error @session is empty. */
struct xfdt_error *xfdt_session_init(struct xfdt_session *session, const char *const *paths,
				     size_t count, const struct xfdt_session_options *options);
void xfdt_session_deinit(struct xfdt_session *session);

/*
 * Triage the kernel log in the @count files at @paths, which the report calls @names.
 * @names and @confined are borrowed, for the report.  After an error @session is empty.
 */
struct xfdt_error *xfdt_log_session_init(struct xfdt_session *session, const char *const *paths,
					 const char *const *names, size_t count,
					 const char *confined);
/* Does the file at @path look like a kernel log, or like a part of one in pstore? */
bool xfdt_is_log_file(const char *path);
bool xfdt_is_pstore_file(const char *path);

/*
 * The stages after the dump, for ways in that have a source of their own:
 * triage @source.  @session->dump is left alone; @path and @format are
 * borrowed, for the report; @debug may be NULL; @session->stats have begun.  After an error nothing is left to free.
 */
struct xfdt_error *xfdt_stages_init(struct xfdt_session *session, const struct xfdt_source *source,
				    const char *path, const char *format,
				    const struct xfdt_debug_options *debug);
void xfdt_stages_deinit(struct xfdt_session *session);

#endif
