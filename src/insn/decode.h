/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One x86-64 instruction at a time, by Capstone. */
#ifndef XFDT_INSN_DECODE_H
#define XFDT_INSN_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest instruction (SDM vol. 2, 2.3.11). */
#define XFDT_INSN_MAX 15

/* General registers by their number in ModRM: AX CX DX BX SP BP SI DI R8..R15. */
#define XFDT_GPRS 16

enum xfdt_insn_kind {
	XFDT_INSN_OTHER,
	XFDT_INSN_MOVE, /* MOV, MOVSXD, LEA, NOP */
	XFDT_INSN_ADD,
	XFDT_INSN_AND,
	XFDT_INSN_OR,
	XFDT_INSN_TEST,
	XFDT_INSN_CALL,
	XFDT_INSN_JUMP,	  /* JMP */
	XFDT_INSN_BRANCH, /* conditional: Jcc, JRCXZ, LOOPcc, XBEGIN */
	XFDT_INSN_RETURN, /* RET, IRET */
	XFDT_INSN_TRAP,	  /* UD2, UD1 */
	XFDT_INSN_XRSTOR,
	XFDT_INSN_XRSTORS,
};

enum xfdt_operand_kind {
	XFDT_OPERAND_OTHER, /* none, or of another kind */
	XFDT_OPERAND_REGISTER,
	XFDT_OPERAND_IMMEDIATE,
	XFDT_OPERAND_MEMORY,
};

/* base + index * scale + displacement, with 64-bit registers and a segment whose base is 0 */
struct xfdt_insn_memory {
	int base, index; /* number of a general register; -1: none */
	unsigned int scale;
	bool rip; /* the base is the address of the next instruction */
	int64_t displacement;
};

struct xfdt_insn {
	enum xfdt_insn_kind kind;
	unsigned int length; /* bytes */
	bool direct;	     /* a CALL, JMP or branch to @target, a kvaddr */
	uint64_t target;
	/* The explicit operands, in Intel's order. */
	enum xfdt_operand_kind first, second;
	int first_register, second_register; /* number of a general register of 64 bits; -1: none */
	unsigned int size;		     /* bytes of the first operand */
	/* of the operand that is memory, if @memory_known: no instruction here has two */
	bool memory_known;
	bool per_cpu; /* instead: @memory is relative to the base of GS */
	struct xfdt_insn_memory memory;
	uint64_t immediate; /* of the second operand, sign-extended */
	char text[48];	    /* disassembly, Intel syntax */
};

/* What holds the state of the disassembler; of one thread. */
struct xfdt_decoder;

/* NULL: out of memory. */
struct xfdt_decoder *xfdt_decoder_new(void);
void xfdt_decoder_free(struct xfdt_decoder *decoder);

/*
 * Decode the instruction at @code, whose kvaddr is @address.  False: these @len
 * bytes do not begin with one.
 */
bool xfdt_decode(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
		 uint64_t address, struct xfdt_insn *ret_insn);

#endif
