/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DWARF 2 to 5 through libdw (format: dwarfstd.org, DWARF 5, chapters 3, 5 and 7). */
#include "types/dwarf.h"
#include "base/name_set.h"

#include <dwarf.h>
#include <stdbool.h>
#include <string.h>

#define NESTING_MAX 8 /* named steps and anonymous members on a path; types of types */
#define STEPS_MAX \
	(1u << 26) /* DIEs looked at in all; Debian's vmlinux of 6.1 has 4 million to see */
#define POINTER 8

/* The best definition so far of a structure. */
struct candidate {
	bool found;
	Dwarf_Die die;
	Dwarf_Word size;
	size_t score;
	/* of the last definition looked at: every unit that includes a header repeats it */
	Dwarf_Word bytes, line;
};

struct search {
	unsigned int steps;
	struct xfdt_name_set names;
	struct candidate candidates[XFDT_NAME_SET_MAX];
};

/* The sibling after @die into @die itself, within the bound of all steps. */
static bool next_die(struct search *search, Dwarf_Die *die)
{
	return ++search->steps < STEPS_MAX && !dwarf_siblingof(die, die);
}

static bool number_of(Dwarf_Die *die, unsigned int name, Dwarf_Word *ret_number)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) && !dwarf_formudata(&attribute, ret_number);
}

static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, DW_AT_name, &attribute) ? dwarf_formstring(&attribute) : NULL;
}

static bool refers_to(Dwarf_Die *die, unsigned int name, Dwarf_Die *ret_die)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) && dwarf_formref_die(&attribute, ret_die);
}

static bool is_declaration(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	bool flag;

	return dwarf_attr(die, DW_AT_declaration, &attribute) &&
	       !dwarf_formflag(&attribute, &flag) && flag;
}

static bool is_composite(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/* Past typedefs and qualifiers, and from a stub to its type unit. */
static bool peel(Dwarf_Die *die)
{
	unsigned int i;

	for (i = 0; i < NESTING_MAX; i++) {
		switch (dwarf_tag(die)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			if (!refers_to(die, DW_AT_type, die))
				return false;
			break;
		default:
			if (!is_declaration(die) || !refers_to(die, DW_AT_signature, die))
				return true;
		}
	}
	return false;
}

/* How many elements an array has; 0 if unknown (a flexible array). */
static bool count_elements(struct search *search, Dwarf_Die *array, uint64_t *ret_count)
{
	uint64_t count = 1;
	Dwarf_Die range;

	if (dwarf_child(array, &range))
		return false;
	do {
		Dwarf_Word elements;

		if (dwarf_tag(&range) != DW_TAG_subrange_type)
			return false;
		if (!number_of(&range, DW_AT_count, &elements)) {
			if (number_of(&range, DW_AT_upper_bound, &elements))
				elements++;
			else
				elements = 0;
		}
		if (__builtin_mul_overflow(count, elements, &count))
			return false;
	} while (next_die(search, &range));
	*ret_count = count;
	return true;
}

static bool bytes_of(struct search *search, Dwarf_Die type, uint64_t *ret_bytes)
{
	uint64_t elements = 1, count;
	unsigned int i;
	Dwarf_Word bytes;

	for (i = 0; i < NESTING_MAX && peel(&type); i++) {
		if (number_of(&type, DW_AT_byte_size, &bytes))
			return !__builtin_mul_overflow(elements, bytes, ret_bytes);
		if (dwarf_tag(&type) == DW_TAG_pointer_type)
			return !__builtin_mul_overflow(elements, POINTER, ret_bytes);
		if (dwarf_tag(&type) != DW_TAG_array_type ||
		    !count_elements(search, &type, &count) ||
		    __builtin_mul_overflow(elements, count, &elements) ||
		    !refers_to(&type, DW_AT_type, &type))
			return false;
	}
	return false;
}

/* The member's place from the beginning of its structure, in bytes. */
static bool location_of(Dwarf_Die *member, uint64_t *ret_bytes)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	*ret_bytes = 0;
	if (!dwarf_attr(member, DW_AT_data_member_location, &attribute))
		return true; /* of a union */
	if (!dwarf_formudata(&attribute, ret_bytes))
		return true;
	if (dwarf_getlocation(&attribute, &ops, &count) || count != 1 ||
	    ops[0].atom != DW_OP_plus_uconst)
		return false;
	*ret_bytes = ops[0].number;
	return true;
}

/*
 * The same in bits, for bit fields too.  DWARF 2 and 3 count those from the most
 * significant bit of a storage unit.
 */
