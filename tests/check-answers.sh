#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A manifest that is wrong about what is in a vmcore fails check-dumps.  $1: build folder.
# shellcheck disable=SC2016
set -u
helper=$1/tests/check-dumps
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# entry NAME: the manifest of this vmcore alone
entry() {
	echo '{ "schema": 1, "vmcores": [ {'
	sed -n "/^   \"name\": \"$1\"/,/^  }/p" dumps/manifest.json | sed '$s/,$//'
	echo '] }'
}

# expect NAME SUBSTITUTION MESSAGE: after sed's SUBSTITUTION check-dumps says MESSAGE; "": that all is well
expect() {
	rm -f "$work"/*
	ln -s "$PWD/dumps/$1.vmcore" "$work"
	entry "$1" >"$work/good"
	sed "$2" "$work/good" >"$work/manifest.json"
	if [ -n "$3" ] && cmp -s "$work/good" "$work/manifest.json"; then
		said="nothing to change"
	else
		said=$("$helper" "$work")
	fi
	if echo "$said" | grep -qF "${3:-ok $1}"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL answers: %s, after %s, not "%s" but:\n%s\n' "$1" "${2:-nothing}" "$3" "$said"
	fi
}

panic=msr-after-xsave-6.17.13 types=set-xsave-6.17.13
expect $panic '' ''
expect $panic '/"kernel": {/,/}/s/6\.17\.13+/6.18.9+/' 'kernel.release is 6.17.13+deb13-amd64, should be 6.18.9+deb13-amd64'
expect $panic '/"release"/d' 'kernel.release is 6.17.13+deb13-amd64, should be there'
expect $panic 's/"cpus": 1/"cpus": 2/' 'cpus are 1, should be 2'
expect $panic '/"expect"/,$s/"rfbm": "0x618e7"/"rfbm": "0x602e7"/' 'rfbm is 0x618e7, should be 0x602e7'
expect $panic '/"expect"/,$s/"rfbm": /"was": /' 'its load faulted, which it should not'
expect $panic '/"expect"/,$s/"state": "ok"/"rfbm": "0x618e7", &/' 'its load did not fault, which it should'
expect $panic 's/"carries_types": false/"carries_types": true/' 'carries_types is wrong'
expect $panic '/"expect"/,$s/"verdict": "confirmed"/"verdict": "probable"/' 'verdict is confirmed, should be probable'
expect $panic '/"expect"/,$s/"exit": 0/"exit": 4/' 'exit code is 0'
expect $panic 's/"route": "fpu_swap_kvm_fpstate"/"route": "switch_fpu_return"/' 'route is fpu_swap_kvm_fpstate'
expect $panic 's/"fix": "absent"/"fix": "present"/' 'fix in vmlinux is absent, should be present'
expect $panic '/"expect"/,$s/"state": "armed"/"state": "stale"/' 'state is armed, should be stale'
expect $panic '/"expect"/,$s/"xfd": "0x40000"/"xfd": "0x0"/' 'xfd is 0x40000, should be 0'
expect $panic '/"expect"/,$s/"xstate_bv": "0x60200"/"xstate_bv": "0x200"/' 'xstate_bv is 0x60200, should be 0x200'
expect $panic '/"expect"/,$s/"xcomp_bv": "0x8/"xcomp_bv": "0x9/' 'xcomp_bv is '
expect $panic '/"expect"/,$s/"id": 1/"id": 7/' 'vCPU 7: not found'
expect $panic '/"expect"/,$s/"pid": [0-9]*/"pid": 1/' 'no VM of pid 1'
expect $types '' ''
expect $types 's/"carries_types": true/"carries_types": false/' 'carries_types is wrong'
echo "answers: $passed passed, $failed failed"
[ $failed = 0 ]
