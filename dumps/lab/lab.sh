#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC1091,SC2016,SC2034,SC2086,SC2153 # variables of recipes; jq programs; lists of words
# lab.sh - make the project's vmcores: a host in an emulated machine dies for real, and kdump saves its memory
#
# usage: lab.sh list | deps | make NAME... | record NAME... | redistill NAME... | verify [NAME...] | fetch NAME | debug NAME | live NAME... | clean
#   list     the recipes
#   deps     install what the lab needs from Debian, fetch what it unpacks
#   make     make vmcores; each is left in out/ with its manifest entry, and compared with the manifest
#   record   take what "make" left over into the manifest, and the reduced vmcore beside it
#   redistill  distill vmcores that were kept whole (LAB_KEEP=1) with today's xfdtriage, check them against their recipes, and record them
#   verify   does the manifest's entry follow from its own reproducer and debugger lines, and the recipe?  Runs nothing
#   fetch    install and fetch what "debug" needs, and nothing else
#   debug    make a vmcore of a kernel whose debuginfo Debian serves; left whole, with out/NAME.debug to say where all of it is
#   live     run hosts that do not die, by dumps/live/NAME, and check what "xfdtriage live" says of them again and again
#   clean    remove what was made and what was fetched; not what was recorded
# Environment: LAB_CACHE, LAB_OUT (folders), LAB_MIRROR, LAB_SECURITY_MIRROR (Debian archives; default: those of this machine's apt), LAB_KEEP=1 (keep the full vmcore),
#   LAB_QEMU_SECONDS and LAB_BOCHS_SECONDS (when a machine counts as hung), XFDTRIAGE (the program; default: build/xfdtriage, which is built), LAB_LIVE (how often "live" asks)
set -euo pipefail
shopt -s lastpipe

PATH=$PATH:/usr/sbin:/sbin
HERE=$(cd "$(dirname "$0")/.." && pwd -P)
CACHE=$(realpath -m "${LAB_CACHE:-$HERE/cache}")
OUT=$(realpath -m "${LAB_OUT:-$HERE/out}")
MANIFEST=$HERE/manifest.json
RECIPES=$HERE/recipes
CHILD=
WORK=
debug=

say()
{
	printf '%s %s: %s\n' "$(date +%H:%M:%S)" "${name:-lab}" "$*"
}

die()
{
	say "$*" >&2
	exit 1
}

. "$HERE/lab/packages.sh"
. "$HERE/lab/build.sh"
. "$HERE/lab/machine.sh"

clean_up()
{
	if [ -n "$CHILD" ]; then
		kill "$CHILD" 2>/dev/null || true
		wait "$CHILD" 2>/dev/null || true
	fi
	[ -z "$WORK" ] || [ "${LAB_KEEP:-0}" = 1 ] || rm -rf "$WORK"
	WORK=
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# kernel_line RELEASE : its version, suite and fix in dumps/kernels
kernel_line()
{
	awk -v release="$1" '$1 == release { print $2, $3, $4 }' "$HERE/kernels"
}

# Every recipe sets what, kernel, emulator, scenario, verdict, exit_code; these are the rest's defaults.
recipe_read()
{
	local variable

	name=$1
	[ -f "$RECIPES/$name" ] || die "there is no recipe \"$name\" in $RECIPES (see: make -C dumps list)"
	what="" kernel="" emulator="" scenario="" cmdline="" cpus="" memory="" kvm=yes sysctl="kernel.panic_on_oops=1"
	config="" selftest="" selftest_edits="" amx="" live="" rule="" play="" when="" listed=yes dump="" makedumpfile=makedumpfile bochs=bochs xfd_err=00040000 touched=ok crash_at=kvm_emulate_cpuid
	verdict="" exit_code="" kdump_verdict="" kdump_exit_code="" route="" console="" console_lacks="" forged="" emulated="" keep_types="" crash="" crash_options=""
	# shellcheck disable=SC1090
	. "$RECIPES/$name"
	for variable in what kernel emulator scenario verdict exit_code; do
		[ -n "${!variable}" ] || die "the recipe does not set $variable"
	done
	case $emulator in
	qemu | bochs) ;;
	*) die "the recipe's emulator is neither qemu nor bochs" ;;
	esac
	[ -n "$cpus" ] || { [ "$emulator" = qemu ] && cpus=2 || cpus=1; }
	[ -n "$memory" ] || { [ "$emulator" = qemu ] && memory=1024 || memory=768; }
	# zlib makes the smaller file, but Bochs needs longer to compress it than the serial line needs for the rest
	[ -n "$dump" ] || { [ "$emulator" = qemu ] && dump="-c -d 31" || dump="-l -d 31"; }
	read -r version suite fix < <(kernel_line "$kernel") || die "kernel \"$kernel\" is not listed in dumps/kernels"
	recipe_kernel="$kernel $version"
	CMDLINE="$(kernel_cmdline) crashkernel=$([ "$emulator" = qemu ] && echo 256M || echo 192M) panic=1 xfdtriage.lab${cmdline:+ $cmdline}"
	if [ "$emulator" = bochs ]; then
		emulated="the whole machine: Bochs, model sapphire_rapids (VMX, AMX, XSAVES)
