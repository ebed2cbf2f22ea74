/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accessors of an image: members, strings, per-CPU variables, gaps. */
#include "unit.h"
#include "memory.h"

#include <stdio.h>
#include <string.h>

#define BASE 0xffff888100000000ull

struct fixture {
	struct memory memory;
	struct xfdt_image image;
	uint8_t *bytes;
};

static void setup(struct fixture *fixture)
{
	size_t i;

	memory_init(&fixture->memory);
	memory_image(&fixture->image, &fixture->memory);
	fixture->bytes = memory_add(&fixture->memory, BASE, 0x2000);
	for (i = 0; i < 256; i++)
		fixture->bytes[i] = (uint8_t)(i + 1);
}

static void teardown(struct fixture *fixture)
{
	xfdt_gaps_deinit(&fixture->image.gaps);
	memory_deinit(&fixture->memory);
}

static void test_image__reads_integers_of_every_size(void **state)
{
	static const uint64_t expected[] = {
		0,
		0x11,
		0x1211,
		0x131211,
		0x14131211,
		0x1514131211,
		0x161514131211,
		0x17161514131211,
		0x1817161514131211,
	};
	struct fixture fixture;
	uint64_t value;
	uint32_t size;

	setup(&fixture);
	for (size = 1; size <= 8; size++) {
		set_member(&fixture.image, XFDT_M_kvm_mm, 16, size);
		value = 0x5a5a;
		assert_ok(xfdt_read_member(&fixture.image, BASE, XFDT_M_kvm_mm, &value));
		assert_true(value == expected[size]);
		value = 0x5a5a;
		assert_true(xfdt_member_value(&fixture.image, fixture.bytes, 64, XFDT_M_kvm_mm,
					      &value));
		assert_true(value == expected[size]);
	}
	teardown(&fixture);
}

static void test_image__reads_bit_fields(void **state)
{
	struct fixture fixture;
	uint64_t value = 99;

	setup(&fixture);
	/* byte 32 is 0x21 = 00100001, byte 33 is 0x22 = 00100010 */
	set_bit_field(&fixture.image, XFDT_M_fpstate_in_use, 32, 0, 1);
	assert_ok(xfdt_read_member(&fixture.image, BASE, XFDT_M_fpstate_in_use, &value));
	assert_int_equal(value, 1);
	set_bit_field(&fixture.image, XFDT_M_fpstate_in_use, 32, 3, 1);
	assert_ok(xfdt_read_member(&fixture.image, BASE, XFDT_M_fpstate_in_use, &value));
	assert_int_equal(value, 0);
	/* bits 5 to 9: 1 of the first byte's top three bits is set, and 0b10 follows */
	set_bit_field(&fixture.image, XFDT_M_fpstate_in_use, 32, 5, 5);
	assert_ok(xfdt_read_member(&fixture.image, BASE, XFDT_M_fpstate_in_use, &value));
	assert_int_equal(value, 0x11);
	/* all of 32 bits, from bit 7 on: five bytes */
	set_bit_field(&fixture.image, XFDT_M_fpstate_in_use, 32, 7, 32);
	assert_ok(xfdt_read_member(&fixture.image, BASE, XFDT_M_fpstate_in_use, &value));
	assert_true(value == (uint32_t)(0x2524232221ull >> 7));
	teardown(&fixture);
}

static void test_image__unknown_member_is_missing(void **state)
{
	struct fixture fixture;
	uint64_t value = 0x5a;

	setup(&fixture);
	assert_false(xfdt_has_member(&fixture.image, XFDT_M_kvm_mm));
	assert_fails(xfdt_read_member(&fixture.image, BASE, XFDT_M_kvm_mm, &value), XFDT_MISSING);
	assert_fails(xfdt_member_kvaddr(&fixture.image, BASE, XFDT_M_kvm_mm, &value), XFDT_MISSING);
	assert_fails(xfdt_container_of(&fixture.image, BASE, XFDT_M_kvm_mm, &value), XFDT_MISSING);
	assert_false(xfdt_member_value(&fixture.image, fixture.bytes, 64, XFDT_M_kvm_mm, &value));
	assert_int_equal(value, 0x5a);
	teardown(&fixture);
}

