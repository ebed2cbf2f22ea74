/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of options: parsing, and the help made from it. */
#include "base/output.h"
#include "base/util.h"
#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef XFDT_VERSION
#define XFDT_VERSION "unknown"
#endif

/* Options without a letter. */
enum {
	LONG_ONLY = 0x100,
	OPTION_KDUMP = LONG_ONLY,
	OPTION_STORE,
	OPTION_JSONL,
	OPTION_SHARD,
	OPTION_TIMEOUT,
	OPTION_MEMORY,
	OPTION_RETRY,
	OPTION_FORCE,
	OPTION_SYMBOLS,
	OPTION_COLOR,
	OPTION_STATS,
	OPTION_JSON,
	OPTION_UNPACK_SIZE,
	OPTION_UNPACK_MEMBERS,
	OPTION_UNPACK_DEPTH,
	OPTION_UNPACK_TIME,
	OPTION_VMCOREINFO,
	OPTION_SHARD_INDEX,
	OPTION_SHARDS,
	OPTION_EXIT_CODE,
	OPTION_COMPLETE,
	OPTION_SETTLE,
	OPTION_PRUNE,
	OPTION_BY,
	OPTION_SINCE,
	OPTION_NEW,
};

#define HELP_WIDTH 80
#define HELP_COLUMN 25
#define NAME_WIDTH 18 /* of an option with its argument, in front of that column */
#define COMMAND_COLUMN 28
#define JOBS_MAX 1024
#define SHARDS_MAX 1000000
#define SECONDS_MAX 1000000
#define MIB_MAX 100000000
#define MEMBERS_MAX 1000000
#define DEPTH_MAX 8

struct option_spec {
	struct option option;
	unsigned int commands; /* bits of those that take it */
	const char *argument, *help;
};

