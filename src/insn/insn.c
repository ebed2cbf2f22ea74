/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A few x86-64 instructions, by Zydis. */
#include "insn/insn.h"

#include <Zydis/Zydis.h>
#include <stdio.h>
#include <string.h>

#define WINDOW_MAX 64
#define PADDING_MAX 64
#define ENDBR64_SIZE 4

struct insn {
	ZydisDecodedInstruction info;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

static bool init_decoder(ZydisDecoder *decoder)
{
	return ZYAN_SUCCESS(
		ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
}

/* Decode at @offset; an undecodable byte counts as an instruction of its own. */
static size_t decode(const ZydisDecoder *decoder, const uint8_t *code, size_t len, size_t offset,
		     struct insn *insn, bool *ret_valid)
{
	*ret_valid = ZYAN_SUCCESS(ZydisDecoderDecodeFull(decoder, code + offset, len - offset,
							 &insn->info, insn->operands));
	return *ret_valid ? insn->info.length : 1;
}

bool xfdt_insn_xrstor(const uint8_t *code, size_t len, uint64_t address, const struct xfdt_gpr *gpr,
		      struct xfdt_xrstor_insn *ret_insn)
{
	static const ZydisRegister registers[16] = {
		ZYDIS_REGISTER_RAX, ZYDIS_REGISTER_RCX, ZYDIS_REGISTER_RDX, ZYDIS_REGISTER_RBX,
		ZYDIS_REGISTER_RSP, ZYDIS_REGISTER_RBP, ZYDIS_REGISTER_RSI, ZYDIS_REGISTER_RDI,
		ZYDIS_REGISTER_R8,  ZYDIS_REGISTER_R9,	ZYDIS_REGISTER_R10, ZYDIS_REGISTER_R11,
		ZYDIS_REGISTER_R12, ZYDIS_REGISTER_R13, ZYDIS_REGISTER_R14, ZYDIS_REGISTER_R15,
	};
	struct xfdt_xrstor_insn result = { 0 };
	ZydisRegisterContext context = { 0 };
	ZydisFormatter formatter;
	ZydisDecoder decoder;
	struct insn insn;
	ZyanU64 operand;
	size_t i;

	if (!init_decoder(&decoder) ||
	    ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, code, len, &insn.info, insn.operands)))
		return false;
	switch (insn.info.mnemonic) {
	case ZYDIS_MNEMONIC_XRSTOR:
	case ZYDIS_MNEMONIC_XRSTOR64:
		break;
	case ZYDIS_MNEMONIC_XRSTORS:
	case ZYDIS_MNEMONIC_XRSTORS64:
		result.supervisor = true;
		break;
	default:
		return false;
	}
	if (insn.operands[0].type != ZYDIS_OPERAND_TYPE_MEMORY)
		return false;
	for (i = 0; i < 16; i++)
		context.values[registers[i]] = gpr->r[i];
	if (ZYAN_FAILED(ZydisCalcAbsoluteAddressEx(&insn.info, &insn.operands[0], address, &context,
						   &operand)))
		return false;
	result.operand = operand;
	result.length = insn.info.length;
	if (ZYAN_FAILED(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL)) ||
	    ZYAN_FAILED(ZydisFormatterFormatInstruction(&formatter, &insn.info, insn.operands,
							insn.info.operand_count_visible,
							result.text, sizeof(result.text), address,
							ZYAN_NULL)))
		result.text[0] = '\0';
	*ret_insn = result;
	return true;
}

static bool call_target(const struct insn *insn, uint64_t address, uint64_t *ret_target)
{
	ZyanU64 target;

	if (insn->info.mnemonic != ZYDIS_MNEMONIC_CALL ||
	    insn->operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
	    ZYAN_FAILED(
		    ZydisCalcAbsoluteAddress(&insn->info, &insn->operands[0], address, &target)))
		return false;
	*ret_target = target;
	return true;
}

