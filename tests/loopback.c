/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run a command in a network of its own, which has nothing but the loopback
 * interface: servers that listen everywhere listen to nobody else.
 *
 *	loopback COMMAND [ARGUMENT...]
 *
 * Exits with 77 if that is not allowed.
 */
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd;

	if (argc < 2)
		return 99;
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 77;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request))
		return 77;
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		return 77;
	execvp(argv[1], argv + 1);
	return 99;
}
