/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO (Linux: kernel/vmcore_info.c; every value is checked). */
#include "image/vmcoreinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 24 /* a sign, 0x, and 20 digits */

static int compare_keys(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_lines(const void *a, const void *b)
{
	const struct xfdt_vmcoreinfo_line *x = a, *y = b;
	int order = compare_keys(x->key, x->key_len, y->key, y->key_len);

	/* the first of the text */
	return order ? order : (x->key > y->key) - (x->key < y->key);
}

static void drop_repeated(struct xfdt_vmcoreinfo *info)
{
	struct xfdt_vmcoreinfo_line *last = NULL;
	size_t i, count = 0;

	for (i = 0; i < info->count; i++) {
		const struct xfdt_vmcoreinfo_line *line = &info->lines[i];

		if (last && !compare_keys(last->key, last->key_len, line->key, line->key_len))
			continue;
		last = &info->lines[count++];
		*last = *line;
	}
	info->count = count;
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

struct xfdt_error *xfdt_vmcoreinfo_init(struct xfdt_vmcoreinfo *ret_info, const char *text)
{
	struct xfdt_vmcoreinfo info = { 0 };
	const char *line, *end;

	*ret_info = info;
	if (!text)
		return NULL;
	info.lines = calloc(count_lines(text), sizeof(*info.lines));
	if (!info.lines)
		return xfdt_no_memory("VMCOREINFO");
	for (line = text; *line; line = *end ? end + 1 : end) {
		const char *equals;

		end = strchrnul(line, '\n');
		equals = memchr(line, '=', (size_t)(end - line));
		if (!equals)
			continue;
		info.lines[info.count++] = (struct xfdt_vmcoreinfo_line){
			.key = line,
			.key_len = (size_t)(equals - line),
			.value = equals + 1,
			.value_len = (size_t)(end - equals - 1),
		};
	}
	qsort(info.lines, info.count, sizeof(*info.lines), compare_lines);
	drop_repeated(&info);
	*ret_info = info;
	return NULL;
}

void xfdt_vmcoreinfo_deinit(struct xfdt_vmcoreinfo *info)
{
	free(info->lines);
	*info = (struct xfdt_vmcoreinfo){ 0 };
}

static const char *find_value(const struct xfdt_vmcoreinfo *info, const char *key, size_t *ret_len)
{
	size_t low = 0, high = info->count, key_len = strlen(key);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct xfdt_vmcoreinfo_line *line = &info->lines[middle];
		int order = compare_keys(line->key, line->key_len, key, key_len);

		if (!order) {
			*ret_len = line->value_len;
			return line->value;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool xfdt_vmcoreinfo_get(const struct xfdt_vmcoreinfo *info, const char *key, char *ret_value,
			 size_t size)
{
	size_t len;
	const char *value = find_value(info, key, &len);

	if (!value || !len || !size)
		return false;
	snprintf(ret_value, size, "%.*s", (int)(len < 4096 ? len : 4096), value);
	return true;
}

/* All of "kind(name)=" must be digits of @base; base 0: decimal or 0x, maybe negative. */
static bool get_number(const struct xfdt_vmcoreinfo *info, const char *kind, const char *name,
		       int base, uint64_t *ret_number)
{
	static const char hex_digits[] = "0123456789abcdefABCDEF";
	char key[160], value[NUMBER_MAX + 1];
	const char *digits = value;
	unsigned long long number;
	const char *found;
	size_t len;

	if ((size_t)snprintf(key, sizeof(key), "%s(%s)", kind, name) >= sizeof(key))
		return false;
	found = find_value(info, key, &len);
	if (!found || !len || len > NUMBER_MAX)
		return false;
	memcpy(value, found, len);
	value[len] = '\0';
	if (!base) {
		digits += *digits == '-';
		if (!strncmp(digits, "0x", 2)) {
			digits += 2;
			base = 16;
		} else {
			base = 10;
		}
	}
	len = strlen(digits);
	if (!len || strspn(digits, base == 16 ? hex_digits : "0123456789") != len)
		return false;
	errno = 0;
	number = strtoull(digits, NULL, base);
	if (errno)
		return false;
	*ret_number = *value == '-' ? -number : number;
	return true;
}

bool xfdt_vmcoreinfo_symbol(const struct xfdt_vmcoreinfo *info, const char *name,
			    uint64_t *ret_kvaddr)
{
	return get_number(info, "SYMBOL", name, 16, ret_kvaddr);
}

bool xfdt_vmcoreinfo_next_symbol(const struct xfdt_vmcoreinfo *info, size_t *at, char *ret_name,
				 size_t size, uint64_t *ret_kvaddr)
{
	static const char prefix[] = "SYMBOL(";

	while (*at < info->count) {
		const struct xfdt_vmcoreinfo_line *line = &info->lines[(*at)++];
		const char *name = line->key + strlen(prefix);
		size_t len = line->key_len;

		if (len <= strlen(prefix) + 1 || len - strlen(prefix) > size ||
		    memcmp(line->key, prefix, strlen(prefix)) || line->key[len - 1] != ')')
			continue;
		snprintf(ret_name, size, "%.*s", (int)(len - strlen(prefix) - 1), name);
		if (xfdt_vmcoreinfo_symbol(info, ret_name, ret_kvaddr))
			return true;
	}
	return false;
}

bool xfdt_vmcoreinfo_number(const struct xfdt_vmcoreinfo *info, const char *name,
			    uint64_t *ret_number)
{
	return get_number(info, "NUMBER", name, 0, ret_number);
}

void xfdt_vmcoreinfo_layout(const struct xfdt_vmcoreinfo *info, struct xfdt_layout *layout)
{
	uint64_t number;
	size_t i;

	for (i = 0; i < XFDT_STRUCT_COUNT; i++) {
		if (!layout->structs[i] &&
		    get_number(info, "SIZE", xfdt_struct_needs[i].name, 10, &number) &&
		    number <= XFDT_STRUCT_MAX)
			layout->structs[i] = (uint32_t)number;
	}
	for (i = 0; i < XFDT_MEMBER_COUNT; i++) {
		const struct xfdt_member_need *need = &xfdt_member_needs[i];
		struct xfdt_member member = { .known = true, .size = need->bytes };
		char name[128];

		if (layout->members[i].known || !need->bytes)
			continue;
		snprintf(name, sizeof(name), "%s.%s", need->structure, need->path);
		if (!get_number(info, "OFFSET", name, 10, &number) || number > XFDT_STRUCT_MAX)
			continue;
		member.offset = (uint32_t)number;
		layout->members[i] = member;
	}
}
