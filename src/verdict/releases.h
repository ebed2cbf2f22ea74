/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which releases have the fix, upstream and at vendors.  Words for people, never part of a
 * verdict: vendors backport, and the statements age.
 */
#ifndef XFDT_VERDICT_RELEASES_H
#define XFDT_VERDICT_RELEASES_H

#include <stddef.h>

enum xfdt_vendor_state {
	XFDT_VENDOR_FIXED,
	XFDT_VENDOR_NONE_YET,
	XFDT_VENDOR_NEVER,
	XFDT_VENDOR_UNAFFECTED,
	XFDT_VENDOR_ASK,
};

/* A distribution's series; the columns are explained in releases.def.  All static. */
struct xfdt_vendor {
	const char *pattern, *name;
	enum xfdt_vendor_state state;
	const char *fixed_in, *date, *source;
};

extern const struct xfdt_vendor xfdt_vendors[];
extern const size_t xfdt_vendor_count;

/* The first release with the fix of the upstream series that @release, untrusted or NULL, names.  Static. */
const char *xfdt_fixed_in(const char *release);

/* The row for @release, untrusted or NULL.  If there is none, one without a name: ask the vendor. */
const struct xfdt_vendor *xfdt_vendor_of(const char *release);

const char *xfdt_vendor_state_name(enum xfdt_vendor_state state);

#endif
