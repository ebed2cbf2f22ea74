/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A name to look up in a table of symbols. */
#ifndef XFDT_SYMBOLS_NAME_QUERY_H
#define XFDT_SYMBOLS_NAME_QUERY_H

#include "base/name_set.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One name to look for.  @anchor, where not 0, is its kvaddr as known from
 * elsewhere (VMCOREINFO): anchors decide how addresses are encoded.
 */
struct xfdt_name_query {
	const char *name;
	uint64_t anchor;
	bool optional; /* it is left unfound if its address cannot be read, and the others are not */

	unsigned int found; /* how many symbols have this name */
	uint64_t kvaddr;    /* of the first one */
	uint64_t size;	    /* up to the next symbol, 0 if there is none */
	uint16_t section;   /* in the symbol table of a file: st_shndx */
};

/*
 * The length of @name without ".llvm.NUMBER", which clang's ThinLTO adds to a local symbol that
 * it uses in another file, too (Linux v6.5: cleanup_symbol_name() in kernel/kallsyms.c).
 */
size_t xfdt_symbol_name_len(const char *name);
/* The index of @name, without that suffix, in @names; -1: it is not there. */
int xfdt_symbol_name_find(const struct xfdt_name_set *names, const char *name);

#endif
