/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to install for what is missing. */
#include "unit.h"
#include "resolve/remedy.h"

#include <stdlib.h>
#include <string.h>

static void assert_says(const char *release, unsigned int files, const char *words)
{
	char *text = xfdt_remedy(release, files);

	assert_non_null(text);
	if (!strstr(text, words))
		fail_msg("%s: no '%s' in '%s'", release ? release : "(none)", words, text);
	free(text);
}

static void test_remedy__package_of_the_distribution(void **state)
{
	static const struct {
		const char *release, *package;
	} kernels[] = {
		{ "4.18.0-513.18.1.el8_9.x86_64",
		  "install kernel-debuginfo-4.18.0-513.18.1.el8_9.x86_64," },
		{ "5.14.0-362.24.1.el9_3.x86_64",
		  "install kernel-debuginfo-5.14.0-362.24.1.el9_3.x86_64," },
		{ "5.15.0-3.60.5.1.el9uek.x86_64",
		  "install kernel-uek-debuginfo-5.15.0-3.60.5.1.el9uek.x86_64," },
		{ "5.19.4-200.fc36.x86_64", "install kernel-debuginfo-5.19.4-200.fc36.x86_64," },
		{ "6.1.0-56-amd64", "install linux-image-6.1.0-56-amd64-dbg," },
		{ "6.18.5+deb13-amd64", "install linux-image-6.18.5+deb13-amd64-dbg," },
		{ "6.8.0-117-generic", "install linux-image-6.8.0-117-generic-dbgsym," },
		{ "4.18.0-513.18.1.rt7.320.el8_9.x86_64",
		  "install kernel-rt-debuginfo-4.18.0-513.18.1.rt7.320.el8_9.x86_64," },
		{ "5.14.0-284.11.1.rt14.296.el9_2.x86_64",
		  "install kernel-rt-debuginfo-5.14.0-284.11.1.rt14.296.el9_2.x86_64," },
		{ "5.14.0-427.13.1.el9_4.x86_64+rt",
		  "install kernel-rt-debuginfo-5.14.0-427.13.1.el9_4.x86_64," },
		{ "6.1.0-56-rt-amd64", "install linux-image-6.1.0-56-rt-amd64-dbg," },
		{ "6.12.20-23.97.amzn2023.x86_64",
		  "install kernel6.12-debuginfo-6.12.20-23.97.amzn2023.x86_64," },
		{ "6.1.159-180.amzn2023.x86_64",
		  "install kernel-debuginfo-6.1.159-180.amzn2023.x86_64," },
		{ "6.18.1-1.amzn2023.x86_64",
		  "install the kernel's debuginfo package of 6.18.1-1.amzn2023.x86_64," },
		{ "5.10.245-241.976.amzn2.x86_64",
		  "install kernel-debuginfo-5.10.245-241.976.amzn2.x86_64," },
		{ "6.8.0-1021-azure", "install linux-image-6.8.0-1021-azure-dbgsym," },
		{ "6.8.0-1021-aws", "install linux-image-6.8.0-1021-aws-dbgsym," },
		{ "6.8.0-1021-gcp", "install linux-image-6.8.0-1021-gcp-dbgsym," },
		{ "6.8.0-1021-oracle", "install linux-image-6.8.0-1021-oracle-dbgsym," },
		{ "6.4.0-150600.23.42-default",
		  "install kernel-default-debuginfo of 6.4.0-150600.23.42-default," },
	};
	size_t i;

	for (i = 0; i < COUNT(kernels); i++)
		assert_says(kernels[i].release, XFDT_VMLINUX_FILE, kernels[i].package);
}

static void test_remedy__exactly_the_files_that_are_needed(void **state)
{
	assert_says("6.1.0-56-amd64", XFDT_VMLINUX_FILE, "name its vmlinux (-d)");
	assert_says("6.1.0-56-amd64", XFDT_KVM_FILE, "name its kvm.ko (-d)");
	assert_says("6.1.0-56-amd64", XFDT_VMLINUX_FILE | XFDT_KVM_FILE,
		    "name its vmlinux and kvm.ko (-d)");
	assert_says("4.18.0-513.18.1.rt7.320.el8_9.x86_64", XFDT_VMLINUX_FILE | XFDT_KVM_FILE,
		    "install kernel-rt-debuginfo-4.18.0-513.18.1.rt7.320.el8_9.x86_64 and "
		    "kernel-rt-kvm-debuginfo-4.18.0-513.18.1.rt7.320.el8_9.x86_64, name their "
		    "vmlinux and kvm.ko (-d)");
	assert_int_equal(xfdt_files_with_types("4.18.0-513.18.1.el8_9.x86_64"),
			 XFDT_VMLINUX_FILE | XFDT_KVM_FILE);
	assert_int_equal(xfdt_files_with_types("5.14.0-362.24.1.el9_3.x86_64"), XFDT_VMLINUX_FILE);
	assert_int_equal(xfdt_files_with_types(NULL), XFDT_VMLINUX_FILE);
}

/* a kernel that somebody built, one that a dump states to mislead, and none */
static void test_remedy__no_package_is_made_up(void **state)
{
	static const char *const releases[] = {
		"6.12.0-mine", "6.12.0-mine+rt",	 "6.8.12-21-pve",
		"5.17.3",      "6.1.0-56-amd64; reboot", "\033[31m.el9",
		NULL,
	};
	size_t i;

	for (i = 0; i < COUNT(releases); i++)
		assert_says(releases[i], XFDT_VMLINUX_FILE,
			    "name the vmlinux of this very kernel, with debuginfo (-d)");
}

#include "test_remedy.tests.h"
