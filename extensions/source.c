/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash(8) behind the reader interface.
 *
 * crash gives up on a command by longjmp(pc->main_loop_env), even out of a
 * readmem(RETURN_ON_ERROR) whose page tables are not in the dump.  So every
 * call of it is made by guarded(), and what is called owns nothing.
 */
#include "source.h"

#include <crash/defs.h>

#include <elf.h>
#include <sys/procfs.h>

#define PAGE_BYTES 4096u
#define CPUS_MAX 8192		/* NR_CPUS of x86-64 */
#define VMCOREINFO_MAX 65536u
#define ZERO_FILL_DEBUG 8	/* at which crash says that it fills in zeros */

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

/* reading: bytes within one page */

struct request {
	uint64_t kvaddr;
	void *buf;
	size_t len;
	bool done;		/* readmem() */
	bool mapped;		/* kvtop() */
	physaddr_t paddr;
	int status;		/* of the back end: what it read, or a *_ERROR */
};

static void request_read(void *arg)
{
	struct request *request = arg;

	request->done = readmem(request->kvaddr, KVADDR, request->buf, (long)request->len, "xfd",
				RETURN_ON_ERROR | QUIET);
}

static void request_translate(void *arg)
{
	struct request *request = arg;

	request->mapped = kvtop(NULL, request->kvaddr, &request->paddr, 0);
}

/* Once more by crash's back end itself, which tells one failure from another. */
static void request_read_physical(void *arg)
{
	struct request *request = arg;

	request->status = READMEM(ACTIVE() ? pc->mfd : pc->dfd, request->buf, (int)request->len,
				  request->kvaddr, request->paddr);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	return !*bytes && !memcmp(bytes, bytes + 1, len - 1);
}

/*
 * crash reads zeros for the pages that makedumpfile left out of an ELF dump,
 * and of others if it is told to.  Zeros instead of a missing page would be a
 * wrong answer, so let crash say where they are from.
 */
static bool is_filled_in(struct request *request)
{
	FILE *out = fp;
	ulong debug = pc->debug;
	char *text = NULL;
	bool filled;
	size_t len;

	if (!guarded(request_translate, request) || !request->mapped)
		return false;
	fp = open_memstream(&text, &len);
	if (!fp) {
		fp = out;
		return true;
	}
	pc->debug = ZERO_FILL_DEBUG;
	filled = !guarded(request_read_physical, request);
	pc->debug = debug;
	fclose(fp);
	fp = out;
	filled |= !text || strstr(text, "zero-fill");
	free(text);
	return filled;
}

static struct xfdt_error *left_out(const struct request *request)
{
	return xfdt_error_new(XFDT_EXCLUDED, request->kvaddr,
			      "%#llx: page at physical address %#llx is not in the dump",
			      (unsigned long long)request->kvaddr,
			      (unsigned long long)request->paddr & ~(PAGE_BYTES - 1ull));
}

/* Why could @request not be read? */
static struct xfdt_error *read_error(struct request *request)
{
	unsigned long long kvaddr = request->kvaddr;

	if (!guarded(request_translate, request))
		return xfdt_error_new(XFDT_EXCLUDED, kvaddr,
				      "page tables of %#llx: crash cannot read them", kvaddr);
	if (!request->mapped)
		return xfdt_error_new(XFDT_UNMAPPED, kvaddr,
				      "%#llx is not mapped by the kernel's page tables", kvaddr);
	request->status = READ_ERROR;
	guarded(request_read_physical, request);
	if (request->status == PAGE_EXCLUDED || request->status == SEEK_ERROR)
		return left_out(request);
	if (request->status == PAGE_INCOMPLETE || is_incomplete_dump())
		return xfdt_error_new(XFDT_TRUNCATED, kvaddr,
				      "%#llx: the file ends before the page at physical address %#llx",
				      kvaddr, (unsigned long long)request->paddr & ~(PAGE_BYTES - 1ull));
	/* ELF: no segment has it; kdump-compressed: it does not uncompress */
	if (!(pc->flags & DISKDUMP))
		return left_out(request);
	return xfdt_error_new(XFDT_CORRUPT, kvaddr, "%#llx: crash cannot read physical address %#llx",
			      kvaddr, (unsigned long long)request->paddr);
}

