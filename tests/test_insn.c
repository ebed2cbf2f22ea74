/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XRSTOR operands, calls, ANDs and cleared bits in x86-64 code. */
#include "unit.h"
#include "insn/insn.h"

#include <stdlib.h>
#include <string.h>

enum { AX, CX, DX, BX, SP, BP, SI, DI, R8, R9, R10, R11, R12, R13, R14, R15 };

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

/* Register number n holds 0xffff8880nn000000: each tells which it is. */
static struct xfdt_gpr numbered(void)
{
	struct xfdt_gpr gpr;
	size_t i;

	for (i = 0; i < 16; i++)
		gpr.r[i] = 0xffff888000000000ull + ((uint64_t)(i + 1) << 24);
	return gpr;
}

static uint64_t value_of(unsigned int number)
{
	return 0xffff888000000000ull + ((uint64_t)(number + 1) << 24);
}

#define CODE(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static void assert_xrstor(const uint8_t *code, size_t len, bool supervisor, uint64_t operand)
{
	struct xfdt_gpr gpr = numbered();
	struct xfdt_xrstor_insn insn;

	memset(&insn, 0x5a, sizeof(insn));
	assert_true(xfdt_insn_xrstor(decoder, code, len, ADDRESS, &gpr, &insn));
	assert_int_equal(insn.supervisor, supervisor);
	if (insn.operand != operand)
		fail_msg("operand %#llx, not %#llx (%s)", (unsigned long long)insn.operand,
			 (unsigned long long)operand, insn.text);
	assert_int_equal(insn.length, len);
	assert_int_equal(strncmp(insn.text, supervisor ? "xrstors" : "xrstor", supervisor ? 7 : 6),
			 0);
}

static void assert_no_xrstor(const uint8_t *code, size_t len)
{
	struct xfdt_gpr gpr = numbered();
	struct xfdt_xrstor_insn insn, untouched;

	memset(&insn, 0x5a, sizeof(insn));
	untouched = insn;
	assert_false(xfdt_insn_xrstor(decoder, code, len, ADDRESS, &gpr, &insn));
	assert_memory_equal(&insn, &untouched, sizeof(insn));
}

/* kernel facts, 3: up to 6.12 always (%rdi), before and after alternatives */
static void test_insn__xrstor64_of_rdi(void **state)
{
	assert_xrstor(CODE(0x48, 0x0f, 0xae, 0x2f), false, value_of(DI));
}

static void test_insn__xrstors64_of_rdi(void **state)
{
	assert_xrstor(CODE(0x48, 0x0f, 0xc7, 0x1f), true, value_of(DI));
}

/* from 6.15 on: 0x40(%rbx) */
static void test_insn__xrstor_of_rbx_plus_64(void **state)
{
	assert_xrstor(CODE(0x48, 0x0f, 0xae, 0x6b, 0x40), false, value_of(BX) + 0x40);
	assert_xrstor(CODE(0x48, 0x0f, 0xc7, 0x5b, 0x40), true, value_of(BX) + 0x40);
}

static void test_insn__xrstor_without_rex_w(void **state)
{
	assert_xrstor(CODE(0x0f, 0xae, 0x2f), false, value_of(DI));
	assert_xrstor(CODE(0x0f, 0xc7, 0x1f), true, value_of(DI));
}

/* every base register, with disp8; RSP and R12 need a SIB byte */
static void test_insn__xrstors_of_every_base(void **state)
{
	unsigned int base;

	for (base = AX; base <= R15; base++) {
		uint8_t code[6] = { base < R8 ? 0x48 : 0x49, 0x0f, 0xc7 };
		size_t len = 3;

		code[len++] = 0x58 | (base & 7);
		if ((base & 7) == SP)
			code[len++] = 0x24;
		code[len++] = 0x40;
		assert_xrstor(code, len, true, value_of(base) + 0x40);
	}
}

/* R12 and R13 are the registers whose encodings differ */
static void test_insn__xrstors_of_r12_and_r13_without_displacement(void **state)
{
	assert_xrstor(CODE(0x49, 0x0f, 0xc7, 0x1c, 0x24), true, value_of(R12));
	assert_xrstor(CODE(0x49, 0x0f, 0xc7, 0x5d, 0x00), true, value_of(R13));
}

