/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUs: affinity and cgroups (Linux, Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/). */
#include "batch/cpus.h"
#include "base/util.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Whole CPUs for @quota microseconds in each @period, rounded up; 0: no quota. */
static unsigned int whole_cpus(long long quota, long long period)
{
	long long cpus;

	if (quota <= 0 || period <= 0)
		return 0;
	cpus = quota / period + (quota % period != 0);
	return cpus > UINT_MAX ? 0 : (unsigned int)cpus;
}

/* Up to two numbers in the file @name of the cgroup @folder; returns how many there are. */
static int read_numbers(const char *folder, const char *name, long long ret_numbers[2])
{
	char path[PATH_MAX];
	int count = 0;
	FILE *file;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return 0;
	file = fopen(path, "re");
	if (!file)
		return 0;
	count = fscanf(file, "%lld %lld", &ret_numbers[0], &ret_numbers[1]);
	fclose(file);
	return count;
}

/* "max 100000" has no number in front: no quota. */
static unsigned int quota_of(const char *folder)
{
	long long max[2], quota[2], period[2];

	if (read_numbers(folder, "cpu.max", max) == 2)
		return whole_cpus(max[0], max[1]);
	if (read_numbers(folder, "cpu.cfs_quota_us", quota) < 1 ||
	    read_numbers(folder, "cpu.cfs_period_us", period) < 1)
		return 0;
	return whole_cpus(quota[0], period[0]);
}

/* The smaller of two quotas, of which 0 is none. */
static unsigned int tighter(unsigned int a, unsigned int b)
{
	if (!a || !b)
		return a + b;
	return a < b ? a : b;
}

/*
 * Of the cgroup @path below @mount, and of those above it up to @mount itself,
 * which in a container may be the cgroup that @path means.
 */
static unsigned int quota_up_from(const char *mount, const char *path)
{
	char folder[PATH_MAX];
	size_t root = strlen(mount);
	unsigned int quota = 0;
	char *slash;

	if (snprintf(folder, sizeof(folder), "%s%s", mount, path) >= (int)sizeof(folder))
		return 0;
	for (;;) {
		quota = tighter(quota, quota_of(folder));
		slash = strrchr(folder, '/');
		if (!slash || (size_t)(slash - folder) < root)
			return quota;
		*slash = '\0';
	}
}

/* Is "cpu" one of the comma-separated @controllers? */
static bool has_cpu(const char *controllers)
{
	size_t len;

	for (; *controllers; controllers += len + (controllers[len] == ',')) {
		len = strcspn(controllers, ",");
		if (len == 3 && !strncmp(controllers, "cpu", 3))
			return true;
	}
	return false;
}

/* A line of /proc/self/cgroup: ID:CONTROLLERS:PATH; v2 has ID 0 and no controllers. */
static unsigned int quota_of_line(char *line, const char *root)
{
	char *id = strsep(&line, ":"), *controllers = strsep(&line, ":"), mount[PATH_MAX];
	unsigned int quota;

	if (!line)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	if (!strcmp(id, "0") && !*controllers) {
		/* beside v1 it is mounted in a folder of its own */
		snprintf(mount, sizeof(mount), "%s/unified", root);
		quota = quota_up_from(mount, line);
		return tighter(quota, quota_up_from(root, line));
	}
	if (!has_cpu(controllers))
		return 0;
	/* the folder has the names of all controllers, or a link has that of one */
	snprintf(mount, sizeof(mount), "%s/%s", root, controllers);
	quota = quota_up_from(mount, line);
	snprintf(mount, sizeof(mount), "%s/cpu", root);
	return tighter(quota, quota_up_from(mount, line));
}

unsigned int xfdt_cpu_quota(const char *list, const char *root)
{
	char line[PATH_MAX + 256];
	unsigned int quota = 0;
	FILE *file;

	file = fopen(list, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		quota = tighter(quota, quota_of_line(line, root));
	fclose(file);
	return quota;
}

unsigned int xfdt_cpu_count(void)
{
	unsigned int quota = xfdt_cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup"), count;
	cpu_set_t cpus;

	count = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : (unsigned int)CPU_COUNT(&cpus);
	return quota && quota < count ? quota : count;
}
