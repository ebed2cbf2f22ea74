/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU that panicked (Linux: kernel/panic.c, arch/x86/kernel/crash.c). */
#include "kernel/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INT_BYTES 4

const struct xfdt_fault *xfdt_panic_fault(const struct xfdt_panic *panic)
{
	return panic->hit >= 0 ? &panic->faults[panic->hit] : NULL;
}

bool xfdt_panic_had_no_oops(const struct xfdt_panic *panic)
{
	return panic->oopses.known && !panic->oopses.value &&
	       !(panic->tainted.known && panic->tainted.value >> XFDT_TAINT_DIE & 1);
}

/*
 * PANIC_CPU_INVALID is -1.  panic_cpu is set for every panic and every dump that
 * an oops takes; a log that ends with a panic is the second witness.
 */
static void find_cpu(struct xfdt_host *host)
{
	static const enum xfdt_symbol_id ids[] = {
		XFDT_S_panic_redirect_cpu,
		XFDT_S_panic_cpu,
		XFDT_S_crashing_cpu,
	};
	struct xfdt_panic *panic = &host->panic;
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]) && !panic->cpu.known; i++) {
		struct xfdt_value number = xfdt_value_at(host->image, ids[i], INT_BYTES);

		any |= number.known && ids[i] == XFDT_S_panic_cpu;
		panic->cpu.known = number.known && number.value < XFDT_CPUS_MAX;
		panic->cpu.value = panic->cpu.known ? number.value : 0;
	}
	if (panic->cpu.known)
		panic->panicked = XFDT_YES;
	else if (any)
		panic->panicked = xfdt_event_last(&panic->events, XFDT_EVENT_PANIC) ? XFDT_UNSURE :
										      XFDT_NO;
}

void xfdt_panic_thread(const struct xfdt_panic *panic, char ret_words[XFDT_THREAD_WORDS])
{
	if (panic->pid_known)
		snprintf(ret_words, XFDT_THREAD_WORDS, "pid %d", panic->pid);
	else
		strcpy(ret_words, "a thread of unknown pid");
}

static void find_thread(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_panic *panic = &host->panic;
	const struct xfdt_cpu_note *note;
	struct xfdt_value pid;
	struct xfdt_error *err;

	err = xfdt_current_task(image, (unsigned int)panic->cpu.value, &panic->task);
	if (err) {
		panic->task = 0;
		xfdt_host_gap(host, "the thread that panicked", err);
		return;
	}
	pid = xfdt_value_of(image, panic->task, XFDT_M_task_pid);
	panic->pid_known = pid.known;
	panic->pid = (int)pid.value;
	xfdt_task_comm(image, panic->task, panic->comm);
	note = pid.known ? xfdt_note_of_cpu(image, panic->cpu.value, panic->pid) : NULL;
	if (!note)
		return;
	panic->note_known = true;
	panic->note = note->regs;
	panic->note_on_stack = xfdt_is_on_stack(image, panic->task, note->regs.sp);
}

static struct xfdt_error *read_log(struct xfdt_host *host)
{
	struct xfdt_panic *panic = &host->panic;
	enum xfdt_purpose before = xfdt_set_purpose(host->image, XFDT_FOR_LOG);
	struct xfdt_error *err = xfdt_log_read(host->image, &panic->log);

	xfdt_set_purpose(host->image, before);
	panic->log_known = !err;
	if (!err)
		err = xfdt_events_find(&panic->log, &panic->events);
	if (err && xfdt_error_code(err) == XFDT_NO_MEMORY)
		return err;
	if (err)
		xfdt_host_gap(host, "the kernel log", err);
	return NULL;
}

struct xfdt_error *xfdt_panic_read(struct xfdt_host *host)
{
	struct xfdt_panic *panic = &host->panic;
	struct xfdt_error *err;

	panic->hit = -1;
	err = read_log(host);
	if (err)
		return err;
	panic->tainted = xfdt_value_at(host->image, XFDT_S_tainted_mask, sizeof(uint64_t));
	panic->oopses = xfdt_value_at(host->image, XFDT_S_die_counter, INT_BYTES);
	find_cpu(host);
	if (panic->cpu.known)
		find_thread(host);
	return NULL;
}

struct xfdt_error *xfdt_panic_take_log(struct xfdt_host *host, struct xfdt_log *log)
{
	struct xfdt_panic *panic = &host->panic;
	struct xfdt_error *err;

	panic->hit = -1;
	panic->log = *log;
	panic->log_known = true;
	memset(log, 0, sizeof(*log));
	err = xfdt_events_find(&panic->log, &panic->events);
	/* without a panic the log may be cut, or the host lived on */
	if (!err && xfdt_event_last(&panic->events, XFDT_EVENT_PANIC))
		panic->panicked = XFDT_YES;
	return err;
}

void xfdt_panic_deinit(struct xfdt_panic *panic)
{
	xfdt_log_deinit(&panic->log);
	free(panic->events.items);
	panic->events = (struct xfdt_events){ NULL, 0 };
}
