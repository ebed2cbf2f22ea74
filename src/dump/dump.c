/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libkdumpfile behind the reader interface, with page-table walks by libaddrxlat. */
#include "dump/dump.h"
#include "dump/embedded.h"
#include "dump/extent.h"
#include "image/page_tables.h"

#include <errno.h>
#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAME_MASK (~(uint64_t)(XFDT_PAGE_SIZE - 1))
#define TLB_SIZE 512
#define CACHE_PAGES 64
#define PARTS_MAX 64

struct tlb_entry {
	uint64_t vpage; /* page-aligned kvaddr, 0: free */
	uint64_t ppage; /* page-aligned paddr */
};

/* What was read: frames in the order of first use, found by a hash table. */
struct recording {
	struct xfdt_frame *frames;
	size_t count, room;
	uint32_t *slots; /* index into frames + 1; 0: free */
	size_t size;	 /* of slots, a power of two */
	uint64_t bytes[XFDT_PURPOSES];
};

struct xfdt_dump {
	struct xfdt_reader reader;
	kdump_ctx_t *kdump;
	unsigned int cache_pages;
	addrxlat_ctx_t *xlat;		/* NULL: no way to translate */
	addrxlat_meth_t meth;		/* the kernel's page tables */
	struct xfdt_error *table_error; /* why the callback failed */
	int fds[PARTS_MAX];
	struct xfdt_extent *extents[PARTS_MAX]; /* NULL: that file is whole */
	size_t fd_count;
	char *vmcoreinfo;
	char *carried;
	size_t carried_len;
	struct xfdt_cpu_note *notes;
	size_t note_count;
	struct tlb_entry tlb[TLB_SIZE];
	bool record;
	struct recording recording;
};

static enum xfdt_code code_of(kdump_status status)
{
	switch (status) {
	case KDUMP_ERR_NODATA:
		return XFDT_EXCLUDED;
	case KDUMP_ERR_EOF:
		return XFDT_TRUNCATED;
	case KDUMP_ERR_CORRUPT:
	case KDUMP_ERR_INVALID:
		return XFDT_CORRUPT;
	case KDUMP_ERR_NOTIMPL:
		return XFDT_UNSUPPORTED;
	default:
		return errno == ENOMEM ? XFDT_NO_MEMORY : XFDT_SYSTEM;
	}
}

static struct xfdt_error *kdump_error(struct xfdt_dump *dump, kdump_status status)
{
	enum xfdt_code code = code_of(status);
	const char *message = kdump_get_err(dump->kdump);

	return xfdt_error_new(code, 0, "%s", message ? message : kdump_strerror(status));
}

/* recording */

static size_t slot_of(const struct recording *recording, uint64_t pfn)
{
	size_t i = pfn * 0x9e3779b97f4a7c15ull >> 20 & (recording->size - 1);

	while (recording->slots[i] && recording->frames[recording->slots[i] - 1].pfn != pfn)
		i = (i + 1) & (recording->size - 1);
	return i;
}

static bool grow_recording(struct recording *recording)
{
	size_t room = recording->room ? 2 * recording->room : 512, i;
	struct xfdt_frame *frames = realloc(recording->frames, room * sizeof(*frames));
	uint32_t *slots;

	if (!frames)
		return false;
	recording->frames = frames;
	slots = calloc(2 * room, sizeof(*slots));
	if (!slots)
		return false;
	free(recording->slots);
	recording->slots = slots;
	recording->size = 2 * room;
	recording->room = room;
	for (i = 0; i < recording->count; i++)
		slots[slot_of(recording, frames[i].pfn)] = (uint32_t)i + 1;
	return true;
}

/* Set or clear the bits of @len bytes from @offset on; returns how many changed. */
static size_t mark(struct xfdt_frame *frame, size_t offset, size_t len, bool read)
{
	size_t changed = 0;

	for (; len; offset++, len--) {
		uint8_t bit = (uint8_t)(1u << offset % 8), *byte = &frame->read[offset / 8];

		changed += !(*byte & bit) == read;
		*byte = read ? *byte | bit : *byte & (uint8_t)~bit;
	}
	return changed;
}

