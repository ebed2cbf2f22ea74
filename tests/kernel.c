/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small kernel made by hand: its memory, code, threads, VMs, log, and what ends it. */
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define HEAP_ALIGN 64u
#define RECORDS_BITS 6
#define TEXT_BITS 13

const struct kernel_layout kernel_5_16 = {
	.release = "5.16.0-test",
	.cpus = 1,
	.tif = 14,
	.on_cpu = 4,
	.regs = 64,
	.fpu_in_thread = true,
	.percpu_from_0 = true,
	.vcpus_array = true,
};

const struct kernel_layout kernel_6_12 = {
	.release = "6.12.57-test",
	.cpus = 2,
	.tif = 14,
	.on_cpu = 4,
	.regs = 64,
	.fpu_in_thread = true,
	.percpu_from_0 = true,
	.pcpu_hot = true,
};

const struct kernel_layout kernel_6_18 = {
	.release = "6.18.5-test",
	.cpus = 1,
	.tif = 19,
	.on_cpu = 4,
	.regs = 64,
};

const struct kernel_layout kernel_7_2 = {
	.release = "7.2.12-test",
	.cpus = 1,
	.tif = 19,
	.on_cpu = 1,
	.regs = 64,
	.panic_redirect = true,
};

void kernel_broken(const char *what)
{
	fprintf(stderr, "broken set-up of the kernel: %s\n", what);
	exit(99);
}

/* Memory */

uint64_t kernel_kvaddr(const struct kernel *kernel, const void *object)
{
	return memory_kvaddr(&kernel->memory, object);
}

void *kernel_at(struct kernel *kernel, uint64_t kvaddr)
{
	return memory_at(&kernel->memory, kvaddr, 1);
}

void *kernel_alloc(struct kernel *kernel, size_t size)
{
	uint64_t kvaddr = KERNEL_HEAP + kernel->heap_used;

	if (size > KERNEL_HEAP_SIZE - kernel->heap_used)
		kernel_broken("the heap is full");
	kernel->heap_used += (size + HEAP_ALIGN - 1) / HEAP_ALIGN * HEAP_ALIGN;
	return memory_at(&kernel->memory, kvaddr, size);
}

void *kernel_vmalloc(struct kernel *kernel, size_t size)
{
	uint64_t kvaddr = kernel->vmalloc_next;

	size = (size + PAGE - 1) / PAGE * PAGE;
	kernel->vmalloc_next += size + PAGE;
	return memory_add(&kernel->memory, kvaddr, size);
}

static void list_init(struct kernel *kernel, struct list_head *list)
{
	list->next = list->prev = kernel_kvaddr(kernel, list);
}

static void list_add_tail(struct kernel *kernel, struct list_head *node, struct list_head *list)
{
	struct list_head *last = kernel_at(kernel, list->prev);

	*node = (struct list_head){ kernel_kvaddr(kernel, list), list->prev };
	last->next = list->prev = kernel_kvaddr(kernel, node);
}

/* Code and variables */

static void put_text(struct kernel *kernel)
{
	struct memory *memory = &kernel->memory;
	const unsigned int tif = kernel->layout->tif;
	/* lock andb $~(1 << tif % 8),tif / 8(%rax) */
	const uint8_t clear_tif[] = {
		0xf0, 0x80, 0x60, (uint8_t)(tif / 8), (uint8_t) ~(1u << tif % 8), 0xc3
	};
	/* lock orb $1 << tif % 8,tif / 8(%rdi) */
	const uint8_t set_tif[] = { 0xf0, 0x80, 0x4f, (uint8_t)(tif / 8),
				    (uint8_t)(1u << tif % 8) };
	static const uint8_t xrstors[] = { 0x48, 0x0f, 0xc7, 0x5b, 0x40, 0x5b, 0x5d, 0xc3 };
	/* call 0x400 behind fpu_swap_kvm_fpstate+0x15, and what it calls for KVM_SET_XSAVE */
	static const uint8_t call_restore[] = { 0xe8, 0xeb, 0x01, 0x00, 0x00 };
	static const uint8_t call_copy[] = {
		0xf6, 0x40, 0x20, 0x04,	      /* testb $4,0x20(%rax): is_confidential */
		0x75, 0x08,		      /* jne behind the call */
		0x4c, 0x89, 0xf6,	      /* mov %r14,%rsi */
		0xe8, 0xf2, 0xfe, 0xff, 0xff, /* call fpu_copy_uabi_to_guest_fpstate */
		0xc3,
	};

	memset(memory_add(memory, KERNEL_TEXT, KERNEL_TEXT_SIZE), 0x90, KERNEL_TEXT_SIZE);
	memory_put(memory, KERNEL_ACTIVATE + 23, clear_tif, sizeof(clear_tif));
	memory_put(memory, KERNEL_SET_TIF, set_tif, sizeof(set_tif));
	memory_put(memory, KERNEL_SWAP_RETURN - sizeof(call_restore), call_restore,
		   sizeof(call_restore));
	memory_put(memory, KERNEL_XRSTOR, xrstors, sizeof(xrstors));
	memory_put(memory, KERNEL_IOCTL, call_copy, sizeof(call_copy));
}

