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

struct window {
	const struct xfdt_image *image;
	uint64_t kvaddr; /* of bytes[0] */
	size_t len;
	uint8_t bytes[CROSSING + XFDT_PAGE_SIZE];
};

/* Is what is searched in @window?  Returns its kvaddr, or 0; sets *@ret_len. */
typedef uint64_t find_in(const struct window *window, uint64_t *ret_len);

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

static uint64_t find_btf(const struct window *window, uint64_t *ret_len)
{
	struct btf_sections sections;
	const uint8_t *at = window->bytes, *end = window->bytes + window->len;

	while ((at = memmem(at, (size_t)(end - at), btf_begin, sizeof(btf_begin)))) {
		if ((size_t)(end - at) < sizeof(btf_begin) + sizeof(sections))
			break;
		memcpy(&sections, at + sizeof(btf_begin), sizeof(sections));
		*ret_len = (uint64_t)sections.hdr_len + sections.str_off + sections.str_len;
		if (is_vmlinux_btf(&sections))
			return window->kvaddr + (uint64_t)(at - window->bytes);
		at++;
	}
	return 0;
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

static uint64_t find_init_task(const struct window *window, uint64_t *ret_len)
{
	const uint8_t *at = window->bytes, *end = window->bytes + window->len;
	struct xfdt_error *err;
	uint64_t task;

	*ret_len = 0;
	while ((at = memmem(at, (size_t)(end - at), init_name, strlen(init_name)))) {
		err = xfdt_container_of(window->image,
					window->kvaddr + (uint64_t)(at - window->bytes),
					XFDT_M_task_comm, &task);
		if (!err && is_init_task(window->image, task))
			return task;
		xfdt_error_free(err);
		at++;
	}
	return 0;
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

static uint64_t find_modules(const struct window *window, uint64_t *ret_len)
{
	uint64_t links[2];
	size_t i;

	*ret_len = 0;
	for (i = 0; i + sizeof(links) <= window->len; i += sizeof(links[0])) {
		memcpy(links, window->bytes + i, sizeof(links));
		if (is_in_modules(links[0]) && is_in_modules(links[1]) &&
		    is_modules(window->image, window->kvaddr + i, links))
			return window->kvaddr + i;
	}
	return 0;
}

/* Look at the pages of the image from its text on; 0: it is not there. */
static uint64_t search_image(const struct xfdt_image *image, find_in *find, uint64_t *ret_len)
{
	const struct xfdt_symbol *text = xfdt_symbol(image, XFDT_S_etext);
	struct window window = { .image = image };
	unsigned int pages, hole = 0;
	struct xfdt_error *err;
	uint64_t at, found = 0;
	size_t kept = 0;

	at = text ? text->kvaddr & ~(XFDT_PAGE_SIZE - 1ull) : 0;
	for (pages = 0; at && !found && pages < SEARCH_PAGES && hole < HOLE_MAX; pages++) {
		err = xfdt_read(image, at, window.bytes + kept, XFDT_PAGE_SIZE);
		hole = err ? hole + 1 : 0;
		if (!err) {
			window.kvaddr = at - kept;
			window.len = kept + XFDT_PAGE_SIZE;
			found = find(&window, ret_len);
			memmove(window.bytes, window.bytes + window.len - CROSSING, CROSSING);
		}
		kept = err ? 0 : CROSSING;
		xfdt_error_free(err);
		at += XFDT_PAGE_SIZE;
	}
	return found;
}

static uint64_t search(struct xfdt_chain *chain, find_in *find, uint64_t *ret_len)
{
	struct xfdt_image *image = chain->image;
	enum xfdt_purpose before;
	uint64_t found;

	if (!chain->has_symbols || image->embedded || xfdt_symbol(image, XFDT_S_init_task))
		return 0;
	before = xfdt_set_purpose(image, XFDT_FOR_SEARCH);
	found = search_image(image, find, ret_len);
	xfdt_set_purpose(image, before);
	return found;
}

/* Read what proves a find again, which is at @kvaddr: a vmcore that is distilled of this one keeps that. */
static void read_again(const struct xfdt_image *image, find_in *find, uint64_t kvaddr, size_t len)
{
	struct window window = { .image = image, .kvaddr = kvaddr, .len = len };
	struct xfdt_error *err = xfdt_read(image, kvaddr, window.bytes, len);
	uint64_t ignored;

	if (!err)
		find(&window, &ignored);
	xfdt_error_free(err);
}

static void take(struct xfdt_image *image, enum xfdt_symbol_id id, uint64_t kvaddr)
{
	image->symtab.symbols[id] = (struct xfdt_symbol){ .known = true, .kvaddr = kvaddr };
}

void xfdt_search_btf(struct xfdt_chain *chain)
{
	uint64_t len, start = search(chain, find_btf, &len);

	if (!start)
		return;
	take(chain->image, XFDT_S_start_btf, start);
	take(chain->image, XFDT_S_stop_btf, start + len);
}

/*
 * Is kvm on the list of modules?  Other lists look like it, and one that lacks kvm must not
 * prove that kvm was not loaded.
 */
static bool has_kvm(const struct xfdt_image *image)
{
	struct xfdt_module kvm;
	struct xfdt_error *err;
	bool found = false;

	err = xfdt_module_find(image, "kvm", &found, &kvm);
	xfdt_error_free(err);
	return !err && found;
}

void xfdt_search_variables(struct xfdt_chain *chain)
{
	const struct xfdt_image *image = chain->image;
	uint64_t len, comm, modules = 0, task = 0;

	if (xfdt_has_member(image, XFDT_M_module_list) && !xfdt_symbol(image, XFDT_S_modules))
		modules = search(chain, find_modules, &len);
	if (xfdt_has_member(image, XFDT_M_task_comm) && xfdt_has_member(image, XFDT_M_task_tasks))
		task = search(chain, find_init_task, &len);
	if (modules) {
		read_again(image, find_modules, modules, 2 * sizeof(modules));
		take(chain->image, XFDT_S_modules, modules);
		chain->image->symtab.symbols[XFDT_S_modules].known = has_kvm(image);
	}
	if (task) {
		comm = task + image->layout.members[XFDT_M_task_comm].offset;
		read_again(image, find_init_task, comm, strlen(init_name));
		take(chain->image, XFDT_S_init_task, task);
	}
}
