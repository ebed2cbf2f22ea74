#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Does docs/json.md say what the JSON is?  $1: build folder.
# - Its tables of fields have the keys, types and words of src/render/fields.def.
# - The JSON of the vmcores in dumps/ has no key that it does not document.
# - tests/test_render.c asks for every key of fields.def.
# The example in README.md is what is printed, and a document that an installed one links to is installed.
set -u
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "${0%/*}/checks.sh" docs
xfdtriage=$1/xfdtriage

# GROUP<tab>KEY<tab>TYPE<tab>HELP of every field
sed -n 's/^XFDT_FIELD(\([A-Z]*\), "\([^"]*\)", "[^"]*", \(.*\), "\(.*\)")$/\1\t\2\t\3\t\4/p' src/render/fields.def |
	awk -F '\t' -v OFS='\t' '{
		type = $3 ~ /text_cell/ ? "string" : $3 ~ /hex|address/ ? "hex" : $3 ~ /bool/ ? "boolean" : "number"
		print $1, $2, type, $4
	}' >"$work/fields"
[ "$(wc -l <"$work/fields")" = "$(grep -c '^XFDT_FIELD(' src/render/fields.def)" ]
report $? "every line of fields.def is read"

# the same of the tables in docs/json.md
awk -v OFS='\t' '
	BEGIN {
		group["kernel"] = "KERNEL"; group["sources"] = "SOURCES"; group["panic"] = "PANIC"
		group["panic.fault"] = "FAULT"; group["vms[]"] = "VM"; group["vms[].vcpus[]"] = "VCPU"
		group["vms[].vcpus[].thread"] = "THREAD"
	}
	/^#/ { section = $2; gsub(/`/, "", section); next }
	section in group && sub(/^\| `/, "") {
		key = $0; sub(/`.*/, "", key)
		sub(/^[^|]*\| /, ""); type = $0; sub(/ \|.*/, "", type)
		sub(/^[^|]*\| /, ""); sub(/ \|$/, "")
		print group[section], key, type, $0
	}' docs/json.md >"$work/rows"

# row GROUP KEY TYPE HELP: documented so, where more words may follow the help
row() {
	local line
	line=$(grep -F "$1"$'\t'"$2"$'\t' "$work/rows" | head -n 1)
	case $line in
	"$1"$'\t'"$2"$'\t'"$3"$'\t'"$4"*) report ok ;;
	"") report 1 "$1.$2" "docs/json.md has no row | \`$2\` | $3 | $4 |" ;;
	*) report 1 "$1.$2" "docs/json.md should say | \`$2\` | $3 | $4 |" ;;
	esac
	grep -q "\"$2\"" tests/test_render.c
	report $? "$1.$2" "tests/test_render.c does not ask for it"
}
while IFS=$'\t' read -r group key type help; do
	row "$group" "$key" "$type" "$help"
done <"$work/fields"
cut -f 1,2 "$work/rows" | grep -vxFf <(cut -f 1,2 "$work/fields") >"$work/strays"
report $((! $?)) "rows without a field" "$(tr '\t\n' '. ' <"$work/strays")"

"$xfdtriage" --format json dumps/*.vmcore >"$work/json" 2>"$work/err"
jq -r 'paths | map(strings) | select(. != []) | .[-1]' "$work/json" | sort -u >"$work/keys"
[ "$(wc -l <"$work/keys")" -gt 80 ]
report $? "JSON of dumps/" "$(head -c 300 "$work/err")"
while read -r key; do
	grep -q "\`$key\`" docs/json.md
	report $? "$key" "is in the JSON, and not in docs/json.md"
done <"$work/keys"

dump=dumps/set-xsave-6.18.5.vmcore
if [ -e $dump ]; then
	"$xfdtriage" $dump >"$work/example"
	sed -n "\\|^\$ xfdtriage $dump\$|,/^\`\`\`\$/p" README.md | sed '1d;$d' >"$work/readme"
	cmp -s "$work/example" "$work/readme"
	report $? "README.md" "its example is not what is printed"
fi

# docs/*.md are installed; README.md is read in the repository
for document in README.md docs/*.md; do
	folder=$(dirname "$document")
	grep -o ']([^)#]*' "$document" | cut -c 3- | grep -v : | sort -u >"$work/links"
	while read -r link; do
		case $folder/$link in
		./* | docs/*.md) [ -e "$folder/$link" ] ;;
		*) false ;;
		esac
		report $? "$document" "it links to $link, which is not there or not installed"
	done <"$work/links"
done
finish
