/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolved needs as text. */
#include "resolve/record.h"
#include "image/page_tables.h"
#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MAGIC "xfdtriage-record 2"
#define LINE_MAX_LEN 256
/* Everything of vmlinux lies within this distance of _stext. */
#define IMAGE_SPAN (1ull << 31)

bool xfdt_moves_with_text(uint64_t kvaddr, uint64_t stext)
{
	return kvaddr >= XFDT_KERNEL_MAP && kvaddr - stext + IMAGE_SPAN < 2 * IMAGE_SPAN;
}

struct xfdt_error *xfdt_record_format(const struct xfdt_record *record, const char *key,
				      uint64_t stext, char **ret_text, size_t *ret_len)
{
	char *text = NULL;
	size_t len, i;
	FILE *out = open_memstream(&text, &len);
	unsigned long sum;

	if (!out)
		return xfdt_no_memory("a record");
	fprintf(out, MAGIC "\nkey %s\n", key);
	if (*record->symbol_source)
		fprintf(out, "origin symbols %s\n", record->symbol_source);
	if (*record->type_source)
		fprintf(out, "origin types %s\n", record->type_source);
	if (record->kvm_is_built_in)
		fprintf(out, "builtin\n");
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (record->layout.structs[i])
			fprintf(out, "struct %s %u\n", xfdt_struct_needs[i].name,
				record->layout.structs[i]);
	for (i = 0; i < XFDT_MEMBER_COUNT; i++) {
		const struct xfdt_member *member = &record->layout.members[i];

		if (member->known)
			fprintf(out, "member %s %s %u %u %u %u\n", xfdt_member_needs[i].structure,
				xfdt_member_needs[i].path, member->offset, member->size,
				member->bit_offset, member->bit_size);
	}
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		const struct xfdt_symbol *symbol = &record->symtab.symbols[i];

		if (symbol->known && xfdt_moves_with_text(symbol->kvaddr, stext))
			fprintf(out, "symbol %s text %lld %llu\n", xfdt_symbol_needs[i].name,
				(long long)(symbol->kvaddr - stext), ull(symbol->size));
		else if (symbol->known)
			fprintf(out, "symbol %s value %lld %llu\n", xfdt_symbol_needs[i].name,
				(long long)symbol->kvaddr, ull(symbol->size));
	}
	if (fflush(out)) {
		fclose(out);
		free(text);
		return xfdt_no_memory("a record");
	}
	sum = crc32(0, (const Bytef *)text, (uInt)len);
	fprintf(out, "end %08lx\n", sum);
	if (fclose(out)) {
		free(text);
		return xfdt_no_memory("a record");
	}
	*ret_text = text;
	*ret_len = len;
	return NULL;
}

static bool parse_struct(const char *line, struct xfdt_record *record)
{
	unsigned long long size;
	char name[64];
	int end = 0;
	size_t i;

	if (sscanf(line, "struct %63s %llu%n", name, &size, &end) != 2 || line[end] || !size ||
	    size > XFDT_STRUCT_MAX)
		return false;
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (!strcmp(xfdt_struct_needs[i].name, name))
			record->layout.structs[i] = (uint32_t)size;
	return true;
}

static bool parse_member(const char *line, struct xfdt_record *record)
{
	struct xfdt_member member = { .known = true };
	unsigned long long offset, size, bit_offset, bit_size;
	char structure[64], path[64];
	int end = 0;
	size_t i;

	if (sscanf(line, "member %63s %63s %llu %llu %llu %llu%n", structure, path, &offset, &size,
		   &bit_offset, &bit_size, &end) != 6 ||
	    line[end] || offset > XFDT_STRUCT_MAX || size > XFDT_STRUCT_MAX || bit_offset > 7 ||
	    bit_size > 32)
		return false;
	member.offset = (uint32_t)offset;
	member.size = (uint32_t)size;
	member.bit_offset = (uint8_t)bit_offset;
	member.bit_size = (uint8_t)bit_size;
	if (!xfdt_member_is_sane(&member))
		return false;
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		if (!strcmp(xfdt_member_needs[i].structure, structure) &&
		    !strcmp(xfdt_member_needs[i].path, path))
			record->layout.members[i] = member;
	return true;
}

