/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three-valued answers: an unknown is neither yes nor no. */
#ifndef XFDT_BASE_TRUTH_H
#define XFDT_BASE_TRUTH_H

#include <stdbool.h>

enum xfdt_truth { XFDT_UNSURE, XFDT_NO, XFDT_YES, XFDT_TRUTHS };

static inline enum xfdt_truth xfdt_truth(bool value)
{
	return value ? XFDT_YES : XFDT_NO;
}

static inline const char *xfdt_truth_name(enum xfdt_truth truth)
{
	static const char *const names[XFDT_TRUTHS] = { "unknown", "no", "yes" };

	return names[truth];
}

#endif
