/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMs and vCPUs. */
#ifndef XFDT_KERNEL_KVM_H
#define XFDT_KERNEL_KVM_H

#include "kernel/host.h"

/* Fill vms, vm_count, vms_complete and kvm of @host; what is missing becomes a gap. */
struct xfdt_error *xfdt_kvm_read(struct xfdt_host *host);

/*
 * Look for the vCPU that the thread at @task has loaded, by its preempt
 * notifier, and add it (and its VM) to @host if its guest fpstate is at
 * @fpstate.  Meant for dumps whose list of VMs or vCPUs is broken.
 */
struct xfdt_error *xfdt_kvm_add_loaded(struct xfdt_host *host, uint64_t task, uint64_t fpstate);

/* The vCPU whose guest fpstate is at @fpstate, or NULL. */
const struct xfdt_vcpu *xfdt_kvm_find(const struct xfdt_host *host, uint64_t fpstate,
				      const struct xfdt_vm **ret_vm);

#endif
