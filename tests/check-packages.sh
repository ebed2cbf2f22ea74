#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages: built twice, linted, and used in a Debian without build tools (root; debootstrap, lintian, blhc).
# $1: build folder; CRASH_VMLINUX and CRASH_VMCORE: what to open in a crash session there; by default, what "make check-crash"
# left of a kernel that this Debian's crash can read.
set -u
. tests/checks.sh packages
build=$PWD/$1
first=$PWD/build/packages second=$work/second root=$work/root

if [ "$(id -u)" != 0 ] || ! command -v debootstrap lintian blhc dpkg-buildpackage >"$work/tools"; then
	echo "skip packages: root, debootstrap, lintian, blhc and dpkg-dev are needed"
	exit 77
fi
unmount() {
	umount -q "$root/proc" "$root/dev/null" 2>/dev/null
	rm -rf "$work"
}
trap unmount EXIT

in_root() {
	chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@"
}

# built twice
rm -rf "$first"
check "build" make deb
mkdir -p "$second" "$work/another/folder"
cp -a "$first" "$work/kept"
check "build in another folder, time zone, locale and umask" \
	env TMPDIR="$work/another/folder" TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 sh -c 'umask 027; make deb'
for package in "$work"/kept/*.deb; do
	same "${package##*/} is the same, bit by bit" "$package" "$first/${package##*/}"
done

# make install and make uninstall
check "install into a folder" make install DESTDIR="$work/installed" PREFIX=/usr
check "uninstall" make uninstall DESTDIR="$work/installed" PREFIX=/usr
[ -d "$work/installed" ] && find "$work/installed" ! -type d >"$work/left"
silent "uninstall leaves nothing" left

# linted; an upload to Debian would name the bug that it closes
check "hardening flags" blhc --all "$first/deb.log"
lintian --pedantic --fail-on none --allow-root "$first"/*.changes >"$work/tags" 2>"$work/log"
! grep -v ': initial-upload-closes-no-bugs ' "$work/tags" >"$work/out"
report $? "lintian --pedantic" "$(head -c 600 "$work/out")"

# installed where nothing can be built
check "a Debian without build tools" debootstrap --variant=minbase "${SUITE:-bookworm}" "$root" "${MIRROR:-http://deb.debian.org/debian}"
mkdir -p "$root/dumps" "$root/packages"
for package in xfdtriage xfdtriage-crash; do
	cp "$first/${package}_"*.deb "$root/packages/$package.deb"
done
cp dumps/*.vmcore "$root/dumps" || report skip "triage of dumps/" "there are no vmcores"
mount -t proc proc "$root/proc"
check "no compiler there" in_root sh -c '! command -v cc gcc make'
check "install" in_root apt-get install -y -q --no-install-recommends /packages/xfdtriage.deb
check "man page" test -s "$root/usr/share/man/man1/xfdtriage.1.gz"
for document in "$root"/usr/share/doc/xfdtriage/*.md; do
	# shellcheck disable=SC2013 # links hold no blanks
	for link in $(grep -o '](\([^)#:]*\)[)#]' "$document" | sed 's/^](//; s/.$//'); do
		[ -e "$root/usr/share/doc/xfdtriage/$link" ]
		report $? "a link of ${document##*/}" "$link is not installed"
	done
done
for dump in dumps/*.vmcore; do
	[ -e "$dump" ] || continue
	"$build/xfdtriage" -f json "$dump" >"$work/here" 2>&1
	here=$?
	in_root xfdtriage -f json "$dump" >"$work/there" 2>&1
	there=$?
	[ $here = $there ]
	report $? "$dump: exit code" "$there, and $here here"
	same "$dump: the same answer" "$work/here" "$work/there"
done
mkdir "$root/etc/kdump"
# shellcheck disable=SC2016 # the shell of the root expands it
check "the hook is ready" in_root sh -c 'ln -s /usr/share/xfdtriage/kdump/debian-hook /etc/kdump/xfdtriage &&
	VMCORE=$(ls /dumps/*.vmcore | head -n 1) KDUMP_COREDIR=/tmp/crash /etc/kdump/xfdtriage && [ -s /tmp/crash/xfdtriage.*.json ]'
rm -rf "$root/etc/kdump" "$root/tmp/crash"

# with crash
check "install with crash" in_root apt-get install -y -q --no-install-recommends /packages/xfdtriage-crash.deb
# shellcheck disable=SC2046 # one word a library
nm -D --defined-only "$root/usr/bin/crash" $(in_root ldd /usr/lib/crash/extensions/xfd.so | sed -n "s|.*=> \(/[^ ]*\).*|$root\1|p") |
	awk 'NF == 3 { sub("@.*", "", $3); print $3 }' | sort -u >"$work/crash"
nm -D --undefined-only "$root/usr/lib/crash/extensions/xfd.so" | awk '$1 == "U" { sub("@.*", "", $2); print $2 }' | sort -u >"$work/wanted"
comm -23 "$work/wanted" "$work/crash" >"$work/out"
[ -s "$work/wanted" ] && [ ! -s "$work/out" ]
report $? "crash and the libraries have what xfd.so takes from them" "$(head -n 5 "$work/out" | tr '\n' ' ')"
for made in "$build"/crash/*/*.debug; do
	[ -z "${CRASH_VMLINUX:-}" ] && [ -s "$made" ] && ! grep -q ^LAB_CRASH= "$made" || continue
	# shellcheck source=/dev/null
	. "$made"
done
if [ -s "${CRASH_VMLINUX:-}" ] && [ -s "${CRASH_VMCORE:-}" ]; then
	cp "$CRASH_VMLINUX" "$root/dumps/vmlinux"
	cp "$CRASH_VMCORE" "$root/dumps/vmcore"
	printf 'extend xfd.so\nxfd\nexit\n' >"$root/dumps/commands"
	in_root timeout 300 crash -s --no_scroll -i /dumps/commands /dumps/vmlinux /dumps/vmcore >"$work/out" 2>&1 </dev/null
	says "xfd in a session" out 'sources *symbols from'
else
	report skip "a crash session" "there is no vmcore with a vmlinux; run 'make check-crash' first"
fi

# and gone
check "remove" in_root apt-get purge -y -q xfdtriage xfdtriage-crash
find "$root" -xdev \( -path "$root/packages" -o -path "$root/proc" -o -path "$root/var/log" -o -path "$root/var/cache" \) -prune \
	-o -name '*xfd*' -print >"$work/left"
silent "nothing is left" left
finish
