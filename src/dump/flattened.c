/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flattened format (makedumpfile(8), -F and -R; its header is big endian). */
#include "dump/flattened.h"
#include "base/util.h"
#include "dump/dumpfile.h"
#include "dump/kdump_format.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET_MAX (1ll << 50)
#define RECORDS_MAX (1u << 24)
#define PROGRESS_STEP (64 << 20)

static const char signature[16] = XFDT_FLAT_SIGNATURE;

/* One record, in the order of the file. */
struct record {
	uint64_t start, end, position;
	uint32_t number;
};

struct records {
	struct record *items;
	size_t count, room;
};

bool xfdt_begins_flattened(const void *head, size_t len)
{
	return len >= sizeof(signature) && !memcmp(head, signature, sizeof(signature));
}

bool xfdt_is_flattened(int fd)
{
	char start[sizeof(signature)];

	return xfdt_read_file(fd, start, sizeof(start), 0) &&
	       xfdt_begins_flattened(start, sizeof(start));
}

struct xfdt_error *xfdt_storage_is_flattened(struct xfdt_storage *storage, bool *ret_flattened)
{
	struct xfdt_error *err;
	char start[sizeof(signature)];
	size_t got;

	err = xfdt_storage_read(storage, start, sizeof(start), 0, &got);
	if (!err)
		*ret_flattened = got == sizeof(start) &&
				 !memcmp(start, signature, sizeof(signature));
	return err;
}

static struct xfdt_error *add_record(struct records *records, uint64_t offset, uint64_t size,
				     uint64_t position)
{
	if (records->count == RECORDS_MAX)
		return xfdt_error_new(XFDT_LIMIT, 0, "a flattened dump of over %u records",
				      RECORDS_MAX);
	if (records->count == records->room) {
		size_t room = records->room ? 2 * records->room : 256;
		struct record *items = realloc(records->items, room * sizeof(*items));

		if (!items)
			return xfdt_error_new(XFDT_NO_MEMORY, 0,
					      "out of memory for the records of a flattened dump");
		records->items = items;
		records->room = room;
	}
	records->items[records->count] = (struct record){
		.start = offset,
		.end = offset + size,
		.position = position,
		.number = (uint32_t)records->count,
	};
	records->count++;
	return NULL;
}

/* Add the record at @position; *@ret_next is behind it, or 0 for the end record. */
static struct xfdt_error *read_record(struct records *records, struct xfdt_storage *storage,
				      uint64_t position, uint64_t *ret_next)
{
	uint64_t total = xfdt_storage_size(storage);
	struct xfdt_flat_record record;
	struct xfdt_error *err;
	size_t got;

	/* over a network, what lies between two headers costs less than a request for each */
	err = xfdt_storage_is_remote(storage) ?
		      xfdt_storage_read(storage, &record, sizeof(record), position, &got) :
		      xfdt_storage_read_alone(storage, &record, sizeof(record), position, &got);
	if (err)
		return err;
	if (got < sizeof(record))
		return xfdt_error_new(XFDT_TRUNCATED, 0, "the flattened dump has no end record");
	record.offset = (int64_t)be64toh((uint64_t)record.offset);
	record.size = (int64_t)be64toh((uint64_t)record.size);
	*ret_next = 0;
	if (record.offset == XFDT_FLAT_END)
		return NULL;
	if (record.offset < 0 || record.offset > OFFSET_MAX || record.size <= 0 ||
	    record.size > OFFSET_MAX)
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "a flattened record at offset %llu is out of bounds",
				      ull(position));
	position += sizeof(record);
	if (position > total || (uint64_t)record.size > total - position)
		return xfdt_error_new(
			XFDT_TRUNCATED, 0,
			"the flattened dump ends in the middle of a record, at offset %llu",
			ull(total));
	err = add_record(records, (uint64_t)record.offset, (uint64_t)record.size, position);
	*ret_next = position + (uint64_t)record.size;
	return err;
}

