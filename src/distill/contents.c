/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary of what a distilled vmcore contains. */
#include "distill/contents.h"
#include "base/util.h"
#include "kernel/oops_log.h"
#include "render/fields.h"
#include "render/render.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 2048

/* What was read for a purpose, and what it says. */
static const struct {
	const char *key, *words;
} kinds[XFDT_PURPOSES] = {
	[XFDT_FOR_TYPES] = { "types", "list of modules; with --keep-types also kallsyms and BTF" },
	[XFDT_FOR_HOST] = { "host", "host name, FPU configuration, per-CPU variables" },
	[XFDT_FOR_CODE] = { "code", "instructions of a few kernel functions" },
	[XFDT_FOR_VCPUS] = { "vcpus",
			     "VMs and vCPUs: lists, ids, and the flags and XSAVE header of each FPU state" },
	[XFDT_FOR_THREADS] = { "threads", "names, ids and flags of threads" },
	[XFDT_FOR_LOG] = { "log", "kernel log" },
	[XFDT_FOR_STACK] = { "stack",
			     "stack of the thread that panicked, and of threads in an #NM handler" },
	[XFDT_FOR_PAGE_TABLES] = { "page_tables", "entries of page tables" },
};

static const char *const left_out[] = {
	"guest memory",
	"guest registers",
	"XSAVE areas except their headers",
	"memory of processes",
	"registers of other CPUs (except those whose stack was searched)",
};
#define LEFT_OUT (COUNT(left_out))

/* names of processes */

struct process {
	int pid;
	const char *comm; /* borrowed from the host */
};

struct processes {
	struct process *items;
	size_t count;
};

static void add_process(struct processes *processes, int pid, const char *comm)
{
	if (*comm)
		processes->items[processes->count++] = (struct process){ pid, comm };
}

static int compare_processes(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->pid == y->pid ? strcmp(x->comm, y->comm) : x->pid < y->pid ? -1 : 1;
}

/* Every name in @host once, by rising thread id. */
static bool list_processes(const struct xfdt_host *host, struct processes *ret_processes)
{
	struct processes all = { calloc(host->vm_count + host->vcpu_count +
						host->unlisted.vcpu_count + 1,
					sizeof(*all.items)),
				 0 };
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;
	size_t i, kept = 0;

	if (!all.items)
		return false;
	add_process(&all, host->panic.pid, host->panic.comm);
	for (i = 0; i < host->vm_count; i++)
		add_process(&all, host->vms[i].pid, host->vms[i].comm);
	while ((vcpu = xfdt_next_vcpu(host, &at)))
		add_process(&all, vcpu->thread.pid, vcpu->thread.comm);
	qsort(all.items, all.count, sizeof(*all.items), compare_processes);
	for (i = 0; i < all.count; i++)
		if (!kept || compare_processes(&all.items[kept - 1], &all.items[i]))
			all.items[kept++] = all.items[i];
	all.count = kept;
	*ret_processes = all;
	return true;
}

/* lines of the log */

/* Which are kept, one bool a line; all of them with keep_log. */
static bool *kept_lines(const struct xfdt_contents *contents, size_t *ret_kept)
{
	const struct xfdt_panic *panic = &contents->report->host->panic;
	bool *lines = calloc(panic->log.count + 1, sizeof(*lines));
	size_t i;

	if (!lines)
		return NULL;
	if (contents->options->keep_log)
		memset(lines, true, panic->log.count);
	else
		xfdt_oops_log_lines(&panic->log, &panic->events, lines);
	for (*ret_kept = i = 0; i < panic->log.count; i++)
		*ret_kept += lines[i];
	return lines;
}

static uint64_t bytes_kept(const struct xfdt_distill_result *result)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < XFDT_PURPOSES; i++)
		sum += result->kept[i];
	return sum;
}

static uint64_t bytes_blanked(const struct xfdt_distill_result *result)
{
	return result->pages * XFDT_PAGE_SIZE - bytes_kept(result);
}

/* for people */

static void put_escaped(const char *text, FILE *out)
{
	char escaped[TEXT_MAX];

	xfdt_escape(text, escaped, sizeof(escaped));
	fputs(escaped, out);
}

