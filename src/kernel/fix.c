/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fix, by code (Linux kernel commit b45f72177594 ("x86/fpu: Clear
 * XSTATE_BV[i] in guest XSAVE state whenever XFD[i]=1") (in v6.19)).
 *
 * vmlinux: fpu_update_guest_xfd() clears bits of the guest's XSTATE_BV: an AND
 * to fpstate->regs + 512.  fpu_copy_uabi_to_guest_fpstate() got a
 * WARN_ON_ONCE(), where it had none.
 * kvm: KVM_SET_XSAVE clears bits in the XSAVE image of user space, at its
 * offset 512, before it hands it to fpu_copy_uabi_to_guest_fpstate().  Without
 * the fix there is nothing between fpstate_is_confidential() and that call but
 * its arguments; what else is there may be another compiler's way to clear
 * bits, or KASAN's.
 */
#include "kernel/fix.h"
#include "base/util.h"
#include "insn/insn.h"
#include "kernel/task.h"
#include "xstate/xstate.h"

#include <stdio.h>
#include <stdlib.h>

#define CALL_WINDOW 16

static void why_not(char *ret_why, size_t size, struct xfdt_error *err)
{
	snprintf(ret_why, size, "%s", xfdt_error_message(err));
	xfdt_error_free(err);
}

static void read_vmlinux(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
			 struct xfdt_fix *fix)
{
	bool clears, warns, warns_known = false;
	struct xfdt_error *err;
	uint64_t kvaddr, header;
	uint8_t *code;
	size_t len;

	fix->vmlinux = XFDT_UNKNOWN;
	err = xfdt_member_kvaddr(image, 0, XFDT_M_fpstate_regs, &header);
	if (!err)
		err = xfdt_function_code(image, XFDT_S_fpu_update_guest_xfd, &code, &len);
	if (err) {
		why_not(fix->vmlinux_why, sizeof(fix->vmlinux_why), err);
		return;
	}
	header += XFDT_XSAVE_HEADER_OFFSET;
	kvaddr = xfdt_symbol(image, XFDT_S_fpu_update_guest_xfd)->kvaddr;
	clears = xfdt_insn_has_and(decoder, code, len, kvaddr, (int64_t)header, 0, 0, NULL);
	free(code);
	err = xfdt_function_code(image, XFDT_S_fpu_copy_uabi, &code, &len);
	if (!err) {
		warns_known = true;
		warns = xfdt_insn_has_trap(decoder, code, len);
		free(code);
	}
	xfdt_error_free(err);
	if (clears) {
		fix->vmlinux = XFDT_PRESENT;
		snprintf(fix->vmlinux_why, sizeof(fix->vmlinux_why),
			 "fpu_update_guest_xfd() at %#llx clears bits of XSTATE_BV", ull(kvaddr));
	} else if (!warns_known || warns) {
		snprintf(fix->vmlinux_why, sizeof(fix->vmlinux_why),
			 "fpu_update_guest_xfd() clears nothing, but fpu_copy_uabi_to_guest_fpstate() %s",
			 warns_known ? "warns" : "cannot be read");
	} else {
		fix->vmlinux = XFDT_ABSENT;
		snprintf(fix->vmlinux_why, sizeof(fix->vmlinux_why),
			 "fpu_update_guest_xfd() at %#llx does not change XSTATE_BV", ull(kvaddr));
	}
}

static void read_kvm(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
		     struct xfdt_fix *fix)
{
	enum xfdt_symbol_id id = xfdt_symbol(image, XFDT_S_kvm_set_xsave) ?
					 XFDT_S_kvm_set_xsave :
					 XFDT_S_kvm_arch_vcpu_ioctl;
	const struct xfdt_symbol *callee = xfdt_symbol(image, XFDT_S_fpu_copy_uabi);
	bool clears, called, leaves_alone;
	uint64_t confidential = 0;
	struct xfdt_error *err;
	uint8_t *code;
	size_t len;

	fix->kvm = XFDT_UNKNOWN;
	err = xfdt_member_kvaddr(image, 0, XFDT_M_fpstate_is_confidential, &confidential);
	if (!err)
		err = xfdt_function_code(image, id, &code, &len);
	if (!err && !callee) {
		free(code);
		err = xfdt_error_new(XFDT_MISSING, 0,
				     "the symbol 'fpu_copy_uabi_to_guest_fpstate' is unknown");
	}
	if (err) {
		why_not(fix->kvm_why, sizeof(fix->kvm_why), err);
		return;
	}
	clears = xfdt_insn_has_and(decoder, code, len, xfdt_symbol(image, id)->kvaddr,
				   XFDT_XSAVE_HEADER_OFFSET, callee->kvaddr, CALL_WINDOW, &called);
	leaves_alone = xfdt_insn_calls_behind_test(decoder, code, len,
						   xfdt_symbol(image, id)->kvaddr,
						   (int64_t)confidential, callee->kvaddr);
	free(code);
	if (!called) {
		snprintf(fix->kvm_why, sizeof(fix->kvm_why),
			 "%s() has no call of fpu_copy_uabi_to_guest_fpstate()",
			 xfdt_symbol_needs[id].name);
		return;
	}
	if (!clears && !leaves_alone) {
		snprintf(fix->kvm_why, sizeof(fix->kvm_why),
			 "%s() has code before its call of fpu_copy_uabi_to_guest_fpstate() that is not known",
			 xfdt_symbol_needs[id].name);
		return;
	}
	fix->kvm = clears ? XFDT_PRESENT : XFDT_ABSENT;
	snprintf(fix->kvm_why, sizeof(fix->kvm_why),
		 clears ? "%s() clears bits of XSTATE_BV before it loads user space's state" :
			  "%s() passes user space's XSTATE_BV on unchanged",
		 xfdt_symbol_needs[id].name);
}

void xfdt_fix_read(const struct xfdt_image *image, const struct xfdt_decoder *decoder,
		   struct xfdt_fix *ret_fix)
{
	const struct xfdt_symbol *patches = xfdt_symbol(image, XFDT_S_klp_patches);
	struct xfdt_fix fix = { 0 };

	read_vmlinux(image, decoder, &fix);
	read_kvm(image, decoder, &fix);
	if (patches) {
		struct xfdt_value next = xfdt_value_of(image, patches->kvaddr,
						       XFDT_M_list_head_next);

		fix.livepatched.known = next.known;
		fix.livepatched.value = next.value != patches->kvaddr;
	}
	*ret_fix = fix;
}