static struct xfdt_error *read_records(struct records *records, struct xfdt_storage *storage,
				       xfdt_progress *progress, void *context)
{
	uint64_t position = XFDT_FLAT_HEADER_SIZE, told = 0, total = xfdt_storage_size(storage);
	struct xfdt_error *err;

	do {
		err = read_record(records, storage, position, &position);
		if (progress && position - told >= PROGRESS_STEP && position) {
			told = position;
			progress(context, position, total);
		}
	} while (!err && position);
	if (!err && told)
		progress(context, total, total);
	return err;
}

static int compare_starts(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* A heap of records that reach beyond some offset; the latest one is on top. */
struct heap {
	const struct record **items;
	size_t count;
};

static void swap(const struct record **a, const struct record **b)
{
	const struct record *item = *a;

	*a = *b;
	*b = item;
}

static void heap_push(struct heap *heap, const struct record *record)
{
	size_t i = heap->count++;

	heap->items[i] = record;
	for (; i && heap->items[(i - 1) / 2]->number < record->number; i = (i - 1) / 2)
		swap(&heap->items[i], &heap->items[(i - 1) / 2]);
}

static void heap_pop(struct heap *heap)
{
	size_t i = 0;

	heap->items[0] = heap->items[--heap->count];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < heap->count &&
		    heap->items[child + 1]->number > heap->items[child]->number)
			child++;
		if (child >= heap->count || heap->items[child]->number < heap->items[i]->number)
			return;
		swap(&heap->items[i], &heap->items[child]);
		i = child;
	}
}

/* Put bytes @start up to @end of @record behind the others. */
static void add_piece(struct xfdt_flat_index *index, const struct record *record, uint64_t start,
		      uint64_t end)
{
	uint64_t position = record->position + (start - record->start);
	struct xfdt_flat_piece *last = index->count ? &index->pieces[index->count - 1] : NULL;

	if (last && last->end == start && last->position + (start - last->start) == position)
		last->end = end;
	else
		index->pieces[index->count++] = (struct xfdt_flat_piece){ start, end, position };
}

/* Of @records, by their starts, what the later ones leave of each. */
static void add_pieces(struct xfdt_flat_index *index, const struct records *records,
		       struct heap *heap)
{
	uint64_t at = 0, end;
	size_t next = 0;

	while (next < records->count || heap->count) {
		if (!heap->count)
			at = records->items[next].start;
		while (next < records->count && records->items[next].start == at)
			heap_push(heap, &records->items[next++]);
		end = heap->items[0]->end;
		if (next < records->count && records->items[next].start < end)
			end = records->items[next].start;
		add_piece(index, heap->items[0], at, end);
		at = end;
		while (heap->count && heap->items[0]->end <= at)
			heap_pop(heap);
	}
}

struct xfdt_error *xfdt_flat_index_init(struct xfdt_flat_index *ret_index,
					struct xfdt_storage *storage, xfdt_progress *progress,
					void *context)
{
	struct records records = { 0 };
	struct xfdt_flat_index index = { 0 };
	struct heap heap = { 0 };
	struct xfdt_error *err = read_records(&records, storage, progress, context);

	if (!err) {
		/* every start and every end begins at most one piece */
		index.pieces = calloc(2 * records.count + 1, sizeof(*index.pieces));
		heap.items = calloc(records.count + 1, sizeof(*heap.items));
		if (!index.pieces || !heap.items)
			err = xfdt_error_new(XFDT_NO_MEMORY, 0,
					     "out of memory for the records of a flattened dump");
	}
	if (!err) {
		if (records.count)
			qsort(records.items, records.count, sizeof(*records.items), compare_starts);
		add_pieces(&index, &records, &heap);
		*ret_index = index;
	} else {
		free(index.pieces);
	}
	free(heap.items);
	free(records.items);
	return err;
}

void xfdt_flat_index_deinit(struct xfdt_flat_index *index)
{
	free(index->pieces);
	*index = (struct xfdt_flat_index){ 0 };
}

size_t xfdt_flat_index_find(const struct xfdt_flat_index *index, uint64_t offset)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->pieces[middle].end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
