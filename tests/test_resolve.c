/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole chain on the kernel made by hand, with a vmlinux for it: that is
 * compiled from what libbpf makes of the kernel's own BTF.
 */
#include "unit.h"
#include "resolve/debuginfo.h"
#include "kernel.h"
#include "kernel/host.h"
#include "verdict/verdict.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID "00112233445566778899aabbccddeeff00112233"
#define OTHER_ID "ff112233445566778899aabbccddeeff00112233"
#define MOVED 0x1000000 /* how far the kernel ran from where it was linked */
#define NOTE_LINKED 0xffffffff80e00000ull

static char folder[200], vmlinux[300];

static void remove_folder(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command))
		fprintf(stderr, "failed: %s\n", command);
}

static void put_text(void *out, const char *format, va_list arguments)
{
	vfprintf(out, format, arguments);
}

/* Every type, as C, with a variable so that the compiler keeps it. */
static void write_source(struct kernel *kernel, FILE *out)
{
	const struct memory_segment *segment = memory_segment_at(&kernel->memory, KERNEL_BTF);
	struct btf *btf = btf__new(segment->bytes, (__u32)segment->len);
	struct btf_dump *dump;
	__u32 id;

	assert_non_null(btf);
	dump = btf_dump__new(btf, put_text, out, NULL);
	assert_non_null(dump);
	for (id = 1; id < btf__type_cnt(btf); id++)
		assert_int_equal(btf_dump__dump_type(dump, id), 0);
	for (id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (btf_is_struct(type))
			fprintf(out, "struct %s *variable_%u;\n",
				btf__name_by_offset(btf, type->name_off), id);
	}
	btf_dump__free(dump);
	btf__free(btf);
}

static void link_vmlinux(struct kernel *kernel, const char *options)
{
	const char *tmp = getenv("TMPDIR"), *cc = getenv("CC");
	char command[4000], source[300];
	size_t len, i;
	FILE *out;

	if (!*folder) {
		snprintf(folder, sizeof(folder), "%s/xfdt-test-XXXXXX", tmp ? tmp : "/tmp");
		if (!mkdtemp(folder) || atexit(remove_folder))
			exit(99);
		snprintf(vmlinux, sizeof(vmlinux), "%s/vmlinux", folder);
	}
	snprintf(source, sizeof(source), "%s/vmlinux.c", folder);
	out = fopen(source, "w");
	assert_non_null(out);
	write_source(kernel, out);
	assert_int_equal(fclose(out), 0);
	len = (size_t)snprintf(command, sizeof(command),
			       "%s -static -nostdlib -no-pie -fno-pic -Wl,-e,_stext,"
			       "--section-start=.note.gnu.build-id=%#llx",
			       cc && *cc ? cc : "cc", NOTE_LINKED);
	for (i = 0; i < kernel->symbol_count; i++)
		len += (size_t)snprintf(command + len, sizeof(command) - len, ",--defsym=%s=%#llx",
					kernel->symbols[i].name,
					(unsigned long long)kernel->symbols[i].kvaddr - MOVED);
	snprintf(command + len, sizeof(command) - len, " %s -o '%s' '%s'", options, vmlinux,
		 source);
	if (system(command)) {
		fprintf(stderr, "failed: %s\n", command);
		exit(99);
	}
}

#define BUILD "-g -Wl,--build-id=0x" ID

/* There is none where its symbols say. */
static void forget_btf(struct kernel *kernel)
{
	const struct memory_segment *segment = memory_segment_at(&kernel->memory, KERNEL_BTF);

	memset(segment->bytes, 0, segment->len);
}

static struct xfdt_debug_options by_name(enum xfdt_type_choice types, bool prefer)
{
	static const char *paths[1];

	paths[0] = vmlinux;
	return (struct xfdt_debug_options){
		.types = types,
		.paths = paths,
		.path_count = 1,
		.named = "by name",
		.prefer_named = prefer,
	};
}

