/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kallsyms (Linux: kernel/kallsyms.c, scripts/kallsyms.c): names compressed by
 * a table of 256 tokens, in the order of their addresses.
 */
#include "symbols/kallsyms.h"

#include <stdlib.h>
#include <string.h>

#define TOKENS 256
#define TOKEN_TABLE_MAX 65536 /* kallsyms_token_index[] is of u16 */
#define SYMBOLS_MAX (1u << 22)
#define NAME_MAX_LEN 512 /* KSYM_NAME_LEN */
#define PAGE 4096u
#define NAME_BYTES_MAX (2 + NAME_MAX_LEN) /* length, tokens */
#define NEXT_MAX 256			  /* aliases looked past for the next address */
#define SUFFIX_DOTS 2			  /* in ".llvm.NUMBER", see xfdt_symbol_name_len() */

struct token {
	const char *text;
	uint16_t len;
	uint16_t dots; /* in it */
	bool digit;    /* it ends with one */
	bool ends;     /* a name that is looked for may end with it */
};

struct tokens {
	char table[TOKEN_TABLE_MAX + 1];
	struct token token[TOKENS];
	/* tokens that may end a name that is looked for, by the length of that name */
	uint64_t ends[NAME_MAX_LEN + 1][TOKENS / 64];
};

/* A window that slides over the names, page by page. */
struct window {
	struct xfdt_reader *reader;
	uint64_t next;		 /* kvaddr behind what buf holds */
	const uint8_t *at, *end; /* what is left of buf */
	struct xfdt_error *err;	 /* why the names end here */
	uint8_t buf[NAME_BYTES_MAX + PAGE];
};

static struct xfdt_error *read_value(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				     size_t len, const char *what)
{
	struct xfdt_error *err = xfdt_reader_read(reader, kvaddr, buf, len);

	return err ? xfdt_error_wrap(err, "%s", what) : NULL;
}

struct xfdt_error *xfdt_kallsyms_init(struct xfdt_kallsyms *ret_kallsyms,
				      struct xfdt_reader *reader,
				      const struct xfdt_vmcoreinfo *vmcoreinfo)
{
	struct xfdt_kallsyms kallsyms = { 0 };
	struct xfdt_error *err;
	uint64_t kvaddr;

	if (!xfdt_vmcoreinfo_symbol(vmcoreinfo, "kallsyms_names", &kallsyms.names) ||
	    !xfdt_vmcoreinfo_symbol(vmcoreinfo, "kallsyms_token_table", &kallsyms.token_table) ||
	    !xfdt_vmcoreinfo_symbol(vmcoreinfo, "kallsyms_token_index", &kallsyms.token_index) ||
	    !xfdt_vmcoreinfo_symbol(vmcoreinfo, "kallsyms_num_syms", &kvaddr))
		return xfdt_error_new(XFDT_MISSING, 0, "VMCOREINFO does not name kallsyms");
	err = read_value(reader, kvaddr, &kallsyms.num_syms, sizeof(kallsyms.num_syms),
			 "kallsyms_num_syms");
	if (err)
		return err;
	if (!kallsyms.num_syms || kallsyms.num_syms > SYMBOLS_MAX)
		return xfdt_error_new(XFDT_CORRUPT, kvaddr, "kallsyms_num_syms is %u",
				      kallsyms.num_syms);
	if (xfdt_vmcoreinfo_symbol(vmcoreinfo, "kallsyms_relative_base", &kvaddr)) {
		err = read_value(reader, kvaddr, &kallsyms.relative_base,
				 sizeof(kallsyms.relative_base), "kallsyms_relative_base");
		if (err)
			return err;
		kallsyms.has_relative_base = true;
	}
	if (!xfdt_vmcoreinfo_symbol(vmcoreinfo, "kallsyms_offsets", &kallsyms.values)) {
		if (!xfdt_vmcoreinfo_symbol(vmcoreinfo, "kallsyms_addresses", &kallsyms.values))
			return xfdt_error_new(
				XFDT_MISSING, 0,
				"VMCOREINFO names neither kallsyms_offsets nor kallsyms_addresses");
		kallsyms.has_addresses = true;
	}
	*ret_kallsyms = kallsyms;
	return NULL;
}

