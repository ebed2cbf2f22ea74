/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's page tables of x86-64 (Intel SDM volume 3, section 4.5): where
 * they are, and what they map in 4 KiB pages.
 */
#ifndef XFDT_IMAGE_PAGE_TABLES_H
#define XFDT_IMAGE_PAGE_TABLES_H

#include "base/error.h"
#include "image/reader.h"
#include "image/vmcoreinfo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XFDT_KERNEL_MAP 0xffffffff80000000ull /* __START_KERNEL_map */

/* The top-level table, init_top_pgt, as VMCOREINFO gives it. */
struct xfdt_page_root {
	uint64_t paddr;
	unsigned int levels; /* 4 or 5 */
	uint64_t sme_mask;   /* bits of an entry that are not part of the address */
};

/* False if @vmcoreinfo does not give it. */
bool xfdt_page_root_find(const struct xfdt_vmcoreinfo *vmcoreinfo, struct xfdt_page_root *ret_root);

/*
 * The paddr that the tables map @kvaddr to, by one entry of each level; false: to none, or one cannot be read, and
 * *@ret_paddr is as it was.  @reader has read_physical.
 */
bool xfdt_page_root_translate(const struct xfdt_page_root *root, struct xfdt_reader *reader,
			      uint64_t kvaddr, uint64_t *ret_paddr);

/*
 * How many tables are read at most, which bounds the time: these map 64 GiB in
 * 4 KiB pages, and a host of 40,000 vCPUs has 1400 of them.
 */
#define XFDT_PAGE_TABLES_MAX 32768u

/* A reading of the page tables, and an account of it. */
struct xfdt_page_tables {
	struct xfdt_reader *reader; /* borrowed; has read_physical */
	struct xfdt_page_root root;
	size_t read;		/* tables that were read */
	size_t unreadable;	/* and those that could not be */
	bool limited;		/* XFDT_PAGE_TABLES_MAX kept others from being read */
	bool damaged;		/* an entry is not one that Linux stores in vmalloc()'s range */
	struct xfdt_error *why; /* why the first of @unreadable could not be read; owned */
	/* the direct mapping: kvaddr - paddr, and the paddr of its end, a whole GiB; 0: not known yet */
	uint64_t direct_base, direct_end;
};

void xfdt_page_tables_init(struct xfdt_page_tables *tables, struct xfdt_reader *reader,
			   const struct xfdt_page_root *root);
void xfdt_page_tables_deinit(struct xfdt_page_tables *tables);

/*
 * Where vmalloc()'s addresses are: [*@ret_from, *@ret_to), whole GiB.  It is the
 * first region behind the direct mapping, recognised by its addresses:
 * kvaddr - paddr is the same throughout (Linux: Documentation/arch/x86/x86_64/mm.rst).
 * XFDT_MISSING if the tables do not look like that.
 */
struct xfdt_error *xfdt_page_tables_vmalloc(struct xfdt_page_tables *tables, uint64_t *ret_from,
					    uint64_t *ret_to);

/* Consecutive kvaddrs that are mapped in pages of 4 KiB, with nothing or other pages around them. */
struct xfdt_page_run {
	uint64_t kvaddr, paddr; /* of its first page */
	uint64_t pages;
	bool cut; /* a table next to it could not be read, or an entry is damaged: there may be more of it */
	bool behind_memory; /* its first page is cached as memory is, but no memory is there */
};

/* Called for each run by rising kvaddr; an error ends the walk and is returned. */
typedef struct xfdt_error *xfdt_page_run_visit(void *context, const struct xfdt_page_run *run);

/*
 * Visit the runs in [@from, @to), of the kernel half.  A table is visited once,
 * however often it is mapped.  One that cannot be read is counted and left out;
 * one that is mapped twice, or has an entry that Linux does not store, is damaged.
 * Errors are those of @visit, and XFDT_NO_MEMORY.
 */
struct xfdt_error *xfdt_page_tables_walk(struct xfdt_page_tables *tables, uint64_t from,
					 uint64_t to, xfdt_page_run_visit *visit, void *context);

#endif