/* clang-format off */
static const struct option_spec options[] = {
	{ { "format", required_argument, NULL, 'f' }, COMMAND_DUMPS | COMMAND_DMESG,
	  "FORMAT", "text (default) or json: an object per dump, one per line" },
	{ { "format", required_argument, NULL, 'f' }, COMMAND_LIVE,
	  "FORMAT", "text (default) or json: one object on one line" },
	{ { "format", required_argument, NULL, 'f' }, COMMAND_REPORT,
	  "FORMAT", "text, html, csv, jsonl or prometheus; by default what the name of -o says, else text" },
	{ { "json", no_argument, NULL, OPTION_JSON }, COMMAND_DUMPS | COMMAND_DMESG | COMMAND_LIVE,
	  NULL, "the same as --format json" },
	{ { "json", no_argument, NULL, OPTION_JSON }, COMMAND_REPORT,
	  NULL, "the same as --format jsonl" },
	{ { "verbose", no_argument, NULL, 'v' }, COMMAND_TRIAGE | COMMAND_SHOW | COMMAND_DMESG,
	  NULL, "all vCPUs, every piece of evidence, commands for crash(8)" },
	{ { "stats", no_argument, NULL, OPTION_STATS }, COMMAND_TRIAGE | COMMAND_SHOW,
	  NULL, "reads, bytes, round trips and seconds of each stage" },
	{ { "quiet", no_argument, NULL, 'q' }, COMMAND_DUMPS | COMMAND_DMESG | COMMAND_BATCH | COMMAND_LIVE,
	  NULL, "print no report, only set the exit code" },
	{ { "split", no_argument, NULL, 's' }, COMMAND_DUMPS,
	  NULL, "the files are all parts of one dump (makedumpfile --split)" },
	{ { "debuginfo", required_argument, NULL, 'd' }, COMMAND_DUMPS | COMMAND_BATCH | COMMAND_LIVE,
	  "PATH", "vmlinux or kvm.ko with debuginfo, or a folder that contains them; may be repeated" },
	{ { "types", required_argument, NULL, 't' }, COMMAND_DUMPS | COMMAND_BATCH,
	  "SOURCE", "layouts of structures from auto (default), dwarf, btf" },
	{ { "symbols", required_argument, NULL, OPTION_SYMBOLS }, COMMAND_DUMPS | COMMAND_BATCH,
	  "SOURCE", "kallsyms from auto (default), vmcoreinfo, search" },
	{ { "vmcoreinfo", required_argument, NULL, OPTION_VMCOREINFO }, COMMAND_DUMPS,
	  "FILE", "VMCOREINFO as text, for a dump without that note" },
	{ { "kdump", no_argument, NULL, OPTION_KDUMP }, COMMAND_TRIAGE,
	  NULL, "for kdump: in 30 s and 64 MiB, a few lines to stderr, JSON to stdout" },
	{ { "keep-types", no_argument, NULL, 'k' }, COMMAND_DISTILL,
	  NULL, "keep the pages with kallsyms and BTF, about 3 MB" },
	{ { "keep-log", no_argument, NULL, 'l' }, COMMAND_DISTILL,
	  NULL, "keep the whole kernel log, not only the lines of the crash" },
	{ { "output", required_argument, NULL, 'o' }, COMMAND_DISTILL | COMMAND_REPORT,
	  "FILE", "where to write" },
	{ { "jobs", required_argument, NULL, 'j' }, COMMAND_BATCH,
	  "N", "this many dumps at a time; by default, one for each CPU" },
	{ { "store", required_argument, NULL, OPTION_STORE }, COMMAND_BATCH,
	  "FILE", "where to store results; by default, " DEFAULT_STORE " here" },
	{ { "jsonl", required_argument, NULL, OPTION_JSONL }, COMMAND_BATCH,
	  "FILE", "write one JSON object per dump, one per line; - is standard output" },
	{ { "shard", required_argument, NULL, OPTION_SHARD }, COMMAND_BATCH,
	  "I/N", "triage only share I of N, counted from 1" },
	{ { "shard-index", required_argument, NULL, OPTION_SHARD_INDEX }, COMMAND_BATCH,
	  "K", "with --shards: triage only share K, counted from 0" },
	{ { "shards", required_argument, NULL, OPTION_SHARDS }, COMMAND_BATCH,
	  "N", "how many shares there are" },
	{ { "exit-code", required_argument, NULL, OPTION_EXIT_CODE }, COMMAND_BATCH,
	  "WHAT", "findings (default), or ran (default with shards): 0 if everything was looked at, else 2" },
	{ { "timeout", required_argument, NULL, OPTION_TIMEOUT }, COMMAND_BATCH,
	  "SECONDS", "give up on a dump after this CPU time, or 5 times that by the clock; by default 120" },
	{ { "memory", required_argument, NULL, OPTION_MEMORY }, COMMAND_BATCH,
	  "MIB", "memory for one dump; by default 2048" },
	{ { "retry-failed", no_argument, NULL, OPTION_RETRY }, COMMAND_BATCH,
	  NULL, "look again at dumps that gave no verdict" },
	{ { "force", no_argument, NULL, OPTION_FORCE }, COMMAND_BATCH,
	  NULL, "look again at all dumps" },
	{ { "settle", required_argument, NULL, OPTION_SETTLE }, COMMAND_BATCH,
	  "SECONDS", "skip files that were changed in the last SECONDS; the next run takes them" },
	{ { "prune", no_argument, NULL, OPTION_PRUNE }, COMMAND_BATCH,
	  NULL, "forget dumps that are gone from folders that were read whole" },
	{ { "by", required_argument, NULL, OPTION_BY }, COMMAND_REPORT,
	  "KEYS", "count dumps by some of release,fix,route,rule,host" },
	{ { "since", required_argument, NULL, OPTION_SINCE }, COMMAND_REPORT,
	  "TIME", "only what was looked at since 2026-11-22, 2026-11-22T13:30 (UTC), 36h or 7d" },
	{ { "new", no_argument, NULL, OPTION_NEW }, COMMAND_REPORT,
	  NULL, "only what the last batch of each store looked at" },
	{ { "complete", no_argument, NULL, OPTION_COMPLETE }, COMMAND_REPORT,
	  NULL, "exit with 2 if a shard is missing or did not end" },
	{ { "unpack-size", required_argument, NULL, OPTION_UNPACK_SIZE }, COMMAND_DUMPS | COMMAND_DMESG | COMMAND_BATCH,
	  "MIB", "largest unpacked size of a packed file; by default 65536" },
	{ { "unpack-members", required_argument, NULL, OPTION_UNPACK_MEMBERS }, COMMAND_DUMPS | COMMAND_DMESG | COMMAND_BATCH,
	  "N", "look at no more files of an archive; by default 10000" },
	{ { "unpack-depth", required_argument, NULL, OPTION_UNPACK_DEPTH }, COMMAND_DUMPS | COMMAND_DMESG | COMMAND_BATCH,
	  "N", "unpack archives in archives down to this level; by default 2" },
	{ { "unpack-time", required_argument, NULL, OPTION_UNPACK_TIME }, COMMAND_DUMPS | COMMAND_DMESG | COMMAND_BATCH,
	  "SECONDS", "stop unpacking a file after this CPU time, or 5 times that by the clock; by default 3600" },
	{ { "color", required_argument, NULL, OPTION_COLOR }, COMMAND_TRIAGE | COMMAND_SHOW | COMMAND_DMESG | COMMAND_REPORT,
	  "WHEN", "auto (default): on a terminal, unless NO_COLOR is set; always or never" },
	{ { "help", no_argument, NULL, 'h' }, COMMAND_ALL,
	  NULL, "print this" },
	{ { "version", no_argument, NULL, 'V' }, COMMAND_ALL,
	  NULL, "print the version" },
};
/* clang-format on */
#define OPTIONS (COUNT(options))

