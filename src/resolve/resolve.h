/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fills an image: which source answers which symbol and which type. */
#ifndef XFDT_RESOLVE_RESOLVE_H
#define XFDT_RESOLVE_RESOLVE_H

#include "image/image.h"

/* Where layouts of structures are to come from. */
enum xfdt_type_choice { XFDT_TYPES_AUTO, XFDT_TYPES_DWARF, XFDT_TYPES_BTF };

/* Which kallsyms tables may be used: those that VMCOREINFO names, or those that a search finds. */
enum xfdt_symbol_choice { XFDT_SYMBOLS_AUTO, XFDT_SYMBOLS_VMCOREINFO, XFDT_SYMBOLS_SEARCH };

/* Sources besides the dump itself.  All zero: none.  All borrowed. */
struct xfdt_debug_options {
	enum xfdt_type_choice types;
	enum xfdt_symbol_choice symbols; /* auto: files with debuginfo, too */
	/* files with debuginfo, and folders of them, that the user named */
	const char *const *paths;
	size_t path_count;
	const char *named; /* how, for the report */
	bool prefer_named; /* they come before what the dump carries */
	bool search;	   /* look in the standard places */
	/*
	 * Get the file with debuginfo of @build_id from elsewhere: *@ret_fd is the
	 * caller's to close, @ret_path where it lies.  NULL: no server is configured.
	 */
	struct xfdt_error *(*fetch)(void *context, const char *build_id, char *ret_path,
				    size_t path_size, int *ret_fd);
	void *context;
};

/*
 * Resolve all entries of needs.def.  An entry that cannot be resolved is a gap in the
 * report, not an error.  Nothing is resolved for other architectures.
 * @debug may be NULL: only the dump is asked.
 */
void xfdt_image_init(struct xfdt_image *image, const struct xfdt_source *source,
		     const struct xfdt_debug_options *debug);

/*
 * All that was resolved, as the text that struct xfdt_source takes as @record.
 * XFDT_MISSING if a reader could not work from it alone.  The caller frees
 * *@ret_text.
 */
struct xfdt_error *xfdt_image_record(const struct xfdt_image *image, char **ret_text,
				     size_t *ret_len);

#endif
