#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The tables in docs/verdicts.md and docs/live.md are those of src/verdict/*.def: behind "<!-- NAME.def -->", up to the next
# empty line, is what tests/print-rules.sh prints.
set -eu

tests=$(dirname "$0")
docs=$tests/../docs
failed=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for table in rules vcpu_rules exposure_rules; do
	"$tests/print-rules.sh" $table >"$work/$table.def"
	sed -n "/^<!-- $table\.def -->\$/,/^\$/{ /^|/p; }" "$docs/verdicts.md" "$docs/live.md" >"$work/docs.md"
	(cd "$work" && diff -u docs.md $table.def) || failed=1
	# a table of no rules would match a doc without one
	[ "$(grep -c '^| `' "$work/$table.def")" -gt 2 ] || failed=1
done
if [ $failed != 0 ]; then
	echo "verdicts: docs/verdicts.md or docs/live.md differs from src/verdict/*.def (tests/print-rules.sh prints the tables)"
	exit 1
fi
echo "verdicts: docs/verdicts.md and docs/live.md have all tables"
