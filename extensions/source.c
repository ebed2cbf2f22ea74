/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash(8) behind the reader interface.
 *
 * Physical memory is read through crash, the kernel's page tables are walked
 * here: crash --minimal does not know modules and vmalloc, and translates their
 * addresses wrongly.
 *
 * crash aborts a command by longjmp(pc->main_loop_env), from any depth.  So
 * guarded() makes every call into crash, and the called function owns nothing.
 */
#include "source.h"
#include "base/util.h"
#include "dump/kdump_format.h"
#include "dump/notes.h"
#include "image/reader.h"

#include <crash/defs.h>

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#define NOTE_NAME_MAX 16
#define CACHED_PAGES 64 /* more than crash keeps of a kdump-compressed dump */
#define TALKATIVE 8	/* the debug level at which crash says how it reads */

/* Call @work(@arg); false if it left by longjmp(). */
static bool guarded(void (*work)(void *arg), void *arg)
{
	volatile bool returned = false;
	jmp_buf outer;

	memcpy(&outer, &pc->main_loop_env, sizeof(outer));
	if (!setjmp(pc->main_loop_env)) {
		work(arg);
		returned = true;
	}
	memcpy(&pc->main_loop_env, &outer, sizeof(outer));
	return returned;
}

/* physical memory: bytes within one page */

struct request {
	uint64_t paddr;
	void *buf;
	size_t len;
	bool done;  /* by readmem() */
	int status; /* of the back end: what it read, or a *_ERROR */
};

static void request_read(void *arg)
{
	struct request *request = arg;

	request->done = readmem(request->paddr, PHYSADDR, request->buf, (long)request->len, "xfd",
				RETURN_ON_ERROR | QUIET);
}

static void request_read_raw(void *arg)
{
	struct request *request = arg;

	request->status = READMEM(ACTIVE() ? pc->mfd : pc->dfd, request->buf, (int)request->len, 0,
				  request->paddr);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	return !*bytes && !memcmp(bytes, bytes + 1, len - 1);
}

/*
 * Read @request again through crash's back end itself, whose status says why a
 * read failed.  NULL if there is no such status.
 */
static char *testimony(struct request *request)
{
	FILE *out = fp;
	char *text = NULL;
	size_t len;

	fp = open_memstream(&text, &len);
	if (!fp) {
		fp = out;
		return NULL;
	}
	pc->error_fp = fp;
	pc->debug = TALKATIVE;
	request->status = READ_ERROR;
	guarded(request_read_raw, request);
	pc->debug = 0;
	fclose(fp);
	fp = out;
	pc->error_fp = out;
	return text;
}

/*
 * crash returns zeros for pages that makedumpfile left out of an ELF dump, and
 * of other dumps if told to.  Zeros instead of a missing page would be a
 * wrong answer.
 */
static bool is_filled_in(struct request *request)
{
	char *text = testimony(request);
	bool filled = !text || strstr(text, "zero-fill");

	free(text);
	return filled;
}

static struct xfdt_error *read_error(struct request *request)
{
	char *text = testimony(request);
	bool damaged = text && strstr(text, "compress failed");
	/* no segment of an ELF dump has it */
	bool absent = text && strstr(text, "offset not found");

	free(text);
	if (damaged)
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "the page at physical address %#llx does not uncompress",
				      ull(request->paddr) & ~(XFDT_PAGE_SIZE - 1ull));
	/* a kdump-compressed dump says of each frame whether it was memory */
	if (absent || (pc->flags & DISKDUMP && request->status == SEEK_ERROR))
		return xfdt_page_not_ram(request->paddr);
	if (request->status == PAGE_EXCLUDED || request->status == SEEK_ERROR)
		return xfdt_page_left_out(request->paddr);
	if (pc->flags & (DISKDUMP | KDUMP | NETDUMP))
		return xfdt_page_cut_off(request->paddr);
	return xfdt_page_left_out(request->paddr);
}

static struct xfdt_error *read_physical(uint64_t paddr, void *buf, size_t len)
{
	struct request request = { .paddr = paddr, .buf = buf, .len = len };

	if (!guarded(request_read, &request) || !request.done)
		return read_error(&request);
	if (is_zero(buf, len) && is_filled_in(&request))
		return xfdt_page_left_out(request.paddr);
	return NULL;
}

/* virtual memory (Intel SDM volume 3, section 4.5) */

#define ENTRY_PRESENT 1ull
#define ENTRY_LARGE (1ull << 7)
#define ENTRY_ADDRESS 0x000ffffffffff000ull
#define TLB_SIZE 512

static struct {
	uint64_t root;	  /* paddr of the top-level table; 0: unknown */
	uint64_t mask;	  /* of the address in an entry */
	unsigned int top; /* shift of the top level's index */
	struct {
		uint64_t vpage, ppage;
	} tlb[TLB_SIZE];
} tables;

