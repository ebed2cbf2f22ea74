/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dumps and kernel logs that the command line names: files, packed files, standard input. */
#ifndef XFDT_CLI_INPUTS_H
#define XFDT_CLI_INPUTS_H

#include "batch/found.h"
#include "cli/command.h"

struct inputs {
	struct xfdt_found **dumps; /* those with a problem cannot be looked at */
	size_t count;
	const char **names; /* of @dumps, borrowed from them */
};

/*
 * Unpack what is packed, as far as @command takes it; copy what comes through a pipe, and, with --split, put parts in their order.
 * Then @arguments has the names of the dumps, or of the parts of the one, in place of what was given; it
 * borrows from @inputs.
 * Returns -1 to go on, or an exit code after a message.
 */
int inputs_init(struct inputs *inputs, const struct command *command, struct arguments *arguments);
void inputs_deinit(struct inputs *inputs);

#endif
