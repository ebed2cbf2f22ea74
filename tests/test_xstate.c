/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XSAVE areas: header, restore rules and component places of the SDM (vol. 1, chapter 13). */
#include "unit.h"
#include "xstate/xstate.h"

#include <string.h>

#define BIT(n) (1ull << (n))
#define XTILECFG BIT(17)
#define XTILEDATA BIT(18)
#define COMPACTED BIT(63)
/* x87, SSE, AVX, AVX-512, PKRU, AMX: the XCR0 of a first AMX machine */
#define XCR0 0x602e7ull
/* what the kernel asks for there, as its fpu_swap_kvm_fpstate() of v6.17 does */
#define MASK 0x600ffull

static struct xfdt_restore_result simulate(uint64_t xstate_bv, uint64_t xcomp_bv, bool supervisor,
					   uint64_t edx_eax, uint64_t xfd, uint64_t enabled)
{
	struct xfdt_xsave_header header = { .xstate_bv = xstate_bv, .xcomp_bv = xcomp_bv };
	struct xfdt_xrstor xrstor = {
		.supervisor = supervisor,
		.edx_eax = edx_eax,
		.xfd = xfd,
		.enabled = enabled,
	};
	struct xfdt_restore_result result;

	memset(&result, 0x5a, sizeof(result));
	xfdt_xrstor_simulate(&header, &xrstor, &result);
	return result;
}

static void assert_outcome(struct xfdt_restore_result result, enum xfdt_restore outcome,
			   uint64_t components)
{
	assert_int_equal(result.outcome, outcome);
	assert_true(result.components == components);
	if (outcome == XFDT_RESTORE_GP)
		assert_non_null(result.reason);
	else
		assert_null(result.reason);
}

static void test_xstate__decodes_little_endian_words(void **state)
{
	struct xfdt_xsave_header header;
	uint8_t bytes[64];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i + 1);
	xfdt_xsave_header_decode(bytes, &header);
	assert_true(header.xstate_bv == 0x0807060504030201ull);
	assert_true(header.xcomp_bv == 0x100f0e0d0c0b0a09ull);
	assert_true(header.reserved[0] == 0x1817161514131211ull);
	assert_true(header.reserved[5] == 0x403f3e3d3c3b3a39ull);
}

/* SDM vol. 1, 13.1, in the kernel's words (enum xfeature). */
static void test_xstate__names(void **state)
{
	assert_string_equal(xfdt_xfeature_name(0), "FP");
	assert_string_equal(xfdt_xfeature_name(1), "SSE");
	assert_string_equal(xfdt_xfeature_name(2), "YMM");
	assert_string_equal(xfdt_xfeature_name(5), "OPMASK");
	assert_string_equal(xfdt_xfeature_name(9), "PKRU");
	assert_string_equal(xfdt_xfeature_name(11), "CET_USER");
	assert_string_equal(xfdt_xfeature_name(12), "CET_KERNEL");
	assert_string_equal(xfdt_xfeature_name(15), "LBR");
	assert_string_equal(xfdt_xfeature_name(17), "XTILECFG");
	assert_string_equal(xfdt_xfeature_name(18), "XTILEDATA");
	assert_string_equal(xfdt_xfeature_name(19), "APX");
	assert_string_equal(xfdt_xfeature_name(20), "?");
	assert_string_equal(xfdt_xfeature_name(62), "?");
	assert_string_equal(xfdt_xfeature_name(63), "?");
	assert_string_equal(xfdt_xfeature_name(~0u), "?");
}

static void test_xstate__xfd_of_a_component_in_use_raises_nm(void **state)
{
	assert_outcome(simulate(0x602e7, COMPACTED | 0x602e7, true, MASK, XTILEDATA, XCR0),
		       XFDT_RESTORE_NM, XTILEDATA);
}

static void test_xstate__component_in_init_state_does_not_fault(void **state)
{
	assert_outcome(simulate(0x202e7, COMPACTED | 0x602e7, true, MASK, XTILEDATA, XCR0),
		       XFDT_RESTORE_OK, 0);
}

static void test_xstate__xfd_clear_does_not_fault(void **state)
{
	assert_outcome(simulate(0x602e7, COMPACTED | 0x602e7, true, MASK, 0, XCR0), XFDT_RESTORE_OK,
		       0);
}

