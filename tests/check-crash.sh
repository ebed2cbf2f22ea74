#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# xfd.so in a real crash(8) session: what it says is what xfdtriage says.  $1: build folder.
#
#   CRASH_VMLINUX   a vmlinux with debuginfo
#   CRASH_VMCORE    vmcores of that kernel, separated by spaces
#   CRASH           the crash to run
#
# Exits with 77 if there is nothing to run it on.
set -u
build=$PWD/$1
crash=${CRASH:-crash}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_CACHE_HOME=$work/cache NO_COLOR=1
passed=0 failed=0

skip() {
	echo "skip crash: $1"
	exit 77
}

report() { # status name detail
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL crash: $2${3:+: $3}"
	fi
}

[ -n "${CRASH_VMLINUX:-}" ] && [ -n "${CRASH_VMCORE:-}" ] || skip "CRASH_VMLINUX and CRASH_VMCORE are not given"
[ -e "$build/xfd.so" ] || skip "xfd.so was not built: crash/defs.h is not installed"
command -v "$crash" >/dev/null || skip "$crash is not installed"

# session VMCORE [OPTION...]: commands on stdin, output in $work/out
session() {
	local vmcore=$1
	shift
	{ echo "extend $build/xfd.so"; cat; echo quit; } >"$work/commands"
	timeout 300 "$crash" -s "$@" -i "$work/commands" "$CRASH_VMLINUX" "$vmcore" >"$work/out" 2>&1 </dev/null
}

# says NAME FILE PATTERN
says() {
	grep -q -e "$3" "$2"
	report $? "$1" "$(basename "$2") lacks '$3': $(head -c 300 "$2" | tr '\n' ' ')"
}

# what the two print differs in nothing
same() { # NAME FILE FILE
	cmp -s "$2" "$3"
	report $? "$1" "$(diff "$2" "$3" | head -5 | cut -c 1-300)"
}

for vmcore in $CRASH_VMCORE; do
	name=$(basename "$vmcore" .vmcore)
	"$build/xfdtriage" -n -f json "$vmcore" >"$work/json"
	"$build/xfdtriage" -n "$vmcore" >"$work/text"
	"$build/xfdtriage" -n -v "$vmcore" >"$work/verbose"
	"$build/xfdtriage" -n show "$vmcore" >"$work/show"

	session "$vmcore" <<-END
		xfd > $work/xfd.text
		xfd -v > $work/xfd.verbose
		xfd -d > $work/xfd.show
		xfd -j $work/xfd.json
		xfd -l > $work/xfd.list
		xfd -p > $work/xfd.panic
		xfd -d 4294967295
		xfd | head -1 > $work/xfd.head
		xfd -l -p
		xfd -j /nonexistent/file
		help xfd > $work/xfd.help
		extend -u $build/xfd.so
		xfd
		extend $build/xfd.so
		xfd > $work/xfd.again
	END
	for form in json text verbose show; do
		same "$name: $form" "$work/$form" "$work/xfd.$form"
	done
	same "$name: after it was unloaded and loaded" "$work/text" "$work/xfd.again"
	head -1 "$work/text" >"$work/head"
	same "$name: on a pipe" "$work/head" "$work/xfd.head"
	says "$name: -l" "$work/xfd.list" "$(head -1 "$work/text" | cut -d : -f 1):"
	says "$name: -p" "$work/xfd.panic" "last words"
	says "$name: -d of no vCPU" "$work/out" "no VM has a vCPU 4294967295"
	says "$name: two options" "$work/out" "^Usage:"
	says "$name: no such folder" "$work/out" "/nonexistent/file: No such file"
	says "$name: help" "$work/xfd.help" "^EXAMPLES"
	says "$name: unloaded" "$work/out" "command not found: xfd"

	rm -f "$work/xfd.json"
	session "$vmcore" --minimal <<-END
		xfd -j $work/xfd.json
	END
	same "$name: --minimal" "$work/json" "$work/xfd.json"

	# what is missing is missing for both, even when crash is to read zeros for it
	head -c $(($(stat -c %s "$vmcore") * 99 / 100)) "$vmcore" >"$work/cut.vmcore"
	"$build/xfdtriage" -n -f json "$work/cut.vmcore" >"$work/json" 2>/dev/null
	# refused, as a flattened one is: crash will not open it either
	[ $? = 2 ] && continue
	rm -f "$work/xfd.json"
	session "$work/cut.vmcore" --minimal --zero_excluded <<-END
		xfd -j $work/xfd.json
	END
	same "$name: cut off" "$work/json" "$work/xfd.json"
done

# nothing of the core's is seen by crash or by other extensions
[ -z "$(nm -D --defined-only "$build/xfd.so")" ]
report $? "xfd.so exports nothing" "$(nm -D --defined-only "$build/xfd.so" | head -3)"

echo "crash: $passed passed, $failed failed"
[ $failed = 0 ]
