/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables that needs.def declares, and the bounds on their values. */
#include "image/layout.h"

#include <string.h>

#define XFDT_STRUCT(id, ident, req, loss) \
	[XFDT_T_##id] = { .name = ident, .need = XFDT_##req, .lost = loss },
#define XFDT_MEMBER(...)
#define XFDT_SYMBOL(...)
const struct xfdt_struct_need xfdt_struct_needs[XFDT_STRUCT_COUNT] = {
#include "image/needs.def"
};
#undef XFDT_STRUCT
#undef XFDT_MEMBER
#undef XFDT_SYMBOL

#define XFDT_STRUCT(...)
#define XFDT_MEMBER(id, type, name, size, req, loss) \
	[XFDT_M_##id] = { \
		.structure = type, .path = name, .bytes = size, .need = XFDT_##req, .lost = loss \
	},
#define XFDT_SYMBOL(...)
const struct xfdt_member_need xfdt_member_needs[XFDT_MEMBER_COUNT] = {
#include "image/needs.def"
};
#undef XFDT_STRUCT
#undef XFDT_MEMBER
#undef XFDT_SYMBOL

#define XFDT_STRUCT(...)
#define XFDT_MEMBER(...)
#define XFDT_SYMBOL(id, ident, where, req, loss) \
	[XFDT_S_##id] = { .name = ident, .place = XFDT_##where, .need = XFDT_##req, .lost = loss },
const struct xfdt_symbol_need xfdt_symbol_needs[XFDT_SYMBOL_COUNT] = {
#include "image/needs.def"
};
#undef XFDT_STRUCT
#undef XFDT_MEMBER
#undef XFDT_SYMBOL

bool xfdt_member_is_sane(const struct xfdt_member *member)
{
	if (member->offset > XFDT_STRUCT_MAX || member->size > XFDT_STRUCT_MAX)
		return false;
	if (!member->bit_size)
		return member->bit_offset == 0;
	return member->bit_offset < 8 && member->bit_size <= 32;
}

bool xfdt_member_place(uint64_t bits, uint64_t bit_size, uint64_t bytes,
		       struct xfdt_member *ret_member)
{
	struct xfdt_member member = { .known = true };

	if (bits / 8 > XFDT_STRUCT_MAX || bytes > XFDT_STRUCT_MAX || bit_size > 32)
		return false;
	if (!bit_size && bits % 8)
		return false;
	member.offset = (uint32_t)(bits / 8);
	member.bit_offset = bits % 8;
	member.bit_size = (uint8_t)bit_size;
	member.size = bit_size ? (member.bit_offset + (uint32_t)bit_size + 7) / 8 : (uint32_t)bytes;
	*ret_member = member;
	return true;
}

bool xfdt_layout_is_complete(const struct xfdt_layout *layout)
{
	size_t i;

	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (xfdt_struct_needs[i].need == XFDT_REQUIRED && !layout->structs[i])
			return false;
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		if (xfdt_member_needs[i].need == XFDT_REQUIRED && !layout->members[i].known)
			return false;
	return true;
}

void xfdt_layout_unknown_names(struct xfdt_name_set *names, const struct xfdt_layout *layout)
{
	size_t i;

	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (!layout->structs[i])
			xfdt_name_set_add(names, xfdt_struct_needs[i].name);
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		if (!layout->members[i].known)
			xfdt_name_set_add(names, xfdt_member_needs[i].structure);
}

size_t xfdt_layout_take(struct xfdt_layout *layout, const char *structure, uint64_t bytes,
			xfdt_find_member *find, void *source, const void *type)
{
	size_t taken = 0, i;

	for (i = 0; i < XFDT_STRUCT_COUNT; i++) {
		if (layout->structs[i] || strcmp(xfdt_struct_needs[i].name, structure) || !bytes ||
		    bytes > XFDT_STRUCT_MAX)
			continue;
		layout->structs[i] = (uint32_t)bytes;
		taken++;
	}
	for (i = 0; i < XFDT_MEMBER_COUNT; i++) {
		struct xfdt_member member;

		if (layout->members[i].known || strcmp(xfdt_member_needs[i].structure, structure) ||
		    !find(source, type, xfdt_member_needs[i].path, &member) ||
		    !xfdt_member_is_sane(&member))
			continue;
		layout->members[i] = member;
		taken++;
	}
	return taken;
}
