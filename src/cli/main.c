/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xfdtriage: the commands. */
#include "base/output.h"
#include "cli/command.h"

#include <signal.h>
#include <stdio.h>

const struct command commands[] = {
	{ COMMAND_TRIAGE, "triage", "VMCORE...",
	  "say whether the panic is " XFDT_CVE " (the default)", run_triage },
	{ COMMAND_SHOW, "show", "VMCORE...", "decode every vCPU's FPU state in full", run_show },
	{ COMMAND_BATCH, "batch", "PATH...", "triage all vmcores in folders, and keep the results",
	  run_batch },
	{ COMMAND_DISTILL, "distill", "VMCORE -o SMALL",
	  "write a small vmcore that gives the same answer", run_distill },
	{ COMMAND_REPORT, "report", "STORE...",
	  "print what batches found as a table, a page, CSV or JSON", run_report },
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

int main(int argc, char **argv)
{
	const struct command *command = NULL;
	struct arguments arguments = { 0 };
	struct xfdt_error *err;
	int status;

	if (argc == 1) {
		print_usage(NULL, stderr);
		return XFDT_EXIT_ERROR;
	}
	status = parse_arguments(argc, argv, &arguments, &command);
	if (status >= 0)
		return status;
	if (!arguments.path_count)
		return usage_error(command->bit == COMMAND_REPORT ? "name a store" :
								    "name a vmcore",
				   NULL);
	/* a file that may not grow any further is an error of write(2), which is reported */
	signal(SIGXFSZ, SIG_IGN);
	status = command->run(&arguments);
	err = xfdt_flush(stdout, "the report");
	return err ? complain(err) : status;
}
