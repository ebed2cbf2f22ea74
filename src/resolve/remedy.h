/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to do about symbols and types that are missing. */
#ifndef XFDT_RESOLVE_REMEDY_H
#define XFDT_RESOLVE_REMEDY_H

/* Files with debuginfo, as bits. */
enum xfdt_debug_file { XFDT_VMLINUX_FILE = 1 << 0, XFDT_KVM_FILE = 1 << 1 };

/*
 * How to get @files of the kernel @release (uname -r, untrusted; NULL: unknown):
 * the package of its distribution, or words for a file to name.  The caller frees it; NULL:
 * no memory.
 */
char *xfdt_remedy(const char *release, unsigned int files);

/* The files that have the types of @release's KVM, if its vmlinux is not known to. */
unsigned int xfdt_files_with_types(const char *release);

#endif
