/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables of vmlinux found by what they hold, for kernels whose kallsyms names
 * functions only (CONFIG_KALLSYMS_ALL=n): BTF by its header, init_task by its name
 * and its place in the list of tasks, the list of modules by what is on it.
 */
#include "resolve/chain.h"

#include <stdlib.h>
#include <string.h>

#define SEARCH_PAGES (64u << 20 >> 12)
#define HOLE_MAX 1024u /* pages; sections of the image are aligned to 512 */
#define CROSSING 32u   /* bytes of the page before that are looked at again */
#define BTF_MAX (64u << 20)
#define BTF_MIN (256u << 10) /* of types and strings: BPF programs in the image have less */
#define BTF_HEADER_MAX 256u

/* Where modules are loaded, with and without KASLR (Linux: Documentation/arch/x86/x86_64/mm.rst) */
#define MODULES_BEGIN 0xffffffffa0000000ull
#define MODULES_END 0xffffffffff000000ull
#define MODULE_NAME_MAX 56
#define LISTS_MAX 16u /* that look like the list of modules and are asked for kvm */

struct search {
	struct xfdt_image *image;
	uint64_t kvaddr; /* of bytes[0] */
	size_t len;
	uint8_t bytes[CROSSING + XFDT_PAGE_SIZE];
	uint64_t btf, btf_len, init_task, modules; /* what was found; 0: nothing */
	unsigned int lists;			   /* how many were asked for kvm */
	bool many;				   /* more than one has it, or may have it */
};

/* Look for something in the bytes of @search.  True: there is nothing else to look for. */
typedef bool look_in(struct search *search);

static uint64_t kvaddr_of(const struct search *search, const uint8_t *at)
{
	return search->kvaddr + (uint64_t)(at - search->bytes);
}

/* Struct btf_header (Linux: include/uapi/linux/btf.h), as pahole writes it for vmlinux. */
static const uint8_t btf_begin[] = { 0x9f, 0xeb, 1, 0 };

struct btf_sections {
	uint32_t hdr_len, type_off, type_len, str_off, str_len;
};

static bool is_vmlinux_btf(const struct btf_sections *sections)
{
	return sections->hdr_len >= sizeof(btf_begin) + sizeof(*sections) &&
	       sections->hdr_len <= BTF_HEADER_MAX && !sections->type_off &&
	       sections->str_off == sections->type_len && sections->type_len <= BTF_MAX &&
	       sections->str_len <= BTF_MAX && sections->type_len + sections->str_len >= BTF_MIN;
}

static bool look_for_btf(struct search *search)
{
	struct btf_sections sections;
	const uint8_t *at = search->bytes, *end = search->bytes + search->len;

	while ((at = memmem(at, (size_t)(end - at), btf_begin, sizeof(btf_begin)))) {
		if ((size_t)(end - at) < sizeof(btf_begin) + sizeof(sections))
			break;
		memcpy(&sections, at + sizeof(btf_begin), sizeof(sections));
		if (is_vmlinux_btf(&sections)) {
			search->btf = kvaddr_of(search, at);
			search->btf_len = (uint64_t)sections.hdr_len + sections.str_off +
					  sections.str_len;
			return true;
		}
		at++;
	}
	return false;
}

/* Process 0, which has no memory, and which the task behind it in the list leads back to. */
static bool is_init_task(const struct xfdt_image *image, uint64_t task)
{
	struct xfdt_value pid = xfdt_value_of(image, task, XFDT_M_task_pid);
	struct xfdt_value tgid = xfdt_value_of(image, task, XFDT_M_task_tgid);
	struct xfdt_value mm = xfdt_value_of(image, task, XFDT_M_task_mm);
	uint64_t tasks, next, prev;
	struct xfdt_error *err;

	if (!pid.known || pid.value || !tgid.known || tgid.value || !mm.known || mm.value)
		return false;
	err = xfdt_member_kvaddr(image, task, XFDT_M_task_tasks, &tasks);
	if (!err)
		err = xfdt_read_member(image, tasks, XFDT_M_list_head_next, &next);
	/* struct list_head has two members: next, prev */
	if (!err)
		err = xfdt_read_u64(image, next + sizeof(next), &prev);
	if (err) {
		xfdt_error_free(err);
		return false;
	}
	return prev == tasks && next != tasks;
}

static const char init_name[] = "swapper";

static void look_for_init_task(struct search *search)
{
	const uint8_t *at = search->bytes, *end = search->bytes + search->len;
	struct xfdt_error *err;
	uint64_t task;

	while (!search->init_task &&
	       (at = memmem(at, (size_t)(end - at), init_name, strlen(init_name)))) {
		err = xfdt_container_of(search->image, kvaddr_of(search, at), XFDT_M_task_comm,
					&task);
		if (!err && is_init_task(search->image, task))
			search->init_task = task;
		xfdt_error_free(err);
		at++;
	}
}

static bool is_module_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-.") == strlen(name);
}

/* Is there a struct module whose list is at @node? */
static bool is_module(const struct xfdt_image *image, uint64_t node)
{
	struct xfdt_error *err;
	char name[MODULE_NAME_MAX];
	uint64_t module, kallsyms, at;

	err = xfdt_container_of(image, node, XFDT_M_module_list, &module);
	if (!err)
		err = xfdt_read_member(image, module, XFDT_M_module_kallsyms, &kallsyms);
	if (!err)
		err = xfdt_member_kvaddr(image, module, XFDT_M_module_name, &at);
	if (!err)
		err = xfdt_read_string(image, at, name, sizeof(name));
	if (err) {
		xfdt_error_free(err);
		return false;
	}
	return is_module_name(name) && xfdt_is_kernel_address(kallsyms);
}

