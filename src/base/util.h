/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What more than one folder needs and no header of a library has. */
#ifndef XFDT_BASE_UTIL_H
#define XFDT_BASE_UTIL_H

#include <stdint.h>

/* Elements of an array; not for pointers. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* For printf()'s %llu and %llx: uint64_t is another type on some systems. */
static inline unsigned long long ull(uint64_t value)
{
	return value;
}

/* Milliseconds that only grow (CLOCK_MONOTONIC). */
int64_t xfdt_now_ms(void);
int64_t xfdt_now_us(void); /* the same in microseconds */

#endif