static void test_insn__displacement_of_32_bits_and_negative(void **state)
{
	assert_xrstor(CODE(0x48, 0x0f, 0xc7, 0x9b, 0x40, 0x02, 0x00, 0x00), true,
		      value_of(BX) + 0x240);
	assert_xrstor(CODE(0x48, 0x0f, 0xc7, 0x5b, 0xc0), true, value_of(BX) - 0x40);
	assert_xrstor(CODE(0x48, 0x0f, 0xae, 0xab, 0x00, 0xf0, 0xff, 0xff), false,
		      value_of(BX) - 0x1000);
}

/* (base + index * scale + disp) */
static void test_insn__sib_with_index_and_scale(void **state)
{
	/* xrstors64 0x40(%rax,%rcx,8) */
	assert_xrstor(CODE(0x48, 0x0f, 0xc7, 0x5c, 0xc8, 0x40), true,
		      value_of(AX) + 8 * value_of(CX) + 0x40);
	/* xrstors64 (%r12,%r13,2) */
	assert_xrstor(CODE(0x4b, 0x0f, 0xc7, 0x1c, 0x6c), true, value_of(R12) + 2 * value_of(R13));
	/* xrstors64 0x1000(,%rdx,4) */
	assert_xrstor(CODE(0x48, 0x0f, 0xc7, 0x1c, 0x95, 0x00, 0x10, 0x00, 0x00), true,
		      4 * value_of(DX) + 0x1000);
}

/* counted from the end of the instruction */
static void test_insn__rip_relative(void **state)
{
	assert_xrstor(CODE(0x48, 0x0f, 0xc7, 0x1d, 0x00, 0x10, 0x00, 0x00), true,
		      ADDRESS + 8 + 0x1000);
	assert_xrstor(CODE(0x48, 0x0f, 0xae, 0x2d, 0xf0, 0xff, 0xff, 0xff), false,
		      ADDRESS + 8 - 0x10);
}

/* what follows the instruction does not matter */
static void test_insn__length_is_the_instruction_alone(void **state)
{
	static const uint8_t code[] = { 0x48, 0x0f, 0xc7, 0x5b, 0x40, 0x5b, 0xc3, 0xcc, 0x06, 0x06 };
	struct xfdt_gpr gpr = numbered();
	struct xfdt_xrstor_insn insn;

	assert_true(xfdt_insn_xrstor(decoder, code, sizeof(code), ADDRESS, &gpr, &insn));
	assert_int_equal(insn.length, 5);
}

static void test_insn__neighbours_of_xrstor_are_not_it(void **state)
{
	assert_no_xrstor(CODE(0x48, 0x0f, 0xae, 0x27)); /* xsave64 (%rdi) */
	assert_no_xrstor(CODE(0x48, 0x0f, 0xc7, 0x27)); /* xsavec64 (%rdi) */
	assert_no_xrstor(CODE(0x48, 0x0f, 0xc7, 0x2f)); /* xsaves64 (%rdi) */
	assert_no_xrstor(CODE(0x48, 0x0f, 0xae, 0x37)); /* xsaveopt64 (%rdi) */
	assert_no_xrstor(CODE(0x48, 0x0f, 0xae, 0x0f)); /* fxrstor64 (%rdi) */
	assert_no_xrstor(CODE(0x0f, 0xae, 0xe8));	/* lfence */
	assert_no_xrstor(CODE(0x0f, 0xc7, 0xd8));	/* /3 with a register: undefined */
	assert_no_xrstor(CODE(0x0f, 0x0b));		/* ud2 */
	assert_no_xrstor(CODE(0x90));
}

/* SDM vol. 2, "NP": these raise #UD */
static void test_insn__xrstor_with_a_prefix_is_none(void **state)
{
	static const uint8_t prefixes[] = { 0x66, 0xf0, 0xf2, 0xf3 };
	static const uint8_t insns[][4] = { { 0x48, 0x0f, 0xae, 0x2f },
					    { 0x48, 0x0f, 0xc7, 0x1f } };
	size_t i, k;

	for (k = 0; k < COUNT(insns); k++) {
		uint8_t code[5];

		memcpy(code + 1, insns[k], 4);
		for (i = 0; i < COUNT(prefixes); i++) {
			code[0] = prefixes[i];
			assert_no_xrstor(code, sizeof(code));
			assert_no_xrstor((const uint8_t[]){ prefixes[i], 0x0f, code[3], code[4] },
					 4);
		}
	}
}

/* The operand is not at the sum of registers that are known. */
static void test_insn__xrstor_with_a_segment_or_32_bit_address_is_none(void **state)
{
	assert_no_xrstor(CODE(0x65, 0x48, 0x0f, 0xae, 0x2f));
	assert_no_xrstor(CODE(0x64, 0x48, 0x0f, 0xc7, 0x1f));
	assert_no_xrstor(CODE(0x67, 0x48, 0x0f, 0xae, 0x2f));
	/* what DS is meant to be */
	assert_xrstor(CODE(0x3e, 0x48, 0x0f, 0xae, 0x2f), false, value_of(DI));
}

