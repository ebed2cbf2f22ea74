/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report as JSON, by json-c. */
#include "render/fields.h"
#include "base/util.h"
#include "kernel/oops_log.h"
#include "render/live.h"
#include "render/stats.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096

/* json-c reports want of memory by NULL; one place to notice it. */
struct writer {
	FILE *out;
	bool failed;
};

static void add(struct writer *writer, struct json_object *object, const char *key,
		struct json_object *value, bool may_be_null)
{
	if (!object || (!value && !may_be_null) || json_object_object_add(object, key, value)) {
		writer->failed = true;
		json_object_put(value);
	}
}

static void append(struct writer *writer, struct json_object *array, struct json_object *value)
{
	if (!array || !value || json_object_array_add(array, value)) {
		writer->failed = true;
		json_object_put(value);
	}
}

static void add_text(struct writer *writer, struct json_object *object, const char *key,
		     const char *text)
{
	char escaped[TEXT_MAX];

	if (!text) {
		add(writer, object, key, NULL, true);
		return;
	}
	xfdt_escape(text, escaped, sizeof(escaped));
	add(writer, object, key, json_object_new_string(escaped), false);
}

static void append_text(struct writer *writer, struct json_object *array, const char *text)
{
	char escaped[TEXT_MAX];

	xfdt_escape(text, escaped, sizeof(escaped));
	append(writer, array, json_object_new_string(escaped));
}

static void add_cell(struct writer *writer, struct json_object *object, const char *key,
		     const struct xfdt_cell *cell)
{
	char text[32];

	switch (cell->kind) {
	case XFDT_CELL_HEX:
		xfdt_cell_format(cell, text, sizeof(text));
		add(writer, object, key, json_object_new_string(text), false);
		break;
	case XFDT_CELL_INT:
		add(writer, object, key, json_object_new_int64((int64_t)cell->number), false);
		break;
	case XFDT_CELL_BOOL:
		add(writer, object, key, json_object_new_boolean(cell->number != 0), false);
		break;
	case XFDT_CELL_TEXT:
		add_text(writer, object, key, cell->text);
		break;
	default:
		add(writer, object, key, NULL, true);
		break;
	}
}

static struct json_object *group_object(struct writer *writer, enum xfdt_field_group group,
					const struct xfdt_row *row)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; i < xfdt_field_count; i++) {
		struct xfdt_cell cell;

		if (xfdt_fields[i].group != group)
			continue;
		cell = xfdt_fields[i].cell(row);
		add_cell(writer, object, xfdt_fields[i].key, &cell);
	}
	return object;
}

static struct json_object *reasons_array(struct writer *writer, const struct xfdt_reasons *reasons)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < reasons->count; i++)
		append_text(writer, array, reasons->items[i].text);
	return array;
}

static void append_gaps(struct writer *writer, struct json_object *array,
			const struct xfdt_gaps *gaps)
{
	size_t i;

	for (i = 0; i < gaps->count; i++) {
		struct json_object *gap = json_object_new_object();

		add_text(writer, gap, "what", gaps->items[i].what);
		add_text(writer, gap, "why", gaps->items[i].why);
		add_text(writer, gap, "remedy", gaps->items[i].remedy);
		append(writer, array, gap);
	}
}

static struct json_object *events_array(struct writer *writer, const struct xfdt_panic *panic)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < panic->events.count; i++) {
		const struct xfdt_log_line *line = &panic->log.lines[panic->events.items[i].line];
		struct json_object *event = json_object_new_object();

		add(writer, event, "nsec", json_object_new_int64((int64_t)line->nsec), false);
		add_text(writer, event, "text", line->text);
		append(writer, array, event);
	}
	return array;
}

static struct json_object *trace_array(struct writer *writer, const struct xfdt_panic *panic)
{
	struct json_object *array = json_object_new_array();
	const char *lines[XFDT_TRACE_MAX];
	size_t count = xfdt_call_trace(&panic->log, &panic->events, lines, XFDT_TRACE_MAX), i;