struct answer {
	enum xfdt_verdict_kind kind;
	char symbols[XFDT_ORIGIN_MAX], types[XFDT_ORIGIN_MAX];
	char gaps[4000];
	char build_id[64];
};

static struct answer ask(struct kernel *kernel, const struct xfdt_debug_options *debug)
{
	struct answer answer = { .kind = XFDT_INCONCLUSIVE };
	struct xfdt_verdict verdict;
	struct xfdt_facts facts;
	struct xfdt_image image;
	struct xfdt_host host;
	size_t i;

	xfdt_image_init(&image, &kernel->source, debug);
	assert_ok(xfdt_host_init(&host, &image));
	assert_ok(xfdt_facts_init(&facts, &host));
	assert_ok(xfdt_verdict_init(&verdict, &facts));
	answer.kind = verdict.kind;
	snprintf(answer.symbols, sizeof(answer.symbols), "%s", image.symbol_source);
	snprintf(answer.types, sizeof(answer.types), "%s", image.type_source);
	snprintf(answer.build_id, sizeof(answer.build_id), "%s",
		 image.build_id ? image.build_id : "");
	for (i = 0; i < image.gaps.count; i++) {
		strcat(strcat(answer.gaps, image.gaps.items[i].what), ": ");
		strcat(strcat(answer.gaps, image.gaps.items[i].why), "\n");
	}
	xfdt_verdict_deinit(&verdict);
	xfdt_facts_deinit(&facts);
	xfdt_host_deinit(&host);
	xfdt_image_deinit(&image);
	return answer;
}

static void assert_answer(const struct answer *answer, enum xfdt_verdict_kind kind,
			  const char *symbols, const char *types)
{
	if (answer->kind != kind || strcmp(answer->symbols, symbols) ||
	    strcmp(answer->types, types))
		fail_msg("verdict %d by '%s' and '%s':\n%s", answer->kind, answer->symbols,
			 answer->types, answer->gaps);
}

#define SYMTAB "symtab (vmlinux " ID " by name)"
#define DWARF "dwarf (vmlinux " ID " by name)"

static void test_resolve__each_rung_gives_the_same_answer(void **state)
{
	static const struct {
		bool named, prefer, no_kallsyms, no_btf;
		enum xfdt_type_choice choice;
		const char *symbols, *types;
	} runs[] = {
		{ .symbols = "kallsyms", .types = "btf" },
		{ .choice = XFDT_TYPES_BTF, .symbols = "kallsyms", .types = "btf" },
		{ .named = true, .symbols = "kallsyms", .types = "btf" },
		{ .named = true, .prefer = true, .symbols = SYMTAB, .types = DWARF },
		{ .named = true,
		  .prefer = true,
		  .choice = XFDT_TYPES_DWARF,
		  .symbols = SYMTAB,
		  .types = DWARF },
		{ .named = true, .choice = XFDT_TYPES_DWARF, .symbols = "kallsyms", .types = DWARF },
		{ .named = true,
		  .prefer = true,
		  .choice = XFDT_TYPES_BTF,
		  .symbols = "kallsyms",
		  .types = "btf" },
		{ .named = true, .no_kallsyms = true, .symbols = SYMTAB, .types = "btf" },
		{ .named = true, .no_btf = true, .symbols = "kallsyms", .types = DWARF },
		{ .named = true,
		  .no_kallsyms = true,
		  .no_btf = true,
		  .symbols = SYMTAB,
		  .types = DWARF },
	};
	struct xfdt_debug_options debug;
	struct kernel kernel;
	size_t i;

	for (i = 0; i < COUNT(runs); i++) {
		struct answer answer;

		kernel_init(&kernel);
		if (!i)
			link_vmlinux(&kernel, BUILD);
		if (runs[i].no_kallsyms)
			kernel_forget_vmcoreinfo(&kernel, "SYMBOL(kallsyms_names)");
		if (runs[i].no_btf)
			forget_btf(&kernel);
		debug = by_name(runs[i].choice, runs[i].prefer);
		if (!runs[i].named)
			debug.path_count = 0;
		answer = ask(&kernel, &debug);
		assert_answer(&answer, XFDT_CONFIRMED, runs[i].symbols, runs[i].types);
		assert_string_equal(answer.gaps, "");
		kernel_deinit(&kernel);
	}
}