static void test_insn__truncated_xrstor_is_none(void **state)
{
	static const uint8_t code[] = { 0x48, 0x0f, 0xc7, 0x9b, 0x40, 0x02, 0x00, 0x00 };
	size_t len;

	for (len = 0; len < sizeof(code); len++) {
		/* exactly as large, so that a read past the end is seen */
		uint8_t *copy = malloc(len ? len : 1);

		memcpy(copy, code, len);
		assert_no_xrstor(copy, len);
		free(copy);
	}
}

/* call_before */

static void test_insn__call_before_return_address(void **state)
{
	/* e8 rel32 counts from the return address */
	static const uint8_t code[] = { 0x90, 0xe8, 0xf0, 0xff, 0xff, 0xff };
	uint64_t target = 0;

	assert_true(xfdt_insn_call_before(decoder, code, sizeof(code), ADDRESS, &target));
	assert_true(target == ADDRESS - 0x10);
	assert_true(xfdt_insn_call_before(decoder, code + 1, 5, ADDRESS, &target));
	assert_true(target == ADDRESS - 0x10);
}

static void test_insn__no_call_before(void **state)
{
	static const uint8_t jump[] = { 0xe9, 0xf0, 0xff, 0xff, 0xff };
	static const uint8_t indirect[] = { 0x90, 0x90, 0x90, 0xff, 0xd0 };
	static const uint8_t call[] = { 0xe8, 0xf0, 0xff, 0xff, 0xff };
	uint64_t target = 0x5a5a;
	size_t len;

	assert_false(xfdt_insn_call_before(decoder, jump, sizeof(jump), ADDRESS, &target));
	assert_false(xfdt_insn_call_before(decoder, indirect, sizeof(indirect), ADDRESS, &target));
	for (len = 0; len < sizeof(call); len++)
		assert_false(xfdt_insn_call_before(decoder, call, len, ADDRESS, &target));
	assert_int_equal(target, 0x5a5a);
}

static void test_insn__calls_into_padding_or_behind_endbr(void **state)
{
	uint64_t function = 0xffffffff81050000ull;

	assert_true(xfdt_insn_calls(function, function));
	assert_true(xfdt_insn_calls(function + 4, function));  /* behind ENDBR64 */
	assert_true(xfdt_insn_calls(function - 10, function)); /* call depth tracking */
	assert_true(xfdt_insn_calls(function - 9, function));
	assert_false(xfdt_insn_calls(function + 16, function));
	assert_false(xfdt_insn_calls(function - 4096, function));
	assert_false(xfdt_insn_calls(0, function));
	assert_false(xfdt_insn_calls(function, 0xffffffff82050000ull));
}

/*
 * gcc -Os puts functions one behind the other: fpu_copy_guest_fpstate_to_uabi() was 54 bytes before
 * fpu_copy_uabi_to_guest_fpstate(), and a CALL of it was taken for one of that.
 */
static void test_insn__a_function_just_before_is_another(void **state)
{
	assert_false(xfdt_insn_calls(0xffffffff810000e4ull, 0xffffffff8100011aull));
	/* functions that are not aligned have no padding */
	assert_false(xfdt_insn_calls(0xffffffff81000110ull, 0xffffffff8100011aull));
	assert_true(xfdt_insn_calls(0xffffffff8100011aull, 0xffffffff8100011aull));
	/* and the padding of those that are is shorter than what they are aligned to */
	assert_false(xfdt_insn_calls(0xffffffff81000100ull, 0xffffffff81000110ull));
	assert_false(xfdt_insn_calls(0xffffffff810000d0ull, 0xffffffff81000110ull));
}

