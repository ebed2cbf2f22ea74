/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO: keys, numbers, layouts. */
#include "unit.h"
#include "image/vmcoreinfo.h"

#include <stdlib.h>
#include <string.h>

static const char text[] = "OSRELEASE=6.18.5-amd64\n"
			   "BUILD-ID=0123456789abcdef0123456789abcdef01234567\n"
			   "PAGESIZE=4096\n"
			   "SYMBOL(_stext)=ffffffff81000000\n"
			   "SYMBOL(prefix_prb)=1\n"
			   "SYMBOL(prb)=ffffffff82a4c9f0\n"
			   "NUMBER(phys_base)=-18874368\n"
			   "NUMBER(KERNEL_IMAGE_SIZE)=1073741824\n"
			   "NUMBER(sme_mask)=0x800000000000\n"
			   "SIZE(prb_desc)=24\n"
			   "SIZE(printk_info)=88\n"
			   "OFFSET(prb_desc.state_var)=0\n"
			   "OFFSET(prb_desc.text_blk_lpos)=8\n"
			   "OFFSET(list_head.next)=0\n"
			   "OFFSET(printk_info.text_len)=16\n"
			   "LAST=end";

static struct xfdt_vmcoreinfo parse(const char *lines)
{
	struct xfdt_vmcoreinfo info;

	assert_ok(xfdt_vmcoreinfo_init(&info, lines));
	return info;
}

static bool get(const char *lines, const char *key, char *value, size_t size)
{
	struct xfdt_vmcoreinfo info = parse(lines);
	bool found = xfdt_vmcoreinfo_get(&info, key, value, size);

	xfdt_vmcoreinfo_deinit(&info);
	return found;
}

static bool symbol(const char *lines, const char *name, uint64_t *kvaddr)
{
	struct xfdt_vmcoreinfo info = parse(lines);
	bool found = xfdt_vmcoreinfo_symbol(&info, name, kvaddr);

	xfdt_vmcoreinfo_deinit(&info);
	return found;
}

static bool number_of(const char *lines, const char *name, uint64_t *number)
{
	struct xfdt_vmcoreinfo info = parse(lines);
	bool found = xfdt_vmcoreinfo_number(&info, name, number);

	xfdt_vmcoreinfo_deinit(&info);
	return found;
}

static void layout_of(const char *lines, struct xfdt_layout *layout)
{
	struct xfdt_vmcoreinfo info = parse(lines);

	xfdt_vmcoreinfo_layout(&info, layout);
	xfdt_vmcoreinfo_deinit(&info);
}

/* libkdumpfile crashes on the first, and takes minutes for the second */
static void test_vmcoreinfo__lines_of_any_form(void **state)
{
	char *levels = calloc(1, 60064), value[8];
	size_t i;

	assert_false(get(".=1\n.a.b=2\n=\n==\nA\n\n", "A", value, sizeof(value)));
	assert_true(get(".=1\n=2\nA=3", ".", value, sizeof(value)));
	assert_string_equal(value, "1");
	for (i = 0; i < 30000; i++)
		memcpy(levels + 2 * i, "a.", 2);
	strcpy(levels + 60000, "=1\nA=2\n");
	assert_true(get(levels, "A", value, sizeof(value)));
	assert_string_equal(value, "2");
	free(levels);
}

static void test_vmcoreinfo__first_of_two_lines_holds(void **state)
{
	char value[8];

	assert_true(get("A=1\nB=x\nA=2\nA=\n", "A", value, sizeof(value)));
	assert_string_equal(value, "1");
	/* as before: a first one without a value is none */
	assert_false(get("A=\nA=2\n", "A", value, sizeof(value)));
	assert_true(get("AA=1\nA=2\nAAA=3\n", "A", value, sizeof(value)));
	assert_string_equal(value, "2");
}

static void test_vmcoreinfo__gets_values(void **state)
{
	char value[64];

	assert_true(get(text, "OSRELEASE", value, sizeof(value)));
	assert_string_equal(value, "6.18.5-amd64");
	assert_true(get(text, "PAGESIZE", value, sizeof(value)));
	assert_string_equal(value, "4096");
	/* the last line, without a newline */
	assert_true(get(text, "LAST", value, sizeof(value)));
	assert_string_equal(value, "end");
}

static void test_vmcoreinfo__key_is_whole_and_at_the_start(void **state)
{
	char value[64] = "untouched";

	assert_false(get(text, "RELEASE", value, sizeof(value)));
	assert_false(get(text, "OSREL", value, sizeof(value)));
	assert_false(get(text, "OSRELEASE=6", value, sizeof(value)));
	assert_false(get("", "OSRELEASE", value, sizeof(value)));
	assert_false(get("\n\n\n", "OSRELEASE", value, sizeof(value)));
	assert_false(get("OSRELEASE", "OSRELEASE", value, sizeof(value)));
	assert_string_equal(value, "untouched");
}

static void test_vmcoreinfo__empty_value_is_none(void **state)
{
	char value[8] = "before";

	assert_false(get("A=\nB=1\n", "A", value, sizeof(value)));
	assert_false(get("A=", "A", value, sizeof(value)));
	assert_string_equal(value, "before");
}

static void test_vmcoreinfo__value_is_cut_at_size(void **state)
{
	char value[8];

	memset(value, 'z', sizeof(value));
	assert_true(get(text, "OSRELEASE", value, 5));
	assert_string_equal(value, "6.18");
	assert_int_equal(value[5], 'z');
}

