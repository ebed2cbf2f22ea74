#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab.sh - make the project's vmcores: a host in an emulated machine dies for real, and kdump saves its memory
#
# usage: lab.sh list | deps | make NAME... | record NAME... | fetch NAME | debug NAME | clean
#   list     the recipes
#   deps     install what the lab needs from Debian, fetch what it unpacks
#   make     make vmcores; each is left in out/ with its manifest entry, and compared with the manifest
#   record   take what "make" left over into the manifest, and the reduced vmcore beside it
#   fetch    install and fetch what "debug" needs, and nothing else
#   debug    make a vmcore of a kernel whose debuginfo Debian serves; left whole, with out/NAME.debug to say where all of it is
#   clean    remove what was made and what was fetched
# Environment: LAB_CACHE, LAB_OUT (folders), LAB_MIRROR, LAB_SECURITY_MIRROR (Debian archives; default: those of this machine's apt), LAB_KEEP=1 (keep the full vmcore),
#   LAB_QEMU_SECONDS and LAB_BOCHS_SECONDS (when a machine counts as hung), XFDTRIAGE (the program)
set -euo pipefail
shopt -s lastpipe

HERE=$(cd "$(dirname "$0")/.." && pwd)
CACHE=${LAB_CACHE:-$HERE/cache}
OUT=${LAB_OUT:-$HERE/out}
XFDTRIAGE=${XFDTRIAGE:-$HERE/../build/xfdtriage}
MANIFEST=$HERE/manifest.json
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
. "$HERE/lab/machine.sh"

clean_up()
{
	if [ -n "$CHILD" ]; then
		kill "$CHILD" 2>/dev/null || true
		wait "$CHILD" 2>/dev/null || true
	fi
	[ -z "$WORK" ] || [ "${LAB_KEEP:-0}" = 1 ] || rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# Every recipe sets kernel, emulator, scenario, verdict, exit_code; these are the rest's defaults.
recipe_read()
{
	name=$1
	[ -f "$HERE/recipes/$name" ] || die "there is no recipe \"$name\" (see: make -C dumps list)"
	what="" kernel="" emulator="" scenario="" cmdline="" cpus="" memory="" kvm=yes sysctl="kernel.panic_on_oops=1"
	dump="-l -d 31" makedumpfile=makedumpfile bochs=bochs xfd_err=00040000 touched=ok crash_at=kvm_emulate_cpuid
	verdict="" exit_code="" kdump_verdict="" kdump_exit_code="" route="" console="" console_lacks="" forged="" emulated="" keep_types="" crash="" crash_options=""
	# shellcheck disable=SC1090
	. "$HERE/recipes/$name"
	[ -n "$cpus" ] || { [ "$emulator" = qemu ] && cpus=2 || cpus=1; }
	[ -n "$memory" ] || { [ "$emulator" = qemu ] && memory=1024 || memory=768; }
	read -r version suite fix < <(awk -v release="$kernel" '$1 == release { print $2, $3, $4 }' "$HERE/kernels") || die "kernel \"$kernel\" is not listed in dumps/kernels"
	recipe_kernel="$kernel $version"
	CMDLINE="$(kernel_cmdline) crashkernel=$([ "$emulator" = qemu ] && echo 256M || echo 192M) panic=1 xfdtriage.lab${cmdline:+ $cmdline}"
	if [ "$emulator" = bochs ]; then
		emulated="the whole machine: Bochs, model sapphire_rapids (VMX, AMX, XSAVES)
XFD as a CPU feature: setcpuid=324 on the kernel's command line
IA32_XFD (0x1c4) and IA32_XFD_ERR (0x1c5) as plain storage, the latter 0x$xfd_err at reset
#NM of an XRSTORS with XSTATE_BV & IA32_XFD & EDX:EAX != 0, and XSAVES writing XSTATE_BV[i]=0 for a component that IA32_XFD disables: by the debugger, at these instructions${emulated:+
$emulated}"
	else
		emulated="the whole machine: QEMU, TCG, -cpu max (SVM; no AMX, no XFD, no XSAVES)${emulated:+
$emulated}"
	fi
}

