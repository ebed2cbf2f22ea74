/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts of a host (docs/verdicts.md). */
#include "kernel/facts.h"
#include "kernel/facts_parts.h"
#include "kernel/host.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XTILEDATA (1ull << XFDT_XFEATURE_XTILEDATA)

const char *xfdt_fact_name(enum xfdt_fact_id id)
{
	static const char *const names[XFDT_FACTS] = {
		"kvm", "capable", "hit", "panicked", "ended", "complete",
	};

	return names[id];
}

const char *xfdt_hit_state_name(enum xfdt_hit_state state)
{
	static const char *const names[XFDT_HIT_STATES] = {
		NULL, "mismatch", "saved over", "none", "look-alike", "absent", "unknown",
	};

	return names[state];
}

void xfdt_fact_set(struct xfdt_facts *facts, enum xfdt_fact_id id, enum xfdt_truth value,
		   const char *format, ...)
{
	struct xfdt_fact *fact = &facts->items[id];
	va_list args;

	va_start(args, format);
	vsnprintf(fact->why, sizeof(fact->why), format, args);
	va_end(args);
	fact->value = value;
}

void xfdt_remark_add(struct xfdt_remarks *notes, const char *format, ...)
{
	va_list args;

	if (notes->count == XFDT_REMARKS_MAX)
		return;
	va_start(args, format);
	vsnprintf(notes->items[notes->count++], sizeof(notes->items[0]), format, args);
	va_end(args);
}

/* kvm */

/* Is it a restore of a state whose owner is not known? */
static bool is_open_restore(const struct xfdt_fault *fault)
{
	return (fault->decoded || xfdt_is_restore_name(fault->function)) &&
	       fault->target != XFDT_TARGET_HOST && fault->target != XFDT_TARGET_ELSEWHERE &&
	       !fault->fpstate.intact_guest;
}

/* A restore of nobody's state, in any of the faults: KVM may have been unloaded since. */
static bool has_open_restore(const struct xfdt_host *host)
{
	size_t i;

	for (i = 0; i < host->panic.fault_count; i++)
		if (is_open_restore(&host->panic.faults[i]))
			return true;
	return false;
}

/* What speaks for KVM where the list of modules lacks it; NULL: nothing, or the list has it. */
static const char *contradicts_modules(const struct xfdt_host *host)
{
	if (host->kvm != XFDT_KVM_ABSENT)
		return NULL;
	if (host->census.known && host->census.count)
		return "there are guest FPU states in memory";
	if (host->has_guest_callbacks)
		return "perf_guest_cbs points to a module, as it does while kvm is loaded";
	if (host->panic.log_known && xfdt_logged_kvm(&host->panic.log, true))
		return "the log says that it was";
	if (host->census.known && host->census.damaged)
		return "damaged page tables may hide guest FPU states";
	if (has_open_restore(host))
		return "it may have been at the time of the fault";
	return NULL;
}

static void find_kvm(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	size_t states = host->census.known ? host->census.count : 0;
	const char *but = contradicts_modules(host);

	if (host->kvm == XFDT_KVM_LOADED)
		xfdt_fact_set(facts, XFDT_FACT_KVM, XFDT_YES,
			      host->image->kvm_is_module ? "the module kvm is loaded" :
							   "KVM is there");
	else if (but)
		xfdt_fact_set(facts, XFDT_FACT_KVM, XFDT_UNSURE, "no module kvm is loaded, but %s",
			      but);
	else if (states)
		xfdt_fact_set(facts, XFDT_FACT_KVM, XFDT_YES,
			      "there are %zu guest FPU states in memory", states);
	else if (host->kvm == XFDT_KVM_ABSENT)
		xfdt_fact_set(facts, XFDT_FACT_KVM, XFDT_NO,
			      "KVM is neither loaded nor built in, so there is no guest FPU state");
	else
		xfdt_fact_set(facts, XFDT_FACT_KVM, XFDT_UNSURE,
			      "whether the module kvm is loaded is not known");
}

/* capable */

/* Has any guest state room for XTILEDATA? */
static bool any_state_has_tiles(const struct xfdt_host *host)
{
	const struct xfdt_vcpu *vcpu;
	struct xfdt_vcpu_at at = { 0 };

	while ((vcpu = xfdt_next_vcpu(host, &at)))
		if (vcpu->state_known &&
		    (vcpu->header.xcomp_bv | vcpu->header.xstate_bv | vcpu->xfd) & XTILEDATA)
			return true;
	return false;
}

static bool has_no_xfd_symbols(const struct xfdt_host *host)
{
	return xfdt_has_symbol_table(host->image) &&
	       !xfdt_symbol(host->image, XFDT_S_fpu_update_guest_xfd) &&
	       !xfdt_symbol(host->image, XFDT_S_xfd_state) && !host->census.count;
}

