/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker may do, tried from inside one by somebody who means harm. */
#include "unit.h"
#include "sandbox/confine.h"
#include "sandbox/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* AddressSanitizer needs terabytes of addresses */
#ifdef __SANITIZE_ADDRESS__
#define AND_LIMITS " (no limit of memory)"
#else
#define AND_LIMITS ""
#endif

static char dir[200], dump[240], secret[240];
static int prepared; /* a file in memory that was made before */

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || write(fd, "bytes", 5) != 5 || close(fd))
		exit(99);
}

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/xfdt-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		exit(99);
	snprintf(dump, sizeof(dump), "%s/vmcore", dir);
	snprintf(secret, sizeof(secret), "%s/secret", dir);
	make_file(dump);
	make_file(secret);
	prepared = memfd_create("prepared", MFD_CLOEXEC);
	if (prepared < 0)
		exit(99);
}

static void teardown(void)
{
	char command[300];

	close(prepared);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command))
		exit(99);
}

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Things to try; each is true if it worked. */

static bool reads_dump(void)
{
	return opens(dump, O_RDONLY);
}

static bool reads_other_file(void)
{
	return opens(secret, O_RDONLY);
}

static bool lists_folder(void)
{
	return opens(dir, O_RDONLY | O_DIRECTORY);
}

static bool writes_dump(void)
{
	return opens(dump, O_WRONLY) || opens(dump, O_RDWR);
}

/* Landlock before Linux 6.2 has nothing against it */
static bool cuts_dump_off(void)
{
	return opens(dump, O_RDONLY | O_TRUNC) || !truncate(dump, 0);
}

static bool makes_file(void)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/new", dir);
	return opens(path, O_WRONLY | O_CREAT) || opens(dir, O_TMPFILE | O_RDWR) ||
	       !mkdir(path, 0700) || !symlink("x", path);
}

static bool moves_files(void)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/moved", dir);
	return !rename(dump, path) || !link(dump, path) || !unlink(dump) || !chmod(dump, 0777);
}

static bool reads_through_proc(void)
{
	return opens("/proc/self/maps", O_RDONLY) || opens("/proc/1/cmdline", O_RDONLY);
}

static bool makes_socket(void)
{
	int pair[2];

	return socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_DGRAM, 0) >= 0 ||
	       !socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

/* does not return if it works, and its exit code is that of true(1) */
static bool runs_program(void)
{
	char *const argv[] = { (char *)"true", NULL };

	execv("/bin/true", argv);
	return false;
}

static bool forks(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid > 0;
}

static bool signals_parent(void)
{
	return !kill(getppid(), SIGCONT) || !kill(getppid(), 0);
}

/* not its parent: that would stop */
static bool traces(void)
{
	return !ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static bool makes_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED;
}

static bool regains_limits(void)
{
	struct rlimit limit = { 1 << 20, 1 << 20 };

	return !setrlimit(RLIMIT_CORE, &limit);
}

static bool computes(void)
{
	char *bytes = malloc(8 << 20), path[40];

	memset(bytes, 1, 8 << 20);
	free(bytes);
	/* as libbpf reads BTF that it is given as a file */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", prepared);
	return pwrite(prepared, "x", 1, 0) == 1 && opens(path, O_RDONLY);
}

static bool asks_of_open_file(void)
{
	int fd = open(dump, O_RDONLY);
	struct stat status;

	return fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size == 5 &&
	       fstat(-1, &status) == -1 && errno == EBADF;
}

static bool asks_of_other_file(void)
{
	struct statx status;
	struct stat plain;
	char target[10];

	return !stat(secret, &plain) || !lstat(secret, &plain) ||
	       !fstatat(AT_FDCWD, secret, &plain, 0) ||
	       !fstatat(AT_FDCWD, secret, &plain, AT_EMPTY_PATH) ||
	       !statx(AT_FDCWD, secret, 0, STATX_SIZE, &status) || !access(secret, F_OK) ||
	       readlink("/proc/self/exe", target, sizeof(target)) >= 0;
}

/* no limit of a process's memory counts what is in such files */
static bool makes_memory_file(void)
{
	return memfd_create("memory", 0) >= 0;
}

static bool shares_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static bool opens_many_files(void)
{
	int i;

	for (i = 0; i < 1000; i++)
		if (open(dump, O_RDONLY) < 0)
			return false;
	return true;
}

