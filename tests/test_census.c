/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The census of guest FPU states, on the hand-made kernel. */
#include "unit.h"
#include "kernel.h"
#include "kernel/census_note.h"
#include "resolve/resolve.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

struct fixture {
	struct kernel kernel;
	struct xfdt_image image;
	struct xfdt_census census;
};

static void setup_as(struct fixture *fixture, const struct kernel_layout *layout)
{
	memset(fixture, 0, sizeof(*fixture));
	kernel_init_as(&fixture->kernel, layout);
	xfdt_image_init(&fixture->image, &fixture->kernel.source, NULL);
}

static void setup(struct fixture *fixture)
{
	setup_as(fixture, &kernel_6_18);
}

/* Of VMCOREINFO, what page tables need, and no more: no symbols and no types. */
static void setup_bare(struct fixture *fixture)
{
	static const char bare[] = "OSRELEASE=6.18.5\nSYMBOL(init_top_pgt)=ffffffffbf000000\n"
				   "NUMBER(phys_base)=0\nNUMBER(pgtable_l5_enabled)=0\n";

	memset(fixture, 0, sizeof(*fixture));
	kernel_init(&fixture->kernel);
	fixture->kernel.source.vmcoreinfo = bare;
	xfdt_image_init(&fixture->image, &fixture->kernel.source, NULL);
}

/* The state of vCPU @n, as bytes. */
static uint8_t *state_of(const struct fixture *fixture, size_t n)
{
	return (uint8_t *)fixture->kernel.vcpu[n].fpstate;
}

static uint64_t kvaddr_of(const struct fixture *fixture, size_t n)
{
	return kernel_kvaddr(&fixture->kernel, fixture->kernel.vcpu[n].fpstate);
}

static void take(struct fixture *fixture)
{
	xfdt_census_deinit(&fixture->census);
	assert_ok(xfdt_census_init(&fixture->census, &fixture->image));
}

static void teardown(struct fixture *fixture)
{
	xfdt_census_deinit(&fixture->census);
	xfdt_image_deinit(&fixture->image);
	kernel_deinit(&fixture->kernel);
}

static void assert_count(struct fixture *fixture, size_t count, bool complete)
{
	take(fixture);
	assert_true(fixture->census.known);
	assert_int_equal(fixture->census.count, count);
	assert_int_equal(fixture->census.complete, complete);
	assert_int_equal(!*fixture->census.why, complete);
}

static void assert_unknown(struct fixture *fixture, const char *why)
{
	take(fixture);
	assert_false(fixture->census.known || fixture->census.complete);
	assert_int_equal(fixture->census.count, 0);
	assert_non_null(strstr(fixture->census.why, why));
}

static void test_census__finds_every_state(void **state)
{
	static const struct kernel_layout *const layouts[] = { &kernel_5_16, &kernel_6_12,
							       &kernel_6_18, &kernel_7_2 };
	struct fixture fixture;
	size_t i;

	for (i = 0; i < COUNT(layouts); i++) {
		const struct xfdt_guest_state *found;

		setup_as(&fixture, layouts[i]);
		assert_count(&fixture, 2, true);
		assert_string_equal(fixture.census.layout, "types");
		found = xfdt_census_find(&fixture.census, kvaddr_of(&fixture, 0));
		assert_non_null(found);
		assert_int_equal(found->pages, 3);
		assert_int_equal(found->size, FPSTATE_REGS_SIZE);
		assert_int_equal(found->user_size, FPSTATE_REGS_SIZE);
		assert_true(found->xfeatures == KERNEL_XCR0);
		assert_true(found->user_xfeatures == KERNEL_XCR0);
		assert_true(found->xfd == KERNEL_XTILEDATA);
		assert_true(found->in_use && !found->is_confidential);
		assert_true(found->header.xstate_bv == KERNEL_XCR0);
		assert_true(found->header.xcomp_bv == (1ull << 63 | KERNEL_XCR0));
		found = xfdt_census_find(&fixture.census, kvaddr_of(&fixture, 1));
		assert_non_null(found);
		assert_true(found->xfd == 0);
		assert_null(xfdt_census_find(&fixture.census, kvaddr_of(&fixture, 1) + 4096));
		teardown(&fixture);
	}
}

