/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layouts of vendors' kernels: BTF of their shape, and threads and a VM laid out
 * by it.  The numbers, with their sources, are in tests/layouts.
 */
#include "unit.h"
#include "kernel/host.h"
#include "kernel/task.h"
#include "memory.h"
#include "types/btf.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>

enum kind { STRUCTURE, NAMED, UNNAMED, BIT_FIELD };

struct entry {
	enum kind kind; /* UNNAMED: inside an anonymous union */
	const char *structure, *path;
	uint32_t offset, bytes;
	uint8_t bit, bits;
};

#define STRUCT(name, size) { .kind = STRUCTURE, .structure = name, .bytes = size },
#define MEMBER(of, name, at, size) \
	{ .kind = NAMED, .structure = of, .path = name, .offset = at, .bytes = size },
#define ANONYMOUS(of, name, at, size) \
	{ .kind = UNNAMED, .structure = of, .path = name, .offset = at, .bytes = size },
#define BITS(of, name, at, first, count) \
	{ .kind = BIT_FIELD, \
	  .structure = of, \
	  .path = name, \
	  .offset = at, \
	  .bytes = 4, \
	  .bit = first, \
	  .bits = count },
static const struct entry rhel8[] = {
#include "layouts/rhel8.def"
};
static const struct entry rhel9[] = {
#include "layouts/rhel9.def"
};
static const struct entry uek[] = {
#include "layouts/uek.def"
};
static const struct entry v6_14[] = {
#include "layouts/v6_14.def"
};
static const struct entry v7_3[] = {
#include "layouts/v7_3.def"
};
#undef STRUCT
#undef MEMBER
#undef ANONYMOUS
#undef BITS

struct vendor {
	const char *name;
	const struct entry *entries;
	size_t count;
	bool has_kvm; /* vmlinux's BTF has KVM's structures */
};

#define VENDOR(entries, has_kvm) \
	{ \
#entries, entries, COUNT(entries), has_kvm \
	}
static const struct vendor vendors[] = {
	VENDOR(rhel8, false), VENDOR(rhel9, true), VENDOR(uek, true),
	VENDOR(v6_14, true),  VENDOR(v7_3, true),
};

/* BTF */

struct types {
	struct btf *btf;
	int u8, u16, u32, u64;
};

static int type_of(const struct types *types, uint32_t bytes)
{
	switch (bytes) {
	case 1:
		return types->u8;
	case 2:
		return types->u16;
	case 4:
		return types->u32;
	case 8:
		return types->u64;
	default:
		return btf__add_array(types->btf, types->u32, types->u8, bytes);
	}
}

static bool is_below(const struct entry *entry, const char *structure, const char *first)
{
	size_t len = strlen(first);

	return entry->path && !strcmp(entry->structure, structure) &&
	       !strncmp(entry->path, first, len) && entry->path[len] == '.';
}

/* The struct that member @first of @structure is, of what lies below it; 0 if nothing does. */
static int add_inner(const struct types *types, const struct vendor *vendor, const char *structure,
		     const char *first, uint32_t *ret_begin)
{
	uint32_t begin = UINT32_MAX, end = 0;
	int ids[32], id, n = 0;
	char name[128];
	size_t i;

	for (i = 0; i < vendor->count; i++) {
		const struct entry *entry = &vendor->entries[i];

		if (!is_below(entry, structure, first))
			continue;
		begin = entry->offset < begin ? entry->offset : begin;
		end = entry->offset + entry->bytes > end ? entry->offset + entry->bytes : end;
		ids[n++] = type_of(types, entry->bytes);
	}
	if (!n)
		return 0;
	for (i = 0; i < vendor->count; i++)
		if (vendor->entries[i].path && !strcmp(vendor->entries[i].structure, structure) &&
		    !strcmp(vendor->entries[i].path, first))
			begin = vendor->entries[i].offset;
	snprintf(name, sizeof(name), "%s_in_%s", first, structure);
	id = btf__add_struct(types->btf, name, end - begin);
	for (i = 0, n = 0; i < vendor->count; i++) {
		const struct entry *entry = &vendor->entries[i];

		if (is_below(entry, structure, first))
			assert_int_equal(btf__add_field(types->btf, entry->path + strlen(first) + 1,
							ids[n++], 8 * (entry->offset - begin), 0),
					 0);
	}
	*ret_begin = begin;
	return id;
}

