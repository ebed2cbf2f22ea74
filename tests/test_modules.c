/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded modules: the list, symbols, build-id and BTF. */
#include "unit.h"
#include "symbols/modules.h"
#include "memory.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define LIST 0xffffffff82000000ull     /* modules */
#define BTF_LIST 0xffffffff82000100ull /* btf_modules */
#define MODULE(n) (0xffffffffc0800000ull + 0x1000ull * (n))
#define KALLSYMS (MODULE(0) + 0x800)
#define SYMTAB 0xffffffffc0900000ull
#define STRTAB 0xffffffffc0902000ull /* one page */
#define NOTES 0xffff888100010000ull
#define BTF 0xffff888100020000ull
#define SYMS 5

static const char strings[] = "\0kvm_init\0vm_list\0kvm_arch_vcpu_ioctl\0kvm_exit";
enum { KVM_INIT = 1, VM_LIST = 10, IOCTL = 18, KVM_EXIT = 38 };

struct fixture {
	struct memory memory;
	struct xfdt_image image;
};

/* Module number @n, in the list in front of @next. */
static void put_module(struct fixture *fixture, unsigned int n, const char *name, uint64_t next)
{
	memory_add(&fixture->memory, MODULE(n), 0x1000);
	memory_put_u64(&fixture->memory, MODULE(n) + 8, next);
	memory_put(&fixture->memory, MODULE(n) + 24, name, strlen(name) + 1);
}

static void put_sym(struct fixture *fixture, unsigned int n, uint32_t name, uint64_t value,
		    uint64_t size, uint16_t shndx)
{
	Elf64_Sym sym = { .st_name = name, .st_value = value, .st_size = size, .st_shndx = shndx };

	memory_put(&fixture->memory, SYMTAB + n * sizeof(sym), &sym, sizeof(sym));
}

static void setup(struct fixture *fixture)
{
	struct xfdt_image *image = &fixture->image;

	memory_init(&fixture->memory);
	memory_image(image, &fixture->memory);
	set_symbol(image, XFDT_S_modules, LIST, 16);
	set_symbol(image, XFDT_S_btf_modules, BTF_LIST, 16);
	set_member(image, XFDT_M_list_head_next, 0, 8);
	set_member(image, XFDT_M_module_list, 8, 16);
	set_member(image, XFDT_M_module_name, 24, 56);
	set_member(image, XFDT_M_module_taints, 80, 8);
	set_member(image, XFDT_M_module_kallsyms, 96, 8);
	set_member(image, XFDT_M_module_notes_attrs, 104, 8);
	set_member(image, XFDT_M_mod_kallsyms_symtab, 0, 8);
	set_member(image, XFDT_M_mod_kallsyms_num_symtab, 8, 4);
	set_member(image, XFDT_M_mod_kallsyms_strtab, 16, 8);
	set_member(image, XFDT_M_notes_attrs_attrs, 16, 0);
	set_struct(image, XFDT_T_bin_attribute, 64);
	set_member(image, XFDT_M_bin_attribute_name, 0, 8);
	set_member(image, XFDT_M_bin_attribute_private, 24, 8);
	set_member(image, XFDT_M_btf_module_list, 0, 16);
	set_member(image, XFDT_M_btf_module_module, 16, 8);
	set_member(image, XFDT_M_btf_module_btf, 24, 8);
	set_member(image, XFDT_M_btf_data, 0, 8);
	set_member(image, XFDT_M_btf_data_size, 8, 4);
	memory_add(&fixture->memory, LIST, 0x200);
	memory_put_u64(&fixture->memory, LIST, MODULE(1) + 8);
	put_module(fixture, 1, "kvm_intel", MODULE(0) + 8);
	put_module(fixture, 0, "kvm", MODULE(2) + 8);
	put_module(fixture, 2, "irqbypass", LIST);

	memory_put_u64(&fixture->memory, MODULE(0) + 96, KALLSYMS);
	memory_put_u64(&fixture->memory, KALLSYMS, SYMTAB);
	memory_put_u32(&fixture->memory, KALLSYMS + 8, SYMS);
	memory_put_u64(&fixture->memory, KALLSYMS + 16, STRTAB);
	memory_add(&fixture->memory, SYMTAB, 0x1000);
	memory_add(&fixture->memory, STRTAB, 0x1000);
	memory_put(&fixture->memory, STRTAB, strings, sizeof(strings));
	put_sym(fixture, 1, KVM_INIT, 0xffffffffc0a00000ull, 64, 1);
	put_sym(fixture, 2, VM_LIST, 0xffffffffc0b00000ull, 16, 3);
	put_sym(fixture, 3, IOCTL, 0xffffffffc0a01000ull, 3000, 1);
	put_sym(fixture, 4, KVM_EXIT, 0xffffffffc0a02000ull, 64, 1);
}

