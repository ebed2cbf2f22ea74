/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns in x86-64 code. */
#include "insn/insn.h"

#include <string.h>

#define WINDOW_MAX 64
#define ALIGNMENT 16 /* CONFIG_FUNCTION_ALIGNMENT_16B, which CONFIG_CALL_PADDING selects */
#define ENDBR64_SIZE 4

/* Decode at @offset; an undecodable byte counts as an instruction of its own. */
static size_t decode(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
		     uint64_t address, size_t offset, struct xfdt_insn *insn, bool *ret_valid)
{
	*ret_valid = xfdt_decode(decoder, code + offset, len - offset, address + offset, insn);
	return *ret_valid ? insn->length : 1;
}

static uint64_t effective_address(const struct xfdt_insn *insn, uint64_t address,
				  const struct xfdt_gpr *gpr)
{
	const struct xfdt_insn_memory *memory = &insn->memory;
	uint64_t sum = (uint64_t)memory->displacement;

	if (memory->rip)
		sum += address + insn->length;
	if (memory->base >= 0)
		sum += gpr->r[memory->base];
	if (memory->index >= 0)
		sum += gpr->r[memory->index] * memory->scale;
	return sum;
}

bool xfdt_insn_xrstor(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
		      uint64_t address, const struct xfdt_gpr *gpr,
		      struct xfdt_xrstor_insn *ret_insn)
{
	struct xfdt_insn insn;

	if (!xfdt_decode(decoder, code, len, address, &insn) || !insn.memory_known ||
	    (insn.kind != XFDT_INSN_XRSTOR && insn.kind != XFDT_INSN_XRSTORS))
		return false;
	ret_insn->supervisor = insn.kind == XFDT_INSN_XRSTORS;
	ret_insn->operand = effective_address(&insn, address, gpr);
	ret_insn->length = insn.length;
	memcpy(ret_insn->text, insn.text, sizeof(ret_insn->text));
	return true;
}

static bool is_direct_call(const struct xfdt_insn *insn)
{
	return insn->kind == XFDT_INSN_CALL && insn->direct;
}

bool xfdt_insn_call_before(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
			   uint64_t return_address, uint64_t *ret_target)
{
	/* E8 rel32 */
	static const size_t length = 5;
	struct xfdt_insn insn;

	if (len < length ||
	    !xfdt_decode(decoder, code + len - length, length, return_address - length, &insn) ||
	    insn.length != length || !is_direct_call(&insn))
		return false;
	*ret_target = insn.target;
	return true;
}

/* Is an operand memory at a register plus @displacement? */
static bool is_at_register(const struct xfdt_insn *insn, int64_t displacement)
{
	return insn->memory_known && insn->memory.base >= 0 && insn->memory.index < 0 &&
	       insn->memory.displacement == displacement;
}

/* Does @insn go to the start of @function: by a CALL, or by a JMP, which is how compilers end in a call? */
static bool hands_over(const struct xfdt_insn *insn, uint64_t function)
{
	return insn->direct && (insn->kind == XFDT_INSN_CALL || insn->kind == XFDT_INSN_JUMP) &&
	       xfdt_insn_calls(insn->target, function);
}

/* An AND of a register to memory there: in one instruction, or in @before a register and then stored. */
static bool is_and_to(const struct xfdt_insn *insn, const struct xfdt_insn *before,
		      int64_t displacement)
{
	if (insn->first != XFDT_OPERAND_MEMORY || insn->second != XFDT_OPERAND_REGISTER ||
	    insn->size != 8 || !is_at_register(insn, displacement))
		return false;
	if (insn->kind == XFDT_INSN_AND)
		return true;
	return insn->kind == XFDT_INSN_MOVE && before->kind == XFDT_INSN_AND &&
	       before->second != XFDT_OPERAND_IMMEDIATE && before->first_register >= 0 &&
	       before->first_register == insn->second_register;
}