/* variables of 64 bits, each once: mov and and, but no 32-bit one, none at a register, none written */
static void test_insn__variables(void **state)
{
	static const uint8_t code[] = {
		0x48, 0x23, 0x35, 0x10, 0x00, 0x00,
		0x00,				    /* and rsi,[rip+0x10] */
		0x8b, 0x05, 0x20, 0x00, 0x00, 0x00, /* mov eax,[rip+0x20] */
		0x48, 0x8b, 0x05, 0x03, 0x00, 0x00,
		0x00, /* mov rax,[rip+3]: the same as the first */
		0x48, 0x89, 0x05, 0x40, 0x00, 0x00,
		0x00,			/* mov [rip+0x40],rax */
		0x48, 0x8b, 0x43, 0x18, /* mov rax,[rbx+0x18] */
		0x48, 0x8b, 0x0d, 0x00, 0x01, 0x00,
		0x00, /* mov rcx,[rip+0x100] */
	};
	uint64_t kvaddrs[4];

	assert_int_equal(xfdt_insn_variables(decoder, code, sizeof(code), ADDRESS, XFDT_USE_READ,
					     kvaddrs, 4),
			 2);
	assert_true(kvaddrs[0] == ADDRESS + 7 + 0x10);
	assert_true(kvaddrs[1] == ADDRESS + sizeof(code) + 0x100);
	assert_int_equal(xfdt_insn_variables(decoder, code, sizeof(code), ADDRESS, XFDT_USE_READ,
					     kvaddrs, 1),
			 1);
}

/* fpregs_mark_activate() of gcc and clang, a table, and what is none of them */
static void test_insn__variables_of_a_cpu(void **state)
{
	static const uint8_t code[] = {
		0x65, 0x48, 0x8b, 0x04, 0x25, 0x80, 0x2c, 0x02, 0x00, /* mov rax,gs:0x22c80 */
		0x65, 0x48, 0x89, 0x0d, 0x10, 0x00, 0x00, 0x00,	      /* mov gs:[rip+0x10],rcx */
		0x65, 0x8b, 0x0d, 0x20, 0x00, 0x00, 0x00,	      /* mov ecx,gs:[rip+0x20] */
		0x65, 0x48, 0xc7, 0x05, 0x30, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00,				/* movq gs:[rip+0x30],0 */
		0x48, 0x03, 0x1c, 0xf5, 0xe0, 0x88, 0x74, 0x81, /* add rbx,[rsi*8-0x7e8b7720] */
		0x48, 0x8b, 0x1c, 0x75, 0xe0, 0x88, 0x74, 0x81, /* mov rbx,[rsi*2-0x7e8b7720] */
		0x48, 0x8b, 0x9c, 0xf0, 0xe0, 0x88, 0x74, 0x81, /* mov rbx,[rax+rsi*8-...] */
		0x65, 0x48, 0x8b, 0x40, 0x08,			/* mov rax,gs:[rax+8] */
		0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0x00, 0x00, 0x00, /* mov rax,fs:0x28 */
	};
	static const struct {
		enum xfdt_variable_use use;
		size_t count;
		uint64_t kvaddrs[2];
	} expected[] = {
		{ XFDT_USE_READ, 0, { 0 } },
		{ XFDT_USE_TABLE, 1, { 0xffffffff817488e0ull } },
		{ XFDT_USE_CPU_READ_64, 1, { 0x22c80 } },
		{ XFDT_USE_CPU_READ_32, 1, { ADDRESS + 24 + 0x20 } },
		{ XFDT_USE_CPU_WRITE_64, 2, { ADDRESS + 17 + 0x10, ADDRESS + 36 + 0x30 } },
	};
	uint64_t kvaddrs[4];
	size_t i, k;

	for (i = 0; i < COUNT(expected); i++) {
		assert_int_equal(xfdt_insn_variables(decoder, code, sizeof(code), ADDRESS,
						     expected[i].use, kvaddrs, 4),
				 expected[i].count);
		for (k = 0; k < expected[i].count; k++)
			assert_true(kvaddrs[k] == expected[i].kvaddrs[k]);
	}
}

/* has_and: and reg, disp32(reg), the fix's way to clear bits of XSTATE_BV */

static void test_insn__and_with_disp32(void **state)
{
	/* 48 21 /r disp32: and %rax,0x240(%rdx) */
	static const uint8_t code[] = { 0x48, 0x21, 0x82, 0x40, 0x02, 0x00, 0x00, 0xc3 };
	/* and %rsi,0x240(%r12): with SIB */
	static const uint8_t sib[] = { 0x49, 0x21, 0xb4, 0x24, 0x40, 0x02, 0x00, 0x00 };

	assert_true(xfdt_insn_has_and(decoder, code, sizeof(code), ADDRESS, 0x240, 0, 0, NULL));
	assert_true(xfdt_insn_has_and(decoder, sib, sizeof(sib), ADDRESS, 0x240, 0, 0, NULL));
	assert_false(xfdt_insn_has_and(decoder, code, sizeof(code), ADDRESS, 0x200, 0, 0, NULL));
	assert_false(xfdt_insn_has_and(decoder, code, sizeof(code), ADDRESS, 0x241, 0, 0, NULL));
	assert_false(
		xfdt_insn_has_and(decoder, code, sizeof(code) - 2, ADDRESS, 0x240, 0, 0, NULL));
}