XFD as a CPU feature: setcpuid=324 on the kernel's command line
IA32_XFD (0x1c4) and IA32_XFD_ERR (0x1c5) as plain storage, the latter 0x$xfd_err at reset
#NM of an XRSTORS with XSTATE_BV & IA32_XFD & EDX:EAX != 0, and XSAVES writing XSTATE_BV[i]=0 for a component that IA32_XFD disables: by the debugger, at these instructions${emulated:+
$emulated}"
	elif [ -n "$amx" ]; then
		emulated="the whole machine: QEMU, TCG, -cpu max (SVM; no XSAVES)
AMX and XFD as CPU features: the debugger answers CPUID and XSETBV of the kernel and of KVM, and adds the tiles to kvm_caps.supported_xcr0
#NM of an XRSTOR with XSTATE_BV & IA32_XFD & EDX:EAX != 0 and the RDMSR of IA32_XFD_ERR in its handler, XRSTOR and XSAVE of tiles, and XSAVE writing XSTATE_BV[i]=0 for a component that IA32_XFD disables: by the debugger, at these instructions${emulated:+
$emulated}"
	else
		emulated="the whole machine: QEMU, TCG, -cpu max (SVM; no AMX, no XFD, no XSAVES)${emulated:+
$emulated}"
	fi
}

# Say what is missing before anything is started.
host_check()
{
	host_install
	[ "$emulator" != bochs ] || unshare -n true 2>/dev/null || die "Bochs is run in a network namespace of its own: this needs root"
	[ -z "${XFDTRIAGE:-}" ] || [ -x "$XFDTRIAGE" ] || die "XFDTRIAGE is not a program: $XFDTRIAGE"
	# What a run takes, and the packages of one kernel.
	enough_room 3000000000
}

# The program, of this checkout unless told otherwise.
xfdtriage_prepare()
{
	[ -z "${XFDTRIAGE:-}" ] || return 0
	XFDTRIAGE=$(realpath "$HERE/..")/build/xfdtriage
	[ -x "$XFDTRIAGE" ] || say "building xfdtriage"
	{
		[ -x "$XFDTRIAGE" ] || "$HERE/../tests/install-deps.sh"
		make -C "$HERE/.." BUILD=build build/xfdtriage
	} > "$CACHE/build.log" 2>&1 || die "xfdtriage cannot be built: $(tail -n 3 "$CACHE/build.log")"
}

tools_prepare()
{
	tool_prepare makedumpfile testing makedumpfile
	tool_prepare kexec testing kexec-tools
	[ "$makedumpfile" = makedumpfile ] || tool_prepare "$makedumpfile" bookworm makedumpfile
	case $emulator:$bochs in
	bochs:bochs) tool_prepare bochs trixie bochs bochsbios vgabios ;;
	esac
	build_programs
}

