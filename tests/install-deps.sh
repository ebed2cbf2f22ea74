#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Install what building and testing xfdtriage needs, on Debian 12 or later.
# $1: "browser" for what "make check-browser" needs besides (Chromium); "packages" for "make check-packages" and "make rpm";
# "lint" for "make lint"; "slurm" for "make check-slurm"; "cluster" for all that "make check-cluster" can check;
# "storage" for all of "make bench-storage".
set -eu

packages="gcc make pkg-config libc6-dev libkdumpfile-dev libdw-dev libelf-dev libdebuginfod-dev libcurl4-openssl-dev libbpf-dev libcapstone-dev
libjson-c-dev zlib1g-dev liblzo2-dev libsnappy-dev libzstd-dev libsqlite3-dev libseccomp-dev libarchive-dev libcmocka-dev jq crash dwz debuginfod bzip2 xz-utils zstd lz4 zip 7zip libarchive-tools"
case ${1:-} in
browser) packages="$packages chromium chromium-driver python3 python3-selenium fonts-dejavu-core" ;;
packages) packages="$packages binutils blhc debhelper debootstrap dpkg-dev lintian rpm rpmlint" ;;
slurm) packages="$packages slurmctld slurmd slurm-client munge" ;;
cluster) packages="$packages parallel prometheus python3-kubernetes python3-yaml systemd" ;;
storage) packages="$packages curl libnbd-bin nbdkit" ;;
lint) packages="$packages clang clang-format cppcheck shellcheck" ;;
esac

if ! command -v apt-get >/dev/null; then
	echo "install-deps: there is no apt-get here; install what your distribution has for these packages of Debian:" >&2
	echo "$packages" >&2
	exit 1
fi

missing=
for package in $packages; do
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null; then
	as_root=sudo
else
	echo "install-deps: be root, or install sudo, or install these yourself:$missing" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root apt-get install -y -q --no-install-recommends $missing
