/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stored JSON, checked and bounded for the HTML page. */
#include "report/detail.h"
#include "base/util.h"
#include "render/fields.h"
#include "report/stored.h"

#include <string.h>

#define LINES_MAX 256 /* of any list */
#define VMS_MAX 512
#define VCPUS_OK_MAX 8 /* of one dump; what is not ok matters more */
#define VCPUS_OTHER_MAX 64

static const char *const group_names[] = {
	[XFDT_GROUP_KERNEL] = "kernel", [XFDT_GROUP_SOURCES] = "sources",
	[XFDT_GROUP_PANIC] = "panic",	[XFDT_GROUP_FAULT] = "fault",
	[XFDT_GROUP_VM] = "vm",		[XFDT_GROUP_VCPU] = "vcpu",
	[XFDT_GROUP_THREAD] = "thread",
};
#define GROUPS (COUNT(group_names))

struct copier {
	size_t ok, other; /* vCPUs so far */
	bool failed;	  /* memory ran out; reported at the end */
};

static void add(struct copier *copier, struct json_object *object, const char *key,
		struct json_object *value)
{
	if (!value)
		return;
	if (!object || json_object_object_add(object, key, value)) {
		json_object_put(value);
		copier->failed = true;
	}
}

static void append(struct copier *copier, struct json_object *array, struct json_object *value)
{
	if (!array || !value || json_object_array_add(array, value)) {
		json_object_put(value);
		copier->failed = true;
	}
}

/* NULL only if memory runs out. */
static struct json_object *made(struct copier *copier, struct json_object *value)
{
	copier->failed |= !value;
	return value;
}

/* NULL: @value is not a scalar. */
static struct json_object *copy_scalar(struct copier *copier, struct json_object *value)
{
	char text[XFDT_STORED_TEXT_MAX];

	switch (json_object_get_type(value)) {
	case json_type_string:
		xfdt_stored_text(value, text);
		return made(copier, json_object_new_string(text));
	case json_type_int:
		return made(copier, json_object_new_int64(json_object_get_int64(value)));
	case json_type_boolean:
		return made(copier, json_object_new_boolean(json_object_get_boolean(value)));
	default:
		return NULL;
	}
}

static void copy_key(struct copier *copier, struct json_object *to, struct json_object *from,
		     const char *key)
{
	add(copier, to, key, copy_scalar(copier, xfdt_stored_get(from, key)));
}

/* The fields of @group that @from has. */
static struct json_object *copy_group(struct copier *copier, struct json_object *from,
				      enum xfdt_field_group group)
{
	struct json_object *to = made(copier, json_object_new_object());
	size_t i;

	for (i = 0; i < xfdt_field_count; i++)
		if (xfdt_fields[i].group == group)
			copy_key(copier, to, from, xfdt_fields[i].key);
	return to;
}

/* The array at @key, or NULL; no longer than @max. */
static struct json_object *array_at(struct json_object *from, const char *key, size_t max,
				    size_t *ret_len)
{
	struct json_object *array = xfdt_stored_get(from, key);

	if (!json_object_is_type(array, json_type_array))
		return NULL;
	*ret_len = json_object_array_length(array);
	if (*ret_len > max)
		*ret_len = max;
	return array;
}

static void copy_strings(struct copier *copier, struct json_object *to, struct json_object *from,
			 const char *key)
{
	struct json_object *array, *copy;
	size_t len, i;

	array = array_at(from, key, LINES_MAX, &len);
	if (!array)
		return;
	copy = made(copier, json_object_new_array());
	for (i = 0; i < len; i++) {
		struct json_object *item = json_object_array_get_idx(array, i);

		if (json_object_is_type(item, json_type_string))
			append(copier, copy, copy_scalar(copier, item));
	}
	add(copier, to, key, copy);
}

/* An array of objects; only their @keys are used. */
static void copy_objects(struct copier *copier, struct json_object *to, struct json_object *from,
			 const char *key, const char *const *keys)
{
	struct json_object *array, *copy;
	size_t len, i, j;

	array = array_at(from, key, LINES_MAX, &len);
	if (!array)
		return;
	copy = made(copier, json_object_new_array());
	for (i = 0; i < len; i++) {
		struct json_object *item = json_object_array_get_idx(array, i), *object;

		if (!json_object_is_type(item, json_type_object))
			continue;
		object = made(copier, json_object_new_object());
		for (j = 0; keys[j]; j++)
			copy_key(copier, object, item, keys[j]);
		append(copier, copy, object);
	}
	add(copier, to, key, copy);
}

