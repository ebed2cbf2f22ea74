/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Print all that was resolved for a dump, in lines "struct NAME BYTES", "member
 * NAME PATH OFFSET BYTES BIT BITS" and "symbol NAME ADDRESS"; on stderr, from what.
 *
 *	print-layout auto|dwarf|btf VMCORE [PATH...]
 */
#include "triage/session.h"

#include <stdio.h>
#include <string.h>

static void print_layout(const struct xfdt_image *image)
{
	size_t i;

	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (image->layout.structs[i])
			printf("struct %s %u\n", xfdt_struct_needs[i].name,
			       image->layout.structs[i]);
	for (i = 0; i < XFDT_MEMBER_COUNT; i++) {
		const struct xfdt_member *member = &image->layout.members[i];

		if (member->known)
			printf("member %s %s %u %u %u %u\n", xfdt_member_needs[i].structure,
			       xfdt_member_needs[i].path, member->offset, member->size,
			       member->bit_offset, member->bit_size);
	}
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (image->symtab.symbols[i].known)
			printf("symbol %s %llx\n", xfdt_symbol_needs[i].name,
			       (unsigned long long)image->symtab.symbols[i].kvaddr);
}

int main(int argc, char **argv)
{
	struct xfdt_session_options options = { 0 };
	struct xfdt_session session;
	struct xfdt_error *err;

	if (argc < 3)
		return 99;
	options.debug = (struct xfdt_debug_options){
		.types = !strcmp(argv[1], "dwarf") ? XFDT_TYPES_DWARF :
			 !strcmp(argv[1], "btf")   ? XFDT_TYPES_BTF :
						     XFDT_TYPES_AUTO,
		.paths = (const char *const *)argv + 3,
		.path_count = (size_t)argc - 3,
		.named = "by name",
		.prefer_named = argc > 3,
	};
	err = xfdt_session_init(&session, (const char *const *)argv + 2, 1, &options);
	if (err) {
		fprintf(stderr, "%s\n", xfdt_error_message(err));
		return 2;
	}
	fprintf(stderr, "symbols from %s, types from %s\n", session.image.symbol_source,
		session.image.type_source);
	print_layout(&session.image);
	xfdt_session_deinit(&session);
	return 0;
}
