/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMs and vCPUs (Linux: include/linux/kvm_host.h, virt/kvm/kvm_main.c). */
#include "kernel/host.h"
#include "base/util.h"
#include "image/list.h"
#include "kernel/xarray.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VM_NODES_MAX 512	 /* KVM_MAX_VCPUS is 4096: 65 nodes of 64 slots, 273 of 16 */
#define NODES_MAX XFDT_VCPUS_MAX /* of all VMs: each has a vCPU below it */
#define VCPUS_ARRAY_MAX 4096

static struct xfdt_error *read_fpstate(const struct xfdt_image *image, struct xfdt_vcpu *vcpu)
{
	uint8_t header[XFDT_XSAVE_HEADER_SIZE];
	uint64_t is_guest, is_confidential, in_use, regs;
	struct xfdt_error *err;

	err = xfdt_read_member(image, vcpu->fpstate, XFDT_M_fpstate_xfeatures, &vcpu->xfeatures);
	if (!err)
		err = xfdt_read_member(image, vcpu->fpstate, XFDT_M_fpstate_xfd, &vcpu->xfd);
	if (!err)
		err = xfdt_read_member(image, vcpu->fpstate, XFDT_M_fpstate_is_guest, &is_guest);
	if (!err)
		err = xfdt_read_member(image, vcpu->fpstate, XFDT_M_fpstate_is_confidential,
				       &is_confidential);
	if (!err)
		err = xfdt_read_member(image, vcpu->fpstate, XFDT_M_fpstate_in_use, &in_use);
	if (!err)
		err = xfdt_member_kvaddr(image, vcpu->fpstate, XFDT_M_fpstate_regs, &regs);
	if (!err)
		err = xfdt_read(image, regs + XFDT_XSAVE_HEADER_OFFSET, header, sizeof(header));
	if (err)
		return xfdt_error_wrap(err, "fpstate");
	vcpu->is_guest = is_guest;
	vcpu->is_confidential = is_confidential;
	vcpu->in_use = in_use;
	xfdt_xsave_header_decode(header, &vcpu->header);
	if (!xfdt_is_intact_guest(image, vcpu->fpstate, vcpu->xfeatures))
		return xfdt_error_new(
			XFDT_CORRUPT, vcpu->fpstate,
			"%#llx does not hold a guest's fpstate (is_guest %llu, xfeatures %#llx)",
			ull(vcpu->fpstate), ull(is_guest), ull(vcpu->xfeatures));
	vcpu->size = xfdt_value_of(image, vcpu->fpstate, XFDT_M_fpstate_size);
	vcpu->user_xfeatures = xfdt_value_of(image, vcpu->fpstate, XFDT_M_fpstate_user_xfeatures);
	return NULL;
}

/* False, with the reason in @vcpu->error, if the state cannot be read. */
static bool read_fpstate_of(const struct xfdt_image *image, struct xfdt_vcpu *vcpu)
{
	struct xfdt_error *err = read_fpstate(image, vcpu);

	if (!err)
		return true;
	vcpu->error = strdup(xfdt_error_message(err));
	xfdt_error_free(err);
	return false;
}

static void read_thread(const struct xfdt_host *host, struct xfdt_vcpu *vcpu)
{
	struct xfdt_value pid = xfdt_value_of(host->image, vcpu->kvaddr, XFDT_M_kvm_vcpu_pid);
	struct xfdt_error *err;
	uint64_t task;

	/* no struct pid: KVM_RUN was never called */
	if (!pid.known || !pid.value)
		return;
	vcpu->ran = true;
	err = xfdt_pid_task(host->image, pid.value, &task);
	if (err) {
		xfdt_error_free(err);
		return;
	}
	if (task)
		xfdt_thread_read(host->image, &host->tif_need_fpu_load, host->panic.task, task,
				 &vcpu->thread);
	else
		vcpu->thread_gone = true;
}

