/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's side of the socket to the fetcher. */
#include "fetch/client.h"
#include "base/util.h"
#include "fetch/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SCHEME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-"
#define SIZE_MAX_ALLOWED (1ull << 60)

bool xfdt_is_url(const char *path)
{
	size_t len = strspn(path, SCHEME_CHARACTERS);

	return len && !strncmp(path + len, "://", 3);
}

bool xfdt_url_is_allowed(const char *url)
{
	return !strncasecmp(url, "http://", 7) || !strncasecmp(url, "https://", 8);
}

char *xfdt_url_without_secrets(const char *url)
{
	char *clean = strdup(url), *host, *at;

	if (!clean)
		return NULL;
	clean[strcspn(clean, "?#")] = '\0';
	host = strstr(clean, "://");
	if (!host)
		return clean;
	host += 3;
	while ((at = memchr(host, '@', strcspn(host, "/"))))
		memmove(host, at + 1, strlen(at + 1) + 1);
	return clean;
}

bool xfdt_fetch_send(int fd, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	while (len) {
		ssize_t done = write(fd, from, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		from += done;
		len -= (size_t)done;
	}
	return true;
}

bool xfdt_fetch_receive(int fd, void *bytes, size_t len)
{
	return xfdt_read_fully(fd, bytes, len) == (ssize_t)len;
}

static struct xfdt_error *no_fetcher(void)
{
	return xfdt_error_new(XFDT_SYSTEM, 0, "the process that fetches it has ended");
}

/* The error that a reply of @len bytes is about. */
static struct xfdt_error *receive_error(int fd, const struct xfdt_fetch_reply *reply)
{
	enum xfdt_code code = reply->code <= XFDT_NO_MEMORY ? (enum xfdt_code)reply->code :
							      XFDT_SYSTEM;
	char message[XFDT_FETCH_MESSAGE_MAX + 1] = "";

	if (reply->len > XFDT_FETCH_MESSAGE_MAX || !xfdt_fetch_receive(fd, message, reply->len))
		return no_fetcher();
	return xfdt_error_new(code, 0, "%s", message);
}

/* Ask for @len bytes, which go to @buf; @ret_size is that of the file. */
static struct xfdt_error *ask(int fd, const struct xfdt_fetch_request *request, void *buf,
			      uint64_t *ret_size)
{
	struct xfdt_fetch_reply reply;

	if (!xfdt_fetch_send(fd, request, sizeof(*request)) ||
	    !xfdt_fetch_receive(fd, &reply, sizeof(reply)))
		return no_fetcher();
	if (reply.code)
		return receive_error(fd, &reply);
	if (reply.len != request->len || reply.size > SIZE_MAX_ALLOWED ||
	    !xfdt_fetch_receive(fd, buf, reply.len))
		return no_fetcher();
	*ret_size = reply.size;
	return NULL;
}

static struct xfdt_error *open_remote(void *context, size_t index, uint64_t *ret_size)
{
	const struct xfdt_fetch_client *client = context;
	const struct xfdt_fetch_request request = { .file = (uint32_t)index };

	return ask(client->fd, &request, NULL, ret_size);
}

static struct xfdt_error *read_remote(void *context, size_t index, void *buf, size_t len,
				      uint64_t offset)
{
	const struct xfdt_fetch_client *client = context;
	struct xfdt_error *err = NULL;
	uint8_t *to = buf;
	uint64_t size;

	while (!err && len) {
		const struct xfdt_fetch_request request = {
			.file = (uint32_t)index,
			.len = len < XFDT_FETCH_MAX ? (uint32_t)len : XFDT_FETCH_MAX,
			.offset = offset,
		};

		err = ask(client->fd, &request, to, &size);
		to += request.len;
		offset += request.len;
		len -= request.len;
	}
	return err;
}

void xfdt_fetch_client_init(struct xfdt_fetch_client *client, int fd)
{
	*client = (struct xfdt_fetch_client){
		.remote = { .open = open_remote, .read = read_remote, .context = client },
		.fd = fd,
	};
}