tool_version()
{
	case $1 in
	qemu) qemu-system-x86_64 --version | sed -n '1s/^QEMU emulator version \([^ ]*\).*/QEMU \1/p' ;;
	makedumpfile*) $(program_command "$1" bin/makedumpfile) -v 2>&1 | sed -n 's/^makedumpfile: version \([^ ]*\).*/makedumpfile \1/p' ;;
	bochs*) LTDL_LIBRARY_PATH=$CACHE/tool/$1/usr/lib/x86_64-linux-gnu/bochs/plugins $(program_command "$1" bin/bochs-bin) --help 2>&1 | sed -n 's/.*Bochs x86 Emulator \([0-9.]*\).*/Bochs \1/p' | head -n 1 ;;
	esac
}

# entry SAID JOURNAL EMULATOR TOOL : the manifest's entry for the recipe, of the reproducer's and the debugger's lines
entry()
{
	jq -n --slurpfile said "$1" --slurpfile journal "$2" \
		--argjson r "$(jq -n --arg name "$name" --arg release "$kernel" --arg version "$version" --arg suite "$suite" --arg fix "$fix" --arg config "$config" \
			--arg emulator "$3" --arg cpus "$cpus" --arg memory "$memory" \
			--arg cmdline "$CMDLINE" --arg sysctl "$sysctl" --arg scenario "$scenario" --arg emulated "$emulated" --arg forged "$forged" \
			--arg tool "$4" --arg dump "$dump" --arg touched "$touched" --arg verdict "$verdict" --arg exit "$exit_code" \
			--arg route "$route" --arg when "$when" --arg listed "$listed" --arg console "$console" '$ARGS.named')" \
		-f "$HERE/lab/entry.jq"
}

# The entry that this run earns, in $WORK/entry.json.
write_entry()
{
	grep -a '^{' "$WORK/lab" | tr -d '\r' > "$WORK/said" || true
	[ -f "$WORK/journal" ] || : > "$WORK/journal"
	entry "$WORK/said" "$WORK/journal" "$([ "$emulator" = qemu ] && tool_version qemu || tool_version "$bochs")" "$(tool_version "$makedumpfile")" \
		> "$WORK/entry.json" || die "the reproducer's lines cannot be read: $(cat "$WORK/said")"
}

last_lines()
{
	say "the last lines of the console and of the machine:"
	{
		tail -n 15 "$WORK/console" | sed 's/^/  console:  /'
		grep -v '^SYMBOL' "$WORK/lab" | tail -n 5 | cut -c1-300 | sed 's/^/  machine:  /'
	} 2>/dev/null || true
}

# Did the machine do what the recipe says?  None of this looks into the vmcore.
check_run()
{
	local wanted

	if grep -q '"event":"error"' "$WORK/lab"; then
		die "the reproducer failed: $(grep '"event":"error"' "$WORK/lab")"
	fi
	while read -r wanted; do
		[ -z "$wanted" ] || grep -qE -- "$wanted" "$WORK/console.text" || { last_lines; die "the console does not say \"$wanted\""; }
	done <<< "$console"
	while read -r wanted; do
		[ -z "$wanted" ] || ! grep -qE -- "$wanted" "$WORK/console.text" || { last_lines; die "the console says \"$wanted\""; }
	done <<< "$console_lacks"
}

# xfdtriage is what the lab tests: where it disagrees with the recipe, the run is still good, and the recipe may be right.
disagree()
{
	say "xfdtriage DISAGREES: $*" >&2
	echo "$*" >> "$WORK/disagreements"
}

# answer_is JSON VERDICT EXIT : is this the answer?
answer_is()
{
	jq -e --arg verdict "$2" --argjson exit "$3" --arg route "$route" --arg when "$when" \
		'.verdict == $verdict and .exit == $exit and (.route // "") == $route and ($when == "" or (.when // $when) == $when)' "$1" > /dev/null
}

