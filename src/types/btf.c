/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF through libbpf (format: Linux, Documentation/bpf/btf.rst). */
#include "types/btf.h"
#include "base/name_set.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NESTING_MAX 8	     /* named steps and anonymous members on a path */
#define SPLIT_MAX (4u << 20) /* bytes of kvm.ko's BTF */
#define STEPS_MAX (1u << 24) /* members looked at in all; a kernel needs under 100 000 */

struct xfdt_btf {
	struct btf *btf;
	__u32 first_id;
};

/* What every version of struct btf_header begins with; later ones are longer. */
struct header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t hdr_len;
	uint32_t type_off, type_len, str_off, str_len;
};

static struct xfdt_error *check_header(const uint8_t *data, size_t len, struct header *ret_header)
{
	struct header header;
	uint64_t sections;

	if (len < sizeof(header))
		return xfdt_error_new(XFDT_CORRUPT, 0, "BTF of %zu bytes is too short", len);
	memcpy(&header, data, sizeof(header));
	if (header.magic != BTF_MAGIC)
		return xfdt_error_new(XFDT_CORRUPT, 0, "BTF has magic %#x", header.magic);
	if (header.version != BTF_VERSION)
		return xfdt_error_new(XFDT_UNSUPPORTED, 0, "BTF of version %u", header.version);
	if (header.hdr_len < sizeof(header) || header.hdr_len > len)
		return xfdt_error_new(XFDT_CORRUPT, 0, "BTF has a header of %u bytes",
				      header.hdr_len);
	sections = len - header.hdr_len;
	if (header.type_off > sections || header.type_len > sections - header.type_off ||
	    header.str_off > sections || header.str_len > sections - header.str_off)
		return xfdt_error_new(XFDT_CORRUPT, 0, "BTF sections lie outside its %zu bytes",
				      len);
	*ret_header = header;
	return NULL;
}

/*
 * libbpf rejects a header that is longer than it knows.  Copy such BTF with the known part
 * of its header only; the caller frees *@ret_copy.  NULL: @data can be used as it is.
 */
static struct xfdt_error *shorten(const uint8_t *data, struct header header, uint8_t **ret_copy,
				  size_t *len)
{
	const uint8_t *sections = data + header.hdr_len;
	uint8_t *copy;

	*ret_copy = NULL;
	if (header.hdr_len <= sizeof(struct btf_header))
		return NULL;
	*len = sizeof(header) + (size_t)header.type_len + header.str_len;
	copy = malloc(*len);
	if (!copy)
		return xfdt_no_memory("BTF");
	memcpy(copy + sizeof(header), sections + header.type_off, header.type_len);
	memcpy(copy + sizeof(header) + header.type_len, sections + header.str_off, header.str_len);
	header.hdr_len = sizeof(header);
	header.type_off = 0;
	header.str_off = header.type_len;
	memcpy(copy, &header, sizeof(header));
	*ret_copy = copy;
	return NULL;
}

/*
 * btf__new_split() is declared by libbpf 1.1 but not exported, so the bytes go
 * through a file.  It is created before the worker is confined, with a fixed size, so that
 * a worker that is taken over cannot fill the machine's memory with it.
 */
static int split_fd = -1;

bool xfdt_btf_prepare(void)
{
	int fd;

	if (split_fd >= 0)
		return true;
	fd = memfd_create("btf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return false;
	if (ftruncate(fd, SPLIT_MAX) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)) {
		close(fd);
		return false;
	}
	split_fd = fd;
	return true;
}

/* libbpf ignores bytes behind the last section. */
static struct btf *new_split(const uint8_t *data, size_t len, struct btf *base)
{
	char path[40];

	if (!xfdt_btf_prepare() || len > SPLIT_MAX ||
	    pwrite(split_fd, data, len, 0) != (ssize_t)len)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", split_fd);
	return btf__parse_raw_split(path, base);
}

static struct xfdt_error *parse(struct xfdt_btf *types, const void *data, size_t len,
				const struct xfdt_btf *base)
{
	bool no_memory;

	errno = 0;
	types->btf = base ? new_split(data, len, base->btf) : btf__new(data, (__u32)len);
	no_memory = errno == ENOMEM;
	if (types->btf && !libbpf_get_error(types->btf)) {
		types->first_id = base ? btf__type_cnt(base->btf) : 1;
		return NULL;
	}
	if (no_memory)
		return xfdt_no_memory("BTF");
	return xfdt_error_new(XFDT_CORRUPT, 0, "libbpf %s cannot read this BTF (%zu bytes)",
			      libbpf_version_string(), len);
}

struct xfdt_error *xfdt_btf_new(struct xfdt_btf **ret_types, const void *data, size_t len,
				const struct xfdt_btf *base)
{
	struct xfdt_btf *types;
	struct xfdt_error *err;
	struct header header;
	uint8_t *copy = NULL;

	libbpf_set_print(NULL);
	types = calloc(1, sizeof(*types));
	if (!types)
		return xfdt_no_memory("BTF");
	err = check_header(data, len, &header);
	if (!err)
		err = shorten(data, header, &copy, &len);
	if (!err)
		err = parse(types, copy ? copy : data, len, base);
	free(copy);
	if (err)
		free(types);
	else
		*ret_types = types;
	return err;
}

void xfdt_btf_free(struct xfdt_btf *types)
{
	if (!types)
		return;
	btf__free(types->btf);
	free(types);
}

