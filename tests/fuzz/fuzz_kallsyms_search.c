/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the search for kallsyms: the input is the memory from _stext on. */
#include "fuzz/fuzz.h"
#include "symbols/kallsyms_search.h"

#include <stdlib.h>

#define BASE 0xffffffff82000000ull
#define PRB (BASE + 299 * 64)
#define PAGE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char vmcoreinfo[] = "SYMBOL(_stext)=ffffffff82000000\n"
					 "SYMBOL(prb)=ffffffff82004ac0\n";
	struct xfdt_name_query queries[] = { { .name = "_stext", .anchor = BASE },
					     { .name = "prb", .anchor = PRB } };
	size_t whole = (size + PAGE - 1) / PAGE * PAGE;
	uint8_t *pages = calloc(1, whole + 1);
	struct xfdt_kallsyms kallsyms;
	struct fuzz_memory memory;
	struct xfdt_vmcoreinfo info;
	struct xfdt_error *err;

	if (!pages)
		return 0;
	if (size)
		memcpy(pages, data, size);
	fuzz_memory_init(&memory, BASE, pages, whole);
	FUZZ_CHECK(!xfdt_vmcoreinfo_init(&info, vmcoreinfo));
	err = xfdt_kallsyms_search(&kallsyms, &memory.reader, &info);
	xfdt_vmcoreinfo_deinit(&info);
	if (!err) {
		/* what it found gives _stext, and prb if that is there */
		FUZZ_CHECK(!xfdt_kallsyms_lookup(&kallsyms, &memory.reader, queries, 2));
		FUZZ_CHECK(queries[0].found == 1 && queries[0].kvaddr == BASE);
		FUZZ_CHECK(queries[1].found != 1 || queries[1].kvaddr == PRB);
	}
	xfdt_error_free(err);
	free(pages);
	return 0;
}
