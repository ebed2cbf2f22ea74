#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is read of a dump, and in how many round trips.  $1: build folder.
set -u
build=$1 xfdtriage=$PWD/$1/xfdtriage
# shellcheck source-path=SCRIPTDIR source=checks.sh
. tests/checks.sh storage
vmcore=dumps/set-xsave-6.18.5.vmcore
export NO_COLOR=1

# holds NAME FILTER: a condition of jq on the JSON in $work/out
holds() {
	jq -e "$2" "$work/out" >/dev/null 2>&1
	report $? "$1" "$2 does not hold: $(jq -c .stats "$work/out" 2>&1 | head -c 600)"
}

exits "stats as JSON" 0 --stats --format json $vmcore
holds "the stages" '[.stats.stages[].stage] == ["open", "resolve", "kernel", "verdict"]'
for key in reads read_bytes round_trips stored_bytes; do
	holds "$key add up" "([.stats.stages[].$key] | add) == .stats.$key and .stats.$key > 0"
done
holds "seconds add up" '(([.stats.stages[].seconds] | add) - .stats.seconds | fabs) < 0.001 and .stats.seconds > 0'
# 3.3 MB, most of which is read, in blocks of 256 KiB and more
holds "few round trips" '.stats.round_trips <= 12 and .stats.stored_bytes <= 3400000'
exits "stats as text" 0 --stats $vmcore
says "a line for all stages" out '^  all  *[0-9]'
exits "nobody asked" 0 --format json $vmcore
holds "nobody asked: no stats" 'has("stats") | not'

# http: a server for each file, with every path another behaviour (tests/http-server.c)
servers=
trap 'kill $servers 2>/dev/null; rm -rf "$work"' EXIT
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

# serve NAME FILE: sets url; requests are logged in $work/NAME.log
serve() {
	"$build/tests/http-server" "$work/$1.port" "$work/$1.log" "$2" &
	servers="$servers $!"
	for _ in $(seq 100); do
		[ -s "$work/$1.port" ] && break
		sleep 0.05
	done
	url=http://127.0.0.1:$(cat "$work/$1.port")
}

exits "a URL without libcurl, or a server" 2 http://127.0.0.1:1/vmcore
if grep -q 'built without libcurl' "$work/err"; then
	report skip http "this xfdtriage was built without libcurl"
	finish
	exit
fi
says "nobody listens" err 'http://127.0.0.1:1/vmcore: given up after 5 attempts: '

serve vmcore $vmcore
exits "from a file" 0 --format json $vmcore
jq -S 'del(.dump)' "$work/out" >"$work/by-file"
for path in file short cut redirect busy; do
	exits "/$path" 0 --format json "$url/$path"
	jq -S 'del(.dump)' "$work/out" >"$work/by-url"
	same "/$path: the same as from a file" "$work/by-file" "$work/by-url"
done
holds "both processes are confined" '.confined == "landlock+seccomp" or (.confined | test("no Landlock|no limit of memory"))'

exits "a name that is looked up" 0 "http://localhost:${url##*:}/file"
exits "round trips" 0 --stats --format json "$url/file?counted"
requests=$(grep -c ' /file$' "$work/vmcore.log")
holds "round trips are requests" ".stats.round_trips <= 12 and 2 * .stats.round_trips <= $requests + 1"

# what is secret in a URL is in no report
exits "a secret URL" 0 "http://user:pass@${url#http://}/file?X-Amz-Signature=hidden"
! grep -q 'pass@\|hidden' "$work/out" "$work/err"
report $? "secrets of a URL are not shown" "$(grep -h 'pass@\|hidden' "$work/out" "$work/err" | head -n 2)"
exits "distill by URL" 0 distill "$url/file" -o "$work/small"
exits "what was distilled" 0 "$work/small"

# refused PATH PATTERN: an error that says so
refused() {
	exits "$1" 2 "$url$1"
	says "$1: the message" err "$2"
}
refused /plain 'does not support ranges; download the file'
refused /missing 'status 404'
refused /forbidden 'status 403'
refused /broken 'given up after 5 attempts: the server answers with status 500'
refused /loop 'redirects'
refused /to-file 'rotocol'
refused /changed 'the file changed while it was read'
refused /wrong 'another range than was asked for'
refused /garbage 'another range than was asked for'
refused /empty 'empty'
refused /long .
[ "$(grep -c ' /loop$' "$work/vmcore.log")" -le 6 ]
report $? "redirections are limited" "$(grep -c ' /loop$' "$work/vmcore.log") requests"
exits "ftp" 2 ftp://127.0.0.1/vmcore
says "ftp: the message" err 'only http and https URLs'
exits "file:" 2 "file://$PWD/$vmcore"
says "file: the message" err 'only http and https URLs'
exits "several, one of them no dump" 2 $vmcore "$url/missing" "$url/file"
says "the others are looked at" out "confirmed  *$url/file"
exits "JSON of an error" 2 --format json "$url/plain"
holds "JSON of an error" '.verdict == "error" and (.error | test("ranges"))'
exits "a split set" 2 --split "$url/file" "$url/file"
says "a split set: the message" err "http://127.0.0.1:.*/file: is a URL, and --split takes files; download the parts"
exits "batch" 2 batch "$url/file"
says "batch: the message" err "batch takes files and folders, and '$url/file' is a URL"

# what is not a vmcore by itself is downloaded
mkdir "$work/tmp"
export TMPDIR=$work/tmp
gzip -c $vmcore >"$work/vmcore.gz"
serve packed "$work/vmcore.gz"
exits "packed, by URL" 0 --format json "$url/file"
same "packed, by URL: the same as from a file" "$work/by-file" <(jq -S 'del(.dump)' "$work/out")
exits "distill what is packed, by URL" 0 distill "$url/file" -o "$work/small"
exits "a URL beside a file" 0 "$url/file" "$work/vmcore.gz"
says "a URL beside a file: counts" out '^2 dumps: 2 confirmed$'
exits "packed, too large" 2 --unpack-size 1 "$url/file"
says "packed, too large: the message" err '/file: is not downloaded: it has more than 1 MiB; --unpack-size allows more'
refused /plain 'does not support ranges; download the file'
# of a flattened dump the headers of all records are read, but not each by a request of its own
"$build/tests/check-dumps" --flatten $vmcore "$work/flat"
serve flat "$work/flat"
exits "flattened, by URL" 0 --stats --format json "$url/file"
holds "flattened, by URL: round trips" '.stats.round_trips <= 30'
serve log tests/logs/hung-task.txt
exits "a log by URL" 5 "$url/file"
exits "dmesg by URL" 5 dmesg "$url/file"
serve text README.md
refused /file 'is not a vmcore: neither ELF, kdump-compressed nor flattened'
[ -z "$(ls -A "$TMPDIR")" ]
report $? "downloads: nothing is left" "$(ls -A "$TMPDIR")"
head -c 1000000 $vmcore >"$work/start"
serve start "$work/start"
"$xfdtriage" --format json "$work/start" >"$work/by-file" 2>/dev/null
exits "a file that was cut off" $? --format json "$url/file"
same "a file that was cut off: the same as from a file" <(jq -S 'del(.dump)' "$work/by-file") <(jq -S 'del(.dump)' "$work/out")

finish
