/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that appears whole or not at all: written beside its place, then renamed. */
#include "base/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct xfdt_error *xfdt_flush(FILE *file, const char *name)
{
	/* errno may have changed since then */
	const char *reason = ferror(file) ? "an earlier write failed; the disk may be full" : NULL;

	if (fflush(file))
		reason = strerror(errno);
	return reason ? xfdt_error_new(XFDT_SYSTEM, 0, "cannot write %s: %s", name, reason) : NULL;
}

struct xfdt_error *xfdt_output_init(struct xfdt_output *output, const char *path)
{
	struct stat status;
	int fd;

	/* a rename would replace /dev/null by a file */
	if (!stat(path, &status) && !S_ISREG(status.st_mode))
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot write %s: it is not a regular file",
				      path);
	output->path = path;
	if ((size_t)snprintf(output->temporary, sizeof(output->temporary), "%s.XXXXXX", path) >=
	    sizeof(output->temporary))
		return xfdt_error_new(XFDT_SYSTEM, 0, "%s: %s", path, strerror(ENAMETOOLONG));
	fd = mkstemp(output->temporary);
	if (fd < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot create %s: %s", path,
				      strerror(errno));
	output->file = fdopen(fd, "w+");
	if (output->file)
		return NULL;
	close(fd);
	unlink(output->temporary);
	return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory to write %s", path);
}

/* mkstemp() makes files that only their owner can read. */
static void set_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	fchmod(fd, 0666 & ~mask);
}

void xfdt_output_drop(struct xfdt_output *output)
{
	fclose(output->file);
	unlink(output->temporary);
}

struct xfdt_error *xfdt_output_finish(struct xfdt_output *output, struct xfdt_error *err)
{
	if (err) {
		xfdt_output_drop(output);
		return err;
	}
	set_mode(fileno(output->file));
	err = xfdt_flush(output->file, output->path);
	if (fclose(output->file) && !err)
		err = xfdt_error_new(XFDT_SYSTEM, 0, "cannot write %s: %s", output->path,
				     strerror(errno));
	if (!err && rename(output->temporary, output->path))
		err = xfdt_error_new(XFDT_SYSTEM, 0, "cannot rename %s to %s: %s",
				     output->temporary, output->path, strerror(errno));
	if (err)
		unlink(output->temporary);
	return err;
}
