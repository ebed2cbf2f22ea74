/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accessors over a reader, a symbol table and a layout. */
#include "image/image.h"
#include "image/page_tables.h"

#include <stdlib.h>
#include <string.h>

/* KERNEL_IMAGE_SIZE with CONFIG_RANDOMIZE_BASE, and without */
#define IMAGE_SIZE (1ull << 30)
#define IMAGE_SIZE_FIXED (512ull << 20)

#define GAPS_MAX 64
#define POINTER 8

/* What helps against a page that is not there, or is not what it should be. */
static const char *remedy_of(const struct xfdt_error *err)
{
	switch (xfdt_error_code(err)) {
	case XFDT_EXCLUDED:
		return "make the dump with a makedumpfile that knows this kernel, or at a lower dump level (-d 1, or -d 0)";
	case XFDT_TRUNCATED:
		return "copy the file again from where it was saved; if the original is as short, the dump was cut off when it was saved";
	case XFDT_UNSUPPORTED:
		return "use a newer xfdtriage";
	default:
		return NULL;
	}
}

/* What helps where nothing better is known. */
static const char *last_resort(const struct xfdt_error *err)
{
	switch (xfdt_error_code(err)) {
	case XFDT_MISSING:
		return "name debuginfo of the kernel: its vmlinux and kvm.ko (-d)";
	case XFDT_NO_MEMORY:
		return "let it have more memory";
	case XFDT_SYSTEM:
		return "see this machine's kernel log (dmesg) for its storage, copy the file elsewhere, and try again";
	default:
		return "compare the file's checksum with that of the original; if they agree, look at the address with crash(8)";
	}
}

static void free_gap(struct xfdt_gap *gap)
{
	free(gap->what);
	free(gap->why);
	free(gap->remedy);
}

void xfdt_gaps_add(struct xfdt_gaps *gaps, const char *what, struct xfdt_error *err,
		   const char *remedy)
{
	const char *by_code = remedy_of(err);
	struct xfdt_gap *items, gap;
	size_t i;

	gaps->no_memory |= xfdt_error_code(err) == XFDT_NO_MEMORY;
	for (i = 0; i < gaps->count; i++)
		if (!strcmp(gaps->items[i].what, what))
			break;
	if (i < gaps->count || gaps->count == GAPS_MAX) {
		xfdt_error_free(err);
		return;
	}
	if (by_code)
		remedy = by_code;
	if (!remedy)
		remedy = last_resort(err);
	gap.what = strdup(what);
	gap.why = strdup(xfdt_error_message(err));
	gap.remedy = strdup(remedy);
	items = realloc(gaps->items, (gaps->count + 1) * sizeof(*items));
	if (items)
		gaps->items = items;
	if (items && gap.what && gap.why && gap.remedy)
		items[gaps->count++] = gap;
	else
		free_gap(&gap);
	xfdt_error_free(err);
}

void xfdt_gaps_deinit(struct xfdt_gaps *gaps)
{
	size_t i;

	for (i = 0; i < gaps->count; i++)
		free_gap(&gaps->items[i]);
	free(gaps->items);
	gaps->items = NULL;
	gaps->count = 0;
}

struct xfdt_error *xfdt_read(const struct xfdt_image *image, uint64_t kvaddr, void *buf, size_t len)
{
	return xfdt_reader_read(image->reader, kvaddr, buf, len);
}

enum xfdt_purpose xfdt_set_purpose(const struct xfdt_image *image, enum xfdt_purpose purpose)
{
	enum xfdt_purpose before = image->reader->purpose;

	image->reader->purpose = purpose;
	return before;
}

struct xfdt_error *xfdt_read_for(const struct xfdt_image *image, enum xfdt_purpose purpose,
				 uint64_t kvaddr, void *buf, size_t len)
{
	enum xfdt_purpose before = xfdt_set_purpose(image, purpose);
	struct xfdt_error *err = xfdt_read(image, kvaddr, buf, len);

	xfdt_set_purpose(image, before);
	return err;
}

