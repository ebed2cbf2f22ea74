/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz the printk ring: the input is memory.  The ring's own structure is at
 * its start, then 8 descriptors, their infos, and the text.
 */
#include "fuzz/fuzz.h"
#include "kernel/log.h"
#include "kernel/oops_log.h"

#include <stdlib.h>

#define BASE 0xffffffff82a00000ull
#define DESC_SIZE 24
#define INFO_SIZE 32
#define TRACE_MAX 32

static void member(struct xfdt_image *image, enum xfdt_member_id id, uint32_t offset, uint32_t size)
{
	image->layout.members[id] = (struct xfdt_member){ true, offset, size, 0, 0 };
}

static void look_for_events(const struct xfdt_log *log)
{
	bool *lines = calloc(log->count + 1, sizeof(*lines));
	const char *trace[TRACE_MAX];
	struct xfdt_log_regs regs;
	struct xfdt_events events;
	size_t i;

	for (i = 0; i < log->count; i++)
		FUZZ_CHECK(strlen(log->lines[i].text) <= 65535);
	FUZZ_CHECK(!xfdt_events_find(log, &events) && events.count <= log->count);
	for (i = 0; i < events.count; i++)
		if (xfdt_event_registers(log, &events.items[i], &regs))
			FUZZ_CHECK(*regs.function && regs.code_len <= sizeof(regs.code));
	FUZZ_CHECK(xfdt_call_trace(log, &events, trace, TRACE_MAX) <= TRACE_MAX);
	xfdt_oops_log_lines(log, &events, lines);
	free(events.items);
	free(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_image image = { 0 };
	struct fuzz_memory memory;
	struct xfdt_log log;
	struct xfdt_error *err;
	uint8_t *copy;
	uint64_t at[3] = { BASE + 96, BASE + 96 + 8 * DESC_SIZE,
			   BASE + 96 + 8 * (DESC_SIZE + INFO_SIZE) };
	uint64_t prb = BASE + 8;

	if (size < 96)
		return 0;
	copy = malloc(size);
	memcpy(copy, data, size);
	/* pointers that lead into the input, unless the input says otherwise */
	memcpy(copy, &prb, 8);
	if (!(data[0] & 1))
		memcpy(copy + 16, &at[0], 8);
	if (!(data[0] & 2))
		memcpy(copy + 24, &at[1], 8);
	if (!(data[0] & 4))
		memcpy(copy + 64, &at[2], 8);
	fuzz_memory_init(&memory, BASE, copy, size);
	image.reader = &memory.reader;
	image.symtab.symbols[XFDT_S_prb] = (struct xfdt_symbol){ true, BASE, 8 };
	image.layout.structs[XFDT_T_prb_desc] = DESC_SIZE;
	image.layout.structs[XFDT_T_printk_info] = INFO_SIZE;
	member(&image, XFDT_M_prb_desc_ring, 0, 48);
	member(&image, XFDT_M_prb_text_data_ring, 48, 32);
	member(&image, XFDT_M_desc_ring_count_bits, 0, 4);
	member(&image, XFDT_M_desc_ring_descs, 8, 8);
	member(&image, XFDT_M_desc_ring_infos, 16, 8);
	member(&image, XFDT_M_desc_ring_head_id, 24, 8);
	member(&image, XFDT_M_desc_ring_tail_id, 32, 8);
	member(&image, XFDT_M_prb_desc_state_var, 0, 8);
	member(&image, XFDT_M_prb_desc_text_blk_lpos, 8, 16);
	member(&image, XFDT_M_blk_lpos_begin, 0, 8);
	member(&image, XFDT_M_blk_lpos_next, 8, 8);
	member(&image, XFDT_M_printk_info_ts_nsec, 8, 8);
	member(&image, XFDT_M_printk_info_text_len, 16, 2);
	member(&image, XFDT_M_printk_info_facility, 18, 1);
	member(&image, XFDT_M_printk_info_caller_id, 20, 4);
	member(&image, XFDT_M_data_ring_size_bits, 0, 4);
	member(&image, XFDT_M_data_ring_data, 8, 8);
	err = xfdt_log_read(&image, &log);
	if (!err) {
		look_for_events(&log);
		xfdt_log_deinit(&log);
	}
	xfdt_error_free(err);
	free(copy);
	return 0;
}
