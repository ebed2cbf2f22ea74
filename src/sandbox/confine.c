/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock (Documentation/userspace-api/landlock.rst) and seccomp (libseccomp). */
#include "sandbox/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* Linux 6.2, which the headers of Debian 12 do not know; ABI 3 */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ull << 14)
#endif
/* every right of ABI 1 */
#define ALL_RIGHTS ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

static long landlock_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool xfdt_landlock_works(void)
{
	return landlock_abi() > 0;
}

/* Allow to read @path, and what is below.  True also if there is nothing, but not if that is unknown. */
static bool allow_reading(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = READ_RIGHTS };
	struct stat status;
	bool added;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno != EMFILE && errno != ENFILE;
	if (!fstat(rule.parent_fd, &status) && !S_ISDIR(status.st_mode))
		rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
	added = !syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return added;
}

/*
 * glibc before 2.39 makes newfstatat(fd, "", buf, AT_EMPTY_PATH) of fstat(fd).  A filter sees
 * the pointer only, behind which there may be any path, so the call is made here without one.
 */
static void answer_fstat(int sig, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	const char *path = (const char *)regs[REG_RSI];
	int saved = errno;

	(void)sig;
	if (info->si_syscall == SCMP_SYS(newfstatat) && path && !*path)
		regs[REG_RAX] = syscall(SYS_fstat, (int)regs[REG_RDI], regs[REG_RDX]) ? -errno : 0;
	else
		regs[REG_RAX] = -EACCES;
	errno = saved;
}

static bool confine_files(const struct xfdt_confinement *allowed)
{
	long abi = landlock_abi();
	struct landlock_ruleset_attr handled = {
		.handled_access_fs = ALL_RIGHTS | (abi >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0),
	};
	bool confined = true;
	int ruleset;
	size_t i;

	if (abi <= 0)
		return false;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	if (ruleset < 0)
		return false;
	for (i = 0; i < allowed->readable_count; i++)
		confined &= allow_reading(ruleset, allowed->readable[i]);
	confined = confined && !syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
	return confined;
}

/* What the stages, libaddrxlat, libbpf, the compression libraries and malloc() use. */
static const int allowed_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(readv),
	SCMP_SYS(preadv),
	SCMP_SYS(lseek),
	SCMP_SYS(recvmsg),
	SCMP_SYS(write),
	SCMP_SYS(pwrite64),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(dup),
	SCMP_SYS(fstat),
	SCMP_SYS(fstatfs),
	SCMP_SYS(getdents64),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fadvise64),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(futex),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(getrlimit),
	SCMP_SYS(getrusage),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getppid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* What libcurl, a TLS library and the resolver use besides: no bind(2), no listen(2), no accept(2). */
static const int network_calls[] = {
	SCMP_SYS(connect),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(shutdown),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(nanosleep),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(access),
};

/* with which no file can be written to, whatever Landlock allows */
#define FORBIDDEN_FLAGS (O_TRUNC | O_ACCMODE | O_CREAT)

static int allow_calls(scmp_filter_ctx filter)
{
	int status = 0;
	size_t i;

	for (i = 0; !status && i < sizeof(allowed_calls) / sizeof(allowed_calls[0]); i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
	return status;
}

/* Allow those whose argument fits; abort(3) is a signal that the process sends itself. */
static int allow_some(scmp_filter_ctx filter)
{
	const struct {
		int call;
		struct scmp_arg_cmp arguments[2];
		unsigned int count; /* of @arguments */
	} calls[] = {
		{ SCMP_SYS(open), { SCMP_A1(SCMP_CMP_MASKED_EQ, FORBIDDEN_FLAGS, 0) }, 1 },
		{ SCMP_SYS(openat), { SCMP_A2(SCMP_CMP_MASKED_EQ, FORBIDDEN_FLAGS, 0) }, 1 },
		{ SCMP_SYS(mmap),
		  { SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
		    SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED, 0) },
		  2 },
		{ SCMP_SYS(mprotect), { SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) }, 1 },
		{ SCMP_SYS(fcntl), { SCMP_A1(SCMP_CMP_LE, F_GETFL, 0) }, 1 },
		{ SCMP_SYS(fcntl), { SCMP_A1(SCMP_CMP_EQ, F_DUPFD_CLOEXEC, 0) }, 1 },
		{ SCMP_SYS(tgkill), { SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0) }, 1 },
	};
	int status = 0;
	size_t i;

	for (i = 0; !status && i < sizeof(calls) / sizeof(calls[0]); i++)
		status = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, calls[i].call,
						calls[i].count, calls[i].arguments);
	return status;
}

