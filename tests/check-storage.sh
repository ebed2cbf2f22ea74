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

finish
