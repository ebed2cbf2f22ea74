/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packages with debuginfo, by the release string of the distribution. */
#include "resolve/remedy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RELEASE_MAX 128

struct distribution {
	const char *part;	    /* of the release */
	const char *start;	    /* and with what it begins; NULL: with anything */
	bool at_end;		    /* the part ends the release */
	const char *before, *after; /* of the release, in the package's name */
	bool kvm_apart;		    /* its vmlinux has no types of KVM */
	const char *kvm_before;	    /* of one more package, for KVM's modules; NULL: none */
	const char *cut;	    /* from the end of the release */
};

/*
 * The first that matches is taken.  One package has vmlinux and all modules.  SUSE
 * adds a build number to the version of its packages.
 */
static const struct distribution distributions[] = {
	{ .part = "uek", .before = "kernel-uek-debuginfo-", .after = "" },
	/* Red Hat's kernel-rt: a version of its own up to 9.2, a variant of the kernel from 9.3 on (packages: RHSA-2019:3309) */
	{ .part = ".rt7.",
	  .before = "kernel-rt-debuginfo-",
	  .after = "",
	  .kvm_apart = true,
	  .kvm_before = "kernel-rt-kvm-debuginfo-" },
	{ .part = ".rt14.", .before = "kernel-rt-debuginfo-", .after = "" },
	{ .part = ".rt21.", .before = "kernel-rt-debuginfo-", .after = "" },
	{ .part = ".x86_64+rt",
	  .at_end = true,
	  .before = "kernel-rt-debuginfo-",
	  .after = "",
	  .cut = "+rt" },
	/* Amazon Linux 2023: the packages of a second kernel have its version in their names */
	{ .part = ".amzn2023.", .start = "6.12.", .before = "kernel6.12-debuginfo-", .after = "" },
	{ .part = ".amzn2023.", .start = "6.1.", .before = "kernel-debuginfo-", .after = "" },
	{ .part = ".amzn2.", .before = "kernel-debuginfo-", .after = "" },
	{ .part = ".amzn", .before = "the kernel's debuginfo package of ", .after = "" },
	{ .part = ".el8", .before = "kernel-debuginfo-", .after = "", .kvm_apart = true },
	{ .part = ".el", .before = "kernel-debuginfo-", .after = "" },
	{ .part = ".fc", .before = "kernel-debuginfo-", .after = "" },
	{ .part = "-amd64", .at_end = true, .before = "linux-image-", .after = "-dbg" },
	{ .part = "-generic", .at_end = true, .before = "linux-image-", .after = "-dbgsym" },
	{ .part = "-lowlatency", .at_end = true, .before = "linux-image-", .after = "-dbgsym" },
	{ .part = "-aws", .at_end = true, .before = "linux-image-", .after = "-dbgsym" },
	{ .part = "-azure", .at_end = true, .before = "linux-image-", .after = "-dbgsym" },
	{ .part = "-gcp", .at_end = true, .before = "linux-image-", .after = "-dbgsym" },
	{ .part = "-oracle", .at_end = true, .before = "linux-image-", .after = "-dbgsym" },
	{ .part = "-default",
	  .at_end = true,
	  .before = "kernel-default-debuginfo of ",
	  .after = "" },
};

static const struct distribution *distribution_of(const char *release)
{
	size_t i;

	/* it becomes part of a command that the user may paste */
	if (!release || strlen(release) > RELEASE_MAX ||
	    release[strspn(release,
			   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~-")])
		return NULL;
	for (i = 0; i < sizeof(distributions) / sizeof(distributions[0]); i++) {
		const struct distribution *distribution = &distributions[i];
		const char *at = strstr(release, distribution->part), *start = distribution->start;

		if (at && (!distribution->at_end || !at[strlen(distribution->part)]) &&
		    (!start || !strncmp(release, start, strlen(start))))
			return distribution;
	}
	return NULL;
}

unsigned int xfdt_files_with_types(const char *release)
{
	const struct distribution *distribution = distribution_of(release);

	return distribution && distribution->kvm_apart ? XFDT_VMLINUX_FILE | XFDT_KVM_FILE :
							 XFDT_VMLINUX_FILE;
}

char *xfdt_remedy(const char *release, unsigned int files)
{
	static const char *const names[] = {
		[XFDT_VMLINUX_FILE] = "vmlinux",
		[XFDT_KVM_FILE] = "kvm.ko",
		[XFDT_VMLINUX_FILE | XFDT_KVM_FILE] = "vmlinux and kvm.ko",
	};
	const struct distribution *distribution = distribution_of(release);
	int len, release_len;
	bool kvm_too;
	char *text;

	if (distribution) {
		kvm_too = distribution->kvm_before && files & XFDT_KVM_FILE;
		release_len = (int)(strlen(release) -
				    (distribution->cut ? strlen(distribution->cut) : 0));
		len = asprintf(
			&text,
			"install %s%.*s%s%s%s%.*s, name %s %s (-d), or set DEBUGINFOD_URLS to a server that has it",
			distribution->before, release_len, release, distribution->after,
			kvm_too ? " and " : "", kvm_too ? distribution->kvm_before : "",
			kvm_too ? release_len : 0, release, kvm_too ? "their" : "its",
			names[files]);
	} else {
		len = asprintf(
			&text,
			"name the %s of this very kernel, with debuginfo (-d), or set DEBUGINFOD_URLS to a server that has it",
			names[files]);
	}
	return len < 0 ? NULL : text;
}
