/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Per-CPU variables by the code that uses them (Linux: arch/x86/kernel/fpu/core.c and context.h,
 * kernel/crash_core.c).
 *
 * crash_save_cpu() reads __per_cpu_offset. fpregs_mark_activate() reads current_task and
 * cpu_number, and writes fpu_fpregs_owner_ctx, which kernel_fpu_begin_mask() clears.
 * Each has to be the only variable that is used so; then memory has to agree.
 */
#include "kernel/percpu.h"
#include "kernel/task.h"

#define VARIABLES_MAX 4
#define TASKS_CHECKED \
	4u /* so many CPUs, the first ones that came up, have to run a task that says so */

struct uses {
	uint64_t kvaddrs[VARIABLES_MAX];
	size_t count;
};

static struct uses find_uses(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
			     enum xfdt_symbol_id function, enum xfdt_variable_use use)
{
	struct uses uses;

	uses.count = xfdt_function_variables(image, decoder, function, use, uses.kvaddrs,
					     VARIABLES_MAX);
	return uses;
}

static bool contains(const struct uses *uses, uint64_t kvaddr)
{
	size_t i;

	for (i = 0; i < uses->count; i++)
		if (uses->kvaddrs[i] == kvaddr)
			return true;
	return false;
}

/* How many CPUs, the first ones, have their own number at @number, by the table of offsets at @offsets? */
static unsigned int count_cpus(const struct xfdt_image *image, uint64_t offsets, uint64_t number)
{
	struct xfdt_error *err = NULL;
	unsigned int cpu;
	uint64_t offset;
	uint32_t value;

	for (cpu = 0; cpu < XFDT_CPUS_MAX; cpu++) {
		err = xfdt_read_u64(image, offsets + cpu * sizeof(offset), &offset);
		if (!err)
			err = xfdt_read(image, number + offset, &value, sizeof(value));
		if (err || value != cpu)
			break;
	}
	xfdt_error_free(err);
	return cpu;
}

/*
 * Is the task that current_task has for @cpu one that is on that CPU?  Of a CPU that never came up, unsure: it is
 * init_task, as at the start (Linux: arch/x86/kernel/cpu/common.c).
 */
static enum xfdt_truth is_current(const struct xfdt_image *image, unsigned int cpu)
{
	const struct xfdt_symbol *init = xfdt_symbol(image, XFDT_S_init_task);
	struct xfdt_value number;
	struct xfdt_error *err;
	uint64_t task;

	err = xfdt_current_task(image, cpu, &task);
	if (err) {
		xfdt_error_free(err);
		return XFDT_NO;
	}
	number = xfdt_task_cpu(image, task);
	if (number.known && number.value == cpu)
		return XFDT_YES;
	return cpu && init && task == init->kvaddr ? XFDT_UNSURE : XFDT_NO;
}

/* Does current_task agree with the tasks on the first TASKS_CHECKED of @cpus that came up? */
static bool are_current(const struct xfdt_image *image, unsigned int cpus)
{
	unsigned int cpu, agree = 0;

	for (cpu = 0; cpu < cpus && agree < TASKS_CHECKED; cpu++) {
		enum xfdt_truth current = is_current(image, cpu);

		if (current == XFDT_NO)
			return false;
		agree += current == XFDT_YES;
	}
	return agree;
}

static void take(struct xfdt_image *image, enum xfdt_symbol_id id, uint64_t kvaddr, uint64_t size)
{
	image->symtab.symbols[id] =
		(struct xfdt_symbol){ .known = true, .kvaddr = kvaddr, .size = size };
}

static bool find_areas(struct xfdt_image *image, const struct xfdt_decoder *decoder)
{
	struct uses offsets = find_uses(image, decoder, XFDT_S_crash_save_cpu, XFDT_USE_TABLE);
	struct uses current = find_uses(image, decoder, XFDT_S_fpregs_mark_activate,
					XFDT_USE_CPU_READ_64);
	struct uses number = find_uses(image, decoder, XFDT_S_fpregs_mark_activate,
				       XFDT_USE_CPU_READ_32);
	unsigned int cpus;

	if (offsets.count != 1 || current.count != 1 || number.count != 1)
		return false;
	cpus = count_cpus(image, offsets.kvaddrs[0], number.kvaddrs[0]);
	take(image, XFDT_S_per_cpu_offset, offsets.kvaddrs[0], cpus * sizeof(uint64_t));
	take(image, XFDT_S_current_task, current.kvaddrs[0], sizeof(uint64_t));
	if (are_current(image, cpus))
		return true;
	image->symtab.symbols[XFDT_S_per_cpu_offset].known = false;
	image->symtab.symbols[XFDT_S_current_task].known = false;
	return false;
}

void xfdt_percpu_by_code(struct xfdt_image *image, const struct xfdt_decoder *decoder)
{
	struct uses owner, cleared;

	if (xfdt_symbol(image, XFDT_S_per_cpu_offset) || !find_areas(image, decoder))
		return;
	owner = find_uses(image, decoder, XFDT_S_fpregs_mark_activate, XFDT_USE_CPU_WRITE_64);
	cleared = find_uses(image, decoder, XFDT_S_kernel_fpu_begin, XFDT_USE_CPU_WRITE_64);
	if (owner.count == 1 && contains(&cleared, owner.kvaddrs[0]))
		take(image, XFDT_S_fpu_fpregs_owner_ctx, owner.kvaddrs[0], sizeof(uint64_t));
}