# What xfdtriage said in the kdump kernel, before the dump was saved and pages were left out of it.
check_triage()
{
	local wanted=${kdump_verdict:-$verdict} json=$WORK/kdump.json

	tr -d '\r' < "$WORK/lab" | sed -n 's/^TRIAGE //p' > "$json"
	if ! answer_is "$json" "$wanted" "${kdump_exit_code:-$exit_code}"; then
		disagree "in the kdump kernel it said $(head -c 300 "$json"), expected $wanted${when:+ ($when)}"
		return
	fi
	grep -q "^xfdtriage: $wanted: " "$WORK/console.text" || { last_lines; die "the console does not say \"xfdtriage: $wanted\""; }
	say "in the kdump kernel: $wanted; $(sed -n 's/^xfdtriage:   cost *//p' "$WORK/console.text")"
}

# Compare with the manifest all but process ids, addresses, versions of programs, and what is chance: how often registers
# are saved and loaded.
compare()
{
	local filter='del(.sha256, .carries_types, .expect.vms[]?.pid)
		| .emulator |= sub(" .*"; "") | .dump.tool |= sub(" .*"; "")
		| .reproducer[] |= del(.pid, .vm, .did, .vcpus[]?.xstate_bv)
		| .debugger |= [.[].event | select(. != "load" and . != "save-corrected" and . != "save-repaired")]'

	[ "$kernel $version" = "$recipe_kernel" ] || filter="$filter | del(.kernel, .reproducer[].kernel)"
	# Bochs' XINUSE[18] of tiles that were never used is chance (docs/lab.md)
	[ "$emulator" != bochs ] || filter="$filter"' | (.expect.vms[]?.vcpus[]? | select(.state == "ok").xstate_bv) |= (if . == "0x40200" then "0x200" else . end)'

	if ! jq -e --arg name "$name" 'any(.vmcores[]; .name == $name)' "$MANIFEST" > /dev/null 2>&1; then
		say "no entry in the manifest yet (lab.sh record $name makes one)"
		return
	fi
	diff <(jq -S --arg name "$name" ".vmcores[] | select(.name == \$name) | $filter" "$MANIFEST") <(jq -S "$filter" "$WORK/entry.json") > "$WORK/diff" ||
		{ cat "$WORK/diff"; die "this run is not what the manifest promises"; }
	say "as the manifest promises"
}

# The saved dump must say all that /proc/vmcore said; where pages are known to be lost, it need not.  How xfdtriage is confined is the running kernel's affair.
compare_triage()
{
	[ -z "$kdump_verdict" ] || return 0
	[ ! -f "$WORK/disagreements" ] || return 0
	diff <(jq -S 'del(.dump, .confined)' "$WORK/kdump.json") <(jq -S 'del(.dump, .confined)' "$WORK/saved.json") > "$WORK/diff" ||
		{ cat "$WORK/diff"; die "the saved dump does not say what /proc/vmcore said"; }
}

# judge VMCORE : by the program, into $WORK/text and $WORK/saved.json; false if it is not the recipe's answer
judge()
{
	local status=0

	"$XFDTRIAGE" "$1" > "$WORK/text" 2>&1 || status=$?
	"$XFDTRIAGE" -f json "$1" > "$WORK/saved.json" 2> /dev/null || true
	[ $status -eq "$exit_code" ] && answer_is "$WORK/saved.json" "$verdict" "$exit_code" && return
	cat "$WORK/text"
	disagree "of the vmcore it exits with $status, expected $exit_code: $verdict${when:+ ($when)}"
	return 1
}

# distill VMCORE : into $WORK/reduced
distill()
{
	"$XFDTRIAGE" distill --keep-log "$1" -o "$WORK/reduced" ${keep_types:+--keep-types} || die "cannot be reduced"
}

# Let the program judge the vmcore, and reduce it.
reduce()
{
	judge "$WORK/vmcore" || return 0
	compare_triage
	distill "$WORK/vmcore"
}

keep_full()
{
	cp --sparse=always "$WORK/vmcore" "$OUT/$name.full.vmcore"
}

