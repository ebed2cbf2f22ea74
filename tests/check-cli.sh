#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line as its users meet it: exit codes, messages, bad input.  $1: build folder.
set -u
build=$1
xfdtriage=$PWD/$1/xfdtriage
helper=$PWD/$1/tests/check-dumps
confirmed=$PWD/dumps/set-xsave-6.18.5.vmcore
clean=$PWD/dumps/clean-6.1.192.vmcore
. tests/checks.sh cli
unset DEBUGINFOD_URLS
export TMPDIR=$work NO_COLOR=1

# says_words NAME PATTERN: as says, of out with its lines joined: text is wrapped at any word
says_words() {
	tr -s ' \n' '  ' <"$work/out" >"$work/words"
	says "$1" words "$2"
}

# answers

exits confirmed 0 "$confirmed"
says confirmed-line out '^confirmed: the host crashed because of CVE-2026-23005$'
says confirmed-route out '^  route   fpu_swap_kvm_fpstate$'
says confirmed-fix out '^  fix     not in this kernel (vmlinux no, kvm no); first fixed in 6.18.7$'
[ "$(sed -n 2p "$work/out" | cut -c 1-36)" = '  do      boot a kernel with the fix' ]
report $? confirmed-do "the second line is '$(sed -n 2p "$work/out")'"
says confirmed-mark out '\^ 18 XTILEDATA in both'
silent confirmed-stderr err
exits clean 6 "$clean"
says clean-line out '^not-applicable: '
exits quiet 0 -q "$confirmed"
silent quiet-out out
exits verbose 0 -v "$confirmed"
says verbose-commands out 'crash> rd -64 .*XSTATE_BV'
says verbose-rule out '^  rule    hit-end$'
says verbose-vcpu-rule out '(rule at-restore)'
exits impossible 6 -v dumps/clean-5.10.262.vmcore
grep -e '^missing' -e '^  - complete' "$work/out" >"$work/needless"
silent impossible-needs-nothing needless
exits show 0 show "$confirmed"
says show-components out 'XTILEDATA .*in both'
exits options-first 0 -v show "$confirmed"
exits json 0 --format json "$confirmed"
if [ "$("$helper" --json <"$work/out")" = confirmed ]; then report ok json-object; else report fail json-object "not one object"; fi
cp "$work/out" "$work/whole"
exits several 0 -f json "$clean" "$confirmed"
if [ "$("$helper" --json <"$work/out" | tr '\n' ' ')" = "not-applicable confirmed " ]; then report ok json-lines; else report fail json-lines "not two objects"; fi

# a host that runs: never a verdict about a crash
exits live-of-a-dump 2 live "$confirmed"
says live-of-a-dump err "is of a host that panicked; use 'xfdtriage triage'$"
silent live-of-a-dump-out out
exits live-of-nothing 2 live "$work/no-kcore"
says live-of-nothing err 'No such file or directory$'
exits live-json 2 live --format json "$work/no-kcore"
says live-json out '^{"schema":"xfdtriage-live-1","path":.*,"answer":"error","exit":2,"error":".*"}$'
exits live-two 2 live "$confirmed" "$clean"
exits live-help 0 live --help
says live-help out '1 not-exposed  *2 error  *3 exposed  *5 unknown'

# VMCOREINFO from elsewhere: only of the kernel whose memory it is
exits vmcoreinfo-none 2 --vmcoreinfo "$work/none" "$confirmed"
says vmcoreinfo-none err "vmcoreinfo '.*none': No such file"
exits vmcoreinfo-empty 2 --vmcoreinfo /dev/null "$confirmed"
says vmcoreinfo-empty err "'/dev/null': is empty"
echo 'OSRELEASE=6.18.5' >"$work/foreign"
exits vmcoreinfo-foreign 2 --vmcoreinfo "$work/foreign" "$confirmed"
says vmcoreinfo-foreign err "the VMCOREINFO that was given is not of this dump's kernel"

# several dumps: a summary behind the reports, the findings in it

