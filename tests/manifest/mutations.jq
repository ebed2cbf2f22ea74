# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever a manifest lacks, or says wrong, is a defect.  The input is a good manifest, of two vmcores of one kernel:
# "panic", which carries the types, and "well", of a host that was well.  Prints "ok", or what went wrong, for each test.
include "manifest";

def files: [{ name: "panic.vmcore", size: 1 }, { name: "well.vmcore", size: 1 }];
def recipes: {
  panic: "kernel=6.18.5\nscenario=\"set-xsave --vcpus 2\"\nverdict=confirmed\n",
  well: "kernel=6.18.5\nscenario=\"clean --vms 1 --vcpus 1\"\nverdict=not-this-bug\n" };

# The input has a defect that begins with $expected ("": it has none).
def expect($files; $recipes; $expected):
  [defects($files; $recipes)] |
  if (if $expected == "" then . == [] else any(startswith($expected)) end) then "ok"
  else "not said: \($expected | tojson), but: \(tojson)" end;

# After f, the manifest has that defect.
def mutation(f; $expected):
  . as $good | f | if . == $good then "nothing changed: \($expected)" else expect(files; recipes; $expected) end;

def panic(f): .vmcores[0] |= f;
def well(f): .vmcores[1] |= f;
def vcpu(n; f): .vmcores[0].expect.vms[0].vcpus[n] |= f;

# no key can be missing, of any object
def missing_keys:
  ((.vmcores[1] | paths(true) |
     select(. != ["name"] and (length == 1 or (length == 2 and (.[0] | IN("kernel", "dump", "expect")))))) as $path |
    mutation(well(delpaths([$path])); "well: \($path | join(".")): is missing")),
  (("id", "state", "xstate_bv", "xstate_bv_mask", "xcomp_bv", "xfd") as $key |
    mutation(vcpu(1; del(.[$key])); "panic: expect.vms[0].vcpus[1].\($key): is missing"));

