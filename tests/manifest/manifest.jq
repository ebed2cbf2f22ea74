# SPDX-License-Identifier: GPL-2.0-or-later
# What dumps/manifest.json has to say of every vmcore; none of them is opened.
# check-dumps compares the values with the vmcores; here they are compared with each other, the files and the recipes.

def file_max: 4194304;
def total_max: 50331648;

# What a value may be.
def is_kind($kind):
  if $kind | endswith(" or null") then . == null or is_kind($kind[:-8])
  elif $kind == "list or empty" then type == "array"
  elif $kind == "text or empty" then type == "string"
  elif $kind == "text" then type == "string" and . != ""
  elif $kind == "hex" then type == "string" and test("^0x[0-9a-f]{1,16}$")
  elif $kind == "sha256" then type == "string" and test("^[0-9a-f]{64}$")
  elif $kind == "integer" then type == "number" and . == floor and . >= 0
  elif $kind == "count" then is_kind("integer") and . > 0
  elif $kind == "list" then type == "array" and . != []
  else type == $kind
  end;

def entry_keys: {
  file: "text", sha256: "sha256", kernel: "object", emulator: "text", cpus: "count", memory_mb: "count", cmdline: "text",
  sysctl: "text", scenario: "text", emulated: "list", forged: "text or null", make: "text", dump: "object",
  reproducer: "list", debugger: "list or empty", console: "text or empty", expect: "object", carries_types: "boolean" };
def kernel_keys: { release: "text", package: "text", version: "text", suite: "text" };
def dump_keys: { tool: "text", options: "text or empty", level: "integer", format: "text" };
def expect_keys: { verdict: "text", exit: "integer", route: "text or null", fix: "text", vms: "list or empty or null" };
def line_keys: { scenario: "text", kernel: "text", pid: "count", vcpus: "list" };
def vm_keys: { pid: "count", vcpus: "list" };
def vcpu_keys: {
  id: "integer", state: "text", xstate_bv: "hex or null", xstate_bv_mask: "hex", xcomp_bv: "hex or null", xfd: "hex or null" };

# Below, an output is a defect: text that begins with its place.

# Has the input, which is at $where ("", or a place that ends in a dot), all of $keys?
def keys($where; $keys):
  . as $object | $keys | to_entries[] | .key as $key | .value as $kind |
  if ($object | type) != "object" or ($object | has($key) | not) then "\($where)\($key): is missing"
  elif $object[$key] | is_kind($kind) then empty
  else "\($where)\($key): is \($object[$key] | tojson), should be: \($kind)"
  end;

# The input is an object with whatever keys.
def list($key): if type == "object" and (.[$key] | type) == "array" then .[$key] else [] end;
def pairs: to_entries[] | [.key, .value];
def times: group_by(.)[] | select(length > 1) | .[0];

def file_defects($name; $files):
  .file as $file |
  (select($file != "\($name).vmcore") | "file: is \($file | tojson), should be \"\($name).vmcore\""),
  ([$files[] | select(.name == $file)][0] |
    if . == null then "file: there is no \($file)"
    elif .size > file_max then "file: has \(.size) bytes, may have \(file_max)"
    else empty end);

# What a line "KEY=VALUE" or 'KEY="VALUE"' of a recipe sets; null if none does.
def recipe_value($key): [capture("(^|\n)\($key)=\"?(?<value>[^\"\n]*)")][0].value;

# "make" names the entry's recipe, and what the recipe makes is this entry.
def recipe_defects($name; $recipes):
  . as $entry | $recipes[$name] as $recipe |
  if .make != "make -C dumps \($name)" then "make: is \(.make | tojson), should be \"make -C dumps \($name)\""
  elif $recipe == null then "make: there is no recipe \($name)"
  else
    [["kernel", "kernel.release", .kernel.release?], ["scenario", "scenario", .scenario],
     ["verdict", "expect.verdict", .expect.verdict?]][] | . as [$variable, $key, $value] |
    ($recipe | recipe_value($variable)) |
    if . == null then "make: the recipe sets no \($variable)"
    elif . != $value then "\($key): is \($value | tojson), its recipe says \(tojson)"
    else empty end
  end;

# The number behind an option of the scenario; $otherwise is what the reproducer takes without it.
def scenario_count($option; $otherwise): [capture("\($option) (?<n>[0-9]+)").n | tonumber][0] // $otherwise;

def vm_lines: [list("reproducer")[] | select(type == "object" and .event == "vm")];

def vm_line_defects($where; $line):
  .scenario as $scenario | .kernel.release? as $release |
  ($line | keys($where; line_keys)),
  (select($line.scenario != ($scenario | split(" ")[0])) |
    "\($where)scenario: is \($line.scenario | tojson), the entry's is \($scenario | tojson)"),
  (select($line.kernel != $release) |
    "\($where)kernel: is \($line.kernel | tojson), the entry's is \($release | tojson)"),
  (select($line | list("vcpus") | length != ($scenario | scenario_count("--vcpus"; 2))) |
    "\($where)vcpus: are \($line | list("vcpus") | length), the scenario is \($scenario | tojson)"),
  ($line | list("vcpus") | pairs | . as [$i, $vcpu] | $vcpu | keys("\($where)vcpus[\($i)]."; { id: "integer" }));

