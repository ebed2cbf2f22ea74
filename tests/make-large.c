/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vmcore of a big host, made out of a small one: to measure what it costs.
 *
 * make-large SOURCE OUT MEMORY_GIB VMS VCPUS_PER_VM [armed] [scattered=N] [segments=N] [levels=N]
 *	Write to OUT, a sparse file, all frames of the kdump-compressed SOURCE
 *	and, near the top of MEMORY_GIB of physical memory, VMs that SOURCE
 *	never had: copies of its struct kvm, each with copies of a struct
 *	kvm_vcpu that is in order, of its fpstate and of its thread.  They are
 *	in the direct mapping; fpstates, and stacks without content, are where
 *	vmalloc() would have them, too.
 *	"armed" arms the very last vCPU.  "scattered" claims to have every Nth
 *	frame in between as well, all of them empty: what costs by fragments
 *	of the page bitmap shows then.  "segments" writes what /proc/vmcore is
 *	on such a host: an ELF file of all memory in N segments, with a page
 *	missing between them.  "levels" is hostile: it gives each VM the same
 *	xarray of N levels, in which each slot leads to the one node of the next
 *	level, so that a walk sees 64^N nodes and no vCPU.  Prints how many
 *	vCPUs there are.
 */
#include "triage/session.h"
#include "image/page_tables.h"
#include "dump/kdump_format.h"
#include "image/vmcoreinfo.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define PAGE XFDT_PAGE_SIZE
#define GIB (UINT64_C(1) << 30)
#define TABLE_ENTRIES 512u
#define DIRECT_MAP 0xffff888000000000ull /* __PAGE_OFFSET_BASE_L4 */
#define NODENAME 1			 /* in struct new_utsname */
#define LIST_PREV 8			 /* in struct list_head */
#define XA_INTERNAL 2			 /* xa_mk_internal() */
#define PATCHES_MAX 64
#define FIRST_PID 100000
#define TILE (1ull << XFDT_XFEATURE_XTILECFG | 1ull << XFDT_XFEATURE_XTILEDATA)

/* page-table entries (SDM vol. 3, 4.5) */
#define ENTRY_PRESENT 1ull
#define ENTRY_LARGE 0x80ull
#define ENTRY_TABLE 0x67ull /* present, writable, user, accessed, dirty */
#define ENTRY_GIB 0x1e3ull  /* present, writable, accessed, dirty, large, global */
#define ENTRY_PAGE 0x163ull /* present, writable, accessed, dirty, global */
#define STACK_PAGES 4
#define STACK_ALIGN (8 * PAGE)	    /* THREAD_SIZE is the alignment, and a guard page follows */
#define VMALLOC_DISTANCE (64 * GIB) /* from the source's own areas */
#define ENTRY_ADDRESS 0x000ffffffffff000ull

/* What is copied many times: some bytes, of whose pages some may not be in the dump. */
struct template
{
	size_t offset; /* into its first page */
	size_t size, pages;
	uint8_t *bytes; /* of whole pages */
	bool *present;
};

/* A frame of the source that is not left as it is. */
struct patch {
	uint64_t pfn;
	uint8_t page[PAGE];
};

struct maker {
	struct xfdt_session session;
	const struct xfdt_image *image; /* of the session */
	struct xfdt_dump *frames;	/* the source, opened once more; see read_frame() */
	int fd;				/* and as a file */
	struct xfdt_kdump_header header;
	uint64_t header_blocks; /* it, the sub header and the notes */
	uint8_t *source_bitmap;
	uint64_t source_pfns; /* bits in it */
	struct patch patches[PATCHES_MAX];
	size_t patch_count;

	uint64_t root; /* paddr of the top-level page table */
	unsigned int levels;
	uint64_t sme_mask;

	/* the synthetic region: one piece of memory at @paddr, in the direct mapping at @kvaddr */
	uint64_t paddr, kvaddr;
	uint64_t vmalloc; /* where its next area goes */
	uint8_t *bytes;
	bool *present; /* by page */
	size_t used, size;