/* Note that @len bytes at @paddr, within one page, were read. */
static struct xfdt_error *note_read(struct xfdt_dump *dump, uint64_t paddr, size_t len,
				    enum xfdt_purpose purpose)
{
	struct recording *recording = &dump->recording;
	uint64_t pfn = paddr / XFDT_PAGE_SIZE;
	size_t slot;

	if (!dump->record || purpose == XFDT_FOR_SEARCH)
		return NULL;
	if (recording->count == recording->room && !grow_recording(recording))
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for the list of pages");
	slot = slot_of(recording, pfn);
	if (!recording->slots[slot]) {
		recording->frames[recording->count] = (struct xfdt_frame){ .pfn = pfn };
		recording->slots[slot] = (uint32_t)++recording->count;
	}
	recording->bytes[purpose] += mark(&recording->frames[recording->slots[slot] - 1],
					  paddr % XFDT_PAGE_SIZE, len, true);
	return NULL;
}

static int compare_frames(const void *a, const void *b)
{
	const struct xfdt_frame *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

const struct xfdt_frame *xfdt_dump_frames(struct xfdt_dump *dump, size_t *ret_count)
{
	struct recording *recording = &dump->recording;
	size_t i;

	*ret_count = recording->count;
	if (!recording->count)
		return NULL;
	qsort(recording->frames, recording->count, sizeof(*recording->frames), compare_frames);
	memset(recording->slots, 0, recording->size * sizeof(*recording->slots));
	for (i = 0; i < recording->count; i++)
		recording->slots[slot_of(recording, recording->frames[i].pfn)] = (uint32_t)i + 1;
	return recording->frames;
}

/* reading */

/*
 * After a read that fails, the page cache of libkdumpfile up to 0.5.4 may hand
 * out entries without memory, so that good pages look corrupt or the process
 * dies.  Setting its size to another value makes it anew.
 */
static void renew_cache(struct xfdt_dump *dump)
{
	dump->cache_pages = dump->cache_pages == CACHE_PAGES ? CACHE_PAGES + 1 : CACHE_PAGES;
	kdump_set_number_attr(dump->kdump, "cache.size", dump->cache_pages);
}

/* Was it memory of the dumped kernel?  Assume so where the dump does not say. */
static bool is_ram(struct xfdt_dump *dump, uint64_t paddr)
{
	uint64_t pfn = paddr / XFDT_PAGE_SIZE;
	unsigned char bit;
	kdump_attr_t map;
	bool ram;

	/* libkdumpfile would read the whole bitmap for one bit of it: seconds, on a large host */
	if (xfdt_kdump_ram(dump->fds[0], pfn, &ram))
		return ram;
	if (kdump_get_attr(dump->kdump, KDUMP_ATTR_MEMORY_PAGEMAP, &map) != KDUMP_OK ||
	    map.type != KDUMP_BITMAP ||
	    kdump_bmp_get_bits(map.val.bitmap, pfn, pfn, &bit) != KDUMP_OK)
		return true;
	return bit & 1;
}

static struct xfdt_error *absent_page(struct xfdt_dump *dump, uint64_t paddr)
{
	return is_ram(dump, paddr) ? xfdt_page_left_out(paddr) : xfdt_page_not_ram(paddr);
}

/* @paddr to @paddr + @len lies within one frame. */
static struct xfdt_error *read_physical(struct xfdt_dump *dump, uint64_t paddr, void *buf,
					size_t len)
{
	struct xfdt_error *err;
	kdump_status status;
	size_t done = len, i;

	for (i = 0; i < dump->fd_count; i++) {
		enum xfdt_held held = dump->extents[i] ?
					      xfdt_extent_check(dump->extents[i], paddr, len) :
					      XFDT_HELD;

		if (held == XFDT_CUT_OFF)
			return xfdt_page_cut_off(paddr);
		/* of a split set, another part may have it */
		if (held == XFDT_LEFT_OUT && dump->fd_count == 1)
			return absent_page(dump, paddr);
	}
	status = kdump_read(dump->kdump, KDUMP_MACHPHYSADDR, paddr, buf, &done);
	if (status == KDUMP_OK && done == len)
		return NULL;
	if (status == KDUMP_ERR_NODATA)
		err = absent_page(dump, paddr);
	else if (status == KDUMP_ERR_EOF)
		err = xfdt_page_cut_off(paddr);
	else
		err = xfdt_error_wrap(kdump_error(dump, status), "physical address %#llx",
				      (unsigned long long)paddr);
	renew_cache(dump);
	return err;
}

/* libaddrxlat asks for a page of page tables, and gives it back when it is done. */

static void put_table(const addrxlat_buffer_t *buf)
{
	free(buf->priv);
}

static addrxlat_status get_table(const addrxlat_cb_t *cb, addrxlat_buffer_t *buf)
{
	uint64_t paddr = buf->addr.addr & FRAME_MASK;
	struct xfdt_dump *dump = cb->priv;
	struct xfdt_error *err;
	void *table;

	table = malloc(XFDT_PAGE_SIZE);
	if (!table)
		return ADDRXLAT_ERR_NOMEM;
	err = read_physical(dump, paddr, table, XFDT_PAGE_SIZE);
	if (err) {
		xfdt_error_free(dump->table_error);
		dump->table_error = err;
		free(table);
		return ADDRXLAT_ERR_NODATA;
	}
	buf->addr.addr = paddr;
	buf->ptr = table;
	buf->size = XFDT_PAGE_SIZE;
	buf->byte_order = ADDRXLAT_LITTLE_ENDIAN;
	buf->put_page = put_table;
	buf->priv = table;
	return ADDRXLAT_OK;
}

static unsigned long table_caps(const addrxlat_cb_t *cb)
{
	(void)cb;
	return ADDRXLAT_CAPS(ADDRXLAT_MACHPHYSADDR);
}

/* Physical address of @kvaddr by the kernel's page tables. */
static struct xfdt_error *translate(struct xfdt_dump *dump, uint64_t kvaddr, uint64_t *ret_paddr)
{
	struct tlb_entry *entry = &dump->tlb[kvaddr / XFDT_PAGE_SIZE % TLB_SIZE];
	uint64_t vpage = kvaddr & FRAME_MASK;
	addrxlat_step_t step = { .ctx = dump->xlat, .meth = &dump->meth };
	addrxlat_status status;
	struct xfdt_error *err;

	if (!dump->xlat)
		return xfdt_error_new(XFDT_MISSING, kvaddr,
				      "VMCOREINFO does not give the kernel's page tables");
	if (entry->vpage == vpage) {
		*ret_paddr = entry->ppage | (kvaddr & ~FRAME_MASK);
		return NULL;
	}
	status = addrxlat_launch(&step, vpage);
	while (status == ADDRXLAT_OK && step.remain) {
		size_t size = step.elemsz;
		uint64_t at = step.base.addr + step.idx[step.remain - 1] * size;
		/* the last step only adds the offset into the page */
		bool reads = step.remain > 1;

		status = addrxlat_step(&step);
		if (!reads || (status != ADDRXLAT_OK && status != ADDRXLAT_ERR_NOTPRESENT))
			continue;
		err = note_read(dump, at, size, XFDT_FOR_PAGE_TABLES);
		if (err)
			return err;
	}
	if (status == ADDRXLAT_OK) {
		entry->vpage = vpage;
		entry->ppage = step.base.addr;
		*ret_paddr = step.base.addr | (kvaddr & ~FRAME_MASK);
		return NULL;
	}
	if (status == ADDRXLAT_ERR_NOTPRESENT) {
		addrxlat_ctx_clear_err(dump->xlat);
		return xfdt_not_mapped(kvaddr);
	}
	err = dump->table_error;
	dump->table_error = NULL;
	if (!err) {
		const char *message = addrxlat_ctx_get_err(dump->xlat);

		err = xfdt_error_new(XFDT_CORRUPT, kvaddr, "%s",
				     message ? message : addrxlat_strerror(status));
	}
	addrxlat_ctx_clear_err(dump->xlat);
	return xfdt_error_wrap(err, "page tables of %#llx", (unsigned long long)kvaddr);
}

/* Some bytes of one page. */
static struct xfdt_error *read_part(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				    size_t len)
{
	struct xfdt_dump *dump = (struct xfdt_dump *)reader;
	struct xfdt_error *err;
	uint64_t paddr = 0;

	err = translate(dump, kvaddr, &paddr);
	if (err)
		return err;
	err = read_physical(dump, paddr, buf, len);
	if (err)
		return xfdt_error_wrap(err, "%#llx", (unsigned long long)kvaddr);
	return note_read(dump, paddr, len, reader->purpose);
}

static struct xfdt_error *dump_read(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				    size_t len)
{
	return xfdt_read_by_page(reader, kvaddr, buf, len, read_part);
}

static struct xfdt_error *dump_read_physical(struct xfdt_reader *reader, uint64_t paddr, void *buf,
					     size_t len)
{
	struct xfdt_dump *dump = (struct xfdt_dump *)reader;
	struct xfdt_error *err = read_physical(dump, paddr, buf, len);

	return err ? err : note_read(dump, paddr, len, reader->purpose);
}

static void forget_part(struct xfdt_dump *dump, uint64_t kvaddr, size_t len)
{
	struct recording *recording = &dump->recording;
	struct xfdt_error *err;
	uint64_t paddr;
	size_t slot;

	err = translate(dump, kvaddr, &paddr);
	if (err) {
		/* what is not there was not read either */
		xfdt_error_free(err);
		return;
	}
	slot = slot_of(recording, paddr / XFDT_PAGE_SIZE);
	if (recording->slots[slot])
		recording->bytes[dump->reader.purpose] -=
			mark(&recording->frames[recording->slots[slot] - 1], paddr % XFDT_PAGE_SIZE,
			     len, false);
}

void xfdt_dump_forget(struct xfdt_dump *dump, uint64_t kvaddr, size_t len)
{
	while (dump->recording.count && len) {
		size_t part = XFDT_PAGE_SIZE - kvaddr % XFDT_PAGE_SIZE;

		if (part > len)
			part = len;
		forget_part(dump, kvaddr, part);
		kvaddr += part;
		len -= part;
	}
}

uint64_t xfdt_dump_read_for(const struct xfdt_dump *dump, enum xfdt_purpose purpose)
{
	return dump->recording.bytes[purpose];
}

struct xfdt_error *xfdt_dump_read_frame(struct xfdt_dump *dump, uint64_t pfn, void *ret_page)
{
	return read_physical(dump, pfn * XFDT_PAGE_SIZE, ret_page, XFDT_PAGE_SIZE);
}

/* opening */

static void set_up_page_tables(struct xfdt_dump *dump)
{
	addrxlat_param_pgt_t *pgt = &dump->meth.param.pgt;
	struct xfdt_page_root root;
	addrxlat_cb_t *callbacks;

	if (!xfdt_page_root_find(dump->vmcoreinfo, &root))
		return;
	dump->xlat = addrxlat_ctx_new();
	if (!dump->xlat)
		return;
	callbacks = addrxlat_ctx_add_cb(dump->xlat);
	if (!callbacks) {
		addrxlat_ctx_decref(dump->xlat);
		dump->xlat = NULL;
		return;
	}
	callbacks->priv = dump;
	callbacks->get_page = get_table;
	callbacks->read_caps = table_caps;
	dump->meth.kind = ADDRXLAT_PGT;
	dump->meth.target_as = ADDRXLAT_MACHPHYSADDR;
	pgt->root.addr = root.paddr;
	pgt->root.as = ADDRXLAT_MACHPHYSADDR;
	pgt->pte_mask = root.sme_mask;
	pgt->pf = (addrxlat_paging_form_t){
		.pte_format = ADDRXLAT_PTE_X86_64,
		.nfields = (unsigned short)(root.levels + 1),
		.fieldsz = { 12, 9, 9, 9, 9, 9 },
	};
}

/* kdump_get_typed_attr() took other arguments until 0.5.5. */
static kdump_blob_t *blob_attr(struct xfdt_dump *dump, const char *key)
{
	kdump_attr_t attr;

	if (kdump_get_attr(dump->kdump, key, &attr) != KDUMP_OK || attr.type != KDUMP_BLOB)
		return NULL;
	return attr.val.blob;
}

static struct xfdt_error *load_vmcoreinfo(struct xfdt_dump *dump)
{
	kdump_blob_t *blob = blob_attr(dump, "linux.vmcoreinfo.raw");
	size_t size;

	if (!blob)
		return NULL;
	size = kdump_blob_size(blob);
	if (!size || size > XFDT_VMCOREINFO_MAX)
		return NULL;
	dump->vmcoreinfo = strndup(kdump_blob_pin(blob), size);
	kdump_blob_unpin(blob);
	return dump->vmcoreinfo ? NULL :
				  xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for VMCOREINFO");
}

static struct xfdt_error *load_notes(struct xfdt_dump *dump)
{
	kdump_num_t cpus, cpu;

	if (kdump_get_number_attr(dump->kdump, KDUMP_ATTR_NUM_CPUS, &cpus) != KDUMP_OK)
		return NULL;
	if (cpus > XFDT_CPUS_MAX)
		cpus = XFDT_CPUS_MAX;
	dump->notes = calloc(cpus + 1, sizeof(*dump->notes));
	if (!dump->notes)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for registers");
	for (cpu = 0; cpu < cpus; cpu++) {
		struct xfdt_cpu_note *note = &dump->notes[dump->note_count];
		kdump_blob_t *blob;
		bool decoded;
		char key[40];

		snprintf(key, sizeof(key), "cpu.%u.PRSTATUS", (unsigned int)cpu);
		blob = blob_attr(dump, key);
		if (!blob)
			continue;
		decoded = xfdt_cpu_note_decode(kdump_blob_pin(blob), kdump_blob_size(blob), note);
		kdump_blob_unpin(blob);
		dump->note_count += decoded;
	}
	return NULL;
}

static struct xfdt_error *open_file(struct xfdt_dump *dump, const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot open: %s", strerror(errno));
	dump->fds[dump->fd_count++] = fd;
	if (fstat(fd, &status))
		return xfdt_error_new(XFDT_SYSTEM, 0, "fstat: %s", strerror(errno));
	if (S_ISDIR(status.st_mode))
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0, "is a directory; name a vmcore in it");
	if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0,
				      "is no regular file; save the dump to a file first");
	if (S_ISREG(status.st_mode) && !status.st_size && strncmp(path, "/proc/", strlen("/proc/")))
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0, "is empty");
	return NULL;
}

