/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many CPUs this process may use. */
#ifndef XFDT_BATCH_CPUS_H
#define XFDT_BATCH_CPUS_H

/* By affinity and by the quota of its cgroups, rounded up; 1 or more. */
unsigned int xfdt_cpu_count(void);

/*
 * The smallest quota in CPUs, rounded up, of the cgroups that the file at @list
 * (/proc/self/cgroup) names, and of those above them, below the mount point
 * @root (/sys/fs/cgroup): cpu.max of v2, cpu.cfs_quota_us of v1.  0: none is set.
 */
unsigned int xfdt_cpu_quota(const char *list, const char *root);

#endif
