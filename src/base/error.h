/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chained errors: what failed, at which address, with one line of context per layer. */
#ifndef XFDT_BASE_ERROR_H
#define XFDT_BASE_ERROR_H

#include <stdint.h>

/*
 * Why something could not be read.  The first group is about the content of
 * the dump, the second about the environment of the program.
 */
enum xfdt_code {
	XFDT_EXCLUDED = 1, /* the page was filtered out of the dump */
	XFDT_NOT_RAM,	   /* the dumped kernel had no memory there: a device, or kdump's own */
	XFDT_TRUNCATED,	   /* the file ends before the page */
	XFDT_CORRUPT,	   /* the bytes contradict their own format */
	XFDT_UNMAPPED,	   /* the kernel page tables do not map the address */
	XFDT_MISSING,	   /* the dump does not have this at all */
	XFDT_LIMIT,	   /* a count or size passed its bound */

	XFDT_UNSUPPORTED, /* well-formed, but not handled */
	XFDT_NOT_A_DUMP,  /* the file is not a vmcore */
	XFDT_SYSTEM,	  /* an operating system call failed */
	XFDT_NO_MEMORY,
};

struct xfdt_error;

/*
 * Functions that can fail return NULL on success or an error that the caller
 * owns: pass it up, or release it with xfdt_error_free().
 *
 * xfdt_error_new - @kvaddr is the kernel virtual address concerned, or 0.
 * xfdt_error_wrap - put "context: " in front of @err's message; takes over
 * @err and returns it.
 * Both always return an error, also when memory has run out.
 */
struct xfdt_error *xfdt_error_new(enum xfdt_code code, uint64_t kvaddr, const char *format, ...)
	__attribute__((format(printf, 3, 4), returns_nonnull));
struct xfdt_error *xfdt_error_wrap(struct xfdt_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));
/* XFDT_NO_MEMORY: "out of memory for @what". */
struct xfdt_error *xfdt_no_memory(const char *what) __attribute__((returns_nonnull));
void xfdt_error_free(struct xfdt_error *err);
/* The first of two errors, each of which may be NULL; the other one is released. */
struct xfdt_error *xfdt_error_first(struct xfdt_error *first, struct xfdt_error *err);

enum xfdt_code xfdt_error_code(const struct xfdt_error *err);
uint64_t xfdt_error_kvaddr(const struct xfdt_error *err);
/* Borrowed: valid until @err is wrapped or freed. */
const char *xfdt_error_message(const struct xfdt_error *err);

/* True when @err says that the dump lacks the bytes, rather than that they are wrong. */
int xfdt_error_is_absence(const struct xfdt_error *err);

#endif
