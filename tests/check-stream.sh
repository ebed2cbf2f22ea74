#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A fleet: a folder in which dumps appear, are renamed and deleted while batches look at it, and the answers of kdump hooks.
# $1: build folder; $2: how many dumps appear.
set -u
build=$PWD/$1 count=${2:-40}
xfdtriage=$build/xfdtriage
dumps=$PWD/dumps
. tests/checks.sh stream
export LC_ALL=C
export ASAN_OPTIONS=verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}

# hook NAME: what --kdump says of /proc/vmcore, where that is the vmcore NAME
hook() {
	VMCORE=$dumps/$1.vmcore "$xfdtriage" --kdump "$dumps/$1.vmcore" 2>/dev/null |
		sed 's|"dump":{"path":"[^"]*"|"dump":{"path":"/proc/vmcore"|'
}

# rows STORE: path and verdict of each
rows() {
	"$xfdtriage" report --format csv "$1" 2>>"$work/err" | tail -n +2 | cut -d , -f 1,2 | sed "s|^$work/||" | sort
}

# batch NAME CODE ARGUMENT...
batch() {
	exits "$1" "$2" batch "${@:3}"
}

# the answers of hooks

fleet=$work/fleet
mkdir -p "$fleet"/{joined,other,alone}
cp "$dumps/set-xsave-6.18.5.vmcore" "$fleet/joined/vmcore"
hook set-xsave-6.18.5 >"$fleet/joined/xfdtriage.json"
# another panic of the same kernel
cp "$dumps/armed-6.18.5.vmcore" "$fleet/other/vmcore"
hook stale-6.18.5 >"$fleet/other/xfdtriage.json"
hook wrmsr-race-6.18.5 >"$fleet/alone/xfdtriage.202611260101.json"
echo '{"schema":"xfdtriage-1","dump":{"path":"/proc/vmcore"},"verdict":"error","exit":2,"error":"no time"}' |
	tee "$fleet/joined/failed.json" >"$fleet/alone/failed.json"
batch hooks 0 --store "$work/fleet.db" "$fleet"
says hooks-total out '^5 dumps: 2 confirmed, 1 armed, 1 error, 1 '
says hooks-by out '3 by the kdump hook'
says hooks-joined out '2 answers of the kdump hook belong to these dumps'
rows "$work/fleet.db" >"$work/rows"
printf '%s\n' fleet/alone/failed.json,error fleet/alone/xfdtriage.202611260101.json,confirmed fleet/joined/vmcore,confirmed \
	fleet/other/vmcore,armed "fleet/other/xfdtriage.json,$("$xfdtriage" -f json "$dumps/stale-6.18.5.vmcore" | jq -r .verdict)" >"$work/wanted"
same hooks-rows "$work/wanted" "$work/rows"
"$xfdtriage" report "$work/fleet.db" >"$work/out"
says hooks-marked out '^confirmed\*  *.*/alone/xfdtriage'
says hooks-own out '^confirmed  *.*/joined/vmcore'
says hooks-said out '; 1 answer of the kdump hook joined'
"$xfdtriage" report --format jsonl "$work/fleet.db" >"$work/jsonl"
jq -e -s 'map(select(.batch.source == "kdump hook") | .dump.path) | length == 3 and all(endswith(".json"))' "$work/jsonl" >"$work/log"
report $? hooks-jsonl "$(head -c 300 "$work/jsonl")"
"$xfdtriage" report --format html "$work/fleet.db" >"$work/out"
says hooks-html out 'kdump hook</span>'
if command -v sqlite3 >/dev/null; then
	sqlite3 "$work/fleet.db" 'SELECT count(*), sum(source = "kdump hook") FROM dump' >"$work/out"
	says hooks-view out '^5|3$'
else
	report skip hooks-view "there is no sqlite3"
