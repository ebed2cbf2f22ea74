/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source of the chain: the record embedded in a distilled dump; and writing it. */
#include "resolve/chain.h"
#include "resolve/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *key_of(const struct xfdt_image *image)
{
	return image->build_id ? image->build_id : "-";
}

/* Types of another source do not count as those of the requested source. */
static bool is_of_choice(const char *source, enum xfdt_type_choice choice)
{
	static const char *const prefixes[] = {
		[XFDT_TYPES_AUTO] = "",
		[XFDT_TYPES_DWARF] = "dwarf",
		[XFDT_TYPES_BTF] = "btf",
	};

	return !strncmp(source, prefixes[choice], strlen(prefixes[choice]));
}

static void take_record(struct xfdt_chain *chain, struct xfdt_record *record)
{
	struct xfdt_image *image = chain->image;

	image->symtab = record->symtab;
	image->kvm_is_built_in = record->kvm_is_built_in;
	image->symbol_source = *record->symbol_source ?
				       xfdt_chain_keep_origin(chain, 0, record->symbol_source) :
				       "kallsyms";
	image->embedded = true;
	chain->has_symbols = true;
	if (!*record->type_source)
		strcpy(record->type_source, "btf");
	if (!is_of_choice(record->type_source, chain->debug->types)) {
		xfdt_gaps_add(
			&image->gaps, "the kernel's types",
			xfdt_error_new(XFDT_MISSING, 0, "those that travel in the dump are from %s",
				       record->type_source),
			"let it choose the types by itself (leave --types out), or use the whole dump");
		return;
	}
	image->layout = record->layout;
	image->type_source = xfdt_chain_keep_origin(chain, 1, record->type_source);
}

bool xfdt_from_embedded(struct xfdt_chain *chain, const struct xfdt_source *source)
{
	struct xfdt_record *record;
	struct xfdt_error *err;

	if (!source->record)
		return false;
	record = calloc(1, sizeof(*record));
	err = record ? xfdt_record_parse(source->record, source->record_len, key_of(chain->image),
					 chain->stext, record) :
		       xfdt_no_memory("a record");
	if (err)
		xfdt_gaps_add(&chain->image->gaps, "the symbols and types that travel in the dump",
			      err, NULL);
	else
		take_record(chain, record);
	free(record);
	return !err;
}
struct xfdt_error *xfdt_image_record(const struct xfdt_image *image, char **ret_text,
				     size_t *ret_len)
{
	const struct xfdt_symbol *stext = xfdt_symbol(image, XFDT_S_stext);
	struct xfdt_record *record;
	struct xfdt_error *err;

	if (!stext || !xfdt_has_symbol_table(image))
		return xfdt_error_new(
			XFDT_MISSING, 0,
			"the symbols of the kernel were not resolved; name its vmlinux (-d)");
	record = calloc(1, sizeof(*record));
	if (!record)
		return xfdt_no_memory("a record");
	record->layout = image->layout;
	record->symtab = image->symtab;
	record->kvm_is_built_in = image->kvm_is_built_in;
	snprintf(record->symbol_source, sizeof(record->symbol_source), "%s", image->symbol_source);
	snprintf(record->type_source, sizeof(record->type_source), "%s", image->type_source);
	err = xfdt_record_format(record, key_of(image), stext->kvaddr, ret_text, ret_len);
	free(record);
	return err;
}