static void put_data(struct kernel *kernel)
{
	struct kernel_data *data = memory_add(&kernel->memory, KERNEL_DATA, sizeof(*data));
	uint32_t *capability = data->boot_cpu_data.x86_capability;
	unsigned int cpu;

	kernel->data = data;
	data->fpu_kernel_cfg.max_size = FPSTATE_REGS_SIZE;
	data->fpu_kernel_cfg.max_features = KERNEL_XCR0;
	data->fpu_kernel_cfg.default_features = KERNEL_XCR0 & ~KERNEL_XTILEDATA;
	KERNEL_CAP_XFD(capability) |= 1u << 4;
	KERNEL_CAP_AMX(capability) |= 1u << 24;
	data->panic_cpu = data->crashing_cpu = data->panic_redirect_cpu = UINT32_MAX;
	data->nr_cpu_ids = kernel->layout->cpus;
	list_init(kernel, &data->vm_list);
	strcpy(data->init_uts_ns.name[1], "host1");
	data->init_fpstate.size = FPSTATE_REGS_SIZE;
	data->init_fpstate.xfeatures = KERNEL_XCR0 & ~KERNEL_XTILEDATA;
	data->init_fpstate.xfd = KERNEL_XTILEDATA;
	for (cpu = 0; cpu < kernel->layout->cpus; cpu++) {
		kernel->percpu[cpu] = kernel_alloc(kernel, sizeof(*kernel->percpu[cpu]));
		kernel->percpu[cpu]->cpu_number = cpu;
	}
}

/* Of kvm, as the only module. */
static void put_module(struct kernel *kernel)
{
	struct module *module = memory_add(&kernel->memory, KERNEL_MODULE, sizeof(*module));

	kernel->module = module;
	list_init(kernel, &kernel->data->modules);
	list_add_tail(kernel, &module->list, &kernel->data->modules);
	strcpy(module->name, "kvm");
}

/* Threads */

struct fpu *kernel_fpu(const struct kernel *kernel, struct task_struct *task)
{
	return kernel->layout->fpu_in_thread ? &task->thread.fpu : (struct fpu *)(task + 1);
}

static void set_on_cpu(const struct kernel *kernel, struct task_struct *task, bool runs)
{
	/* what is behind a narrow on_cpu is not its value */
	task->on_cpu = kernel->layout->on_cpu == 1 ? 0x01010100u | runs : runs;
}

static void put_thread(struct kernel *kernel, struct task_struct *task, const char *comm,
		       unsigned int pid)
{
	const size_t size = kernel->layout->kasan ? KERNEL_STACK_SIZE_KASAN : KERNEL_STACK_SIZE;
	uint64_t *stack;
	size_t i;

	/* THREAD_ALIGN */
	kernel->vmalloc_next = (kernel->vmalloc_next + size - 1) / size * size;
	stack = kernel_vmalloc(kernel, size);
	/* a stack that was used is not blank */
	for (i = 0; i < size / sizeof(*stack); i++)
		stack[i] = KERNEL_ELSEWHERE;
	task->thread_info.flags = 1ull << kernel->layout->tif;
	task->stack = kernel_kvaddr(kernel, stack);
	set_on_cpu(kernel, task, false);
	task->pid = pid;
	snprintf(task->comm, sizeof(task->comm), "%s", comm);
}

