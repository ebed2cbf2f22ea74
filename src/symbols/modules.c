/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded modules (Linux: include/linux/module.h, kernel/module/kallsyms.c). */
#include "symbols/modules.h"
#include "base/name_set.h"
#include "base/util.h"
#include "image/list.h"
#include "symbols/name_query.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULES_MAX 10000
#define NAME_LEN 64 /* MODULE_NAME_LEN is 56 */
#define SYMBOLS_MAX (1u << 18)
#define STRINGS_MAX (8u << 20)
#define BTF_MAX (64u << 20)
#define BUILD_ID_LEN 20
#define NOTES_MAX 8
#define SECTIONS_MAX 256
#define SECTION_NAME_MAX 64
#define TAINT_OOT_MODULE 12 /* Linux: include/linux/panic.h */

static struct xfdt_error *read_module(const struct xfdt_image *image, struct xfdt_module *module)
{
	uint64_t kallsyms, num_syms, taints = 0;
	struct xfdt_error *err;

	xfdt_error_free(xfdt_read_member(image, module->kvaddr, XFDT_M_module_taints, &taints));
	module->out_of_tree = taints >> TAINT_OOT_MODULE & 1;
	err = xfdt_read_member(image, module->kvaddr, XFDT_M_module_kallsyms, &kallsyms);
	if (!err)
		err = xfdt_read_member(image, kallsyms, XFDT_M_mod_kallsyms_symtab,
				       &module->symtab);
	if (!err)
		err = xfdt_read_member(image, kallsyms, XFDT_M_mod_kallsyms_strtab,
				       &module->strtab);
	if (!err)
		err = xfdt_read_member(image, kallsyms, XFDT_M_mod_kallsyms_num_symtab, &num_syms);
	if (err)
		return err;
	if (num_syms > SYMBOLS_MAX)
		return xfdt_error_new(XFDT_LIMIT, kallsyms, "a module with %llu symbols",
				      ull(num_syms));
	module->num_syms = (uint32_t)num_syms;
	return NULL;
}

/* The note at @kvaddr, if it is a GNU build-id. */
static struct xfdt_error *read_build_id_note(const struct xfdt_image *image, uint64_t kvaddr,
					     char *ret_build_id)
{
	struct {
		Elf64_Nhdr header;
		char name[4];
		uint8_t id[BUILD_ID_LEN];
	} note;
	struct xfdt_error *err;
	size_t i;

	err = xfdt_read(image, kvaddr, &note, sizeof(note));
	if (err)
		return err;
	if (note.header.n_type != NT_GNU_BUILD_ID || note.header.n_namesz != sizeof(note.name) ||
	    note.header.n_descsz != BUILD_ID_LEN || memcmp(note.name, "GNU", sizeof(note.name)))
		return xfdt_error_new(XFDT_CORRUPT, kvaddr, "no build-id note");
	for (i = 0; i < sizeof(note.id); i++)
		snprintf(ret_build_id + 2 * i, 3, "%02x", note.id[i]);
	return NULL;
}

/* An array of attributes, as sysfs shows them (Linux: kernel/module/sysfs.c). */
struct attributes {
	uint64_t first;		  /* kvaddr */
	uint32_t size;		  /* of one */
	enum xfdt_member_id name; /* where one has its name's kvaddr */
	unsigned int max;
};

/*
 * The attribute called @name; *@ret_kvaddr is 0 if there is none.  How many there
 * are is not stored since v6.14: behind the last one nothing has that name.
 */
static struct xfdt_error *find_attribute(const struct xfdt_image *image,
					 const struct attributes *attributes, const char *name,
					 uint64_t *ret_kvaddr)
{
	char text[SECTION_NAME_MAX];
	struct xfdt_error *err;
	unsigned int i;

	*ret_kvaddr = 0;
	for (i = 0; i < attributes->max; i++) {
		uint64_t kvaddr = attributes->first + (uint64_t)i * attributes->size, at;

		err = xfdt_read_member(image, kvaddr, attributes->name, &at);
		if (!err)
			err = xfdt_read_string(image, at, text, sizeof(text));
		if (err)
			return err;
		if (!strcmp(text, name)) {
			*ret_kvaddr = kvaddr;
			break;
		}
	}
	return NULL;
}

/*
 * The notes that a module came with.  struct module has a build_id of its own only
 * with CONFIG_STACKTRACE_BUILD_ID.
 */
static void read_build_id(const struct xfdt_image *image, struct xfdt_module *module)
{
	struct attributes attributes = {
		.size = image->layout.structs[XFDT_T_bin_attribute],
		.name = XFDT_M_bin_attribute_name,
		.max = NOTES_MAX,
	};
	uint64_t notes, attribute = 0, data;
	struct xfdt_error *err;

	if (!attributes.size)
		return;
	err = xfdt_read_member(image, module->kvaddr, XFDT_M_module_notes_attrs, &notes);
	if (!err)
		err = xfdt_member_kvaddr(image, notes, XFDT_M_notes_attrs_attrs, &attributes.first);
	if (!err)
		err = find_attribute(image, &attributes, ".note.gnu.build-id", &attribute);
	if (!err && attribute) {
		err = xfdt_read_member(image, attribute, XFDT_M_bin_attribute_private, &data);
		if (!err)
			err = read_build_id_note(image, data, module->build_id);
	}
	xfdt_error_free(err);
}

