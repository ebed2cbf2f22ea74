/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debuginfo fetched by a process that may, for one that may not. */
#include "cli/fetch_helper.h"
#include "sandbox/pass_fd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS_MAX 16 /* vmlinux, kvm.ko, and files that those share */
#define BUILD_ID_MAX 128

struct reply {
	enum xfdt_code code; /* of the error, if no descriptor comes with it */
	char text[PATH_MAX]; /* the file's path, or the error's message */
};

bool fetch_helper_init(struct fetch_helper *helper, const struct xfdt_debug_options *debug)
{
	int ends[2] = { -1, -1 };

	if (debug->fetch && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return false;
	*helper = (struct fetch_helper){ .parent = ends[0], .worker = ends[1] };
	return true;
}

/* the worker */

static struct xfdt_error *fetch_by_parent(void *context, const char *build_id, char *ret_path,
					  size_t path_size, int *ret_fd)
{
	const struct fetch_helper *helper = context;
	struct reply reply = { 0 };
	int fd = -1;

	if (write(helper->worker, build_id, strlen(build_id)) < 0 ||
	    !xfdt_receive_fd(helper->worker, &reply, sizeof(reply), &fd))
		return xfdt_error_new(XFDT_SYSTEM, 0,
				      "debuginfod: the process that asks it has ended");
	reply.text[sizeof(reply.text) - 1] = '\0';
	if (fd < 0)
		return xfdt_error_new(reply.code, 0, "%s", reply.text);
	snprintf(ret_path, path_size, "%s", reply.text);
	*ret_fd = fd;
	return NULL;
}

void fetch_helper_send(struct fetch_helper *helper, struct xfdt_debug_options *debug)
{
	if (!debug->fetch)
		return;
	close(helper->parent);
	debug->fetch = fetch_by_parent;
	debug->context = helper;
}

/* the parent */

/* False if the worker has ended, or if its request is not a build-id. */
static bool take_request(int fd, char ret_build_id[BUILD_ID_MAX])
{
	ssize_t len;

	do
		len = read(fd, ret_build_id, BUILD_ID_MAX - 1);
	while (len < 0 && errno == EINTR);
	if (len <= 0)
		return false;
	ret_build_id[len] = '\0';
	return strspn(ret_build_id, "0123456789abcdef") == (size_t)len;
}

static bool answer(int to, const struct xfdt_debug_options *debug, const char *build_id)
{
	struct reply reply = { 0 };
	struct xfdt_error *err;
	bool sent;
	int fd = -1;

	err = debug->fetch(debug->context, build_id, reply.text, sizeof(reply.text), &fd);
	if (err) {
		reply.code = xfdt_error_code(err);
		snprintf(reply.text, sizeof(reply.text), "%s", xfdt_error_message(err));
		xfdt_error_free(err);
	}
	sent = xfdt_send_fd(to, &reply, sizeof(reply), fd);
	if (fd >= 0)
		close(fd);
	return sent;
}

void fetch_helper_run(struct fetch_helper *helper, const struct xfdt_debug_options *debug)
{
	char build_id[BUILD_ID_MAX];
	int i;

	if (!debug->fetch)
		return;
	close(helper->worker);
	for (i = 0; i < REQUESTS_MAX && take_request(helper->parent, build_id); i++)
		if (!answer(helper->parent, debug, build_id))
			break;
	close(helper->parent);
}