/* struct module_notes_attrs of two notes, the second of which is the build-id */
static void put_build_id(struct fixture *fixture)
{
	static const Elf64_Nhdr header = { .n_namesz = 4,
					   .n_descsz = 20,
					   .n_type = NT_GNU_BUILD_ID };
	struct memory *memory = &fixture->memory;
	uint8_t i;

	memory_add(memory, NOTES, 0x1000);
	memory_put_u64(memory, MODULE(0) + 104, NOTES);
	memory_put_u64(memory, NOTES + 16, NOTES + 0x200);
	memory_put_u64(memory, NOTES + 16 + 64, NOTES + 0x240);
	memory_put_u64(memory, NOTES + 16 + 64 + 24, NOTES + 0x280);
	memory_put(memory, NOTES + 0x200, ".note.Linux", 12);
	memory_put(memory, NOTES + 0x240, ".note.gnu.build-id", 19);
	memory_put(memory, NOTES + 0x280, &header, sizeof(header));
	memory_put(memory, NOTES + 0x280 + sizeof(header), "GNU", 4);
	for (i = 0; i < 20; i++)
		memory_put(memory, NOTES + 0x280 + sizeof(header) + 4 + i,
			   (uint8_t[]){ (uint8_t)(0xf0 + i) }, 1);
}

static struct xfdt_error *find(struct fixture *fixture, bool *found, struct xfdt_module *module)
{
	memset(module, 0, sizeof(*module));
	return xfdt_module_find(&fixture->image, "kvm", found, module);
}

/* a damaged name: the module that needs it is the second witness */
static void test_modules__one_that_another_needs(void **state)
{
	struct fixture fixture;
	struct module_name {
		const char *others[2];
		enum xfdt_code code;
	} cases[] = {
		{ { "kvm_intel", "kvl" }, XFDT_CORRUPT },
		{ { "kvm_amd", "kvl" }, XFDT_CORRUPT },
		{ { "kvmgt", "kvl" }, 0 },
	};
	struct xfdt_module module;
	bool found = true;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		setup(&fixture);
		memory_put(&fixture.memory, MODULE(1) + 24, cases[i].others[0],
			   strlen(cases[i].others[0]) + 1);
		memory_put(&fixture.memory, MODULE(0) + 24, cases[i].others[1],
			   strlen(cases[i].others[1]) + 1);
		if (cases[i].code)
			assert_fails(find(&fixture, &found, &module), cases[i].code);
		else
			assert_ok(find(&fixture, &found, &module));
		assert_int_equal(found, cases[i].code != 0);
		memory_deinit(&fixture.memory);
		found = true;
	}
}

