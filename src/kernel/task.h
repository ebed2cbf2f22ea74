/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads, and what the CPUs know of their FPU registers. */
#ifndef XFDT_KERNEL_TASK_H
#define XFDT_KERNEL_TASK_H

#include "image/image.h"
#include "insn/insn.h"

#define XFDT_COMM_LEN 16

/* A thread's struct fpu. */
struct xfdt_thread_fpu {
	uint64_t kvaddr;		/* 0: unknown */
	struct xfdt_value fpstate;	/* fpu->fpstate, a kvaddr */
	struct xfdt_value task_fpstate; /* not 0: it holds a guest's state */
	struct xfdt_value last_cpu;
};

struct xfdt_thread {
	bool known;
	uint64_t task;		      /* kvaddr of struct task_struct */
	int pid, tgid;		      /* in the initial namespace; tgid is the process */
	char comm[XFDT_COMM_LEN + 1]; /* untrusted bytes */
	struct xfdt_value on_cpu;     /* task->on_cpu */
	enum xfdt_truth running;      /* it is current on its CPU */
	enum xfdt_truth alive;	      /* it has not begun to exit */
	struct xfdt_value cpu;
	struct xfdt_value need_fpu_load; /* TIF_NEED_FPU_LOAD */
	struct xfdt_thread_fpu fpu;
	struct xfdt_value owner;     /* of @cpu: fpu_fpregs_owner_ctx, a kvaddr */
	struct xfdt_value xfd_state; /* of @cpu: its copy of IA32_XFD */
};

/* False: where struct fpu lies in a task is unknown. */
bool xfdt_thread_fpu(const struct xfdt_image *image, uint64_t task,
		     struct xfdt_thread_fpu *ret_fpu);

/* The CPU that the thread at @task is or was on. */
struct xfdt_value xfdt_task_cpu(const struct xfdt_image *image, uint64_t task);

/* Name of the thread at @task, empty if unknown; untrusted bytes. */
void xfdt_task_comm(const struct xfdt_image *image, uint64_t task,
		    char ret_comm[XFDT_COMM_LEN + 1]);

/*
 * The thread that struct pid at @pid names; *@ret_task is 0 if it no longer
 * exists.
 */
struct xfdt_error *xfdt_pid_task(const struct xfdt_image *image, uint64_t pid, uint64_t *ret_task);

/*
 * All of @ret_thread for the struct task_struct at @task.  @tif_bit is the
 * number of TIF_NEED_FPU_LOAD; @current, a kvaddr or 0, is a thread known to be
 * on a CPU, whatever its task_struct says.
 */
void xfdt_thread_read(const struct xfdt_image *image, const struct xfdt_value *tif_bit,
		      uint64_t current, uint64_t task, struct xfdt_thread *ret_thread);

/* The thread that is current on @cpu. */
struct xfdt_error *xfdt_current_task(const struct xfdt_image *image, unsigned int cpu,
				     uint64_t *ret_task);

/*
 * Where the IRQ stack of @cpu begins: the kvaddr of its topmost word, which has the stack pointer from before the CPU
 * moved to it (Linux: call_on_stack() in arch/x86/include/asm/irq_stack.h).
 */
struct xfdt_error *xfdt_irq_stack(const struct xfdt_image *image, unsigned int cpu,
				  uint64_t *ret_top);

/*
 * Call @visit for every thread, by init_task's list; it returns true to stop.
 * An error means that the list could not be followed to its end.
 */
typedef bool xfdt_visit_task(void *context, uint64_t task);
struct xfdt_error *xfdt_tasks_walk(const struct xfdt_image *image, xfdt_visit_task *visit,
				   void *context);

/* The number of TIF_NEED_FPU_LOAD, from the code that clears it. */
struct xfdt_value xfdt_tif_need_fpu_load(const struct xfdt_image *image,
					 const struct xfdt_decoder *decoder);

/*
 * The code of function @id; the caller frees *@ret_code.  Functions of more
 * than 64 KiB are cut.
 */
struct xfdt_error *xfdt_function_code(const struct xfdt_image *image, enum xfdt_symbol_id id,
				      uint8_t **ret_code, size_t *ret_len);
/* xfdt_insn_variables() of the code of function @id; 0 also if that cannot be read. */
size_t xfdt_function_variables(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
			       enum xfdt_symbol_id id, enum xfdt_variable_use use,
			       uint64_t *ret_kvaddrs, size_t max);
/* xfdt_insn_changed_bit() of the code of function @id; unknown also if that cannot be read. */
struct xfdt_value xfdt_function_bit(const struct xfdt_image *image,
				    const struct xfdt_decoder *decoder, enum xfdt_symbol_id id,
				    enum xfdt_insn_kind kind, uint32_t offset);

/* The 64-bit per-CPU variable @id of @cpu; unknown without either, or if it cannot be read. */
struct xfdt_value xfdt_percpu_u64(const struct xfdt_image *image, enum xfdt_symbol_id id,
				  const struct xfdt_value *cpu);

/*
 * The register note of @cpu, on which thread @pid ran; NULL: none, or it cannot be
 * told which.  Notes of kdump have the thread id; those of QEMU the number of the
 * CPU + 1 (Linux: arch/x86/kernel/crash.c; QEMU: target/i386/arch_dump.c).
 */
const struct xfdt_cpu_note *xfdt_note_of_cpu(const struct xfdt_image *image, uint64_t cpu, int pid);

#endif
