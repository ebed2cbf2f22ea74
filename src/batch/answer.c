/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three lines. */
#include "batch/answer.h"

#include <string.h>

/* Cut the first line off *@rest; NULL: there is none. */
static char *take_line(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*rest = end + 1;
	return line;
}

bool xfdt_answer_parse(char *text, size_t len, struct xfdt_answer *ret_answer)
{
	struct xfdt_answer answer;
	char *rest = text;

	if (!len || text[len - 1] != '\n' || memchr(text, '\0', len))
		return false;
	/* the newline at the end becomes the NUL */
	text[len - 1] = '\0';
	answer.confined = take_line(&rest);
	answer.panic = answer.confined ? take_line(&rest) : NULL;
	answer.json = rest;
	if (!answer.panic || *answer.json != '{' || strchr(answer.json, '\n'))
		return false;
	*ret_answer = answer;
	return true;
}
