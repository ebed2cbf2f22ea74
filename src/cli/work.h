/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command does with one dump, in a process of its own: a dump is hostile
 * input, and libraries that read it have bugs of their own.
 */
#ifndef XFDT_CLI_WORK_H
#define XFDT_CLI_WORK_H

#include "cli/command.h"

#include <stdio.h>

/* Whether a file may be a kernel log in place of a dump. */
enum log_choice { LOG_NEVER, LOG_RECOGNISED, LOG_ALWAYS };

struct work {
	const struct arguments *arguments;
	const struct xfdt_found *dump; /* NULL: @paths are files */
	const char *const
		*paths; /* of the files that make up the dump; names only, if there is @dump */
	size_t path_count;
	const char *const *places; /* paths to open the files; set by do_work() */
	enum log_choice log;
	const char *written; /* a file of ours that is read back; NULL: none */
	struct xfdt_session_options options;
	/* in that process, confined; returns the exit code */
	int (*run)(const struct work *work);
	void *context;	/* for @run */
	bool *answered; /* as shared_flag(); set by do_work() */
};

/*
 * Have @work done, with the debuginfo fetched that it asks for.  Returns its exit code.  If it
 * ended without one, a message is printed, *@ret_died set, and the code that of an error.
 */
int do_work(struct work *work, bool *ret_died);

/* Say why @dump, which has a problem, is not looked at; returns the exit code. */
int complain_of_dump(const struct arguments *arguments, const struct xfdt_found *dump);

/* In that process: as xfdt_session_init(), or of a log as xfdt_log_session_init(), but a part of a split set alone is an error. */
struct xfdt_error *open_session(const struct work *work, struct xfdt_session *session,
				const struct xfdt_session_options *options);

/*
 * A flag that is shared with processes that are forked later, and not set; NULL: out of memory.
 * A worker sets it last: its exit status alone could be that of a library that called exit(3).
 */
bool *shared_flag(void);
void shared_flag_free(bool *flag);

/* A file in memory, for what a worker has to say and its parent prints; NULL: errno says why not. */
FILE *memory_file(const char *name);
/* All of @from, which is at any place of it, to @to. */
void copy_out(FILE *from, FILE *to);

#endif