static struct xfdt_error *read_identity(const struct xfdt_image *image, uint64_t kvm,
					struct xfdt_vcpu *vcpu)
{
	struct xfdt_error *err;
	uint64_t owner, id;

	err = xfdt_read_member(image, vcpu->kvaddr, XFDT_M_kvm_vcpu_kvm, &owner);
	if (!err && owner != kvm)
		err = xfdt_error_new(XFDT_CORRUPT, vcpu->kvaddr,
				     "its kvm is %#llx, not the VM that lists it", ull(owner));
	if (!err)
		err = xfdt_read_member(image, vcpu->kvaddr, XFDT_M_kvm_vcpu_vcpu_id, &id);
	if (!err)
		vcpu->id = (uint32_t)id;
	return err;
}

static struct xfdt_error *read_guest_fpu(const struct xfdt_image *image, struct xfdt_vcpu *vcpu)
{
	struct xfdt_error *err;
	uint64_t guest_fpu;

	err = xfdt_member_kvaddr(image, vcpu->kvaddr, XFDT_M_kvm_vcpu_guest_fpu, &guest_fpu);
	if (!err)
		err = xfdt_read_member(image, guest_fpu, XFDT_M_fpu_guest_fpstate, &vcpu->fpstate);
	if (err)
		return err;
	vcpu->guest_xfeatures = xfdt_value_of(image, guest_fpu, XFDT_M_fpu_guest_xfeatures);
	vcpu->guest_perm = xfdt_value_of(image, guest_fpu, XFDT_M_fpu_guest_perm);
	vcpu->xfd_err = xfdt_value_of(image, guest_fpu, XFDT_M_fpu_guest_xfd_err);
	vcpu->xcr0 = xfdt_value_of(image, vcpu->kvaddr, XFDT_M_kvm_vcpu_xcr0);
	vcpu->supported_xcr0 = xfdt_value_of(image, vcpu->kvaddr,
					     XFDT_M_kvm_vcpu_guest_supported_xcr0);
	vcpu->ia32_xss = xfdt_value_of(image, vcpu->kvaddr, XFDT_M_kvm_vcpu_ia32_xss);
	vcpu->xfd_no_write_intercept = xfdt_value_of(image, vcpu->kvaddr,
						     XFDT_M_kvm_vcpu_xfd_no_write_intercept);
	vcpu->mode = xfdt_value_of(image, vcpu->kvaddr, XFDT_M_kvm_vcpu_mode);
	return read_fpstate(image, vcpu);
}

static struct xfdt_error *add_vcpu(struct xfdt_host *host, struct xfdt_vm *vm, uint64_t index,
				   uint64_t kvaddr)
{
	struct xfdt_vcpu *vcpus, *vcpu;
	struct xfdt_error *err;

	if (vm->vcpu_count > vm->online_vcpus)
		return xfdt_error_new(XFDT_CORRUPT, vm->kvaddr, "more vCPUs than the %llu online",
				      ull(vm->online_vcpus));
	if (host->vcpu_count >= XFDT_VCPUS_MAX)
		return xfdt_error_new(XFDT_LIMIT, vm->kvaddr, "more than %u vCPUs", XFDT_VCPUS_MAX);
	if (!(vm->vcpu_count & (vm->vcpu_count - 1))) {
		/* the count is 0 or a power of two: double */
		vcpus = realloc(vm->vcpus,
				(vm->vcpu_count ? 2 * vm->vcpu_count : 1) * sizeof(*vcpus));
		if (!vcpus)
			return xfdt_no_memory("vCPUs");
		vm->vcpus = vcpus;
	}
	vcpu = &vm->vcpus[vm->vcpu_count++];
	host->vcpu_count++;
	*vcpu = (struct xfdt_vcpu){
		.kvaddr = kvaddr,
		.index = index,
		.id = (uint32_t)index,
		.can_run = vm->can_run,
		.in_census = XFDT_UNSURE,
		.shared = XFDT_NO,
		.unheld = XFDT_UNSURE,
		.loading = XFDT_UNSURE,
	};
	err = read_identity(host->image, vm->kvaddr, vcpu);
	if (!err)
		err = read_guest_fpu(host->image, vcpu);
	vcpu->state_known = !err;
	if (err) {
		vcpu->error = strdup(xfdt_error_message(err));
		xfdt_error_free(err);
	}
	read_thread(host, vcpu);
	return NULL;
}