/* Is the kernel older than guest states with an xfd, by its types and by its symbols? */
static bool is_before_xfd(const struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;

	return !xfdt_has_member(image, XFDT_M_fpstate_xfd) &&
	       xfdt_has_struct(image, XFDT_T_task_struct) &&
	       xfdt_has_member(image, XFDT_M_task_thread_fpu) && has_no_xfd_symbols(host);
}

/*
 * The same without types: a variable that fpu_kernel_cfg replaced in v5.16, and what it has.  Vendors brought XFD to
 * older kernels together with fpu_kernel_cfg.
 */
static bool is_before_fpu_kernel_cfg(const struct xfdt_host *host, uint64_t *ret_features)
{
	struct xfdt_value mask = xfdt_value_at(host->image, XFDT_S_xfeatures_mask_all,
					       sizeof(uint64_t));

	*ret_features = mask.value;
	return mask.known && xfdt_xfeatures_are_possible(mask.value) && !(mask.value & XTILEDATA) &&
	       !xfdt_has_struct(host->image, XFDT_T_fpstate) &&
	       !xfdt_symbol(host->image, XFDT_S_fpu_kernel_cfg) && has_no_xfd_symbols(host);
}

/* Where boot_cpu_data cannot be read, the line of the boot is the second witness. */
static void find_capable_by_log(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	const struct xfdt_log_line *line = NULL;
	const enum xfdt_fact_id id = XFDT_FACT_CAPABLE;
	uint64_t max = host->features.max_features.value, logged = 0;

	if (host->panic.log_known)
		line = xfdt_logged_features(&host->panic.log, &logged);
	if (line && logged == max && !any_state_has_tiles(host))
		xfdt_fact_set(facts, id, XFDT_NO,
			      "max_features 0x%" PRIx64
			      " lacks XTILEDATA, and the kernel logged the same features when it "
			      "booted: no state can have the mismatch",
			      max);
	else
		xfdt_fact_set(
			facts, id, XFDT_UNSURE,
			"max_features 0x%" PRIx64
			" lacks XTILEDATA, but no second witness (boot_cpu_data, or the line of "
			"the boot in the log) agrees",
			max);
}

static void find_capable(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	const struct xfdt_features *f = &host->features;
	uint64_t max = f->max_features.value;
	bool sane = f->max_features.known && xfdt_xfeatures_are_possible(max);
	bool cpu_known = f->cpu_xfd.known && f->cpu_amx_tile.known;
	const enum xfdt_fact_id id = XFDT_FACT_CAPABLE;
	uint64_t mask;

	if (is_before_xfd(host))
		xfdt_fact_set(
			facts, id, XFDT_NO,
			"the kernel has no fpstate->xfd (types) and no fpu_update_guest_xfd() (symbols): it is older than guest XFD");
	else if (is_before_fpu_kernel_cfg(host, &mask))
		xfdt_fact_set(
			facts, id, XFDT_NO,
			"xfeatures_mask_all 0x%" PRIx64
			" lacks XTILEDATA, and the kernel has no fpu_kernel_cfg, xfd_state and fpu_update_guest_xfd() (symbols): it is older than guest XFD",
			mask);
	else if (!sane)
		xfdt_fact_set(facts, id, XFDT_UNSURE, "fpu_kernel_cfg.max_features %s",
			      f->max_features.known ? "is not plausible" : "cannot be read");
	else if (max & XTILEDATA)
		xfdt_fact_set(facts, id, cpu_known && !f->cpu_xfd.value ? XFDT_UNSURE : XFDT_YES,
			      "max_features 0x%" PRIx64 " has XTILEDATA%s", max,
			      cpu_known && !f->cpu_xfd.value ?
				      ", but the CPU's capability bits lack XFD" :
				      "");
	else if (!cpu_known)
		find_capable_by_log(facts, host);
	else if (f->cpu_amx_tile.value)
		xfdt_fact_set(facts, id, XFDT_UNSURE,
			      "max_features 0x%" PRIx64
			      " lacks XTILEDATA, but the CPU's capability bits have AMX",
			      max);
	else if ((f->init_xfd.known && f->init_xfd.value & XTILEDATA) || any_state_has_tiles(host))
		xfdt_fact_set(facts, id, XFDT_UNSURE,
			      "max_features 0x%" PRIx64 " lacks XTILEDATA, but %s has it", max,
			      any_state_has_tiles(host) ? "a guest's state" : "init_fpstate.xfd");
	else
		xfdt_fact_set(
			facts, id, XFDT_NO,
			"max_features 0x%" PRIx64
			" lacks XTILEDATA, and the CPU's capability bits lack %sAMX: no state can have the mismatch",
			max, f->cpu_xfd.value ? "" : "XFD and ");
}

/* panicked */

