/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layouts out of BTF, made with libbpf and damaged by hand. */
#include "unit.h"
#include "types/btf.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

struct ids {
	int u8, u32, u64, pointer;
};

static struct btf *new_btf(struct ids *ids)
{
	struct btf *btf = btf__new_empty();

	assert_non_null(btf);
	ids->u8 = btf__add_int(btf, "unsigned char", 1, 0);
	ids->u32 = btf__add_int(btf, "unsigned int", 4, 0);
	ids->u64 = btf__add_int(btf, "unsigned long", 8, 0);
	ids->pointer = btf__add_ptr(btf, 0);
	assert_true(ids->pointer > 0);
	return btf;
}

static int add_struct(struct btf *btf, const char *name, uint32_t size)
{
	int id = btf__add_struct(btf, name, size);

	assert_true(id > 0);
	return id;
}

static int add_union(struct btf *btf, const char *name, uint32_t size)
{
	int id = btf__add_union(btf, name, size);

	assert_true(id > 0);
	return id;
}

/* to the composite that was added last */
static void add_field(struct btf *btf, const char *name, int type, uint32_t bit_offset,
		      uint32_t bits)
{
	assert_int_equal(btf__add_field(btf, name, type, bit_offset, bits), 0);
}

static struct xfdt_error *types_of(struct xfdt_btf **types, const struct btf *btf,
				   const struct xfdt_btf *base)
{
	__u32 len;
	const void *data = btf__raw_data(btf, &len);

	assert_non_null(data);
	return xfdt_btf_new(types, data, len, base);
}

static size_t fill(const struct btf *btf, struct xfdt_layout *layout)
{
	struct xfdt_btf *types;
	size_t filled;

	memset(layout, 0, sizeof(*layout));
	assert_ok(types_of(&types, btf, NULL));
	filled = xfdt_btf_fill(types, layout);
	xfdt_btf_free(types);
	return filled;
}

static void assert_member(const struct xfdt_layout *layout, enum xfdt_member_id id, uint32_t offset,
			  uint32_t size)
{
	const struct xfdt_member *member = &layout->members[id];

	assert_true(member->known);
	assert_int_equal(member->offset, offset);
	assert_int_equal(member->size, size);
	assert_int_equal(member->bit_offset, 0);
	assert_int_equal(member->bit_size, 0);
}

static void test_btf__plain_members_and_sizes(void **state)
{
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);
	int slots = btf__add_array(btf, ids.u32, ids.pointer, 64);

	add_struct(btf, "fpu_guest", 32);
	add_field(btf, "xfeatures", ids.u64, 0, 0);
	add_field(btf, "xfd_err", ids.u64, 64, 0);
	add_field(btf, "fpstate", ids.pointer, 192, 0);
	add_struct(btf, "xa_node", 576);
	add_field(btf, "shift", ids.u8, 0, 0);
	add_field(btf, "slots", slots, 320, 0);
	/* struct fpu_guest's size is no need: 3 members, and xa_node with 2 */
	assert_int_equal(fill(btf, &layout), 6);
	assert_member(&layout, XFDT_M_fpu_guest_xfeatures, 0, 8);
	assert_member(&layout, XFDT_M_fpu_guest_xfd_err, 8, 8);
	assert_member(&layout, XFDT_M_fpu_guest_fpstate, 24, 8);
	assert_false(layout.members[XFDT_M_fpu_guest_perm].known);
	assert_member(&layout, XFDT_M_xa_node_shift, 0, 1);
	assert_member(&layout, XFDT_M_xa_node_slots, 40, 512);
	assert_int_equal(layout.structs[XFDT_T_xa_node], 576);
	assert_int_equal(layout.structs[XFDT_T_kvm], 0);
	btf__free(btf);
}

