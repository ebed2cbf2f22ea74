/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz xfdt_escape(): the first byte is the size, the rest is the text. */
#include "fuzz/fuzz.h"
#include "render/fields.h"

#include <json-c/json.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *escaped;
	size_t room, i;

	if (!size || !data[0])
		return 0;
	room = data[0];
	text = malloc(size);
	escaped = malloc(room);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	xfdt_escape(text, escaped, room);
	FUZZ_CHECK(memchr(escaped, '\0', room));
	for (i = 0; escaped[i]; i++)
		FUZZ_CHECK((uint8_t)escaped[i] >= ' ' && escaped[i] != 0x7f);
	free(escaped);
	free(text);
	return 0;
}
