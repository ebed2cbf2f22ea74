/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources of the chain: kallsyms and BTF in the dump's memory. */
#include "resolve/chain.h"
#include "base/util.h"
#include "symbols/kallsyms_search.h"

#include <stdlib.h>
#include <string.h>

#define BTF_MAX (64u << 20)

static struct xfdt_error *find_tables(const struct xfdt_chain *chain,
				      struct xfdt_kallsyms *ret_kallsyms, const char **ret_source)
{
	enum xfdt_symbol_choice choice = chain->debug->symbols;
	const struct xfdt_image *image = chain->image;
	struct xfdt_error *err;

	if (choice != XFDT_SYMBOLS_SEARCH) {
		*ret_source = "kallsyms";
		err = xfdt_kallsyms_init(ret_kallsyms, image->reader, &image->vmcoreinfo);
		if (choice == XFDT_SYMBOLS_VMCOREINFO || !err ||
		    xfdt_error_code(err) != XFDT_MISSING)
			return err;
		xfdt_error_free(err);
	}
	*ret_source = "kallsyms (found by search)";
	return xfdt_kallsyms_search(ret_kallsyms, image->reader, &image->vmcoreinfo);
}

struct xfdt_error *xfdt_from_kallsyms(struct xfdt_chain *chain)
{
	struct xfdt_name_query queries[XFDT_SYMBOL_COUNT];
	struct xfdt_image *image = chain->image;
	struct xfdt_kallsyms kallsyms;
	struct xfdt_error *err;
	const char *source;

	err = find_tables(chain, &kallsyms, &source);
	if (err)
		return err;
	xfdt_chain_ask(chain, queries);
	err = xfdt_kallsyms_lookup(&kallsyms, image->reader, queries, XFDT_SYMBOL_COUNT);
	if (err)
		return err;
	xfdt_chain_take_symbols(chain, queries);
	image->symbol_source = source;
	chain->has_symbols = true;
	return NULL;
}

static struct xfdt_error *load_vmlinux_types(struct xfdt_chain *chain)
{
	const struct xfdt_symbol *start, *stop;
	struct xfdt_error *err;
	uint64_t len;
	void *data;

	if (chain->vmlinux_types)
		return NULL;
	if (!xfdt_symbol(chain->image, XFDT_S_start_btf))
		xfdt_search_btf(chain);
	start = xfdt_symbol(chain->image, XFDT_S_start_btf);
	stop = xfdt_symbol(chain->image, XFDT_S_stop_btf);
	if (!start || !stop)
		return xfdt_error_new(XFDT_MISSING, 0,
				      "the kernel carries no BTF (CONFIG_DEBUG_INFO_BTF=n)");
	len = stop->kvaddr - start->kvaddr;
	if (!len || len > BTF_MAX)
		return xfdt_error_new(XFDT_CORRUPT, start->kvaddr,
				      "__start_BTF and __stop_BTF are %llu bytes apart", ull(len));
	data = malloc(len);
	if (!data)
		return xfdt_no_memory("BTF");
	err = xfdt_read(chain->image, start->kvaddr, data, len);
	if (!err)
		err = xfdt_btf_new(&chain->vmlinux_types, data, len, NULL);
	free(data);
	return err ? xfdt_error_wrap(err, "BTF of vmlinux") : NULL;
}

struct xfdt_error *xfdt_from_btf(struct xfdt_chain *chain)
{
	struct xfdt_error *err = load_vmlinux_types(chain);
	struct xfdt_image *image = chain->image;
	struct xfdt_layout layout = { 0 };

	if (err)
		return err;
	xfdt_btf_fill(chain->vmlinux_types, &layout);
	err = xfdt_chain_take_layout(chain, &layout, "BTF of vmlinux");
	if (err)
		return err;
	image->type_source = "btf";
	chain->has_types = true;
	return NULL;
}

static struct xfdt_error *load_module_types(struct xfdt_chain *chain, const struct xfdt_module *kvm,
					    struct xfdt_btf **ret_types)
{
	struct xfdt_error *err;
	void *data;
	size_t len;

	err = xfdt_module_btf(chain->image, kvm, &data, &len);
	if (err)
		return err;
	err = xfdt_btf_new(ret_types, data, len, chain->vmlinux_types);
	free(data);
	return err;
}

/*
 * vmlinux's types of KVM need not hold for a kvm.ko that was built elsewhere.  For one
 * that was built with vmlinux they are as good as its own BTF, which the kernel drops
 * if it does not fit (CONFIG_MODULE_ALLOW_BTF_MISMATCH=y).
 */
struct xfdt_error *xfdt_from_kvm_btf(struct xfdt_chain *chain, const struct xfdt_module *kvm)
{
	struct xfdt_image *image = chain->image;
	struct xfdt_btf *types;
	struct xfdt_error *err;
	size_t filled;

	err = load_vmlinux_types(chain);
	if (err)
		return err;
	err = load_module_types(chain, kvm, &types);
	if (err && !kvm->out_of_tree && xfdt_btf_fill(chain->vmlinux_types, &image->layout) &&
	    xfdt_layout_is_complete(&image->layout)) {
		xfdt_error_free(err);
		return NULL;
	}
	if (err)
		return err;
	filled = xfdt_btf_replace_kvm(types, &image->layout);
	filled += xfdt_btf_fill(types, &image->layout);
	if (filled && !strcmp(image->type_source, "btf"))
		image->type_source = "btf (vmlinux and kvm)";
	xfdt_btf_free(types);
	return NULL;
}
