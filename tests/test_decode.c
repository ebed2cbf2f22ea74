/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One instruction: kind, length, target, operands. */
#include "unit.h"
#include "insn/decode.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESS 0xffffffff81040000ull

static struct xfdt_decoder *decoder;

__attribute__((constructor)) static void make_decoder(void)
{
	decoder = xfdt_decoder_new();
}

__attribute__((destructor)) static void free_decoder(void)
{
	xfdt_decoder_free(decoder);
}

static struct xfdt_insn decode(const uint8_t *code, size_t len)
{
	struct xfdt_insn insn;

	assert_true(xfdt_decode(decoder, code, len, ADDRESS, &insn));
	return insn;
}

#define DECODE(...) \
	decode((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void test_decode__direct_branches(void **state)
{
	static const struct {
		uint8_t code[8];
		unsigned int length;
		enum xfdt_insn_kind kind;
		int64_t target; /* from ADDRESS */
	} branches[] = {
		{ { 0xe8, 0x00, 0x01, 0x00, 0x00 }, 5, XFDT_INSN_CALL, 0x105 },
		{ { 0xe9, 0xf0, 0xff, 0xff, 0xff }, 5, XFDT_INSN_JUMP, -11 },
		{ { 0xeb, 0x10 }, 2, XFDT_INSN_JUMP, 0x12 },
		{ { 0x75, 0xfe }, 2, XFDT_INSN_BRANCH, 0 },
		{ { 0x0f, 0x84, 0x00, 0x10, 0x00, 0x00 }, 6, XFDT_INSN_BRANCH, 0x1006 },
		{ { 0xe3, 0x02 }, 2, XFDT_INSN_BRANCH, 4 }, /* jrcxz */
		{ { 0xe2, 0x02 }, 2, XFDT_INSN_BRANCH, 4 }, /* loop */
		/* cs call, as retpolines are called; bnd jmp; notrack has no meaning here */
		{ { 0x2e, 0xe8, 0x00, 0x01, 0x00, 0x00 }, 6, XFDT_INSN_CALL, 0x106 },
		{ { 0xf2, 0xe9, 0x00, 0x01, 0x00, 0x00 }, 6, XFDT_INSN_JUMP, 0x106 },
	};
	size_t i;

	for (i = 0; i < COUNT(branches); i++) {
		struct xfdt_insn insn = decode(branches[i].code, sizeof(branches[i].code));

		assert_int_equal(insn.kind, branches[i].kind);
		assert_int_equal(insn.length, branches[i].length);
		assert_true(insn.direct);
		assert_true(insn.target == ADDRESS + (uint64_t)branches[i].target);
	}
}

static void test_decode__indirect_branches_have_no_target(void **state)
{
	struct xfdt_insn insn = DECODE(0xff, 0xd0); /* call *%rax */

	assert_int_equal(insn.kind, XFDT_INSN_CALL);
	assert_false(insn.direct);
	insn = DECODE(0xff, 0x25, 0x00, 0x10, 0x00, 0x00); /* jmp *0x1000(%rip) */
	assert_int_equal(insn.kind, XFDT_INSN_JUMP);
	assert_false(insn.direct);
	insn = DECODE(0xc3);
	assert_int_equal(insn.kind, XFDT_INSN_RETURN);
	assert_false(insn.direct);
	insn = DECODE(0x48, 0xcf); /* iretq */
	assert_int_equal(insn.kind, XFDT_INSN_RETURN);
}

/* Intel's processors ignore it, AMD's do not: then the byte is none of the instruction's. */
static void test_decode__operand_size_of_a_branch(void **state)
{
	static const uint8_t code[] = { 0x66, 0xe8, 0x00, 0x01, 0x00, 0x00 };
	struct xfdt_insn insn;

	assert_false(xfdt_decode(decoder, code, sizeof(code), ADDRESS, &insn));
	assert_true(xfdt_decode(decoder, code + 1, sizeof(code) - 1, ADDRESS + 1, &insn));
	assert_true(insn.target == ADDRESS + 6 + 0x100);
}

static void test_decode__source_of_an_and(void **state)
{
	/* and %rax,0x200(%r14) */
	struct xfdt_insn insn = DECODE(0x49, 0x21, 0x86, 0x00, 0x02, 0x00, 0x00);

	assert_int_equal(insn.kind, XFDT_INSN_AND);
	assert_int_equal(insn.first, XFDT_OPERAND_MEMORY);
	assert_int_equal(insn.second, XFDT_OPERAND_REGISTER);
	assert_int_equal(insn.size, 8);
	assert_true(insn.memory_known);
	assert_int_equal(insn.memory.base, 14);
	assert_int_equal(insn.memory.index, -1);
	assert_int_equal(insn.memory.displacement, 0x200);
	/* andq $~0x200,0x200(%r14) */
	insn = DECODE(0x49, 0x81, 0xa6, 0x00, 0x02, 0x00, 0x00, 0xff, 0xfd, 0xff, 0xff);
	assert_int_equal(insn.kind, XFDT_INSN_AND);
	assert_int_equal(insn.first, XFDT_OPERAND_MEMORY);
	assert_int_equal(insn.second, XFDT_OPERAND_IMMEDIATE);
	assert_true(insn.immediate == ~0x200ull);
	assert_int_equal(insn.size, 8);
	/* and 0x200(%r14),%rax */
	insn = DECODE(0x49, 0x23, 0x86, 0x00, 0x02, 0x00, 0x00);
	assert_int_equal(insn.first, XFDT_OPERAND_REGISTER);
	assert_int_equal(insn.second, XFDT_OPERAND_MEMORY);
	/* lock andb $0xbf,0x1(%rax) */
	insn = DECODE(0xf0, 0x80, 0x60, 0x01, 0xbf);
	assert_int_equal(insn.kind, XFDT_INSN_AND);
	assert_int_equal(insn.size, 1);
	assert_int_equal(insn.immediate & 0xff, 0xbf);
}

static void test_decode__memory_operands(void **state)
{
	/* and %rax,0x40(%r12,%r13,4) */
	struct xfdt_insn insn = DECODE(0x4b, 0x21, 0x44, 0xac, 0x40);

	assert_true(insn.memory_known);
	assert_int_equal(insn.memory.base, 12);
	assert_int_equal(insn.memory.index, 13);
	assert_int_equal(insn.memory.scale, 4);
	assert_int_equal(insn.memory.displacement, 0x40);
	/* (%rsp), where the SIB byte names no index, of any scale */
	insn = DECODE(0x48, 0x21, 0x04, 0x24);
	assert_int_equal(insn.memory.base, 4);
	assert_int_equal(insn.memory.index, -1);
	insn = DECODE(0x48, 0x21, 0x04, 0xe3); /* (%rbx) */
	assert_true(insn.memory_known);
	assert_int_equal(insn.memory.base, 3);
	assert_int_equal(insn.memory.index, -1);
	/* and %rax,0x10(%rip) */
	insn = DECODE(0x48, 0x21, 0x05, 0x10, 0x00, 0x00, 0x00);
	assert_true(insn.memory_known && insn.memory.rip);
	assert_int_equal(insn.memory.base, -1);
	/* per CPU: and %rax,%gs:0x10(%rbx); 32-bit registers: and %rax,0x10(%ebx) */
	assert_false(DECODE(0x65, 0x48, 0x21, 0x43, 0x10).memory_known);
	assert_false(DECODE(0x67, 0x48, 0x21, 0x43, 0x10).memory_known);
}

/* clang's traps: ud1l 0x10(%eax),%eax; with a displacement that looks like code */
static void test_decode__length_of_ud1(void **state)
{
	static const uint8_t cut[] = { 0x67, 0x0f, 0xb9, 0x80, 0x10, 0x00 };
	struct xfdt_insn insn = DECODE(0x67, 0x0f, 0xb9, 0x40, 0x10, 0xc3);

	assert_int_equal(insn.kind, XFDT_INSN_TRAP);
	assert_int_equal(insn.length, 5);
	insn = DECODE(0x0f, 0xb9, 0xc8);
	assert_int_equal(insn.kind, XFDT_INSN_TRAP);
	assert_int_equal(insn.length, 3);
	insn = DECODE(0x48, 0x0f, 0xb9, 0x84, 0x24, 0x48, 0x21, 0x82, 0x40);
	assert_int_equal(insn.length, 9);
	assert_false(xfdt_decode(decoder, cut, sizeof(cut), ADDRESS, &insn));
	assert_int_equal(DECODE(0x0f, 0x0b).length, 2);
	assert_int_equal(DECODE(0x0f, 0x0b).kind, XFDT_INSN_TRAP);
}

static void test_decode__moves(void **state)
{
	assert_int_equal(DECODE(0x48, 0x8b, 0x58, 0x18).kind, XFDT_INSN_MOVE);
	assert_int_equal(DECODE(0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8).kind, XFDT_INSN_MOVE);
	assert_int_equal(DECODE(0x48, 0x63, 0xc8).kind, XFDT_INSN_MOVE);       /* movslq */
	assert_int_equal(DECODE(0x49, 0x8d, 0x7e, 0x10).kind, XFDT_INSN_MOVE); /* lea */
	assert_int_equal(DECODE(0x0f, 0x1f, 0x44, 0x00, 0x00).kind, XFDT_INSN_MOVE);
	assert_int_equal(DECODE(0x48, 0xf7, 0xd3).kind, XFDT_INSN_OTHER); /* not */
}

static void test_decode__text_of_an_xrstor(void **state)
{
	assert_string_equal(DECODE(0x48, 0x0f, 0xc7, 0x5b, 0x40).text, "xrstors64 [rbx+0x40]");
	assert_string_equal(DECODE(0x0f, 0xae, 0x2f).text, "xrstor [rdi]");
	assert_string_equal(DECODE(0x4b, 0x0f, 0xc7, 0x9c, 0xec, 0x88, 0xa9, 0xcb, 0xed).text,
			    "xrstors64 [r12+r13*8-0x12345678]");
}

static void test_decode__nothing_is_read_behind_the_end(void **state)
{
	static const uint8_t code[] = { 0x48, 0x81, 0xa6, 0x00, 0x02, 0x00,
					0x00, 0xff, 0xfd, 0xff, 0xff };
	struct xfdt_insn insn;
	size_t len;

	for (len = 0; len < sizeof(code); len++) {
		uint8_t *copy = malloc(len ? len : 1);

		memcpy(copy, code, len);
		assert_false(xfdt_decode(decoder, copy, len, ADDRESS, &insn));
		free(copy);
	}
}

#include "test_decode.tests.h"