static void put_wrapped(size_t column, size_t indent, FILE *out, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void put_wrapped(size_t column, size_t indent, FILE *out, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	xfdt_render_wrapped(text, column, indent, XFDT_WIDTH_MIN, out);
}

static void put_kept(const struct xfdt_contents *contents, FILE *out)
{
	const struct xfdt_distill_result *result = contents->result;
	size_t i;

	put_wrapped(0, 0, out,
		    "kept: %" PRIu64 " bytes, in %" PRIu64 " pages; the other %" PRIu64
		    " bytes of these pages are zero",
		    bytes_kept(result), result->pages, bytes_blanked(result));
	for (i = 0; i < XFDT_PURPOSES; i++) {
		fprintf(out, "  %9" PRIu64 "  ", result->kept[i]);
		put_wrapped(13, 13, out, "%s", kinds[i].words);
	}
}

static void put_notes(const struct xfdt_contents *contents, FILE *out)
{
	const struct xfdt_distill_options *options = contents->options;
	char record[96] = "", census[64] = "", registers[64] = "";

	if (options->record)
		snprintf(record, sizeof(record),
			 ", addresses of symbols and layouts of structures (%zu bytes)",
			 options->record_len);
	if (options->census)
		snprintf(census, sizeof(census), ", addresses of guest FPU states (%zu bytes)",
			 options->census_len);
	if (contents->report->host->panic.note_known)
		snprintf(registers, sizeof(registers),
			 ", and the registers of thread %d, which panicked",
			 contents->report->host->panic.pid);
	put_wrapped(0, 0, out, "in notes: VMCOREINFO%s%s, the thread id of each CPU%s", record,
		    census, registers);
}

static void put_left_out(FILE *out)
{
	char text[TEXT_MAX];
	size_t len = 0, i;

	for (i = 0; i < LEFT_OUT; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? ", " : "",
					left_out[i]);
	fputs("\nnot in it\n  ", out);
	put_wrapped(2, 2, out, "%s", text);
}

static void put_summary(const struct xfdt_contents *contents, FILE *out)
{
	const struct xfdt_distill_result *result = contents->result;
	const char *verdict = xfdt_verdict_name(contents->report->verdict->kind);

	put_wrapped(0, 0, out, "%s: %" PRIu64 " bytes, kdump-compressed%s", contents->path,
		    result->file_size,
		    result->flattened ? " and flattened, since its page bitmaps are large" : "");
	if (contents->same_answer)
		put_wrapped(0, 0, out,
			    "It gives the answer of the original, %s. The JSON is the same "
			    "byte for byte, except path, format and sources.carried.",
			    verdict);
	else
		put_wrapped(0, 0, out,
			    "It gives the verdict of the original, %s, but not in the same "
			    "words: it describes differently what the original, or the "
			    "debuginfo of -d, lacks.",
			    verdict);
	fputs("\n", out);
	put_kept(contents, out);
	put_notes(contents, out);
	put_left_out(out);
}

static void put_names(const struct xfdt_contents *contents, const struct processes *processes,
		      FILE *out)
{
	const struct xfdt_host *host = contents->report->host;
	size_t i;

	fputs("\nnames\n  host     ", out);
	put_escaped(*host->nodename ? host->nodename : "(unknown)", out);
	fputs("\n", out);
	for (i = 0; i < processes->count; i++) {
		fprintf(out, "  %-8d ", processes->items[i].pid);
		put_escaped(processes->items[i].comm, out);
		fputs("\n", out);
	}
}

static void put_lines(const struct xfdt_contents *contents, const bool *lines, size_t kept,
		      FILE *out)
{
	const struct xfdt_log *log = &contents->report->host->panic.log;
	size_t i;

	fputs("\n", out);
	put_wrapped(0, 0, out, "kernel log: %zu of %zu lines, %s", kept, log->count,
		    contents->options->keep_log ?
			    "all of it (--keep-log)" :
			    "those about the crash; the text of all others is zero");
	if (contents->options->keep_log)
		return;
	/* as they are in the log, however long: to be compared with it */
	for (i = 0; i < log->count; i++) {
		if (!lines[i])
			continue;
		fputs("  ", out);
		put_escaped(log->lines[i].text, out);
		fputs("\n", out);
	}
}

struct xfdt_error *xfdt_contents_text(const struct xfdt_contents *contents, FILE *out)
{
	struct processes processes = { NULL, 0 };
	size_t kept;
	bool *lines = kept_lines(contents, &kept);
	bool failed = !lines || !list_processes(contents->report->host, &processes);

	if (!failed) {
		put_summary(contents, out);
		put_names(contents, &processes, out);
		put_lines(contents, lines, kept, out);
	}
	free(processes.items);
	free(lines);
	return failed ? xfdt_no_memory("the account") : NULL;
}

/* JSON */

/* json-c returns NULL when memory runs out; @failed collects that. */
static void add(struct json_object *object, const char *key, struct json_object *value,
		bool *failed)
{
	if (!object || !value || json_object_object_add(object, key, value)) {
		*failed = true;
		json_object_put(value);
	}
}

static void append(struct json_object *array, struct json_object *value, bool *failed)
{
	if (!array || !value || json_object_array_add(array, value)) {
		*failed = true;
		json_object_put(value);
	}
}

static struct json_object *text_object(const char *text)
{
	char escaped[TEXT_MAX];

	xfdt_escape(text, escaped, sizeof(escaped));
	return json_object_new_string(escaped);
}

static struct json_object *kept_object(const struct xfdt_distill_result *result, bool *failed)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; i < XFDT_PURPOSES; i++)
		add(object, kinds[i].key, json_object_new_int64((int64_t)result->kept[i]), failed);
	return object;
}

