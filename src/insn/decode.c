/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capstone 4 and later. */
#include "insn/decode.h"

#include <capstone/capstone.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct xfdt_decoder {
	csh handle;
	cs_insn *insn;
};

struct xfdt_decoder *xfdt_decoder_new(void)
{
	static const uint8_t nop[] = { 0x90 };
	struct xfdt_decoder *decoder = calloc(1, sizeof(*decoder));
	struct xfdt_insn insn;

	if (!decoder)
		return NULL;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &decoder->handle) == CS_ERR_OK &&
	    cs_option(decoder->handle, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK)
		decoder->insn = cs_malloc(decoder->handle);
	/* the first instruction allocates what the others use */
	if (!decoder->insn || !xfdt_decode(decoder, nop, sizeof(nop), 0, &insn)) {
		xfdt_decoder_free(decoder);
		return NULL;
	}
	return decoder;
}

void xfdt_decoder_free(struct xfdt_decoder *decoder)
{
	if (!decoder)
		return;
	if (decoder->insn)
		cs_free(decoder->insn, 1);
	if (decoder->handle)
		cs_close(&decoder->handle);
	free(decoder);
}

static bool in_group(const cs_insn *insn, uint8_t group)
{
	const cs_detail *detail = insn->detail;
	uint8_t i;

	for (i = 0; i < detail->groups_count; i++)
		if (detail->groups[i] == group)
			return true;
	return false;
}

/*
 * LOCK, REPNE, REP or an operand size?  With one of them the opcode of XRSTOR raises #UD or is
 * another instruction (SDM vol. 2, 3.1.1.1, "NP"); Capstone does not look.
 */
static bool has_prefix(const cs_insn *insn)
{
	const uint8_t *byte;

	for (byte = insn->bytes; byte < insn->bytes + insn->size && *byte != 0x0f; byte++)
		if (*byte == 0x66 || *byte == 0xf0 || *byte == 0xf2 || *byte == 0xf3)
			return true;
	return false;
}

/* Capstone 4 has the name UD2B for it, and Capstone 5 UD1. */
static bool is_ud1(const cs_insn *insn)
{
	const uint8_t *opcode = insn->detail->x86.opcode;

	return opcode[0] == 0x0f && opcode[1] == 0xb9;
}

static enum xfdt_insn_kind kind_of(const cs_insn *insn)
{
	switch (insn->id) {
	case X86_INS_MOV:
	case X86_INS_MOVABS:
	case X86_INS_MOVSXD:
	case X86_INS_LEA:
	case X86_INS_NOP:
		return XFDT_INSN_MOVE;
	case X86_INS_ADD:
		return XFDT_INSN_ADD;
	case X86_INS_AND:
		return XFDT_INSN_AND;
	case X86_INS_OR:
		return XFDT_INSN_OR;
	case X86_INS_TEST:
		return XFDT_INSN_TEST;
	case X86_INS_CALL:
	case X86_INS_LCALL:
		return XFDT_INSN_CALL;
	case X86_INS_JMP:
	case X86_INS_LJMP:
		return XFDT_INSN_JUMP;
	case X86_INS_UD2:
		return XFDT_INSN_TRAP;
	case X86_INS_XRSTOR:
	case X86_INS_XRSTOR64:
		return has_prefix(insn) ? XFDT_INSN_OTHER : XFDT_INSN_XRSTOR;
	case X86_INS_XRSTORS:
	case X86_INS_XRSTORS64:
		return has_prefix(insn) ? XFDT_INSN_OTHER : XFDT_INSN_XRSTORS;
	}
	if (is_ud1(insn))
		return XFDT_INSN_TRAP;
	if (in_group(insn, X86_GRP_RET) || in_group(insn, X86_GRP_IRET))
		return XFDT_INSN_RETURN;
	if (in_group(insn, X86_GRP_JUMP) || in_group(insn, X86_GRP_BRANCH_RELATIVE))
		return XFDT_INSN_BRANCH;
	return XFDT_INSN_OTHER;
}

static enum xfdt_operand_kind operand_kind(const cs_x86_op *operand)
{
	switch (operand->type) {
	case X86_OP_REG:
		return XFDT_OPERAND_REGISTER;
	case X86_OP_IMM:
		return XFDT_OPERAND_IMMEDIATE;
	case X86_OP_MEM:
		return XFDT_OPERAND_MEMORY;
	default:
		return XFDT_OPERAND_OTHER;
	}
}

/* The number of a general register of 64 bits, or -1. */
static int gpr_number(x86_reg reg)
{
	static const x86_reg registers[XFDT_GPRS] = {
		X86_REG_RAX, X86_REG_RCX, X86_REG_RDX, X86_REG_RBX, X86_REG_RSP, X86_REG_RBP,
		X86_REG_RSI, X86_REG_RDI, X86_REG_R8,  X86_REG_R9,  X86_REG_R10, X86_REG_R11,
		X86_REG_R12, X86_REG_R13, X86_REG_R14, X86_REG_R15,
	};
	int i;

	for (i = 0; i < XFDT_GPRS; i++)
		if (registers[i] == reg)
			return i;
	return -1;
}

