/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The xfd command of crash(8).
 *
 * Each xfd command triages the dump in a process forked from crash, which returns
 * text.  So a longjmp() of crash, which aborts commands that way, leaks nothing
 * of the core, and a hostile dump that crashes a library does not end the session.
 */
#include "base/util.h"
#include "triage/session.h"
#include "source.h"

#include <crash/defs.h>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

enum mode { MODE_TRIAGE, MODE_LIST, MODE_DECODE, MODE_PANIC, MODE_JSON };

struct request {
	enum mode mode;
	struct xfdt_text_options style;
	const char *path; /* where MODE_JSON writes */
	enum xfdt_type_choice types;
};

/* The output of the last xfd; survives a longjmp() while it is printed. */
static struct {
	char *text;
	size_t len;
} answer;

static void forget_answer(void)
{
	free(answer.text);
	answer.text = NULL;
	answer.len = 0;
}

/* in the process of its own */

static struct xfdt_error *system_error(const char *what)
{
	return xfdt_error_new(XFDT_SYSTEM, 0, "%s: %s", what, strerror(errno));
}

static struct xfdt_error *write_json(const struct xfdt_outcome *report, const char *path, FILE *out)
{
	FILE *file = fopen(path, "we");
	struct xfdt_error *err;
	bool failed;

	if (!file)
		return system_error(path);
	err = xfdt_render_json(report, file);
	failed = ferror(file);
	failed |= fclose(file) != 0;
	if (!err && failed)
		err = system_error(path);
	if (!err)
		fprintf(out, "%s: written\n", path);
	return err;
}

static struct xfdt_error *write_report(const struct xfdt_outcome *report,
				       const struct request *request, FILE *out)
{
	switch (request->mode) {
	case MODE_LIST:
		xfdt_render_vms(report, &request->style, out);
		return NULL;
	case MODE_PANIC:
		xfdt_render_panic(report, &request->style, out);
		return NULL;
	case MODE_JSON:
		return write_json(report, request->path, out);
	case MODE_DECODE:
		if (!xfdt_render_picks_any(report, &request->style))
			return xfdt_error_new(
				XFDT_MISSING, 0,
				request->style.pick == XFDT_PICK_ID ?
					"no VM has a vCPU %llu; 'xfd -l' lists them" :
					"there is no struct kvm or kvm_vcpu at %#llx; 'xfd -l' and 'xfd -d' show where they are",
				ull(request->style.picked));
		xfdt_render_show(report, &request->style, out);
		return NULL;
	default:
		xfdt_render_text(report, &request->style, out);
		return NULL;
	}
}

static struct xfdt_error *triage(const struct request *request, FILE *out)
{
	const char *path = pc->dumpfile ? pc->dumpfile : "the running kernel";
	const char *const vmlinux[] = { pc->namelist, pc->namelist_debug };
	/* what crash itself has its types from, where the dump has none */
	const struct xfdt_debug_options debug = {
		.types = request->types,
		.paths = vmlinux,
		.path_count = pc->namelist_debug ? 2 : pc->namelist != NULL,
		.named = "of this session",
	};
	struct xfdt_source source = xfd_source();
	struct xfdt_session session;
	struct xfdt_error *err;

	xfdt_stats_begin(&session.stats);
	err = xfdt_stages_init(&session, &source, path, xfd_format(), &debug);
	if (err)
		return err;
	err = write_report(&session.report, request, out);
	xfdt_stages_deinit(&session);
	return err;
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t done = write(fd, text, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		text += done;
		len -= (size_t)done;
	}
	return true;
}

/* Write a report, or what went wrong, to @fd; returns the process's exit code. */
static int child(const struct request *request, int fd)
{
	struct xfdt_error *err;
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	out = open_memstream(&text, &len);
	err = out ? triage(request, out) : system_error("no memory for a report");
	if (out && fclose(out) && !err)
		err = system_error("no memory for a report");
	if (err)
		return write_all(fd, xfdt_error_message(err), strlen(xfdt_error_message(err))), 1;
	return write_all(fd, text, len) ? 0 : 2;
}

/* in crash's own */

/* Wait for something to read from @fd; false if there is a ^C. */
static bool wait_for_input(int fd, int interrupts)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = interrupts, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return !fds[1].revents;
}

/* All of @fd into @answer; false if there was a ^C, or an error. */
static bool read_answer(int fd, int interrupts)
{
	size_t room = 0;

	while (wait_for_input(fd, interrupts)) {
		ssize_t done;

		if (room - answer.len < 2) {
			char *text;

			room = room ? 2 * room : 65536;
			text = realloc(answer.text, room);
			if (!text)
				return false;
			answer.text = text;
		}
		done = read(fd, answer.text + answer.len, room - answer.len - 1);
		if (done < 0)
			return false;
		answer.len += (size_t)done;
		answer.text[answer.len] = '\0';
		if (!done)
			return true;
	}
	return false;
}