static struct xfdt_error *translate(uint64_t kvaddr, uint64_t *ret_paddr)
{
	uint64_t vpage = kvaddr / XFDT_PAGE_SIZE, table = tables.root, entry;
	unsigned int shift;

	if (tables.tlb[vpage % TLB_SIZE].vpage == vpage) {
		*ret_paddr = tables.tlb[vpage % TLB_SIZE].ppage + kvaddr % XFDT_PAGE_SIZE;
		return NULL;
	}
	for (shift = tables.top;; shift -= 9) {
		uint64_t offset_mask = (1ull << shift) - 1;
		struct xfdt_error *err;

		err = read_physical(table + (kvaddr >> shift & 511) * sizeof(entry), &entry,
				    sizeof(entry));
		if (err)
			return xfdt_error_wrap(err, "page tables of %#llx", ull(kvaddr));
		if (!(entry & ENTRY_PRESENT))
			return xfdt_not_mapped(kvaddr);
		table = entry & tables.mask;
		if (shift == 12 || (shift <= 30 && entry & ENTRY_LARGE)) {
			*ret_paddr = (table & ~offset_mask) | (kvaddr & offset_mask);
			tables.tlb[vpage % TLB_SIZE].vpage = vpage;
			tables.tlb[vpage % TLB_SIZE].ppage = *ret_paddr - kvaddr % XFDT_PAGE_SIZE;
			return NULL;
		}
	}
}

/* Some bytes of one page. */
static struct xfdt_error *read_part(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				    size_t len)
{
	struct xfdt_error *err;
	uint64_t paddr = 0;

	(void)reader;
	err = translate(kvaddr, &paddr);
	if (err)
		return err;
	err = read_physical(paddr, buf, len);
	return err ? xfdt_error_wrap(err, "%#llx", ull(kvaddr)) : NULL;
}

static struct xfdt_error *session_read_physical(struct xfdt_reader *reader, uint64_t paddr,
						void *buf, size_t len)
{
	(void)reader;
	return read_physical(paddr, buf, len);
}

static struct xfdt_error *session_read(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				       size_t len)
{
	if (!tables.root)
		return xfdt_error_new(XFDT_MISSING, kvaddr,
				      "crash does not know the kernel's page tables");
	return xfdt_read_by_page(reader, kvaddr, buf, len, read_part);
}

struct number {
	const char *key;
	uint64_t value;
};

/* A number that crash finds in VMCOREINFO, wherever it has that from; 0 if it does not. */
static void request_number(void *arg)
{
	struct number *number = arg;
	char *text = pc->read_vmcoreinfo(number->key);

	number->value = text ? strtoull(text, NULL, 0) : 0;
	free(text);
}

static void request_root(void *arg)
{
	struct syment *symbol = symbol_search("init_top_pgt");

	(void)arg;
	if (symbol)
		tables.root = VTOP(symbol->value);
}

static void find_page_tables(void)
{
	struct number sme_mask = { .key = "NUMBER(sme_mask)" };
	struct number five_levels = { .key = "NUMBER(pgtable_l5_enabled)" };

	guarded(request_root, NULL);
	guarded(request_number, &sme_mask);
	guarded(request_number, &five_levels);
	tables.mask = ENTRY_ADDRESS & ~sme_mask.value;
	tables.top = five_levels.value || machdep->flags & VM_5LEVEL ? 48 : 39;
}

/* VMCOREINFO: the note in the kernel's memory, which is what the dump's own was copied from */

static struct xfdt_error *read_symbol(struct xfdt_reader *reader, char *name, uint64_t *ret_value)
{
	struct syment *symbol = symbol_search(name);

	if (!symbol)
		return xfdt_error_new(XFDT_MISSING, 0, "there is no symbol '%s'", name);
	return xfdt_reader_read(reader, symbol->value, ret_value, sizeof(*ret_value));
}

/* NULL if it cannot be read. */
static char *vmcoreinfo_text(struct xfdt_reader *reader)
{
	static const char owner[] = "VMCOREINFO";
	struct {
		Elf64_Nhdr header;
		char owner[12];
	} note;
	char *text = NULL;
	struct xfdt_error *err;
	uint64_t kvaddr = 0;

	err = read_symbol(reader, "vmcoreinfo_note", &kvaddr);
	if (!err)
		err = xfdt_reader_read(reader, kvaddr, &note, sizeof(note));
	if (!err && note.header.n_namesz == sizeof(owner) &&
	    !memcmp(note.owner, owner, sizeof(owner)) &&
	    note.header.n_descsz <= XFDT_VMCOREINFO_MAX)
		text = calloc(1, note.header.n_descsz + 1ul);
	if (text)
		err = xfdt_reader_read(reader, kvaddr + sizeof(note), text, note.header.n_descsz);
	if (err) {
		free(text);
		text = NULL;
	}
	xfdt_error_free(err);
	return text;
}

