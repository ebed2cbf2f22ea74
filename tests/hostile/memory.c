/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Damage to memory: single bits, pages, and random bytes, of what a triage really reads. */
#include "hostile/campaign.h"
#include "hostile/replica.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA_NONZERO_MAX 200 /* non-zero bytes of a page that holds data, not text or code */
#define CHANGES_MAX 8

struct place {
	struct replica_page *page;
	size_t offset;
};

struct memory_state {
	struct replica *replica;
	struct place *places; /* bytes that are read */
	size_t place_count;
	struct replica_page **read_pages; /* pages of which something is read */
	size_t read_count;
};

static bool is_data(const struct replica_page *page)
{
	size_t nonzero = 0, i;

	for (i = 0; i < sizeof(page->bytes); i++)
		nonzero += page->bytes[i] != 0;
	return nonzero <= DATA_NONZERO_MAX;
}

/* What @state may damage; with @data_only, single bytes of pages with little in them, read after symbols and types. */
static void collect(struct memory_state *state, bool data_only)
{
	struct replica *replica = state->replica;
	size_t count = replica->page_count, i, j;

	state->places = calloc(count * XFDT_PAGE_SIZE + 1, sizeof(*state->places));
	state->read_pages = calloc(count + 1, sizeof(struct replica_page *));
	if (!state->places || !state->read_pages)
		exit(99);
	for (i = 0; i < count; i++) {
		struct replica_page *page = replica->pages[i];
		bool read = false, wanted = !data_only || is_data(page);

		for (j = 0; page->present && j < XFDT_PAGE_SIZE; j++) {
			if (page->purpose[j] == REPLICA_UNREAD)
				continue;
			read = true;
			if (wanted && (!data_only || page->purpose[j] != XFDT_FOR_TYPES))
				state->places[state->place_count++] = (struct place){ page, j };
		}
		if (read)
			state->read_pages[state->read_count++] = page;
	}
}

static struct memory_state *open_state(const struct job *job, bool data_only, void **ret_state)
{
	struct memory_state *state = calloc(1, sizeof(*state));

	if (!state)
		exit(99);
	state->replica = replica_new(job->dump);
	collect(state, data_only);
	*ret_state = state;
	return state;
}

static enum xfdt_verdict_kind intact(void *context)
{
	return ((struct memory_state *)context)->replica->verdict;
}

static void say_place(const struct memory_state *state, const struct place *place, unsigned int bit,
		      struct trial *trial)
{
	snprintf(trial->where, sizeof(trial->where), "kvaddr %#llx pfn %#llx+%#zx bit %u",
		 (unsigned long long)(place->page->vpage ? place->page->vpage + place->offset : 0),
		 (unsigned long long)place->page->pfn, place->offset, bit);
	replica_name(state->replica, place->page, place->offset, bit, trial->name,
		     sizeof(trial->name));
}

/* every bit of data, and of the registers in notes */

static uint64_t note_bits(const struct memory_state *state)
{
	return state->replica->source.note_count * sizeof(struct xfdt_cpu_note) * 8;
}

static uint64_t open_bits(const struct job *job, void **ret_state)
{
	struct memory_state *state = open_state(job, true, ret_state);

	return state->place_count * 8 + note_bits(state);
}

static int flip(struct memory_state *state, uint8_t *byte, unsigned int bit)
{
	enum xfdt_verdict_kind kind;

	*byte ^= (uint8_t)(1u << bit);
	kind = replica_verdict(state->replica, false);
	*byte ^= (uint8_t)(1u << bit);
	return (int)kind;
}

static int run_bit(void *context, uint64_t index, struct trial *trial)
{
	struct memory_state *state = context;
	unsigned int bit = index % 8;
	size_t byte = index / 8;

	if (byte < state->place_count) {
		struct place *place = &state->places[byte];

		say_place(state, place, bit, trial);
		trial->only_record = replica_is_only_record(trial->name);
		return flip(state, &place->page->bytes[place->offset], bit);
	}
	byte -= state->place_count;
	snprintf(trial->where, sizeof(trial->where), "note %zu+%#zx bit %u",
		 byte / sizeof(struct xfdt_cpu_note), byte % sizeof(struct xfdt_cpu_note), bit);
	snprintf(trial->name, sizeof(trial->name), "NT_PRSTATUS");
	return flip(state, (uint8_t *)state->replica->notes + byte, bit);
}

const struct job memory_bits = {
	.name = "bits", .weight = 6, .open = open_bits, .run = run_bit, .intact = intact
};

/* pages that are zeros, missing, or another page */

enum page_damage { PAGE_ZEROED, PAGE_MISSING, PAGE_SWAPPED, PAGE_ONES, PAGE_DAMAGES };

static uint64_t open_pages(const struct job *job, void **ret_state)
{
	return open_state(job, false, ret_state)->read_count * PAGE_DAMAGES;
}