static uint16_t count_dots(const char *text)
{
	uint16_t dots = 0;

	for (; *text; text++)
		dots += *text == '.';
	return dots;
}

static struct xfdt_error *load_tokens(const struct xfdt_kallsyms *kallsyms,
				      struct xfdt_reader *reader, struct tokens *tokens)
{
	uint16_t index[TOKENS];
	struct xfdt_error *err;
	size_t len = 0, i;

	err = read_value(reader, kallsyms->token_index, index, sizeof(index),
			 "kallsyms_token_index");
	if (err)
		return err;
	for (i = 0; i < TOKENS; i++)
		if (index[i] > len)
			len = index[i];
	/* The last token ends at its NUL, which precedes the index where that follows. */
	if (kallsyms->token_index > kallsyms->token_table &&
	    kallsyms->token_index - kallsyms->token_table - len <= NAME_MAX_LEN)
		len = kallsyms->token_index - kallsyms->token_table;
	else
		len += NAME_MAX_LEN;
	if (len > TOKEN_TABLE_MAX)
		len = TOKEN_TABLE_MAX;
	err = read_value(reader, kallsyms->token_table, tokens->table, len, "kallsyms_token_table");
	if (err)
		return err;
	tokens->table[len] = '\0';
	for (i = 0; i < TOKENS; i++) {
		struct token *token = &tokens->token[i];
		size_t size;

		if (index[i] >= len)
			return xfdt_error_new(XFDT_CORRUPT, kallsyms->token_index,
					      "kallsyms token %zu lies outside its table", i);
		token->text = tokens->table + index[i];
		size = strlen(token->text);
		if (size > NAME_MAX_LEN)
			return xfdt_error_new(XFDT_CORRUPT, kallsyms->token_table,
					      "kallsyms token %zu has no end", i);
		token->len = (uint16_t)size;
		token->digit = size && token->text[size - 1] >= '0' && token->text[size - 1] <= '9';
		token->dots = count_dots(token->text);
	}
	return NULL;
}

/*
 * Have a whole name in the window, if there is that much.  The page behind the
 * last name may be missing from the dump; that matters only if it is needed.
 */
static void slide(struct window *window)
{
	size_t left = (size_t)(window->end - window->at);

	if (left >= NAME_BYTES_MAX || window->err)
		return;
	memmove(window->buf, window->at, left);
	while (left < NAME_BYTES_MAX) {
		size_t len = PAGE - window->next % PAGE;

		window->err = read_value(window->reader, window->next, window->buf + left, len,
					 "kallsyms_names");
		if (window->err)
			break;
		left += len;
		window->next += len;
	}
	window->at = window->buf;
	window->end = window->buf + left;
}

static struct xfdt_error *out_of_names(struct window *window)
{
	struct xfdt_error *err = window->err;

	window->err = NULL;
	return err ? err : xfdt_error_new(XFDT_CORRUPT, window->next, "a kallsyms name has no end");
}

/* Can a symbol called @name end with @token?  One letter, its type, precedes the name. */
static bool may_end(const char *name, const struct token *token)
{
	size_t len = strlen(name);

	if (token->len <= len)
		return !memcmp(name + len - token->len, token->text, token->len);
	return token->len == len + 1 && !memcmp(name, token->text + 1, len);
}

static void mark_queries(struct tokens *tokens, const struct xfdt_name_query *queries, size_t count)
{
	size_t i, q;

	for (q = 0; q < count; q++) {
		for (i = 0; i < TOKENS; i++) {
			if (!may_end(queries[q].name, &tokens->token[i]))
				continue;
			tokens->token[i].ends = true;
			tokens->ends[strlen(queries[q].name)][i / 64] |= 1ull << i % 64;
		}
	}
}

