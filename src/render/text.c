/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report for people. */
#include "render/fields.h"
#include "kernel/oops_log.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_MAX 1024
#define LISTED_MAX 32  /* vCPUs that are ok, before they are only counted */
#define NAME_WIDTH 10  /* "vCPU 12345" */
#define STATE_WIDTH 13 /* "indeterminate" */
#define LABEL (2 + NAME_WIDTH + 1 + STATE_WIDTH + 1) /* what stands before the lanes */
#define HALF_MIN 9				     /* "XSTATE_BV" */
#define HEX_WIDTH 18
#define THREAD_WIDTH 40
#define XTILEDATA 18
#define WIDTH_MIN XFDT_WIDTH_MIN
#define INDENT 10 /* of what follows a label */

struct style {
	const char *bad, *good, *warn, *bold, *dim, *end;
};

static const struct style plain = { "", "", "", "", "", "" };
static const struct style coloured = {
	"\033[1;31m", "\033[32m", "\033[33m", "\033[1m", "\033[2m", "\033[0m",
};

struct writer {
	const struct xfdt_outcome *report;
	const struct style *style;
	bool verbose;
	unsigned int width;
	uint64_t lanes;	   /* the components that have one; 0: numbers instead */
	unsigned int half; /* columns for the lanes of one register */
	unsigned int hex;  /* columns for its number behind them; 0: not shown */
	FILE *out;
};

static void put_escaped(const struct writer *writer, const char *text)
{
	char escaped[TEXT_MAX];

	xfdt_escape(text, escaped, sizeof(escaped));
	fputs(escaped, writer->out);
}

/* Columns that the first @len bytes of @text take; a character takes one. */
static size_t columns_of(const char *text, size_t len)
{
	size_t columns = 0, i;

	for (i = 0; i < len; i++)
		columns += (text[i] & 0xc0) != 0x80;
	return columns;
}

void xfdt_render_wrapped(const char *text, size_t column, size_t indent, unsigned int width,
			 FILE *out)
{
	char escaped[TEXT_MAX];
	const char *word = escaped;
	bool first = true;

	xfdt_escape(text, escaped, sizeof(escaped));
	while (*word) {
		size_t len = strcspn(word, " "), columns = columns_of(word, len);

		if (!first && column + 1 + columns > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fwrite(word, 1, len, out);
		column += columns;
		first = false;
		word += len;
		word += strspn(word, " ");
	}
	fputs("\n", out);
}

static void put_wrapped(const struct writer *writer, const char *text, size_t column, size_t indent)
{
	xfdt_render_wrapped(text, column, indent, writer->width, writer->out);
}

/* the verdict */

static const char *verdict_style(const struct writer *writer)
{
	switch (writer->report->verdict->kind) {
	case XFDT_CONFIRMED:
	case XFDT_PROBABLE:
	case XFDT_ARMED:
		return writer->style->bad;
	case XFDT_NOT_THIS_BUG:
		return writer->style->good;
	default:
		return writer->style->warn;
	}
}

static void put_headline(const struct writer *writer)
{
	const struct xfdt_verdict *verdict = writer->report->verdict;

	fprintf(writer->out, "%s%s%s: %s\n", verdict_style(writer),
		xfdt_verdict_name(verdict->kind), writer->style->end,
		xfdt_render_words(writer->report));
}

static void put_label(const struct writer *writer, const char *label)
{
	fprintf(writer->out, "  %s%-8s%s", writer->style->dim, label, writer->style->end);
}

/* A label, and @text, which is untrusted and goes on below itself. */
static void put_labelled(const struct writer *writer, const char *label, const char *text)
{
	put_label(writer, label);
	put_wrapped(writer, text, INDENT, INDENT);
}

static void put_advice(const struct writer *writer)
{
	char advice[XFDT_ADVICE_MAX];

	xfdt_render_advice(writer->report, advice, sizeof(advice));
	put_labelled(writer, "do", advice);
}

/* @text as an item of a list. */
static void put_item(const struct writer *writer, const char *text)
{
	fputs("  - ", writer->out);
	put_wrapped(writer, text, 4, 4);
}

/* Cut the @len bytes at @at out of its string. */
static void cut_out(char *at, size_t len)
{
	memmove(at, at + len, strlen(at + len) + 1);
}

/* Take the quoted lines of the log and the addresses of code out of a reason: -v and JSON have them. */
static void shorten(char *text)
{
	static const char log[] = " (log: \"", code[] = " at 0xffffffff";
	char *at = strstr(text, log), *end = NULL, *next;

	/* the line may hold quotes and brackets: it ends at the last ones */
	for (next = at; next && (next = strstr(next, "\")")); next++)
		end = next;
	if (end)
		cut_out(at, (size_t)(end + 2 - at));
	while ((at = strstr(text, code)))
		cut_out(at, strlen(" at ") + 2 + strspn(at + strlen(" at 0x"), "0123456789abcdef"));
}

static void put_reason(const struct writer *writer, const char *reason)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%s", reason);
	if (!writer->verbose)
		shorten(text);
	put_item(writer, text);
}