static struct json_object *processes_array(const struct processes *processes, bool *failed)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < processes->count; i++) {
		struct json_object *process = json_object_new_object();

		add(process, "pid", json_object_new_int(processes->items[i].pid), failed);
		add(process, "comm", text_object(processes->items[i].comm), failed);
		append(array, process, failed);
	}
	return array;
}

static struct json_object *log_object(const struct xfdt_contents *contents, const bool *lines,
				      size_t kept, bool *failed)
{
	const struct xfdt_log *log = &contents->report->host->panic.log;
	struct json_object *object = json_object_new_object(), *text = json_object_new_array();
	size_t i;

	add(object, "lines", json_object_new_int64((int64_t)log->count), failed);
	add(object, "kept", json_object_new_int64((int64_t)kept), failed);
	for (i = 0; i < log->count; i++)
		if (lines[i])
			append(text, text_object(log->lines[i].text), failed);
	add(object, "text", text, failed);
	return object;
}

struct xfdt_error *xfdt_contents_json(const struct xfdt_contents *contents, FILE *out)
{
	const struct xfdt_distill_result *result = contents->result;
	const struct xfdt_outcome *report = contents->report;
	struct json_object *root = json_object_new_object(), *absent = json_object_new_array();
	struct processes processes = { NULL, 0 };
	const char *text = NULL;
	size_t kept = 0, i;
	bool *lines = kept_lines(contents, &kept);
	bool failed = !lines || !list_processes(report->host, &processes);

	if (!failed) {
		add(root, "schema", json_object_new_string(XFDT_CONTENTS_SCHEMA), &failed);
		add(root, "path", text_object(contents->path), &failed);
		add(root, "source", text_object(report->path), &failed);
		add(root, "size", json_object_new_int64((int64_t)result->file_size), &failed);
		add(root, "flattened", json_object_new_boolean(result->flattened), &failed);
		add(root, "verdict",
		    json_object_new_string(xfdt_verdict_name(report->verdict->kind)), &failed);
		add(root, "same_answer", json_object_new_boolean(contents->same_answer), &failed);
		add(root, "pages", json_object_new_int64((int64_t)result->pages), &failed);
		add(root, "kept", kept_object(result, &failed), &failed);
		add(root, "blanked", json_object_new_int64((int64_t)bytes_blanked(result)),
		    &failed);
		add(root, "carried", json_object_new_int64((int64_t)contents->options->record_len),
		    &failed);
		add(root, "registers", json_object_new_boolean(report->host->panic.note_known),
		    &failed);
		add(root, "nodename", text_object(report->host->nodename), &failed);
		add(root, "processes", processes_array(&processes, &failed), &failed);
		add(root, "log", log_object(contents, lines, kept, &failed), &failed);
		for (i = 0; i < LEFT_OUT; i++)
			append(absent, json_object_new_string(left_out[i]), &failed);
		add(root, "not_in_it", json_object_get(absent), &failed);
	}
	if (!failed)
		text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
								    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(absent);
	json_object_put(root);
	free(processes.items);
	free(lines);
	return text ? NULL : xfdt_no_memory("JSON");
}
