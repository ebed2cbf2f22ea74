/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dumps/manifest.json has to say of every vmcore; none of them is opened. */
#include "manifest.h"
#include "verdict/verdict.h"

#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What a value may be; null and "" are of no kind but those that say so. */
enum kind {
	TEXT,
	TEXT_OR_EMPTY,
	TEXT_OR_NULL,
	HEX,
	HEX_OR_NULL, /* 0x and digits */
	COUNT,	     /* an integer above 0 */
	ORDINAL,     /* an integer, 0 or above */
	BOOLEAN,
	OBJECT,
	LIST,
	LIST_OR_EMPTY,
	LIST_OR_NULL,
};

static const char *const kind_words[] = {
	[TEXT] = "text",
	[TEXT_OR_EMPTY] = "text, or \"\"",
	[TEXT_OR_NULL] = "text, or null",
	[HEX] = "a number in hex",
	[HEX_OR_NULL] = "a number in hex, or null",
	[COUNT] = "a number above 0",
	[ORDINAL] = "a number",
	[BOOLEAN] = "true or false",
	[OBJECT] = "an object",
	[LIST] = "a list that is not empty",
	[LIST_OR_EMPTY] = "a list",
	[LIST_OR_NULL] = "a list, or null",
};

struct key {
	const char *name;
	enum kind kind;
};

static const struct key entry_keys[] = {
	{ "file", TEXT },     { "sha256", TEXT },	  { "kernel", OBJECT },
	{ "emulator", TEXT }, { "cpus", COUNT },	  { "memory_mb", COUNT },
	{ "cmdline", TEXT },  { "sysctl", TEXT },	  { "scenario", TEXT },
	{ "emulated", LIST }, { "forged", TEXT_OR_NULL }, { "make", TEXT },
	{ "dump", OBJECT },   { "reproducer", LIST },	  { "debugger", LIST_OR_EMPTY },
	{ "console", TEXT },  { "expect", OBJECT },	  { "carries_types", BOOLEAN },
	{ NULL, 0 },
};
static const struct key kernel_keys[] = {
	{ "release", TEXT }, { "package", TEXT }, { "version", TEXT },
	{ "suite", TEXT },   { NULL, 0 },
};
static const struct key dump_keys[] = {
	{ "tool", TEXT }, { "options", TEXT_OR_EMPTY }, { "level", ORDINAL }, { "format", TEXT },
	{ NULL, 0 },
};
static const struct key expect_keys[] = {
	{ "verdict", TEXT }, { "exit", ORDINAL },     { "route", TEXT_OR_NULL },
	{ "fix", TEXT },     { "vms", LIST_OR_NULL }, { NULL, 0 },
};
static const struct key event_keys[] = { { "event", TEXT }, { NULL, 0 } };
static const struct key line_keys[] = {
	{ "scenario", TEXT }, { "kernel", TEXT }, { "pid", COUNT }, { "vcpus", LIST }, { NULL, 0 },
};
static const struct key vm_keys[] = { { "pid", COUNT }, { "vcpus", LIST }, { NULL, 0 } };
static const struct key id_keys[] = { { "id", ORDINAL }, { NULL, 0 } };
static const struct key vcpu_keys[] = {
	{ "id", ORDINAL },
	{ "state", TEXT },
	{ "xstate_bv", HEX },
	{ "xstate_bv_mask", HEX },
	{ "xcomp_bv", HEX_OR_NULL },
	{ "xfd", HEX },
	{ NULL, 0 },
};

struct check {
	const char *dir, *name;
	struct json_object *entries, *entry;
	manifest_report report;
	void *context;
	size_t failures;
};

static void complain(struct check *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct check *check, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	check->failures++;
	check->report(check->context, check->name, message);
}

struct json_object *manifest_member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

