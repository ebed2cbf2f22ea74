#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The hooks for kdump: what they store, and that nothing stops them.  $1: build folder.
set -u
build=$PWD/$1
hooks=$PWD/docs/kdump
dump=$PWD/dumps/set-xsave-6.18.5.vmcore
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# is NAME TRUTH...: does the command say so?
is() {
	local name=$1
	shift
	if "$@" >"$work/why" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name: $(head -c 300 "$work/why")"
	fi
}

confirmed() {
	[ "$("$build/tests/check-dumps" --json <"$1")" = confirmed ]
}

# what a hook finds: xfdtriage, one that fails, one that hangs
mkdir "$work/good" "$work/bad" "$work/none"
ln -s "$build/xfdtriage" "$work/good/xfdtriage"
printf '#!/bin/sh\nexit 2\n' >"$work/bad/xfdtriage"
chmod +x "$work/bad/xfdtriage"

# kdump-tools

# debian FOLDER PROGRAMS: run its hook
debian() {
	VMCORE=$dump KDUMP_COREDIR=$1 PATH=$2:$PATH "$hooks/debian-hook" >"$work/out" 2>"$work/err"
}

is debian debian "$work/crash" "$work/good"
is debian-stores confirmed "$work"/crash/xfdtriage.2*.json
is debian-console grep -q '^xfdtriage: confirmed: ' "$work/err"
is debian-quiet test ! -s "$work/out"
is debian-tidy test "$(ls "$work/crash" | wc -l)" = 1
is debian-fails debian "$work/crash2" "$work/bad"
is debian-fails-tidy test -z "$(ls "$work/crash2")"
is debian-no-program debian "$work/crash3" "$work/none"
is debian-no-folder debian /proc/no/such/folder "$work/good"
is debian-no-folder-console grep -q '^xfdtriage: confirmed: ' "$work/err"
is debian-no-kdump env VMCORE=/nonexistent KDUMP_COREDIR="$work/crash4" "$hooks/debian-hook"
is debian-no-kdump-tidy test ! -e "$work/crash4"
is debian-conf grep -qx 'ExecStartPre=-/etc/kdump/xfdtriage' "$hooks/debian.conf"

# kdump-utils

dracut() { # PROGRAMS
	VMCORE=$dump RUN=$work PATH=$1:$PATH "$hooks/dracut-pre" >"$work/out" 2>"$work/err"
}

# post: to where the dump was saved, of two file systems and an older dump
post() {
	RUN=$work CONF=$work/kdump.conf MOUNTS=$work/mounts "$hooks/dracut-post" 0
}

is dracut-fails dracut "$work/bad"
is dracut-post-nothing post
is dracut dracut "$work/good"
is dracut-stores confirmed "$work/xfdtriage.json"
is dracut-journal confirmed "$work/out"
is dracut-console grep -q '^xfdtriage: confirmed: ' "$work/err"
mkdir -p "$work/a/save/old" "$work/b/save/old" "$work/b/save/new" "$work/b/var/crash/default"
touch -d '1 hour ago' "$work/a/save/old/vmcore" "$work/b/save/old/vmcore"
touch -d '1 minute' "$work/b/save/new/vmcore" "$work/b/var/crash/default/vmcore-dmesg.txt"
printf 'x %s ext4 rw 0 0\ny %s xfs rw 0 0\n' "$work/a" "$work/b" >"$work/mounts"
printf '# path /no\npath /save # here\ncore_collector makedumpfile\n' >"$work/kdump.conf"
is dracut-post post
is dracut-post-place confirmed "$work/b/save/new/xfdtriage.json"
is dracut-post-only test "$(find "$work/a" "$work/b" -name xfdtriage.json | wc -l)" = 1
: >"$work/kdump.conf"
is dracut-post-default post
is dracut-post-default-place confirmed "$work/b/var/crash/default/xfdtriage.json"

echo "hooks: $passed passed, $failed failed"
[ $failed = 0 ]
