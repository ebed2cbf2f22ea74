/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A struct xfdt_host made by hand, as of a host that died of the bug. */
#ifndef TESTS_HOST_H
#define TESTS_HOST_H

#include "kernel/host.h"

#define HOST_VCPUS 4
#define HOST_LINES 64

#define HOST_KVM 0xffffa0c000a11000ull
#define HOST_TASK(n) (0xffff888104340000ull + 0x4000ull * (n))
#define HOST_FPU(n) (HOST_TASK(n) + 5888) /* behind struct task_struct of v6.18 */
#define HOST_FPSTATE(n) (0xffffa0c001200000ull + 0x10000ull * (n))
#define HOST_RESTORE 0xffffffff8104a3d0ull /* restore_fpregs_from_fpstate() */
#define HOST_CPU 3

#define XTILEDATA (1ull << 18)
#define COMPACTED (1ull << 63)
#define HOST_XCR0 0x602e7ull
#define HOST_MASK 0x600ffull /* EDX:EAX at the XRSTORS */

struct host {
	struct xfdt_image image;
	struct xfdt_host host;
	struct xfdt_vm vms[2];
	struct xfdt_vcpu vcpus[HOST_VCPUS];
	struct xfdt_log_line lines[HOST_LINES];
	struct xfdt_event events[HOST_LINES];
};

/*
 * All four conditions of "confirmed": vCPU 0 is the culprit, by the route of
 * fpu_swap_kvm_fpstate(), registers from NT_PRSTATUS, a 6.18 kernel.  vCPU 1
 * is as it should be.  Nothing in it has to be freed.
 */
void host_init(struct host *fixture);

/* Exchange the log; NULL ends @lines. */
void host_log(struct host *fixture, const char *const *lines);

/* A vCPU that is in order, number @n of the first VM, its thread off the CPU. */
void host_vcpu(struct host *fixture, size_t n);

extern const char
	*const host_log_confirmed[]; /* of 6.18: WARN, and die(), which goes to crash_kexec() */

#endif