struct vm_context {
	struct xfdt_host *host;
	struct xfdt_vm *vm;
};

static struct xfdt_error *visit_vcpu(void *context, uint64_t index, uint64_t pointer)
{
	struct vm_context *c = context;

	return add_vcpu(c->host, c->vm, index, pointer);
}

/* struct kvm_vcpu *vcpus[KVM_MAX_VCPUS], before v5.17 */
static struct xfdt_error *walk_vcpus_array(struct xfdt_host *host, struct xfdt_vm *vm)
{
	size_t count = host->image->layout.members[XFDT_M_kvm_vcpus].size / 8, i;
	struct xfdt_error *err;
	uint64_t array, pointer;

	if (count > VCPUS_ARRAY_MAX)
		count = VCPUS_ARRAY_MAX;
	if (count > vm->online_vcpus)
		count = vm->online_vcpus;
	err = xfdt_member_kvaddr(host->image, vm->kvaddr, XFDT_M_kvm_vcpus, &array);
	for (i = 0; !err && i < count; i++) {
		err = xfdt_read_u64(host->image, array + 8 * i, &pointer);
		if (!err && pointer)
			err = add_vcpu(host, vm, i, pointer);
	}
	return err;
}

/* At most *@nodes_left nodes of xarrays are read, and it is less by those that were. */
static struct xfdt_error *walk_vcpus(struct xfdt_host *host, struct xfdt_vm *vm,
				     unsigned int *nodes_left)
{
	unsigned int most = *nodes_left < VM_NODES_MAX ? *nodes_left : VM_NODES_MAX, left = most;
	struct vm_context context = { .host = host, .vm = vm };
	struct xfdt_error *err;
	uint64_t xarray;

	if (!xfdt_has_member(host->image, XFDT_M_kvm_vcpu_array)) {
		if (xfdt_has_member(host->image, XFDT_M_kvm_vcpus))
			return walk_vcpus_array(host, vm);
		return xfdt_error_new(XFDT_MISSING, 0,
				      "struct kvm has neither vcpu_array nor vcpus");
	}
	err = xfdt_member_kvaddr(host->image, vm->kvaddr, XFDT_M_kvm_vcpu_array, &xarray);
	if (!err)
		err = xfdt_xarray_walk(host->image, xarray, &left, visit_vcpu, &context);
	*nodes_left -= most - left;
	return err;
}

/* PF_USER_WORKER and PF_KTHREAD (Linux: include/linux/sched.h) */
#define WORKER_FLAGS 0x204000u

/*
 * The process that made the VM: its group leader owns the mm.  When it has died, one of KVM's
 * workers may (Linux kernel commit d96c77bd4eeb ("KVM: x86: switch hugepage recovery thread to
 * vhost_task") (in v6.13)).
 */
static void read_owner(const struct xfdt_image *image, struct xfdt_vm *vm)
{
	struct xfdt_value pid = xfdt_value_of(image, vm->kvaddr, XFDT_M_kvm_userspace_pid);
	struct xfdt_value mm = xfdt_value_of(image, vm->kvaddr, XFDT_M_kvm_mm);
	struct xfdt_value owner = { .known = false }, flags;

	if (pid.known)
		vm->pid = (int)pid.value;
	if (mm.known && mm.value)
		owner = xfdt_value_of(image, mm.value, XFDT_M_mm_owner);
	if (!owner.known || !owner.value)
		return;
	flags = xfdt_value_of(image, owner.value, XFDT_M_task_flags);
	vm->maker_gone = flags.known && flags.value & WORKER_FLAGS;
	if (!vm->maker_gone)
		xfdt_task_comm(image, owner.value, vm->comm);
}