struct xfdt_error *xfdt_module_section(const struct xfdt_image *image,
				       const struct xfdt_module *module, const char *name,
				       uint64_t *ret_kvaddr)
{
	bool old = xfdt_has_struct(image, XFDT_T_module_sect_attr);
	struct attributes attributes = {
		.size = image->layout.structs[old ? XFDT_T_module_sect_attr : XFDT_T_bin_attribute],
		.name = old ? XFDT_M_sect_attr_name : XFDT_M_bin_attribute_name,
		.max = SECTIONS_MAX,
	};
	uint64_t sections, attribute = 0, kvaddr = 0;
	struct xfdt_error *err;

	err = xfdt_read_member(image, module->kvaddr, XFDT_M_module_sect_attrs, &sections);
	/* CONFIG_SYSFS=n, or a distilled dump that did not need them */
	if (!err && !xfdt_is_kernel_address(sections))
		err = xfdt_error_new(XFDT_MISSING, 0, "the dump does not hold their places");
	if (!err)
		err = xfdt_member_kvaddr(image, sections, XFDT_M_sect_attrs_attrs,
					 &attributes.first);
	if (!err)
		err = find_attribute(image, &attributes, name, &attribute);
	if (!err && attribute)
		err = xfdt_read_member(image, attribute,
				       old ? XFDT_M_sect_attr_address :
					     XFDT_M_bin_attribute_private,
				       &kvaddr);
	if (err)
		return xfdt_error_wrap(err, "sections of the module");
	if (!xfdt_is_kernel_address(kvaddr))
		return xfdt_error_new(XFDT_MISSING, 0, "the module has no section '%s'", name);
	*ret_kvaddr = kvaddr;
	return NULL;
}

struct xfdt_error *xfdt_module_find(const struct xfdt_image *image, const char *name,
				    bool *ret_found, struct xfdt_module *ret_module)
{
	const struct xfdt_symbol *head = xfdt_symbol(image, XFDT_S_modules);
	const size_t len = strlen(name);
	char user[NAME_LEN] = "";
	struct xfdt_error *err, *first = NULL;
	unsigned int count = 0;
	struct xfdt_list list;

	if (!head)
		return xfdt_error_new(XFDT_MISSING, 0, "the symbol 'modules' is unknown");
	for (xfdt_list_begin(image, head->kvaddr, &list); !xfdt_list_at_end(&list);
	     xfdt_list_next(&list)) {
		struct xfdt_module module = { 0 };
		char text[NAME_LEN];
		uint64_t at;

		if (count++ == MODULES_MAX) {
			err = xfdt_error_new(XFDT_LIMIT, list.node,
					     "the list of modules does not end");
			return xfdt_error_first(first, err);
		}
		err = xfdt_container_of(image, list.node, XFDT_M_module_list, &module.kvaddr);
		if (!err)
			err = xfdt_member_kvaddr(image, module.kvaddr, XFDT_M_module_name, &at);
		if (!err)
			err = xfdt_read_string(image, at, text, sizeof(text));
		if (err) {
			err = xfdt_error_wrap(err, "module number %u of the list", count);
			first = xfdt_error_first(first, err);
			continue;
		}
		if (!strcmp(text, name)) {
			xfdt_error_free(first);
			err = read_module(image, &module);
			if (err)
				return xfdt_error_wrap(err, "module %s", name);
			read_build_id(image, &module);
			*ret_module = module;
			*ret_found = true;
			return NULL;
		}
		if (!strncmp(text, name, len) && text[len] == '_')
			memcpy(user, text, sizeof(user));
	}
	err = xfdt_list_check(&list);
	if (err)
		err = xfdt_error_wrap(err, "the list of modules");
	err = xfdt_error_first(first, err);
	if (err)
		return err;
	/* kvm_intel and kvm_amd need kvm, so they are the second witness of it */
	if (*user)
		return xfdt_error_new(XFDT_CORRUPT, list.head,
				      "%s is on the list of modules, but %s, which it needs, is not",
				      user, name);
	*ret_found = false;
	return NULL;
}

static void take_symbol(const Elf64_Sym *sym, struct xfdt_symbol *ret_symbol)
{
	ret_symbol->known = true;
	ret_symbol->kvaddr = sym->st_value;
	ret_symbol->size = sym->st_size;
}

static bool symbol_is_defined(const Elf64_Sym *sym)
{
	return sym->st_shndx != SHN_UNDEF && xfdt_is_kernel_address(sym->st_value);
}

/* KVM's symbols that are not known yet; *@ret_ids has one for each name. */
static void wanted_names(const struct xfdt_symtab *symtab, struct xfdt_name_set *names,
			 enum xfdt_symbol_id ret_ids[XFDT_SYMBOL_COUNT])
{
	uint32_t id;

