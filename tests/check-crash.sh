#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# xfd.so in a real crash(8) session: what it says is what xfdtriage says.  $1: build folder.
#
#   CRASH_VMLINUX   a vmlinux with debuginfo
#   CRASH_VMCORE    vmcores of that kernel, separated by spaces
#   CRASH_MODULES   a folder with debuginfo of its modules (optional)
#   CRASH           the crash to run
#
# Exits with 77 if there is nothing to run it on.
set -u
build=$PWD/$1
crash=${CRASH:-crash}
. tests/checks.sh crash
export HOME=$work NO_COLOR=1

skip() {
	echo "skip crash: $1"
	exit 77
}

[ -n "${CRASH_VMLINUX:-}" ] && [ -n "${CRASH_VMCORE:-}" ] || skip "CRASH_VMLINUX and CRASH_VMCORE are not given"
[ -e "$build/xfd.so" ] || skip "xfd.so was not built: crash/defs.h is not installed"
command -v "$crash" >/dev/null || skip "$crash is not installed"

# session VMCORE [OPTION...]: commands on stdin, output in $work/out
session() {
	local vmcore=$1
	shift
	{ echo "extend $build/xfd.so"; cat; echo quit; } >"$work/commands"
	timeout 900 "$crash" -s "$@" -i "$work/commands" "$CRASH_VMLINUX" "$vmcore" >"$work/out" 2>&1 </dev/null
}

# less what it says of where symbols and types come from
less_sources() { # FILE...
	sed -i 's/"sources":{[^}]*}/"sources":{}/' "$@"
}

# what xfdtriage and xfd print differs in nothing but the sandbox, which crash does not have
same_less_confined() { # NAME FILE FILE
	sed 's/"confined":\("[^"]*"\|null\)/"confined":0/' "$2" >"$work/a"
	sed 's/"confined":\("[^"]*"\|null\)/"confined":0/' "$3" >"$work/b"
	same "$1" "$work/a" "$work/b"
}

# what the two print differs in nothing but the sources and the sandbox
same_less_sources() { # NAME FILE FILE
	cp "$2" "$work/c"
	cp "$3" "$work/d"
	less_sources "$work/c" "$work/d"
	same_less_confined "$1" "$work/c" "$work/d"
}

# what crash's gdb has of every structure and member, in the order of the layout in $1
crash_layout() { # LAYOUT VMCORE
	rm -f "$work/layout.sizes"
	awk -v commands="$work/layout.commands" -v sizes="$work/layout.sizes" '
		$1 == "struct" {
			print "struct " $2 " >> " sizes >commands
			print "SIZE: " $3
		}
		$1 == "member" {
			if ($3 ~ /[.]/) {
				print "p/d (unsigned long)&((struct " $2 " *)0)->" $3 >commands
				print "= " $4
			} else {
				print "struct -o " $2 "." $3 >commands
				print "[" $4 "]"
			}
			# a bit field has no size that sizeof gives
			if (!$7) {
				print "p/d sizeof(((struct " $2 " *)0)->" $3 ")" >commands
				print "= " $5
			}
		}' "$1" >"$work/layout.want"
	session "$2" <"$work/layout.commands"
	{
		grep -o '^SIZE: [0-9]*' "$work/layout.sizes"
		grep -oE '^ +\[[0-9]+\]|= [0-9]+$' "$work/out" | tr -s ' ' | sed 's/^ \[/[/'
	} >"$work/layout.crash"
}

# DWARF, BTF and crash say the same of every structure and member, and the verdicts are the same by each
compare_types() { # NAME VMCORE
	local name=$1 vmcore=$2
	"$build/tests/print-layout" btf "$vmcore" >"$work/layout.btf" 2>"$work/layout.source"
	grep -q 'types from btf' "$work/layout.source" || { echo "skip crash: $name: BTF: the dump carries none"; return; }
	"$build/tests/print-layout" dwarf "$vmcore" "$CRASH_VMLINUX" ${CRASH_MODULES:+"$CRASH_MODULES"} \
		>"$work/layout.dwarf" 2>"$work/layout.source"
	says "$name: DWARF is read" layout.source "symbols from symtab .*types from dwarf"
	[ "$(grep -c '^member' "$work/layout.dwarf")" -ge 80 ]
	report $? "$name: DWARF has the members" "$(wc -l <"$work/layout.dwarf") lines"
	same "$name: layouts of DWARF and BTF" "$work/layout.btf" "$work/layout.dwarf"
	crash_layout "$work/layout.dwarf" "$vmcore"
	same "$name: layouts of DWARF and crash" "$work/layout.want" "$work/layout.crash"

	"$build/xfdtriage" -f json -d "$CRASH_VMLINUX" ${CRASH_MODULES:+-d "$CRASH_MODULES"} "$vmcore" >"$work/json.dwarf"
	says "$name: by DWARF" json.dwarf '"types":"dwarf (vmlinux [0-9a-f]* by -d)"'
	same_less_sources "$name: json by BTF and DWARF" "$work/json" "$work/json.dwarf"
	"$build/xfdtriage" -f json --types btf "$vmcore" >"$work/json.btf"
	same "$name: json by BTF alone" "$work/json" "$work/json.btf"
	rm -f "$work/xfd.json"
	session "$vmcore" <<-END
		xfd -t dwarf -j $work/xfd.json
	END
	says "$name: xfd by DWARF" xfd.json '"types":"dwarf (vmlinux [0-9a-f]* of this session)"'
	same_less_sources "$name: json by xfd's DWARF" "$work/json" "$work/xfd.json"
}