struct xfdt_error *xfdt_read_u64(const struct xfdt_image *image, uint64_t kvaddr,
				 uint64_t *ret_value)
{
	uint64_t value;
	struct xfdt_error *err = xfdt_read(image, kvaddr, &value, sizeof(value));

	if (!err)
		*ret_value = value;
	return err;
}

struct xfdt_error *xfdt_read_string(const struct xfdt_image *image, uint64_t kvaddr, char *ret_text,
				    size_t size)
{
	size_t done = 0;

	/* page by page: the string may end right before an unmapped one */
	while (done < size - 1) {
		size_t part = 4096 - (kvaddr + done) % 4096;
		struct xfdt_error *err;

		if (part > size - 1 - done)
			part = size - 1 - done;
		err = xfdt_read(image, kvaddr + done, ret_text + done, part);
		if (err)
			return err;
		if (memchr(ret_text + done, '\0', part))
			return NULL;
		done += part;
	}
	ret_text[done] = '\0';
	return NULL;
}

bool xfdt_has_member(const struct xfdt_image *image, enum xfdt_member_id id)
{
	return image->layout.members[id].known;
}

bool xfdt_has_symbol_table(const struct xfdt_image *image)
{
	return strcmp(image->symbol_source, "none") && strcmp(image->symbol_source, "vmcoreinfo");
}

bool xfdt_has_struct(const struct xfdt_image *image, enum xfdt_struct_id id)
{
	return image->layout.structs[id] != 0;
}

static struct xfdt_error *check_member(const struct xfdt_image *image, enum xfdt_member_id id)
{
	if (image->layout.members[id].known)
		return NULL;
	return xfdt_error_new(XFDT_MISSING, 0, "no type information has '%s.%s'",
			      xfdt_member_needs[id].structure, xfdt_member_needs[id].path);
}

struct xfdt_error *xfdt_member_kvaddr(const struct xfdt_image *image, uint64_t base,
				      enum xfdt_member_id id, uint64_t *ret_kvaddr)
{
	struct xfdt_error *err = check_member(image, id);

	if (!err)
		*ret_kvaddr = base + image->layout.members[id].offset;
	return err;
}

static uint64_t extract(const struct xfdt_member *member, const uint8_t *bytes)
{
	uint64_t value = 0;

	memcpy(&value, bytes, member->size);
	if (member->bit_size) {
		value >>= member->bit_offset;
		value &= (1ull << member->bit_size) - 1;
	}
	return value;
}

struct xfdt_error *xfdt_read_member(const struct xfdt_image *image, uint64_t base,
				    enum xfdt_member_id id, uint64_t *ret_value)
{
	const struct xfdt_member *member = &image->layout.members[id];
	struct xfdt_error *err = check_member(image, id);
	uint8_t bytes[sizeof(uint64_t)];

	if (err)
		return err;
	if (!member->size || member->size > sizeof(bytes))
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "'%s.%s' has %u bytes, which is not the size of an integer",
				      xfdt_member_needs[id].structure, xfdt_member_needs[id].path,
				      member->size);
	err = xfdt_read(image, base + member->offset, bytes, member->size);
	if (err)
		return xfdt_error_wrap(err, "%s.%s", xfdt_member_needs[id].structure,
				       xfdt_member_needs[id].path);
	*ret_value = extract(member, bytes);
	return NULL;
}

struct xfdt_value xfdt_value_of(const struct xfdt_image *image, uint64_t base,
				enum xfdt_member_id id)
{
	struct xfdt_value value = { .known = false };
	struct xfdt_error *err;

	if (!xfdt_has_member(image, id))
		return value;
	err = xfdt_read_member(image, base, id, &value.value);
	value.known = !err;
	xfdt_error_free(err);
	return value;
}

struct xfdt_value xfdt_value_at(const struct xfdt_image *image, enum xfdt_symbol_id id, size_t len)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, id);
	struct xfdt_value value = { .known = false };
	struct xfdt_error *err;

	if (!symbol || len > sizeof(value.value))
		return value;
	err = xfdt_read(image, symbol->kvaddr, &value.value, len);
	value.known = !err;
	xfdt_error_free(err);
	return value;
}