static void test_image__member_that_is_no_integer(void **state)
{
	static const uint32_t sizes[] = { 0, 9, 4096 };
	struct fixture fixture;
	uint64_t value = 0x5a;
	size_t i;

	setup(&fixture);
	for (i = 0; i < COUNT(sizes); i++) {
		set_member(&fixture.image, XFDT_M_kvm_mm, 0, sizes[i]);
		assert_fails(xfdt_read_member(&fixture.image, BASE, XFDT_M_kvm_mm, &value),
			     XFDT_CORRUPT);
		assert_false(xfdt_member_value(&fixture.image, fixture.bytes, 64, XFDT_M_kvm_mm,
					       &value));
	}
	assert_int_equal(value, 0x5a);
	teardown(&fixture);
}

/* a member that does not fit into the copy of its structure */
static void test_image__member_behind_the_copy(void **state)
{
	struct fixture fixture;
	uint64_t value = 0x5a;

	setup(&fixture);
	set_member(&fixture.image, XFDT_M_kvm_mm, 8, 8);
	assert_true(xfdt_member_value(&fixture.image, fixture.bytes, 16, XFDT_M_kvm_mm, &value));
	value = 0x5a;
	assert_false(xfdt_member_value(&fixture.image, fixture.bytes, 15, XFDT_M_kvm_mm, &value));
	assert_false(xfdt_member_value(&fixture.image, fixture.bytes, 7, XFDT_M_kvm_mm, &value));
	assert_false(xfdt_member_value(&fixture.image, fixture.bytes, 0, XFDT_M_kvm_mm, &value));
	set_member(&fixture.image, XFDT_M_kvm_mm, UINT32_MAX, 8);
	assert_false(xfdt_member_value(&fixture.image, fixture.bytes, 16, XFDT_M_kvm_mm, &value));
	assert_int_equal(value, 0x5a);
	teardown(&fixture);
}

static void test_image__container_of(void **state)
{
	struct fixture fixture;
	uint64_t base = 0;

	setup(&fixture);
	set_member(&fixture.image, XFDT_M_kvm_vm_list, 40, 16);
	assert_ok(xfdt_container_of(&fixture.image, BASE + 40, XFDT_M_kvm_vm_list, &base));
	assert_true(base == BASE);
	teardown(&fixture);
}

static void test_image__read_error_keeps_its_code_and_the_value(void **state)
{
	struct fixture fixture;
	uint64_t value = 0x5a;

	setup(&fixture);
	set_member(&fixture.image, XFDT_M_kvm_mm, 0, 8);
	assert_fails(xfdt_read_member(&fixture.image, BASE + 0x2000, XFDT_M_kvm_mm, &value),
		     XFDT_EXCLUDED);
	assert_fails(xfdt_read_u64(&fixture.image, BASE + 0x1ffc, &value), XFDT_EXCLUDED);
	memory_fail(&fixture.memory, BASE, XFDT_TRUNCATED);
	assert_fails(xfdt_read_u64(&fixture.image, BASE, &value), XFDT_TRUNCATED);
	assert_int_equal(value, 0x5a);
	teardown(&fixture);
}

static void test_image__strings(void **state)
{
	struct fixture fixture;
	char text[16];

	setup(&fixture);
	memory_put(&fixture.memory, BASE + 0x100, "kvm", 4);
	memset(text, 'z', sizeof(text));
	assert_ok(xfdt_read_string(&fixture.image, BASE + 0x100, text, sizeof(text)));
	assert_string_equal(text, "kvm");
	/* cut at the size, of which the NUL is one */
	assert_ok(xfdt_read_string(&fixture.image, BASE, text, 4));
	assert_int_equal(strlen(text), 3);
	assert_memory_equal(text, "\x01\x02\x03", 4);
	/* over the end of a page */
	memory_put(&fixture.memory, BASE + 0xffe, "abcdef", 7);
	assert_ok(xfdt_read_string(&fixture.image, BASE + 0xffe, text, sizeof(text)));
	assert_string_equal(text, "abcdef");
	/* right before a page that is not there */
	memory_put(&fixture.memory, BASE + 0x1ffc, "end", 4);
	assert_ok(xfdt_read_string(&fixture.image, BASE + 0x1ffc, text, sizeof(text)));
	assert_string_equal(text, "end");
	memory_put(&fixture.memory, BASE + 0x1ffc, "endX", 4);
	assert_fails(xfdt_read_string(&fixture.image, BASE + 0x1ffc, text, sizeof(text)),
		     XFDT_EXCLUDED);
	teardown(&fixture);
}

