#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Are all the vmcores of dumps/manifest.json there?  A package of the source may leave them out; then say what is skipped.
# $1: what needs them.
missing=$(jq -r '.vmcores[].file' dumps/manifest.json | while read -r file; do
	[ -e "dumps/$file" ] || echo "$file"
done)
[ -n "$missing" ] || exit 0
echo "skip $1: $(echo "$missing" | wc -l) vmcores are missing from dumps/: $(echo "$missing" | head -n 1)..."
exit 1
