#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# xfdtriage batch, as a support team meets it.  $1: build folder; $2: how often it is killed.
set -u
build=$PWD/$1 kills=${2:-8}
xfdtriage=$build/xfdtriage
helper=$build/tests/check-dumps
dumps=$PWD/dumps
. tests/checks.sh batch
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
export TMPDIR=$work LC_ALL=C
# sanitizers want to be the first library
export ASAN_OPTIONS=verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}

# batch NAME CODE [ARGUMENT...]: its exit code, with output in $work/out and $work/err
batch() {
	exits "$1" "$2" batch "${@:3}"
}

# results STORE PATH...: what STORE has of PATH, without times, in an order of its own; looks at nothing if all is known
results() {
	local store=$1
	shift
	"$xfdtriage" batch -q --store "$store" --jsonl - "$@" 2>>"$work/err" |
		sed 's/,"finished":[^}]*}}$/}}/' | sort
}

started() { # STORE: the batch in the background is at work
	local i
	for ((i = 0; i < 400 && $(stat -c %s "$1" 2>/dev/null || echo 0) == 0; i++)); do
		sleep 0.05
	done
	sleep 0.5
}

# A share as they are: links, copies, broken ones, and things that are none.

share=$work/share
mkdir -p "$share"/{acme,globex/2026-11-22,empty} "$work/elsewhere"
for name in set-xsave-6.18.5 armed-6.18.5 clean-6.1.192 no-kvm-7.2.12; do
	ln -s "$dumps/$name.vmcore" "$share/acme/$name"
done
cp "$dumps/wrmsr-race-6.18.5.vmcore" "$share/globex/2026-11-22/vmcore"
cp "$dumps/elf-7.3.4.vmcore" "$share/globex/core.1234"
cp "$dumps/set-xsave-6.18.5.vmcore" "$share/globex/$(printf 'odd\nname\377')"
"$helper" --flatten "$dumps/clean-6.12.57.vmcore" "$share/globex/flat"
head -c 60000 "$dumps/clean-6.1.192.vmcore" >"$share/acme/cut"
head -c 300 "$dumps/clean-6.1.192.vmcore" >"$share/acme/cut-short"
head -c 100 "$dumps/elf-7.3.4.vmcore" >"$share/acme/cut-elf"
{ head -c 50000 "$dumps/armed-6.18.5.vmcore"; head -c 100000 /dev/zero; } >"$share/acme/zeros-behind"
head -c 100000 /dev/zero >"$share/acme/zeros"
echo "no dump" >"$share/acme/readme"
: >"$share/acme/nothing"
mkfifo "$share/acme/fifo"
ln -s nowhere "$share/acme/dangling"
ln -s ../.. "$share/acme/loop"
ln -s loop-b "$share/loop-a"
ln -s loop-a "$share/loop-b"
# ELF64, ET_CORE, one PT_NOTE with NT_AUXV of "CORE"
printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\4\0\76\0\1\0\0\0\0\0\0\0\0\0\0\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\100\0\70\0\1\0\0\0\0\0\0\0' >"$share/core.1"
printf '\4\0\0\0\0\0\0\0\170\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\44\0\0\0\0\0\0\0\44\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0' >>"$share/core.1"
printf '\5\0\0\0\20\0\0\0\6\0\0\0CORE\0\0\0\0\6\0\0\0\0\0\0\0\0\20\0\0\0\0\0\0' >>"$share/core.1"
dumps_there=12

batch share 0 --store "$work/whole" -j 2 "$share"
says share-total out "^$dumps_there dumps: 3 confirmed, 1 armed, "
says share-process out '1 core file of a process'
says share-others out '3 files that are not dumps'
says share-special out '4 FIFOs, sockets, devices, or links to nothing'
says share-link out '1 link to a folder'
says share-lines err '^\[[0-9]*\] armed  .*/acme/armed-6.18.5$'
says share-escaped err 'odd\\x0aname\\xff'
results "$work/whole" "$share" >"$work/whole.jsonl"
if [ "$("$helper" --json <"$work/whole.jsonl" | wc -l)" = $dumps_there ]; then report ok jsonl; else report fail jsonl "not $dumps_there objects"; fi
grep -o '"confined":"[^"]*"' "$work/whole.jsonl" | sort | uniq -c >"$work/confined"
if grep -q '"confined":"landlock+seccomp"' "$work/confined" && ! grep -v '"landlock+seccomp"' "$work/confined" >"$work/out"; then
	report ok confined
