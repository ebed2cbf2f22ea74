#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Make a source RPM of version $1; it comes to build/packages.
set -eu
cd "$(dirname "$0")/../.."
upstream=$(sed -n 's/^Version: *//p' docs/packaging/xfdtriage.spec)
[ "$upstream" = "$1" ] || { echo "rpm: docs/packaging/xfdtriage.spec is of $upstream, the Makefile of $1" >&2; exit 1; }

packages=$PWD/build/packages
top=$(mktemp -d "${TMPDIR:-/tmp}/xfdtriage-rpm.XXXXXX")
trap 'rm -rf "$top"' EXIT
mkdir -p "$packages" "$top/SOURCES"
tar -c --exclude=./build --exclude=./.git --exclude='./dumps/*.vmcore' --exclude=./dumps/cache --exclude=./dumps/out \
	--transform "s,^\.,xfdtriage-$1," --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw \
	--mtime="@${SOURCE_DATE_EPOCH:-$(date -d "$(sed -n 's/^\* \([A-Z].* 20[0-9]*\) .*/\1/p' docs/packaging/xfdtriage.spec | head -n 1)" +%s)}" . |
	gzip -9n >"$top/SOURCES/xfdtriage-$1.tar.gz"
rpmbuild -bs --quiet --nodeps --define "_topdir $top" docs/packaging/xfdtriage.spec
mv "$top"/SRPMS/*.src.rpm "$packages"
ls "$packages"/*.src.rpm
if command -v rpmlint >/dev/null; then
	rpmlint -c docs/packaging/rpmlint.toml "$packages"/*.src.rpm
else
	echo "skip rpmlint: it is not installed"
fi
