/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events in the kernel log: oopses, warnings about the FPU, panics; and the registers they print. */
#ifndef XFDT_KERNEL_OOPS_LOG_H
#define XFDT_KERNEL_OOPS_LOG_H

#include "image/reader.h"
#include "kernel/log.h"

enum xfdt_event_kind {
	XFDT_EVENT_NM_WARN,	 /* WARN in exc_device_not_available(): IA32_XFD_ERR was not 0 */
	XFDT_EVENT_NM_DIE,	 /* die(): unexpected #NM exception */
	XFDT_EVENT_OOPS,	 /* any other die() */
	XFDT_EVENT_PANIC,	 /* Kernel panic - not syncing */
	XFDT_EVENT_SYSRQ,	 /* sysrq: Trigger a crash */
	XFDT_EVENT_BAD_FPU,	 /* XRSTOR raised #GP and was repaired */
	XFDT_EVENT_CR0_TS,	 /* CR0.TS was set */
	XFDT_EVENT_KVM_LOAD_PUT, /* WARN in kvm_load_guest_fpu() or kvm_put_guest_fpu() */
	XFDT_EVENT_XFD_STATE,	 /* WARN in xfd_validate_state() */
	XFDT_EVENT_FPREGS_STATE, /* WARN in fpregs_assert_state_consistent() */
	XFDT_EVENT_FREE_IN_USE,	 /* WARN in fpu_free_guest_fpstate() */
	XFDT_EVENT_UABI_REFUSED, /* WARN in fpu_copy_uabi_to_guest_fpstate(): the fix at work */
	XFDT_EVENT_USER_XFD,	 /* XFD: Invalid xfd error (a user process) */
	XFDT_EVENT_KINDS
};

struct xfdt_event {
	enum xfdt_event_kind kind;
	size_t line;	    /* index into the log */
	uint32_t caller;    /* of that line: thread id, or 0x80000000 + CPU; 0: unknown */
	unsigned long oops; /* N of die()'s "[#N]"; 0: none */
};

/* All events of a log, oldest first. */
struct xfdt_events {
	struct xfdt_event *items;
	size_t count;
};

/* Find the events of @log.  XFDT_NO_MEMORY only.  free() @ret_events->items. */
struct xfdt_error *xfdt_events_find(const struct xfdt_log *log, struct xfdt_events *ret_events);

/* Which kind of event a line of the log starts; false: none. */
bool xfdt_event_of_line(const char *text, enum xfdt_event_kind *ret_kind);
/* N of "[#N]" in a line that die() printed; 0: there is none. */
unsigned long xfdt_oops_number(const char *text);
/* Does the line start a WARN(), or a report of KFENCE, KASAN, UBSAN or the scheduler? */
bool xfdt_line_is_warning(const char *text);
/*
 * What the line of the boot begins with that says which xstate features the kernel enabled: a witness of
 * max_features (Linux: arch/x86/kernel/fpu/xstate.c, fpu__init_system_xstate()).
 */
#define XFDT_LINE_FEATURES "x86/fpu: Enabled xstate features "
/* Does the line say that the kernel was tainted by an oops (flag D)? */
bool xfdt_line_has_taint_die(const char *text);

/* The last event of @kind, or NULL. */
const struct xfdt_event *xfdt_event_last(const struct xfdt_events *events,
					 enum xfdt_event_kind kind);
/* Is it a die(), of #NM or of anything else? */
bool xfdt_event_is_oops(const struct xfdt_event *event);

/* What panic() printed as its reason. */
enum xfdt_panic_reason {
	XFDT_PANIC_OTHER,	  /* a reason of its own */
	XFDT_PANIC_BY_OOPS,	  /* die() led to it */
	XFDT_PANIC_BY_WARNING,	  /* a WARN() or another checker led to it */
	XFDT_PANIC_MAYBE_BY_OOPS, /* init died, or a taint: maybe by an oops */
};

/* Of a line that starts XFDT_EVENT_PANIC. */
enum xfdt_panic_reason xfdt_panic_reason(const char *text);

/* The registers that an event's lines print for the interrupted context. */
struct xfdt_log_regs {
	char function[64]; /* of RIP, as printed */
	uint64_t offset;   /* of RIP in @function; 0 where a file and its line stand in its place */
	bool complete;	   /* all general registers and RSP were printed: @regs is valid */
	struct xfdt_regs regs; /* ip is 0: the log prints no address */
	uint8_t code[15];      /* the bytes at RIP */
	size_t code_len;
	char caller[64]; /* who called the function that restores, by the call trace; empty: unknown */
	char outer[64]; /* the first function in the trace that does not restore FPU state; empty: none */
	bool outer_is_kvm; /* and it is KVM's code */
	/* which lines of the log say so, as indices; 0: none, since a line of an event precedes it */
	size_t rip_line, code_line, ax_line, dx_line, caller_line, outer_line;
};

/*
 * The registers of @event, for a WARN of the #NM handler those of the #NM
 * itself.  False if no RIP in the kernel is printed.
 */
bool xfdt_event_registers(const struct xfdt_log *log, const struct xfdt_event *event,
			  struct xfdt_log_regs *ret_regs);

/* Is @function, as printed, one in which the XRSTOR of guest state may lie? */
bool xfdt_is_restore_name(const char *function);

/* The release of the kernel that printed line @line, as the log says it; false: it does not. */
bool xfdt_log_release(const struct xfdt_log *log, size_t line, char *ret_release, size_t size);

/* The line that says how the kernel ended, or NULL; borrowed. */
const char *xfdt_last_words(const struct xfdt_log *log, const struct xfdt_events *events);

/*
 * The call trace of the last event that has one.  Up to @max lines as the log
 * has them, without registers; returns how many.  Borrowed.
 */
size_t xfdt_call_trace(const struct xfdt_log *log, const struct xfdt_events *events,
		       const char **ret_lines, size_t max);

/*
 * Which lines an answer can rest on: events with their registers, code and call
 * traces, warnings, and taints.  @ret_lines has room for all lines.
 */
void xfdt_oops_log_lines(const struct xfdt_log *log, const struct xfdt_events *events,
			 bool *ret_lines);

#endif