	for (i = 0; i < count; i++)
		append_text(writer, array, lines[i]);
	return array;
}

struct commands {
	struct writer *writer;
	struct json_object *array;
};

static void append_command(void *context, const char *command)
{
	struct commands *commands = context;

	append_text(commands->writer, commands->array, command);
}

static struct json_object *commands_array(struct writer *writer, const struct xfdt_outcome *report)
{
	struct commands commands = { .writer = writer, .array = json_object_new_array() };

	xfdt_render_commands(report, append_command, &commands);
	return commands.array;
}

static struct json_object *census_object(struct writer *writer, const struct xfdt_host *host)
{
	const struct xfdt_census *census = &host->census;
	struct json_object *object = json_object_new_object();

	add(writer, object, "known", json_object_new_boolean(census->known), false);
	add(writer, object, "complete", json_object_new_boolean(census->complete), false);
	add(writer, object, "states",
	    census->known ? json_object_new_int64((int64_t)census->count) : NULL, !census->known);
	add(writer, object, "unlisted",
	    census->known ? json_object_new_int64((int64_t)host->unlisted.vcpu_count) : NULL,
	    !census->known);
	add_text(writer, object, "why", *census->why ? census->why : NULL);
	return object;
}

static struct json_object *cost_object(struct writer *writer, const char *stage,
				       const struct xfdt_stage_cost *cost)
{
	struct json_object *object = json_object_new_object();

	if (stage)
		add_text(writer, object, "stage", stage);
	add(writer, object, "reads", json_object_new_int64((int64_t)cost->reads), false);
	add(writer, object, "read_bytes", json_object_new_int64((int64_t)cost->read_bytes), false);
	add(writer, object, "round_trips", json_object_new_int64((int64_t)cost->round_trips),
	    false);
	add(writer, object, "stored_bytes", json_object_new_int64((int64_t)cost->stored_bytes),
	    false);
	add(writer, object, "seconds", json_object_new_double((double)cost->microseconds / 1e6),
	    false);
	return object;
}

static struct json_object *stats_object(struct writer *writer, const struct xfdt_stats *stats)
{
	struct json_object *object = cost_object(writer, NULL, &stats->total);
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < XFDT_STAGES; i++)
		append(writer, array, cost_object(writer, xfdt_stage_name(i), &stats->stages[i]));
	add(writer, object, "stages", array, false);
	return object;
}

/* Of a log alone: the lines that speak for the verdict; NULL of a dump. */
static struct json_object *log_object(struct writer *writer, const struct xfdt_outcome *report)
{
	struct json_object *object = json_object_new_object(), *files = json_object_new_array();
	struct json_object *lines = json_object_new_array();
	const struct xfdt_panic *panic = &report->host->panic;
	size_t i;

	for (i = 0; i < report->file_count; i++)
		append_text(writer, files, report->files[i]);
	for (i = 0; i < panic->evidence_count; i++) {
		const struct xfdt_log_line *line = &panic->log.lines[panic->evidence[i].line];
		struct json_object *entry = json_object_new_object();

		add_text(writer, entry, "file", report->files[line->file]);
		add(writer, entry, "line", json_object_new_int64((int64_t)line->number), false);
		add_text(writer, entry, "what", panic->evidence[i].what);
		add_text(writer, entry, "text", line->text);
		append(writer, lines, entry);
	}
	add(writer, object, "files", files, false);
	add(writer, object, "lines", lines, false);
	return object;
}

/* Print @object, which is taken over, and leave its brace open where @open says so. */
static void put_object(struct writer *writer, struct json_object *object, bool open)
{
	const char *text = NULL;

	if (object && !writer->failed)
		text = json_object_to_json_string_ext(object,
						      JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text) {
		writer->failed = true;
		text = "{}";
	}
	fwrite(text, 1, strlen(text) - open, writer->out);
	json_object_put(object);
}

static struct json_object *vcpu_object(struct writer *writer, const struct xfdt_row *row)
{
	struct json_object *vcpu = group_object(writer, XFDT_GROUP_VCPU, row);