struct mm_search {
	const struct xfdt_image *image;
	uint64_t mm;
	bool found, unreadable;
};

static bool visit_mm(void *context, uint64_t task)
{
	struct mm_search *search = context;
	struct xfdt_value mm = xfdt_value_of(search->image, task, XFDT_M_task_mm);

	search->unreadable |= !mm.known;
	search->found = mm.known && mm.value == search->mm;
	return search->found;
}

/* Has any thread @mm?  KVM_RUN needs one (Linux: virt/kvm/kvm_main.c, kvm_vcpu_ioctl()). */
static enum xfdt_truth any_thread_has(const struct xfdt_image *image, uint64_t mm)
{
	struct mm_search search = { .image = image, .mm = mm };
	struct xfdt_error *err = xfdt_tasks_walk(image, visit_mm, &search);
	bool whole = !err && !search.unreadable;

	xfdt_error_free(err);
	return search.found ? XFDT_YES : whole ? XFDT_NO : XFDT_UNSURE;
}

/* Is there a struct mm_struct at @mm: its page tables are a page of the kernel's? */
static bool is_mm(const struct xfdt_image *image, uint64_t mm)
{
	struct xfdt_value pgd = xfdt_value_of(image, mm, XFDT_M_mm_pgd);

	return pgd.known && xfdt_is_kernel_address(pgd.value) && !(pgd.value % XFDT_PAGE_SIZE);
}

/*
 * Is the VM dead?  kvm_vm_bugged() sets both members, which are each other's witness.
 * A VM that kvm_vm_dead() alone ended is unsure: confidential VMs that move to another
 * host, and SMM that cannot be entered (Linux: include/linux/kvm_host.h).
 */
static enum xfdt_truth is_dead(const struct xfdt_image *image, uint64_t kvm,
			       const struct xfdt_value *bugged)
{
	struct xfdt_value dead = xfdt_value_of(image, kvm, XFDT_M_kvm_vm_dead);
	enum xfdt_truth truth = xfdt_value_bool(&dead);

	return truth == xfdt_value_bool(bugged) ? truth : XFDT_UNSURE;
}

/* KVM_RUN returns an error if the VM is dead, or if the caller's mm is not the VM's. */
static enum xfdt_truth vm_can_run(const struct xfdt_image *image, uint64_t kvm,
				  const struct xfdt_value *bugged)
{
	struct xfdt_value mm = xfdt_value_of(image, kvm, XFDT_M_kvm_mm), users = { .known = false };
	enum xfdt_truth dead = is_dead(image, kvm, bugged);

	if (dead == XFDT_YES)
		return XFDT_NO;
	if (mm.known && mm.value)
		users = xfdt_value_of(image, mm.value, XFDT_M_mm_users);
	if (users.known && !users.value)
		return is_mm(image, mm.value) && any_thread_has(image, mm.value) == XFDT_NO ?
			       XFDT_NO :
			       XFDT_UNSURE;
	return dead == XFDT_NO ? XFDT_YES : XFDT_UNSURE;
}

static struct xfdt_error *add_vm(struct xfdt_host *host, uint64_t kvaddr, struct xfdt_vm **ret_vm)
{
	struct xfdt_vm *vms, *vm;

	if (host->vm_count >= XFDT_VMS_MAX)
		return xfdt_error_new(XFDT_LIMIT, kvaddr, "more than %u VMs", XFDT_VMS_MAX);
	if (!(host->vm_count & (host->vm_count - 1))) {
		vms = realloc(host->vms, (host->vm_count ? 2 * host->vm_count : 1) * sizeof(*vms));
		if (!vms)
			return xfdt_no_memory("VMs");
		host->vms = vms;
	}
	vm = &host->vms[host->vm_count++];
	*vm = (struct xfdt_vm){ .kvaddr = kvaddr };
	read_owner(host->image, vm);
	vm->bugged = xfdt_value_of(host->image, kvaddr, XFDT_M_kvm_vm_bugged);
	vm->can_run = vm_can_run(host->image, kvaddr, &vm->bugged);
	*ret_vm = vm;
	return NULL;
}