static const char *const format_names[] = {
	[FORMAT_TEXT] = "text", [FORMAT_JSON] = "json",	  [FORMAT_HTML] = "html",
	[FORMAT_CSV] = "csv",	[FORMAT_JSONL] = "jsonl", [FORMAT_PROMETHEUS] = "prometheus",
};
#define FORMATS (COUNT(format_names))

/* The commands that know a format. */
static const unsigned int format_commands[FORMATS] = {
	[FORMAT_TEXT] = COMMAND_ALL,
	[FORMAT_JSON] = COMMAND_DUMPS | COMMAND_DMESG | COMMAND_LIVE,
	[FORMAT_HTML] = COMMAND_REPORT,
	[FORMAT_CSV] = COMMAND_REPORT,
	[FORMAT_JSONL] = COMMAND_REPORT,
	[FORMAT_PROMETHEUS] = COMMAND_REPORT,
};

/* The words of @text from column @column on, in lines of 80, the others indented as far. */
static void print_words(const char *text, int column, FILE *out)
{
	int used = column;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (used > column && used + 1 + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", column, "");
			used = column;
		} else if (used > column) {
			fputc(' ', out);
			used++;
		}
		fprintf(out, "%.*s", len, text);
		used += len;
		text += len;
		text += strspn(text, " ");
	}
	fputs("\n", out);
}

static void print_option(const struct option_spec *spec, FILE *out)
{
	char name[40];

	snprintf(name, sizeof(name), "--%s%s%s", spec->option.name, spec->argument ? " " : "",
		 spec->argument ? spec->argument : "");
	if (spec->option.val < LONG_ONLY)
		fprintf(out, "  -%c, %-*s", spec->option.val, NAME_WIDTH, name);
	else
		fprintf(out, "      %-*s", NAME_WIDTH, name);
	/* a long one has its help in the next line */
	if (strlen(name) > NAME_WIDTH)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	else
		fputc(' ', out);
	print_words(spec->help, HELP_COLUMN, out);
}

static void print_command(const char *name, const char *operands, const char *help, FILE *out)
{
	fprintf(out, "  %-8s %-16s ", name, operands);
	print_words(help, COMMAND_COLUMN, out);
}

