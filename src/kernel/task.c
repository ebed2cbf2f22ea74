/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads (Linux: include/linux/sched.h, arch/x86/include/asm/fpu/sched.h). */
#include "kernel/task.h"
#include "insn/insn.h"

#include <stdlib.h>
#include <string.h>

#define FUNCTION_MAX (64u << 10)

struct xfdt_value xfdt_value_of(const struct xfdt_image *image, uint64_t base,
				enum xfdt_member_id id)
{
	struct xfdt_value value = { .known = false };
	struct xfdt_error *err;

	if (!xfdt_has_member(image, id))
		return value;
	err = xfdt_read_member(image, base, id, &value.value);
	value.known = !err;
	xfdt_error_free(err);
	return value;
}

void xfdt_task_comm(const struct xfdt_image *image, uint64_t task, char ret_comm[XFDT_COMM_LEN + 1])
{
	char comm[XFDT_COMM_LEN + 1];
	struct xfdt_error *err;
	uint64_t kvaddr;
	size_t i;

	ret_comm[0] = '\0';
	err = xfdt_member_kvaddr(image, task, XFDT_M_task_comm, &kvaddr);
	if (!err)
		err = xfdt_read_string(image, kvaddr, comm, sizeof(comm));
	if (err) {
		xfdt_error_free(err);
		return;
	}
	for (i = 0; comm[i]; i++)
		if ((unsigned char)comm[i] < ' ' || comm[i] == 0x7f)
			comm[i] = '?';
	memcpy(ret_comm, comm, i + 1);
}

struct xfdt_error *xfdt_pid_task(const struct xfdt_image *image, uint64_t pid, uint64_t *ret_task)
{
	struct xfdt_error *err;
	uint64_t kvaddr, node;

	/* tasks[PIDTYPE_PID] and pid_links[PIDTYPE_PID] are the first of their arrays */
	err = xfdt_member_kvaddr(image, pid, XFDT_M_pid_tasks, &kvaddr);
	if (!err)
		err = xfdt_read_u64(image, kvaddr, &node);
	if (!err && node)
		err = xfdt_container_of(image, node, XFDT_M_task_pid_links, &node);
	if (!err)
		*ret_task = node;
	return err;
}

static uint64_t task_fpu(const struct xfdt_image *image, uint64_t task)
{
	if (xfdt_has_member(image, XFDT_M_task_thread_fpu))
		return task + image->layout.members[XFDT_M_task_thread_fpu].offset;
	if (xfdt_has_member(image, XFDT_M_task_thread) &&
	    xfdt_has_struct(image, XFDT_T_task_struct))
		return task + image->layout.structs[XFDT_T_task_struct];
	return 0;
}

static struct xfdt_value percpu_u64(const struct xfdt_image *image, enum xfdt_symbol_id id,
				    const struct xfdt_value *cpu)
{
	struct xfdt_value value = { .known = false };
	struct xfdt_error *err;
	uint64_t kvaddr;

	if (!cpu->known || !xfdt_symbol(image, id))
		return value;
	err = xfdt_percpu(image, id, (unsigned int)cpu->value, &kvaddr);
	if (!err)
		err = xfdt_read_u64(image, kvaddr, &value.value);
	value.known = !err;
	xfdt_error_free(err);
	return value;
}