static void put_reasons(const struct writer *writer, const char *heading,
			const struct xfdt_reasons *reasons)
{
	size_t i;

	if (!reasons->count)
		return;
	fprintf(writer->out, "\n%s%s%s\n", writer->style->bold, heading, writer->style->end);
	for (i = 0; i < reasons->count; i++)
		put_reason(writer, reasons->items[i].text);
}

static void put_kernel(const struct writer *writer)
{
	const struct xfdt_host *host = writer->report->host;
	const struct xfdt_image *image = host->image;
	bool named = *host->nodename && strcmp(host->nodename, "(none)");
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%s%s%s", image->release ? image->release : "unknown",
		 named ? " on " : "", named ? host->nodename : "");
	put_labelled(writer, "kernel", text);
	/* what has the fix says nothing of a kernel that cannot have the bug */
	if (writer->report->verdict->kind == XFDT_NOT_APPLICABLE)
		return;
	xfdt_render_fix(writer->report, text, sizeof(text));
	put_labelled(writer, "fix", text);
}

static void put_summary(const struct writer *writer)
{
	const struct xfdt_outcome *report = writer->report;
	const struct xfdt_host *host = report->host;
	const struct xfdt_image *image = host->image;
	char text[TEXT_MAX], thread[XFDT_THREAD_WORDS];

	fputs("\n", writer->out);
	snprintf(text, sizeof(text), "%s (%s)", report->path, report->format);
	if (report->file_count > 1)
		snprintf(text, sizeof(text), "%s and %zu more parts", report->path,
			 report->file_count - 1);
	put_labelled(writer, report->facts->of_log ? "log" : "dump", text);
	put_kernel(writer);
	if (!xfdt_is_x86_64(image))
		return;
	if (xfdt_route_name(report->verdict->route))
		put_labelled(writer, "route", xfdt_route_name(report->verdict->route));
	if (writer->verbose)
		put_labelled(writer, "rule", report->verdict->rule->id);
	if (host->panic.task) {
		xfdt_panic_thread(&host->panic, thread);
		snprintf(text, sizeof(text), "CPU %" PRIu64 ", %s %s", host->panic.cpu.value,
			 thread, host->panic.comm);
		put_labelled(writer, "panic", text);
	}
	if (report->facts->of_log)
		return;
	snprintf(text, sizeof(text), "symbols from %s, types from %s%s", image->symbol_source,
		 image->type_source,
		 image->embedded ? " (both stored in this distilled dump)" : "");
	put_labelled(writer, "sources", text);
}

