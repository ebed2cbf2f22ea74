/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hook for kdump wrote, checked. */
#include "report/hook.h"
#include "base/util.h"
#include "dump/dumpfile.h"
#include "dump/identify.h"
#include "render/fields.h"
#include "report/stored.h"
#include "report/table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define UTC_SIZE 40

/* *@ret_text has a NUL at its end, and none before. */
static struct xfdt_error *read_text(const char *path, const char *name, char **ret_text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct xfdt_error *err = NULL;
	char *text = NULL;
	off_t size;

	if (fd < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot read '%s': %s", name,
				      strerror(errno));
	size = lseek(fd, 0, SEEK_END);
	if (size > XFDT_HOOK_MAX)
		err = xfdt_error_new(XFDT_LIMIT, 0, "%s: is larger than what the kdump hook writes",
				     name);
	else if (size < 0 || !(text = calloc(1, (size_t)size + 1)))
		err = xfdt_no_memory("the answer of a kdump hook");
	else if (!xfdt_read_file(fd, text, (size_t)size, 0))
		err = xfdt_error_new(XFDT_SYSTEM, 0, "cannot read '%s'", name);
	else if (memchr(text, '\0', (size_t)size))
		err = xfdt_error_new(XFDT_CORRUPT, 0, "%s: has NUL bytes", name);
	close(fd);
	if (err)
		free(text);
	else
		*ret_text = text;
	return err;
}

