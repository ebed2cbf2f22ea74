/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message with a file descriptor beside it, over a socket of packets (unix(7), SCM_RIGHTS). */
#ifndef XFDT_SANDBOX_PASS_FD_H
#define XFDT_SANDBOX_PASS_FD_H

#include <stdbool.h>
#include <stddef.h>

/* Send the @len bytes at @bytes, and @fd unless it is -1.  False: errno says why not. */
bool xfdt_send_fd(int socket, const void *bytes, size_t len, int fd);

/*
 * Take in a message of exactly @len bytes.  *@ret_fd is the descriptor beside it, which the
 * caller closes, or -1.  False if the other end is gone, or for a message of another length.
 */
bool xfdt_receive_fd(int socket, void *buf, size_t len, int *ret_fd);

#endif
