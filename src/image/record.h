/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resolved needs as text, to keep: one line each, free of load addresses, with
 * a checksum at the end.  Whoever reads one back treats it as untrusted.
 */
#ifndef XFDT_IMAGE_RECORD_H
#define XFDT_IMAGE_RECORD_H

#include "base/error.h"
#include "image/layout.h"
#include "image/spans.h"

#include <stddef.h>

#define XFDT_BUILD_ID_MAX 40

struct xfdt_record {
	struct xfdt_layout layout;
	struct xfdt_symtab symtab;	/* relocated to the @stext given */
	/* index of each KVM symbol in kvm.ko's symbol table + 1; 0: none */
	uint32_t module_index[XFDT_SYMBOL_COUNT];
	char kvm_build_id[XFDT_BUILD_ID_MAX + 1];	/* of that kvm.ko; empty: unknown */
	/* what it was all read from, and the CRC-32 of those bytes in their order */
	struct xfdt_spans spans;
	uint32_t content;
};

/*
 * Write @record, whose identity is @key (vmlinux's build-id), as text.  @stext is the
 * kvaddr of _stext that its symbols are relocated to.  The caller frees
 * *@ret_text.
 */
struct xfdt_error *xfdt_record_format(const struct xfdt_record *record,
				      const char *key, uint64_t stext,
				      char **ret_text, size_t *ret_len);

/*
 * Read text back, relocated to @stext.  XFDT_CORRUPT if the checksum, the
 * format's version, the key or any value is not as it should be; *@ret_record
 * is untouched then.
 */
struct xfdt_error *xfdt_record_parse(const char *text, size_t len,
				     const char *key, uint64_t stext,
				     struct xfdt_record *ret_record);

#endif
