/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the notes of a dump: those of ELF, of VMCOREINFO, and what a distilled one carries. */
#include "dump/notes.h"
#include "fuzz/fuzz.h"

/* Is what was taken out of the notes in them? */
static bool is_part(const uint8_t *data, size_t size, const char *text, size_t len)
{
	return !text || (len && len <= XFDT_EMBEDDED_MAX && memmem(data, size, text, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_notes notes = { 0 };

	xfdt_error_free(xfdt_notes_add(&notes, data, size));
	FUZZ_CHECK(is_part(data, size, notes.record, notes.record_len));
	FUZZ_CHECK(is_part(data, size, notes.census, notes.census_len));
	FUZZ_CHECK(notes.cpu_count * sizeof(struct xfdt_regs) <= size);
	xfdt_notes_deinit(&notes);
	return 0;
}
