#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debuginfo from a real debuginfod server, in a network of its own.  $1: build folder.
#
# Exits with 77 if there is no server to run, or no such network to be had.
set -u
if [ -z "${IN_OWN_NETWORK:-}" ]; then
	command -v debuginfod >/dev/null || { echo "skip debuginfod: it is not installed"; exit 77; }
	IN_OWN_NETWORK=yes "$1/tests/loopback" "$0" "$1"
	status=$?
	[ $status = 77 ] && echo "skip debuginfod: a network of its own is not allowed here"
	exit $status
fi

xfdtriage=$PWD/$1/xfdtriage
vmcore=$PWD/dumps/set-xsave-6.18.5.vmcore
. tests/checks.sh debuginfod
server=
trap '[ -n "$server" ] && kill $server && wait $server; rm -rf "$work"' EXIT
export HOME=$work DEBUGINFOD_CACHE_PATH=$work/client NO_COLOR=1
export DEBUGINFOD_URLS=http://127.0.0.1:8002

# triage; output in $work/out, with wrapped lines joined
triage() {
	timeout 60 "$xfdtriage" --types dwarf "$vmcore" 2>&1 </dev/null | tr -s '\n ' ' ' >"$work/out"
}

# A vmlinux of nothing but structures, which says to be that of the dump.
build_id=$("$xfdtriage" -f json "$vmcore" | grep -o '"build_id":"[0-9a-f]*"' | cut -d '"' -f 4)
mkdir "$work/served"
"${CC:-cc}" -g -ffreestanding -static -nostdlib -no-pie -Wl,-e,_stext,--build-id="0x$build_id" \
	-o "$work/served/vmlinux" tests/structures.c || exit 99

triage
says "no server" out "debuginfod (http://127.0.0.1:8002): build-id $build_id: "
says "no server: no types" out "types from vmcoreinfo"

# which would ask the servers it is told of for what it does not have: itself
env -u DEBUGINFOD_URLS debuginfod -F -p 8002 -d "$work/index" "$work/served" >"$work/server.log" 2>&1 &
server=$!
# what was not there a moment ago is not asked for again, so ask without xfdtriage until it is indexed
for _ in $(seq 50); do
	rm -rf "$work/client"
	triage
	grep -q 'by debuginfod' "$work/out" && break
	sleep 0.2
done
says "served" out "types from dwarf (vmlinux $build_id by debuginfod)"

kill $server && wait $server 2>/dev/null
server=
triage
says "from the client's cache" out "types from dwarf (vmlinux $build_id by debuginfod)"
rm -rf "$work/client"
triage
says "gone" out "types from vmcoreinfo"
DEBUGINFOD_URLS='' triage
says "not asked" out "no vmlinux with build-id $build_id and DWARF was found"

finish
