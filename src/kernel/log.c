/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The printk ring buffer (Linux: kernel/printk/printk_ringbuffer.[ch]). */
#include "kernel/log.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX (1u << 15)
#define TEXT_MAX (4u << 20)
#define RECORD_SIZE_MAX 1024u
#define COUNT_BITS_MAX 30
#define SIZE_BITS_MAX 32
#define ID_MASK (~0ull >> 2)
#define STATE_SHIFT 62
#define STATE_COMMITTED 1
#define STATE_FINALIZED 2
#define STATE_REUSABLE 3
#define BLOCK_ID_SIZE XFDT_LOG_BLOCK_ID
#define EMPTY_LINE_LPOS 3

struct ring {
	uint64_t descs, infos, data; /* kvaddrs */
	uint64_t head_id, tail_id;
	uint64_t count, size; /* descriptors; bytes of text */
};

struct table {
	uint8_t *bytes;
	size_t stride;
};

static struct xfdt_error *read_ring(const struct xfdt_image *image, struct ring *ring)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, XFDT_S_prb);
	uint64_t prb, desc_ring, data_ring, count_bits, size_bits;
	struct xfdt_error *err;

	if (!symbol)
		return xfdt_error_new(XFDT_MISSING, 0, "the symbol 'prb' is unknown");
	if (!xfdt_has_struct(image, XFDT_T_prb_desc) || !xfdt_has_struct(image, XFDT_T_printk_info))
		return xfdt_error_new(XFDT_MISSING, 0,
				      "the layout of the log's records is unknown");
	err = xfdt_read_u64(image, symbol->kvaddr, &prb);
	if (!err)
		err = xfdt_member_kvaddr(image, prb, XFDT_M_prb_desc_ring, &desc_ring);
	if (!err)
		err = xfdt_member_kvaddr(image, prb, XFDT_M_prb_text_data_ring, &data_ring);
	if (!err)
		err = xfdt_read_member(image, desc_ring, XFDT_M_desc_ring_count_bits, &count_bits);
	if (!err)
		err = xfdt_read_member(image, desc_ring, XFDT_M_desc_ring_descs, &ring->descs);
	if (!err)
		err = xfdt_read_member(image, desc_ring, XFDT_M_desc_ring_infos, &ring->infos);
	if (!err)
		err = xfdt_read_member(image, desc_ring, XFDT_M_desc_ring_head_id, &ring->head_id);
	if (!err)
		err = xfdt_read_member(image, desc_ring, XFDT_M_desc_ring_tail_id, &ring->tail_id);
	if (!err)
		err = xfdt_read_member(image, data_ring, XFDT_M_data_ring_size_bits, &size_bits);
	if (!err)
		err = xfdt_read_member(image, data_ring, XFDT_M_data_ring_data, &ring->data);
	if (err)
		return err;
	if (count_bits > COUNT_BITS_MAX || size_bits > SIZE_BITS_MAX)
		return xfdt_error_new(XFDT_CORRUPT, prb,
				      "the log's ring has 2^%llu records of 2^%llu bytes",
				      ull(count_bits), ull(size_bits));
	if (image->layout.structs[XFDT_T_prb_desc] > RECORD_SIZE_MAX ||
	    image->layout.structs[XFDT_T_printk_info] > RECORD_SIZE_MAX)
		return xfdt_error_new(XFDT_CORRUPT, prb, "the log's records are too large");
	ring->count = 1ull << count_bits;
	ring->size = 1ull << size_bits;
	return NULL;
}

/* Where @count elements from number @first on lie in a ring of @ring_count elements. */
static void pieces_of(uint64_t array, size_t stride, uint64_t ring_count, uint64_t first,
		      uint64_t count, struct xfdt_piece ret_pieces[2])
{
	uint64_t index = first & (ring_count - 1), part = ring_count - index;

	if (part > count)
		part = count;
	ret_pieces[0] = (struct xfdt_piece){ array + index * stride, part * stride };
	ret_pieces[1] = (struct xfdt_piece){ array, (count - part) * stride };
}

static struct xfdt_error *read_pieces(const struct xfdt_image *image,
				      const struct xfdt_piece pieces[2], uint8_t *ret_bytes)
{
	struct xfdt_error *err;

	err = xfdt_read(image, pieces[0].kvaddr, ret_bytes, pieces[0].len);
	if (!err && pieces[1].len)
		err = xfdt_read(image, pieces[1].kvaddr, ret_bytes + pieces[0].len, pieces[1].len);
	return err;
}