static void test_resolve__without_a_rung_there_are_no_types(void **state)
{
	struct xfdt_debug_options debug;
	struct answer answer;
	struct kernel kernel;

	kernel_init(&kernel);
	link_vmlinux(&kernel, BUILD);
	debug = by_name(XFDT_TYPES_DWARF, false);
	debug.path_count = 0;
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_CONFIRMED, "kallsyms", "vmcoreinfo");
	assert_non_null(strstr(answer.gaps, "no vmlinux with build-id " ID " and DWARF was found"));
	forget_btf(&kernel);
	debug.types = XFDT_TYPES_BTF;
	debug.path_count = 1;
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_CONFIRMED, "kallsyms", "vmcoreinfo");
	kernel_deinit(&kernel);
}

static void test_resolve__debuginfo_of_another_kernel_is_refused(void **state)
{
	struct xfdt_debug_options debug;
	struct answer answer;
	struct kernel kernel;

	kernel_init(&kernel);
	link_vmlinux(&kernel, "-g -Wl,--build-id=0x" OTHER_ID);
	debug = by_name(XFDT_TYPES_AUTO, true);
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_CONFIRMED, "kallsyms", "btf");
	assert_non_null(strstr(answer.gaps, ID));
	assert_non_null(strstr(answer.gaps, OTHER_ID));
	debug.types = XFDT_TYPES_DWARF;
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_CONFIRMED, "kallsyms", "vmcoreinfo");
	kernel_deinit(&kernel);
}

/* the same build-id, and other addresses or layouts than VMCOREINFO states */
static void test_resolve__debuginfo_that_contradicts_vmcoreinfo_is_refused(void **state)
{
	struct xfdt_debug_options debug;
	struct answer answer;
	struct kernel kernel;
	char *offset;

	kernel_init(&kernel);
	link_vmlinux(&kernel, BUILD ",--defsym=prb=0xffffffff81000000");
	debug = by_name(XFDT_TYPES_AUTO, true);
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_CONFIRMED, "kallsyms", DWARF);
	assert_non_null(strstr(answer.gaps, "has 'prb' at "));

	link_vmlinux(&kernel, BUILD);
	offset = strstr(kernel.vmcoreinfo, "OFFSET(printk_info.caller_id)=20");
	assert_non_null(offset);
	offset[strlen("OFFSET(printk_info.caller_id)=2")] = '4';
	answer = ask(&kernel, &debug);
	/* and so is BTF */
	assert_string_equal(answer.types, "vmcoreinfo");
	assert_non_null(strstr(answer.gaps,
			       "'printk_info.caller_id' is at 20 there, and at 24 in VMCOREINFO"));
	kernel_deinit(&kernel);
}

/* VMCOREINFO states no build-id: the note in memory decides */
static void test_resolve__a_build_id_in_memory_is_proof(void **state)
{
	struct xfdt_debug_options debug;
	struct answer answer;
	struct kernel kernel;
	uint8_t id[20];
	size_t i;

	kernel_init(&kernel);
	link_vmlinux(&kernel, BUILD);
	kernel_forget_vmcoreinfo(&kernel, "BUILD-ID=");
	kernel_forget_vmcoreinfo(&kernel, "SYMBOL(kallsyms_names)");
	debug = by_name(XFDT_TYPES_AUTO, true);
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_CONFIRMED, "vmcoreinfo", "vmcoreinfo");
	assert_non_null(strstr(answer.gaps, "the dump states none"));

	for (i = 0; i < sizeof(id); i++)
		id[i] = (uint8_t)(i % 16 * 0x11);
	memory_add(&kernel.memory, NOTE_LINKED + MOVED, 4096);
	/* behind the note's header and "GNU" */
	memory_put(&kernel.memory, NOTE_LINKED + MOVED + 16, id, sizeof(id));
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_CONFIRMED, SYMTAB, DWARF);
	assert_string_equal(answer.build_id, ID);

	id[19] ^= 1;
	memory_put(&kernel.memory, NOTE_LINKED + MOVED + 16, id, sizeof(id));
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_CONFIRMED, "vmcoreinfo", "vmcoreinfo");
	kernel_deinit(&kernel);
}