static struct json_object *copy_panic(struct copier *copier, struct json_object *from)
{
	static const char *const keys[] = { "nsec", "text", NULL };
	struct json_object *panic = copy_group(copier, from, XFDT_GROUP_PANIC),
			   *fault = xfdt_stored_get(from, "fault");

	if (json_object_is_type(fault, json_type_object))
		add(copier, panic, "fault", copy_group(copier, fault, XFDT_GROUP_FAULT));
	copy_objects(copier, panic, from, "events", keys);
	copy_strings(copier, panic, from, "trace");
	return panic;
}

static bool is_ok(struct json_object *vcpu)
{
	struct json_object *state = xfdt_stored_get(vcpu, "state");

	return json_object_is_type(state, json_type_string) &&
	       !strcmp(json_object_get_string(state), xfdt_vcpu_state_name(XFDT_VCPU_OK)) &&
	       !json_object_get_boolean(xfdt_stored_get(vcpu, "culprit"));
}

static struct json_object *copy_vcpu(struct copier *copier, struct json_object *from)
{
	struct json_object *vcpu = copy_group(copier, from, XFDT_GROUP_VCPU),
			   *thread = xfdt_stored_get(from, "thread");

	if (json_object_is_type(thread, json_type_object))
		add(copier, vcpu, "thread", copy_group(copier, thread, XFDT_GROUP_THREAD));
	return vcpu;
}

/* "more": how many vCPUs are not shown */
static struct json_object *copy_vm(struct copier *copier, struct json_object *from)
{
	struct json_object *vm = copy_group(copier, from, XFDT_GROUP_VM), *vcpus, *array;
	size_t len = 0, i, more = 0;

	array = array_at(from, "vcpus", SIZE_MAX, &len);
	vcpus = made(copier, json_object_new_array());
	for (i = 0; i < len; i++) {
		struct json_object *vcpu = json_object_array_get_idx(array, i);

		if (!json_object_is_type(vcpu, json_type_object))
			continue;
		if (is_ok(vcpu) ? ++copier->ok > VCPUS_OK_MAX : ++copier->other > VCPUS_OTHER_MAX)
			more++;
		else
			append(copier, vcpus, copy_vcpu(copier, vcpu));
	}
	add(copier, vm, "vcpus", vcpus);
	if (more)
		add(copier, vm, "more", made(copier, json_object_new_int64((int64_t)more)));
	return vm;
}

static void copy_vms(struct copier *copier, struct json_object *to, struct json_object *from)
{
	struct json_object *vms = made(copier, json_object_new_array()), *array;
	size_t len = 0, i;

	array = array_at(from, "vms", VMS_MAX, &len);
	for (i = 0; i < len; i++) {
		struct json_object *vm = json_object_array_get_idx(array, i);

		if (json_object_is_type(vm, json_type_object))
			append(copier, vms, copy_vm(copier, vm));
	}
	add(copier, to, "vms", vms);
	if (array && json_object_array_length(array) > len)
		add(copier, to, "more",
		    made(copier,
			 json_object_new_int64((int64_t)(json_object_array_length(array) - len))));
}

static struct json_object *copy_detail(struct copier *copier, struct json_object *from)
{
	static const char *const lists[] = { "why", "looks_like", "origins", "check" };
	static const char *const missing[] = { "what", "why", "remedy", NULL };
	struct json_object *to = made(copier, json_object_new_object());
	size_t i;

	copy_key(copier, to, from, "route");
	for (i = 0; i < COUNT(lists); i++)
		copy_strings(copier, to, from, lists[i]);
	copy_objects(copier, to, from, "missing", missing);
	add(copier, to, "kernel",
	    copy_group(copier, xfdt_stored_get(from, "kernel"), XFDT_GROUP_KERNEL));
	add(copier, to, "sources",
	    copy_group(copier, xfdt_stored_get(from, "sources"), XFDT_GROUP_SOURCES));
	add(copier, to, "panic", copy_panic(copier, xfdt_stored_get(from, "panic")));
	copy_vms(copier, to, from);
	return to;
}

/* In JSON these stand in strings only, where \u does as well. */
static void put_for_script(const char *text, FILE *out)
{
	for (;;) {
		size_t len = strcspn(text, "<>&");

		fwrite(text, 1, len, out);
		text += len;
		if (!*text)
			return;
		fprintf(out, "\\u%04x", (unsigned int)*text++);
	}
}

