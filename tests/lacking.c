/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run a command on a kernel that lacks system calls: lacking CALL... -- COMMAND [ARGUMENT...]
 * Exit code 99 if that cannot be done.
 */
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
				     seccomp_syscall_resolve_name(argv[i]), 0))
			return 99;
	if (i + 1 >= argc || seccomp_load(filter))
		return 99;
	seccomp_release(filter);
	execvp(argv[i + 1], &argv[i + 1]);
	return 99;
}
