/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's memory with its symbols and types: what every later stage reads.
 *
 * All addresses are kernel virtual addresses (kvaddr), relocated as in the
 * running kernel.  Everything read is untrusted.
 */
#ifndef XFDT_IMAGE_IMAGE_H
#define XFDT_IMAGE_IMAGE_H

#include "base/error.h"
#include "base/truth.h"
#include "image/layout.h"
#include "image/reader.h"
#include "image/vmcoreinfo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Something that was expected in the dump and could not be read. */
struct xfdt_gap {
	char *what; /* what is unknown because of it */
	char *why;
	char *remedy; /* what to do */
};

struct xfdt_gaps {
	struct xfdt_gap *items;
	size_t count;
	bool no_memory; /* one of them is due to a failed allocation, not to the dump */
};

/*
 * Add a gap; takes over @err, whose message becomes the reason.  @remedy, which
 * is copied, is what helps if the dump has all its pages; NULL: what @err's code suggests.  Nothing
 * is added for the same @what twice, nor past a fixed number.
 */
void xfdt_gaps_add(struct xfdt_gaps *gaps, const char *what, struct xfdt_error *err,
		   const char *remedy);
void xfdt_gaps_deinit(struct xfdt_gaps *gaps);

#define XFDT_ORIGIN_MAX 128
#define XFDT_BUILD_ID_MAX 40 /* hexadecimal digits */

struct xfdt_image {
	struct xfdt_reader *reader;	   /* borrowed from the back end */
	struct xfdt_vmcoreinfo vmcoreinfo; /* empty: the dump has none */
	const struct xfdt_cpu_note *notes; /* borrowed, in the order of the dump */
	size_t note_count;
	const char *census; /* the text of one that a distilled dump carries; borrowed; NULL: none */
	size_t census_len;

	const char *arch;	   /* as uname(2) names it; NULL: unknown; borrowed */
	char *release;		   /* OSRELEASE, or NULL */
	char *build_id;		   /* of vmlinux, lower-case hex, or NULL */
	char *kvm_build_id;	   /* of kvm.ko; NULL: built in, or unknown */
	const char *symbol_source; /* words for the report; static, or in @origins */
	const char *type_source;
	char origins[2][XFDT_ORIGIN_MAX];
	bool embedded;	      /* both come from the record in a distilled dump */
	bool kvm_is_module;   /* a module named kvm was found */
	bool kvm_is_built_in; /* KVM's code is in vmlinux */
	bool modules_known;   /* the list of modules could be read */

	struct xfdt_symtab symtab;
	struct xfdt_layout layout;
	struct xfdt_gaps gaps;
	char *remedy; /* what helps against symbols and types that are missing; NULL: unknown */
};

void xfdt_image_deinit(struct xfdt_image *image);

struct xfdt_error *xfdt_read(const struct xfdt_image *image, uint64_t kvaddr, void *buf,
			     size_t len);
/* Set the purpose of the reads that follow; returns the one before. */
enum xfdt_purpose xfdt_set_purpose(const struct xfdt_image *image, enum xfdt_purpose purpose);
/* xfdt_read() for @purpose. */
struct xfdt_error *xfdt_read_for(const struct xfdt_image *image, enum xfdt_purpose purpose,
				 uint64_t kvaddr, void *buf, size_t len);
struct xfdt_error *xfdt_read_u64(const struct xfdt_image *image, uint64_t kvaddr,
				 uint64_t *ret_value);
/* Read up to @size bytes with a NUL put at the end; @size counts the NUL. */
struct xfdt_error *xfdt_read_string(const struct xfdt_image *image, uint64_t kvaddr, char *ret_text,
				    size_t size);

bool xfdt_has_member(const struct xfdt_image *image, enum xfdt_member_id id);
/* Do symbols come from a table of the kernel's, and not only from VMCOREINFO? */
bool xfdt_has_symbol_table(const struct xfdt_image *image);
bool xfdt_has_struct(const struct xfdt_image *image, enum xfdt_struct_id id);
/* Address of member @id in the structure at @base; XFDT_MISSING if unknown. */
struct xfdt_error *xfdt_member_kvaddr(const struct xfdt_image *image, uint64_t base,
				      enum xfdt_member_id id, uint64_t *ret_kvaddr);
/* Value of integer, pointer or bit-field member @id, of 1 to 8 bytes. */
struct xfdt_error *xfdt_read_member(const struct xfdt_image *image, uint64_t base,
				    enum xfdt_member_id id, uint64_t *ret_value);
/* A value that not every kernel or dump gives. */
struct xfdt_value {
	bool known;
	uint64_t value;
};

/* Yes if @value is not 0. */
enum xfdt_truth xfdt_value_truth(const struct xfdt_value *value);
/* Of a bool, which memory holds as 0 or 1; any other value is damage, so unknown. */
enum xfdt_truth xfdt_value_bool(const struct xfdt_value *value);

/* Value of member @id of the structure at @base; unknown if it cannot be read. */
struct xfdt_value xfdt_value_of(const struct xfdt_image *image, uint64_t base,
				enum xfdt_member_id id);
/* The @len bytes (1 to 8) of the variable @id of vmlinux. */
struct xfdt_value xfdt_value_at(const struct xfdt_image *image, enum xfdt_symbol_id id, size_t len);

/* The same out of a copy @buf of @len bytes of the structure; false if it does not fit. */
bool xfdt_member_value(const struct xfdt_image *image, const void *buf, size_t len,
		       enum xfdt_member_id id, uint64_t *ret_value);
/* The structure whose member @id is at @kvaddr. */
struct xfdt_error *xfdt_container_of(const struct xfdt_image *image, uint64_t kvaddr,
				     enum xfdt_member_id id, uint64_t *ret_base);

/* NULL if unknown; borrowed from @image. */
const struct xfdt_symbol *xfdt_symbol(const struct xfdt_image *image, enum xfdt_symbol_id id);
/* Is @kvaddr inside function @id?  False also when it is unknown. */
bool xfdt_in_function(const struct xfdt_image *image, enum xfdt_symbol_id id, uint64_t kvaddr);
/* Address of per-CPU variable @id on @cpu. */
struct xfdt_error *xfdt_percpu(const struct xfdt_image *image, enum xfdt_symbol_id id,
			       unsigned int cpu, uint64_t *ret_kvaddr);

/*
 * Is @kvaddr where modules are: behind the largest vmlinux (Linux: MODULES_VADDR in
 * arch/x86/include/asm/pgtable_64_types.h)?
 */
bool xfdt_is_in_module(const struct xfdt_image *image, uint64_t kvaddr);

/* Is the kernel for x86-64, or its architecture unknown? */
bool xfdt_is_x86_64(const struct xfdt_image *image);

#endif
