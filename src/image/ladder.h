/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ladder, for those who build it: each rung is one place that symbols and
 * types of the kernel come from.  resolve.c says in which order they are tried.
 * A rung that could be taken fills @ladder->image and says so in @has_symbols or
 * @has_types; one that could not leaves both as they were.
 */
#ifndef XFDT_IMAGE_LADDER_H
#define XFDT_IMAGE_LADDER_H

#include "image/image.h"
#include "image/kallsyms.h"
#include "image/modules.h"
#include "image/record.h"
#include "image/types.h"

struct xfdt_ladder {
	struct xfdt_image *image;
	const struct xfdt_debug_options *debug;
	const char *cache_dir;
	uint64_t stext;
	struct xfdt_types *vmlinux_types;	/* its BTF, which may still be needed as a base */
	bool has_symbols, has_types;		/* of vmlinux, from a rung that was taken */
	/*
	 * What the dump carries, loaded or being made: vmlinux, and where kvm.ko's
	 * symbols are.
	 */
	struct xfdt_record record;
	bool whole;		/* it has all that such a dump gives */
	bool changed;		/* since it was loaded */
};

/* Queries for all that needs.def lists, anchored at what is known by now. */
void xfdt_ladder_ask(const struct xfdt_ladder *ladder,
		     struct xfdt_name_query queries[XFDT_SYMBOL_COUNT]);
/* Take the answers into the image; of a name that two have, none. */
void xfdt_ladder_take_symbols(struct xfdt_ladder *ladder,
			      const struct xfdt_name_query queries[XFDT_SYMBOL_COUNT]);
/*
 * Take what @layout knows and the image does not.  XFDT_CORRUPT, and nothing
 * taken, if it contradicts what VMCOREINFO says; @path is for the message.
 */
struct xfdt_error *xfdt_ladder_take_layout(struct xfdt_ladder *ladder,
					   const struct xfdt_layout *layout, const char *path);
/* Words for the report, kept in the image: @which is 0 for symbols, 1 for types. */
const char *xfdt_ladder_keep_origin(struct xfdt_ladder *ladder, unsigned int which, const char *text);
/* May types be BTF, or files' DWARF, as the user asked? */
bool xfdt_ladder_takes_btf(const struct xfdt_ladder *ladder);
bool xfdt_ladder_takes_dwarf(const struct xfdt_ladder *ladder);

/* rung_record.c: what was resolved before. */

/* What travels in a distilled dump; it has no bytes to check it against.  True if there was such a record. */
bool xfdt_rung_carried(struct xfdt_ladder *ladder, const struct xfdt_source *source);
/* What is still to be had from the cache's record of what such a dump carries. */
void xfdt_rung_cached(struct xfdt_ladder *ladder);
/* Keep what was found by the dump alone; best effort. */
void xfdt_rung_cache(struct xfdt_ladder *ladder);

/* rung_dump.c: what the dump itself carries. */

struct xfdt_error *xfdt_rung_kallsyms(struct xfdt_ladder *ladder);
struct xfdt_error *xfdt_rung_btf(struct xfdt_ladder *ladder);
struct xfdt_error *xfdt_rung_kvm_btf(struct xfdt_ladder *ladder, const struct xfdt_module *kvm);

/* rung_file.c: files with debuginfo. */

/* The file that the user named, for symbols or, if @types, for types; what is wrong with it is a gap. */
void xfdt_rung_named(struct xfdt_ladder *ladder, bool types);
/*
 * The last rung, after @why (NULL: none), which is taken over: a file from anywhere.
 * Returns @why if there is no such file.  What else there is to say against
 * one is a gap of its own then.
 */
struct xfdt_error *xfdt_rung_found(struct xfdt_ladder *ladder, bool types, struct xfdt_error *why);
struct xfdt_error *xfdt_rung_kvm_dwarf(struct xfdt_ladder *ladder, const struct xfdt_module *kvm);

#endif