	if (row->vcpu->thread.known)
		add(writer, vcpu, "thread", group_object(writer, XFDT_GROUP_THREAD, row), false);
	else
		add(writer, vcpu, "thread", NULL, true);
	return vcpu;
}

/* One vCPU at a time: a host may have thousands. */
static void put_vms(struct writer *writer, const struct xfdt_outcome *report)
{
	const struct xfdt_host *host = report->host;
	struct xfdt_row row = { .image = host->image, .host = host };
	const struct xfdt_vcpu_verdict *state = report->verdict->vcpus;
	size_t i, j;

	fputs("[", writer->out);
	for (i = 0; (row.vm = xfdt_host_vm(host, i)); i++) {
		fputs(i ? "," : "", writer->out);
		put_object(writer, group_object(writer, XFDT_GROUP_VM, &row), true);
		fputs(",\"vcpus\":[", writer->out);
		for (j = 0; j < row.vm->vcpu_count; j++) {
			row.vcpu = &row.vm->vcpus[j];
			row.state = state++;
			fputs(j ? "," : "", writer->out);
			put_object(writer, vcpu_object(writer, &row), false);
		}
		fputs("]}", writer->out);
	}
	fputs("]", writer->out);
}

static struct json_object *facts_array(struct writer *writer, const struct xfdt_facts *facts)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < XFDT_FACTS; i++) {
		struct json_object *fact = json_object_new_object();

		add_text(writer, fact, "name", xfdt_fact_name(i));
		add_text(writer, fact, "value", xfdt_truth_name(facts->items[i].value));
		add_text(writer, fact, "why", *facts->items[i].why ? facts->items[i].why : NULL);
		add_text(writer, fact, "remedy",
			 facts->items[i].value == XFDT_UNSURE ? facts->items[i].remedy : NULL);
		append(writer, array, fact);
	}
	return array;
}

static struct json_object *dump_object(struct writer *writer, const char *path, const char *format,
				       const char *arch)
{
	struct json_object *dump = json_object_new_object();

	add_text(writer, dump, "path", path);
	add_text(writer, dump, "format", format);
	add_text(writer, dump, "arch", arch);
	return dump;
}

static struct xfdt_error *finish(const struct writer *writer)
{
	return writer->failed ? xfdt_no_memory("JSON") : NULL;
}

struct xfdt_error *xfdt_render_json(const struct xfdt_outcome *report, FILE *out)
{
	const struct xfdt_verdict *verdict = report->verdict;
	const struct xfdt_host *host = report->host;
	struct xfdt_row row = { .image = host->image, .host = host };
	struct json_object *root = json_object_new_object(), *panic, *missing, *counts;
	struct writer writer = { .out = out };
	char advice[XFDT_ADVICE_MAX];
	size_t i;

