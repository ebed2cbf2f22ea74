#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The hooks for kdump: what they store, and that nothing stops them.  $1: build folder.
set -u
build=$PWD/$1
hooks=$PWD/docs/kdump
dump=$PWD/dumps/set-xsave-6.18.5.vmcore
. tests/checks.sh hooks

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

check debian debian "$work/crash" "$work/good"
check debian-stores confirmed "$work"/crash/xfdtriage.2*.json
check debian-console grep -q '^xfdtriage: confirmed: ' "$work/err"
check debian-quiet test ! -s "$work/out"
check debian-tidy test "$(ls "$work/crash" | wc -l)" = 1
check debian-fails debian "$work/crash2" "$work/bad"
check debian-fails-tidy test -z "$(ls "$work/crash2")"
check debian-no-program debian "$work/crash3" "$work/none"
check debian-no-folder debian /proc/no/such/folder "$work/good"
check debian-no-folder-console grep -q '^xfdtriage: confirmed: ' "$work/err"
check debian-no-kdump env VMCORE=/nonexistent KDUMP_COREDIR="$work/crash4" "$hooks/debian-hook"
check debian-no-kdump-tidy test ! -e "$work/crash4"
check debian-conf grep -qx 'ExecStartPre=-/etc/kdump/xfdtriage' "$hooks/debian.conf"

# kdump-utils

dracut() { # PROGRAMS
	VMCORE=$dump RUN=$work PATH=$1:$PATH "$hooks/dracut-pre" >"$work/out" 2>"$work/err"
}

# post: to where the dump was saved, of two file systems and an older dump
post() {
	RUN=$work CONF=$work/kdump.conf MOUNTS=$work/mounts "$hooks/dracut-post" 0
}

check dracut-fails dracut "$work/bad"
check dracut-post-nothing post
check dracut dracut "$work/good"
check dracut-stores confirmed "$work/xfdtriage.json"
check dracut-journal confirmed "$work/out"
check dracut-console grep -q '^xfdtriage: confirmed: ' "$work/err"
mkdir -p "$work/a/save/old" "$work/b/save/old" "$work/b/save/new" "$work/b/var/crash/default"
touch -d '1 hour ago' "$work/a/save/old/vmcore" "$work/b/save/old/vmcore"
touch -d '1 minute' "$work/b/save/new/vmcore" "$work/b/var/crash/default/vmcore-dmesg.txt"
printf 'x %s ext4 rw 0 0\ny %s xfs rw 0 0\n' "$work/a" "$work/b" >"$work/mounts"
printf '# path /no\npath /save # here\ncore_collector makedumpfile\n' >"$work/kdump.conf"
check dracut-post post
check dracut-post-place confirmed "$work/b/save/new/xfdtriage.json"
check dracut-post-only test "$(find "$work/a" "$work/b" -name xfdtriage.json | wc -l)" = 1
: >"$work/kdump.conf"
check dracut-post-default post
check dracut-post-default-place confirmed "$work/b/var/crash/default/xfdtriage.json"

finish
