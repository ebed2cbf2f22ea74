/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chained errors. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct xfdt_error {
	enum xfdt_code code;
	uint64_t kvaddr;
	char *message;
};

static struct xfdt_error out_of_memory = {
	.code = XFDT_NO_MEMORY,
	.message = (char *)"out of memory",
};

struct xfdt_error *xfdt_error_new(enum xfdt_code code, uint64_t kvaddr, const char *format, ...)
{
	struct xfdt_error *err = malloc(sizeof(*err));
	va_list args;
	int len;

	if (!err)
		return &out_of_memory;
	err->code = code;
	err->kvaddr = kvaddr;
	va_start(args, format);
	len = vasprintf(&err->message, format, args);
	va_end(args);
	if (len < 0) {
		free(err);
		return &out_of_memory;
	}
	return err;
}

struct xfdt_error *xfdt_no_memory(const char *what)
{
	return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for %s", what);
}

struct xfdt_error *xfdt_error_wrap(struct xfdt_error *err, const char *format, ...)
{
	char *context, *message;
	va_list args;
	int len;

	if (err == &out_of_memory)
		return err;
	va_start(args, format);
	len = vasprintf(&context, format, args);
	va_end(args);
	if (len < 0)
		return err;
	if (asprintf(&message, "%s: %s", context, err->message) >= 0) {
		free(err->message);
		err->message = message;
	}
	free(context);
	return err;
}

void xfdt_error_free(struct xfdt_error *err)
{
	if (!err || err == &out_of_memory)
		return;
	free(err->message);
	free(err);
}

struct xfdt_error *xfdt_error_first(struct xfdt_error *first, struct xfdt_error *err)
{
	if (!first)
		return err;
	xfdt_error_free(err);
	return first;
}

enum xfdt_code xfdt_error_code(const struct xfdt_error *err)
{
	return err->code;
}

uint64_t xfdt_error_kvaddr(const struct xfdt_error *err)
{
	return err->kvaddr;
}

const char *xfdt_error_message(const struct xfdt_error *err)
{
	return err->message;
}

int xfdt_error_is_absence(const struct xfdt_error *err)
{
	return err->code == XFDT_EXCLUDED || err->code == XFDT_NOT_RAM ||
	       err->code == XFDT_TRUNCATED || err->code == XFDT_UNMAPPED ||
	       err->code == XFDT_MISSING;
}
