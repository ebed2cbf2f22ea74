#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A host with 1 TiB and 2000 vCPUs: the answer, the memory and the time.  $1: build folder; $2: yes if sanitized.
set -u
build=$1 sanitize=${2:-}
vms=20 vcpus=100 memory=1024
seconds=20 peak_kib=$((64 * 1024))
. tests/checks.sh large

# triages NAME EXIT ARMED [ARGUMENT...]: what a host made of dumps/NAME.vmcore is said to be
triages() {
	local name=$1 expected=$2 armed=$3 all status counts sum peak
	shift 3
	if ! all=$("$build/tests/make-large" "dumps/$name.vmcore" "$work/vmcore" $memory $vms $vcpus "$@"); then
		report fail "$name" "cannot make the dump"
		return
	fi
	timeout $seconds "$build/tests/measure" "$work/cost" \
		"$build/xfdtriage" --format json "$work/vmcore" >"$work/out" 2>"$work/err"
	status=$?
	if [ $status = 124 ]; then
		report fail "$name" "still at it after $seconds seconds"
		return
	fi
	if [ $status = "$expected" ]; then
		report ok
	else
		report fail "$name" "exit $status, should be $expected: $(head -c 300 "$work/err")"
	fi
	counts=$(grep -o '"counts":{[^}]*}' "$work/out")
	sum=$(($(grep -o '[0-9]*' <<<"$counts" | tr '\n' '+')0))
	if [ "$sum" = "$all" ]; then report ok; else report fail "$name" "$sum vCPUs, should be $all"; fi
	case $counts in
	*"\"ok\":$((all - armed)),\"armed\":$armed,"*) report ok ;;
	*) report fail "$name" "$armed of $all vCPUs should be armed, the others ok: $counts" ;;
	esac
	if grep -q "\"census\":{\"known\":true,\"complete\":true,\"states\":$all," "$work/out"; then report ok; else report fail "$name" "the census should have $all states: $(grep -o '"census":{[^}]*}' "$work/out")"; fi
	if grep -q '"complete":false' "$work/out"; then report fail "$name" "not all vCPUs of a VM were found"; else report ok; fi
	[ "$sanitize" = yes ] && return
	read -r peak _ <"$work/cost"
	if [ "$peak" -le $peak_kib ]; then report ok; else report fail "$name" "$peak KiB of memory, should be at most $peak_kib"; fi
}

# distills NAME EXIT: the page bitmaps alone would be 64 MiB; what is copied is small, and gives the same answer
distills() {
	local name=$1 expected=$2 size
	"$build/xfdtriage" distill "$work/vmcore" -o "$work/small" >"$work/out" 2>"$work/err"
	if grep -q '^It gives the answer of the original' "$work/out"; then report ok; else report fail "distill-$name" "$(head -c 300 "$work/err")"; fi
	size=$(stat -c %s "$work/small")
	if [ "$size" -le $((3 << 19)) ]; then report ok; else report fail "distill-$name" "$size bytes"; fi
	TMPDIR=$work "$build/xfdtriage" -q "$work/small"
	status=$?
	if [ $status = "$expected" ]; then report ok; else report fail "distill-$name" "exit $status, should be $expected"; fi
	if ! command -v crash >/dev/null; then return; fi
	if [ "$(crash --osrelease "$work/small")" = "$(crash --osrelease "dumps/$name.vmcore")" ]; then report ok; else report fail "distill-$name" "crash does not know it"; fi
}

# the frames in the dump in 4 million pieces; standard format, five levels of page tables; the last vCPU decides
triages clean-6.12.117 3 1 armed scattered=64
# compacted format, four levels; the source's own vCPU is the culprit
triages set-xsave-6.18.5 0 1
distills set-xsave-6.18.5 0

# hostile: xarrays that have no end; the nodes of all of them are bounded, and the census still has every state
"$build/tests/make-large" dumps/set-xsave-6.18.5.vmcore "$work/vmcore" 64 2000 1 levels=60 >"$work/all"
"$build/xfdtriage" --stats "$work/vmcore" >"$work/out" 2>"$work/err"
status=$?
if [ $status = 0 ]; then report ok; else report fail levels "exit $status, should be 0: $(head -c 300 "$work/err")"; fi
reads=$(awk '$1 == "all" { print $2 }' "$work/out")
if [ "${reads:-0}" -gt 1000 ] && [ "$reads" -le 300000 ]; then report ok; else report fail levels "$reads reads, should be at most 300000"; fi

# in kdump's kernel: /proc/vmcore in thousands of segments, within the limits of --kdump
for name in clean-6.12.117 set-xsave-6.18.5; do
	expected=0
	[ $name = clean-6.12.117 ] && expected=3
	# shellcheck disable=SC2046
	if ! "$build/tests/make-large" "dumps/$name.vmcore" "$work/vmcore" $memory $vms $vcpus $([ $expected = 3 ] && echo armed) segments=4000 >"$work/all"; then
		report fail "kdump-$name" "cannot make the dump"
		continue
	fi
	timeout 30 "$build/tests/measure" "$work/cost" "$build/xfdtriage" --kdump "$work/vmcore" >"$work/out" 2>"$work/err"
	status=$?
	if [ $status = $expected ]; then report ok; else report fail "kdump-$name" "exit $status, should be $expected: $(head -c 300 "$work/err")"; fi
	sum=$(($(grep -o '"counts":{[^}]*}' "$work/out" | grep -o '[0-9]*' | tr '\n' '+')0))
	if [ "$sum" = "$(cat "$work/all")" ]; then report ok; else report fail "kdump-$name" "$sum vCPUs, should be $(cat "$work/all")"; fi
	[ "$sanitize" = yes ] && continue
	read -r peak _ <"$work/cost"
	if [ "$peak" -le $((48 * 1024)) ]; then report ok; else report fail "kdump-$name" "$peak KiB of memory"; fi
done

# a dump that needs more memory than --kdump takes is an error that says so
if [ "$sanitize" != yes ]; then
	# its notes are said to have 60 MiB
	cp dumps/clean-6.12.117.vmcore "$work/vmcore"
	printf '\0\0\300\003\0\0\0\0' | dd of="$work/vmcore" bs=1 seek=$((4096 + 56)) conv=notrunc status=none
	truncate -s +64M "$work/vmcore"
	"$build/xfdtriage" --kdump "$work/vmcore" >"$work/out" 2>"$work/err"
	status=$?
	if [ $status = 2 ] && grep -q '^xfdtriage: error: in the memory that --kdump takes: .*out of memory' "$work/err"; then
		report ok
	else
		report fail "kdump-memory" "exit $status: $(head -c 300 "$work/err")"
	fi
fi

# 12 TiB: its page bitmap has 403 MB
if [ "$sanitize" != yes ]; then
	memory=12288 vcpus=10 peak_kib=$((256 * 1024))
	triages set-xsave-6.18.5 0 1
fi

[ "$sanitize" = yes ] && echo "large: sanitized, so the memory needed was not looked at"
finish
