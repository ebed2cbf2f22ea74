/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which release of a series has the fix first. */
#include "verdict/verdict.h"

#include <stdio.h>

struct series {
	unsigned int major, minor;
	const char *advice;
};

/*
 * CVE-2026-23005 in the CVE list of the Linux kernel: affected since v5.17
 * (820a6ee944e7); these stable releases have the fix first.
 */
static const struct series fixed[] = {
	{ 6, 1, "6.1.162 (b5995c01ba53)" },
	{ 6, 6, "6.6.122 (1e2848bdda81)" },
	{ 6, 12, "6.12.67 (f577508cc8a0)" },
	{ 6, 18, "6.18.7 (eea6f395ca50)" },
};

const char *xfdt_fixed_in(const char *release)
{
	unsigned int major, minor;
	size_t i;

	if (!release || sscanf(release, "%u.%u", &major, &minor) != 2)
		return "6.19 (b45f72177594)";
	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (fixed[i].major == major && fixed[i].minor == minor)
			return fixed[i].advice;
	if (major == 6 && minor == 19)
		return "6.19-rc6 (b45f72177594)";
	if (major > 6 || (major == 6 && minor > 19))
		return "6.19 (b45f72177594), so every release of this series";
	return "6.19 (b45f72177594); no upstream release of this series has it";
}