void print_usage(const struct command *command, FILE *out)
{
	size_t i;

	if (command) {
		fprintf(out, "Usage: xfdtriage %s [OPTION...] %s\n\n%s\n", command->name,
			command->operands, command->help);
	} else {
		fputs("Usage: xfdtriage [COMMAND] [OPTION...] VMCORE...\n\n"
		      "Tells from a vmcore whether the host crashed because of " XFDT_CVE ": an\n"
		      "XRSTOR of a KVM guest's FPU state with XSTATE_BV[i]=1 and IA32_XFD[i]=1.\n"
		      "Most kernels need no debuginfo.\n\nCommands:\n",
		      out);
		for (i = 0; i < command_count; i++)
			print_command(commands[i].name, commands[i].operands, commands[i].help,
				      out);
		print_command("help", "[COMMAND]", "print this, or the options of a command", out);
		print_command("version", "", "print the version", out);
	}
	fputs("\nOptions:\n", out);
	for (i = 0; i < OPTIONS; i++)
		if (options[i].commands & (command ? command->bit : COMMAND_TRIAGE))
			print_option(&options[i], out);
	fputs("\nExit codes:\n", out);
	if (command && command->bit & (COMMAND_DISTILL | COMMAND_REPORT))
		fputs("  0 written          2 error\n", out);
	else if (command && command->bit == COMMAND_LIVE)
		fputs("  1 not-exposed      2 error            3 exposed          5 unknown\n",
		      out);
	else if (command && command->bit == COMMAND_DMESG)
		fputs("  2 error            4 probable         5 inconclusive\n"
		      "  Of several logs: the first of 2, 4, 5 that any gave.\n",
		      out);
	else
		fprintf(out,
			"  0 confirmed        1 not-this-bug     2 error\n"
			"  3 armed            4 probable         5 inconclusive     6 not-applicable\n"
			"  Of several dumps: the first of %s that any gave.\n",
			command && command->bit == COMMAND_BATCH ? "0, 3, 4, 5, 2, 1, 6" :
								   "2, 0, 3, 4, 5, 1, 6");
	fputs("\nSee xfdtriage(1).\n", out);
}

/* To standard output; returns the exit code. */
static int print_version(void)
{
	struct xfdt_error *err;

	printf("xfdtriage " XFDT_VERSION "\n"
	       "License GPL-2.0-or-later\n");
	err = xfdt_flush(stdout, "the version");
	return err ? complain(err) : 0;
}

static int print_help(const struct command *command)
{
	struct xfdt_error *err;

	print_usage(command, stdout);
	err = xfdt_flush(stdout, "the help");
	return err ? complain(err) : 0;
}

/* The index of @name in the @count @names, or -1. */
static int index_of(const char *name, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return (int)i;
	return -1;
}

/* A number from @least to @most, in decimal. */
static bool parse_range(const char *text, unsigned int least, unsigned int most,
			unsigned int *ret_number)
{
	unsigned long number;
	char *end;

	if (!*text || strspn(text, "0123456789") != strlen(text))
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || number < least || number > most)
		return false;
	*ret_number = (unsigned int)number;
	return true;
}

static bool parse_number(const char *text, unsigned int most, unsigned int *ret_number)
{
	return parse_range(text, 1, most, ret_number);
}

static bool parse_shard(const char *text, struct arguments *arguments)
{
	const char *slash = strchr(text, '/');
	char shard[16];

	if (!slash || (size_t)(slash - text) >= sizeof(shard))
		return false;
	snprintf(shard, sizeof(shard), "%.*s", (int)(slash - text), text);
	return parse_number(slash + 1, SHARDS_MAX, &arguments->shards) &&
	       parse_number(shard, arguments->shards, &arguments->shard);
}

/* K, counted from 0, becomes a number counted from 1. */
static bool parse_shard_index(const char *text, unsigned int *ret_shard)
{
	if (!parse_range(text, 0, SHARDS_MAX - 1, ret_shard))
		return false;
	++*ret_shard;
	return true;
}

/* Limits of unpacking; returns as take_option() does. */
static int take_unpack_limit(int letter, struct xfdt_unpack_limits *limits)
{
	unsigned int mib = 0;

	switch (letter) {
	case OPTION_UNPACK_SIZE:
		if (!parse_number(optarg, MIB_MAX, &mib))
			return usage_error("--unpack-size takes MiB from 1 to 100000000, not",
					   optarg);
		limits->bytes = (uint64_t)mib << 20;
		return -1;
	case OPTION_UNPACK_MEMBERS:
		return parse_number(optarg, MEMBERS_MAX, &limits->members) ?
			       -1 :
			       usage_error("--unpack-members takes a number from 1 to 1000000, not",
					   optarg);
	case OPTION_UNPACK_DEPTH:
		return parse_number(optarg, DEPTH_MAX, &limits->depth) ?
			       -1 :
			       usage_error("--unpack-depth takes a number from 1 to 8, not",
					   optarg);
	default:
		return parse_number(optarg, SECONDS_MAX, &limits->seconds) ?
			       -1 :
			       usage_error("--unpack-time takes seconds from 1 to 1000000, not",
					   optarg);
	}
}

