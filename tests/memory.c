/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel memory made by hand. */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096ull
#define KERNEL_MAP 0xffffffff80000000ull
#define DIRECT_MAP 0xffff888000000000ull
#define TABLES (MEMORY_ROOT - KERNEL_MAP + MEMORY_PHYS_BASE)
#define TABLES_MAX 64
#define ENTRY_TABLE 0x63ull
#define ENTRY_PAGE 0x8000000000000163ull

static struct memory_segment *find(struct memory *memory, uint64_t kvaddr, size_t len)
{
	size_t i;

	for (i = 0; i < memory->count; i++) {
		struct memory_segment *segment = &memory->segments[i];
		uint64_t offset = kvaddr - segment->kvaddr;

		if (offset <= segment->len && len <= segment->len - offset &&
		    (len || offset < segment->len))
			return segment;
	}
	return NULL;
}

static struct xfdt_error *read_memory(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				      size_t len)
{
	struct memory *memory = (struct memory *)reader;
	struct memory_segment *segment = find(memory, kvaddr, len);
	enum xfdt_code code = segment ? segment->code : XFDT_EXCLUDED;

	memory->reads++;
	if (memory->missing && memory->missing - kvaddr < len)
		code = XFDT_EXCLUDED;
	if (!code) {
		memcpy(buf, segment->bytes + (kvaddr - segment->kvaddr), len);
		return NULL;
	}
	/* a failed read leaves what nobody should use */
	memset(buf, 0xa5, len < 4096 ? len : 4096);
	return xfdt_error_new(code, kvaddr, "no memory at %#llx", (unsigned long long)kvaddr);
}

/* A broken set-up: exit code 99, as a test may not go on. */
static void __attribute__((noreturn)) broken(const char *what, uint64_t kvaddr)
{
	fprintf(stderr, "broken set-up: %s at %#llx\n", what, (unsigned long long)kvaddr);
	exit(99);
}

#define MEMORY_MIDDLE (1ull << 45) /* from here on vmalloc's */
#define MEMORY_END (MEMORY_MIDDLE + (1ull << 40))

/* Where physical memory is, as in Linux: the image, the direct mapping, and vmalloc's far behind both. */
static const struct {
	uint64_t kvaddr, end, paddr;
} regions[] = {
	{ KERNEL_MAP, UINT64_MAX, 0 },
	{ DIRECT_MAP, 0xffffc90000000000ull, 0 },
	{ 0xffffc90000000000ull, KERNEL_MAP, MEMORY_MIDDLE },
};
#define REGIONS (sizeof(regions) / sizeof(regions[0]))

static uint64_t physical(uint64_t kvaddr)
{
	size_t i;

	for (i = 0; i < REGIONS; i++)
		if (kvaddr >= regions[i].kvaddr && kvaddr < regions[i].end)
			return kvaddr - regions[i].kvaddr + regions[i].paddr;
	return 0;
}

uint64_t *memory_page_entry(struct memory *memory, uint64_t kvaddr, unsigned int level)
{
	unsigned int table = 0, at;

	for (at = 4; at > level; at--) {
		uint64_t *entry = &memory->tables[table][kvaddr >> (12 + 9 * (at - 1)) & 511];

		if (!*entry) {
			if (memory->table_count == TABLES_MAX)
				broken("too many page tables", kvaddr);
			*entry = (TABLES + memory->table_count++ * PAGE) | ENTRY_TABLE;
		}
		table = (unsigned int)(((*entry & ~(PAGE - 1)) - TABLES) / PAGE);
	}
	return &memory->tables[table][kvaddr >> (12 + 9 * (level - 1)) & 511];
}

static void map_page(struct memory *memory, uint64_t kvaddr)
{
	*memory_page_entry(memory, kvaddr, 1) = physical(kvaddr) | ENTRY_PAGE;
}

static void map_segments(struct memory *memory)
{
	size_t i;

	if (!memory->tables)
		memory->tables = calloc(TABLES_MAX, sizeof(*memory->tables));
	if (!memory->tables)
		broken("no memory", 0);
	if (!memory->table_count) {
		memory->table_count = 1;
		/* the first page of memory and the last, which are in no segment */
		map_page(memory, DIRECT_MAP);
		map_page(memory, DIRECT_MAP + MEMORY_END - PAGE);
	}
	for (; memory->mapped < memory->count; memory->mapped++) {
		const struct memory_segment *segment = &memory->segments[memory->mapped];

		for (i = 0; i < segment->len; i += PAGE)
			map_page(memory, segment->kvaddr + i);
	}
}