/* Of a log alone: which lines speak for the verdict. */
static void put_log_lines(const struct writer *writer)
{
	const struct xfdt_outcome *report = writer->report;
	const struct xfdt_panic *panic = &report->host->panic;
	size_t i;

	if (panic->evidence_count)
		fprintf(writer->out, "\n%slines of the log that show it%s\n", writer->style->bold,
			writer->style->end);
	for (i = 0; i < panic->evidence_count; i++) {
		const struct xfdt_log_evidence *evidence = &panic->evidence[i];
		const struct xfdt_log_line *line = &panic->log.lines[evidence->line];

		fputs("  ", writer->out);
		if (report->file_count > 1) {
			put_escaped(writer, report->files[line->file]);
			fputc(':', writer->out);
		}
		fprintf(writer->out, "%zu: %s\n    ", line->number, evidence->what);
		put_wrapped(writer, line->text, 4, 4);
	}
}

static void put_gaps(const struct writer *writer, const struct xfdt_gaps *gaps, bool *heading)
{
	char text[TEXT_MAX];
	size_t i;

	for (i = 0; i < gaps->count; i++) {
		if (!*heading)
			fprintf(writer->out, "\n%smissing%s (%s)\n", writer->style->bold,
				writer->style->end,
				xfdt_render_gaps_matter(writer->report) ?
					"may change the verdict" :
					"does not change the verdict");
		*heading = true;
		snprintf(text, sizeof(text), "%s: %s", gaps->items[i].what, gaps->items[i].why);
		put_item(writer, text);
		if (!gaps->items[i].remedy)
			continue;
		fputs("    what to do: ", writer->out);
		put_wrapped(writer, gaps->items[i].remedy, 16, 4);
	}
}

static void put_all_gaps(const struct writer *writer)
{
	const struct xfdt_host *host = writer->report->host;
	bool heading = false;

	if (!xfdt_render_gaps_listed(writer->report))
		return;
	put_gaps(writer, &host->image->gaps, &heading);
	put_gaps(writer, &host->gaps, &heading);
}

/* the lanes: a column for each component that any vCPU has in XSTATE_BV or XFD */

static const char *state_style(const struct writer *writer, enum xfdt_vcpu_state state)
{
	switch (state) {
	case XFDT_VCPU_OK:
		return writer->style->good;
	case XFDT_VCPU_ARMED:
	case XFDT_VCPU_MALFORMED:
		return writer->style->bad;
	default:
		return writer->style->warn;
	}
}

/* The components that have a lane; that of the bug always. */
static uint64_t find_lanes(const struct xfdt_outcome *report)
{
	uint64_t all = 1ull << XTILEDATA;
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;

	while ((vcpu = xfdt_next_vcpu(report->host, &at)))
		if (vcpu->state_known)
			all |= vcpu->header.xstate_bv | vcpu->xfd;
	return all & ~(1ull << 63);
}

/* Where the lanes of both registers do not fit in a line, numbers take their place. */
static void set_lanes(struct writer *writer)
{
	unsigned int count = (unsigned int)__builtin_popcountll(writer->lanes);

	if (2 * count > writer->width - LABEL - 4) {
		writer->lanes = 0;
		writer->half = HEX_WIDTH;
		return;
	}
	writer->half = count < HALF_MIN ? HALF_MIN : count;
	if (LABEL + 2 * (writer->half + HEX_WIDTH + 4) + THREAD_WIDTH <= writer->width)
		writer->hex = HEX_WIDTH + 2;
}

/* One line in which each lane has the character that @put says, twice. */
static void put_ruler_line(const struct writer *writer, bool tens)
{
	unsigned int half, i;

	fprintf(writer->out, "%*s", LABEL, "");
	for (half = 0; half < 2; half++) {
		unsigned int used = 0;

		for (i = 0; i < 63; i++) {
			if (!(writer->lanes >> i & 1))
				continue;
			fputc(!tens  ? '0' + (int)(i % 10) :
			      i < 10 ? ' ' :
				       '0' + (int)(i / 10),
			      writer->out);
			used++;
		}
		if (!half)
			fprintf(writer->out, "%*s", (int)(writer->half - used + writer->hex + 2),
				"");
	}
	fputs("\n", writer->out);
}