static void test_xstate__component_not_asked_for_does_not_fault(void **state)
{
	assert_outcome(simulate(0x602e7, COMPACTED | 0x602e7, true, MASK & ~XTILEDATA, XTILEDATA,
				XCR0),
		       XFDT_RESTORE_OK, 0);
}

/* RFBM = EDX:EAX & (XCR0 | IA32_XSS): SDM vol. 1, 13.12. */
static void test_xstate__rfbm(void **state)
{
	struct xfdt_restore_result result = simulate(0, COMPACTED, true, ~0ull, 0, XCR0);

	assert_true(result.rfbm == XCR0);
	result = simulate(0, COMPACTED, true, 0xf0f, 0, XCR0);
	assert_true(result.rfbm == 0x207);
	/* what is enabled is not known */
	result = simulate(0, COMPACTED, true, 0xf0f, 0, 0);
	assert_true(result.rfbm == 0xf0f);
}

/* Not XTILEDATA alone: any component that both name. */
static void test_xstate__components_are_generic(void **state)
{
	assert_outcome(simulate(0x7, COMPACTED | 0x7, true, 0x7, BIT(2), 0x7), XFDT_RESTORE_NM,
		       BIT(2));
	assert_outcome(simulate(BIT(19) | XTILEDATA | 1, COMPACTED | BIT(19) | XTILEDATA | 1, true,
				~0ull, BIT(19) | XTILEDATA, 0),
		       XFDT_RESTORE_NM, BIT(19) | XTILEDATA);
}

/* SDM vol. 1, 13.12: XRSTORS wants the compacted format. */
static void test_xstate__xrstors_of_standard_format_raises_gp(void **state)
{
	assert_int_equal(simulate(7, 0, true, 7, 0, XCR0).outcome, XFDT_RESTORE_GP);
	assert_int_equal(simulate(7, 7, true, 7, 0, XCR0).outcome, XFDT_RESTORE_GP);
	assert_int_equal(simulate(7, 0, true, 7, 0, 0).outcome, XFDT_RESTORE_GP);
}

static void test_xstate__xcomp_bv_outside_enabled_raises_gp(void **state)
{
	assert_int_equal(simulate(7, COMPACTED | 7 | BIT(19), true, 7, 0, XCR0).outcome,
			 XFDT_RESTORE_GP);
	assert_int_equal(simulate(7, COMPACTED | 7 | BIT(19), false, 7, 0, XCR0).outcome,
			 XFDT_RESTORE_GP);
	/* where what is enabled is not known, the rule is left out */
	assert_int_equal(simulate(7, COMPACTED | 7 | BIT(19), true, 7, 0, 0).outcome,
			 XFDT_RESTORE_OK);
}

static void test_xstate__xstate_bv_outside_xcomp_bv_raises_gp(void **state)
{
	assert_int_equal(simulate(0x60007, COMPACTED | 0x20007, true, ~0ull, 0, XCR0).outcome,
			 XFDT_RESTORE_GP);
	assert_int_equal(simulate(0x60007, COMPACTED | 0x20007, true, ~0ull, 0, 0).outcome,
			 XFDT_RESTORE_GP);
	assert_int_equal(simulate(0x60007, COMPACTED | 0x20007, false, ~0ull, 0, XCR0).outcome,
			 XFDT_RESTORE_GP);
}

/* SDM vol. 1, 13.8.1: standard format, XSTATE_BV within XCR0, bytes 23:8 zero. */
static void test_xstate__standard_format_rules(void **state)
{
	struct xfdt_xsave_header header = { .xstate_bv = 0x7 };
	struct xfdt_xrstor xrstor = { .edx_eax = ~0ull, .enabled = XCR0 };
	struct xfdt_restore_result result;
	size_t i;

	assert_outcome(simulate(7, 0, false, ~0ull, 0, XCR0), XFDT_RESTORE_OK, 0);
	assert_outcome(simulate(0x60007, 0, false, ~0ull, XTILEDATA, XCR0), XFDT_RESTORE_NM,
		       XTILEDATA);
	assert_int_equal(simulate(BIT(19), 0, false, ~0ull, 0, XCR0).outcome, XFDT_RESTORE_GP);
	assert_int_equal(simulate(7, 1, false, ~0ull, 0, XCR0).outcome, XFDT_RESTORE_GP);
	for (i = 0; i < 6; i++) {
		memset(header.reserved, 0, sizeof(header.reserved));
		header.reserved[i] = BIT(8 * i);
		xfdt_xrstor_simulate(&header, &xrstor, &result);
		/* bytes 63:24 are not looked at */
		assert_int_equal(result.outcome, i ? XFDT_RESTORE_OK : XFDT_RESTORE_GP);
	}
}