static void test_image__per_cpu_variables(void **state)
{
	struct fixture fixture;
	uint64_t kvaddr = 0x5a;

	setup(&fixture);
	assert_fails(xfdt_percpu(&fixture.image, XFDT_S_xfd_state, 0, &kvaddr), XFDT_MISSING);
	set_symbol(&fixture.image, XFDT_S_per_cpu_offset, BASE + 0x400, 2 * 8);
	assert_fails(xfdt_percpu(&fixture.image, XFDT_S_xfd_state, 0, &kvaddr), XFDT_MISSING);
	/* counted from 0, as up to v6.14 */
	set_symbol(&fixture.image, XFDT_S_xfd_state, 0x1a2b8, 8);
	memory_put_u64(&fixture.memory, BASE + 0x400, 0xffff88807f200000ull);
	memory_put_u64(&fixture.memory, BASE + 0x408, 0xffff88807f240000ull);
	assert_ok(xfdt_percpu(&fixture.image, XFDT_S_xfd_state, 1, &kvaddr));
	assert_true(kvaddr == 0xffff88807f25a2b8ull);
	/* a real address, and an offset that makes up for it */
	set_symbol(&fixture.image, XFDT_S_xfd_state, 0xffffffff83000008ull, 8);
	memory_put_u64(&fixture.memory, BASE + 0x400, BASE - 0xffffffff83000000ull);
	assert_ok(xfdt_percpu(&fixture.image, XFDT_S_xfd_state, 0, &kvaddr));
	assert_true(kvaddr == BASE + 8);
	/* behind the array */
	kvaddr = 0x5a;
	assert_fails(xfdt_percpu(&fixture.image, XFDT_S_xfd_state, 2, &kvaddr), XFDT_LIMIT);
	assert_fails(xfdt_percpu(&fixture.image, XFDT_S_xfd_state, UINT32_MAX, &kvaddr),
		     XFDT_LIMIT);
	assert_int_equal(kvaddr, 0x5a);
	teardown(&fixture);
}

static void test_image__in_function(void **state)
{
	struct fixture fixture;

	setup(&fixture);
	assert_false(xfdt_in_function(&fixture.image, XFDT_S_restore_fpregs, 0));
	set_symbol(&fixture.image, XFDT_S_restore_fpregs, 0xffffffff81040000ull, 0xa0);
	assert_true(xfdt_in_function(&fixture.image, XFDT_S_restore_fpregs, 0xffffffff81040000ull));
	assert_true(xfdt_in_function(&fixture.image, XFDT_S_restore_fpregs, 0xffffffff8104009full));
	assert_false(
		xfdt_in_function(&fixture.image, XFDT_S_restore_fpregs, 0xffffffff810400a0ull));
	assert_false(
		xfdt_in_function(&fixture.image, XFDT_S_restore_fpregs, 0xffffffff8103ffffull));
	/* of unknown size: nothing is in it for sure */
	set_symbol(&fixture.image, XFDT_S_restore_fpregs, 0xffffffff81040000ull, 0);
	assert_false(
		xfdt_in_function(&fixture.image, XFDT_S_restore_fpregs, 0xffffffff81040000ull));
	teardown(&fixture);
}

static void test_image__kernel_addresses(void **state)
{
	assert_true(xfdt_is_kernel_address(0xffffffff81000000ull));
	assert_true(xfdt_is_kernel_address(0xffff888000000000ull));
	/* five levels of page tables */
	assert_true(xfdt_is_kernel_address(0xff11000000000000ull));
	assert_false(xfdt_is_kernel_address(0));
	assert_false(xfdt_is_kernel_address(0x00007fffffffffffull));
	assert_false(xfdt_is_kernel_address(0xdead000000000100ull));
}