bool xfdt_insn_call_before(const uint8_t *code, size_t len, uint64_t return_address,
			   uint64_t *ret_target)
{
	/* E8 rel32 */
	static const size_t call_length = 5;
	ZydisDecoder decoder;
	struct insn insn;
	bool valid;

	if (len < call_length || !init_decoder(&decoder))
		return false;
	return decode(&decoder, code, len, len - call_length, &insn, &valid) == call_length &&
	       valid && call_target(&insn, return_address - call_length, ret_target);
}

static bool memory_operand(const struct insn *insn, const ZydisDecodedOperandMem **ret_mem)
{
	const ZydisDecodedOperand *operand = &insn->operands[0];

	if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY ||
	    operand->mem.type != ZYDIS_MEMOP_TYPE_MEM || operand->mem.base == ZYDIS_REGISTER_NONE ||
	    operand->mem.base == ZYDIS_REGISTER_RIP)
		return false;
	*ret_mem = &operand->mem;
	return true;
}

bool xfdt_insn_has_and(const uint8_t *code, size_t len, uint64_t address, int64_t displacement,
		       uint64_t before_call_to, unsigned int window, bool *ret_call_seen)
{
	unsigned int since = WINDOW_MAX;
	size_t offset = 0, step;
	ZydisDecoder decoder;
	bool found = false;

	if (ret_call_seen)
		*ret_call_seen = false;
	if (!init_decoder(&decoder))
		return false;
	for (; offset < len; offset += step) {
		const ZydisDecodedOperandMem *mem;
		struct insn insn;
		uint64_t target;
		bool valid;

		step = decode(&decoder, code, len, offset, &insn, &valid);
		if (since < WINDOW_MAX)
			since++;
		if (!valid)
			continue;
		if (insn.info.mnemonic == ZYDIS_MNEMONIC_AND && insn.operands[0].size == 64 &&
		    memory_operand(&insn, &mem) && mem->index == ZYDIS_REGISTER_NONE &&
		    mem->disp.value == displacement) {
			if (!before_call_to)
				return true;
			since = 0;
		} else if (before_call_to && call_target(&insn, address + offset, &target) &&
			   xfdt_insn_calls(target, before_call_to)) {
			if (ret_call_seen)
				*ret_call_seen = true;
			if (since <= window)
				found = true;
		}
	}
	return found;
}

bool xfdt_insn_calls(uint64_t target, uint64_t function)
{
	return target - (function - PADDING_MAX) <= PADDING_MAX + ENDBR64_SIZE;
}

/* Moves, and how compilers add up addresses. */
static bool is_move(const struct insn *insn)
{
	switch (insn->info.mnemonic) {
	case ZYDIS_MNEMONIC_ADD:
		return insn->operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		       insn->operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_MOVSXD:
	case ZYDIS_MNEMONIC_LEA:
	case ZYDIS_MNEMONIC_NOP:
		return true;
	default:
		return false;
	}
}

/* Is @insn a branch on that TEST?  *@tested says whether the flags are of one, before and after. */
static bool is_branch_on_test(const struct insn *insn, int64_t displacement, bool *tested)
{
	const bool before = *tested;
	const ZydisDecodedOperandMem *mem;

	*tested = before && is_move(insn) && insn->info.mnemonic != ZYDIS_MNEMONIC_ADD;
	if (insn->info.mnemonic == ZYDIS_MNEMONIC_TEST && memory_operand(insn, &mem) &&
	    mem->index == ZYDIS_REGISTER_NONE && mem->disp.value == displacement)
		*tested = true;
	return before && insn->info.meta.category == ZYDIS_CATEGORY_COND_BR;
}

