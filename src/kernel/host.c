/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All of a host. */
#include "kernel/host.h"
#include "base/util.h"
#include "insn/insn.h"
#include "kernel/holder.h"
#include "kernel/percpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XSTATE_FLAG_ALIGNED 2 /* Linux: arch/x86/kernel/fpu/xstate.c */
#define XSAVE_AREA_MAX 65536u
/* struct new_utsname: sysname, nodename, release, version, machine, domainname */
#define UTS_FIELDS 6
#define UTS_FIELD 65
#define UTS_NODENAME 1
#define VARIABLES_MAX 16 /* that a function is asked for */
/* X86_FEATURE_XFD and X86_FEATURE_AMX_TILE (Linux: arch/x86/include/asm/cpufeatures.h) */
#define XFD_WORD 10
#define XFD_BIT 4
#define AMX_TILE_WORD 18
#define AMX_TILE_BIT 24

static void read_nodename(struct xfdt_host *host)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(host->image, XFDT_S_init_uts_ns);
	char uts[UTS_FIELDS][UTS_FIELD];
	struct xfdt_error *err;
	uint64_t kvaddr;

	if (!symbol)
		return;
	err = xfdt_member_kvaddr(host->image, symbol->kvaddr, XFDT_M_uts_namespace_name, &kvaddr);
	if (!err)
		err = xfdt_read(host->image, kvaddr, uts, sizeof(uts));
	if (!err)
		memcpy(host->nodename, uts[UTS_NODENAME], UTS_FIELD - 1);
	xfdt_error_free(err);
}

/* Word and bit of a capability (Linux: arch/x86/include/asm/cpufeatures.h). */
static struct xfdt_value cpu_capability(const struct xfdt_image *image, unsigned int word,
					unsigned int bit)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, XFDT_S_boot_cpu_data);
	struct xfdt_value value = { .known = false };
	struct xfdt_error *err;
	uint32_t bits = 0;
	uint64_t kvaddr;

	if (!symbol)
		return value;
	err = xfdt_member_kvaddr(image, symbol->kvaddr, XFDT_M_cpuinfo_x86_capability, &kvaddr);
	if (!err)
		err = xfdt_read(image, kvaddr + sizeof(bits) * word, &bits, sizeof(bits));
	value.known = !err;
	value.value = bits >> bit & 1;
	xfdt_error_free(err);
	return value;
}

/*
 * Which panic this is: build-id and the second of the crash, in clear, and a hash of the host's name and
 * the address of the task, which differ where two hosts with the same kernel crash in the same second.
 */
static void identify_panic(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_panic *panic = &host->panic;
	uint64_t hash = XFDT_HASH_INIT;
	char time[24];

	/* Linux: kernel/crash_core.c, crash_save_vmcoreinfo() */
	if (!image->build_id || !panic->task || !*host->nodename ||
	    !xfdt_vmcoreinfo_get(&image->vmcoreinfo, "CRASHTIME", time, sizeof(time)) || !*time ||
	    time[strspn(time, "0123456789")])
		return;
	hash = xfdt_hash(hash, host->nodename, strlen(host->nodename));
	hash = xfdt_hash(hash, &panic->task, sizeof(panic->task));
	snprintf(panic->id, sizeof(panic->id), "%s-%s-%016llx", image->build_id, time, ull(hash));
}

/*
 * fpu_kernel_cfg.max_features where the variable or its type has no name: the mask of the XRSTOR
 * (Linux: arch/x86/kernel/fpu/core.c, restore_fpregs_from_fpstate()).  Unknown, if more than one of
 * the variables in that code may be it.
 */
static struct xfdt_value max_features_by_code(const struct xfdt_host *host)
{
	struct xfdt_value found = { .known = false };
	uint64_t kvaddrs[VARIABLES_MAX], value;
	struct xfdt_error *err;
	size_t count, i;

