/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command batch: what it prints, and what a worker does. */
#include "base/output.h"
#include "base/util.h"
#include "batch/batch.h"
#include "batch/cpus.h"
#include "cli/command.h"
#include "cli/fetch_dump.h"
#include "cli/progress.h"
#include "triage/rights.h"
#include "render/fields.h"
#include "report/hook.h"
#include "verdict/precedence.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 120
#define MEMORY_MIB 2048

struct screen {
	const struct arguments *arguments;
	FILE *jsonl;			 /* NULL: none */
	bool bar;			 /* stderr is a terminal */
	int64_t started;		 /* ms */
	struct xfdt_batch_counts counts; /* as of the last progress() */
	uint64_t told;			 /* dumps done in this run */
	uint64_t less_confined; /* of them, those that were not read by a fully confined process, */
	char confined[XFDT_CONFINED_SIZE]; /* and how the last one was */
	struct xfdt_error *err;		   /* the first one of jsonl */
};

/* a worker */

/* Behind how the worker is confined: which panic it is, and the JSON.  Returns the exit code. */
static int put_answer(const struct xfdt_session *session, struct xfdt_error **ret_err)
{
	if (session->image.gaps.no_memory || session->host.gaps.no_memory) {
		/* with more, the answer may be another one */
		return XFDT_WORKER_NO_MEMORY;
	}
	printf("%s\n", session->host.panic.id);
	*ret_err = xfdt_render_json(&session->report, stdout);
	return xfdt_verdict_exit(session->verdict.kind);
}

/* The same of what the hook for kdump left. */
static int put_hook(const char *path, const char *name, struct xfdt_error **ret_err)
{
	struct xfdt_hook hook;
	int status;

	*ret_err = xfdt_hook_read(path, name, &hook);
	if (*ret_err)
		return 0;
	printf("%s\n%s\n", hook.panic, hook.json);
	status = hook.exit_code;
	xfdt_hook_deinit(&hook);
	return status;
}

static int triage(const char *const *paths, const struct xfdt_found *found,
		  const struct xfdt_session_options *options, struct xfdt_error **ret_err)
{
	struct xfdt_session session;

	if (found->is_hook)
		return put_hook(paths[0], found->paths[0], ret_err);
	*ret_err = found->is_log ? xfdt_log_session_init(&session, paths, options->dump.names,
							 found->path_count, options->confined) :
				   xfdt_session_init(&session, paths, found->path_count, options);
	return *ret_err ? 0 : put_answer(&session, ret_err);
}

static void work(void *context, const struct xfdt_found *found)
{
	const struct screen *screen = context;
	struct xfdt_session_options options = session_options(screen->arguments);
	const char *const *names = (const char *const *)found->paths;
	const char *const *paths = xfdt_found_places(found);
	char confined[XFDT_CONFINED_SIZE];
	struct xfdt_error *err = NULL;
	int status;

	if (!paths)
		_exit(xfdt_worker_status(XFDT_WORKER_NO_MEMORY));
	options.dump.progress = NULL;
	options.dump.names = names;
	/* what is confined has no network */
	options.debug.fetch = NULL;
	xfdt_confine_for_dump(paths, found->path_count, NULL, &options, confined);
	/* at once: it may die of what follows */
	options.confined = confined;
	printf("%s\n", confined);
	fflush(stdout);
	status = triage(paths, found, &options, &err);
	if (err && xfdt_error_code(err) != XFDT_NO_MEMORY) {
		status = XFDT_EXIT_ERROR;
		printf("\n");
		err = xfdt_render_json_error(names[0], xfdt_error_message(err), stdout);
	}
	if (err || fflush(stdout) || ferror(stdout))
		status = XFDT_WORKER_NO_MEMORY;
	_exit(xfdt_worker_status(status));
}

/* what is seen of it */

static void complain_of(void *context, const char *path, const char *why)
{
	(void)context;
	warn("cannot read '%s': %s", path, why);
}

/* Of a kind of result, where space is short. */
static const char *short_name(int kind)
{
	static const char *const names[XFDT_RESULT_KINDS] = {
		[XFDT_CONFIRMED] = "conf",   [XFDT_NOT_THIS_BUG] = "not",
		[XFDT_ARMED] = "armed",	     [XFDT_PROBABLE] = "prob",
		[XFDT_INCONCLUSIVE] = "inc", [XFDT_NOT_APPLICABLE] = "n/a",
		[XFDT_NO_VERDICT] = "err",
	};

	return names[kind];
}