else
	report skip confined "this machine has not all of it: $(tr -s ' \n' ' ' <"$work/confined")"
fi

# the same answers as the plain command gives, to the byte

for name in acme/set-xsave-6.18.5 acme/clean-6.1.192 globex/flat acme/cut; do
	"$xfdtriage" -f json "$share/$name" >"$work/plain" 2>/dev/null
	sed 's/}$//' "$work/plain" >"$work/plain-start"
	if grep -qF "$(cat "$work/plain-start")" "$work/whole.jsonl"; then
		report ok "same-as-plain-$name"
	else
		report fail "same-as-plain-$name" "another answer"
	fi
done

# again: nothing is done twice

batch again 0 --store "$work/whole" "$share"
says again-known out "^0 looked at in .*, $dumps_there known before"
batch overlap 0 --store "$work/whole" "$share" "$share/acme" "$share/acme/armed-6.18.5"
says overlap-once out "^$dumps_there dumps:"
touch "$share/globex/2026-11-22/vmcore"
batch changed 0 --store "$work/whole" "$share"
says changed-again out "^1 looked at"
batch retry 0 --store "$work/whole" --retry-failed "$share"
says retry-those out "^3 looked at"
says retry-tries out "^$dumps_there dumps: 3 confirmed"
batch force 0 --store "$work/whole" --force "$share/acme"
says force-all out "^8 looked at"
# the header is that of a copy, the middle is not
cp -p "$share/globex/core.1234" "$work/copy"
head -c 20000 /dev/urandom | dd of="$share/globex/core.1234" bs=1 seek=60000 conv=notrunc status=none
batch middle 0 --store "$work/whole" "$share"
says middle-again out "^1 looked at"
cp -p "$work/copy" "$share/globex/core.1234"

# killed at any moment, kill -9 included: the same results, and none twice

for ((kill = 0; kill < kills; kill++)); do
	"$xfdtriage" batch -q -j 2 --store "$work/killed" "$share" 2>>"$work/err" &
	pid=$!
	sleep "0.$(printf %03d $((RANDOM % 60 + 3 * kill)))"
	if [ $((kill % 3)) = 2 ]; then kill -TERM $pid; else kill -KILL $pid; fi
	wait $pid 2>/dev/null
	status=$?
	case $status in
	137 | 143 | 0) report ok "kill-$kill" ;;
	*) report fail "kill-$kill" "exit $status: $(tail -n 2 "$work/err")" ;;
	esac
done
batch killed-end 0 --store "$work/killed" "$share"
results "$work/killed" "$share" >"$work/killed.jsonl"
batch fresh 0 --store "$work/fresh" "$share"
results "$work/fresh" "$share" >"$work/fresh.jsonl"
same killed-same "$work/killed.jsonl" "$work/fresh.jsonl"
"$xfdtriage" batch -q --store "$work/killed" --jsonl - "$share" | grep -o '"tries":[0-9]*' | sort -u >"$work/out"
if [ "$(cat "$work/out")" = '"tries":1' ]; then report ok killed-once; else report fail killed-once "$(tr '\n' ' ' <"$work/out")"; fi
if ls "$work"/killed-* >/dev/null 2>&1; then report fail killed-one-file "$(ls "$work")"; else report ok killed-one-file; fi

# what hangs, dies, or takes too much memory harms nothing else

mkdir "$work/bad"
cp "$dumps/armed-6.18.5.vmcore" "$work/bad/spin.vmcore"
cp "$dumps/armed-6.18.5.vmcore" "$work/bad/die.vmcore"
cp "$dumps/armed-6.18.5.vmcore" "$work/bad/good.vmcore"
LD_PRELOAD=$build/tests/spin.so batch bad 3 --store "$work/bad.sqlite" --timeout 2 -j 1 "$work/bad"
says bad-counts out '^3 dumps: 1 armed, 2 errors'
says bad-timeout out '1 took too long'
says bad-signal out '1 ended its process with a signal'
says bad-lines err 'error (timeout)  .*/spin.vmcore'
left=
for process in /proc/[0-9]*/cmdline; do
	{ tr "\0" " " <"$process"; } 2>/dev/null | grep -q "xfdtriage batch --store $work/bad.sqlite" && left=yes
