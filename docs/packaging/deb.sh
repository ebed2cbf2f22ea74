#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Build the Debian packages of version $1 in a copy of this tree; they and the log come to build/packages.
set -eu
cd "$(dirname "$0")/../.."
upstream=$(dpkg-parsechangelog -l docs/packaging/debian/changelog -S Version | sed 's/-[^-]*$//')
[ "$upstream" = "$1" ] || { echo "deb: docs/packaging/debian/changelog is of $upstream, the Makefile of $1" >&2; exit 1; }

packages=$PWD/build/packages
copy=$(mktemp -d "${TMPDIR:-/tmp}/xfdtriage-deb.XXXXXX")
trap 'rm -rf "$copy"' EXIT
mkdir -p "$packages" "$copy/xfdtriage-$1"
tar -c --exclude=./build --exclude=./.git --exclude='./dumps/*.vmcore' --exclude=./dumps/cache --exclude=./dumps/out . | tar -x -C "$copy/xfdtriage-$1"
cp -r docs/packaging/debian "$copy/xfdtriage-$1/debian"
cd "$copy/xfdtriage-$1"
# "make check" is what tests this tree
DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-nocheck parallel=$(nproc)}" dpkg-buildpackage -b -us -uc >"$packages/deb.log" 2>&1 || {
	tail -n 30 "$packages/deb.log" >&2
	exit 1
}
mv "$copy"/*.deb "$copy"/*.changes "$copy"/*.buildinfo "$packages"
ls "$packages"/*.deb