/* kernel facts, 1: is_valloc b0, is_guest b1, is_confidential b2, in_use b3 of the word at 32 */
static void test_btf__bit_fields(void **state)
{
	static const struct {
		enum xfdt_member_id id;
		unsigned int bit;
	} bits[] = {
		{ XFDT_M_fpstate_is_guest, 1 },
		{ XFDT_M_fpstate_is_confidential, 2 },
		{ XFDT_M_fpstate_in_use, 3 },
	};
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);
	int regs = add_union(btf, "fpregs_state", 4096);
	size_t i;

	add_field(btf, "__padding", ids.u64, 0, 0);
	add_struct(btf, "fpstate", 4160);
	add_field(btf, "size", ids.u32, 0, 0);
	add_field(btf, "xfd", ids.u64, 192, 0);
	add_field(btf, "is_valloc", ids.u32, 256, 1);
	add_field(btf, "is_guest", ids.u32, 257, 1);
	add_field(btf, "is_confidential", ids.u32, 258, 1);
	add_field(btf, "in_use", ids.u32, 259, 1);
	add_field(btf, "regs", regs, 512, 0);
	fill(btf, &layout);
	for (i = 0; i < COUNT(bits); i++) {
		const struct xfdt_member *member = &layout.members[bits[i].id];

		assert_true(member->known);
		assert_int_equal(member->offset, 32);
		assert_int_equal(member->bit_offset, bits[i].bit);
		assert_int_equal(member->bit_size, 1);
		assert_int_equal(member->size, 1);
	}
	assert_member(&layout, XFDT_M_fpstate_size, 0, 4);
	assert_member(&layout, XFDT_M_fpstate_xfd, 24, 8);
	assert_member(&layout, XFDT_M_fpstate_regs, 64, 4096);
	assert_int_equal(layout.structs[XFDT_T_fpstate], 4160);
	btf__free(btf);
}

/* a bit field that crosses bytes takes as many as it needs */
static void test_btf__bit_field_across_bytes(void **state)
{
	const struct xfdt_member *member;
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);

	add_struct(btf, "fpstate", 64);
	add_field(btf, "in_use", ids.u32, 8 * 5 + 6, 12);
	fill(btf, &layout);
	member = &layout.members[XFDT_M_fpstate_in_use];
	assert_true(member->known);
	assert_int_equal(member->offset, 5);
	assert_int_equal(member->bit_offset, 6);
	assert_int_equal(member->bit_size, 12);
	assert_int_equal(member->size, 3); /* bits 6 to 17 */
	btf__free(btf);
}

/* "arch.guest_fpu": through a named member, over a typedef and a const */
static void test_btf__path_through_named_members(void **state)
{
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);
	int fpu = add_struct(btf, "fpu_guest", 32), arch;

	add_field(btf, "fpstate", ids.pointer, 192, 0);
	arch = add_struct(btf, "kvm_vcpu_arch", 4096);
	add_field(btf, "regs", ids.u64, 0, 0);
	add_field(btf, "guest_fpu", fpu, 8 * 1464, 0);
	add_field(btf, "xcr0", ids.u64, 8 * 1600, 0);
	arch = btf__add_const(btf, btf__add_typedef(btf, "arch_t", arch));
	add_struct(btf, "kvm_vcpu", 8192);
	add_field(btf, "kvm", ids.pointer, 0, 0);
	add_field(btf, "arch", arch, 8 * 256, 0);
	fill(btf, &layout);
	assert_member(&layout, XFDT_M_kvm_vcpu_guest_fpu, 256 + 1464, 32);
	assert_member(&layout, XFDT_M_kvm_vcpu_xcr0, 256 + 1600, 8);
	assert_member(&layout, XFDT_M_kvm_vcpu_kvm, 0, 8);
	btf__free(btf);
}

static void test_btf__anonymous_members(void **state)
{
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);
	int inner, outer;

	inner = add_struct(btf, NULL, 16);
	add_field(btf, "unrelated", ids.u64, 0, 0);
	add_field(btf, "on_cpu", ids.u32, 64, 0);
	outer = add_union(btf, NULL, 16);
	add_field(btf, "other", ids.u64, 0, 0);
	add_field(btf, NULL, inner, 0, 0);
	add_struct(btf, "task_struct", 5888);
	add_field(btf, "stack", ids.pointer, 128, 0);
	add_field(btf, NULL, outer, 256, 0);
	add_field(btf, "pid", ids.u32, 8 * 100, 0);
	fill(btf, &layout);
	assert_member(&layout, XFDT_M_task_on_cpu, 32 + 8, 4);
	assert_member(&layout, XFDT_M_task_pid, 100, 4);
	assert_int_equal(layout.structs[XFDT_T_task_struct], 5888);
	btf__free(btf);
}

/* "on_cpu" is u8 from v7.2 on */
static void test_btf__size_is_that_of_the_type(void **state)
{
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);
	int volatile_u8 = btf__add_volatile(btf, ids.u8);

	add_struct(btf, "task_struct", 6144);
	add_field(btf, "on_cpu", volatile_u8, 8 * 55, 0);
	fill(btf, &layout);
	assert_member(&layout, XFDT_M_task_on_cpu, 55, 1);
	btf__free(btf);
}

