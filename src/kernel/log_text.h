/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The printk log as text: what dmesg, vmcore-dmesg, makedumpfile --dump-dmesg, the journal, a
 * syslog daemon, a serial console and pstore leave of it.
 */
#ifndef XFDT_KERNEL_LOG_TEXT_H
#define XFDT_KERNEL_LOG_TEXT_H

#include "kernel/log.h"

/* Text that is kept of one file, from its end on. */
#define XFDT_LOG_TEXT_MAX (32u << 20)

/* One file, or the end of one. */
struct xfdt_log_text {
	char *text; /* @len bytes and a NUL; is written to */
	size_t len;
	size_t lines_before; /* lines of the file in front of @text */
};

/*
 * Put @texts into the form in which the log is in memory: the oldest line first, without time
 * stamps, callers, levels and what a syslog daemon or a terminal adds; pstore's parts in their order; lines
 * that a terminal broke made whole again.  The lines name their text by its index.  At most the
 * newest 131 072 lines are kept.  XFDT_NO_MEMORY only.
 */
struct xfdt_error *xfdt_log_parse(const struct xfdt_log_text *texts, size_t count,
				  struct xfdt_log *ret_log);

/* Do the @len bytes that a file begins with look like a kernel log? */
bool xfdt_is_log_text(const char *text, size_t len);
/* May they be text, with what a serial line adds? */
bool xfdt_is_text(const char *text, size_t len);
/* Are they one part of a log in pstore, which begins with a header as "Panic#1 Part3"? */
bool xfdt_is_pstore_part(const char *text, size_t len);

#endif
