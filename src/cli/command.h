/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line says, and the commands that it names. */
#ifndef XFDT_CLI_COMMAND_H
#define XFDT_CLI_COMMAND_H

#include "batch/found.h"
#include "triage/session.h"
#include "unpack/unpack.h"

#include <stdbool.h>
#include <stddef.h>

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_HTML, FORMAT_CSV, FORMAT_JSONL, FORMAT_PROMETHEUS };

/* What the exit code of a batch tells. */
enum exit_code { EXIT_CODE_DEFAULT, EXIT_CODE_FINDINGS, EXIT_CODE_RAN };

/* The commands, as bits: an option names those that take it. */
enum command_bit {
	COMMAND_TRIAGE = 1 << 0,
	COMMAND_SHOW = 1 << 1,
	COMMAND_DISTILL = 1 << 2,
	COMMAND_REPORT = 1 << 3,
	COMMAND_BATCH = 1 << 4,
	COMMAND_LIVE = 1 << 5,
	COMMAND_DMESG = 1 << 6,
	COMMAND_ALL = (1 << 7) - 1,
	COMMAND_DUMPS = COMMAND_TRIAGE | COMMAND_SHOW | COMMAND_DISTILL,
};

#define DEBUGINFO_MAX 32 /* how often -d may be given */

struct arguments {
	enum format format;
	enum colour colour;
	enum exit_code exit_code;
	bool quiet, verbose, stats, split, keep_types, keep_log, kdump;
	bool retry_failed, force, complete, prune, only_new;
	bool json, format_given;
	unsigned int settle; /* seconds */
	unsigned int jobs, seconds, memory_mib, shard,
		shards; /* 0: not given; @shard counts from 1 */
	const char *output, *store, *jsonl, *by, *since;
	const char *vmcoreinfo; /* the text; NULL: not given */
	enum xfdt_type_choice types;
	enum xfdt_symbol_choice symbols;
	const char *debuginfo[DEBUGINFO_MAX];
	size_t debuginfo_count;
	const char *const *paths;
	size_t path_count;
	struct xfdt_found *const *dumps; /* what @paths are the names of; NULL: files */
	struct xfdt_unpack_limits unpack;
};

struct command {
	enum command_bit bit;
	const char *name, *operands, *help;
	int (*run)(const struct arguments *arguments); /* returns the exit code */
};

/* The first is what is meant where no command is named. */
extern const struct command commands[];
extern const size_t command_count;

int run_triage(const struct arguments *arguments);
int run_kdump(const struct arguments *arguments); /* triage with --kdump */
int run_show(const struct arguments *arguments);
int run_dmesg(const struct arguments *arguments);
int run_distill(const struct arguments *arguments);
int run_report(const struct arguments *arguments);
int run_live(const struct arguments *arguments);
int run_batch(const struct arguments *arguments);

/*
 * Parse @argv, the command included.  Returns -1 to go on with *@ret_command, or
 * an exit code: for --help, --version and wrong usage.
 */
int parse_arguments(int argc, char **argv, struct arguments *ret_arguments,
		    const struct command **ret_command);
/* Only @command's options, or all of them if it is NULL. */
void print_usage(const struct command *command, FILE *out);

/* NULL: there is none of that name. */
const struct command *find_command(const char *name);
/* Report that @word is not a command, and suggest the nearest one; returns the exit code. */
int unknown_command(const char *word);
/*
 * Is an operand that is not a file meant as a command?  @command_named: one was named before them.
 * Returns -1 to go on, or an exit code.
 */
int check_operands(const struct arguments *arguments, bool command_named);

/* Where batch keeps results, and report looks for them, by default. */
#define DEFAULT_STORE "xfdtriage.sqlite"

/* Print a line to stderr, with "xfdtriage: " in front and control characters escaped. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Print what is wrong to stderr; both return the exit code.  complain() takes over @err. */
int complain(struct xfdt_error *err);
int usage_error(const char *what, const char *subject);
/* The command whose help usage_error() points to from now on; NULL: the help of all. */
void about_command(const struct command *command);

/* Out of the environment and of the terminal. */
struct xfdt_session_options session_options(const struct arguments *arguments);
const char *temporary_folder(void);
/* They ask standard output, so not in a confined process. */
bool use_colour(const struct arguments *arguments);
unsigned int terminal_width(void); /* in columns; 0: standard output is not a terminal */
unsigned int terminal_rows(void);  /* the same in rows */

/* As struct xfdt_debug_options' fetch; @context is DEBUGINFOD_URLS. */
struct xfdt_error *fetch_debuginfo(void *context, const char *build_id, char *ret_path,
				   size_t path_size, int *ret_fd);

#endif
