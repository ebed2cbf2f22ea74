/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO (Linux: kernel/vmcore_info.c; every value is checked). */
#include "image/vmcoreinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 24 /* a sign, 0x, and 20 digits */

static const char *find_value(const char *text, const char *key, size_t *ret_len)
{
	size_t key_len = strlen(key);
	const char *line = text;

	while (line && *line) {
		const char *end = strchrnul(line, '\n');

		if ((size_t)(end - line) > key_len && line[key_len] == '=' &&
		    !memcmp(line, key, key_len)) {
			line += key_len + 1;
			*ret_len = (size_t)(end - line);
			return line;
		}
		line = *end ? end + 1 : NULL;
	}
	return NULL;
}

bool xfdt_vmcoreinfo_get(const char *text, const char *key, char *ret_value, size_t size)
{
	size_t len;
	const char *value = find_value(text, key, &len);

	if (!value || !len || !size)
		return false;
	snprintf(ret_value, size, "%.*s", (int)(len < 4096 ? len : 4096), value);
	return true;
}

/* All of "kind(name)=" must be digits of @base; base 0: decimal or 0x, maybe negative. */
static bool get_number(const char *text, const char *kind, const char *name, int base,
		       uint64_t *ret_number)
{
	static const char hex_digits[] = "0123456789abcdefABCDEF";
	char key[160], value[NUMBER_MAX + 1];
	const char *digits = value;
	unsigned long long number;
	const char *found;
	size_t len;

	if ((size_t)snprintf(key, sizeof(key), "%s(%s)", kind, name) >= sizeof(key))
		return false;
	found = find_value(text, key, &len);
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

bool xfdt_vmcoreinfo_symbol(const char *text, const char *name, uint64_t *ret_kvaddr)
{
	return get_number(text, "SYMBOL", name, 16, ret_kvaddr);
}

bool xfdt_vmcoreinfo_next_symbol(const char **text, char *ret_name, size_t size,
				 uint64_t *ret_kvaddr)
{
	static const char prefix[] = "SYMBOL(";
	const char *line = *text;

	while (line && *line) {
		const char *end = strchrnul(line, '\n'), *name = line + strlen(prefix);
		bool is_symbol = !strncmp(line, prefix, strlen(prefix));
		size_t len = is_symbol ? strcspn(name, ")\n") : 0;

		*text = line;
		line = *end ? end + 1 : end;
		if (!len || len >= size)
			continue;
		snprintf(ret_name, size, "%.*s", (int)len, name);
		if (!xfdt_vmcoreinfo_symbol(*text, ret_name, ret_kvaddr))
			continue;
		*text = line;
		return true;
	}
	return false;
}

bool xfdt_vmcoreinfo_number(const char *text, const char *name, uint64_t *ret_number)
{
	return get_number(text, "NUMBER", name, 0, ret_number);
}

void xfdt_vmcoreinfo_layout(const char *text, struct xfdt_layout *layout)
{
	uint64_t number;
	size_t i;

	for (i = 0; i < XFDT_STRUCT_COUNT; i++) {
		if (!layout->structs[i] &&
		    get_number(text, "SIZE", xfdt_struct_needs[i].name, 10, &number) &&
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
		if (!get_number(text, "OFFSET", name, 10, &number) || number > XFDT_STRUCT_MAX)
			continue;
		member.offset = (uint32_t)number;
		layout->members[i] = member;
	}
}