done
if [ $left ]; then report fail bad-gone "a worker is still there"; else report ok bad-gone; fi
results "$work/bad.sqlite" "$work/bad" >"$work/out"
# on a busy machine it may have waited for most of them
says bad-why out 'not done after \(2 seconds of CPU time\|[0-9]* seconds, most of which it waited: storage or machine are slow\); --timeout gives it more'
says bad-abort out 'reading it ended with Aborted'
batch bad-retry 3 --store "$work/bad.sqlite" --retry-failed "$work/bad"
says bad-retry-good out '^3 dumps: 3 armed'
# one that waits, as for slow storage or on a busy machine, is not ended by --timeout but by a multiple of it
mkdir "$work/slow"
cp "$dumps/armed-6.18.5.vmcore" "$work/slow/sleep.2"
LD_PRELOAD=$build/tests/spin.so batch slow 3 --store "$work/slow.sqlite" --timeout 1 "$work/slow"
says slow-done out '^1 dump: 1 armed'
mv "$work/slow/sleep.2" "$work/slow/sleep.60"
LD_PRELOAD=$build/tests/spin.so batch stuck 2 --store "$work/slow.sqlite" --timeout 1 "$work/slow"
says stuck-counts out '1 took too long'
results "$work/slow.sqlite" "$work/slow" >"$work/out"
says stuck-why out 'not done after 5 seconds, most of which it waited: storage or machine are slow; --timeout gives it more'
# the user's own limit is named, also where it kills
rm "$work/slow/sleep.60"
cp "$dumps/armed-6.18.5.vmcore" "$work/slow/spin.1"
for limit in "-t 1" "-S -t 1"; do
	# shellcheck disable=SC2086
	(ulimit $limit; LD_PRELOAD=$build/tests/spin.so "$xfdtriage" batch -q --store "$work/cpu.sqlite" --retry-failed "$work/slow") 2>"$work/err"
	report $(($? != 2)) "cpu-limit $limit" "exit code"
	results "$work/cpu.sqlite" "$work/slow" >"$work/out"
	says "cpu-limit-why $limit" out "not done after 1 second of CPU time; that is the limit of 'ulimit -t': raise it"
done
if [ -d "$build/../sanitize" ] && [ "$(basename "$build")" = sanitize ]; then
	report skip memory "AddressSanitizer takes terabytes of addresses, so there is no limit"
else
	# enough to open it, too little for its types: that is no fault of the dump's
	batch memory 2 --store "$work/memory" --memory 24 "$dumps/set-xsave-6.18.5.vmcore"
	says memory-why out '1 needed too much memory\|1 ended its process with a signal'
	batch memory-enough 0 --store "$work/memory" --retry-failed "$dumps/set-xsave-6.18.5.vmcore"
fi

# ^C

for i in 1 2 3 4 5 6 7 8; do cp "$dumps/armed-6.18.5.vmcore" "$work/bad/spin.$i"; done
# bash makes what it starts in the background ignore SIGINT
LD_PRELOAD=$build/tests/spin.so env --default-signal=INT,HUP "$xfdtriage" batch --store "$work/int" -j 2 "$work/bad" \
	>"$work/out" 2>"$work/err" &
pid=$!
started "$work/int"
kill -INT $pid
wait $pid
status=$?
if [ $status = 130 ]; then report ok interrupt; else report fail interrupt "exit $status, should be 130"; fi
says interrupt-how err 'the same command continues from there'
exits interrupt-report 2 report --complete "$work/int"
says interrupt-report-why err 'incomplete: the batch was interrupted after 0 dumps'
LD_PRELOAD=$build/tests/spin.so nohup "$xfdtriage" batch -q --store "$work/hup" -j 9 --timeout 5 "$work/bad" >"$work/out" 2>"$work/err" &
pid=$!
started "$work/hup"
kill -HUP $pid
wait $pid
status=$?
if [ $status = 3 ]; then report ok nohup; else report fail nohup "exit $status, should be 3"; fi

# two at a time

LD_PRELOAD=$build/tests/spin.so "$xfdtriage" batch -q --store "$work/two" --timeout 20 "$work/bad/spin.1" 2>/dev/null &
pid=$!
started "$work/two"
batch two 2 --store "$work/two" "$share"
says two-why err 'is being written to by another batch'
kill -TERM $pid
wait $pid
status=$?
if [ $status = 143 ]; then report ok terminated; else report fail terminated "exit $status, should be 143"; fi

