/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel memory made by hand: a back end of struct xfdt_reader. */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include "image/image.h"

#define MEMORY_SEGMENTS 128
#define MEMORY_ROOT 0xffffffffbf000000ull /* what VMCOREINFO's init_top_pgt has to be, */
#define MEMORY_PHYS_BASE 0ull		  /* and its phys_base, for page tables to be found */

struct memory_segment {
	uint64_t kvaddr;
	uint8_t *bytes;
	size_t len;
	enum xfdt_code code; /* what reads of it give; 0: its bytes */
};

struct memory {
	struct xfdt_reader reader;
	struct memory_segment segments[MEMORY_SEGMENTS];
	size_t count;
	unsigned long reads; /* how many were asked for */
	uint64_t missing;    /* reads of this byte give XFDT_EXCLUDED; 0: of none */
	/* page tables of 4 levels that map the segments, made when they are read */
	uint64_t (*tables)[512];
	size_t table_count, mapped; /* of all segments */
};

void memory_init(struct memory *memory);
void memory_deinit(struct memory *memory);

/*
 * Add @len zero bytes at @kvaddr and return them, to be filled.  A read has to
 * lie within one segment; any other gives XFDT_EXCLUDED.
 */
void *memory_add(struct memory *memory, uint64_t kvaddr, size_t len);
/* The bytes at @kvaddr, which have to be in a segment together. */
void *memory_at(struct memory *memory, uint64_t kvaddr, size_t len);
/* The segment that begins at @kvaddr. */
struct memory_segment *memory_segment_at(struct memory *memory, uint64_t kvaddr);
/* The kvaddr of @byte, which has to be one of a segment. */
uint64_t memory_kvaddr(const struct memory *memory, const void *byte);
void memory_put(struct memory *memory, uint64_t kvaddr, const void *bytes, size_t len);
void memory_put_u64(struct memory *memory, uint64_t kvaddr, uint64_t value);
void memory_put_u32(struct memory *memory, uint64_t kvaddr, uint32_t value);
/* The page tables' entry for @kvaddr at @level, 4 to 1 (the lowest), once the page tables were read. */
uint64_t *memory_page_entry(struct memory *memory, uint64_t kvaddr, unsigned int level);
/* Let reads of the segment that begins at @kvaddr fail with @code; 0 ends that. */
void memory_fail(struct memory *memory, uint64_t kvaddr, enum xfdt_code code);

/* An image with nothing in it but @memory; needs no xfdt_image_deinit(). */
void memory_image(struct xfdt_image *image, struct memory *memory);
void set_struct(struct xfdt_image *image, enum xfdt_struct_id id, uint32_t bytes);
void set_member(struct xfdt_image *image, enum xfdt_member_id id, uint32_t offset, uint32_t size);
void set_bit_field(struct xfdt_image *image, enum xfdt_member_id id, uint32_t offset,
		   uint8_t bit_offset, uint8_t bit_size);
void set_symbol(struct xfdt_image *image, enum xfdt_symbol_id id, uint64_t kvaddr, uint64_t size);

#endif
