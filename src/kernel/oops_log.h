/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel log tells of the end: events, and registers that it prints. */
#ifndef XFDT_KERNEL_OOPS_LOG_H
#define XFDT_KERNEL_OOPS_LOG_H

#include "kernel/host.h"

/* Fill events and event_count of @panic from its log. */
struct xfdt_error *xfdt_find_events(struct xfdt_panic *panic);

/*
 * Which of the lines of @panic's log an answer can rest on: events, and what
 * belongs to them of registers, code and call traces.  @ret_lines has room for
 * all.
 */
void xfdt_oops_log_lines(const struct xfdt_panic *panic, bool *ret_lines);

/* The thread id (or 0x80000000 + CPU) that said event number @event; 0 if unknown. */
uint32_t xfdt_event_caller(const struct xfdt_panic *panic, long event);

/* Does the line begin what panic_on_warn may end: a WARN(), or what KFENCE, KASAN, UBSAN and the scheduler find? */
bool xfdt_line_is_warning(const char *text);

/* May thread @pid have said event number @event: it did, or who did is unknown? */
bool xfdt_event_may_be_by(const struct xfdt_panic *panic, long event, int pid);

/* Does event number @event tell of a death of the kernel, by #NM or otherwise? */
bool xfdt_event_is_death(const struct xfdt_panic *panic, long event);

/* What kind of event a line of the log is; false: none. */
bool xfdt_event_of_line(const char *text, enum xfdt_event_kind *ret_kind);

/* Index into @panic->events of the last one of @kind, or -1. */
long xfdt_last_event(const struct xfdt_panic *panic, enum xfdt_event_kind kind);

/* Is event number @event the word on an #NM: its die(), or a WARN that no die() of the same thread follows? */
bool xfdt_event_tells_of_nm(const struct xfdt_panic *panic, long event);

/*
 * Index of the event that tells of the #NM: the last die(), or WARN that no
 * die() followed, of the thread that panicked, or of any if that one had none;
 * or -1.
 */
long xfdt_nm_event(const struct xfdt_panic *panic);

/*
 * Which death of the kernel the first is that the log tells of, by die()'s "[#1]"; 0: it tells of none.
 * More than 1: those before are lost.
 */
unsigned long xfdt_first_death(const struct xfdt_panic *panic);
/* The first line that says so (taint D) before the log tells of any death; -1: none. */
long xfdt_tainted_by_death(const struct xfdt_panic *panic);

/*
 * Is the note of the CPU that panicked the frame of the #NM itself?  It is where die() went
 * straight to crash_kexec(); panic() comes with registers of its own.
 */
bool xfdt_note_is_nm_frame(const struct xfdt_panic *panic);

/* Did event number @later come within half a minute of event number @event? */
bool xfdt_event_is_soon_after(const struct xfdt_panic *panic, long event, long later);
/* Did event number @later follow from event number @event: of the same thread, and soon? */
bool xfdt_event_follows(const struct xfdt_panic *panic, long event, long later);

/* Index of the WARN in exc_device_not_available() that goes with the last #NM, or -1. */
long xfdt_nm_warning(const struct xfdt_panic *panic);

/* May the #NM of event number @event have been in restore_fpregs_from_fpstate(), by the RIP in the log? */
bool xfdt_nm_is_restore(const struct xfdt_panic *panic, long event);

/* The line of the log that says how the kernel ended, or NULL; borrowed. */
const char *xfdt_last_words(const struct xfdt_panic *panic);

/*
 * The call trace that goes with the end: of the last event that has one.  Up to
 * @max lines as the log has them, without registers; returns how many.  Borrowed.
 */
size_t xfdt_call_trace(const struct xfdt_panic *panic, const char **ret_lines, size_t max);

/*
 * Registers and the bytes at RIP out of the log lines that follow line @from,
 * in which RIP is "0010:@function+offset".
 */
struct xfdt_log_regs {
	struct xfdt_regs regs; /* ip is the offset into @function */
	uint8_t code[15];
	size_t code_len;
	char caller[64]; /* the first reliable entry of the call trace */
};

bool xfdt_log_registers(const struct xfdt_log *log, size_t from, const char *function,
			struct xfdt_log_regs *ret_regs);

#endif