static void put_process(struct kernel *kernel, struct task_struct *leader)
{
	struct signal_struct *signal = kernel_alloc(kernel, sizeof(*signal));

	leader->tgid = leader->pid;
	leader->signal = kernel_kvaddr(kernel, signal);
	list_init(kernel, &signal->thread_head);
	list_add_tail(kernel, &leader->thread_node, &signal->thread_head);
}

struct task_struct *kernel_add_thread(struct kernel *kernel, const struct kernel_thread *thread)
{
	struct task_struct *task = kernel_alloc(kernel, sizeof(*task) + sizeof(struct fpu));
	struct task_struct *leader = thread->leader;
	struct signal_struct *signal;

	put_thread(kernel, task, thread->comm, thread->pid);
	task->mm = thread->mm ? kernel_kvaddr(kernel, thread->mm) : 0;
	if (!leader) {
		put_process(kernel, task);
		list_add_tail(kernel, &task->tasks, &kernel->data->init_task.tasks);
		return task;
	}
	signal = kernel_at(kernel, leader->signal);
	task->tgid = leader->tgid;
	task->mm = leader->mm;
	task->signal = leader->signal;
	list_add_tail(kernel, &task->thread_node, &signal->thread_head);
	return task;
}

/* The word that says which thread @cpu is running. */
static uint64_t *current_of(const struct kernel *kernel, unsigned int cpu)
{
	struct kernel_percpu *percpu = kernel->percpu[cpu];

	return kernel->layout->pcpu_hot ? &percpu->pcpu_hot.current_task : &percpu->current_task;
}

uint64_t kernel_take_interrupt(struct kernel *kernel, unsigned int cpu, uint64_t before)
{
	const size_t words = KERNEL_STACK_SIZE / 8;
	uint64_t *stack = kernel_vmalloc(kernel, KERNEL_STACK_SIZE), top;
	struct kernel_percpu *percpu = kernel->percpu[cpu];
	size_t i;

	for (i = 0; i < words - 1; i++)
		stack[i] = KERNEL_ELSEWHERE;
	stack[words - 1] = before;
	top = kernel_kvaddr(kernel, stack + words - 1);
	if (kernel->layout->pcpu_hot)
		percpu->pcpu_hot.hardirq_stack_ptr = top;
	else
		percpu->hardirq_stack_ptr = top;
	return top - 0x400;
}

void kernel_run(struct kernel *kernel, struct task_struct *task, unsigned int cpu)
{
	struct fpu *fpu = kernel_fpu(kernel, task);
	uint64_t *current;

	if (cpu >= kernel->layout->cpus)
		kernel_broken("no such CPU");
	current = current_of(kernel, cpu);
	if (*current)
		set_on_cpu(kernel, kernel_at(kernel, *current), false);
	*current = kernel_kvaddr(kernel, task);
	set_on_cpu(kernel, task, true);
	task->thread_info.cpu = cpu;
	task->thread_info.flags &= ~(1ull << kernel->layout->tif);
	kernel->percpu[cpu]->fpu_fpregs_owner_ctx = kernel_kvaddr(kernel, fpu);
	fpu->last_cpu = cpu;
}

static void list_del(struct kernel *kernel, const struct list_head *node)
{
	struct list_head *next = kernel_at(kernel, node->next),
			 *prev = kernel_at(kernel, node->prev);

	next->prev = node->prev;
	prev->next = node->next;
}

void kernel_reap(struct kernel *kernel, struct kernel_vcpu *vcpu)
{
	const uint64_t task = kernel_kvaddr(kernel, vcpu->task);
	unsigned int cpu;

	vcpu->pid->tasks[0].first = 0;
	list_del(kernel, &vcpu->task->thread_node);
	for (cpu = 0; cpu < kernel->layout->cpus; cpu++)
		if (*current_of(kernel, cpu) == task)
			kernel_run(kernel, &kernel->data->init_task, cpu);
}

