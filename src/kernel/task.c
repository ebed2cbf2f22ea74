/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads (Linux: include/linux/sched.h, arch/x86/include/asm/fpu/sched.h). */
#include "kernel/task.h"
#include "base/util.h"
#include "image/list.h"
#include "insn/insn.h"

#include <stdlib.h>
#include <string.h>

#define FUNCTION_MAX (64u << 10)
#define TASKS_MAX (1u << 22) /* PID_MAX_LIMIT */
#define PF_EXITING 4	     /* Linux: include/linux/sched.h */

void xfdt_task_comm(const struct xfdt_image *image, uint64_t task, char ret_comm[XFDT_COMM_LEN + 1])
{
	char comm[XFDT_COMM_LEN + 1] = "";
	struct xfdt_error *err;
	uint64_t kvaddr;

	ret_comm[0] = '\0';
	err = xfdt_member_kvaddr(image, task, XFDT_M_task_comm, &kvaddr);
	if (!err)
		err = xfdt_read_string(image, kvaddr, comm, sizeof(comm));
	if (err) {
		xfdt_error_free(err);
		return;
	}
	memcpy(ret_comm, comm, sizeof(comm));
}

/* Where a kernel has both members (RHEL 9), task_cpu() and set_task_cpu() use task_struct.cpu. */
struct xfdt_value xfdt_task_cpu(const struct xfdt_image *image, uint64_t task)
{
	return xfdt_value_of(image, task,
			     xfdt_has_member(image, XFDT_M_task_cpu) ? XFDT_M_task_cpu :
								       XFDT_M_task_thread_info_cpu);
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

bool xfdt_thread_fpu(const struct xfdt_image *image, uint64_t task, struct xfdt_thread_fpu *ret_fpu)
{
	struct xfdt_thread_fpu fpu = { .kvaddr = 0 };

	if (xfdt_has_member(image, XFDT_M_task_thread_fpu))
		fpu.kvaddr = task + image->layout.members[XFDT_M_task_thread_fpu].offset;
	else if (xfdt_has_member(image, XFDT_M_task_thread) &&
		 xfdt_has_struct(image, XFDT_T_task_struct))
		fpu.kvaddr = task + image->layout.structs[XFDT_T_task_struct];
	if (fpu.kvaddr) {
		fpu.fpstate = xfdt_value_of(image, fpu.kvaddr, XFDT_M_fpu_fpstate);
		fpu.task_fpstate = xfdt_value_of(image, fpu.kvaddr, XFDT_M_fpu_task_fpstate);
		fpu.last_cpu = xfdt_value_of(image, fpu.kvaddr, XFDT_M_fpu_last_cpu);
	}
	*ret_fpu = fpu;
	return fpu.kvaddr;
}

struct xfdt_value xfdt_percpu_u64(const struct xfdt_image *image, enum xfdt_symbol_id id,
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

/* QEMU's notes have the CPU's number + 1 for a thread id. */
static bool notes_are_by_number(const struct xfdt_image *image)
{
	size_t i;

	for (i = 0; i < image->note_count; i++)
		if (image->notes[i].pid != (int)i + 1)
			return false;
	return image->note_count;
}

/* Is the thread current of its CPU, by a per-CPU variable or by the notes of kdump? */
static enum xfdt_truth is_current(const struct xfdt_image *image, const struct xfdt_thread *thread)
{
	struct xfdt_error *err;
	uint64_t task;

	err = xfdt_current_task(image, (unsigned int)thread->cpu.value, &task);
	if (!err)
		return xfdt_truth(task == thread->task);
	xfdt_error_free(err);
	if (!thread->pid || !image->note_count || notes_are_by_number(image))
		return XFDT_UNSURE;
	return xfdt_truth(xfdt_note_of_cpu(image, thread->cpu.value, thread->pid));
}

/*
 * On a CPU by two witnesses: on_cpu, and current of that CPU.  They differ for a
 * moment while the CPU switches; what counts then is not known.
 */
static enum xfdt_truth is_running(const struct xfdt_image *image, const struct xfdt_thread *thread,
				  uint64_t current)
{
	if (current && thread->task == current)
		return XFDT_YES;
	if (!thread->on_cpu.known || thread->on_cpu.value > 1 || !thread->cpu.known)
		return XFDT_UNSURE;
	return is_current(image, thread) == xfdt_truth(thread->on_cpu.value) ?
		       xfdt_truth(thread->on_cpu.value) :
		       XFDT_UNSURE;
}

/*
 * do_exit() sets PF_EXITING, drops mm and then sets exit_state (Linux:
 * kernel/exit.c): each is a witness of the others.
 */
static enum xfdt_truth is_alive(const struct xfdt_image *image, uint64_t task)
{
	struct xfdt_value state = xfdt_value_of(image, task, XFDT_M_task_exit_state);
	struct xfdt_value flags = xfdt_value_of(image, task, XFDT_M_task_flags);
	struct xfdt_value mm = xfdt_value_of(image, task, XFDT_M_task_mm);
	bool exiting = flags.value & PF_EXITING;

	if (!state.known || !flags.known)
		return XFDT_UNSURE;
	if (!exiting)
		return state.value ? XFDT_UNSURE : XFDT_YES;
	return state.value || (mm.known && !mm.value) ? XFDT_NO : XFDT_UNSURE;
}

void xfdt_thread_read(const struct xfdt_image *image, const struct xfdt_value *tif_bit,
		      uint64_t current, uint64_t task, struct xfdt_thread *ret_thread)
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
	thread.cpu = xfdt_task_cpu(image, task);
	thread.running = is_running(image, &thread, current);
	thread.alive = is_alive(image, task);
	flags = xfdt_value_of(image, task, XFDT_M_task_thread_info_flags);
	if (flags.known && tif_bit->known) {
		thread.need_fpu_load.known = true;
		thread.need_fpu_load.value = flags.value >> tif_bit->value & 1;
	}
	xfdt_thread_fpu(image, task, &thread.fpu);
	thread.owner = xfdt_percpu_u64(image, XFDT_S_fpu_fpregs_owner_ctx, &thread.cpu);
	thread.xfd_state = xfdt_percpu_u64(image, XFDT_S_xfd_state, &thread.cpu);
	xfdt_set_purpose(image, before);
	*ret_thread = thread;
}

/* Read a per-CPU variable that is a symbol of its own, or in v6.2 to v6.15 a member of pcpu_hot. */
static struct xfdt_error *read_hot(const struct xfdt_image *image, enum xfdt_symbol_id symbol,
				   enum xfdt_member_id member, unsigned int cpu,
				   uint64_t *ret_value)
{
	struct xfdt_error *err;
	uint64_t kvaddr;

	if (xfdt_symbol(image, symbol)) {
		err = xfdt_percpu(image, symbol, cpu, &kvaddr);
	} else {
		err = xfdt_percpu(image, XFDT_S_pcpu_hot, cpu, &kvaddr);
		if (!err)
			err = xfdt_member_kvaddr(image, kvaddr, member, &kvaddr);
	}
	if (!err)
		err = xfdt_read_u64(image, kvaddr, ret_value);
	return err;
}

struct xfdt_error *xfdt_current_task(const struct xfdt_image *image, unsigned int cpu,
				     uint64_t *ret_task)
{
	return read_hot(image, XFDT_S_current_task, XFDT_M_pcpu_hot_current_task, cpu, ret_task);
}

struct xfdt_error *xfdt_irq_stack(const struct xfdt_image *image, unsigned int cpu,
				  uint64_t *ret_top)
{
	return read_hot(image, XFDT_S_hardirq_stack, XFDT_M_pcpu_hot_hardirq_stack, cpu, ret_top);
}

/* Finds out that a list comes back to an entry: one of its nodes is kept, at twice the distance each time (R. Brent). */
struct loop_check {
	uint64_t kept;
	size_t steps, distance; /* since it was kept, and until another is */
};

static bool comes_back(struct loop_check *check, uint64_t node)
{
	if (node == check->kept)
		return true;
	if (check->steps++ == check->distance) {
		check->kept = node;
		check->distance = 2 * check->steps;
		check->steps = 0;
	}
	return false;
}

/* Visit the entries of the list whose head is at @head; @member links them. */
static struct xfdt_error *walk_list(const struct xfdt_image *image, uint64_t head,
				    enum xfdt_member_id member, size_t *budget,
				    xfdt_visit_task *visit, void *context, bool *ret_stopped)
{
	struct loop_check check = { .kept = head };
	struct xfdt_error *err = NULL;
	struct xfdt_list list;
	uint64_t task;

	*ret_stopped = false;
	xfdt_list_begin(image, head, &list);
	while (!err && !xfdt_list_at_end(&list)) {
		if (!*budget)
			return xfdt_error_new(XFDT_LIMIT, head, "more than %u threads", TASKS_MAX);
		--*budget;
		err = xfdt_container_of(image, list.node, member, &task);
		if (!err && visit(context, task)) {
			*ret_stopped = true;
			return NULL;
		}
		xfdt_list_next(&list);
		if (!err && !xfdt_list_at_end(&list) && comes_back(&check, list.node))
			err = xfdt_error_new(XFDT_CORRUPT, list.node,
					     "the list of threads comes back to the entry at %#llx",
					     ull(list.node));
	}
	return err ? err : xfdt_list_check(&list);
}

struct process_walk {
	const struct xfdt_image *image;
	xfdt_visit_task *visit;
	void *context;
	size_t budget;
	bool found; /* @visit said that the walk may end */
	struct xfdt_error *err;
};

/* All threads of the process whose leader is @task. */
static bool visit_process(void *context, uint64_t task)
{
	struct process_walk *walk = context;
	struct xfdt_error *err;
	uint64_t signal, head;

	err = xfdt_read_member(walk->image, task, XFDT_M_task_signal, &signal);
	if (!err)
		err = xfdt_member_kvaddr(walk->image, signal, XFDT_M_signal_thread_head, &head);
	if (!err)
		err = walk_list(walk->image, head, XFDT_M_task_thread_node, &walk->budget,
				walk->visit, walk->context, &walk->found);
	/* the other processes are there all the same */
	walk->err = xfdt_error_first(walk->err, err);
	return walk->found || !walk->budget;
}

struct xfdt_error *xfdt_tasks_walk(const struct xfdt_image *image, xfdt_visit_task *visit,
				   void *context)
{
	const struct xfdt_symbol *init = xfdt_symbol(image, XFDT_S_init_task);
	struct process_walk walk = { image, visit, context, TASKS_MAX, false, NULL };
	size_t processes = TASKS_MAX;
	struct xfdt_error *err;
	uint64_t head;
	bool stopped = false;

	if (!init)
		return xfdt_error_new(XFDT_MISSING, 0, "the symbol 'init_task' is unknown");
	err = xfdt_member_kvaddr(image, init->kvaddr, XFDT_M_task_tasks, &head);
	if (!err)
		err = walk_list(image, head, XFDT_M_task_tasks, &processes, visit_process, &walk,
				&stopped);
	/* what was not read does not matter to one that has found what it sought */
	if (err || walk.found) {
		xfdt_error_free(walk.err);
		return err;
	}
	if (stopped && !walk.err)
		return xfdt_error_new(XFDT_LIMIT, head, "more than %u threads", TASKS_MAX);
	return walk.err;
}

const struct xfdt_cpu_note *xfdt_note_of_cpu(const struct xfdt_image *image, uint64_t cpu, int pid)
{
	const struct xfdt_cpu_note *note = NULL;
	size_t i, matches = 0;

	for (i = 0; i < image->note_count; i++) {
		if (image->notes[i].pid == pid) {
			note = &image->notes[i];
			matches++;
		}
	}
	if (notes_are_by_number(image))
		return cpu < image->note_count ? &image->notes[cpu] : NULL;
	/* idle threads all have id 0: then the place decides */
	if (matches > 1 && cpu < image->note_count && image->notes[cpu].pid == pid)
		return &image->notes[cpu];
	return matches == 1 ? note : NULL;
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
		return xfdt_no_memory("code");
	err = xfdt_read_for(image, XFDT_FOR_CODE, symbol->kvaddr, code, len);
	if (err) {
		free(code);
		return xfdt_error_wrap(err, "%s", xfdt_symbol_needs[id].name);
	}
	*ret_code = code;
	*ret_len = len;
	return NULL;
}

size_t xfdt_function_variables(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
			       enum xfdt_symbol_id id, enum xfdt_variable_use use,
			       uint64_t *ret_kvaddrs, size_t max)
{
	struct xfdt_error *err;
	size_t len, count;
	uint8_t *code;

	err = xfdt_function_code(image, id, &code, &len);
	if (err) {
		xfdt_error_free(err);
		return 0;
	}
	count = xfdt_insn_variables(decoder, code, len, xfdt_symbol(image, id)->kvaddr, use,
				    ret_kvaddrs, max);
	free(code);
	return count;
}

struct xfdt_value xfdt_function_bit(const struct xfdt_image *image,
				    const struct xfdt_decoder *decoder, enum xfdt_symbol_id id,
				    enum xfdt_insn_kind kind, uint32_t offset)
{
	struct xfdt_value value = { .known = false };
	struct xfdt_error *err;
	unsigned int bit;
	uint8_t *code;
	size_t len;

	err = xfdt_function_code(image, id, &code, &len);
	if (err) {
		xfdt_error_free(err);
		return value;
	}
	if (xfdt_insn_changed_bit(decoder, code, len, kind, offset, &bit)) {
		value.known = true;
		value.value = bit;
	}
	free(code);
	return value;
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

	if (!flags->known)
		return (struct xfdt_value){ .known = false };
	return xfdt_function_bit(image, decoder, XFDT_S_fpregs_mark_activate, XFDT_INSN_AND,
				 (uint32_t)flags->offset);
}