static void test_insn__and_of_another_kind_is_none(void **state)
{
	/* and 0x240(%rdx),%rax: memory is only read */
	static const uint8_t load[] = { 0x48, 0x23, 0x82, 0x40, 0x02, 0x00, 0x00 };
	/* and %eax,0x240(%rdx): 32 bits */
	static const uint8_t narrow[] = { 0x21, 0x82, 0x40, 0x02, 0x00, 0x00 };
	/* and %rax,0x240(%rip) */
	static const uint8_t rip[] = { 0x48, 0x21, 0x05, 0x40, 0x02, 0x00, 0x00 };
	/* and %rax,0x240(%rdx,%rcx,1) */
	static const uint8_t index[] = { 0x48, 0x21, 0x84, 0x0a, 0x40, 0x02, 0x00, 0x00 };
	/* or %rax,0x240(%rdx) */
	static const uint8_t or [] = { 0x48, 0x09, 0x82, 0x40, 0x02, 0x00, 0x00 };
	/* mov $imm32,%eax whose immediate holds the bytes of the AND */
	static const uint8_t inside[] = { 0xb8, 0x48, 0x21, 0x82, 0x40, 0xc3, 0x90, 0x90 };

	assert_false(xfdt_insn_has_and(decoder, load, sizeof(load), ADDRESS, 0x240, 0, 0, NULL));
	assert_false(
		xfdt_insn_has_and(decoder, narrow, sizeof(narrow), ADDRESS, 0x240, 0, 0, NULL));
	assert_false(xfdt_insn_has_and(decoder, rip, sizeof(rip), ADDRESS, 0x240, 0, 0, NULL));
	assert_false(xfdt_insn_has_and(decoder, index, sizeof(index), ADDRESS, 0x240, 0, 0, NULL));
	assert_false(xfdt_insn_has_and(decoder, or, sizeof(or), ADDRESS, 0x240, 0, 0, NULL));
	assert_false(
		xfdt_insn_has_and(decoder, inside, sizeof(inside), ADDRESS, 0x240, 0, 0, NULL));
}

/* gcc's with KASAN: the mask goes to a register, the result back to memory */
static void test_insn__and_in_a_register_that_is_stored(void **state)
{
	static const uint8_t code[] = {
		0x48, 0xf7, 0xd0,			  /* not %rax */
		0x48, 0x23, 0x45, 0xe8,			  /* and -0x18(%rbp),%rax */
		0x49, 0x89, 0x87, 0x00, 0x02, 0x00, 0x00, /* mov %rax,0x200(%r15) */
	};
	uint8_t changed[sizeof(code)];

	assert_true(xfdt_insn_has_and(decoder, code, sizeof(code), ADDRESS, 0x200, 0, 0, NULL));
	assert_false(xfdt_insn_has_and(decoder, code, sizeof(code), ADDRESS, 0x208, 0, 0, NULL));
	/* mov %rcx: what was masked is not what is stored */
	memcpy(changed, code, sizeof(code));
	changed[9] = 0x8f;
	assert_false(
		xfdt_insn_has_and(decoder, changed, sizeof(changed), ADDRESS, 0x200, 0, 0, NULL));
	/* and $-0x18,%rax: a constant mask */
	memcpy(changed, code, sizeof(code));
	changed[4] = 0x83;
	changed[5] = 0xe0;
	assert_false(
		xfdt_insn_has_and(decoder, changed, sizeof(changed), ADDRESS, 0x200, 0, 0, NULL));
	/* no AND before it */
	assert_false(xfdt_insn_has_and(decoder, code + 7, 7, ADDRESS, 0x200, 0, 0, NULL));
	/* mov %eax: 32 bits */
	memcpy(changed, code, sizeof(code));
	changed[7] = 0x41;
	assert_false(
		xfdt_insn_has_and(decoder, changed, sizeof(changed), ADDRESS, 0x200, 0, 0, NULL));
}

