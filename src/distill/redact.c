/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Redacts data that was scanned but not used: stacks, and lines of the log. */
#include "distill/redact.h"

#define WORD 8
#define PIECE_MAX 65536u /* a line of the log has less */

/* Reading it again records it, so it is kept. */
static struct xfdt_error *keep(const struct xfdt_image *image, uint64_t kvaddr, size_t len)
{
	uint8_t bytes[PIECE_MAX];

	return xfdt_read(image, kvaddr, bytes, len < sizeof(bytes) ? len : sizeof(bytes));
}

/* The frame, the word below it, which says which entry pushed it, and the return address. */
static struct xfdt_error *keep_fault(const struct xfdt_image *image, const struct xfdt_fault *fault)
{
	struct xfdt_error *err = NULL;

	if (fault->frame)
		err = keep(image, fault->frame - WORD, WORD + sizeof(struct xfdt_regs));
	if (!err && fault->caller_slot)
		err = keep(image, fault->caller_slot, WORD);
	return err;
}

/* The @len bytes at @kvaddr on @stack, as far as they are there. */
static struct xfdt_error *keep_words(const struct xfdt_image *image, const struct xfdt_piece *stack,
				     uint64_t kvaddr, size_t len)
{
	if (!stack->len || kvaddr - stack->kvaddr >= stack->len)
		return NULL;
	if (len > stack->kvaddr + stack->len - kvaddr)
		len = stack->kvaddr + stack->len - kvaddr;
	return keep(image, kvaddr & ~(uint64_t)(WORD - 1), len);
}

/* What says whether @vcpu's thread was within the restore: the innermost callers, and frames. */
static struct xfdt_error *keep_position(const struct xfdt_image *image,
					const struct xfdt_vcpu *vcpu)
{
	const struct xfdt_piece *stack = &vcpu->stack;
	struct xfdt_error *err;

	err = keep_words(image, stack, vcpu->stack_sp, XFDT_STACK_TOP);
	if (!err && vcpu->interrupted)
		err = keep_words(image, stack, vcpu->interrupted,
				 XFDT_INTERRUPT_FRAME + XFDT_INTERRUPTED_TOP);
	if (!err && vcpu->other_frame)
		err = keep_words(image, stack, vcpu->other_frame - WORD,
				 WORD + sizeof(struct xfdt_regs));
	return err;
}

static struct xfdt_error *redact_stacks(struct xfdt_dump *dump, const struct xfdt_host *host)
{
	const struct xfdt_panic *panic = &host->panic;
	struct xfdt_vcpu_at at = { 0 };
	struct xfdt_error *err = NULL;
	const struct xfdt_vcpu *vcpu;
	size_t i;

	xfdt_set_purpose(host->image, XFDT_FOR_STACK);
	xfdt_dump_forget(dump, panic->stack.kvaddr, panic->stack.len);
	while ((vcpu = xfdt_next_vcpu(host, &at)))
		xfdt_dump_forget(dump, vcpu->stack.kvaddr, vcpu->stack.len);
	for (i = 0; !err && i < panic->fault_count; i++)
		err = keep_fault(host->image, &panic->faults[i]);
	at = (struct xfdt_vcpu_at){ 0 };
	while (!err && (vcpu = xfdt_next_vcpu(host, &at)))
		err = keep_position(host->image, vcpu);
	return err;
}

/* A redacted line keeps its place: the sequence number, and the id of its block. */
static struct xfdt_error *keep_place(const struct xfdt_image *image,
				     const struct xfdt_log_line *line)
{
	struct xfdt_error *err = NULL;
	uint64_t seq;

	if (xfdt_has_member(image, XFDT_M_printk_info_seq))
		err = xfdt_read_member(image, line->info.kvaddr, XFDT_M_printk_info_seq, &seq);
	return err ? err : keep(image, line->where.kvaddr, XFDT_LOG_BLOCK_ID);
}

static struct xfdt_error *redact_log(struct xfdt_dump *dump, const struct xfdt_host *host,
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
			err = keep_place(host->image, line);
			continue;
		}
		err = keep(host->image, line->info.kvaddr, line->info.len);
		if (!err)
			err = keep(host->image, line->where.kvaddr, line->where.len);
	}
	return err;
}

struct xfdt_error *xfdt_redact(struct xfdt_dump *dump, const struct xfdt_host *host,
			       const bool *lines)
{
	struct xfdt_error *err = redact_stacks(dump, host);

	if (!err && lines)
		err = redact_log(dump, host, lines);
	return err;
}
