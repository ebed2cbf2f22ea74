/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small kernel made by hand. */
#ifndef TESTS_KERNEL_H
#define TESTS_KERNEL_H

#include "memory.h"

#endif
