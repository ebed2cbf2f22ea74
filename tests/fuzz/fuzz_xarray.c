/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the XArray walk: the input is memory from the xarray on. */
#include "fuzz/fuzz.h"
#include "kernel/xarray.h"

#define BASE 0xffff888000001000ull
#define VISITS_MAX (256u * 64)

struct visits {
	unsigned int count;
};

static struct xfdt_error *visit(void *context, uint64_t index, uint64_t pointer)
{
	struct visits *visits = context;

	(void)index;
	FUZZ_CHECK(pointer && (pointer & 3) != 2 && !(pointer & 1));
	FUZZ_CHECK(++visits->count <= VISITS_MAX);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xfdt_image image;
	struct visits visits = { 0 };
	unsigned int nodes_left = 256;
	struct fuzz_memory memory;

	fuzz_memory_init(&memory, BASE, data, size);
	image.reader = &memory.reader;
	image.layout.members[XFDT_M_xarray_xa_head] = (struct xfdt_member){ true, 0, 8, 0, 0 };
	image.layout.members[XFDT_M_xa_node_shift] = (struct xfdt_member){ true, 0, 1, 0, 0 };
	image.layout.members[XFDT_M_xa_node_slots] = (struct xfdt_member){ true, 8, 16 * 8, 0, 0 };
	xfdt_error_free(xfdt_xarray_walk(&image, BASE, &nodes_left, visit, &visits));
	return 0;
}
