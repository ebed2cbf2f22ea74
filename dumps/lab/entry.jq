# SPDX-License-Identifier: GPL-2.0-or-later
# The manifest's entry for one vmcore, from what was said while it was made:
# $said, the reproducer's lines; $journal, the debugger's; $r, the recipe.
#
# Values of a vCPU: what the kernel told the reproducer last.  KVM_GET_XSAVE shows XSTATE_BV only for components the
# guest may use, so memory is to be compared under xstate_bv_mask.  Where the host died in KVM_RUN, the reproducer can say
# nothing more, and the debugger has the word: for a load that faulted, the state at that instruction; for a vCPU that
# was running, what was loaded last and what its guest then wrote to IA32_XFD (or what the guest itself read there).

def last_reports: [$said[] | select(.event == "vm")] | reverse | unique_by(.pid) | sort_by(.pid);
def last_run: [$said[] | select(.event == "run")] | last;
def guest_xfd: [$said[] | select(.event == "guest" and .xfd != "0x0") | .xfd] | last;
def loaded: if any($journal[]; .event == "crash-at-exit") then [$journal[] | select(.event == "load" and .guest)] | last else null end;
def written_xfd: [$journal[] | select(.event == "guest-wrmsr") | .xfd] | last;
def fault: [$journal[] | select(.event == "load-faults")] | last;
# What became of the state whose load faulted: it may have changed, and it is freed with the thread that holds it.
def at_end: fault.fpstate as $fpstate | [$journal[] | select(.event == "at-end" and .fpstate == $fpstate)] | last;
def freed: at_end != null and at_end.xstate_bv == null;
# A virtual machine whose process died with the vCPU's thread.
def lost: [$said[] | select(.event == "lost" and .ended) | .vm];

# QEMU has neither XSAVEC nor XSAVES: the format is the standard one.
(if $r.emulator | startswith("QEMU") then "0x0" else null end) as $standard
|
def vcpu($vm):
	. as $v
	| { id, state: (if .touched then $r.touched else "ok" end), xstate_bv, xstate_bv_mask: $vm.xcr0, xcomp_bv: $standard, xfd: (.xfd // "0x0") }
	| if fault != null and last_run.pid == $vm.pid and last_run.vcpu == $v.id and freed then
		. + { xstate_bv: null, xcomp_bv: null, xfd: null, rfbm: fault.rfbm }
	  elif fault != null and last_run.pid == $vm.pid and last_run.vcpu == $v.id then
		. + { xstate_bv: fault.xstate_bv, xstate_bv_mask: "0xffffffffffffffff", xcomp_bv: fault.xcomp_bv, xfd: fault.xfd, rfbm: fault.rfbm }
		| if at_end then . + { xstate_bv: at_end.xstate_bv, xfd: at_end.xfd } else . end
	  elif loaded != null and last_run.pid == $vm.pid and last_run.vcpu == $v.id then
		. + { xstate_bv: loaded.xstate_bv, xstate_bv_mask: "0xffffffffffffffff", xcomp_bv: loaded.xcomp_bv, xfd: written_xfd }
	  elif guest_xfd != null and last_run.pid == $vm.pid and last_run.vcpu == $v.id then
		. + { xfd: guest_xfd }
	  else . end;

{
	name: $r.name,
	file: ($r.name + ".vmcore"),
	sha256: null,
	kernel: (if $r.config == "" then { release: $r.release, package: ("linux-image-" + $r.release), version: $r.version, suite: $r.suite }
		 else { release: $r.release, package: ("linux-source-" + ($r.release | capture("^(?<series>[0-9]+\\.[0-9]+)").series)), version: $r.version, suite: $r.suite, config: $r.config } end),
	emulator: $r.emulator,
	cpus: ($r.cpus | tonumber),
	memory_mb: ($r.memory | tonumber),
	cmdline: $r.cmdline,
	sysctl: $r.sysctl,
	scenario: $r.scenario,
	emulated: ($r.emulated | split("\n") | map(select(. != ""))),
	forged: (if $r.forged == "" then null else $r.forged end),
	make: ("make -C dumps " + $r.name),
	dump: (if $r.dump == "raw" then { tool: "dd", options: "", level: 0, format: "elf" }
	       else { tool: $r.tool, options: $r.dump, level: ($r.dump | capture("-d (?<level>[0-9]+)").level | tonumber), format: "kdump-compressed" } end),
	reproducer: $said,
	debugger: $journal,
	console: $r.console,
	expect: ({
		verdict: $r.verdict,
		exit: ($r.exit | tonumber),
		route: (if $r.route == "" then null else $r.route end),
		fix: $r.fix,
	} + (if $r.when == "" then {} else { when: $r.when } end) + (if $r.listed == "census" then { listed: $r.listed } else {} end) + {
		# Where KVM's lists do not lead to all vCPUs, nothing is promised of its virtual machines.
		vms: (if $r.verdict == "inconclusive" or $r.listed == "no" then null else [last_reports[] | select(.vm as $n | any(lost[]; . == $n) | not) | . as $vm | { pid, vcpus: [.vcpus[] | vcpu($vm)] }] end)
	})
}
