/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF notes: VMCOREINFO, NT_PRSTATUS, and our own. */
#include "dump/notes.h"

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct note {
	uint32_t type;
	const char *name; /* with its NUL, where @name_len counts one */
	size_t name_len;
	const uint8_t *desc;
	size_t desc_len;
};

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* The next note; false at the end, or if it does not fit. */
static bool next_note(const uint8_t **at, size_t *left, struct note *ret_note)
{
	Elf64_Nhdr header;
	size_t name, desc;

	if (*left < sizeof(header))
		return false;
	memcpy(&header, *at, sizeof(header));
	*at += sizeof(header);
	*left -= sizeof(header);
	name = padded(header.n_namesz);
	desc = padded(header.n_descsz);
	/* the last one need not be padded */
	if (name > *left || header.n_descsz > *left - name)
		return false;
	*ret_note = (struct note){
		.type = header.n_type,
		.name = (const char *)*at,
		.name_len = header.n_namesz,
		.desc = *at + name,
		.desc_len = header.n_descsz,
	};
	if (desc > *left - name)
		desc = *left - name;
	*at += name + desc;
	*left -= name + desc;
	return true;
}

/* Is @note called @name?  Its length may or may not count the NUL. */
static bool is_called(const struct note *note, const char *name)
{
	size_t len = strlen(name);

	return (note->name_len == len || (note->name_len == len + 1 && !note->name[len])) &&
	       !memcmp(note->name, name, len);
}

struct xfdt_error *xfdt_notes_add_vmcoreinfo(struct xfdt_notes *notes, const uint8_t *text,
					     size_t len)
{
	if (notes->vmcoreinfo || !len)
		return NULL;
	if (len > XFDT_VMCOREINFO_MAX)
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "VMCOREINFO has %zu bytes; a kernel's has at most 4096", len);
	notes->vmcoreinfo = strndup((const char *)text, len);
	return notes->vmcoreinfo ? NULL : xfdt_no_memory("VMCOREINFO");
}

/* Keep the text of one of our own notes, unless there is one already. */
static struct xfdt_error *add_embedded(const struct note *note, char **text, size_t *len)
{
	if (*text || !note->desc_len || note->desc_len > XFDT_EMBEDDED_MAX)
		return NULL;
	*text = malloc(note->desc_len);
	if (!*text)
		return xfdt_no_memory("a note");
	memcpy(*text, note->desc, note->desc_len);
	*len = note->desc_len;
	return NULL;
}

static struct xfdt_error *add_cpu(struct xfdt_notes *notes, const struct note *note)
{
	struct xfdt_cpu_note *cpus = notes->cpus;

	if (notes->cpu_count == XFDT_CPUS_MAX)
		return NULL;
	/* room for 1, 2, 4, ... */
	if (!(notes->cpu_count & (notes->cpu_count - 1)))
		cpus = realloc(cpus, 2 * (notes->cpu_count + 1) * sizeof(*cpus));
	if (!cpus)
		return xfdt_no_memory("registers");
	notes->cpus = cpus;
	notes->cpu_count += xfdt_cpu_note_decode(note->desc, note->desc_len,
						 &cpus[notes->cpu_count]);
	return NULL;
}

struct xfdt_error *xfdt_notes_add(struct xfdt_notes *notes, const uint8_t *bytes, size_t len)
{
	struct xfdt_error *err = NULL;
	struct note note;

	while (!err && next_note(&bytes, &len, &note)) {
		if (is_called(&note, "VMCOREINFO"))
			err = xfdt_notes_add_vmcoreinfo(notes, note.desc, note.desc_len);
		else if (note.type == XFDT_EMBEDDED_RECORD && is_called(&note, XFDT_EMBEDDED_NAME))
			err = add_embedded(&note, &notes->record, &notes->record_len);
		else if (note.type == XFDT_EMBEDDED_CENSUS && is_called(&note, XFDT_EMBEDDED_NAME))
			err = add_embedded(&note, &notes->census, &notes->census_len);
		else if (note.type == NT_PRSTATUS && is_called(&note, "CORE"))
			err = add_cpu(notes, &note);
	}
	return err;
}

void xfdt_notes_deinit(struct xfdt_notes *notes)
{
	free(notes->vmcoreinfo);
	free(notes->record);
	free(notes->census);
	free(notes->cpus);
	*notes = (struct xfdt_notes){ 0 };
}
