/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the debuginfo of a kernel by its build-id. */
#ifndef XFDT_RESOLVE_DEBUGINFO_H
#define XFDT_RESOLVE_DEBUGINFO_H

#include "resolve/debugfile.h"
#include "resolve/resolve.h"

/* What is looked for. */
struct xfdt_debug_query {
	bool module;	      /* kvm.ko, else vmlinux */
	bool types;	      /* its DWARF, else its symbols */
	const char *release;  /* uname -r, untrusted; NULL: unknown */
	const char *build_id; /* lower-case hex; NULL: @proves decides */
	/* is @file that of the running kernel?  Used where the dump states no build-id */
	bool (*proves)(void *context, const struct xfdt_debugfile *file);
	void *context;
};

struct xfdt_debug_found {
	struct xfdt_debugfile *file; /* the caller's to close */
	const char *how;	     /* static, or of @options: where it comes from, for people */
};

/*
 * Look among what the user named, then in the standard places, then where
 * @options->fetch looks.  XFDT_MISSING if it is not found, XFDT_CORRUPT if what the user
 * named is debuginfo of another kernel, with both build-ids in the message.
 */
struct xfdt_error *xfdt_debug_find(const struct xfdt_debug_options *options,
				   const struct xfdt_debug_query *query,
				   struct xfdt_debug_found *ret_found);
/* The same among what the user named alone; @ret_found->file is NULL if nothing named can be it. */
struct xfdt_error *xfdt_debug_find_named(const struct xfdt_debug_options *options,
					 const struct xfdt_debug_query *query,
					 struct xfdt_debug_found *ret_found);

/*
 * The layout of all that needs.def lists and the DWARF of @found's file knows.
 * A part that dwz moved to a file that several share is looked for, too.
 */
struct xfdt_error *xfdt_debug_types(const struct xfdt_debug_options *options,
				    const struct xfdt_debug_found *found,
				    struct xfdt_layout *ret_layout);

#endif
