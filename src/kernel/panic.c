/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU that panicked (Linux: kernel/panic.c, arch/x86/kernel/crash.c). */
#include "kernel/panic.h"
#include "kernel/fault.h"
#include "kernel/oops_log.h"
#include "kernel/task.h"

#include <stdlib.h>
#include <string.h>

static bool read_cpu_number(const struct xfdt_image *image, enum xfdt_symbol_id id,
			    int32_t *ret_number)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, id);
	struct xfdt_error *err;

	if (!symbol)
		return false;
	err = xfdt_read(image, symbol->kvaddr, ret_number, sizeof(*ret_number));
	xfdt_error_free(err);
	return !err;
}

static void find_cpu(struct xfdt_host *host)
{
	static const enum xfdt_symbol_id ids[] = { XFDT_S_panic_cpu, XFDT_S_crashing_cpu };
	struct xfdt_panic *panic = &host->panic;
	size_t i;

	for (i = 0; i < 2; i++) {
		int32_t number;

		if (!read_cpu_number(host->image, ids[i], &number))
			continue;
		/* PANIC_CPU_INVALID is -1, which says that none did */
		panic->cpu_known = true;
		if (number < 0 || number >= XFDT_CPUS_MAX)
			continue;
		panic->cpu.known = true;
		panic->cpu.value = (uint64_t)number;
		return;
	}
}

/*
 * The register note of the CPU that panicked.  Notes come in the order of the
 * CPUs that left one; the thread id says which it is.
 */
static void find_note(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_panic *panic = &host->panic;
	const struct xfdt_cpu_note *only = NULL;
	size_t i, matches = 0;

	for (i = 0; i < image->note_count; i++) {
		if (panic->task && image->notes[i].pid == panic->pid) {
			only = &image->notes[i];
			matches++;
		}
	}
	/* several idle threads all have id 0: then the place decides */
	if (matches > 1 && panic->cpu.value < image->note_count &&
	    image->notes[panic->cpu.value].pid == panic->pid) {
		only = &image->notes[panic->cpu.value];
		matches = 1;
	}
	if (matches != 1)
		return;
	panic->note = only->regs;
	panic->note_known = true;
	panic->note_on_stack = xfdt_is_on_stack(image, panic->task, only->regs.sp);
}

static struct xfdt_value read_tainted(const struct xfdt_image *image)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, XFDT_S_tainted_mask);
	struct xfdt_value tainted = { .known = false };
	struct xfdt_error *err;

	if (!symbol)
		return tainted;
	err = xfdt_read_u64(image, symbol->kvaddr, &tainted.value);
	tainted.known = !err;
	xfdt_error_free(err);
	return tainted;
}

static void decode_note(struct xfdt_host *host)
{
	struct xfdt_panic *panic = &host->panic;
	struct xfdt_gpr gpr = xfdt_gpr_of(&panic->note);
	static const uint8_t zeros[XFDT_INSN_MAX];
	struct xfdt_xrstor_insn insn;
	uint8_t code[XFDT_INSN_MAX];
	struct xfdt_error *err;

	if (!panic->note_known)
		return;
	err = xfdt_read_for(host->image, XFDT_FOR_CODE, panic->note.ip, code, sizeof(code));
	/* no function holds that many zeros: such a page is not what it was */
	panic->note_code_known = !err && memcmp(code, zeros, sizeof(code));
	if (!err &&
	    xfdt_insn_xrstor(host->decoder, code, sizeof(code), panic->note.ip, &gpr, &insn)) {
		panic->note_is_xrstor = true;
		panic->note_operand = insn.operand;
	}
	xfdt_error_free(err);
}

struct xfdt_error *xfdt_panic_read(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_panic *panic = &host->panic;
	enum xfdt_purpose before;
	struct xfdt_error *err;
	struct xfdt_value pid;

	before = xfdt_set_purpose(image, XFDT_FOR_LOG);
	err = xfdt_log_read(image, &panic->log);
	xfdt_set_purpose(image, before);
	panic->log_known = !err;
	if (!err)
		err = xfdt_find_events(panic);
	if (err && xfdt_error_code(err) == XFDT_NO_MEMORY)
		return err;
	if (err)
		xfdt_gaps_add(&host->gaps, "the kernel log", err, NULL);

	panic->tainted = read_tainted(image);
	find_cpu(host);
	if (panic->cpu.known) {
		err = xfdt_current_task(image, (unsigned int)panic->cpu.value, &panic->task);
		if (err) {
			panic->task = 0;
			xfdt_gaps_add(&host->gaps, "the thread that panicked", err, NULL);
		} else {
			pid = xfdt_value_of(image, panic->task, XFDT_M_task_pid);
			panic->pid_known = pid.known;
			panic->pid = (int)pid.value;
			xfdt_task_comm(image, panic->task, panic->comm);
		}
		find_note(host);
		decode_note(host);
	}
	return xfdt_fault_read(host);
}

void xfdt_panic_deinit(struct xfdt_panic *panic)
{
	xfdt_log_deinit(&panic->log);
	free(panic->events);
	panic->events = NULL;
}
