/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The symbols, members and sizes that needs.def declares, once they are resolved. */
#ifndef XFDT_IMAGE_LAYOUT_H
#define XFDT_IMAGE_LAYOUT_H

#include "base/name_set.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XFDT_STRUCT(id, ...) XFDT_T_##id,
#define XFDT_MEMBER(id, ...)
#define XFDT_SYMBOL(id, ...)
enum xfdt_struct_id {
#include "image/needs.def"
	XFDT_STRUCT_COUNT
};
#undef XFDT_STRUCT
#undef XFDT_MEMBER
#undef XFDT_SYMBOL

#define XFDT_STRUCT(id, ...)
#define XFDT_MEMBER(id, ...) XFDT_M_##id,
#define XFDT_SYMBOL(id, ...)
enum xfdt_member_id {
#include "image/needs.def"
	XFDT_MEMBER_COUNT
};
#undef XFDT_STRUCT
#undef XFDT_MEMBER
#undef XFDT_SYMBOL

#define XFDT_STRUCT(id, ...)
#define XFDT_MEMBER(id, ...)
#define XFDT_SYMBOL(id, ...) XFDT_S_##id,
enum xfdt_symbol_id {
#include "image/needs.def"
	XFDT_SYMBOL_COUNT
};
#undef XFDT_STRUCT
#undef XFDT_MEMBER
#undef XFDT_SYMBOL

enum xfdt_need { XFDT_OPTIONAL, XFDT_REQUIRED };
enum xfdt_place { XFDT_VMLINUX, XFDT_PERCPU, XFDT_KVM };

struct xfdt_struct_need {
	const char *name;
	enum xfdt_need need;
	const char *lost;
};

struct xfdt_member_need {
	const char *structure;
	const char *path;
	uint32_t bytes; /* size where VMCOREINFO gives the offset */
	enum xfdt_need need;
	const char *lost;
};

struct xfdt_symbol_need {
	const char *name;
	enum xfdt_place place;
	enum xfdt_need need;
	const char *lost;
};

extern const struct xfdt_struct_need xfdt_struct_needs[XFDT_STRUCT_COUNT];
extern const struct xfdt_member_need xfdt_member_needs[XFDT_MEMBER_COUNT];
extern const struct xfdt_symbol_need xfdt_symbol_needs[XFDT_SYMBOL_COUNT];

/* A member's place in its structure, in bytes; bit_size 0: not a bit field. */
struct xfdt_member {
	bool known;
	uint32_t offset;
	uint32_t size;
	uint8_t bit_offset; /* from the least significant bit of @offset's byte */
	uint8_t bit_size;
};

/* No kernel structure is larger; a larger offset is corrupt. */
#define XFDT_STRUCT_MAX (1u << 20)

struct xfdt_layout {
	uint32_t structs[XFDT_STRUCT_COUNT]; /* bytes; 0: unknown */
	struct xfdt_member members[XFDT_MEMBER_COUNT];
};

struct xfdt_symbol {
	bool known;
	uint64_t kvaddr; /* relocated; a per-CPU variable's base for PERCPU */
	uint64_t size;	 /* bytes; 0: unknown */
};

struct xfdt_symtab {
	struct xfdt_symbol symbols[XFDT_SYMBOL_COUNT];
};

/* Is @member within bounds?  The check that every source of layouts passes. */
bool xfdt_member_is_sane(const struct xfdt_member *member);

/*
 * Set *@ret_member from an offset in bits, counted from the least significant
 * bit of the structure.  @bit_size is 0 if it is not a bit field;
 * then it has @bytes.  False if it is out of bounds.
 */
bool xfdt_member_place(uint64_t bits, uint64_t bit_size, uint64_t bytes,
		       struct xfdt_member *ret_member);

/* Is a structure or a member that needs.def marks REQUIRED still unknown? */
bool xfdt_layout_is_complete(const struct xfdt_layout *layout);

/* Add the names of the structures that @layout does not know completely. */
void xfdt_layout_unknown_names(struct xfdt_name_set *names, const struct xfdt_layout *layout);

/* Find member @path of the definition @type of a structure, as @source knows definitions. */
typedef bool xfdt_find_member(void *source, const void *type, const char *path,
			      struct xfdt_member *ret_member);

/*
 * Take what @layout does not have yet of @structure: its size of @bytes, and the
 * members of the definition @type that are within bounds.  Returns how much that
 * was: into an empty layout, how well the definition suits needs.def.
 */
size_t xfdt_layout_take(struct xfdt_layout *layout, const char *structure, uint64_t bytes,
			xfdt_find_member *find, void *source, const void *type);

#endif