/* The string at @key; NULL: there is none. */
static const char *string_at(struct json_object *object, const char *key)
{
	struct json_object *value = xfdt_stored_get(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool is_string(struct json_object *object, const char *key, const char *wanted)
{
	const char *text = string_at(object, key);

	return text && !strcmp(text, wanted);
}

/* The verdict's kind, if the exit code is the one that goes with it; -1: it is not. */
static int kind_of(struct json_object *object)
{
	struct json_object *code = xfdt_stored_get(object, "exit");
	int kind;

	for (kind = 0; kind < XFDT_RESULT_KINDS; kind++)
		if (is_string(object, "verdict", xfdt_report_kind_name(kind)))
			break;
	if (kind == XFDT_RESULT_KINDS || !json_object_is_type(code, json_type_int) ||
	    json_object_get_int64(code) != xfdt_kind_exit(kind))
		return -1;
	return kind;
}

/* panic.id begins with kernel.build_id, and is null if that is. */
static bool has_sane_panic(struct json_object *object)
{
	const char *build_id = string_at(object, "kernel.build_id");
	const char *id = string_at(object, "panic.id");

	if (!id)
		return !xfdt_stored_get(object, "panic.id");
	return build_id && *build_id && strlen(id) < XFDT_PANIC_ID_MAX &&
	       !strncmp(id, build_id, strlen(build_id)) && !id[strspn(id, "0123456789abcdef-")];
}

/* Why @object is not what a hook writes; NULL: it is. */
static const char *why_not(struct json_object *object)
{
	static const char *const objects[] = { "kernel", "panic", "counts" };
	int kind = kind_of(object);
	size_t i;

	if (!is_string(object, "dump.path", XFDT_HOOK_VMCORE))
		return "its dump.path is not " XFDT_HOOK_VMCORE;
	if (kind < 0)
		return "it has no known verdict with the exit code that goes with it";
	if (kind == XFDT_NO_VERDICT)
		return string_at(object, "error") ? NULL : "it says error, and not why";
	for (i = 0; i < COUNT(objects); i++)
		if (!json_object_is_type(xfdt_stored_get(object, objects[i]), json_type_object))
			return "it has no kernel, panic or counts";
	return has_sane_panic(object) ? NULL : "its panic.id is not one";
}

static struct xfdt_error *check(struct json_object *object, const char *name)
{
	const char *schema = string_at(object, "schema"), *why;

	if (object && schema && strcmp(schema, XFDT_JSON_SCHEMA))
		return xfdt_error_new(
			XFDT_UNSUPPORTED, 0,
			"%s: its schema is '%.40s', and this xfdtriage knows " XFDT_JSON_SCHEMA,
			name, schema);
	why = schema ? why_not(object) : "it is not one JSON object with a schema";
	return why ? xfdt_error_new(XFDT_CORRUPT, 0,
				    "%s: is not a valid answer of a kdump hook: %s", name, why) :
		     NULL;
}

/* The same in one line, escaped. */
static struct xfdt_error *put_clean(struct json_object *object, const char *name,
				    struct xfdt_hook *hook)
{
	struct json_object *clean = xfdt_stored_clean(object), *dump, *path;
	char escaped[XFDT_STORED_TEXT_MAX];

	xfdt_escape(name, escaped, sizeof(escaped));
	path = json_object_new_string(escaped);
	dump = xfdt_stored_get(clean, "dump");
	if (!dump || !path || json_object_object_add(dump, "path", path))
		json_object_put(path);
	else
		hook->json = strdup(
			json_object_to_json_string_ext(clean,
						       JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(clean);
	return hook->json ? NULL : xfdt_no_memory("the answer of a kdump hook");
}

struct xfdt_error *xfdt_hook_read(const char *path, const char *name, struct xfdt_hook *ret_hook)
{
	struct xfdt_hook hook = { .json = NULL };
	struct json_object *object = NULL;
	struct xfdt_error *err;
	char *text = NULL;
	const char *id;
	int kind;

	err = read_text(path, name, &text);
	if (err)
		return err;
	object = xfdt_stored_parse(text);
	free(text);
	err = check(object, name);
	if (!err) {
		kind = kind_of(object);
		id = string_at(object, "panic.id");
		hook.verdict = xfdt_report_kind_name(kind);
		hook.exit_code = xfdt_kind_exit(kind);
		snprintf(hook.panic, sizeof(hook.panic), "%s", id ? id : "");
		err = put_clean(object, name, &hook);
	}
	json_object_put(object);
	if (!err)
		*ret_hook = hook;
	return err;
}

void xfdt_hook_deinit(struct xfdt_hook *hook)
{
	free(hook->json);
	*hook = (struct xfdt_hook){ .json = NULL };
}

/* as a result */

/* What is known of a file besides its content. */
struct named {
	char path[PATH_MAX];
	struct xfdt_file file;
	struct stat status;
	char finished[UTC_SIZE]; /* when it was written */
	char *identity;
};

/* False: see errno. */
static bool look_at(const char *path, struct named *ret_named)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct xfdt_error *err;
	struct tm utc;
	bool done;

	if (fd < 0)
		return false;
	done = !fstat(fd, &ret_named->status) && S_ISREG(ret_named->status.st_mode) &&
	       realpath(path, ret_named->path);
	if (done) {
		err = xfdt_identify(fd, &ret_named->file);
		done = !err;
		xfdt_error_free(err);
		gmtime_r(&ret_named->status.st_mtim.tv_sec, &utc);
		strftime(ret_named->finished, UTC_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
	}
	close(fd);
	return done;
}

bool xfdt_is_hook_file(const char *path)
{
	struct named named;

	return look_at(path, &named) && named.file.kind == XFDT_FILE_HOOK;
}

/* The JSON of an error; NULL: out of memory. */
static char *error_json(const char *path, const char *message)
{
	struct xfdt_error *err;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	err = xfdt_render_json_error(path, message, out);
	if (fclose(out) || err) {
		xfdt_error_free(err);
		free(text);
		return NULL;
	}
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static struct xfdt_error *visit_named(const struct named *named, const struct xfdt_hook *hook,
				      const char *version, xfdt_store_visit *visit, void *context)
{
	const struct xfdt_result result = {
		.path = named->path,
		.path_len = strlen(named->path),
		.identity = named->identity,
		.size = named->status.st_size,
		.mtime_ns = named->status.st_mtim.tv_sec * 1000000000ll +
			    named->status.st_mtim.tv_nsec,
		.ended = hook->exit_code == XFDT_EXIT_ERROR ? XFDT_ENDED_ERROR : XFDT_ENDED_OK,
		.verdict = hook->verdict,
		.exit_code = hook->exit_code,
		.json = hook->json,
		.finished = named->finished,
		.tries = 1,
		.confined = "none: read by the report",
		.version = version,
		.source = XFDT_SOURCE_HOOK,
		.panic = hook->panic,
	};

	return visit(context, &result);
}

struct xfdt_error *xfdt_hook_visit(const char *path, const char *version, xfdt_store_visit *visit,
				   void *context)
{
	struct xfdt_hook hook = { .verdict = xfdt_report_kind_name(XFDT_NO_VERDICT),
				  .exit_code = XFDT_EXIT_ERROR };
	struct named named = { .path = "" };
	struct xfdt_error *err;

	if (!look_at(path, &named))
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot read '%s': %s", path,
				      strerror(errno));
	err = xfdt_hook_read(path, path, &hook);
	if (err && xfdt_error_code(err) != XFDT_NO_MEMORY) {
		hook.json = error_json(named.path, xfdt_error_message(err));
		xfdt_error_free(err);
		err = hook.json ? NULL : xfdt_no_memory("the answer of a kdump hook");
	}
	named.identity = err ? NULL :
			       xfdt_file_identity(named.status.st_size, named.file.build_id,
						  named.file.hash);
	if (named.identity)
		err = visit_named(&named, &hook, version, visit, context);
	else if (!err)
		err = xfdt_no_memory("the answer of a kdump hook");
	free(named.identity);
	xfdt_hook_deinit(&hook);
	return err;
}
