/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report for people. */
#include "render/fields.h"
#include "kernel/oops_log.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_MAX 1024
#define LANES_MIN 19  /* up to XTILEDATA */
#define LISTED_MAX 32 /* vCPUs that are ok, before they are only counted */
#define LABEL 24      /* what put_vcpu() prints before the lanes */
#define WIDTH_MIN 80
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
	unsigned int width, lanes;
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

/*
 * The words of @text, which is untrusted, from @column on and then below @indent, to the end of
 * the line.  A word that is longer than a line stays whole.
 */
static void put_wrapped(const struct writer *writer, const char *text, size_t column, size_t indent)
{
	char escaped[TEXT_MAX];
	const char *word = escaped;
	bool first = true;

	xfdt_escape(text, escaped, sizeof(escaped));
	while (*word) {
		size_t len = strcspn(word, " "), columns = columns_of(word, len);

		if (!first && column + 1 + columns > writer->width) {
			fprintf(writer->out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', writer->out);
			column++;
		}
		fwrite(word, 1, len, writer->out);
		column += columns;
		first = false;
		word += len;
		word += strspn(word, " ");
	}
	fputs("\n", writer->out);
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

static void put_reasons(const struct writer *writer, const char *heading,
			const struct xfdt_reasons *reasons)
{
	size_t i;

	if (!reasons->count)
		return;
	fprintf(writer->out, "\n%s%s%s\n", writer->style->bold, heading, writer->style->end);
	for (i = 0; i < reasons->count; i++)
		put_item(writer, reasons->items[i].text);
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
	char text[TEXT_MAX];

	fputs("\n", writer->out);
	snprintf(text, sizeof(text), "%s (%s)", report->path, report->format);
	put_labelled(writer, "dump", text);
	put_kernel(writer);
	if (!xfdt_is_x86_64(image))
		return;
	if (xfdt_route_name(report->verdict->route))
		put_labelled(writer, "route", xfdt_route_name(report->verdict->route));
	if (host->panic.task) {
		snprintf(text, sizeof(text), "CPU %" PRIu64 ", pid %d %s", host->panic.cpu.value,
			 host->panic.pid, host->panic.comm);
		put_labelled(writer, "panic", text);
	}
	snprintf(text, sizeof(text), "symbols from %s, types from %s%s", image->symbol_source,
		 image->type_source,
		 image->embedded ? " (both by the note of a distilled dump)" : "");
	put_labelled(writer, "sources", text);
}

static void put_gaps(const struct writer *writer, const struct xfdt_gaps *gaps, bool *heading)
{
	char text[TEXT_MAX];
	size_t i;

	for (i = 0; i < gaps->count; i++) {
		if (!*heading)
			fprintf(writer->out, "\n%smissing%s\n", writer->style->bold,
				writer->style->end);
		*heading = true;
		snprintf(text, sizeof(text), "%s: %s", gaps->items[i].what, gaps->items[i].why);
		put_item(writer, text);
		if (!gaps->items[i].remedy)
			continue;
		fputs("    what to do: ", writer->out);
		put_wrapped(writer, gaps->items[i].remedy, 16, 4);
	}
}

/* Nothing is missing where the bug is impossible. */
static void put_all_gaps(const struct writer *writer)
{
	const struct xfdt_host *host = writer->report->host;
	bool heading = false;

	if (writer->report->verdict->kind == XFDT_NOT_APPLICABLE && !writer->verbose)
		return;
	put_gaps(writer, &host->image->gaps, &heading);
	put_gaps(writer, &host->gaps, &heading);
}

/* the lanes */

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

static unsigned int count_lanes(const struct xfdt_outcome *report)
{
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;
	uint64_t all = 0;

	while ((vcpu = xfdt_next_vcpu(report->host, &at)))
		all |= vcpu->header.xstate_bv | vcpu->xfd;
	all &= ~(1ull << 63);
	if (all >> LANES_MIN)
		return 64 - (unsigned int)__builtin_clzll(all);
	return LANES_MIN;
}

static void put_ruler(const struct writer *writer)
{
	unsigned int half, i;

	fprintf(writer->out, "%s%*s", writer->style->dim, LABEL, "");
	for (half = 0; half < 2; half++)
		fprintf(writer->out, "%-*s  ", (int)writer->lanes + 12, half ? "XFD" : "XSTATE_BV");
	fprintf(writer->out, "thread\n%*s", LABEL, "");
	for (half = 0; half < 2; half++) {
		for (i = 0; i < writer->lanes; i++)
			fputc(i % 10 ? ' ' : '0' + (int)(i / 10), writer->out);
		fprintf(writer->out, "%*s", 14, "");
	}
	fprintf(writer->out, "\n%*s", LABEL, "");
	for (half = 0; half < 2; half++) {
		for (i = 0; i < writer->lanes; i++)
			fputc('0' + (int)(i % 10), writer->out);
		fprintf(writer->out, "%*s", half ? 0 : 14, "");
	}
	fprintf(writer->out, "%s\n", writer->style->end);
}

static void put_lane(const struct writer *writer, uint64_t bits, uint64_t marked)
{
	char number[24];
	unsigned int i;

	for (i = 0; i < writer->lanes; i++) {
		uint64_t bit = 1ull << i;

		if (marked & bit)
			fprintf(writer->out, "%s#%s", writer->style->bad, writer->style->end);
		else
			fputc(bits & bit ? '#' : '.', writer->out);
	}
	snprintf(number, sizeof(number), "0x%" PRIx64, bits);
	fprintf(writer->out, "  %-12s", number);
}

static void put_marks(const struct writer *writer, uint64_t mismatch)
{
	unsigned int half, i, last = 63 - (unsigned int)__builtin_clzll(mismatch);

	fprintf(writer->out, "%*s%s", LABEL, "", writer->style->bad);
	for (half = 0; half < 2; half++) {
		for (i = 0; i <= (half ? last : writer->lanes - 1); i++)
			fputc(mismatch >> i & 1 ? '^' : ' ', writer->out);
		fprintf(writer->out, "%*s", half ? 0 : 14, "");
	}
	for (i = 0; i < 64; i++)
		if (mismatch >> i & 1)
			fprintf(writer->out, " %u %s", i, xfdt_xfeature_name(i));
	fprintf(writer->out, " in both%s\n", writer->style->end);
}

static void put_thread(const struct writer *writer, const struct xfdt_vcpu *vcpu)
{
	const struct xfdt_thread *thread = &vcpu->thread;

	if (thread->known) {
		fprintf(writer->out, "%d ", thread->pid);
		put_escaped(writer, thread->comm);
		if (thread->on_cpu.known && thread->on_cpu.value && thread->cpu.known)
			fprintf(writer->out, " on CPU %" PRIu64, thread->cpu.value);
	} else {
		fputs(vcpu->thread_gone ? "gone" :
		      vcpu->ran		? "unknown" :
					  "never ran",
		      writer->out);
	}
	if (vcpu->state_known && vcpu->in_use)
		fputs(", in use", writer->out);
}

static void put_vcpu(const struct writer *writer, const struct xfdt_vcpu *vcpu,
		     const struct xfdt_vcpu_verdict *state)
{
	char label[40];

	if (vcpu->kvaddr)
		snprintf(label, sizeof(label), "vCPU %u", vcpu->id);
	else
		snprintf(label, sizeof(label), "state %" PRIu64, vcpu->index);
	fprintf(writer->out, "%s%-10s%s%-11s%s ", state->culprit ? "> " : "  ", label,
		state_style(writer, state->state),
		state->state == XFDT_VCPU_INDETERMINATE ? "indetermin." :
							  xfdt_vcpu_state_name(state->state),
		writer->style->end);
	if (!vcpu->state_known) {
		put_escaped(writer, vcpu->error ? vcpu->error : "unreadable");
		fputs("\n", writer->out);
		return;
	}
	if (state->state == XFDT_VCPU_CONFIDENTIAL) {
		fprintf(writer->out, "%s\n", state->why);
		return;
	}
	put_lane(writer, vcpu->header.xstate_bv, state->mismatch);
	put_lane(writer, vcpu->xfd, state->mismatch);
	put_thread(writer, vcpu);
	fputs("\n", writer->out);
	if (state->mismatch)
		put_marks(writer, state->mismatch);
	if (state->state != XFDT_VCPU_OK)
		fprintf(writer->out, "%*s%s%s%s\n", LABEL, "", writer->style->dim, state->why,
			writer->style->end);
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
	fprintf(writer->out, "%zu vCPU%s", vm->vcpu_count, vm->vcpu_count == 1 ? "" : "s");
	if (!vm->complete)
		fprintf(writer->out, " found of %" PRIu64, vm->online_vcpus);
	if (vm->bugged.known && vm->bugged.value)
		fputs(", bugged: KVM gave this VM up", writer->out);
	fputs("\n", writer->out);
}

static void put_vms(const struct writer *writer)
{
	const struct xfdt_verdict *verdict = writer->report->verdict;
	const struct xfdt_host *host = writer->report->host;
	const struct xfdt_vcpu_verdict *state = verdict->vcpus;
	size_t i, j, listed = 0, hidden = 0;
	const struct xfdt_vm *vm;

	for (i = 0; (vm = xfdt_host_vm(host, i)); i++) {
		bool heading = false;

		for (j = 0; j < vm->vcpu_count; j++, state++) {
			if (!writer->verbose && state->state == XFDT_VCPU_OK && !state->culprit &&
			    ++listed > LISTED_MAX) {
				hidden++;
				continue;
			}
			if (!heading) {
				put_vm_line(writer, vm);
				put_ruler(writer);
			}
			heading = true;
			put_vcpu(writer, &vm->vcpus[j], state);
		}
		if (!vm->vcpu_count)
			put_vm_line(writer, vm);
	}
	if (hidden)
		fprintf(writer->out, "\nand %zu more vCPUs that are ok (-v shows them)\n", hidden);
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
		fprintf(writer->out, "%s%s%-24s%s%s\n", indent, writer->style->dim,
			xfdt_fields[i].heading, writer->style->end, text);
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
	put_commands(writer);
}

static struct writer writer_of(const struct xfdt_outcome *report,
			       const struct xfdt_text_options *options, FILE *out)
{
	return (struct writer){
		.report = report,
		.style = options->colour ? &coloured : &plain,
		.verbose = options->verbose,
		.width = options->width > WIDTH_MIN ? options->width : WIDTH_MIN,
		.lanes = count_lanes(report),
		.out = out,
	};
}

void xfdt_render_text(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
		      FILE *out)
{
	struct writer writer = writer_of(report, options, out);

	put_headline(&writer);
	put_advice(&writer);
	put_summary(&writer);
	put_reasons(&writer, "why", &report->verdict->why);
	put_reasons(&writer, "looks like", &report->verdict->looks_like);
	put_reasons(&writer, "likely origin", &report->verdict->origins);
	put_all_gaps(&writer);
	put_vms(&writer);
	if (options->verbose)
		put_evidence(&writer);
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
