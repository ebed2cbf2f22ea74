/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dumps/manifest.json has to say of every vmcore; none of them is opened. */
#ifndef TESTS_MANIFEST_H
#define TESTS_MANIFEST_H

#include <json-c/json.h>
#include <stddef.h>

/* The most that one vmcore, and all together, may take. */
#define MANIFEST_FILE_MAX (4l << 20)
#define MANIFEST_TOTAL_MAX (40l << 20)

/* @message begins with the key at fault; both are borrowed. */
typedef void (*manifest_report)(void *context, const char *name, const char *message);

/*
 * Check the manifest @root of the vmcores in @dir, where recipes/ is too, and
 * @report each failure of the entry @name, or of "manifest".  Returns how many.
 */
size_t manifest_check(struct json_object *root, const char *dir, manifest_report report,
		      void *context);

/* NULL for a key that is not there, and for null. */
struct json_object *manifest_member(struct json_object *object, const char *key);
/* The same of a string; borrowed. */
const char *manifest_text(struct json_object *object, const char *key);

#endif