exits summary 2 "$PWD/dumps/armed-6.18.5.vmcore" "$PWD/dumps/kernel-nm-6.18.9.vmcore" "$work/nothing" "$confirmed"
says summary-counts out '^4 dumps: 1 error 1 confirmed 1 armed 1 not-this-bug$'
if [ "$(sed -n '/^4 dumps/,/^$/p' "$work/out" | sed 1d | tr -s ' ')" = " error $work/nothing
 confirmed $confirmed
 armed $PWD/dumps/armed-6.18.5.vmcore" ]; then report ok summary-findings; else report fail summary-findings "$(tail -6 "$work/out")"; fi
if [ "$(head -4 "$work/out" | cut -d ' ' -f 1 | tr '\n' ' ')" = "armed not-this-bug error confirmed " ]; then report ok summary-lines; else report fail summary-lines "$(head -4 "$work/out")"; fi
exits summary-full 0 -v "$clean" "$confirmed"
says summary-full-report out '^confirmed: the host crashed'
says summary-full-counts out '^2 dumps: 1 confirmed 1 not-applicable$'
exits no-summary 0 "$confirmed"
if grep -q ' dumps: ' "$work/out"; then report fail no-summary-of-one "there is one"; else report ok no-summary-of-one; fi

# colours and width: those of the terminal, which the confined process cannot ask

on_terminal() { # NAME COLUMNS [VARIABLE=VALUE]... ARGUMENT...
	env -u NO_COLOR TERM=xterm script -qec "stty cols $2; env ${*:3}" /dev/null </dev/null >"$work/out" 2>"$work/err"
}

if script -qec true /dev/null </dev/null >"$work/out" 2>&1; then
	on_terminal colour 80 "$xfdtriage" "$confirmed"
	says colour out "$(printf '^\033\\[1;31mconfirmed\033\\[0m: ')"
	on_terminal no-colour 80 NO_COLOR=1 "$xfdtriage" "$confirmed"
	says no-colour out '^confirmed: '
	on_terminal color-never 80 "$xfdtriage" --color=never "$confirmed"
	says color-never out '^confirmed: '
	on_terminal wide 120 "$xfdtriage" --color=never "$confirmed"
	says wide out '^  do .*run again: Debian 13 backports 6.18.9'
	# what has scrolled away is repeated
	on_terminal rows "80 rows 24" "$xfdtriage" --color=never "$confirmed"
	if [ "$(grep -c '^confirmed: ' "$work/out")" = 2 ]; then report ok rows; else report fail rows "the verdict scrolls away"; fi
	on_terminal rows-high "80 rows 200" "$xfdtriage" --color=never "$confirmed"
	if [ "$(grep -c '^confirmed: ' "$work/out")" = 1 ]; then report ok rows-high; else report fail rows-high "repeated without need"; fi
	# several dumps: a bar while they are read, and their lines without it
	on_terminal bar 80 "$xfdtriage" "$confirmed" "$clean"
	says bar out '\[############\.\.\.\.\.\.\.\.\.\.\.\.\] 1/2'
	says bar-line out "$(printf '\r\033\\[Kconfirmed  ')"
	# the progress of a batch has every count, also where the line is short
	head -c 5000 "$confirmed" >"$work/broken"
	on_terminal progress 80 "$xfdtriage" batch -j 1 --store "$work/progress" "$work/broken" "$confirmed" "$clean" \
		"$PWD/dumps/armed-6.18.5.vmcore" "$PWD/dumps/survived-6.12.57.vmcore" "$PWD/dumps/stale-6.18.5.vmcore"
	tr '\r' '\n' <"$work/out" | sed 's/\x1b\[K//' | grep '6/6' | tail -1 >"$work/progress-line"
	if [ "$(wc -L <"$work/progress-line")" -le 79 ]; then report ok progress-width; else report fail progress-width "$(cat "$work/progress-line")"; fi
	for word in '1 conf' '1 armed' '1 prob' '1 err' '1 not' '1 n/a'; do
		says "progress-$word" progress-line " $word"
	done
else
	report skip colour "script(1) is missing or gets no pseudo-terminal"
fi
exits color-auto 0 "$confirmed"
says color-auto out '^confirmed: '
exits color-always 0 --color=always "$confirmed"
says color-always out "$(printf '^\033\\[1;31mconfirmed\033\\[0m: ')"
exits color-bad 2 --color=often "$confirmed"
says color-bad-why err "color takes auto, always or never, not 'often'"

# no state is kept between dumps

mkdir "$work/home"
HOME=$work/home XDG_CACHE_HOME=$work/home/cache exits stateless 0 "$confirmed"
if [ -z "$(ls -A "$work/home")" ]; then report ok stateless-home; else report fail stateless-home "a file was made"; fi
exits no-cache 2 --no-cache "$confirmed"
says no-cache-why err "there is no option '--no-cache'"

# for kdump: a few lines on stderr, one object on stdout, nothing left behind, limits kept

for dump in "$confirmed" "$clean"; do
	"$xfdtriage" -f json "$dump" >"$work/full"
	exits kdump $? --kdump "$dump"
	if cmp -s "$work/out" "$work/full"; then report ok kdump-json; else report fail kdump-json "not what --format json says"; fi
	if [ "$(wc -l <"$work/err")" -le 7 ]; then report ok kdump-short; else report fail kdump-short "more than seven lines"; fi
	if grep -qv '^xfdtriage: ' "$work/err"; then report fail kdump-prefix "a line that does not say whose it is"; else report ok kdump-prefix; fi
done
says kdump-verdict err '^xfdtriage: not-applicable: '
exits kdump-confirmed 0 --kdump "$confirmed"
says kdump-vcpu err 'vCPU .* XSTATE_BV 0x60200 & XFD 0x40000 = 0x40000'
says kdump-do err '  do  *boot a kernel with the fix'
env -i "$xfdtriage" --kdump "$confirmed" >"$work/out" 2>"$work/err"
report $? kdump-no-environment "$(head -c 300 "$work/err")"
says kdump-cost err '  cost  *[0-9.]* s, [1-9][0-9]* KiB'
(trap '' CHLD; "$xfdtriage" --kdump "$clean" >"$work/out" 2>"$work/err")
if [ $? = 6 ]; then report ok kdump-child-ignored; else report fail kdump-child-ignored "$(head -c 300 "$work/err")"; fi
exits kdump-quiet 0 --kdump -q "$confirmed"
silent kdump-quiet-out out
silent kdump-quiet-err err
exits kdump-error 2 --kdump "$PWD/Makefile"
says kdump-error-why err '^xfdtriage: error: .* is not a vmcore'
if [ "$("$helper" --json <"$work/out")" = error ]; then report ok kdump-error-json; else report fail kdump-error-json "no object"; fi
exits kdump-form 2 --kdump -v "$confirmed"
exits kdump-elsewhere 2 show --kdump "$confirmed"
timeout 20 env LD_PRELOAD="$PWD/$1/tests/slow.so" ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS:-}" "$xfdtriage" --kdump "$clean" >"$work/out" 2>"$work/err"
if [ $? = 2 ]; then report ok kdump-time; else report fail kdump-time "not 2: $(head -c 300 "$work/err")"; fi
says kdump-time-why err '^xfdtriage: error: .*: not finished within the time limit'
if [ "$("$helper" --json <"$work/out")" = error ]; then report ok kdump-time-json; else report fail kdump-time-json "no object"; fi

