#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Does check-manifest.sh find what is wrong in a manifest?  tests/manifest/mutations.jq makes bad ones of a good one; the
# files and recipes that the script gathers are real here.
set -u
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "${0%/*}/checks.sh" manifest

good=tests/manifest/good.json
jq -r -L tests/manifest -f tests/manifest/mutations.jq $good >"$work/said" 2>&1
report $? "mutations.jq" "$(cat "$work/said")"
while read -r said; do
	[ "$said" = ok ]
	report $? "a mutation" "$said"
done <"$work/said"

folder=$work/dumps
mkdir -p "$folder/recipes"
printf 'kernel=6.18.5\nscenario="set-xsave --vcpus 2"\nverdict=confirmed\n' >"$folder/recipes/panic"
printf 'kernel=6.18.5\nscenario="clean --vms 1 --vcpus 1"\nverdict=not-this-bug\n' >"$folder/recipes/well"
touch "$folder/panic.vmcore" "$folder/well.vmcore"
check "a good folder" tests/check-manifest.sh "$folder" $good

# fails NAME EXPECTED
fails() {
	! tests/check-manifest.sh "$folder" "${3:-$good}" >"$work/log" 2>&1
	report $? "$1 fails"
	says "$1" log "$2"
}
touch "$folder/stray.vmcore"
fails "a vmcore without entry" 'manifest: stray.vmcore has no entry'
rm "$folder/stray.vmcore"
truncate -s 4194305 "$folder/well.vmcore"
fails "a large vmcore" 'well: file: has 4194305 bytes'
truncate -s 0 "$folder/well.vmcore"
rm "$folder/recipes/well"
fails "an entry without recipe" 'well: make: there is no recipe'
echo '{' >"$work/cut"
fails "what is not JSON" 'parse error' "$work/cut"
finish