static const char *count_name(int kind, uint64_t count, bool brief)
{
	if (brief)
		return short_name(kind);
	if (kind == XFDT_NO_VERDICT)
		return count == 1 ? "error" : "errors";
	return xfdt_verdict_name((enum xfdt_verdict_kind)kind);
}

/* "12 confirmed, 4000 not-this-bug, 3 errors"; what there is none of is left out. */
static void format_counts(const struct xfdt_batch_counts *counts, bool brief, char *ret_text,
			  size_t size)
{
	size_t rank, len = 0;

	*ret_text = '\0';
	for (rank = 0; rank < XFDT_RESULT_KINDS; rank++) {
		const int kind = xfdt_kind_at(XFDT_COLLECTED, rank);
		uint64_t count = kind == XFDT_NO_VERDICT ?
					 counts->done - counts->ended[XFDT_ENDED_OK] :
					 counts->verdicts[kind];

		if (count && len < size)
			len += (size_t)snprintf(ret_text + len, size - len, "%s%" PRIu64 " %s",
						!len  ? "" :
						brief ? " " :
							", ",
						count, count_name(kind, count, brief));
	}
}

/* By the pace of this run so far. */
static void format_time_left(const struct screen *screen, const struct xfdt_batch_counts *counts,
			     char *ret_text, size_t size)
{
	uint64_t done = counts->done - counts->known, seconds;

	*ret_text = '\0';
	if (counts->scanning) {
		snprintf(ret_text, size, "  looking for more");
		return;
	}
	if (!done)
		return;
	seconds = (uint64_t)(xfdt_now_ms() - screen->started) * (counts->found - counts->done) /
		  done / 1000;
	snprintf(ret_text, size, "  %" PRIu64 ":%02" PRIu64 " left", seconds / 60, seconds % 60);
}

/* The first form that fits in @columns and still has every count. */
static void format_progress(const struct screen *screen, const struct xfdt_batch_counts *counts,
			    size_t columns, char *ret_line, size_t size)
{
	static const struct {
		unsigned int bar;
		bool brief, time;
	} forms[] = {
		{ 24, false, true }, { 10, false, true }, { 10, true, true },
		{ 0, true, true },   { 0, true, false },
	};
	char numbers[200], left[40];
	size_t i, len;

	for (i = 0; i < COUNT(forms); i++) {
		format_counts(counts, forms[i].brief, numbers, sizeof(numbers));
		format_time_left(screen, counts, left, sizeof(left));
		if (forms[i].bar)
			len = format_bar(counts->done, counts->found, forms[i].bar, ret_line, size);
		else
			len = (size_t)snprintf(ret_line, size, "%" PRIu64 "/%" PRIu64, counts->done,
					       counts->found);
		if (len < size)
			len += (size_t)snprintf(ret_line + len, size - len, "%s  %s",
						forms[i].time ? left : "", numbers);
		if (len <= columns)
			return;
	}
	if (columns < size)
		ret_line[columns] = '\0';
}

static void show_progress(void *context, const struct xfdt_batch_counts *counts)
{
	struct screen *screen = context;
	char line[400];

	screen->counts = *counts;
	if (!screen->bar)
		return;
	format_progress(screen, counts, progress_columns(), line, sizeof(line));
	show_progress_line(line);
}

static void print_line(const struct screen *screen, const struct xfdt_result *result)
{
	char escaped[1024], path[1024];

	snprintf(path, sizeof(path), "%.*s", (int)result->path_len, (const char *)result->path);
	xfdt_escape(path, escaped, sizeof(escaped));
	fprintf(stderr, "[%" PRIu64 "] %s%s%s%s  %s\n", screen->told, result->verdict,
		result->ended > XFDT_ENDED_ERROR ? " (" : "",
		result->ended > XFDT_ENDED_ERROR ? xfdt_ended_name(result->ended) : "",
		result->ended > XFDT_ENDED_ERROR ? ")" : "", escaped);
}

static void tell(void *context, const struct xfdt_result *result, bool known)
{
	struct screen *screen = context;

	if (screen->jsonl && !screen->err) {
		screen->err = xfdt_result_json(result, screen->jsonl);
		fflush(screen->jsonl);
	}
	screen->told += !known;
	if (!known && result->ended == XFDT_ENDED_OK &&
	    strcmp(result->confined, XFDT_CONFINED_FULLY)) {
		screen->less_confined++;
		snprintf(screen->confined, sizeof(screen->confined), "%s", result->confined);
	}
	if (known || screen->arguments->quiet)
		return;
	/* behind a bar, too, what was not looked at is named */
	if (!screen->bar || result->ended != XFDT_ENDED_OK) {
		clear_progress_line();
		print_line(screen, result);
	}
}