struct search {
	const struct btf *btf;
	unsigned int steps;
};

static const struct btf_type *composite(const struct btf *btf, __u32 id)
{
	const struct btf_type *type;
	unsigned int i;

	for (i = 0; i < NESTING_MAX; i++) {
		type = btf__type_by_id(btf, id);
		if (!type)
			return NULL;
		if (btf_is_composite(type))
			return type;
		if (!btf_is_mod(type) && !btf_is_typedef(type))
			return NULL;
		id = type->type;
	}
	return NULL;
}

/* Find @path below @type, whose own offset is @bits; recursion is bounded by @depth. */
static bool find_member(struct search *search, const struct btf_type *type, const char *path,
			uint64_t bits, unsigned int depth, struct xfdt_member *ret_member)
{
	size_t len = strcspn(path, ".");
	const struct btf_member *members = btf_members(type);
	unsigned int count = btf_vlen(type), i;

	if (depth == NESTING_MAX)
		return false;
	for (i = 0; i < count; i++) {
		const char *name = btf__name_by_offset(search->btf, members[i].name_off);
		uint64_t at = bits + btf_member_bit_offset(type, i);
		unsigned int bit_size = btf_member_bitfield_size(type, i);
		const struct btf_type *inner;
		__s64 size;

		if (++search->steps > STEPS_MAX)
			return false;
		if (!name || !*name) {
			inner = composite(search->btf, members[i].type);
			if (inner && find_member(search, inner, path, at, depth + 1, ret_member))
				return true;
			continue;
		}
		if (strncmp(name, path, len) || name[len])
			continue;
		if (path[len] == '.') {
			inner = composite(search->btf, members[i].type);
			return inner && find_member(search, inner, path + len + 1, at, depth + 1,
						    ret_member);
		}
		size = bit_size ? 0 : btf__resolve_size(search->btf, members[i].type);
		return size >= 0 && xfdt_member_place(at, bit_size, (uint64_t)size, ret_member);
	}
	return false;
}

static bool find_path(void *source, const void *type, const char *path,
		      struct xfdt_member *ret_member)
{
	return find_member(source, type, path, 0, 0, ret_member);
}

static size_t take(struct search *search, struct xfdt_layout *layout, const char *name,
		   const struct btf_type *type)
{
	return xfdt_layout_take(layout, name, type->size, find_path, search, type);
}

/* The best definition so far of a structure. */
struct candidate {
	const struct btf_type *type; /* NULL: none */
	size_t score;
};

/* In a function of its own: a layout is kilobytes to zero, and few of a kernel's types get here. */
static __attribute__((noinline)) size_t score_of(struct search *search, const char *name,
						 const struct btf_type *type)
{
	struct xfdt_layout only = { 0 };

	return take(search, &only, name, type);
}

static void find_candidates(const struct xfdt_btf *types, struct search *search,
			    const struct xfdt_name_set *names, struct candidate *candidates)
{
	__u32 end = btf__type_cnt(types->btf), id;

	for (id = types->first_id; id < end; id++) {
		const struct btf_type *type = btf__type_by_id(types->btf, id);
		const char *name;
		size_t score;
		int index;

		if (!type || !btf_is_composite(type))
			continue;
		name = btf__name_by_offset(types->btf, type->name_off);
		index = name ? xfdt_name_set_find(names, name) : -1;
		if (index < 0)
			continue;
		score = score_of(search, name, type);
		if (score > candidates[index].score)
			candidates[index] = (struct candidate){ type, score };
	}
}

size_t xfdt_btf_fill(const struct xfdt_btf *types, struct xfdt_layout *layout)
{
	struct search search = { .btf = types->btf };
	struct candidate candidates[XFDT_NAME_SET_MAX] = { 0 };
	struct xfdt_name_set names = { .count = 0 };
	size_t filled = 0, i;

	xfdt_layout_unknown_names(&names, layout);
	find_candidates(types, &search, &names, candidates);
	for (i = 0; i < names.count; i++)
		if (candidates[i].type)
			filled += take(&search, layout, names.items[i], candidates[i].type);
	return filled;
}

static bool is_kvms(const char *structure)
{
	return !strcmp(structure, "kvm") || !strncmp(structure, "kvm_", 4);
}

/* Has @layout a member of @structure? */
static bool has_member_of(const struct xfdt_layout *layout, const char *structure)
{
	size_t i;

	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		if (layout->members[i].known && !strcmp(xfdt_member_needs[i].structure, structure))
			return true;
	return false;
}

size_t xfdt_btf_replace_kvm(const struct xfdt_btf *types, struct xfdt_layout *layout)
{
	struct xfdt_layout own = { 0 };
	size_t replaced = 0, i;

	if (!xfdt_btf_fill(types, &own))
		return 0;
	for (i = 0; i < XFDT_STRUCT_COUNT; i++) {
		if (own.structs[i] && is_kvms(xfdt_struct_needs[i].name)) {
			layout->structs[i] = own.structs[i];
			replaced++;
		}
	}
	/* also with none: another definition may lack a member */
	for (i = 0; i < XFDT_MEMBER_COUNT; i++) {
		const char *structure = xfdt_member_needs[i].structure;

		if (is_kvms(structure) && has_member_of(&own, structure)) {
			layout->members[i] = own.members[i];
			replaced += own.members[i].known;
		}
	}
	return replaced;
}
