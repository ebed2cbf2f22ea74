/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of output that could not be written. */
#include "unit.h"
#include "base/output.h"

#include <errno.h>
#include <string.h>

/* A disk that is full for the first @failures writes. */
static ssize_t write_to_full(void *cookie, const char *bytes, size_t len)
{
	int *failures = cookie;

	(void)bytes;
	if (!*failures)
		return (ssize_t)len;
	--*failures;
	errno = ENOSPC;
	return -1;
}

static FILE *full_disk(int *failures)
{
	FILE *file = fopencookie(failures, "w", (cookie_io_functions_t){ .write = write_to_full });

	assert_non_null(file);
	return file;
}

static void test_output__what_is_written_is_no_error(void **state)
{
	int failures = 0;
	FILE *file = full_disk(&failures);

	fputs("text", file);
	assert_ok(xfdt_flush(file, "the report"));
	fclose(file);
}

static void test_output__the_last_write_fails(void **state)
{
	int failures = 100;
	FILE *file = full_disk(&failures);
	struct xfdt_error *err;

	fputs("text", file);
	err = xfdt_flush(file, "the report");
	assert_non_null(err);
	assert_string_equal(xfdt_error_message(err),
			    "cannot write the report: No space left on device");
	xfdt_error_free(err);
	fclose(file);
}

/* errno is that of something else by then */
static void test_output__an_earlier_write_failed(void **state)
{
	int failures = 1;
	FILE *file = full_disk(&failures);
	struct xfdt_error *err;

	setvbuf(file, NULL, _IONBF, 0);
	fputs("text", file);
	fputs("text", file);
	errno = ENOENT;
	err = xfdt_flush(file, "the report");
	assert_non_null(err);
	assert_string_equal(
		xfdt_error_message(err),
		"cannot write the report: an earlier write failed; the disk may be full");
	xfdt_error_free(err);
	fclose(file);
}

#include "test_output.tests.h"
