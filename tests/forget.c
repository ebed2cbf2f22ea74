/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copy a kdump-compressed vmcore without a word: it is overwritten with x in the
 * notes and in every page of memory.  What is left is as of a kernel that knows
 * nothing of it.
 *
 *	forget WORD IN OUT
 *
 * Exits with 77 if IN is in another format.
 */
#include "dump/kdump_format.h"

#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096

static char *load(const char *path, size_t *ret_len)
{
	FILE *in = fopen(path, "r");
	struct stat status;
	char *bytes;

	if (!in || fstat(fileno(in), &status))
		exit(99);
	*ret_len = (size_t)status.st_size;
	bytes = malloc(*ret_len);
	if (!bytes || fread(bytes, 1, *ret_len, in) != *ret_len)
		exit(99);
	fclose(in);
	return bytes;
}

static unsigned int overwrite(char *bytes, size_t len, const char *word)
{
	unsigned int count = 0;
	char *at;

	while ((at = memmem(bytes, len, word, strlen(word)))) {
		memset(at, 'x', strlen(word));
		count++;
	}
	return count;
}

static kdump_ctx_t *open_dump(const char *path)
{
	kdump_ctx_t *kdump = kdump_new();

	if (!kdump ||
	    kdump_set_number_attr(kdump, KDUMP_ATTR_FILE_FD, open(path, O_RDONLY)) != KDUMP_OK)
		exit(99);
	return kdump;
}

int main(int argc, char **argv)
{
	struct xfdt_kdump_sub_header *sub;
	struct xfdt_kdump_header *header;
	struct xfdt_page_desc *desc;
	unsigned int found = 0;
	const uint8_t *bitmap;
	char *bytes, page[BLOCK];
	kdump_ctx_t *kdump;
	uint64_t pfn, end;
	size_t len;
	FILE *out;

	if (argc != 4)
		return 99;
	bytes = load(argv[2], &len);
	header = (struct xfdt_kdump_header *)bytes;
	sub = (struct xfdt_kdump_sub_header *)(bytes + BLOCK);
	if (len < 3 * BLOCK ||
	    memcmp(header->signature, XFDT_KDUMP_SIGNATURE, sizeof(header->signature)) ||
	    header->block_size != BLOCK)
		return 77;
	kdump = open_dump(argv[2]);
	found += overwrite(bytes + sub->offset_note, sub->size_note, argv[1]);
	found += overwrite(bytes + sub->offset_vmcoreinfo, sub->size_vmcoreinfo, argv[1]);
	bitmap = (uint8_t *)bytes +
		 BLOCK * (1ull + (uint32_t)header->sub_hdr_size + header->bitmap_blocks / 2);
	desc = (struct xfdt_page_desc *)(bytes + BLOCK * (1ull + (uint32_t)header->sub_hdr_size +
							  header->bitmap_blocks));
	end = 8ull * BLOCK * (header->bitmap_blocks / 2);
	out = fopen(argv[3], "w");
	if (!out || fseeko(out, (off_t)len, SEEK_SET))
		return 99;
	for (pfn = 0; pfn < end; pfn++) {
		size_t done = BLOCK;

		if (!(bitmap[pfn / 8] >> pfn % 8 & 1))
			continue;
		if (kdump_read(kdump, KDUMP_MACHPHYSADDR, pfn * BLOCK, page, &done) == KDUMP_OK &&
		    overwrite(page, BLOCK, argv[1])) {
			/* behind all others, and not compressed */
			*desc = (struct xfdt_page_desc){ .offset = (uint64_t)ftello(out),
							 .size = BLOCK };
			fwrite(page, BLOCK, 1, out);
			found++;
		}
		desc++;
	}
	rewind(out);
	fwrite(bytes, len, 1, out);
	free(bytes);
	return fclose(out) || !found ? 99 : 0;
}
