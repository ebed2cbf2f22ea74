/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with debuginfo, made by the compiler at test time: what is read of them, and which are taken. */
#include "unit.h"
#include "resolve/debuginfo.h"
#include "structures.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef01234567"
#define OTHER_ID "f123456789abcdef0123456789abcdef01234567"
#define RELEASE "6.1.0-test"
#define LINK \
	"-static -nostdlib -no-pie -fno-pic -mcmodel=kernel -Wl,-e,_stext,-Ttext=0xffffffff81000000,--build-id=0x" ID

static char folder[200];

/* Run a command; it has to do its work. */
static void __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
	char command[2000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command)) {
		fprintf(stderr, "failed: %s\n", command);
		exit(99);
	}
}

static bool have(const char *program)
{
	char command[100];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	return !system(command);
}

static const char *compiler(void)
{
	const char *cc = getenv("CC");

	return cc && *cc ? cc : "cc";
}

static void remove_folder(void)
{
	run("rm -rf '%s'", folder);
}

static void make_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/xfdt-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder) || atexit(remove_folder))
		exit(99);
}

static const char *path_of(const char *name)
{
	static char paths[64][300];
	static unsigned int next;
	char *path = paths[next++ % 64];

	if (!*folder)
		make_folder();
	snprintf(path, 300, "%s/%s", folder, name);
	return path;
}

/* What the test before has left. */
static void empty_folder(void)
{
	run("rm -rf '%s'; mkdir '%s'", path_of(""), path_of(""));
}

static void compile(const char *name, const char *options)
{
	run("%s -O0 -ffreestanding %s -o '%s' tests/structures.c", compiler(), options,
	    path_of(name));
}

/* no part is elsewhere */
static struct xfdt_debugfile *no_alt(void *context, const char *build_id, const char *name)
{
	return NULL;
}

static struct xfdt_error *read_types(const char *path, struct xfdt_layout *layout)
{
	struct xfdt_debugfile *file;
	struct xfdt_error *err = xfdt_debugfile_open(&file, path, -1);

	if (err)
		return err;
	memset(layout, 0, sizeof(*layout));
	err = xfdt_debugfile_types(file, no_alt, NULL, layout);
	xfdt_debugfile_close(file);
	return err;
}

#define PLACE(id, structure, path) \
	{ \
		XFDT_M_##id, offsetof(struct structure, path), \
			sizeof(((struct structure *)NULL)->path) \
	}
static const struct {
	enum xfdt_member_id id;
	size_t offset, size;
} places[] = {
	PLACE(list_head_next, list_head, next),
	PLACE(xarray_xa_head, xarray, xa_head),
	PLACE(xa_node_shift, xa_node, shift),
	PLACE(xa_node_slots, xa_node, slots),
	PLACE(kvm_vm_list, kvm, vm_list),
	PLACE(kvm_vcpu_array, kvm, vcpu_array),
	PLACE(kvm_online_vcpus, kvm, online_vcpus),
	PLACE(kvm_created_vcpus, kvm, created_vcpus),
	PLACE(kvm_vcpu_kvm, kvm_vcpu, kvm),
	PLACE(kvm_vcpu_vcpu_id, kvm_vcpu, vcpu_id),
	PLACE(kvm_vcpu_cpu, kvm_vcpu, cpu),
	PLACE(kvm_vcpu_mode, kvm_vcpu, mode),
	PLACE(kvm_vcpu_preempt_notifier, kvm_vcpu, preempt_notifier.link),
	PLACE(kvm_vcpu_guest_fpu, kvm_vcpu, arch.guest_fpu),
	PLACE(kvm_vcpu_xcr0, kvm_vcpu, arch.xcr0),
	PLACE(kvm_vcpu_xfd_no_write_intercept, kvm_vcpu, arch.xfd_no_write_intercept),
	PLACE(fpu_guest_fpstate, fpu_guest, fpstate),
	PLACE(fpu_guest_xfd_err, fpu_guest, xfd_err),
	PLACE(fpstate_size, fpstate, size),
	PLACE(fpstate_xfd, fpstate, xfd),
	PLACE(fpstate_regs, fpstate, regs),
	PLACE(fpu_last_cpu, fpu, last_cpu),
	PLACE(fpu_fpstate, fpu, fpstate),
	PLACE(task_thread_fpu, task_struct, thread.fpu),
	PLACE(task_thread, task_struct, thread),
	PLACE(task_on_cpu, task_struct, on_cpu),
	PLACE(task_pid, task_struct, pid),
	PLACE(task_comm, task_struct, comm),
	PLACE(task_thread_info_flags, task_struct, thread_info.flags),
	PLACE(task_thread_info_cpu, task_struct, thread_info.cpu),
	PLACE(uts_namespace_name, uts_namespace, name),
};