static void test_image__gaps(void **state)
{
	struct xfdt_gaps gaps = { 0 };
	char what[32];
	size_t i;

	xfdt_gaps_add(&gaps, "the log", xfdt_error_new(XFDT_EXCLUDED, 0, "first"), "do this");
	assert_int_equal(gaps.count, 1);
	assert_string_equal(gaps.items[0].what, "the log");
	assert_string_equal(gaps.items[0].why, "first");
	assert_non_null(gaps.items[0].remedy);
	/* not the same twice */
	xfdt_gaps_add(&gaps, "the log", xfdt_error_new(XFDT_EXCLUDED, 0, "second"), NULL);
	assert_int_equal(gaps.count, 1);
	assert_string_equal(gaps.items[0].why, "first");
	/* a remedy that helps if the dump has all its pages */
	xfdt_gaps_add(&gaps, "the types", xfdt_error_new(XFDT_MISSING, 0, "none"), "a remedy");
	assert_false(gaps.no_memory);
	/* also where the gap is there already */
	xfdt_gaps_add(&gaps, "the types", xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory"), NULL);
	assert_true(gaps.no_memory);
	assert_int_equal(gaps.count, 2);
	assert_string_equal(gaps.items[1].remedy, "a remedy");
	/* and not without end */
	for (i = 0; i < 10000; i++) {
		snprintf(what, sizeof(what), "gap %zu", i);
		xfdt_gaps_add(&gaps, what, xfdt_error_new(XFDT_CORRUPT, 0, "x"), NULL);
	}
	assert_within(gaps.count, 3, 1000);
	/* none is without a remedy */
	for (i = 0; i < gaps.count; i++)
		assert_non_null(gaps.items[i].remedy);
	xfdt_gaps_deinit(&gaps);
	assert_int_equal(gaps.count, 0);
	xfdt_gaps_deinit(&gaps);
}

static void test_image__gaps_without_memory(void **state)
{
	struct xfdt_gaps gaps = { 0 };
	long number;

	for (number = 0; number < 5; number++) {
		struct xfdt_error *err = xfdt_error_new(XFDT_CORRUPT, 0, "x");

		alloc_watch();
		alloc_fail(number);
		xfdt_gaps_add(&gaps, number % 2 ? "odd" : "even", err, NULL);
		alloc_watch();
	}
	assert_within(gaps.count, 1, 2);
	xfdt_gaps_deinit(&gaps);
}

/* the bounds of single lists and tables add up */
static void test_image__a_dump_may_cost_so_many_reads(void **state)
{
	struct xfdt_image image;
	struct memory memory;
	uint64_t value = 0;
	int i;

	memory_init(&memory);
	memory_image(&image, &memory);
	memory_add(&memory, 0xffff888000000000, 8);
	memory.reader.cost.reads = XFDT_READS_MAX - 3;
	for (i = 0; i < 2; i++)
		assert_ok(xfdt_read_u64(&image, 0xffff888000000000, &value));
	for (i = 0; i < 3; i++)
		assert_fails(xfdt_read_u64(&image, 0xffff888000000000, &value), XFDT_LIMIT);
	assert_int_equal(memory.reads, 2);
	memory_deinit(&memory);
}

static void test_image__a_dump_may_cost_so_many_bytes(void **state)
{
	struct xfdt_image image;
	struct memory memory;
	uint64_t value = 0;
	uint8_t byte;

	memory_init(&memory);
	memory_image(&image, &memory);
	memory_add(&memory, 0xffff888000000000, 8);
	assert_ok(xfdt_read_u64(&image, 0xffff888000000000, &value));
	memory.reader.cost.bytes = XFDT_BYTES_MAX - 9;
	assert_ok(xfdt_read_u64(&image, 0xffff888000000000, &value));
	assert_fails(xfdt_read_u64(&image, 0xffff888000000000, &value), XFDT_LIMIT);
	/* also what would fit */
	assert_fails(xfdt_read(&image, 0xffff888000000000, &byte, 1), XFDT_LIMIT);
	memory_deinit(&memory);
}

static void test_image__a_dump_may_cost_so_much_time(void **state)
{
	struct xfdt_image image;
	struct memory memory;
	uint64_t value = 0;
	int i;

	memory_init(&memory);
	memory_image(&image, &memory);
	memory_add(&memory, 0xffff888000000000, 8);
	assert_ok(xfdt_read_u64(&image, 0xffff888000000000, &value));
	memory.reader.cost.started_ns -= (XFDT_CPU_SECONDS_MAX + 1) * 1000000000ll;
	/* the clock is not looked at each time */
	for (i = 0; i < 5000; i++)
		xfdt_error_free(xfdt_read_u64(&image, 0xffff888000000000, &value));
	assert_fails(xfdt_read_u64(&image, 0xffff888000000000, &value), XFDT_LIMIT);
	memory_deinit(&memory);
}

#include "test_image.tests.h"
