/* SPDX-License-Identifier: GPL-2.0-or-later */
/* makedumpfile's flattened format: a dump as a stream of (offset, bytes). */
#ifndef XFDT_IMAGE_FLATTENED_H
#define XFDT_IMAGE_FLATTENED_H

#include "base/error.h"

#include <stdbool.h>

/* Does the file behind @fd begin as a flattened dump does? */
bool xfdt_is_flattened(int fd);

/*
 * Rearrange the flattened dump behind @fd into an unnamed temporary file in
 * @temp_dir; the caller owns *@ret_fd.
 */
struct xfdt_error *xfdt_rearrange(int fd, const char *temp_dir, int *ret_fd);

#endif
