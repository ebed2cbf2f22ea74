/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the instruction decoders with code. */
#include "fuzz/fuzz.h"
#include "insn/insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xfdt_decoder *decoder;
	const uint64_t address = 0xffffffff81040000ull;
	struct xfdt_xrstor_insn insn;
	struct xfdt_gpr gpr = { { 0 } };
	unsigned int bit;
	uint64_t target;
	bool seen;

	if (!decoder)
		decoder = xfdt_decoder_new();
	if (xfdt_insn_xrstor(decoder, data, size, address, &gpr, &insn))
		FUZZ_CHECK(insn.length <= size && insn.length <= XFDT_INSN_MAX &&
			   memchr(insn.text, '\0', sizeof(insn.text)));
	if (xfdt_insn_call_before(decoder, data, size, address, &target))
		FUZZ_CHECK(target - address + (1ull << 31) < 1ull << 32);
	if (xfdt_insn_changed_bit(decoder, data, size, XFDT_INSN_AND, 16, &bit) ||
	    xfdt_insn_changed_bit(decoder, data, size, XFDT_INSN_OR, 16, &bit))
		FUZZ_CHECK(bit < 64);
	xfdt_insn_has_and(decoder, data, size, address, 0x240, 0, 0, NULL);
	if (xfdt_insn_has_and(decoder, data, size, address, 0x200, address, 16, &seen))
		FUZZ_CHECK(seen);
	/* what is called is somewhere in the code as well */
	if (xfdt_insn_calls_behind_test(decoder, data, size, address, 0x20, address))
		FUZZ_CHECK(size > 5);
	xfdt_insn_has_trap(decoder, data, size);
	return 0;
}