struct field {
	char name[64];
	int type;
	uint32_t bit, bits;
};

/* The fields of @structure; nested and anonymous types are added first. */
static size_t make_fields(const struct types *types, const struct vendor *vendor,
			  const char *structure, struct field *fields, uint32_t *ret_size)
{
	size_t count = 0, i, k;

	for (i = 0; i < vendor->count; i++) {
		const struct entry *entry = &vendor->entries[i];
		struct field *field = &fields[count];
		uint32_t begin = entry->offset;

		if (strcmp(entry->structure, structure))
			continue;
		if (!entry->path || entry->offset + entry->bytes > *ret_size)
			*ret_size = entry->offset + entry->bytes;
		if (!entry->path)
			continue;
		snprintf(field->name, sizeof(field->name), "%.*s", (int)strcspn(entry->path, "."),
			 entry->path);
		for (k = 0; k < count && strcmp(fields[k].name, field->name);)
			k++;
		if (k < count)
			continue;
		field->type = add_inner(types, vendor, structure, field->name, &begin);
		if (!field->type)
			field->type = type_of(types, entry->bytes);
		if (entry->kind == UNNAMED) {
			int inner = field->type;

			field->type = btf__add_union(types->btf, NULL, entry->bytes);
			assert_int_equal(btf__add_field(types->btf, field->name, inner, 0, 0), 0);
			*field->name = '\0';
		}
		field->bit = 8 * begin + entry->bit;
		field->bits = entry->bits;
		count++;
	}
	return count;
}

static void add_struct(const struct types *types, const struct vendor *vendor,
		       const char *structure)
{
	struct field fields[64];
	uint32_t size = 0;
	size_t count = make_fields(types, vendor, structure, fields, &size), i;

	assert_true(btf__add_struct(types->btf, structure, size) > 0);
	for (i = 0; i < count; i++)
		assert_int_equal(btf__add_field(types->btf, *fields[i].name ? fields[i].name : NULL,
						fields[i].type, fields[i].bit, fields[i].bits),
				 0);
}

static struct btf *make_btf(const struct vendor *vendor)
{
	struct types types = { .btf = btf__new_empty() };
	size_t i, k;

	types.u8 = btf__add_int(types.btf, "unsigned char", 1, 0);
	types.u16 = btf__add_int(types.btf, "unsigned short", 2, 0);
	types.u32 = btf__add_int(types.btf, "unsigned int", 4, 0);
	types.u64 = btf__add_int(types.btf, "unsigned long", 8, 0);
	for (i = 0; i < vendor->count; i++) {
		for (k = 0; k < i; k++)
			if (!strcmp(vendor->entries[k].structure, vendor->entries[i].structure))
				break;
		if (k == i)
			add_struct(&types, vendor, vendor->entries[i].structure);
	}
	return types.btf;
}

static void fill_layout(const struct vendor *vendor, struct xfdt_layout *layout)
{
	struct btf *btf = make_btf(vendor);
	struct xfdt_btf *types;
	const void *data;
	__u32 len;

	memset(layout, 0, sizeof(*layout));
	data = btf__raw_data(btf, &len);
	assert_ok(xfdt_btf_new(&types, data, len, NULL));
	xfdt_btf_fill(types, layout);
	xfdt_btf_free(types);
	btf__free(btf);
}