/* kvm.ko's half: and %rax,0x200(%r14) right before the call */
static void test_insn__and_before_a_call(void **state)
{
	uint8_t code[] = {
		0x49, 0x21, 0x86, 0x00, 0x02, 0x00, 0x00, /* and %rax,0x200(%r14) */
		0x4c, 0x89, 0xf6,			  /* mov %r14,%rsi */
		0xe8, 0x00, 0x01, 0x00, 0x00,		  /* call +0x100 */
		0xc3,
	};
	uint64_t callee = ADDRESS + 15 + 0x100;
	bool seen = false;

	assert_true(
		xfdt_insn_has_and(decoder, code, sizeof(code), ADDRESS, 0x200, callee, 16, &seen));
	assert_true(seen);
	/* no call of that function */
	seen = true;
	assert_false(xfdt_insn_has_and(decoder, code, sizeof(code), ADDRESS, 0x200, callee + 0x1000,
				       16, &seen));
	assert_false(seen);
	/* an AND too far in front of it: two instructions, window of one */
	assert_false(
		xfdt_insn_has_and(decoder, code, sizeof(code), ADDRESS, 0x200, callee, 1, &seen));
	assert_true(seen);
	/* a call with no AND in front */
	code[1] = 0x09;
	assert_false(
		xfdt_insn_has_and(decoder, code, sizeof(code), ADDRESS, 0x200, callee, 16, &seen));
	assert_true(seen);
}

static void test_insn__and_behind_the_call_does_not_count(void **state)
{
	static const uint8_t code[] = {
		0xe8, 0x00, 0x01, 0x00, 0x00,		  /* call +0x100 */
		0x49, 0x21, 0x86, 0x00, 0x02, 0x00, 0x00, /* and %rax,0x200(%r14) */
		0xc3,
	};
	bool seen = false;

	assert_false(xfdt_insn_has_and(decoder, code, sizeof(code), ADDRESS, 0x200,
				       ADDRESS + 5 + 0x100, 16, &seen));
	assert_true(seen);
}

/* calls_behind_test: KVM_SET_XSAVE without the fix, where nothing is between the TEST and the CALL but arguments */

#define CALLEE (ADDRESS + 0x1000)

/* Behind the code given comes the CALL, at offset @at, and a RET. */
static bool calls_behind_test(const uint8_t *code, size_t at)
{
	uint32_t distance = (uint32_t)(0x1000 - (at + 5));
	uint8_t whole[80];

	assert_true(at + 6 <= sizeof(whole));
	memcpy(whole, code, at);
	whole[at] = 0xe8;
	memcpy(whole + at + 1, &distance, sizeof(distance));
	whole[at + 5] = 0xc3;
	return xfdt_insn_calls_behind_test(decoder, whole, at + 6, ADDRESS, 0x20, CALLEE);
}

static void test_insn__call_behind_a_test(void **state)
{
	/* testb $4,0x20(%rax); jne; mov kvm_caps,%rdx; lea; add $0x1f8,%r14; mov %r15,%rsi: gcc and clang */
	static const uint8_t falls[] = {
		0xf6, 0x40, 0x20, 0x04, 0x75, 0x20, 0x48, 0x8b, 0x15, 0x10,
		0x00, 0x00, 0x00, 0x49, 0x8d, 0xbe, 0xf0, 0x07, 0x00, 0x00,
		0x49, 0x81, 0xc6, 0xf8, 0x01, 0x00, 0x00, 0x4c, 0x89, 0xfe,
	};
	/* testb; je +4 (over xor, ret, and one that is not run); ret; mov %r14,%rsi: moved out of the way */
	static const uint8_t moved[] = {
		0xf6, 0x40, 0x20, 0x04, 0x74, 0x04, 0x31, 0xc0, 0x90, 0xc3, 0x4c, 0x89, 0xf6,
	};
	static const struct {
		size_t at;
		uint8_t was, is;
	} changes[] = {
		{ 2, 0x20, 0x21 },  /* another byte is tested */
		{ 0, 0xf6, 0xc6 },  /* a move, not a test */
		{ 4, 0x74, 0xeb },  /* no condition */
		{ 5, 0x04, 0x02 },  /* leads elsewhere */
		{ 9, 0xc3, 0x90 },  /* other code runs into the CALL's */
		{ 11, 0x89, 0x21 }, /* and %r14,%rsi */
	};
	uint8_t code[sizeof(moved)];
	size_t i;

	assert_true(calls_behind_test(falls, sizeof(falls)));
	assert_true(calls_behind_test(moved, sizeof(moved)));
	for (i = 0; i < COUNT(changes); i++) {
		memcpy(code, moved, sizeof(code));
		assert_int_equal(code[changes[i].at], changes[i].was);
		code[changes[i].at] = changes[i].is;
		if (calls_behind_test(code, sizeof(code)))
			fail_msg("change %zu", i);
	}
	/* no CALL of that function */
	assert_false(
		xfdt_insn_calls_behind_test(decoder, moved, sizeof(moved), ADDRESS, 0x20, CALLEE));
}

