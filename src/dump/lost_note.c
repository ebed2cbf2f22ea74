/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's dump-guest-memory writes the note only for a machine with '-device vmcoreinfo'
 * whose kernel has loaded the module qemu_fw_cfg.
 */
#include "dump/lost_note.h"
#include "base/util.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX 4096u /* VMCOREINFO_BYTES */

struct note {
	Elf64_Nhdr header;
	char name[12]; /* "VMCOREINFO", padded */
};

struct search {
	struct xfdt_dump *dump;
	bool (*is_own)(struct xfdt_dump *dump, const char *text);
	int64_t end_ms;
	uint32_t frames;
	char *text; /* NULL: not found yet */
};

/* How long the text of the note is that @page begins with; 0: there is none. */
static size_t text_len(const uint8_t *page)
{
	static const char name[12] = "VMCOREINFO", first[] = "OSRELEASE=";
	struct note note;

	memcpy(&note, page, sizeof(note));
	if (note.header.n_namesz != strlen(name) + 1 || memcmp(note.name, name, sizeof(name)) ||
	    note.header.n_descsz > BYTES_MAX ||
	    memcmp(page + sizeof(note), first, strlen(first)) != 0)
		return 0;
	return note.header.n_descsz;
}

/* A copy of the text of the note in frame @pfn, which may go on in the next frame; NULL: there is none. */
static struct xfdt_error *read_note(struct xfdt_dump *dump, uint64_t pfn, char **ret_text)
{
	uint8_t bytes[2 * XFDT_PAGE_SIZE];
	struct xfdt_error *err = xfdt_dump_read_frame(dump, pfn, bytes);
	size_t len = err ? 0 : text_len(bytes);

	*ret_text = NULL;
	if (!err && sizeof(struct note) + len > XFDT_PAGE_SIZE)
		err = xfdt_dump_read_frame(dump, pfn + 1, bytes + XFDT_PAGE_SIZE);
	if (!err && len) {
		*ret_text = strndup((const char *)bytes + sizeof(struct note), len);
		if (!*ret_text)
			return xfdt_no_memory("VMCOREINFO");
	}
	if (err && xfdt_error_code(err) == XFDT_NO_MEMORY)
		return err;
	xfdt_error_free(err);
	return NULL;
}

static bool goes_on(struct search *search)
{
	return !search->text && search->frames++ < XFDT_SEARCHED_FRAMES &&
	       (search->frames % 1024 || xfdt_now_ms() < search->end_ms);
}

static struct xfdt_error *search_part(struct search *search, size_t part)
{
	struct xfdt_error *err = NULL;
	uint64_t pfn = 0;
	bool found;

	for (; goes_on(search); pfn++) {
		char *text;

		err = xfdt_dump_next_frame(search->dump, part, pfn, &pfn, &found);
		if (err || !found)
			break;
		err = read_note(search->dump, pfn, &text);
		if (err)
			break;
		if (text && search->is_own(search->dump, text))
			search->text = text;
		else
			free(text);
	}
	return err;
}

struct xfdt_error *xfdt_lost_note_find(struct xfdt_dump *dump,
				       bool (*is_own)(struct xfdt_dump *dump, const char *text),
				       char **ret_text)
{
	struct search search = {
		.dump = dump,
		.is_own = is_own,
		.end_ms = xfdt_now_ms() + XFDT_SEARCHED_MS,
	};
	struct xfdt_error *err = NULL;
	size_t part;

	for (part = 0; part < xfdt_dump_part_count(dump) && !search.text; part++) {
		err = search_part(&search, part);
		if (err && xfdt_error_code(err) == XFDT_NO_MEMORY)
			return err;
		/* a page bitmap that cannot be read ends the search of this part only */
		xfdt_error_free(err);
	}
	*ret_text = search.text;
	return NULL;
}