static const struct {
	const char *name;
	bool (*works)(void);
	bool allowed;
} attempts[] = {
	{ "reads the dump", reads_dump, true },
	{ "computes", computes, true },
	{ "asks of an open file", asks_of_open_file, true },
	{ "asks of another file", asks_of_other_file, false },
	{ "makes a file in memory", makes_memory_file, false },
	{ "shares memory", shares_memory, false },
	{ "opens many files", opens_many_files, false },
	{ "reads another file", reads_other_file, false },
	{ "lists a folder", lists_folder, false },
	{ "writes to the dump", writes_dump, false },
	{ "cuts the dump off", cuts_dump_off, false },
	{ "makes a file", makes_file, false },
	{ "moves files", moves_files, false },
	{ "reads through /proc", reads_through_proc, false },
	{ "makes a socket", makes_socket, false },
	{ "runs a program", runs_program, false },
	{ "forks", forks, false },
	{ "signals its parent", signals_parent, false },
	{ "traces", traces, false },
	{ "makes code", makes_code, false },
	{ "regains limits", regains_limits, false },
};

static size_t index_of(bool (*works)(void))
{
	size_t i = 0;

	while (attempts[i].works != works)
		i++;
	return i;
}

#define WORKS 10
#define FAILS 11

/* What the kernel is made to lack. */
enum lack { LACKS_NOTHING, LACKS_LANDLOCK, LACKS_SECCOMP, UNCONFINED };

static void make_lack(enum lack lack)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int status;

	if (lack == LACKS_LANDLOCK)
		status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
					  SCMP_SYS(landlock_create_ruleset), 0);
	else
		status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(seccomp), 0) |
			 seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
					  SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0));
	if (status || seccomp_load(filter))
		_exit(99);
	seccomp_release(filter);
}

/* What becomes of attempt @i in a process of its own. */
static int try(size_t i, enum lack lack, char how[XFDT_CONFINED_SIZE])
{
	const char *const readable[] = { dump, "/nonexistent" };
	const struct xfdt_confinement allowed = { readable, COUNT(readable), false };
	const struct xfdt_limits limits = { .data = 1 << 30 };
	int pipes[2], status;
	pid_t pid;

	if (pipe(pipes))
		exit(99);
	pid = xfdt_worker_fork(&limits);
	if (!pid) {
		close(pipes[0]);
		if (lack == LACKS_LANDLOCK || lack == LACKS_SECCOMP)
			make_lack(lack);
		if (lack != UNCONFINED)
			xfdt_confine(&allowed, how);
		if (write(pipes[1], how, XFDT_CONFINED_SIZE) != XFDT_CONFINED_SIZE)
			_exit(99);
		_exit(attempts[i].works() ? WORKS : FAILS);
	}
	close(pipes[1]);
	if (read(pipes[0], how, XFDT_CONFINED_SIZE) != XFDT_CONFINED_SIZE)
		exit(99);
	close(pipes[0]);
	if (waitpid(pid, &status, 0) != pid)
		exit(99);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void test_confine__nothing_but_the_dump(void **state)
{
	char how[XFDT_CONFINED_SIZE] = "";
	size_t i;

	for (i = 0; i < COUNT(attempts); i++) {
		int status;

		setup();
		status = try(i, LACKS_NOTHING, how);
		if (strcmp(how, XFDT_CONFINED_FULLY AND_LIMITS)) {
			print_message("skipped: this machine confines by '%s' only\n", how);
			teardown();
			return;
		}
		if (status != (attempts[i].allowed ? WORKS : FAILS))
			fail_msg("%s: %d", attempts[i].name, status);
		teardown();
	}
}

/* Connects to @port of this machine? */
static bool connects(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = port };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static bool listens(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd >= 0 &&
	       (!bind(fd, (struct sockaddr *)&address, sizeof(address)) || !listen(fd, 1));
}

/* The first thing that a confined fetcher should be able to do and is not, or should not and is. */
static int try_network(uint16_t port)
{
	const char *const readable[] = { dump };
	const struct xfdt_confinement allowed = { readable, COUNT(readable), true };
	char how[XFDT_CONFINED_SIZE];

	xfdt_confine(&allowed, how);
	if (strncmp(how, XFDT_CONFINED_FULLY, strlen(XFDT_CONFINED_FULLY)))
		return 77;
	if (!connects(port))
		return 1;
	if (listens())
		return 2;
	if (!reads_dump())
		return 3;
	if (reads_other_file() || lists_folder())
		return 4;
	if (writes_dump() || makes_file() || cuts_dump_off())
		return 5;
	if (forks() || signals_parent() || traces())
		return 6;
	if (makes_code() || socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
		return 7;
	return 0;
}

/* what fetches a dump over http may connect, and do nothing else besides */
static void test_confine__network_and_no_more(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	const struct xfdt_limits limits = { .data = 1 << 30 };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0), status;
	pid_t pid;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	setup();
	pid = xfdt_worker_fork(&limits);
	if (!pid)
		_exit(try_network(address.sin_port));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		print_message("skipped: this machine does not confine fully\n");
	else
		assert_int_equal(WEXITSTATUS(status), 0);
	teardown();
	close(fd);
}

/* the attempts are such that they would work */
static void test_confine__attempts_work_without_it(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(attempts); i++) {
		char how[XFDT_CONFINED_SIZE] = "";
		/* the limit of open files is there in any case */
		bool unsure = attempts[i].works == regains_limits ||
			      attempts[i].works == opens_many_files;
		int status;

		setup();
		status = try(i, UNCONFINED, how);
		/* a program that was run has an exit code of its own; only root may raise limits */
		if (status != WORKS && !unsure &&
		    !(attempts[i].works == runs_program && status == 0))
			fail_msg("%s: %d", attempts[i].name, status);
		teardown();
	}
}

