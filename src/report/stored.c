/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed, bounded access to stored JSON. */
#include "report/stored.h"
#include "render/fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* 64 MiB of "[[[],[]," would become gigabytes, and 16 MiB of "1," more than 600 MB. */
static bool is_bounded(const char *text, size_t len)
{
	size_t marks = 0, i;

	if (len > XFDT_STORED_MAX)
		return false;
	for (i = 0; i < len; i++)
		marks += text[i] == ',' || text[i] == ':' || text[i] == '[' || text[i] == '{';
	return marks <= XFDT_STORED_MARKS_MAX &&
	       marks <= len / XFDT_STORED_MARK_BYTES + XFDT_STORED_MARKS_FREE;
}

struct json_object *xfdt_stored_parse(const char *text)
{
	struct json_object *object = NULL;
	struct json_tokener *tokener;
	size_t len;

	if (!text)
		return NULL;
	len = strnlen(text, XFDT_STORED_MAX + 1);
	if (!is_bounded(text, len))
		return NULL;
	tokener = json_tokener_new();
	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* with the NUL, so that a number at the end is one */
	object = json_tokener_parse_ex(tokener, text, (int)len + 1);
	json_tokener_free(tokener);
	if (!json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

struct json_object *xfdt_stored_get(struct json_object *object, const char *name)
{
	char key[32];

	while (object) {
		size_t len = strcspn(name, ".");

		if (!json_object_is_type(object, json_type_object) || len >= sizeof(key))
			return NULL;
		memcpy(key, name, len);
		key[len] = '\0';
		if (!json_object_object_get_ex(object, key, &object))
			return NULL;
		if (!name[len])
			break;
		name += len + 1;
	}
	return object;
}

bool xfdt_stored_text(struct json_object *value, char ret_text[XFDT_STORED_TEXT_MAX])
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		xfdt_escape(json_object_get_string(value), ret_text, XFDT_STORED_TEXT_MAX);
		return true;
	case json_type_int:
		snprintf(ret_text, XFDT_STORED_TEXT_MAX, "%" PRId64, json_object_get_int64(value));
		return true;
	case json_type_boolean:
		snprintf(ret_text, XFDT_STORED_TEXT_MAX, "%s",
			 json_object_get_boolean(value) ? "true" : "false");
		return true;
	default:
		return false;
	}
}

static struct json_object *clean_object(struct json_object *value)
{
	struct json_object *copy = json_object_new_object();
	char text[XFDT_STORED_TEXT_MAX];

	json_object_object_foreach(value, key, item)
	{
		xfdt_escape(key, text, sizeof(text));
		if (copy && json_object_object_add(copy, text, xfdt_stored_clean(item)))
			break;
	}
	return copy;
}

static struct json_object *clean_array(struct json_object *value)
{
	struct json_object *copy = json_object_new_array();
	size_t i;

	for (i = 0; copy && i < json_object_array_length(value); i++)
		if (json_object_array_add(copy,
					  xfdt_stored_clean(json_object_array_get_idx(value, i))))
			break;
	return copy;
}

/* As deep as json-c parses: 32 levels. */
struct json_object *xfdt_stored_clean(struct json_object *value)
{
	char text[XFDT_STORED_TEXT_MAX];

	switch (json_object_get_type(value)) {
	case json_type_object:
		return clean_object(value);
	case json_type_array:
		return clean_array(value);
	case json_type_string:
		xfdt_escape(json_object_get_string(value), text, sizeof(text));
		return json_object_new_string(text);
	default:
		return json_object_get(value);
	}
}