	struct template kvm, vcpu, fpstate, pid, task;
	const struct xfdt_vcpu *source_vcpu;
	bool have_thread;
	size_t vms, vcpus_per_vm, next_pid;
	bool armed;
	uint64_t scattered, segments;
	uint64_t xa_levels, endless; /* the head of an xarray with so many levels */
};

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *format, ...)
{
	va_list args;

	fputs("make-large: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(99);
}

static void check(struct xfdt_error *err)
{
	if (err)
		die("%s", xfdt_error_message(err));
}

static void *zeros(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		die("out of memory");
	return memory;
}

static void read_at(int fd, void *buf, size_t len, uint64_t offset)
{
	if (pread(fd, buf, len, (off_t)offset) != (ssize_t)len)
		die("cannot read %zu bytes at %" PRIu64 " of the source", len, offset);
}

static void write_at(int fd, const void *buf, size_t len, uint64_t offset)
{
	if (pwrite(fd, buf, len, (off_t)offset) != (ssize_t)len)
		die("cannot write: %s", strerror(errno));
}

/* the source */

static void open_source(struct maker *maker, const char *path)
{
	static const struct xfdt_session_options options;
	const char *paths[] = { path };
	uint64_t bytes, i;

	check(xfdt_session_init(&maker->session, paths, 1, &options));
	maker->image = &maker->session.image;
	check(xfdt_dump_open(&maker->frames, paths, 1, &options.dump));
	maker->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (maker->fd < 0)
		die("%s: %s", path, strerror(errno));
	read_at(maker->fd, &maker->header, sizeof(maker->header), 0);
	if (memcmp(maker->header.signature, XFDT_KDUMP_SIGNATURE,
		   sizeof(maker->header.signature)) ||
	    maker->header.header_version < XFDT_KDUMP_VERSION || maker->header.block_size != PAGE)
		die("%s is not kdump-compressed, of header version 6 and with pages of 4 KiB",
		    path);
	maker->header_blocks = 1 + (uint64_t)maker->header.sub_hdr_size;
	bytes = (uint64_t)maker->header.bitmap_blocks / 2 * PAGE;
	maker->source_bitmap = zeros(bytes, 1);
	read_at(maker->fd, maker->source_bitmap, bytes, maker->header_blocks * PAGE + bytes);
	for (i = 0; i < 8 * bytes; i++)
		if (maker->source_bitmap[i / 8] >> i % 8 & 1)
			maker->source_pfns = i + 1;
}

static void find_page_tables(struct maker *maker)
{
	struct xfdt_page_root root;

	if (!xfdt_page_root_find(&maker->image->vmcoreinfo, &root))
		die("VMCOREINFO does not give the kernel's page tables");
	maker->root = root.paddr;
	maker->levels = root.levels;
	maker->sme_mask = root.sme_mask;
}

/* Behind the areas that the source has. */
static void find_vmalloc(struct maker *maker)
{
	struct xfdt_page_tables tables;
	struct xfdt_page_root root;
	uint64_t to;

	xfdt_page_root_find(&maker->image->vmcoreinfo, &root);
	xfdt_page_tables_init(&tables, maker->image->reader, &root);
	check(xfdt_page_tables_vmalloc(&tables, &maker->vmalloc, &to));
	xfdt_page_tables_deinit(&tables);
	maker->vmalloc += VMALLOC_DISTANCE;
}

/* How far an entry at @level reaches; the lowest is 1. */
static unsigned int level_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

static bool has_frame(const struct maker *maker, uint64_t pfn)
{
	return pfn < maker->source_pfns && maker->source_bitmap[pfn / 8] >> pfn % 8 & 1;
}

/*
 * A frame of the source; false if it has none.  libkdumpfile 0.5.1 is not even
 * asked for what is not there: after that, its cache has entries without
 * memory, and pages that are there seem corrupt.
 */
static bool read_frame(struct maker *maker, uint64_t pfn, void *ret_page)
{
	if (!has_frame(maker, pfn))
		return false;
	check(xfdt_dump_read_frame(maker->frames, pfn, ret_page));
	return true;
}

static bool translate(struct maker *maker, uint64_t kvaddr, uint64_t *ret_paddr)
{
	uint64_t table[TABLE_ENTRIES], paddr = maker->root, entry, mask;
	unsigned int level;

	for (level = maker->levels; level; level--) {
		if (!read_frame(maker, paddr / PAGE, table))
			return false;
		entry = table[kvaddr >> level_shift(level) & (TABLE_ENTRIES - 1)];
		if (!(entry & ENTRY_PRESENT))
			return false;
		paddr = entry & ENTRY_ADDRESS & ~maker->sme_mask;
		if (level <= 3 && entry & ENTRY_LARGE)
			break;
	}
	mask = (1ull << level_shift(level ? level : 1)) - 1;
	*ret_paddr = (paddr & ~mask) | (kvaddr & mask);
	return true;
}

/* The page of the source at @paddr, to be changed. */
static uint8_t *patched_page(struct maker *maker, uint64_t paddr)
{
	struct patch *patch = maker->patches;
	uint64_t pfn = paddr / PAGE;

	while (patch < maker->patches + maker->patch_count && patch->pfn != pfn)
		patch++;
	if (patch == maker->patches + PATCHES_MAX)
		die("too many changed pages");
	if (patch == maker->patches + maker->patch_count) {
		maker->patch_count++;
		patch->pfn = pfn;
		if (!read_frame(maker, pfn, patch->page))
			die("page %#" PRIx64 ", which is to be changed, is not in the source", pfn);
	}
	return patch->page;
}

static void patch_bytes(struct maker *maker, uint64_t kvaddr, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	for (; len; len--, kvaddr++) {
		uint64_t paddr;

		if (!translate(maker, kvaddr, &paddr))
			die("%#" PRIx64 " is not mapped", kvaddr);
		patched_page(maker, paddr)[paddr % PAGE] = *from++;
	}
}

/* templates */

/* Where the last known member of a structure ends. */
static size_t span_of(const struct xfdt_image *image, const char *structure)
{
	size_t span = 0, i;

	for (i = 0; i < XFDT_MEMBER_COUNT; i++) {
		const struct xfdt_member *member = &image->layout.members[i];

		if (member->known && !strcmp(xfdt_member_needs[i].structure, structure) &&
		    member->offset + member->size > span)
			span = member->offset + member->size;
	}
	return span;
}

static struct template load_template(struct maker *maker, uint64_t kvaddr, size_t size)
{
	struct template template = { .offset = kvaddr % PAGE, .size = size };
	uint64_t paddr;
	size_t i;

	template.pages = (template.offset + size + PAGE - 1) / PAGE;
	template.bytes = zeros(template.pages, PAGE);
	template.present = zeros(template.pages, sizeof(*template.present));
	for (i = 0; i < template.pages; i++)
		template.present[i] = translate(maker, kvaddr - template.offset + i * PAGE,
						&paddr) &&
				      read_frame(maker, paddr / PAGE, template.bytes + i * PAGE);
	return template;
}

static void find_thread(struct maker *maker)
{
	const struct xfdt_image *image = maker->image;
	const struct xfdt_vcpu *vcpu = maker->source_vcpu;
	size_t span = span_of(image, "task_struct");
	uint64_t pid;

	/* the thread is known by it, so it is there */
	if (!vcpu->thread.known || !vcpu->ran)
		return;
	memcpy(&pid,
	       maker->vcpu.bytes + maker->vcpu.offset +
		       image->layout.members[XFDT_M_kvm_vcpu_pid].offset,
	       sizeof(pid));
	maker->pid = load_template(maker, pid, span_of(image, "pid"));
	if (vcpu->thread.fpu.kvaddr &&
	    vcpu->thread.fpu.kvaddr - vcpu->thread.task + span_of(image, "fpu") > span)
		span = vcpu->thread.fpu.kvaddr - vcpu->thread.task + span_of(image, "fpu");
	maker->task = load_template(maker, vcpu->thread.task, span);
	maker->have_thread = true;
}

static void load_templates(struct maker *maker)
{
	const struct xfdt_host *host = &maker->session.host;
	const struct xfdt_image *image = maker->image;
	const struct xfdt_vm *vm = NULL;
	size_t i, j, n = 0;

	if (!host->vm_count || !xfdt_has_member(image, XFDT_M_kvm_vcpu_array))
		die("the source has no VMs, or not the lists of v5.17 and later");
	for (i = 0; !vm && i < host->vm_count; i++) {
		for (j = 0; !vm && j < host->vms[i].vcpu_count; j++) {
			if (maker->session.verdict.vcpus[n++].state != XFDT_VCPU_OK)
				continue;
			vm = &host->vms[i];
			maker->source_vcpu = &vm->vcpus[j];
		}
	}
	if (!vm)
		die("no vCPU of the source is in order");
	maker->kvm = load_template(maker, vm->kvaddr, span_of(image, "kvm"));
	maker->vcpu = load_template(maker, maker->source_vcpu->kvaddr, span_of(image, "kvm_vcpu"));
	maker->fpstate = load_template(maker, maker->source_vcpu->fpstate,
				       image->layout.members[XFDT_M_fpstate_regs].offset +
					       XFDT_XSAVE_EXTENDED_OFFSET);
	find_thread(maker);
}

/* the synthetic region */

static uint8_t *synthetic(struct maker *maker, uint64_t kvaddr, size_t len)
{
	uint64_t offset = kvaddr - maker->kvaddr;

	if (offset >= maker->used || len > maker->used - offset)
		die("%#" PRIx64 " is not in the synthetic region", kvaddr);
	return maker->bytes + offset;
}

static size_t take_pages(struct maker *maker, size_t pages)
{
	size_t at = (maker->used + PAGE - 1) / PAGE * PAGE;

	if (pages * PAGE > maker->size - at)
		die("the synthetic region is too small");
	maker->used = at + pages * PAGE;
	return at;
}

static uint64_t copy_of(struct maker *maker, const struct template *template)
{
	size_t at = take_pages(maker, template->pages);

	memcpy(maker->bytes + at, template->bytes, template->pages * PAGE);
	memcpy(maker->present + at / PAGE, template->present,
	       template->pages * sizeof(*template->present));
	return maker->kvaddr + at + template->offset;
}

/* Set member @id of the copy at @base, where it is known and its page is there. */
static void put(struct maker *maker, uint64_t base, enum xfdt_member_id id, uint64_t value)
{
	const struct xfdt_member *member = &maker->image->layout.members[id];
	size_t len = member->bit_size ? (member->bit_offset + member->bit_size + 7u) / 8 :
					member->size;
	uint64_t mask = member->bit_size ? ((1ull << member->bit_size) - 1) << member->bit_offset :
					   ~0ull;
	uint64_t kvaddr = base + member->offset, old = 0;
	uint8_t *bytes;

	if (!member->known || len > sizeof(old))
		return;
	bytes = synthetic(maker, kvaddr, len);
	if (!maker->present[(kvaddr - maker->kvaddr) / PAGE])
		return;
	memcpy(&old, bytes, len);
	old = (old & ~mask) | (value << member->bit_offset & mask);
	memcpy(bytes, &old, len);
}

static void put_u64(struct maker *maker, uint64_t kvaddr, uint64_t value)
{
	memcpy(synthetic(maker, kvaddr, sizeof(value)), &value, sizeof(value));
}

static uint64_t offset_of(const struct maker *maker, enum xfdt_member_id id)
{
	return maker->image->layout.members[id].offset;
}

/* The entry of the kernel's page tables at @level for @kvaddr, with the tables above it. */
static uint64_t *entry_of(struct maker *maker, uint64_t kvaddr, unsigned int level)
{
	uint64_t paddr = maker->root, *entry;
	unsigned int at;

	for (at = maker->levels;; at--) {
		uint8_t *table = paddr - maker->paddr < maker->size ?
					 maker->bytes + (paddr - maker->paddr) :
					 patched_page(maker, paddr);

		entry = (uint64_t *)table + (kvaddr >> level_shift(at) & (TABLE_ENTRIES - 1));
		if (at == level)
			return entry;
		if (!(*entry & ENTRY_PRESENT)) {
			size_t made = take_pages(maker, 1);

			maker->present[made / PAGE] = true;
			*entry = (maker->paddr + made) | ENTRY_TABLE | maker->sme_mask;
		} else if (at <= 3 && *entry & ENTRY_LARGE) {
			die("%#" PRIx64 " is mapped already", kvaddr);
		}
		paddr = *entry & ENTRY_ADDRESS & ~maker->sme_mask;
	}
}

/* The region, in pages of 1 GiB of the direct mapping. */
static void map_region(struct maker *maker, uint64_t memory)
{
	uint64_t vcpu = maker->source_vcpu->kvaddr, paddr, at;

	if (!translate(maker, vcpu, &paddr) || (vcpu - paddr) % GIB)
		die("the source's vCPU is not in the direct mapping");
	maker->kvaddr = vcpu - paddr + maker->paddr;
	for (at = maker->paddr; at < memory; at += GIB)
		*entry_of(maker, vcpu - paddr + at, 3) = at | ENTRY_GIB | maker->sme_mask;
}

/* Let @pages at @kvaddr be an area of vmalloc()'s that begins with the page at @paddr; the others do not matter. */
static void map_area(struct maker *maker, uint64_t kvaddr, size_t pages, uint64_t paddr)
{
	size_t i;

	for (i = 0; i < pages; i++)
		*entry_of(maker, kvaddr + i * PAGE, 1) = paddr | ENTRY_PAGE | maker->sme_mask;
}

static size_t state_pages(const struct maker *maker, const struct xfdt_vcpu *vcpu)
{
	return (maker->image->layout.members[XFDT_M_fpstate_regs].offset + vcpu->size.value + PAGE -
		1) /
	       PAGE;
}

/* A distilled source lacks all but the first page of its own states, and of that what was not read. */
static void complete_states(struct maker *maker)
{
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;
	uint64_t paddr;

	while ((vcpu = xfdt_next_vcpu(&maker->session.host, &at))) {
		const uint32_t size = (uint32_t)vcpu->size.value;

		if (!vcpu->state_known || !translate(maker, vcpu->fpstate, &paddr))
			continue;
		map_area(maker, vcpu->fpstate, state_pages(maker, vcpu), paddr);
		patch_bytes(maker, vcpu->fpstate + offset_of(maker, XFDT_M_fpstate_user_size),
			    &size, sizeof(size));
	}
}

/* A kernel stack, and the fpstate that was copied to @fpstate, as areas; returns the kvaddr of the latter. */
static uint64_t map_vcpu_areas(struct maker *maker, uint64_t fpstate)
{
	uint64_t paddr = maker->paddr + (fpstate - maker->kvaddr), kvaddr;

	maker->vmalloc = (maker->vmalloc + STACK_ALIGN - 1) / STACK_ALIGN * STACK_ALIGN;
	map_area(maker, maker->vmalloc, STACK_PAGES, maker->paddr);
	kvaddr = maker->vmalloc + (STACK_PAGES + 1) * PAGE;
	map_area(maker, kvaddr, state_pages(maker, maker->source_vcpu), paddr);
	maker->vmalloc = kvaddr + (state_pages(maker, maker->source_vcpu) + 1) * PAGE;
	return kvaddr;
}

static uint64_t make_xa_node(struct maker *maker)
{
	size_t size = maker->image->layout.structs[XFDT_T_xa_node], at;

	if (size < span_of(maker->image, "xa_node"))
		size = span_of(maker->image, "xa_node");
	at = (maker->used + 63) / 64 * 64;
	if (at % PAGE + size > PAGE || at % PAGE == 0)
		at = take_pages(maker, 1);
	maker->used = at + size;
	maker->present[at / PAGE] = true;
	return maker->kvaddr + at;
}

/* The entry for the vCPUs from number @first on, in a node of @shift. */
static uint64_t make_xarray(struct maker *maker, const uint64_t *vcpus, size_t first,
			    unsigned int shift, unsigned int bits)
{
	uint64_t node = make_xa_node(maker), slots = node + offset_of(maker, XFDT_M_xa_node_slots);
	size_t i, index;

	put(maker, node, XFDT_M_xa_node_shift, shift);
	for (i = 0; i < 1u << bits; i++) {
		index = first + (i << shift);
		if (index >= maker->vcpus_per_vm)
			break;
		put_u64(maker, slots + 8 * i,
			shift ? make_xarray(maker, vcpus, index, shift - bits, bits) :
				vcpus[index]);
	}
	return node | XA_INTERNAL;
}

/* The head of an xarray of all levels, in which each slot of a node leads to the same next one. */
static uint64_t make_endless(struct maker *maker)
{
	uint32_t slots = maker->image->layout.members[XFDT_M_xa_node_slots].size / 8, i;
	uint64_t next = 0, shift;

	for (shift = 0; shift < maker->xa_levels; shift++) {
		uint64_t node = make_xa_node(maker),
			 at = node + offset_of(maker, XFDT_M_xa_node_slots);

		put(maker, node, XFDT_M_xa_node_shift, shift);
		for (i = 0; i < slots; i++)
			put_u64(maker, at + 8ull * i, next);
		next = node | XA_INTERNAL;
	}
	return next;
}

static uint64_t xarray_head(struct maker *maker, const uint64_t *vcpus)
{
	uint32_t slots = maker->image->layout.members[XFDT_M_xa_node_slots].size / 8;
	unsigned int shift = 0, bits = 0;

	if (maker->xa_levels) {
		if (!maker->endless)
			maker->endless = make_endless(maker);
		return maker->endless;
	}
	while (1u << (bits + 1) <= slots)
		bits++;
	/* what is stored at index 0 only is the head itself */
	if (maker->vcpus_per_vm == 1)
		return vcpus[0];
	if (!bits)
		die("xa_node.slots has %u entries", slots);
	while ((maker->vcpus_per_vm - 1) >> (shift + bits))
		shift += bits;
	return make_xarray(maker, vcpus, 0, shift, bits);
}

static uint64_t make_thread(struct maker *maker, size_t tgid)
{
	uint64_t pid = copy_of(maker, &maker->pid), task = copy_of(maker, &maker->task);

	/* tasks[PIDTYPE_PID] is the first of its array */
	put_u64(maker, pid + offset_of(maker, XFDT_M_pid_tasks),
		task + offset_of(maker, XFDT_M_task_pid_links));
	put(maker, task, XFDT_M_task_pid, maker->next_pid++);
	put(maker, task, XFDT_M_task_tgid, tgid);
	put(maker, task, XFDT_M_task_on_cpu, 0);
	return pid;
}

static uint64_t make_vcpu(struct maker *maker, uint64_t kvm, size_t index, size_t tgid,
			  uint64_t *ret_fpstate)
{
	uint64_t vcpu = copy_of(maker, &maker->vcpu), fpstate = copy_of(maker, &maker->fpstate);
	uint64_t guest_fpu = vcpu + offset_of(maker, XFDT_M_kvm_vcpu_guest_fpu);

	put(maker, vcpu, XFDT_M_kvm_vcpu_kvm, kvm);
	put(maker, vcpu, XFDT_M_kvm_vcpu_vcpu_id, index);
	put(maker, vcpu, XFDT_M_kvm_vcpu_mode, XFDT_OUTSIDE_GUEST_MODE);
	put(maker, vcpu, XFDT_M_kvm_vcpu_pid, maker->have_thread ? make_thread(maker, tgid) : 0);
	put(maker, guest_fpu, XFDT_M_fpu_guest_fpstate, map_vcpu_areas(maker, fpstate));
	put(maker, fpstate, XFDT_M_fpstate_in_use, 0);
	put(maker, fpstate, XFDT_M_fpstate_user_size, maker->source_vcpu->size.value);
	*ret_fpstate = fpstate;
	return vcpu;
}

/* Put a component into XSTATE_BV, XCOMP_BV and XFD, on a host that enables it. */
static void arm(struct maker *maker, uint64_t fpstate)
{
	const struct xfdt_symbol *config = xfdt_symbol(maker->image, XFDT_S_fpu_kernel_cfg);
	struct xfdt_xsave_header header = maker->source_vcpu->header;
	uint64_t features;

	header.xstate_bv |= 1ull << XFDT_XFEATURE_XTILEDATA;
	if (header.xcomp_bv)
		header.xcomp_bv |= TILE;
	memcpy(synthetic(maker,
			 fpstate + offset_of(maker, XFDT_M_fpstate_regs) + XFDT_XSAVE_HEADER_OFFSET,
			 sizeof(header)),
	       &header, sizeof(header));
	put(maker, fpstate, XFDT_M_fpstate_xfeatures, maker->source_vcpu->xfeatures | TILE);
	put(maker, fpstate, XFDT_M_fpstate_xfd, 1ull << XFDT_XFEATURE_XTILEDATA);
	if (!config)
		return;
	features = maker->session.host.enabled_features | TILE;
	patch_bytes(maker, config->kvaddr + offset_of(maker, XFDT_M_fpu_state_config_max_features),
		    &features, sizeof(features));
}

static uint64_t make_vm(struct maker *maker, bool last)
{
	uint64_t kvm = copy_of(maker, &maker->kvm), fpstate = 0;
	uint64_t *vcpus = zeros(maker->vcpus_per_vm, sizeof(*vcpus));
	size_t tgid = maker->next_pid++, i;

	put(maker, kvm, XFDT_M_kvm_userspace_pid, tgid);
	put(maker, kvm, XFDT_M_kvm_online_vcpus, maker->vcpus_per_vm);
	put(maker, kvm, XFDT_M_kvm_created_vcpus, maker->vcpus_per_vm);
	for (i = 0; i < maker->vcpus_per_vm; i++)
		vcpus[i] = make_vcpu(maker, kvm, i, tgid, &fpstate);
	put(maker, kvm + offset_of(maker, XFDT_M_kvm_vcpu_array), XFDT_M_xarray_xa_head,
	    xarray_head(maker, vcpus));
	if (last && maker->armed)
		arm(maker, fpstate);
	free(vcpus);
	return kvm;
}

/* All VMs, linked into the kernel's list behind those that it has. */
static void make_vms(struct maker *maker)
{
	const struct xfdt_host *host = &maker->session.host;
	uint64_t list = xfdt_symbol(maker->image, XFDT_S_vm_list)->kvaddr;
	uint64_t link = offset_of(maker, XFDT_M_kvm_vm_list);
	uint64_t tail = host->vms[host->vm_count - 1].kvaddr + link, node = 0, before = list;
	size_t i;

	/* the source may not have read their prev */
	for (i = 0; i < host->vm_count; i++) {
		patch_bytes(maker, host->vms[i].kvaddr + link + LIST_PREV, &before, sizeof(before));
		before = host->vms[i].kvaddr + link;
	}
	for (i = 0; i < maker->vms; i++) {
		node = make_vm(maker, i == maker->vms - 1) + link;
		put_u64(maker, node, list);
		put_u64(maker, node + LIST_PREV, before);
		if (i)
			put_u64(maker, before, node);
		else
			patch_bytes(maker, tail, &node, sizeof(node));
		before = node;
	}
	patch_bytes(maker, list + LIST_PREV, &node, sizeof(node));
}

/* The region has room for all at its most, in whole GiB at the top of memory. */
static void make_region(struct maker *maker, uint64_t memory)
{
	/* and a page table for each of its pages is more than enough */
	size_t per_vcpu = maker->vcpu.pages + maker->fpstate.pages + maker->pid.pages +
			  maker->task.pages + 1 + 1;
	uint64_t room = GIB;

	maker->size = (64 + maker->vms * (maker->kvm.pages + 4 + maker->vcpus_per_vm * per_vcpu)) *
		      PAGE;
	while (room < maker->size)
		room += GIB;
	if (room / GIB > TABLE_ENTRIES || memory < room + maker->source_pfns * PAGE)
		die("%" PRIu64 " GiB of memory are too few", memory / GIB);
	maker->paddr = memory - room;
	maker->bytes = zeros(maker->size, 1);
	maker->present = zeros(maker->size / PAGE, sizeof(*maker->present));
	find_vmalloc(maker);
	map_region(maker, memory);
	complete_states(maker);
}

/* the file */

struct output {
	int fd;
	uint64_t data;		      /* where the next page goes; in an ELF file, the first */
	struct xfdt_page_desc *descs; /* NULL: an ELF file */
	size_t count;
};

static void put_page(struct output *output, uint64_t pfn, const uint8_t *page)
{
	uint8_t compressed[2 * PAGE];
	uLongf size = sizeof(compressed);
	struct xfdt_page_desc *desc;

	if (!output->descs) {
		write_at(output->fd, page, PAGE, output->data + pfn * PAGE);
		return;
	}
	desc = &output->descs[output->count++];
	if (compress2(compressed, &size, page, PAGE, Z_BEST_SPEED) != Z_OK)
		die("zlib cannot compress a page");
	*desc = (struct xfdt_page_desc){ .offset = output->data, .flags = XFDT_KDUMP_ZLIB };
	if (size >= PAGE) {
		desc->flags = 0;
		size = PAGE;
	}
	desc->size = (uint32_t)size;
	write_at(output->fd, desc->flags ? compressed : page, size, output->data);
	output->data += size;
}

/* The census that a distilled source carries is not that of the large host: it gets another type. */
static void drop_census(uint8_t *notes, size_t len)
{
	static const char name[] = XFDT_EMBEDDED_NAME;
	uint8_t *at = notes;

	while ((at = memmem(at, len - (size_t)(at - notes), name, sizeof(name)))) {
		Elf64_Nhdr *header = (Elf64_Nhdr *)(at - sizeof(*header));

		if (at - notes >= (ptrdiff_t)sizeof(*header) &&
		    header->n_type == XFDT_EMBEDDED_CENSUS)
			header->n_type = ~0u;
		at++;
	}
}

static void put_headers(struct maker *maker, int fd, uint64_t pfns, uint64_t bitmap_blocks)
{
	size_t size = maker->header_blocks * PAGE;
	uint8_t *blocks = zeros(size, 1);
	struct xfdt_kdump_sub_header *sub = (struct xfdt_kdump_sub_header *)(blocks + PAGE);
	struct xfdt_kdump_header *header = (struct xfdt_kdump_header *)blocks;

	/* notes and VMCOREINFO stay where they are */
	read_at(maker->fd, blocks, size, 0);
	drop_census(blocks, size);
	memset(header->utsname[NODENAME], 0, XFDT_UTS_FIELD);
	strcpy(header->utsname[NODENAME], "synthetic");
	header->status |= XFDT_KDUMP_ZLIB;
	header->bitmap_blocks = (uint32_t)(2 * bitmap_blocks);
	header->max_mapnr = pfns < UINT32_MAX ? (uint32_t)pfns : UINT32_MAX;
	sub->max_mapnr_64 = pfns;
	write_at(fd, blocks, size, 0);
	free(blocks);
}

/* Both bitmaps, without the blocks that are zero. */
static void put_bitmaps(int fd, const uint8_t *bitmap, uint64_t blocks, uint64_t offset)
{
	static const uint8_t nothing[PAGE];
	uint64_t i;

	for (i = 0; i < blocks; i++) {
		if (!memcmp(bitmap + i * PAGE, nothing, PAGE))
			continue;
		write_at(fd, bitmap + i * PAGE, PAGE, offset + i * PAGE);
		write_at(fd, bitmap + i * PAGE, PAGE, offset + (blocks + i) * PAGE);
	}
}

static void put_source_frames(struct maker *maker, struct output *output, uint8_t *bitmap)
{
	uint8_t page[PAGE];
	uint64_t pfn;
	size_t i;

	for (pfn = 0; pfn < maker->source_pfns; pfn++) {
		if (!read_frame(maker, pfn, page))
			continue;
		bitmap[pfn / 8] |= (uint8_t)(1u << pfn % 8);
		for (i = 0; i < maker->patch_count && maker->patches[i].pfn != pfn; i++)
			;
		put_page(output, pfn, i < maker->patch_count ? maker->patches[i].page : page);
	}
}

static void put_synthetic_frames(struct maker *maker, struct output *output, uint8_t *bitmap)
{
	size_t i;

	for (i = 0; i < maker->size / PAGE; i++) {
		uint64_t pfn = maker->paddr / PAGE + i;

		if (!maker->present[i])
			continue;
		bitmap[pfn / 8] |= (uint8_t)(1u << pfn % 8);
		put_page(output, pfn, maker->bytes + i * PAGE);
	}
}

/* Frames whose descriptors are holes in the file; returns how many. */
static uint64_t put_scattered_frames(struct maker *maker, uint8_t *bitmap)
{
	uint64_t count = 0, pfn;

	if (!maker->scattered)
		return 0;
	for (pfn = maker->source_pfns; pfn < maker->paddr / PAGE; pfn += maker->scattered, count++)
		bitmap[pfn / 8] |= (uint8_t)(1u << pfn % 8);
	return count;
}

static void mark_frames(const struct maker *maker, uint8_t *bitmap)
{
	uint64_t pfn = maker->paddr / PAGE, i;

	memcpy(bitmap, maker->source_bitmap, (maker->source_pfns + 7) / 8);
	for (i = 0; i < maker->size / PAGE; i++, pfn++)
		bitmap[pfn / 8] |= (uint8_t)(maker->present[i] << pfn % 8);
}

/* Header, segments and notes of an ELF file; returns where the first page is. */
static uint64_t put_elf_headers(struct maker *maker, int fd, uint64_t pfns, const uint8_t *bitmap)
{
	Elf64_Phdr *segments = zeros(1 + maker->segments, sizeof(*segments));
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(*segments),
		.e_phnum = (uint16_t)(1 + maker->segments),
	};
	uint64_t notes = sizeof(header) + (1 + maker->segments) * sizeof(*segments), first, i;
	struct xfdt_kdump_sub_header sub;
	char *bytes;

	read_at(maker->fd, &sub, sizeof(sub), PAGE);
	bytes = zeros(sub.size_note, 1);
	read_at(maker->fd, bytes, sub.size_note, sub.offset_note);
	drop_census((uint8_t *)bytes, sub.size_note);
	first = (notes + sub.size_note + PAGE - 1) / PAGE * PAGE;
	segments[0] =
		(Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = notes, .p_filesz = sub.size_note };
	for (i = 0; i < maker->segments; i++) {
		uint64_t start = pfns * i / maker->segments, end = pfns * (i + 1) / maker->segments;

		end -= !(bitmap[(end - 1) / 8] >> (end - 1) % 8 & 1);
		segments[1 + i] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = first + start * PAGE,
			.p_vaddr = DIRECT_MAP + start * PAGE,
			.p_paddr = start * PAGE,
			.p_filesz = (end - start) * PAGE,
			.p_memsz = (end - start) * PAGE,
		};
	}
	write_at(fd, &header, sizeof(header), 0);
	write_at(fd, segments, (1 + maker->segments) * sizeof(*segments), sizeof(header));
	write_at(fd, bytes, sub.size_note, notes);
	free(bytes);
	free(segments);
	return first;
}

