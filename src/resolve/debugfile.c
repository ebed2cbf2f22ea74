/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF files with debuginfo, through elfutils. */
#include "resolve/debugfile.h"
#include "types/dwarf.h"
#include "base/name_set.h"
#include "symbols/name_query.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUILD_ID_BYTES_MAX (XFDT_BUILD_ID_MAX / 2)
#define SYMBOLS_MAX (1u << 24)

struct xfdt_elf {
	int fd; /* -1: libdwfl has it */
	Elf *elf;
	Dwarf *dwarf; /* NULL: not opened yet */
	/* only for what libelf alone does not do: relocate modules, uncompress files */
	Dwfl *dwfl;
	Dwfl_Module *module;
	struct xfdt_debugfile *alt;
};

/* Our own code finds the file; libdwfl must not search for others. */
static int find_nothing(Dwfl_Module *module, void **user_data, const char *name, Dwarf_Addr base,
			const char *file_name, const char *debuglink, GElf_Word crc,
			char **ret_path)
{
	(void)module, (void)user_data, (void)name, (void)base;
	(void)file_name, (void)debuglink, (void)crc, (void)ret_path;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_debuginfo = find_nothing,
	.section_address = dwfl_offline_section_address,
};

/* When memory runs out, elfutils reports an invalid file.  errno, set to 0 before, shows the difference. */
static enum xfdt_code code_of_failure(void)
{
	return errno == ENOMEM ? XFDT_NO_MEMORY : XFDT_CORRUPT;
}

static struct xfdt_error *open_by_dwfl(struct xfdt_elf *elf, const char *path)
{
	GElf_Addr bias;

	elf->dwfl = dwfl_begin(&callbacks);
	if (!elf->dwfl)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "%s: %s", path, dwfl_errmsg(-1));
	dwfl_report_begin(elf->dwfl);
	errno = 0;
	elf->module = dwfl_report_offline(elf->dwfl, path, path, elf->fd);
	if (!elf->module) {
		int number = dwfl_errno();

		return xfdt_error_new(code_of_failure(), 0, "%s: %s", path,
				      number ? dwfl_errmsg(number) :
					       "cannot be read, or takes too much memory");
	}
	/* theirs now */
	elf->fd = -1;
	dwfl_report_end(elf->dwfl, NULL, NULL);
	elf->elf = dwfl_module_getelf(elf->module, &bias);
	if (!elf->elf)
		return xfdt_error_new(code_of_failure(), 0, "%s: %s", path, dwfl_errmsg(-1));
	return NULL;
}

static struct xfdt_error *open_elf(struct xfdt_elf *elf, const char *path)
{
	struct xfdt_error *err;
	GElf_Ehdr header;

	elf_version(EV_CURRENT);
	errno = 0;
	elf->elf = elf_begin(elf->fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	if (!elf->elf)
		return xfdt_error_new(code_of_failure(), 0, "%s: %s", path, elf_errmsg(-1));
	if (elf_kind(elf->elf) != ELF_K_ELF ||
	    (gelf_getehdr(elf->elf, &header) && header.e_type == ET_REL)) {
		elf_end(elf->elf);
		elf->elf = NULL;
		err = open_by_dwfl(elf, path);
		if (err)
			return err;
	}
	if (!gelf_getehdr(elf->elf, &header) || header.e_machine != EM_X86_64 ||
	    gelf_getclass(elf->elf) != ELFCLASS64)
		return xfdt_error_new(XFDT_CORRUPT, 0, "%s: not an ELF file for x86-64", path);
	return NULL;
}

/* The GNU build-id among the notes of section @header. */
static void read_build_id(struct xfdt_debugfile *file, const GElf_Shdr *header, Elf_Data *data)
{
	size_t at = 0, next, name, desc, i;
	GElf_Nhdr note;

	while (at < data->d_size && (next = gelf_getnote(data, at, &note, &name, &desc))) {
		const uint8_t *id = (const uint8_t *)data->d_buf + desc;

		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
		    !memcmp((const char *)data->d_buf + name, "GNU", sizeof("GNU")) &&
		    note.n_descsz && note.n_descsz <= BUILD_ID_BYTES_MAX) {
			for (i = 0; i < note.n_descsz; i++)
				snprintf(file->build_id + 2 * i, 3, "%02x", id[i]);
			if (!file->is_module)
				file->build_id_kvaddr = header->sh_addr + desc;
			return;
		}
		at = next;
	}
}

