/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files behind http and https URLs, for a process that has no network: another one, the
 * fetcher, is asked over a socket.  It knows the URLs; here they have numbers only.
 */
#ifndef XFDT_FETCH_CLIENT_H
#define XFDT_FETCH_CLIENT_H

#include "dump/storage.h"

/* Does @path begin as a URL does: letters and "://"? */
bool xfdt_is_url(const char *path);

/* Is @url one that the fetcher takes: http or https? */
bool xfdt_url_is_allowed(const char *url);

/* @url without what may be secret: user and password, query, fragment.  The caller frees it; NULL: no memory. */
char *xfdt_url_without_secrets(const char *url);

struct xfdt_fetch_client {
	struct xfdt_remote remote; /* for struct xfdt_dump_options */
	int fd;			   /* a stream socket to the fetcher; borrowed */
};

void xfdt_fetch_client_init(struct xfdt_fetch_client *client, int fd);

#endif
