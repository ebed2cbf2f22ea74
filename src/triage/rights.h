/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rights the triage of one dump needs. */
#ifndef XFDT_TRIAGE_RIGHTS_H
#define XFDT_TRIAGE_RIGHTS_H

#include "sandbox/confine.h"
#include "triage/session.h"

/*
 * In a process that looks at one dump: give up all rights but those that the
 * dump at @paths and @options need, and that to read @also (NULL: nothing) again.
 * @ret_how as of xfdt_confine().
 */
void xfdt_confine_for_dump(const char *const *paths, size_t count, const char *also,
			   const struct xfdt_session_options *options,
			   char ret_how[XFDT_CONFINED_SIZE]);
#endif
