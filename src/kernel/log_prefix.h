/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in front of a line of a kernel log. */
#ifndef XFDT_KERNEL_LOG_PREFIX_H
#define XFDT_KERNEL_LOG_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xfdt_log_prefix {
	size_t len;	  /* bytes */
	bool any;	  /* there is a time stamp, a caller, a level, or a syslog daemon's words */
	bool behind_text; /* the time stamp does not begin the line */
	bool from_user;	  /* a level or a program's name shows that the kernel did not write it */
	uint64_t nsec;	  /* since boot; 0 if unknown */
	uint32_t caller;  /* as in struct xfdt_log_line */
};

/*
 * Parse what may stand in front of @line, in this order: "<4>"; a
 * record's header of /dev/kmsg; a date, host and "kernel:" (syslog,
 * the journal); "kern  :warn  :" (dmesg -x); "[   12.345678]" or a date in brackets; "[    T123]" or
 * "[    C1]".  A time stamp that follows other text, as that of a login prompt, counts too.
 */
struct xfdt_log_prefix xfdt_log_prefix(const char *line);

#endif