/* then what is there to read may be read, and nothing written */
static void test_confine__kernel_without_landlock(void **state)
{
	char how[XFDT_CONFINED_SIZE] = "";
	size_t i;

	for (i = 0; i < COUNT(attempts); i++) {
		bool reads = attempts[i].works == reads_other_file ||
			     attempts[i].works == lists_folder ||
			     attempts[i].works == reads_through_proc;
		int status;

		setup();
		status = try(i, LACKS_LANDLOCK, how);
		assert_string_equal(how, "seccomp (no Landlock: may read any file)" AND_LIMITS);
		if (status != (attempts[i].allowed || reads ? WORKS : FAILS))
			fail_msg("%s: %d", attempts[i].name, status);
		teardown();
	}
}

static void test_confine__kernel_without_seccomp(void **state)
{
	char how[XFDT_CONFINED_SIZE] = "";

	setup();
	if (xfdt_landlock_works()) {
		assert_int_equal(try(index_of(reads_other_file), LACKS_SECCOMP, how), FAILS);
		assert_ptr_equal(strstr(how, "landlock (no seccomp: "), how);
	} else {
		assert_int_equal(try(index_of(reads_other_file), LACKS_SECCOMP, how), WORKS);
		assert_ptr_equal(strstr(how, "none: no Landlock, and seccomp: "), how);
	}
	teardown();
}

