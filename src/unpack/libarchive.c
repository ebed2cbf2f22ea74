/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unpack/libarchive.h"
#include "base/util.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

struct xfdt_libarchive xfdt_la;

/* How @library, which dlopen(3) returned, fails; NULL: xfdt_la is filled. */
static const char *load_functions(void *library)
{
	static const struct {
		const char *name;
		size_t offset;
	} functions[] = {
#define ENTRY(name) { #name, offsetof(struct xfdt_libarchive, name) },
		XFDT_LIBARCHIVE_FUNCTIONS(ENTRY)
#undef ENTRY
	};
	size_t i;

	for (i = 0; library && i < COUNT(functions); i++) {
		void **function = (void **)((char *)&xfdt_la + functions[i].offset);

		*function = dlsym(library, functions[i].name);
		if (!*function)
			return dlerror();
	}
	return library ? NULL : dlerror();
}

const char *xfdt_libarchive_error(struct archive *archive, const char *otherwise)
{
	const char *message = xfdt_la.archive_error_string(archive);

	if (!message)
		return otherwise;
	/* LZMA_BUF_ERROR: liblzma wants more bytes */
	return strstr(message, "No progress is possible") ? "the file ends too early" : message;
}

void xfdt_libarchive_load(void)
{
	xfdt_la.missing = load_functions(dlopen("libarchive.so.13", RTLD_NOW));
}
