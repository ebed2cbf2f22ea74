/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xfdtriage: the command line. */
#include "cli/session.h"
#include "distill/distill.h"

#include <errno.h>
#include <getopt.h>
#include <libkdumpfile/kdumpfile.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef XFDT_VERSION
#define XFDT_VERSION "unknown"
#endif

enum format { FORMAT_TEXT, FORMAT_JSON };

struct arguments {
	enum format format;
	bool quiet, verbose, split, no_cache, keep_types;
	const char *output;
	const char *const *paths;
	size_t path_count;
};

struct command {
	const char *name, *operands, *help;
	int (*run)(const struct arguments *arguments);
};

static int run_triage(const struct arguments *arguments);
static int run_show(const struct arguments *arguments);
static int run_distill(const struct arguments *arguments);

/* The first is what is meant where no command is named. */
static const struct command commands[] = {
	{ "triage", "VMCORE...", "say whether the panic is " XFDT_CVE " (the default)", run_triage },
	{ "show", "VMCORE...", "decode every vCPU's FPU state in full", run_show },
	{ "distill", "VMCORE -o SMALL", "write a small vmcore that gives the same answer", run_distill },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

struct option_help {
	struct option option;
	const char *argument, *help;
};

static const struct option_help option_table[] = {
	{ { "format", required_argument, NULL, 'f' }, "FORMAT", "text (default) or json: one object a dump and line" },
	{ { "verbose", no_argument, NULL, 'v' }, NULL, "all vCPUs, every piece of evidence, commands for crash(8)" },
	{ { "quiet", no_argument, NULL, 'q' }, NULL, "print no report, only set the exit code" },
	{ { "split", no_argument, NULL, 's' }, NULL, "the files are parts of one dump (makedumpfile --split)" },
	{ { "no-cache", no_argument, NULL, 'n' }, NULL, "neither read nor write resolved layouts" },
	{ { "keep-types", no_argument, NULL, 'k' }, NULL, "distill: keep the pages with kallsyms and BTF, about 3 MB" },
	{ { "output", required_argument, NULL, 'o' }, "FILE", "distill: where to write" },
	{ { "help", no_argument, NULL, 'h' }, NULL, "print this" },
	{ { "version", no_argument, NULL, 'V' }, NULL, "print the version" },
};
#define OPTIONS (sizeof(option_table) / sizeof(option_table[0]))

static void print_usage(FILE *out)
{
	size_t i;

	fputs("Usage: xfdtriage [COMMAND] [OPTION...] VMCORE...\n\n"
	      "Say of a vmcore whether the host died of " XFDT_CVE ": an XRSTOR of a KVM\n"
	      "guest's FPU state with XSTATE_BV[i]=1 and IA32_XFD[i]=1.  No debuginfo is needed.\n\n"
	      "Commands:\n", out);
	for (i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-8s %-16s %s\n", commands[i].name, commands[i].operands, commands[i].help);
	fputs("\nOptions:\n", out);
	for (i = 0; i < OPTIONS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "--%s%s%s", option_table[i].option.name,
			 option_table[i].argument ? " " : "",
			 option_table[i].argument ? option_table[i].argument : "");
		fprintf(out, "  -%c, %-16s %s\n", option_table[i].option.val, name, option_table[i].help);
	}
	fputs("\nExit codes:\n"
	      "  0 confirmed        1 not-this-bug     2 error\n"
	      "  3 armed            4 probable         5 inconclusive     6 not-applicable\n"
	      "  Of several dumps: 2 if one could not be looked at, else the strongest finding.\n\n"
	      "See xfdtriage(1).\n", out);
}

static int complain(struct xfdt_error *err)
{
	fprintf(stderr, "xfdtriage: %s\n", xfdt_error_message(err));
	xfdt_error_free(err);
	return XFDT_EXIT_ERROR;
}

static int usage_error(const char *what, const char *subject)
{
	if (subject)
		fprintf(stderr, "xfdtriage: %s '%s'; see 'xfdtriage --help'\n", what, subject);
	else
		fprintf(stderr, "xfdtriage: %s; see 'xfdtriage --help'\n", what);
	return XFDT_EXIT_ERROR;
}

/* $XDG_CACHE_HOME/xfdtriage, or ~/.cache/xfdtriage; NULL where there is neither. */
static const char *cache_dir(void)
{
	static char path[PATH_MAX];
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int len;

	if (base && *base == '/')
		len = snprintf(path, sizeof(path), "%s/xfdtriage", base);
	else if (home && *home == '/')
		len = snprintf(path, sizeof(path), "%s/.cache/xfdtriage", home);
	else
		return NULL;
	return len > 0 && (size_t)len < sizeof(path) ? path : NULL;
}

static const char *temp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/var/tmp";
}

