/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder of records: made, damaged, in the way, and shared by many. */
#include "unit.h"
#include "resolve/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#define STEXT 0xffffffff81000000ull
#define KEY "0123456789abcdef0123456789abcdef01234567"

/* A fresh folder for each test, below TMPDIR. */
static char root[200], dir[240], file[300];

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(root, sizeof(root), "%s/xfdt-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(root))
		exit(99);
	snprintf(dir, sizeof(dir), "%s/parent/cache", root);
	snprintf(file, sizeof(file), "%s/%s", dir, KEY);
}

static void teardown(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	if (system(command))
		exit(99);
}

static void fill(struct xfdt_record *record, uint32_t size)
{
	memset(record, 0, sizeof(*record));
	record->layout.structs[XFDT_T_kvm] = size;
	record->symtab.symbols[XFDT_S_prb] = (struct xfdt_symbol){ true, STEXT + 0x1000, 8 };
}

static bool load(struct xfdt_record *record)
{
	memset(record, 0x5a, sizeof(*record));
	return xfdt_cache_load(dir, KEY, STEXT, record);
}

static void store(uint32_t size)
{
	struct xfdt_record record;

	fill(&record, size);
	xfdt_cache_store(dir, KEY, STEXT, &record);
}

static size_t files_in(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void write_file(const char *text, size_t len)
{
	FILE *out = fopen(file, "w");

	if (!out || fwrite(text, 1, len, out) != len || fclose(out))
		exit(99);
}

static void test_cache__stores_and_loads(void **state)
{
	struct xfdt_record record;

	setup();
	assert_false(load(&record));
	/* folder and parent are made, for this user alone */
	store(41216);
	assert_true(load(&record));
	assert_int_equal(record.layout.structs[XFDT_T_kvm], 41216);
	assert_true(record.symtab.symbols[XFDT_S_prb].kvaddr == STEXT + 0x1000);
	/* replaced, and nothing left beside it */
	store(7000);
	assert_true(load(&record));
	assert_int_equal(record.layout.structs[XFDT_T_kvm], 7000);
	assert_int_equal(files_in(dir), 1);
	teardown();
}

static void test_cache__folder_is_private(void **state)
{
	struct stat status;

	setup();
	store(1);
	assert_int_equal(stat(dir, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_mode & 022, 0);
	teardown();
}

static void test_cache__file_of_another_key_is_not_loaded(void **state)
{
	struct xfdt_record record;
	char other[300];

	setup();
	store(41216);
	snprintf(other, sizeof(other), "%s/ffff", dir);
	assert_int_equal(rename(file, other), 0);
	assert_false(load(&record));
	assert_false(xfdt_cache_load(dir, "ffff", STEXT, &record));
	teardown();
}

/* What another version of the program wrote: it looked for other members. */
static void test_cache__file_for_other_needs_is_not_loaded(void **state)
{
	struct xfdt_record record;
	char *text, *needs, other[9];
	size_t len;

	setup();
	store(41216);
	fill(&record, 41216);
	assert_ok(xfdt_record_format(&record, KEY, STEXT, &text, &len));
	needs = strstr(text, "\nneeds ");
	assert_non_null(needs);
	snprintf(other, sizeof(other), "%08x", xfdt_needs_sum() ^ 1);
	memcpy(needs + strlen("\nneeds "), other, 8);
	snprintf(strstr(text, "\nend ") + 1, 13, "end %08lx",
		 crc32(0, (const Bytef *)text, (uInt)(strstr(text, "\nend ") + 1 - text)));
	text[len - 1] = '\n';
	assert_ok(xfdt_record_parse(text, len, KEY, STEXT, &record));
	write_file(text, len);
	free(text);
	assert_false(load(&record));
	store(7000);
	assert_true(load(&record));
	teardown();
}

static void test_cache__damaged_file_is_ignored_and_rewritten(void **state)
{
	struct xfdt_record record, untouched;
	static char zeros[300000];
	size_t size;

	setup();
	store(41216);
	memset(&untouched, 0x5a, sizeof(untouched));
	for (size = 0; size < 200; size++) {
		write_file("xfdtriage-record 2\nkey", size < 22 ? size : 22);
		assert_false(load(&record));
	}
	assert_memory_equal(&record, &untouched, sizeof(record));
	/* zeros, as a crash of the file system leaves, and more than any record has */
	write_file(zeros, 4096);
	assert_false(load(&record));
	write_file(zeros, sizeof(zeros));
	assert_false(load(&record));
	store(7000);
	assert_true(load(&record));
	assert_int_equal(record.layout.structs[XFDT_T_kvm], 7000);
	teardown();
}

static void test_cache__keys_that_lead_out_are_refused(void **state)
{
	static const char *const keys[] = {
		"../escaped", "a/b",   "/etc/passwd",	   "..", ".", "", "abc.", "ABC",
		"abc def",    "abc\n", "deadbeef/../../x",
	};
	struct xfdt_record record;
	size_t i;

	setup();
	store(1);
	for (i = 0; i < COUNT(keys); i++) {
		fill(&record, 1);
		xfdt_cache_store(dir, keys[i], STEXT, &record);
		assert_false(xfdt_cache_load(dir, keys[i], STEXT, &record));
	}
	assert_int_equal(files_in(dir), 1);
	assert_int_equal(files_in(root), 1);
	teardown();
}

static void test_cache__path_too_long_is_refused(void **state)
{
	struct xfdt_record record;
	char *key = malloc(5000);

	setup();
	memset(key, 'a', 4999);
	key[4999] = '\0';
	fill(&record, 1);
	xfdt_cache_store(dir, key, STEXT, &record);
	assert_false(xfdt_cache_load(dir, key, STEXT, &record));
	assert_int_equal(files_in(dir), 0);
	free(key);
	teardown();
}

/* opening a FIFO must not wait for who writes to it */
static void test_cache__fifo_in_place_of_the_file(void **state)
{
	struct xfdt_record record;

	setup();
	store(1);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	alarm(20);
	assert_false(load(&record));
	store(7000);
	alarm(0);
	assert_true(load(&record));
	teardown();
}

static void test_cache__folder_in_place_of_the_file(void **state)
{
	struct xfdt_record record;

	setup();
	store(1);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_false(load(&record));
	store(7000);
	assert_false(load(&record));
	/* and no temporary file stays */
	assert_int_equal(files_in(dir), 1);
	teardown();
}

static void test_cache__symbolic_link_is_not_followed(void **state)
{
	struct xfdt_record record;
	char elsewhere[300];
	struct stat status;

	setup();
	store(41216);
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", root);
	assert_int_equal(rename(file, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, file), 0);
	assert_false(load(&record));
	/* the link is replaced, not what it points to */
	store(7000);
	assert_true(load(&record));
	assert_int_equal(lstat(file, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(rename(elsewhere, file), 0);
	assert_true(load(&record));
	assert_int_equal(record.layout.structs[XFDT_T_kvm], 41216);
	teardown();
}

static void test_cache__folder_that_cannot_be_made(void **state)
{
	struct xfdt_record record;
	FILE *in_the_way;

	setup();
	snprintf(dir, sizeof(dir), "%s/parent", root);
	in_the_way = fopen(dir, "w");
	assert_non_null(in_the_way);
	fclose(in_the_way);
	store(1);
	assert_false(load(&record));
	teardown();
}

/* Whole files only, whoever reads while many write. */
static void test_cache__many_processes_store_at_once(void **state)
{
	struct xfdt_record record;
	unsigned int i, j, good = 0;
	int status;

	setup();
	store(1000);
	for (i = 0; i < 8; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child)
			continue;
		for (j = 0; j < 100; j++)
			store(1000 + i);
		_exit(0);
	}
	for (j = 0; j < 300; j++) {
		if (load(&record)) {
			good++;
			assert_within(record.layout.structs[XFDT_T_kvm], 1000, 1007);
		}
	}
	for (i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	assert_int_equal(good, 300);
	assert_int_equal(files_in(dir), 1);
	teardown();
}

#include "test_cache.tests.h"