# debuginfo: what is named, and is not this kernel's, is refused; an answer from elsewhere says so

cp "$xfdtriage" "$work/vmlinux"
exits foreign-debuginfo 0 -d "$work/vmlinux" "$confirmed"
says_words foreign-debuginfo-both-ids "debuginfo: [^ ]*/vmlinux: has build-id [0-9a-f]*, and the dump's vmlinux has [0-9a-f]* "
says foreign-debuginfo-source out 'types from btf$'
exits types-btf 0 --types btf -d "$work" "$confirmed"
# without types of KVM, guest states are found by the census
exits types-dwarf-nowhere 0 --types dwarf -d "$work" "$confirmed"
says_words types-dwarf-nowhere-why "no vmlinux with build-id [0-9a-f]* and DWARF was found"
exits bad-types 2 --types ctf "$confirmed"
# the census needs no types
exits types-of-a-distilled-dump 3 --types dwarf dumps/armed-6.18.5.vmcore
says_words types-of-a-distilled-dump-why 'those that travel in the dump are from btf'

# options of other commands, and help of one

exits foreign-option 2 show -o x "$confirmed"
says foreign-option-why err "'show' does not take --output"
exits command-help 0 distill --help
says command-help-out out '^Usage: xfdtriage distill '
for command in triage show dmesg batch distill live report; do
	exits "$command-help" 0 $command --help
	! grep -e ' $' -e '.\{81\}' "$work/out" >"$work/log"
	report $? "$command-help-lines" "$(head -n 3 "$work/log")"
done
"$xfdtriage" -v show "$clean" 2>"$work/err" | head -1 >"$work/out"
silent closed-pipe err