/*
 * Let a process of its own fill @answer; returns its wait status, or -1 with
 * errno.  SIGINT is blocked, and stays pending if it comes: crash's handler of
 * it does not return.  In the child it stays blocked, since crash installs
 * that handler over and over.
 */
static int run_child(const struct request *request, int interrupts)
{
	int fds[2], status, error_number = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(child(request, fds[1]));
	}
	if (pid < 0)
		error_number = errno;
	close(fds[1]);
	if (pid > 0) {
		if (!read_answer(fds[0], interrupts))
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && !error_number)
			error_number = errno == EINTR ? 0 : errno;
	}
	close(fds[0]);
	errno = error_number;
	return error_number ? -1 : status;
}

/* Fill @answer; false if there is none; then the error was printed. */
static bool ask(const struct request *request)
{
	int interrupts, status = -1, error_number;
	sigset_t interrupt, before;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &before);
	interrupts = signalfd(-1, &interrupt, SFD_CLOEXEC);
	if (interrupts >= 0) {
		xfd_source_prepare();
		status = run_child(request, interrupts);
	}
	error_number = errno;
	if (interrupts >= 0)
		close(interrupts);
	/* here ^C leads to crash's handler of it, when only @answer is left, which is static */
	sigprocmask(SIG_SETMASK, &before, NULL);

	if (status == -1)
		error(INFO, "cannot triage in a process of its own: %s\n", strerror(error_number));
	else if (WIFSIGNALED(status))
		error(INFO,
		      "reading the dump ended with %s; the dump is damaged, or this is a bug\n",
		      strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) > 1)
		error(INFO, "the report is incomplete\n");
	else if (WEXITSTATUS(status))
		error(INFO, "%s\n", answer.text ? answer.text : "no reason was given");
	else
		return true;
	return false;
}

/* "3" is a vcpu_id; "0x3", "ff779c3f803f5000" are addresses. */
static bool parse_pick(const char *text, struct xfdt_text_options *style)
{
	bool decimal = strspn(text, "0123456789") == strlen(text);
	char *end;

	errno = 0;
	style->picked = strtoull(text, &end, decimal ? 10 : 16);
	if (end == text || *end || *text == '-' || errno)
		return false;
	style->pick = decimal && style->picked <= UINT32_MAX ? XFDT_PICK_ID : XFDT_PICK_KVADDR;
	return true;
}

static bool parse_types(const char *name, enum xfdt_type_choice *ret_types)
{
	static const char *const names[] = {
		[XFDT_TYPES_AUTO] = "auto",
		[XFDT_TYPES_DWARF] = "dwarf",
		[XFDT_TYPES_BTF] = "btf",
	};
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		if (strcmp(name, names[i]))
			continue;
		*ret_types = (enum xfdt_type_choice)i;
		return true;
	}
	return false;
}

/* What is wrong with an argument, for the person who typed it; always false. */
static bool refuse(const char *what, const char *argument)
{
	error(INFO, "%s '%s'\n", what, argument);
	return false;
}

static bool parse_arguments(struct request *request)
{
	int c, modes = 0;

	while ((c = getopt(argcnt, args, "dj:lpt:v")) != EOF) {
		switch (c) {
		case 'd':
			request->mode = MODE_DECODE;
			modes++;
			break;
		case 'j':
			request->mode = MODE_JSON;
			request->path = optarg;
			modes++;
			break;
		case 'l':
			request->mode = MODE_LIST;
			modes++;
			break;
		case 'p':
			request->mode = MODE_PANIC;
			modes++;
			break;
		case 't':
			if (!parse_types(optarg, &request->types))
				return refuse("-t takes auto, dwarf or btf, not", optarg);
			break;
		case 'v':
			request->style.verbose = true;
			modes++;
			break;
		default:
			return refuse("no such option, or its argument is missing:",
				      args[optind - 1]);
		}
	}
	if (modes > 1) {
		error(INFO, "only one of -v, -l, -d, -p and -j is possible\n");
		return false;
	}
	if (request->mode == MODE_DECODE && args[optind] &&
	    !parse_pick(args[optind++], &request->style))
		return refuse("-d takes a vcpu-id in decimal or the address of a VM or vCPU, not",
			      args[optind - 1]);
	return !args[optind] || refuse("no such argument:", args[optind]);
}

static void cmd_xfd(void)
{
	struct request request = { .mode = MODE_TRIAGE };

	forget_answer();
	if (!parse_arguments(&request)) {
		cmd_usage(pc->curcmd, SYNOPSIS);
		return;
	}
	if (REMOTE()) {
		error(INFO, "a remote crash daemon is not supported; run it where the dump is\n");
		return;
	}
	if (ask(&request))
		fwrite(answer.text, 1, answer.len, fp);
	forget_answer();
}

