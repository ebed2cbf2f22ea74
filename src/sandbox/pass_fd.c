/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sendmsg(2) and recvmsg(2) with room for one descriptor. */
#include "sandbox/pass_fd.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union passed {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

bool xfdt_send_fd(int socket, const void *bytes, size_t len, int fd)
{
	union passed passed = { 0 };
	struct iovec part = { (void *)(uintptr_t)bytes, len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd >= 0) {
		passed.header.cmsg_level = SOL_SOCKET;
		passed.header.cmsg_type = SCM_RIGHTS;
		passed.header.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&passed.header), &fd, sizeof(fd));
		message.msg_control = &passed;
		message.msg_controllen = sizeof(passed);
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)len;
}

static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

bool xfdt_receive_fd(int socket, void *buf, size_t len, int *ret_fd)
{
	union passed passed;
	struct iovec part = { buf, len };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &passed,
		.msg_controllen = sizeof(passed),
	};
	ssize_t got;
	int fd;

	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return false;
	fd = take_descriptor(&message);
	if (got == (ssize_t)len) {
		*ret_fd = fd;
		return true;
	}
	if (fd >= 0)
		close(fd);
	return false;
}
