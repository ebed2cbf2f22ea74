/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xfdtriage: the commands. */
#include "base/output.h"
#include "base/util.h"
#include "cli/fetch_dump.h"
#include "cli/inputs.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

const struct command commands[] = {
	{ COMMAND_TRIAGE, "triage", "VMCORE...", "was the crash " XFDT_CVE "? (the default)",
	  run_triage },
	{ COMMAND_SHOW, "show", "VMCORE...", "decode every vCPU's FPU state in full", run_show },
	{ COMMAND_DMESG, "dmesg", "LOG...", "look for the panic in a kernel log, without a vmcore",
	  run_dmesg },
	{ COMMAND_BATCH, "batch", "PATH...", "triage all vmcores in folders, and store the results",
	  run_batch },
	{ COMMAND_DISTILL, "distill", "VMCORE -o SMALL",
	  "write a small vmcore that gives the same answer", run_distill },
	{ COMMAND_LIVE, "live", "[KCORE]", "tell whether this running host is exposed to the bug",
	  run_live },
	{ COMMAND_REPORT, "report", "[STORE...]",
	  "print the results of batches: a table, HTML, CSV, JSON", run_report },
};
const size_t command_count = COUNT(commands);

/* May what is named be packed, or a URL?  Not in kdump's kernel, where there is no place to unpack to. */
static bool takes_inputs(const struct command *command, const struct arguments *arguments)
{
	return command->bit & (COMMAND_DUMPS | COMMAND_DMESG) &&
	       (!arguments->kdump || arguments->split);
}

/* report looks where batch writes by default; false: there is nothing. */
static bool name_default_store(const struct command *command, struct arguments *arguments)
{
	static const char *const path = DEFAULT_STORE;

	if (command->bit != COMMAND_REPORT || access(path, F_OK))
		return false;
	arguments->paths = &path;
	arguments->path_count = 1;
	return true;
}

static const char *missing_operand(const struct command *command)
{
	switch (command->bit) {
	case COMMAND_REPORT:
		return "name a store; there is no " DEFAULT_STORE " here";
	case COMMAND_BATCH:
		return "name folders or vmcores";
	case COMMAND_DMESG:
		return "name a kernel log";
	default:
		return "name a vmcore";
	}
}

int main(int argc, char **argv)
{
	const struct command *command = NULL;
	struct arguments arguments = { 0 };
	struct inputs inputs = { 0 };
	struct xfdt_error *err;
	int status;

	if (argc == 1) {
		print_usage(NULL, stderr);
		return XFDT_EXIT_ERROR;
	}
	status = parse_arguments(argc, argv, &arguments, &command);
	if (status >= 0)
		return status;
	if (!arguments.path_count && command->bit != COMMAND_LIVE &&
	    !name_default_store(command, &arguments))
		return usage_error(missing_operand(command), NULL);
	/* a file that may not grow any further is an error of write(2), which is reported */
	signal(SIGXFSZ, SIG_IGN);
	if (takes_inputs(command, &arguments))
		status = inputs_init(&inputs, command, &arguments);
	if (status < 0)
		status = command->run(&arguments);
	inputs_deinit(&inputs);
	err = xfdt_flush(stdout, "the report");
	return err ? complain(err) : status;
}