/* the CPUs' registers */

struct note_request {
	int cpu;
	const Elf64_Nhdr *note;
};

static void request_note(void *arg)
{
	struct note_request *request = arg;

	if (pc->flags & DISKDUMP)
		request->note = diskdump_get_prstatus_percpu(request->cpu);
	else if (pc->flags & (KDUMP | NETDUMP))
		request->note = netdump_get_prstatus_percpu(request->cpu);
}

static struct {
	struct xfdt_cpu_note items[XFDT_CPUS_MAX];
	size_t count;
} notes;

static void read_notes(void)
{
	const int cpus = kt->cpus > 0 && kt->cpus < XFDT_CPUS_MAX ? kt->cpus : XFDT_CPUS_MAX;
	struct note_request request;

	notes.count = 0;
	for (request.cpu = 0; request.cpu < cpus; request.cpu++) {
		struct xfdt_cpu_note *item = &notes.items[notes.count];
		const char *desc;

		request.note = NULL;
		if (!guarded(request_note, &request))
			break;
		if (!request.note || request.note->n_namesz > NOTE_NAME_MAX)
			continue;
		desc = (const char *)(request.note + 1) + ((request.note->n_namesz + 3) & ~3u);
		notes.count += xfdt_cpu_note_decode(desc, request.note->n_descsz, item);
	}
}

/* what a distilled dump carries in place of its page tables */

static struct xfdt_notes embedded;

/* All notes of the kdump-compressed file behind @fd; its own are what counts. */
static struct xfdt_error *read_carried(int fd)
{
	struct xfdt_kdump_sub_header sub;
	struct xfdt_kdump_header header;
	struct xfdt_error *err = NULL;
	uint8_t *bytes;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.signature, XFDT_KDUMP_SIGNATURE, sizeof(header.signature)) ||
	    header.header_version < XFDT_KDUMP_VERSION ||
	    pread(fd, &sub, sizeof(sub), XFDT_PAGE_SIZE) != sizeof(sub) ||
	    sub.size_note > XFDT_NOTES_MAX)
		return NULL;
	bytes = malloc(sub.size_note + 1);
	if (bytes &&
	    pread(fd, bytes, sub.size_note, (off_t)sub.offset_note) == (ssize_t)sub.size_note)
		err = xfdt_notes_add(&embedded, bytes, sub.size_note);
	free(bytes);
	return err;
}

static void read_census(void)
{
	int fd = pc->dumpfile ? open(pc->dumpfile, O_RDONLY | O_CLOEXEC) : -1;

	xfdt_notes_deinit(&embedded);
	if (fd < 0)
		return;
	xfdt_error_free(read_carried(fd));
	close(fd);
}

const char *xfd_format(void)
{
	if (pc->flags & DISKDUMP)
		return "diskdump";
	if (pc->flags & (KDUMP | NETDUMP))
		return "elf";
	return ACTIVE() ? "live" : "unknown";
}

void xfd_source_prepare(void)
{
	memset(&tables, 0, sizeof(tables));
	find_page_tables();
	read_notes();
	read_census();
}

/*
 * From now on, no zeros for pages that an incomplete dump lacks.  Those that
 * crash made up before lie in its cache of a few pages: read others until they
 * are gone.
 */
static void refuse_zeros(void)
{
	struct syment *symbol = symbol_search("_stext");
	unsigned int i;

	if (!(*diskdump_flags & ZERO_EXCLUDED))
		return;
	*diskdump_flags &= ~(ulong)ZERO_EXCLUDED;
	for (i = 0; symbol && i < CACHED_PAGES; i++) {
		uint8_t byte;
		struct request request = {
			.paddr = VTOP(symbol->value) + (uint64_t)i * XFDT_PAGE_SIZE,
			.buf = &byte,
			.len = 1,
		};

		guarded(request_read, &request);
	}
}

struct xfdt_source xfd_source(void)
{
	static struct xfdt_reader reader = {
		.read = session_read,
		.read_physical = session_read_physical,
	};

	/* what the core makes of a failed read is in its report */
	fp = pc->nullfp ? pc->nullfp : fopen("/dev/null", "w");
	pc->error_fp = fp;
	pc->stdpipe = NULL;
	pc->debug = 0;
	/* without RUNTIME a fatal error would exit(); within foreach it jumps elsewhere */
	pc->flags |= RUNTIME;
	pc->flags &= ~IN_FOREACH;
	refuse_zeros();
	return (struct xfdt_source){
		.reader = &reader,
		.arch = machine_type("X86_64") ? "x86_64" : MACHINE_TYPE,
		.vmcoreinfo = vmcoreinfo_text(&reader),
		.notes = notes.items,
		.note_count = notes.count,
		.census = embedded.census,
		.census_len = embedded.census_len,
	};
}
