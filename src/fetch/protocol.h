/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes over the socket between a worker and its fetcher: one request, one reply, and so on. */
#ifndef XFDT_FETCH_PROTOCOL_H
#define XFDT_FETCH_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XFDT_FETCH_MAX (4u << 20)  /* bytes of one request */
#define XFDT_FETCH_MESSAGE_MAX 512 /* of an error's message */

struct xfdt_fetch_request {
	uint32_t file;	 /* number of the URL */
	uint32_t len;	 /* 0: how large is it? */
	uint64_t offset; /* its first byte */
};

struct xfdt_fetch_reply {
	uint32_t code; /* 0: @len bytes of the file follow; else enum xfdt_code, and a message of @len bytes */
	uint32_t len;
	uint64_t size; /* of the file */
};

/* All of @len bytes, or false: the other side has gone. */
bool xfdt_fetch_send(int fd, const void *bytes, size_t len);
bool xfdt_fetch_receive(int fd, void *bytes, size_t len);

#endif