bool xfdt_insn_has_and(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
		       uint64_t address, int64_t displacement, uint64_t before_call_to,
		       unsigned int window, bool *ret_call_seen)
{
	struct xfdt_insn insn = { 0 }, before;
	unsigned int since = WINDOW_MAX;
	size_t offset, step;
	bool found = false;
	bool valid;

	if (ret_call_seen)
		*ret_call_seen = false;
	for (offset = 0; offset < len; offset += step) {
		before = insn;
		step = decode(decoder, code, len, address, offset, &insn, &valid);
		if (since < WINDOW_MAX)
			since++;
		if (!valid) {
			insn = (struct xfdt_insn){ 0 };
			continue;
		}
		if (is_and_to(&insn, &before, displacement)) {
			if (!before_call_to)
				return true;
			since = 0;
		} else if (before_call_to && hands_over(&insn, before_call_to)) {
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
	if (target == function || target == function + ENDBR64_SIZE)
		return true;
	/* no function begins there */
	return function % ALIGNMENT == 0 && target < function && function - target < ALIGNMENT;
}

/* Moves, and how compilers add up addresses. */
static bool is_move(const struct xfdt_insn *insn)
{
	return insn->kind == XFDT_INSN_MOVE ||
	       (insn->kind == XFDT_INSN_ADD && insn->first == XFDT_OPERAND_REGISTER &&
		insn->second == XFDT_OPERAND_IMMEDIATE);
}

/* Is @insn a branch on that TEST?  *@tested says whether the flags are of one, before and after. */
static bool is_branch_on_test(const struct xfdt_insn *insn, int64_t displacement, bool *tested)
{
	const bool before = *tested;

	*tested = (before && insn->kind == XFDT_INSN_MOVE) ||
		  (insn->kind == XFDT_INSN_TEST && is_at_register(insn, displacement));
	return before && insn->kind == XFDT_INSN_BRANCH;
}

bool xfdt_insn_calls_behind_test(const struct xfdt_decoder *decoder, const uint8_t *code,
				 size_t len, uint64_t address, int64_t displacement,
				 uint64_t function)
{
	/* the moves before the CALL begin at @first; what is in front of them goes elsewhere, or on the TEST */
	size_t first = 0, begin = 0, end = 0, offset, step, calls = 0;
	bool leaves = false, on_test = false, tested = false, entered = false;
	struct xfdt_insn insn;
	bool valid, this;

	for (offset = 0; offset < len; offset += step) {
		step = decode(decoder, code, len, address, offset, &insn, &valid);
		if (valid && hands_over(&insn, function)) {
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
		leaves = valid && (insn.kind == XFDT_INSN_JUMP || insn.kind == XFDT_INSN_RETURN);
	}
	if (!calls)
		return false;
	tested = false;
	for (offset = 0; offset < len; offset += step) {
		step = decode(decoder, code, len, address, offset, &insn, &valid);
		this = valid && is_branch_on_test(&insn, displacement, &tested);
		tested &= valid;
		if (!valid || !insn.direct || insn.kind == XFDT_INSN_CALL ||
		    insn.target - (address + begin) > end - begin)
			continue;
		if (!this)
			return false;
		entered = true;
	}
	return entered;
}

bool xfdt_insn_has_trap(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len)
{
	struct xfdt_insn insn;
	size_t offset, step;
	bool valid;

	for (offset = 0; offset < len; offset += step) {
		step = decode(decoder, code, len, 0, offset, &insn, &valid);
		if (valid && insn.kind == XFDT_INSN_TRAP)
			return true;
	}
	return false;
}

/* The bit of the word at a register plus @offset that @insn, an AND or OR, changes. */
static bool changes_bit(const struct xfdt_insn *insn, enum xfdt_insn_kind kind, uint32_t offset,
			unsigned int *ret_bit)
{
	const uint64_t mask = kind == XFDT_INSN_AND ? ~insn->immediate : insn->immediate;
	const uint64_t bits = mask & 0xff;
	const int64_t byte = insn->memory.displacement - (int64_t)offset;

	if (insn->kind != kind || insn->first != XFDT_OPERAND_MEMORY || insn->size != 1 ||
	    !insn->memory_known || insn->memory.base < 0 ||
	    insn->second != XFDT_OPERAND_IMMEDIATE || !bits || (bits & (bits - 1)) || byte < 0 ||
	    byte >= 8)
		return false;
	*ret_bit = (unsigned int)byte * 8 + (unsigned int)__builtin_ctzll(bits);
	return true;
}

bool xfdt_insn_changed_bit(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
			   enum xfdt_insn_kind kind, uint32_t offset, unsigned int *ret_bit)
{
	unsigned int bit = 0, this_bit;
	struct xfdt_insn insn;
	bool found = false;
	size_t at, step;
	bool valid;

	for (at = 0; at < len; at += step) {
		step = decode(decoder, code, len, 0, at, &insn, &valid);
		if (!valid || !changes_bit(&insn, kind, offset, &this_bit))
			continue;
		if (found && this_bit != bit)
			return false;
		bit = this_bit;
		found = true;
	}
	if (found)
		*ret_bit = bit;
	return found;
}

static bool is_load(const struct xfdt_insn *insn, enum xfdt_insn_kind other, unsigned int size)
{
	return (insn->kind == XFDT_INSN_MOVE || insn->kind == other) && insn->size == size &&
	       insn->first == XFDT_OPERAND_REGISTER && insn->second == XFDT_OPERAND_MEMORY;
}

static bool is_store(const struct xfdt_insn *insn, unsigned int size)
{
	return insn->kind == XFDT_INSN_MOVE && insn->size == size &&
	       insn->first == XFDT_OPERAND_MEMORY;
}

/* Memory relative to GS whose place in the per-CPU area is a constant. */
static bool is_of_cpu(const struct xfdt_insn *insn)
{
	return insn->per_cpu && insn->memory.base < 0 && insn->memory.index < 0;
}

static bool is_table(const struct xfdt_insn *insn)
{
	return insn->memory_known && !insn->memory.rip && insn->memory.base < 0 &&
	       insn->memory.index >= 0 && insn->memory.scale == sizeof(uint64_t);
}

static bool is_use(const struct xfdt_insn *insn, enum xfdt_variable_use use)
{
	switch (use) {
	case XFDT_USE_READ:
		return is_load(insn, XFDT_INSN_AND, 8) && insn->memory_known && insn->memory.rip;
	case XFDT_USE_TABLE:
		return is_load(insn, XFDT_INSN_ADD, 8) && is_table(insn);
	case XFDT_USE_CPU_READ_64:
		return is_load(insn, XFDT_INSN_MOVE, 8) && is_of_cpu(insn);
	case XFDT_USE_CPU_READ_32:
		return is_load(insn, XFDT_INSN_MOVE, 4) && is_of_cpu(insn);
	case XFDT_USE_CPU_WRITE_64:
		return is_store(insn, 8) && is_of_cpu(insn);
	}
	return false;
}

size_t xfdt_insn_variables(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
			   uint64_t address, enum xfdt_variable_use use, uint64_t *ret_kvaddrs,
			   size_t max)
{
	static const struct xfdt_gpr zero;
	size_t offset, step, count = 0, i;
	struct xfdt_insn insn;
	uint64_t kvaddr;
	bool valid;

	for (offset = 0; offset < len && count < max; offset += step) {
		step = decode(decoder, code, len, address, offset, &insn, &valid);
		if (!valid || !is_use(&insn, use))
			continue;
		kvaddr = effective_address(&insn, address + offset, &zero);
		for (i = 0; i < count && ret_kvaddrs[i] != kvaddr; i++)
			;
		if (i == count)
			ret_kvaddrs[count++] = kvaddr;
	}
	return count;
}