/* what travels in a distilled dump says what it came from, and stands for nothing else */
static void test_resolve__carried_from_dwarf(void **state)
{
	struct xfdt_debug_options debug;
	struct xfdt_image image;
	struct answer answer;
	struct kernel kernel;
	size_t len;
	char *text;

	kernel_init(&kernel);
	link_vmlinux(&kernel, BUILD);
	debug = by_name(XFDT_TYPES_AUTO, true);
	xfdt_image_init(&image, &kernel.source, &debug);
	assert_ok(xfdt_image_record(&image, &text, &len));
	xfdt_image_deinit(&image);
	forget_btf(&kernel);
	kernel_forget_vmcoreinfo(&kernel, "SYMBOL(kallsyms_names)");
	kernel.source.record = text;
	kernel.source.record_len = len;
	answer = ask(&kernel, NULL);
	assert_answer(&answer, XFDT_CONFIRMED, SYMTAB, DWARF);
	debug = by_name(XFDT_TYPES_DWARF, true);
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_CONFIRMED, SYMTAB, DWARF);
	debug.types = XFDT_TYPES_BTF;
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_INCONCLUSIVE, SYMTAB, "vmcoreinfo");
	free(text);
	kernel_deinit(&kernel);
}

static void test_resolve__vmcoreinfo_that_contradicts_btf(void **state)
{
	struct answer answer;
	struct kernel kernel;

	kernel_init(&kernel);
	strcat(kernel.vmcoreinfo, "SIZE(task_struct)=4104\n");
	answer = ask(&kernel, NULL);
	assert_answer(&answer, XFDT_CONFIRMED, "kallsyms", "vmcoreinfo");
	assert_non_null(strstr(answer.gaps, "and 4104 in VMCOREINFO"));
	kernel_deinit(&kernel);
}

/* KVM's code is in vmlinux, and its list is not to be found */
static void test_resolve__built_in_kvm_without_its_list(void **state)
{
	struct xfdt_image image;
	struct kernel kernel;

	kernel_init(&kernel);
	link_vmlinux(&kernel, BUILD);
	kernel_forget_symbol(&kernel, "vm_list");
	xfdt_image_init(&image, &kernel.source, NULL);
	assert_null(xfdt_symbol(&image, XFDT_S_vm_list));
	assert_true(image.kvm_is_built_in);
	/* the fix is read from its code, and no module is looked for */
	assert_non_null(xfdt_symbol(&image, XFDT_S_kvm_arch_vcpu_ioctl));
	assert_int_equal(image.gaps.count, 0);
	xfdt_image_deinit(&image);
	kernel_deinit(&kernel);
}

/* a static variable of vmlinux that is called vm_list is not KVM's */
static void test_resolve__list_of_vms_without_kvms_code(void **state)
{
	struct xfdt_image image;
	struct kernel kernel;

	kernel_init(&kernel);
	kernel_forget_symbol(&kernel, "kvm_arch_vcpu_ioctl");
	xfdt_image_init(&image, &kernel.source, NULL);
	assert_null(xfdt_symbol(&image, XFDT_S_vm_list));
	assert_false(image.kvm_is_built_in);
	xfdt_image_deinit(&image);
	kernel_deinit(&kernel);
}