# Say what is missing before anything is started.
host_check()
{
	local program

	for program in qemu-system-x86_64 busybox grub-mkrescue xorriso mformat cpio zstd xz depmod jq cc python3 unshare flock; do
		command -v $program > /dev/null || die "$program is not here: make -C dumps deps"
	done
	[ "$emulator" != bochs ] || unshare -n true 2>/dev/null || die "Bochs is run in a network namespace of its own: this needs root"
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

# The entry that this run earns, in $WORK/entry.json.
write_entry()
{
	grep -a '^{' "$WORK/lab" | tr -d '\r' > "$WORK/said" || true
	[ -f "$WORK/journal" ] || : > "$WORK/journal"
	jq -n --slurpfile said "$WORK/said" --slurpfile journal "$WORK/journal" \
		--argjson r "$(jq -n --arg name "$name" --arg release "$kernel" --arg version "$version" --arg suite "$suite" --arg fix "$fix" \
			--arg emulator "$([ "$emulator" = qemu ] && tool_version qemu || tool_version "$bochs")" --arg cpus "$cpus" --arg memory "$memory" \
			--arg cmdline "$CMDLINE" --arg sysctl "$sysctl" --arg scenario "$scenario" --arg emulated "$emulated" --arg forged "$forged" \
			--arg tool "$(tool_version "$makedumpfile")" --arg dump "$dump" --arg touched "$touched" --arg verdict "$verdict" --arg exit "$exit_code" \
			--arg route "$route" --arg console "$console" '$ARGS.named')" \
		-f "$HERE/lab/entry.jq" > "$WORK/entry.json" || die "the reproducer's lines cannot be read: $(cat "$WORK/said")"
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

	tr -d '\r' < "$WORK/console" > "$WORK/console.text"
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

# What xfdtriage said in the kdump kernel, before the dump was saved and pages were left out of it.
check_triage()
{
	local wanted=${kdump_verdict:-$verdict} json=$OUT/$name.kdump.json

	[ -x "$XFDTRIAGE" ] || return 0
	tr -d '\r' < "$WORK/lab" | sed -n 's/^TRIAGE //p' > "$json"
	jq -e --arg verdict "$wanted" --argjson exit "${kdump_exit_code:-$exit_code}" --arg route "$route" \
		'.verdict == $verdict and .exit == $exit and (.route // "") == $route' "$json" > /dev/null ||
		{ last_lines; die "in the kdump kernel xfdtriage said $(head -c 300 "$json"), expected $wanted"; }
	grep -q "^xfdtriage: $wanted: " "$WORK/console.text" || { last_lines; die "the console does not say \"xfdtriage: $wanted\""; }
	say "in the kdump kernel: $wanted; $(sed -n 's/^xfdtriage:   cost *//p' "$WORK/console.text")"
}

# Compare with the manifest all that does not change from run to run.
compare()
{
	local filter='{scenario, kernel, cpus, forged, expect} | del(.expect.vms[]?.pid)'

	[ "$kernel $version" = "$recipe_kernel" ] || filter="$filter | del(.kernel)"
	# Bochs' XINUSE[18] of tiles that were never used is chance (docs/lab.md)
	[ "$emulator" != bochs ] || filter="$filter"' | (.expect.vms[]?.vcpus[]? | select(.state == "ok").xstate_bv) |= (if . == "0x40200" then "0x200" else . end)'

	if ! jq -e --arg name "$name" 'any(.vmcores[]; .name == $name)' "$MANIFEST" > /dev/null 2>&1; then
		say "no entry in the manifest yet (lab.sh record $name makes one)"
		return
	fi
	diff <(jq --arg name "$name" ".vmcores[] | select(.name == \$name) | $filter" "$MANIFEST") <(jq "$filter" "$WORK/entry.json") > "$WORK/diff" ||
		{ cat "$WORK/diff"; die "this run is not what the manifest promises"; }
	say "as the manifest promises"
}

# The saved dump must say all that /proc/vmcore said; where pages are known to be lost, it need not.
compare_triage()
{
	[ -z "$kdump_verdict" ] || return 0
	"$XFDTRIAGE" -n -f json "$WORK/vmcore" > "$WORK/saved.json" 2> /dev/null || true
	diff <(jq -S 'del(.dump)' "$OUT/$name.kdump.json") <(jq -S 'del(.dump)' "$WORK/saved.json") > "$WORK/diff" ||
		{ cat "$WORK/diff"; die "the saved dump does not say what /proc/vmcore said"; }
}

# Reduce the vmcore, and let the program judge both.
reduce()
{
	local status=0

	if [ ! -x "$XFDTRIAGE" ]; then
		say "not reduced: no $XFDTRIAGE"
		cp --sparse=always "$WORK/vmcore" "$OUT/$name.full.vmcore"
		return
	fi
	"$XFDTRIAGE" "$WORK/vmcore" > "$OUT/$name.txt" 2>&1 || status=$?
	[ $status -eq "$exit_code" ] || { cat "$OUT/$name.txt"; cp --sparse=always "$WORK/vmcore" "$OUT/$name.full.vmcore"; die "xfdtriage exits with $status, expected $exit_code; the full vmcore is kept"; }
	compare_triage
	"$XFDTRIAGE" distill --keep-log "$WORK/vmcore" -o "$OUT/$name.vmcore" ${keep_types:+--keep-types} || die "cannot be reduced"
	[ "${LAB_KEEP:-0}" != 1 ] && [ -z "$debug" ] || cp --sparse=always "$WORK/vmcore" "$OUT/$name.full.vmcore"
}

# Fill the cache; several may want to at once: it is locked until the caller closes $lock.
prepare()
{
	exec {lock}> "$CACHE/lock"
	flock "$lock"
	if [ -n "$debug" ]; then
		kernel_with_debuginfo
		debuginfo_prepare
		[ -z "$crash" ] || tool_prepare "crash-$crash" "$crash" crash
	fi
	kernel_prepare "$kernel" "$version" "$suite"
	tools_prepare
}

make_one()
{
	local start=$SECONDS status=0 try

	recipe_read "$1"
	host_check
	mkdir -p "$OUT"
	prepare
	WORK=$(mktemp -d "$CACHE/work.$name.XXXXXX")
	build_initrd
	exec {lock}>&-
	say "running: $emulator, $kernel, $scenario"
	# Bochs now and then runs kernel code as it was before the kernel patched it, and the boot fails (docs/lab.md).
	for try in 1 2 3; do
		status=0
		rm -f "$WORK/lab" "$WORK/console"
		run_"$emulator" || status=$?
		! grep -q '^BOOT' "$WORK/lab" 2>/dev/null || break
		last_lines
		say "the kernel did not boot (try $try)"
	done
	if [ $status -ne 0 ] || ! grep -q '^DONE saved' "$WORK/lab" 2>/dev/null; then
		last_lines
		die "the machine did not save a vmcore (status $status)"
	fi
	collect || die "no dump in what the machine wrote"
	write_entry
	check_run
	cp "$WORK/console.text" "$OUT/$name.console"
	cp "$WORK/entry.json" "$OUT/$name.json"
	check_triage
	compare
	reduce
	say "done in $((SECONDS - start)) s: $(stat -c %s "$WORK/vmcore") bytes, $(jq -r '"expected: \(.expect.verdict), exit \(.expect.exit), route \(.expect.route)"' "$OUT/$name.json")"
	[ "${LAB_KEEP:-0}" = 1 ] || rm -rf "$WORK"
	WORK=
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
	tools_prepare
	say "all there"
}

# All of it is read before any of it is run.
main()
{
	local command=${1:-} one

	[ $# -eq 0 ] || shift
	case $command in
	list | deps)
		"$command"
		;;
	make | record | fetch | debug)
		[ $# -gt 0 ] || die "$command what?"
		mkdir -p "$CACHE"
		for one in "$@"; do
			"${command}_one" "$one"
		done
		;;
	clean)
		rm -rf "$OUT" "$CACHE"
		;;
	*)
		sed -n '4,17s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
	exit 0
}

main "$@"
