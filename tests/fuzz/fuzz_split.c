/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz what parts are joined: each 8 bytes of the input are a part's folder, set, first frame and last frame. */
#include "batch/split.h"
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#define PARTS_MAX 64

static bool add(struct xfdt_parts *parts, const uint8_t *data, size_t number)
{
	const struct xfdt_file file = {
		.kind = XFDT_FILE_PART,
		.set = data[1] % 3,
		.start_pfn = data[2] | (uint64_t)(data[3] & 1) << 63,
		.end_pfn = data[4] | (uint64_t)(data[5] & 1) << 63,
		.frames = data[6],
	};
	struct xfdt_found *found;
	char path[40];

	snprintf(path, sizeof(path), "/%u/part-%zu", data[0] % 3u, number);
	found = xfdt_found_new(path);
	found->identity = strdup(data[7] & 1 ? "one" : "another");
	found->size = data[7];
	return xfdt_parts_add(parts, found, &file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_parts parts = { 0 };
	size_t count = 0, joined = 0, set_count, i;
	struct xfdt_found **sets;

	for (; size >= 8 && count < PARTS_MAX; data += 8, size -= 8)
		FUZZ_CHECK(add(&parts, data, count++));
	FUZZ_CHECK(xfdt_parts_join(&parts, &sets, &set_count));
	for (i = 0; i < set_count; i++) {
		FUZZ_CHECK(sets[i]->path_count && sets[i]->identity);
		joined += sets[i]->path_count;
		xfdt_found_free(sets[i]);
	}
	/* copies are left out, and nothing is there twice */
	FUZZ_CHECK(joined <= count && (!count || joined));
	free(sets);
	xfdt_parts_deinit(&parts);
	return 0;
}
