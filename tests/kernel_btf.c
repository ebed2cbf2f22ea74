/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of the hand-made kernel: BTF of the structures in kernel_types.h, in vmlinux and in kvm.ko. */
#include "kernel.h"

#include <bpf/btf.h>
#include <string.h>

struct field {
	const char *name;
	int type;
	uint32_t bits; /* offset */
	uint32_t bit_size;
};

static int add_struct(struct btf *btf, const char *name, size_t size, const struct field *fields)
{
	int id = btf__add_struct(btf, name, (uint32_t)size);

	for (; id > 0 && fields->type; fields++)
		if (fields->name &&
		    btf__add_field(btf, fields->name, fields->type, fields->bits, fields->bit_size))
			kernel_broken(fields->name);
	return id;
}

/* The number of the bit that is set in @size bytes. */
static uint32_t bit_of(const void *object, size_t size)
{
	const uint8_t *bytes = object;
	uint32_t bit = 0;

	while (bit < 8 * size && !(bytes[bit / 8] >> bit % 8 & 1))
		bit++;
	return bit;
}

#define STRUCT_OF(name, size, ...) \
	add_struct(btf, name, size, (const struct field[]){ __VA_ARGS__, { NULL, 0, 0, 0 } })
#define STRUCT(of, ...) STRUCT_OF(#of, sizeof(struct of), __VA_ARGS__)
#define MOVED_MEMBER(of, member, type, moved) \
	{ \
#member, type, 8 * ((uint32_t)offsetof(struct of, member) + (moved)), 0 \
	}
#define MEMBER(of, member, type) MOVED_MEMBER(of, member, type, 0)
#define MEMBER_IF(condition, of, member, type) \
	{ \
		(condition) ? #member : NULL, type, 8 * (uint32_t)offsetof(struct of, member), 0 \
	}
#define BIT(of, member) \
	{ \
#member, u32, bit_of(&(const struct of){ .member = 1 }, sizeof(struct of)), 1 \
	}

/* The types that struct kvm is made of. */
struct kvm_types {
	int u8, u32, pointer, vcpus, xarray, list_head;
};

static void add_kvm(struct btf *btf, const struct kvm_types *types, bool vcpus_array,
		    unsigned int moved)
{
	const struct field array = MOVED_MEMBER(kvm, vcpus, types->vcpus, moved);
	const struct field xarray = MOVED_MEMBER(kvm, vcpu_array, types->xarray, moved);

	STRUCT_OF("kvm", sizeof(struct kvm) + moved, vcpus_array ? array : xarray,
		  MOVED_MEMBER(kvm, mm, types->pointer, moved),
		  MOVED_MEMBER(kvm, userspace_pid, types->u32, moved),
		  MOVED_MEMBER(kvm, online_vcpus, types->u32, moved),
		  MOVED_MEMBER(kvm, created_vcpus, types->u32, moved),
		  MOVED_MEMBER(kvm, vm_list, types->list_head, moved),
		  MOVED_MEMBER(kvm, vm_bugged, types->u8, moved),
		  MOVED_MEMBER(kvm, vm_dead, types->u8, moved));
}

static uint32_t put_raw(struct kernel *kernel, const struct btf *btf, uint64_t kvaddr)
{
	__u32 len;
	const void *data = btf__raw_data(btf, &len);

	if (!data)
		kernel_broken("BTF");
	memory_add(&kernel->memory, kvaddr, len);
	memory_put(&kernel->memory, kvaddr, data, len);
	return len;
}

static void add_module_types(struct btf *btf, const struct kvm_types *types)
{
	const int u64 = btf__find_by_name(btf, "unsigned long");
	const int name = btf__add_array(btf, types->u32, types->u8, 56);

	STRUCT(module, MEMBER(module, list, types->list_head), MEMBER(module, name, name),
	       MEMBER(module, taints, u64), MEMBER(module, kallsyms, types->pointer));
	STRUCT(mod_kallsyms, MEMBER(mod_kallsyms, symtab, types->pointer),
	       MEMBER(mod_kallsyms, num_symtab, types->u32),
	       MEMBER(mod_kallsyms, strtab, types->pointer));
	STRUCT(btf_module, MEMBER(btf_module, list, types->list_head),
	       MEMBER(btf_module, module, types->pointer), MEMBER(btf_module, btf, types->pointer));
	STRUCT_OF("btf", sizeof(struct module_btf), MEMBER(module_btf, data, types->pointer),
		  MEMBER(module_btf, data_size, types->u32));
}