static const struct entry *entry_of(const struct vendor *vendor, const char *structure,
				    const char *path)
{
	size_t i;

	for (i = 0; i < vendor->count; i++) {
		const struct entry *entry = &vendor->entries[i];

		if (!strcmp(entry->structure, structure) && !entry->path == !path &&
		    (!path || !strcmp(entry->path, path)))
			return entry;
	}
	return NULL;
}

static void test_layouts__members_come_out_of_btf(void **state)
{
	size_t n, i;

	for (n = 0; n < COUNT(vendors); n++) {
		struct xfdt_layout layout;

		fill_layout(&vendors[n], &layout);
		for (i = 0; i < XFDT_MEMBER_COUNT; i++) {
			const struct xfdt_member_need *need = &xfdt_member_needs[i];
			const struct xfdt_member *member = &layout.members[i];
			const struct entry *entry = entry_of(&vendors[n], need->structure,
							     need->path);

			if (member->known != (entry != NULL) ||
			    (entry && (member->offset != entry->offset + entry->bit / 8 ||
				       member->bit_offset != entry->bit % 8 ||
				       member->bit_size != entry->bits)))
				fail_msg("%s: %s.%s is at %u", vendors[n].name, need->structure,
					 need->path, member->offset);
		}
		for (i = 0; i < XFDT_STRUCT_COUNT; i++)
			if (entry_of(&vendors[n], xfdt_struct_needs[i].name, NULL))
				assert_int_equal(layout.structs[i],
						 entry_of(&vendors[n], xfdt_struct_needs[i].name,
							  NULL)
							 ->bytes);
	}
}

/* memory */

#define HEAP 0xffff888100000000ull
#define KVM HEAP
#define NODE (HEAP + 0x10000)
#define VM_LIST (HEAP + 0x11000)
#define PER_CPU_OFFSET (HEAP + 0x11100)
#define NR_CPU_IDS (HEAP + 0x11200)
#define PERCPU(cpu) (HEAP + 0x12000 + 0x1000ull * (cpu))
#define PID(n) (HEAP + 0x18000 + 0x400ull * (n))
#define VCPU(n) (HEAP + 0x20000 + 0x4000ull * (n))
#define FPSTATE(n) (HEAP + 0x30000 + 0x4000ull * (n))
#define TASK(n) (HEAP + 0x40000 + 0x8000ull * (n))
#define HEAP_SIZE 0x60000

/* offsets of per-CPU variables */
#define CURRENT 0x40
#define OWNER 0x80
#define XFD_STATE 0x88

struct world {
	struct memory memory;
	struct xfdt_image image;
};

static uint64_t place(const struct world *world, uint64_t base, enum xfdt_member_id id)
{
	const struct xfdt_member *member = &world->image.layout.members[id];

	if (!member->known)
		fail_msg("no %s.%s", xfdt_member_needs[id].structure, xfdt_member_needs[id].path);
	return base + member->offset;
}

static void put(struct world *world, uint64_t base, enum xfdt_member_id id, uint64_t value)
{
	const struct xfdt_member *member = &world->image.layout.members[id];
	uint64_t kvaddr = place(world, base, id), old = 0;
	size_t bytes = member->bit_size ? 1 : member->size > 8 ? 8 : member->size;

	memcpy(&old, memory_at(&world->memory, kvaddr, bytes), bytes);
	value = old | value << member->bit_offset;
	memory_put(&world->memory, kvaddr, &value, bytes);
}

static bool has(const struct world *world, enum xfdt_member_id id)
{
	return world->image.layout.members[id].known;
}

static uint64_t fpu_of(const struct world *world, uint64_t task)
{
	return has(world, XFDT_M_task_thread_fpu) ?
		       place(world, task, XFDT_M_task_thread_fpu) :
		       task + world->image.layout.structs[XFDT_T_task_struct];
}

/* The CPU of thread @n. */
static unsigned int cpu_of(unsigned int n)
{
	return 1 - n;
}

/*
 * As the kernel does it: where task_struct.cpu exists, nobody writes thread_info.cpu
 * (RHEL 9 has both).
 */
