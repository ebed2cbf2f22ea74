#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel logs without a vmcore.  $1: build folder.
# The logs of the vmcores in dumps/ in every form in which logs are handed on: probable exactly where the lab has seen the
# panic and the log has its oops, with the route that the manifest names; never for any other.
set -u
build=$1
xfdtriage=$PWD/$1/xfdtriage
# shellcheck source-path=SCRIPTDIR source=checks.sh
. tests/checks.sh dmesg
export TMPDIR=$work NO_COLOR=1
forms=$(sed -n 's/^form == "\([a-z-]*\)".*/\1/p' tests/write-log.awk)
export LC_ALL=C
mkdir "$work/raw" "$work/logs"

# NAME<tab>VERDICT<tab>ROUTE that a log has to give
jq -r '.vmcores[] | [.name, .file, .expect.route // ""] | @tsv' dumps/manifest.json |
	while IFS=$'\t' read -r name file route; do
		"$build/tests/print-log" "dumps/$file" >"$work/raw/$name" || echo "no log of $name"
		# the ring has lost the oops of one
		if [ -n "$route" ] && grep -q 'exc_device_not_available+' "$work/raw/$name"; then
			printf '%s\tprobable\t%s\n' "$name" "$route"
		else
			printf '%s\tinconclusive\t\n' "$name"
		fi
	done >"$work/truth"
# what other panics printed (tests/logs/README.md)
for log in tests/logs/*.txt; do
	name=$(basename "$log" .txt)
	sed -n 's/^\[ *\([0-9]*\)\.\([0-9]*\)\] \{0,1\}/\1\2000\t135\t0\t/p' "$log" >"$work/raw/$name"
	printf '%s\tinconclusive\t\n' "$name"
done >>"$work/truth"
sort -o "$work/truth" "$work/truth"
[ "$(grep -c '	inconclusive	' "$work/truth")" -ge 40 ] && [ "$(grep -c '	probable	' "$work/truth")" -ge 18 ]
report $? "what the logs should give" "$(cut -f 2 "$work/truth" | sort | uniq -c)"

# written FORM: the logs in this form are in $work/logs
written() {
	rm -f "$work"/logs/*
	awk -v form="$1" -v folder="$work/logs" -f tests/write-log.awk "$work"/raw/*
}

# agrees NAME: they give the truth
agrees() {
	"$build/tests/print-log" --judge "$work"/logs/* >"$work/rows" 2>&1
	same "$1" "$work/truth" "$work/rows"
}

# recognised NAME: the plain command takes one for a log
recognised() {
	exits "$1, recognised" 4 -q "$work/logs/set-xsave-6.18.5"
}

for form in $forms; do
	written "$form"
	agrees "$form"
	recognised "$form"
done

# filtered NAME FORM COMMAND...: the same through a filter
filtered() {
	local name=$1 log
	written "$2"
	shift 2
	for log in "$work"/logs/*; do
		"$@" <"$log" >"$work/filtered"
		mv "$work/filtered" "$log"
	done
	agrees "$name"
	recognised "$name"
}
filtered utf-16 dmesg iconv -f UTF-8 -t UTF-16
filtered words dmesg fold -s -w 80
filtered words-plain plain fold -s -w 80

# pstore: each part in a file, the newest first
raw=set-xsave-6.18.5
rm -f "$work"/logs/*
awk -v form=pstore-files -v folder="$work/logs" -f tests/write-log.awk "$work/raw/$raw"
exits pstore-files 4 dmesg "$work"/logs/dmesg-efi-*
says pstore-files-line out '^  .*/dmesg-efi-1764124937[0-9]*:[0-9]*: RIP is in a function that restores FPU state$'
exits pstore-files-plain 4 -q "$work"/logs/dmesg-efi-*
# without the part that has the registers there is no oops, whatever stands before and behind it
grep -l 'RIP: 0010:restore_fpregs\|RAX: 00000000000618e7' "$work"/logs/* >"$work/list"
xargs rm <"$work/list"
exits pstore-gap 5 -q "$work"/logs/dmesg-efi-*
# a log of two hosts is not one log
written pstore-newest
exits pstore-two-logs 4 dmesg "$work/logs/$raw" "$work/logs/clean-6.1.192"
says pstore-two-logs-counts out '^2 logs: 1 probable 1 inconclusive$'

# standard input

written dmesg
cp "$work/logs/$raw" "$work/log.txt"
timeout 60 "$xfdtriage" dmesg - <"$work/log.txt" >"$work/out" 2>"$work/err"
[ $? = 4 ]
report $? stdin "$(head -c 300 "$work/err")"
timeout 60 "$xfdtriage" dmesg -q - <"$work/log.txt" >"$work/quiet" 2>&1
[ $? = 4 ]
report $? stdin-quiet "exit code"
silent stdin-silent quiet
sed "" "$work/log.txt" | timeout 60 "$xfdtriage" dmesg -f json - >"$work/json"
[ "$(jq -r '.dump.format, .verdict, .route, .kernel.release' "$work/json" | tr '\n' ' ')" = "log probable fpu_swap_kvm_fpstate 6.18.5+deb13-amd64 " ]
report $? pipe "$(head -c 300 "$work/json")"

# the report

exits report 4 dmesg "$work/log.txt"
says report-line out '^probable: the log matches CVE-2026-23005; the vmcore decides$'
says report-do out '^  do      triage the vmcore of this crash, which decides;'
says report-release out '^  kernel  6.18.5+deb13-amd64$'
says report-route out '^  route   fpu_swap_kvm_fpstate$'
number=$(grep -n 'RIP: 0010:restore_fpregs_from_fpstate' "$work/log.txt" | head -n 1 | cut -d : -f 1)
says report-number out "^  $number: RIP is in a function that restores FPU state\$"
exits json 4 dmesg -f json "$work/log.txt"
[ "$(jq -r '.log.lines[] | "\(.line):\(.text)"' "$work/out" | head -n 1)" = "$(grep -n 'exc_device_not_available+0xde' "$work/log.txt" | head -n 1 | sed 's/\[.*\] //')" ]
report $? json-line "$(jq -c .log "$work/out" | head -c 300)"
exits verbose 4 dmesg -v "$work/log.txt"
exits several 4 dmesg "$work/log.txt" tests/logs/hung-task.txt
says several-counts out '^2 logs: 1 probable 1 inconclusive$'

# what is like it

# like NAME SED: the log after sed's SED is inconclusive
like() {
	sed "$2" "$work/log.txt" >"$work/like.txt"
	if cmp -s "$work/log.txt" "$work/like.txt"; then
		report fail "$1" "sed has changed nothing"
	else
		"$build/tests/print-log" --judge "$work/like.txt" >"$work/rows" 2>&1
		says "$1" rows "^like.txt	inconclusive	\$"
	fi
}
for log in tests/logs/*.txt; do
	exits "${log##*/}" 5 -q "$log"