static void find_panicked(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	const struct xfdt_panic *panic = &host->panic;
	const char *words = panic->log_known ? xfdt_last_words(&panic->log, &panic->events) : NULL;
	const enum xfdt_fact_id id = XFDT_FACT_PANICKED;

	if (panic->panicked == XFDT_YES)
		xfdt_fact_set(facts, id, XFDT_YES, "CPU %" PRIu64 "%s%.160s%s", panic->cpu.value,
			      words ? " (log: \"" : "", words ? words : "", words ? "\")" : "");
	else if (panic->panicked == XFDT_NO)
		xfdt_fact_set(
			facts, id, XFDT_NO,
			"panic_cpu is -1 and the log has no panic: the kernel was running when the dump was taken");
	else
		xfdt_fact_set(facts, id, XFDT_UNSURE, "panic_cpu %s",
			      xfdt_symbol(host->image, XFDT_S_panic_cpu) &&
					      xfdt_event_last(&panic->events, XFDT_EVENT_PANIC) ?
				      "is -1, but the log has a panic" :
				      "cannot be read");
}

/* look-alikes */

static void find_look_alikes(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	static const struct {
		enum xfdt_event_kind kind;
		const char *what;
	} look_alikes[] = {
		{ XFDT_EVENT_BAD_FPU,
		  "XRSTOR raised #GP (a header or MXCSR that it refuses); the kernel repairs that and continues; not XFD" },
		{ XFDT_EVENT_CR0_TS,
		  "#NM because CR0.TS was set; the kernel clears it and continues; not XFD" },
		{ XFDT_EVENT_KVM_LOAD_PUT,
		  "unbalanced kvm_load_guest_fpu() and kvm_put_guest_fpu(): another KVM bug" },
		{ XFDT_EVENT_XFD_STATE,
		  "xfd_validate_state() warned: IA32_XFD and the current task's state disagree; for a host task, see CVE-2025-68171" },
		{ XFDT_EVENT_FPREGS_STATE,
		  "fpregs_assert_state_consistent() warned: TIF_NEED_FPU_LOAD and the owner of the registers disagree" },
		{ XFDT_EVENT_FREE_IN_USE,
		  "fpu_free_guest_fpstate() warned: a guest FPU state was freed while in use, which follows when a vCPU thread is killed" },
		{ XFDT_EVENT_UABI_REFUSED,
		  "KVM_SET_XSAVE with a component that XFD disables was refused: the fix at work" },
		{ XFDT_EVENT_USER_XFD,
		  "a user process used AMX without permission and was sent a signal: no kernel bug" },
	};
	const struct xfdt_panic *panic = &host->panic;
	size_t i;

	for (i = 0; i < sizeof(look_alikes) / sizeof(look_alikes[0]); i++) {
		const struct xfdt_event *event = xfdt_event_last(&panic->events,
								 look_alikes[i].kind);

		if (event)
			xfdt_remark_add(&facts->look_alikes, "%s (log: \"%.120s\")",
					look_alikes[i].what, panic->log.lines[event->line].text);
	}
}

static void find_fixed(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	const struct xfdt_fix *fix = &host->fix;

	facts->fixed = XFDT_UNSURE;
	if (fix->vmlinux == XFDT_ABSENT || fix->kvm == XFDT_ABSENT)
		facts->fixed = XFDT_NO;
	else if (fix->vmlinux == XFDT_PRESENT && fix->kvm == XFDT_PRESENT &&
		 !(fix->livepatched.known && fix->livepatched.value))
		facts->fixed = XFDT_YES;
}

struct xfdt_error *xfdt_facts_init(struct xfdt_facts *facts, const struct xfdt_host *host)
{
	struct xfdt_error *err;

	memset(facts, 0, sizeof(*facts));
	facts->x86_64 = xfdt_is_x86_64(host->image);
	if (!facts->x86_64) {
		xfdt_fact_set(facts, XFDT_FACT_CAPABLE, XFDT_NO,
			      "the kernel is for %s; IA32_XFD exists on x86-64 only",
			      host->image->arch);
		xfdt_fact_set(facts, XFDT_FACT_HIT, XFDT_NO, "it cannot happen there");
		return NULL;
	}
	facts->of_log = host->panic.log.is_text;
	xfdt_hit_find(facts, host);
	err = facts->of_log ? NULL : xfdt_state_facts_find(facts, host);
	if (err)
		return err;
	if (facts->of_log) {
		xfdt_log_facts_find(facts, host);
	} else {
		find_kvm(facts, host);
		find_capable(facts, host);
		find_panicked(facts, host);
	}
	find_look_alikes(facts, host);
	find_fixed(facts, host);
	return NULL;
}

void xfdt_facts_deinit(struct xfdt_facts *facts)
{
	free(facts->states);
	memset(facts, 0, sizeof(*facts));
}