static void put_cpu(struct world *world, uint64_t task, unsigned int cpu)
{
	put(world, task,
	    has(world, XFDT_M_task_cpu) ? XFDT_M_task_cpu : XFDT_M_task_thread_info_cpu, cpu);
}

static void put_thread(struct world *world, unsigned int n)
{
	uint64_t task = TASK(n), fpu = fpu_of(world, task), percpu = PERCPU(cpu_of(n));

	put(world, task, XFDT_M_task_pid, 1000 + n);
	put(world, task, XFDT_M_task_tgid, 1000);
	put(world, task, XFDT_M_task_on_cpu, 1);
	put_cpu(world, task, cpu_of(n));
	memory_put(&world->memory, place(world, task, XFDT_M_task_comm), "CPU 0/KVM", 10);
	put(world, fpu, XFDT_M_fpu_last_cpu, cpu_of(n));
	put(world, fpu, XFDT_M_fpu_fpstate, FPSTATE(n));
	memory_put_u64(&world->memory, place(world, PID(n), XFDT_M_pid_tasks),
		       place(world, task, XFDT_M_task_pid_links));
	memory_put_u64(&world->memory, percpu + CURRENT, task);
	memory_put_u64(&world->memory, percpu + OWNER, fpu);
	memory_put_u64(&world->memory, percpu + XFD_STATE, 0x40000 * n);
}

static void put_fpstate(struct world *world, unsigned int n)
{
	uint64_t fpstate = FPSTATE(n), header;

	put(world, fpstate, XFDT_M_fpstate_size, 2696);
	put(world, fpstate, XFDT_M_fpstate_xfeatures, 0x602e7);
	put(world, fpstate, XFDT_M_fpstate_xfd, 0x40000 * n);
	put(world, fpstate, XFDT_M_fpstate_is_guest, 1);
	put(world, fpstate, XFDT_M_fpstate_in_use, 1);
	header = place(world, fpstate, XFDT_M_fpstate_regs) + 512;
	memory_put_u64(&world->memory, header, 0x207);
}

static void put_vcpu(struct world *world, unsigned int n)
{
	uint64_t guest_fpu = place(world, VCPU(n), XFDT_M_kvm_vcpu_guest_fpu);

	put(world, VCPU(n), XFDT_M_kvm_vcpu_kvm, KVM);
	put(world, VCPU(n), XFDT_M_kvm_vcpu_vcpu_id, n);
	put(world, VCPU(n), XFDT_M_kvm_vcpu_pid, PID(n));
	put(world, guest_fpu, XFDT_M_fpu_guest_fpstate, FPSTATE(n));
	memory_put_u64(&world->memory, place(world, NODE, XFDT_M_xa_node_slots) + 8ull * n,
		       VCPU(n));
}

static void put_vm(struct world *world)
{
	uint64_t node = place(world, KVM, XFDT_M_kvm_vm_list);

	memory_put_u64(&world->memory, VM_LIST, node);
	memory_put_u64(&world->memory, node, VM_LIST);
	/* an xa_node is marked by bit 1 */
	put(world, place(world, KVM, XFDT_M_kvm_vcpu_array), XFDT_M_xarray_xa_head, NODE | 2);
	put(world, KVM, XFDT_M_kvm_online_vcpus, 2);
	put(world, KVM, XFDT_M_kvm_created_vcpus, 2);
	put(world, KVM, XFDT_M_kvm_userspace_pid, 1000);
	put_vcpu(world, 0);
	put_vcpu(world, 1);
}