static void test_btf__longer_name_is_another_member(void **state)
{
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);

	add_struct(btf, "task_struct", 64);
	add_field(btf, "pid_links_more", ids.u64, 0, 0);
	add_field(btf, "pi", ids.u64, 64, 0);
	add_field(btf, "pid", ids.u32, 128, 0);
	fill(btf, &layout);
	assert_member(&layout, XFDT_M_task_pid, 16, 4);
	assert_false(layout.members[XFDT_M_task_pid_links].known);
	btf__free(btf);
}

/* Several structures called "kvm_vcpu": the one with most of the members. */
static void test_btf__same_named_structures(void **state)
{
	unsigned int order;

	for (order = 0; order < 2; order++) {
		struct xfdt_layout layout;
		struct ids ids;
		struct btf *btf = new_btf(&ids);
		unsigned int i;

		for (i = 0; i < 2; i++) {
			if (i == order) {
				add_struct(btf, "kvm_vcpu", 16);
				add_field(btf, "mode", ids.u32, 64, 0);
				continue;
			}
			add_struct(btf, "kvm_vcpu", 9000);
			add_field(btf, "kvm", ids.pointer, 0, 0);
			add_field(btf, "vcpu_id", ids.u32, 96, 0);
			add_field(btf, "mode", ids.u32, 128, 0);
		}
		fill(btf, &layout);
		assert_member(&layout, XFDT_M_kvm_vcpu_kvm, 0, 8);
		assert_member(&layout, XFDT_M_kvm_vcpu_vcpu_id, 12, 4);
		/* of the same structure as the others */
		assert_member(&layout, XFDT_M_kvm_vcpu_mode, 16, 4);
		btf__free(btf);
	}
}

static void test_btf__forward_declaration_is_no_structure(void **state)
{
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);

	assert_true(btf__add_fwd(btf, "kvm", BTF_FWD_STRUCT) > 0);
	assert_int_equal(fill(btf, &layout), 0);
	btf__free(btf);
}

static void test_btf__what_is_known_stays(void **state)
{
	struct xfdt_layout layout;
	struct xfdt_btf *types;
	struct ids ids;
	struct btf *btf = new_btf(&ids);

	add_struct(btf, "list_head", 16);
	add_field(btf, "prev", ids.pointer, 0, 0);
	add_field(btf, "next", ids.pointer, 64, 0);
	memset(&layout, 0, sizeof(layout));
	layout.members[XFDT_M_list_head_next] = (struct xfdt_member){ .known = true, .size = 8 };
	assert_ok(types_of(&types, btf, NULL));
	assert_int_equal(xfdt_btf_fill(types, &layout), 1);
	assert_member(&layout, XFDT_M_list_head_next, 0, 8);
	assert_member(&layout, XFDT_M_list_head_prev, 0, 8);
	xfdt_btf_free(types);
	btf__free(btf);
}

static void test_btf__offsets_out_of_bounds_are_refused(void **state)
{
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);
	int guest;

	/* 8 * (2^20 + 8) bits: past XFDT_STRUCT_MAX */
	add_struct(btf, "list_head", 1u << 21);
	add_field(btf, "next", ids.pointer, 8 * ((1u << 20) + 8), 0);
	/* 2^20 + 1 bytes */
	add_struct(btf, "kvm", (1u << 20) + 1);
	add_field(btf, "mm", ids.pointer, 0, 0);
	/* a pointer that begins inside of a byte is no member */
	guest = add_struct(btf, "fpu_guest", 32);
	add_field(btf, "fpstate", ids.pointer, 0, 0);
	btf_members((struct btf_type *)btf__type_by_id(btf, guest))->offset = 4;
	fill(btf, &layout);
	assert_false(layout.members[XFDT_M_list_head_next].known);
	assert_int_equal(layout.structs[XFDT_T_kvm], 0);
	assert_member(&layout, XFDT_M_kvm_mm, 0, 8);
	assert_false(layout.members[XFDT_M_fpu_guest_fpstate].known);
	btf__free(btf);
}

/* The type of a member is a typedef of itself, or a structure that holds itself. */
static void test_btf__cycles_end(void **state)
{
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);
	int first = btf__type_cnt(btf), self;

	/* two typedefs of each other: ids are not checked when they are added */
	assert_int_equal(btf__add_typedef(btf, "ping", first + 1), first);
	assert_int_equal(btf__add_typedef(btf, "pong", first), first + 1);
	/* a structure with an anonymous member of its own type */
	self = add_struct(btf, "task_struct", 64);
	add_field(btf, NULL, self, 0, 0);
	add_field(btf, NULL, self, 0, 0);
	add_field(btf, "thread_info", first, 0, 0);
	add_field(btf, "stack", first, 0, 0);
	add_field(btf, "thread", self, 64, 0);
	fill(btf, &layout);
	assert_int_equal(layout.structs[XFDT_T_task_struct], 64);
	assert_false(layout.members[XFDT_M_task_stack].known);
	assert_false(layout.members[XFDT_M_task_thread_info_flags].known);
	assert_false(layout.members[XFDT_M_task_thread_fpu].known);
	btf__free(btf);
}

