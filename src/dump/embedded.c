/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The note of a distilled vmcore. */
#include "dump/embedded.h"
#include "dump/extent.h"
#include "dump/flattened.h"
#include "dump/kdump_format.h"

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 4096
#define NOTES_MAX (16u << 20)

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* The descriptor of our note among @len bytes of notes, or NULL. */
static const uint8_t *find_note(const uint8_t *notes, size_t len, size_t *ret_len)
{
	while (len >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr header;
		size_t name, desc;

		memcpy(&header, notes, sizeof(header));
		name = padded(header.n_namesz);
		desc = padded(header.n_descsz);
		notes += sizeof(header);
		len -= sizeof(header);
		if (name > len || header.n_descsz > len - name)
			return NULL;
		if (header.n_type == XFDT_EMBEDDED_TYPE &&
		    header.n_namesz == sizeof(XFDT_EMBEDDED_NAME) &&
		    !memcmp(notes, XFDT_EMBEDDED_NAME, sizeof(XFDT_EMBEDDED_NAME))) {
			*ret_len = header.n_descsz;
			return notes + name;
		}
		if (desc > len - name)
			return NULL;
		notes += name + desc;
		len -= name + desc;
	}
	return NULL;
}

/* Where the dump begins in its file: in the first record, if it is flattened. */
static uint64_t start_of(int fd)
{
	struct xfdt_flat_record record;

	if (!xfdt_is_flattened(fd) ||
	    !xfdt_read_file(fd, &record, sizeof(record), XFDT_FLAT_HEADER_SIZE) || record.offset)
		return 0;
	return XFDT_FLAT_HEADER_SIZE + sizeof(record);
}

struct xfdt_error *xfdt_embedded_read(int fd, char **ret_text, size_t *ret_len)
{
	struct xfdt_kdump_sub_header sub;
	struct xfdt_kdump_header header;
	const uint64_t start = start_of(fd);
	const uint8_t *desc = NULL;
	uint8_t *notes;
	size_t len;

	*ret_text = NULL;
	if (!xfdt_read_file(fd, &header, sizeof(header), start) ||
	    memcmp(header.signature, XFDT_KDUMP_SIGNATURE, sizeof(header.signature)) ||
	    header.header_version < 4 || header.block_size != BLOCK ||
	    !xfdt_read_file(fd, &sub, sizeof(sub), start + BLOCK) || !sub.size_note ||
	    sub.size_note > NOTES_MAX)
		return NULL;
	notes = malloc(sub.size_note);
	if (!notes)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for notes");
	if (xfdt_read_file(fd, notes, sub.size_note, start + sub.offset_note))
		desc = find_note(notes, sub.size_note, &len);
	if (desc && len && len <= XFDT_EMBEDDED_MAX) {
		*ret_text = malloc(len);
		if (*ret_text)
			memcpy(*ret_text, desc, len);
		*ret_len = len;
	}
	free(notes);
	return NULL;
}
