/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all sources of the chain share: how answers get into the image. */
#include "resolve/chain.h"

#include <stdio.h>
#include <string.h>

/*
 * KVM's symbols in vmlinux are KVM's only if it is built in; a static variable
 * of the same name elsewhere is not.
 */
static void judge_built_in(struct xfdt_image *image, const struct xfdt_name_query *queries)
{
	size_t i;

	image->kvm_is_built_in = queries[XFDT_S_kvm_arch_vcpu_ioctl].found ||
				 queries[XFDT_S_kvm_vcpu_ioctl].found;
	for (i = 0; i < XFDT_SYMBOL_COUNT && !image->kvm_is_built_in; i++)
		if (xfdt_symbol_needs[i].place == XFDT_KVM)
			image->symtab.symbols[i].known = false;
}

void xfdt_chain_ask(const struct xfdt_chain *chain,
		    struct xfdt_name_query queries[XFDT_SYMBOL_COUNT])
{
	const struct xfdt_image *image = chain->image;
	size_t i;

	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		/* older distilled dumps lack its entry */
		queries[i] = (struct xfdt_name_query){
			.name = xfdt_symbol_needs[i].name,
			.optional = xfdt_symbol_needs[i].need == XFDT_OPTIONAL,
		};
		if (image->symtab.symbols[i].known)
			queries[i].anchor = image->symtab.symbols[i].kvaddr;
	}
}

void xfdt_chain_take_symbols(struct xfdt_chain *chain,
			     const struct xfdt_name_query queries[XFDT_SYMBOL_COUNT])
{
	struct xfdt_image *image = chain->image;
	size_t i;

	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		struct xfdt_symbol *symbol = &image->symtab.symbols[i];

		/*
		 * Two symbols have this name: it is unknown which one is meant.  The address is 0 where
		 * a distilled dump does not hold it: the version that made the dump had not asked for it.
		 */
		if (queries[i].found != 1 || !queries[i].kvaddr)
			continue;
		symbol->known = true;
		symbol->kvaddr = queries[i].kvaddr;
		symbol->size = queries[i].size;
	}
	judge_built_in(image, queries);
}

struct xfdt_error *xfdt_chain_take_layout(struct xfdt_chain *chain,
					  const struct xfdt_layout *layout, const char *path)
{
	struct xfdt_image *image = chain->image;
	size_t i;

	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (image->layout.structs[i] && layout->structs[i] &&
		    image->layout.structs[i] != layout->structs[i])
			return xfdt_error_new(
				XFDT_CORRUPT, 0,
				"%s: 'struct %s' has %u bytes there, and %u in VMCOREINFO", path,
				xfdt_struct_needs[i].name, layout->structs[i],
				image->layout.structs[i]);
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		if (image->layout.members[i].known && layout->members[i].known &&
		    image->layout.members[i].offset != layout->members[i].offset)
			return xfdt_error_new(XFDT_CORRUPT, 0,
					      "%s: '%s.%s' is at %u there, and at %u in VMCOREINFO",
					      path, xfdt_member_needs[i].structure,
					      xfdt_member_needs[i].path, layout->members[i].offset,
					      image->layout.members[i].offset);
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (!image->layout.structs[i])
			image->layout.structs[i] = layout->structs[i];
	for (i = 0; i < XFDT_MEMBER_COUNT; i++)
		if (!image->layout.members[i].known)
			image->layout.members[i] = layout->members[i];
	return NULL;
}

const char *xfdt_chain_keep_origin(struct xfdt_chain *chain, unsigned int which, const char *text)
{
	struct xfdt_image *image = chain->image;

	snprintf(image->origins[which], sizeof(image->origins[which]), "%s", text);
	return image->origins[which];
}

bool xfdt_chain_takes_btf(const struct xfdt_chain *chain)
{
	return chain->debug->types != XFDT_TYPES_DWARF;
}

bool xfdt_chain_takes_dwarf(const struct xfdt_chain *chain)
{
	return chain->debug->types != XFDT_TYPES_BTF;
}
