/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of symbols as compilers write them. */
#include "symbols/name_query.h"

#include <string.h>

#define SUFFIX ".llvm."
#define NAME_MAX_LEN 128 /* longer than any name that is looked for */

size_t xfdt_symbol_name_len(const char *name)
{
	const char *suffix = strstr(name, SUFFIX);
	const char *digits = suffix ? suffix + strlen(SUFFIX) : NULL;

	if (!suffix || suffix == name || !*digits || digits[strspn(digits, "0123456789")])
		return strlen(name);
	return (size_t)(suffix - name);
}

int xfdt_symbol_name_find(const struct xfdt_name_set *names, const char *name)
{
	size_t len = xfdt_symbol_name_len(name);
	char base[NAME_MAX_LEN];

	if (!name[len])
		return xfdt_name_set_find(names, name);
	if (len >= sizeof(base))
		return -1;
	memcpy(base, name, len);
	base[len] = '\0';
	return xfdt_name_set_find(names, base);
}