static void test_vmcoreinfo__symbols_are_hexadecimal(void **state)
{
	uint64_t kvaddr = 0x5a;

	assert_true(symbol(text, "_stext", &kvaddr));
	assert_true(kvaddr == 0xffffffff81000000ull);
	assert_true(symbol(text, "prb", &kvaddr));
	assert_true(kvaddr == 0xffffffff82a4c9f0ull);
	assert_false(symbol(text, "rb", &kvaddr));
	assert_true(kvaddr == 0xffffffff82a4c9f0ull);
}

static void test_vmcoreinfo__numbers(void **state)
{
	uint64_t number = 0x5a;

	assert_true(number_of(text, "KERNEL_IMAGE_SIZE", &number));
	assert_true(number == 1ull << 30);
	assert_true(number_of(text, "sme_mask", &number));
	assert_true(number == 1ull << 47);
	/* two's complement */
	assert_true(number_of(text, "phys_base", &number));
	assert_true((int64_t)number == -18874368);
	assert_false(number_of(text, "_stext", &number));
}

static void test_vmcoreinfo__what_is_no_number_is_refused(void **state)
{
	static const char *const bad[] = {
		"SYMBOL(x)=",
		"SYMBOL(x)=ffffffff8100000g",
		"SYMBOL(x)=1ffffffffffffffff",
		"SYMBOL(x)= ",
		"SYMBOL(x)=ffffffff81000000 ",
		"SYMBOL(x)=ffffffff81000000\r",
		"SYMBOL(x)=xyz",
		"SYMBOL(x)==1",
	};
	uint64_t kvaddr = 0x5a;
	size_t i;

	for (i = 0; i < COUNT(bad); i++)
		if (symbol(bad[i], "x", &kvaddr))
			fail_msg("'%s' was taken for %#llx", bad[i], (unsigned long long)kvaddr);
	assert_int_equal(kvaddr, 0x5a);
}

/* Not to be cut to its first digits, which would be another number. */
static void test_vmcoreinfo__number_of_many_digits_is_not_cut(void **state)
{
	uint64_t kvaddr = 0x5a;

	assert_false(
		symbol("SYMBOL(x)=00000000000000000000000000000000000000000000001g", "x", &kvaddr));
	assert_int_equal(kvaddr, 0x5a);
	if (symbol("SYMBOL(x)=0000000000000000000000000000000000ffffffff81000000", "x", &kvaddr))
		assert_true(kvaddr == 0xffffffff81000000ull);
}

/* No symbol is below 0, whatever strtoull() makes of it. */
static void test_vmcoreinfo__symbol_with_a_sign_is_refused(void **state)
{
	uint64_t kvaddr = 0x5a;

	assert_false(symbol("SYMBOL(x)=-7f000000", "x", &kvaddr));
	assert_int_equal(kvaddr, 0x5a);
}

static void test_vmcoreinfo__name_too_long_is_not_found(void **state)
{
	uint64_t kvaddr = 0x5a;
	char name[500];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_false(symbol(text, name, &kvaddr));
	assert_int_equal(kvaddr, 0x5a);
}

static void test_vmcoreinfo__layout_takes_listed_members(void **state)
{
	struct xfdt_layout layout;

	memset(&layout, 0, sizeof(layout));
	layout_of(text, &layout);
	assert_int_equal(layout.structs[XFDT_T_prb_desc], 24);
	assert_int_equal(layout.structs[XFDT_T_printk_info], 88);
	assert_int_equal(layout.structs[XFDT_T_kvm], 0);
	assert_true(layout.members[XFDT_M_prb_desc_text_blk_lpos].known);
	assert_int_equal(layout.members[XFDT_M_prb_desc_text_blk_lpos].offset, 8);
	assert_int_equal(layout.members[XFDT_M_prb_desc_text_blk_lpos].size, 16);
	assert_true(layout.members[XFDT_M_printk_info_text_len].known);
	assert_int_equal(layout.members[XFDT_M_printk_info_text_len].offset, 16);
	assert_int_equal(layout.members[XFDT_M_printk_info_text_len].size, 2);
	assert_true(layout.members[XFDT_M_list_head_next].known);
	/* VMCOREINFO gives no size for these */
	assert_false(layout.members[XFDT_M_printk_info_facility].known);
	assert_false(layout.members[XFDT_M_kvm_vcpu_kvm].known);
}

static void test_vmcoreinfo__layout_keeps_what_is_known(void **state)
{
	struct xfdt_layout layout;

	memset(&layout, 0, sizeof(layout));
	layout.structs[XFDT_T_prb_desc] = 32;
	layout.members[XFDT_M_prb_desc_state_var] = (struct xfdt_member){
		.known = true,
		.offset = 24,
		.size = 8,
	};
	layout_of(text, &layout);
	assert_int_equal(layout.structs[XFDT_T_prb_desc], 32);
	assert_int_equal(layout.members[XFDT_M_prb_desc_state_var].offset, 24);
}

static void test_vmcoreinfo__layout_out_of_bounds_is_refused(void **state)
{
	static const char absurd[] =
		"SIZE(prb_desc)=1048577\nSIZE(printk_info)=-1\nSIZE(kvm)=0\n"
		"OFFSET(prb_desc.state_var)=1048577\nOFFSET(prb_desc.text_blk_lpos)=-8\n"
		"OFFSET(printk_info.text_len)=18446744073709551616\n"
		"OFFSET(list_head.next)=0x8\n";
	struct xfdt_layout layout;
	size_t i;

	memset(&layout, 0, sizeof(layout));
	layout_of(absurd, &layout);
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		assert_int_equal(layout.structs[i], 0);
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		assert_false(layout.members[i].known);
}

#include "test_vmcoreinfo.tests.h"