def line_defects:
  . as $entry |
  (list("reproducer") | pairs | . as [$i, $line] | "reproducer[\($i)]." as $where |
    ($line | keys($where; { event: "text" })),
    ($entry | select($line | type == "object" and .event == "vm") | vm_line_defects($where; $line))),
  (list("debugger") | pairs | . as [$i, $line] | $line | keys("debugger[\($i)]."; { event: "text" })),
  (list("emulated") | pairs | . as [$i, $text] | $text | select(is_kind("text") | not) | "emulated[\($i)]: should be text"),
  (vm_lines | map(.pid) | unique | length) as $vms |
  # a host without KVM has none
  select(($vms == 0 and .expect.verdict? == "not-applicable" | not) and
         $vms != (.scenario | scenario_count("--vms"; 1))) |
  "reproducer: has \"vm\" lines on \($vms) VMs, the scenario is \(.scenario | tojson)";

# EDX:EAX of the load that faulted, as the debugger saw it; null if none did, or none was watched.
def fault_rfbm: [list("debugger")[] | select(type == "object" and .event == "load-faults") | .rfbm][-1];

def vcpu_defects($where; $rfbm):
  keys($where; vcpu_keys),
  (select(type == "object" and has("rfbm")) |
    if .rfbm | is_kind("hex") | not then "\($where)rfbm: should be hex"
    elif .rfbm != $rfbm then "\($where)rfbm: is \(.rfbm), the debugger saw \($rfbm // "no load that faulted")"
    else empty end);

# The input is a VM; $line is the reproducer's last line on it.
def vm_defects($where; $line; $rfbm):
  ($line | list("vcpus")) as $seen | list("vcpus") as $vcpus |
  keys($where; vm_keys),
  (if $line == null then "\($where)pid: the reproducer has no line on a VM of \(.pid?)"
   elif ($vcpus | length) != ($seen | length) then
     "\($where)vcpus: are \($vcpus | length), the reproducer has \($seen | length)"
   else empty end),
  ($vcpus | map(.id?) | times | "\($where)vcpus: \(.) is there twice"),
  ($vcpus | pairs | . as [$i, $vcpu] | $vcpu |
    vcpu_defects("\($where)vcpus[\($i)]."; $rfbm),
    (select($line != null and ([$seen[] | .id?] | index($vcpu.id?) | not)) |
      "\($where)vcpus[\($i)].id: the reproducer has no vCPU \($vcpu.id?) of this VM"));

def vms_defects:
  vm_lines as $lines | fault_rfbm as $rfbm | .expect.verdict as $verdict | .expect.vms as $vms |
  if $vms == null then
    select(($verdict != "inconclusive" and $verdict != "not-applicable")) | "expect.vms: is null, which only the verdicts inconclusive and not-applicable allow"
  else
    ($lines | map(.pid) | unique | length) as $said |
    [$vms[] | list("vcpus")[] | select(type == "object" and has("rfbm"))] as $faulted |
    (select(($vms | length) != $said) | "expect.vms: are \($vms | length), the reproducer has lines on \($said)"),
    ($vms | map(.pid?) | times | "expect.vms: \(.) is there twice"),
    ($vms | pairs | . as [$i, $vm] | $vm |
      vm_defects("expect.vms[\($i)]."; [$lines[] | select(.pid == $vm.pid)][-1]; $rfbm)),
    (select(($faulted | length) != (if $rfbm == null then 0 else 1 end)) |
      "expect.vms: \($faulted | length) vCPUs have rfbm, which says whose load faulted; the debugger saw \($rfbm)"),
    (select($rfbm == null and $verdict == "confirmed") |
      "debugger: has no load that faulted, with rfbm; the verdict is confirmed")
  end;

def entry_defects($name; $carried; $files; $recipes):
  # values of other kinds would break what comes after
  [keys(""; entry_keys), (.kernel? | keys("kernel."; kernel_keys)), (.dump? | keys("dump."; dump_keys)),
   (.expect? | keys("expect."; expect_keys))] as $kinds |
  if $kinds != [] then $kinds[]
  else
    file_defects($name; $files), recipe_defects($name; $recipes), line_defects, vms_defects,
    # a kernel without BTF has none to carry
    (select(.kernel.config? != "no-btf" and (.kernel.release | IN($carried[]) | not)) |
      "carries_types: is false for every vmcore of \(.kernel.release)")
  end;

# Of a manifest.  $files: [{"name", "size"}] of all *.vmcore; $recipes: {NAME: text}
def defects($files; $recipes):
  (if type == "object" then . else {} end) |
  [.vmcores[]? | select(.carries_types? == true) | .kernel.release?] as $carried |
  (select(.schema != 1) | "manifest: schema: should be 1"),
  (select([.vmcores[]?] == []) | "manifest: vmcores: there are none"),
  ([.vmcores[]?.file?] as $known | $files[].name | select(IN($known[]) | not) | "manifest: \(.) has no entry"),
  (([$files[].size] | add // 0) | select(. > total_max) | "manifest: the vmcores have \(.) bytes, may have \(total_max)"),
  (("name", "file", "sha256") as $key | [.vmcores[]?[$key]? | strings] | times |
    "manifest: \($key): two entries have \(.)"),
  ([.vmcores[]?] | pairs | . as [$i, $entry] | $entry |
    if .name? | is_kind("text") | not then "manifest: vmcores[\($i)].name: is missing"
    else .name as $name | entry_defects($name; $carried; $files; $recipes) | "\($name): \(.)" end);