static int allow_network(scmp_filter_ctx filter)
{
	const struct {
		int call;
		struct scmp_arg_cmp argument;
	} calls[] = {
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET, 0) },
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0) },
		{ SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0) },
		/* the resolver runs in a thread */
		{ SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD) },
		{ SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_SETFL, 0) },
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONREAD, 0) },
	};
	int status = 0;
	size_t i;

	for (i = 0; !status && i < sizeof(network_calls) / sizeof(network_calls[0]); i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, network_calls[i], 0);
	for (i = 0; !status && i < sizeof(calls) / sizeof(calls[0]); i++)
		status = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, calls[i].call, 1,
						&calls[i].argument);
	return status;
}

static int trap_fstat(scmp_filter_ctx filter)
{
	const struct sigaction action = { .sa_sigaction = answer_fstat, .sa_flags = SA_SIGINFO };

	if (sigaction(SIGSYS, &action, NULL))
		return -errno;
	return seccomp_rule_add(filter, SCMP_ACT_TRAP, SCMP_SYS(newfstatat), 1,
				SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
}

/*
 * libseccomp 2.5.4 writes to address 0 and the like where memory runs out while it makes the filter, for which it
 * takes less than 256 KiB.
 */
static bool has_room_for_filter(void)
{
	void *volatile room = malloc(256u << 10);
	bool there = room;

	free(room);
	return there;
}

/* Returns 0, or what is in the way, as in errno. */
static int confine_calls(bool network)
{
	scmp_filter_ctx filter = has_room_for_filter() ? seccomp_init(SCMP_ACT_ERRNO(ENOSYS)) :
							 NULL;
	int status;

	if (!filter)
		return ENOMEM;
	/* a binary tree of a few comparisons, not one for each call */
	status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!status)
		status = allow_calls(filter);
	if (!status)
		status = allow_some(filter);
	if (!status)
		status = network ? allow_network(filter) : trap_fstat(filter);
	if (!status)
		status = seccomp_load(filter);
	seccomp_release(filter);
	return -status;
}

/* Is this process held to some memory?  What AddressSanitizer maps has no limit. */
static bool memory_is_limited(void)
{
	struct rlimit space, data;

	return !getrlimit(RLIMIT_AS, &space) && !getrlimit(RLIMIT_DATA, &data) &&
	       (space.rlim_cur != RLIM_INFINITY || data.rlim_cur != RLIM_INFINITY);
}

void xfdt_confine(const struct xfdt_confinement *allowed, char ret_how[XFDT_CONFINED_SIZE])
{
	const char *limits = memory_is_limited() ? "" : " (no limit of memory)";
	bool files;
	int status;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		snprintf(ret_how, XFDT_CONFINED_SIZE, "none: no_new_privs: %s", strerror(errno));
		return;
	}
	files = confine_files(allowed);
	status = confine_calls(allowed->network);
	if (!status)
		snprintf(ret_how, XFDT_CONFINED_SIZE, "%s%s",
			 files ? XFDT_CONFINED_FULLY : "seccomp (no Landlock: may read any file)",
			 limits);
	else if (files)
		snprintf(ret_how, XFDT_CONFINED_SIZE, "landlock (no seccomp: %s)%s",
			 strerror(status), limits);
	else
		snprintf(ret_how, XFDT_CONFINED_SIZE, "none: no Landlock, and seccomp: %s%s",
			 strerror(status), limits);
}