/* a VM that is being destroyed is no longer in vm_list, and its states are still there */
static void test_census__needs_no_list(void **state)
{
	const struct kernel_vm unlisted = { .vcpus = 3, .unlisted = true };
	struct fixture fixture;

	setup(&fixture);
	kernel_add_vm(&fixture.kernel, &unlisted);
	assert_count(&fixture, 5, true);
	teardown(&fixture);
}

/* KALLSYMS_ALL=n, no BTF, no module: VMCOREINFO is enough */
static void test_census__without_symbols_and_types(void **state)
{
	struct fixture fixture;

	setup_bare(&fixture);
	assert_false(xfdt_has_struct(&fixture.image, XFDT_T_fpstate));
	assert_count(&fixture, 2, true);
	assert_string_equal(fixture.census.layout, "the layout of v5.16 to v7.3");
	assert_true(fixture.census.states[0].xfd == KERNEL_XTILEDATA);
	assert_true(fixture.census.states[0].in_use);
	/* where nothing confirms that layout, nobody knows that there is no state */
	fixture.kernel.vcpu[0].fpstate->is_guest = fixture.kernel.vcpu[1].fpstate->is_guest = 0;
	assert_count(&fixture, 0, false);
	teardown(&fixture);
}

struct wrong {
	uint32_t offset;
	uint64_t value;
};

/* and what does not fit it in all is no state */
static void test_census__known_layout_is_checked(void **state)
{
	static const struct wrong wrong[] = { { 32, 0x13 }, { 16, 0x702e7 }, { 16, 0x602e5 } };
	struct fixture fixture;
	size_t i;

	for (i = 0; i < COUNT(wrong); i++) {
		setup_bare(&fixture);
		memcpy(state_of(&fixture, 1) + wrong[i].offset, &wrong[i].value, 8);
		assert_count(&fixture, 1, true);
		teardown(&fixture);
		/* types need no such check */
		setup(&fixture);
		memcpy(state_of(&fixture, 1) + wrong[i].offset, &wrong[i].value, 8);
		assert_count(&fixture, 2, true);
		teardown(&fixture);
	}
}

#define SIZE ((uint64_t)FPSTATE_REGS_SIZE)
static void test_census__what_is_no_state(void **state)
{
	static const struct wrong wrong[] = {
		{ 0, 575 | SIZE << 32 }, /* size */
		{ 0, ((1u << 20) + 1) | SIZE << 32 },
		{ 0, SIZE | 575ull << 32 }, /* user_size */
		{ 0, SIZE | ((1ull << 20) + 1) << 32 },
		{ 0, (SIZE + 4096) | SIZE << 32 }, /* too large for the area */
		{ 0, (SIZE - 4096) | SIZE << 32 }, /* too small */
		{ 8, 0x602e5 },			   /* xfeatures */
		{ 8, 0x602e6 },
		{ 8, 0x1000602e7 },
		{ 32, 0xa }, /* is_valloc */
		{ 32, 0x9 }, /* is_guest */
	};
	struct fixture fixture;
	size_t i;

	for (i = 0; i < COUNT(wrong); i++) {
		setup(&fixture);
		memcpy(state_of(&fixture, 1) + wrong[i].offset, &wrong[i].value, 8);
		assert_count(&fixture, 1, true);
		assert_true(fixture.census.states[0].fpstate == kvaddr_of(&fixture, 0));
		teardown(&fixture);
	}
}

/* a header that makes no sense is for the verdict */
static void test_census__a_malformed_state_is_one(void **state)
{
	const struct xfdt_guest_state *found;
	struct fixture fixture;

	setup(&fixture);
	fixture.kernel.vcpu[1].header->xfeatures = ~0ull;
	assert_count(&fixture, 2, true);
	found = xfdt_census_find(&fixture.census, kvaddr_of(&fixture, 1));
	assert_true(found && found->header.xstate_bv == ~0ull);
	teardown(&fixture);
}