static void put_idle_threads(struct kernel *kernel)
{
	struct task_struct *idle = &kernel->data->init_task;
	unsigned int cpu;

	put_thread(kernel, idle, "swapper/0", 0);
	put_process(kernel, idle);
	list_init(kernel, &idle->tasks);
	kernel_run(kernel, idle, 0);
	/* of the others, no list has the idle threads */
	for (cpu = 1; cpu < kernel->layout->cpus; cpu++) {
		idle = kernel_alloc(kernel, sizeof(*idle) + sizeof(struct fpu));
		put_thread(kernel, idle, "swapper", 0);
		kernel_run(kernel, idle, cpu);
	}
}

/* VMs */

static struct fpstate *add_fpstate(struct kernel *kernel, bool armed,
				   struct xstate_header **ret_header)
{
	const unsigned int regs = kernel->layout->regs;
	struct fpstate *fpstate = kernel_vmalloc(kernel, regs + FPSTATE_REGS_SIZE);

	*fpstate = (struct fpstate){
		.size = FPSTATE_REGS_SIZE,
		.user_size = FPSTATE_REGS_SIZE,
		.xfeatures = KERNEL_XCR0,
		.user_xfeatures = KERNEL_XCR0,
		.xfd = armed ? KERNEL_XTILEDATA : 0,
		.is_valloc = 1,
		.is_guest = 1,
		.in_use = 1,
	};
	*ret_header = (struct xstate_header *)((char *)fpstate + regs + 512);
	(*ret_header)->xfeatures = KERNEL_XCR0;
	(*ret_header)->xcomp_bv = 1ull << 63 | KERNEL_XCR0;
	return fpstate;
}

struct fpstate *kernel_add_own_fpstate(struct kernel *kernel, struct task_struct *task)
{
	struct xstate_header *header;
	struct fpstate *fpstate = add_fpstate(kernel, false, &header);

	fpstate->is_guest = fpstate->is_valloc = fpstate->in_use = 0;
	kernel_fpu(kernel, task)->fpstate = kernel_kvaddr(kernel, fpstate);
	kernel_fpu(kernel, task)->task_fpstate = 0;
	return fpstate;
}

static void put_vcpu(struct kernel *kernel, struct kernel_vm *vm, unsigned int n)
{
	struct kernel_vcpu *made = &vm->vcpu[n];
	struct kvm_vcpu *vcpu = kernel_alloc(kernel, sizeof(*vcpu));
	uint64_t fpstate, *slot;

	made->vcpu = vcpu;
	made->fpstate = add_fpstate(kernel, n < vm->armed, &made->header);
	made->pid = kernel_alloc(kernel, sizeof(*made->pid));
	fpstate = kernel_kvaddr(kernel, made->fpstate);
	*vcpu = (struct kvm_vcpu){
		.kvm = kernel_kvaddr(kernel, vm->kvm),
		.vcpu_id = n,
		.vcpu_idx = n,
		.pid = kernel_kvaddr(kernel, made->pid),
		.arch = {
			.guest_fpu = { .xfeatures = KERNEL_XCR0, .fpstate = fpstate },
			.xcr0 = KERNEL_XCR0,
		},
	};
	slot = kernel->layout->vcpus_array ? &vm->kvm->vcpus[n] : &vm->node->slots[n];
	*slot = kernel_kvaddr(kernel, vcpu);
}

static void put_vcpu_thread(struct kernel *kernel, struct kernel_vm *vm, unsigned int n)
{
	struct kernel_vcpu *vcpu = &vm->vcpu[n];
	struct fpu *fpu;
	char comm[sizeof("CPU 4294967295/KVM")];

	snprintf(comm, sizeof(comm), "CPU %u/KVM", n);
	vcpu->task = kernel_add_thread(kernel, &(struct kernel_thread){
						       .comm = comm,
						       .pid = vm->leader->pid + 4 + n,
						       .leader = vm->leader,
					       });
	fpu = kernel_fpu(kernel, vcpu->task);
	fpu->fpstate = kernel_kvaddr(kernel, vcpu->fpstate);
	fpu->task_fpstate = kernel_kvaddr(kernel, fpu->rest);
	vcpu->pid->tasks[0].first = kernel_kvaddr(kernel, &vcpu->task->pid_links[0]);
	if (n >= vm->running)
		return;
	kernel->percpu[kernel->busy_cpus]->xfd_state = vcpu->fpstate->xfd;
	kernel_run(kernel, vcpu->task, kernel->busy_cpus++);
}