static void put_ruler(const struct writer *writer)
{
	int half = (int)(writer->half + writer->hex);

	fprintf(writer->out, "%s%*s%-*s  %-*s  thread\n", writer->style->dim, LABEL, "", half,
		"XSTATE_BV", half, "XFD");
	if (writer->lanes) {
		put_ruler_line(writer, true);
		put_ruler_line(writer, false);
	}
	fputs(writer->style->end, writer->out);
}

/* Returns how many columns behind it stay blank, if something follows. */
static int put_half(const struct writer *writer, uint64_t bits, uint64_t marked)
{
	int width = (int)writer->half, used = 0;
	char number[HEX_WIDTH + 1];
	unsigned int i;

	snprintf(number, sizeof(number), "0x%" PRIx64, bits);
	for (i = 0; i < 63; i++) {
		uint64_t bit = 1ull << i;

		if (!(writer->lanes & bit))
			continue;
		used++;
		if (marked & bit)
			fprintf(writer->out, "%s#%s", writer->style->bad, writer->style->end);
		else
			fputc(bits & bit ? '#' : '.', writer->out);
	}
	if (writer->lanes && writer->hex) {
		fprintf(writer->out, "%*s  ", width - used, "");
		width = HEX_WIDTH;
	}
	if (!writer->lanes || writer->hex)
		used = fprintf(writer->out, "%s", number);
	return width - used + 2;
}

/* Put a mark under each lane of @mismatch; returns the column behind the last. */
static unsigned int put_mark_lanes(const struct writer *writer, uint64_t mismatch)
{
	unsigned int half, i, column = LABEL, at = LABEL;

	for (half = 0; half < 2; half++) {
		unsigned int lane = LABEL + half * (writer->half + writer->hex + 2);

		for (i = 0; i < 63; i++) {
			if (!(writer->lanes >> i & 1))
				continue;
			if (mismatch >> i & 1) {
				fprintf(writer->out, "%*s^", (int)(lane - at), "");
				column = at = lane + 1;
			}
			lane++;
		}
	}
	return column;
}

static void put_marks(const struct writer *writer, uint64_t mismatch)
{
	char text[TEXT_MAX];
	unsigned int column, i;
	size_t len = 0;

	fprintf(writer->out, "%*s%s", LABEL, "", writer->style->bad);
	column = put_mark_lanes(writer, mismatch);
	for (i = 0; i < 64 && len < sizeof(text) - 64; i++)
		if (mismatch >> i & 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%u %s ", i,
						xfdt_xfeature_name(i));
	snprintf(text + len, sizeof(text) - len, "in both");
	if (column > LABEL) {
		fputc(' ', writer->out);
		column++;
	}
	put_wrapped(writer, text, column, LABEL);
	fputs(writer->style->end, writer->out);
}

static void thread_text(const struct xfdt_vcpu *vcpu, char *ret_text, size_t size)
{
	const struct xfdt_thread *thread = &vcpu->thread;
	const char *in_use = vcpu->state_known && vcpu->in_use ? ", in use" : "";
	char cpu[40] = "";

	if (!thread->known) {
		snprintf(ret_text, size, "%s%s",
			 vcpu->thread_gone ? "gone" :
			 vcpu->ran	   ? "unknown" :
					     "never ran",
			 in_use);
		return;
	}
	if (thread->on_cpu.known && thread->on_cpu.value && thread->cpu.known)
		snprintf(cpu, sizeof(cpu), " on CPU %" PRIu64, thread->cpu.value);
	snprintf(ret_text, size, "%d %s%s%s", thread->pid, thread->comm, cpu, in_use);
}

/* Behind the lanes if there is room, else on a line of its own. */
static void put_thread(const struct writer *writer, const struct xfdt_vcpu *vcpu, int gap)
{
	unsigned int column = LABEL + 2 * (writer->half + writer->hex + 2);
	char text[TEXT_MAX], escaped[TEXT_MAX];

	thread_text(vcpu, text, sizeof(text));
	xfdt_escape(text, escaped, sizeof(escaped));
	if (column + columns_of(escaped, strlen(escaped)) > writer->width) {
		fprintf(writer->out, "\n%*s", LABEL, "");
		column = LABEL;
	} else {
		fprintf(writer->out, "%*s", gap, "");
	}
	put_wrapped(writer, escaped, column, LABEL);
}

