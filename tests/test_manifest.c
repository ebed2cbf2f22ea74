/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever a manifest lacks, or says wrong, fails its check. */
#include "unit.h"

#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two vmcores of one kernel: of a panic, which carries the types, and of a host that was well. */
static const char good[] =
	"{'schema':1,'vmcores':["
	"{'name':'panic','file':'panic.vmcore',"
	"'sha256':'3a8637b29fd8d6b02fdc94279b9c529cc81035bd1ef75300b8e98429a144d97c',"
	"'kernel':{'release':'6.18.5','package':'linux-image-6.18.5','version':'6.18.5-1','suite':'trixie'},"
	"'emulator':'Bochs 3.0','cpus':1,'memory_mb':768,'cmdline':'panic=1','sysctl':'kernel.panic_on_oops=1',"
	"'scenario':'set-xsave --vcpus 2','emulated':['the whole machine'],'forged':null,'make':'make -C dumps panic',"
	"'dump':{'tool':'makedumpfile 1.7.8','options':'-l -d 31','level':31,'format':'kdump-compressed'},"
	"'reproducer':[{'event':'vm','scenario':'set-xsave','kernel':'6.18.5','pid':136,'vcpus':[{'id':0},{'id':1}]},"
	"{'event':'run','pid':136,'vcpu':1}],"
	"'debugger':[{'event':'load-faults','rfbm':'0x618e7'}],'console':'WARNING','carries_types':true,"
	"'expect':{'verdict':'confirmed','exit':0,'route':'fpu_swap_kvm_fpstate','fix':'absent','vms':[{'pid':136,'vcpus':["
	"{'id':0,'state':'ok','xstate_bv':'0x200','xstate_bv_mask':'0x602e7','xcomp_bv':null,'xfd':'0x0'},"
	"{'id':1,'state':'armed','xstate_bv':'0x60200','xstate_bv_mask':'0xffffffffffffffff',"
	"'xcomp_bv':'0x8000000000061ae7','xfd':'0x40000','rfbm':'0x618e7'}]}]}},"
	"{'name':'well','file':'well.vmcore',"
	"'sha256':'a94289684af0bb2f6a93d8f96991944ebda4f9a3c8d60a6197b2f972b8dfcee0',"
	"'kernel':{'release':'6.18.5','package':'linux-image-6.18.5','version':'6.18.5-1','suite':'trixie'},"
	"'emulator':'QEMU 7.2.22','cpus':2,'memory_mb':1024,'cmdline':'panic=1','sysctl':'kernel.panic_on_oops=1',"
	"'scenario':'clean --vms 1 --vcpus 1','emulated':['the whole machine'],'forged':null,'make':'make -C dumps well',"
	"'dump':{'tool':'dd','options':'','level':0,'format':'elf'},"
	"'reproducer':[{'event':'vm','scenario':'clean','kernel':'6.18.5','pid':114,'vcpus':[{'id':4}]},{'event':'crash'}],"
	"'debugger':[],'console':'sysrq','carries_types':false,"
	"'expect':{'verdict':'not-this-bug','exit':1,'route':null,'fix':'absent','vms':[{'pid':114,'vcpus':["
	"{'id':4,'state':'ok','xstate_bv':'0x207','xstate_bv_mask':'0x207','xcomp_bv':'0x0','xfd':'0x0'}]}]}}]}";

/* A folder of the files that @good is about. */
struct folder {
	char path[32];
};

static void put(const struct folder *folder, const char *name, const char *text, off_t size)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	if (size)
		assert_int_equal(truncate(path, size), 0);
}

static void drop(const struct folder *folder, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	assert_int_equal(remove(path), 0);
}

