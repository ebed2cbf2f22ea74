/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which releases have the fix: the tables of releases.def. */
#include "verdict/releases.h"
#include "base/util.h"

#include <fnmatch.h>
#include <stdio.h>

struct series {
	unsigned int major, minor;
	const char *fixed_in;
};

#define XFDT_UPSTREAM(number, second, text) { number, second, text },
#define XFDT_VENDOR(glob, series, status, version, when, where)
static const struct series upstream[] = {
#include "verdict/releases.def"
};
#undef XFDT_UPSTREAM
#undef XFDT_VENDOR

#define XFDT_UPSTREAM(number, second, text)
#define XFDT_VENDOR(glob, series, status, version, when, where) \
	{ glob, series, XFDT_VENDOR_##status, version, when, where },
const struct xfdt_vendor xfdt_vendors[] = {
#include "verdict/releases.def"
};
#undef XFDT_UPSTREAM
#undef XFDT_VENDOR

const size_t xfdt_vendor_count = COUNT(xfdt_vendors);

const char *xfdt_fixed_in(const char *release)
{
	unsigned int major, minor;
	size_t i;

	if (!release || sscanf(release, "%u.%u", &major, &minor) != 2)
		return "6.19 (b45f72177594)";
	for (i = 0; i < COUNT(upstream); i++)
		if (upstream[i].major == major && upstream[i].minor == minor)
			return upstream[i].fixed_in;
	if (major == 6 && minor == 19)
		return "6.19-rc6 (b45f72177594)";
	if (major > 6 || (major == 6 && minor > 19))
		return "6.19 (b45f72177594), so every release of this series";
	return "6.19 (b45f72177594); no upstream release of this series has it";
}

const struct xfdt_vendor *xfdt_vendor_of(const char *release)
{
	static const struct xfdt_vendor unknown = { .state = XFDT_VENDOR_ASK };
	size_t i;

	for (i = 0; release && i < xfdt_vendor_count; i++)
		if (!fnmatch(xfdt_vendors[i].pattern, release, FNM_NOESCAPE))
			return &xfdt_vendors[i];
	return &unknown;
}

const char *xfdt_vendor_state_name(enum xfdt_vendor_state state)
{
	static const char *const names[] = {
		[XFDT_VENDOR_FIXED] = "fixed",	      [XFDT_VENDOR_NONE_YET] = "none yet",
		[XFDT_VENDOR_NEVER] = "never",	      [XFDT_VENDOR_UNAFFECTED] = "not affected",
		[XFDT_VENDOR_ASK] = "ask the vendor",
	};

	return names[state];
}
