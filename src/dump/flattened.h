/* SPDX-License-Identifier: GPL-2.0-or-later */
/* makedumpfile's flattened format: a dump as a stream of (offset, bytes). */
#ifndef XFDT_DUMP_FLATTENED_H
#define XFDT_DUMP_FLATTENED_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Does the file behind @fd begin as a flattened dump does? */
bool xfdt_is_flattened(int fd);

/* Told now and then how many of @total bytes are done. */
typedef void xfdt_progress(void *context, uint64_t done, uint64_t total);

/*
 * Rearrange the flattened dump behind @fd into an unnamed temporary file in
 * @temp_dir; the caller owns *@ret_fd.  @progress may be NULL.
 */
struct xfdt_error *xfdt_rearrange(int fd, const char *temp_dir, xfdt_progress *progress,
				  void *context, int *ret_fd);

#endif
