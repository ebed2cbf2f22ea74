/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XSAVE areas as the Intel SDM defines them (volume 1, chapter 13).  Pure
 * functions: bytes in, facts out.
 */
#ifndef XFDT_XSTATE_XSTATE_H
#define XFDT_XSTATE_XSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Places in an XSAVE area (SDM vol. 1, 13.4), in bytes. */
#define XFDT_XSAVE_HEADER_OFFSET 512u
#define XFDT_XSAVE_HEADER_SIZE 64u
#define XFDT_XSAVE_LEGACY_SIZE 512u
#define XFDT_XSAVE_EXTENDED_OFFSET 576u

/* XCOMP_BV[63]: the extended area is compacted (SDM vol. 1, 13.4.2). */
#define XFDT_XCOMP_BV_COMPACTED (1ull << 63)

/* x87 and SSE, which every XSAVE area has */
#define XFDT_XFEATURES_LEGACY 3ull
#define XFDT_XFEATURE_XTILECFG 17
#define XFDT_XFEATURE_XTILEDATA 18

/* Can @xfeatures be what a kernel enabled?  Components with a number in Linux, and room for more: bits 31:0. */
bool xfdt_xfeatures_are_possible(uint64_t xfeatures);

/* The XSAVE header (SDM vol. 1, 13.4.2). */
struct xfdt_xsave_header {
	uint64_t xstate_bv;
	uint64_t xcomp_bv;
	uint64_t reserved[6];
};

/* Read 64 little-endian bytes. */
void xfdt_xsave_header_decode(const uint8_t bytes[XFDT_XSAVE_HEADER_SIZE],
			      struct xfdt_xsave_header *ret_header);

/* Short name of state component @index as the kernel's XFEATURE_ names; "?" if none is assigned. */
const char *xfdt_xfeature_name(unsigned int index);

/* A restore instruction and its inputs. */
struct xfdt_xrstor {
	bool supervisor;  /* XRSTORS, else XRSTOR */
	uint64_t edx_eax; /* the instruction's mask */
	uint64_t xfd;	  /* IA32_XFD */
	/*
	 * XCR0 | IA32_XSS (XRSTOR: XCR0), or 0 where that is not known; rules
	 * that need it are then left out.
	 */
	uint64_t enabled;
};

enum xfdt_restore {
	XFDT_RESTORE_OK,
	XFDT_RESTORE_NM, /* #NM, IA32_XFD_ERR = the components in @components */
	XFDT_RESTORE_GP, /* #GP, for @reason */
};

struct xfdt_restore_result {
	enum xfdt_restore outcome;
	uint64_t components; /* XSTATE_BV & XFD & RFBM */
	uint64_t rfbm;	     /* requested-feature bitmap */
	const char *reason;  /* static words, for #GP */
};

/*
 * What would XRSTOR or XRSTORS do with this header?  (SDM vol. 1, 13.8, 13.12
 * and 13.14; the pages themselves may fault as well, which is not looked at.)
 */
void xfdt_xrstor_simulate(const struct xfdt_xsave_header *header, const struct xfdt_xrstor *xrstor,
			  struct xfdt_restore_result *ret_result);

#define XFDT_COMPONENTS 63 /* bits 62:0 of XSTATE_BV name components */

/*
 * Sizes and places that CPUID leaf 0xD gives on one machine; they are not the
 * same on all.  size 0: not known.
 */
struct xfdt_xsave_layout {
	uint32_t size[XFDT_COMPONENTS];
	uint32_t standard_offset[XFDT_COMPONENTS];
	bool aligned[XFDT_COMPONENTS]; /* on 64 bytes in the compacted format */
};

/* One state component of an area. */
struct xfdt_component {
	unsigned int index;
	const char *name;
	/* bytes from the start of the area, and size; 0 where that is not known */
	uint32_t offset, size;
	bool in_xstate_bv, in_xcomp_bv, in_xfd;
};

/*
 * List the components that XSTATE_BV, XCOMP_BV or @xfd names, lowest first;
 * returns how many were written.  Places in the compacted format follow SDM
 * vol. 1, 13.4.3; they end at the first component whose size is not known.
 */
size_t xfdt_xsave_components(const struct xfdt_xsave_header *header, uint64_t xfd,
			     const struct xfdt_xsave_layout *layout,
			     struct xfdt_component ret_components[XFDT_COMPONENTS]);

#endif