static void world_init(struct world *world, const struct vendor *vendor)
{
	unsigned int n;

	memory_init(&world->memory);
	memory_add(&world->memory, HEAP, HEAP_SIZE);
	memory_image(&world->image, &world->memory);
	fill_layout(vendor, &world->image.layout);
	set_symbol(&world->image, XFDT_S_per_cpu_offset, PER_CPU_OFFSET, 16);
	set_symbol(&world->image, XFDT_S_nr_cpu_ids, NR_CPU_IDS, 4);
	set_symbol(&world->image, XFDT_S_fpu_fpregs_owner_ctx, OWNER, 8);
	set_symbol(&world->image, XFDT_S_xfd_state, XFD_STATE, 8);
	if (has(world, XFDT_M_pcpu_hot_current_task))
		set_symbol(&world->image, XFDT_S_pcpu_hot, CURRENT, 64);
	else
		set_symbol(&world->image, XFDT_S_current_task, CURRENT, 8);
	memory_put_u32(&world->memory, NR_CPU_IDS, 2);
	for (n = 0; n < 2; n++) {
		memory_put_u64(&world->memory, PER_CPU_OFFSET + 8 * n, PERCPU(n));
		put_thread(world, n);
		put_fpstate(world, n);
	}
	if (vendor->has_kvm) {
		set_symbol(&world->image, XFDT_S_vm_list, VM_LIST, 16);
		put_vm(world);
	}
}

static void world_deinit(struct world *world)
{
	xfdt_gaps_deinit(&world->image.gaps);
	memory_deinit(&world->memory);
}

static void check_thread(const struct xfdt_thread *thread, const char *vendor, unsigned int n)
{
	if (!thread->known || thread->pid != (int)(1000 + n) || thread->tgid != 1000 ||
	    strcmp(thread->comm, "CPU 0/KVM") || thread->on_cpu.value != 1)
		fail_msg("%s: thread %u: pid %d, comm %s", vendor, n, thread->pid, thread->comm);
	if (!thread->cpu.known || thread->cpu.value != cpu_of(n))
		fail_msg("%s: thread %u is on CPU %u, not %u", vendor, n,
			 (unsigned int)thread->cpu.value, cpu_of(n));
	assert_int_equal(thread->running, XFDT_YES);
	assert_true(thread->fpu.fpstate.value == FPSTATE(n));
	assert_int_equal(thread->fpu.last_cpu.value, cpu_of(n));
	assert_true(thread->owner.value == thread->fpu.kvaddr);
	assert_int_equal(thread->xfd_state.value, 0x40000 * n);
}

static void test_layouts__threads_are_read(void **state)
{
	const struct xfdt_value unknown = { .known = false };
	size_t i;

	for (i = 0; i < COUNT(vendors); i++) {
		struct world world;
		unsigned int n;

		world_init(&world, &vendors[i]);
		for (n = 0; n < 2; n++) {
			struct xfdt_thread thread;
			uint64_t task;

			assert_ok(xfdt_current_task(&world.image, cpu_of(n), &task));
			assert_true(task == TASK(n));
			assert_ok(xfdt_pid_task(&world.image, PID(n), &task));
			assert_true(task == TASK(n));
			xfdt_thread_read(&world.image, &unknown, 0, task, &thread);
			check_thread(&thread, vendors[i].name, n);
		}
		world_deinit(&world);
	}
}

static void test_layouts__vcpus_are_read(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(vendors); i++) {
		struct xfdt_host host;
		struct world world;
		unsigned int n;

		if (!vendors[i].has_kvm)
			continue;
		world_init(&world, &vendors[i]);
		assert_ok(xfdt_host_init(&host, &world.image));
		assert_int_equal(host.vm_count, 1);
		assert_int_equal(host.vms[0].pid, 1000);
		assert_int_equal(host.vms[0].vcpu_count, 2);
		for (n = 0; n < 2; n++) {
			const struct xfdt_vcpu *vcpu = &host.vms[0].vcpus[n];

			assert_int_equal(vcpu->id, n);
			assert_true(vcpu->fpstate == FPSTATE(n));
			check_thread(&vcpu->thread, vendors[i].name, n);
		}
		xfdt_host_deinit(&host);
		world_deinit(&world);
	}
}

#include "test_layouts.tests.h"
