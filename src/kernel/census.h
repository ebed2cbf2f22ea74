/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every guest FPU state of a host, found by what it is: fpu_alloc_guest_fpstate()
 * and fpstate_realloc() take it from vzalloc(), so its first page is that of a
 * run of 4 KiB mappings in vmalloc's range.  No list of KVM's is asked, and no
 * symbol or type of KVM's is needed.
 */
#ifndef XFDT_KERNEL_CENSUS_H
#define XFDT_KERNEL_CENSUS_H

#include "image/image.h"
#include "xstate/xstate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The struct fpstate of one vCPU. */
struct xfdt_guest_state {
	uint64_t fpstate;	  /* kvaddr, of a page */
	uint64_t paddr;		  /* of that page; 0: unknown */
	bool doubled;		  /* another state has the same page: one of the two is damage */
	uint32_t pages;		  /* that its vmalloc area has */
	uint32_t size, user_size; /* of the XSAVE area, in bytes */
	uint64_t xfeatures, user_xfeatures, xfd;
	bool in_use, is_confidential;
	struct xfdt_xsave_header header;
};

#define XFDT_OUTDATED "distilled by an older version: distill the original again"

struct xfdt_census {
	struct xfdt_guest_state *states; /* by rising kvaddr */
	size_t count;
	bool known;	    /* it could be taken, */
	bool complete;	    /* and no state can be missing in it */
	bool damaged;	    /* the page tables are, that it was taken from */
	bool outdated;	    /* an older version distilled the dump: what it did not read is zero */
	char why[160];	    /* why it is not known, or not complete; else empty */
	const char *layout; /* where the layout of struct fpstate is from; static; NULL: not known */
	/* how it was taken; 0 where the dump carries the result */
	size_t tables_read, runs_seen, pages_looked_at;
};

/*
 * Take the census of @image.  Memory that cannot be read makes it incomplete; the only
 * error is out of memory.
 */
struct xfdt_error *xfdt_census_init(struct xfdt_census *census, const struct xfdt_image *image);
void xfdt_census_deinit(struct xfdt_census *census);

/* Give @layout that of struct fpstate, if no types have it and @census has confirmed it. */
void xfdt_census_complete(const struct xfdt_census *census, struct xfdt_layout *layout);

/* The state at @fpstate, or NULL. */
const struct xfdt_guest_state *xfdt_census_find(const struct xfdt_census *census, uint64_t fpstate);

#endif