static void read_sections(struct xfdt_debugfile *file)
{
	Elf *elf = file->elf->elf;
	const char *debuglink;
	Elf_Scn *section = NULL;
	size_t names;
	GElf_Word crc;

	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (header.sh_type == SHT_NOTE && !*file->build_id) {
			data = elf_getdata(section, NULL);
			if (data && data->d_buf)
				read_build_id(file, &header, data);
		}
		if (header.sh_type == SHT_SYMTAB && header.sh_size)
			file->has_symbols = true;
		if (name && header.sh_type != SHT_NOBITS && header.sh_size &&
		    (!strcmp(name, ".debug_info") || !strcmp(name, ".zdebug_info")))
			file->has_types = true;
	}
	debuglink = dwelf_elf_gnu_debuglink(elf, &crc);
	if (debuglink && strlen(debuglink) < sizeof(file->debuglink) && !strchr(debuglink, '/'))
		strcpy(file->debuglink, debuglink);
}

static struct xfdt_error *check_file(int fd, const char *path)
{
	struct stat status;

	if (fstat(fd, &status))
		return xfdt_error_new(XFDT_SYSTEM, 0, "%s: %s", path, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return xfdt_error_new(XFDT_UNSUPPORTED, 0, "%s: is a directory", path);
	if (!S_ISREG(status.st_mode))
		return xfdt_error_new(XFDT_CORRUPT, 0, "%s: not a regular file", path);
	return NULL;
}

struct xfdt_error *xfdt_debugfile_open(struct xfdt_debugfile **ret_file, const char *path, int fd)
{
	struct xfdt_debugfile *file = calloc(1, sizeof(*file));
	struct xfdt_error *err = NULL;
	GElf_Ehdr header;

	if (fd < 0)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		err = xfdt_error_new(XFDT_SYSTEM, 0, "%s: %s", path, strerror(errno));
	if (file) {
		file->path = strdup(path);
		file->elf = calloc(1, sizeof(*file->elf));
	}
	if (!file || !file->path || !file->elf) {
		xfdt_error_free(err);
		err = xfdt_no_memory("debuginfo");
		if (fd >= 0)
			close(fd);
		if (file)
			free(file->elf), free(file->path);
		free(file);
		return err;
	}
	file->elf->fd = fd;
	if (!err)
		err = check_file(fd, path);
	if (!err)
		err = open_elf(file->elf, path);
	if (err) {
		xfdt_debugfile_close(file);
		return err;
	}
	file->is_module = gelf_getehdr(file->elf->elf, &header) && header.e_type == ET_REL;
	read_sections(file);
	*ret_file = file;
	return NULL;
}

void xfdt_debugfile_close(struct xfdt_debugfile *file)
{
	struct xfdt_elf *elf;

	if (!file)
		return;
	elf = file->elf;
	if (elf->dwfl) {
		dwfl_end(elf->dwfl);
	} else {
		dwarf_end(elf->dwarf);
		elf_end(elf->elf);
	}
	if (elf->fd >= 0)
		close(elf->fd);
	xfdt_debugfile_close(elf->alt);
	free(elf);
	free(file->path);
	free(file);
}

/* A symbol without a size ends at the next symbol, as in kallsyms. */
static void measure(Elf_Data *data, struct xfdt_name_query *queries, size_t count)
{
	uint64_t next[XFDT_NAME_SET_MAX] = { 0 };
	GElf_Sym sym;
	size_t i, q;

	for (i = 0; i < SYMBOLS_MAX && gelf_getsym(data, (int)i, &sym); i++) {
		if (sym.st_shndx == SHN_UNDEF)
			continue;
		for (q = 0; q < count; q++)
			if (!queries[q].size && sym.st_value > queries[q].kvaddr &&
			    (!next[q] || sym.st_value < next[q]))
				next[q] = sym.st_value;
	}
	for (q = 0; q < count; q++)
		if (queries[q].found && !queries[q].size && next[q])
			queries[q].size = next[q] - queries[q].kvaddr;
}

struct xfdt_error *xfdt_debugfile_symbols(const struct xfdt_debugfile *file,
					  struct xfdt_name_query *queries, size_t count)
{
	Elf *elf = file->elf->elf;
	struct xfdt_name_set names = { .count = 0 };
	GElf_Shdr header = { 0 };
	Elf_Scn *section = NULL;
	Elf_Data *data;
	GElf_Sym sym;
	size_t i;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			break;
	errno = 0;
	data = section ? elf_getdata(section, NULL) : NULL;
	if (section && !data)
		return xfdt_error_new(code_of_failure(), 0, "%s: its symbol table: %s", file->path,
				      elf_errmsg(-1));
	if (!data)
		return xfdt_error_new(XFDT_MISSING, 0, "%s: has no symbol table", file->path);
	/* so that an index is one of @queries too */
	for (i = 0; i < count; i++)
		xfdt_name_set_add(&names, queries[i].name);
	if (names.count != count)
		return xfdt_error_new(XFDT_LIMIT, 0, "%zu names are too many, or not distinct",
				      count);
	for (i = 0; i < SYMBOLS_MAX && gelf_getsym(data, (int)i, &sym); i++) {
		const char *name = sym.st_shndx == SHN_UNDEF ?
					   NULL :
					   elf_strptr(elf, header.sh_link, sym.st_name);
		int index = name ? xfdt_symbol_name_find(&names, name) : -1;

		if (index < 0 || queries[index].found++)
			continue;
		queries[index].kvaddr = sym.st_value;
		queries[index].size = sym.st_size;
		queries[index].section = sym.st_shndx;
	}
	measure(data, queries, count);
	return NULL;
}

const char *xfdt_debugfile_section(const struct xfdt_debugfile *file, uint16_t index)
{
	Elf_Scn *section = elf_getscn(file->elf->elf, index);
	GElf_Shdr header;
	size_t names;

	if (!section || !gelf_getshdr(section, &header) ||
	    elf_getshdrstrndx(file->elf->elf, &names))
		return NULL;
	return elf_strptr(file->elf->elf, names, header.sh_name);
}

static struct xfdt_error *open_dwarf(struct xfdt_debugfile *file)
{
	struct xfdt_elf *elf = file->elf;
	Dwarf_Addr bias;