static bool get_memory(const cs_x86 *x86, const x86_op_mem *mem,
		       struct xfdt_insn_memory *ret_memory)
{
	struct xfdt_insn_memory memory = {
		.base = gpr_number(mem->base),
		.index = gpr_number(mem->index),
		.scale = (unsigned int)mem->scale,
		.rip = mem->base == X86_REG_RIP,
		.displacement = mem->disp,
	};

	if (x86->addr_size != 8 || mem->segment == X86_REG_FS ||
	    (memory.base < 0 && !memory.rip && mem->base != X86_REG_INVALID) ||
	    (memory.index < 0 && mem->index != X86_REG_INVALID && mem->index != X86_REG_RIZ))
		return false;
	*ret_memory = memory;
	return true;
}

static int register_of(const cs_x86_op *operand)
{
	return operand->type == X86_OP_REG ? gpr_number(operand->reg) : -1;
}

static void get_operands(const cs_x86 *x86, struct xfdt_insn *insn)
{
	uint8_t i;

	insn->first_register = insn->second_register = -1;
	if (x86->op_count > 0) {
		insn->first = operand_kind(&x86->operands[0]);
		insn->first_register = register_of(&x86->operands[0]);
		insn->size = x86->operands[0].size;
	}
	if (x86->op_count > 1) {
		insn->second = operand_kind(&x86->operands[1]);
		insn->second_register = register_of(&x86->operands[1]);
		if (insn->second == XFDT_OPERAND_IMMEDIATE)
			insn->immediate = (uint64_t)x86->operands[1].imm;
	}
	for (i = 0; i < x86->op_count && i < 2; i++) {
		const cs_x86_op *operand = &x86->operands[i];

		if (operand->type != X86_OP_MEM || !get_memory(x86, &operand->mem, &insn->memory))
			continue;
		insn->per_cpu = operand->mem.segment == X86_REG_GS;
		insn->memory_known = !insn->per_cpu;
	}
}

/*
 * Capstone 4 leaves out the ModRM operand of UD1.  IMUL (0F AF /r) takes the same operands, so
 * it is as long.
 */
static unsigned int ud1_length(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len)
{
	uint8_t copy[XFDT_INSN_MAX], *opcode;
	const uint8_t *bytes = copy;
	uint64_t address = 0;

	len = len < sizeof(copy) ? len : sizeof(copy);
	memcpy(copy, code, len);
	opcode = memmem(copy, len, "\x0f\xb9", 2);
	if (!opcode)
		return 0;
	opcode[1] = 0xaf;
	return cs_disasm_iter(decoder->handle, &bytes, &len, &address, decoder->insn) ?
		       decoder->insn->size :
		       0;
}

/*
 * A near branch with an operand size of 16 bits.  Capstone takes it as AMD does, with a
 * displacement of 16 bits; on Intel's processors, and XFD is Intel's, the prefix does nothing.
 */
static bool is_amd_branch(const cs_insn *insn, const struct xfdt_insn *branch)
{
	return branch->direct && insn->detail->x86.prefix[2];
}

/*
 * Without blanks in the operands, and without the "ptr" that Capstone puts before an XSAVE area,
 * whose size has no name.
 */
static void set_text(const cs_insn *decoded, struct xfdt_insn *insn)
{
	const char *operands = decoded->op_str;
	size_t len;

	if (!strncmp(operands, "ptr ", 4))
		operands += 4;
	len = (size_t)snprintf(insn->text, sizeof(insn->text), "%.11s ", decoded->mnemonic);
	for (; *operands && len < sizeof(insn->text) - 1; operands++)
		if (*operands != ' ')
			insn->text[len++] = *operands;
	insn->text[len] = '\0';
}

bool xfdt_decode(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
		 uint64_t address, struct xfdt_insn *ret_insn)
{
	const cs_insn *decoded = decoder->insn;
	struct xfdt_insn insn = { 0 };
	const uint8_t *next = code;
	size_t left = len;

	if (!cs_disasm_iter(decoder->handle, &next, &left, &address, decoder->insn))
		return false;
	insn.kind = kind_of(decoded);
	insn.length = decoded->size;
	get_operands(&decoded->detail->x86, &insn);
	insn.direct = insn.first == XFDT_OPERAND_IMMEDIATE &&
		      (insn.kind == XFDT_INSN_CALL || insn.kind == XFDT_INSN_JUMP ||
		       insn.kind == XFDT_INSN_BRANCH);
	if (is_amd_branch(decoded, &insn))
		return false;
	if (insn.direct)
		insn.target = (uint64_t)decoded->detail->x86.operands[0].imm;
	set_text(decoded, &insn);
	if (is_ud1(decoded))
		insn.length = ud1_length(decoder, code, len);
	if (!insn.length)
		return false;
	*ret_insn = insn;
	return true;
}