static void put_kvm(struct kernel *kernel, struct kernel_vm *vm)
{
	struct kvm *kvm = kernel_alloc(kernel, sizeof(*kvm));

	vm->kvm = kvm;
	kvm->mm = kernel_kvaddr(kernel, vm->mm);
	kvm->userspace_pid = vm->leader->pid;
	kvm->online_vcpus = kvm->created_vcpus = vm->vcpus;
	if (!kernel->layout->vcpus_array) {
		vm->node = kernel_alloc(kernel, sizeof(*vm->node));
		kvm->vcpu_array.xa_head = kernel_kvaddr(kernel, vm->node) | 2;
	}
	if (vm->unlisted)
		list_init(kernel, &kvm->vm_list);
	else
		list_add_tail(kernel, &kvm->vm_list, &kernel->data->vm_list);
}

struct kernel_vm *kernel_add_vm(struct kernel *kernel, const struct kernel_vm *wanted)
{
	struct kernel_vm *vm = &kernel->vms[kernel->vm_count];
	unsigned int n;

	if (kernel->vm_count == KERNEL_VMS_MAX || wanted->vcpus > KERNEL_VCPUS_MAX ||
	    wanted->running > kernel->layout->cpus - kernel->busy_cpus)
		kernel_broken("a VM too large");
	*vm = *wanted;
	vm->mm = kernel_alloc(kernel, sizeof(*vm->mm));
	vm->mm->mm_count = vm->mm->mm_users = 1;
	vm->mm->pgd = KERNEL_PGD;
	vm->leader = kernel_add_thread(kernel, &(struct kernel_thread){
						       .comm = "qemu-system-x86",
						       .pid = 1400 + 100 * kernel->vm_count++,
						       .mm = vm->mm,
					       });
	vm->mm->owner = kernel_kvaddr(kernel, vm->leader);
	put_kvm(kernel, vm);
	for (n = 0; n < vm->vcpus; n++) {
		put_vcpu(kernel, vm, n);
		put_vcpu_thread(kernel, vm, n);
	}
	return vm;
}

/* The log */

struct log {
	struct printk_ringbuffer rb;
	struct prb_desc descs[1 << RECORDS_BITS];
	struct printk_info infos[1 << RECORDS_BITS];
	char text[1 << TEXT_BITS];
};

static struct log *log_of(struct kernel *kernel)
{
	return kernel_at(kernel, KERNEL_LOG);
}

static void put_log(struct kernel *kernel)
{
	struct log *log = memory_add(&kernel->memory, KERNEL_LOG, sizeof(*log));

	log->rb.desc_ring.count_bits = RECORDS_BITS;
	log->rb.desc_ring.descs = KERNEL_LOG + offsetof(struct log, descs);
	log->rb.desc_ring.infos = KERNEL_LOG + offsetof(struct log, infos);
	log->rb.text_data_ring.size_bits = TEXT_BITS;
	log->rb.text_data_ring.data = KERNEL_LOG + offsetof(struct log, text);
	kernel->data->prb = KERNEL_LOG;
}

void kernel_log_add(struct kernel *kernel, const struct kernel_record *record)
{
	struct log *log = log_of(kernel);
	const uint64_t id = kernel->log_first + kernel->records;
	const size_t slot = id % (1 << RECORDS_BITS), at = kernel->log_used;
	const uint16_t len = (uint16_t)strlen(record->text);
	const size_t next = at + ((sizeof(id) + len + 7) & ~(size_t)7);

	if (kernel->records == 1 << RECORDS_BITS || next > sizeof(log->text))
		kernel_broken("the log is full");
	log->descs[slot] = (struct prb_desc){ id | 2ull << 62, { at, next } };
	log->infos[slot] = (struct printk_info){
		.seq = id,
		.ts_nsec = record->nsec,
		.text_len = len,
		.facility = record->from_user,
		.caller_id = record->caller,
	};
	memcpy(log->text + at, &id, sizeof(id));
	memcpy(log->text + at + sizeof(id), record->text, len);
	log->rb.desc_ring.head_id = id;
	log->rb.desc_ring.tail_id = kernel->log_first;
	kernel->records++;
	kernel->log_used = next;
}

