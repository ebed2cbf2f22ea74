/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record of resolved symbols and types that travels in the dump itself: the
 * note "XFDTRIAGE" of a distilled vmcore.
 */
#ifndef XFDT_DUMP_EMBEDDED_H
#define XFDT_DUMP_EMBEDDED_H

#include "base/error.h"

#include <stddef.h>

#define XFDT_EMBEDDED_NAME "XFDTRIAGE"
#define XFDT_EMBEDDED_TYPE 1
#define XFDT_EMBEDDED_MAX (256u << 10)

/*
 * Look for the note in the kdump-compressed file behind @fd.  *@ret_text is
 * NULL where there is none; else the caller frees it.
 */
struct xfdt_error *xfdt_embedded_read(int fd, char **ret_text, size_t *ret_len);

#endif