# shards: each dump in one of them, wherever the share is mounted

mv "$share" "$work/elsewhere/mounted"
: >"$work/shards"
for shard in 1 2 3; do
	timeout 60 "$xfdtriage" batch -q --store "$work/shard$shard" --jsonl - --shard $shard/3 "$work/elsewhere/mounted" |
		grep -o '"path":"[^"]*"' | sed "s/^/$shard /" >"$work/shard"
	cat "$work/shard" >>"$work/shards"
done
mv "$work/elsewhere/mounted" "$share"
if [ "$(cut -d ' ' -f 2- "$work/shards" | sort -u | wc -l)" = $dumps_there ] && [ "$(wc -l <"$work/shards")" = $dumps_there ]; then
	report ok shards
else
	report fail shards "$(cat "$work/shards")"
fi
"$xfdtriage" batch -q --store "$work/shard4" --jsonl - --shard 2/3 "$share" | grep -o '"path":"[^"]*"' |
	sed "s|$share|$work/elsewhere/mounted|; s/^/2 /" | sort >"$work/shard"
grep '^2 ' "$work/shards" | sort >"$work/shard2"
same shard-elsewhere "$work/shard" "$work/shard2"

# a folder in which dumps appear: young ones wait; renamed and deleted ones are neither lost nor errors

mkdir -p "$work/stream/"{first,then/incident}
cp "$dumps/armed-6.18.5.vmcore" "$work/stream/first/spin.vmcore"
for name in old renamed deleted; do cp "$dumps/fixed-6.18.9.vmcore" "$work/stream/then/$name"; done
cp "$dumps/set-xsave-6.18.5.vmcore" "$work/stream/then/incident/vmcore-incomplete"
cp "$dumps/clean-6.12.57.vmcore" "$work/stream/then/young"
find "$work/stream" -type f ! -name young -exec touch -d '1 hour ago' {} +
touch -d '1 year' "$work/stream/then/old"
LD_PRELOAD=$build/tests/spin.so "$xfdtriage" batch -j 1 --timeout 5 --settle 600 --store "$work/stream.db" \
	"$work/stream/first" "$work/stream/then" >"$work/out" 2>"$work/err" &
pid=$!
started "$work/stream.db"
mv "$work/stream/then/renamed" "$work/stream/then/name"
rm "$work/stream/then/deleted"
mv "$work/stream/then/incident/vmcore-incomplete" "$work/stream/then/incident/vmcore"
wait $pid
says stream-total out '^4 dumps: 1 confirmed, 1 error, 2 not-this-bug'
says stream-young out '1 file that may still be written to'
exits stream-report 0 report --format csv "$work/stream.db"
cut -d , -f 1,2 "$work/out" | grep -o 'stream/.*' | sort >"$work/rows"
same stream-rows "$work/rows" <(printf '%s\n' stream/first/spin.vmcore,error stream/then/incident/vmcore,confirmed \
	stream/then/name,not-this-bug stream/then/old,not-this-bug)
# from one run to the next: a dump that was not complete, and its new name
head -c 300000 "$dumps/set-xsave-6.18.5.vmcore" >"$work/stream/then/vmcore-incomplete"
batch incomplete 0 --store "$work/stream.db" "$work/stream/then"
cp "$dumps/set-xsave-6.18.5.vmcore" "$work/stream/then/vmcore-incomplete"
mv "$work/stream/then/vmcore-incomplete" "$work/stream/then/vmcore"
batch complete 0 --store "$work/stream.db" "$work/stream/then"
exits complete-report 0 report --format csv "$work/stream.db"
[ "$(grep -c '/then/vmcore' "$work/out")" = 1 ]
report $? one-row "$(cut -d , -f 1,2 "$work/out")"

# what is gone is forgotten, where that is certain

rm "$work/stream/then/old"
batch prune 0 --store "$work/stream.db" --prune "$work/stream/then"
says prune-count out '^1 forgotten, since they are gone'
exits prune-report 0 report --format csv "$work/stream.db"
[ "$(grep -c '/stream/' "$work/out")" = 5 ] && ! grep -q /then/old "$work/out"
report $? prune-rows "$(cut -d , -f 1,2 "$work/out")"
mv "$work/stream/then" "$work/stream/away"
mkdir "$work/stream/then"
batch prune-empty 2 --store "$work/stream.db" --prune "$work/stream/then"
exits prune-empty-report 0 report --format csv "$work/stream.db"
[ "$(grep -c '/stream/' "$work/out")" = 5 ]
report $? prune-empty-rows "$(cut -d , -f 1,2 "$work/out")"

