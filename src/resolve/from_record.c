/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rungs of the chain: the record that travels in a dump, and the cache's; and writing the former. */
#include "resolve/cache.h"
#include "resolve/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* CRC-32 of the bytes that @spans names; false if they cannot be read. */
static bool content_of(const struct xfdt_image *image, const struct xfdt_ranges *spans,
		       uint32_t *ret_content)
{
	uint8_t *bytes = malloc(XFDT_RANGE_LEN_MAX);
	unsigned long sum = crc32(0, NULL, 0);
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; bytes && !err && i < spans->count; i++) {
		err = xfdt_read(image, spans->items[i].kvaddr, bytes, spans->items[i].len);
		if (!err)
			sum = crc32(sum, bytes, spans->items[i].len);
	}
	*ret_content = (uint32_t)sum;
	i = bytes && !err;
	xfdt_error_free(err);
	free(bytes);
	return i;
}

/* This very dump has to agree: its VMCOREINFO, and what the record was read from. */
static bool record_agrees(const struct xfdt_image *image, const struct xfdt_record *record)
{
	uint32_t content;
	size_t i;

	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (image->symtab.symbols[i].known && record->symtab.symbols[i].known &&
		    image->symtab.symbols[i].kvaddr != record->symtab.symbols[i].kvaddr)
			return false;
	return record->spans.count && content_of(image, &record->spans, &content) &&
	       content == record->content;
}

void xfdt_rung_cached(struct xfdt_chain *chain)
{
	const char *key = chain->image->build_id;
	struct xfdt_record *record = &chain->record;
	struct xfdt_image *image = chain->image;
	bool wants_types = !chain->has_types && xfdt_chain_takes_btf(chain), agrees;
	struct xfdt_error *err = NULL;
	size_t i;

	if (!chain->cache_dir || !key || (chain->has_symbols && !wants_types) ||
	    !xfdt_cache_load(chain->cache_dir, key, chain->stext, record))
		return;
	agrees = record_agrees(image, record);
	if (agrees && wants_types)
		err = xfdt_chain_take_layout(chain, &record->layout, "the cache");
	if (!agrees || err) {
		xfdt_error_free(err);
		memset(record, 0, sizeof(*record));
		return;
	}
	chain->whole = true;
	if (wants_types) {
		image->type_source = "btf";
		chain->has_types = true;
	}
	if (chain->has_symbols)
		return;
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (record->symtab.symbols[i].known)
			image->symtab.symbols[i] = record->symtab.symbols[i];
	image->kvm_is_built_in = record->kvm_is_built_in;
	image->symbol_source = "kallsyms";
	chain->has_symbols = true;
}

void xfdt_rung_cache(struct xfdt_chain *chain)
{
	struct xfdt_record *record = &chain->record;
	struct xfdt_image *image = chain->image;

	if (!chain->cache_dir || !image->build_id || !chain->whole || !chain->changed ||
	    record->spans.overflow)
		return;
	xfdt_ranges_merge(&record->spans);
	if (record->spans.count && content_of(image, &record->spans, &record->content))
		xfdt_cache_store(chain->cache_dir, image->build_id, chain->stext, record);
}

static const char *key_of(const struct xfdt_image *image)
{
	return image->build_id ? image->build_id : "-";
}

/* Types of another rung than the one that was asked for do not pass for it. */
static bool is_of_choice(const char *source, enum xfdt_type_choice choice)
{
	static const char *const prefixes[] = {
		[XFDT_TYPES_AUTO] = "",
		[XFDT_TYPES_DWARF] = "dwarf",
		[XFDT_TYPES_BTF] = "btf",
	};

	return !strncmp(source, prefixes[choice], strlen(prefixes[choice]));
}

bool xfdt_from_embedded(struct xfdt_chain *chain, const struct xfdt_source *source)
{
	struct xfdt_record *record = &chain->record;
	struct xfdt_image *image = chain->image;
	struct xfdt_error *err;

	if (!source->record)
		return false;
	err = xfdt_record_parse(source->record, source->record_len, key_of(image), chain->stext,
				record);
	if (err) {
		xfdt_gaps_add(&image->gaps, "the symbols and types that travel in the dump", err,
			      NULL);
		return false;
	}
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
		return true;
	}
	image->layout = record->layout;
	image->type_source = xfdt_chain_keep_origin(chain, 1, record->type_source);
	return true;
}

struct xfdt_error *xfdt_image_record(const struct xfdt_image *image, char **ret_text,
				     size_t *ret_len)
{
	const struct xfdt_symbol *stext = xfdt_symbol(image, XFDT_S_stext);
	struct xfdt_record *record;
	struct xfdt_error *err;

	if (!stext || !xfdt_has_struct(image, XFDT_T_task_struct))
		return xfdt_error_new(XFDT_MISSING, 0, "not all symbols and types were resolved");
	record = calloc(1, sizeof(*record));
	if (!record)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for a record");
	record->layout = image->layout;
	record->symtab = image->symtab;
	record->kvm_is_built_in = image->kvm_is_built_in;
	snprintf(record->symbol_source, sizeof(record->symbol_source), "%s", image->symbol_source);
	snprintf(record->type_source, sizeof(record->type_source), "%s", image->type_source);
	err = xfdt_record_format(record, key_of(image), stext->kvaddr, ret_text, ret_len);
	free(record);
	return err;
}