/* kvm_vm_ioctl_create_vcpu() stores a vCPU, and counts it in online_vcpus right after. */
static bool is_being_created(const struct xfdt_host *host, const struct xfdt_vm *vm)
{
	struct xfdt_value created = xfdt_value_of(host->image, vm->kvaddr,
						  XFDT_M_kvm_created_vcpus);

	return vm->vcpu_count == vm->online_vcpus + 1 && created.known &&
	       created.value > vm->online_vcpus;
}

static struct xfdt_error *read_vm(struct xfdt_host *host, uint64_t kvaddr, unsigned int *nodes_left)
{
	struct xfdt_error *err;
	struct xfdt_vm *vm;

	err = add_vm(host, kvaddr, &vm);
	if (err)
		return err;
	err = xfdt_read_member(host->image, kvaddr, XFDT_M_kvm_online_vcpus, &vm->online_vcpus);
	vm->counted = !err;
	if (!err)
		err = walk_vcpus(host, vm, nodes_left);
	if (!err && vm->vcpu_count != vm->online_vcpus && !is_being_created(host, vm))
		err = xfdt_error_new(XFDT_CORRUPT, kvaddr, "%zu vCPUs found, %llu online",
				     vm->vcpu_count, ull(vm->online_vcpus));
	vm->complete = !err;
	if (!err)
		return NULL;
	if (xfdt_error_code(err) == XFDT_NO_MEMORY)
		return err;
	xfdt_host_gap(host, "all vCPUs of every VM", xfdt_error_wrap(err, "VM %#llx", ull(kvaddr)));
	return NULL;
}

static bool have_vm(const struct xfdt_host *host, uint64_t kvaddr)
{
	size_t i;

	for (i = 0; i < host->vm_count; i++)
		if (host->vms[i].kvaddr == kvaddr)
			return true;
	return false;
}

static struct xfdt_error *walk_vms(struct xfdt_host *host)
{
	const struct xfdt_symbol *list = xfdt_symbol(host->image, XFDT_S_vm_list);
	unsigned int nodes_left = NODES_MAX;
	struct xfdt_error *err = NULL;
	struct xfdt_list vms;
	uint64_t kvm;

	for (xfdt_list_begin(host->image, list->kvaddr, &vms); !err && !xfdt_list_at_end(&vms);
	     xfdt_list_next(&vms)) {
		err = xfdt_container_of(host->image, vms.node, XFDT_M_kvm_vm_list, &kvm);
		if (!err && have_vm(host, kvm))
			err = xfdt_error_new(XFDT_CORRUPT, vms.node,
					     "the list of VMs comes back to VM %#llx", ull(kvm));
		if (!err)
			err = read_vm(host, kvm, &nodes_left);
	}
	return err ? err : xfdt_list_check(&vms);
}

static bool all_are_complete(const struct xfdt_host *host)
{
	size_t i;

	for (i = 0; i < host->vm_count; i++)
		if (!host->vms[i].complete)
			return false;
	return true;
}

/* Does the kernel count more VMs than its list has? */
static bool has_more_vms(const struct xfdt_host *host)
{
	return host->vms_counted.known && host->vms_counted.value > host->vm_count;
}

/* Do the VMs count as many vCPUs as there are guest FPU states?  Then it does not matter which is whose. */
static bool all_are_counted(const struct xfdt_host *host)
{
	size_t i;

	for (i = 0; i < host->vm_count; i++)
		if (!host->vms[i].counted)
			return false;
	return host->vms_known && !has_more_vms(host) &&
	       xfdt_host_online_vcpus(host) == host->census.count;
}

