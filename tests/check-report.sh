#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# xfdtriage report on stores, as its users meet it.  $1: build folder.
set -u
xfdtriage=$PWD/$1/xfdtriage
make_store=$PWD/$1/tests/make-store
. tests/checks.sh report
export NO_COLOR=1

# line PATH IDENTITY FINISHED JSON
line() {
	printf '%s\t%s\t%s\t%s\n' "$@"
}

confirmed=$("$xfdtriage" -f json dumps/set-xsave-6.18.5.vmcore)
clean=$("$xfdtriage" -f json dumps/fixed-6.18.9.vmcore)
{
	line /srv/a/vmcore id1 2026-11-22T10:00:00Z "$clean"
	line /srv/b/vmcore id2 2026-11-22T10:00:00Z "$clean"
	line '/srv/<script>/vmcore' id4 2026-11-22T10:00:00Z "${clean/\"(none)\"/\"<script>alert(1)</script>\"}"
} | "$make_store" "$work/first"
{
	line /srv/a/vmcore id1 2026-11-22T11:00:00Z "$confirmed"
	line /srv/c/vmcore id2 2026-11-22T10:00:00Z "$clean"
} | "$make_store" "$work/second"

exits text 0 report "$work/first" "$work/second"
check text-totals grep -q '^4 dumps in 2 stores; 1 is a copy of another; 1 older result left out$' "$work/out"
check text-confirmed grep -q '^confirmed  */srv/a/vmcore ' "$work/out"
check text-counts grep -q '^       3  not-this-bug ' "$work/out"

exits csv 0 report --format csv "$work/second" "$work/first"
check csv-lines [ "$(wc -l <"$work/out")" = 5 ]
check csv-first grep -q '^/srv/a/vmcore,confirmed,0,fpu_swap_kvm_fpstate,' "$work/out"
# the documented columns, in their order
# shellcheck disable=SC2016
sed -n 's/^| `\([a-z_.]*\)` |.*/\1/p' docs/report.md | paste -s -d , >"$work/documented"
head -1 "$work/out" | tr -d '\r' >"$work/header"
check csv-documented diff "$work/documented" "$work/header"

# one damaged row hides no other result
line /srv/d/vmcore id5 2026-11-22T10:00:00Z "$clean" | cat - <(line /srv/e/vmcore id6 2026-11-22T10:00:00Z "$confirmed") |
	"$make_store" --damage /srv/d/vmcore "$work/damaged"
exits damaged 2 report "$work/damaged"
check damaged-others grep -q '^confirmed  */srv/e/vmcore ' "$work/out"
check damaged-said grep -q "^xfdtriage: store '.*': 1 damaged row is left out of the report$" "$work/err"

exits jsonl 0 report -f jsonl "$work/first" "$work/second"
check jsonl-lines [ "$(wc -l <"$work/out")" = 4 ]
check jsonl-batch [ "$(grep -c '"batch":{' "$work/out")" = 4 ]

exits html 0 report -f html "$work/first" "$work/second"
check html-inert [ "$(grep -c '<script>alert' "$work/out")" = 0 ]
check html-escaped grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' "$work/out"
check html-end [ "$(tail -n 1 "$work/out")" = '</html>' ]

exits output 0 report -f csv -o "$work/report.csv" "$work/first"
check output-silent [ ! -s "$work/out" ]
check output-whole [ "$(wc -l <"$work/report.csv")" = 4 ]
check output-mode [ "$(stat -c %A "$work/report.csv" | cut -c 1-4)" = -rw- ]
exits output-again 0 report -o "$work/report.csv" "$work/second"
check output-replaced [ "$(wc -l <"$work/report.csv")" = 3 ]
# the name says the format, and a file of another format is not replaced
exits output-by-name 0 report -o "$work/page.html" "$work/first"
check output-by-name-html grep -q '^<!DOCTYPE html>' "$work/page.html"
cp "$work/page.html" "$work/page"
for format in text csv jsonl; do
	exits "output-other-$format" 2 report -f $format -o "$work/page.html" "$work/first"
	check "output-other-$format-says" grep -q 'exists and is not a report in' "$work/err"
done
check output-other-kept cmp -s "$work/page" "$work/page.html"
exits output-same 0 report -f html -o "$work/page.html" "$work/second"
exits output-text 0 report -o "$work/table" "$work/first"
exits output-text-again 0 report -o "$work/table" "$work/second"
exits output-over-text 2 report -f csv -o "$work/table" "$work/second"
exits output-over-store 2 report -o "$work/second" "$work/first"
exits output-jsonl 0 report -o "$work/all.jsonl" "$work/first"
check output-jsonl-lines grep -q '^{"schema"' "$work/all.jsonl"
exits json-option 0 report --json "$work/first"
check json-option-lines grep -q '^{"schema"' "$work/out"
# without a store, that of batch
(cd "$work" && cp first xfdtriage.sqlite && timeout 60 "$xfdtriage" report >default 2>&1)
check default-store grep -q ' in 1 store' "$work/default"
check output-no-rest [ "$(find "$work" -name 'report.csv.*' | wc -l)" = 0 ]