/* the list closes without kvm, to which prev of the entry behind it leads */
static void test_modules__list_that_skips_one(void **state)
{
	struct xfdt_module module;
	struct fixture fixture;
	bool found = true;

	setup(&fixture);
	set_member(&fixture.image, XFDT_M_list_head_prev, 8, 8);
	memory_put(&fixture.memory, MODULE(1) + 24, "kvmgt", 6);
	memory_put_u64(&fixture.memory, MODULE(1) + 8, MODULE(2) + 8);
	memory_put_u64(&fixture.memory, MODULE(1) + 16, LIST);
	memory_put_u64(&fixture.memory, MODULE(2) + 16, MODULE(0) + 8);
	memory_put_u64(&fixture.memory, LIST + 8, MODULE(2) + 8);
	found = false;
	assert_ok(find(&fixture, &found, &module));
	assert_true(found);
	/* what it leads to is no entry */
	memory_put_u64(&fixture.memory, MODULE(0) + 8, MODULE(1) + 8);
	assert_fails(find(&fixture, &found, &module), XFDT_CORRUPT);
	memory_put_u64(&fixture.memory, MODULE(2) + 16, MODULE(1) + 8);
	assert_ok(find(&fixture, &found, &module));
	assert_false(found);
	memory_deinit(&fixture.memory);
}

static void test_modules__finds_one_by_its_whole_name(void **state)
{
	struct xfdt_module module;
	struct fixture fixture;
	bool found = false;

	setup(&fixture);
	assert_ok(find(&fixture, &found, &module));
	assert_true(found);
	assert_true(module.kvaddr == MODULE(0));
	assert_true(module.symtab == SYMTAB && module.strtab == STRTAB);
	assert_int_equal(module.num_syms, SYMS);
	assert_string_equal(module.build_id, "");
	memory_deinit(&fixture.memory);
}

static void test_modules__out_of_tree(void **state)
{
	struct xfdt_module module;
	struct fixture fixture;
	bool found = false;

	setup(&fixture);
	assert_ok(find(&fixture, &found, &module));
	assert_false(module.out_of_tree);
	memory_put_u64(&fixture.memory, MODULE(0) + 80, ~(1ull << 12));
	assert_ok(find(&fixture, &found, &module));
	assert_false(module.out_of_tree);
	memory_put_u64(&fixture.memory, MODULE(0) + 80, 1ull << 12);
	assert_ok(find(&fixture, &found, &module));
	assert_true(module.out_of_tree);
	/* it is not known */
	fixture.image.layout.members[XFDT_M_module_taints].known = false;
	assert_ok(find(&fixture, &found, &module));
	assert_false(module.out_of_tree);
	memory_deinit(&fixture.memory);
}

static void test_modules__not_loaded(void **state)
{
	struct xfdt_module module;
	struct fixture fixture;
	bool found = true;

	setup(&fixture);
	memory_put(&fixture.memory, MODULE(0) + 24, "xfs", 4);
	memory_put(&fixture.memory, MODULE(1) + 24, "ext4", 5);
	assert_ok(find(&fixture, &found, &module));
	assert_false(found);
	/* no modules at all */
	found = true;
	memory_put_u64(&fixture.memory, LIST, LIST);
	assert_ok(find(&fixture, &found, &module));
	assert_false(found);
	memory_deinit(&fixture.memory);
}

static void test_modules__list_that_breaks_off_is_an_error(void **state)
{
	struct xfdt_module module;
	struct fixture fixture;
	bool found = true;

	setup(&fixture);
	memory_put_u64(&fixture.memory, MODULE(1) + 8, 0xdead000000000100ull);
	assert_fails(find(&fixture, &found, &module), XFDT_EXCLUDED);
	assert_true(found);
	fixture.image.symtab.symbols[XFDT_S_modules].known = false;
	assert_fails(find(&fixture, &found, &module), XFDT_MISSING);
	memory_deinit(&fixture.memory);
}

static void test_modules__list_that_loops_ends(void **state)
{
	struct xfdt_module module;
	struct fixture fixture;
	bool found = true;

	setup(&fixture);
	memory_put(&fixture.memory, MODULE(0) + 24, "xfs", 4);
	memory_put_u64(&fixture.memory, MODULE(2) + 8, MODULE(1) + 8);
	assert_fails(find(&fixture, &found, &module), XFDT_LIMIT);
	memory_deinit(&fixture.memory);
}

