/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unpack/libarchive.h"
#include "base/util.h"

#include <dlfcn.h>
#include <stddef.h>

struct xfdt_libarchive xfdt_la;

bool xfdt_libarchive_load(void)
{
	static const struct {
		const char *name;
		size_t offset;
	} functions[] = {
#define ENTRY(name) { #name, offsetof(struct xfdt_libarchive, name) },
		XFDT_LIBARCHIVE_FUNCTIONS(ENTRY)
#undef ENTRY
	};
	static void *library;
	size_t i;

	if (!library)
		library = dlopen("libarchive.so.13", RTLD_NOW);
	for (i = 0; library && i < COUNT(functions); i++) {
		void **function = (void **)((char *)&xfdt_la + functions[i].offset);

		*function = dlsym(library, functions[i].name);
		if (!*function)
			return false;
	}
	return library != NULL;
}