/* Can this be the name of a query: as it is, by its last token and its length (*@ret_whole), or before a suffix? */
static bool may_match(const struct tokens *tokens, const uint8_t *name_tokens, size_t count,
		      bool *ret_whole)
{
	uint8_t last = name_tokens[count - 1];
	size_t len = 0, dots = 0, i;

	if (!tokens->token[last].ends && !tokens->token[last].digit)
		return false;
	for (i = 0; i < count; i++) {
		len += tokens->token[name_tokens[i]].len;
		dots += tokens->token[name_tokens[i]].dots;
	}
	if (!len || len > NAME_MAX_LEN + 1)
		return false;
	*ret_whole = tokens->ends[len - 1][last / 64] >> last % 64 & 1;
	return *ret_whole || (tokens->token[last].digit && dots >= SUFFIX_DOTS);
}

/* One name: its tokens, borrowed until the next call. */
static struct xfdt_error *next_name(struct window *window, const uint8_t **ret_tokens,
				    size_t *ret_count)
{
	const uint8_t *at;
	size_t count;

	slide(window);
	at = window->at;
	if (window->end - at < 2)
		return out_of_names(window);
	count = *at++;
	/* ULEB128 since v6.1: Linux kernel commit 73bbb94466fd */
	if (count & 0x80)
		count = (count & 0x7f) | (size_t)*at++ << 7;
	if (!count || count > NAME_MAX_LEN)
		return xfdt_error_new(XFDT_CORRUPT, window->next, "a kallsyms name has %zu tokens",
				      count);
	if ((size_t)(window->end - at) < count)
		return out_of_names(window);
	*ret_tokens = at;
	*ret_count = count;
	window->at = at + count;
	return NULL;
}

/* What a name that may match expands to, without the letter of its type. */
static void expand_name(const struct tokens *tokens, const uint8_t *name_tokens, size_t count,
			char ret_name[NAME_MAX_LEN + 1])
{
	char text[NAME_MAX_LEN + 2], *end = text;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct token *token = &tokens->token[name_tokens[i]];

		memcpy(end, token->text, token->len);
		end += token->len;
	}
	*end = '\0';
	strcpy(ret_name, text + 1);
}

/* False: @name has none. */
static bool cut_suffix(char *name)
{
	char *end = name + xfdt_symbol_name_len(name);
	bool any = *end;

	*end = '\0';
	return any;
}

static struct xfdt_error *address_at(const struct xfdt_kallsyms *kallsyms,
				     struct xfdt_reader *reader,
				     enum xfdt_kallsyms_encoding encoding, uint32_t index,
				     uint64_t *ret_kvaddr)
{
	struct xfdt_error *err;
	uint64_t entry;
	int32_t offset;

	if (encoding == XFDT_KALLSYMS_ABSOLUTE)
		return read_value(reader, kallsyms->values + 8ull * index, ret_kvaddr,
				  sizeof(*ret_kvaddr), "kallsyms_addresses");
	entry = kallsyms->values + 4ull * index;
	err = read_value(reader, entry, &offset, sizeof(offset), "kallsyms_offsets");
	if (err)
		return err;
	switch (encoding) {
	case XFDT_KALLSYMS_PERCPU_RELATIVE:
		*ret_kvaddr = offset >= 0 ? (uint64_t)offset :
					    kallsyms->relative_base - 1 - (uint64_t)(int64_t)offset;
		break;
	case XFDT_KALLSYMS_RELATIVE:
		*ret_kvaddr = kallsyms->relative_base + (uint32_t)offset;
		break;
	default:
		*ret_kvaddr = entry + (uint64_t)(int64_t)offset;
		break;
	}
	return NULL;
}

static bool encoding_is_possible(const struct xfdt_kallsyms *kallsyms,
				 enum xfdt_kallsyms_encoding encoding)
{
	switch (encoding) {
	case XFDT_KALLSYMS_ABSOLUTE:
		return kallsyms->has_addresses;
	case XFDT_KALLSYMS_PC_RELATIVE:
		return !kallsyms->has_addresses;
	default:
		return !kallsyms->has_addresses && kallsyms->has_relative_base;
	}
}