static void test_modules__build_id(void **state)
{
	struct xfdt_module module;
	struct fixture fixture;
	bool found;

	setup(&fixture);
	put_build_id(&fixture);
	assert_ok(find(&fixture, &found, &module));
	assert_string_equal(module.build_id, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00010203");
	/* not of another kind */
	memory_put_u32(&fixture.memory, NOTES + 0x280 + 8, NT_GNU_ABI_TAG);
	assert_ok(find(&fixture, &found, &module));
	assert_string_equal(module.build_id, "");
	/* nor of another length */
	memory_put_u32(&fixture.memory, NOTES + 0x280 + 8, NT_GNU_BUILD_ID);
	memory_put_u32(&fixture.memory, NOTES + 0x280 + 4, 16);
	assert_ok(find(&fixture, &found, &module));
	assert_string_equal(module.build_id, "");
	memory_deinit(&fixture.memory);
}

static void test_modules__absurd_number_of_symbols(void **state)
{
	struct xfdt_module module;
	struct fixture fixture;
	bool found;

	setup(&fixture);
	memory_put_u32(&fixture.memory, KALLSYMS + 8, UINT32_MAX);
	assert_fails(find(&fixture, &found, &module), XFDT_LIMIT);
	memory_deinit(&fixture.memory);
}

static struct xfdt_error *symbols(struct fixture *fixture, struct xfdt_symtab *symtab)
{
	struct xfdt_module module;
	bool found;

	assert_ok(find(fixture, &found, &module));
	assert_true(found);
	return xfdt_module_symbols(&fixture->image, &module, symtab);
}

static void test_modules__symbols_by_search(void **state)
{
	struct xfdt_symtab symtab;
	struct fixture fixture;

	setup(&fixture);
	memset(&symtab, 0, sizeof(symtab));
	assert_ok(symbols(&fixture, &symtab));
	assert_true(symtab.symbols[XFDT_S_vm_list].known);
	assert_true(symtab.symbols[XFDT_S_vm_list].kvaddr == 0xffffffffc0b00000ull);
	assert_true(symtab.symbols[XFDT_S_kvm_arch_vcpu_ioctl].kvaddr == 0xffffffffc0a01000ull);
	assert_int_equal(symtab.symbols[XFDT_S_kvm_arch_vcpu_ioctl].size, 3000);
	assert_false(symtab.symbols[XFDT_S_kvm_set_xsave].known);
	memory_deinit(&fixture.memory);
}

/* undefined, or not at an address of the kernel: not this module's */
static void test_modules__symbols_that_are_not_defined(void **state)
{
	struct xfdt_symtab symtab;
	struct fixture fixture;

	setup(&fixture);
	put_sym(&fixture, 2, VM_LIST, 0xffffffffc0b00000ull, 16, SHN_UNDEF);
	put_sym(&fixture, 3, IOCTL, 0x1000, 3000, 1);
	memset(&symtab, 0, sizeof(symtab));
	assert_ok(symbols(&fixture, &symtab));
	assert_false(symtab.symbols[XFDT_S_vm_list].known);
	assert_false(symtab.symbols[XFDT_S_kvm_arch_vcpu_ioctl].known);
	memory_deinit(&fixture.memory);
}

static void test_modules__symbol_names_out_of_bounds(void **state)
{
	struct xfdt_symtab symtab;
	struct fixture fixture;

	setup(&fixture);
	put_sym(&fixture, 4, UINT32_MAX, 0xffffffffc0a02000ull, 64, 1);
	memset(&symtab, 0, sizeof(symtab));
	alloc_watch();
	assert_fails(symbols(&fixture, &symtab), XFDT_LIMIT);
	assert_within(alloc_largest(), 0, 64u << 20);
	memory_deinit(&fixture.memory);
}

static void put_btf(struct fixture *fixture, uint32_t size)
{
	struct memory *memory = &fixture->memory;

	memory_add(memory, BTF, 0x1000);
	memory_put_u64(memory, BTF_LIST, BTF);
	memory_put_u64(memory, BTF, BTF + 0x40); /* kvm_intel's */
	memory_put_u64(memory, BTF + 16, MODULE(1));
	memory_put_u64(memory, BTF + 0x40, BTF_LIST);
	memory_put_u64(memory, BTF + 0x40 + 16, MODULE(0));
	memory_put_u64(memory, BTF + 0x40 + 24, BTF + 0x80);
	memory_put_u64(memory, BTF + 0x80, BTF + 0x100);
	memory_put_u32(memory, BTF + 0x88, size);
	memory_put(memory, BTF + 0x100, "types", 5);
}

static struct xfdt_error *btf(struct fixture *fixture, void **data, size_t *len)
{
	struct xfdt_module module;
	bool found;

	assert_ok(find(fixture, &found, &module));
	return xfdt_module_btf(&fixture->image, &module, data, len);
}

static void test_modules__btf(void **state)
{
	struct fixture fixture;
	void *data = NULL;
	size_t len = 0;

	setup(&fixture);
	put_btf(&fixture, 5);
	assert_ok(btf(&fixture, &data, &len));
	assert_int_equal(len, 5);
	assert_memory_equal(data, "types", 5);
	free(data);
	memory_deinit(&fixture.memory);
}

static void test_modules__btf_that_is_not_there(void **state)
{
	void *data = (void *)0x5a, *untouched = data;
	struct fixture fixture;
	size_t len = 77;

	setup(&fixture);
	put_btf(&fixture, 5);
	memory_put_u64(&fixture.memory, BTF, BTF_LIST);
	assert_fails(btf(&fixture, &data, &len), XFDT_MISSING);
	/* a list that loops */
	memory_put_u64(&fixture.memory, BTF, BTF);
	assert_fails(btf(&fixture, &data, &len), XFDT_LIMIT);
	/* and one that leads out of the dump */
	memory_put_u64(&fixture.memory, BTF, 0);
	assert_fails(btf(&fixture, &data, &len), XFDT_EXCLUDED);
	fixture.image.symtab.symbols[XFDT_S_btf_modules].known = false;
	assert_fails(btf(&fixture, &data, &len), XFDT_MISSING);
	assert_ptr_equal(data, untouched);
	assert_int_equal(len, 77);
	memory_deinit(&fixture.memory);
}

/* an entry that cannot be read, or a link to none, hides no other one */
static void test_modules__btf_behind_an_unreadable_entry(void **state)
{
	static const uint64_t links[] = { BTF, 0xffff888100100000ull };
	struct fixture fixture;
	void *data = NULL;
	size_t len = 0, i;

	for (i = 0; i < COUNT(links); i++) {
		setup(&fixture);
		put_btf(&fixture, 5);
		set_member(&fixture.image, XFDT_M_list_head_prev, 8, 8);
		for (unsigned int n = 0; n < 3; n++)
			memory_put_u64(&fixture.memory, MODULE(n) + 16,
				       n == 1 ? LIST : MODULE(n ? 0 : 1) + 8);
		memory_put_u64(&fixture.memory, LIST + 8, MODULE(2) + 8);
		memory_put_u64(&fixture.memory, BTF_LIST, links[i]);
		memory_put_u64(&fixture.memory, BTF_LIST + 8, BTF + 0x40);
		memory_put_u64(&fixture.memory, BTF + 8, BTF_LIST);
		memory_put_u64(&fixture.memory, BTF + 0x40 + 8, BTF);
		if (!i)
			fixture.memory.missing = BTF + 16;
		assert_ok(btf(&fixture, &data, &len));
		assert_int_equal(len, 5);
		free(data);
		memory_deinit(&fixture.memory);
	}
}

static void test_modules__btf_of_absurd_size(void **state)
{
	static const uint32_t sizes[] = { 0, (64u << 20) + 1, UINT32_MAX };
	struct fixture fixture;
	void *data = NULL;
	size_t len, i;

	for (i = 0; i < COUNT(sizes); i++) {
		setup(&fixture);
		put_btf(&fixture, sizes[i]);
		assert_fails(btf(&fixture, &data, &len), XFDT_LIMIT);
		memory_deinit(&fixture.memory);
	}
}

#define SECTIONS 0xffff888100030000ull

/* struct module_sect_attrs of .text and .data, with entries of @size bytes that have the address at @address */
static void put_sections(struct fixture *fixture, uint32_t size, uint32_t address)
{
	static const char *const names[] = { ".text", ".data" };
	struct memory *memory = &fixture->memory;
	size_t i;

	set_member(&fixture->image, XFDT_M_module_sect_attrs, 112, 8);
	set_member(&fixture->image, XFDT_M_sect_attrs_attrs, 40, 0);
	memory_add(memory, SECTIONS, 0x1000);
	memory_put_u64(memory, MODULE(0) + 112, SECTIONS);
	for (i = 0; i < COUNT(names); i++) {
		memory_put(memory, SECTIONS + 0x800 + 16 * i, names[i], strlen(names[i]) + 1);
		memory_put_u64(memory, SECTIONS + 40 + size * i, SECTIONS + 0x800 + 16 * i);
		memory_put_u64(memory, SECTIONS + 40 + size * i + address,
			       0xffffffffc0a00000ull + 0x100000 * i);
	}
}

static void check_sections(struct fixture *fixture)
{
	struct xfdt_module module;
	uint64_t kvaddr = 42;
	bool found;

	assert_ok(xfdt_module_find(&fixture->image, "kvm", &found, &module));
	assert_true(found);
	assert_ok(xfdt_module_section(&fixture->image, &module, ".data", &kvaddr));
	assert_true(kvaddr == 0xffffffffc0b00000ull);
	assert_ok(xfdt_module_section(&fixture->image, &module, ".text", &kvaddr));
	assert_true(kvaddr == 0xffffffffc0a00000ull);
	kvaddr = 42;
	assert_fails(xfdt_module_section(&fixture->image, &module, ".bss", &kvaddr), XFDT_EXCLUDED);
	assert_true(kvaddr == 42);
}

/* up to v6.13 */
static void test_modules__sections_with_addresses_of_their_own(void **state)
{
	struct fixture fixture;

	setup(&fixture);
	set_struct(&fixture.image, XFDT_T_module_sect_attr, 72);
	set_member(&fixture.image, XFDT_M_sect_attr_name, 0, 8);
	set_member(&fixture.image, XFDT_M_sect_attr_address, 64, 8);
	put_sections(&fixture, 72, 64);
	check_sections(&fixture);
	memory_deinit(&fixture.memory);
}

/* from v6.14 on */
static void test_modules__sections_as_attributes(void **state)
{
	struct fixture fixture;

	setup(&fixture);
	put_sections(&fixture, 64, 24);
	check_sections(&fixture);
	memory_deinit(&fixture.memory);
}

static void test_modules__section_at_no_kernel_address(void **state)
{
	struct xfdt_module module;
	struct fixture fixture;
	uint64_t kvaddr = 42;
	bool found;

	setup(&fixture);
	put_sections(&fixture, 64, 24);
	memory_put_u64(&fixture.memory, SECTIONS + 40 + 64 + 24, 0x1000);
	assert_ok(xfdt_module_find(&fixture.image, "kvm", &found, &module));
	assert_fails(xfdt_module_section(&fixture.image, &module, ".data", &kvaddr), XFDT_MISSING);
	assert_true(kvaddr == 42);
	memory_deinit(&fixture.memory);
}

/* CONFIG_SYSFS=n, or a distilled dump without them */
static void test_modules__no_sections(void **state)
{
	struct xfdt_module module;
	struct fixture fixture;
	struct xfdt_error *err;
	uint64_t kvaddr = 42;
	bool found;

	setup(&fixture);
	put_sections(&fixture, 64, 24);
	memory_put_u64(&fixture.memory, MODULE(0) + 112, 0);
	assert_ok(xfdt_module_find(&fixture.image, "kvm", &found, &module));
	err = xfdt_module_section(&fixture.image, &module, ".data", &kvaddr);
	assert_int_equal(xfdt_error_code(err), XFDT_MISSING);
	assert_non_null(strstr(xfdt_error_message(err), "the dump does not hold their places"));
	assert_true(kvaddr == 42);
	xfdt_error_free(err);
	memory_deinit(&fixture.memory);
}

#include "test_modules.tests.h"