static void write_elf(struct maker *maker, const char *path, uint64_t memory)
{
	struct output output = { .fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) };
	uint64_t pfns = memory / PAGE;
	uint8_t *bitmap = zeros(pfns / 8 + 1, 1);

	if (output.fd < 0)
		die("%s: %s", path, strerror(errno));
	mark_frames(maker, bitmap);
	output.data = put_elf_headers(maker, output.fd, pfns, bitmap);
	put_source_frames(maker, &output, bitmap);
	put_synthetic_frames(maker, &output, bitmap);
	if (ftruncate(output.fd, (off_t)(output.data + memory)) || close(output.fd))
		die("%s: %s", path, strerror(errno));
	free(bitmap);
}

static void write_file(struct maker *maker, const char *path, uint64_t memory)
{
	uint64_t pfns = memory / PAGE, bitmap_blocks = (pfns / 8 + PAGE - 1) / PAGE, descs,
		 scattered;
	uint8_t *bitmap = zeros(bitmap_blocks, PAGE);
	struct output output = {
		.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666),
		.descs = zeros(maker->source_pfns + maker->size / PAGE, sizeof(*output.descs)),
	};
	size_t below;

	if (output.fd < 0)
		die("%s: %s", path, strerror(errno));
	scattered = put_scattered_frames(maker, bitmap);
	descs = (maker->header_blocks + 2 * bitmap_blocks) * PAGE;
	output.data = descs +
		      (maker->source_pfns + scattered + maker->size / PAGE) * sizeof(*output.descs);
	put_headers(maker, output.fd, pfns, bitmap_blocks);
	put_source_frames(maker, &output, bitmap);
	below = output.count;
	put_synthetic_frames(maker, &output, bitmap);
	put_bitmaps(output.fd, bitmap, bitmap_blocks, maker->header_blocks * PAGE);
	write_at(output.fd, output.descs, below * sizeof(*output.descs), descs);
	write_at(output.fd, output.descs + below, (output.count - below) * sizeof(*output.descs),
		 descs + (below + scattered) * sizeof(*output.descs));
	if (close(output.fd))
		die("%s: %s", path, strerror(errno));
	free(output.descs);
	free(bitmap);
}