static void put_vcpu_label(const struct writer *writer, const struct xfdt_vcpu *vcpu,
			   const struct xfdt_vcpu_verdict *state)
{
	char label[40];

	if (vcpu->kvaddr)
		snprintf(label, sizeof(label), "vCPU %u", vcpu->id);
	else
		snprintf(label, sizeof(label), "state %" PRIu64, vcpu->index);
	fprintf(writer->out, "%s%-*s", state->faulting ? "> " : "  ", NAME_WIDTH, label);
	if (strlen(label) > NAME_WIDTH)
		fprintf(writer->out, "\n%*s", NAME_WIDTH + 2, "");
	fprintf(writer->out, " %s%-*s%s ", state_style(writer, state->state), STATE_WIDTH,
		xfdt_vcpu_state_name(state->state), writer->style->end);
}

static void put_why(const struct writer *writer, const struct xfdt_vcpu_verdict *state)
{
	char text[TEXT_MAX];

	if (writer->verbose)
		snprintf(text, sizeof(text), "%s (rule %s)", state->why, state->rule->id);
	put_wrapped(writer, writer->verbose ? text : state->why, LABEL, LABEL);
}

static void put_vcpu(const struct writer *writer, const struct xfdt_vcpu *vcpu,
		     const struct xfdt_vcpu_verdict *state)
{
	put_vcpu_label(writer, vcpu, state);
	if (!vcpu->state_known) {
		put_wrapped(writer, vcpu->error ? vcpu->error : "unreadable", LABEL, LABEL);
		return;
	}
	if (state->state == XFDT_VCPU_CONFIDENTIAL) {
		put_why(writer, state);
		return;
	}
	fprintf(writer->out, "%*s", put_half(writer, vcpu->header.xstate_bv, state->mismatch), "");
	put_thread(writer, vcpu, put_half(writer, vcpu->xfd, state->mismatch));
	if (state->mismatch)
		put_marks(writer, state->mismatch);
	if (state->state != XFDT_VCPU_OK) {
		fprintf(writer->out, "%*s%s", LABEL, "", writer->style->dim);
		put_why(writer, state);
		fputs(writer->style->end, writer->out);
	}
}

static void put_vm_line(const struct writer *writer, const struct xfdt_vm *vm)
{
	if (!vm->kvaddr) {
		fprintf(writer->out, "\n%sguest FPU states on no list of KVM's%s, %zu\n",
			writer->style->bold, writer->style->end, vm->vcpu_count);
		return;
	}
	fprintf(writer->out, "\n%sVM 0x%" PRIx64 "%s, ", writer->style->bold, vm->kvaddr,
		writer->style->end);
	if (vm->pid)
		fprintf(writer->out, "pid %d ", vm->pid);
	if (*vm->comm) {
		put_escaped(writer, vm->comm);
		fputs(", ", writer->out);
	}
	if (vm->maker_gone)
		fputs("(gone), ", writer->out);
	fprintf(writer->out, "%zu vCPU%s", vm->vcpu_count, vm->vcpu_count == 1 ? "" : "s");
	if (!vm->complete && vm->counted)
		fprintf(writer->out, " found of %" PRIu64, vm->online_vcpus);
	else if (!vm->complete)
		fputs(" found, perhaps not all", writer->out);
	if (vm->bugged.known && vm->bugged.value)
		fputs(", bugged: KVM gave this VM up", writer->out);
	fputs("\n", writer->out);
}

/* What put_vms() has shown so far. */
struct shown {
	bool ruler;
	size_t listed, hidden;	 /* vCPUs that are ok, of VMs that are shown */
	size_t ok_vms, ok_vcpus; /* those that are only counted */
};

static bool has_faulting(const struct xfdt_vm *vm, const struct xfdt_vcpu_verdict *states)
{
	size_t i;

	for (i = 0; i < vm->vcpu_count; i++)
		if (states[i].faulting)
			return true;
	return false;
}