# a scheduler's words: from 0, and an exit code that tells failures, not findings

for shard in 0 1 2; do
	"$xfdtriage" batch -q --store "$work/index/$shard" --jsonl - --shard-index $shard --shards 3 "$share" |
		grep -o '"path":"[^"]*"' | sed "s|$share|$work/elsewhere/mounted|; s/^/$((shard + 1)) /"
done | sort >"$work/index.paths"
sort "$work/shards" >"$work/shards.sorted"
same shard-index "$work/index.paths" "$work/shards.sorted"
mkdir "$work/few" "$work/nothing"
cp "$dumps/armed-6.18.5.vmcore" "$work/few/a"
found=0
for shard in 0 1 2 3 4 5 6 7; do
	batch few-$shard 0 --store "$work/few.$shard" --shard-index $shard --shards 8 "$work/few"
	grep -q '^1 dump: 1 armed' "$work/out" && found=$((found + 1))
done
[ $found = 1 ]
report $? few-found "$found shards found it"
exits few-complete 0 report --complete "$work"/few.[0-7]
silent few-complete-says err
mv "$work/few.3" "$work/few3"
exits few-missing 2 report --complete "$work"/few.[0-7]
says few-missing-why err "incomplete: shard 4 of 8 is missing (of $work/few)"
exits few-missing-only-said 0 report "$work"/few.[0-7]
says few-missing-said err 'incomplete: shard 4 of 8 is missing'
batch few-elsewhere 0 --store "$work/few.3" --shard 4/8 "$work/nothing"
exits few-elsewhere-missing 2 report --complete "$work"/few.[0-7]
rm "$work/few.3"
mv "$work/few3" "$work/few.3"
batch ran 0 --store "$work/few.all" --exit-code=ran "$work/few"
batch ran-none 0 --store "$work/few.none" --exit-code=ran "$work/nothing"
batch ran-missing 2 --store "$work/few.none" --exit-code=ran "$work/few" "$work/none"
batch findings 3 --store "$work/few.all" --exit-code=findings --shard 1/1 "$work/few"
batch ran-error 2 --store "$work/few.error" --exit-code=ran "$work/few" "$share/acme/cut-short"

# split sets

mkdir -p "$work/split/"{a,b}
"$helper" --split "$dumps/set-xsave-6.18.5.vmcore" "$work/split/a/one" "$work/split/a/two"
batch split 0 --store "$work/split.sqlite" "$work/split"
says split-total out '^1 dump: 1 confirmed'
mv "$work/split/a/two" "$work/split/b"
batch split-apart 0 --store "$work/split2" "$work/split"
says split-apart-total out '^1 dump: 1 confirmed'
mv "$work/split/b/two" "$work/elsewhere"
batch split-incomplete 2 --store "$work/split3" "$work/split"
results "$work/split3" "$work/split" >"$work/out"
says split-incomplete-why out 'a part of this split set is missing: page frames'
mv "$work/elsewhere/two" "$work/split/a"
mv "$work/split/a/one" "$work/elsewhere"
batch split-rest 2 --store "$work/split3" "$work/split"
mv "$work/elsewhere/one" "$work/split/a"
batch split-complete 0 --store "$work/split3" "$work/split"

# exit codes: an error never hides a finding, and is never an all-clear

mkdir "$work/codes"
batch code-none 2 --store "$work/codes.sqlite" "$work/codes"
ln -s "$dumps/no-kvm-7.2.12.vmcore" "$work/codes/a"
batch code-not-applicable 6 --store "$work/codes.sqlite" "$work/codes"
ln -s "$dumps/fixed-6.18.9.vmcore" "$work/codes/b"
batch code-not-this-bug 1 --store "$work/codes.sqlite" "$work/codes"
gzip -c "$dumps/fixed-6.18.9.vmcore" | head -c 10000 >"$work/codes/p"
batch code-packed 2 --store "$work/codes.sqlite" "$work/codes"
says code-packed-count out '1 packed file was unpacked'
says code-packed-name err 'error  .*/codes/p$'
rm "$work/codes/p"
ln -s "$share/acme/cut-short" "$work/codes/c"
batch code-error 2 --store "$work/codes.sqlite" "$work/codes"
head -c 85000 "$dumps/fixed-6.18.9.vmcore" >"$work/codes/d"
batch code-inconclusive 5 --store "$work/codes.sqlite" "$work/codes"
ln -s "$dumps/armed-6.18.5.vmcore" "$work/codes/e"
batch code-armed 3 --store "$work/codes.sqlite" "$work/codes"
ln -s "$dumps/many-6.18.5.vmcore" "$work/codes/f"
batch code-confirmed 0 --store "$work/codes.sqlite" "$work/codes"
batch code-missing 2 --store "$work/codes2" "$dumps/clean-6.12.57.vmcore" "$work/none"
says code-missing-why err "cannot read '.*/none': No such file"