/* SDM vol. 1, 13.8.2 and 13.12: bytes 63:16 zero. */
static void test_xstate__compacted_format_reserved_bytes(void **state)
{
	struct xfdt_xsave_header header = { .xstate_bv = 7, .xcomp_bv = COMPACTED | 7 };
	struct xfdt_xrstor xrstor = { .edx_eax = ~0ull, .enabled = XCR0 };
	struct xfdt_restore_result result;
	size_t i;

	for (i = 0; i < 12; i++) {
		memset(header.reserved, 0, sizeof(header.reserved));
		header.reserved[i / 2] = BIT(63);
		xrstor.supervisor = i % 2;
		xfdt_xrstor_simulate(&header, &xrstor, &result);
		assert_int_equal(result.outcome, XFDT_RESTORE_GP);
	}
}

/* Header checks come before the #NM of XFD (kernel facts, 5). */
static void test_xstate__gp_comes_before_nm(void **state)
{
	assert_int_equal(simulate(0x602e7, 0x602e7, true, MASK, XTILEDATA, XCR0).outcome,
			 XFDT_RESTORE_GP);
	assert_int_equal(simulate(0x602e7, COMPACTED | 0x202e7, true, MASK, XTILEDATA, XCR0).outcome,
			 XFDT_RESTORE_GP);
}

/* What CPUID.0xD says on Sapphire Rapids. */
static void amx_layout(struct xfdt_xsave_layout *layout)
{
	static const struct {
		unsigned int index;
		uint32_t size, offset;
		bool aligned;
	} components[] = {
		{ 2, 256, 576, false },	  { 5, 64, 1088, false }, { 6, 512, 1152, false },
		{ 7, 1024, 1664, false }, { 9, 8, 2688, false },  { 17, 64, 2752, true },
		{ 18, 8192, 2816, true }, { 11, 16, 0, false },
	};
	size_t i;

	memset(layout, 0, sizeof(*layout));
	for (i = 0; i < COUNT(components); i++) {
		layout->size[components[i].index] = components[i].size;
		layout->standard_offset[components[i].index] = components[i].offset;
		layout->aligned[components[i].index] = components[i].aligned;
	}
}

struct expected {
	unsigned int index;
	uint32_t offset, size;
};

static void assert_places(const struct xfdt_component *components, size_t count,
			  const struct expected *expected, size_t expected_count)
{
	size_t i;

	assert_int_equal(count, expected_count);
	for (i = 0; i < count; i++) {
		assert_int_equal(components[i].index, expected[i].index);
		assert_int_equal(components[i].offset, expected[i].offset);
		assert_int_equal(components[i].size, expected[i].size);
		assert_string_equal(components[i].name, xfdt_xfeature_name(expected[i].index));
	}
}

static void test_xstate__places_in_standard_format(void **state)
{
	static const struct expected expected[] = {
		{ 0, 0, 160 },	 { 1, 160, 256 },  { 2, 576, 256 },
		{ 5, 1088, 64 }, { 6, 1152, 512 }, { 7, 1664, 1024 },
		{ 9, 2688, 8 },	 { 17, 2752, 64 }, { 18, 2816, 8192 },
	};
	struct xfdt_xsave_header header = { .xstate_bv = XCR0 };
	struct xfdt_component components[XFDT_COMPONENTS];
	struct xfdt_xsave_layout layout;

	amx_layout(&layout);
	assert_places(components, xfdt_xsave_components(&header, XTILEDATA, &layout, components),
		      expected, COUNT(expected));
	assert_true(components[8].in_xstate_bv);
	assert_false(components[8].in_xcomp_bv);
	assert_true(components[8].in_xfd);
	assert_false(components[7].in_xfd);
}