static int abort_worker(int sig)
{
	const struct xfdt_confinement allowed = { 0 };
	const struct xfdt_limits limits = { 0 };
	char how[XFDT_CONFINED_SIZE];
	pid_t pid = xfdt_worker_fork(&limits);
	int status;

	if (!pid) {
		xfdt_confine(&allowed, how);
		if (sig)
			raise(sig);
		abort();
	}
	if (waitpid(pid, &status, 0) != pid)
		exit(99);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* libkdumpfile aborts where it is at a loss, and that has to be told from other deaths */
static void test_confine__abort_is_an_abort(void **state)
{
	assert_int_equal(abort_worker(0), SIGABRT);
	assert_int_equal(abort_worker(SIGTERM), SIGTERM);
}

static void test_confine__memory_is_limited(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	print_message(
		"skipped: AddressSanitizer maps terabytes, so a sanitized worker has no limit\n");
#else
	const struct xfdt_limits limits = { .memory = 256 << 20 };
	pid_t pid = xfdt_worker_fork(&limits);
	int status;

	if (!pid)
		_exit(mmap(NULL, 300 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
					      MAP_FAILED &&
				      mmap(NULL, 100 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
					   -1, 0) != MAP_FAILED ?
			      0 :
			      1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
#endif
}

#ifndef __SANITIZE_ADDRESS__
/* Leave this process about @spare bytes of memory. */
static void exhaust_memory(size_t spare)
{
	FILE *file = fopen("/proc/self/statm", "r");
	void *kept = malloc(spare);
	void *volatile taken;
	struct rlimit limit;
	unsigned long pages;
	size_t size;

	if (!file || !kept || fscanf(file, "%lu", &pages) != 1)
		_exit(99);
	fclose(file);
	getrlimit(RLIMIT_AS, &limit);
	limit.rlim_cur = pages * 4096;
	setrlimit(RLIMIT_AS, &limit);
	for (size = 65536; size >= 16; size /= 2)
		do
			taken = malloc(size);
		while (taken);
	free(kept);
}
#endif

/* libseccomp 2.5.4 takes a signal where memory runs out while it makes the filter */
static void test_confine__memory_that_is_exhausted(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	print_message("skipped: AddressSanitizer ends a process that has no memory\n");
#else
	const struct xfdt_confinement nothing = { 0 };
	char how[XFDT_CONFINED_SIZE];
	size_t spare;
	int status;
	pid_t pid;

	for (spare = 1024; spare < 120 << 10; spare += 1024) {
		pid = fork();
		if (!pid) {
			exhaust_memory(spare);
			xfdt_confine(&nothing, how);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
#endif
}

static void test_confine__cpu_time_is_limited(void **state)
{
	const struct xfdt_limits limits = { .seconds = 1 };
	pid_t pid = xfdt_worker_fork(&limits);
	int status;

	if (!pid)
		for (;;)
			getppid();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGXCPU);
}

/* by one that was taken over, too */
static void test_confine__cpu_time_is_limited_whatever_is_ignored(void **state)
{
	const struct xfdt_limits limits = { .seconds = 1 };
	pid_t pid = xfdt_worker_fork(&limits);
	int status;

	if (!pid) {
		signal(SIGXCPU, SIG_IGN);
		for (;;)
			getppid();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* nothing that is open in the parent, and no keyboard */
static void test_confine__detached_worker_has_its_pipe_only(void **state)
{
	const struct xfdt_limits limits = { 0 };
	int pipes[2], other = open("/dev/null", O_RDONLY), status;
	char said[8] = "";
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = xfdt_worker_fork(&limits);
	if (!pid) {
		if (!xfdt_worker_detach(-1, pipes[1], NULL, 0) || fcntl(other, F_GETFD) != -1 ||
		    fcntl(pipes[0], F_GETFD) != -1 || write(STDOUT_FILENO, "said", 4) != 4 ||
		    read(STDIN_FILENO, said, 1))
			_exit(1);
		raise(SIGINT);
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(pipes[0], said, sizeof(said)), 4);
	assert_memory_equal(said, "said", 4);
	close(pipes[0]);
	close(other);
}

/* Linux before 5.9 */
static void test_confine__detached_worker_without_close_range(void **state)
{
	const struct xfdt_limits limits = { 0 };
	int pipes[2], other = open("/dev/null", O_RDONLY), status;
	char said[8] = "";
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = xfdt_worker_fork(&limits);
	if (!pid) {
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(close_range), 0) ||
		    seccomp_load(filter))
			_exit(99);
		if (!xfdt_worker_detach(-1, pipes[1], NULL, 0) || fcntl(other, F_GETFD) != -1 ||
		    fcntl(pipes[0], F_GETFD) != -1 || write(STDOUT_FILENO, "said", 4) != 4)
			_exit(1);
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(pipes[0], said, sizeof(said)), 4);
	close(pipes[0]);
	close(other);
}

/* ulimit -n: all that it may have is open when it starts */
static void test_confine__detached_worker_with_few_descriptors(void **state)
{
	const struct xfdt_limits limits = { 0 };
	int pipes[2], status;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		const struct rlimit few = { 16, 16 };

		if (setrlimit(RLIMIT_NOFILE, &few))
			_exit(99);
		while (open("/dev/null", O_RDONLY) >= 0)
			;
		pid = xfdt_worker_fork(&limits);
		if (!pid)
			_exit(xfdt_worker_detach(-1, pipes[1], NULL, 0) &&
					      write(STDOUT_FILENO, "said", 4) == 4 ?
				      0 :
				      1);
		if (waitpid(pid, &status, 0) != pid)
			_exit(99);
		_exit(status != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(pipes[0]);
	close(pipes[1]);
}

/* a worker does not outlive who started it */
static void test_confine__worker_dies_with_its_parent(void **state)
{
	int pipes[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		const struct xfdt_limits limits = { 0 };
		pid_t worker = xfdt_worker_fork(&limits);

		if (!worker) {
			if (write(pipes[1], "", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		pause();
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* the end of the pipe: both have gone */
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
}

#include "test_confine.tests.h"
