/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chained errors. */
#include "unit.h"

#include <string.h>

static void test_error__keeps_code_address_and_message(void **state)
{
	struct xfdt_error *err = xfdt_error_new(XFDT_TRUNCATED, 0xffffffff81000000ull,
						"page %d of '%s'", 7, "prb");

	assert_int_equal(xfdt_error_code(err), XFDT_TRUNCATED);
	assert_true(xfdt_error_kvaddr(err) == 0xffffffff81000000ull);
	assert_string_equal(xfdt_error_message(err), "page 7 of 'prb'");
	xfdt_error_free(err);
}

static void test_error__wrap_puts_context_in_front(void **state)
{
	struct xfdt_error *err = xfdt_error_new(XFDT_CORRUPT, 0x1234, "inner");

	err = xfdt_error_wrap(err, "VM %#x", 0x40u);
	err = xfdt_error_wrap(err, "%s", "dump");
	assert_string_equal(xfdt_error_message(err), "dump: VM 0x40: inner");
	assert_int_equal(xfdt_error_code(err), XFDT_CORRUPT);
	assert_true(xfdt_error_kvaddr(err) == 0x1234);
	xfdt_error_free(err);
}

/* Untrusted text goes in as an argument; a '%' in it is text. */
static void test_error__percent_in_message_survives_wrap(void **state)
{
	struct xfdt_error *err = xfdt_error_new(XFDT_CORRUPT, 0, "%s", "100%n%s");

	err = xfdt_error_wrap(err, "%s", "%d");
	assert_string_equal(xfdt_error_message(err), "%d: 100%n%s");
	xfdt_error_free(err);
}

static void test_error__long_message_is_whole(void **state)
{
	char text[5001];
	struct xfdt_error *err;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err = xfdt_error_wrap(xfdt_error_new(XFDT_LIMIT, 0, "%s", text), "context");
	assert_int_equal(strlen(xfdt_error_message(err)), strlen("context: ") + 5000);
	xfdt_error_free(err);
}

static void test_error__free_of_nothing(void **state)
{
	xfdt_error_free(NULL);
}

/* Absence: the dump lacks the bytes.  Anything else is another story. */
static void test_error__absence(void **state)
{
	static const struct {
		enum xfdt_code code;
		int absence;
	} codes[] = {
		{ XFDT_EXCLUDED, 1 },	 { XFDT_TRUNCATED, 1 },	 { XFDT_UNMAPPED, 1 },
		{ XFDT_MISSING, 1 },	 { XFDT_CORRUPT, 0 },	 { XFDT_LIMIT, 0 },
		{ XFDT_UNSUPPORTED, 0 }, { XFDT_NOT_A_DUMP, 0 }, { XFDT_SYSTEM, 0 },
		{ XFDT_NO_MEMORY, 0 },
	};
	size_t i;

	for (i = 0; i < COUNT(codes); i++) {
		struct xfdt_error *err = xfdt_error_new(codes[i].code, 0, "x");

		assert_int_equal(!!xfdt_error_is_absence(err), codes[i].absence);
		xfdt_error_free(err);
	}
}

static void test_error__without_memory_is_still_an_error(void **state)
{
	struct xfdt_error *err;

	alloc_watch();
	alloc_fail(0);
	err = xfdt_error_new(XFDT_CORRUPT, 0, "lost");
	assert_true(alloc_has_failed());
	alloc_watch();
	assert_non_null(err);
	assert_int_equal(xfdt_error_code(err), XFDT_NO_MEMORY);
	err = xfdt_error_wrap(err, "context");
	assert_int_equal(xfdt_error_code(err), XFDT_NO_MEMORY);
	assert_string_equal(xfdt_error_message(err), "out of memory");
	xfdt_error_free(err);
}

#include "test_error.tests.h"
