/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small kernel made by hand. */
#include "kernel.h"