/* Does every anchor that was found come out right? */
static struct xfdt_error *encoding_agrees(const struct xfdt_kallsyms *kallsyms,
					  struct xfdt_reader *reader,
					  enum xfdt_kallsyms_encoding encoding,
					  const struct xfdt_name_query *queries,
					  const uint32_t *index, size_t count, bool *ret_agrees)
{
	bool any = false;
	size_t i;

	*ret_agrees = false;
	for (i = 0; i < count; i++) {
		struct xfdt_error *err;
		uint64_t kvaddr;

		/* a name that occurs twice says nothing */
		if (!queries[i].anchor || queries[i].found != 1)
			continue;
		err = address_at(kallsyms, reader, encoding, index[i], &kvaddr);
		if (err)
			return err;
		if (kvaddr != queries[i].anchor)
			return NULL;
		any = true;
	}
	*ret_agrees = any;
	return NULL;
}

static struct xfdt_error *resolve(const struct xfdt_kallsyms *kallsyms, struct xfdt_reader *reader,
				  struct xfdt_name_query *queries, const uint32_t *index,
				  size_t count)
{
	int encoding;
	size_t i;

	for (encoding = 0; encoding < XFDT_KALLSYMS_ENCODINGS; encoding++) {
		struct xfdt_error *err;
		bool agrees;

		if (!encoding_is_possible(kallsyms, encoding))
			continue;
		err = encoding_agrees(kallsyms, reader, encoding, queries, index, count, &agrees);
		if (err)
			return err;
		if (agrees)
			break;
	}
	if (encoding == XFDT_KALLSYMS_ENCODINGS)
		return xfdt_error_new(
			XFDT_CORRUPT, kallsyms->values,
			"no known kallsyms encoding gives the addresses that VMCOREINFO states");

	for (i = 0; i < count; i++) {
		struct xfdt_name_query *query = &queries[i];
		struct xfdt_error *err;
		uint32_t next;

		if (!query->found)
			continue;
		err = address_at(kallsyms, reader, encoding, index[i], &query->kvaddr);
		if (err && query->optional) {
			xfdt_error_free(err);
			query->found = 0;
			continue;
		}
		if (err)
			return err;
		for (next = index[i] + 1; next < kallsyms->num_syms && next - index[i] < NEXT_MAX;
		     next++) {
			uint64_t kvaddr;

			err = address_at(kallsyms, reader, encoding, next, &kvaddr);
			if (err) {
				xfdt_error_free(err);
				break;
			}
			if (kvaddr > query->kvaddr) {
				query->size = kvaddr - query->kvaddr;
				break;
			}
		}
	}
	return NULL;
}

static struct xfdt_error *scan(const struct xfdt_kallsyms *kallsyms, struct xfdt_reader *reader,
			       const struct tokens *tokens, struct xfdt_name_query *queries,
			       uint32_t *index, size_t count)
{
	struct window window = { .reader = reader, .next = kallsyms->names };
	struct xfdt_error *err = NULL;
	uint32_t i;
	size_t q;

	window.at = window.end = window.buf;
	for (i = 0; i < kallsyms->num_syms; i++) {
		char name[NAME_MAX_LEN + 1];
		const uint8_t *name_tokens;
		bool whole;
		size_t n;

		err = next_name(&window, &name_tokens, &n);
		if (err)
			break;
		if (!may_match(tokens, name_tokens, n, &whole))
			continue;
		expand_name(tokens, name_tokens, n, name);
		if (!cut_suffix(name) && !whole)
			continue;
		for (q = 0; q < count; q++) {
			if (strcmp(name, queries[q].name))
				continue;
			if (!queries[q].found++)
				index[q] = i;
		}
	}
	xfdt_error_free(window.err);
	return err;
}

struct xfdt_error *xfdt_kallsyms_lookup(const struct xfdt_kallsyms *kallsyms,
					struct xfdt_reader *reader, struct xfdt_name_query *queries,
					size_t count)
{
	struct tokens *tokens = calloc(1, sizeof(*tokens));
	uint32_t *index = calloc(count, sizeof(*index));
	struct xfdt_error *err;

	if (!tokens || !index) {
		err = xfdt_no_memory("kallsyms");
		goto out;
	}
	err = load_tokens(kallsyms, reader, tokens);
	if (!err) {
		mark_queries(tokens, queries, count);
		err = scan(kallsyms, reader, tokens, queries, index, count);
	}
	if (!err)
		err = resolve(kallsyms, reader, queries, index, count);
out:
	free(index);
	free(tokens);
	return err;
}
