#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Print a table of rules (rules, vcpu_rules, exposure_rules, only_records) as Markdown, the form in which docs/ has it.
set -eu

tests=$(dirname "$0")
dir=$tests/../src/verdict
table=$1
cve=$(sed -n 's/^#define XFDT_CVE "\(.*\)"$/\1/p' "$dir/verdict.h")

case $table in
rules)
	macro=XFDT_RULE
	columns="id kvm capable hit state ended next verdict when words" ;;
vcpu_rules)
	macro=XFDT_VCPU_RULE
	columns="id readable sound confidential refused mismatch in_use can_run alive holds running loading need_load valid in_guest state undecided words" ;;
exposure_rules)
	macro=XFDT_EXPOSURE_RULE
	columns="id kvm capable mismatch fixed answer words" ;;
only_records)
	dir=$tests/hostile
	macro=ONLY_RECORD
	columns="bit why_no_other_place_has_it" ;;
*)
	echo "usage: $0 rules|vcpu_rules|exposure_rules|only_records" >&2
	exit 2 ;;
esac

echo "| $(echo "$columns" | sed 's/ / | /g; s/_/ /g') |"
echo "|$(echo "$columns" | sed 's/[a-z_]* */---|/g')"
# shellcheck disable=SC2016 # Markdown's backticks
{
	echo "#define XFDT_CVE \"$cve\""
	echo "#define $macro($(echo "$columns" | sed 's/ /, /g')) @ROW $(echo "$columns" | sed 's/ / | /g') @END"
	cat "$dir/$table.def"
} | ${CC:-cc} -E -P -xc - | tr '\n' ' ' | sed 's/@END */\n/g' |
	sed -n 's/^ *@ *ROW *//; s/" *"//g; s/^"\([^"]*\)"/`\1`/; s/"//g; s/  */ /g; s/^\(..*[^ ]\) *$/| \1 |/p'
