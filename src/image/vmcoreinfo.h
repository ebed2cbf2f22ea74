/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO: the KEY=VALUE lines that a kernel leaves for its dump tools. */
#ifndef XFDT_IMAGE_VMCOREINFO_H
#define XFDT_IMAGE_VMCOREINFO_H

#include "image/layout.h"

#include <stdbool.h>
#include <stdint.h>

/* Copy the value of @key into @ret_value, cut at @size; false if there is none. */
bool xfdt_vmcoreinfo_get(const char *text, const char *key, char *ret_value, size_t size);
/* SYMBOL(@name), a kvaddr. */
bool xfdt_vmcoreinfo_symbol(const char *text, const char *name, uint64_t *ret_kvaddr);
/*
 * The next SYMBOL() whose name is shorter than @size, from *@text on, which
 * moves behind it; false after the last.
 */
bool xfdt_vmcoreinfo_next_symbol(const char **text, char *ret_name, size_t size,
				 uint64_t *ret_kvaddr);
/* NUMBER(@name), decimal or 0x; negative ones in two's complement. */
bool xfdt_vmcoreinfo_number(const char *text, const char *name, uint64_t *ret_number);
/* Fill what is still unknown in @layout from OFFSET() and SIZE(). */
void xfdt_vmcoreinfo_layout(const char *text, struct xfdt_layout *layout);

#endif
