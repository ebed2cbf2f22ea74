/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz the BTF reader: bytes of vmlinux's BTF, or of a module's over a fixed base. */
#include "fuzz/fuzz.h"
#include "types/btf.h"

#include <bpf/btf.h>
#include <stdlib.h>

static struct xfdt_btf *base_types(void)
{
	static struct xfdt_btf *types;
	struct btf *btf;
	const void *data;
	__u32 len;

	if (types)
		return types;
	btf = btf__new_empty();
	btf__add_int(btf, "unsigned long", 8, 0);
	btf__add_ptr(btf, 0);
	btf__add_struct(btf, "list_head", 16);
	btf__add_field(btf, "next", 2, 0, 0);
	data = btf__raw_data(btf, &len);
	xfdt_error_free(xfdt_btf_new(&types, data, len, NULL));
	btf__free(btf);
	return types;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_layout layout;
	struct xfdt_btf *types;
	struct xfdt_error *err;
	size_t i;

	if (!size)
		return 0;
	memset(&layout, 0, sizeof(layout));
	err = xfdt_btf_new(&types, data + 1, size - 1, data[0] & 1 ? base_types() : NULL);
	if (err) {
		xfdt_error_free(err);
		return 0;
	}
	xfdt_btf_fill(types, &layout);
	xfdt_btf_replace_kvm(types, &layout);
	xfdt_btf_free(types);
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		FUZZ_CHECK(layout.structs[i] <= XFDT_STRUCT_MAX);
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		FUZZ_CHECK(xfdt_member_is_sane(&layout.members[i]));
	return 0;
}
