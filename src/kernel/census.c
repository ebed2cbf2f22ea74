/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The census of guest FPU states (Linux: arch/x86/kernel/fpu/core.c, xstate.c). */
#include "kernel/census.h"
#include "base/util.h"
#include "image/page_tables.h"
#include "kernel/census_note.h"
#include "kernel/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATES_MAX XFDT_VCPUS_MAX
#define LOOKS_MAX (STATES_MAX + 16384u) /* first pages of runs that are read */
#define SIZE_MIN XFDT_XSAVE_EXTENDED_OFFSET
#define SIZE_MAX_STATE (1u << 20)
#define SIZE_WITH_TILES (SIZE_MIN + 8192u) /* at the least: struct xtile_data */
/* AMX makes it 3; kernel stacks have 4 at the least */
#define PAGES_ALWAYS 3u
#define HEAD_MAX 512u /* bytes of struct fpstate before its regs */

/* struct fpstate from v5.16 to v7.3, where types are unknown (Linux: arch/x86/include/asm/fpu/types.h) */
static const struct {
	enum xfdt_member_id id;
	struct xfdt_member member;
} known_layout[] = {
	{ XFDT_M_fpstate_size, { true, 0, 4, 0, 0 } },
	{ XFDT_M_fpstate_user_size, { true, 4, 4, 0, 0 } },
	{ XFDT_M_fpstate_xfeatures, { true, 8, 8, 0, 0 } },
	{ XFDT_M_fpstate_user_xfeatures, { true, 16, 8, 0, 0 } },
	{ XFDT_M_fpstate_xfd, { true, 24, 8, 0, 0 } },
	{ XFDT_M_fpstate_is_valloc, { true, 32, 1, 0, 1 } },
	{ XFDT_M_fpstate_is_guest, { true, 32, 1, 1, 1 } },
	{ XFDT_M_fpstate_is_confidential, { true, 32, 1, 2, 1 } },
	{ XFDT_M_fpstate_in_use, { true, 32, 1, 3, 1 } },
	{ XFDT_M_fpstate_regs, { true, 64, 4096, 0, 0 } },
};
#define MEMBERS (sizeof(known_layout) / sizeof(known_layout[0]))
#define KNOWN_FLAGS 32	      /* where that layout has the word of bit fields, */
#define KNOWN_FLAGS_END 0x10u /* and what it is below */

static const char by_types[] = "types";
static const char by_known_layout[] = "the layout of v5.16 to v7.3";

struct taking {
	struct xfdt_census *census;
	struct xfdt_image view; /* the image, with the layout of struct fpstate */
	uint32_t regs;		/* offsetof(struct fpstate, regs) */
	uint64_t pages_max;	/* of a state */
	bool embedded;		/* the dump has a census, whose states are read again */
	size_t unreadable;	/* first pages that may be a state's */
	struct xfdt_error *why; /* why the first of them could not be read */
	bool limited;
};

/* the layout of struct fpstate */

static bool has_types(const struct xfdt_image *image)
{
	size_t i;

	for (i = 0; i < MEMBERS; i++)
		if (!xfdt_has_member(image, known_layout[i].id))
			return false;
	return true;
}

/* Do all members lie before regs, and regs with its header in the first page? */
static bool is_usable(const struct xfdt_image *image)
{
	uint32_t regs = image->layout.members[XFDT_M_fpstate_regs].offset;
	size_t i;

	for (i = 0; i < MEMBERS; i++) {
		const struct xfdt_member *member = &image->layout.members[known_layout[i].id];

		if (known_layout[i].id != XFDT_M_fpstate_regs &&
		    (member->offset > regs || member->size > regs - member->offset))
			return false;
	}
	return regs <= HEAD_MAX;
}

static void use_known_layout(struct xfdt_layout *layout)
{
	size_t i;

	for (i = 0; i < MEMBERS; i++)
		layout->members[known_layout[i].id] = known_layout[i].member;
}

/* Find the layout.  Returns why there is none, or NULL. */
static const char *choose_layout(struct taking *taking, const struct xfdt_image *image)
{
	taking->view = *image;
	if (has_types(image)) {
		taking->census->layout = by_types;
	} else if (xfdt_has_member(image, XFDT_M_task_thread) &&
		   !xfdt_has_struct(image, XFDT_T_fpstate)) {
		/* before v5.16 */
		return "the kernel's types have no struct fpstate";
	} else {
		use_known_layout(&taking->view.layout);
		taking->census->layout = by_known_layout;
	}
	if (!is_usable(&taking->view))
		return "the layout of struct fpstate makes no sense";
	taking->regs = taking->view.layout.members[XFDT_M_fpstate_regs].offset;
	return NULL;
}