/* Many structures of one name, each of many anonymous members of itself: bounded. */
static void test_btf__much_nesting_ends(void **state)
{
	struct xfdt_layout layout;
	struct ids ids;
	struct btf *btf = new_btf(&ids);
	unsigned int i, j;

	for (i = 0; i < 20; i++) {
		int self = add_struct(btf, "task_struct", 64);

		for (j = 0; j < 30; j++)
			add_field(btf, NULL, self, 0, 0);
	}
	fill(btf, &layout);
	assert_false(layout.members[XFDT_M_task_pid].known);
	btf__free(btf);
}

/* 7.2 may have a longer header; libbpf 1.1 knows only its own */
static void test_btf__longer_header(void **state)
{
	struct xfdt_layout layout;
	struct xfdt_btf *types;
	struct btf_header header;
	struct ids ids;
	struct btf *btf = new_btf(&ids);
	const uint8_t *data;
	uint8_t *longer;
	__u32 len;

	add_struct(btf, "list_head", 16);
	add_field(btf, "next", ids.pointer, 0, 0);
	data = btf__raw_data(btf, &len);
	longer = calloc(1, len + 8);
	memcpy(&header, data, sizeof(header));
	assert_int_equal(header.hdr_len, 24);
	header.hdr_len = 32;
	memcpy(longer, &header, sizeof(header));
	memset(longer + 24, 0xee, 8);
	memcpy(longer + 32, data + 24, len - 24);
	assert_ok(xfdt_btf_new(&types, longer, len + 8, NULL));
	memset(&layout, 0, sizeof(layout));
	assert_int_equal(xfdt_btf_fill(types, &layout), 1);
	assert_member(&layout, XFDT_M_list_head_next, 0, 8);
	xfdt_btf_free(types);
	free(longer);
	btf__free(btf);
}

/* a module's BTF refers to the types of vmlinux, and counts on from them */
static void test_btf__split_btf_over_its_base(void **state)
{
	struct xfdt_btf *base_types, *types, *without;
	struct xfdt_layout layout;
	struct xfdt_error *err;
	struct ids ids;
	struct btf *base = new_btf(&ids), *split;
	int list;

	list = add_struct(base, "list_head", 16);
	add_field(base, "next", ids.pointer, 0, 0);
	split = btf__new_empty_split(base);
	assert_non_null(split);
	add_struct(split, "kvm", 41216);
	add_field(split, "mm", ids.pointer, 64, 0);
	add_field(split, "vm_list", list, 128, 0);
	add_struct(split, "task_struct", 64);

	assert_ok(types_of(&base_types, base, NULL));
	assert_ok(types_of(&types, split, base_types));
	memset(&layout, 0, sizeof(layout));
	/* its own types only: two sizes, mm and vm_list */
	assert_int_equal(xfdt_btf_fill(types, &layout), 4);
	assert_int_equal(layout.structs[XFDT_T_kvm], 41216);
	assert_member(&layout, XFDT_M_kvm_mm, 8, 8);
	assert_member(&layout, XFDT_M_kvm_vm_list, 16, 16);
	assert_false(layout.members[XFDT_M_list_head_next].known);

	/* in place of what is known of that structure, down to a member that it lacks, and of no other */
	memset(&layout, 0x5a, sizeof(layout));
	assert_int_equal(xfdt_btf_replace_kvm(types, &layout), 3);
	assert_int_equal(layout.structs[XFDT_T_kvm], 41216);
	assert_member(&layout, XFDT_M_kvm_mm, 8, 8);
	assert_member(&layout, XFDT_M_kvm_vm_list, 16, 16);
	assert_false(layout.members[XFDT_M_kvm_vcpu_array].known);
	assert_int_equal(layout.members[XFDT_M_kvm_vcpu_kvm].offset, 0x5a5a5a5a);
	assert_int_equal(layout.structs[XFDT_T_task_struct], 0x5a5a5a5a);
	assert_int_equal(layout.members[XFDT_M_list_head_next].offset, 0x5a5a5a5a);
	/* the base has none of KVM's */
	assert_int_equal(xfdt_btf_replace_kvm(base_types, &layout), 0);
	assert_int_equal(layout.structs[XFDT_T_kvm], 41216);
	assert_int_equal(layout.members[XFDT_M_list_head_next].offset, 0x5a5a5a5a);
	xfdt_btf_free(types);

	/* without its base its ids mean something else; whatever comes, no crash */
	err = types_of(&without, split, NULL);
	if (!err) {
		memset(&layout, 0, sizeof(layout));
		xfdt_btf_fill(without, &layout);
		xfdt_btf_free(without);
	}
	xfdt_error_free(err);
	xfdt_btf_free(base_types);
	btf__free(split);
	btf__free(base);
}

