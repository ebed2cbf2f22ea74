/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record of resolved symbols and types that travels in the dump itself: the
 * note "XFDTRIAGE" of a distilled vmcore.
 */
#ifndef XFDT_IMAGE_CARRIED_H
#define XFDT_IMAGE_CARRIED_H

#include "base/error.h"

#include <stddef.h>

#define XFDT_CARRIED_NAME "XFDTRIAGE"
#define XFDT_CARRIED_TYPE 1
#define XFDT_CARRIED_MAX (256u << 10)

/*
 * Look for the note in the kdump-compressed file behind @fd.  *@ret_text is
 * NULL where there is none; else the caller frees it.
 */
struct xfdt_error *xfdt_carried_read(int fd, char **ret_text, size_t *ret_len);

#endif