def wrong_values:
  mutation(.schema = 2; "manifest: schema: should be 1"),
  mutation([]; "manifest: schema: should be 1"),
  mutation(.vmcores = []; "manifest: vmcores: there are none"),
  mutation(.vmcores += [.vmcores[0]]; "manifest: name: two entries have panic"),
  mutation(panic(del(.name)); "manifest: vmcores[0].name: is missing"),
  mutation(panic(.file = "well.vmcore"); "manifest: file: two entries have well.vmcore"),
  mutation(panic(.file = "well.vmcore"); "manifest: panic.vmcore has no entry"),
  mutation(panic(.file = "well.vmcore"); "panic: file: is \"well.vmcore\", should be \"panic.vmcore\""),
  mutation(.vmcores[0].sha256 = .vmcores[1].sha256; "manifest: sha256: two entries have a94289684af0bb2f6a93d8f969919"),
  mutation(panic(.sha256 |= .[1:]); "panic: sha256: is "),
  mutation(panic(.sha256 = null); "panic: sha256: is null"),
  mutation(panic(.kernel.release = "6.18.9"); "panic: kernel.release: is \"6.18.9\", its recipe says \"6.18.5\""),
  mutation(panic(.kernel.release = "6.18.9"); "panic: reproducer[0].kernel: "),
  mutation(panic(.cpus = 0); "panic: cpus: is 0"),
  mutation(panic(.cpus = "1"); "panic: cpus: is \"1\""),
  mutation(panic(.cpus = 1.5); "panic: cpus: is 1.5"),
  mutation(panic(.cmdline = ""); "panic: cmdline: is \"\""),
  mutation(panic(.emulated = []); "panic: emulated: is []"),
  mutation(panic(.emulated = [""]); "panic: emulated[0]: "),
  mutation(panic(.forged = ""); "panic: forged: is \"\""),
  mutation(panic(.scenario = "wrmsr-race --vcpus 2"); "panic: scenario: is \"wrmsr-race --vcpus 2\", its recipe says"),
  mutation(panic(.scenario = "wrmsr-race --vcpus 2"); "panic: reproducer[0].scenario: "),
  mutation(panic(.scenario = "set-xsave --vcpus 3"); "panic: reproducer[0].vcpus: are 2"),
  mutation(panic(.scenario = "set-xsave --vms 2"); "panic: reproducer: has \"vm\" lines on 1 VMs"),
  mutation(panic(.make = "make -C dumps well"); "panic: make: is \"make -C dumps well\""),
  mutation(panic(.reproducer[0].scenario = "set"); "panic: reproducer[0].scenario: "),
  mutation(panic(del(.reproducer[0].event)); "panic: reproducer[0].event: is missing"),
  mutation(panic(.reproducer[0].event = "machine"); "panic: reproducer: has \"vm\" lines on 0 VMs"),
  mutation(panic(.reproducer[1] = "run"); "panic: reproducer[1].event: is missing"),
  mutation(panic(del(.reproducer[0].pid)); "panic: reproducer[0].pid: is missing"),
  mutation(panic(.reproducer[0].vcpus[1] = {}); "panic: reproducer[0].vcpus[1].id: is missing"),
  mutation(panic(.reproducer[0].vcpus[1].id = 4); "panic: expect.vms[0].vcpus[1].id: the reproducer has no vCPU 1"),
  mutation(panic(.debugger = []); "panic: debugger: has no load that faulted"),
  mutation(panic(del(.debugger[0].event)); "panic: debugger[0].event: is missing"),
  mutation(panic(.debugger[0].rfbm = "0x602e7"); "panic: expect.vms[0].vcpus[1].rfbm: is 0x618e7, the debugger saw 0x602e7"),
  mutation(panic(.carries_types = 1); "panic: carries_types: is 1"),
  mutation(panic(.carries_types = false); "well: carries_types: is false for every vmcore of 6.18.5"),
  mutation(panic(.expect.verdict = "probable"); "panic: expect.verdict: is \"probable\", its recipe says \"confirmed\""),
  mutation(panic(.expect.exit = "0"); "panic: expect.exit: is \"0\""),
  mutation(panic(.expect.fix = null); "panic: expect.fix: is null"),
  mutation(panic(.expect.vms[0].pid = 137); "panic: expect.vms[0].pid: the reproducer has no line on a VM of 137"),
  mutation(panic(del(.expect.vms[0].pid)); "panic: expect.vms[0].pid: is missing"),
  mutation(panic(.expect.vms += .expect.vms); "panic: expect.vms: 136 is there twice"),
  mutation(well(.expect.vms = null); "well: expect.vms: is null"),
  mutation(well(.expect.vms = []); "well: expect.vms: are 0, the reproducer has lines on 1"),
  mutation(vcpu(0; .id = 1); "panic: expect.vms[0].vcpus: 1 is there twice"),
  mutation(panic(del(.expect.vms[0].vcpus[0])); "panic: expect.vms[0].vcpus: are 1, the reproducer has 2"),
  mutation(vcpu(1; .xfd = "40000"); "panic: expect.vms[0].vcpus[1].xfd: is \"40000\""),
  mutation(vcpu(1; .xfd = 1); "panic: expect.vms[0].vcpus[1].xfd: is 1"),
  mutation(vcpu(0; .xcomp_bv = 0); "panic: expect.vms[0].vcpus[0].xcomp_bv: is 0"),
  mutation(vcpu(1; .rfbm = "0x1"); "panic: expect.vms[0].vcpus[1].rfbm: is 0x1, the debugger saw 0x618e7"),
  mutation(vcpu(1; .rfbm = 1); "panic: expect.vms[0].vcpus[1].rfbm: should be hex"),
  mutation(vcpu(1; del(.rfbm)); "panic: expect.vms: 0 vCPUs have rfbm");

def sized($size): [files[0], { name: "well.vmcore", size: $size }];
def wrong_files:
  expect(files; recipes; ""),
  expect(files + [{ name: "stray.vmcore", size: 1 }]; recipes; "manifest: stray.vmcore has no entry"),
  expect(files[:1]; recipes; "well: file: there is no well.vmcore"),
  expect(sized(4194304); recipes; ""),
  expect(sized(4194305); recipes; "well: file: has 4194305 bytes, may have 4194304"),
  expect(files + [range(12) | { name: "\(.).vmcore", size: 4194304 }]; recipes;
         "manifest: the vmcores have 50331650 bytes, may have 50331648"),
  expect(files; recipes | del(.well); "well: make: there is no recipe well"),
  expect(files; recipes | .well |= sub("scenario=.*?\n"; ""); "well: make: the recipe sets no scenario"),
  expect(files; recipes | .well |= gsub("\""; ""); "");

missing_keys, wrong_values, wrong_files
