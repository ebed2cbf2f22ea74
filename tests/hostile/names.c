/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a byte of a dump is, by symbols and members rather than by its place. */
#include "hostile/replica.h"
#include "kernel/panic.h"

#include <stdio.h>
#include <string.h>

#define SYMBOL_MAX 4096 /* bytes behind a symbol whose size is unknown */

static const char *const purposes[] = {
	[XFDT_FOR_TYPES] = "kallsyms, BTF, modules",
	[XFDT_FOR_HOST] = "host",
	[XFDT_FOR_CODE] = "code",
	[XFDT_FOR_VCPUS] = "VMs and vCPUs",
	[XFDT_FOR_THREADS] = "threads",
	[XFDT_FOR_LOG] = "log",
	[XFDT_FOR_STACK] = "stack",
	[XFDT_FOR_PAGE_TABLES] = "page tables",
	[XFDT_FOR_SEARCH] = "search for guests' FPU states",
};

/* A byte that is looked for, and the best name so far: that of the smallest thing. */
struct search {
	const struct xfdt_image *image;
	uint64_t kvaddr;
	unsigned int bit;
	uint64_t size;
	char *name;
	size_t room;
};

static void offer(struct search *search, uint64_t start, uint64_t size, const char *name,
		  const char *separator, const char *member)
{
	if (search->kvaddr < start || search->kvaddr - start >= size || size > search->size)
		return;
	search->size = size;
	if (size == 1)
		snprintf(search->name, search->room, "%s%s%s", name, separator, member);
	else if (size <= 8)
		snprintf(search->name, search->room, "%s%s%s bit %llu", name, separator, member,
			 (unsigned long long)(search->kvaddr - start) * 8 + search->bit);
	else
		snprintf(search->name, search->room, "%s%s%s+%#llx", name, separator, member,
			 (unsigned long long)(search->kvaddr - start));
}

/* Members of struct @name at @base; @base 0: there is none. */
static void search_struct(struct search *search, const char *name, uint64_t base)
{
	const struct xfdt_layout *layout = &search->image->layout;
	size_t i;

	if (!base)
		return;
	for (i = 0; i < XFDT_STRUCT_COUNT; i++)
		if (!strcmp(xfdt_struct_needs[i].name, name))
			offer(search, base, layout->structs[i], name, "", "");
	for (i = 0; i < XFDT_MEMBER_COUNT; i++) {
		const struct xfdt_member *member = &layout->members[i];

		if (!member->known || strcmp(xfdt_member_needs[i].structure, name))
			continue;
		if (!member->bit_size)
			offer(search, base + member->offset, member->size, name, ".",
			      xfdt_member_needs[i].path);
		else if (search->bit >= member->bit_offset % 8u &&
			 search->bit < member->bit_offset % 8u + member->bit_size)
			offer(search, base + member->offset + member->bit_offset / 8, 1, name, ".",
			      xfdt_member_needs[i].path);
	}
}

static void search_fpstate(struct search *search, uint64_t base)
{
	static const char *const words[] = { "XSTATE_BV", "XCOMP_BV" };
	const struct xfdt_member *regs = &search->image->layout.members[XFDT_M_fpstate_regs];
	size_t i;

	search_struct(search, "fpstate", base);
	for (i = 0; base && regs->known && i < sizeof(words) / sizeof(words[0]); i++)
		offer(search, base + regs->offset + XFDT_XSAVE_HEADER_OFFSET + 8 * i, 8, "fpstate",
		      ".regs ", words[i]);
}

static void search_thread(struct search *search, const struct xfdt_thread *thread)
{
	search_struct(search, "task_struct", thread->task);
	search_struct(search, "fpu", thread->fpu.kvaddr);
}

static void search_vcpus(struct search *search, const struct xfdt_host *host)
{
	const struct xfdt_member *guest = &search->image->layout.members[XFDT_M_kvm_vcpu_guest_fpu];
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;
	size_t i;

	for (i = 0; i < host->vm_count; i++)
		search_struct(search, "kvm", host->vms[i].kvaddr);
	while ((vcpu = xfdt_next_vcpu(host, &at))) {
		search_struct(search, "kvm_vcpu", vcpu->kvaddr);
		if (guest->known)
			search_struct(search, "fpu_guest", vcpu->kvaddr + guest->offset);
		search_fpstate(search, vcpu->fpstate);
		search_thread(search, &vcpu->thread);
	}
}

static void search_symbols(struct search *search, size_t cpus)
{
	const struct xfdt_symbol *symbols = search->image->symtab.symbols;
	unsigned int cpu;
	size_t i;

	for (i = 0; i < XFDT_SYMBOL_COUNT; i++) {
		const char *name = xfdt_symbol_needs[i].name;

		if (!symbols[i].known)
			continue;
		if (xfdt_symbol_needs[i].place != XFDT_PERCPU) {
			offer(search, symbols[i].kvaddr,
			      symbols[i].size ? symbols[i].size : SYMBOL_MAX, name, "", "");
			continue;
		}
		for (cpu = 0; cpu < cpus; cpu++) {
			struct xfdt_error *err;
			uint64_t kvaddr = 0;

			err = xfdt_percpu(search->image, (enum xfdt_symbol_id)i, cpu, &kvaddr);
			if (!err)
				offer(search, kvaddr, 8, name, "", " (per CPU)");
			xfdt_error_free(err);
		}
	}
}

void replica_name(const struct replica *replica, const struct replica_page *page, size_t offset,
		  unsigned int bit, char *ret_name, size_t size)
{
	uint8_t purpose = page->purpose[offset];
	const struct xfdt_fault *fault;
	struct search search = {
		.image = &replica->image,
		.kvaddr = page->vpage + offset,
		.bit = bit,
		.size = UINT64_MAX,
		.name = ret_name,
		.room = size,
	};

	snprintf(ret_name, size, "%s", purpose <= XFDT_FOR_SEARCH ? purposes[purpose] : "not read");
	/* of these, members and symbols say less */
	if (!page->vpage || purpose == XFDT_FOR_PAGE_TABLES || purpose == XFDT_FOR_LOG ||
	    purpose == XFDT_FOR_STACK)
		return;
	search_vcpus(&search, &replica->host);
	search_struct(&search, "task_struct", replica->host.panic.task);
	fault = xfdt_panic_fault(&replica->host.panic);
	if (fault)
		search_fpstate(&search, fault->fpstate_kvaddr);
	search_symbols(&search, replica->source.note_count);
}

bool replica_is_only_record(const char *name)
{
	static const char *const names[] = {
#define ONLY_RECORD(name, why) name,
#include "hostile/only_records.def"
#undef ONLY_RECORD
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}
