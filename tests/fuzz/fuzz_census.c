/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz the census of guest FPU states.  The input is a list of entries of page
 * tables (table, index, entry), which lie in a few pages of physical memory that
 * otherwise hold the states of the hand-made kernel; or, if its first byte is 0,
 * the text of a census between its version and a right checksum.
 */
#include "fuzz/fuzz.h"
#include "kernel/census_note.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define TABLES 16
#define STATES 4
#define READS_MAX 400000u
#define ROOT_TEXT \
	"SYMBOL(init_top_pgt)=ffffffff80000000\nNUMBER(phys_base)=0\nNUMBER(pgtable_l5_enabled)="

struct physical {
	struct xfdt_reader reader;
	uint8_t pages[TABLES + STATES][4096];
	unsigned int reads;
};

static struct xfdt_error *read_physical(struct xfdt_reader *reader, uint64_t paddr, void *buf,
					size_t len)
{
	struct physical *physical = (struct physical *)reader;

	physical->reads++;
	FUZZ_CHECK(len && paddr % 4096 + len <= 4096);
	if (paddr >= sizeof(physical->pages))
		return paddr & 4096 ? xfdt_page_left_out(paddr) : xfdt_page_not_ram(paddr);
	memcpy(buf, (uint8_t *)physical->pages + paddr, len);
	return NULL;
}

static struct xfdt_error *read_virtual(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				       size_t len)
{
	FUZZ_CHECK(kvaddr % 4096 + len <= 4096);
	return read_physical(reader, TABLES * 4096 + kvaddr % (STATES * 4096), buf, len);
}

static void put_states(struct physical *physical)
{
	const uint32_t sizes[2] = { 2696, 2696 }, flags = 3;
	const uint64_t xfeatures = 7;
	size_t i;

	for (i = TABLES; i < TABLES + STATES; i++) {
		memcpy(physical->pages[i], sizes, sizeof(sizes));
		memcpy(physical->pages[i] + 8, &xfeatures, sizeof(xfeatures));
		memcpy(physical->pages[i] + 16, &xfeatures, sizeof(xfeatures));
		memcpy(physical->pages[i] + 32, &flags, sizeof(flags));
	}
}

/* Each of 12 bytes: the table, the index, and the entry. */
static void put_entries(struct physical *physical, const uint8_t *data, size_t size)
{
	for (; size >= 12; data += 12, size -= 12) {
		uint16_t index;

		memcpy(&index, data + 2, sizeof(index));
		memcpy(physical->pages[data[0] % TABLES] + index % 512 * 8, data + 4, 8);
	}
}

static void check(const struct xfdt_census *census)
{
	size_t i;

	FUZZ_CHECK(census->known || !census->complete);
	FUZZ_CHECK(census->complete == !*census->why);
	FUZZ_CHECK(census->known || !census->count);
	for (i = 1; i < census->count; i++)
		FUZZ_CHECK(census->states[i - 1].fpstate < census->states[i].fpstate);
}

static void fuzz_tables(struct xfdt_image *image, struct physical *physical, const uint8_t *data,
			size_t size)
{
	struct xfdt_census census;

	FUZZ_CHECK(!xfdt_vmcoreinfo_init(&image->vmcoreinfo,
					 *data & 1 ? ROOT_TEXT "1\n" : ROOT_TEXT "0\n"));
	put_entries(physical, data + 1, size - 1);
	FUZZ_CHECK(!xfdt_census_init(&census, image));
	check(&census);
	FUZZ_CHECK(physical->reads < READS_MAX);
	xfdt_vmcoreinfo_deinit(&image->vmcoreinfo);
	xfdt_census_deinit(&census);
}

static void fuzz_text(struct xfdt_image *image, const uint8_t *data, size_t size)
{
	struct xfdt_census census;
	char *text, *again;
	size_t len, again_len;
	FILE *out = open_memstream(&text, &len);

	fprintf(out, "xfdtriage-census %u\n", XFDT_READS_VERSION - (unsigned int)(size & 1));
	fwrite(data, 1, size, out);
	fflush(out);
	fprintf(out, "end %08lx\n", crc32(0, (const Bytef *)text, (uInt)len));
	fclose(out);
	image->census = text;
	image->census_len = len;
	FUZZ_CHECK(!xfdt_census_init(&census, image));
	check(&census);
	/* what was read can be written, and read again */
	FUZZ_CHECK(!xfdt_census_format(&census, &again, &again_len));
	xfdt_census_deinit(&census);
	FUZZ_CHECK(!xfdt_census_parse(again, again_len, &census));
	xfdt_census_deinit(&census);
	free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct physical physical;
	static struct xfdt_image image;

	if (!size)
		return 0;
	memset(&image, 0, sizeof(image));
	memset(&physical, 0, sizeof(physical));
	physical.reader.read = read_virtual;
	physical.reader.read_physical = read_physical;
	image.reader = &physical.reader;
	put_states(&physical);
	if (*data)
		fuzz_tables(&image, &physical, data, size);
	else
		fuzz_text(&image, data + 1, size - 1);
	return 0;
}
