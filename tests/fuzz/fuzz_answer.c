/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz what a worker writes, which a dump may have taken over, up to its line of JSON in a list of results. */
#include "batch/answer.h"
#include "fuzz/fuzz.h"
#include "store/store.h"

#include <json-c/json.h>
#include <stdlib.h>

static void put_line(const struct xfdt_answer *answer)
{
	const struct xfdt_result result = {
		.path = "/fuzz",
		.path_len = 5,
		.identity = "",
		.verdict = "error",
		.json = answer->json,
		.finished = "",
		.confined = answer->confined,
		.version = "",
		.panic = answer->panic,
	};
	struct json_object *object;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	FUZZ_CHECK(!xfdt_result_json(&result, out));
	fclose(out);
	/* one line, and one object */
	FUZZ_CHECK(memchr(text, '\n', len) == text + len - 1);
	object = json_tokener_parse(text);
	FUZZ_CHECK(json_object_object_get_ex(object, "batch", NULL));
	json_object_put(object);
	free(text);
}

static void parse(char *text, size_t len)
{
	struct xfdt_answer answer;

	if (!xfdt_answer_parse(text, len, &answer))
		return;
	FUZZ_CHECK(answer.confined == text);
	FUZZ_CHECK(strlen(answer.confined) + strlen(answer.panic) + strlen(answer.json) + 3 == len);
	put_line(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char line[] = "landlock+seccomp\n\n{";
	char *text = malloc(sizeof(line) + size + 1);

	/* as it is, with the exact size, and behind a right beginning */
	memcpy(text, data, size);
	parse(text, size);
	memcpy(text, line, sizeof(line) - 1);
	memcpy(text + sizeof(line) - 1, data, size);
	text[sizeof(line) - 1 + size] = '\n';
	parse(text, sizeof(line) + size);
	free(text);
	return 0;
}