# completion, which asks the program

completes() { # NAME WANTED WORD...
	[ "$(. docs/xfdtriage.bash; COMP_WORDS=("$xfdtriage" "${@:3}"); COMP_CWORD=$(($# - 2)); _xfdtriage; echo "${COMPREPLY[*]}")" = "$2" ]
	report $? "$1" "not '$2'"
}

completes complete-command batch bat
completes complete-option --force batch --forc
completes complete-no-foreign-option "" show --forc
completes complete-format "html" report --format h
completes complete-no-foreign-format "" show --format h
completes complete-file README.md show README
completes complete-help batch help ba

# formats

"$helper" --flatten "$confirmed" "$work/flat"
exits flattened 0 -f json "$work/flat"
head -c 1000000 "$work/flat" >"$work/flat-cut"
exits flattened-cut 2 "$work/flat-cut"
says flattened-cut-why err 'flattened dump'

# a kernel that lacks something: the answer is there, and what is missing is reported

lacking() { # NAME CALL...: with output in $work/out and $work/err
	timeout 60 "$PWD/$build/tests/lacking" "${@:2}" -- "$xfdtriage" -f "$1" "$confirmed" >"$work/out" 2>"$work/err"
}

lacking text landlock_create_ruleset
report $? lacking-landlock "exit code: $(head -c 300 "$work/err")"
says lacking-landlock-why err "the process that reads it is not fully confined: seccomp (no Landlock: may read any file)"
lacking json landlock_create_ruleset
report $? lacking-landlock-json "exit code"
says lacking-landlock-json-why out '"confined":"seccomp (no Landlock: may read any file)'
silent lacking-landlock-json-err err
timeout 60 "$PWD/$build/tests/lacking" landlock_create_ruleset close_range -- "$xfdtriage" batch --store "$work/lacking" "$confirmed" >"$work/out" 2>"$work/err"
report $? lacking-close-range "exit code: $(head -c 300 "$work/out")"
says lacking-batch-why out '^1 not read by a fully confined process: seccomp (no Landlock: may read any file)'
# too few of them: what the operating system says
for files in 5 6 7; do
	gzip -c "$confirmed" >"$work/few.gz"
	for form in "distill -o $work/few.out $confirmed" "$work/few.gz"; do
		# shellcheck disable=SC2086
		if (exec 3>&- 4>&- 5>&- 6>&-; ulimit -n $files; timeout 60 "$xfdtriage" -q $form) >"$work/out" 2>"$work/err" ||
			grep -q 'Too many open files' "$work/err"; then
			report ok few-files
		else
			report fail "few-files-$files" "$(cat "$work/err")"
		fi
	done
done
(ulimit -n 16; timeout 60 "$xfdtriage" -q "$confirmed" && timeout 60 "$xfdtriage" batch -q -j 4 --store "$work/few" "$confirmed" "$clean") >"$work/out" 2>"$work/err"
report $? few-descriptors "exit code: $(head -c 300 "$work/err")"

# parts of a split set: all of one dump, in any order

"$helper" --split "$confirmed" "$work/part-1" "$work/part-2"
"$helper" --split "$clean" "$work/clean-1" "$work/clean-2"
for order in "$work/part-1 $work/part-2" "$work/part-2 $work/part-1" "$work/part-2 $work/part-1 $work/part-2"; do
	# shellcheck disable=SC2086
	exits split 0 -f json --split $order
	says split-path out '"path":"[^"]*/part-1"'
done
exits split-distill 0 distill --split "$work/part-2" "$work/part-1" -o "$work/small"
exits split-mixed 2 --split "$work/part-1" "$work/clean-2"
says split-mixed-why err "parts of different dumps: '.*/\(part-1\|clean-2\)'"
exits split-mixed-3 2 --split "$work/part-1" "$work/part-2" "$work/clean-2"
exits split-missing 2 --split "$work/part-2"
says split-missing-why err 'a part of this split set is missing: page frames 0 up to 0x'
exits split-whole 2 --split "$clean" "$work/part-1"
says split-whole-why err 'clean-6.1.192.vmcore: not a part of a split set'
exits split-json 2 --split -f json "$work/part-1"
if [ "$("$helper" --json <"$work/out")" = error ]; then report ok split-json-object; else report fail split-json-object "no object"; fi
for command in triage show distill; do
	# shellcheck disable=SC2046 # two words, or none
	exits part-$command 2 $command "$work/part-1" $(test $command = distill && echo "-o $work/small")
	says part-$command-why err 'part-1: is a part of a dump that was split .*; name all of its parts, with --split'
