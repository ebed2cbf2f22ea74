/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resolved needs as text, which a distilled dump carries: one line each, free of
 * load addresses, with a checksum at the end.  The reader treats it as untrusted.
 */
#ifndef XFDT_RESOLVE_RECORD_H
#define XFDT_RESOLVE_RECORD_H

#include "base/error.h"
#include "image/image.h"
#include "image/layout.h"

#include <stdbool.h>
#include <stddef.h>

struct xfdt_record {
	struct xfdt_layout layout;
	struct xfdt_symtab symtab; /* relocated to the @stext given */
	/* what symbols and types came from, for people; empty: unknown */
	char symbol_source[XFDT_ORIGIN_MAX], type_source[XFDT_ORIGIN_MAX];
	bool kvm_is_built_in; /* as in struct xfdt_image */
};

/* Does @kvaddr move with _stext, unlike a per-CPU offset counted from 0? */
bool xfdt_moves_with_text(uint64_t kvaddr, uint64_t stext);

/*
 * Write @record, whose identity is @key (vmlinux's build-id), as text.  @stext is the
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