# a dump in which VMCOREINFO does not name kallsyms, neither in the note nor in memory
without_kallsyms() { # NAME VMCORE
	local name="$1 without kallsyms" old=$work/old.vmcore
	"$build/tests/forget" 'SYMBOL(kallsyms_names)' "$2" "$old"
	case $? in
	0) ;;
	77) echo "skip crash: $name: not in the kdump-compressed format"; return ;;
	*) report 1 "$name" "the dump was not made"; return ;;
	esac
	"$build/xfdtriage" -f json --symbols vmcoreinfo "$old" >"$work/json.old"
	# by the census and the log alone
	[ $? = 1 ]
	report $? "$name: not named" "is not not-this-bug"
	"$build/xfdtriage" -f json "$old" >"$work/json.old"
	says "$name: search" json.old '"symbols":"kallsyms (found by search)"'
	sed -i "s|$old|$2|" "$work/json.old"
	same_less_sources "$name: json by search" "$work/json" "$work/json.old"
	"$build/xfdtriage" -f json --types btf -d "$CRASH_VMLINUX" "$old" >"$work/json.old"
	says "$name: BTF" json.old '"symbols":"kallsyms (found by search)".*"types":"btf"'
	rm -f "$work/xfd.json"
	session "$old" --minimal <<-END
		xfd -j $work/xfd.json
	END
	says "$name: xfd" xfd.json '"symbols":"kallsyms (found by search)"'
	sed -i "s|$old|$2|" "$work/json.old" "$work/xfd.json"
	same_less_sources "$name: json" "$work/json" "$work/json.old"
	same_less_sources "$name: json by xfd" "$work/json" "$work/xfd.json"
}

for vmcore in $CRASH_VMCORE; do
	name=$(basename "$vmcore" .vmcore)
	"$build/xfdtriage" -f json "$vmcore" >"$work/json"
	"$build/xfdtriage" "$vmcore" >"$work/text"
	"$build/xfdtriage" -v "$vmcore" >"$work/verbose"
	"$build/xfdtriage" show "$vmcore" >"$work/show"

	session "$vmcore" <<-END
		xfd > $work/xfd.text
		xfd -v > $work/xfd.verbose
		xfd -d > $work/xfd.show
		xfd -j $work/xfd.json
		xfd -l > $work/xfd.list
		xfd -p > $work/xfd.panic
		xfd -d 4294967295
		xfd | head -1 > $work/xfd.head
		xfd -l -p
		xfd -t bogus
		xfd -d zzz
		xfd foo
		xfd -j /nonexistent/file
		help xfd > $work/xfd.help
		extend -u $build/xfd.so
		xfd
		extend $build/xfd.so
		xfd > $work/xfd.again
	END
	for form in json text verbose show; do
		same_less_confined "$name: $form" "$work/$form" "$work/xfd.$form"
	done
	same "$name: after it was unloaded and loaded" "$work/text" "$work/xfd.again"
	head -1 "$work/text" >"$work/head"
	same "$name: on a pipe" "$work/head" "$work/xfd.head"
	says "$name: -l" xfd.list "$(head -1 "$work/text" | cut -d : -f 1):"
	says "$name: -p" xfd.panic "last words"
	says "$name: -d of no vCPU" out "no VM has a vCPU 4294967295"
	says "$name: two options" out "only one of -v, -l, -d, -p and -j"
	says "$name: bad types" out "-t takes auto, dwarf or btf, not 'bogus'"
	says "$name: bad vCPU" out "-d takes a vcpu-id .*, not 'zzz'"
	says "$name: bad operand" out "no such argument: 'foo'"
	says "$name: no such folder" out "/nonexistent/file: No such file"
	says "$name: help" xfd.help "^EXAMPLES"
	says "$name: unloaded" out "command not found: xfd"

	compare_types "$name" "$vmcore"
	without_kallsyms "$name" "$vmcore"

	rm -f "$work/xfd.json"
	session "$vmcore" --minimal <<-END
		xfd -j $work/xfd.json
	END
	same_less_confined "$name: --minimal" "$work/json" "$work/xfd.json"

	# what is missing is missing for both, even when crash is to read zeros for it; its vmlinux would stand in for BTF
	head -c $(($(stat -c %s "$vmcore") * 99 / 100)) "$vmcore" >"$work/cut.vmcore"
	"$build/xfdtriage" -f json --types btf "$work/cut.vmcore" >"$work/json" 2>/dev/null
	# refused, as a flattened one is: crash will not open it either
	[ $? = 2 ] && continue
	rm -f "$work/xfd.json"
	session "$work/cut.vmcore" --minimal --zero_excluded <<-END
		xfd -t btf -j $work/xfd.json
	END
	same_less_confined "$name: cut off" "$work/json" "$work/xfd.json"
done

# nothing of the core's is seen by crash or by other extensions
[ -z "$(nm -D --defined-only "$build/xfd.so")" ]
report $? "xfd.so exports nothing" "$(nm -D --defined-only "$build/xfd.so" | head -3)"

finish
