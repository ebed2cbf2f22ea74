/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The printk log, line by line. */
#ifndef XFDT_KERNEL_LOG_H
#define XFDT_KERNEL_LOG_H

#include "image/image.h"

/* A piece of memory. */
struct xfdt_piece {
	uint64_t kvaddr;
	size_t len;
};

#define XFDT_LOG_BLOCK_ID 8 /* bytes in front of the text of a record */

struct xfdt_log_line {
	const char *text; /* borrowed from the log; NUL-terminated */
	uint64_t nsec;	  /* since boot; 0 if unknown */
	uint32_t caller;  /* thread id, or 0x80000000 + CPU in interrupts; 0 if unknown */
	bool from_user;	  /* written through /dev/kmsg by user space */
	struct xfdt_piece where, info; /* id and text, and struct printk_info */
	/* of a log that is text: which file, and the line in it, counted from 1; else 0 */
	size_t file, number;
	bool after_gap; /* what came before is missing, or of another boot */
};

struct xfdt_log {
	char *buffer;
	struct xfdt_log_line *lines; /* oldest first */
	size_t count;
	bool cut;     /* records were overwritten, are damaged, or were not looked at */
	bool is_text; /* of files, not of the kernel's memory (log_text.h) */
	/* all text and all struct printk_info that were read; a ring makes two pieces */
	struct xfdt_piece text[2], infos[2];
};

/*
 * Read the lockless ring buffer (Linux: kernel/printk/printk_ringbuffer.h, in
 * v5.10).  Records that are damaged are left out.  At most the newest 32 768
 * records and 4 MiB of text are read.
 */
struct xfdt_error *xfdt_log_read(const struct xfdt_image *image, struct xfdt_log *ret_log);
void xfdt_log_deinit(struct xfdt_log *log);

#endif