static void show_progress(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	fprintf(stderr, "\rrearranging the flattened dump: %3llu%%%s",
		(unsigned long long)(total ? done * 100 / total : 0), done >= total ? "\n" : "");
}

static struct xfdt_session_options session_options(const struct arguments *arguments)
{
	return (struct xfdt_session_options) {
		.dump = {
			.temp_dir = temp_dir(),
			.progress = isatty(STDERR_FILENO) ? show_progress : NULL,
		},
		.cache_dir = arguments->no_cache ? NULL : cache_dir(),
	};
}

static bool use_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

typedef void report_text(const struct xfdt_report *report,
			 const struct xfdt_text_options *options, FILE *out);

/* One dump; returns its exit code. */
static int triage_dump(const struct arguments *arguments, const char *const *paths,
		       size_t count, report_text *text)
{
	struct xfdt_session_options options = session_options(arguments);
	struct xfdt_text_options style = {
		.colour = use_colour(), .verbose = arguments->verbose,
	};
	struct xfdt_session session;
	struct xfdt_error *err;
	int status;

	err = xfdt_session_init(&session, paths, count, &options);
	if (err) {
		if (arguments->format == FORMAT_JSON && !arguments->quiet)
			xfdt_error_free(xfdt_report_json_error(paths[0], xfdt_error_message(err), stdout));
		return complain(err);
	}
	status = xfdt_verdict_exit(session.verdict.kind);
	if (!arguments->quiet) {
		if (arguments->format == FORMAT_JSON) {
			err = xfdt_report_json(&session.report, stdout);
			if (err)
				status = complain(err);
		} else {
			text(&session.report, &style, stdout);
		}
	}
	xfdt_session_deinit(&session);
	return status;
}

/*
 * The same in a process of its own: a dump is hostile input, and libraries
 * that read it have bugs of their own.
 */
static int report_dump(const struct arguments *arguments, const char *const *paths,
		       size_t count, report_text *text)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return triage_dump(arguments, paths, count, text);
	if (!pid) {
		status = triage_dump(arguments, paths, count, text);
		if (fflush(stdout) || ferror(stdout)) {
			fprintf(stderr, "xfdtriage: cannot write the report: %s\n", strerror(errno));
			status = XFDT_EXIT_ERROR;
		}
		_exit(status);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return XFDT_EXIT_ERROR;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "xfdtriage: %s: reading it ended with %s; the file is damaged, or this is a bug\n",
		paths[0], strsignal(WTERMSIG(status)));
	if (arguments->format == FORMAT_JSON && !arguments->quiet)
		xfdt_error_free(xfdt_report_json_error(paths[0], "reading it ended with a signal", stdout));
	return XFDT_EXIT_ERROR;
}

/* The stronger of two exit codes; docs/verdicts.md has the order. */
static int stronger(int a, int b)
{
	static const int order[] = { XFDT_EXIT_ERROR, 0, 3, 4, 5, 1, 6 };
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return XFDT_EXIT_ERROR;
}

static int report_dumps(const struct arguments *arguments, report_text *text)
{
	int status = 6;
	size_t i;

	if (arguments->output || arguments->keep_types)
		return usage_error("only 'distill' writes a file, so there is no use for",
				   arguments->output ? "--output" : "--keep-types");
	if (arguments->split)
		return report_dump(arguments, arguments->paths, arguments->path_count, text);
	for (i = 0; i < arguments->path_count; i++) {
		if (i && arguments->format == FORMAT_TEXT && !arguments->quiet)
			fputs("\n----\n\n", stdout);
		status = stronger(status, report_dump(arguments, &arguments->paths[i], 1, text));
	}
	return status;
}

static int run_triage(const struct arguments *arguments)
{
	return report_dumps(arguments, xfdt_report_text);
}

static int run_show(const struct arguments *arguments)
{
	return report_dumps(arguments, xfdt_report_show);
}

/*
 * What the dump's symbols and types come to.  Read with that, kallsyms and BTF
 * need not be kept.
 */
static struct xfdt_error *resolve_record(const struct arguments *arguments,
					 const struct xfdt_session_options *options,
					 char **ret_text, size_t *ret_len)
{
	struct xfdt_session session;
	struct xfdt_error *err;

	err = xfdt_session_init(&session, arguments->paths, arguments->path_count, options);
	if (err)
		return err;
	err = xfdt_image_record(&session.image, ret_text, ret_len);
	xfdt_session_deinit(&session);
	return err;
}