done
exits part-and-others 2 "$work/part-1" "$confirmed"
says part-and-others-answer out '^confirmed  '

# a distilled dump gives the answer that its source gives, but for where symbols and types travel

for kind in note --keep-types --keep-log; do
	# shellcheck disable=SC2046
	exits "distill-$kind" 0 distill $(test $kind = note || echo $kind) "$confirmed" -o "$work/small"
	says "distill-$kind-answer" out '^It gives the answer of the original, confirmed'
	says "distill-$kind-report" out '^  guest memory, guest registers'
	exits "distilled-$kind" 0 -f json "$work/small"
	if [ "$(sed "s|$work/small|X|; s|\"carried\":[a-z]*||" "$work/out")" = "$(sed "s|$confirmed|X|; s|\"carried\":[a-z]*||" "$work/whole")" ]; then
		report ok "distilled-$kind-same"
	else
		report fail "distilled-$kind-same" "another answer"
	fi
	size=$(stat -c %s "$work/small")
	limit=$((1 << 20))
	[ $kind = --keep-types ] && limit=$((4 << 20))
	if [ "$size" -le $limit ]; then report ok "distilled-$kind-size"; else report fail "distilled-$kind-size" "$size bytes"; fi
	if ! command -v crash >/dev/null; then
		report skip "distilled-$kind-crash" "crash(8) is not installed"
	elif [ "$(crash --osrelease "$work/small")" = 6.18.5+deb13-amd64 ]; then
		report ok "distilled-$kind-crash"
	else
		report fail "distilled-$kind-crash" "crash does not know it"
	fi
