/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result of a census as text, which a distilled dump carries instead of the
 * page tables.  The reader treats it as untrusted.
 */
#ifndef XFDT_KERNEL_CENSUS_NOTE_H
#define XFDT_KERNEL_CENSUS_NOTE_H

#include "kernel/census.h"

/*
 * Raise this when src/kernel reads memory that it did not read before: a distilled dump holds
 * only what was read when it was made, and the rest of it reads as zero.
 */
#define XFDT_READS_VERSION 1u

/* Write @census.  The caller frees *@ret_text. */
struct xfdt_error *xfdt_census_format(const struct xfdt_census *census, char **ret_text,
				      size_t *ret_len);

/*
 * Read text back: known, complete and why, and of each state no more than
 * fpstate and pages.  XFDT_CORRUPT if the checksum or any value is not as it
 * should be; *@ret_census is untouched then.  A census of a lower XFDT_READS_VERSION is
 * outdated, and not complete.
 */
struct xfdt_error *xfdt_census_parse(const char *text, size_t len, struct xfdt_census *ret_census);

#endif