static struct xfdt_error *read_lists(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_error *err;

	if (!xfdt_symbol(image, XFDT_S_vm_list)) {
		if (image->modules_known && !image->kvm_is_module && !image->kvm_is_built_in) {
			host->kvm = XFDT_KVM_ABSENT;
			return NULL;
		}
		if (image->kvm_is_module || image->kvm_is_built_in) {
			host->kvm = XFDT_KVM_LOADED;
			xfdt_gaps_add(
				&host->gaps, "the list of VMs",
				xfdt_error_new(
					XFDT_MISSING, 0,
					"kvm is loaded and its 'vm_list' is not among the symbols in the dump"),
				image->kvm_is_built_in ?
					"name the kernel's vmlinux with its symbol table (-d); of a distilled dump, triage the original" :
					"name its kvm.ko with a symbol table (-d); of a distilled dump, triage the original");
		}
		return NULL;
	}
	host->kvm = XFDT_KVM_LOADED;
	if (!xfdt_layout_is_complete(&image->layout))
		return NULL; /* a gap of the image */
	err = walk_vms(host);
	host->vms_known = !err;
	host->lists_known = !err && all_are_complete(host) && !has_more_vms(host);
	if (err && xfdt_error_code(err) == XFDT_NO_MEMORY)
		return err;
	if (err)
		xfdt_host_gap(host, "the list of VMs", err);
	return NULL;
}

const struct xfdt_vcpu *xfdt_kvm_find(const struct xfdt_host *host, uint64_t fpstate,
				      const struct xfdt_vm **ret_vm)
{
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;

	while (fpstate && (vcpu = xfdt_next_vcpu(host, &at))) {
		if (vcpu->fpstate != fpstate)
			continue;
		if (ret_vm)
			*ret_vm = xfdt_host_vm(host, at.vm);
		return vcpu;
	}
	return NULL;
}

/* the census */

static int by_fpstate(const void *left, const void *right)
{
	const struct xfdt_vcpu *const *a = left, *const *b = right;

	return (*a)->fpstate < (*b)->fpstate ? -1 : (*a)->fpstate > (*b)->fpstate;
}

/*
 * Threads that hold a guest's state, for states whose thread is not known by its
 * vCPU: on no list, or the vCPU's struct pid leads to no thread that holds it.
 */
struct owner_search {
	struct xfdt_host *host;
	struct xfdt_vcpu **sought; /* by fpstate */
	size_t count, left;
	bool unreadable; /* a thread is, which may hold one of them */
	bool damaged;	 /* a thread holds a state that no guest has */
	bool whole;	 /* look at every thread, also if none is sought */
};

bool xfdt_vcpu_is_held(const struct xfdt_vcpu *vcpu)
{
	return vcpu->thread.known && vcpu->thread.fpu.fpstate.known &&
	       vcpu->thread.fpu.fpstate.value == vcpu->fpstate;
}

/* It depends on which thread holds the state: what it says now, and what was saved over it. */
static bool needs_holder(const struct xfdt_vcpu *vcpu)
{
	return vcpu->state_known && vcpu->in_use && vcpu->xfd && !xfdt_vcpu_is_held(vcpu);
}

/* The number of the first vCPU that is sought with @fpstate, or of the one where it would be. */
static size_t first_of(const struct owner_search *search, uint64_t fpstate)
{
	size_t low = 0, high = search->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (search->sought[middle]->fpstate < fpstate)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Between fpu_swap_kvm_fpstate() for a guest and back, task_fpstate is the thread's own state (Linux:
 * arch/x86/kernel/fpu/core.c).
 */
static bool holds_unknown_state(const struct xfdt_host *host, const struct xfdt_thread_fpu *fpu)
{
	return fpu->task_fpstate.value && fpu->fpstate.value != fpu->task_fpstate.value &&
	       !xfdt_census_find(&host->census, fpu->fpstate.value);
}