done
like put 's/ kvm_load_guest_fpu+/ kvm_put_guest_fpu+/'
like host-task 's/ fpu_swap_kvm_fpstate+.*/ switch_fpu_return+0x5b\/0xe0/; s/ kvm_load_guest_fpu.*/ syscall_exit_to_user_mode+0x1b9\/0x200/'
like guesses 's/ fpu_swap_kvm_fpstate+/ ? fpu_swap_kvm_fpstate+/; s/ kvm_\([a-z_]*\)+/ ? kvm_\1+/; s/ __x64_sys_ioctl/ vfs_ioctl/'
like no-xrstor 's/<48> 0f c7 5b 40/<48> 0f ae 43 40/'
like no-mark 's/<48> 0f c7 5b 40/48 0f c7 5b 40/'
like no-code '/ Code: /d'
like no-rfbm 's/RAX: 00000000000[0-9a-f]*/RAX: 00000000000218e7/'
like no-registers '/ RAX: /d'
like unaligned 's/RBX: \([0-9a-f]*\)000 /RBX: \1008 /'
like no-rip 's/RIP: 0010:restore_fpregs_from_fpstate/RIP: 0010:fpu__drop/'
like user-rip 's/RIP: 0010:/RIP: 0033:/'
like other-trap 's/unexpected #NM exception/general protection fault/; s/exc_device_not_available/exc_general_protection/'
like user-level 's/^/<12>/'
like other-program 's/^\[[^]]*\] /Nov 26 02:42:17 host qemu[123]: /'
like other-boot 's/\(.*\)RIP: 0010:restore_fpregs/[    0.000000] Linux version 6.18.5\n&/'
like boot-only '/exc_device_not_available/,$ d'
# the same in what decode_stacktrace.sh leaves
cp "$work/log.txt" "$work/kept.txt"
written located
cp "$work/logs/$raw" "$work/log.txt"
like located-put 's/ kvm_load_guest_fpu (/ kvm_put_guest_fpu (/'
like located-other-module 's/) kvm$/) kvm_intel/'
like located-guesses 's/ fpu_swap_kvm_fpstate (/ ? fpu_swap_kvm_fpstate (/; s/ kvm_\([a-z_]*\) (/ ? kvm_\1 (/'
like located-no-place 's/restore_fpregs_from_fpstate (.*/restore_fpregs_from_fpstate (it is said)/'
mv "$work/kept.txt" "$work/log.txt"
# a thread's registers are not those of another
like other-caller 's/^\(\[[^]]*\]\) \(.*exc_device_not_available.*\|Oops: .*\)$/\1[    T1] \2/; t; s/^\(\[[^]]*\]\)/\1[    T2]/'
# CR0.TS: the handler goes on
{
	sed '/Oops: unexpected/,$d' "$work/log.txt"
	echo '[   30.000000] ------------[ cut here ]------------'
	echo '[   30.000000] CR0.TS was set'
	echo '[   30.000000] WARNING: CPU: 0 PID: 139 at arch/x86/kernel/traps.c:1447 exc_device_not_available+0xca/0xf0'
} >"$work/ts.txt"
exits cr0-ts 5 dmesg "$work/ts.txt"

