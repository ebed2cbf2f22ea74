# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# What the scripts that check whole programs have in common.  Sourced with the name of the checks.
suite=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

# report STATUS NAME DETAIL: 0 and ok are good, skip is neither
report() {
	case $1 in
	0 | ok) passed=$((passed + 1)) ;;
	skip) skipped=$((skipped + 1)); echo "skip $suite: $2: $3" ;;
	*) failed=$((failed + 1)); echo "FAIL $suite: $2${3:+: $3}" ;;
	esac
}

# check NAME COMMAND...: it has to succeed
check() {
	local name=$1
	shift
	"$@" >"$work/log" 2>&1
	report $? "$name" "$(head -c 300 "$work/log")"
}

# Without the word that a build with sanitizers has no limit of memory: AddressSanitizer maps terabytes.
forgive_sanitizer() { # FILE
	case ${build:-} in
	*sanitize*) sed -i '/ is not fully confined: landlock+seccomp (no limit of memory)$/d' "$1" ;;
	esac
}

# exits NAME CODE [ARGUMENT...]: xfdtriage's exit code, with output in $work/out and $work/err
exits() {
	local name=$1 code=$2 status
	shift 2
	timeout 120 "$xfdtriage" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	[ $status = "$code" ]
	report $? "$name" "exit $status, should be $code: $(head -c 300 "$work/err")"
}

# says NAME FILE PATTERN: FILE is in $work
says() {
	grep -q -e "$3" "$work/$2"
	report $? "$1" "$2 lacks '$3': $(head -c 600 "$work/$2" | tr '\n' ' ')"
}

# silent NAME FILE: FILE is in $work
silent() {
	forgive_sanitizer "$work/$2"
	[ ! -s "$work/$2" ]
	report $? "$1" "$2 is not empty: $(head -c 300 "$work/$2")"
}

# same NAME FILE FILE
same() {
	cmp -s "$2" "$3"
	report $? "$1" "$(diff "$2" "$3" | head -n 5 | cut -c 1-300)"
}

# The last line; fails if anything did.
finish() {
	echo "$suite: $passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
}