/* Member @id, set to @value in the @len bytes of @structure, all else of which is set too. */
static void assert_bits(const struct xfdt_layout *layout, enum xfdt_member_id id,
			const void *structure, size_t len, uint64_t value)
{
	static struct xfdt_image image;
	uint64_t found = 0;

	image.layout = *layout;
	assert_true(layout->members[id].bit_size);
	assert_true(xfdt_member_value(&image, structure, len, id, &found));
	assert_int_equal(found, value);
}

static void assert_layout(const struct xfdt_layout *layout)
{
	struct fpstate state;
	struct pid pid;
	struct kvm vm;
	size_t i;

	for (i = 0; i < COUNT(places); i++) {
		const struct xfdt_member *member = &layout->members[places[i].id];

		if (!member->known || member->offset != places[i].offset ||
		    member->size != places[i].size || member->bit_size)
			fail_msg("%s.%s: known %d, at %u of %u bytes, is at %zu of %zu",
				 xfdt_member_needs[places[i].id].structure,
				 xfdt_member_needs[places[i].id].path, member->known,
				 member->offset, member->size, places[i].offset, places[i].size);
	}
	assert_int_equal(layout->structs[XFDT_T_kvm], sizeof(struct kvm));
	assert_int_equal(layout->structs[XFDT_T_fpstate], sizeof(struct fpstate));
	assert_int_equal(layout->structs[XFDT_T_task_struct], sizeof(struct task_struct));
	assert_int_equal(layout->structs[XFDT_T_xa_node], sizeof(struct xa_node));
	assert_int_equal(layout->structs[XFDT_T_printk_info], 0);
	assert_false(layout->members[XFDT_M_fpu_guest_perm].known);

	memset(&state, 0xff, sizeof(state));
	state.is_guest = 0;
	assert_bits(layout, XFDT_M_fpstate_is_guest, &state, sizeof(state), 0);
	assert_bits(layout, XFDT_M_fpstate_is_confidential, &state, sizeof(state), 1);
	state.in_use = 0;
	assert_bits(layout, XFDT_M_fpstate_in_use, &state, sizeof(state), 0);
	memset(&pid, 0xff, sizeof(pid));
	pid.tasks = 0x155;
	assert_bits(layout, XFDT_M_pid_tasks, &pid, sizeof(pid), 0x155);
	memset(&vm, 0, sizeof(vm));
	vm.vm_bugged = 5;
	assert_bits(layout, XFDT_M_kvm_vm_bugged, &vm, sizeof(vm), 5);
}

static void test_debuginfo__every_form_of_dwarf(void **state)
{
	static const char *const forms[] = {
		"-gdwarf-5",
		"-gdwarf-4",
		"-gdwarf-3 -gstrict-dwarf",
		"-gdwarf-2 -gstrict-dwarf",
		"-gdwarf-4 -fdebug-types-section",
		"-gdwarf-5 -fdebug-types-section",
		"-gdwarf-5 -gz=zlib",
		"-gdwarf-4 -gz=zlib-gnu",
	};
	struct xfdt_layout layout;
	char options[500];
	size_t i;

	empty_folder();
	for (i = 0; i < COUNT(forms); i++) {
		snprintf(options, sizeof(options), "%s %s", forms[i], LINK);
		compile("vmlinux", options);
		assert_ok(read_types(path_of("vmlinux"), &layout));
		assert_layout(&layout);
	}
}

