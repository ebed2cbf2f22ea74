#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check-crash.sh on vmcores made for it: the lab fetches kernels with their debuginfo from Debian, boots them in QEMU and
# lets them die.  $1: build folder.
#
#   CRASH_RECIPES   the recipes in dumps/recipes to make
#   CRASH_SECONDS   no kernel is begun, and no package fetched, after that many seconds
#   LAB_CACHE       where to keep packages
#
# Exits with 77 if nothing could be fetched.
set -u
build=$1
lab=dumps/lab/lab.sh
seconds=${CRASH_SECONDS:-2700}
recipes=${CRASH_RECIPES:-clean-6.1.192 clean-6.12.117 clean-7.3.4}
done=0 failed=0

skip() {
	echo "skip crash: $1: $2"
}

# crash_for NAME: what reads this kernel, and xfd.so for it; sets CRASH and folder
crash_for() {
	export CRASH=crash
	folder=$build
	[ -n "${LAB_CRASH:-}" ] || return 0
	CRASH=$PWD/$LAB_OUT/crash
	printf '#!/bin/sh\nexec %s "$@"\n' "$LAB_CRASH" >"$CRASH"
	chmod +x "$CRASH"
	folder=$build/crash/$1
	echo "building xfd.so for $("$CRASH" -v | grep -m 1 '^crash')"
	make -j"$(nproc)" --no-print-directory BUILD="$folder" CRASH=yes CRASH_INC="$LAB_CRASH_INC" crash-programs >"$LAB_OUT/make.log" ||
		{ cat "$LAB_OUT/make.log"; return 1; }
}

check() { # RECIPE
	local folder
	unset LAB_CRASH LAB_CRASH_INC

	XFDTRIAGE=$PWD/$build/xfdtriage $lab debug "$1" || return 1
	# shellcheck source=/dev/null
	. "$LAB_OUT/$1.debug"
	export CRASH_VMLINUX CRASH_VMCORE CRASH_MODULES
	"$build/tests/check-dumps" "$LAB_OUT" || return 1
	crash_for "$1" || return 1
	tests/check-crash.sh "$folder"
}

for recipe in $recipes; do
	export LAB_OUT=$build/crash/$recipe
	mkdir -p "$LAB_OUT"
	[ $SECONDS -lt "$seconds" ] || { skip "$recipe" "no time left ($seconds seconds)"; continue; }
	timeout $((seconds - SECONDS)) $lab fetch "$recipe" 2>&1 | tee "$LAB_OUT/fetch.log"
	case ${PIPESTATUS[0]} in
	0) ;;
	124) skip "$recipe" "its packages were not there after $seconds seconds"; continue ;;
	*) skip "$recipe" "$(tail -n 1 "$LAB_OUT/fetch.log")"; continue ;;
	esac
	check "$recipe"
	case $? in
	0) done=$((done + 1)) ;;
	77) ;;
	*) failed=$((failed + 1)); echo "FAIL crash: $recipe" ;;
	esac
done
echo "crash: $done kernels passed, $failed failed"
[ $failed = 0 ] || exit 1
[ $done != 0 ] || exit 77
