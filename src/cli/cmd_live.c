/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command live: a host that runs, by /proc/kcore. */
#include "cli/work.h"
#include "render/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KCORE "/proc/kcore"
#define LOCKDOWN "/sys/kernel/security/lockdown"
#define READINGS_MAX 10
#define PAUSE_NS 100000000 /* between two readings */

/* access */

/* Why opening it gives EPERM, as far as this process can know (kernel_lockdown.7). */
static const char *why_not_permitted(void)
{
	char modes[128] = "";
	int fd = open(LOCKDOWN, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, modes, sizeof(modes) - 1) < 0)
		modes[0] = '\0';
	if (fd >= 0)
		close(fd);
	/* the one in force is in brackets */
	if (strstr(modes, "[confidentiality]"))
		return "kernel lockdown is in the mode 'confidentiality' and denies it to everybody, also to root; the modes 'none' and 'integrity' allow it (kernel_lockdown.7)";
	if (strchr(modes, '['))
		return "the capability CAP_SYS_RAWIO is missing; run it outside of containers and user namespaces, or with that capability";
	return "the capability CAP_SYS_RAWIO is missing (in a container or a user namespace?), or kernel lockdown is in the mode 'confidentiality' (see " LOCKDOWN
	       ")";
}

static const char *why_not(const char *path, int error)
{
	switch (error) {
	case ENOENT:
		if (strcmp(path, KCORE) != 0)
			break;
		return "it does not exist: the kernel was built without CONFIG_PROC_KCORE, or this is a container that hides it";
	case EACCES:
		return "permission denied; run it as root";
	case EPERM:
		return why_not_permitted();
	}
	return strerror(error);
}

static struct xfdt_error *check_access(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot read '%s': %s", path,
				      why_not(path, errno));
	close(fd);
	return NULL;
}

/* in the confined process */

static int report_error(const struct work *work, struct xfdt_error *err)
{
	if (work->arguments->format == FORMAT_JSON && !work->arguments->quiet)
		xfdt_error_free(xfdt_render_live_json_error(work->paths[0], xfdt_error_message(err),
							    stdout));
	return complain(err);
}

static int put_report(const struct work *work, const struct xfdt_live *live)
{
	struct xfdt_error *err = NULL;

	if (!work->arguments->quiet && work->arguments->format == FORMAT_JSON)
		err = xfdt_render_live_json(live, stdout);
	else if (!work->arguments->quiet)
		xfdt_render_live_text(live, stdout);
	return err ? complain(err) : xfdt_exposure_exit(live->rule->answer);
}

/* One reading of the host; what it says is in *@ret_reading, too. */
static struct xfdt_error *read_host(const struct work *work, struct xfdt_session *session,
				    struct xfdt_reading *ret_reading)
{
	struct xfdt_error *err = open_session(work, session, &work->options);

	if (err)
		return err;
	if (session->facts.items[XFDT_FACT_PANICKED].value == XFDT_YES)
		err = xfdt_error_new(XFDT_NOT_A_DUMP, 0,
				     "'%s' is of a host that panicked; use 'xfdtriage triage'",
				     work->paths[0]);
	if (!err)
		err = xfdt_reading_init(ret_reading, &session->host, &session->facts,
					&session->verdict);
	if (err)
		xfdt_session_deinit(session);
	return err;
}

/*
 * Read once more; true if that, together with @before, decides, or if there were enough readings.  A VM that goes while the
 * list of VMs is read hides those behind it, so a host is known to be exposed before it is known by which vCPU.
 */
static bool is_decided(struct xfdt_live *live, const struct xfdt_reading *now)
{
	live->facts = xfdt_live_facts_of(live->before, now);
	live->rule = xfdt_exposure_rule_find(&live->facts);
	if (live->readings == READINGS_MAX)
		return true;
	return live->rule->answer != XFDT_EXPOSURE_UNKNOWN &&
	       (live->rule->answer != XFDT_EXPOSED || live->facts.mismatch != XFDT_UNSURE);
}

static int look_at_host(const struct work *work)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct xfdt_reading before = { 0 }, now = { 0 };
	struct xfdt_live live = { .before = &before };
	struct xfdt_session session;
	struct xfdt_error *err;
	int status = -1;

	while (status < 0) {
		if (live.readings++)
			clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
		err = read_host(work, &session, &now);
		if (err) {
			status = report_error(work, err);
			break;
		}
		live.outcome = &session.report;
		if (live.readings > 1 && is_decided(&live, &now))
			status = put_report(work, &live);
		xfdt_session_deinit(&session);
		xfdt_reading_deinit(&before);
		before = now;
	}
	xfdt_reading_deinit(&before);
	return status;
}

int run_live(const struct arguments *arguments)
{
	static const char *const kcore[] = { KCORE };
	struct work work = {
		.arguments = arguments,
		.paths = arguments->path_count ? arguments->paths : kcore,
		.path_count = 1,
		.options = session_options(arguments),
		.run = look_at_host,
	};
	struct xfdt_error *err;
	bool died;

	if (arguments->path_count > 1)
		return usage_error("live looks at one host; one operand too many:",
				   arguments->paths[1]);
	err = check_access(work.paths[0]);
	if (err)
		return report_error(&work, err);
	return do_work(&work, &died);
}