static bool visit_owner(void *context, uint64_t task)
{
	struct owner_search *search = context;
	struct xfdt_host *host = search->host;
	struct xfdt_thread_fpu fpu;
	size_t i;

	if (!xfdt_thread_fpu(host->image, task, &fpu) || !fpu.fpstate.known) {
		search->unreadable = true;
		return false;
	}
	if (holds_unknown_state(host, &fpu)) {
		search->damaged = true;
		host->unknown_held = fpu.fpstate.value;
	}
	for (i = first_of(search, fpu.fpstate.value);
	     i < search->count && search->sought[i]->fpstate == fpu.fpstate.value; i++) {
		struct xfdt_vcpu *vcpu = search->sought[i];

		if (!needs_holder(vcpu))
			continue;
		xfdt_thread_read(host->image, &host->tif_need_fpu_load, host->panic.task, task,
				 &vcpu->thread);
		search->left -= xfdt_vcpu_is_held(vcpu);
	}
	return !search->left && !search->whole;
}

/* Does the dump say how to find a thread and what it holds?  Without types nothing does. */
static bool knows_threads(const struct xfdt_image *image)
{
	return xfdt_symbol(image, XFDT_S_init_task) && xfdt_has_member(image, XFDT_M_task_tasks) &&
	       xfdt_has_member(image, XFDT_M_fpu_fpstate);
}

static void search_owners(struct owner_search *search)
{
	struct xfdt_host *host = search->host;
	struct xfdt_error *err;
	size_t i;

	/* the panicking thread first: it is the one that matters most, and costs nothing */
	if (host->panic.task && visit_owner(search, host->panic.task))
		return;
	err = xfdt_tasks_walk(host->image, visit_owner, search);
	for (i = 0; i < search->count; i++) {
		struct xfdt_vcpu *vcpu = search->sought[i];

		if (!needs_holder(vcpu))
			continue;
		vcpu->unheld = err || search->unreadable ||
					       (search->damaged && !vcpu->thread.known) ?
				       XFDT_UNSURE :
				       XFDT_YES;
	}
	host->holders_unread = search->whole && knows_threads(host->image) &&
			       (err || search->unreadable) && !all_are_counted(host);
	if (err && search->count)
		xfdt_host_gap(host, "which thread holds a guest FPU state", err);
	else
		xfdt_error_free(err);
}

/* Where KVM's lists are not known, what threads hold is the second witness of the census. */
static struct xfdt_error *find_owners(struct xfdt_host *host)
{
	struct owner_search search = {
		.host = host,
		.whole = host->census.known && !host->lists_known &&
			 (host->kvm != XFDT_KVM_ABSENT || host->has_guest_callbacks),
	};
	struct xfdt_vcpu_at at = { 0 };
	struct xfdt_vcpu *vcpu;

	while ((vcpu = xfdt_next_vcpu(host, &at)))
		search.left += needs_holder(vcpu);
	if (!search.left && !search.whole)
		return NULL;
	search.sought = calloc(search.left + 1, sizeof(*search.sought));
	if (!search.sought)
		return xfdt_no_memory("vCPUs");
	at = (struct xfdt_vcpu_at){ 0 };
	while ((vcpu = xfdt_next_vcpu(host, &at)))
		if (needs_holder(vcpu))
			search.sought[search.count++] = vcpu;
	qsort(search.sought, search.count, sizeof(*search.sought), by_fpstate);
	search_owners(&search);
	free(search.sought);
	return NULL;
}

static struct xfdt_error *add_unlisted(struct xfdt_host *host, const struct xfdt_guest_state *state)
{
	struct xfdt_vm *vm = &host->unlisted;
	struct xfdt_vcpu *vcpu;

