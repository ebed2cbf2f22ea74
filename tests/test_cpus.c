/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quotas of cgroups v1 and v2, and containers that see only part of the tree. */
#include "unit.h"
#include "batch/cpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[200], list[220];

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/xfdt-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		exit(99);
	snprintf(list, sizeof(list), "%s/list", dir);
}

static void run_shell(const char *format, const char *a, const char *b)
{
	char rest[300], command[600];

	snprintf(rest, sizeof(rest), format, a, b);
	snprintf(command, sizeof(command), "cd '%s' && %s", dir, rest);
	if (system(command))
		exit(99);
}

static void teardown(void)
{
	run_shell("rm -rf \"$PWD\"", "", "");
}

/* @text is the file @name; its folder is made. */
static void put(const char *name, const char *text)
{
	run_shell("mkdir -p \"$(dirname '%1$s')\" && printf '%%b\\n' '%2$s' > '%1$s'", name, text);
}

static unsigned int quota(void)
{
	return xfdt_cpu_quota(list, dir);
}

static void test_cpus__v2_quota_rounds_up(void **state)
{
	setup();
	put("list", "0::/job/step");
	put("job/step/cpu.max", "150000 100000");
	assert_int_equal(quota(), 2);
	put("job/step/cpu.max", "50000 100000");
	assert_int_equal(quota(), 1);
	put("job/step/cpu.max", "400000 100000");
	assert_int_equal(quota(), 4);
	teardown();
}

static void test_cpus__v2_the_smallest_of_all_above(void **state)
{
	setup();
	put("list", "0::/a/b");
	put("a/b/cpu.max", "800000 100000");
	put("a/cpu.max", "300000 100000");
	assert_int_equal(quota(), 3);
	put("a/cpu.max", "max 100000");
	assert_int_equal(quota(), 8);
	put("a/b/cpu.max", "max 100000");
	assert_int_equal(quota(), 0);
	teardown();
}

static void test_cpus__container_sees_its_cgroup_as_the_mount(void **state)
{
	setup();
	put("list", "0::/");
	put("cpu.max", "200000 100000");
	assert_int_equal(quota(), 2);
	/* without a namespace of its own, the path is not there */
	put("list", "0::/kubepods/pod1/not-here");
	assert_int_equal(quota(), 2);
	teardown();
}

static void test_cpus__v1_quota(void **state)
{
	setup();
	put("list", "5:cpuset:/x\\n4:cpu,cpuacct:/job\\n1:name=systemd:/y\\n0::/");
	put("cpu,cpuacct/job/cpu.cfs_quota_us", "250000");
	put("cpu,cpuacct/job/cpu.cfs_period_us", "100000");
	assert_int_equal(quota(), 3);
	put("cpu,cpuacct/job/cpu.cfs_quota_us", "-1");
	assert_int_equal(quota(), 0);
	put("list", "4:cpu:/job");
	put("cpu/job/cpu.cfs_quota_us", "100000");
	put("cpu/job/cpu.cfs_period_us", "100000");
	assert_int_equal(quota(), 1);
	teardown();
}

static void test_cpus__nonsense_is_no_quota(void **state)
{
	setup();
	assert_int_equal(quota(), 0);
	put("list", "no colon\\n0:\\n0::/a");
	put("a/cpu.max", "0 0");
	assert_int_equal(quota(), 0);
	put("a/cpu.max", "-5 100000");
	assert_int_equal(quota(), 0);
	put("a/cpu.max", "9223372036854775807 1");
	assert_int_equal(quota(), 0);
	assert_true(xfdt_cpu_count() >= 1);
	teardown();
}

#include "test_cpus.tests.h"