/*
 * libkdumpfile before 0.5.2 uses attributes that it has freed when it frees a
 * kdump-compressed dump (its issue 72), and may abort the process.  Rather
 * leave it be.
 */
static void free_kdump(struct xfdt_dump *dump)
{
#if KDUMPFILE_VERSION >= KDUMPFILE_MKVER(0, 5, 2)
	if (dump->kdump)
		kdump_free(dump->kdump);
#endif
	dump->kdump = NULL;
}

static struct xfdt_error *find_extents(struct xfdt_dump *dump)
{
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; !err && i < dump->fd_count; i++)
		err = xfdt_extent_new(dump->fds[i], &dump->extents[i]);
	return err;
}

static struct xfdt_error *attach(struct xfdt_dump *dump, const struct xfdt_dump_options *options,
				 bool may_rearrange)
{
	struct xfdt_error *err;
	kdump_status status;
	size_t i;

	err = find_extents(dump);
	if (err)
		return err;
	dump->kdump = kdump_new();
	if (!dump->kdump)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for libkdumpfile");
	/* a file that shrinks under mmap() would kill us with SIGBUS */
	status = kdump_set_number_attr(dump->kdump, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER);
	/* its default of 1024 pages is searched one by one */
	if (status == KDUMP_OK)
		status = kdump_set_number_attr(dump->kdump, "cache.size", CACHE_PAGES);
	dump->cache_pages = CACHE_PAGES;
	if (status == KDUMP_OK)
		status = kdump_open_fdset(dump->kdump, (unsigned int)dump->fd_count, dump->fds);
	if (status == KDUMP_OK)
		return NULL;
	err = kdump_error(dump, status);
	for (i = 0; i < dump->fd_count; i++)
		if (xfdt_is_flattened(dump->fds[i]))
			break;
	if (i == dump->fd_count || !may_rearrange) {
		if (xfdt_error_code(err) == XFDT_UNSUPPORTED) {
			xfdt_error_free(err);
			err = xfdt_error_new(
				XFDT_NOT_A_DUMP, 0,
				"is no vmcore: neither ELF nor kdump-compressed nor flattened");
		}
		return err;
	}
	xfdt_error_free(err);
	free_kdump(dump);
	for (i = 0; i < dump->fd_count; i++) {
		int fd;

		if (!xfdt_is_flattened(dump->fds[i]))
			continue;
		err = xfdt_rearrange(dump->fds[i], options->temp_dir, options->progress,
				     options->context, &fd);
		if (err)
			return err;
		close(dump->fds[i]);
		dump->fds[i] = fd;
	}
	return attach(dump, options, false);
}

