/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel of nothing but structures; test_debuginfo.c makes debuginfo of it. */
#include "structures.h"

struct kvm kvm;
struct kvm_vcpu kvm_vcpu;
struct task_struct task;
struct fpstate fpstate;
struct xa_node node;
struct uts_namespace init_uts_ns;
struct list_head modules;
struct pid pid;

void _stext(void)
{
}
void restore_fpregs_from_fpstate(void)
{
}