	count = xfdt_function_variables(host->image, host->decoder, XFDT_S_restore_fpregs,
					XFDT_USE_READ, kvaddrs, VARIABLES_MAX);
	for (i = 0; i < count; i++) {
		err = xfdt_read_u64(host->image, kvaddrs[i], &value);
		if (!err && xfdt_xfeatures_are_possible(value)) {
			if (found.known)
				return (struct xfdt_value){ .known = false };
			found = (struct xfdt_value){ .known = true, .value = value };
		}
		xfdt_error_free(err);
	}
	return found;
}

static void read_features(struct xfdt_host *host)
{
	const struct xfdt_symbol *config = xfdt_symbol(host->image, XFDT_S_fpu_kernel_cfg);
	const struct xfdt_symbol *init = xfdt_symbol(host->image, XFDT_S_init_fpstate);
	struct xfdt_features *features = &host->features;

	if (config)
		features->max_features = xfdt_value_of(host->image, config->kvaddr,
						       XFDT_M_fpu_state_config_max_features);
	if (!features->max_features.known)
		features->max_features = max_features_by_code(host);
	if (init)
		features->init_xfd = xfdt_value_of(host->image, init->kvaddr, XFDT_M_fpstate_xfd);
	features->cpu_xfd = cpu_capability(host->image, XFD_WORD, XFD_BIT);
	features->cpu_amx_tile = cpu_capability(host->image, AMX_TILE_WORD, AMX_TILE_BIT);
	host->enabled_features = features->max_features.value;
}

/* Up to XFDT_COMPONENTS words of a static array of unsigned int. */
static void read_words(const struct xfdt_image *image, enum xfdt_symbol_id id,
		       uint32_t words[XFDT_COMPONENTS])
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, id);
	struct xfdt_error *err;
	size_t len;

	memset(words, 0, XFDT_COMPONENTS * sizeof(*words));
	if (!symbol)
		return;
	len = symbol->size < XFDT_COMPONENTS * sizeof(*words) ? symbol->size & ~3ull :
								XFDT_COMPONENTS * sizeof(*words);
	err = xfdt_read(image, symbol->kvaddr, words, len);
	if (err)
		memset(words, 0, XFDT_COMPONENTS * sizeof(*words));
	xfdt_error_free(err);
}

static void read_xsave_layout(struct xfdt_host *host)
{
	struct xfdt_xsave_layout *layout = &host->xsave_layout;
	uint32_t flags[XFDT_COMPONENTS];
	size_t i;

	read_words(host->image, XFDT_S_xstate_sizes, layout->size);
	read_words(host->image, XFDT_S_xstate_offsets, layout->standard_offset);
	read_words(host->image, XFDT_S_xstate_flags, flags);
	for (i = 0; i < XFDT_COMPONENTS; i++) {
		layout->aligned[i] = flags[i] & XSTATE_FLAG_ALIGNED;
		/* ~0: the CPU does not have this component */
		if (layout->size[i] > XSAVE_AREA_MAX || !(host->enabled_features >> i & 1))
			layout->size[i] = 0;
		if (layout->standard_offset[i] > XSAVE_AREA_MAX)
			layout->standard_offset[i] = 0;
	}
}

const struct xfdt_vm *xfdt_host_vm(const struct xfdt_host *host, size_t index)
{
	if (index < host->vm_count)
		return &host->vms[index];
	return index == host->vm_count && host->unlisted.vcpu_count ? &host->unlisted : NULL;
}

struct xfdt_vcpu *xfdt_next_vcpu(const struct xfdt_host *host, struct xfdt_vcpu_at *at)
{
	const struct xfdt_vm *vm;

	for (; (vm = xfdt_host_vm(host, at->vm)); at->vm++, at->next = 0)
		if (at->next < vm->vcpu_count)
			return &vm->vcpus[at->next++];
	return NULL;
}

uint64_t xfdt_host_online_vcpus(const struct xfdt_host *host)
{
	uint64_t online = 0;
	size_t i;

	for (i = 0; i < host->vm_count; i++)
		online += host->vms[i].online_vcpus;
	return online;
}

