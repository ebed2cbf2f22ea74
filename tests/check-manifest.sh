#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Check dumps/manifest.json, or $2, against the vmcores and recipes in folder $1 (tests/manifest/manifest.jq says for what).
set -eu
manifest=${2:-$1/manifest.json}
files=$(find -L "$1" -maxdepth 1 -type f -name '*.vmcore' -printf '%f\t%s\n' |
	jq -Rn '[inputs | split("\t") | { name: .[0], size: (.[1] | tonumber) }]')
recipes=$(jq -Rn 'reduce inputs as $line ({}; .[input_filename | sub(".*/"; "")] += $line + "\n")' "$1/recipes/"*)
defects=$(jq -r --argjson files "$files" --argjson recipes "$recipes" -L tests/manifest \
	'include "manifest"; defects($files; $recipes)' "$manifest")
if [ -n "$defects" ]; then
	echo "$defects" | sed 's/^/FAIL manifest: /'
	exit 1
fi
echo "ok manifest"