static void folder_init(struct folder *folder)
{
	char path[96];

	strcpy(folder->path, "/tmp/xfdtriage-test.XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	snprintf(path, sizeof(path), "%s/recipes", folder->path);
	assert_int_equal(mkdir(path, 0700), 0);
	put(folder, "panic.vmcore", "", 0);
	put(folder, "well.vmcore", "", 0);
	put(folder, "recipes/panic",
	    "kernel=6.18.5\nscenario=\"set-xsave --vcpus 2\"\nverdict=confirmed\n", 0);
	put(folder, "recipes/well",
	    "kernel=6.18.5\nscenario=\"clean --vms 1 --vcpus 1\"\nverdict=not-this-bug\n", 0);
}

static void folder_deinit(struct folder *folder)
{
	static const char *const names[] = { "panic.vmcore", "well.vmcore", "recipes/panic",
					     "recipes/well", "recipes",	    "" };
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		drop(folder, names[i]);
}

static void collect(void *context, const char *name, const char *message)
{
	char *said = context;
	size_t len = strlen(said);

	snprintf(said + len, 4096 - len, "%s: %s\n", name, message);
}

/* @good after the first @from in it became @to; there has to be one. */
static struct json_object *changed(const char *from, const char *to)
{
	char text[2 * sizeof(good)], *at;
	const char *found = strstr(good, from);
	struct json_object *root;

	if (!found)
		fail_msg("nothing reads %s", from);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(found - good), good, to,
		 found + strlen(from));
	for (at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	root = json_tokener_parse(text);
	if (!root)
		fail_msg("not JSON after %s became %s", from, to);
	return root;
}

/* The check of @root, which is released, says @expected; NULL: nothing. */
static void assert_says(const struct folder *folder, struct json_object *root, const char *expected)
{
	char said[4096] = "";
	size_t failures = manifest_check(root, folder->path, collect, said);

	json_object_put(root);
	if (!expected && failures)
		fail_msg("said: %s", said);
	if (expected && (!failures || !strstr(said, expected)))
		fail_msg("not said: %s\nbut: %s", expected, said);
}

static void test_manifest__of_good_ones_nothing_is_said(void **state)
{
	struct folder folder;

	folder_init(&folder);
	assert_says(&folder, changed("", ""), NULL);
	folder_deinit(&folder);
}

static struct json_object *entry_of(struct json_object *root, size_t index)
{
	return json_object_array_get_idx(manifest_member(root, "vmcores"), index);
}

/* Without any key of any object: what a review found to pass. */
static void test_manifest__every_key_is_needed(void **state)
{
	static const struct {
		const char *inside, *keys[20];
	} objects[] = {
		{ "",
		  { "file", "sha256", "kernel", "emulator", "cpus", "memory_mb", "cmdline",
		    "sysctl", "scenario", "emulated", "forged", "make", "dump", "reproducer",
		    "debugger", "console", "expect", "carries_types" } },
		{ "kernel", { "release", "package", "version", "suite" } },
		{ "dump", { "tool", "options", "level", "format" } },
		{ "expect", { "verdict", "exit", "route", "fix", "vms" } },
	};
	struct folder folder;
	size_t i, j;

	folder_init(&folder);
	for (i = 0; i < COUNT(objects); i++) {
		for (j = 0; j < COUNT(objects[i].keys) && objects[i].keys[j]; j++) {
			struct json_object *root = changed("", ""), *object = entry_of(root, 1);
			const char *inside = objects[i].inside;
			char expected[96];

			json_object_object_del(*inside ? manifest_member(object, inside) : object,
					       objects[i].keys[j]);
			snprintf(expected, sizeof(expected), "well: %s%s%s: is missing\n", inside,
				 *inside ? "." : "", objects[i].keys[j]);
			assert_says(&folder, root, expected);
		}
	}
	folder_deinit(&folder);
}

static void test_manifest__every_key_of_a_vcpu_is_needed(void **state)
{
	static const char *const keys[] = { "id",	"state", "xstate_bv", "xstate_bv_mask",
					    "xcomp_bv", "xfd" };
	struct folder folder;
	size_t i;

	folder_init(&folder);
	for (i = 0; i < COUNT(keys); i++) {
		struct json_object *root = changed("", ""),
				   *vms = manifest_member(manifest_member(entry_of(root, 0),
									  "expect"),
							  "vms");
		struct json_object *vcpus = manifest_member(json_object_array_get_idx(vms, 0),
							    "vcpus");
		char expected[96];

		json_object_object_del(json_object_array_get_idx(vcpus, 1), keys[i]);
		snprintf(expected, sizeof(expected),
			 "panic: expect.vms[0].vcpus[1].%s: is missing\n", keys[i]);
		assert_says(&folder, root, expected);
	}
	folder_deinit(&folder);
}

/* One thing at a time. */
static void test_manifest__what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *from, *to, *expected;
	} changes[] = {
		{ "'schema':1", "'schema':2", "manifest: schema: should be 1" },
		{ "'name':'panic',", "", "manifest: vmcores[0].name: is missing" },
		{ "'name':'panic'", "'name':'well'", "well: name: another entry has the same" },
		{ "'file':'panic.vmcore'", "'file':'well.vmcore'",
		  "well: file: another entry has the same" },
		{ "'file':'panic.vmcore'", "'file':'well.vmcore'",
		  "manifest: panic.vmcore has no entry" },
		{ "'3a8637b29fd8d6b02fdc94279b9c529cc81035bd1ef75300b8e98429a144d97c'",
		  "'a94289684af0bb2f6a93d8f96991944ebda4f9a3c8d60a6197b2f972b8dfcee0'",
		  "well: sha256: another entry has the same" },
		{ "'3a8637b2", "'", "panic: sha256: " },
		{ "'3a8637b29fd8d6b02fdc94279b9c529cc81035bd1ef75300b8e98429a144d97c'", "null",
		  "panic: sha256: is null" },
		{ "'release':'6.18.5'", "'release':'6.18.9'",
		  "panic: kernel.release: is \"6.18.9\", its recipe says \"6.18.5\"" },
		{ "'release':'6.18.5'", "'release':'6.18.9'", "panic: reproducer[0].kernel: " },
		{ "'cpus':1", "'cpus':0", "panic: cpus: is 0" },
		{ "'cpus':1", "'cpus':'1'", "panic: cpus: is \"1\"" },
		{ "'cmdline':'panic=1'", "'cmdline':''", "panic: cmdline: is \"\"" },
		{ "'emulated':['the whole machine']", "'emulated':[]", "panic: emulated: is [ ]" },
		{ "'emulated':['the whole machine']", "'emulated':['']", "panic: emulated[0]: " },
		{ "'forged':null", "'forged':''", "panic: forged: is \"\"" },
		{ "'scenario':'set-xsave --vcpus 2'", "'scenario':'wrmsr-race --vcpus 2'",
		  "panic: scenario: is \"wrmsr-race --vcpus 2\", its recipe says" },
		{ "'scenario':'set-xsave --vcpus 2'", "'scenario':'wrmsr-race --vcpus 2'",
		  "panic: reproducer[0].scenario: " },
		{ "'scenario':'set-xsave --vcpus 2'", "'scenario':'set-xsave --vcpus 3'",
		  "panic: reproducer[0].vcpus: are 2" },
		{ "'scenario':'set-xsave --vcpus 2'", "'scenario':'set-xsave --vms 2'",
		  "panic: reproducer: has \"vm\" lines on 1 VMs" },
		{ "'scenario':'set-xsave','kernel'", "'scenario':'set','kernel'",
		  "panic: reproducer[0].scenario: " },
		{ "'make -C dumps panic'", "'make -C dumps well'",
		  "panic: make: is \"make -C dumps well\"" },
		{ "'event':'vm',", "", "panic: reproducer[0].event: is missing" },
		{ "'event':'vm'", "'event':'machine'",
		  "panic: reproducer: has \"vm\" lines on 0 VMs" },
		{ "{'event':'run','pid':136,'vcpu':1}", "'run'",
		  "panic: reproducer[1].event: is missing" },
		{ "'kernel':'6.18.5','pid':136,", "'kernel':'6.18.5',",
		  "panic: reproducer[0].pid: is missing" },
		{ "[{'id':0},{'id':1}]", "[{'id':0},{}]",
		  "panic: reproducer[0].vcpus[1].id: is missing" },
		{ "[{'id':0},{'id':1}]", "[{'id':0},{'id':4}]",
		  "panic: expect.vms[0].vcpus[1].id: the reproducer has no vCPU 1" },
		{ "{'event':'load-faults','rfbm':'0x618e7'}", "",
		  "panic: debugger: has no load that faulted" },
		{ "'event':'load-faults',", "", "panic: debugger[0].event: is missing" },
		{ "'event':'load-faults','rfbm':'0x618e7'",
		  "'event':'load-faults','rfbm':'0x602e7'",
		  "panic: expect.vms[0].vcpus[1].rfbm: is 0x618e7, the debugger saw 0x602e7" },
		{ "'carries_types':true", "'carries_types':1", "panic: carries_types: is 1" },
		{ "'carries_types':true", "'carries_types':false",
		  "well: carries_types: is false for every vmcore of 6.18.5" },
		{ "'verdict':'confirmed'", "'verdict':'sure'",
		  "panic: expect.verdict: \"sure\" is none" },
		{ "'verdict':'confirmed'", "'verdict':'probable'",
		  "panic: expect.verdict: is \"probable\", its recipe says \"confirmed\"" },
		{ "'exit':0", "'exit':1", "panic: expect.exit: is 1, that of confirmed is 0" },
		{ "'route':'fpu_swap_kvm_fpstate'", "'route':null",
		  "panic: expect.route: is null" },
		{ "'route':'fpu_swap_kvm_fpstate'", "'route':'elsewhere'",
		  "panic: expect.route: \"elsewhere\" is none" },
		{ "'route':null", "'route':'unknown'",
		  "well: expect.route: is unknown, which does not fit not-this-bug" },
		{ "'fix':'absent'", "'fix':null", "panic: expect.fix: is null" },
		{ "'fix':'absent'", "'fix':'missing'", "panic: expect.fix: is \"missing\"" },
		{ "'vms':[{'pid':136,", "'vms':[{'pid':137,",
		  "panic: expect.vms[0].pid: the reproducer has no line on a VM of 137" },
		{ "'vms':[{'pid':136,", "'vms':[{", "panic: expect.vms[0].pid: is missing" },
		{ "'vms':[{'pid':114,", "'vms':null,'were':[{'pid':114,",
		  "well: expect.vms: is null" },
		{ "'vms':[{'pid':114,", "'vms':[],'were':[{'pid':114,",
		  "well: expect.vms: are 0, the reproducer has lines on 1" },
		{ "{'id':0,'state':'ok'", "{'id':1,'state':'ok'",
		  "panic: expect.vms[0].vcpus[1].id: 1 is there twice" },
		{ "{'id':0,'state':'ok','xstate_bv':'0x200','xstate_bv_mask':'0x602e7','xcomp_bv':null,'xfd':'0x0'},",
		  "", "panic: expect.vms[0].vcpus: are 1, the reproducer has 2" },
		{ "'state':'armed'", "'state':'bad'",
		  "panic: expect.vms[0].vcpus[1].state: \"bad\" is none" },
		{ "'xfd':'0x40000'", "'xfd':'40000'",
		  "panic: expect.vms[0].vcpus[1].xfd: is \"40000\"" },
		{ "'xfd':'0x40000'", "'xfd':null", "panic: expect.vms[0].vcpus[1].xfd: is null" },
		{ "'xcomp_bv':null", "'xcomp_bv':0",
		  "panic: expect.vms[0].vcpus[0].xcomp_bv: is 0" },
		{ "'xfd':'0x40000','rfbm':'0x618e7'", "'xfd':'0x40000','rfbm':'0x1'",
		  "panic: expect.vms[0].vcpus[1].rfbm: is 0x1, the debugger saw 0x618e7" },
		{ "'xfd':'0x40000','rfbm':'0x618e7'", "'xfd':'0x40000'",
		  "panic: expect.vms: 0 vCPUs have rfbm" },
	};
	struct folder folder;
	size_t i;

	folder_init(&folder);
	for (i = 0; i < COUNT(changes); i++)
		assert_says(&folder, changed(changes[i].from, changes[i].to), changes[i].expected);
	folder_deinit(&folder);
}