/* copies of a state in areas of another length, and in the direct mapping */
static void test_census__only_areas_of_its_length(void **state)
{
	struct fixture fixture;
	size_t pages;

	for (pages = 1; pages <= 8; pages++) {
		setup(&fixture);
		memcpy(kernel_vmalloc(&fixture.kernel, pages * 4096), state_of(&fixture, 1), 4096);
		assert_count(&fixture, pages == 3 ? 3 : 2, true);
		teardown(&fixture);
	}
	setup(&fixture);
	memcpy(memory_add(&fixture.kernel.memory, KERNEL_HEAP + 0x100000, 8192),
	       state_of(&fixture, 1), 4096);
	assert_count(&fixture, 2, true);
	teardown(&fixture);
}

/* An area of @pages whose first page is not in the dump. */
static void add_excluded(struct fixture *fixture, size_t pages)
{
	void *area = kernel_vmalloc(&fixture->kernel, pages * 4096);

	memory_fail(&fixture->kernel.memory, kernel_kvaddr(&fixture->kernel, area), XFDT_EXCLUDED);
}

/* kernel stacks are told by their length: fpu_kernel_cfg.max_size bounds that of states */
static void test_census__stacks_are_not_read(void **state)
{
	struct fixture fixture;

	setup(&fixture);
	add_excluded(&fixture, 4);
	assert_count(&fixture, 2, true);
	/* where that is not known, they may be states */
	fixture.kernel.data->fpu_kernel_cfg.max_size = 0;
	assert_count(&fixture, 2, false);
	/* an area of up to three pages may be one in any case: max_size might be wrong */
	fixture.kernel.data->fpu_kernel_cfg.max_size = 576;
	assert_count(&fixture, 2, true);
	add_excluded(&fixture, 3);
	assert_count(&fixture, 2, false);
	teardown(&fixture);
}

/* user pages that a driver maps are excluded; what has no room for XTILEDATA cannot be armed */
static void test_census__areas_that_are_too_short(void **state)
{
	struct fixture fixture;

	setup(&fixture);
	add_excluded(&fixture, 1);
	add_excluded(&fixture, 2);
	assert_count(&fixture, 2, true);
	add_excluded(&fixture, 3);
	assert_count(&fixture, 2, false);
	teardown(&fixture);
	/* also where no types say what a state has in front of its regs */
	setup_bare(&fixture);
	add_excluded(&fixture, 2);
	assert_count(&fixture, 2, true);
	teardown(&fixture);
}

static void test_census__first_pages_that_are_missing(void **state)
{
	static const enum xfdt_code codes[] = { XFDT_EXCLUDED, XFDT_TRUNCATED, XFDT_CORRUPT };
	struct fixture fixture;
	size_t i;

	for (i = 0; i < COUNT(codes); i++) {
		setup(&fixture);
		memory_fail(&fixture.kernel.memory, kvaddr_of(&fixture, 1), codes[i]);
		assert_count(&fixture, 1, false);
		assert_non_null(strstr(fixture.census.why, "1 page that may be a state's"));
		teardown(&fixture);
	}
	/* what ioremap() maps is no memory */
	setup(&fixture);
	memory_fail(&fixture.kernel.memory, kvaddr_of(&fixture, 1), XFDT_NOT_RAM);
	assert_count(&fixture, 1, true);
	teardown(&fixture);
	/* but it is not cached as memory is, if it lies behind all memory */
	setup(&fixture);
	take(&fixture);
	*memory_page_entry(&fixture.kernel.memory, kvaddr_of(&fixture, 1), 1) ^= 1ull << 46;
	assert_count(&fixture, 1, false);
	assert_non_null(strstr(fixture.census.why, "1 page that may be a state's"));
	*memory_page_entry(&fixture.kernel.memory, kvaddr_of(&fixture, 1), 1) ^= 1ull << 4;
	assert_count(&fixture, 1, true);
	teardown(&fixture);
}