void kernel_log(struct kernel *kernel, const char *const *lines)
{
	size_t i;

	kernel->records = 0;
	kernel->log_used = 0;
	for (i = 0; lines[i]; i++)
		kernel_log_add(kernel, &(struct kernel_record){ .text = lines[i],
								.caller = kernel->caller,
								.nsec = 1000000 * i });
}

void kernel_log_caller(struct kernel *kernel, size_t line, uint32_t caller)
{
	log_of(kernel)->infos[(kernel->log_first + line) % (1 << RECORDS_BITS)].caller_id = caller;
}

void kernel_log_registers(struct kernel *kernel, const struct xfdt_regs *regs, const char *place,
			  const char *code)
{
	char text[128];

#define LINE(...) \
	do { \
		snprintf(text, sizeof(text), __VA_ARGS__); \
		kernel_log_add(kernel, \
			       &(struct kernel_record){ .text = text, \
							.caller = kernel->caller, \
							.nsec = 1000000 * kernel->records }); \
	} while (0)
#define VALUE(name) (unsigned long long)regs->name
	LINE("RIP: 0010:%s", place);
	LINE("Code: 89 e8 48 c1 ea 20 %s", code);
	LINE("RSP: 0018:%016llx EFLAGS: 00010046", VALUE(sp));
	LINE("RAX: %016llx RBX: %016llx RCX: %016llx", VALUE(ax), VALUE(bx), VALUE(cx));
	LINE("RDX: %016llx RSI: %016llx RDI: %016llx", VALUE(dx), VALUE(si), VALUE(di));
	LINE("RBP: %016llx R08: %016llx R09: %016llx", VALUE(bp), VALUE(r8), VALUE(r9));
	LINE("R10: %016llx R11: %016llx R12: %016llx", VALUE(r10), VALUE(r11), VALUE(r12));
	LINE("R13: %016llx R14: %016llx R15: %016llx", VALUE(r13), VALUE(r14), VALUE(r15));
#undef VALUE
}

static void log_xrstors(struct kernel *kernel, const struct xfdt_regs *regs)
{
	char place[64];

	snprintf(place, sizeof(place), "restore_fpregs_from_fpstate+%#llx/0x90",
		 (unsigned long long)regs->ip - KERNEL_RESTORE);
	kernel_log_registers(kernel, regs, place, KERNEL_XRSTORS_CODE);
}

void kernel_log_nm(struct kernel *kernel, unsigned int number, const struct xfdt_regs *regs)
{
	static const char *const none[] = { NULL };
	char text[128];

	kernel_log(kernel, none);
	LINE("WARNING: CPU: 0 PID: %u at arch/x86/kernel/traps.c:1405 exc_device_not_available+0xde/0xf0",
	     kernel->caller);
	if (regs) {
		LINE("RIP: 0010:exc_device_not_available+0xde/0xf0");
		log_xrstors(kernel, regs);
		LINE("---[ end trace 0000000000000000 ]---");
	}
	LINE("Oops: unexpected #NM exception: 0000 [#%u] SMP NOPTI", number);
	if (regs)
		log_xrstors(kernel, regs);
#undef LINE
}

/* The end */

struct xfdt_cpu_note *kernel_add_note(struct kernel *kernel, int pid)
{
	struct xfdt_cpu_note *note = &kernel->notes[kernel->source.note_count];

	if (kernel->source.note_count++ == KERNEL_NOTES_MAX)
		kernel_broken("too many notes");
	*note = (struct xfdt_cpu_note){
		.pid = pid, .regs = { .ip = KERNEL_ELSEWHERE, .cs = 0x10, .orig_ax = ~0ull }
	};
	return note;
}

uint64_t *kernel_stack(struct kernel *kernel, const struct task_struct *task, uint32_t offset)
{
	return memory_at(&kernel->memory, task->stack + offset, sizeof(uint64_t));
}

struct xfdt_regs kernel_nm_regs(const struct kernel *kernel, const struct task_struct *task,
				const struct fpstate *fpstate)
{
	return (struct xfdt_regs){
		.ip = KERNEL_XRSTOR,
		.cs = 0x10,
		.orig_ax = ~0ull,
		.ax = KERNEL_MASK,
		/* the operand is 64 bytes behind RBX */
		.bx = kernel_kvaddr(kernel, fpstate) + kernel->layout->regs - 64,
		.sp = task->stack + KERNEL_STACK_POINTER,
		.ss = 0x18,
	};
}

