/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread that holds a guest's state, where the kernel's types are unknown. */
#ifndef XFDT_KERNEL_HOLDER_H
#define XFDT_KERNEL_HOLDER_H

#include "kernel/census.h"
#include "kernel/task.h"

/*
 * The thread on @cpu, if memory shows that it holds a state of @census.  Of @ret_thread task,
 * cpu and running are set, fpu, owner and xfd_state, and need_fpu_load if code says where it
 * is; known is false, since nothing else of the thread is.
 */
bool xfdt_holder_find(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
		      const struct xfdt_census *census, unsigned int cpu,
		      struct xfdt_thread *ret_thread);

#endif