# batch: a log without a dump beside it, by its content

batch=$work/batch
mkdir -p "$batch/alone" "$batch/beside" "$batch/pstore" "$batch/other" "$batch/text"
cp "$work/log.txt" "$batch/alone/vmcore-dmesg.txt"
ln "$work/log.txt" "$batch/beside/vmcore-dmesg.txt" && cp dumps/clean-6.1.192.vmcore "$batch/beside/vmcore"
rm -f "$work"/logs/*
awk -v form=pstore-files -v folder="$batch/pstore" -f tests/write-log.awk "$work/raw/$raw"
cp tests/logs/hung-task.txt "$batch/other/messages"
cp README.md docs/verdicts.md docs/dmesg.md "$batch/text"

# batch_rows: FOLDER/NAME and verdict of the results in $work/jsonl
batch_rows() {
	jq -r '"\(.dump.path | split("/")[-2:] | join("/")) \(.verdict) \(.route // "")"' "$@" | sort
}
exits batch 4 batch -q --store "$work/store" --jsonl "$work/jsonl" "$batch"
batch_rows "$work/jsonl" >"$work/rows"
cat >"$work/expected" <<END
alone/vmcore-dmesg.txt probable fpu_swap_kvm_fpstate
beside/vmcore not-applicable 
other/messages inconclusive 
pstore/dmesg-efi-176412493701001 probable fpu_swap_kvm_fpstate
END
same batch-rows "$work/expected" "$work/rows"
for shard in 1 2 3; do
	"$xfdtriage" batch -q --shard $shard/3 --store "$work/store$shard" --jsonl "$work/jsonl$shard" "$batch" >"$work/out" 2>"$work/err"
done
batch_rows "$work"/jsonl[123] >"$work/rows"
same batch-shards "$work/expected" "$work/rows"
exits batch-report 0 report "$work/store"
exits batch-page 0 report --format html "$work/store"
exits batch-inconclusive 5 batch -q --store "$work/store4" "$batch/other"

# what is no log

exits vmcore 2 dmesg dumps/clean-6.1.192.vmcore
says vmcore-message err 'it is not text, so it is not a kernel log'
: >"$work/empty"
exits empty 2 dmesg "$work/empty"
exits missing 2 dmesg "$work/nothing"
exits folder 2 dmesg "$work"
exits show 2 show "$work/log.txt"
exits distill 2 distill "$work/log.txt" -o "$work/small"
exits text 2 README.md
exits no-operand 2 dmesg
exits option 2 dmesg -d . "$work/log.txt"

# large: the end counts
head -c 40000000 /dev/zero | tr '\0' '\n' >"$work/large.txt"
cat "$work/log.txt" >>"$work/large.txt"
exits large 4 dmesg "$work/large.txt"
says large-number out "^  $((number + 40000000)): RIP is in a function"
yes "[    1.000000] Oops: unexpected #NM exception: 0000 [#1] SMP" | head -c 40000000 >"$work/oopses.txt"
exits oopses 5 dmesg -q "$work/oopses.txt"

# one that is written to while it is read: as with a vmcore, no answer
cp "$work/log.txt" "$work/sleep.2"
while sleep 0.2; do echo >>"$work/sleep.2"; done &
LD_PRELOAD="$PWD/$build/tests/spin.so" ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS:-}" exits changed 2 dmesg "$work/sleep.2"
kill $!
wait
says changed-why err 'sleep.2: the file changed while it was read; wait until it is complete'
silent changed-silent out

finish
