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

/* Write out what is buffered of @file, which messages call @name; an error also if any earlier write failed. */
struct xfdt_error *xfdt_flush(FILE *file, const char *name);

/* Write beside @path, which is borrowed until the end.  What is no regular file is refused. */
struct xfdt_error *xfdt_output_init(struct xfdt_output *output, const char *path);

/*
 * Put the file in its place, unless @err is an error already: then nothing is
 * left.  Takes over @err; returns it, or what went wrong here.
 */
struct xfdt_error *xfdt_output_finish(struct xfdt_output *output, struct xfdt_error *err);

/* Leave nothing: the file is not to be. */
void xfdt_output_drop(struct xfdt_output *output);

#endif