	if (!vm->vcpus)
		vm->vcpus = calloc(host->census.count, sizeof(*vm->vcpus));
	if (!vm->vcpus)
		return xfdt_no_memory("guest states");
	vcpu = &vm->vcpus[vm->vcpu_count++];
	*vcpu = (struct xfdt_vcpu){
		.fpstate = state->fpstate,
		.index = vm->vcpu_count - 1,
		.can_run = XFDT_UNSURE,
		.shared = xfdt_truth(state->doubled),
		.in_census = XFDT_YES,
		.loading = XFDT_UNSURE,
		.unheld = XFDT_UNSURE,
		.ran = true, /* nothing says that none did */
	};
	if (read_fpstate_of(host->image, vcpu))
		vcpu->state_known = true;
	return NULL;
}

/*
 * If the census is empty but lists lead to intact states, the page tables that it walked
 * were blank, as in a dump that an older version distilled, or are damaged.
 */
static void distrust_census(struct xfdt_host *host)
{
	struct xfdt_census *census = &host->census;
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;
	bool any = false;

	while (!any && (vcpu = xfdt_next_vcpu(host, &at)))
		any = vcpu->state_known;
	if (!any || !census->known || census->count)
		return;
	census->known = census->complete = false;
	census->outdated = host->image->embedded;
	snprintf(census->why, sizeof(census->why), "%s",
		 census->outdated ?
			 XFDT_OUTDATED :
			 "the page tables lead to no guest FPU state, but KVM's lists do");
}

/* Hold lists and census against each other: each state once, or the difference is kept. */
static struct xfdt_error *compare_with_census(struct xfdt_host *host)
{
	struct xfdt_vcpu **sorted = calloc(host->vcpu_count + 1, sizeof(struct xfdt_vcpu *));
	const struct xfdt_census *census = &host->census;
	struct xfdt_vcpu_at at = { 0 };
	struct xfdt_error *err = NULL;
	size_t i, s, count = 0;
	struct xfdt_vcpu *vcpu;

	if (!sorted)
		return xfdt_no_memory("vCPUs");
	while ((vcpu = xfdt_next_vcpu(host, &at)))
		if (vcpu->fpstate && count < host->vcpu_count)
			sorted[count++] = vcpu;
	qsort(sorted, count, sizeof(struct xfdt_vcpu *), by_fpstate);
	for (i = 0; i < count; i++) {
		const struct xfdt_guest_state *state = xfdt_census_find(census, sorted[i]->fpstate);

		if (census->known)
			sorted[i]->in_census = xfdt_truth(state);
		if (state && state->doubled)
			sorted[i]->shared = XFDT_YES;
		if (i && sorted[i]->fpstate == sorted[i - 1]->fpstate)
			sorted[i]->shared = sorted[i - 1]->shared = XFDT_YES;
	}
	for (i = s = 0; !err && census->known && s < census->count; s++) {
		while (i < count && sorted[i]->fpstate < census->states[s].fpstate)
			i++;
		if (i == count || sorted[i]->fpstate != census->states[s].fpstate)
			err = add_unlisted(host, &census->states[s]);
	}
	free(sorted);
	return err;
}

/* Read the variables that show, independently of the lists, whether KVM is loaded and how many VMs it has. */
static void read_witnesses(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_value callbacks = xfdt_value_at(image, XFDT_S_perf_guest_cbs, sizeof(uint64_t));

	host->has_guest_callbacks = callbacks.known && xfdt_is_in_module(image, callbacks.value);
	host->vms_counted = xfdt_value_at(image, XFDT_S_preempt_notifier_key, sizeof(int32_t));
	/* it is -1 for a moment before it is 1 (Linux: kernel/jump_label.c, static_key_slow_inc()) */
	host->vms_counted.known &= host->vms_counted.value <= INT32_MAX;
}

struct xfdt_error *xfdt_kvm_read(struct xfdt_host *host)
{
	struct xfdt_error *err;

	read_witnesses(host);
	err = read_lists(host);
	if (!err)
		distrust_census(host);
	if (!err)
		err = compare_with_census(host);
	if (!err)
		err = find_owners(host);
	return err;
}