# unreadable files and folders

mkdir "$work/locked" "$work/locked/folder"
chmod 755 "$work"
cp "$dumps/armed-6.18.5.vmcore" "$work/locked/vmcore"
cp "$dumps/armed-6.18.5.vmcore" "$work/locked/secret"
cp "$dumps/armed-6.18.9.vmcore" "$work/locked/other"
chmod 644 "$work/locked/vmcore"
chmod 0 "$work/locked/folder" "$work/locked/secret" "$work/locked/other"
as_other=
if [ "$(id -u)" = 0 ]; then
	# root may read every file: be somebody else
	mkdir -m 777 "$work/other"
	cp "$xfdtriage" "$work/other/xfdtriage"
	as_other="setpriv --reuid=65534 --regid=65534 --clear-groups"
	xfdtriage=$work/other/xfdtriage
else
	mkdir "$work/other"
fi
if [ -z "$as_other" ] || command -v setpriv >/dev/null; then
	# shellcheck disable=SC2086
	timeout 60 $as_other "$xfdtriage" batch --store "$work/other/store" "$work/locked" >"$work/out" 2>"$work/err"
	status=$?
	if [ $status = 3 ]; then report ok locked; else report fail locked "exit $status, should be 3"; fi
	says locked-total out '^3 dumps: 1 armed, 2 errors'
	says locked-folder err "cannot read '.*/locked/folder': Permission denied"
	"$build/xfdtriage" report "$work/other/store" >"$work/out" 2>"$work/err"
	# what nobody could read is nobody's copy
	says locked-copies out '^3 dumps in 1 store$'
	chmod 644 "$work/locked/secret" "$work/locked/other"
	# shellcheck disable=SC2086
	timeout 60 $as_other "$xfdtriage" batch --store "$work/other/store" "$work/locked" >"$work/out" 2>"$work/err"
	says unlocked out '^3 dumps: 3 armed'
else
	report skip locked "root may read every file, and there is no setpriv"
fi
xfdtriage=$build/xfdtriage

# usage and stores

batch no-path 2
batch bad-shard 2 --shard 4/3 "$share"
says bad-shard-why err '\-\-shard takes I/N'
batch bad-index 2 --shard-index 3 --shards 3 "$share"
batch bad-index-alone 2 --shard-index 0 "$share"
says bad-index-why err 'go together'
batch bad-shards-alone 2 --shards 3 "$share"
batch bad-exit-code 2 --exit-code=all "$share"
batch bad-jobs 2 -j 0 "$share"
batch bad-timeout 2 --timeout 1h "$share"
batch not-a-store 2 --store "$share/acme/readme" "$share"
says not-a-store-why err 'file is not a database'
same not-a-store-kept <(echo "no dump") "$share/acme/readme"
batch no-folder-for-store 2 --store "$share/acme/readme/store" "$share"
batch store-folder 3 -q --store "$work/new/folder/store" "$dumps/armed-6.18.5.vmcore"
batch jsonl-nowhere 2 --store "$work/fresh" --jsonl "$work/no/such/file" "$share"
if [ -c /dev/full ]; then
	batch jsonl-full 2 --store "$work/fresh" --jsonl /dev/full "$share"
	says jsonl-full-why err "cannot write '/dev/full'"
fi
(cd "$work/empty" 2>/dev/null || { mkdir "$work/empty" && cd "$work/empty"; } && timeout 60 "$xfdtriage" batch -q "$dumps/armed-6.18.5.vmcore" && :)
if [ -s "$work/empty/xfdtriage.sqlite" ]; then report ok default-store; else report fail default-store "$(ls "$work/empty")"; fi

finish
