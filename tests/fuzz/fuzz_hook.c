/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz what a hook for kdump left, up to the row of a report: the input as it is, and behind a right beginning. */
#include "fuzz/fuzz.h"
#include "report/hook.h"
#include "verdict/precedence.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_hook(const struct xfdt_hook *hook)
{
	const char *byte;

	FUZZ_CHECK(xfdt_exit_kind(hook->exit_code) >= 0);
	FUZZ_CHECK(strlen(hook->panic) < XFDT_PANIC_ID_MAX);
	FUZZ_CHECK(*hook->json == '{' && strstr(hook->json, "\"path\":\"/fuzz\""));
	for (byte = hook->json; *byte; byte++)
		FUZZ_CHECK((uint8_t)*byte >= ' ');
}

static void read_hook(const void *start, size_t start_len, const uint8_t *data, size_t size)
{
	const int fd = memfd_create("hook", MFD_CLOEXEC);
	struct xfdt_hook hook;
	struct xfdt_error *err;
	char path[32];

	FUZZ_CHECK(fd >= 0 && write(fd, start, start_len) == (ssize_t)start_len &&
		   write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = xfdt_hook_read(path, "/fuzz", &hook);
	if (!err) {
		check_hook(&hook);
		xfdt_hook_deinit(&hook);
	}
	xfdt_error_free(err);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char start[] =
		"{\"schema\":\"xfdtriage-1\",\"dump\":{\"path\":\"/proc/vmcore\"},";

	read_hook("", 0, data, size);
	read_hook(start, sizeof(start) - 1, data, size);
	return 0;
}