/* kvm.ko's own struct kvm, in a BTF that builds on vmlinux's. */
static void put_module_btf(struct kernel *kernel, struct btf *base, const struct kvm_types *types)
{
	struct btf_module *btf_module = kernel_alloc(kernel, sizeof(*btf_module));
	struct module_btf *module_btf = kernel_alloc(kernel, sizeof(*module_btf));
	struct btf *btf = btf__new_empty_split(base);
	const uint64_t list = KERNEL_VARIABLE(btf_modules);
	const uint64_t node = kernel_kvaddr(kernel, &btf_module->list);

	add_kvm(btf, types, kernel->layout->vcpus_array, 0);
	module_btf->data = KERNEL_MODULE_BTF;
	module_btf->data_size = put_raw(kernel, btf, KERNEL_MODULE_BTF);
	btf__free(btf);
	btf_module->list = (struct list_head){ list, list };
	kernel->data->btf_modules = (struct list_head){ node, node };
	btf_module->module = KERNEL_MODULE;
	btf_module->btf = kernel_kvaddr(kernel, module_btf);
}

uint64_t kernel_put_btf(struct kernel *kernel)
{
	const struct kernel_layout *layout = kernel->layout;
	struct btf *btf = btf__new_empty();
	const int u8 = btf__add_int(btf, "unsigned char", 1, 0);
	const int u16 = btf__add_int(btf, "unsigned short", 2, 0);
	const int u32 = btf__add_int(btf, "unsigned int", 4, 0);
	const int u64 = btf__add_int(btf, "unsigned long", 8, 0);
	const int pointer = btf__add_ptr(btf, 0);
	const int slots = btf__add_array(btf, u32, pointer, 64);
	const int vcpus = btf__add_array(btf, u32, pointer, KERNEL_VCPUS_MAX);
	const int comm = btf__add_array(btf, u32, u8, 16);
	const int capability = btf__add_array(btf, u32, u32, 24);
	const int regs = btf__add_array(btf, u32, u8, FPSTATE_REGS_SIZE);
	const int list_head = STRUCT(list_head, MEMBER(list_head, next, pointer),
				     MEMBER(list_head, prev, pointer));
	const int hlist_head = STRUCT(hlist_head, MEMBER(hlist_head, first, pointer));
	const int hlist_node = STRUCT(hlist_node, MEMBER(hlist_node, next, pointer),
				      MEMBER(hlist_node, pprev, pointer));
	const int links = btf__add_array(btf, u32, hlist_node, 4);
	const int tasks = btf__add_array(btf, u32, hlist_head, 4);
	const int xarray = STRUCT(xarray, MEMBER(xarray, xa_lock, u32),
				  MEMBER(xarray, xa_flags, u32), MEMBER(xarray, xa_head, pointer));
	const int fpu_guest = STRUCT(fpu_guest, MEMBER(fpu_guest, xfeatures, u64),
				     MEMBER(fpu_guest, xfd_err, u64),
				     MEMBER(fpu_guest, uabi_size, u32),
				     MEMBER(fpu_guest, fpstate, pointer));
	const int thread_info = STRUCT(thread_info, MEMBER(thread_info, flags, u64),
				       MEMBER(thread_info, cpu, u32));
	const int fpu = STRUCT(fpu, MEMBER(fpu, last_cpu, u32), MEMBER(fpu, fpstate, pointer),
			       { "__task_fpstate", pointer,
				 8 * (uint32_t)offsetof(struct fpu, task_fpstate), 0 });
	const int thread = STRUCT(thread_struct, MEMBER(thread_struct, sp, u64),
				  MEMBER_IF(layout->fpu_in_thread, thread_struct, fpu, fpu));
	const int notifier = STRUCT(preempt_notifier, MEMBER(preempt_notifier, link, hlist_node),
				    MEMBER(preempt_notifier, ops, pointer));
	const int arch = STRUCT(kvm_vcpu_arch, MEMBER(kvm_vcpu_arch, guest_fpu, fpu_guest),
				MEMBER(kvm_vcpu_arch, xcr0, u64),
				MEMBER(kvm_vcpu_arch, guest_supported_xcr0, u64),
				MEMBER(kvm_vcpu_arch, ia32_xss, u64),
				MEMBER(kvm_vcpu_arch, xfd_no_write_intercept, u8));
	const struct kvm_types kvm_types = { u8, u32, pointer, vcpus, xarray, list_head };
	uint64_t end;

	STRUCT(xa_node, MEMBER(xa_node, shift, u8), MEMBER(xa_node, offset, u8),
	       MEMBER(xa_node, slots, slots));
	STRUCT_OF("fpstate", FPSTATE_REGS_SIZE + layout->regs, MEMBER(fpstate, size, u32),
		  MEMBER(fpstate, user_size, u32), MEMBER(fpstate, xfeatures, u64),
		  MEMBER(fpstate, user_xfeatures, u64), MEMBER(fpstate, xfd, u64),
		  BIT(fpstate, is_valloc), BIT(fpstate, is_guest), BIT(fpstate, is_confidential),
		  BIT(fpstate, in_use), { "regs", regs, 8 * layout->regs, 0 });
	STRUCT(fpu_state_config, MEMBER(fpu_state_config, max_size, u32),
	       MEMBER(fpu_state_config, max_features, u64),
	       MEMBER(fpu_state_config, default_features, u64));
	STRUCT(cpuinfo_x86, MEMBER(cpuinfo_x86, x86, u8), MEMBER(cpuinfo_x86, x86_vendor, u8),
	       MEMBER(cpuinfo_x86, x86_capability, capability));
	STRUCT(task_struct, MEMBER(task_struct, thread_info, thread_info),
	       MEMBER(task_struct, stack, pointer),
	       MEMBER(task_struct, on_cpu, layout->on_cpu == 1 ? u8 : u32),
	       MEMBER(task_struct, exit_state, u32), MEMBER(task_struct, flags, u32),
	       MEMBER(task_struct, pid, u32), MEMBER(task_struct, tgid, u32),
	       MEMBER(task_struct, mm, pointer), MEMBER(task_struct, signal, pointer),
	       MEMBER(task_struct, comm, comm), MEMBER(task_struct, tasks, list_head),
	       MEMBER(task_struct, thread_node, list_head), MEMBER(task_struct, pid_links, links),
	       MEMBER(task_struct, preempt_notifiers, hlist_head),
	       MEMBER(task_struct, thread, thread),
	       MEMBER_IF(layout->kasan, task_struct, kasan_depth, u32));
	STRUCT(signal_struct, MEMBER(signal_struct, thread_head, list_head));
	STRUCT(mm_struct, MEMBER(mm_struct, mm_count, u32), MEMBER(mm_struct, mm_users, u32),
	       MEMBER(mm_struct, pgd, pointer), MEMBER(mm_struct, owner, pointer));
	STRUCT(pid, MEMBER(pid, count, u32), MEMBER(pid, tasks, tasks));
	STRUCT(kvm_vcpu, MEMBER(kvm_vcpu, kvm, pointer),
	       MEMBER(kvm_vcpu, preempt_notifier, notifier), MEMBER(kvm_vcpu, cpu, u32),
	       MEMBER(kvm_vcpu, vcpu_id, u32), MEMBER(kvm_vcpu, mode, u32),
	       MEMBER(kvm_vcpu, pid, pointer), MEMBER(kvm_vcpu, arch, arch));
	add_kvm(btf, &kvm_types, layout->vcpus_array, layout->kvm_moved);
	if (layout->kvm_is_module)
		add_module_types(btf, &kvm_types);
	if (layout->pcpu_hot)
		STRUCT(pcpu_hot, MEMBER(pcpu_hot, current_task, pointer),
		       MEMBER(pcpu_hot, hardirq_stack_ptr, pointer));
	STRUCT(printk_info, MEMBER(printk_info, seq, u64), MEMBER(printk_info, ts_nsec, u64),
	       MEMBER(printk_info, text_len, u16), MEMBER(printk_info, facility, u8),
	       MEMBER(printk_info, caller_id, u32));
	end = KERNEL_BTF + put_raw(kernel, btf, KERNEL_BTF);
	if (layout->kvm_is_module)
		put_module_btf(kernel, btf, &kvm_types);
	btf__free(btf);
	return end;
}

/* The member gets the name of something else, which no struct has as a member. */
void kernel_forget_member(struct kernel *kernel, const char *name, const char *member)
{
	const struct memory_segment *segment = memory_segment_at(&kernel->memory, KERNEL_BTF);
	struct btf *btf = btf__new(segment->bytes, (__u32)segment->len);
	const int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *type = btf__type_by_id(btf, (__u32)(id > 0 ? id : 0));
	struct btf_member *members = btf_members(type);
	__u32 len;
	int i;

	for (i = 0; id > 0 && i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, members[i].name_off), member))
			break;
	if (id <= 0 || i == btf_vlen(type))
		kernel_broken(member);
	/* libbpf's types are in its copy of the raw data */
	members[i].name_off =
		btf__type_by_id(btf, (__u32)btf__find_by_name(btf, "xa_node"))->name_off;
	memcpy(segment->bytes, btf__raw_data(btf, &len), segment->len);
	btf__free(btf);
}
