#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The tables in docs/verdicts.md and docs/live.md are those of src/verdict/*.def, that of docs/hostile.md is
# tests/hostile/only_records.def: behind "<!-- NAME.def -->", up to the next empty line, is what tests/print-rules.sh prints.
set -eu

tests=$(dirname "$0")
docs=$tests/../docs
failed=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for table in rules vcpu_rules exposure_rules only_records; do
	"$tests/print-rules.sh" $table >"$work/$table.def"
	sed -n "/^<!-- $table\.def -->\$/,/^\$/{ /^|/p; }" "$docs/verdicts.md" "$docs/live.md" "$docs/hostile.md" >"$work/docs.md"
	(cd "$work" && diff -u docs.md $table.def) || failed=1
	# an empty table would match a doc without one
	[ "$(grep -c '^| `' "$work/$table.def")" -gt 1 ] || failed=1
done
if [ $failed != 0 ]; then
	echo "verdicts: docs differ from the .def files (tests/print-rules.sh prints the tables)"
	exit 1
fi
echo "verdicts: docs have the tables of the .def files"