const char *manifest_text(struct json_object *object, const char *key)
{
	struct json_object *value = manifest_member(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static size_t length(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

static int number(struct json_object *object, const char *key)
{
	return json_object_get_int(manifest_member(object, key));
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static bool is_hex(const char *text)
{
	size_t digits = strncmp(text, "0x", 2) ? 0 : strspn(text + 2, "0123456789abcdef");

	return digits >= 1 && digits <= 16 && !text[2 + digits];
}

static bool is_kind(struct json_object *value, enum kind kind)
{
	const char *text = json_object_is_type(value, json_type_string) ?
				   json_object_get_string(value) :
				   NULL;
	bool is_list = json_object_is_type(value, json_type_array);
	bool is_int = json_object_is_type(value, json_type_int);

	switch (kind) {
	case TEXT:
		return text && *text;
	case TEXT_OR_EMPTY:
		return text;
	case TEXT_OR_NULL:
		return !value || (text && *text);
	case HEX:
		return text && is_hex(text);
	case HEX_OR_NULL:
		return !value || (text && is_hex(text));
	case COUNT:
		return is_int && json_object_get_int(value) > 0;
	case ORDINAL:
		return is_int && json_object_get_int(value) >= 0;
	case BOOLEAN:
		return json_object_is_type(value, json_type_boolean);
	case OBJECT:
		return json_object_is_type(value, json_type_object);
	case LIST:
		return is_list && json_object_array_length(value);
	case LIST_OR_EMPTY:
		return is_list;
	case LIST_OR_NULL:
		return !value || is_list;
	}
	return false;
}

/* Has @object, which is at @where ("" or with a dot at the end), all of @keys? */
static bool check_keys(struct check *check, const char *where, struct json_object *object,
		       const struct key *keys)
{
	size_t before = check->failures;

	for (; keys->name; keys++) {
		struct json_object *value = NULL;

		if (!json_object_is_type(object, json_type_object) ||
		    !json_object_object_get_ex(object, keys->name, &value))
			complain(check, "%s%s: is missing", where, keys->name);
		else if (!is_kind(value, keys->kind))
			complain(check, "%s%s: is %s, should be %s", where, keys->name,
				 json_object_to_json_string(value), kind_words[keys->kind]);
	}
	return check->failures == before;
}

static void check_file(struct check *check)
{
	const char *file = manifest_text(check->entry, "file"),
		   *sha256 = manifest_text(check->entry, "sha256");
	char path[PATH_MAX];
	struct stat status;

	if (sha256 && (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64))
		complain(check, "sha256: \"%s\" is none", sha256);
	if (!file)
		return;
	snprintf(path, sizeof(path), "%s.vmcore", check->name);
	if (strcmp(file, path))
		complain(check, "file: is \"%s\", should be \"%s\"", file, path);
	snprintf(path, sizeof(path), "%s/%s", check->dir, file);
	if (stat(path, &status) || !S_ISREG(status.st_mode))
		complain(check, "file: there is no %s", path);
	else if (status.st_size > MANIFEST_FILE_MAX)
		complain(check, "file: %s has %lld bytes, may have %ld", path,
			 (long long)status.st_size, MANIFEST_FILE_MAX);
}

/* Copy what a line "KEY=VALUE" or "KEY="VALUE"" sets; false if none does. */
static bool recipe_value(FILE *recipe, const char *key, char *value, size_t size)
{
	char line[1024];
	size_t len = strlen(key);

	rewind(recipe);
	while (fgets(line, sizeof(line), recipe)) {
		const char *start = line + len + 1;

		if (strncmp(line, key, len) || line[len] != '=')
			continue;
		start += *start == '"';
		snprintf(value, size, "%.*s", (int)strcspn(start, "\"\n"), start);
		return true;
	}
	return false;
}

/* "make" names the recipe of this entry, and what the recipe makes is this. */
static void check_recipe(struct check *check)
{
	static const char make[] = "make -C dumps ";
	struct json_object *entry = check->entry, *expect = manifest_member(entry, "expect");
	const struct {
		const char *variable, *key, *value;
	} promises[] = {
		{ "kernel", "kernel.release",
		  manifest_text(manifest_member(entry, "kernel"), "release") },
		{ "scenario", "scenario", manifest_text(entry, "scenario") },
		{ "verdict", "expect.verdict", manifest_text(expect, "verdict") },
	};
	const char *command = manifest_text(entry, "make");
	char path[PATH_MAX], value[1024];
	FILE *recipe;
	size_t i;

	if (!command)
		return;
	if (strncmp(command, make, strlen(make)) || strcmp(command + strlen(make), check->name)) {
		complain(check, "make: is \"%s\", should be \"%s%s\"", command, make, check->name);
		return;
	}
	snprintf(path, sizeof(path), "%s/recipes/%s", check->dir, check->name);
	recipe = fopen(path, "r");
	if (!recipe) {
		complain(check, "make: there is no recipe %s", path);
		return;
	}
	for (i = 0; i < sizeof(promises) / sizeof(promises[0]); i++) {
		if (!recipe_value(recipe, promises[i].variable, value, sizeof(value)))
			complain(check, "make: %s sets no %s", path, promises[i].variable);
		else if (promises[i].value && strcmp(promises[i].value, value))
			complain(check, "%s: is \"%s\", its recipe says \"%s\"", promises[i].key,
				 promises[i].value, value);
	}
	fclose(recipe);
}

static bool is_vm_line(struct json_object *line)
{
	return same(manifest_text(line, "event"), "vm");
}

/* The last of the reproducer's lines on the VM of @pid, or NULL. */
static struct json_object *find_line(struct check *check, int pid)
{
	struct json_object *lines = manifest_member(check->entry, "reproducer");
	size_t i;

	for (i = length(lines); i-- > 0;) {
		struct json_object *line = json_object_array_get_idx(lines, i);

		if (is_vm_line(line) && number(line, "pid") == pid)
			return line;
	}
	return NULL;
}

/* The item of @list whose @key is @value; NULL if there is none. */
static struct json_object *find_item(struct json_object *list, const char *key, int value)
{
	size_t i;

	for (i = 0; i < length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (manifest_member(item, key) && number(item, key) == value)
			return item;
	}
	return NULL;
}

/* The number behind @option in the scenario, else what the reproducer takes then. */
static size_t scenario_count(const char *scenario, const char *option, size_t otherwise)
{
	const char *found = strstr(scenario, option);

	return found ? strtoul(found + strlen(option), NULL, 10) : otherwise;
}

static void check_vm_line(struct check *check, const char *where, struct json_object *line)
{
	const char *scenario = manifest_text(check->entry, "scenario"),
		   *word = manifest_text(line, "scenario");
	const char *release = manifest_text(manifest_member(check->entry, "kernel"), "release");
	struct json_object *vcpus = manifest_member(line, "vcpus");
	char place[96];
	size_t i;

	if (!check_keys(check, where, line, line_keys) || !scenario || !release)
		return;
	if (strlen(word) != strcspn(scenario, " ") || strncmp(word, scenario, strlen(word)))
		complain(check, "%sscenario: is \"%s\", the entry's is \"%s\"", where, word,
			 scenario);
	if (strcmp(manifest_text(line, "kernel"), release))
		complain(check, "%skernel: is \"%s\", the entry's is \"%s\"", where,
			 manifest_text(line, "kernel"), release);
	if (length(vcpus) != scenario_count(scenario, "--vcpus ", 2))
		complain(check, "%svcpus: are %zu, the scenario is \"%s\"", where, length(vcpus),
			 scenario);
	for (i = 0; i < length(vcpus); i++) {
		snprintf(place, sizeof(place), "%svcpus[%zu].", where, i);
		check_keys(check, place, json_object_array_get_idx(vcpus, i), id_keys);
	}
}

/* Returns how many VMs the reproducer's lines are on. */
static size_t check_reproducer(struct check *check)
{
	struct json_object *lines = manifest_member(check->entry, "reproducer");
	const char *scenario = manifest_text(check->entry, "scenario");
	const char *verdict = manifest_text(manifest_member(check->entry, "expect"), "verdict");
	size_t i, vms = 0;

	for (i = 0; i < length(lines); i++) {
		struct json_object *line = json_object_array_get_idx(lines, i);
		char where[48];

		snprintf(where, sizeof(where), "reproducer[%zu].", i);
		if (!check_keys(check, where, line, event_keys) || !is_vm_line(line))
			continue;
		check_vm_line(check, where, line);
		vms += find_line(check, number(line, "pid")) == line;
	}
	/* a host without KVM has none */
	if (scenario && !(same(verdict, xfdt_verdict_name(XFDT_NOT_APPLICABLE)) && !vms) &&
	    vms != scenario_count(scenario, "--vms ", 1))
		complain(check, "reproducer: has \"vm\" lines on %zu VMs, the scenario is \"%s\"",
			 vms, scenario);
	return vms;
}

static void check_debugger(struct check *check)
{
	struct json_object *lines = manifest_member(check->entry, "debugger");
	char where[48];
	size_t i;

	for (i = 0; i < length(lines); i++) {
		snprintf(where, sizeof(where), "debugger[%zu].", i);
		check_keys(check, where, json_object_array_get_idx(lines, i), event_keys);
	}
}

static void check_emulated(struct check *check)
{
	struct json_object *list = manifest_member(check->entry, "emulated");
	size_t i;

	for (i = 0; i < length(list); i++)
		if (!is_kind(json_object_array_get_idx(list, i), TEXT))
			complain(check, "emulated[%zu]: should be text", i);
}

/* The debugger's word on the load that faulted; NULL if none did, or none was watched. */
static const char *fault_rfbm(struct check *check)
{
	struct json_object *lines = manifest_member(check->entry, "debugger");
	size_t i;

	for (i = length(lines); i-- > 0;) {
		struct json_object *line = json_object_array_get_idx(lines, i);

		if (same(manifest_text(line, "event"), "load-faults"))
			return manifest_text(line, "rfbm");
	}
	return NULL;
}

/* Returns whether it is the vCPU whose load faulted. */
static bool check_vcpu(struct check *check, const char *where, struct json_object *vcpu)
{
	const char *state = manifest_text(vcpu, "state"), *rfbm = manifest_text(vcpu, "rfbm");
	const char *evidence = fault_rfbm(check);
	size_t i;

	check_keys(check, where, vcpu, vcpu_keys);
	for (i = 0; state && i < XFDT_VCPU_STATES; i++)
		if (!strcmp(state, xfdt_vcpu_state_name((enum xfdt_vcpu_state)i)))
			break;
	if (i == XFDT_VCPU_STATES)
		complain(check, "%sstate: \"%s\" is none", where, state);
	if (!json_object_object_get_ex(vcpu, "rfbm", NULL))
		return false;
	if (!rfbm || !is_hex(rfbm))
		complain(check, "%srfbm: should be %s", where, kind_words[HEX]);
	else if (!same(rfbm, evidence))
		complain(check, "%srfbm: is %s, the debugger saw %s", where, rfbm,
			 evidence ? evidence : "no load that faulted");
	return true;
}

/* Returns how many vCPUs of @vm are the one whose load faulted. */
static size_t check_vm(struct check *check, const char *where, struct json_object *vm)
{
	struct json_object *vcpus = manifest_member(vm, "vcpus"), *line, *seen;
	size_t i, faults = 0;
	char place[96];

	if (!check_keys(check, where, vm, vm_keys))
		return 0;
	line = find_line(check, number(vm, "pid"));
	seen = manifest_member(line, "vcpus");
	if (!line)
		complain(check, "%spid: the reproducer has no line on a VM of %d", where,
			 number(vm, "pid"));
	else if (length(vcpus) != length(seen))
		complain(check, "%svcpus: are %zu, the reproducer has %zu", where, length(vcpus),
			 length(seen));
	for (i = 0; i < length(vcpus); i++) {
		struct json_object *vcpu = json_object_array_get_idx(vcpus, i);
		int id = number(vcpu, "id");

		snprintf(place, sizeof(place), "%svcpus[%zu].", where, i);
		faults += check_vcpu(check, place, vcpu);
		if (line && !find_item(seen, "id", id))
			complain(check, "%sid: the reproducer has no vCPU %d of this VM", place,
				 id);
		if (find_item(vcpus, "id", id) != vcpu)
			complain(check, "%sid: %d is there twice", place, id);
	}
	return faults;
}

static void check_vms(struct check *check, struct json_object *expect, size_t said)
{
	struct json_object *vms = manifest_member(expect, "vms");
	const char *verdict = manifest_text(expect, "verdict");
	bool faulted = fault_rfbm(check);
	size_t i, faults = 0;
	char where[48];

	if (!vms) {
		if (!same(verdict, xfdt_verdict_name(XFDT_INCONCLUSIVE)))
			complain(check,
				 "expect.vms: is null, which only the verdict inconclusive allows");
		return;
	}
	if (length(vms) != said)
		complain(check, "expect.vms: are %zu, the reproducer has lines on %zu", length(vms),
			 said);
	for (i = 0; i < length(vms); i++) {
		struct json_object *vm = json_object_array_get_idx(vms, i);

		snprintf(where, sizeof(where), "expect.vms[%zu].", i);
		faults += check_vm(check, where, vm);
		if (find_item(vms, "pid", number(vm, "pid")) != vm)
			complain(check, "%spid: %d is there twice", where, number(vm, "pid"));
	}
	if (faults != faulted)
		complain(check,
			 "expect.vms: %zu vCPUs have rfbm, of a load that faulted; should be %d",
			 faults, faulted);
	if (!faulted && same(verdict, xfdt_verdict_name(XFDT_CONFIRMED)))
		complain(check,
			 "debugger: has no load that faulted, with rfbm; the verdict is confirmed");
}

static void check_expect(struct check *check, size_t said)
{
	struct json_object *expect = manifest_member(check->entry, "expect");
	const char *verdict, *fix, *route;
	int kind;

	if (!expect || !check_keys(check, "expect.", expect, expect_keys))
		return;
	verdict = manifest_text(expect, "verdict");
	fix = manifest_text(expect, "fix");
	route = manifest_text(expect, "route");
	for (kind = 0; kind < XFDT_VERDICT_KINDS; kind++)
		if (!strcmp(verdict, xfdt_verdict_name(kind)))
			break;
	if (kind == XFDT_VERDICT_KINDS)
		complain(check, "expect.verdict: \"%s\" is none", verdict);
	else if (number(expect, "exit") != xfdt_verdict_exit(kind))
		complain(check, "expect.exit: is %d, that of %s is %d", number(expect, "exit"),
			 verdict, xfdt_verdict_exit(kind));
	if (strcmp(fix, "unknown") && strcmp(fix, "absent") && strcmp(fix, "present"))
		complain(check, "expect.fix: is \"%s\", should be unknown, absent or present", fix);
	if (route && !same(route, xfdt_route_name(XFDT_ROUTE_SWAP)) &&
	    !same(route, xfdt_route_name(XFDT_ROUTE_RETURN)) &&
	    !same(route, xfdt_route_name(XFDT_ROUTE_UNKNOWN)))
		complain(check, "expect.route: \"%s\" is none", route);
	if ((kind == XFDT_CONFIRMED || kind == XFDT_PROBABLE) != !!route)
		complain(check, "expect.route: is %s, which does not fit %s",
			 route ? route : "null", verdict);
	check_vms(check, expect, said);
}

static bool carries_types(struct json_object *entry)
{
	return json_object_get_boolean(manifest_member(entry, "carries_types"));
}

static const char *release_of(struct json_object *entry)
{
	return manifest_text(manifest_member(entry, "kernel"), "release");
}

/* Another entry before this has the same @key. */
static void check_unique(struct check *check, size_t index, const char *key)
{
	const char *text = manifest_text(check->entry, key);
	size_t i;

	for (i = 0; i < index; i++) {
		if (!same(text, manifest_text(json_object_array_get_idx(check->entries, i), key)))
			continue;
		complain(check, "%s: another entry has the same", key);
		return;
	}
}

static void check_carrier(struct check *check)
{
	const char *release = release_of(check->entry);
	size_t i;

	if (!release)
		return;
	for (i = 0; i < length(check->entries); i++) {
		struct json_object *other = json_object_array_get_idx(check->entries, i);

		if (carries_types(other) && same(release_of(other), release))
			return;
	}
	complain(check, "carries_types: is false for every vmcore of %s", release);
}

static void check_entry(struct check *check, size_t index)
{
	char place[48];

	check->entry = json_object_array_get_idx(check->entries, index);
	check->name = manifest_text(check->entry, "name");
	if (!check->name || !*check->name) {
		check->name = "manifest";
		snprintf(place, sizeof(place), "vmcores[%zu]", index);
		complain(check, "%s.name: is missing", place);
		return;
	}
	check_unique(check, index, "name");
	check_unique(check, index, "file");
	check_unique(check, index, "sha256");
	check_keys(check, "", check->entry, entry_keys);
	if (manifest_member(check->entry, "kernel"))
		check_keys(check, "kernel.", manifest_member(check->entry, "kernel"), kernel_keys);
	if (manifest_member(check->entry, "dump"))
		check_keys(check, "dump.", manifest_member(check->entry, "dump"), dump_keys);
	check_file(check);
	check_recipe(check);
	check_emulated(check);
	check_debugger(check);
	check_expect(check, check_reproducer(check));
	check_carrier(check);
}

static bool has_entry(struct json_object *entries, const char *file)
{
	size_t i;

	for (i = 0; i < length(entries); i++)
		if (same(manifest_text(json_object_array_get_idx(entries, i), "file"), file))
			return true;
	return false;
}

/* Every vmcore in the folder has an entry, and all together are not too large. */
static void check_folder(struct check *check)
{
	DIR *folder = opendir(check->dir);
	struct dirent *file;
	long long total = 0;

	if (!folder) {
		complain(check, "cannot list %s", check->dir);
		return;
	}
	while ((file = readdir(folder))) {
		size_t len = strlen(file->d_name);
		char path[PATH_MAX];
		struct stat status;

		if (len <= 7 || strcmp(file->d_name + len - 7, ".vmcore"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", check->dir, file->d_name);
		if (!stat(path, &status))
			total += status.st_size;
		if (!has_entry(check->entries, file->d_name))
			complain(check, "%s has no entry", file->d_name);
	}
	closedir(folder);
	if (total > MANIFEST_TOTAL_MAX)
		complain(check, "the vmcores have %lld bytes, may have %ld", total,
			 MANIFEST_TOTAL_MAX);
}

size_t manifest_check(struct json_object *root, const char *dir, manifest_report report,
		      void *context)
{
	struct check check = { .dir = dir, .report = report, .context = context };
	size_t i;

	check.name = "manifest";
	check.entries = manifest_member(root, "vmcores");
	if (number(root, "schema") != 1)
		complain(&check, "schema: should be 1");
	if (!length(check.entries)) {
		complain(&check, "vmcores: there are none");
		return check.failures;
	}
	check_folder(&check);
	for (i = 0; i < length(check.entries); i++)
		check_entry(&check, i);
	return check.failures;
}
