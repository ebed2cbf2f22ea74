/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command distill. */
#include "cli/command.h"
#include "distill/distill.h"

#include <stdio.h>
#include <stdlib.h>

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

int run_distill(const struct arguments *arguments)
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