static void test_btf__garbage_is_corrupt(void **state)
{
	struct xfdt_btf *types = (void *)0x5a5a, *untouched = types;
	uint8_t garbage[256];
	struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = 1,
		.hdr_len = sizeof(header),
		.str_len = 1,
	};
	struct btf_header bad;
	uint8_t bytes[64] = { 0 };
	size_t i;

	for (i = 0; i < sizeof(garbage); i++)
		garbage[i] = (uint8_t)(i * 37 + 11);
	for (i = 0; i <= sizeof(garbage); i++)
		assert_fails(xfdt_btf_new(&types, garbage, i, NULL), XFDT_CORRUPT);

#define BAD(change) \
	do { \
		bad = header; \
		change; \
		memcpy(bytes, &bad, sizeof(bad)); \
		assert_fails(xfdt_btf_new(&types, bytes, sizeof(bytes), NULL), XFDT_CORRUPT); \
	} while (0)

	BAD(bad.magic = 0x9feb); /* of the other byte order */
	BAD(bad.hdr_len = 23);
	BAD(bad.hdr_len = 65);
	BAD(bad.hdr_len = UINT32_MAX);
	BAD(bad.type_off = 41);
	BAD(bad.type_off = UINT32_MAX);
	BAD(bad.type_len = UINT32_MAX);
	BAD((bad.type_off = 16, bad.type_len = UINT32_MAX - 8));
	BAD(bad.str_off = UINT32_MAX);
	BAD(bad.str_len = UINT32_MAX);
	BAD((bad.str_off = 16, bad.str_len = UINT32_MAX - 8));
	assert_ptr_equal(types, untouched);
}

/* no version but 1 is known, and another one need not look the same */
static void test_btf__other_version_is_refused(void **state)
{
	struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = 2,
		.hdr_len = sizeof(header),
		.str_len = 1,
	};
	struct xfdt_btf *types = NULL;
	uint8_t bytes[64] = { 0 };
	struct xfdt_error *err;

	memcpy(bytes, &header, sizeof(header));
	err = xfdt_btf_new(&types, bytes, sizeof(bytes), NULL);
	if (!err)
		xfdt_btf_free(types);
	assert_non_null(err);
	xfdt_error_free(err);
}

/* every byte of a small BTF replaced, and every truncation: no crash, no hang */
static void test_btf__damaged_bytes(void **state)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	struct xfdt_layout layout;
	struct xfdt_btf *types;
	struct xfdt_error *err;
	struct ids ids;
	struct btf *btf = new_btf(&ids);
	const uint8_t *data;
	uint8_t *copy;
	size_t at, i;
	__u32 len;

	add_struct(btf, "fpstate", 4160);
	add_field(btf, "xfd", ids.u64, 192, 0);
	add_field(btf, "in_use", ids.u32, 259, 1);
	add_struct(btf, "list_head", 16);
	add_field(btf, "next", btf__type_cnt(btf) - 1, 0, 0);
	data = btf__raw_data(btf, &len);
	for (at = 0; at < len; at++) {
		for (i = 0; i < COUNT(values); i++) {
			copy = malloc(len);
			memcpy(copy, data, len);
			copy[at] = values[i];
			memset(&layout, 0, sizeof(layout));
			err = xfdt_btf_new(&types, copy, len, NULL);
			free(copy);
			if (!err) {
				xfdt_btf_fill(types, &layout);
				xfdt_btf_free(types);
			}
			xfdt_error_free(err);
			for (size_t m = 0; m < XFDT_MEMBER_COUNT; m++)
				assert_true(!layout.members[m].known ||
					    xfdt_member_is_sane(&layout.members[m]));
		}
		copy = malloc(at ? at : 1);
		memcpy(copy, data, at);
		assert_fails(xfdt_btf_new(&types, copy, at, NULL), XFDT_CORRUPT);
		free(copy);
	}
	btf__free(btf);
}

static void test_btf__free_of_nothing(void **state)
{
	xfdt_btf_free(NULL);
}

#include "test_btf.tests.h"