static int run_page(void *context, uint64_t index, struct trial *trial)
{
	static const char *const names[] = { "zeroed", "missing", "swapped", "all ones" };
	struct memory_state *state = context;
	enum page_damage damage = index % PAGE_DAMAGES;
	struct replica_page *page = state->read_pages[index / PAGE_DAMAGES];
	struct replica_page *other =
		state->read_pages[random_below(&trial->random, state->read_count)];
	struct replica_page kept = *page, kept_other = *other;
	enum xfdt_verdict_kind kind;
	size_t first = 0;

	while (page->purpose[first] == REPLICA_UNREAD)
		first++;
	say_place(state, &(struct place){ page, first }, 0, trial);
	snprintf(trial->where, sizeof(trial->where), "kvaddr %#llx pfn %#llx",
		 (unsigned long long)page->vpage, (unsigned long long)page->pfn);
	snprintf(trial->name + strlen(trial->name), sizeof(trial->name) - strlen(trial->name),
		 " (page %s)", names[damage]);
	if (damage == PAGE_MISSING)
		page->present = false;
	else if (damage == PAGE_SWAPPED) {
		memcpy(page->bytes, kept_other.bytes, sizeof(page->bytes));
		memcpy(other->bytes, kept.bytes, sizeof(other->bytes));
	} else
		memset(page->bytes, damage == PAGE_ZEROED ? 0 : 0xff, sizeof(page->bytes));
	kind = replica_verdict(state->replica, true);
	*other = kept_other;
	*page = kept;
	return (int)kind;
}

const struct job memory_pages = {
	.name = "pages", .weight = 1, .open = open_pages, .run = run_page, .intact = intact
};

/* the limit of what a dump may cost is reached at each read */

static uint64_t open_limit(const struct job *job, void **ret_state)
{
	return open_state(job, true, ret_state)->replica->reads;
}

static int run_limit(void *context, uint64_t index, struct trial *trial)
{
	struct replica *replica = ((struct memory_state *)context)->replica;
	enum xfdt_verdict_kind kind;

	snprintf(trial->where, sizeof(trial->where), "after %llu reads", (unsigned long long)index);
	snprintf(trial->name, sizeof(trial->name), "limit of reads");
	replica->reads_spent = XFDT_READS_MAX - 1 - index;
	kind = replica_verdict(replica, false);
	replica->reads_spent = 0;
	return (int)kind;
}

const struct job memory_limit = {
	.name = "limit", .weight = 1, .open = open_limit, .run = run_limit, .intact = intact
};

/* a few random changes at once */

static uint64_t open_random(const struct job *job, void **ret_state)
{
	open_state(job, false, ret_state);
	return 1u << 30;
}

static uint64_t changed(uint64_t value, size_t size, struct trial *trial)
{
	static const uint64_t values[] = { 0,	       1,	  0x7f,	      0x80,
					   0xff,       0xffff,	  0x7fffffff, 0x80000000,
					   UINT32_MAX, INT64_MAX, UINT64_MAX, 1ull << 18 };

	switch (random_below(&trial->random, 4)) {
	case 0:
		return value ^ 1ull << random_below(&trial->random, 8 * size);
	case 1:
		return values[random_below(&trial->random, sizeof(values) / sizeof(values[0]))];
	case 2:
		return value + random_below(&trial->random, 17) - 8;
	default:
		return next_random(&trial->random);
	}
}

/* Is a bit in which @page differs from @before the only record of something? */
static bool changes_only_record(const struct memory_state *state, const struct replica_page *page,
				const struct replica_page *before)
{
	unsigned int bit;
	char name[160];
	size_t i;

	for (i = 0; i < 8 * sizeof(page->bytes); i++) {
		bit = i % 8;
		if (!((page->bytes[i / 8] ^ before->bytes[i / 8]) >> bit & 1))
			continue;
		replica_name(state->replica, page, i / 8, bit, name, sizeof(name));
		if (replica_is_only_record(name))
			return true;
	}
	return false;
}

static int run_random(void *context, uint64_t index, struct trial *trial)
{
	struct memory_state *state = context;
	uint64_t count = 1 + random_below(&trial->random, CHANGES_MAX), i;
	struct replica_page *pages[CHANGES_MAX], kept[CHANGES_MAX];
	enum xfdt_verdict_kind kind;

	(void)index;
	for (i = 0; i < count; i++) {
		struct place *place =
			&state->places[random_below(&trial->random, state->place_count)];
		size_t size = 1u << random_below(&trial->random, 4);
		uint64_t value = 0;

		if (size > XFDT_PAGE_SIZE - place->offset)
			size = 1;
		pages[i] = place->page;
		kept[i] = *place->page;
		memcpy(&value, place->page->bytes + place->offset, size);
		value = changed(value, size, trial);
		memcpy(place->page->bytes + place->offset, &value, size);
		say_place(state, place, 0, trial);
	}
	kind = replica_verdict(state->replica, true);
	while (i--) {
		if (kind != state->replica->verdict)
			trial->only_record |= changes_only_record(state, pages[i], &kept[i]);
		*pages[i] = kept[i];
	}
	return (int)kind;
}

const struct job memory_random = {
	.name = "random", .weight = 1, .open = open_random, .run = run_random, .intact = intact
};
