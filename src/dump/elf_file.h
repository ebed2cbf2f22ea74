/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ELF core file of a whole machine, as /proc/vmcore is: its notes and its memory. */
#ifndef XFDT_DUMP_ELF_FILE_H
#define XFDT_DUMP_ELF_FILE_H

#include "dump/dumpfile.h"
#include "dump/notes.h"

#include <stdbool.h>

struct xfdt_elf_dump;

/*
 * Open the dump in @file, which is borrowed, and add its notes to @notes.
 * XFDT_NOT_A_DUMP: another kind of ELF file; XFDT_TRUNCATED, XFDT_CORRUPT,
 * XFDT_LIMIT.
 */
struct xfdt_error *xfdt_elf_dump_open(struct xfdt_elf_dump **ret_elf, struct xfdt_dumpfile *file,
				      struct xfdt_notes *notes);
void xfdt_elf_dump_close(struct xfdt_elf_dump *elf);

/* The machine, as uname(2) names it; NULL: one that we do not know.  Static. */
const char *xfdt_elf_dump_machine(const struct xfdt_elf_dump *elf);

/* @len bytes at physical address @paddr.  XFDT_EXCLUDED, XFDT_NOT_RAM, XFDT_TRUNCATED, XFDT_SYSTEM. */
struct xfdt_error *xfdt_elf_dump_read(struct xfdt_elf_dump *elf, uint64_t paddr, void *buf,
				      size_t len);

/* The first whole page frame from @pfn on that the file has; false behind the last. */
bool xfdt_elf_dump_next_frame(const struct xfdt_elf_dump *elf, uint64_t pfn, uint64_t *ret_pfn);

#endif