static struct xfdt_error *read_physical(struct xfdt_reader *reader, uint64_t paddr, void *buf,
					size_t len)
{
	struct memory *memory = (struct memory *)reader;
	size_t i;

	if (paddr % PAGE + len > PAGE)
		broken("a physical read of more than one page", paddr);
	map_segments(memory);
	if (paddr - TABLES < memory->table_count * PAGE) {
		memory->reads++;
		memcpy(buf, (uint8_t *)memory->tables + (paddr - TABLES), len);
		return NULL;
	}
	for (i = 0; i < memory->count; i++) {
		uint64_t kvaddr = memory->segments[i].kvaddr;

		if (paddr - physical(kvaddr) < memory->segments[i].len)
			return read_memory(reader, kvaddr + (paddr - physical(kvaddr)), buf, len);
	}
	return xfdt_page_not_ram(paddr);
}

void memory_init(struct memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	memory->reader.read = read_memory;
	memory->reader.read_physical = read_physical;
}

void memory_deinit(struct memory *memory)
{
	size_t i;

	for (i = 0; i < memory->count; i++)
		free(memory->segments[i].bytes);
	free(memory->tables);
	memory->tables = NULL;
	memory->count = memory->mapped = memory->table_count = 0;
}

void *memory_add(struct memory *memory, uint64_t kvaddr, size_t len)
{
	struct memory_segment *segment = &memory->segments[memory->count];

	size_t i;

	if (memory->count == MEMORY_SEGMENTS)
		broken("too many segments", kvaddr);
	for (i = 0; i < memory->count; i++)
		if (memory->segments[i].kvaddr - kvaddr < len ||
		    kvaddr - memory->segments[i].kvaddr < memory->segments[i].len)
			broken("segments overlap", kvaddr);
	segment->bytes = calloc(1, len);
	if (!segment->bytes)
		broken("no memory", kvaddr);
	segment->kvaddr = kvaddr;
	segment->len = len;
	segment->code = 0;
	memory->count++;
	return segment->bytes;
}

void *memory_at(struct memory *memory, uint64_t kvaddr, size_t len)
{
	struct memory_segment *segment = find(memory, kvaddr, len);

	if (!segment)
		broken("no segment", kvaddr);
	return segment->bytes + (kvaddr - segment->kvaddr);
}

struct memory_segment *memory_segment_at(struct memory *memory, uint64_t kvaddr)
{
	size_t i;

	for (i = 0; i < memory->count; i++)
		if (memory->segments[i].kvaddr == kvaddr)
			return &memory->segments[i];
	broken("no segment begins", kvaddr);
}

uint64_t memory_kvaddr(const struct memory *memory, const void *byte)
{
	size_t i;

	for (i = 0; i < memory->count; i++) {
		const struct memory_segment *segment = &memory->segments[i];
		uintptr_t offset = (uintptr_t)byte - (uintptr_t)segment->bytes;

		if (offset < segment->len)
			return segment->kvaddr + offset;
	}
	broken("an object in no segment", (uintptr_t)byte);
}

void memory_put(struct memory *memory, uint64_t kvaddr, const void *bytes, size_t len)
{
	memcpy(memory_at(memory, kvaddr, len), bytes, len);
}

void memory_put_u64(struct memory *memory, uint64_t kvaddr, uint64_t value)
{
	memory_put(memory, kvaddr, &value, sizeof(value));
}

void memory_put_u32(struct memory *memory, uint64_t kvaddr, uint32_t value)
{
	memory_put(memory, kvaddr, &value, sizeof(value));
}

void memory_fail(struct memory *memory, uint64_t kvaddr, enum xfdt_code code)
{
	memory_segment_at(memory, kvaddr)->code = code;
}

void memory_image(struct xfdt_image *image, struct memory *memory)
{
	memset(image, 0, sizeof(*image));
	image->reader = &memory->reader;
	image->arch = "x86_64";
	image->symbol_source = "test";
	image->type_source = "test";
}

void set_struct(struct xfdt_image *image, enum xfdt_struct_id id, uint32_t bytes)
{
	image->layout.structs[id] = bytes;
}

void set_member(struct xfdt_image *image, enum xfdt_member_id id, uint32_t offset, uint32_t size)
{
	image->layout.members[id] = (struct xfdt_member){
		.known = true,
		.offset = offset,
		.size = size,
	};
}

void set_bit_field(struct xfdt_image *image, enum xfdt_member_id id, uint32_t offset,
		   uint8_t bit_offset, uint8_t bit_size)
{
	image->layout.members[id] = (struct xfdt_member){
		.known = true,
		.offset = offset,
		.size = (bit_offset + bit_size + 7u) / 8,
		.bit_offset = bit_offset,
		.bit_size = bit_size,
	};
}

void set_symbol(struct xfdt_image *image, enum xfdt_symbol_id id, uint64_t kvaddr, uint64_t size)
{
	image->symtab.symbols[id] = (struct xfdt_symbol){
		.known = true,
		.kvaddr = kvaddr,
		.size = size,
	};
}
