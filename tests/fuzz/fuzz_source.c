/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz the reader of a crash(8) session, with a crash that is made here.  The input is an entry
 * of the page tables (which, and 8 bytes), how crash fails, and physical memory from 0 on:
 * kernel text, the note of VMCOREINFO and that of a CPU are in it.
 */
#include "fuzz/fuzz.h"

#include "../../extensions/source.h"

#include <crash/defs.h>

#include <elf.h>
#include <stdlib.h>

#define KERNEL_MAP 0xffffffff80000000ull
#define TABLES 0x200000ull /* paddr of three tables: of levels 4, 3 and 2 */
#define LARGE_PRESENT 0x81ull

static const uint8_t *memory;
static size_t memory_size;
static uint64_t page_tables[3][512];
static uint8_t failure; /* how crash fails */

/* crash */

static struct program_context context;
static struct kernel_table kernel;
static struct machdep_table machine;
struct program_context *pc = &context;
struct kernel_table *kt = &kernel;
struct machdep_table *machdep = &machine;
FILE *fp;
static ulong flags;
ulong *diskdump_flags = &flags;

static int read_bytes(void *buf, size_t len, uint64_t paddr)
{
	if (paddr >= TABLES && paddr - TABLES <= sizeof(page_tables) - len) {
		memcpy(buf, (const uint8_t *)page_tables + (paddr - TABLES), len);
		return true;
	}
	if (paddr > memory_size || len > memory_size - paddr)
		return false;
	memcpy(buf, memory + paddr, len);
	return true;
}

int readmem(ulonglong addr, int memtype, void *buf, long len, char *name, ulong how)
{
	(void)name, (void)how;
	FUZZ_CHECK(memtype == PHYSADDR && len > 0);
	/* within one page */
	FUZZ_CHECK(addr % XFDT_PAGE_SIZE + (uint64_t)len <= XFDT_PAGE_SIZE);
	if (read_bytes(buf, (size_t)len, addr))
		return true;
	if (failure & 1)
		longjmp(pc->main_loop_env, 1);
	return false;
}

static int read_raw(int fd, void *buf, int len, ulong addr, physaddr_t paddr)
{
	static const char *const words[] = { "zero-fill", "compress failed", "offset not found",
					     "" };

	(void)fd, (void)addr;
	fputs(words[failure >> 2 & 3], pc->debug ? fp : pc->nullfp);
	if (failure & 2)
		longjmp(pc->main_loop_env, 1);
	return read_bytes(buf, (size_t)len, paddr) ? len :
	       failure & 16			   ? PAGE_EXCLUDED :
						     READ_ERROR;
}

static char *read_vmcoreinfo(const char *key)
{
	(void)key;
	return failure & 32 ? strdup("0x800000000000") : NULL;
}

struct syment *symbol_search(char *name)
{
	static struct syment symbol;

	symbol.value = KERNEL_MAP + (!strcmp(name, "vmcoreinfo_note") ? 0 :
				     !strcmp(name, "init_top_pgt")    ? TABLES :
									4096);
	return failure & 64 ? NULL : &symbol;
}

ulong x86_64_VTOP(ulong kvaddr)
{
	return kvaddr - KERNEL_MAP;
}

int machine_type(char *name)
{
	return !strcmp(name, "X86_64");
}

void *diskdump_get_prstatus_percpu(int cpu)
{
	static struct {
		Elf64_Nhdr header;
		char rest[1024];
	} note;

	memset(&note, 0, sizeof(note));
	memcpy(&note, memory, memory_size < sizeof(note) ? memory_size : sizeof(note));
	/* crash has checked that it is in the dump */
	note.header.n_descsz %= 512;
	return cpu ? NULL : &note;
}

void *netdump_get_prstatus_percpu(int cpu)
{
	return diskdump_get_prstatus_percpu(cpu);
}

static void set_up(void)
{
	pc->nullfp = fopen("/dev/null", "w");
	pc->readmem = read_raw;
	pc->read_vmcoreinfo = read_vmcoreinfo;
	page_tables[0][511] = (TABLES + 4096) | 1;
	page_tables[1][510] = (TABLES + 8192) | 1;
	page_tables[2][0] = LARGE_PRESENT;
	page_tables[2][1] = TABLES | LARGE_PRESENT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_source source;
	uint64_t kept, *entry, i, word;

	if (size < 12)
		return 0;
	if (!pc->nullfp)
		set_up();
	entry = &page_tables[data[0] % 3][(data[1] | data[2] << 8) % 512];
	kept = *entry;
	memcpy(&word, data + 3, sizeof(word));
	*entry ^= word;
	failure = data[11];
	memory = data + 12;
	memory_size = size - 12;
	pc->flags = failure & 128 ? DISKDUMP : KDUMP;
	kt->cpus = 2;
	xfd_source_prepare();
	source = xfd_source();
	FUZZ_CHECK(source.note_count <= XFDT_CPUS_MAX);
	FUZZ_CHECK(!source.vmcoreinfo || strlen(source.vmcoreinfo) <= XFDT_VMCOREINFO_MAX);
	source.reader->cost = (struct xfdt_cost){ 0 };
	for (i = 0; i < 64; i++)
		xfdt_error_free(xfdt_reader_read(source.reader, KERNEL_MAP + (i << i % 32), &word,
						 sizeof(word)));
	free((void *)source.vmcoreinfo);
	*entry = kept;
	return 0;
}