static struct xfdt_error *session_read(struct xfdt_reader *reader, uint64_t kvaddr,
				       void *buf, size_t len)
{
	uint8_t *at = buf;

	(void)reader;
	if (len && kvaddr + (len - 1) < kvaddr)
		return xfdt_error_new(XFDT_UNMAPPED, kvaddr,
				      "%zu bytes at %#llx pass the end of memory", len,
				      (unsigned long long)kvaddr);
	while (len) {
		struct request request = {
			.kvaddr = kvaddr, .buf = at, .len = PAGE_BYTES - kvaddr % PAGE_BYTES,
		};

		if (!xfdt_is_kernel_address(kvaddr))
			return xfdt_error_new(XFDT_UNMAPPED, kvaddr, "%#llx is no kernel address",
					      (unsigned long long)kvaddr);
		if (request.len > len)
			request.len = len;
		if (!guarded(request_read, &request) || !request.done)
			return read_error(&request);
		if (is_zero(at, request.len) && is_filled_in(&request))
			return left_out(&request);
		kvaddr += request.len;
		at += request.len;
		len -= request.len;
	}
	return NULL;
}

/* VMCOREINFO: the note in the kernel's memory, which is what the dump's own was copied from */

static struct xfdt_error *read_symbol(struct xfdt_reader *reader, char *name, uint64_t *ret_value)
{
	struct syment *symbol = symbol_search(name);

	if (!symbol)
		return xfdt_error_new(XFDT_MISSING, 0, "there is no symbol '%s'", name);
	return reader->read(reader, symbol->value, ret_value, sizeof(*ret_value));
}

/* NULL if it cannot be had. */
static char *vmcoreinfo_text(struct xfdt_reader *reader)
{
	static const char owner[] = "VMCOREINFO";
	struct { Elf64_Nhdr header; char owner[12]; } note;
	char *text = NULL;
	struct xfdt_error *err;
	uint64_t kvaddr;

	err = read_symbol(reader, "vmcoreinfo_note", &kvaddr);
	if (!err)
		err = reader->read(reader, kvaddr, &note, sizeof(note));
	if (!err && note.header.n_namesz == sizeof(owner) &&
	    !memcmp(note.owner, owner, sizeof(owner)) && note.header.n_descsz <= VMCOREINFO_MAX)
		text = calloc(1, note.header.n_descsz + 1ul);
	if (text)
		err = reader->read(reader, kvaddr + sizeof(note), text, note.header.n_descsz);
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

static size_t read_notes(struct xfdt_cpu_note *notes)
{
	struct note_request request = { .cpu = 0 };
	size_t count = 0;

	for (; request.cpu < (kt->cpus > 0 && kt->cpus < CPUS_MAX ? kt->cpus : CPUS_MAX); request.cpu++) {
		struct elf_prstatus status;
		const char *desc;

		request.note = NULL;
		if (!guarded(request_note, &request))
			break;
		if (!request.note || request.note->n_descsz < sizeof(status) ||
		    request.note->n_namesz > 16)
			continue;
		desc = (const char *)(request.note + 1) + ((request.note->n_namesz + 3) & ~3u);
		memcpy(&status, desc, sizeof(status));
		notes[count].pid = status.pr_pid;
		/* elf_gregset_t begins as struct pt_regs does */
		memcpy(&notes[count].regs, &status.pr_reg, sizeof(notes[count].regs));
		count++;
	}
	return count;
}

const char *xfd_format(void)
{
	if (pc->flags & DISKDUMP)
		return "diskdump";
	if (pc->flags & (KDUMP | NETDUMP))
		return "elf";
	return ACTIVE() ? "live" : "unknown";
}

struct xfdt_source xfd_source(void)
{
	static struct xfdt_reader reader = { .read = session_read };
	static struct xfdt_cpu_note notes[CPUS_MAX];
	struct xfdt_source source = { .reader = &reader };

	/* what the core makes of a failed read is in its report */
	fp = pc->nullfp ? pc->nullfp : fopen("/dev/null", "w");
	pc->error_fp = fp;
	pc->stdpipe = NULL;
	pc->debug = 0;
	/* without RUNTIME a fatal error would exit(); within foreach it jumps elsewhere */
	pc->flags |= RUNTIME;
	pc->flags &= ~IN_FOREACH;
	*diskdump_flags &= ~(ulong)ZERO_EXCLUDED;

	source.arch = machine_type("X86_64") ? "x86_64" : MACHINE_TYPE;
	source.vmcoreinfo = vmcoreinfo_text(&reader);
	source.notes = notes;
	source.note_count = read_notes(notes);
	return source;
}