void xfdt_thread_read(const struct xfdt_image *image, const struct xfdt_value *tif_bit,
		      uint64_t task, struct xfdt_thread *ret_thread)
{
	struct xfdt_thread thread = { .task = task };
	enum xfdt_purpose before = xfdt_set_purpose(image, XFDT_FOR_THREADS);
	struct xfdt_value pid, tgid, flags;

	pid = xfdt_value_of(image, task, XFDT_M_task_pid);
	tgid = xfdt_value_of(image, task, XFDT_M_task_tgid);
	thread.known = pid.known;
	thread.pid = (int)pid.value;
	thread.tgid = (int)tgid.value;
	xfdt_task_comm(image, task, thread.comm);
	thread.on_cpu = xfdt_value_of(image, task, XFDT_M_task_on_cpu);
	thread.exit_state = xfdt_value_of(image, task, XFDT_M_task_exit_state);
	thread.cpu = xfdt_value_of(image, task, XFDT_M_task_thread_info_cpu);
	if (!thread.cpu.known)
		thread.cpu = xfdt_value_of(image, task, XFDT_M_task_cpu);
	flags = xfdt_value_of(image, task, XFDT_M_task_thread_info_flags);
	if (flags.known && tif_bit->known) {
		thread.need_fpu_load.known = true;
		thread.need_fpu_load.value = flags.value >> tif_bit->value & 1;
	}
	thread.fpu = task_fpu(image, task);
	if (thread.fpu) {
		thread.fpstate = xfdt_value_of(image, thread.fpu, XFDT_M_fpu_fpstate);
		thread.last_cpu = xfdt_value_of(image, thread.fpu, XFDT_M_fpu_last_cpu);
	}
	thread.owner = percpu_u64(image, XFDT_S_fpu_fpregs_owner_ctx, &thread.cpu);
	thread.xfd_state = percpu_u64(image, XFDT_S_xfd_state, &thread.cpu);
	xfdt_set_purpose(image, before);
	*ret_thread = thread;
}

struct xfdt_error *xfdt_current_task(const struct xfdt_image *image, unsigned int cpu,
				     uint64_t *ret_task)
{
	struct xfdt_error *err;
	uint64_t kvaddr;

	if (xfdt_symbol(image, XFDT_S_current_task)) {
		err = xfdt_percpu(image, XFDT_S_current_task, cpu, &kvaddr);
	} else {
		err = xfdt_percpu(image, XFDT_S_pcpu_hot, cpu, &kvaddr);
		if (!err)
			err = xfdt_member_kvaddr(image, kvaddr, XFDT_M_pcpu_hot_current_task,
						 &kvaddr);
	}
	if (!err)
		err = xfdt_read_u64(image, kvaddr, ret_task);
	return err;
}

struct xfdt_error *xfdt_function_code(const struct xfdt_image *image, enum xfdt_symbol_id id,
				      uint8_t **ret_code, size_t *ret_len)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, id);
	struct xfdt_error *err;
	uint8_t *code;
	size_t len;

	if (!symbol || !symbol->size)
		return xfdt_error_new(XFDT_MISSING, 0, "the symbol '%s' is unknown",
				      xfdt_symbol_needs[id].name);
	len = symbol->size < FUNCTION_MAX ? symbol->size : FUNCTION_MAX;
	code = malloc(len);
	if (!code)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for code");
	err = xfdt_read_for(image, XFDT_FOR_CODE, symbol->kvaddr, code, len);
	if (err) {
		free(code);
		return xfdt_error_wrap(err, "%s", xfdt_symbol_needs[id].name);
	}
	*ret_code = code;
	*ret_len = len;
	return NULL;
}

/*
 * TIF_NEED_FPU_LOAD is a #define that no type information has: bit 14 until
 * v6.17, bit 19 since Linux kernel commit "x86: Use generic TIF bits" (in
 * v6.18).  fpregs_mark_activate() does nothing to the thread's flags but clear
 * it.
 */
struct xfdt_value xfdt_tif_need_fpu_load(const struct xfdt_image *image,
					 const struct xfdt_decoder *decoder)
{
	const struct xfdt_member *flags = &image->layout.members[XFDT_M_task_thread_info_flags];
	struct xfdt_value value = { .known = false };
	struct xfdt_error *err;
	unsigned int bit;
	uint8_t *code;
	size_t len;

	if (!flags->known)
		return value;
	err = xfdt_function_code(image, XFDT_S_fpregs_mark_activate, &code, &len);
	if (err) {
		xfdt_error_free(err);
		return value;
	}
	if (xfdt_insn_cleared_bit(decoder, code, len, flags->offset, &bit)) {
		value.known = true;
		value.value = bit;
	}
	free(code);
	return value;
}
