/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory and bytes for fuzz targets. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "image/image.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A reader of which every address is in the input: byte n of it is at kvaddr + n. */
struct fuzz_memory {
	struct xfdt_reader reader;
	uint64_t kvaddr;
	const uint8_t *data;
	size_t size;
};

static inline struct xfdt_error *fuzz_read(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
					   size_t len)
{
	struct fuzz_memory *memory = (struct fuzz_memory *)reader;
	uint64_t offset = kvaddr - memory->kvaddr;

	if (offset > memory->size || len > memory->size - offset)
		return xfdt_error_new(XFDT_EXCLUDED, kvaddr, "outside of the input");
	memcpy(buf, memory->data + offset, len);
	return NULL;
}

static inline void fuzz_memory_init(struct fuzz_memory *memory, uint64_t kvaddr,
				    const uint8_t *data, size_t size)
{
	*memory = (struct fuzz_memory){
		.reader = { .read = fuzz_read },
		.kvaddr = kvaddr,
		.data = data,
		.size = size,
	};
}

#define FUZZ_CHECK(condition) \
	do { \
		if (!(condition)) \
			__builtin_trap(); \
	} while (0)

#endif
