/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output that is written in full, or is an error. */
#ifndef XFDT_BASE_OUTPUT_H
#define XFDT_BASE_OUTPUT_H

#include "base/error.h"

#include <limits.h>
#include <stdio.h>

struct xfdt_output {
	FILE *file;	  /* to write to; it can be read and sought as well */
	const char *path; /* borrowed */
	char temporary[PATH_MAX];
};

/* Flush @file, which messages call @name.  An earlier write that failed is an error too. */
struct xfdt_error *xfdt_flush(FILE *file, const char *name);

/* Write to a temporary file beside @path, which is borrowed until the end.  @path has to be a regular file, or not to exist. */
struct xfdt_error *xfdt_output_init(struct xfdt_output *output, const char *path);

/*
 * Rename the temporary file to its path.  If @err is an error, remove it instead.
 * Takes over @err; returns it, or the error of this function.
 */
struct xfdt_error *xfdt_output_finish(struct xfdt_output *output, struct xfdt_error *err);

/* Remove the temporary file. */
void xfdt_output_drop(struct xfdt_output *output);

#endif
