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

for file in $(find src tests extensions dumps/*.c dumps/lab -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o -name '*.py'); do
	head -3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' ||
		complain "$file has no SPDX line"
done

# a stage includes headers of stages to its left only
stages="base image dump symbols types resolve kernel verdict render distill store report sandbox triage batch cli"
seen=
for stage in $stages; do
	allowed="$seen $stage insn xstate"
	[ "$stage" = base ] && allowed=base
	for included in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "src/$stage"/*.[ch] | sort -u); do
		case " $allowed " in
		*" $included "*) ;;
		*) complain "src/$stage includes from src/$included" ;;
		esac
	done
	seen="$seen $stage"
done
for pure in insn xstate; do
	if grep -l '#include "' "src/$pure"/*.[ch] | xargs sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' | grep -vqx "$pure"; then
		complain "src/$pure includes from another stage"
	fi
done

# large files are vmcores in dumps/ only
for file in $(find . -path ./build -prune -o -path ./.git -prune -o -path ./dumps/cache -prune -o -path ./dumps/out -prune -o -type f -size +512k -print); do
	case "$file" in
	./dumps/*.vmcore) [ "$(stat -c %s "$file")" -le 4194304 ] || complain "$file is over 4 MB" ;;
	*) complain "$file is large" ;;
	esac
done

[ $status = 0 ] && echo "style: 1 passed, 0 failed"
exit $status
