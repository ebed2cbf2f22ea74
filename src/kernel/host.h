/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a dump says of its host: VMs and vCPUs with their FPU state, how the
 * kernel ended, and whether it has the fix.  Facts are made of it (facts.h).
 */
#ifndef XFDT_KERNEL_HOST_H
#define XFDT_KERNEL_HOST_H

#include "kernel/census.h"
#include "kernel/fix.h"
#include "kernel/kvm.h"
#include "kernel/panic.h"

/* What the kernel says of the CPU's features, from independent places. */
struct xfdt_features {
	struct xfdt_value max_features;		 /* fpu_kernel_cfg: XCR0 | IA32_XSS of the host */
	struct xfdt_value cpu_xfd, cpu_amx_tile; /* bits of boot_cpu_data.x86_capability */
	struct xfdt_value init_xfd;		 /* init_fpstate.xfd: what XFD disables at boot */
};

struct xfdt_host {
	const struct xfdt_image *image; /* borrowed */
	struct xfdt_decoder *decoder;	/* NULL: not x86-64 */
	char nodename[65];		/* empty: unknown */
	enum xfdt_kvm_presence kvm;
	struct xfdt_value tif_need_fpu_load; /* bit number, from code */
	struct xfdt_features features;
	uint64_t enabled_features; /* XCR0 | IA32_XSS of the host; 0: unknown */
	struct xfdt_xsave_layout xsave_layout;
	struct xfdt_census census;
	struct xfdt_vm *vms;
	size_t vm_count, vcpu_count;
	/* guest states of the census that no list leads to, as a VM without struct kvm */
	struct xfdt_vm unlisted;
	/*
	 * perf_guest_cbs points to a module.  kvm_intel and kvm_amd set it as long as they are loaded (Linux:
	 * virt/kvm/kvm_main.c, kvm_register_perf_callbacks()).  Xen does, too, but is in vmlinux.
	 */
	bool has_guest_callbacks;
	bool vms_known;	  /* the list of VMs was followed to its end */
	bool lists_known; /* and the vCPUs of each VM were found */
	/* preempt_notifier_key: how many VMs there are; more, if another hypervisor counts there, too */
	struct xfdt_value vms_counted;
	bool holders_unread; /* they were not, and what a thread holds cannot be read, which matters */
	uint64_t unknown_held; /* an fpstate, not its own, that a thread holds and the census lacks; 0: none */
	struct xfdt_panic panic;
	struct xfdt_fix fix;
	struct xfdt_gaps gaps; /* in addition to those of the image */
};

/* A place among all VMs' vCPUs; all zero: before the first. */
struct xfdt_vcpu_at {
	size_t vm, next; /* the VM of the last one returned, and the index of the next in it */
};

/*
 * The next vCPU of @host, in the order of its VMs, the states on no list last;
 * NULL behind the last.
 */
struct xfdt_vcpu *xfdt_next_vcpu(const struct xfdt_host *host, struct xfdt_vcpu_at *at);

/* How many vCPUs the VMs count in online_vcpus, of those where that is known. */
uint64_t xfdt_host_online_vcpus(const struct xfdt_host *host);

/* The VM number @index, of @host->vm_count and one more if states are on no list; NULL behind. */
const struct xfdt_vm *xfdt_host_vm(const struct xfdt_host *host, size_t index);

/* Add a gap, as xfdt_gaps_add(); what is missing is among the kernel's symbols and types. */
void xfdt_host_gap(struct xfdt_host *host, const char *what, struct xfdt_error *err);

/*
 * Read all of it.  What cannot be read becomes a gap, or an error string of
 * its vCPU; the only error is out of memory.  @image must outlive
 * @host; it gets the layout of struct fpstate that the census confirms and the per-CPU variables that
 * code names, if it had none.
 */
struct xfdt_error *xfdt_host_init(struct xfdt_host *host, struct xfdt_image *image);
/*
 * The same of a kernel log alone: there is no memory to read.  Takes over @log, also after an
 * error, XFDT_NO_MEMORY only.  @image, of xfdt_image_init_log(), must outlive @host.
 */
struct xfdt_error *xfdt_host_init_log(struct xfdt_host *host, const struct xfdt_image *image,
				      struct xfdt_log *log);
void xfdt_host_deinit(struct xfdt_host *host);

#endif
