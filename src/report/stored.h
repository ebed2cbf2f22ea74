/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed, bounded access to stored JSON, which is untrusted. */
#ifndef XFDT_REPORT_STORED_H
#define XFDT_REPORT_STORED_H

#include <json-c/json.h>
#include <stdbool.h>

#define XFDT_STORED_MAX (64u << 20) /* bytes of one result, as a batch stores it */
#define XFDT_STORED_MARKS_MAX \
	(8u << 20) /* commas, colons and brackets of it: each value has one, and takes memory */
#define XFDT_STORED_MARK_BYTES 6 /* for each mark on average; those of ours have more than 9 */
#define XFDT_STORED_MARKS_FREE 4096
#define XFDT_STORED_TEXT_MAX 4096 /* bytes of one string of it, escaped */

/* The object that @text holds; NULL if it holds none, or is too large.  Free it with json_object_put(). */
struct json_object *xfdt_stored_parse(const char *text);

/* The value at "key.key"; NULL if it is absent or a parent is not an object.  Borrowed. */
struct json_object *xfdt_stored_get(struct json_object *object, const char *name);

/* A copy whose strings and keys are escaped by xfdt_escape(); NULL if memory runs out, and for null. */
struct json_object *xfdt_stored_clean(struct json_object *value);

/* Write a string, number or boolean as text, escaped by xfdt_escape(); false: it is of another type. */
bool xfdt_stored_text(struct json_object *value, char ret_text[XFDT_STORED_TEXT_MAX]);

#endif
