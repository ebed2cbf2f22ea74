/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO: the KEY=VALUE lines that a kernel leaves for its dump tools. */
#ifndef XFDT_IMAGE_VMCOREINFO_H
#define XFDT_IMAGE_VMCOREINFO_H

#include "base/error.h"
#include "image/layout.h"

#include <stdbool.h>
#include <stdint.h>

/* One line; neither part ends with a NUL. */
struct xfdt_vmcoreinfo_line {
	const char *key, *value;
	size_t key_len, value_len;
};

/* All lines with a key and a value, by key; of lines with the same key, the first. */
struct xfdt_vmcoreinfo {
	struct xfdt_vmcoreinfo_line *lines;
	size_t count;
};

/*
 * Parse @text, which has a NUL at its end, is borrowed until
 * xfdt_vmcoreinfo_deinit(), and may be NULL.  XFDT_NO_MEMORY.
 */
struct xfdt_error *xfdt_vmcoreinfo_init(struct xfdt_vmcoreinfo *ret_info, const char *text);
void xfdt_vmcoreinfo_deinit(struct xfdt_vmcoreinfo *info);

/* Copy the value of @key into @ret_value, cut at @size; false if there is none. */
bool xfdt_vmcoreinfo_get(const struct xfdt_vmcoreinfo *info, const char *key, char *ret_value,
			 size_t size);
/* SYMBOL(@name), a kvaddr. */
bool xfdt_vmcoreinfo_symbol(const struct xfdt_vmcoreinfo *info, const char *name,
			    uint64_t *ret_kvaddr);
/*
 * The next SYMBOL() whose name is shorter than @size, from line *@at on, which
 * starts at 0 and moves behind it; by rising name.  False after the last.
 */
bool xfdt_vmcoreinfo_next_symbol(const struct xfdt_vmcoreinfo *info, size_t *at, char *ret_name,
				 size_t size, uint64_t *ret_kvaddr);
/* NUMBER(@name), decimal or 0x; negative ones in two's complement. */
bool xfdt_vmcoreinfo_number(const struct xfdt_vmcoreinfo *info, const char *name,
			    uint64_t *ret_number);
/* Fill what is still unknown in @layout from OFFSET() and SIZE(). */
void xfdt_vmcoreinfo_layout(const struct xfdt_vmcoreinfo *info, struct xfdt_layout *layout);

#endif