static void print_count(FILE *out, uint64_t count, const char *one, const char *many)
{
	if (count)
		fprintf(out, "  %" PRIu64 " %s\n", count, count == 1 ? one : many);
}

static void print_ends(const struct xfdt_batch_counts *counts, FILE *out)
{
	print_count(out, counts->ended[XFDT_ENDED_ERROR], "could not be read as a dump",
		    "could not be read as dumps");
	print_count(out, counts->ended[XFDT_ENDED_TIMEOUT], "took too long", "took too long");
	print_count(out, counts->ended[XFDT_ENDED_KILLED], "ended its process with a signal",
		    "ended their processes with a signal");
	print_count(out, counts->ended[XFDT_ENDED_NO_MEMORY], "needed too much memory",
		    "needed too much memory");
}

static void print_summary(const struct screen *screen, const struct xfdt_batch_counts *counts,
			  const char *store, FILE *out)
{
	const struct xfdt_scan_counts *scan = counts->scan;
	uint64_t now = counts->done - counts->known;
	double seconds = (double)(xfdt_now_ms() - screen->started) / 1000;
	char verdicts[200], escaped[PATH_MAX];

	format_counts(counts, false, verdicts, sizeof(verdicts));
	fprintf(out, "%" PRIu64 " dump%s%s%s\n", counts->found, counts->found == 1 ? "" : "s",
		*verdicts ? ": " : "", verdicts);
	if (counts->done > counts->ended[XFDT_ENDED_OK])
		print_ends(counts, out);
	print_count(out, counts->hooks, "by the kdump hook: no dump of that panic was looked at",
		    "by the kdump hook: no dumps of those panics were looked at");
	print_count(out, counts->joined, "answer of the kdump hook belongs to one of these dumps",
		    "answers of the kdump hook belong to these dumps");
	print_count(out, scan->packed, "packed file was unpacked", "packed files were unpacked");
	fprintf(out, "%" PRIu64 " looked at in %.1f s", now, seconds);
	if (counts->known)
		fprintf(out, ", %" PRIu64 " known before", counts->known);
	if (scan->elsewhere)
		fprintf(out, ", %" PRIu64 " files in other shards", scan->elsewhere);
	fputc('\n', out);
	if (counts->pruned)
		fprintf(out, "%" PRIu64 " forgotten, since they are gone\n", counts->pruned);
	if (screen->less_confined)
		fprintf(out, "%" PRIu64 " not read by a fully confined process: %s\n",
			screen->less_confined, screen->confined);
	if (counts->without + scan->others + scan->processes + scan->special + scan->links +
	    scan->repeated + scan->young + scan->folders) {
		fputs("not looked at:\n", out);
		print_count(out, counts->without, "packed file with no dump and no log in it",
			    "packed files with no dump and no log in them");
		print_count(out, scan->others, "file that is not a dump",
			    "files that are not dumps");
		print_count(out, scan->processes, "core file of a process",
			    "core files of processes");
		print_count(out, scan->special, "FIFO, socket, device, or link to nothing",
			    "FIFOs, sockets, devices, or links to nothing");
		print_count(out, scan->links, "link to a folder", "links to folders");
		print_count(out, scan->repeated, "file that was named twice",
			    "files that were named twice");
		print_count(out, scan->young, "file that may still be written to",
			    "files that may still be written to");
		print_count(out, scan->folders, "path that cannot be read",
			    "paths that cannot be read");
	}
	xfdt_escape(store, escaped, sizeof(escaped));
	fprintf(out, "The results are in %s. To see them: xfdtriage report%s%s\n", escaped,
		strcmp(store, DEFAULT_STORE) ? " " : "",
		strcmp(store, DEFAULT_STORE) ? escaped : "");
}

/* running it */

/* False if there is none of @paths: the store would be made for nothing. */
static bool any_exists(const char *const *paths, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!access(paths[i], F_OK))
			return true;
	return false;
}

/* Shards do not share a store by default, since they would wait for each other. */
static const char *store_path(const struct arguments *arguments)
{
	static char path[64];

	if (arguments->store)
		return arguments->store;
	if (!arguments->shards)
		return DEFAULT_STORE;
	snprintf(path, sizeof(path), "xfdtriage-%u-of-%u.sqlite", arguments->shard,
		 arguments->shards);
	return path;
}