static uint64_t pages_of(const struct taking *taking, uint64_t size)
{
	return (taking->regs + size + XFDT_PAGE_SIZE - 1) / XFDT_PAGE_SIZE;
}

/* No guest has a larger state than the host: fpu_kernel_cfg.max_size. */
static void bound_pages(struct taking *taking)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(&taking->view, XFDT_S_fpu_kernel_cfg);
	struct xfdt_error *err;
	uint64_t size;

	taking->pages_max = pages_of(taking, SIZE_MAX_STATE);
	if (!symbol)
		return;
	err = xfdt_read_member(&taking->view, symbol->kvaddr, XFDT_M_fpu_state_config_max_size,
			       &size);
	if (!err && size >= SIZE_MIN && size <= SIZE_MAX_STATE)
		taking->pages_max = pages_of(taking, size);
	if (taking->pages_max < PAGES_ALWAYS)
		taking->pages_max = PAGES_ALWAYS;
	xfdt_error_free(err);
}

/* one run */

static uint64_t value_of(const struct taking *taking, const uint8_t *head, enum xfdt_member_id id)
{
	uint64_t value = 0;

	xfdt_member_value(&taking->view, head, taking->regs, id, &value);
	return value;
}

static bool is_size(uint64_t size)
{
	return size >= SIZE_MIN && size <= SIZE_MAX_STATE;
}

/* Where no types say that this is the layout, every member of it has to fit. */
static bool fits_known_layout(const uint8_t *head, const struct xfdt_guest_state *state)
{
	uint32_t flags;

	memcpy(&flags, head + KNOWN_FLAGS, sizeof(flags));
	return flags < KNOWN_FLAGS_END && xfdt_xfeatures_are_possible(state->user_xfeatures) &&
	       !(state->user_xfeatures & ~state->xfeatures);
}

static bool is_guest_state(const struct taking *taking, const struct xfdt_page_run *run,
			   const uint8_t *head, struct xfdt_guest_state *ret_state)
{
	struct xfdt_guest_state state = {
		.fpstate = run->kvaddr,
		.paddr = run->paddr,
		.pages = (uint32_t)run->pages,
		.size = (uint32_t)value_of(taking, head, XFDT_M_fpstate_size),
		.user_size = (uint32_t)value_of(taking, head, XFDT_M_fpstate_user_size),
		.xfeatures = value_of(taking, head, XFDT_M_fpstate_xfeatures),
		.user_xfeatures = value_of(taking, head, XFDT_M_fpstate_user_xfeatures),
		.xfd = value_of(taking, head, XFDT_M_fpstate_xfd),
		.in_use = value_of(taking, head, XFDT_M_fpstate_in_use),
		.is_confidential = value_of(taking, head, XFDT_M_fpstate_is_confidential),
	};
	uint64_t pages = pages_of(taking, state.size);

	*ret_state = state;
	return value_of(taking, head, XFDT_M_fpstate_is_valloc) &&
	       value_of(taking, head, XFDT_M_fpstate_is_guest) && is_size(state.size) &&
	       is_size(state.user_size) && xfdt_xfeatures_are_possible(state.xfeatures) &&
	       (run->cut ? run->pages <= pages : run->pages == pages) &&
	       (taking->census->layout == by_types || fits_known_layout(head, &state));
}

static struct xfdt_error *add_state(struct taking *taking, const struct xfdt_guest_state *state)
{
	struct xfdt_census *census = taking->census;
	struct xfdt_guest_state *states;

	if (census->count == STATES_MAX) {
		taking->limited = true;
		return NULL;
	}
	if (!(census->count & (census->count - 1))) {
		/* the count is 0 or a power of two: double */
		states = realloc(census->states,
				 (census->count ? 2 * census->count : 1) * sizeof(*states));
		if (!states)
			return xfdt_error_new(XFDT_NO_MEMORY, 0,
					      "out of memory for guest FPU states");
		census->states = states;
	}
	census->states[census->count++] = *state;
	return NULL;
}

/*
 * The first page of @run cannot be read.  A page of a device or of kdump's reserved memory is not a state, and a
 * state without room for XTILEDATA cannot have the mismatch.
 */
static struct xfdt_error *note_unreadable(struct taking *taking, const struct xfdt_page_run *run,
					  struct xfdt_error *err)
{
	if (xfdt_error_code(err) == XFDT_NO_MEMORY)
		return err;
	if ((xfdt_error_code(err) == XFDT_NOT_RAM && !run->behind_memory) ||
	    run->pages < pages_of(taking, SIZE_WITH_TILES)) {
		xfdt_error_free(err);
		return NULL;
	}
	taking->unreadable++;
	taking->why = xfdt_error_first(taking->why, err);
	return NULL;
}