/* A VM with nothing to report about it. */
static bool is_ok(const struct xfdt_vm *vm, const struct xfdt_vcpu_verdict *states)
{
	size_t i;

	if (!vm->kvaddr || !vm->complete || !vm->vcpu_count ||
	    (vm->bugged.known && vm->bugged.value) || has_faulting(vm, states))
		return false;
	for (i = 0; i < vm->vcpu_count; i++)
		if (states[i].state != XFDT_VCPU_OK)
			return false;
	return true;
}

static void put_vm(const struct writer *writer, const struct xfdt_vm *vm,
		   const struct xfdt_vcpu_verdict *states, struct shown *shown)
{
	bool heading = false;
	size_t i;

	for (i = 0; i < vm->vcpu_count; i++) {
		if (!writer->verbose && states[i].state == XFDT_VCPU_OK && !states[i].faulting &&
		    ++shown->listed > LISTED_MAX) {
			shown->hidden++;
			continue;
		}
		if (!heading)
			put_vm_line(writer, vm);
		if (!shown->ruler)
			put_ruler(writer);
		heading = shown->ruler = true;
		put_vcpu(writer, &vm->vcpus[i], &states[i]);
	}
	if (!vm->vcpu_count)
		put_vm_line(writer, vm);
}

/* The VM of the hit first. */
static void put_vms(const struct writer *writer)
{
	const struct xfdt_host *host = writer->report->host;
	const struct xfdt_vcpu_verdict *states;
	struct shown shown = { 0 };
	const struct xfdt_vm *vm;
	unsigned int pass;
	size_t i;

	for (pass = 0; pass < 2; pass++) {
		states = writer->report->verdict->vcpus;
		for (i = 0; (vm = xfdt_host_vm(host, i)); states += vm->vcpu_count, i++) {
			if (has_faulting(vm, states) != !pass)
				continue;
			if (writer->verbose || !is_ok(vm, states)) {
				put_vm(writer, vm, states, &shown);
				continue;
			}
			shown.ok_vms++;
			shown.ok_vcpus += vm->vcpu_count;
		}
	}
	if (shown.hidden)
		fprintf(writer->out, "\nand %zu more vCPUs that are ok (-v shows them)\n",
			shown.hidden);
	if (shown.ok_vms)
		fprintf(writer->out, "\n%zu%s VM%s, %zu vCPU%s: %sok%s (-v shows them)\n",
			shown.ok_vms, shown.ruler ? " other" : "", shown.ok_vms == 1 ? "" : "s",
			shown.ok_vcpus, shown.ok_vcpus == 1 ? "" : "s", writer->style->good,
			writer->style->end);
}

/* evidence */

static void put_group(const struct writer *writer, enum xfdt_field_group group,
		      const struct xfdt_row *row, const char *indent)
{
	size_t i;

	for (i = 0; i < xfdt_field_count; i++) {
		struct xfdt_cell cell;
		char text[TEXT_MAX];

		if (xfdt_fields[i].group != group)
			continue;
		cell = xfdt_fields[i].cell(row);
		if (cell.kind == XFDT_CELL_NONE)
			continue;
		xfdt_cell_format(&cell, text, sizeof(text));
		fprintf(writer->out, "%s%s%-24s%s", indent, writer->style->dim,
			xfdt_fields[i].heading, writer->style->end);
		put_wrapped(writer, text, strlen(indent) + 24, strlen(indent) + 24);
	}
}

static void put_evidence_group(const struct writer *writer, const char *heading,
			       enum xfdt_field_group group, const struct xfdt_row *row)
{
	fprintf(writer->out, "\n%s%s%s\n", writer->style->bold, heading, writer->style->end);
	put_group(writer, group, row, "  ");
}