static char *help_xfd[] = {
	"xfd",
	"was it CVE-2026-23005, an XRSTOR that IA32_XFD disables?",
	"[-v | -l | -d [vcpu-id | kvm-address] | -p | -j file] [-t types]",
	"  This command says whether the host crashed because of CVE-2026-23005: an",
	"  XRSTOR of a KVM guest's FPU state with XSTATE_BV[i]=1 and IA32_XFD[i]=1.  It",
	"  finds every VM's vCPUs and their guest FPU state, reads how the kernel crashed,",
	"  and gives a verdict with its reasons, as xfdtriage(1) does.",
	"",
	"  Symbols are taken from the kallsyms in the dump and types from its BTF, so",
	"  neither \"mod -s kvm\" nor debuginfo of kvm is needed, and the",
	"  command works with \"crash --minimal\" too.  Where the dump lacks either, the",
	"  session's vmlinux takes its place, if it has the build-id of the dump's kernel.",
	"",
	"    (none)  the verdict, why, and a table of VMs and vCPUs, in which XSTATE_BV",
	"            and XFD stand side by side.",
	"        -v  all vCPUs, every piece of evidence, and the commands of crash to",
	"            check it by hand.",
	"        -l  the VMs and their vCPUs alone, all of them.",
	"        -d  decode the guest FPU state of every vCPU in full, or of those with",
	"            the vcpu-id, a decimal number, or of the struct kvm or the struct",
	"            kvm_vcpu at the kvm-address.",
	"        -p  how the kernel died: the verdict, why, and the evidence of it.",
	"   -j file  write a report in JSON to the file.",
	"  -t types  take types from dwarf (the session's vmlinux), from btf (the dump), or",
	"            auto, from what there is (the default).",
	"",
	"  The verdict is one of:",
	"",
	"    confirmed       the panic is this bug",
	"    not-this-bug    everything needed was read, and the panic has another cause",
	"    armed           the panic has another cause, but a vCPU was in the state that",
	"                    triggers the bug: the host would have crashed of it next",
	"    probable        log and registers match, but the FPU state itself is not in",
	"                    the dump",
	"    inconclusive    something needed is missing; says what, and how to get it",
	"    not-applicable  no KVM, no XFD, not x86-64",
	"",
	"EXAMPLES",
	"  Was it this bug?",
	"",
	"    crash> xfd",
	"    not-applicable: the bug cannot happen on this kernel and CPU",
	"      do      look for another cause of this crash. This report may be shared: it",
	"              has no guest memory, but the names of host and processes",
	"",
	"      dump    clean-7.3.4.vmcore (diskdump)",
	"      kernel  7.3.4+deb13-amd64",
	"      panic   CPU 0, pid 115 reproducer",
	"      sources symbols from kallsyms, types from btf",
	"",
	"    why",
	"      - kvm yes: the module kvm is loaded",
	"      - capable no: max_features 0x21f lacks XTILEDATA, and the CPU's capability",
	"        bits lack XFD and AMX: no state can have the mismatch",
	"      - hit no: no oops happened (die_counter 0, tainted_mask without TAINT_DIE,",
	"        complete log)",
	"      - panicked yes: CPU 0",
	"      - complete yes: 6 guest FPU states in memory, 6 of them on KVM's lists",
	"      - next: 0 armed, 0 undecided, of 6 vCPUs",
	"",
	"    2 VMs, 6 vCPUs: ok (-v shows them)",
	"",
	"  One vCPU in full, cut short here:",
	"",
	"    crash> xfd -d ff2162a8827eb8a0",
	"    ...",
	"    VM 0xff779c3f803f5000, pid 109 repro, 2 vCPUs",
	"",
	"        vCPU                    1",
	"        state                   ok",
	"        because                 no component is set in both",
	"        culprit                 no",
	"        struct kvm_vcpu         0xff2162a8827eb8a0",
	"        guest fpstate           0xff779c3f800a5000",
	"        XSTATE_BV               0x217",
	"        XCOMP_BV                0x0",
	"    ...",
	"        XSAVE area, standard format",
	"           bit  component   XSTATE_BV  XCOMP_BV  XFD  offset  bytes",
	"             0  FP          1          .         .         0    160",
	"             1  SSE         1          .         .       160    256",
	"             2  YMM         1          .         .       576    256",
	"             4  BNDCSR      1          .         .      1024     64",
	"             9  PKRU        1          .         .      2688      8",
	"",
	"  The report in JSON, and what else there is on a pipe:",
	"",
	"    crash> xfd -j /tmp/vmcore.json",
	"    /tmp/vmcore.json: written",
	"    crash> xfd | head -1",
	"    not-applicable: the bug cannot happen on this kernel and CPU",
	NULL
};

static struct command_table_entry command_table[] = {
	{ "xfd", cmd_xfd, help_xfd, MINIMAL },
	{ NULL, NULL, NULL, 0 },
};

static void __attribute__((constructor)) xfd_init(void)
{
	register_extension(command_table);
}

static void __attribute__((destructor)) xfd_fini(void)
{
	forget_answer();
}
