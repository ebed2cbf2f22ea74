/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much the code under test allocates at once, and what it does when it gets nothing. */
#ifndef TESTS_ALLOC_H
#define TESTS_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Wrappers around malloc(), calloc() and realloc(), which the linker puts into
 * every test program.  Allocations inside of libraries are not seen.
 */
void alloc_watch(void);	    /* forget what was, fail nothing */
size_t alloc_largest(void); /* bytes of the largest request since then */

/* Let allocation number @number from now on fail, counted from 0; below 0: none. */
void alloc_fail(long number);
bool alloc_has_failed(void); /* did one, since alloc_fail()? */

#endif
