/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker of a batch writes, which a dump may have taken over. */
#ifndef XFDT_BATCH_ANSWER_H
#define XFDT_BATCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

/* Strings within the text of xfdt_answer_parse(). */
struct xfdt_answer {
	const char *confined; /* how the worker was */
	const char *panic;    /* panic.id of docs/json.md; "": unknown */
	const char *json;     /* one line */
};

/*
 * Split the @len bytes at @text into a worker's three lines.  False if @text is
 * anything else; it may have been changed then, too.
 */
bool xfdt_answer_parse(char *text, size_t len, struct xfdt_answer *ret_answer);

#endif
