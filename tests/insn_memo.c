/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The searches in src/insn/insn.h that remember their answers.  Programs that triage one kernel again and again spend
 * half of their time in Capstone; those that link with INSN_MEMO (tests/hostile.mk) do not.  An answer depends on
 * the code and the other arguments alone, so it is found by all of them.  The decoder stays, too.
 */
#include "insn/insn.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES 32

struct question {
	enum { HAS_AND, CALLS_BEHIND_TEST, HAS_TRAP, CHANGED_BIT } search;
	const uint8_t *code;
	size_t len;
	uint64_t args[4];
};

struct answer {
	bool found;
	union {
		bool call_seen;
		unsigned int bit;
	};
};

static struct entry {
	struct question question; /* owns the code; NULL: free */
	struct answer answer;
} entries[ENTRIES];

static const struct answer *recall(const struct question *question)
{
	size_t i;

	for (i = 0; i < ENTRIES; i++) {
		const struct question *known = &entries[i].question;

		if (known->code && known->search == question->search &&
		    known->len == question->len &&
		    !memcmp(known->args, question->args, sizeof(known->args)) &&
		    !memcmp(known->code, question->code, known->len))
			return &entries[i].answer;
	}
	return NULL;
}

static void remember(const struct question *question, const struct answer *answer)
{
	static size_t next;
	struct entry *entry = &entries[next++ % ENTRIES];
	uint8_t *copy = malloc(question->len + 1);

	if (!copy)
		return;
	free((void *)(uintptr_t)entry->question.code);
	memcpy(copy, question->code, question->len);
	entry->question = *question;
	entry->question.code = copy;
	entry->answer = *answer;
}

struct xfdt_decoder *__real_xfdt_decoder_new(void);
struct xfdt_decoder *__wrap_xfdt_decoder_new(void);
void __wrap_xfdt_decoder_free(struct xfdt_decoder *decoder);

struct xfdt_decoder *__wrap_xfdt_decoder_new(void)
{
	static struct xfdt_decoder *decoder;

	if (!decoder)
		decoder = __real_xfdt_decoder_new();
	return decoder;
}

void __wrap_xfdt_decoder_free(struct xfdt_decoder *decoder)
{
	(void)decoder;
}

bool __real_xfdt_insn_has_and(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
			      uint64_t address, int64_t displacement, uint64_t before_call_to,
			      unsigned int window, bool *ret_call_seen);
bool __wrap_xfdt_insn_has_and(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
			      uint64_t address, int64_t displacement, uint64_t before_call_to,
			      unsigned int window, bool *ret_call_seen);

bool __wrap_xfdt_insn_has_and(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len,
			      uint64_t address, int64_t displacement, uint64_t before_call_to,
			      unsigned int window, bool *ret_call_seen)
{
	const struct question question = {
		HAS_AND,
		code,
		len,
		{ address, (uint64_t)displacement, before_call_to, window },
	};
	const struct answer *known = recall(&question);
	struct answer answer = { 0 };

	if (!known) {
		answer.found = __real_xfdt_insn_has_and(decoder, code, len, address, displacement,
							before_call_to, window, &answer.call_seen);
		remember(&question, &answer);
		known = &answer;
	}
	if (ret_call_seen)
		*ret_call_seen = known->call_seen;
	return known->found;
}

bool __real_xfdt_insn_calls_behind_test(const struct xfdt_decoder *decoder, const uint8_t *code,
					size_t len, uint64_t address, int64_t displacement,
					uint64_t function);
bool __wrap_xfdt_insn_calls_behind_test(const struct xfdt_decoder *decoder, const uint8_t *code,
					size_t len, uint64_t address, int64_t displacement,
					uint64_t function);

bool __wrap_xfdt_insn_calls_behind_test(const struct xfdt_decoder *decoder, const uint8_t *code,
					size_t len, uint64_t address, int64_t displacement,
					uint64_t function)
{
	const struct question question = {
		CALLS_BEHIND_TEST,
		code,
		len,
		{ address, (uint64_t)displacement, function },
	};
	const struct answer *known = recall(&question);
	struct answer answer = { 0 };

	if (known)
		return known->found;
	answer.found = __real_xfdt_insn_calls_behind_test(decoder, code, len, address, displacement,
							  function);
	remember(&question, &answer);
	return answer.found;
}

bool __real_xfdt_insn_has_trap(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len);
bool __wrap_xfdt_insn_has_trap(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len);

bool __wrap_xfdt_insn_has_trap(const struct xfdt_decoder *decoder, const uint8_t *code, size_t len)
{
	const struct question question = { HAS_TRAP, code, len, { 0 } };
	const struct answer *known = recall(&question);
	struct answer answer = { 0 };

	if (known)
		return known->found;
	answer.found = __real_xfdt_insn_has_trap(decoder, code, len);
	remember(&question, &answer);
	return answer.found;
}

bool __real_xfdt_insn_changed_bit(const struct xfdt_decoder *decoder, const uint8_t *code,
				  size_t len, enum xfdt_insn_kind kind, uint32_t offset,
				  unsigned int *ret_bit);
bool __wrap_xfdt_insn_changed_bit(const struct xfdt_decoder *decoder, const uint8_t *code,
				  size_t len, enum xfdt_insn_kind kind, uint32_t offset,
				  unsigned int *ret_bit);

bool __wrap_xfdt_insn_changed_bit(const struct xfdt_decoder *decoder, const uint8_t *code,
				  size_t len, enum xfdt_insn_kind kind, uint32_t offset,
				  unsigned int *ret_bit)
{
	const struct question question = { CHANGED_BIT, code, len, { kind, offset } };
	const struct answer *known = recall(&question);
	struct answer answer = { 0 };

	if (!known) {
		answer.found = __real_xfdt_insn_changed_bit(decoder, code, len, kind, offset,
							    &answer.bit);
		remember(&question, &answer);
		known = &answer;
	}
	if (known->found)
		*ret_bit = known->bit;
	return known->found;
}