# What a recipe leaves in the folder, with the entry last when it is made, and first when it goes.
results()
{
	printf '%s\n' "$OUT/$name".{json,vmcore,kdump.json,txt,console,full.vmcore,debug}
}

publish()
{
	if [ "${LAB_KEEP:-0}" = 1 ] || [ -n "$debug" ] || [ -f "$WORK/disagreements" ]; then
		keep_full
	fi
	mv "$WORK/kdump.json" "$OUT/$name.kdump.json"
	mv "$WORK/text" "$OUT/$name.txt"
	[ -f "$WORK/disagreements" ] || mv "$WORK/reduced" "$OUT/$name.vmcore"
	mv "$WORK/entry.json" "$OUT/$name.json"
	[ ! -f "$WORK/disagreements" ] || die "the full vmcore is kept with its entry, but not distilled (later: lab.sh redistill $name): $(head -n 1 "$WORK/disagreements")"
}

# Several runs may use the cache at once; it is theirs alone while they fill it, until they close $lock.
lock_cache()
{
	mkdir -p "$CACHE"
	exec {lock}> "$CACHE/lock"
	flock -n "$lock" && return
	say "waiting for another run to fill the cache"
	flock "$lock"
}

# A work folder is locked as long as its run lives; what a run that was killed has left is removed.
sweep()
{
	local folder

	for folder in "$CACHE"/work.*; do
		[ ! -d "$folder" ] || flock -n "$folder" rm -rf "$folder" || true
	done
}

# work_folder PREFIX : make $WORK, locked by the descriptor $held
work_folder()
{
	WORK=$(mktemp -d "$CACHE/$1.$name.XXXXXX")
	exec {held}< "$WORK"
	flock "$held"
}

# Fill the cache.
prepare()
{
	lock_cache
	sweep
	if [ -n "$debug" ]; then
		kernel_with_debuginfo
		debuginfo_prepare
		[ -z "$crash" ] || tool_prepare "crash-$crash" "$crash" crash
	fi
	[ -n "$config" ] || kernel_prepare
	tools_prepare
}

run_machine()
{
	local try status

	# Bochs now and then runs kernel code as it was before the kernel patched it, and the boot fails (docs/lab.md).
	for try in 1 2 3; do
		status=0
		rm -f "$WORK/lab" "$WORK/console"
		run_"$emulator" "$([ "$emulator" = qemu ] && echo "$QEMU_SECONDS" || echo "$BOCHS_SECONDS")" || status=$?
		[ "$emulator" = bochs ] && ! grep -q '^BOOT' "$WORK/lab" 2>/dev/null || break
		last_lines
		say "the kernel did not boot (try $try)"
	done
	[ ! -f "$WORK/console" ] || tr -d '\r' < "$WORK/console" | tee "$WORK/console.text" > "$OUT/$name.console"
	if [ $status -ne 0 ] || ! grep -q "^DONE $([ -n "$live" ] && echo lived || echo saved)" "$WORK/lab" 2>/dev/null; then
		last_lines
		die "the machine $([ -n "$live" ] && echo "did not live on" || echo "did not save a vmcore") (status $status)"
	fi
}

make_one()
{
	local start=$SECONDS held result

	recipe_read "$1"
	[ "$OUT" != "$HERE" ] || die "LAB_OUT is where the recorded vmcores are"
	mkdir -p "$OUT"
	results | while read -r result; do
		rm -f "$result"
	done
	host_check
	[ -z "$config" ] || kernel_build
	[ -z "$selftest" ] || selftest_build
	prepare
	xfdtriage_prepare
	work_folder "$([ "${LAB_KEEP:-0}" = 1 ] && echo kept || echo work)"
	build_initrd
	[ "$emulator" != bochs ] || build_iso
	exec {lock}>&-
	[ -z "$amx" ] || kernel_map
	say "running: $emulator, $kernel, $scenario"
	run_machine
	collect
	write_entry
	check_run
	check_triage
	compare
	reduce
	publish
	say "done in $((SECONDS - start)) s: $(stat -c %s "$WORK/vmcore") bytes, $(jq -r '"expected: \(.expect.verdict), exit \(.expect.exit), route \(.expect.route)"' "$OUT/$name.json")"
	clean_up
	exec {held}<&-
}

