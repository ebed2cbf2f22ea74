/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What more than one folder needs and no header of a library has. */
#include "base/util.h"

#include <time.h>

int64_t xfdt_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ll + now.tv_nsec / 1000;
}

int64_t xfdt_now_ms(void)
{
	return xfdt_now_us() / 1000;
}
