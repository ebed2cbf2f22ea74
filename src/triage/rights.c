/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rights the triage of one dump needs. */
#include "triage/rights.h"
#include "types/btf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where debuginfo is looked for besides what -d names. */
static const char *const debug_folders[] = { "/usr/lib/debug", "/usr/lib/modules", "/lib/modules",
					     "/boot" };

/* @path, or the folder of that file, since its debuglink may lead to a neighbour. */
static const char *folder_of(const char *path)
{
	struct stat status;
	char *slash, *folder;

	if (stat(path, &status) || S_ISDIR(status.st_mode))
		return path;
	folder = strdup(path);
	slash = folder ? strrchr(folder, '/') : NULL;
	if (!slash) {
		free(folder);
		return ".";
	}
	/* "/" stays */
	slash[slash == folder] = '\0';
	return folder;
}

void xfdt_confine_for_dump(const char *const *paths, size_t count, const char *also,
			   const struct xfdt_session_options *options,
			   char ret_how[XFDT_CONFINED_SIZE])
{
	const struct xfdt_debug_options *debug = &options->debug;
	struct xfdt_confinement allowed = { 0 };
	const char **readable;
	size_t i;

	/* this process ends with the dump, and with it what is allocated here */
	readable = calloc(count + 1 + debug->path_count + COUNT(debug_folders), sizeof(*readable));
	if (!readable) {
		snprintf(ret_how, XFDT_CONFINED_SIZE, "none: out of memory");
		return;
	}
	for (i = 0; i < count; i++)
		readable[allowed.readable_count++] = paths[i];
	if (also)
		readable[allowed.readable_count++] = also;
	for (i = 0; i < debug->path_count; i++)
		readable[allowed.readable_count++] = folder_of(debug->paths[i]);
	for (i = 0; debug->search && i < COUNT(debug_folders); i++)
		readable[allowed.readable_count++] = debug_folders[i];
	allowed.readable = readable;
	/* where that fails, kvm.ko's BTF is a gap */
	xfdt_btf_prepare();
	xfdt_confine(&allowed, ret_how);
}