/* any bit of an entry in the lowest table that the frame's number is not part of */
static void test_census__damaged_page_tables(void **state)
{
	uint64_t *entry, kvaddr;
	struct fixture fixture;
	int page, bit;

	setup(&fixture);
	take(&fixture);
	/* the three pages of a state, and the guard page */
	for (page = 0; page < 4; page++) {
		kvaddr = kvaddr_of(&fixture, 1) + 4096 * (uint64_t)page;
		entry = memory_page_entry(&fixture.kernel.memory, kvaddr, 1);
		for (bit = 0; bit < 12; bit++) {
			*entry ^= 1ull << bit;
			take(&fixture);
			assert_true(fixture.census.count == 2 || !fixture.census.complete);
			if (bit == 0)
				assert_string_equal(
					fixture.census.why,
					"the kernel's page tables for vmalloc are damaged");
			*entry ^= 1ull << bit;
		}
	}
	teardown(&fixture);
}

static void test_census__reasons_not_to_know(void **state)
{
	struct fixture fixture;

	setup(&fixture);
	xfdt_vmcoreinfo_deinit(&fixture.image.vmcoreinfo);
	assert_unknown(&fixture, "VMCOREINFO");
	teardown(&fixture);
	setup(&fixture);
	fixture.kernel.memory.reader.read_physical = NULL;
	assert_unknown(&fixture, "physical");
	teardown(&fixture);
	setup(&fixture);
	/* its page tables are blanked */
	fixture.image.embedded = true;
	assert_unknown(&fixture, "distilled by an older version: distill the original again");
	teardown(&fixture);
	/* 5.10: types are there, and struct fpstate is not among them */
	setup(&fixture);
	fixture.image.layout.structs[XFDT_T_fpstate] = 0;
	fixture.image.layout.members[XFDT_M_fpstate_is_valloc].known = false;
	assert_unknown(&fixture, "no struct fpstate");
	teardown(&fixture);
	/* a layout that cannot be */
	setup(&fixture);
	set_member(&fixture.image, XFDT_M_fpstate_regs, 4096, 4096);
	assert_unknown(&fixture, "makes no sense");
	teardown(&fixture);
	setup(&fixture);
	set_member(&fixture.image, XFDT_M_fpstate_xfd, 60, 8);
	assert_unknown(&fixture, "makes no sense");
	teardown(&fixture);
}

/* a census that travels in a distilled dump */

/* If the dump has page tables, the page of each state is known, as it is in the census of the full dump. */
static void test_census__pages_of_a_distilled_dump(void **state)
{
	struct xfdt_guest_state before[2];
	struct fixture fixture;
	uint64_t *entry;
	char *text;

	setup(&fixture);
	take(&fixture);
	memcpy(before, fixture.census.states, sizeof(before));
	assert_ok(xfdt_census_format(&fixture.census, &text, &fixture.image.census_len));
	fixture.image.census = text;
	assert_count(&fixture, 2, true);
	assert_memory_equal(before, fixture.census.states, sizeof(before));
	/* two of one page: one of them is damaged */
	entry = memory_page_entry(&fixture.kernel.memory, before[1].fpstate, 1);
	*entry = *memory_page_entry(&fixture.kernel.memory, before[0].fpstate, 1);
	assert_count(&fixture, 2, false);
	assert_true(fixture.census.damaged && fixture.census.states[0].doubled &&
		    fixture.census.states[1].doubled);
	free(text);
	teardown(&fixture);
}

/* Let the image carry what the census is now; the dump has no page tables any more. */
static char *carry(struct fixture *fixture)
{
	char *text;

	assert_ok(xfdt_census_format(&fixture->census, &text, &fixture->image.census_len));
	fixture->image.census = text;
	fixture->kernel.memory.reader.read_physical = NULL;
	return text;
}