/* has no sizes of pointers */
static void test_debuginfo__clang(void **state)
{
	struct xfdt_layout layout;

	empty_folder();
	if (!have("clang")) {
		print_message("skipped: clang is not installed\n");
		skip();
	}
	run("clang -O0 -g -ffreestanding -c -o '%s' tests/structures.c", path_of("kvm.ko"));
	assert_ok(read_types(path_of("kvm.ko"), &layout));
	assert_layout(&layout);
}

/* a module is relocatable, and may be compressed */
static void test_debuginfo__modules(void **state)
{
	static const char *const packers[] = { "gzip", "bzip2", "xz" };
	struct xfdt_name_query query = { .name = "modules" };
	struct xfdt_debugfile *file;
	const char *section;
	struct xfdt_layout layout;
	size_t i;

	empty_folder();
	compile("kvm.ko", "-g -c");
	assert_ok(read_types(path_of("kvm.ko"), &layout));
	assert_layout(&layout);
	for (i = 0; i < COUNT(packers); i++) {
		if (!have(packers[i])) {
			print_message("skipped: %s is not installed\n", packers[i]);
			continue;
		}
		run("%s -c '%s' >'%s'", packers[i], path_of("kvm.ko"), path_of("packed"));
		assert_ok(read_types(path_of("packed"), &layout));
		assert_layout(&layout);
	}
	assert_ok(xfdt_debugfile_open(&file, path_of("kvm.ko"), -1));
	assert_true(file->is_module);
	assert_ok(xfdt_debugfile_symbols(file, &query, 1));
	assert_int_equal(query.found, 1);
	section = xfdt_debugfile_section(file, query.section);
	assert_non_null(section);
	assert_true(!strcmp(section, ".data") || !strcmp(section, ".bss"));
	assert_null(xfdt_debugfile_section(file, 0xfff1)); /* SHN_ABS */
	xfdt_debugfile_close(file);
}

static void test_debuginfo__identity(void **state)
{
	struct xfdt_debugfile *file;

	empty_folder();
	compile("vmlinux", "-g " LINK);
	assert_ok(xfdt_debugfile_open(&file, path_of("vmlinux"), -1));
	assert_string_equal(file->build_id, ID);
	assert_true(file->build_id_kvaddr);
	assert_false(file->is_module);
	assert_true(file->has_types && file->has_symbols);
	xfdt_debugfile_close(file);
	run("strip '%s'", path_of("vmlinux"));
	assert_ok(xfdt_debugfile_open(&file, path_of("vmlinux"), -1));
	assert_string_equal(file->build_id, ID);
	assert_false(file->has_types || file->has_symbols);
	xfdt_debugfile_close(file);
}

static void test_debuginfo__symbols(void **state)
{
	struct xfdt_name_query queries[] = {
		{ .name = "_stext" },
		{ .name = "modules" },
		{ .name = "no_such_symbol" },
		{ .name = "task" },
	};
	struct xfdt_debugfile *file;

	empty_folder();
	compile("vmlinux", LINK);
	assert_ok(xfdt_debugfile_open(&file, path_of("vmlinux"), -1));
	assert_ok(xfdt_debugfile_symbols(file, queries, COUNT(queries)));
	assert_int_equal(queries[0].found, 1);
	assert_true(queries[0].kvaddr == 0xffffffff81000000ull);
	assert_int_equal(queries[1].found, 1);
	assert_int_equal(queries[1].size, sizeof(struct list_head));
	assert_int_equal(queries[2].found, 0);
	assert_int_equal(queries[3].size, sizeof(struct task_struct));
	xfdt_debugfile_close(file);
}

static void test_debuginfo__is_no_such_file(void **state)
{
	struct xfdt_debugfile *file = NULL;

	empty_folder();
	assert_fails(xfdt_debugfile_open(&file, path_of("nothing"), -1), XFDT_SYSTEM);
	assert_fails(xfdt_debugfile_open(&file, folder, -1), XFDT_UNSUPPORTED);
	assert_fails(xfdt_debugfile_open(&file, "Makefile", -1), XFDT_CORRUPT);
	assert_fails(xfdt_debugfile_open(&file, "/dev/zero", -1), XFDT_CORRUPT);
	run("mkfifo '%s'; : >'%s'", path_of("fifo"), path_of("empty"));
	assert_fails(xfdt_debugfile_open(&file, path_of("fifo"), -1), XFDT_CORRUPT);
	assert_fails(xfdt_debugfile_open(&file, path_of("empty"), -1), XFDT_CORRUPT);
	assert_null(file);
}

