/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all back ends of struct xfdt_reader have in common. */
#include "image/reader.h"
#include "base/util.h"

#include <string.h>
#include <sys/procfs.h>
#include <time.h>

#define TIME_STEP 1024 /* reads between two looks at the clock */
#define FRAME_MASK (~(uint64_t)(XFDT_PAGE_SIZE - 1))

struct xfdt_error *xfdt_page_left_out(uint64_t paddr)
{
	return xfdt_error_new(XFDT_EXCLUDED, 0, "page at physical address %#llx is not in the dump",
			      ull(paddr & FRAME_MASK));
}

struct xfdt_error *xfdt_page_not_ram(uint64_t paddr)
{
	return xfdt_error_new(XFDT_NOT_RAM, 0,
			      "physical address %#llx is not RAM of the dumped kernel",
			      ull(paddr & FRAME_MASK));
}

struct xfdt_error *xfdt_page_cut_off(uint64_t paddr)
{
	return xfdt_error_new(XFDT_TRUNCATED, 0,
			      "page at physical address %#llx: the file ends before it",
			      ull(paddr & FRAME_MASK));
}

struct xfdt_error *xfdt_not_mapped(uint64_t kvaddr)
{
	return xfdt_error_new(XFDT_UNMAPPED, kvaddr,
			      "%#llx is not mapped by the kernel's page tables", ull(kvaddr));
}

bool xfdt_is_kernel_address(uint64_t kvaddr)
{
	/* the upper half, also with five levels of page tables */
	return kvaddr >= 0xff00000000000000ull;
}

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* NULL: one more read of @len bytes is within the limits. */
static struct xfdt_error *charge(struct xfdt_cost *cost, size_t len)
{
	if (!cost->reads)
		cost->started_ns = cpu_ns();
	cost->reads++;
	cost->bytes = len > XFDT_BYTES_MAX - cost->bytes ? XFDT_BYTES_MAX : cost->bytes + len;
	/* asking for the time costs as much as a read of a page that is there already */
	if (cost->reads % TIME_STEP == 0 &&
	    cpu_ns() - cost->started_ns > XFDT_CPU_SECONDS_MAX * 1000000000ll)
		cost->reads = XFDT_READS_MAX;
	if (cost->reads < XFDT_READS_MAX && cost->bytes < XFDT_BYTES_MAX)
		return NULL;
	cost->reads = XFDT_READS_MAX;
	return xfdt_error_new(XFDT_LIMIT, 0,
			      "the dump takes more than %u reads, %llu MiB or %d s of CPU time",
			      XFDT_READS_MAX, XFDT_BYTES_MAX >> 20, XFDT_CPU_SECONDS_MAX);
}

struct xfdt_error *xfdt_reader_read(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				    size_t len)
{
	struct xfdt_error *err = charge(&reader->cost, len);

	return err ? err : reader->read(reader, kvaddr, buf, len);
}

struct xfdt_error *xfdt_reader_read_physical(struct xfdt_reader *reader, uint64_t paddr, void *buf,
					     size_t len)
{
	struct xfdt_error *err = charge(&reader->cost, len);

	return err ? err : reader->read_physical(reader, paddr, buf, len);
}

struct xfdt_error *xfdt_read_by_page(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				     size_t len, xfdt_read_part *read_part)
{
	uint8_t *at = buf;

	if (len && kvaddr + (len - 1) < kvaddr)
		return xfdt_error_new(XFDT_UNMAPPED, kvaddr,
				      "%zu bytes at %#llx pass the end of memory", len,
				      ull(kvaddr));
	while (len) {
		size_t part = XFDT_PAGE_SIZE - kvaddr % XFDT_PAGE_SIZE;
		struct xfdt_error *err;

		if (!xfdt_is_kernel_address(kvaddr))
			return xfdt_error_new(XFDT_UNMAPPED, kvaddr,
					      "%#llx is not a kernel address", ull(kvaddr));
		if (part > len)
			part = len;
		err = read_part(reader, kvaddr, at, part);
		if (err)
			return err;
		kvaddr += part;
		at += part;
		len -= part;
	}
	return NULL;
}

bool xfdt_cpu_note_decode(const void *desc, size_t len, struct xfdt_cpu_note *ret_note)
{
	struct elf_prstatus status;

	if (len < sizeof(status))
		return false;
	memcpy(&status, desc, sizeof(status));
	ret_note->pid = status.pr_pid;
	/* elf_gregset_t begins as struct pt_regs does */
	memcpy(&ret_note->regs, &status.pr_reg, sizeof(ret_note->regs));
	return true;
}