/* Read by paddr, since there is no list yet; read by kvaddr if the dump's own census lists it, so that distill keeps it. */
static struct xfdt_error *read_run(const struct taking *taking, const struct xfdt_page_run *run,
				   uint32_t offset, void *buf, size_t len)
{
	struct xfdt_reader *reader = taking->view.reader;

	if (taking->embedded)
		return xfdt_read_for(&taking->view, XFDT_FOR_VCPUS, run->kvaddr + offset, buf, len);
	return xfdt_reader_read_physical(reader, run->paddr + offset, buf, len);
}

/* Read the run; @ret_found is false if it is not a guest's state. */
static struct xfdt_error *read_state(const struct taking *taking, const struct xfdt_page_run *run,
				     struct xfdt_guest_state *ret_state, bool *ret_found)
{
	uint8_t head[HEAD_MAX], header[XFDT_XSAVE_HEADER_SIZE];
	struct xfdt_guest_state state;
	struct xfdt_error *err;

	*ret_found = false;
	err = read_run(taking, run, 0, head, taking->regs);
	if (err || !is_guest_state(taking, run, head, &state))
		return err;
	err = read_run(taking, run, taking->regs + XFDT_XSAVE_HEADER_OFFSET, header,
		       sizeof(header));
	if (err)
		return err;
	xfdt_xsave_header_decode(header, &state.header);
	*ret_state = state;
	*ret_found = true;
	return NULL;
}

static struct xfdt_error *visit_run(void *context, const struct xfdt_page_run *run)
{
	struct taking *taking = context;
	struct xfdt_guest_state state;
	struct xfdt_error *err;
	bool found;

	taking->census->runs_seen++;
	if (run->pages > taking->pages_max)
		return NULL;
	if (taking->census->pages_looked_at == LOOKS_MAX) {
		taking->limited = true;
		return NULL;
	}
	taking->census->pages_looked_at++;
	err = read_state(taking, run, &state, &found);
	if (err)
		return note_unreadable(taking, run, err);
	return found ? add_state(taking, &state) : NULL;
}

/* all of it */

static struct xfdt_error *cannot(struct xfdt_census *census, const char *why)
{
	snprintf(census->why, sizeof(census->why), "%s", why);
	return NULL;
}

/* Why the census is not complete; the worst first. */
static void say_why(const struct taking *taking, const struct xfdt_page_tables *tables)
{
	struct xfdt_census *census = taking->census;
	char *why = census->why;
	size_t size = sizeof(census->why);

	if (tables->unreadable)
		snprintf(why, size, "%zu page table%s cannot be read: %s", tables->unreadable,
			 tables->unreadable == 1 ? "" : "s", xfdt_error_message(tables->why));
	else if (tables->damaged)
		snprintf(why, size, "the kernel's page tables for vmalloc are damaged");
	else if (taking->unreadable)
		snprintf(why, size, "%zu page%s that may be a state's cannot be read: %s",
			 taking->unreadable, taking->unreadable == 1 ? "" : "s",
			 xfdt_error_message(taking->why));
	else if (tables->limited || taking->limited)
		snprintf(why, size, "vmalloc's range has more in it than is looked at");
	else if (!census->count && census->layout == by_known_layout)
		snprintf(why, size,
			 "no types are known, and no state was found that confirms %s of struct fpstate",
			 by_known_layout);
	census->complete = !*why;
}

static struct xfdt_error *walk(struct taking *taking, struct xfdt_page_tables *tables)
{
	struct xfdt_census *census = taking->census;
	struct xfdt_error *err;
	uint64_t from, to;

	err = xfdt_page_tables_vmalloc(tables, &from, &to);
	if (err && xfdt_error_code(err) != XFDT_NO_MEMORY) {
		cannot(census, xfdt_error_message(err));
		xfdt_error_free(err);
		return NULL;
	}
	if (!err)
		err = xfdt_page_tables_walk(tables, from, to, visit_run, taking);
	if (err)
		return err;
	census->known = true;
	census->damaged = tables->damaged;
	census->tables_read = tables->read;
	say_why(taking, tables);
	return NULL;
}

static struct xfdt_error *take(struct taking *taking)
{
	const struct xfdt_image *image = &taking->view;
	struct xfdt_page_tables tables;
	struct xfdt_page_root root;
	enum xfdt_purpose before;
	struct xfdt_error *err;

	if (!image->reader->read_physical)
		return cannot(taking->census, "physical memory cannot be read");
	if (!xfdt_page_root_find(&image->vmcoreinfo, &root))
		return cannot(taking->census, "VMCOREINFO does not give the kernel's page tables");
	bound_pages(taking);
	before = xfdt_set_purpose(image, XFDT_FOR_SEARCH);
	xfdt_page_tables_init(&tables, image->reader, &root);
	err = walk(taking, &tables);
	xfdt_set_purpose(image, before);
	xfdt_page_tables_deinit(&tables);
	return err;
}