static bool parse_symbol(const char *line, uint64_t stext, struct xfdt_record *record)
{
	struct xfdt_symbol symbol = { .known = true };
	char name[64], kind[8];
	unsigned long long size;
	long long value;
	int end = 0;
	size_t i;

	if (sscanf(line, "symbol %63s %7s %lld %llu%n", name, kind, &value, &size, &end) != 4 ||
	    line[end])
		return false;
	if (size > IMAGE_SPAN)
		return false;
	symbol.kvaddr = (uint64_t)value;
	symbol.size = size;
	if (!strcmp(kind, "text")) {
		symbol.kvaddr += stext;
		if (!xfdt_moves_with_text(symbol.kvaddr, stext))
			return false;
	} else if (strcmp(kind, "value")) {
		return false;
	}
	for (i = 0; i < XFDT_SYMBOL_COUNT; i++)
		if (!strcmp(xfdt_symbol_needs[i].name, name))
			record->symtab.symbols[i] = symbol;
	return true;
}

/* @line is @word, followed by text that a report shows. */
static bool parse_origin(const char *line, const char *word, char *ret_text)
{
	size_t len = strlen(word);
	const char *at;

	if (strncmp(line, word, len) || strlen(line + len) >= XFDT_ORIGIN_MAX)
		return false;
	for (at = line + len; *at; at++)
		if (*at < ' ' || *at > '~')
			return false;
	strcpy(ret_text, line + len);
	return true;
}

static bool parse_built_in(const char *line, struct xfdt_record *record)
{
	record->kvm_is_built_in = !strcmp(line, "builtin");
	return record->kvm_is_built_in;
}

/* Lines that distilled dumps of earlier versions have. */
static bool is_obsolete(const char *line)
{
	return !strncmp(line, "needs ", strlen("needs ")) ||
	       !strncmp(line, "content ", strlen("content "));
}

static bool parse_line(const char *line, uint64_t stext, struct xfdt_record *record)
{
	switch (line[0]) {
	case 's':
		return line[1] == 't' ? parse_struct(line, record) :
					parse_symbol(line, stext, record);
	case 'm':
		return parse_member(line, record);
	case 'o':
		return parse_origin(line, "origin symbols ", record->symbol_source) ||
		       parse_origin(line, "origin types ", record->type_source);
	case 'b':
		return parse_built_in(line, record);
	default:
		return is_obsolete(line);
	}
}

/* The next line without its newline; false at the end, or if it is too long. */
static bool next_line(const char **at, const char *end, char *line)
{
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	size_t len;

	if (!newline)
		return false;
	len = (size_t)(newline - *at);
	if (len >= LINE_MAX_LEN || memchr(*at, '\0', len))
		return false;
	memcpy(line, *at, len);
	line[len] = '\0';
	*at = newline + 1;
	return true;
}

struct xfdt_error *xfdt_record_parse(const char *text, size_t len, const char *key, uint64_t stext,
				     struct xfdt_record *ret_record)
{
	const char *at = text, *end = text + len, *before;
	char line[LINE_MAX_LEN], expected[LINE_MAX_LEN];
	struct xfdt_record *record;
	bool complete = false;

	if (!next_line(&at, end, line) || strcmp(line, MAGIC))
		return xfdt_error_new(XFDT_CORRUPT, 0, "not a record of this version");
	snprintf(expected, sizeof(expected), "key %s", key);
	if (!next_line(&at, end, line) || strcmp(line, expected))
		return xfdt_error_new(XFDT_CORRUPT, 0, "the record is of another kernel");
	record = calloc(1, sizeof(*record));
	if (!record)
		return xfdt_no_memory("a record");
	for (before = at; next_line(&at, end, line); before = at) {
		if (!strncmp(line, "end ", 4)) {
			snprintf(expected, sizeof(expected), "end %08lx",
				 crc32(0, (const Bytef *)text, (uInt)(before - text)));
			complete = !strcmp(line, expected) && at == end;
			break;
		}
		if (!parse_line(line, stext, record))
			break;
	}
	if (complete)
		*ret_record = *record;
	free(record);
	return complete ? NULL : xfdt_error_new(XFDT_CORRUPT, 0, "the record is damaged");
}
