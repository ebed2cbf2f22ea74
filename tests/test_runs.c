/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shards that are missing, that did not get to the end, and that saw another folder. */
#include "unit.h"
#include "report/runs.h"

#include <stdio.h>
#include <string.h>

struct said {
	char text[4000];
};

static void hear(void *context, const char *line)
{
	struct said *said = context;
	size_t len = strlen(said->text);

	snprintf(said->text + len, sizeof(said->text) - len, "%s\n", line);
}

static void add(struct xfdt_runs *runs, unsigned int shard, unsigned int shards,
		enum xfdt_run_status status, const char *started, int64_t files)
{
	const struct xfdt_run run = {
		.paths = "/srv/vmcores\n/mnt",
		.shard = shard,
		.shards = shards,
		.status = status,
		.started = started,
		.ended = "",
		.files = files,
		.done = 7,
		.version = "0.1",
	};

	assert_ok(xfdt_runs_add(runs, "store", &run));
}

static void test_runs__all_shards_are_complete(void **state)
{
	struct said said = { "" };
	struct xfdt_runs *runs;
	unsigned int i;

	assert_ok(xfdt_runs_new(&runs));
	assert_int_equal(xfdt_runs_check(runs, hear, &said), 0);
	assert_string_equal(xfdt_runs_last_start(runs), "");
	for (i = 8; i; i--)
		add(runs, i, 8, XFDT_RUN_COMPLETE, "2026-11-22T10:00:00Z", 100);
	assert_int_equal(xfdt_runs_check(runs, hear, &said), 0);
	assert_string_equal(said.text, "");
	assert_string_equal(xfdt_runs_last_start(runs), "2026-11-22T10:00:00Z");
	xfdt_runs_free(runs);
}

static void test_runs__gaps_are_told_by_number(void **state)
{
	struct said said = { "" };
	struct xfdt_runs *runs;

	assert_ok(xfdt_runs_new(&runs));
	add(runs, 2, 1000000, XFDT_RUN_COMPLETE, "2026-11-22T10:00:00Z", 100);
	add(runs, 4, 1000000, XFDT_RUN_COMPLETE, "2026-11-22T10:00:00Z", 100);
	assert_int_equal(xfdt_runs_check(runs, hear, &said), 3);
	assert_string_equal(said.text,
			    "shard 1 of 1000000 is missing (of /srv/vmcores /mnt)\n"
			    "shard 3 of 1000000 is missing (of /srv/vmcores /mnt)\n"
			    "shards 5 to 1000000 of 1000000 are missing (of /srv/vmcores /mnt)\n");
	xfdt_runs_free(runs);
}

static void test_runs__the_newest_record_of_a_shard_counts(void **state)
{
	struct said said = { "" };
	struct xfdt_runs *runs;

	assert_ok(xfdt_runs_new(&runs));
	add(runs, 1, 2, XFDT_RUN_STARTED, "2026-11-22T10:00:00Z", 100);
	add(runs, 1, 2, XFDT_RUN_COMPLETE, "2026-11-22T11:00:00Z", 100);
	add(runs, 2, 2, XFDT_RUN_COMPLETE, "2026-11-22T10:00:00Z", 100);
	add(runs, 2, 2, XFDT_RUN_INTERRUPTED, "2026-11-22T11:00:00Z", 100);
	add(runs, 1, 1, XFDT_RUN_STARTED, "2026-11-22T11:00:00Z", 100);
	assert_int_equal(xfdt_runs_check(runs, hear, &said), 2);
	assert_non_null(strstr(said.text, "shard 2 of 2 was interrupted after 7 dumps"));
	assert_non_null(strstr(said.text, "the batch did not end"));
	assert_null(strstr(said.text, "shard 1 of 2"));
	xfdt_runs_free(runs);
}

static void test_runs__a_shard_that_saw_another_folder(void **state)
{
	struct said said = { "" };
	struct xfdt_runs *runs;

	assert_ok(xfdt_runs_new(&runs));
	add(runs, 1, 2, XFDT_RUN_COMPLETE, "2026-11-22T10:00:00Z", 100);
	add(runs, 2, 2, XFDT_RUN_COMPLETE, "2026-11-22T10:00:00Z", 0);
	assert_int_equal(xfdt_runs_check(runs, hear, &said), 1);
	assert_non_null(strstr(said.text, "shard 2 of 2 saw 0 files, and shard 1 saw 100"));
	xfdt_runs_free(runs);
}

#include "test_runs.tests.h"
