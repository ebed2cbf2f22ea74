/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the kallsyms reader: the input is the memory that holds all of its tables. */
#include "fuzz/fuzz.h"
#include "symbols/kallsyms.h"

#include <stdio.h>

#define BASE 0xffffffff82000000ull

/* num_syms, relative_base, then token_index, values, token_table and names */
#define TOKEN_INDEX 16
#define VALUES (TOKEN_INDEX + 512)
#define TOKEN_TABLE (VALUES + 256)
#define NAMES (TOKEN_TABLE + 1280)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_name_query queries[] = {
		{ .name = "_stext", .anchor = BASE },
		{ .name = "prb", .anchor = BASE + 0x1000 },
		{ .name = "x" },
		{ .name = "restore_fpregs_from_fpstate" },
	};
	struct xfdt_kallsyms kallsyms;
	struct fuzz_memory memory;
	struct xfdt_error *err;
	struct xfdt_vmcoreinfo info;
	char vmcoreinfo[512];

	if (!size)
		return 0;
	/* the last byte says which encodings are possible */
	fuzz_memory_init(&memory, BASE, data, size - 1);
	snprintf(vmcoreinfo, sizeof(vmcoreinfo),
		 "SYMBOL(kallsyms_num_syms)=%llx\nSYMBOL(kallsyms_token_index)=%llx\n"
		 "SYMBOL(kallsyms_token_table)=%llx\nSYMBOL(kallsyms_names)=%llx\n"
		 "SYMBOL(%s)=%llx\n%s(kallsyms_relative_base)=%llx\n",
		 BASE, BASE + TOKEN_INDEX, BASE + TOKEN_TABLE, BASE + NAMES,
		 data[size - 1] & 1 ? "kallsyms_addresses" : "kallsyms_offsets", BASE + VALUES,
		 data[size - 1] & 2 ? "SYMBOL" : "NOTHING", BASE + 8);
	FUZZ_CHECK(!xfdt_vmcoreinfo_init(&info, vmcoreinfo));
	err = xfdt_kallsyms_init(&kallsyms, &memory.reader, &info);
	xfdt_vmcoreinfo_deinit(&info);
	if (!err)
		err = xfdt_kallsyms_lookup(&kallsyms, &memory.reader, queries, 4);
	if (!err)
		FUZZ_CHECK((queries[0].found == 1 && queries[0].kvaddr == BASE) ||
			   (queries[1].found == 1 && queries[1].kvaddr == BASE + 0x1000));
	xfdt_error_free(err);
	return 0;
}
