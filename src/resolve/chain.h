/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the chain is built: each source is one place that symbols and
 * types of the kernel come from.  resolve.c says in which order they are tried.
 * A source that can be used fills @chain->image and sets @has_symbols or
 * @has_types; one that cannot leaves both as they were.
 */
#ifndef XFDT_RESOLVE_CHAIN_H
#define XFDT_RESOLVE_CHAIN_H

#include "image/image.h"
#include "symbols/kallsyms.h"
#include "symbols/modules.h"
#include "resolve/resolve.h"
#include "types/btf.h"

struct xfdt_chain {
	struct xfdt_image *image;
	const struct xfdt_debug_options *debug;
	uint64_t stext;
	struct xfdt_btf *vmlinux_types; /* its BTF, which may still be needed as a base */
	bool has_symbols, has_types;	/* of vmlinux, from a source that was used */
	unsigned int given; /* files with debuginfo that were used: enum xfdt_debug_file */
};

/* Queries for all that needs.def lists, anchored at what is known by now. */
void xfdt_chain_ask(const struct xfdt_chain *chain,
		    struct xfdt_name_query queries[XFDT_SYMBOL_COUNT]);
/* Take the answers into the image; of a name that two have, none. */
void xfdt_chain_take_symbols(struct xfdt_chain *chain,
			     const struct xfdt_name_query queries[XFDT_SYMBOL_COUNT]);
/*
 * Take what @layout knows and the image does not.  XFDT_CORRUPT, and nothing
 * taken, if it contradicts what VMCOREINFO says; @path is for the message.
 */
struct xfdt_error *xfdt_chain_take_layout(struct xfdt_chain *chain,
					  const struct xfdt_layout *layout, const char *path);
/* Words for the report, kept in the image: @which is 0 for symbols, 1 for types. */
const char *xfdt_chain_keep_origin(struct xfdt_chain *chain, unsigned int which, const char *text);
/* May types be BTF, or files' DWARF, as the user asked? */
bool xfdt_chain_takes_btf(const struct xfdt_chain *chain);
bool xfdt_chain_takes_dwarf(const struct xfdt_chain *chain);

/* from_record.c: what a distilled dump carries; there are no bytes to check it against.  True if there was such a record. */
bool xfdt_from_embedded(struct xfdt_chain *chain, const struct xfdt_source *source);
/* from_dump.c: what the dump itself carries. */

struct xfdt_error *xfdt_from_kallsyms(struct xfdt_chain *chain);
struct xfdt_error *xfdt_from_btf(struct xfdt_chain *chain);
struct xfdt_error *xfdt_from_kvm_btf(struct xfdt_chain *chain, const struct xfdt_module *kvm);

/* content_search.c: variables that kallsyms does not name, in the kernel's image; those that are not found stay unknown. */
void xfdt_search_btf(struct xfdt_chain *chain);
void xfdt_search_variables(struct xfdt_chain *chain);

/* from_file.c: files with debuginfo. */

/* The file that the user named, for symbols or, if @types, for types; what is wrong with it is a gap. */
void xfdt_from_named_file(struct xfdt_chain *chain, bool types);
/*
 * The last source: a file from anywhere.  @why (NULL: none) says why the sources before
 * it failed; it is taken over, and returned if there is no such file.  Other problems with a
 * file become gaps.
 */
struct xfdt_error *xfdt_from_found_file(struct xfdt_chain *chain, bool types,
					struct xfdt_error *why);
/* The symbols of @kvm that are unknown, from the symbol table of its file. */
struct xfdt_error *xfdt_from_kvm_symtab(struct xfdt_chain *chain, const struct xfdt_module *kvm);
struct xfdt_error *xfdt_from_kvm_dwarf(struct xfdt_chain *chain, const struct xfdt_module *kvm);

#endif