	if (elf->dwarf)
		return NULL;
	errno = 0;
	elf->dwarf = elf->dwfl ? dwfl_module_getdwarf(elf->module, &bias) :
				 dwarf_begin_elf(elf->elf, DWARF_C_READ, NULL);
	return elf->dwarf ? NULL :
			    xfdt_error_new(code_of_failure(), 0, "%s: %s", file->path,
					   elf->dwfl ? dwfl_errmsg(-1) : dwarf_errmsg(-1));
}

/* The shared file that dwz moved DWARF to.  libdw would find one by itself, but not check it. */
static struct xfdt_error *open_alt(struct xfdt_debugfile *file, xfdt_find_alt *find_alt,
				   void *context)
{
	struct xfdt_elf *elf = file->elf;
	char id[XFDT_BUILD_ID_MAX + 1] = "";
	const void *bytes;
	const char *name;
	struct xfdt_error *err;
	ssize_t len, i;

	len = dwelf_dwarf_gnu_debugaltlink(elf->dwarf, &name, &bytes);
	if (!len)
		return NULL;
	for (i = 0; i < len && i < BUILD_ID_BYTES_MAX; i++)
		snprintf(id + 2 * i, 3, "%02x", ((const uint8_t *)bytes)[i]);
	elf->alt = len > 0 ? find_alt(context, id, name) : NULL;
	if (!elf->alt)
		return xfdt_error_new(
			XFDT_MISSING, 0,
			"%s: a part of it was moved by dwz to a file with build-id %s, which is not there",
			file->path, id);
	err = open_dwarf(elf->alt);
	if (!err)
		dwarf_setalt(elf->dwarf, elf->alt->elf->dwarf);
	return err;
}

struct xfdt_error *xfdt_debugfile_types(struct xfdt_debugfile *file, xfdt_find_alt *find_alt,
					void *context, struct xfdt_layout *layout)
{
	struct xfdt_elf *elf = file->elf;
	struct xfdt_error *err;

	if (!file->has_types)
		return xfdt_error_new(XFDT_MISSING, 0, "%s: has no DWARF", file->path);
	err = open_dwarf(file);
	if (!err && !elf->alt)
		err = open_alt(file, find_alt, context);
	if (!err) {
		err = xfdt_dwarf_fill(elf->dwarf, elf->alt ? elf->alt->elf->dwarf : NULL, layout);
		if (err)
			err = xfdt_error_wrap(err, "%s", file->path);
	}
	return err;
}
