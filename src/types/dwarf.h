/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layouts of structures from DWARF. */
#ifndef XFDT_TYPES_DWARF_H
#define XFDT_TYPES_DWARF_H

#include "base/error.h"
#include "image/layout.h"

#include <elfutils/libdw.h>

/*
 * Fill what is still unknown in @layout from @dwarf and, if it is not NULL, from
 * @alt, which dwz moved a part of it to.  Where several structures share a
 * name, the one with most of the members needed is taken.  XFDT_CORRUPT and
 * XFDT_LIMIT leave @layout as it was.
 */
struct xfdt_error *xfdt_dwarf_fill(Dwarf *dwarf, Dwarf *alt, struct xfdt_layout *layout);

#endif
