/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each file that was unpacked is looked at as one that was found in a folder. */
#include "batch/unpacked.h"
#include "base/util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file behind @fd, which is taken over. */
static struct xfdt_error *new_found(const char *name, int fd, struct xfdt_file *ret_file,
				    struct xfdt_found **ret_found)
{
	struct xfdt_found *found = xfdt_found_new(name);
	struct xfdt_error *err = NULL;
	struct stat status;

	if (!found || !xfdt_found_set_fd(found, fd)) {
		close(fd);
		xfdt_found_free(found);
		return xfdt_no_memory("unpacking");
	}
	if (fstat(fd, &status))
		err = xfdt_error_new(XFDT_SYSTEM, 0, "%s: fstat: %s", name, strerror(errno));
	else
		err = xfdt_identify(fd, ret_file);
	if (!err) {
		found->size = status.st_size;
		found->identity = xfdt_file_identity(found->size, ret_file);
		if (!found->identity)
			err = xfdt_no_memory("unpacking");
	}
	if (err)
		xfdt_found_free(found);
	else
		*ret_found = found;
	return err;
}

static struct xfdt_error *take_problem(const struct xfdt_unpacked *unpacked,
				       struct xfdt_found **ret_found)
{
	struct xfdt_found *found = xfdt_found_new(unpacked->name);

	if (found) {
		/* not a copy of another file */
		found->identity = strdup("");
		found->problem = strdup(unpacked->problem);
	}
	if (!found || !found->identity || !found->problem) {
		xfdt_found_free(found);
		return xfdt_no_memory("unpacking");
	}
	*ret_found = found;
	return NULL;
}

/* *@ret_found stays NULL for what is not a whole dump. */
static struct xfdt_error *take_file(struct xfdt_unpacked *unpacked, struct xfdt_parts *parts,
				    struct xfdt_found **ret_found, size_t *ret_parts)
{
	struct xfdt_found *found = NULL;
	struct xfdt_error *err;
	struct xfdt_file file;
	int fd = unpacked->fd;

	unpacked->fd = -1;
	err = new_found(unpacked->name, fd, &file, &found);
	if (err)
		return err;
	switch (file.kind) {
	case XFDT_FILE_DUMP:
	case XFDT_FILE_HOOK:
		found->is_hook = file.kind == XFDT_FILE_HOOK;
		*ret_found = found;
		return NULL;
	case XFDT_FILE_PART:
		++*ret_parts;
		return xfdt_parts_add(parts, found, &file) ? NULL : xfdt_no_memory("unpacking");
	default:
		xfdt_found_free(found);
		return NULL;
	}
}

struct xfdt_error *xfdt_unpacked_next(struct xfdt_unpacker *unpacker, struct xfdt_parts *parts,
				      struct xfdt_found **ret_found, size_t *ret_parts)
{
	struct xfdt_found *found = NULL;
	struct xfdt_unpacked unpacked;
	struct xfdt_error *err = NULL;

	while (!err && !found && xfdt_unpacker_take(unpacker, &unpacked)) {
		err = unpacked.problem ? take_problem(&unpacked, &found) :
					 take_file(&unpacked, parts, &found, ret_parts);
		xfdt_unpacked_deinit(&unpacked);
	}
	if (!err)
		*ret_found = found;
	return err;
}