static void rename_host(struct maker *maker)
{
	const struct xfdt_symbol *uts = xfdt_symbol(maker->image, XFDT_S_init_uts_ns);
	static const char name[XFDT_UTS_FIELD] = "synthetic";

	if (uts && *maker->session.host.nodename)
		patch_bytes(maker,
			    uts->kvaddr + offset_of(maker, XFDT_M_uts_namespace_name) +
				    NODENAME * XFDT_UTS_FIELD,
			    name, sizeof(name));
}

static void free_template(struct template *template)
{
	free(template->bytes);
	free(template->present);
}

static void release(struct maker *maker)
{
	free_template(&maker->kvm);
	free_template(&maker->vcpu);
	free_template(&maker->fpstate);
	free_template(&maker->pid);
	free_template(&maker->task);
	free(maker->bytes);
	free(maker->present);
	free(maker->source_bitmap);
	close(maker->fd);
	xfdt_dump_close(maker->frames);
	xfdt_session_deinit(&maker->session);
}

static size_t number(const char *text, size_t max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || !value || value > max)
		die("'%s' is no number from 1 to %zu", text, max);
	return value;
}

static int make(int argc, char **argv)
{
	static struct maker maker;
	uint64_t memory = number(argv[3], 1u << 16) * GIB;
	int i;

	maker.vms = number(argv[4], XFDT_VMS_MAX);
	maker.vcpus_per_vm = number(argv[5], 4096);
	if (maker.vms * maker.vcpus_per_vm > XFDT_VCPUS_MAX)
		die("more than %u vCPUs", XFDT_VCPUS_MAX);
	for (i = 6; i < argc; i++) {
		if (!strcmp(argv[i], "armed"))
			maker.armed = true;
		else if (!strncmp(argv[i], "scattered=", strlen("scattered=")))
			maker.scattered = number(argv[i] + strlen("scattered="), 1u << 20);
		else if (!strncmp(argv[i], "segments=", strlen("segments=")))
			maker.segments = number(argv[i] + strlen("segments="), PN_XNUM - 2);
		else if (!strncmp(argv[i], "levels=", strlen("levels=")))
			maker.xa_levels = number(argv[i] + strlen("levels="), 60);
		else
			die("what is '%s'?", argv[i]);
	}
	maker.next_pid = FIRST_PID;
	open_source(&maker, argv[1]);
	find_page_tables(&maker);
	load_templates(&maker);
	make_region(&maker, memory);
	make_vms(&maker);
	rename_host(&maker);
	if (maker.segments)
		write_elf(&maker, argv[2], memory);
	else
		write_file(&maker, argv[2], memory);
	printf("%zu\n", maker.session.host.vcpu_count + maker.vms * maker.vcpus_per_vm);
	release(&maker);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 6)
		return make(argc, argv);
	fputs("usage: make-large SOURCE OUT MEMORY_GIB VMS VCPUS_PER_VM [armed] [scattered=N] [segments=N] [levels=N]\n",
	      stderr);
	return 99;
}
