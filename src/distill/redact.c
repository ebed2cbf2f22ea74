/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving out what was searched, but not found to matter. */
#include "distill/redact.h"

#define WORD 8
#define PIECE_MAX 65536u /* a line of the log has less */

/* Read once more, and so kept. */
static struct xfdt_error *keep(const struct xfdt_image *image, uint64_t kvaddr, size_t len)
{
	uint8_t bytes[PIECE_MAX];

	return xfdt_read(image, kvaddr, bytes, len < sizeof(bytes) ? len : sizeof(bytes));
}

/* The word below a frame says whose it is. */
static struct xfdt_error *keep_frame(const struct xfdt_image *image, uint64_t frame)
{
	return keep(image, frame - WORD, WORD + sizeof(struct xfdt_regs));
}

static struct xfdt_error *spare_stack(struct xfdt_dump *dump, const struct xfdt_host *host)
{
	const struct xfdt_panic *panic = &host->panic;
	const struct xfdt_fault *fault = &panic->fault;
	struct xfdt_error *err = NULL;

	xfdt_set_purpose(host->image, XFDT_FOR_STACK);
	xfdt_dump_forget(dump, panic->stack.kvaddr, panic->stack.len);
	if (fault->frame)
		err = keep_frame(host->image, fault->frame);
	if (!err && fault->caller_slot)
		err = keep(host->image, fault->caller_slot, WORD);
	return err;
}

/* Of a record that is not kept, its place in the order stays: the first says whether some are lost. */
static struct xfdt_error *keep_sequence(const struct xfdt_image *image, uint64_t info)
{
	uint64_t seq;

	return xfdt_has_member(image, XFDT_M_printk_info_seq) ?
		       xfdt_read_member(image, info, XFDT_M_printk_info_seq, &seq) :
		       NULL;
}

static struct xfdt_error *spare_log(struct xfdt_dump *dump, const struct xfdt_host *host,
				    const bool *lines)
{
	const struct xfdt_log *log = &host->panic.log;
	struct xfdt_error *err = NULL;
	size_t i;

	xfdt_set_purpose(host->image, XFDT_FOR_LOG);
	for (i = 0; i < 2; i++) {
		xfdt_dump_forget(dump, log->text[i].kvaddr, log->text[i].len);
		xfdt_dump_forget(dump, log->infos[i].kvaddr, log->infos[i].len);
	}
	for (i = 0; !err && i < log->count; i++) {
		const struct xfdt_log_line *line = &log->lines[i];

		if (!lines[i]) {
			err = keep_sequence(host->image, line->info.kvaddr);
			continue;
		}
		err = keep(host->image, line->info.kvaddr, line->info.len);
		if (!err)
			err = keep(host->image, line->where.kvaddr, line->where.len);
	}
	return err;
}

/* Of the stacks that were searched for the frame of an #NM, that frame. */
static struct xfdt_error *spare_other_stacks(struct xfdt_dump *dump, const struct xfdt_host *host)
{
	struct xfdt_vcpu_at at = { 0 };
	struct xfdt_error *err = NULL;
	const struct xfdt_vcpu *vcpu;

	xfdt_set_purpose(host->image, XFDT_FOR_STACK);
	while (!err && (vcpu = xfdt_next_vcpu(host, &at))) {
		const struct xfdt_thread *thread = &vcpu->thread;

		if (!thread->stack.len)
			continue;
		xfdt_dump_forget(dump, thread->stack.kvaddr, thread->stack.len);
		if (thread->nm_frame)
			err = keep_frame(host->image, thread->nm_frame);
	}
	return err;
}

struct xfdt_error *xfdt_redact(struct xfdt_dump *dump, const struct xfdt_host *host,
			       const bool *lines)
{
	struct xfdt_error *err = spare_stack(dump, host);

	if (!err)
		err = spare_other_stacks(dump, host);

	if (!err && lines)
		err = spare_log(dump, host, lines);
	return err;
}