static void test_census__travels_in_a_distilled_dump(void **state)
{
	struct xfdt_guest_state before[2];
	struct fixture fixture;
	char *text;

	setup(&fixture);
	take(&fixture);
	memcpy(before, fixture.census.states, sizeof(before));
	assert_true(before[0].paddr && before[1].paddr);
	text = carry(&fixture);
	assert_count(&fixture, 2, true);
	/* which pages they are is not known without page tables */
	before[0].paddr = before[1].paddr = 0;
	assert_memory_equal(before, fixture.census.states, sizeof(before));
	assert_string_equal(fixture.census.layout, "types");
	/* what it says of a state is read anew */
	fixture.kernel.vcpu[1].fpstate->xfd = 1ull << 18;
	assert_count(&fixture, 2, true);
	assert_true(xfdt_census_find(&fixture.census, kvaddr_of(&fixture, 1))->xfd == 1ull << 18);
	/* and what is none is not taken */
	fixture.kernel.vcpu[0].fpstate->is_guest = 0;
	assert_count(&fixture, 1, false);
	memory_fail(&fixture.kernel.memory, kvaddr_of(&fixture, 1), XFDT_EXCLUDED);
	assert_count(&fixture, 0, false);
	assert_non_null(strstr(fixture.census.why, "2 of the states"));
	teardown(&fixture);
	free(text);
}

static void test_census__reasons_travel(void **state)
{
	struct fixture fixture;
	char why[160], *text;

	setup(&fixture);
	memory_fail(&fixture.kernel.memory, kvaddr_of(&fixture, 1), XFDT_EXCLUDED);
	assert_count(&fixture, 1, false);
	memcpy(why, fixture.census.why, sizeof(why));
	text = carry(&fixture);
	assert_count(&fixture, 1, false);
	assert_string_equal(fixture.census.why, why);
	teardown(&fixture);
	free(text);
	setup(&fixture);
	fixture.kernel.memory.reader.read_physical = NULL;
	assert_unknown(&fixture, "physical");
	text = carry(&fixture);
	assert_unknown(&fixture, "physical");
	teardown(&fixture);
	free(text);
}

/* one byte changed anywhere, and any length but the right one */
static void test_census__damage_is_seen(void **state)
{
	struct fixture fixture;
	char *text;
	size_t i;

	setup(&fixture);
	take(&fixture);
	text = carry(&fixture);
	for (i = 0; i < fixture.image.census_len; i++) {
		text[i] ^= 1;
		assert_unknown(&fixture, "census");
		text[i] ^= 1;
	}
	for (i = fixture.image.census_len; i--;) {
		fixture.image.census_len = i;
		assert_unknown(&fixture, "census");
	}
	teardown(&fixture);
	free(text);
}

static void assert_no_census(const char *lines)
{
	struct xfdt_census census = { .count = 99 };
	char text[400];
	int len = snprintf(text, sizeof(text), "xfdtriage-census %u\n%s", XFDT_READS_VERSION,
			   lines);

	len += snprintf(text + len, sizeof(text) - (size_t)len, "end %08lx\n",
			crc32(0, (const Bytef *)text, (uInt)len));
	assert_fails(xfdt_census_parse(text, (size_t)len, &census), XFDT_CORRUPT);
	assert_int_equal(census.count, 99);
}

/* Parse the census of no state that a version distilled, as its number says. */
static struct xfdt_error *parse_of_version(const char *version, struct xfdt_census *ret_census)
{
	char text[100];
	int len = snprintf(text, sizeof(text), "xfdtriage-census %s\ncomplete \n", version);

	len += snprintf(text + len, sizeof(text) - (size_t)len, "end %08lx\n",
			crc32(0, (const Bytef *)text, (uInt)len));
	return xfdt_census_parse(text, (size_t)len, ret_census);
}