	for (id = 0; id < XFDT_SYMBOL_COUNT; id++) {
		if (xfdt_symbol_needs[id].place != XFDT_KVM || symtab->symbols[id].known)
			continue;
		ret_ids[names->count] = (enum xfdt_symbol_id)id;
		xfdt_name_set_add(names, xfdt_symbol_needs[id].name);
	}
}

static struct xfdt_error *load_strings(const struct xfdt_image *image,
				       const struct xfdt_module *module, const Elf64_Sym *syms,
				       char **ret_strings, size_t *ret_len)
{
	struct xfdt_error *err;
	uint64_t len = 0;
	char *strings;
	uint32_t i;

	for (i = 0; i < module->num_syms; i++)
		if (syms[i].st_name > len)
			len = syms[i].st_name;
	if (len > STRINGS_MAX)
		return xfdt_error_new(XFDT_LIMIT, module->strtab,
				      "a module's symbol names take %llu bytes", ull(len));
	/* to the end of the page in which the last name begins */
	len += 4096 - (module->strtab + len) % 4096;
	strings = malloc(len + 1);
	if (!strings)
		return xfdt_no_memory("symbol names");
	err = xfdt_read(image, module->strtab, strings, len);
	if (err) {
		free(strings);
		return err;
	}
	strings[len] = '\0';
	*ret_strings = strings;
	*ret_len = len;
	return NULL;
}

struct xfdt_error *xfdt_module_symbols(const struct xfdt_image *image,
				       const struct xfdt_module *module, struct xfdt_symtab *symtab)
{
	Elf64_Sym *syms = calloc((size_t)module->num_syms + 1, sizeof(*syms));
	enum xfdt_symbol_id ids[XFDT_SYMBOL_COUNT];
	struct xfdt_name_set names = { .count = 0 };
	struct xfdt_error *err;
	char *strings = NULL;
	uint32_t i;
	size_t len;
	int index;

	if (!syms)
		return xfdt_no_memory("symbols");
	wanted_names(symtab, &names, ids);
	err = xfdt_read(image, module->symtab, syms, (size_t)module->num_syms * sizeof(*syms));
	if (!err)
		err = load_strings(image, module, syms, &strings, &len);
	if (err)
		goto out;
	for (i = 0; i < module->num_syms; i++) {
		if (syms[i].st_name >= len || !symbol_is_defined(&syms[i]))
			continue;
		index = xfdt_symbol_name_find(&names, strings + syms[i].st_name);
		if (index >= 0 && !symtab->symbols[ids[index]].known)
			take_symbol(&syms[i], &symtab->symbols[ids[index]]);
	}
out:
	free(strings);
	free(syms);
	return err;
}

struct xfdt_error *xfdt_module_btf(const struct xfdt_image *image, const struct xfdt_module *module,
				   void **ret_data, size_t *ret_len)
{
	const struct xfdt_symbol *head = xfdt_symbol(image, XFDT_S_btf_modules);
	uint64_t base = 0, owner, btf, data, size;
	struct xfdt_error *err, *first = NULL;
	struct xfdt_list list;
	unsigned int count = 0;
	void *bytes;

	if (!head)
		return xfdt_error_new(
			XFDT_MISSING, 0,
			"the symbol 'btf_modules' is unknown (CONFIG_DEBUG_INFO_BTF_MODULES=n?)");
	for (xfdt_list_begin(image, head->kvaddr, &list); !xfdt_list_at_end(&list);
	     xfdt_list_next(&list)) {
		if (count++ == MODULES_MAX) {
			err = xfdt_error_new(XFDT_LIMIT, list.node,
					     "the list of module BTF does not end");
			return xfdt_error_first(first, err);
		}
		err = xfdt_container_of(image, list.node, XFDT_M_btf_module_list, &base);
		if (!err)
			err = xfdt_read_member(image, base, XFDT_M_btf_module_module, &owner);
		if (!err && owner == module->kvaddr)
			break;
		first = xfdt_error_first(first, err);
	}
	if (xfdt_list_at_end(&list)) {
		first = xfdt_error_first(first, xfdt_list_check(&list));
		return first ? first : xfdt_error_new(XFDT_MISSING, 0, "the module carries no BTF");
	}
	xfdt_error_free(first);
	err = xfdt_read_member(image, base, XFDT_M_btf_module_btf, &btf);
	if (!err)
		err = xfdt_read_member(image, btf, XFDT_M_btf_data, &data);
	if (!err)
		err = xfdt_read_member(image, btf, XFDT_M_btf_data_size, &size);
	if (err)
		return err;
	if (!size || size > BTF_MAX)
		return xfdt_error_new(XFDT_LIMIT, btf, "module BTF of %llu bytes", ull(size));
	bytes = malloc(size);
	if (!bytes)
		return xfdt_no_memory("BTF");
	err = xfdt_read(image, data, bytes, size);
	if (err) {
		free(bytes);
		return err;
	}
	*ret_data = bytes;
	*ret_len = size;
	return NULL;
}