/* vmlinux's DWARF lacks a member, kvm.ko has no BTF, and vmlinux's BTF has the member */
static void test_resolve__types_of_kvm_from_btf_of_vmlinux(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct xfdt_debug_options debug;
	struct answer answer;
	struct kernel kernel;

	layout.kvm_is_module = true;
	kernel_init_as(&kernel, &layout);
	kernel_forget_member(&kernel, "kvm", "online_vcpus");
	link_vmlinux(&kernel, BUILD);
	kernel_deinit(&kernel);
	kernel_init_as(&kernel, &layout);
	kernel.data->btf_modules = (struct list_head){ KERNEL_VARIABLE(btf_modules),
						       KERNEL_VARIABLE(btf_modules) };
	debug = by_name(XFDT_TYPES_AUTO, true);
	answer = ask(&kernel, &debug);
	assert_answer(&answer, XFDT_CONFIRMED, SYMTAB, DWARF);
	assert_string_equal(answer.gaps, "");
	kernel_deinit(&kernel);
}

/* the remedy asks for the file that was not given */
static void test_resolve__remedy_names_what_was_not_given(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct xfdt_debug_options debug;
	struct xfdt_image image;
	struct kernel kernel;

	layout.kvm_is_module = true;
	layout.release = "4.18.0-477.10.1.el8_8.x86_64";
	kernel_init_as(&kernel, &layout);
	kernel_forget_member(&kernel, "kvm", "online_vcpus");
	link_vmlinux(&kernel, BUILD);
	forget_btf(&kernel);
	xfdt_image_init(&image, &kernel.source, NULL);
	assert_string_equal(image.gaps.items[0].what, "the kernel's types");
	assert_non_null(strstr(image.gaps.items[0].remedy,
			       "kernel-debuginfo-4.18.0-477.10.1.el8_8.x86_64"));
	assert_non_null(strstr(image.gaps.items[0].remedy, "its vmlinux and kvm.ko (-d)"));
	xfdt_image_deinit(&image);

	debug = by_name(XFDT_TYPES_AUTO, true);
	xfdt_image_init(&image, &kernel.source, &debug);
	assert_string_equal(image.gaps.items[0].what, "KVM's types");
	assert_non_null(strstr(image.gaps.items[0].remedy, "its kvm.ko (-d)"));
	xfdt_image_deinit(&image);
	kernel_deinit(&kernel);
}

/* a static variable elsewhere has the name too: no telling which is meant */
static void test_resolve__symbol_found_twice_is_not_taken(void **state)
{
	struct xfdt_image image;
	struct kernel kernel;

	kernel_init(&kernel);
	xfdt_image_init(&image, &kernel.source, NULL);
	assert_true(xfdt_symbol(&image, XFDT_S_fpu_kernel_cfg)->kvaddr ==
		    KERNEL_VARIABLE(fpu_kernel_cfg));
	xfdt_image_deinit(&image);

	kernel_add_symbol(&kernel, "fpu_kernel_cfg", KERNEL_SPARE);
	xfdt_image_init(&image, &kernel.source, NULL);
	assert_null(xfdt_symbol(&image, XFDT_S_fpu_kernel_cfg));
	assert_non_null(xfdt_symbol(&image, XFDT_S_vm_list));
	xfdt_image_deinit(&image);
	kernel_deinit(&kernel);
}

/* A distilled dump of before a symbol was asked for lacks its entry. */
static void test_resolve__symbol_that_can_be_spared(void **state)
{
	static const char *const names[] = { "tainted_mask", "vm_list",
					     "restore_fpregs_from_fpstate" };
	static const enum xfdt_symbol_id ids[] = { XFDT_S_tainted_mask, XFDT_S_vm_list,
						   XFDT_S_restore_fpregs };
	struct xfdt_image image;
	struct kernel kernel;
	size_t i, j;

	for (i = 0; i < COUNT(names); i++) {
		/* of one that is required, all is lost */
		const bool required = ids[i] == XFDT_S_restore_fpregs;

		kernel_init(&kernel);
		kernel.memory.missing = kernel_symbol_place(&kernel, names[i]);
		xfdt_image_init(&image, &kernel.source, NULL);
		for (j = 0; j < COUNT(names); j++)
			assert_int_equal(xfdt_symbol(&image, ids[j]) != NULL, j != i && !required);
		assert_int_equal(image.gaps.count != 0, required);
		xfdt_image_deinit(&image);
		kernel_deinit(&kernel);
	}
}

#include "test_resolve.tests.h"
