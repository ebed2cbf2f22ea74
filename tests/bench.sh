#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What xfdtriage costs next to crash(8); judges nothing.  $1: build folder; $2: dump; $3: vmlinux or ""; $4: runs.
set -u
build=$1 dump=$2 vmlinux=$3 runs=${4:-5}
large_source=dumps/clean-6.12.117.vmcore
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export NO_COLOR=1 LC_ALL=C
declare -A times peaks

# measure NAME COMMAND...: one more run of it, a whole process
measure() {
	local name=$1 status time peak
	shift
	"$build/tests/measure" "$work/cost" "$@" >"$work/out" 2>&1 <<<quit
	status=$?
	read -r peak time <"$work/cost"
	times[$name]+=" $time"
	peaks[$name]+=" $peak"
	return $status
}

median() { # NUMBER...
	printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

thousandths() { # NUMBER UNIT
	printf '%d.%03d %s' $(($1 / 1000)) $(($1 % 1000)) "$2"
}

row() { # NAME TITLE
	local time peak
	# shellcheck disable=SC2086
	time=$(median ${times[$1]}) peak=$(median ${peaks[$1]})
	printf '  %-36s %14s %10d MiB\n' "$2" "$(thousandths $((time / 1000)) s)" $(((peak + 512) / 1024))
}

# ratio NAME OTHER TITLE: how many times NAME's median goes into OTHER's
ratio() {
	local time other peak other_peak
	# shellcheck disable=SC2086
	time=$(median ${times[$1]}) other=$(median ${times[$2]}) peak=$(median ${peaks[$1]}) other_peak=$(median ${peaks[$2]})
	printf '  %-36s %6d.%d times %6d.%d times\n' "$3" $((other / time)) $((other * 10 / time % 10)) \
		$((other_peak / peak)) $((other_peak * 10 / peak % 10))
}

# answers STATUS: did xfdtriage look at the dump at all?
answers() {
	case $1 in
	0 | 1 | 3 | 4 | 5 | 6) return 0 ;;
	esac
	echo "bench: xfdtriage exits with $1:" >&2
	cat "$work/out" >&2
	exit 1
}

case $runs in
"" | *[!0-9]* | 0*)
	echo "bench: RUNS is '$runs', should be 1 or more" >&2
	exit 2
	;;
esac
if [ ! -r "$dump" ]; then
	echo "bench: cannot read DUMP '$dump'" >&2
	exit 2
fi
crash=yes
if ! command -v crash >/dev/null; then
	crash=
	echo "crash(8) is not installed: xfdtriage's own figures only"
elif [ -z "$vmlinux" ]; then
	crash=
	echo "no VMLINUX is given: xfdtriage's own figures only"
elif [ ! -r "$vmlinux" ]; then
	crash=
	echo "cannot read VMLINUX '$vmlinux': xfdtriage's own figures only"
fi

if ! "$build/tests/make-large" $large_source "$work/large" 1024 20 100 scattered=64 >"$work/vcpus" ||
	! "$build/tests/make-large" $large_source "$work/largest" 12288 20 100 >"$work/vcpus"; then
	echo "bench: cannot make the synthetic dumps" >&2
	exit 1
fi
# read all files once
"$build/xfdtriage" "$dump" >"$work/out" 2>&1
answers $?
"$build/xfdtriage" "$work/large" >"$work/out" 2>&1
answers $?
"$build/xfdtriage" "$work/largest" >"$work/out" 2>&1
answers $?
if [ $crash ]; then
	cat "$dump" "$vmlinux" >/dev/null
	if ! measure warm-up crash -s "$vmlinux" "$dump"; then
		crash=
		echo "crash(8) cannot open DUMP with VMLINUX, so xfdtriage's own figures only; it says:"
		head -n 5 "$work/out"
	fi
fi

# in turn, so that a busy machine is as hard on all of them
for ((run = 0; run < runs; run++)); do
	measure dump "$build/xfdtriage" "$dump"
	measure large "$build/xfdtriage" "$work/large"
	measure largest "$build/xfdtriage" "$work/largest"
	if [ $crash ]; then
		measure crash crash -s "$vmlinux" "$dump"
	fi
done

echo "medians of $runs runs in turn, whole processes, files in the page cache"
printf '  %-36s %14s %14s\n' "" time "peak memory"
row dump "xfdtriage"
[ $crash ] && row crash "crash -s, starting and quitting"
row large "xfdtriage, synthetic 1 TiB"
row largest "xfdtriage, synthetic 12 TiB"
echo "a synthetic host has $(cat "$work/vcpus") vCPUs; of 1 TiB, the dump has its frames in 4 million pieces"
echo "ratios"
printf '  %-36s %14s %14s\n' "" time "peak memory"
if [ $crash ]; then
	ratio dump crash "crash to xfdtriage"
	ratio large crash "crash on DUMP to 1 TiB"
fi
ratio dump large "1 TiB to DUMP"
exit 0
