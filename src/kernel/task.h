/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads, and what the CPUs know of their FPU registers. */
#ifndef XFDT_KERNEL_TASK_H
#define XFDT_KERNEL_TASK_H

#include "insn/decode.h"
#include "kernel/host.h"

/* Read a member into a value; unknown if that fails. */
struct xfdt_value xfdt_value_of(const struct xfdt_image *image, uint64_t base,
				enum xfdt_member_id id);

/* Name of the thread at @task, empty if unknown; control characters become '?'. */
void xfdt_task_comm(const struct xfdt_image *image, uint64_t task,
		    char ret_comm[XFDT_COMM_LEN + 1]);

/*
 * The thread that struct pid at @pid names; *@ret_task is 0 if it no longer
 * exists.
 */
struct xfdt_error *xfdt_pid_task(const struct xfdt_image *image, uint64_t pid, uint64_t *ret_task);

/* All of @ret_thread for the struct task_struct at @task. */
void xfdt_thread_read(const struct xfdt_image *image, const struct xfdt_value *tif_bit,
		      uint64_t task, struct xfdt_thread *ret_thread);

/* The thread that is current on @cpu. */
struct xfdt_error *xfdt_current_task(const struct xfdt_image *image, unsigned int cpu,
				     uint64_t *ret_task);

/* The number of TIF_NEED_FPU_LOAD, from the code that clears it. */
struct xfdt_value xfdt_tif_need_fpu_load(const struct xfdt_image *image,
					 const struct xfdt_decoder *decoder);

/*
 * The code of function @id; the caller frees *@ret_code.  Functions of more
 * than 64 KiB are cut.
 */
struct xfdt_error *xfdt_function_code(const struct xfdt_image *image, enum xfdt_symbol_id id,
				      uint8_t **ret_code, size_t *ret_len);

#endif