done
exits distill-json 0 distill -f json "$confirmed" -o "$work/small"
says distill-json-schema out '^{"schema":"xfdtriage-distill-1",.*"same_answer":true'
exits distill-quiet 0 distill -q "$confirmed" -o "$work/small"
silent distill-quiet-out out
# one without the whole log has nothing of it that a second could keep
exits distill-again 0 distill -f json --keep-log "$work/small" -o "$work/smaller"
if grep -q 'Linux version' "$work/out"; then report fail distill-log "the log is still there"; else report ok distill-log; fi
# of any kind of end, also where pages are missing
for dump in dumps/*.vmcore; do
	exits "distill-$dump" 0 distill "$PWD/$dump" -o "$work/small"
	says "distill-$dump-answer" out '^It gives the answer of the original'
done
"$xfdtriage" distill -q --keep-types "$confirmed" -o "$work/small"
# what the file ends before is not in it either
head -c $(($(stat -c %s "$confirmed") - 12000)) "$confirmed" >"$work/cut"
exits distill-cut 0 distill "$work/cut" -o "$work/smaller"
says distill-cut-answer out '^It gives the verdict of the original, confirmed, but not in the same words'
at=$(grep -abo -m1 'member kvm vm_list' "$work/small" | head -1 | cut -d: -f1)
if [ "$at" ]; then report fail distilled-keep-types-note "a note beside the pages"; else report ok distilled-keep-types-note; fi
# debuginfo would stand in for what is to be kept, and is not there where the file is read
exits distill-keep-types-d 2 distill --keep-types -d "$work" "$confirmed" -o "$work/smaller"
says distill-keep-types-d-why err 'leave -d and --types out'
"$xfdtriage" distill -q "$confirmed" -o "$work/small"
at=$(grep -abo -m1 'member kvm vm_list' "$work/small" | head -1 | cut -d: -f1)
printf 'x' | dd of="$work/small" bs=1 seek=$((at + 20)) conv=notrunc status=none
# the log and the census alone
exits distilled-damaged-note 0 "$work/small"
says_words distilled-damaged-note-why 'travel in the dump: the record is damaged'

# bad input

exits missing 2 "$work/nothing"
says missing-why err 'cannot open: No such file'
: >"$work/empty"
exits empty 2 "$work/empty"
says empty-why err 'is empty'
exits directory 2 "$work"
says directory-why err 'is a directory; .*xfdtriage batch'
mkfifo "$work/fifo"
cat "$confirmed" >"$work/fifo" &
exits fifo 0 "$work/fifo"
{ sleep 3; cat "$confirmed"; } >"$work/fifo" &
exits fifo-late 0 "$work/fifo"
says fifo-late-said err 'fifo: is a FIFO; waiting until somebody writes to it'
exits text 2 "$PWD/Makefile"
says text-why err 'is not a vmcore'
head -c 100000 /dev/zero >"$work/zeros"
exits zeros 2 "$work/zeros"
exits elf-program 2 "$xfdtriage"
says elf-program-why err 'is an ELF program, such as a vmlinux, and no dump; name the vmcore, and this file with -d'
printf '[    0.000000] Linux version 6.18.5 (a@b)\n[    0.000000] Command line: quiet\n' >"$work/dmesg"
exits log 2 "$work/dmesg"
says log-why err 'is a kernel log; name the vmcore'
cp "$clean" "$work/secret"
chmod 0 "$work/secret"
if [ "$(id -u)" != 0 ]; then
	exits no-permission 2 "$work/secret"
	says no-permission-why err 'Permission denied'
elif command -v setpriv >/dev/null; then
	# root may read every file: be somebody else
	mkdir -m 755 "$work/other"
	chmod 755 "$work"
	cp "$xfdtriage" "$work/other/xfdtriage"
	setpriv --reuid=65534 --regid=65534 --clear-groups "$work/other/xfdtriage" "$work/secret" >"$work/out" 2>"$work/err"
	if [ $? = 2 ]; then report ok no-permission; else report fail no-permission "not 2"; fi
	says no-permission-why err 'Permission denied'
else
	report skip no-permission "root may read every file, and there is no setpriv"
fi
exits json-error 2 -f json "$work/nothing"
if [ "$("$helper" --json <"$work/out")" = error ]; then report ok json-error-object; else report fail json-error-object "no object"; fi

# names of files may hold anything; a terminal is to get none of it

odd=$work/$(printf 'odd\033[31m\nx')
exits odd-name 2 "$odd"
says odd-name-escaped err 'odd\\x1b\[31m\\x0ax: cannot open'
exits odd-name-option 2 -f "$odd" "$clean"
says odd-name-option-escaped err 'odd\\x1b'
exits odd-name-store 2 report "$odd"
says odd-name-store-escaped err 'odd\\x1b'
exits odd-name-kdump 2 --kdump "$odd"
says odd-name-kdump-escaped err 'odd\\x1b'
exits kdump-url 2 --kdump http://127.0.0.1:1/vmcore
says kdump-url-why err '--kdump reads files only, not .http://127.0.0.1:1/vmcore'

# an exit code that no worker gives is no answer: libraries may call exit()

for code in 0 1 6 77 160 166 167; do # 160: as a worker marks 0; 167: 7, which no verdict has
	cp "$clean" "$work/exit.$code"
	for form in triage --kdump distill; do
		out=()
		[ $form = distill ] && out=(-o "$work/exit.out")
		LD_PRELOAD="$PWD/$1/tests/spin.so" ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS:-}" \
			timeout 60 "$xfdtriage" $form "$work/exit.$code" "${out[@]}" >"$work/out" 2>"$work/err"
		status=$?
		if [ $status = 2 ]; then report ok "worker-exits-$form-$code"; else report fail "worker-exits-$form-$code" "exit $status"; fi
		says "worker-exits-$form-$code-why" err 'reading it ended with'
	done
done

# VMCOREINFO that kills libkdumpfile 0.5.1 must not kill xfdtriage

cp "$clean" "$work/odd"
at=$(grep -abo -m1 'SYMBOL(init_uts_ns)' "$clean" | head -1 | cut -d: -f1)
printf '.\312~2' | dd of="$work/odd" bs=1 seek="$at" conv=notrunc status=none
timeout 60 "$xfdtriage" "$work/odd" >"$work/out" 2>"$work/err"
status=$?
if [ $status -le 6 ]; then report ok odd-vmcoreinfo; else report fail odd-vmcoreinfo "exit $status"; fi

# truncated anywhere: an error or an answer that admits it, never a crash, a hang or a wrong answer

size=$(stat -c %s "$confirmed")
for part in 1 100 463 4096 4200 5000 9000 20000 50000 100000 $((size / 4)) $((size / 2)) $((size * 3 / 4)) $((size - 1)); do
	head -c "$part" "$confirmed" >"$work/cut"
	timeout 60 "$xfdtriage" "$work/cut" >"$work/out" 2>"$work/err"
	status=$?
	case $status in
	2 | 4 | 5) report ok "cut-$part" ;;
	0) # the last byte may be of a page that no answer needs
		if [ "$part" -ge $((size - 1)) ]; then report ok "cut-$part"; else report fail "cut-$part" "confirmed from $part bytes"; fi ;;
	*) report fail "cut-$part" "exit $status: $(head -c 300 "$work/err")" ;;
	esac
done

# usage

exits no-argument 2
exits no-vmcore 2 -v
exits bad-option 2 --nonsense "$clean"
says bad-option-why err "^xfdtriage: there is no option '--nonsense'"
exits bad-option-letter 2 -n "$clean"
exits odd-option 2 "--$(printf 'x\033')" "$clean"
says odd-option-escaped err "there is no option '--x\\\\x1b'"
exits no-option-argument 2 "$clean" -f
says no-option-argument-why err "there is no argument to '-f'"
exits bad-format 2 --format xml "$clean"
# what people type first
exits json-option 0 --json "$confirmed"
if cmp -s "$work/out" "$work/whole"; then report ok json-option-same; else report fail json-option-same "not what --format json says"; fi
exits json-twice 2 --json --format text "$confirmed"
exits help-word 0 help
cp "$work/out" "$work/help"
if [ "$(awk 'length > 80' "$work/help")" ]; then report fail help-width "more than 80 columns"; else report ok help-width; fi
for command in triage show batch distill report live; do
	exits "help-$command" 0 help $command
	says "help-$command-usage" out "^Usage: xfdtriage $command "
	if [ "$(awk 'length > 80' "$work/out")" ]; then report fail "help-$command-width" "more than 80 columns"; else report ok "help-$command-width"; fi
done
exits help-unknown 2 help bach
says help-unknown-why err "there is no command 'bach'; did you mean 'batch'?"
exits version-word 0 version
says version-word-line out '^xfdtriage [0-9]'
exits unknown-command 2 triaje "$clean"
says unknown-command-why err "there is no command 'triaje'; did you mean 'triage'?"
exits unknown-word 2 nonsense
says unknown-word-why err "there is no file 'nonsense' here"
# kdump's name for its file, and any word before another file, are files
exits missing-vmcore 2 --json vmcore "$confirmed"
says missing-vmcore-out out '"path":"vmcore",.*"verdict":"error"'
says missing-vmcore-other out '"verdict":"confirmed"'
exits missing-word 2 --json nonsense "$confirmed"
says missing-word-other out '"verdict":"confirmed"'
exits option-in-cluster 2 -vx "$clean"
says option-in-cluster-why err "there is no option '-x'"
exits argument-in-cluster 2 -vf
says argument-in-cluster-why err "there is no argument to '-f'"
exits argument-too-many 2 --json=3 "$clean"
says argument-too-many-why err "it takes no argument: '--json=3'"
exits option-of-batch 2 batch -j 0
says option-of-batch-help err "see 'xfdtriage help batch'"
exits help-help 0 help help
exits help-version 0 help version
exits version-word-two 2 version x
says version-word-two-why err "one word too many: 'x'"
exits dmesg-of-nothing 2 dmesg
says dmesg-of-nothing-why err 'name a kernel log'
for word in help version; do
	"$xfdtriage" $word >/dev/full 2>"$work/err"
	if [ $? = 2 ]; then report ok "$word-unwritten"; else report fail "$word-unwritten" "$(cat "$work/err")"; fi
done
"$xfdtriage" "$clean" "$confirmed" >/dev/full 2>"$work/err"
if [ $? = 2 ] && [ "$(grep -c 'cannot write' "$work/err")" = 1 ]; then report ok reports-unwritten; else report fail reports-unwritten "$(cat "$work/err")"; fi
exits command-last 2 "$clean" show
says command-last-why err 'the command comes first: xfdtriage show VMCORE'
cp "$clean" "$work/show"
(cd "$work" && timeout 60 "$xfdtriage" ./show >"$work/out" 2>"$work/err")
if [ $? = 6 ]; then report ok file-named-show; else report fail file-named-show "$(cat "$work/err")"; fi
exits debuginfo-nowhere 2 -q -d "$work/no-such-vmlinux" "$confirmed"
says debuginfo-nowhere-why err "debuginfo '.*no-such-vmlinux': No such file"
exits help 0 --help
if cmp -s "$work/out" "$work/help"; then report ok help-same; else report fail help-same "help and --help differ"; fi
says help-codes out 'not-applicable'
exits version 0 --version
exits distill-without-output 2 distill "$clean"
exits distill-two 2 distill "$clean" "$confirmed" -o "$work/x"
says distill-two-why err ' are two$'
exits distill-to-stdout 2 distill "$clean" -o -
exits distill-nowhere 2 distill "$clean" -o "$work/no/such/folder"
# what reads the dump is confined, and if it dies nothing is left
child_of() {
	local child=
	[ -e "/proc/$1" ] && read -r child _ <"/proc/$1/task/$1/children"
	[ -n "$child" ] && echo "$child"
}
mkdir "$work/nest"
LD_PRELOAD="$PWD/$1/tests/slow.so" ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS:-}" \
	timeout 60 "$xfdtriage" distill "$confirmed" -o "$work/nest/small" >"$work/out" 2>"$work/err" &
waiter=$!
worker=
for _ in $(seq 100); do
	parent=$(child_of $waiter) && worker=$(child_of "$parent") && grep -q '^Seccomp:.2$' "/proc/$worker/status" && break
	sleep 0.1
done
grep -q '^Seccomp:.2$' "/proc/${worker:-none}/status" 2>/dev/null
report $? distill-confined "no confined process of ${parent:-none}: $(head -c 300 "$work/err")"
grep -q '^Max cpu time  *3600 ' "/proc/${worker:-none}/limits" 2>/dev/null
report $? distill-time-limit "no limit of an hour of CPU time"
[ -n "$worker" ] && kill -9 "$worker"
wait $waiter
report $(($? != 2)) distill-killed "exit code"
says distill-killed-why err 'reading it ended with Killed'
report "$(find "$work/nest" -type f | wc -l)" distill-killed-leaves-nothing "$(ls "$work/nest")"
# interrupted, neither; and never over what it reads
LD_PRELOAD="$PWD/$1/tests/slow.so" ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS:-}" \
	"$xfdtriage" distill "$confirmed" -o "$work/nest/small" >"$work/out" 2>"$work/err" &
waiter=$!
for _ in $(seq 100); do
	[ -n "$(ls "$work/nest")" ] && break
	sleep 0.1
done
report "$(($(ls "$work/nest" | wc -l) != 1))" distill-works "no file is being made"
kill -TERM $waiter
wait $waiter
report $(($? != 143)) distill-interrupted "not ended by the signal"
report "$(find "$work/nest" -type f | wc -l)" distill-interrupted-leaves-nothing "$(ls "$work/nest")"
cp "$confirmed" "$work/nest/own"
exits distill-own-input 2 distill "$work/nest/own" -o "$work/nest/../nest/own"
if cmp -s "$confirmed" "$work/nest/own"; then report ok distill-own-input-kept; else report fail distill-own-input-kept "it was overwritten"; fi
exits output-elsewhere 2 show "$clean" -o "$work/x"
# a limit of the size of files is an error like a full disk, not a death
(ulimit -f 1; "$xfdtriage" -f json "$confirmed") >"$work/out" 2>"$work/err"
if [ $? = 2 ]; then report ok file-limit; else report fail file-limit "a report that was cut off went unnoticed"; fi
says file-limit-why err 'cannot write the report: File too large'
(ulimit -f 1; "$xfdtriage" distill "$confirmed" -o "$work/nest/small") >"$work/out" 2>"$work/err"
if [ $? = 2 ]; then report ok file-limit-distill; else report fail file-limit-distill "not 2"; fi
says file-limit-distill-why err 'File too large'
(ulimit -f 1; "$xfdtriage" batch --store "$work/nest/store" "$confirmed") >"$work/out" 2>"$work/err"
if [ $? = 2 ]; then report ok file-limit-batch; else report fail file-limit-batch "not 2"; fi
says file-limit-batch-why err "store '.*': disk I/O error; the size of files is limited: raise the limit (ulimit -f)"
if [ -c /dev/full ]; then
	"$xfdtriage" "$clean" >/dev/full 2>"$work/err"
	if [ $? = 2 ]; then report ok full-disk; else report fail full-disk "a report that was not written went unnoticed"; fi
fi

finish