static bool branch_target(const struct insn *insn, uint64_t address, uint64_t *ret_target)
{
	ZyanU64 target;

	if ((insn->info.meta.category != ZYDIS_CATEGORY_COND_BR &&
	     insn->info.meta.category != ZYDIS_CATEGORY_UNCOND_BR) ||
	    insn->operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
	    ZYAN_FAILED(
		    ZydisCalcAbsoluteAddress(&insn->info, &insn->operands[0], address, &target)))
		return false;
	*ret_target = target;
	return true;
}

bool xfdt_insn_calls_behind_test(const uint8_t *code, size_t len, uint64_t address,
				 int64_t displacement, uint64_t function)
{
	/* the moves before the CALL begin at @first; what is in front of them goes elsewhere, or on the TEST */
	size_t first = 0, begin = 0, end = 0, offset, step, calls = 0;
	bool leaves = false, on_test = false, tested = false, entered = false;
	ZydisDecoder decoder;
	struct insn insn;
	uint64_t target;
	bool valid, this;

	if (!init_decoder(&decoder))
		return false;
	for (offset = 0; offset < len; offset += step) {
		step = decode(&decoder, code, len, offset, &insn, &valid);
		if (valid && call_target(&insn, address + offset, &target) &&
		    xfdt_insn_calls(target, function)) {
			if (calls++ || (!leaves && !on_test))
				return false;
			begin = first;
			end = offset;
			entered = on_test;
		}
		this = valid && is_branch_on_test(&insn, displacement, &tested);
		tested &= valid;
		if (valid && is_move(&insn))
			continue;
		first = offset + step;
		on_test = this;
		leaves = valid && (insn.info.meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
				   insn.info.meta.category == ZYDIS_CATEGORY_RET);
	}
	if (!calls)
		return false;
	tested = false;
	for (offset = 0; offset < len; offset += step) {
		step = decode(&decoder, code, len, offset, &insn, &valid);
		this = valid && is_branch_on_test(&insn, displacement, &tested);
		tested &= valid;
		if (!valid || !branch_target(&insn, address + offset, &target) ||
		    target - (address + begin) > end - begin)
			continue;
		if (!this)
			return false;
		entered = true;
	}
	return entered;
}

bool xfdt_insn_has_trap(const uint8_t *code, size_t len)
{
	size_t offset = 0, step;
	ZydisDecoder decoder;

	if (!init_decoder(&decoder))
		return false;
	for (; offset < len; offset += step) {
		struct insn insn;
		bool valid;

		step = decode(&decoder, code, len, offset, &insn, &valid);
		if (valid && (insn.info.mnemonic == ZYDIS_MNEMONIC_UD2 ||
			      insn.info.mnemonic == ZYDIS_MNEMONIC_UD1))
			return true;
	}
	return false;
}

bool xfdt_insn_cleared_bit(const uint8_t *code, size_t len, uint32_t offset, unsigned int *ret_bit)
{
	size_t at = 0, step;
	ZydisDecoder decoder;
	bool found = false;
	unsigned int bit = 0;

	if (!init_decoder(&decoder))
		return false;
	for (; at < len; at += step) {
		const ZydisDecodedOperandMem *mem;
		unsigned int this_bit;
		struct insn insn;
		uint64_t zeroes;
		int64_t byte;
		bool valid;

		step = decode(&decoder, code, len, at, &insn, &valid);
		if (!valid || insn.info.mnemonic != ZYDIS_MNEMONIC_AND ||
		    insn.operands[0].size != 8 || !memory_operand(&insn, &mem) ||
		    insn.operands[1].type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
			continue;
		zeroes = ~insn.operands[1].imm.value.u & 0xff;
		byte = mem->disp.value - (int64_t)offset;
		if (!zeroes || (zeroes & (zeroes - 1)) || byte < 0 || byte >= 8)
			continue;
		this_bit = (unsigned int)byte * 8 + (unsigned int)__builtin_ctzll(zeroes);
		if (found && this_bit != bit)
			return false;
		bit = this_bit;
		found = true;
	}
	if (found)
		*ret_bit = bit;
	return found;
}
