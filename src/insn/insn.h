/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patterns in x86-64 code.  Pure functions over code bytes; @address is always
 * the kvaddr of the first byte.
 */
#ifndef XFDT_INSN_INSN_H
#define XFDT_INSN_INSN_H

#include "insn/decode.h"

struct xfdt_gpr {
	uint64_t r[XFDT_GPRS];
};

struct xfdt_xrstor_insn {
	bool supervisor;     /* XRSTORS, XRSTORS64 */
	uint64_t operand;    /* effective kvaddr of the XSAVE area */
	unsigned int length; /* bytes */
	char text[48];	     /* disassembly, Intel syntax */
};

/* Is the instruction at @code an XRSTOR or XRSTORS, and what is its operand?  False as well
 * if the operand has a segment of its own or 32-bit registers. */
bool xfdt_insn_xrstor(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
		      uint64_t address, const struct xfdt_gpr *gpr,
		      struct xfdt_xrstor_insn *ret_insn);

/*
 * Does a return to @return_address come from a direct CALL, whose last bytes
 * are at the end of @code (@len bytes before @return_address)?
 */
bool xfdt_insn_call_before(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
			   uint64_t return_address, uint64_t *ret_target);

/*
 * Does @code contain AND of a register to memory at a register plus exactly
 * @displacement (a 64-bit one)?  An AND in a register that the next instruction stores there
 * counts, too (KASAN); a constant mask does not.  Where @before_call_to is not 0, only in the @window
 * instructions before a CALL of that function, or a JMP to it (see xfdt_insn_calls()), and
 * *@ret_call_seen says whether there is such a CALL.
 */
bool xfdt_insn_has_and(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
		       uint64_t address, int64_t displacement, uint64_t before_call_to,
		       unsigned int window, bool *ret_call_seen);

/*
 * Does @code have one CALL of the function at @function, or JMP to it (see xfdt_insn_calls()),
 * and is that right behind a conditional branch on a TEST of memory at a register
 * plus @displacement, with nothing in between but moves (and sums of a register and
 * a constant), and no other way in?
 */
bool xfdt_insn_calls_behind_test(const struct xfdt_decoder *decoder, const uint8_t *code,
				 size_t len, uint64_t address, int64_t displacement,
				 uint64_t function);

/* Does @code contain UD2 or UD1 (which WARN is made of)? */
bool xfdt_insn_has_trap(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len);

/*
 * Does a CALL of @target call the function at @function?  It may enter behind an
 * ENDBR64, or in the padding in front of an aligned function (call depth tracking; Linux:
 * patch_dest() in arch/x86/kernel/callthunks.c).
 */
bool xfdt_insn_calls(uint64_t target, uint64_t function);

/*
 * The bit that @code clears (@kind XFDT_INSN_AND) or sets (XFDT_INSN_OR) in a word at a
 * register plus @offset by an immediate of one byte, as clear_bit() and set_bit() of a constant
 * do (Linux: arch/x86/include/asm/bitops.h).  False if there is none, or if two differ.
 */
bool xfdt_insn_changed_bit(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
			   enum xfdt_insn_kind kind, uint32_t offset, unsigned int *ret_bit);

enum xfdt_variable_use {
	XFDT_USE_READ, /* 64 bits, relative to RIP, moved to a register or ANDed with one; LEA counts, too */
	XFDT_USE_TABLE, /* 64 bits at a constant + 8 * register, moved or added to a register */
	XFDT_USE_CPU_READ_64, /* of the CPU (relative to GS), moved to a register */
	XFDT_USE_CPU_READ_32,
	XFDT_USE_CPU_WRITE_64, /* of the CPU, a register or a constant moved to it */
};

/*
 * The variables that @code uses in that way: at most @max kvaddrs, each once; of a per-CPU
 * variable the address of its symbol.  Returns how many.
 */
size_t xfdt_insn_variables(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
			   uint64_t address, enum xfdt_variable_use use, uint64_t *ret_kvaddrs,
			   size_t max);

#endif