fi
batch hooks-again 0 --store "$work/fleet.db" "$fleet"
says hooks-again-total out '^5 dumps: 2 confirmed, 1 armed, 1 error, 1 '
# a report on the files themselves, and with the dump in a store
exits hooks-files 0 report "$fleet"/alone/*.json "$fleet/joined/xfdtriage.json"
says hooks-files-total out '^3 dumps'
batch hooks-apart 0 --store "$work/apart.db" "$fleet/joined/vmcore"
exits hooks-store-and-files 0 report --format csv "$work/apart.db" "$fleet/joined/xfdtriage.json"
[ "$(wc -l <"$work/out")" = 2 ] && grep -q 'vmcore,confirmed.*,triage,.*,confirmed' "$work/out"
report $? hooks-store-and-files-row "$(cut -d , -f 1,2 "$work/out")"
# without its dump the hook's answer is a row again; without both there is none
rm "$fleet/joined/vmcore" "$fleet/joined/failed.json"
batch hooks-pruned 0 --store "$work/fleet.db" --prune "$fleet"
says hooks-pruned-total out '^5 dumps: 2 confirmed, 1 armed, 1 error, 1 '
rows "$work/fleet.db" >"$work/out"
says hooks-pruned-row out '^fleet/joined/xfdtriage.json,confirmed'
rm -r "$fleet/joined"
batch hooks-gone 0 --store "$work/fleet.db" --prune "$fleet"
rows "$work/fleet.db" >"$work/out"
[ "$(grep -c joined "$work/out")" = 0 ]
report $? hooks-gone-row "$(cat "$work/out")"
# packed, and renamed by the hook
tar -C "$fleet" -czf "$work/answers.tar.gz" alone
batch hooks-packed 0 --store "$work/packed.db" "$work/answers.tar.gz"
says hooks-packed-total out '^2 dumps: 1 confirmed, 1 error'

# hostile ones: errors, or no answers at all

bad=$work/bad
mkdir "$bad"
good=$(hook set-xsave-6.18.5)
start='{"schema":"xfdtriage-1","dump":{"path":"/proc/vmcore"},'
printf '%s' "$start" >"$bad/cut"
{ printf '%s"x":' "$start"; head -c 100000 /dev/zero | tr '\0' '['; } >"$bad/deep"
{ printf '%s"x":"' "$start"; head -c 17000000 /dev/zero | tr '\0' x; printf '"}'; } >"$bad/huge"
{ printf '%s"x":[' "$start"; yes '[],' | head -n 300000 | tr -d '\n'; printf '[]]}'; } >"$bad/many"
printf '%s"verdict":["confirmed"],"exit":0}' "$start" >"$bad/types"
printf '%s"verdict":"confirmed","exit":0}' "$start" >"$bad/lacks"
printf '%s"verdict":"confirmed","exit":1,"kernel":{},"panic":{},"counts":{}}' "$start" >"$bad/exit"
printf '%s"verdict":"Confirmed","exit":0,"kernel":{},"panic":{},"counts":{}}' "$start" >"$bad/word"
printf '%s"verdict":"confirmed","exit":0,"kernel":{"build_id":"ab"},"panic":{"id":"cd-1-2"},"counts":{}}' "$start" >"$bad/panic"
printf '%s"verdict":"confirmed","exit":0,"kernel":{},"panic":{},"counts":{}}\0' "$start" >"$bad/nul"
printf '%s"verdict":"confirmed","exit":0,"kernel":{},"panic":{},"counts":{}} {}' "$start" >"$bad/two"
printf '%s"verdict":"confirmed","exit":0,"kernel":{"x":"\377"},"panic":{},"counts":{}}' "$start" >"$bad/utf8"
echo "${good/xfdtriage-1/xfdtriage-2}" >"$bad/newer"
bad_ones=$(ls "$bad" | wc -l)
echo '{"schema":"xfdtriage-1","dump":{"path":"/srv/vmcore"},"verdict":"confirmed","exit":0}' >"$bad/of-another-file"
batch bad 2 --store "$work/bad.db" "$bad"
says bad-total out "^$bad_ones dumps: $bad_ones errors"
says bad-other out '1 file that is not a dump'
rows "$work/bad.db" >"$work/out"
says bad-row out '^bad/types,error'
"$xfdtriage" report --format csv "$work/bad.db" >"$work/out"
says bad-newer out "its schema is 'xfdtriage-2'"
says bad-huge out 'is larger than what the kdump hook writes'
says bad-types out 'no known verdict with the exit code'
exits bad-named 0 report "$bad/types" "$bad/deep" "$bad/nul"
says bad-named-total out '3  error'
# what it says of itself is shown as text
control=$(printf '%s' "$good" | sed 's/"nodename":"[^"]*"/"nodename":"a\\u001b[31m\\u202eb<script>"/')
mkdir "$work/control"
printf '%s\n' "$control" >"$work/control/xfdtriage.json"
batch control 0 --store "$work/control.db" "$work/control"
"$xfdtriage" report "$work/control.db" >"$work/out"
says control-escaped out 'a\\x1b\[31m'
! LC_ALL=C grep -q "$(printf '\033')" "$work/out"
report $? control-none "$(head -c 300 "$work/out")"
"$xfdtriage" report --format html "$work/control.db" >"$work/out"
! grep -q 'b<script>' "$work/out"
report $? control-html "a tag of the JSON is in the page"

# a stream: $count dumps appear under the name that kdump uses while it writes; some are deleted, some moved

stream=$work/stream
mkdir "$stream"
kinds=(set-xsave-6.18.5 armed-6.18.5 clean-6.1.192 fixed-6.18.9 no-kvm-7.2.12)
appear() {
	local i host
	for ((i = 0; i < count; i++)); do
		host=$stream/host$i
		mkdir "$host"
		head -c 50000 "$dumps/${kinds[i % 5]}.vmcore" >"$host/vmcore-incomplete"
		sleep "0.0$((RANDOM % 5))"
		cp "$dumps/${kinds[i % 5]}.vmcore" "$host/vmcore-incomplete"
		[ $((i % 4)) = 0 ] && hook_of "${kinds[i % 5]}" >"$host/xfdtriage.json"
		mv "$host/vmcore-incomplete" "$host/vmcore"
		# an older one goes, another one gets a new name
		[ $((i % 7)) = 6 ] && rm -r "$stream/host$((i - 3))"
		[ $((i % 9)) = 8 ] && mv "$stream/host$((i - 1))" "$stream/moved$((i - 1))"
		true
	done
}
for kind in "${kinds[@]}"; do hook "$kind" >"$work/hook.$kind"; done
hook_of() { cat "$work/hook.$1"; }
appear 2>/dev/null &
writer=$!
runs=0
while kill -0 $writer 2>/dev/null; do
	"$xfdtriage" batch -q --settle 1 --prune --store "$work/stream.db" "$stream" >>"$work/log" 2>&1
	status=$?
	runs=$((runs + 1))
	[ $status -le 6 ] || report fail stream-run "exit $status"
done
wait $writer
report $? stream-appeared "the writer failed"
sleep 2
# however long they take
check stream-last "$xfdtriage" batch -q --settle 1 --prune --store "$work/stream.db" "$stream"
check stream-fresh "$xfdtriage" batch -q --store "$work/fresh.db" "$stream"
rows "$work/stream.db" >"$work/stream.rows"
rows "$work/fresh.db" >"$work/fresh.rows"
same stream-rows "$work/fresh.rows" "$work/stream.rows"
[ "$(find "$stream" -name 'vmcore*' | wc -l)" = "$(wc -l <"$work/stream.rows")" ]
report $? stream-all "$(find "$stream" -name 'vmcore*' | wc -l) dumps, $(wc -l <"$work/stream.rows") rows"
! grep -q ',error' "$work/stream.rows"
report $? stream-errors "$(grep ',error' "$work/stream.rows" | head -n 3)"
for host in "$stream"/*/; do
	i=${host##*[a-z]} i=${i%/}
	[ $((i % 5)) != 0 ] || echo "${host#"$work"/}vmcore,confirmed"
done | sort >"$work/wanted"
grep ',confirmed' "$work/stream.rows" >"$work/out"
same stream-findings "$work/wanted" "$work/out"
[ $runs -ge 1 ]
report $? stream-runs "no batch looked at it meanwhile"
[ "$count" = 40 ] || echo "stream: $count dumps appeared, $(wc -l <"$work/stream.rows") are left, $runs batches looked at them meanwhile"
finish
