/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all back ends of struct xfdt_reader have in common. */
#ifndef XFDT_IMAGE_READER_H
#define XFDT_IMAGE_READER_H

#include "image/image.h"

#define XFDT_PAGE_SIZE 4096u
#define XFDT_VMCOREINFO_MAX 65536u /* bytes */

/* Fill @buf with @len bytes at @kvaddr, a kernel address; they lie within one page. */
typedef struct xfdt_error *xfdt_read_part(struct xfdt_reader *reader, uint64_t kvaddr,
					  void *buf, size_t len);

/*
 * Fill @buf with @len bytes at @kvaddr, page by page.  XFDT_UNMAPPED for what
 * is no kernel address; other errors are those of @read_part.
 */
struct xfdt_error *xfdt_read_by_page(struct xfdt_reader *reader, uint64_t kvaddr,
				     void *buf, size_t len, xfdt_read_part *read_part);

/* XFDT_EXCLUDED: the page with physical address @paddr is not in the dump. */
struct xfdt_error *xfdt_page_left_out(uint64_t paddr);
/* XFDT_TRUNCATED: the file ends before the page with physical address @paddr. */
struct xfdt_error *xfdt_page_cut_off(uint64_t paddr);
/* XFDT_UNMAPPED: the kernel's page tables do not map @kvaddr. */
struct xfdt_error *xfdt_not_mapped(uint64_t kvaddr);

/* Decode the @len bytes of an NT_PRSTATUS note's descriptor, aligned or not; false if they are too few. */
bool xfdt_cpu_note_decode(const void *desc, size_t len, struct xfdt_cpu_note *ret_note);

#endif
