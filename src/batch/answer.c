/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two lines. */
#include "batch/answer.h"

#include <string.h>

const char *xfdt_answer_parse(char *text, size_t len, char **ret_json)
{
	char *line;

	if (!len || text[len - 1] != '\n')
		return NULL;
	text[len - 1] = '\0';
	if (strlen(text) != len - 1)
		return NULL;
	line = strchr(text, '\n');
	if (!line || line[1] != '{' || strchr(line + 1, '\n'))
		return NULL;
	*line = '\0';
	*ret_json = line + 1;
	return text;
}
