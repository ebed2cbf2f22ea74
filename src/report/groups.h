/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows counted by signature: the verdict and some columns. */
#ifndef XFDT_REPORT_GROUPS_H
#define XFDT_REPORT_GROUPS_H

#include "report/table.h"

struct xfdt_group {
	const struct xfdt_report_row *row; /* the first one of it */
	size_t dumps;
};

/*
 * Count the rows of @summary that have the same verdict and the same columns @by.  The caller frees
 * *@ret_groups; they are sorted by verdict and falling count.
 */
struct xfdt_error *xfdt_groups_count(const struct xfdt_report *summary,
				     const struct xfdt_report_by *by,
				     struct xfdt_group **ret_groups, size_t *ret_count);

#endif