/* which files are taken */

/* In a process with @room bytes of address space more than this one has; returns the error's code. */
static int code_within(size_t room, const char *path)
{
	struct xfdt_layout layout;
	struct rlimit limit;
	unsigned long pages;
	int status;
	pid_t pid;
	FILE *in;

	pid = fork();
	if (!pid) {
		in = fopen("/proc/self/statm", "r");
		if (!in || fscanf(in, "%lu", &pages) != 1)
			_exit(99);
		fclose(in);
		limit.rlim_cur = limit.rlim_max = pages * 4096 + room;
		if (setrlimit(RLIMIT_AS, &limit))
			_exit(99);
		_exit((int)xfdt_error_code(read_types(path, &layout)));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* elfutils calls it an invalid file */
static void test_debuginfo__want_of_memory_is_no_fault_of_the_file(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	print_message("skipped: AddressSanitizer maps terabytes\n");
	skip();
#endif
	empty_folder();
	compile("vmlinux", "-g " LINK);
	run("truncate -s 64M '%s'; objcopy --update-section .debug_info='%s' '%s' '%s'",
	    path_of("zeros"), path_of("zeros"), path_of("vmlinux"), path_of("big"));
	assert_int_equal(code_within(16 << 20, path_of("big")), XFDT_NO_MEMORY);
	assert_int_equal(code_within(16 << 20, "tests/structures.c"), XFDT_CORRUPT);
}

static struct xfdt_error *find_in(const char *const *paths, size_t count,
				  const struct xfdt_debug_query *query, char *ret_path)
{
	struct xfdt_debug_options options = { .paths = paths,
					      .path_count = count,
					      .named = "named" };
	struct xfdt_debug_found found = { NULL, NULL };
	struct xfdt_error *err = xfdt_debug_find(&options, query, &found);

	if (err)
		return err;
	assert_string_equal(found.how, "named");
	strcpy(ret_path, found.file->path);
	xfdt_debugfile_close(found.file);
	return NULL;
}

static const struct xfdt_debug_query the_kernel = {
	.types = true,
	.release = RELEASE,
	.build_id = ID,
};

static void test_debuginfo__only_the_same_build_id_is_taken(void **state)
{
	struct xfdt_debug_query query = the_kernel;
	const char *const path = path_of("vmlinux");
	struct xfdt_error *err;
	char found[300] = "";

	empty_folder();
	compile("vmlinux", "-g " LINK);
	assert_ok(find_in(&path, 1, &query, found));
	assert_string_equal(found, path);
	query.build_id = OTHER_ID;
	err = find_in(&path, 1, &query, found);
	assert_non_null(err);
	assert_int_equal(xfdt_error_code(err), XFDT_CORRUPT);
	assert_non_null(strstr(xfdt_error_message(err), ID));
	assert_non_null(strstr(xfdt_error_message(err), OTHER_ID));
	xfdt_error_free(err);
	/* a dump that states none: nothing shows that it is this one's */
	query.build_id = NULL;
	assert_fails(find_in(&path, 1, &query, found), XFDT_CORRUPT);
	/* nor does a file that has none belong to any */
	compile("vmlinux", "-g -static -nostdlib -no-pie -Wl,-e,_stext,--build-id=none");
	assert_fails(find_in(&path, 1, &the_kernel, found), XFDT_CORRUPT);
}

static bool say_yes(void *context, const struct xfdt_debugfile *file)
{
	*(unsigned int *)context += 1;
	return true;
}

static void test_debuginfo__what_is_proven_is_taken(void **state)
{
	unsigned int asked = 0;
	const struct xfdt_debug_query query = { .types = true,
						.proves = say_yes,
						.context = &asked };
	const char *const path = path_of("vmlinux");
	char found[300];

	empty_folder();
	compile("vmlinux", "-g " LINK);
	assert_ok(find_in(&path, 1, &query, found));
	assert_int_equal(asked, 1);
	/* not even then without a build-id */
	compile("vmlinux", "-g -static -nostdlib -no-pie -Wl,-e,_stext,--build-id=none");
	assert_fails(find_in(&path, 1, &query, found), XFDT_CORRUPT);
	assert_int_equal(asked, 1);
}

static void test_debuginfo__folders_of_distributions(void **state)
{
	static const char *const names[] = {
		".build-id/01/23456789abcdef0123456789abcdef01234567.debug",
		"boot/vmlinux-" RELEASE,
		"lib/modules/" RELEASE "/vmlinux",
		"usr/lib/debug/boot/vmlinux-" RELEASE ".debug",
		"usr/lib/modules/" RELEASE "/build/vmlinux",
		"vmlinux",
	};
	const char *root = path_of("root");
	char found[300], path[600];
	size_t i;

	empty_folder();
	compile("vmlinux", "-g " LINK);
	for (i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		run("rm -rf '%s'; mkdir -p \"$(dirname '%s')\"; cp '%s' '%s'", root, path,
		    path_of("vmlinux"), path);
		assert_ok(find_in(&root, 1, &the_kernel, found));
		assert_string_equal(found, path);
	}
	run("rm -rf '%s'; mkdir '%s'", root, root);
	assert_fails(find_in(&root, 1, &the_kernel, found), XFDT_MISSING);
}

static void test_debuginfo__named_folder_without_it_is_told(void **state)
{
	const char *root = path_of("root");
	const struct xfdt_debug_options options = { .paths = &root,
						    .path_count = 1,
						    .named = "named" };
	struct xfdt_debug_found found = { NULL, NULL };

	empty_folder();
	run("mkdir '%s'", root);
	assert_fails(xfdt_debug_find_named(&options, &the_kernel, &found), XFDT_MISSING);
}

static void test_debuginfo__modules_in_folders(void **state)
{
	const struct xfdt_debug_query query = {
		.module = true,
		.types = true,
		.release = RELEASE,
		.build_id = ID,
	};
	const char *paths[] = { path_of("vmlinux"), path_of("root") };
	char found[300];

	empty_folder();
	compile("vmlinux", "-g " LINK);
	compile("root.o", "-g -c");
	run("mkdir -p '%s/lib/modules/" RELEASE "/kernel/arch/x86/kvm'", paths[1]);
	run("ld -r --build-id=0x" ID " -o '%s/kvm.ko' '%s'", folder, path_of("root.o"));
	run("gzip -c '%s' >'%s/lib/modules/" RELEASE "/kernel/arch/x86/kvm/kvm.ko.gz'",
	    path_of("kvm.ko"), paths[1]);
	/* a vmlinux beside it is no mistake */
	assert_ok(find_in(paths, 2, &query, found));
	assert_non_null(strstr(found, "kvm.ko.gz"));
}

/* the release comes out of the dump */
static void test_debuginfo__release_leads_nowhere_else(void **state)
{
	struct xfdt_debug_query query = the_kernel;
	const char *root = path_of("root");
	char found[300];

	empty_folder();
	compile("vmlinux-x", "-g " LINK);
	run("mkdir -p '%s/boot/vmlinux-..'", root);
	query.release = "../../../vmlinux-x";
	assert_fails(find_in(&root, 1, &query, found), XFDT_MISSING);
	query.release = "";
	assert_fails(find_in(&root, 1, &query, found), XFDT_MISSING);
	query.build_id = "0";
	assert_fails(find_in(&root, 1, &query, found), XFDT_MISSING);
}

static void test_debuginfo__debuglink(void **state)
{
	const char *const path = path_of("vmlinux");
	char found[300];

	empty_folder();
	compile("vmlinux", "-g " LINK);
	run("cd '%s' && mkdir .debug && objcopy --only-keep-debug vmlinux .debug/vmlinux.dbg && "
	    "strip vmlinux && objcopy --add-gnu-debuglink=.debug/vmlinux.dbg vmlinux",
	    folder);
	assert_ok(find_in(&path, 1, &the_kernel, found));
	assert_non_null(strstr(found, "/.debug/vmlinux.dbg"));
	run("cd '%s' && objcopy --only-keep-debug vmlinux .debug/vmlinux.dbg", folder);
	assert_fails(find_in(&path, 1, &the_kernel, found), XFDT_MISSING);
}

static struct xfdt_error *fetch(void *context, const char *build_id, char *ret_path, size_t size,
				int *ret_fd)
{
	if (strcmp(build_id, ID))
		return xfdt_error_new(XFDT_MISSING, 0, "no such thing");
	snprintf(ret_path, size, "somewhere");
	*ret_fd = open(context, O_RDONLY | O_CLOEXEC);
	return NULL;
}

static void test_debuginfo__fetched(void **state)
{
	struct xfdt_debug_options options = { .fetch = fetch,
					      .context = (void *)path_of("vmlinux") };
	struct xfdt_debug_query query = the_kernel;
	struct xfdt_debug_found found;

	empty_folder();
	compile("vmlinux", "-g " LINK);
	assert_ok(xfdt_debug_find(&options, &query, &found));
	assert_string_equal(found.how, "by debuginfod");
	assert_string_equal(found.file->path, "somewhere");
	xfdt_debugfile_close(found.file);
	query.build_id = OTHER_ID;
	assert_fails(xfdt_debug_find(&options, &query, &found), XFDT_MISSING);
	/* a server's word is not enough */
	compile("vmlinux", "-g " LINK " -Wl,--build-id=0x" OTHER_ID);
	query.build_id = ID;
	assert_fails(xfdt_debug_find(&options, &query, &found), XFDT_CORRUPT);
}

static const struct xfdt_debug_options nobody;

static void types_of(const char *path, struct xfdt_layout *layout)
{
	struct xfdt_debug_found found = { .how = "named" };

	assert_ok(xfdt_debugfile_open(&found.file, path, -1));
	assert_ok(xfdt_debug_types(&nobody, &found, layout));
	xfdt_debugfile_close(found.file);
}

/* dwz: what several files share is in one more */

static struct xfdt_error *fetch_any(void *context, const char *build_id, char *ret_path,
				    size_t size, int *ret_fd)
{
	snprintf(ret_path, size, "somewhere");
	*ret_fd = open(context, O_RDONLY | O_CLOEXEC);
	return NULL;
}

static void test_debuginfo__dwz(void **state)
{
	struct xfdt_debug_options options;
	struct xfdt_debug_found found = { .how = "named" };
	struct xfdt_layout layout;
	char alt[300];

	empty_folder();
	if (!have("dwz")) {
		print_message("skipped: dwz is not installed\n");
		skip();
	}
	compile("one", "-gdwarf-4 " LINK);
	compile("two", "-gdwarf-4 " LINK);
	run("cd '%s' && dwz -m shared one two && readelf -S one | grep -q gnu_debugaltlink",
	    folder);
	snprintf(alt, sizeof(alt), "%s", path_of("shared"));
	types_of(path_of("one"), &layout);
	assert_layout(&layout);
	/* from a server */
	run("cd '%s' && mv shared elsewhere", folder);
	options = (struct xfdt_debug_options){ .fetch = fetch_any,
					       .context = (void *)path_of("elsewhere") };
	assert_ok(xfdt_debugfile_open(&found.file, path_of("one"), -1));
	assert_ok(xfdt_debug_types(&options, &found, &layout));
	assert_layout(&layout);
	xfdt_debugfile_close(found.file);
	run("cd '%s' && mv elsewhere shared", folder);
	/* of another build: refused */
	run("objcopy --remove-section .note.gnu.build-id '%s'", alt);
	assert_ok(xfdt_debugfile_open(&found.file, path_of("one"), -1));
	assert_fails(xfdt_debug_types(&nobody, &found, &layout), XFDT_MISSING);
	xfdt_debugfile_close(found.file);
}

static void test_debuginfo__dwz_of_one_file(void **state)
{
	struct xfdt_layout layout;

	empty_folder();
	if (!have("dwz")) {
		print_message("skipped: dwz is not installed\n");
		skip();
	}
	/* two units, so that there is something to put into a partial one */
	run("cp tests/structures.c tests/structures.h '%s' && cd '%s' && sed 's/^struct.*;$//; s/^void .*//; /^[{}]/d' structures.c >more.c && "
	    "echo 'struct kvm *more_kvm(struct kvm_vcpu *vcpu) { return vcpu->kvm; } struct task_struct other; struct fpstate more; struct xa_node xa;' >>more.c",
	    folder, folder);
	run("cd '%s' && %s -O0 -gdwarf-4 -ffreestanding %s -o one structures.c more.c && dwz one",
	    folder, compiler(), LINK);
	assert_ok(read_types(path_of("one"), &layout));
	assert_layout(&layout);
}

/* of several structures of a name, the one with most of what is looked for */
static void test_debuginfo__namesakes(void **state)
{
	struct xfdt_layout layout;

	empty_folder();
	run("cp tests/structures.c tests/structures.h '%s'", folder);
	run("cd '%s' && echo 'struct kvm_vcpu { int vcpu_id; } decoy; struct fpu *undefined; union kvm { int vm_list; } vm; "
	    "void f(void) { struct task_struct { int pid; } inner = { 1 }; (void)inner; }' >decoy.c && "
	    "%s -O0 -g -ffreestanding %s -o vmlinux decoy.c structures.c && "
	    "%s -O0 -g -ffreestanding %s -o other structures.c decoy.c",
	    folder, compiler(), LINK, compiler(), LINK);
	assert_ok(read_types(path_of("vmlinux"), &layout));
	assert_layout(&layout);
	assert_ok(read_types(path_of("other"), &layout));
	assert_layout(&layout);
}

/* hostile files */

static void check_sanity(const char *path)
{
	struct xfdt_layout layout = { 0 };
	struct xfdt_error *err = read_types(path, &layout);
	size_t i;

	if (err) {
		xfdt_error_free(err);
		return;
	}
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		assert_true(xfdt_member_is_sane(&layout.members[i]));
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		assert_true(layout.structs[i] <= XFDT_STRUCT_MAX);
}

static void test_debuginfo__damaged_anywhere(void **state)
{
	uint32_t seed = 1;
	struct stat status;
	unsigned int i;
	int fd;

	empty_folder();
	compile("vmlinux", "-gdwarf-4 -fdebug-types-section " LINK);
	fd = open(path_of("vmlinux"), O_RDWR);
	assert_int_equal(fstat(fd, &status), 0);
	for (i = 0; i < 1500; i++) {
		uint8_t byte, other;
		off_t at;

		/* the debuginfo is what ends the file */
		seed = seed * 1664525 + 1013904223;
		at = status.st_size - 1 - seed % (i % 4 ? 9000 : (uint32_t)status.st_size);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		other = (uint8_t)(seed >> 24);
		assert_int_equal(pwrite(fd, &other, 1, at), 1);
		check_sanity(path_of("vmlinux"));
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	for (i = 0; i < 64; i++) {
		assert_int_equal(ftruncate(fd, status.st_size - status.st_size * i / 64), 0);
		check_sanity(path_of("vmlinux"));
	}
	close(fd);
}

/* DWARF 4 of one unit, whose entries are @entries; abbreviations as below */
static void assemble(const char *name, const char *entries)
{
	FILE *out = fopen(path_of("hostile.s"), "w");

	assert_non_null(out);
	fprintf(out,
		".section .debug_abbrev\n"
		/* 1 unit, 2 struct, 3 member, 4 typedef, 5 array, 6 range, 7 unnamed member, 8 struct with sibling */
		".uleb128 1,0x11\n.byte 1\n.uleb128 0,0\n"
		".uleb128 2,0x13\n.byte 1\n.uleb128 3,8,0xb,0xb,0,0\n"
		".uleb128 3,0xd\n.byte 0\n.uleb128 3,8,0x49,0x13,0x38,0x6,0,0\n"
		".uleb128 4,0x16\n.byte 0\n.uleb128 0x49,0x13,0,0\n"
		".uleb128 5,1\n.byte 1\n.uleb128 0x49,0x13,0,0\n"
		".uleb128 6,0x21\n.byte 0\n.uleb128 0x37,7,0,0\n"
		".uleb128 7,0xd\n.byte 0\n.uleb128 0x49,0x13,0x38,0xb,0,0\n"
		".uleb128 8,0x13\n.byte 1\n.uleb128 1,0x13,0,0\n"
		".byte 0\n"
		".section .debug_info\n"
		"start: .long end - start - 4\n.short 4\n.long 0\n.byte 8\n"
		".uleb128 1\n%s.byte 0\nend:\n",
		entries);
	assert_int_equal(fclose(out), 0);
	run("cd '%s' && as -o hostile.o hostile.s && ld -e 0 --build-id=0x" ID " -o %s hostile.o",
	    folder, name);
}

#define STRUCT(name, bytes) ".uleb128 2\n.asciz \"" name "\"\n.byte " #bytes "\n"
#define MEMBER(name, type, at) \
	".uleb128 3\n.asciz \"" name "\"\n.long " type " - start\n.long " #at "\n"

static void assert_unknown(const char *entries, enum xfdt_member_id id)
{
	struct xfdt_layout layout;

	assemble("hostile", entries);
	assert_ok(read_types(path_of("hostile"), &layout));
	assert_false(layout.members[id].known);
}

static void test_debuginfo__assembled_by_hand(void **state)
{
	struct xfdt_layout layout;

	empty_folder();
	assemble("hostile", "array: .uleb128 5\n.long node - start\n.uleb128 6\n.quad 3\n.byte 0\n"
			    "node:" STRUCT("list_head", 16)
				    MEMBER("next", "node", 8) ".byte 0\n" STRUCT("kvm", 64)
					    MEMBER("vm_list", "array", 16) ".byte 0\n");
	assert_ok(read_types(path_of("hostile"), &layout));
	assert_int_equal(layout.members[XFDT_M_kvm_vm_list].offset, 16);
	assert_int_equal(layout.members[XFDT_M_kvm_vm_list].size, 48);
}

static void test_debuginfo__types_of_themselves(void **state)
{
	empty_folder();
	assert_unknown("loop: .uleb128 4\n.long loop - start\n" STRUCT("kvm", 64)
			       MEMBER("vm_list", "loop", 0) ".byte 0\n",
		       XFDT_M_kvm_vm_list);
	assert_unknown(
		"loop: .uleb128 5\n.long loop - start\n.uleb128 6\n.quad 2\n.byte 0\n" STRUCT("kvm",
											      64)
			MEMBER("vm_list", "loop", 0) ".byte 0\n",
		XFDT_M_kvm_vm_list);
	/* an unnamed member that is the structure itself */
	assert_unknown(
		"loop:" STRUCT(
			"kvm",
			64) ".uleb128 7\n.long loop - start\n.byte 1\n.uleb128 7\n.long loop - start\n.byte 2\n.byte 0\n",
		XFDT_M_kvm_vm_list);
}

static void test_debuginfo__sizes_that_wrap(void **state)
{
	empty_folder();
	assert_unknown(
		"node:" STRUCT(
			"list_head",
			16) ".byte 0\n"
			    "array: .uleb128 5\n.long node - start\n.uleb128 6\n.quad 0x1000000000000001\n"
			    ".uleb128 6\n.quad 0x1000000000000001\n.byte 0\n" STRUCT("kvm", 64)
				    MEMBER("vm_list", "array", 0) ".byte 0\n",
		XFDT_M_kvm_vm_list);
	assert_unknown("node:" STRUCT("list_head", 16) ".byte 0\n" STRUCT("kvm", 64)
			       MEMBER("vm_list", "node", 0x7fffffff) ".byte 0\n",
		       XFDT_M_kvm_vm_list);
}

/* an entry that is its own sibling: libdw 0.188 ends there, and our own bound is behind it */
static void test_debuginfo__siblings_in_a_circle(void **state)
{
	struct xfdt_layout layout = { 0 };

	empty_folder();
	assemble("hostile",
		 "loop: .uleb128 8\n.long loop - start\n.byte 0\n" STRUCT("kvm", 64) ".byte 0\n");
	xfdt_error_free(read_types(path_of("hostile"), &layout));
	assert_int_equal(layout.structs[XFDT_T_kvm], 0);
}

#include "test_debuginfo.tests.h"