/* a member that is read since then is zero in the dump */
static void test_census__of_another_version(void **state)
{
	struct xfdt_census census = { .count = 0 };
	char version[16], *text;
	size_t len;

	snprintf(version, sizeof(version), "%u", XFDT_READS_VERSION);
	assert_ok(parse_of_version(version, &census));
	assert_true(census.complete && !census.outdated);
	xfdt_census_deinit(&census);
	snprintf(version, sizeof(version), "%u", XFDT_READS_VERSION - 1);
	assert_ok(parse_of_version(version, &census));
	assert_true(!census.complete && census.outdated);
	assert_string_equal(census.why,
			    "distilled by an older version: distill the original again");
	/* and it stays so when that dump is distilled */
	assert_ok(xfdt_census_format(&census, &text, &len));
	xfdt_census_deinit(&census);
	assert_ok(xfdt_census_parse(text, len, &census));
	assert_true(!census.complete && census.outdated);
	free(text);
	xfdt_census_deinit(&census);
	snprintf(version, sizeof(version), "%u", XFDT_READS_VERSION + 1);
	assert_fails(parse_of_version(version, &census), XFDT_CORRUPT);
	assert_fails(parse_of_version("", &census), XFDT_CORRUPT);
	assert_fails(parse_of_version("-1", &census), XFDT_CORRUPT);
	assert_fails(parse_of_version("00001", &census), XFDT_CORRUPT);
}

/* why it is incomplete is kept: damage is a reason for doubt elsewhere */
static void test_census__of_damaged_page_tables_is_distilled(void **state)
{
	struct xfdt_census census;
	struct fixture fixture;
	char *text;
	size_t len;

	setup(&fixture);
	take(&fixture);
	*memory_page_entry(&fixture.kernel.memory, kvaddr_of(&fixture, 1), 1) ^= 1;
	take(&fixture);
	assert_true(fixture.census.damaged);
	assert_ok(xfdt_census_format(&fixture.census, &text, &len));
	memset(&census, 0, sizeof(census));
	assert_ok(xfdt_census_parse(text, len, &census));
	assert_true(census.known && census.damaged && !census.complete);
	assert_string_equal(census.why, fixture.census.why);
	xfdt_census_deinit(&census);
	free(text);
	teardown(&fixture);
}

/* with a right checksum, what no census says */
static void test_census__texts_that_make_no_sense(void **state)
{
	assert_no_census("");
	assert_no_census("\n");
	assert_no_census("complete\n");
	assert_no_census("complete for some reason\n");
	assert_no_census("incomplete \n");
	assert_no_census("damaged \n");
	assert_no_census("unknown \n");
	assert_no_census("maybe \n");
	assert_no_census("incomplete \tx\n");
	assert_no_census("unknown why\nstate ffffc90000001000 1\n");
	assert_no_census("complete \nstate ffffc90000001000 1");
	assert_no_census("complete \nstate ffffc90000001008 1\n");
	assert_no_census("complete \nstate 1000 1\n");
	assert_no_census("complete \nstate ffffc90000001000 0\n");
	assert_no_census("complete \nstate ffffc90000001000 258\n");
	assert_no_census("complete \nstate ffffc90000001000 1 1\n");
	assert_no_census("complete \nstate ffffc90000001000\n");
	assert_no_census("complete \nstates\n");
	assert_no_census("complete \nstate ffffc90000001000 1\nstate ffffc90000001000 1\n");
	assert_no_census("complete \nstate ffffc90000002000 1\nstate ffffc90000001000 1\n");
}

static void test_census__out_of_memory(void **state)
{
	struct fixture fixture;
	bool failed = true;
	long number;

	setup(&fixture);
	take(&fixture);
	xfdt_census_deinit(&fixture.census);
	for (number = 0; failed; number++) {
		struct xfdt_error *err;

		assert_true(number < 100);
		alloc_fail(number);
		err = xfdt_census_init(&fixture.census, &fixture.image);
		failed = alloc_has_failed();
		alloc_fail(-1);
		assert_int_equal(err != NULL, failed);
		if (err)
			assert_int_equal(xfdt_error_code(err), XFDT_NO_MEMORY);
		xfdt_error_free(err);
		xfdt_census_deinit(&fixture.census);
	}
	assert_true(number > 2);
	teardown(&fixture);
}

#include "test_census.tests.h"
