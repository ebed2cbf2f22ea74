/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vmcores in dumps/ against dumps/manifest.json, whose truth comes from
 * the lab: every answer agrees.  What the manifest must have is in manifest/manifest.jq.
 *
 * check-dumps DIR		compare answers; prints "ok" or "FAIL" lines
 * check-dumps --flatten IN OUT	write IN in the flattened format
 * check-dumps --elf IN OUT	write IN, which is not distilled, as ELF
 * check-dumps --split IN OUT OUT	write IN, kdump-compressed, as two parts of half its pages each
 * check-dumps --json		check that standard input is lines of JSON; print their verdicts
 */
#include "triage/session.h"
#include "dump/kdump_format.h"
#include "verdict/releases.h"

#include <dirent.h>
#include <elf.h>
#include <endian.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures;
static size_t passed;

static void fail(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(const char *name, const char *format, ...)
{
	va_list args;

	failures++;
	printf("FAIL %s: ", name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* Member @key of @object; NULL if there is none, or it is null.  Borrowed. */
static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

/* That member if it is text, else NULL; borrowed. */
static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool hex_of(struct json_object *object, const char *key, uint64_t *ret_number)
{
	const char *text = text_of(object, key);

	return text && sscanf(text, "%" SCNx64, ret_number) == 1;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : !a && !b;
}

static const struct xfdt_vm *find_vm(const struct xfdt_host *host, int pid, size_t *ret_first)
{
	size_t i;

	*ret_first = 0;
	for (i = 0; i < host->vm_count; i++) {
		if (host->vms[i].pid == pid)
			return &host->vms[i];
		*ret_first += host->vms[i].vcpu_count;
	}
	return NULL;
}

/* Compare the bits in @mask. */
static void check_hex(const char *name, const char *what, struct json_object *expected,
		      const char *key, uint64_t mask, uint64_t found)
{
	uint64_t number;

	if (hex_of(expected, key, &number) && ((number ^ found) & mask))
		fail(name, "%s: %s is %#" PRIx64 ", should be %#" PRIx64, what, key, found, number);
}

/* The manifest says EDX:EAX of the load that faulted, and so of which vCPU it was. */
static void check_rfbm(const char *name, const char *what, const struct xfdt_session *session,
		       const struct xfdt_vcpu_verdict *vcpu, struct json_object *expected)
{
	const struct xfdt_fault *fault = xfdt_panic_fault(&session->host.panic);

	if (vcpu->faulting != !!text_of(expected, "rfbm")) {
		fail(name, "%s: its load %s, which it %s", what,
		     vcpu->faulting ? "faulted" : "did not fault",
		     vcpu->faulting ? "should not (no rfbm)" : "should (rfbm)");
		return;
	}
	if (!vcpu->faulting || !fault)
		return;
	check_hex(name, what, expected, "rfbm", ~0ull, fault->edx_eax);
	if (vcpu->rfbm_known)
		check_hex(name, what, expected, "rfbm", session->host.enabled_features, vcpu->rfbm);
}

static void check_vcpu(const char *name, const struct xfdt_session *session, int pid,
		       struct json_object *expected)
{
	uint64_t mask = ~0ull;
	int id = json_object_get_int(member(expected, "id"));
	size_t first, i;
	const struct xfdt_vm *vm = find_vm(&session->host, pid, &first);
	const char *state = text_of(expected, "state");
	char what[64];

	snprintf(what, sizeof(what), "pid %d vCPU %d", pid, id);
	for (i = 0; i < vm->vcpu_count; i++)
		if ((int)vm->vcpus[i].id == id)
			break;
	if (i == vm->vcpu_count) {
		fail(name, "%s: not found", what);
		return;
	}
	if (state && strcmp(state, xfdt_vcpu_state_name(session->verdict.vcpus[first + i].state)))
		fail(name, "%s: state is %s, should be %s", what,
		     xfdt_vcpu_state_name(session->verdict.vcpus[first + i].state), state);
	/* the reproducer sees the bits in the guest's XCR0 */
	hex_of(expected, "xstate_bv_mask", &mask);
	check_hex(name, what, expected, "xstate_bv", mask, vm->vcpus[i].header.xstate_bv);
	check_hex(name, what, expected, "xcomp_bv", ~0ull, vm->vcpus[i].header.xcomp_bv);
	check_hex(name, what, expected, "xfd", ~0ull, vm->vcpus[i].xfd);
	check_hex(name, what, expected, "fpstate", ~0ull, vm->vcpus[i].fpstate);
	check_rfbm(name, what, session, &session->verdict.vcpus[first + i], expected);
}

static bool is_hex(struct json_object *expected, const char *key, uint64_t mask, uint64_t found)
{
	uint64_t number;

	return !hex_of(expected, key, &number) || !((number ^ found) & mask);
}

/* Is this state on no list the one that is expected of a vCPU? */
static bool is_vcpu(const struct xfdt_vcpu *vcpu, const struct xfdt_vcpu_verdict *verdict,
		    struct json_object *expected)
{
	uint64_t mask = ~0ull;

	hex_of(expected, "xstate_bv_mask", &mask);
	return same(text_of(expected, "state"), xfdt_vcpu_state_name(verdict->state)) &&
	       verdict->faulting == !!text_of(expected, "rfbm") &&
	       is_hex(expected, "xstate_bv", mask, vcpu->header.xstate_bv) &&
	       is_hex(expected, "xcomp_bv", ~0ull, vcpu->header.xcomp_bv) &&
	       is_hex(expected, "xfd", ~0ull, vcpu->xfd);
}

/* Of a kernel whose list of VMs has no address: each expected vCPU is a state of its own. */
static void check_unlisted(const char *name, const struct xfdt_session *session,
			   struct json_object *vms)
{
	const struct xfdt_vm *unlisted = &session->host.unlisted;
	bool *taken = calloc(unlisted->vcpu_count + 1, sizeof(*taken));
	size_t i, j, n, count = 0;

	for (i = 0; taken && i < json_object_array_length(vms); i++) {
		struct json_object *vcpus = member(json_object_array_get_idx(vms, i), "vcpus");

		count += json_object_array_length(vcpus);
		for (j = 0; j < json_object_array_length(vcpus); j++) {
			for (n = 0; n < unlisted->vcpu_count; n++)
				if (!taken[n] &&
				    is_vcpu(&unlisted->vcpus[n], &session->verdict.vcpus[n],
					    json_object_array_get_idx(vcpus, j)))
					break;
			taken[n] = true;
			if (n == unlisted->vcpu_count)
				fail(name, "no state is that of vCPU %zu of VM %zu", j, i);
		}
	}
	if (session->host.vm_count || count != unlisted->vcpu_count)
		fail(name, "%zu states on no list and %zu VMs, should be %zu and none",
		     unlisted->vcpu_count, session->host.vm_count, count);
	free(taken);
}

static void check_vms(const char *name, const struct xfdt_session *session,
		      struct json_object *expected)
{
	struct json_object *vms = member(expected, "vms");
	size_t i, j, count = vms ? json_object_array_length(vms) : 0;

	if (vms && same(text_of(expected, "listed"), "census")) {
		check_unlisted(name, session, vms);
		return;
	}
	if (vms && count != session->host.vm_count)
		fail(name, "%zu VMs, should be %zu", session->host.vm_count, count);
	for (i = 0; i < count; i++) {
		struct json_object *vm = json_object_array_get_idx(vms, i);
		struct json_object *vcpus = member(vm, "vcpus");
		int pid = json_object_get_int(member(vm, "pid"));
		const struct xfdt_vm *found;
		size_t first;

		found = find_vm(&session->host, pid, &first);
		if (!found) {
			fail(name, "no VM of pid %d", pid);
			continue;
		}
		if (found->vcpu_count != json_object_array_length(vcpus))
			fail(name, "VM of pid %d has %zu vCPUs, should have %zu", pid,
			     found->vcpu_count, json_object_array_length(vcpus));
		for (j = 0; j < json_object_array_length(vcpus); j++)
			check_vcpu(name, session, pid, json_object_array_get_idx(vcpus, j));
	}
}

static void check_fix(const char *name, const struct xfdt_session *session,
		      struct json_object *expected)
{
	static const char *const names[] = {
		[XFDT_UNKNOWN] = "unknown",
		[XFDT_ABSENT] = "absent",
		[XFDT_PRESENT] = "present",
	};
	const struct xfdt_fix *fix = &session->host.fix;
	const char *word = text_of(expected, "fix");

	if (!word)
		return;
	if (strcmp(names[fix->vmlinux], word))
		fail(name, "fix in vmlinux is %s, should be %s", names[fix->vmlinux], word);
	if (session->host.kvm == XFDT_KVM_LOADED && strcmp(names[fix->kvm], word))
		fail(name, "fix in kvm is %s, should be %s", names[fix->kvm], word);
}

/* Does the table of releases agree with the code that was read? */
static void check_vendor(const char *name, const struct xfdt_session *session,
			 struct json_object *entry)
{
	const struct xfdt_vendor *vendor = xfdt_vendor_of(session->image.release);
	const char *version = text_of(member(entry, "kernel"), "version");
	enum xfdt_presence fix = session->host.fix.vmlinux;
	bool later;

	/* the lab's own */
	if (text_of(member(entry, "kernel"), "config"))
		return;
	if (!vendor->name) {
		fail(name, "no row of releases.def matches '%s'", session->image.release);
		return;
	}
	if (vendor->state == XFDT_VENDOR_UNAFFECTED && session->verdict.kind != XFDT_NOT_APPLICABLE)
		fail(name, "releases.def says that %s does not have the bug", vendor->name);
	if (vendor->state != XFDT_VENDOR_FIXED || fix == XFDT_UNKNOWN || !version)
		return;
	later = strverscmp(version, vendor->fixed_in) >= 0;
	if (later != (fix == XFDT_PRESENT))
		fail(name, "releases.def says fixed in %s, but the code of %s %s the fix",
		     vendor->fixed_in, version, fix == XFDT_PRESENT ? "has" : "lacks");
}

/* Are kallsyms and BTF in memory?  A note may hold what was read from them before. */
static bool has_types(const struct xfdt_image *image)
{
	return !image->embedded && image->symbol_source &&
	       !strncmp(image->symbol_source, "kallsyms", strlen("kallsyms")) &&
	       same(image->type_source, "btf");
}

static void check_kernel(const char *name, const struct xfdt_session *session,
			 struct json_object *entry)
{
	const char *release = text_of(member(entry, "kernel"), "release");
	size_t cpus = (size_t)json_object_get_int(member(entry, "cpus"));

	if (!same(release, session->image.release))
		fail(name, "kernel.release is %s, should be %s",
		     session->image.release ? session->image.release : "unknown",
		     release ? release : "there");
	/* one note for each; a dump may have lost them */
	if (session->image.note_count && session->image.note_count != cpus)
		fail(name, "cpus are %zu, should be %zu", session->image.note_count, cpus);
}

static void check_entry(const char *dir, struct json_object *entry)
{
	static const struct xfdt_session_options options;
	struct json_object *expected = member(entry, "expect");
	const char *name = text_of(entry, "name"), *file = text_of(entry, "file");
	struct xfdt_session session;
	struct xfdt_error *err;
	char path[PATH_MAX];
	const char *paths[] = { path };
	int before = failures;

	if (!name || !file || !expected) {
		fail("manifest", "an entry without name, file or expect");
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	err = xfdt_session_init(&session, paths, 1, &options);
	if (err) {
		fail(name, "%s", xfdt_error_message(err));
		xfdt_error_free(err);
		return;
	}
	if (!same(text_of(expected, "verdict"), xfdt_verdict_name(session.verdict.kind)))
		fail(name, "verdict is %s, should be %s", xfdt_verdict_name(session.verdict.kind),
		     text_of(expected, "verdict"));
	if (!!json_object_get_boolean(member(entry, "carries_types")) != has_types(&session.image))
		fail(name, "carries_types is wrong: symbols are from %s, types from %s%s",
		     session.image.symbol_source ? session.image.symbol_source : "nowhere",
		     session.image.type_source ? session.image.type_source : "nowhere",
		     session.image.embedded ? ", both stored in this distilled dump" : "");
	if (json_object_get_int(member(expected, "exit")) !=
	    xfdt_verdict_exit(session.verdict.kind))
		fail(name, "exit code is %d", xfdt_verdict_exit(session.verdict.kind));
	if (!same(text_of(expected, "route"), xfdt_route_name(session.verdict.route)))
		fail(name, "route is %s, should be %s", xfdt_route_name(session.verdict.route),
		     text_of(expected, "route"));
	check_kernel(name, &session, entry);
	check_fix(name, &session, expected);
	check_vendor(name, &session, entry);
	check_vms(name, &session, expected);
	xfdt_session_deinit(&session);
	if (failures == before) {
		passed++;
		printf("ok %s\n", name);
	}
}

static struct json_object *load_entries(const char *dir, struct json_object **ret_root)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/manifest.json", dir);
	*ret_root = json_object_from_file(path);
	return *ret_root ? member(*ret_root, "vmcores") : NULL;
}

static int run_compare(const char *dir)
{
	struct json_object *root, *entries = load_entries(dir, &root);
	size_t i, count;

	if (!entries || !(count = json_object_array_length(entries))) {
		printf("FAIL manifest: %s/manifest.json names no vmcore\n", dir);
		return 99;
	}
	for (i = 0; i < count; i++)
		check_entry(dir, json_object_array_get_idx(entries, i));
	printf("vmcores: %zu passed, %zu failed\n", passed, count - passed);
	json_object_put(root);
	return failures != 0;
}

static void put_record(FILE *out, int64_t offset, int64_t size)
{
	uint64_t record[2] = { htobe64((uint64_t)offset), htobe64((uint64_t)size) };

	fwrite(record, sizeof(record), 1, out);
}

static int run_flatten(const char *from, const char *to)
{
	static char header[4096] = "makedumpfile", block[10000];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	uint64_t numbers[2] = { htobe64(1), htobe64(1) };
	int64_t offset = 0;
	size_t len;

	if (!in || !out)
		return 99;
	memcpy(header + 16, numbers, sizeof(numbers));
	fwrite(header, sizeof(header), 1, out);
	while ((len = fread(block, 1, sizeof(block), in)) > 0) {
		put_record(out, offset, (int64_t)len);
		fwrite(block, len, 1, out);
		offset += (int64_t)len;
	}
	put_record(out, -1, -1);
	fclose(in);
	return fclose(out) ? 99 : 0;
}

/* How many of the first @pfn frames have a page. */
static uint64_t pages_before(const uint8_t *bitmap, uint64_t pfn)
{
	uint64_t count = 0, i;

	for (i = 0; i < pfn; i++)
		count += bitmap[i / 8] >> i % 8 & 1;
	return count;
}

/* All of the @size bytes at @dump, as the part that has frames @start up to @end. */
static int write_part(const uint8_t *dump, size_t size, uint64_t start, uint64_t end,
		      const char *path)
{
	const struct xfdt_kdump_header *header = (const void *)dump;
	uint64_t blocks = header->bitmap_blocks / 2;
	uint64_t bitmaps = (1 + (uint64_t)header->sub_hdr_size) * 4096,
		 descs = bitmaps + 2 * blocks * 4096;
	const uint8_t *bitmap = dump + bitmaps + blocks * 4096;
	uint64_t first = pages_before(bitmap, start), count = pages_before(bitmap, end) - first;
	struct xfdt_kdump_sub_header *sub;
	uint8_t *part = malloc(size);
	FILE *out = fopen(path, "w");

	if (!part || !out)
		return 99;
	memcpy(part, dump, size);
	sub = (void *)(part + 4096);
	sub->split = 1;
	sub->start_pfn = sub->start_pfn_64 = start;
	sub->end_pfn = sub->end_pfn_64 = end;
	/* a part has descriptors of its own pages only */
	memcpy(part + descs, dump + descs + first * sizeof(struct xfdt_page_desc),
	       count * sizeof(struct xfdt_page_desc));
	fwrite(part, size, 1, out);
	free(part);
	return fclose(out) ? 99 : 0;
}

static int run_split(const char *from, const char *one, const char *two)
{
	FILE *in = fopen(from, "r");
	const struct xfdt_kdump_sub_header *sub;
	const uint8_t *bitmap;
	uint64_t blocks, pages, middle = 0, seen = 0;
	uint8_t *dump;
	long size;

	if (!in || fseek(in, 0, SEEK_END) || (size = ftell(in)) < 8192 || fseek(in, 0, SEEK_SET))
		return 99;
	dump = malloc((size_t)size);
	if (!dump || fread(dump, (size_t)size, 1, in) != 1)
		return 99;
	fclose(in);
	blocks = ((const struct xfdt_kdump_header *)(const void *)dump)->bitmap_blocks / 2;
	sub = (const void *)(dump + 4096);
	bitmap = dump +
		 (1 +
		  (uint64_t)((const struct xfdt_kdump_header *)(const void *)dump)->sub_hdr_size +
		  blocks) *
			 4096;
	pages = pages_before(bitmap, sub->max_mapnr_64);
	for (; seen < pages / 2; middle++)
		seen += bitmap[middle / 8] >> middle % 8 & 1;
	if (write_part(dump, (size_t)size, 0, middle, one) ||
	    write_part(dump, (size_t)size, middle, sub->max_mapnr_64, two))
		return 99;
	free(dump);
	return 0;
}

struct elf_run {
	uint64_t first, count; /* page frames */
};

/* Page frames of @dump that lie behind each other; returns how many runs. */
static size_t find_runs(struct xfdt_dump *dump, uint64_t frames, struct elf_run *runs, size_t room)
{
	uint8_t page[XFDT_PAGE_SIZE];
	size_t count = 0;
	uint64_t pfn;

	for (pfn = 0; pfn < frames; pfn++) {
		struct xfdt_error *err = xfdt_dump_read_frame(dump, pfn, page);

		if (!err && count && runs[count - 1].first + runs[count - 1].count == pfn)
			runs[count - 1].count++;
		else if (!err && count < room)
			runs[count++] = (struct elf_run){ pfn, 1 };
		xfdt_error_free(err);
	}
	return count;
}

static void write_runs(struct xfdt_dump *dump, const struct elf_run *runs, size_t count, FILE *out)
{
	uint8_t page[XFDT_PAGE_SIZE];
	uint64_t i;

	for (; count; count--, runs++) {
		for (i = 0; i < runs->count; i++) {
			xfdt_error_free(xfdt_dump_read_frame(dump, runs->first + i, page));
			fwrite(page, sizeof(page), 1, out);
		}
	}
}

/* The dump @from, which is not distilled, as an ELF file. */
static int run_elf(const char *from, const char *to)
{
	static struct elf_run runs[PN_XNUM - 2];
	const struct xfdt_dump_options options = { 0 };
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
	};
	struct xfdt_kdump_sub_header sub;
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	struct xfdt_dump *dump;
	uint64_t offset;
	size_t count, i;
	char *notes;

	if (!in || !out || fseek(in, XFDT_PAGE_SIZE, SEEK_SET) ||
	    fread(&sub, sizeof(sub), 1, in) != 1 || xfdt_dump_open(&dump, &from, 1, &options))
		return 99;
	notes = malloc(sub.size_note);
	if (!notes || fseek(in, (long)sub.offset_note, SEEK_SET) ||
	    fread(notes, sub.size_note, 1, in) != 1)
		return 99;
	count = find_runs(dump, sub.max_mapnr_64, runs, sizeof(runs) / sizeof(runs[0]));
	header.e_phnum = (uint16_t)(count + 1);
	offset = sizeof(header) + (count + 1) * sizeof(Elf64_Phdr);
	fwrite(&header, sizeof(header), 1, out);
	fwrite(&(Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = offset, .p_filesz = sub.size_note },
	       sizeof(Elf64_Phdr), 1, out);
	offset += sub.size_note;
	for (i = 0; i < count; i++) {
		const uint64_t size = runs[i].count * XFDT_PAGE_SIZE;

		fwrite(&(Elf64_Phdr){ .p_type = PT_LOAD,
				      .p_offset = offset,
				      .p_paddr = runs[i].first * XFDT_PAGE_SIZE,
				      .p_filesz = size,
				      .p_memsz = size },
		       sizeof(Elf64_Phdr), 1, out);
		offset += size;
	}
	fwrite(notes, sub.size_note, 1, out);
	write_runs(dump, runs, count, out);
	free(notes);
	fclose(in);
	xfdt_dump_close(dump);
	return fclose(out) ? 99 : 0;
}

static int run_json(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		struct json_object *root = json_tokener_parse(line);

		if (!root || !text_of(root, "schema") || !text_of(root, "verdict"))
			return 1;
		printf("%s\n", text_of(root, "verdict"));
		json_object_put(root);
	}
	free(line);
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "--json"))
		return run_json();
	if (argc == 4 && !strcmp(argv[1], "--flatten"))
		return run_flatten(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "--elf"))
		return run_elf(argv[2], argv[3]);
	if (argc == 5 && !strcmp(argv[1], "--split"))
		return run_split(argv[2], argv[3], argv[4]);
	if (argc == 2)
		return run_compare(argv[1]);
	return 99;
}
