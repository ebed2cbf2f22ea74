/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the VMCOREINFO parser with its text. */
#include "fuzz/fuzz.h"
#include "image/vmcoreinfo.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), value[16];
	struct xfdt_vmcoreinfo info;
	struct xfdt_layout layout;
	uint64_t number;
	size_t i;

	memcpy(text, data, size);
	text[size] = '\0';
	FUZZ_CHECK(!xfdt_vmcoreinfo_init(&info, text));
	if (xfdt_vmcoreinfo_get(&info, "OSRELEASE", value, sizeof(value)))
		FUZZ_CHECK(*value && memchr(value, '\0', sizeof(value)));
	xfdt_vmcoreinfo_symbol(&info, "_stext", &number);
	xfdt_vmcoreinfo_number(&info, "phys_base", &number);
	memset(&layout, 0, sizeof(layout));
	xfdt_vmcoreinfo_layout(&info, &layout);
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		FUZZ_CHECK(layout.structs[i] <= XFDT_STRUCT_MAX);
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		FUZZ_CHECK(xfdt_member_is_sane(&layout.members[i]));
	xfdt_vmcoreinfo_deinit(&info);
	free(text);
	return 0;
}