static int by_paddr(const void *a, const void *b)
{
	const struct xfdt_guest_state *const *x = a, *const *y = b;

	return (*x)->paddr < (*y)->paddr ? -1 : (*x)->paddr > (*y)->paddr;
}

/*
 * vmalloc() maps each of its pages once.  Where two states have one page, an entry of the page tables is damaged, and
 * the state that it should lead to is not known.
 */
static struct xfdt_error *find_doubles(struct xfdt_census *census)
{
	struct xfdt_guest_state **sorted = calloc(census->count + 1, sizeof(*sorted));
	size_t i;

	if (!sorted)
		return xfdt_no_memory("guest states");
	for (i = 0; i < census->count; i++)
		sorted[i] = &census->states[i];
	qsort(sorted, census->count, sizeof(*sorted), by_paddr);
	for (i = 1; i < census->count; i++) {
		if (!sorted[i]->paddr || sorted[i]->paddr != sorted[i - 1]->paddr)
			continue;
		sorted[i]->doubled = sorted[i - 1]->doubled = true;
		census->complete = false;
		census->damaged = true;
		snprintf(census->why, sizeof(census->why),
			 "the guest FPU states at %#llx and %#llx are one page of memory",
			 ull(sorted[i - 1]->fpstate), ull(sorted[i]->fpstate));
	}
	free(sorted);
	return NULL;
}

/* Read the states in the embedded census again; drop those that are not there. */
static struct xfdt_error *reread(struct taking *taking)
{
	const struct xfdt_image *image = &taking->view;
	struct xfdt_census *census = taking->census;
	struct xfdt_page_root root;
	const bool has_tables = image->reader->read_physical &&
				xfdt_page_root_find(&image->vmcoreinfo, &root);
	size_t kept = 0, i;

	for (i = 0; i < census->count; i++) {
		struct xfdt_page_run run = {
			.kvaddr = census->states[i].fpstate,
			.pages = census->states[i].pages,
		};
		struct xfdt_error *err;
		bool found;

		if (has_tables)
			xfdt_page_root_translate(&root, image->reader, run.kvaddr, &run.paddr);
		err = read_state(taking, &run, &census->states[kept], &found);
		if (err && xfdt_error_code(err) == XFDT_NO_MEMORY)
			return err;
		xfdt_error_free(err);
		kept += found;
	}
	if (kept < census->count) {
		snprintf(census->why, sizeof(census->why),
			 "%zu of the states that the dump's own census lists are not in it",
			 census->count - kept);
		census->complete = false;
	}
	census->count = kept;
	return NULL;
}

/* Take the census embedded in the dump. */
static struct xfdt_error *take_embedded(struct taking *taking)
{
	const struct xfdt_image *image = &taking->view;
	const char *layout = taking->census->layout;
	struct xfdt_error *err;

	err = xfdt_census_parse(image->census, image->census_len, taking->census);
	taking->census->layout = layout;
	taking->embedded = true;
	if (!err)
		return reread(taking);
	if (xfdt_error_code(err) == XFDT_NO_MEMORY)
		return err;
	cannot(taking->census, xfdt_error_message(err));
	xfdt_error_free(err);
	return NULL;
}

struct xfdt_error *xfdt_census_init(struct xfdt_census *census, const struct xfdt_image *image)
{
	struct taking taking = { .census = census };
	struct xfdt_error *err;
	const char *why;

	memset(census, 0, sizeof(*census));
	why = choose_layout(&taking, image);
	if (why)
		err = cannot(census, why);
	else if (image->census)
		err = take_embedded(&taking);
	else if (image->embedded)
		err = cannot(census, XFDT_OUTDATED);
	else
		err = take(&taking);
	if (!err && census->known)
		err = find_doubles(census);
	xfdt_error_free(taking.why);
	if (err)
		xfdt_census_deinit(census);
	return err;
}

void xfdt_census_deinit(struct xfdt_census *census)
{
	free(census->states);
	memset(census, 0, sizeof(*census));
}

void xfdt_census_complete(const struct xfdt_census *census, struct xfdt_layout *layout)
{
	if (census->layout == by_known_layout && census->count && !layout->structs[XFDT_T_fpstate])
		use_known_layout(layout);
}

static int compare_states(const void *a, const void *b)
{
	const struct xfdt_guest_state *x = a, *y = b;

	return x->fpstate < y->fpstate ? -1 : x->fpstate > y->fpstate;
}

const struct xfdt_guest_state *xfdt_census_find(const struct xfdt_census *census, uint64_t fpstate)
{
	const struct xfdt_guest_state key = { .fpstate = fpstate };

	return census->count ?
		       bsearch(&key, census->states, census->count, sizeof(key), compare_states) :
		       NULL;
}