static void put_events(const struct writer *writer)
{
	const struct xfdt_panic *panic = &writer->report->host->panic;
	size_t i;

	if (!panic->events.count)
		return;
	fprintf(writer->out, "\n%sin the log%s\n", writer->style->bold, writer->style->end);
	for (i = 0; i < panic->events.count; i++) {
		const struct xfdt_log_line *line = &panic->log.lines[panic->events.items[i].line];

		fprintf(writer->out, "  [%5" PRIu64 ".%06" PRIu64 "] ", line->nsec / 1000000000,
			line->nsec % 1000000000 / 1000);
		put_escaped(writer, line->text);
		fputs("\n", writer->out);
	}
}

static void put_trace(const struct writer *writer)
{
	const struct xfdt_panic *panic = &writer->report->host->panic;
	const char *lines[XFDT_TRACE_MAX];
	size_t count = xfdt_call_trace(&panic->log, &panic->events, lines, XFDT_TRACE_MAX), i;

	if (!count)
		return;
	fprintf(writer->out, "\n%scall trace%s\n", writer->style->bold, writer->style->end);
	for (i = 0; i < count; i++) {
		fputs("  ", writer->out);
		put_escaped(writer, lines[i]);
		fputs("\n", writer->out);
	}
}

static void put_command(void *context, const char *command)
{
	const struct writer *writer = context;

	fprintf(writer->out, "  crash> %s\n", command);
}

static void put_commands(struct writer *writer)
{
	fprintf(writer->out, "\n%scheck it by hand in crash(8)%s\n", writer->style->bold,
		writer->style->end);
	xfdt_render_commands(writer->report, put_command, writer);
}

static void put_panic(const struct writer *writer)
{
	const struct xfdt_host *host = writer->report->host;
	struct xfdt_row row = {
		.image = host->image,
		.host = host,
		.fault = xfdt_panic_fault(&host->panic),
	};

	put_evidence_group(writer, "panic", XFDT_GROUP_PANIC, &row);
	if (row.fault)
		put_evidence_group(writer, "fault", XFDT_GROUP_FAULT, &row);
	put_events(writer);
	put_trace(writer);
}

static void put_evidence(struct writer *writer)
{
	const struct xfdt_host *host = writer->report->host;
	struct xfdt_row row = { .image = host->image, .host = host };

	put_evidence_group(writer, "kernel", XFDT_GROUP_KERNEL, &row);
	put_panic(writer);
	if (!writer->report->facts->of_log)
		put_commands(writer);
}

static struct writer writer_of(const struct xfdt_outcome *report,
			       const struct xfdt_text_options *options, FILE *out)
{
	struct writer writer = {
		.report = report,
		.style = options->colour ? &coloured : &plain,
		.verbose = options->verbose,
		.width = options->width > WIDTH_MIN ? options->width : WIDTH_MIN,
		.lanes = find_lanes(report),
		.out = out,
	};

	set_lanes(&writer);
	return writer;
}

void xfdt_render_text(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
		      FILE *out)
{
	struct writer writer = writer_of(report, options, out);

	put_headline(&writer);
	put_advice(&writer);
	put_summary(&writer);
	put_reasons(&writer, "why", &report->verdict->why);
	put_log_lines(&writer);
	put_reasons(&writer, "looks like", &report->verdict->looks_like);
	put_reasons(&writer, "likely origin", &report->verdict->origins);
	put_all_gaps(&writer);
	put_vms(&writer);
	if (options->verbose)
		put_evidence(&writer);
}

void xfdt_render_answer(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
			FILE *out)
{
	struct writer writer = writer_of(report, options, out);

	put_headline(&writer);
	put_advice(&writer);
}

void xfdt_render_vms(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
		     FILE *out)
{
	struct writer writer = writer_of(report, options, out);

	writer.verbose = true;
	put_headline(&writer);
	put_advice(&writer);
	put_all_gaps(&writer);
	put_vms(&writer);
}

void xfdt_render_panic(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
		       FILE *out)
{
	struct writer writer = writer_of(report, options, out);

	put_headline(&writer);
	put_advice(&writer);
	put_reasons(&writer, "why", &report->verdict->why);
	put_reasons(&writer, "looks like", &report->verdict->looks_like);
	put_reasons(&writer, "likely origin", &report->verdict->origins);
	put_all_gaps(&writer);
	put_panic(&writer);
}

