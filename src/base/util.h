/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What more than one folder needs and no header of a library has. */
#ifndef XFDT_BASE_UTIL_H
#define XFDT_BASE_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Elements of an array; not for pointers. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* For printf()'s %llu and %llx: uint64_t is another type on some systems. */
static inline unsigned long long ull(uint64_t value)
{
	return value;
}

#define XFDT_HASH_INIT 0xcbf29ce484222325ull

/* FNV-1a, continued from @hash: tells contents apart, and proves nothing. */
uint64_t xfdt_hash(uint64_t hash, const void *bytes, size_t len);

/* read(2) until @len bytes are there, or the file ends; returns how many, or -1: see errno. */
ssize_t xfdt_read_fully(int fd, void *buf, size_t len);

/* Milliseconds that only grow (CLOCK_MONOTONIC). */
int64_t xfdt_now_ms(void);
int64_t xfdt_now_us(void); /* the same in microseconds */

#endif