static bool bits_of(struct search *search, Dwarf_Die *member, uint64_t bit_size, uint64_t *ret_bits)
{
	uint64_t bytes, storage;
	Dwarf_Word from_top;
	Dwarf_Die type;

	if (number_of(member, DW_AT_data_bit_offset, ret_bits))
		return true;
	if (!location_of(member, &bytes) || bytes > XFDT_STRUCT_MAX)
		return false;
	*ret_bits = bytes * 8;
	if (!bit_size || !number_of(member, DW_AT_bit_offset, &from_top))
		return true;
	if (!number_of(member, DW_AT_byte_size, &storage) &&
	    (!refers_to(member, DW_AT_type, &type) || !bytes_of(search, type, &storage)))
		return false;
	if (storage > XFDT_STRUCT_MAX || from_top > storage * 8 ||
	    bit_size > storage * 8 - from_top)
		return false;
	*ret_bits += storage * 8 - from_top - bit_size;
	return true;
}

/* Find @path below @type, whose own place is @bits; recursion is bounded by @depth. */
static bool find_member(struct search *search, Dwarf_Die *type, const char *path, uint64_t bits,
			unsigned int depth, struct xfdt_member *ret_member)
{
	size_t len = strcspn(path, ".");
	Dwarf_Die member, inner;

	if (depth == NESTING_MAX || dwarf_child(type, &member))
		return false;
	do {
		Dwarf_Word bit_size = 0;
		uint64_t at, bytes = 0;
		const char *name;

		if (dwarf_tag(&member) != DW_TAG_member)
			continue;
		name = name_of(&member);
		if (name && *name && (strncmp(name, path, len) || name[len]))
			continue;
		number_of(&member, DW_AT_bit_size, &bit_size);
		if (!bits_of(search, &member, bit_size, &at) ||
		    __builtin_add_overflow(at, bits, &at) ||
		    !refers_to(&member, DW_AT_type, &inner))
			continue;
		if (!name || !*name) {
			if (peel(&inner) && is_composite(&inner) &&
			    find_member(search, &inner, path, at, depth + 1, ret_member))
				return true;
			continue;
		}
		if (path[len] == '.')
			return peel(&inner) && is_composite(&inner) &&
			       find_member(search, &inner, path + len + 1, at, depth + 1,
					   ret_member);
		return (bit_size || bytes_of(search, inner, &bytes)) &&
		       xfdt_member_place(at, bit_size, bytes, ret_member);
	} while (next_die(search, &member));
	return false;
}

static bool find_path(void *source, const void *type, const char *path,
		      struct xfdt_member *ret_member)
{
	Dwarf_Die die = *(const Dwarf_Die *)type;

	return find_member(source, &die, path, 0, 0, ret_member);
}

static void consider(struct search *search, Dwarf_Die *type)
{
	struct xfdt_layout only = { 0 };
	struct candidate *candidate;
	Dwarf_Word bytes, line = 0;
	const char *name;
	size_t score;
	int index;

	if (!is_composite(type) || is_declaration(type))
		return;
	name = name_of(type);
	index = name ? xfdt_name_set_find(&search->names, name) : -1;
	if (index < 0 || !number_of(type, DW_AT_byte_size, &bytes))
		return;
	number_of(type, DW_AT_decl_line, &line);
	candidate = &search->candidates[index];
	if (candidate->found && candidate->bytes == bytes && candidate->line == line)
		return;
	candidate->bytes = bytes;
	candidate->line = line;
	score = xfdt_layout_take(&only, name, bytes, find_path, search, type);
	if (!candidate->found || score > candidate->score) {
		candidate->die = *type;
		candidate->size = bytes;
		candidate->score = score;
	}
	candidate->found = true;
}

/* Structures of C are top-level DIEs of their unit. */
static struct xfdt_error *search_units(struct search *search, Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die top, die;
	int status;

	while (!(status = dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &top, NULL))) {
		if (++search->steps >= STEPS_MAX)
			break;
		/* structures of another language may have the same names */
		if (dwarf_srclang(&top) == DW_LANG_Rust || dwarf_child(&top, &die))
			continue;
		do
			consider(search, &die);
		while (next_die(search, &die));
	}
	if (search->steps >= STEPS_MAX)
		return xfdt_error_new(XFDT_LIMIT, 0, "DWARF with more than %u entries", STEPS_MAX);
	if (status < 0)
		return xfdt_error_new(XFDT_CORRUPT, 0, "DWARF: %s", dwarf_errmsg(-1));
	return NULL;
}

static void take_found(struct search *search, struct xfdt_layout *layout)
{
	size_t i;

	for (i = 0; i < search->names.count; i++) {
		const struct candidate *found = &search->candidates[i];

		if (found->found)
			xfdt_layout_take(layout, search->names.items[i], found->size, find_path,
					 search, &found->die);
	}
}

struct xfdt_error *xfdt_dwarf_fill(Dwarf *dwarf, Dwarf *alt, struct xfdt_layout *layout)
{
	struct search search = { .steps = 0 };
	struct xfdt_error *err;

	xfdt_layout_unknown_names(&search.names, layout);
	err = search_units(&search, dwarf);
	if (!err && alt)
		err = search_units(&search, alt);
	if (!err)
		take_found(&search, layout);
	return err;
}
