/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker of a batch writes, which a dump may have taken over. */
#ifndef XFDT_BATCH_ANSWER_H
#define XFDT_BATCH_ANSWER_H

#include <stddef.h>

/*
 * Split the @len bytes at @text into a worker's two lines: how it was confined, which is
 * returned, and one line of JSON, *@ret_json.  Both become strings within @text.
 * NULL if @text is anything else.
 */
const char *xfdt_answer_parse(char *text, size_t len, char **ret_json);

#endif