	xfdt_render_advice(report, advice, sizeof(advice));
	add_text(&writer, root, "schema", XFDT_JSON_SCHEMA);
	add(&writer, root, "dump",
	    dump_object(&writer, report->path, report->format, host->image->arch), false);
	add_text(&writer, root, "verdict", xfdt_verdict_name(verdict->kind));
	add(&writer, root, "exit", json_object_new_int(xfdt_verdict_exit(verdict->kind)), false);
	add_text(&writer, root, "do", advice);
	add_text(&writer, root, "rule", verdict->rule->id);
	add_text(&writer, root, "when", xfdt_when_name(verdict->when));
	add_text(&writer, root, "state", xfdt_hit_state_name(report->facts->hit_state));
	add_text(&writer, root, "ended_by",
		 *report->facts->ended_by ? report->facts->ended_by : NULL);
	add(&writer, root, "facts", facts_array(&writer, report->facts), false);
	add_text(&writer, root, "route", xfdt_route_name(verdict->route));
	add_text(&writer, root, "cve", XFDT_CVE);
	add(&writer, root, "why", reasons_array(&writer, &verdict->why), false);
	add(&writer, root, "looks_like", reasons_array(&writer, &verdict->looks_like), false);
	add(&writer, root, "origins", reasons_array(&writer, &verdict->origins), false);
	add(&writer, root, "kernel", group_object(&writer, XFDT_GROUP_KERNEL, &row), false);
	add(&writer, root, "sources", group_object(&writer, XFDT_GROUP_SOURCES, &row), false);
	panic = group_object(&writer, XFDT_GROUP_PANIC, &row);
	row.fault = xfdt_panic_fault(&host->panic);
	if (row.fault)
		add(&writer, panic, "fault", group_object(&writer, XFDT_GROUP_FAULT, &row), false);
	else
		add(&writer, panic, "fault", NULL, true);
	add(&writer, panic, "events", events_array(&writer, &host->panic), false);
	add(&writer, panic, "trace", trace_array(&writer, &host->panic), false);
	add(&writer, root, "panic", panic, false);
	if (report->facts->of_log)
		add(&writer, root, "log", log_object(&writer, report), false);
	else
		add(&writer, root, "log", NULL, true);
	missing = json_object_new_array();
	if (xfdt_render_gaps_listed(report)) {
		append_gaps(&writer, missing, &host->image->gaps);
		append_gaps(&writer, missing, &host->gaps);
	}
	add(&writer, root, "missing", missing, false);
	add(&writer, root, "missing_may_change_verdict",
	    json_object_new_boolean(xfdt_render_gaps_matter(report)), false);
	counts = json_object_new_object();
	for (i = 0; i < XFDT_VCPU_STATES; i++)
		add(&writer, counts, xfdt_vcpu_state_name(i),
		    json_object_new_int64((int64_t)verdict->states[i]), false);
	add(&writer, root, "counts", counts, false);
	add(&writer, root, "census", census_object(&writer, host), false);
	add(&writer, root, "check", commands_array(&writer, report), false);
	add_text(&writer, root, "confined", report->confined);
	if (report->stats)
		add(&writer, root, "stats", stats_object(&writer, report->stats), false);
	put_object(&writer, root, true);
	fputs(",\"vms\":", out);
	put_vms(&writer, report);
	fputs("}\n", out);
	return finish(&writer);
}

/* the command live */

static struct json_object *mismatch_object(struct writer *writer, const struct xfdt_vm *vm,
					   const struct xfdt_vcpu *vcpu,
					   const struct xfdt_vcpu_verdict *state)
{
	static const char *const keys[] = { "kvm_vcpu", "fpstate", "xstate_bv", "xfd", "mismatch" };
	const uint64_t numbers[] = { vcpu->kvaddr, vcpu->fpstate, vcpu->header.xstate_bv, vcpu->xfd,
				     state->mismatch };
	struct json_object *object = json_object_new_object();
	size_t i;

	add(writer, object, "vm_pid", json_object_new_int(vm->pid), false);
	add_text(writer, object, "vm_comm", vm->comm);
	add(writer, object, "vcpu", json_object_new_int64(vcpu->id), false);
	for (i = 0; i < COUNT(keys); i++)
		add_cell(writer, object, keys[i],
			 &(struct xfdt_cell){ .kind = XFDT_CELL_HEX, .number = numbers[i] });
	return object;
}

static struct json_object *mismatches_array(struct writer *writer, const struct xfdt_live *live)
{
	const struct xfdt_vcpu_verdict *state = live->outcome->verdict->vcpus;
	struct json_object *array = json_object_new_array();
	const struct xfdt_vm *vm;
	size_t i, j;

	for (i = 0; (vm = xfdt_host_vm(live->outcome->host, i)); i++)
		for (j = 0; j < vm->vcpu_count; j++, state++)
			if (xfdt_live_is_mismatch(live, &vm->vcpus[j], state))
				append(writer, array,
				       mismatch_object(writer, vm, &vm->vcpus[j], state));
	return array;
}

static struct json_object *live_counts_object(struct writer *writer, const struct xfdt_live *live)
{
	struct json_object *object = json_object_new_object();
	struct xfdt_live_counts counts;
	size_t i;

