#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A share of COUNT files: what a batch takes, next to crash(8) on one of them, and the same killed with kill -9
# again and again.  $1: build folder; $2: COUNT; $3: a full vmcore or ""; $4: its vmlinux or ""; $5: workers; $6: kills.
set -u
build=$PWD/$1 count=$2 dump=$3 vmlinux=$4 jobs=${5:-$(nproc)} kills=${6:-20}
xfdtriage=$build/xfdtriage
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
export TMPDIR=$work LC_ALL=C
sources=("$PWD"/dumps/*.vmcore)
[ -n "$dump" ] && sources+=("$(realpath "$dump")")
share=$work/share

seconds() { # MICROSECONDS
	printf '%d.%03d' $(($1 / 1000000)) $(($1 / 1000 % 1000))
}

# One in five is damaged: cut off, zeros behind, zeros within, no dump at all.
make_file() { # NUMBER PATH
	local source=${sources[$(($1 % ${#sources[@]}))]} size
	size=$(stat -c %s "$source")
	case $(($1 % 20)) in
	0) head -c $((RANDOM * 32768 % 5000 + RANDOM % 5000)) "$source" >"$2" ;;
	1) head -c $((size * (RANDOM % 100) / 100)) "$source" | head -c 400000 >"$2" ;;
	2) { head -c 50000 "$source"; head -c 50000 /dev/zero; } >"$2" ;;
	3) head -c 100000 /dev/urandom >"$2" ;;
	4 | 5 | 6 | 7) if [ "$size" -lt 200000 ]; then cp "$source" "$2"; else ln -s "$source" "$2"; fi ;;
	*) ln -s "$source" "$2" ;;
	esac
}

results() { # STORE
	"$xfdtriage" batch -q --store "$1" --jsonl - "$share" 2>/dev/null | sed 's/,"finished":[^}]*}}$/}}/' | sort
}

# run STORE: instead of this process
run() {
	export LD_PRELOAD=$build/tests/spin.so
	exec "$xfdtriage" batch -q -j "$jobs" --timeout 10 --store "$1" "$share" 2>/dev/null
}

RANDOM=1
for ((i = 0; i < count; i++)); do
	folder=$share/host$((i % 97))/$((i % 7))
	[ -d "$folder" ] || mkdir -p "$folder"
	make_file $i "$folder/vmcore.$i"
done
mkfifo "$share/fifo"
ln -s "$share" "$share/loop"
cp "${sources[0]}" "$share/spin.vmcore"
cp "${sources[0]}" "$share/die.vmcore"
if [ "$(id -u)" != 0 ]; then : >"$share/secret"; chmod 0 "$share/secret"; fi
echo "$count files, $(find "$share" -type l | wc -l) of them links, and a FIFO, a loop of links, one that makes a worker spin for 10 s, one that makes it die"

for name in whole again; do
	[ $name = again ] && rm -f "$work/whole"
	from=${EPOCHREALTIME/./}
	(run "$work/whole")
	status=$?
	to=${EPOCHREALTIME/./}
	took=$((to - from))
	echo "undisturbed, $jobs workers: $(seconds $took) s, exit $status"
done
results "$work/whole" >"$work/whole.jsonl"
dumps=$(wc -l <"$work/whole.jsonl")
echo "$dumps dumps: $(grep -o '"verdict":"[^"]*","exit"' "$work/whole.jsonl" | sort | uniq -c | sort -rn | sed 's/","exit"//; s/"verdict":"//' | tr -s ' \n' ' ')"
each=$((took / dumps))
echo "$((dumps * 1000000 / took)) dumps a second; $(seconds $each) s each"

for ((kill = 0; kill < kills; kill++)); do
	run "$work/killed" &
	pid=$!
	wait_for=$((RANDOM * 32768 + RANDOM))
	wait_for=$((wait_for % (2 * took / (kills + 1)) + 1000))
	sleep "$(seconds $wait_for)"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
done
from=${EPOCHREALTIME/./}
(run "$work/killed")
to=${EPOCHREALTIME/./}
echo "killed with kill -9 $kills times; the last run took $(seconds $((to - from))) s"
results "$work/killed" >"$work/killed.jsonl"
if cmp -s "$work/whole.jsonl" "$work/killed.jsonl"; then
	echo "the same results, byte for byte but for times"
else
	echo "FAIL other results: $(diff "$work/whole.jsonl" "$work/killed.jsonl" | grep -c '^[<>]') lines differ"
	diff "$work/whole.jsonl" "$work/killed.jsonl" | cut -c 1-300 | head -n 4
fi
twice=$("$xfdtriage" batch -q --store "$work/killed" --jsonl - "$share" 2>/dev/null | grep -vc '"tries":1,')
echo "$twice results were stored twice"

if [ -n "$vmlinux" ] && command -v crash >/dev/null; then
	crash -s "$vmlinux" "$dump" <<<quit >/dev/null 2>&1
	for _ in 1 2 3; do
		from=${EPOCHREALTIME/./}
		crash -s "$vmlinux" "$dump" <<<quit >/dev/null 2>&1
		to=${EPOCHREALTIME/./}
		echo "$((to - from))"
	done | sort -n | sed -n 2p >"$work/crash"
	echo "crash -s on one, starting and quitting, median of 3: $(seconds "$(cat "$work/crash")") s"
	echo "$(($(cat "$work/crash") * dumps / took)) times the throughput of crash"
else
	echo "crash(8) or a vmlinux is missing: no comparison"
fi