static void test_manifest__an_entry_twice_is_one_too_many(void **state)
{
	struct json_object *root = changed("", "");
	struct folder folder;

	folder_init(&folder);
	json_object_array_add(manifest_member(root, "vmcores"), json_object_get(entry_of(root, 0)));
	assert_says(&folder, root, "panic: name: another entry has the same");
	folder_deinit(&folder);
}

static void test_manifest__an_empty_one_fails(void **state)
{
	struct folder folder;

	folder_init(&folder);
	assert_says(&folder, json_tokener_parse("{\"schema\":1,\"vmcores\":[]}"),
		    "manifest: vmcores: there are none");
	assert_says(&folder, json_tokener_parse("[]"), "manifest: schema: should be 1");
	folder_deinit(&folder);
}

static void test_manifest__files_and_recipes_must_be_there(void **state)
{
	struct folder folder;

	folder_init(&folder);
	put(&folder, "stray.vmcore", "", 0);
	assert_says(&folder, changed("", ""), "manifest: stray.vmcore has no entry");
	drop(&folder, "stray.vmcore");
	drop(&folder, "well.vmcore");
	assert_says(&folder, changed("", ""), "well: file: there is no ");
	put(&folder, "well.vmcore", "", 0);
	drop(&folder, "recipes/well");
	assert_says(&folder, changed("", ""), "well: make: there is no recipe ");
	put(&folder, "recipes/well", "kernel=6.18.5\nverdict=not-this-bug\n", 0);
	assert_says(&folder, changed("", ""), "recipes/well sets no scenario");
	folder_deinit(&folder);
}

static void test_manifest__sizes_are_bounded(void **state)
{
	struct folder folder;
	char name[32];
	int i;

	folder_init(&folder);
	put(&folder, "well.vmcore", "", MANIFEST_FILE_MAX);
	assert_says(&folder, changed("", ""), NULL);
	put(&folder, "well.vmcore", "", MANIFEST_FILE_MAX + 1);
	assert_says(&folder, changed("", ""), "well: file: ");
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "%d.vmcore", i);
		put(&folder, name, "", MANIFEST_FILE_MAX);
	}
	assert_says(&folder, changed("", ""), "manifest: the vmcores have 46137345 bytes");
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "%d.vmcore", i);
		drop(&folder, name);
	}
	folder_deinit(&folder);
}

#include "test_manifest.tests.h"