static void print_distilled(const char *path, bool keep_types,
			    const struct xfdt_distill_result *result)
{
	printf("%s: %llu bytes; %llu pages, in which %llu bytes that the answer needs are kept and all others are zero\n"
	       "kept: the kernel's %s and log, the state of VMs, vCPUs and threads that 'xfdtriage show' prints,\n"
	       "      the stack and the registers of the thread that panicked\n"
	       "not in it: guest memory, guest registers, XSAVE areas but for their headers\n",
	       path, (unsigned long long)result->file_size, (unsigned long long)result->pages,
	       (unsigned long long)result->bytes_kept,
	       keep_types ? "symbols, types" : "symbols and types as far as needed,");
}

static int run_distill(const struct arguments *arguments)
{
	struct xfdt_session_options options = session_options(arguments);
	struct xfdt_distill_result result;
	struct xfdt_session session;
	struct xfdt_error *err;
	char *record = NULL;
	size_t record_len = 0;

	if (!arguments->output)
		return usage_error("distill needs -o FILE", NULL);
	if (arguments->path_count > 1 && !arguments->split)
		return usage_error("distill takes one dump (or the parts of one, with --split)", NULL);
	/* what is kept has to be read */
	options.cache_dir = NULL;
	if (!arguments->keep_types) {
		err = resolve_record(arguments, &options, &record, &record_len);
		if (err)
			return complain(err);
	}
	options.record = record;
	options.record_len = record_len;
	options.dump.record = true;
	err = xfdt_session_init(&session, arguments->paths, arguments->path_count, &options);
	if (!err && arguments->keep_types && session.image.carried)
		err = xfdt_error_new(XFDT_MISSING, 0, "%s: is distilled without kallsyms and BTF; leave --keep-types out",
				     arguments->paths[0]);
	else if (!err)
		err = xfdt_distill_write(session.dump, session.host.panic.task ? session.host.panic.pid : -1,
					 record, record_len, arguments->output, &result);
	xfdt_session_deinit(&session);
	free(record);
	if (err)
		return complain(err);
	if (!arguments->quiet)
		print_distilled(arguments->output, arguments->keep_types, &result);
	return 0;
}

static void print_version(void)
{
	printf("xfdtriage " XFDT_VERSION "\nbuilt with libkdumpfile " KDUMPFILE_VERSION_STRING "\n"
	       "License GPL-2.0-or-later\n");
}

/* Parse @argv; returns -1 to go on, or an exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	struct option long_options[OPTIONS + 1] = { 0 };
	char short_options[3 * OPTIONS + 1] = "";
	size_t i;
	int c;

	for (i = 0; i < OPTIONS; i++) {
		size_t len = strlen(short_options);

		long_options[i] = option_table[i].option;
		snprintf(short_options + len, sizeof(short_options) - len, "%c%s",
			 option_table[i].option.val,
			 option_table[i].option.has_arg == required_argument ? ":" : "");
	}
	while ((c = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		switch (c) {
		case 'f':
			if (!strcmp(optarg, "json"))
				arguments->format = FORMAT_JSON;
			else if (!strcmp(optarg, "text"))
				arguments->format = FORMAT_TEXT;
			else
				return usage_error("no such format:", optarg);
			break;
		case 'v':
			arguments->verbose = true;
			break;
		case 'q':
			arguments->quiet = true;
			break;
		case 's':
			arguments->split = true;
			break;
		case 'n':
			arguments->no_cache = true;
			break;
		case 'k':
			arguments->keep_types = true;
			break;
		case 'o':
			arguments->output = optarg;
			break;
		case 'h':
			print_usage(stdout);
			return 0;
		case 'V':
			print_version();
			return 0;
		default:
			fputs("see 'xfdtriage --help'\n", stderr);
			return XFDT_EXIT_ERROR;
		}
	}
	arguments->paths = (const char *const *)argv + optind;
	arguments->path_count = (size_t)(argc - optind);
	return -1;
}

int main(int argc, char **argv)
{
	const struct command *command = &commands[0];
	struct arguments arguments = { 0 };
	int status;
	size_t i;

	if (argc == 1) {
		print_usage(stderr);
		return XFDT_EXIT_ERROR;
	}
	status = parse_arguments(argc, argv, &arguments);
	if (status >= 0)
		return status;
	/* the first operand may name a command; a file of that name is ./NAME */
	for (i = 0; i < COMMANDS && arguments.path_count; i++) {
		if (strcmp(arguments.paths[0], commands[i].name))
			continue;
		command = &commands[i];
		arguments.paths++;
		arguments.path_count--;
		break;
	}
	if (!arguments.path_count)
		return usage_error("name a vmcore", NULL);
	status = command->run(&arguments);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "xfdtriage: cannot write the report: %s\n", strerror(errno));
		return XFDT_EXIT_ERROR;
	}
	return status;
}