static void test_insn__call_behind_a_test_and_more(void **state)
{
	/* testb; jne; not %rbx; and %rbx,(%r15); mov */
	static const uint8_t clears[] = {
		0xf6, 0x40, 0x20, 0x04, 0x75, 0x20, 0x48, 0xf7,
		0xd3, 0x49, 0x21, 0x1f, 0x4c, 0x89, 0xfe,
	};
	/* and the same in front of another branch, as KASAN's on a shadow byte: cmpb $0,(%rcx); jne */
	static const uint8_t shadow[] = {
		0xf6, 0x40, 0x20, 0x04, 0x75, 0x20, 0x48, 0xf7, 0xd3, 0x49,
		0x21, 0x1f, 0x80, 0x39, 0x00, 0x75, 0x10, 0x4c, 0x89, 0xfe,
	};
	/* testb; je to the mov; and another way there: jmp */
	static const uint8_t other_way[] = {
		0xf6, 0x40, 0x20, 0x04, 0x74, 0x04, 0xeb, 0x02, 0xc3, 0xc3, 0x4c, 0x89, 0xf6,
	};
	/* testb; add, which sets the flags; jne; mov */
	static const uint8_t flags[] = {
		0xf6, 0x40, 0x20, 0x04, 0x48, 0x83, 0xc0, 0x01, 0x75, 0x20, 0x4c, 0x89, 0xf6,
	};

	assert_false(calls_behind_test(clears, sizeof(clears)));
	assert_false(calls_behind_test(shadow, sizeof(shadow)));
	assert_false(calls_behind_test(other_way, sizeof(other_way)));
	assert_false(calls_behind_test(flags, sizeof(flags)));
}

static void test_insn__trap(void **state)
{
	static const uint8_t ud2[] = { 0x90, 0x0f, 0x0b, 0xc3 };
	static const uint8_t ud1[] = { 0x0f, 0xb9, 0xc8 };
	static const uint8_t none[] = { 0xb8, 0x0f, 0x0b, 0x00, 0x00, 0xc3 };

	assert_true(xfdt_insn_has_trap(decoder, ud2, sizeof(ud2)));
	assert_true(xfdt_insn_has_trap(decoder, ud1, sizeof(ud1)));
	assert_false(xfdt_insn_has_trap(decoder, none, sizeof(none)));
	assert_false(xfdt_insn_has_trap(decoder, ud2, 2));
	assert_false(xfdt_insn_has_trap(decoder, ud2, 0));
}

/* changed_bit: TIF_NEED_FPU_LOAD is bit 14 through 6.17, bit 19 from 6.18 */

static void test_insn__clear_bit_14_with_lock(void **state)
{
	/* lock andb $0xbf,0x1(%rax) */
	static const uint8_t code[] = { 0xf0, 0x80, 0x60, 0x01, 0xbf, 0xc3 };
	unsigned int bit = 99;

	assert_true(xfdt_insn_changed_bit(decoder, code, sizeof(code), XFDT_INSN_AND, 0, &bit));
	assert_int_equal(bit, 14);
}

static void test_insn__clear_bit_19_patched_for_one_cpu(void **state)
{
	/* ds andb $0xf7,0x2(%rax): LOCK patched to a prefix without meaning */
	static const uint8_t code[] = { 0x3e, 0x80, 0x60, 0x02, 0xf7, 0xc3 };
	unsigned int bit = 99;

	assert_true(xfdt_insn_changed_bit(decoder, code, sizeof(code), XFDT_INSN_AND, 0, &bit));
	assert_int_equal(bit, 19);
}

static void test_insn__clear_bit_of_flags_at_an_offset(void **state)
{
	/* lock andb $0xf7,0x12(%rax): flags at 0x10 */
	static const uint8_t code[] = { 0xf0, 0x80, 0x60, 0x12, 0xf7 };
	/* lock andb $0xbf,(%rax): byte 0 */
	static const uint8_t first[] = { 0xf0, 0x80, 0x20, 0xbf };
	unsigned int bit = 99;

	assert_true(xfdt_insn_changed_bit(decoder, code, sizeof(code), XFDT_INSN_AND, 0x10, &bit));
	assert_int_equal(bit, 19);
	assert_true(xfdt_insn_changed_bit(decoder, first, sizeof(first), XFDT_INSN_AND, 0, &bit));
	assert_int_equal(bit, 6);
	/* outside of the word */
	bit = 99;
	assert_false(xfdt_insn_changed_bit(decoder, code, sizeof(code), XFDT_INSN_AND, 0x13, &bit));
	assert_false(xfdt_insn_changed_bit(decoder, code, sizeof(code), XFDT_INSN_AND, 0x0a, &bit));
	assert_int_equal(bit, 99);
}