static bool open_jsonl(struct screen *screen)
{
	const char *path = screen->arguments->jsonl;

	if (!path)
		return true;
	screen->jsonl = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (!screen->jsonl)
		warn("cannot write '%s': %s", path, strerror(errno));
	return screen->jsonl != NULL;
}

/* False if not all that was to be written is. */
static bool close_jsonl(struct screen *screen)
{
	struct xfdt_error *err = screen->err;
	char name[PATH_MAX + 2];

	if (!screen->jsonl)
		return true;
	snprintf(name, sizeof(name), "'%s'", screen->arguments->jsonl);
	if (!err)
		err = xfdt_flush(screen->jsonl, name);
	if (screen->jsonl != stdout && fclose(screen->jsonl) && !err)
		err = xfdt_error_new(XFDT_SYSTEM, 0, "cannot write %s: %s", name, strerror(errno));
	if (err)
		complain(err);
	return !err;
}

/* A scheduler that starts shards is to run failures again, not findings, which are in the report on all shards. */
static bool exit_ran(const struct arguments *arguments)
{
	return arguments->exit_code == EXIT_CODE_DEFAULT ? arguments->shards > 0 :
							   arguments->exit_code == EXIT_CODE_RAN;
}

static int run_with_store(struct screen *screen, struct xfdt_store *store, const char *path)
{
	const struct arguments *arguments = screen->arguments;
	const struct xfdt_batch batch = {
		.store = store,
		.paths = arguments->paths,
		.path_count = arguments->path_count,
		.jobs = arguments->jobs ? arguments->jobs : xfdt_cpu_count(),
		.seconds = arguments->seconds ? arguments->seconds : SECONDS,
		.memory = (uint64_t)(arguments->memory_mib ? arguments->memory_mib : MEMORY_MIB)
			  << 20,
		.shard = arguments->shards ? arguments->shard : 1,
		.shards = arguments->shards ? arguments->shards : 1,
		.settle = arguments->settle,
		.prune = arguments->prune,
		.folder = temporary_folder(),
		.unpack = arguments->unpack,
		.retry_failed = arguments->retry_failed,
		.force = arguments->force,
		.version = XFDT_VERSION,
		.context = screen,
		.work = work,
		.tell = tell,
		.progress = show_progress,
		.complain = complain_of,
	};
	struct xfdt_batch_counts counts;
	struct xfdt_scan_counts scan;
	struct xfdt_error *err;
	int stopped_by = 0;

	err = xfdt_batch_run(&batch, &counts, &scan, &stopped_by);
	clear_progress_line();
	if (err) {
		complain(xfdt_error_wrap(err, "stopped after %" PRIu64 " dump%s", screen->told,
					 screen->told == 1 ? "" : "s"));
		warn("the results so far are stored; the same command continues from there");
		return XFDT_EXIT_ERROR;
	}
	if (!arguments->quiet)
		print_summary(screen, &counts, path, screen->jsonl == stdout ? stderr : stdout);
	if (!close_jsonl(screen))
		return XFDT_EXIT_ERROR;
	if (!stopped_by)
		return exit_ran(arguments) ? xfdt_batch_exit_ran(&counts) :
					     xfdt_batch_exit(&counts);
	warn("stopped (%s); the results so far are stored, and the same command continues from there",
	     strsignal(stopped_by));
	return 128 + stopped_by;
}

/* Complain of a path that is a URL; false: none is. */
static bool has_url(const char *const *paths, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		char *shown;

		if (!names_url(paths[i]))
			continue;
		shown = xfdt_url_without_secrets(paths[i]);
		warn("batch takes files and folders, and '%s' is a URL: leave 'batch' out, or mount the share",
		     shown ? shown : "one");
		free(shown);
		return true;
	}
	return false;
}

int run_batch(const struct arguments *arguments)
{
	struct screen screen = {
		.arguments = arguments,
		.bar = isatty(STDERR_FILENO) && !arguments->quiet,
		.started = xfdt_now_ms(),
	};
	const char *path = store_path(arguments);
	struct xfdt_store *store;
	struct xfdt_error *err;
	int status;

	if (has_url(arguments->paths, arguments->path_count))
		return XFDT_EXIT_ERROR;
	if (!any_exists(arguments->paths, arguments->path_count)) {
		warn("cannot read '%s': %s", arguments->paths[0], strerror(errno));
		return XFDT_EXIT_ERROR;
	}
	err = xfdt_store_open(&store, path, XFDT_STORE_WRITE);
	if (err)
		return complain(err);
	status = open_jsonl(&screen) ? run_with_store(&screen, store, path) : XFDT_EXIT_ERROR;
	xfdt_store_close(store);
	return status;
}
