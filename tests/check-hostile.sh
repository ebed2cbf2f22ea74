#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make check-hostile: all dumps, and some of them in every format.  $1: build folder; the rest is for tests/hostile/hostile.c.
set -u
build=$PWD/$1
shift
helper=$build/tests/check-dumps
dumps=$PWD/dumps
findings=$build/hostile.findings
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work ASAN_OPTIONS=abort_on_error=1:allocator_may_return_null=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export UBSAN_OPTIONS=print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}

small=$dumps/armed-6.18.5.vmcore
"$helper" --flatten "$small" "$work/flattened" &&
	"$helper" --split "$small" "$work/part-1" "$work/part-2" &&
	"$helper" --elf "$dumps/set-xsave-6.18.5.vmcore" "$work/elf" || exit 99
files=("$work/flattened" "$work/elf" "$work/part-1:$work/part-2" "$work/part-2:$work/part-1") # the part in front is damaged
for dump in "$dumps"/*.vmcore; do
	# those with all of kallsyms and BTF take long to set up: two of them, unless there is no limit
	case "$dump $*" in
	*clean-6.1.192* | *clean-7.3.4* | *"--seconds 0 "*) files+=("$dump") ;;
	*) [ "$(stat -c %s "$dump")" -gt 1000000 ] || files+=("$dump") ;;
	esac
done
"$build/tests/hostile/hostile" --findings "$findings" "$@" "${files[@]}"
status=$?
if [ -s "$findings" ]; then
	echo "the most frequent findings (all of them: $findings):"
	cut -f 1,5-7 "$findings" | sed 's/+0x[0-9a-f]*//' | sort | uniq -c | sort -rn | head -n 40
fi
exit $status
