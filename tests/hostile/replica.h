/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump in memory, which can be damaged and triaged thousands of times a second. */
#ifndef TESTS_HOSTILE_REPLICA_H
#define TESTS_HOSTILE_REPLICA_H

#include "dump/dump.h"
#include "kernel/host.h"
#include "verdict/verdict.h"

#define REPLICA_UNREAD 0xff

/* A page frame that was asked for. */
struct replica_page {
	uint64_t pfn;
	bool present;
	uint64_t vpage; /* page-aligned kvaddr by which it was read first; 0: by page-table walks only */
	uint8_t bytes[XFDT_PAGE_SIZE];
	uint8_t purpose
		[XFDT_PAGE_SIZE]; /* enum xfdt_purpose of the intact run; REPLICA_UNREAD: not read */
};

struct replica {
	struct xfdt_reader reader;
	struct xfdt_dump *dump;
	struct xfdt_source source; /* with @reader and @notes */
	struct xfdt_cpu_note *notes;
	uint64_t root, mask; /* page tables: paddr of the top level, and address bits of an entry */
	unsigned int top;    /* shift of its index */
	struct replica_page **pages;
	size_t page_count, page_room;
	uint32_t *slots; /* index into pages + 1, by hash of the frame; 0: free */
	size_t slot_count;
	bool recording;
	struct xfdt_image image;
	struct xfdt_host host;		/* of the intact dump */
	enum xfdt_verdict_kind verdict; /* of the intact dump */
	uint64_t reads;			/* that it took, after symbols and types */
	uint64_t reads_spent;		/* of XFDT_READS_MAX, before the next triage */
};

/* Exits with 99 if the dump cannot be opened. */
struct replica *replica_new(const char *path);
void replica_free(struct replica *replica);

/* The page of frame @pfn, made if need be; valid until replica_free(). */
struct replica_page *replica_page(struct replica *replica, uint64_t pfn);

/* Triage it as it is now; symbols and types are those of the intact dump unless @again. */
enum xfdt_verdict_kind replica_verdict(struct replica *replica, bool again);

/*
 * What the intact dump has at byte @offset of @page, bit @bit: "struct.member bit 3",
 * "symbol+0x8", or what it was read for.
 */
void replica_name(const struct replica *replica, const struct replica_page *page, size_t offset,
		  unsigned int bit, char *ret_name, size_t size);
/* Is the bit of that name the only record of what it says (only_records.def)? */
bool replica_is_only_record(const char *name);

#endif
