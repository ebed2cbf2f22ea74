#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a triage takes on slow storage next to copying the whole file; judges nothing.
# $1: build folder; $2: dump; $3: runs, 3 by default; $4: delay of each request in ms, 20 by default.
set -u
build=$1 dump=$2 runs=${3:-3} delay=${4:-20}
[ -n "$runs" ] || runs=3
[ -n "$delay" ] || delay=20
work=$(mktemp -d)
pids=
mounted=
trap '[ -z "$mounted" ] || umount "$work/mnt"; kill $pids 2>/dev/null; rm -rf "$work"' EXIT
export NO_COLOR=1 LC_ALL=C NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
if [ ! -r "$dump" ]; then
	echo "bench-storage: cannot read DUMP '$dump'" >&2
	exit 2
fi

# milliseconds COMMAND...: of its fastest run
milliseconds() {
	local best='' from to
	for _ in $(seq "$runs"); do
		from=${EPOCHREALTIME/./}
		"$@" >"$work/out" 2>"$work/err" </dev/null
		case $? in
		2) cat "$work/err" >&2; exit 1 ;;
		esac
		to=${EPOCHREALTIME/./}
		[ -n "$best" ] && [ $best -le $((to - from)) ] || best=$((to - from))
	done
	echo $((best / 1000))
}

row() { # TITLE TRIAGE COPY
	printf '  %-34s %8d ms %8d ms %6d.%02d\n' "$1" "$2" "$3" $(($3 / $2)) $(($3 * 100 / $2 % 100))
}

"$build/xfdtriage" --stats --format json "$dump" >"$work/json" 2>/dev/null
echo "$(stat -c %s "$dump") bytes, of which $(jq .stats.stored_bytes "$work/json") are read in $(jq .stats.round_trips "$work/json") round trips; the fastest of $runs runs"
printf '  %-34s %11s %11s %9s\n' "" triage copy "copy/triage"
cat "$dump" >/dev/null
row "a file in the page cache" "$(milliseconds "$build/xfdtriage" "$dump")" "$(milliseconds cp "$dump" "$work/copy")"

if command -v curl >/dev/null; then
	for rate in 102400 10240; do
		rm -f "$work/port"
		"$build/tests/http-server" "$work/port" "$work/log" "$dump" "$delay" $rate &
		pids="$pids $!"
		while [ ! -s "$work/port" ]; do sleep 0.05; done
		url=http://127.0.0.1:$(cat "$work/port")/file
		row "http, $delay ms, $((rate / 1024)) MiB/s" "$(milliseconds "$build/xfdtriage" "$url")" \
			"$(milliseconds curl -fsS -o "$work/copy" "$url")"
	done
else
	echo "  skip http: curl, which copies the file, is not installed"
fi

mkdir "$work/mnt"
if ! command -v nbdkit >/dev/null || ! command -v nbdfuse >/dev/null; then
	echo "  skip nbdkit: nbdkit and nbdfuse are not installed"
	exit 0
fi
nbdfuse -r "$work/mnt/vmcore" --command nbdkit -s --filter=delay file "$dump" rdelay="${delay}ms" >"$work/nbd" 2>&1 &
pids="$pids $!"
for _ in $(seq 100); do
	mountpoint -q "$work/mnt" && mounted=yes && break
	sleep 0.05
done
if [ -z "$mounted" ]; then
	echo "  skip nbdkit: nbdfuse cannot mount here: $(head -c 200 "$work/nbd")"
	exit 0
fi
row "nbdkit, delay $delay ms, by nbdfuse" "$(milliseconds "$build/xfdtriage" "$work/mnt/vmcore")" \
	"$(milliseconds cp "$work/mnt/vmcore" "$work/copy")"
