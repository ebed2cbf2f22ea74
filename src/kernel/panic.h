/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the kernel ended: log, panicking CPU, oopses. */
#ifndef XFDT_KERNEL_PANIC_H
#define XFDT_KERNEL_PANIC_H

#include "kernel/fault.h"
#include "kernel/log.h"
#include "kernel/oops_log.h"
#include "kernel/task.h"

struct xfdt_host;

/* More faults are not kept; a host that has more gets no acquittal. */
#define XFDT_FAULTS_MAX 64

/* A line of the log that speaks for the hit. */
struct xfdt_log_evidence {
	size_t line;	  /* index */
	const char *what; /* static words */
};
#define XFDT_LOG_EVIDENCE_MAX 16

#define XFDT_TAINT_DIE 7 /* bit of tainted_mask (Linux: include/linux/panic.h) */

#define XFDT_PANIC_ID_MAX 96

struct xfdt_panic {
	bool log_known;
	struct xfdt_log log;
	struct xfdt_events events; /* of @log */
	enum xfdt_truth panicked;  /* did any CPU panic? */
	struct xfdt_value cpu;	   /* the one that did */
	uint64_t task;		   /* its current thread, a kvaddr; 0: unknown */
	char id[XFDT_PANIC_ID_MAX]; /* the same in every dump of this panic, and in no other; empty: unknown */
	bool pid_known;
	int pid;
	char comm[XFDT_COMM_LEN + 1];
	bool note_known; /* the dump's registers of that CPU, */
	struct xfdt_regs note;
	bool note_on_stack; /* whose RSP lies on that thread's stack */
	bool stack_known;   /* the stack of that thread was searched */
	struct xfdt_piece stack;
	struct xfdt_value tainted; /* /proc/sys/kernel/tainted */
	struct xfdt_value oopses;  /* die_counter: the exact number of die() calls */

	/*
	 * Faults at which die() or the #NM handler stood, each once, from every
	 * source that has it: notes, stacks, exec_summary_regs, the log.
	 */
	struct xfdt_fault faults[XFDT_FAULTS_MAX];
	size_t fault_count;
	bool faults_full; /* there may be more */
	/* of a log that is text: what in it speaks for the hit, in the order of the log */
	struct xfdt_log_evidence evidence[XFDT_LOG_EVIDENCE_MAX];
	size_t evidence_count;
	/* index of the fault that restored a guest's state, or of one that may have; -1: none */
	int hit;
};

/* The fault to show in a report; NULL: none. */
const struct xfdt_fault *xfdt_panic_fault(const struct xfdt_panic *panic);

/* The thread that panicked, in words: "pid 139". */
#define XFDT_THREAD_WORDS 32
void xfdt_panic_thread(const struct xfdt_panic *panic, char ret_words[XFDT_THREAD_WORDS]);

/* Do die_counter and tainted_mask agree that no oops happened? */
bool xfdt_panic_had_no_oops(const struct xfdt_panic *panic);

/*
 * Fill all of @host->panic but its faults from @log, which is taken over: a log without the memory
 * that it was in.  XFDT_NO_MEMORY only.
 */
struct xfdt_error *xfdt_panic_take_log(struct xfdt_host *host, struct xfdt_log *log);
/* Fill all of @host->panic but its faults; what is missing becomes a gap. */
struct xfdt_error *xfdt_panic_read(struct xfdt_host *host);
/* Fill the faults.  Needs the VMs and the census of @host.  XFDT_NO_MEMORY only. */
struct xfdt_error *xfdt_oopses_read(struct xfdt_host *host);
void xfdt_panic_deinit(struct xfdt_panic *panic);

#endif