struct xfdt_regs *kernel_push_nm(struct kernel *kernel, struct task_struct *task, uint32_t offset,
				 const struct xfdt_regs *regs)
{
	struct xfdt_regs *frame = memory_at(&kernel->memory, task->stack + offset, sizeof(*frame));

	*frame = *regs;
	frame->sp = task->stack + offset + sizeof(*frame);
	*kernel_stack(kernel, task, offset - 8) = KERNEL_NM_RETURN;
	*kernel_stack(kernel, task, offset + sizeof(*frame)) = KERNEL_SWAP_RETURN;
	return frame;
}

/* Whatever was the end before, it is now one by @task. */
static void end(struct kernel *kernel, const struct task_struct *task, const struct xfdt_regs *oops)
{
	struct kernel_data *data = kernel->data;

	data->panic_cpu = task->thread_info.cpu;
	data->die_counter = oops ? 1 : 0;
	data->tainted_mask = oops ? KERNEL_TAINT_DIE | KERNEL_TAINT_WARN : 0;
	data->exec_summary_regs = oops ? *oops : (struct xfdt_regs){ 0 };
	kernel->caller = task->pid;
	kernel->source.note_count = 0;
}

void kernel_die_of_nm(struct kernel *kernel, struct kernel_vcpu *vcpu)
{
	const struct xfdt_regs regs = kernel_nm_regs(kernel, vcpu->task, vcpu->fpstate);

	end(kernel, vcpu->task, &regs);
	kernel_log_nm(kernel, 1, &regs);
	kernel_add_note(kernel, (int)vcpu->task->pid)->regs = regs;
	/* who called restore_fpregs_from_fpstate() */
	*kernel_stack(kernel, vcpu->task, KERNEL_STACK_POINTER) = KERNEL_SWAP_RETURN;
}

void kernel_panic(struct kernel *kernel, struct task_struct *task, const char *const *lines)
{
	static const char *const sysrq[] = { "sysrq: Trigger a crash",
					     "Kernel panic - not syncing: sysrq triggered crash",
					     NULL };

	end(kernel, task, NULL);
	kernel_log(kernel, lines ? lines : sysrq);
	kernel_add_note(kernel, (int)task->pid)->regs.sp = task->stack + KERNEL_STACK_POINTER;
}

void kernel_boot(struct kernel *kernel, const struct kernel_layout *layout)
{
	static const char *const lines[] = { "Linux version 6.18", NULL };

	memset(kernel, 0, sizeof(*kernel));
	kernel->layout = layout;
	kernel->vmalloc_next = KERNEL_VMALLOC;
	memory_init(&kernel->memory);
	memory_add(&kernel->memory, KERNEL_HEAP, KERNEL_HEAP_SIZE);
	put_text(kernel);
	put_data(kernel);
	put_log(kernel);
	if (layout->kvm_is_module)
		put_module(kernel);
	kernel_put_symbols(kernel);
	put_idle_threads(kernel);
	kernel_log(kernel, lines);
	kernel->vcpu = kernel->vms[0].vcpu;
	kernel->source = (struct xfdt_source){
		.reader = &kernel->memory.reader,
		.arch = "x86_64",
		.vmcoreinfo = kernel->vmcoreinfo,
		.notes = kernel->notes,
	};
}

void kernel_init_as(struct kernel *kernel, const struct kernel_layout *layout)
{
	kernel_boot(kernel, layout);
	kernel_add_vm(kernel, &(struct kernel_vm){ .vcpus = 2,
						   .armed = 1,
						   .running = layout->cpus > 1 ? 2 : 1 });
	kernel->vcpu[1].task->thread_info.flags |= 1ull << layout->tif;
	kernel_die_of_nm(kernel, &kernel->vcpu[0]);
}

void kernel_init(struct kernel *kernel)
{
	kernel_init_as(kernel, &kernel_6_18);
}

void kernel_deinit(struct kernel *kernel)
{
	memory_deinit(&kernel->memory);
}