static struct xfdt_error *read_table(const struct xfdt_image *image, uint64_t array, size_t stride,
				     const struct ring *ring, uint64_t first, uint64_t count,
				     struct table *table, struct xfdt_piece ret_pieces[2])
{
	table->stride = stride;
	table->bytes = malloc(stride * count);
	if (!table->bytes)
		return xfdt_no_memory("the log");
	pieces_of(array, stride, ring->count, first, count, ret_pieces);
	return read_pieces(image, ret_pieces, table->bytes);
}

/*
 * One record's data block, an id and text, in positions that only grow; false if it
 * has none: *@ret_empty, or else it is damaged.
 */
static bool block_of(const struct xfdt_image *image, const struct ring *ring, const uint8_t *desc,
		     size_t stride, uint64_t id, uint64_t *ret_begin, uint64_t *ret_next,
		     bool *ret_empty)
{
	const struct xfdt_member *lpos = &image->layout.members[XFDT_M_prb_desc_text_blk_lpos];
	uint64_t state, begin, next;

	*ret_empty = false;
	if (!xfdt_member_value(image, desc, stride, XFDT_M_prb_desc_state_var, &state) ||
	    !lpos->known || lpos->offset > stride ||
	    !xfdt_member_value(image, desc + lpos->offset, stride - lpos->offset,
			       XFDT_M_blk_lpos_begin, &begin) ||
	    !xfdt_member_value(image, desc + lpos->offset, stride - lpos->offset,
			       XFDT_M_blk_lpos_next, &next))
		return false;
	if ((state & ID_MASK) != id)
		return false;
	if (state >> STATE_SHIFT != STATE_COMMITTED && state >> STATE_SHIFT != STATE_FINALIZED)
		return false;
	if ((begin & 1) && (next & 1)) {
		/* an empty line; FAILED_LPOS says that the text found no room */
		*ret_empty = begin == EMPTY_LINE_LPOS && next == EMPTY_LINE_LPOS;
		return false;
	}
	if (next - begin > ring->size)
		return false;
	/* a block that does not fit before the end starts over at index 0 */
	if (begin / ring->size != next / ring->size && next % ring->size)
		begin = next - next % ring->size;
	if (next - begin <= BLOCK_ID_SIZE)
		return false;
	*ret_begin = begin;
	*ret_next = next;
	return true;
}

/* Append @len bytes of @text as a line like @line. */
static void append_line(struct xfdt_log *log, size_t *used, const uint8_t *text, size_t len,
			const struct xfdt_log_line *line)
{
	char *at = log->buffer + *used;
	size_t i;

	log->lines[log->count] = *line;
	log->lines[log->count++].text = at;
	for (i = 0; i < len; i++)
		*at++ = text[i] == '\0' ? ' ' : (char)text[i];
	*at++ = '\0';
	*used = (size_t)(at - log->buffer);
}

/*
 * Is the oldest descriptor one that holds no record: never used yet, or about to be
 * used again?  The next one's sequence number tells whether a record was dropped.
 */
static bool is_reusable(const struct xfdt_image *image, const uint8_t *desc, size_t stride)
{
	uint64_t state;

	return xfdt_member_value(image, desc, stride, XFDT_M_prb_desc_state_var, &state) &&
	       state >> STATE_SHIFT == STATE_REUSABLE;
}

/*
 * Each data block starts with the id of its descriptor: a second witness that it is
 * where the descriptor says.  What distill leaves out is 0.
 */
static bool has_id(const struct xfdt_image *image, const uint8_t *block, uint64_t id)
{
	uint64_t found;

	memcpy(&found, block, sizeof(found));
	return found == id || (image->embedded && !found);
}

