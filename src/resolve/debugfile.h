/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One ELF file with debuginfo: its identity, its symbols, its types. */
#ifndef XFDT_RESOLVE_DEBUGFILE_H
#define XFDT_RESOLVE_DEBUGFILE_H

#include "symbols/name_query.h"
#include "image/layout.h"
#include "image/image.h"

#include <stdbool.h>

struct xfdt_debugfile {
	char *path;
	char build_id[XFDT_BUILD_ID_MAX + 1]; /* lower-case hex; empty: it has none */
	uint64_t build_id_kvaddr;	      /* where the linker put it; 0 in a module */
	bool is_module;			      /* ET_REL: a kernel module */
	bool has_types, has_symbols;	      /* DWARF, a symbol table */
	char debuglink[256]; /* a file name: its debuginfo is in a file of its own; or empty */

	struct xfdt_elf *elf; /* libelf's and libdw's part */
};

/*
 * Open the ELF file for x86-64 behind @fd, or at @path if @fd is -1.  @fd is closed in any
 * case; @path is copied.  Modules may be compressed, as far as libdwfl can
 * uncompress them.  XFDT_SYSTEM if it cannot be opened, XFDT_UNSUPPORTED if it
 * is a folder, XFDT_CORRUPT if it is something else.
 */
struct xfdt_error *xfdt_debugfile_open(struct xfdt_debugfile **ret_file, const char *path, int fd);
void xfdt_debugfile_close(struct xfdt_debugfile *file);

/*
 * Look all @queries up in the symbol table.  Addresses are those that the
 * linker gave, not relocated; in a module, offsets in the section.
 */
struct xfdt_error *xfdt_debugfile_symbols(const struct xfdt_debugfile *file,
					  struct xfdt_name_query *queries, size_t count);

/* The name of section @index, borrowed; NULL if there is none. */
const char *xfdt_debugfile_section(const struct xfdt_debugfile *file, uint16_t index);

/*
 * Fill what is unknown in @layout from the file's DWARF.  @find_alt, with @context, has to
 * find the file with the given build-id if dwz moved a part there.
 */
typedef struct xfdt_debugfile *xfdt_find_alt(void *context, const char *build_id, const char *name);
struct xfdt_error *xfdt_debugfile_types(struct xfdt_debugfile *file, xfdt_find_alt *find_alt,
					void *context, struct xfdt_layout *layout);

#endif