/* Options that are numbers; returns as take_option() does. */
static int take_number(int letter, struct arguments *arguments)
{
	switch (letter) {
	case 'j':
		return parse_number(optarg, JOBS_MAX, &arguments->jobs) ?
			       -1 :
			       usage_error("--jobs takes a number from 1 to 1024, not", optarg);
	case OPTION_TIMEOUT:
		return parse_number(optarg, SECONDS_MAX, &arguments->seconds) ?
			       -1 :
			       usage_error("--timeout takes seconds from 1 to 1000000, not",
					   optarg);
	case OPTION_MEMORY:
		return parse_number(optarg, MIB_MAX, &arguments->memory_mib) ?
			       -1 :
			       usage_error("--memory takes MiB from 1 to 100000000, not", optarg);
	case OPTION_SETTLE:
		return parse_number(optarg, SECONDS_MAX, &arguments->settle) ?
			       -1 :
			       usage_error("--settle takes seconds from 1 to 1000000, not", optarg);
	case OPTION_SHARD_INDEX:
		return parse_shard_index(optarg, &arguments->shard) ?
			       -1 :
			       usage_error("--shard-index takes a number from 0, not", optarg);
	case OPTION_SHARDS:
		return parse_number(optarg, SHARDS_MAX, &arguments->shards) ?
			       -1 :
			       usage_error("--shards takes a number from 1 to 1000000, not",
					   optarg);
	default:
		return parse_shard(optarg, arguments) ?
			       -1 :
			       usage_error("--shard takes I/N with I from 1 to N, not", optarg);
	}
}

static int parse_format(const char *name, struct arguments *arguments)
{
	int index = index_of(name, format_names, FORMATS);

	if (index < 0)
		return usage_error("no such format:", name);
	arguments->format = (enum format)index;
	arguments->format_given = true;
	return -1;
}

static int parse_types(const char *name, struct arguments *arguments)
{
	static const char *const names[] = {
		[XFDT_TYPES_AUTO] = "auto",
		[XFDT_TYPES_DWARF] = "dwarf",
		[XFDT_TYPES_BTF] = "btf",
	};
	int index = index_of(name, names, COUNT(names));

	if (index < 0)
		return usage_error("no such source of types:", name);
	arguments->types = (enum xfdt_type_choice)index;
	return -1;
}

static int parse_colour(const char *name, struct arguments *arguments)
{
	static const char *const names[] = {
		[COLOUR_AUTO] = "auto",
		[COLOUR_ALWAYS] = "always",
		[COLOUR_NEVER] = "never",
	};
	int index = index_of(name, names, sizeof(names) / sizeof(names[0]));

	if (index < 0)
		return usage_error("--color takes auto, always or never, not", name);
	arguments->colour = (enum colour)index;
	return -1;
}

static int parse_exit_code(const char *name, struct arguments *arguments)
{
	static const char *const names[] = {
		[EXIT_CODE_FINDINGS] = "findings",
		[EXIT_CODE_RAN] = "ran",
	};
	int index = index_of(name, names + 1, COUNT(names) - 1);

	if (index < 0)
		return usage_error("--exit-code takes findings or ran, not", name);
	arguments->exit_code = (enum exit_code)(index + 1);
	return -1;
}

static int parse_symbols(const char *name, struct arguments *arguments)
{
	static const char *const names[] = {
		[XFDT_SYMBOLS_AUTO] = "auto",
		[XFDT_SYMBOLS_VMCOREINFO] = "vmcoreinfo",
		[XFDT_SYMBOLS_SEARCH] = "search",
	};
	int index = index_of(name, names, sizeof(names) / sizeof(names[0]));

	if (index < 0)
		return usage_error("no such source of symbols:", name);
	arguments->symbols = (enum xfdt_symbol_choice)index;
	return -1;
}

static int load_vmcoreinfo(const char *path, struct arguments *arguments)
{
	/* needed to the end of the program */
	static char text[XFDT_VMCOREINFO_MAX + 1];
	FILE *in = fopen(path, "r");
	size_t len = in ? fread(text, 1, sizeof(text) - 1, in) : 0;
	int error = !in || ferror(in) ? errno : 0;

	if (in)
		fclose(in);
	if (error || !len) {
		warn("--vmcoreinfo '%s': %s", path, error ? strerror(error) : "is empty");
		return XFDT_EXIT_ERROR;
	}
	text[len] = '\0';
	arguments->vmcoreinfo = text;
	return -1;
}