	xfdt_live_count(live, &counts);
	const struct {
		const char *key;
		size_t count;
	} items[] = {
		{ "vms", counts.vms },
		{ "vcpus", counts.vcpus },
		{ "amx_enabled", counts.amx_enabled },
		{ "xfd_written", counts.xfd_written },
		{ "mismatch", counts.mismatches },
		{ "unread", counts.unread },
	};

	for (i = 0; i < COUNT(items); i++)
		add(writer, object, items[i].key, json_object_new_int64((int64_t)items[i].count),
		    false);
	return object;
}

struct xfdt_error *xfdt_render_live_json(const struct xfdt_live *live, FILE *out)
{
	const struct xfdt_outcome *outcome = live->outcome;
	const struct xfdt_host *host = outcome->host;
	struct xfdt_row row = { .image = host->image, .host = host };
	struct json_object *root = json_object_new_object(), *missing = json_object_new_array();
	struct writer writer = { .out = out };
	char advice[XFDT_ADVICE_MAX];

	xfdt_live_advice(live, advice, sizeof(advice));
	add_text(&writer, root, "schema", XFDT_LIVE_SCHEMA);
	add_text(&writer, root, "path", outcome->path);
	add_text(&writer, root, "answer", xfdt_exposure_name(live->rule->answer));
	add(&writer, root, "exit", json_object_new_int(xfdt_exposure_exit(live->rule->answer)),
	    false);
	add_text(&writer, root, "rule", live->rule->id);
	add_text(&writer, root, "why", live->rule->words);
	add_text(&writer, root, "do", advice);
	add_text(&writer, root, "kvm", xfdt_truth_name(live->facts.kvm));
	add_text(&writer, root, "capable", xfdt_truth_name(live->facts.capable));
	add_text(&writer, root, "capable_why", outcome->facts->items[XFDT_FACT_CAPABLE].why);
	add_text(&writer, root, "mismatch", xfdt_truth_name(live->facts.mismatch));
	add_text(&writer, root, "fixed", xfdt_truth_name(live->facts.fixed));
	add(&writer, root, "kernel", group_object(&writer, XFDT_GROUP_KERNEL, &row), false);
	add(&writer, root, "sources", group_object(&writer, XFDT_GROUP_SOURCES, &row), false);
	add(&writer, root, "counts", live_counts_object(&writer, live), false);
	add(&writer, root, "mismatches", mismatches_array(&writer, live), false);
	append_gaps(&writer, missing, &host->image->gaps);
	append_gaps(&writer, missing, &host->gaps);
	add(&writer, root, "missing", missing, false);
	add(&writer, root, "readings", json_object_new_int((int)live->readings), false);
	add_text(&writer, root, "confined", outcome->confined);
	put_object(&writer, root, false);
	fputs("\n", out);
	return finish(&writer);
}

struct xfdt_error *xfdt_render_live_json_error(const char *path, const char *message, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct writer writer = { .out = out };

	add_text(&writer, root, "schema", XFDT_LIVE_SCHEMA);
	add_text(&writer, root, "path", path);
	add_text(&writer, root, "answer", "error");
	add(&writer, root, "exit", json_object_new_int(XFDT_EXIT_ERROR), false);
	add_text(&writer, root, "error", message);
	put_object(&writer, root, false);
	fputs("\n", out);
	return finish(&writer);
}

struct xfdt_error *xfdt_render_json_error(const char *path, const char *message, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct writer writer = { .out = out };

	add_text(&writer, root, "schema", XFDT_JSON_SCHEMA);
	add(&writer, root, "dump", dump_object(&writer, path, NULL, NULL), false);
	add_text(&writer, root, "verdict", "error");
	add(&writer, root, "exit", json_object_new_int(XFDT_EXIT_ERROR), false);
	add_text(&writer, root, "error", message);
	put_object(&writer, root, false);
	fputs("\n", out);
	return finish(&writer);
}
