/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz the whole way from memory to a report.  The input is a list of changes
 * to the memory of tests/kernel.c: segment, offset (2 bytes), length, bytes.
 * tests/fuzz/seeds_host.c writes seeds of that form.
 */
#include "fuzz/fuzz.h"
#include "resolve/resolve.h"
#include "kernel.h"
#include "kernel/host.h"
#include "render/render.h"
#include "verdict/verdict.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#define READS_MAX 3000000u /* the unchanged kernel takes a few hundred */
#define REPORTED_MAX 1024u /* reports on more vCPUs take long, and only that */
#define REPORTED_STEP 8	   /* of inputs that are reported on, by their size */

struct pristine {
	struct kernel kernel;
	struct xfdt_image image;
	uint8_t *copies[MEMORY_SEGMENTS];
	bool changed[MEMORY_SEGMENTS + 1]; /* the last: the note */
};

static struct pristine *pristine(void)
{
	static struct pristine *made;
	size_t i;

	if (made)
		return made;
	made = calloc(1, sizeof(*made));
	kernel_init(&made->kernel);
	xfdt_image_init(&made->image, &made->kernel.source, NULL);
	for (i = 0; i < made->kernel.memory.count; i++) {
		const struct memory_segment *segment = &made->kernel.memory.segments[i];

		made->copies[i] = malloc(segment->len);
		memcpy(made->copies[i], segment->bytes, segment->len);
	}
	return made;
}

/* The note's registers are the last "segment", behind those of memory. */
static void change(struct pristine *base, const uint8_t *data, size_t size)
{
	struct kernel *kernel = &base->kernel;
	struct memory *memory = &kernel->memory;

	while (size >= 4) {
		size_t number = data[0] % (memory->count + 1), len = data[3], room;
		size_t offset = data[1] | (size_t)data[2] << 8;
		uint8_t *bytes;

		bytes = number < memory->count ? memory->segments[number].bytes :
						 (uint8_t *)&kernel->notes[0];
		room = number < memory->count ? memory->segments[number].len :
						sizeof(kernel->notes[0]);
		base->changed[number] = true;
		offset %= room;
		data += 4;
		size -= 4;
		if (len > size)
			len = size;
		memcpy(bytes + offset, data, len < room - offset ? len : room - offset);
		data += len;
		size -= len;
	}
}

/* A stream whose memory is kept for the next report: to map it for each took a tenth of the time. */
struct page {
	FILE *out;
	char *text;
	size_t len;
};

static FILE *start_page(struct page *page)
{
	if (!page->out)
		page->out = open_memstream(&page->text, &page->len);
	rewind(page->out);
	return page->out;
}

static const char *end_page(struct page *page)
{
	fputc('\0', page->out);
	fflush(page->out);
	return page->text;
}

static void check_reports(const struct xfdt_host *host, const struct xfdt_facts *facts,
			  const struct xfdt_verdict *verdict)
{
	struct xfdt_outcome report = {
		.path = "fuzz",
		.format = "fuzz",
		.host = host,
		.facts = facts,
		.verdict = verdict,
	};
	struct xfdt_text_options options = { .verbose = true };
	struct json_object *root;
	static struct page page;

	FUZZ_CHECK(!xfdt_render_json(&report, start_page(&page)));
	root = json_tokener_parse(end_page(&page));
	FUZZ_CHECK(root);
	json_object_put(root);
	xfdt_render_text(&report, &options, start_page(&page));
	xfdt_render_show(&report, &options, page.out);
}

/* Judge @host, which the input may have made of anything. */
static void check_host(const struct xfdt_host *host, bool reported)
{
	struct xfdt_verdict verdict;
	struct xfdt_facts facts;

	FUZZ_CHECK(host->vm_count <= XFDT_VMS_MAX);
	if (!xfdt_facts_init(&facts, host)) {
		if (!xfdt_verdict_init(&verdict, &facts)) {
			/* no word of guilt without the fault and the state that prove it */
			if (verdict.kind == XFDT_CONFIRMED)
				FUZZ_CHECK(xfdt_panic_fault(&host->panic)->decoded &&
					   xfdt_panic_fault(&host->panic)->fpstate.intact_guest);
			if (reported && host->vcpu_count <= REPORTED_MAX)
				check_reports(host, &facts, &verdict);
			xfdt_verdict_deinit(&verdict);
		}
	}
	xfdt_facts_deinit(&facts);
}

static void restore(struct pristine *base, const struct xfdt_cpu_note *note)
{
	size_t i;

	for (i = 0; i < base->kernel.memory.count; i++)
		if (base->changed[i])
			memcpy(base->kernel.memory.segments[i].bytes, base->copies[i],
			       base->kernel.memory.segments[i].len);
	memset(base->changed, 0, sizeof(base->changed));
	base->kernel.notes[0] = *note;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pristine *base = pristine();
	struct kernel *kernel = &base->kernel;
	struct xfdt_cpu_note note = kernel->notes[0];
	struct xfdt_host host;

	change(base, data, size);
	kernel->memory.reads = 0;
	kernel->memory.reader.cost = (struct xfdt_cost){ 0 };
	if (!xfdt_host_init(&host, &base->image)) {
		check_host(&host, size % REPORTED_STEP == 0);
		xfdt_host_deinit(&host);
	}
	FUZZ_CHECK(kernel->memory.reads < READS_MAX);
	restore(base, &note);
	return 0;
}