/* SDM vol. 1, 13.4.3: one after the other, XTILECFG and XTILEDATA on 64 bytes. */
static void test_xstate__places_in_compacted_format(void **state)
{
	static const struct expected expected[] = {
		{ 0, 0, 160 },	{ 1, 160, 256 },  { 2, 576, 256 },
		{ 5, 832, 64 }, { 6, 896, 512 },  { 7, 1408, 1024 },
		{ 9, 2432, 8 }, { 17, 2496, 64 }, { 18, 2560, 8192 },
	};
	struct xfdt_xsave_header header = { .xstate_bv = 3, .xcomp_bv = COMPACTED | XCR0 };
	struct xfdt_component components[XFDT_COMPONENTS];
	struct xfdt_xsave_layout layout;

	amx_layout(&layout);
	assert_places(components, xfdt_xsave_components(&header, 0, &layout, components), expected,
		      COUNT(expected));
	assert_false(components[8].in_xstate_bv);
	assert_true(components[8].in_xcomp_bv);
}

/* XSTATE_BV does not move places; XCOMP_BV does. */
static void test_xstate__compacted_place_of_tiles_without_avx512(void **state)
{
	static const struct expected expected[] = {
		{ 0, 0, 160 }, { 1, 160, 256 }, { 2, 576, 256 }, { 17, 832, 64 }, { 18, 896, 8192 },
	};
	struct xfdt_xsave_header header = { .xstate_bv = XTILEDATA,
					    .xcomp_bv = COMPACTED | 0x60007 };
	struct xfdt_component components[XFDT_COMPONENTS];
	struct xfdt_xsave_layout layout;

	amx_layout(&layout);
	assert_places(components, xfdt_xsave_components(&header, 0, &layout, components), expected,
		      COUNT(expected));
}

static void test_xstate__unknown_size_hides_what_follows(void **state)
{
	static const struct expected expected[] = {
		{ 0, 0, 160 }, { 1, 160, 256 }, { 2, 576, 256 },
		{ 10, 0, 0 },  { 17, 0, 0 },	{ 18, 0, 0 },
	};
	struct xfdt_xsave_header header = {
		.xstate_bv = 3,
		.xcomp_bv = COMPACTED | 0x60007 | BIT(10),
	};
	struct xfdt_component components[XFDT_COMPONENTS];
	struct xfdt_xsave_layout layout;

	amx_layout(&layout);
	assert_places(components, xfdt_xsave_components(&header, 0, &layout, components), expected,
		      COUNT(expected));
}

/* Bits that only XSTATE_BV or XFD names are listed, with no place in a compacted area. */
static void test_xstate__component_outside_xcomp_bv_has_no_place(void **state)
{
	static const struct expected expected[] = {
		{ 2, 576, 256 },
		{ 9, 0, 0 },
		{ 18, 0, 0 },
	};
	struct xfdt_xsave_header header = { .xstate_bv = BIT(9), .xcomp_bv = COMPACTED | BIT(2) };
	struct xfdt_component components[XFDT_COMPONENTS];
	struct xfdt_xsave_layout layout;

	amx_layout(&layout);
	assert_places(components, xfdt_xsave_components(&header, XTILEDATA, &layout, components),
		      expected, COUNT(expected));
}

static void test_xstate__all_bits_and_absurd_sizes_stay_in_bounds(void **state)
{
	struct xfdt_xsave_header header = { .xstate_bv = ~0ull, .xcomp_bv = ~0ull };
	struct xfdt_component components[XFDT_COMPONENTS];
	struct xfdt_xsave_layout layout;
	size_t count, i;

	memset(&layout, 0, sizeof(layout));
	for (i = 0; i < XFDT_COMPONENTS; i++) {
		layout.size[i] = UINT32_MAX;
		layout.aligned[i] = true;
	}
	count = xfdt_xsave_components(&header, ~0ull, &layout, components);
	assert_int_equal(count, 63);
	for (i = 2; i < count; i++) {
		assert_int_equal(components[i].index, i);
		/* 576 + 2^32 - 1 has no place in 32 bits */
		assert_int_equal(components[i].offset, 0);
		assert_int_equal(components[i].size, 0);
	}
}

#include "test_xstate.tests.h"