struct xfdt_error *xfdt_dump_open(struct xfdt_dump **ret_dump, const char *const *paths,
				  size_t count, const struct xfdt_dump_options *options)
{
	struct xfdt_dump *dump;
	struct xfdt_error *err;
	size_t i;

	if (!count || count > PARTS_MAX)
		return xfdt_error_new(XFDT_LIMIT, 0, "a split set has 1 to %d files", PARTS_MAX);
	dump = calloc(1, sizeof(*dump));
	if (!dump)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	dump->reader.read = dump_read;
	dump->reader.read_physical = dump_read_physical;
	for (i = 0; i < count; i++) {
		err = open_file(dump, paths[i]);
		if (err) {
			err = xfdt_error_wrap(err, "%s", paths[i]);
			goto fail;
		}
	}
	err = attach(dump, options, true);
	if (!err)
		err = load_vmcoreinfo(dump);
	if (!err)
		err = load_notes(dump);
	if (!err)
		err = xfdt_embedded_read(dump->fds[0], &dump->carried, &dump->carried_len);
	if (err) {
		err = xfdt_error_wrap(err, "%s", paths[0]);
		goto fail;
	}
	set_up_page_tables(dump);
	dump->record = options->record;
	*ret_dump = dump;
	return NULL;
fail:
	xfdt_dump_close(dump);
	return err;
}