static struct xfdt_error *collect(const struct xfdt_image *image, const struct ring *ring,
				  uint64_t first, uint64_t count, const struct table *descs,
				  const struct table *infos, struct xfdt_log *log)
{
	uint64_t i, low = 0, high = 0, any_low = 0, any_high = 0, first_seq = 0;
	size_t used = 0, lines = 0, text = 0;
	bool any = false;
	uint8_t *data;
	struct xfdt_error *err;

	/* newest first, to see how far back the text that is read may reach */
	for (i = count; i-- > 0;) {
		uint64_t begin, next;
		bool empty;

		if (!block_of(image, ring, descs->bytes + i * descs->stride, descs->stride,
			      (first + i) & ID_MASK, &begin, &next, &empty)) {
			log->cut |= !empty &&
				    (i || !is_reusable(image, descs->bytes, descs->stride));
			continue;
		}
		if (!any) {
			high = next;
			low = begin;
		}
		/* writers on several CPUs may have swapped neighbours */
		if ((int64_t)(next - high) > 0)
			high = next;
		if ((int64_t)(begin - low) < 0)
			low = begin;
		/* blocks that overlap are corrupt, but must not add up without end */
		if (high - low > TEXT_MAX || high - low > ring->size || text > 2 * TEXT_MAX) {
			low = any_low;
			high = any_high;
			log->cut = true;
			break;
		}
		any_low = low;
		any_high = high;
		any = true;
		lines++;
		text += next - begin + 1;
	}
	first += i + 1;
	descs = &(struct table){ descs->bytes + (i + 1) * descs->stride, descs->stride };
	infos = &(struct table){ infos->bytes + (i + 1) * infos->stride, infos->stride };
	count -= i + 1;
	if (!any)
		return xfdt_error_new(XFDT_CORRUPT, ring->descs, "the log holds no whole record");

	data = malloc(high - low);
	log->buffer = malloc(text);
	log->lines = calloc(lines, sizeof(*log->lines));
	if (!data || !log->buffer || !log->lines) {
		err = xfdt_no_memory("the log");
		goto out;
	}
	pieces_of(ring->data, 1, ring->size, low, high - low, log->text);
	err = read_pieces(image, log->text, data);
	if (err)
		goto out;
	for (i = 0; i < count; i++) {
		const uint8_t *info = infos->bytes + i * infos->stride;
		uint64_t begin, next, len, nsec = 0, facility = 0, caller = 0, seq = 0;
		bool empty;

		if (!block_of(image, ring, descs->bytes + i * descs->stride, descs->stride,
			      (first + i) & ID_MASK, &begin, &next, &empty) ||
		    begin - low > high - low || next - low > high - low)
			continue;
		if (!has_id(image, data + (begin - low), (first + i) & ID_MASK) ||
		    !xfdt_member_value(image, info, infos->stride, XFDT_M_printk_info_text_len,
				       &len)) {
			log->cut = true;
			continue;
		}
		begin += BLOCK_ID_SIZE;
		xfdt_member_value(image, info, infos->stride, XFDT_M_printk_info_ts_nsec, &nsec);
		xfdt_member_value(image, info, infos->stride, XFDT_M_printk_info_facility,
				  &facility);
		if (len > next - begin)
			len = next - begin;
		/* records are numbered from 0, without holes but for what was dropped */
		if (!xfdt_member_value(image, info, infos->stride, XFDT_M_printk_info_seq, &seq) ||
		    (log->count && seq - i != first_seq) || (!log->count && seq))
			log->cut = true;
		if (!log->count)
			first_seq = seq - i;
		xfdt_member_value(image, info, infos->stride, XFDT_M_printk_info_caller_id,
				  &caller);
		append_line(log, &used, data + (begin - low), len,
			    &(struct xfdt_log_line){
				    .nsec = nsec,
				    .caller = (uint32_t)caller,
				    .from_user = facility != 0,
				    .where = { ring->data +
						       ((begin - BLOCK_ID_SIZE) & (ring->size - 1)),
					       BLOCK_ID_SIZE + len },
				    .info = { ring->infos + ((first + i) & (ring->count - 1)) *
								    infos->stride,
					      infos->stride },
			    });
	}
out:
	free(data);
	return err;
}

struct xfdt_error *xfdt_log_read(const struct xfdt_image *image, struct xfdt_log *ret_log)
{
	struct table descs = { 0 }, infos = { 0 };
	struct xfdt_piece desc_pieces[2];
	struct xfdt_log log = { 0 };
	struct xfdt_error *err;
	uint64_t first, count;
	struct ring ring;

	err = read_ring(image, &ring);
	if (err)
		return err;
	count = ((ring.head_id - ring.tail_id) & ID_MASK) + 1;
	if (count > ring.count)
		return xfdt_error_new(XFDT_CORRUPT, ring.descs,
				      "the log claims %llu records in a ring of %llu", ull(count),
				      ull(ring.count));
	if (count > RECORDS_MAX) {
		count = RECORDS_MAX;
		log.cut = true;
	}
	first = ring.head_id - count + 1;
	err = read_table(image, ring.descs, image->layout.structs[XFDT_T_prb_desc], &ring, first,
			 count, &descs, desc_pieces);
	if (!err)
		err = read_table(image, ring.infos, image->layout.structs[XFDT_T_printk_info],
				 &ring, first, count, &infos, log.infos);
	if (!err)
		err = collect(image, &ring, first, count, &descs, &infos, &log);
	free(descs.bytes);
	free(infos.bytes);
	if (err)
		xfdt_log_deinit(&log);
	else
		*ret_log = log;
	return err;
}

void xfdt_log_deinit(struct xfdt_log *log)
{
	free(log->buffer);
	free(log->lines);
	memset(log, 0, sizeof(*log));
}