/*
 * A vCPU whose struct pid is not in the dump may still be that of the thread
 * that panicked: then that thread's fpu->fpstate is the guest's.
 */
static void find_threads(struct xfdt_host *host)
{
	struct xfdt_vcpu_at at = { 0 };
	struct xfdt_thread thread = { .known = false };
	struct xfdt_vcpu *vcpu;

	if (host->panic.task)
		xfdt_thread_read(host->image, &host->tif_need_fpu_load, host->panic.task,
				 host->panic.task, &thread);
	if (!thread.fpu.fpstate.known && host->panic.cpu.known)
		xfdt_holder_find(host->image, host->decoder, &host->census,
				 (unsigned int)host->panic.cpu.value, &thread);
	if (!thread.fpu.fpstate.known)
		return;
	while ((vcpu = xfdt_next_vcpu(host, &at)))
		if (!vcpu->thread.known && vcpu->fpstate &&
		    vcpu->fpstate == thread.fpu.fpstate.value)
			vcpu->thread = thread;
}

struct xfdt_error *xfdt_host_init(struct xfdt_host *host, struct xfdt_image *image)
{
	struct xfdt_error *err;

	memset(host, 0, sizeof(*host));
	host->image = image;
	if (!xfdt_is_x86_64(image))
		return NULL;
	host->decoder = xfdt_decoder_new();
	if (!host->decoder)
		return xfdt_no_memory("a disassembler");
	xfdt_set_purpose(image, XFDT_FOR_HOST);
	xfdt_percpu_by_code(image, host->decoder);
	read_nodename(host);
	read_features(host);
	read_xsave_layout(host);
	host->tif_need_fpu_load = xfdt_tif_need_fpu_load(image, host->decoder);
	err = xfdt_panic_read(host);
	identify_panic(host);
	xfdt_set_purpose(image, XFDT_FOR_VCPUS);
	if (!err)
		err = xfdt_census_init(&host->census, image);
	xfdt_census_complete(&host->census, &image->layout);
	if (!err)
		err = xfdt_kvm_read(host);
	xfdt_set_purpose(image, XFDT_FOR_HOST);
	if (!err) {
		find_threads(host);
		err = xfdt_oopses_read(host);
	}
	if (err) {
		xfdt_host_deinit(host);
		return err;
	}
	xfdt_fix_read(image, host->decoder, &host->fix);
	return NULL;
}

struct xfdt_error *xfdt_host_init_log(struct xfdt_host *host, const struct xfdt_image *image,
				      struct xfdt_log *log)
{
	struct xfdt_error *err;

	memset(host, 0, sizeof(*host));
	host->image = image;
	err = xfdt_panic_take_log(host, log);
	host->decoder = err ? NULL : xfdt_decoder_new();
	if (!err && !host->decoder)
		err = xfdt_no_memory("a disassembler");
	if (!err)
		err = xfdt_oopses_read(host);
	if (err)
		xfdt_host_deinit(host);
	return err;
}

void xfdt_host_gap(struct xfdt_host *host, const char *what, struct xfdt_error *err)
{
	bool missing = xfdt_error_code(err) == XFDT_MISSING;

	xfdt_gaps_add(&host->gaps, what, err, missing ? host->image->remedy : NULL);
}

void xfdt_host_deinit(struct xfdt_host *host)
{
	struct xfdt_vcpu_at at = { 0 };
	struct xfdt_vcpu *vcpu;
	size_t i;

	while ((vcpu = xfdt_next_vcpu(host, &at)))
		free(vcpu->error);
	for (i = 0; i < host->vm_count; i++)
		free(host->vms[i].vcpus);
	free(host->vms);
	free(host->unlisted.vcpus);
	xfdt_decoder_free(host->decoder);
	xfdt_census_deinit(&host->census);
	xfdt_panic_deinit(&host->panic);
	xfdt_gaps_deinit(&host->gaps);
	memset(host, 0, sizeof(*host));
}