static void test_insn__the_same_bit_twice(void **state)
{
	static const uint8_t code[] = {
		0xf0, 0x80, 0x60, 0x01, 0xbf, 0x90, 0xf0, 0x80, 0x63, 0x01, 0xbf,
	};
	unsigned int bit = 99;

	assert_true(xfdt_insn_changed_bit(decoder, code, sizeof(code), XFDT_INSN_AND, 0, &bit));
	assert_int_equal(bit, 14);
}

static void test_insn__conflicting_bits_are_none(void **state)
{
	static const uint8_t code[] = {
		0xf0, 0x80, 0x60, 0x01, 0xbf, 0x90, 0xf0, 0x80, 0x60, 0x02, 0xf7,
	};
	unsigned int bit = 99;

	assert_false(xfdt_insn_changed_bit(decoder, code, sizeof(code), XFDT_INSN_AND, 0, &bit));
	assert_int_equal(bit, 99);
}

static void test_insn__mask_of_several_or_no_bits_is_none(void **state)
{
	static const uint8_t two[] = { 0xf0, 0x80, 0x60, 0x01, 0x3f };
	static const uint8_t zero[] = { 0xf0, 0x80, 0x60, 0x01, 0xff };
	static const uint8_t set[] = { 0xf0, 0x80, 0x48, 0x01, 0x40 }; /* lock orb */
	unsigned int bit = 99;

	assert_false(xfdt_insn_changed_bit(decoder, two, sizeof(two), XFDT_INSN_AND, 0, &bit));
	assert_false(xfdt_insn_changed_bit(decoder, zero, sizeof(zero), XFDT_INSN_AND, 0, &bit));
	assert_false(xfdt_insn_changed_bit(decoder, set, sizeof(set), XFDT_INSN_AND, 0, &bit));
	assert_false(xfdt_insn_changed_bit(decoder, set, 0, XFDT_INSN_AND, 0, &bit));
	assert_false(xfdt_insn_changed_bit(decoder, two, sizeof(two), XFDT_INSN_OR, 0, &bit));
	assert_int_equal(bit, 99);
	assert_true(xfdt_insn_changed_bit(decoder, set, sizeof(set), XFDT_INSN_OR, 0, &bit));
	assert_int_equal(bit, 14);
}

/* Any bytes, cut anywhere: no crash, and an XRSTOR only where there is one. */
static void test_insn__random_bytes(void **state)
{
	struct xfdt_gpr gpr = numbered();
	unsigned int round, seed = 20260111;

	for (round = 0; round < 20000; round++) {
		size_t len = (size_t)rand_r(&seed) % 40, i;
		uint8_t *code = malloc(len ? len : 1);
		struct xfdt_xrstor_insn insn;
		unsigned int bit = 0;
		uint64_t target;
		bool seen;

		for (i = 0; i < len; i++)
			code[i] = (uint8_t)(rand_r(&seed) >> 8);
		/* some that are nearly one */
		if (len > 4 && round % 4 == 0)
			memcpy(code, (const uint8_t[]){ 0x48, 0x0f, round % 8 ? 0xc7 : 0xae }, 3);
		if (xfdt_insn_xrstor(decoder, code, len, ADDRESS, &gpr, &insn)) {
			assert_within(insn.length, 3, XFDT_INSN_MAX);
			assert_true(insn.length <= len);
			assert_non_null(memchr(code, insn.supervisor ? 0xc7 : 0xae, insn.length));
			assert_non_null(memchr(insn.text, '\0', sizeof(insn.text)));
		}
		if (xfdt_insn_changed_bit(decoder, code, len, XFDT_INSN_AND, 0, &bit))
			assert_within(bit, 0, 63);
		xfdt_insn_has_and(decoder, code, len, ADDRESS, 0x240, 0, 0, NULL);
		xfdt_insn_has_and(decoder, code, len, ADDRESS, 0x240, ADDRESS, 16, &seen);
		xfdt_insn_calls_behind_test(decoder, code, len, ADDRESS, 0x20, ADDRESS);
		xfdt_insn_has_trap(decoder, code, len);
		xfdt_insn_call_before(decoder, code, len, ADDRESS, &target);
		free(code);
	}
}

#include "test_insn.tests.h"