/* Is the struct list_head at @kvaddr, with @links to next and prev, that of the list of modules? */
static bool is_modules(const struct xfdt_image *image, uint64_t kvaddr, const uint64_t links[2])
{
	uint64_t prev, next;
	struct xfdt_error *err;

	err = xfdt_read_u64(image, links[0] + sizeof(prev), &prev);
	if (!err)
		err = xfdt_read_u64(image, links[1], &next);
	if (err) {
		xfdt_error_free(err);
		return false;
	}
	return prev == kvaddr && next == kvaddr && is_module(image, links[0]);
}

static bool is_in_modules(uint64_t kvaddr)
{
	return kvaddr >= MODULES_BEGIN && kvaddr < MODULES_END;
}

static void take(struct xfdt_image *image, enum xfdt_symbol_id id, uint64_t kvaddr)
{
	image->symtab.symbols[id] = (struct xfdt_symbol){ .known = true, .kvaddr = kvaddr };
}

/*
 * Is kvm on the list of modules at @kvaddr?  Other lists look like it, and one that lacks kvm must
 * not prove that kvm was not loaded.
 */
static bool has_kvm(struct xfdt_image *image, uint64_t kvaddr)
{
	struct xfdt_module kvm;
	struct xfdt_error *err;
	bool found = false;

	take(image, XFDT_S_modules, kvaddr);
	err = xfdt_module_find(image, "kvm", &found, &kvm);
	image->symtab.symbols[XFDT_S_modules].known = false;
	xfdt_error_free(err);
	return !err && found;
}

static void look_at_list(struct search *search, uint64_t kvaddr)
{
	/* the end of a page is looked at twice */
	if (kvaddr == search->modules)
		return;
	if (search->lists++ == LISTS_MAX)
		search->many = true;
	if (search->many || !has_kvm(search->image, kvaddr))
		return;
	search->many = search->modules;
	search->modules = kvaddr;
}

static void look_for_modules(struct search *search)
{
	uint64_t links[2];
	size_t i;

	for (i = 0; i + sizeof(links) <= search->len; i += sizeof(links[0])) {
		memcpy(links, search->bytes + i, sizeof(links));
		if (is_in_modules(links[0]) && is_in_modules(links[1]) &&
		    is_modules(search->image, search->kvaddr + i, links))
			look_at_list(search, search->kvaddr + i);
	}
}

static bool look_for_variables(struct search *search)
{
	const struct xfdt_image *image = search->image;

	if (xfdt_has_member(image, XFDT_M_module_list) && !xfdt_symbol(image, XFDT_S_modules))
		look_for_modules(search);
	if (xfdt_has_member(image, XFDT_M_task_comm) && xfdt_has_member(image, XFDT_M_task_tasks))
		look_for_init_task(search);
	return false;
}

/* Look at the pages of the image from its text on. */
static void search_image(struct search *search, look_in *look)
{
	const struct xfdt_symbol *text = xfdt_symbol(search->image, XFDT_S_etext);
	unsigned int pages, hole = 0;
	struct xfdt_error *err;
	bool done = false;
	size_t kept = 0;
	uint64_t at;

	at = text ? text->kvaddr & ~(XFDT_PAGE_SIZE - 1ull) : 0;
	for (pages = 0; at && !done && pages < SEARCH_PAGES && hole < HOLE_MAX; pages++) {
		err = xfdt_read(search->image, at, search->bytes + kept, XFDT_PAGE_SIZE);
		hole = err ? hole + 1 : 0;
		if (!err) {
			search->kvaddr = at - kept;
			search->len = kept + XFDT_PAGE_SIZE;
			done = look(search);
			memmove(search->bytes, search->bytes + search->len - CROSSING, CROSSING);
		}
		kept = err ? 0 : CROSSING;
		xfdt_error_free(err);
		at += XFDT_PAGE_SIZE;
	}
}

static void search(struct search *search, const struct xfdt_chain *chain, look_in *look)
{
	struct xfdt_image *image = chain->image;
	enum xfdt_purpose before;

	*search = (struct search){ .image = image };
	if (!chain->has_symbols || image->embedded || xfdt_symbol(image, XFDT_S_init_task))
		return;
	before = xfdt_set_purpose(image, XFDT_FOR_SEARCH);
	search_image(search, look);
	xfdt_set_purpose(image, before);
}

/* Read what proves a find again, @len bytes at @kvaddr: a vmcore that is distilled of this one keeps that. */
static void read_again(struct xfdt_image *image, uint64_t kvaddr, size_t len)
{
	struct search again = { .image = image, .kvaddr = kvaddr, .len = len };
	struct xfdt_error *err = xfdt_read(image, kvaddr, again.bytes, len);

	if (!err)
		look_for_variables(&again);
	xfdt_error_free(err);
}

void xfdt_search_btf(struct xfdt_chain *chain)
{
	struct search found;

	search(&found, chain, look_for_btf);
	if (!found.btf)
		return;
	take(chain->image, XFDT_S_start_btf, found.btf);
	take(chain->image, XFDT_S_stop_btf, found.btf + found.btf_len);
}

void xfdt_search_variables(struct xfdt_chain *chain)
{
	struct xfdt_image *image = chain->image;
	const struct xfdt_member *comm = &image->layout.members[XFDT_M_task_comm];
	struct search found;

	search(&found, chain, look_for_variables);
	if (found.modules && !found.many) {
		read_again(image, found.modules, 2 * sizeof(found.modules));
		take(image, XFDT_S_modules, found.modules);
	}
	if (found.init_task) {
		read_again(image, found.init_task + comm->offset, strlen(init_name));
		take(image, XFDT_S_init_task, found.init_task);
	}
}