/* Takes over @object. */
static struct xfdt_error *print(struct copier *copier, struct json_object *object, FILE *out)
{
	const char *text = NULL;

	if (object && !copier->failed)
		text = json_object_to_json_string_ext(object,
						      JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		put_for_script(text, out);
	json_object_put(object);
	return text ? NULL : xfdt_no_memory("a page");
}

/* The row's own cells: what the JSON does not have, or has with lower priority. */
static const enum xfdt_column dump_columns[] = {
	XFDT_C_FORMAT,	XFDT_C_ARCH,	 XFDT_C_SIZE,	  XFDT_C_IDENTITY,
	XFDT_C_COPY_OF, XFDT_C_ENDED,	 XFDT_C_FINISHED, XFDT_C_WALL_MS,
	XFDT_C_TRIES,	XFDT_C_CONFINED, XFDT_C_VERSION,  XFDT_C_STORE,
};
#define DUMP_COLUMNS (COUNT(dump_columns))

static struct json_object *dump_cells(struct copier *copier, const struct xfdt_report_row *row)
{
	struct json_object *cells = made(copier, json_object_new_object());
	size_t i;

	for (i = 0; i < DUMP_COLUMNS; i++) {
		const char *text = row->cells[dump_columns[i]];

		if (text)
			add(copier, cells, xfdt_columns[dump_columns[i]].name,
			    made(copier, json_object_new_string(text)));
	}
	return cells;
}

struct xfdt_error *xfdt_detail_print(const struct xfdt_report_row *row, const char *json, FILE *out)
{
	struct json_object *from = xfdt_stored_parse(json);
	struct copier copier = { .failed = false };
	struct json_object *to = from ? copy_detail(&copier, from) :
					made(&copier, json_object_new_object());

	json_object_put(from);
	if (!json)
		add(&copier, to, "changed", made(&copier, json_object_new_boolean(true)));
	if (row->cells[XFDT_C_ERROR])
		add(&copier, to, "error",
		    made(&copier, json_object_new_string(row->cells[XFDT_C_ERROR])));
	add(&copier, to, "dump", dump_cells(&copier, row));
	return print(&copier, to, out);
}

static void append_field(struct copier *copier, struct json_object *fields, const char *key,
			 const char *heading, const char *help)
{
	struct json_object *field = made(copier, json_object_new_array());

	append(copier, field, json_object_new_string(key));
	append(copier, field, json_object_new_string(heading));
	append(copier, field, json_object_new_string(help));
	append(copier, fields, field);
}

static struct json_object *fields_of(struct copier *copier, enum xfdt_field_group group)
{
	struct json_object *fields = made(copier, json_object_new_array());
	size_t i;

	for (i = 0; i < xfdt_field_count; i++)
		if (xfdt_fields[i].group == group)
			append_field(copier, fields, xfdt_fields[i].key, xfdt_fields[i].heading,
				     xfdt_fields[i].help);
	return fields;
}

static struct json_object *dump_fields(struct copier *copier)
{
	struct json_object *fields = made(copier, json_object_new_array());
	size_t i;

	for (i = 0; i < DUMP_COLUMNS; i++)
		append_field(copier, fields, xfdt_columns[dump_columns[i]].name,
			     xfdt_column_heading(dump_columns[i]),
			     xfdt_column_help(dump_columns[i]));
	return fields;
}

struct xfdt_error *xfdt_detail_print_schema(FILE *out)
{
	struct copier copier = { .failed = false };
	struct json_object *schema = made(&copier, json_object_new_object());
	struct json_object *components = made(&copier, json_object_new_array());
	struct json_object *verdicts = made(&copier, json_object_new_object());
	size_t i;

	for (i = 0; i < GROUPS; i++)
		add(&copier, schema, group_names[i], fields_of(&copier, i));
	add(&copier, schema, "dump", dump_fields(&copier));
	for (i = 0; i < XFDT_COMPONENTS; i++)
		append(&copier, components,
		       json_object_new_string(xfdt_xfeature_name((unsigned int)i)));
	add(&copier, schema, "components", components);
	for (i = 0; i < XFDT_RESULT_KINDS; i++) {
		int kind = xfdt_kind_at(XFDT_COLLECTED, i);

		add(&copier, verdicts, xfdt_report_kind_name(kind),
		    made(&copier, json_object_new_string(xfdt_report_kind_words(kind))));
	}
	add(&copier, schema, "verdicts", verdicts);
	return print(&copier, schema, out);
}
