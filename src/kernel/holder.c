/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread by what it holds (Linux: arch/x86/kernel/fpu/core.c, fpu_swap_kvm_fpstate()): no types say where struct fpu
 * and the flags are, but two pointers in a row do that are a guest's state and the thread's own.
 */
#include "kernel/holder.h"
#include "image/page_tables.h"

#define FLAGS 0u /* thread_info.flags in struct task_struct, with CONFIG_THREAD_INFO_IN_TASK */
#define TASK_MAX 16384u /* bytes of a task_struct and what follows it that are searched */
/* struct fpu of v5.16 to v7.3 (Linux: arch/x86/include/asm/fpu/types.h) */
#define FPU_ALIGNMENT 64u
#define FPU_LAST_CPU 0u
#define FPU_FPSTATE 16u
#define FPU_TASK_FPSTATE 24u
#define FPU_OWN_FPSTATE 64u /* __fpstate */

/* Does the struct fpu at @fpu, whose bytes are @words, hold a state of @census? */
static bool holds_state(const struct xfdt_census *census, uint64_t fpu, const uint64_t *words)
{
	const struct xfdt_guest_state *state;

	if (words[FPU_TASK_FPSTATE / 8] != fpu + FPU_OWN_FPSTATE)
		return false;
	state = xfdt_census_find(census, words[FPU_FPSTATE / 8]);
	return state && state->in_use;
}

/* The struct fpu in or behind the task_struct at @task that holds a state of @census; 0: none. */
static uint64_t find_fpu(const struct xfdt_image *image, const struct xfdt_census *census,
			 uint64_t task)
{
	const uint64_t first = task & ~(uint64_t)(XFDT_PAGE_SIZE - 1);
	uint64_t words[XFDT_PAGE_SIZE / 8], page, at;
	struct xfdt_error *err;

	for (page = first; page - first < TASK_MAX; page += XFDT_PAGE_SIZE) {
		/* a distilled dump has the page that counts only */
		err = xfdt_read_for(image, XFDT_FOR_SEARCH, page, words, sizeof(words));
		for (at = 0; !err && at < XFDT_PAGE_SIZE; at += FPU_ALIGNMENT)
			if (page + at > task && holds_state(census, page + at, words + at / 8))
				return page + at;
		xfdt_error_free(err);
	}
	return 0;
}

static struct xfdt_value read_value(const struct xfdt_image *image, uint64_t kvaddr, size_t len)
{
	struct xfdt_value value = { .known = false };
	struct xfdt_error *err = xfdt_read(image, kvaddr, &value.value, len);

	value.known = !err;
	xfdt_error_free(err);
	return value;
}

/* The variable of the CPU with its thread, which has no name of its own in pcpu_hot (v6.2 to v6.15), by code. */
static uint64_t find_current(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
			     unsigned int cpu)
{
	struct xfdt_image view = *image;
	uint64_t kvaddrs[2], task = 0;
	struct xfdt_error *err;

	if (!xfdt_symbol(image, XFDT_S_current_task) &&
	    xfdt_function_variables(image, decoder, XFDT_S_fpregs_mark_activate,
				    XFDT_USE_CPU_READ_64, kvaddrs, 2) == 1)
		view.symtab.symbols[XFDT_S_current_task] =
			(struct xfdt_symbol){ .known = true, .kvaddr = kvaddrs[0] };
	err = xfdt_current_task(&view, cpu, &task);
	xfdt_error_free(err);
	return err ? 0 : task;
}

/*
 * TIF_NEED_FPU_LOAD: fpregs_mark_activate() clears the bit that kernel_fpu_begin_mask() sets, in the first word of the
 * task_struct.  That word has 32 flags (Linux: arch/x86/include/asm/thread_info.h).
 */
static struct xfdt_value read_need_load(const struct xfdt_image *image,
					const struct xfdt_decoder *decoder, uint64_t task)
{
	struct xfdt_value flags = read_value(image, task + FLAGS, sizeof(uint64_t));
	struct xfdt_value cleared = xfdt_function_bit(image, decoder, XFDT_S_fpregs_mark_activate,
						      XFDT_INSN_AND, FLAGS);
	struct xfdt_value set = xfdt_function_bit(image, decoder, XFDT_S_kernel_fpu_begin,
						  XFDT_INSN_OR, FLAGS);

	if (!cleared.known || !set.known || cleared.value != set.value || flags.value >> 32)
		return (struct xfdt_value){ .known = false };
	flags.value = flags.value >> set.value & 1;
	return flags;
}

bool xfdt_holder_find(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
		      const struct xfdt_census *census, unsigned int cpu,
		      struct xfdt_thread *ret_thread)
{
	const uint64_t task = find_current(image, decoder, cpu);
	const uint64_t fpu = task ? find_fpu(image, census, task) : 0;
	enum xfdt_purpose before;

	if (!fpu)
		return false;
	before = xfdt_set_purpose(image, XFDT_FOR_THREADS);
	*ret_thread = (struct xfdt_thread){
		.task = task,
		.running = XFDT_YES,
		.cpu = { .known = true, .value = cpu },
		.need_fpu_load = read_need_load(image, decoder, task),
		.fpu = {
			.kvaddr = fpu,
			.fpstate = read_value(image, fpu + FPU_FPSTATE, sizeof(uint64_t)),
			.task_fpstate = read_value(image, fpu + FPU_TASK_FPSTATE, sizeof(uint64_t)),
			.last_cpu = read_value(image, fpu + FPU_LAST_CPU, sizeof(uint32_t)),
		},
	};
	ret_thread->owner = xfdt_percpu_u64(image, XFDT_S_fpu_fpregs_owner_ctx, &ret_thread->cpu);
	ret_thread->xfd_state = xfdt_percpu_u64(image, XFDT_S_xfd_state, &ret_thread->cpu);
	xfdt_set_purpose(image, before);
	return true;
}
