/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every unit test includes. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/util.h"
#include "alloc.h"

/* @expression has to be NULL, a success. */
#define assert_ok(expression) \
	do { \
		struct xfdt_error *error_ = (expression); \
		if (error_) \
			fail_msg("%s: %s", #expression, xfdt_error_message(error_)); \
	} while (0)

/* @expression has to be an error of code @expected, which is released. */
#define assert_fails(expression, expected) \
	do { \
		struct xfdt_error *error_ = (expression); \
		assert_non_null(error_); \
		if (xfdt_error_code(error_) != (expected)) \
			fail_msg("%s: code %d, not %d: %s", #expression, xfdt_error_code(error_), \
				 (expected), xfdt_error_message(error_)); \
		xfdt_error_free(error_); \
	} while (0)

/* @value has to be one of @low to @high, as uintmax_t. */
#define assert_within(value, low, high) \
	do { \
		uintmax_t value_ = (uintmax_t)(value); \
		uintmax_t low_ = (uintmax_t)(low); \
		uintmax_t high_ = (uintmax_t)(high); \
		if (value_ < low_ || value_ > high_) \
			fail_msg("%s: %ju, not one of %ju to %ju", #value, value_, low_, high_); \
	} while (0)

/* The rest of a test needs the file at @path, which a package of the source may leave out. */
#define NEED_FILE(path) \
	do { \
		if (access(path, R_OK)) { \
			print_message("skipped: no %s\n", path); \
			return; \
		} \
	} while (0)

#endif
