/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wrappers around the allocator. */
#include "alloc.h"

#include <stdint.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* More than this is never handed out: a test would take the machine down. */
#define REFUSED (1ull << 30)

static size_t largest;
static long countdown = -1;
static bool failed;

static bool admit(size_t size)
{
	if (size > largest)
		largest = size;
	if (countdown >= 0 && countdown-- == 0) {
		failed = true;
		return false;
	}
	return size < REFUSED;
}

void *__wrap_malloc(size_t size)
{
	return admit(size) ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = SIZE_MAX;
	return admit(bytes) ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
	return admit(size) ? __real_realloc(old, size) : NULL;
}

void alloc_watch(void)
{
	largest = 0;
	alloc_fail(-1);
}

size_t alloc_largest(void)
{
	return largest;
}

void alloc_fail(long number)
{
	countdown = number;
	failed = false;
}

bool alloc_has_failed(void)
{
	return failed;
}