enum xfdt_truth xfdt_value_truth(const struct xfdt_value *value)
{
	return value->known ? xfdt_truth(value->value) : XFDT_UNSURE;
}

enum xfdt_truth xfdt_value_bool(const struct xfdt_value *value)
{
	return value->known && value->value <= 1 ? xfdt_truth(value->value) : XFDT_UNSURE;
}

bool xfdt_member_value(const struct xfdt_image *image, const void *buf, size_t len,
		       enum xfdt_member_id id, uint64_t *ret_value)
{
	const struct xfdt_member *member = &image->layout.members[id];

	if (!member->known || !member->size || member->size > sizeof(uint64_t) ||
	    member->offset > len || member->size > len - member->offset)
		return false;
	*ret_value = extract(member, (const uint8_t *)buf + member->offset);
	return true;
}

struct xfdt_error *xfdt_container_of(const struct xfdt_image *image, uint64_t kvaddr,
				     enum xfdt_member_id id, uint64_t *ret_base)
{
	struct xfdt_error *err = check_member(image, id);

	if (!err)
		*ret_base = kvaddr - image->layout.members[id].offset;
	return err;
}

const struct xfdt_symbol *xfdt_symbol(const struct xfdt_image *image, enum xfdt_symbol_id id)
{
	const struct xfdt_symbol *symbol = &image->symtab.symbols[id];

	return symbol->known ? symbol : NULL;
}

bool xfdt_in_function(const struct xfdt_image *image, enum xfdt_symbol_id id, uint64_t kvaddr)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, id);

	return symbol && kvaddr - symbol->kvaddr < symbol->size;
}

struct xfdt_error *xfdt_percpu(const struct xfdt_image *image, enum xfdt_symbol_id id,
			       unsigned int cpu, uint64_t *ret_kvaddr)
{
	const struct xfdt_symbol *offsets = xfdt_symbol(image, XFDT_S_per_cpu_offset);
	const struct xfdt_symbol *symbol = xfdt_symbol(image, id);
	struct xfdt_error *err;
	uint64_t offset;

	if (!offsets || !symbol)
		return xfdt_error_new(XFDT_MISSING, 0, "the symbol '%s' is unknown",
				      xfdt_symbol_needs[offsets ? id : XFDT_S_per_cpu_offset].name);
	if (offsets->size && (uint64_t)cpu * POINTER >= offsets->size)
		return xfdt_error_new(XFDT_LIMIT, offsets->kvaddr, "there is no CPU %u", cpu);
	err = xfdt_read_u64(image, offsets->kvaddr + (uint64_t)cpu * POINTER, &offset);
	if (err)
		return xfdt_error_wrap(err, "__per_cpu_offset[%u]", cpu);
	*ret_kvaddr = symbol->kvaddr + offset;
	return NULL;
}

bool xfdt_is_in_module(const struct xfdt_image *image, uint64_t kvaddr)
{
	const struct xfdt_symbol *text = xfdt_symbol(image, XFDT_S_stext);
	uint64_t size;

	if (!xfdt_vmcoreinfo_number(&image->vmcoreinfo, "KERNEL_IMAGE_SIZE", &size) ||
	    size != IMAGE_SIZE_FIXED || !text || text->kvaddr >= XFDT_KERNEL_MAP + size)
		size = IMAGE_SIZE;
	return kvaddr >= XFDT_KERNEL_MAP + size;
}

bool xfdt_is_x86_64(const struct xfdt_image *image)
{
	return !image->arch || !strcmp(image->arch, "x86_64");
}

void xfdt_image_deinit(struct xfdt_image *image)
{
	xfdt_vmcoreinfo_deinit(&image->vmcoreinfo);
	free(image->release);
	free(image->build_id);
	free(image->kvm_build_id);
	xfdt_gaps_deinit(&image->gaps);
	free(image->remedy);
	memset(image, 0, sizeof(*image));
}