static int add_debuginfo(const char *path, struct arguments *arguments)
{
	if (access(path, F_OK)) {
		warn("--debuginfo '%s': %s", path, strerror(errno));
		return XFDT_EXIT_ERROR;
	}
	if (arguments->debuginfo_count == DEBUGINFO_MAX)
		return usage_error("too many --debuginfo:", path);
	arguments->debuginfo[arguments->debuginfo_count++] = path;
	return -1;
}

/* Take option @letter; returns -1 to go on, or an exit code. */
static int take_option(int letter, struct arguments *arguments)
{
	switch (letter) {
	case 'f':
		return parse_format(optarg, arguments);
	case 'd':
		return add_debuginfo(optarg, arguments);
	case 't':
		return parse_types(optarg, arguments);
	case OPTION_SYMBOLS:
		return parse_symbols(optarg, arguments);
	case OPTION_COLOR:
		return parse_colour(optarg, arguments);
	case OPTION_VMCOREINFO:
		return load_vmcoreinfo(optarg, arguments);
	case OPTION_JSON:
		arguments->json = true;
		break;
	case 'v':
		arguments->verbose = true;
		break;
	case 'q':
		arguments->quiet = true;
		break;
	case OPTION_STATS:
		arguments->stats = true;
		break;
	case 's':
		arguments->split = true;
		break;
	case OPTION_KDUMP:
		arguments->kdump = true;
		break;
	case 'k':
		arguments->keep_types = true;
		break;
	case 'l':
		arguments->keep_log = true;
		break;
	case 'o':
		arguments->output = optarg;
		break;
	case OPTION_STORE:
		arguments->store = optarg;
		break;
	case OPTION_JSONL:
		arguments->jsonl = optarg;
		break;
	case OPTION_UNPACK_SIZE:
	case OPTION_UNPACK_MEMBERS:
	case OPTION_UNPACK_DEPTH:
	case OPTION_UNPACK_TIME:
		return take_unpack_limit(letter, &arguments->unpack);
	case OPTION_RETRY:
		arguments->retry_failed = true;
		break;
	case OPTION_FORCE:
		arguments->force = true;
		break;
	case OPTION_BY:
		arguments->by = optarg;
		break;
	case OPTION_SINCE:
		arguments->since = optarg;
		break;
	case OPTION_NEW:
		arguments->only_new = true;
		break;
	case OPTION_PRUNE:
		arguments->prune = true;
		break;
	case OPTION_COMPLETE:
		arguments->complete = true;
		break;
	case OPTION_EXIT_CODE:
		return parse_exit_code(optarg, arguments);
	case 'j':
	case OPTION_SHARD:
	case OPTION_SETTLE:
	case OPTION_SHARD_INDEX:
	case OPTION_SHARDS:
	case OPTION_TIMEOUT:
	case OPTION_MEMORY:
		return take_number(letter, arguments);
	}
	return -1;
}

static const struct option_spec *spec_of(int letter)
{
	size_t i;

	for (i = 0; i < OPTIONS; i++)
		if (options[i].option.val == letter)
			return &options[i];
	return NULL;
}

/* One option may stand in the table several times, with what it means to other commands. */
static unsigned int commands_of(int letter)
{
	unsigned int bits = 0;
	size_t i;

	for (i = 0; i < OPTIONS; i++)
		if (options[i].option.val == letter)
			bits |= options[i].commands;
	return bits;
}

/* The first operand may name a command; a file of that name is ./NAME. */
static const struct command *take_command(struct arguments *arguments)
{
	const struct command *command = arguments->path_count ? find_command(arguments->paths[0]) :
								NULL;

	if (command) {
		arguments->paths++;
		arguments->path_count--;
	}
	return command;
}

