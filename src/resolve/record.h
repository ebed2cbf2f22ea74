/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resolved needs as text, to keep: one line each, free of load addresses, with
 * a checksum at the end.  Whoever reads one back treats it as untrusted.
 */
#ifndef XFDT_RESOLVE_RECORD_H
#define XFDT_RESOLVE_RECORD_H

#include "base/error.h"
#include "image/image.h"
#include "image/layout.h"
#include "base/ranges.h"

#include <stdbool.h>
#include <stddef.h>

/* What tells a file from what it was before, and from others. */
struct xfdt_file_id {
	bool known;
	uint64_t device, inode, size;
	uint64_t modified, changed; /* nanoseconds since the epoch */
};

struct xfdt_record {
	struct xfdt_layout layout;
	struct xfdt_symtab symtab; /* relocated to the @stext given */
	/* index of each KVM symbol in kvm.ko's symbol table + 1; 0: none */
	uint32_t module_index[XFDT_SYMBOL_COUNT];
	char kvm_build_id[XFDT_BUILD_ID_MAX + 1]; /* of that kvm.ko; empty: unknown */
	/* what it was all read from, and the CRC-32 of those bytes in their order */
	struct xfdt_ranges spans;
	uint32_t content;
	/* the file it was read from, if it was read from one */
	struct xfdt_file_id stamp;
	/* in a record that travels: what symbols and types came from, for people; empty: unknown */
	char symbol_source[XFDT_ORIGIN_MAX], type_source[XFDT_ORIGIN_MAX];
	bool kvm_is_built_in; /* as in struct xfdt_image */
	/* xfdt_needs_sum() of the program that wrote the text; 0: it did not say */
	uint32_t needs;
};

/* Does @kvaddr move with _stext, unlike a per-CPU offset counted from 0? */
bool xfdt_moves_with_text(uint64_t kvaddr, uint64_t stext);

/*
 * Write @record (all but @needs, which is this program's), whose identity is @key (vmlinux's build-id), as text.  @stext is the
 * kvaddr of _stext that its symbols are relocated to.  The caller frees
 * *@ret_text.
 */
struct xfdt_error *xfdt_record_format(const struct xfdt_record *record, const char *key,
				      uint64_t stext, char **ret_text, size_t *ret_len);

/*
 * Read text back, relocated to @stext.  XFDT_CORRUPT if the checksum, the
 * format's version, the key or any value is not as it should be; *@ret_record
 * is untouched then.
 */
struct xfdt_error *xfdt_record_parse(const char *text, size_t len, const char *key, uint64_t stext,
				     struct xfdt_record *ret_record);

#endif