# what went wrong leaves what was there
exits no-store 2 report -o "$work/report.csv" "$work/first" "$work/none"
check no-store-says grep -q "$work/none" "$work/err"
exits not-a-store 2 report -o "$work/report.csv" "$work/report.csv"
exits a-dump 2 report dumps/clean-6.1.192.vmcore
check kept [ "$(wc -l <"$work/report.csv")" = 3 ]
exits no-folder 2 report -o "$work/none/report.csv" "$work/first"
exits device 2 report -o /dev/null "$work/first"
check device-says grep -q 'not a regular file' "$work/err"
check device-stays [ -c /dev/null ]
timeout 60 "$xfdtriage" report "$work/first" >/dev/full 2>"$work/err"
check full [ $? = 2 ]

# counts by signature, and parts of a report
exits by 0 report --by release,rule "$work/first" "$work/second"
check by-heading grep -q '^   dumps  verdict         release  *rule' "$work/out"
check by-counts grep -Eq '^ +3  not-this-bug +6.18.9[^ ]* +[a-z-]+ *$' "$work/out"
check by-first [ "$(sed -n 2p "$work/out" | awk '{ print $2 }')" = confirmed ]
exits by-csv 0 report --by fix,host -f csv "$work/first"
check by-csv-heading [ "$(head -n 1 "$work/out" | tr -d '\r')" = 'dumps,verdict,kernel.fix,kernel.nodename' ]
check by-csv-lines [ "$(wc -l <"$work/out")" = 3 ]
exits by-nonsense 2 report --by release,colour "$work/first"
check by-says grep -q 'release,fix,route,rule,host' "$work/err"
exits by-html 2 report --by release -f html "$work/first"
exits since 0 report --since 2026-11-22T10:30 "$work/first" "$work/second"
check since-total grep -q '^1 dump in 2 stores' "$work/out"
exits since-date 0 report --since 2026-11-22 "$work/first" "$work/second"
check since-date-total grep -q '^4 dumps in 2 stores' "$work/out"
exits since-age 0 report --since 100000d "$work/first"
check since-age-total grep -q '^3 dumps in 1 store' "$work/out"
exits since-nonsense 2 report --since yesterday "$work/first"
for time in 2026-13-01 2026-02-29 2026-11-27T25 2026-11-27T10:60; do
	exits "since-$time" 2 report --since $time "$work/first"
done
exits since-leap-day 0 report --since 2024-02-29 "$work/first"
exits output-to-stdout 0 report -o - "$work/first"
check output-to-stdout-total grep -q '^3 dumps in 1 store' "$work/out"
exits new-without-runs 2 report --new "$work/first"
check new-says grep -q 'no record of a run' "$work/err"
"$xfdtriage" batch -q --store "$work/new" dumps/clean-6.1.192.vmcore
sleep 1.1
"$xfdtriage" batch -q --store "$work/new" dumps/fixed-6.18.9.vmcore dumps/clean-6.1.192.vmcore
exits new 0 report --new "$work/new"
check new-total grep -q '^1 dump in 1 store' "$work/out"
check new-one grep -q '/fixed-6.18.9.vmcore' "$work/out"

# metrics
printf '/srv/q\tid9\t2026-11-22T10:00:00Z\t%s\n' "${clean/\"(none)\"/\"a\\\"b\\nc\"}" | "$make_store" "$work/quotes"
exits prometheus 0 report -f prometheus --by release,host "$work/new" "$work/quotes"
check prometheus-zero grep -q '^xfdtriage_dumps{verdict="confirmed"} 0$' "$work/out"
check prometheus-time grep -Eq '^xfdtriage_last_run_timestamp_seconds [0-9]{10}$' "$work/out"
check prometheus-escaped grep -qF 'host="a\"b\\x0ac"' "$work/out"
if command -v promtool >/dev/null; then
	promtool check metrics <"$work/out" >"$work/log" 2>&1
	report $? promtool "$(head -c 300 "$work/log")"
else
	report skip promtool "there is no promtool (Debian's package prometheus)"
fi

exits no-operand 2 report
check no-operand-says grep -q 'name a store' "$work/err"
exits wrong-format 2 report -f json "$work/first"
exits wrong-command 2 -f html dumps/clean-6.1.192.vmcore
exits wrong-option 2 report -v "$work/first"
exits help 0 report --help
check help-formats grep -q 'html' "$work/out"

finish