void xfdt_dump_close(struct xfdt_dump *dump)
{
	size_t i;

	if (!dump)
		return;
	if (dump->xlat)
		addrxlat_ctx_decref(dump->xlat);
	free_kdump(dump);
	for (i = 0; i < dump->fd_count; i++) {
		xfdt_extent_free(dump->extents[i]);
		close(dump->fds[i]);
	}
	xfdt_error_free(dump->table_error);
	free(dump->vmcoreinfo);
	free(dump->carried);
	free(dump->notes);
	free(dump->recording.slots);
	free(dump->recording.frames);
	free(dump);
}

static const char *string_attr(const struct xfdt_dump *dump, const char *key)
{
	const char *value;

	return kdump_get_string_attr(dump->kdump, key, &value) == KDUMP_OK ? value : NULL;
}

struct xfdt_source xfdt_dump_source(struct xfdt_dump *dump)
{
	return (struct xfdt_source){
		.reader = &dump->reader,
		.arch = string_attr(dump, KDUMP_ATTR_ARCH_NAME),
		.vmcoreinfo = dump->vmcoreinfo,
		.notes = dump->notes,
		.note_count = dump->note_count,
		.record = dump->carried,
		.record_len = dump->carried_len,
	};
}

const char *xfdt_dump_format(const struct xfdt_dump *dump)
{
	const char *format = string_attr(dump, KDUMP_ATTR_FILE_FORMAT);

	return format ? format : "unknown";
}

const char *xfdt_dump_uts(const struct xfdt_dump *dump, const char *field)
{
	char key[40];

	snprintf(key, sizeof(key), "linux.uts.%s", field);
	return string_attr(dump, key);
}
