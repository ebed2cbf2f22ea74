/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that unpacks. */
#ifndef XFDT_UNPACK_EXTRACT_H
#define XFDT_UNPACK_EXTRACT_H

#include "unpack/unpack.h"

/*
 * Confined, unpack what is @wanted (enum xfdt_unpack_wanted) of the file behind @fd, and say what was
 * found to @socket (unpack/message.h).  @name is the packed file's.
 */
void xfdt_extract(int fd, int socket, const char *name, unsigned int wanted,
		  const struct xfdt_unpack_limits *limits);

#endif