/* "help [COMMAND]" and "version": as the options.  Returns -1 to go on, or an exit code. */
static int take_help(const struct arguments *arguments)
{
	const char *word = arguments->path_count ? arguments->paths[0] : "",
		   *of = arguments->path_count > 1 ? arguments->paths[1] : NULL;
	const bool version = !strcmp(word, "version");
	const size_t words = version ? 1 : 2;

	if (!version && strcmp(word, "help"))
		return -1;
	if (arguments->path_count > words)
		return usage_error("one word too many:", arguments->paths[words]);
	if (version)
		return print_version();
	/* these two have no options of their own */
	if (!of || !strcmp(of, "help") || !strcmp(of, "version"))
		return print_help(NULL);
	return find_command(of) ? print_help(find_command(of)) : unknown_command(of);
}

/* NULL: several commands have that option. */
static const struct command *only_command_of(const struct option_spec *spec)
{
	const unsigned int of = commands_of(spec->option.val);
	size_t i;

	for (i = 0; i < command_count; i++)
		if (of == (unsigned int)commands[i].bit)
			return &commands[i];
	return NULL;
}

static bool is_foreign(size_t option, const bool *used, const struct command *command)
{
	return used[option] && !(commands_of(options[option].option.val) & command->bit);
}

/* Do options, format and operands go with @command?  Returns -1 to go on, or an exit code. */
static int check_arguments(struct arguments *arguments, const bool *used,
			   const struct command *command)
{
	size_t i;

	about_command(command);
	for (i = 0; i < OPTIONS; i++) {
		if (!is_foreign(i, used, command))
			continue;
		warn("'%s' does not take --%s; see 'xfdtriage help %s'", command->name,
		     options[i].option.name, command->name);
		return XFDT_EXIT_ERROR;
	}
	if (arguments->json && arguments->format_given)
		return usage_error("--json is a format already; leave out --format", NULL);
	if (arguments->json) {
		arguments->format = command->bit == COMMAND_REPORT ? FORMAT_JSONL : FORMAT_JSON;
		arguments->format_given = true;
	}
	if (!arguments->shard != !arguments->shards || arguments->shard > arguments->shards)
		return usage_error("--shard-index K and --shards N go together, with K below N",
				   NULL);
	if (!(format_commands[arguments->format] & command->bit))
		return usage_error("no such format here:", format_names[arguments->format]);
	return -1;
}

/* What getopt_long(3) returned @letter for; @last: the argument that it looked at last, or the one before that. */
static int refuse_option(int letter, const char *last)
{
	const char short_option[] = { '-', (char)optopt, '\0' };
	const bool is_long = !strncmp(last, "--", 2);

	if (letter == ':')
		return usage_error("there is no argument to", is_long ? last : short_option);
	/* it knows the option, but not with an argument */
	if (spec_of(optopt))
		return usage_error("it takes no argument:", last);
	return usage_error("there is no option", optopt ? short_option : last);
}

int parse_arguments(int argc, char **argv, struct arguments *ret_arguments,
		    const struct command **ret_command)
{
	struct option long_options[OPTIONS + 1] = { 0 };
	char short_options[2 * OPTIONS + 2] = ":";
	bool help = false, used[OPTIONS] = { 0 };
	const struct command *command;
	size_t i, len = 1;
	int letter, status;

	for (i = 0; i < OPTIONS; i++) {
		long_options[i] = options[i].option;
		if (options[i].option.val >= LONG_ONLY)
			continue;
		short_options[len++] = (char)options[i].option.val;
		if (options[i].option.has_arg == required_argument)
			short_options[len++] = ':';
	}
	short_options[len] = '\0';
	opterr = 0;
	ret_arguments->unpack = xfdt_unpack_defaults;
	while ((letter = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		const struct option_spec *spec = spec_of(letter);

		if (!spec)
			return refuse_option(letter, argv[optind - 1]);
		about_command(only_command_of(spec));
		used[spec - options] = true;
		if (letter == 'V')
			return print_version();
		help |= letter == 'h';
		status = take_option(letter, ret_arguments);
		if (status >= 0)
			return status;
	}
	ret_arguments->paths = (const char *const *)argv + optind;
	ret_arguments->path_count = (size_t)(argc - optind);
	status = take_help(ret_arguments);
	if (status >= 0)
		return status;
	command = take_command(ret_arguments);
	if (help)
		return print_help(command);
	status = check_operands(ret_arguments, command != NULL);
	if (status >= 0)
		return status;
	*ret_command = command ? command : &commands[0];
	return check_arguments(ret_arguments, used, *ret_command);
}