/* show */

static bool is_picked(const struct xfdt_text_options *options, const struct xfdt_vm *vm,
		      const struct xfdt_vcpu *vcpu)
{
	switch (options->pick) {
	case XFDT_PICK_ID:
		return vcpu->id == options->picked;
	case XFDT_PICK_KVADDR:
		return vm->kvaddr == options->picked || vcpu->kvaddr == options->picked;
	default:
		return true;
	}
}

static bool picks_any_of(const struct xfdt_text_options *options, const struct xfdt_vm *vm)
{
	size_t i;

	if (options->pick == XFDT_PICK_ALL ||
	    (options->pick == XFDT_PICK_KVADDR && vm->kvaddr == options->picked))
		return true;
	for (i = 0; i < vm->vcpu_count; i++)
		if (is_picked(options, vm, &vm->vcpus[i]))
			return true;
	return false;
}

bool xfdt_render_picks_any(const struct xfdt_outcome *report,
			   const struct xfdt_text_options *options)
{
	const struct xfdt_vm *vm;
	size_t i;

	for (i = 0; (vm = xfdt_host_vm(report->host, i)); i++)
		if (picks_any_of(options, vm))
			return true;
	return options->pick == XFDT_PICK_ALL;
}

static void put_components(const struct writer *writer, const struct xfdt_vcpu *vcpu)
{
	struct xfdt_component components[XFDT_COMPONENTS];
	size_t count = xfdt_xsave_components(&vcpu->header, vcpu->xfd,
					     &writer->report->host->xsave_layout, components),
	       i;
	const struct style *style = writer->style;

	fprintf(writer->out, "    %sXSAVE area, %s format%s\n", style->dim,
		vcpu->header.xcomp_bv & XFDT_XCOMP_BV_COMPACTED ? "compacted" : "standard",
		style->end);
	fprintf(writer->out,
		"      %s bit  component   XSTATE_BV  XCOMP_BV  XFD  offset  bytes%s\n", style->dim,
		style->end);
	for (i = 0; i < count; i++) {
		const struct xfdt_component *component = &components[i];
		bool clash = component->in_xstate_bv && component->in_xfd;

		fprintf(writer->out, "      %s%4u  %-10s  %-9s  %-8s  %-3s",
			clash ? style->bad : "", component->index, component->name,
			component->in_xstate_bv ? "1" : ".", component->in_xcomp_bv ? "1" : ".",
			component->in_xfd ? "1" : ".");
		if (component->size)
			fprintf(writer->out, "  %6u  %5u", component->offset, component->size);
		fprintf(writer->out, "%s%s\n", clash ? "  <- in both" : "",
			clash ? style->end : "");
	}
}

void xfdt_render_show(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
		      FILE *out)
{
	struct writer writer = writer_of(report, options, out);
	const struct xfdt_host *host = report->host;
	struct xfdt_row row = { .image = host->image, .host = host };
	const struct xfdt_vcpu_verdict *state = report->verdict->vcpus;
	size_t i, j;

	put_headline(&writer);
	put_advice(&writer);
	put_summary(&writer);
	put_all_gaps(&writer);
	for (i = 0; (row.vm = xfdt_host_vm(host, i)); i++) {
		if (picks_any_of(options, row.vm))
			put_vm_line(&writer, row.vm);
		for (j = 0; j < row.vm->vcpu_count; j++) {
			row.vcpu = &row.vm->vcpus[j];
			row.state = state++;
			if (!is_picked(options, row.vm, row.vcpu))
				continue;
			fputs("\n", out);
			put_group(&writer, XFDT_GROUP_VCPU, &row, "    ");
			if (row.vcpu->thread.known) {
				fprintf(out, "    %sthread%s\n", writer.style->bold,
					writer.style->end);
				put_group(&writer, XFDT_GROUP_THREAD, &row, "      ");
			}
			if (row.vcpu->state_known && !row.vcpu->is_confidential)
				put_components(&writer, row.vcpu);
		}
	}
}