# A host that lives: as make_one(), without a vmcore.  Every answer has to be the recipe's.
live_one()
{
	local start=$SECONDS held answers wrong

	RECIPES=$HERE/live
	recipe_read "$1"
	live=${LAB_LIVE:-$live}
	mkdir -p "$OUT"
	host_check
	prepare
	xfdtriage_prepare
	work_folder work
	build_initrd
	exec {lock}>&-
	[ -z "$amx" ] || kernel_map
	say "running: $emulator, $kernel, $scenario"
	run_machine
	tr -d '\r' < "$WORK/lab" | sed -n 's/^LIVE [0-9]* //p' > "$OUT/$name.live"
	answers=$(grep -c "^{" "$OUT/$name.live")
	wrong=$(jq -c --arg answer "$verdict" --argjson exit "$exit_code" --arg rule "$rule" 'select(.answer != $answer or .exit != $exit or .rule != $rule) | [.answer, .rule, .error]' "$OUT/$name.live" | sort | uniq -c)
	[ -z "$wrong" ] || die "answers that are not $verdict ($rule): $wrong"
	[ "$answers" = "$live" ] || die "$answers answers, not $live"
	[ "$(tr -d '\r' < "$WORK/lab" | grep -c "^LIVE $exit_code {")" = "$live" ] || die "exit codes that are not $exit_code"
	say "done in $((SECONDS - start)) s: $live times $verdict ($rule), of $(jq -s -r 'map(.counts.vcpus) | "\(min) to \(max)"' "$OUT/$name.live") vCPUs"
	clean_up
	exec {held}<&-
}

# Distill a vmcore that was kept whole again, when xfdtriage or the recipe's verdict have changed, and record it.
redistill_one()
{
	recipe_read "$1"
	[ -f "$OUT/$name.full.vmcore" ] && [ -f "$OUT/$name.json" ] || die "there is no $name.full.vmcore with its entry in $OUT: make it with LAB_KEEP=1"
	xfdtriage_prepare
	work_folder work
	entry_again "$(cat "$OUT/$name.json")" > "$WORK/entry.json"
	judge "$OUT/$name.full.vmcore" || die "not recorded"
	distill "$OUT/$name.full.vmcore"
	mv "$WORK/text" "$OUT/$name.txt"
	mv "$WORK/reduced" "$OUT/$name.vmcore"
	mv "$WORK/entry.json" "$OUT/$name.json"
	clean_up
	exec {held}<&-
	record_one "$name"
}

record_one()
{
	recipe_read "$1"
	[ -f "$OUT/$name.vmcore" ] && [ -f "$OUT/$name.json" ] || die "make it first"
	[ -f "$MANIFEST" ] || echo '{"schema":1,"vmcores":[]}' > "$MANIFEST"
	cp "$OUT/$name.vmcore" "$HERE/$name.vmcore"
	jq --indent 1 --slurpfile new "$OUT/$name.json" --arg sha256 "$(sha256sum < "$HERE/$name.vmcore" | cut -d' ' -f1)" --argjson types "$([ -n "$keep_types" ] && echo true || echo false)" \
		'$new[0] as $entry | .vmcores = ([.vmcores[] | select(.name != $entry.name)] + [$entry + {sha256: $sha256, carries_types: $types}] | sort_by(.name))' \
		"$MANIFEST" > "$MANIFEST.new"
	mv "$MANIFEST.new" "$MANIFEST"
	say "recorded"
}

# entry_again ENTRY : what the recipe earns today with the lines of that entry
entry_again()
{
	entry <(jq '.reproducer[]' <<< "$1") <(jq '.debugger[]' <<< "$1") \
		"$([ "$emulator" = qemu ] && echo QEMU || echo Bochs) $(jq -r '.emulator | sub("^[^ ]* "; "")' <<< "$1")" "$(jq -r .dump.tool <<< "$1")"
}

verify_one()
{
	local recorded

	recipe_read "$1"
	recorded=$(jq --arg name "$name" '.vmcores[] | select(.name == $name)' "$MANIFEST")
	[ -n "$recorded" ] || die "not in the manifest"
	diff <(jq -S 'del(.sha256, .carries_types)' <<< "$recorded") <(entry_again "$recorded" | jq -S 'del(.sha256)') ||
		die "the manifest's entry (<) is not what its recipe, reproducer and debugger say (>)"
}

verify()
{
	local one failed=0

	command -v jq > /dev/null || die "jq is not here"
	# shellcheck disable=SC2046
	[ $# -gt 0 ] || set -- $(jq -r '.vmcores[].name' "$MANIFEST")
	for one in "$@"; do
		(verify_one "$one") || failed=$((failed + 1))
	done
	say "$(($# - failed)) entries verified, $failed failed"
	[ $failed -eq 0 ]
}

fetch_one()
{
	debug=yes
	recipe_read "$1"
	host_install
	prepare
	exec {lock}>&-
}

# What tests/check-crash.sh wants to know, as a shell reads it.
debug_one()
{
	debug=yes
	make_one "$1"
	mv "$OUT/$name.full.vmcore" "$OUT/$name.vmcore"
	jq '{schema: 1, vmcores: [. + {carries_types: true}]}' "$OUT/$name.json" > "$OUT/manifest.json"
	cat > "$OUT/$name.debug" <<-EOF
		CRASH_VMLINUX='$VMLINUX'
		CRASH_MODULES='$KVM_DEBUG'
		CRASH_VMCORE='$OUT/$name.vmcore'
		${crash:+LAB_CRASH='$(program_command "crash-$crash" bin/crash) $crash_options'}
		${crash:+LAB_CRASH_INC='$CACHE/tool/crash-$crash/usr/include'}
	EOF
}

list()
{
	local recipe

	for recipe in "$HERE"/recipes/*; do
		recipe_read "$(basename "$recipe")"
		printf '%-28s %-22s %-5s %-14s %s\n' "$name" "$kernel" "$emulator" "$verdict" "$what"
	done
}

deps()
{
	host_install
	emulator=bochs bochs=bochs makedumpfile=makedumpfile-bookworm
	lock_cache
	tools_prepare
	say "all there"
}

# What the lab makes, and nothing else that may lie there.  A folder without its lock is not a cache.
clean()
{
	local recipe folder result

	if [ -f "$CACHE/lock" ]; then
		exec {lock}> "$CACHE/lock"
		flock -n "$lock" || die "a run is in progress: it fills $CACHE"
		for folder in "$CACHE"/work.* "$CACHE"/kept.*; do
			[ ! -d "$folder" ] || flock -n "$folder" rm -rf "$folder" || die "a run is in progress: $folder"
		done
		rm -rf "$CACHE"/{apt,deb,kernel,tool,program,debug,source,build,build.log,lock}
		rmdir --ignore-fail-on-non-empty "$CACHE"
	fi
	[ -d "$OUT" ] && [ "$OUT" != "$HERE" ] || return 0
	for recipe in "$HERE"/recipes/*; do
		name=$(basename "$recipe")
		results | while read -r result; do
			rm -f "$result"
		done
	done
	rm -f "$OUT/manifest.json"
	rmdir --ignore-fail-on-non-empty "$OUT"
}

# All of it is read before any of it is run.
main()
{
	local command=${1:-} one

	[ $# -eq 0 ] || shift
	[[ $CACHE != *[[:blank:]]* ]] || die "the lab's folder may have no blanks in its name: $CACHE"
	case $command in
	list | deps | clean)
		"$command"
		;;
	verify)
		verify "$@"
		;;
	make | record | redistill | fetch | debug | live)
		[ $# -gt 0 ] || die "$command what?"
		mkdir -p "$CACHE"
		for one in "$@"; do
			"${command}_one" "$one"
		done
		;;
	*)
		sed -n '4,20s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
	exit 0
}

main "$@"
