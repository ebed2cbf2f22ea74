#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules of the house that a machine can check.  $1: the core; $2: symbols it must not use.
set -eu
status=0

complain() {
	echo "FAIL style: $1"
	status=1
}

for symbol in $2; do
	if nm -u "$1" 2>/dev/null | grep -qwE "U $symbol"; then
		complain "the core uses $symbol"
	fi
done

# no file of ours has a blank in its name
# shellcheck disable=SC2044
for file in $(find src tests extensions dumps/*.c dumps/lab -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o -name '*.py' -o -name '*.jq'); do
	head -3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' ||
		complain "$file has no SPDX line"
done

# a stage includes headers of stages to its left only
stages="base image dump symbols types resolve kernel verdict render distill store report sandbox fetch unpack triage batch cli"
seen=
for stage in $stages; do
	allowed="$seen $stage insn xstate"
	[ "$stage" = base ] && allowed=base
	# shellcheck disable=SC2013
	for included in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "src/$stage"/*.[ch] | sort -u); do
		case " $allowed " in
		*" $included "*) ;;
		*) complain "src/$stage includes from src/$included" ;;
		esac
	done
	seen="$seen $stage"
done
for pure in insn xstate; do
	if grep -l '#include "' "src/$pure"/*.[ch] | xargs sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' | grep -vqx "$pure\|base"; then
		complain "src/$pure includes from another stage"
	fi
done

# no two files of one name in different folders: a name says what a file is
for name in $(find src -name '*.[ch]' -printf '%f\n' | sort | uniq -d); do
	complain "two files are named $name"
done

# headers that include each other in a circle (a.h -> b.h -> a.h)
edges=$(grep -ro '^#include "[a-z_]*/[a-z_]*\.h"' src --include='*.h' | sed 's/^src\///; s/:#include "/ /; s/"$//')
circle=$(echo "$edges" | tsort 2>&1 >/dev/null | grep -v 'contains a loop') || true
[ -z "$circle" ] || complain "headers include each other: $(echo "$circle" | tr '\n' ' ')"

if command -v clang-format >/dev/null; then
	git ls-files '*.[ch]' | xargs clang-format --dry-run --Werror 2>/dev/null ||
		complain "clang-format would change files; run: git ls-files '*.[ch]' | xargs clang-format -i"
else
	echo "skip style: clang-format is not installed, so the format is not checked"
fi

# large files are vmcores in dumps/ only
# shellcheck disable=SC2044
for file in $(find . -path ./build -prune -o -path ./.git -prune -o -path ./dumps/cache -prune -o -path ./dumps/out -prune -o -type f -size +512k -print); do
	case "$file" in
	./dumps/*.vmcore) [ "$(stat -c %s "$file")" -le 4194304 ] || complain "$file is over 4 MB" ;;
	*) complain "$file is large" ;;
	esac
done

[ $status = 0 ] && echo "style: 1 passed, 0 failed"
exit $status
