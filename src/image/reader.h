/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where memory comes from: the interface of all back ends, and what they share. */
#ifndef XFDT_IMAGE_READER_H
#define XFDT_IMAGE_READER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What memory is read for: a distilled dump lists its bytes by purpose. */
enum xfdt_purpose {
	XFDT_FOR_TYPES, /* symbols and types: kallsyms, BTF, the list of modules */
	XFDT_FOR_HOST,	/* host name, FPU configuration, per-CPU variables, lists */
	XFDT_FOR_CODE,
	XFDT_FOR_VCPUS, /* VMs, vCPUs and their FPU state */
	XFDT_FOR_THREADS,
	XFDT_FOR_LOG,
	XFDT_FOR_STACK,
	XFDT_FOR_PAGE_TABLES,
	XFDT_PURPOSES,
	/* to find what is then read again for one of those: not kept, and in no account */
	XFDT_FOR_SEARCH = XFDT_PURPOSES
};

/*
 * What reading one dump may cost, whatever it says of itself: the bounds of
 * single lists and tables add up.  docs/hostile.md has what the largest hosts take.
 */
#define XFDT_READS_MAX 8000000u
#define XFDT_BYTES_MAX (1ull << 30)
#define XFDT_CPU_SECONDS_MAX 30

/* What it has cost. */
struct xfdt_cost {
	uint64_t reads, bytes;
	int64_t started_ns; /* CPU time of this process at the first read */
};

/* What was asked for where the dump is stored. */
struct xfdt_traffic {
	uint64_t round_trips; /* reads that waited for it */
	uint64_t bytes;	      /* that came back */
};

/* Where memory comes from.  Back ends embed this. */
struct xfdt_reader {
	enum xfdt_purpose purpose; /* of what is read now; the first, XFDT_FOR_TYPES, at the start */
	struct xfdt_cost cost;	   /* all zero at the start */
	/* Fill @buf with @len bytes at @kvaddr: all of them, or an error.  Called by xfdt_reader_read(). */
	struct xfdt_error *(*read)(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				   size_t len);
	/*
	 * The same at physical address @paddr, within one page; NULL if the back end cannot do it.
	 * Called by xfdt_reader_read_physical().
	 */
	struct xfdt_error *(*read_physical)(struct xfdt_reader *reader, uint64_t paddr, void *buf,
					    size_t len);
	/* What that took so far; NULL: unknown. */
	struct xfdt_traffic (*traffic)(const struct xfdt_reader *reader);
};

/* x86-64 registers in the order of struct pt_regs (arch/x86/include/asm/ptrace.h). */
struct xfdt_regs {
	uint64_t r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	uint64_t ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

#define XFDT_CPUS_MAX 8192 /* NR_CPUS of x86-64 */

/* One NT_PRSTATUS note of the dump. */
struct xfdt_cpu_note {
	int pid; /* of the thread on that CPU; 0 in the idle thread */
	struct xfdt_regs regs;
};

/* What a back end has to offer.  All borrowed until xfdt_image_deinit(). */
struct xfdt_source {
	struct xfdt_reader *reader;
	const char *arch;	/* NULL: unknown */
	const char *vmcoreinfo; /* NULL: none */
	const struct xfdt_cpu_note *notes;
	size_t note_count;
	const char *record; /* symbols and types resolved before; NULL: none */
	size_t record_len;
	const char *census; /* of guest FPU states, taken before; NULL: none */
	size_t census_len;
};

#define XFDT_PAGE_SIZE 4096u
#define XFDT_VMCOREINFO_MAX 65536u /* bytes */

/* Can pointer @kvaddr be one into the kernel half at all? */
bool xfdt_is_kernel_address(uint64_t kvaddr);

/*
 * Fill @buf with @len bytes at @kvaddr by @reader: all of them, or an error.
 * XFDT_LIMIT when the dump has cost more than any host's does; so is every read after that.
 */
struct xfdt_error *xfdt_reader_read(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				    size_t len);

/* The same at physical address @paddr, within one page, by a reader that has read_physical. */
struct xfdt_error *xfdt_reader_read_physical(struct xfdt_reader *reader, uint64_t paddr, void *buf,
					     size_t len);

/* Fill @buf with @len bytes at @kvaddr, a kernel address; they lie within one page. */
typedef struct xfdt_error *xfdt_read_part(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
					  size_t len);

/*
 * Fill @buf with @len bytes at @kvaddr, page by page.  XFDT_UNMAPPED for what
 * is not a kernel address; other errors are those of @read_part.
 */
struct xfdt_error *xfdt_read_by_page(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				     size_t len, xfdt_read_part *read_part);

/* XFDT_EXCLUDED: the page with physical address @paddr is not in the dump. */
struct xfdt_error *xfdt_page_left_out(uint64_t paddr);
/* XFDT_NOT_RAM: the dumped kernel had no memory there. */
struct xfdt_error *xfdt_page_not_ram(uint64_t paddr);
/* XFDT_TRUNCATED: the file ends before the page with physical address @paddr. */
struct xfdt_error *xfdt_page_cut_off(uint64_t paddr);
/* XFDT_UNMAPPED: the kernel's page tables do not map @kvaddr. */
struct xfdt_error *xfdt_not_mapped(uint64_t kvaddr);

/* Decode the @len bytes of an NT_PRSTATUS note's descriptor, aligned or not; false if they are too few. */
bool xfdt_cpu_note_decode(const void *desc, size_t len, struct xfdt_cpu_note *ret_note);

#endif
