#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packed vmcores, as customers send them: every packer that is here.  $1: build folder; $2: how often it is killed.
set -u
build=$PWD/$1 kills=${2:-6}
xfdtriage=$build/xfdtriage
helper=$build/tests/check-dumps
dumps=$PWD/dumps
confirmed=$dumps/set-xsave-6.18.5.vmcore
armed=$dumps/armed-6.18.5.vmcore
clean=$dumps/clean-6.12.57.vmcore
. tests/checks.sh packed
unset DEBUGINFOD_URLS
export NO_COLOR=1 TMPDIR=$work/tmp
mkdir "$TMPDIR" "$work/p"

# have PACKER: is it here?  Says so if it is not.
have() {
	command -v "$1" >/dev/null && return
	report skip "$1" "it is not installed"
	return 1
}

# nothing_left NAME: no file in TMPDIR
nothing_left() {
	[ -z "$(ls -A "$TMPDIR")" ]
	report $? "$1-nothing-left" "$(ls -A "$TMPDIR")"
}

# answer FILE: the JSON object of each dump, without its path
answer() {
	"$xfdtriage" -f json "$@" 2>/dev/null | jq -c 'del(.dump.path)'
}

# one compressed file

compress() { # NAME COMMAND...: packs standard input
	have "$2" || return
	"${@:2}" <"$confirmed" >"$work/p/vmcore.$1"
	exits "$1" 0 "$work/p/vmcore.$1"
	says "$1-name" out "vmcore.$1"
	[ "$(answer "$work/p/vmcore.$1")" = "$plain" ]
	report $? "$1-same" "not what the plain dump gives"
	"$xfdtriage" -q - <"$work/p/vmcore.$1"
	report $? "$1-from-file" "exit $?"
	# shellcheck disable=SC2002
	cat "$work/p/vmcore.$1" | "$xfdtriage" -q -
	report $? "$1-from-pipe" "exit $?"
	head -c 20000 "$work/p/vmcore.$1" >"$work/cut"
	exits "$1-cut" 2 "$work/cut"
	says "$1-cut-why" err 'cut: cannot be unpacked: .*\([Tt]runcated\|ends too early\|damaged\)'
	cp "$work/p/vmcore.$1" "$work/flipped"
	printf '\x55' | dd of="$work/flipped" bs=1 seek=20000 conv=notrunc status=none
	cmp -s "$work/flipped" "$work/p/vmcore.$1" || exits "$1-damaged" 2 "$work/flipped"
	nothing_left "$1"
}

plain=$(answer "$confirmed")
compress gz gzip -c
compress xz xz -c
compress zst zstd -qc
compress lz4 lz4 -qc
compress bz2 bzip2 -c

# a plain vmcore

# shellcheck disable=SC2002
cat "$clean" | "$xfdtriage" -f json - 2>"$work/err" | jq -c 'del(.dump.path)' >"$work/out"
same pipe-same "$work/out" <(answer "$clean")
exits pipe-named 0 <(gzip -c "$confirmed")
exits stdin-nothing 2 -
says stdin-nothing-why err '^xfdtriage: -: is empty'
"$helper" --flatten "$clean" "$work/flat"
# shellcheck disable=SC2002
cat "$work/flat" | "$xfdtriage" -f json - 2>"$work/err" | jq -c 'del(.dump.path, .dump.format)' >"$work/out"
same pipe-flattened "$work/out" <(answer "$clean" | jq -c 'del(.dump.format)')
# shellcheck disable=SC2002
cat "$confirmed" | "$xfdtriage" -q distill - -o "$work/small"
report $? distill-pipe "exit $?"
exits distill-gz 0 distill "$work/p/vmcore.gz" -o "$work/small"
exits distilled 0 "$work/small"
exits show-gz 0 show "$work/p/vmcore.gz"

# archives

mkdir "$work/case"
cp "$confirmed" "$work/case/vmcore"
cp "$armed" "$work/case/second"
echo "what the customer wrote" >"$work/case/notes.txt"
"$build/tests/print-log" "$confirmed" | cut -f 4 | sed 's/^/[   28.123456] /' >"$work/case/vmcore-dmesg.txt"

archive() { # NAME: what was packed to $work/p/case.NAME
	exits "$1" 0 "$work/p/case.$1"
	says "$1-first" out "case.$1!.*vmcore"
	says "$1-second" out "case.$1!.*second"
	says "$1-counts" out '^2 dumps: 1 confirmed 1 armed'
	nothing_left "$1"
}

if have tar; then
	tar -C "$work" -cf "$work/p/case.tar" case
	archive tar
	tar -C "$work" -czf "$work/p/case.tgz" case
	archive tgz
	tar -C "$work" -S -cf "$work/p/case.sparse" case
	archive sparse
	tar -C "$work/case" -cf "$work/first.tar" vmcore-dmesg.txt
	tar -C "$work/case" -cf "$work/more.tar" vmcore
	cat "$work/first.tar" "$work/more.tar" >"$work/appended.tar"
	exits tar-appended 0 "$work/appended.tar"
	head -c 50000 "$work/p/case.tar" >"$work/cut.tar"
	exits tar-cut 2 "$work/cut.tar"
	says tar-cut-why err 'cut.tar!case/.*: cannot be unpacked: Truncated tar archive'
	tar -C "$work" -cf "$work/none.tar" case/notes.txt
	exits tar-none 2 "$work/none.tar"
	says tar-none-why err 'none.tar: has no vmcore and no kernel log in it (1 entry)'
	# names are text: no path, and escaped
	(cd "$work/case" && tar -P --transform 's|.*|../../etc/\x1b[31mcore|' -cf "$work/evil.tar" second)
	exits tar-name 3 "$work/evil.tar"
	says tar-name-escaped out 'evil.tar!../../etc/\\x1b\[31mcore'
	# packed twice is unpacked, three times is not, unless that is asked for
	tar -C "$work/p" -cf "$work/twice.tar" vmcore.gz
	exits nested 0 "$work/twice.tar"
	says nested-name out 'twice.tar!vmcore.gz'
	gzip -kf "$work/twice.tar"
	tar -C "$work" -cf "$work/thrice.tar" twice.tar.gz
	exits nested-deep 2 "$work/thrice.tar"
	says nested-deep-why err 'is not unpacked: it is packed more than 2 times over; --unpack-depth allows more'
	exits nested-deeper 0 --unpack-depth 3 "$work/thrice.tar"
	exits members 2 --unpack-members 1 "$work/p/case.tar"
	says members-why err 'case.tar: is not unpacked any further: it has more than 1 entry; --unpack-members allows more'
fi
if have zip; then
	(cd "$work" && zip -qr "$work/p/case.zip" case)
	archive zip
	(cd "$work/case" && zip -q -P secret "$work/locked.zip" vmcore)
	exits zip-password 2 "$work/locked.zip"
	says zip-password-why err 'locked.zip!vmcore: is protected by a password; unpack it first'
fi
if have 7zz; then
	(cd "$work" && 7zz a -bso0 "$work/p/case.7z" case)
	archive 7z
	(cd "$work/case" && 7zz a -bso0 -psecret -mhe=on "$work/locked.7z" vmcore)
	exits 7z-password 2 "$work/locked.7z"
	says 7z-password-why err 'locked.7z: cannot be unpacked: .*encrypted'
fi
printf 'Rar!\x1a\x07\x01\x00and more' >"$work/case.rar"
exits rar 2 "$work/case.rar"
says rar-why err 'case.rar: is packed with rar, which is not supported; unpack it first'

# kernel logs

log=$work/case/vmcore-dmesg.txt
gzip -c "$log" >"$work/log.gz"
exits log-gz 4 "$work/log.gz"
says log-gz-answer out '^probable: the log matches CVE-2026-23005; the vmcore decides$'
exits log-gz-dmesg 4 dmesg "$work/log.gz"
"$xfdtriage" dmesg -q - <"$work/log.gz"
[ $? = 4 ]
report $? log-stdin
# shellcheck disable=SC2002
cat "$work/log.gz" | "$xfdtriage" dmesg -q -
[ $? = 4 ]
report $? log-pipe
exits log-show 2 show "$work/log.gz"
says log-show-why err 'log.gz: has no vmcore in it'
# what only "dmesg" takes for a log
gzip -c README.md >"$work/readme.gz"
exits log-text 2 "$work/readme.gz"
exits log-text-dmesg 5 dmesg "$work/readme.gz"
# in an archive: alone, beside a vmcore, beside a vmcore that is cut off, in another folder
mkdir "$work/other"
cp "$log" "$work/other/vmcore-dmesg.txt"
tar -C "$work" -czf "$work/logs.tgz" other/vmcore-dmesg.txt case/notes.txt
exits log-archive 4 "$work/logs.tgz"
says log-archive-dmesg out '^probable: '
exits log-archive-dmesg 4 dmesg "$work/logs.tgz"
exits log-beside-dmesg 4 dmesg "$work/p/case.tar"
tar -C "$work" -cf "$work/both.tar" case/vmcore case/vmcore-dmesg.txt other/vmcore-dmesg.txt
exits log-beside 0 "$work/both.tar"
says log-beside-counts out '^2 dumps: 1 confirmed 1 probable$'
says log-beside-name out 'both.tar!other/vmcore-dmesg.txt'
tar -C "$work" -cf "$work/last.tar" case/vmcore-dmesg.txt case/vmcore
head -c "$(($(stat -c %s "$log") + 100000))" "$work/last.tar" >"$work/cut-beside.tar"
exits log-beside-cut 2 "$work/cut-beside.tar"
says log-beside-cut-log out "^probable  .*cut-beside.tar!case/vmcore-dmesg.txt"
# pstore: one log of several members
mkdir "$work/pstore"
"$build/tests/print-log" "$confirmed" | awk -v form=pstore-files -v folder="$work/pstore" -f tests/write-log.awk
tar -C "$work" -czf "$work/pstore.tgz" pstore
exits log-pstore 4 "$work/pstore.tgz"
says log-pstore-route out 'route   fpu_swap_kvm_fpstate'
nothing_left logs

# split sets: in an archive, and each part packed

"$helper" --split "$confirmed" "$work/case/part-1" "$work/case/part-2"
tar -C "$work/case" -cf "$work/split.tar" part-2 part-1
exits split-archive 0 "$work/split.tar"
says split-archive-name out 'split.tar!part-1'
tar -C "$work/case" -cf "$work/half.tar" part-2
exits split-half 2 "$work/half.tar"
says split-half-why err 'half.tar!part-2: a part of this split set is missing'
gzip -c "$work/case/part-1" >"$work/part-1.gz"
exits split-mixed 0 --split "$work/case/part-2" "$work/part-1.gz"
gzip -c "$work/case/part-2" >"$work/part-2.gz"
exits split-each 0 "$work/part-2.gz" "$work/part-1.gz"
nothing_left split

# batch: the same rows as of the unpacked dumps, and what was not looked at is never an all-clear

export TMPDIR=$work/tmp
batch() { # NAME CODE ARGUMENT...
	exits "$1" "$2" batch --store "$work/$1.sqlite" "${@:3}"
}
rows() { # NAME PATH...: verdict and name of each result
	"$xfdtriage" batch -q --store "$work/$1.sqlite" --jsonl - "${@:2}" 2>/dev/null |
		jq -r '"\(.verdict) \(.dump.path)"' | sed "s|$work/||" | sort
}

mkdir "$work/share" "$work/share/parts"
cp "$clean" "$work/share/plain"
batch share-clean 6 "$work/share"
cp "$work/p"/vmcore.* "$work/p"/case.* "$work/share"
cp "$work/part-1.gz" "$work/part-2.gz" "$work/share/parts"
cp "$work/split.tar" "$work/share"
(cd "$work/case" && tar -cf "$work/share/none.tar" notes.txt)
cp "$work/log.gz" "$work/both.tar" "$work/pstore.tgz" "$work/share"
# a log beside a compressed vmcore, and beside one that is cut off
mkdir "$work/share/kdump" "$work/share/cut"
cp "$work/p/vmcore.gz" "$log" "$work/share/kdump"
cp "$work/cut" "$log" "$work/share/cut"
batch share 0 "$work/share"
says share-none out '1 packed file with no dump and no log in it'
{
	echo "not-applicable share/plain"
	for file in "$work/p"/vmcore.*; do echo "confirmed share/${file##*/}"; done
	for file in "$work/p"/case.*; do
		echo "confirmed share/${file##*/}!case/vmcore"
		echo "armed share/${file##*/}!case/second"
	done
	echo "confirmed share/parts/part-1.gz"
	echo "confirmed share/split.tar!part-1"
	echo "confirmed share/kdump/vmcore.gz"
	echo "error share/cut/cut"
	echo "probable share/cut/vmcore-dmesg.txt"
	echo "confirmed share/both.tar!case/vmcore"
	echo "probable share/both.tar!other/vmcore-dmesg.txt"
	echo "probable share/log.gz"
	echo "probable share/pstore.tgz!pstore/dmesg-efi-176412493701001"
} | sort >"$work/expected"
rows share "$work/share" >"$work/rows"
same share-rows "$work/expected" "$work/rows"
batch share 0 "$work/share"
# what cannot be unpacked is tried again
says share-again out "^1 looked at in .*, $(($(wc -l <"$work/expected") - 1)) known before"
batch share 0 --prune "$work/share"
rows share "$work/share" >"$work/rows"
same share-pruned "$work/expected" "$work/rows"
"$xfdtriage" report "$work/share.sqlite" >"$work/out" 2>&1
says share-report out 'split.tar!part-1'
nothing_left share

# a folder that is clear but for one file
for file in cut "$(basename "$work/locked.zip")" case.rar cut.tar half.tar; do
	[ -e "$work/$file" ] || continue
	mkdir "$work/clear"
	ln -s "$clean" "$work/clear/a"
	cp "$work/$file" "$work/clear/b"
	batch "clear-$file" 2 "$work/clear"
	says "clear-$file-named" err 'error  .*/clear/b'
	rm -r "$work/clear"
done
nothing_left clear

# bombs: of zeros that begin as a dump does, and of a member that is no dump

{ printf 'KDUMP   '; head -c 300000000 /dev/zero; } | gzip -1 >"$work/bomb.gz"
exits bomb 2 --unpack-size 100 "$work/bomb.gz"
mkdir "$work/bombs"
mv "$work/bomb.gz" "$work/bombs"
ln -s "$clean" "$work/bombs/a"
batch bombs 2 --unpack-size 100 "$work/bombs"
says bombs-named err 'error  .*/bombs/bomb.gz'
mv "$work/bombs/bomb.gz" "$work"
exits bomb 2 --unpack-size 100 "$work/bomb.gz"
says bomb-why err 'bomb.gz: is not unpacked any further: it has more than 100 MiB; --unpack-size allows more'
truncate -s 300000000 "$work/zeros"
tar -C "$work" -cf - zeros | gzip -1 >"$work/zeros.gz"
exits zeros 2 --unpack-size 100 "$work/zeros.gz"
says zeros-why err 'zeros.gz!zeros: is not unpacked any further: it has more than 100 MiB'
nothing_left bomb

# a disk that is full

if [ "$(id -u)" = 0 ] && mkdir "$work/small-disk" && mount -t tmpfs -o size=64k none "$work/small-disk" 2>/dev/null; then
	TMPDIR=$work/small-disk exits disk-full 2 "$work/p/vmcore.gz"
	says disk-full-why err 'vmcore.gz: cannot be unpacked: cannot write a temporary file: No space left on device'
	# shellcheck disable=SC2002
	cat "$confirmed" | TMPDIR=$work/small-disk "$xfdtriage" - >"$work/out" 2>"$work/err"
	says disk-full-pipe err 'cannot write a temporary file: No space left on device'
	[ "$(df --output=used "$work/small-disk" | tail -1)" -le 4 ]
	report $? disk-full-freed "$(df "$work/small-disk")"
	umount "$work/small-disk"
else
	report skip disk-full "no small file system can be mounted here"
fi
TMPDIR=$work/nowhere exits no-folder 2 "$work/p/vmcore.gz"
says no-folder-why err 'cannot write a temporary file: No such file or directory; TMPDIR names the folder'

# killed at any point: nothing is left, and no process

for ((kill = 0; kill < kills; kill++)); do
	if [ $((kill % 2)) = 0 ]; then
		"$xfdtriage" -q --unpack-size 4000 "$work/bomb.gz" "$work/p/case.tar" >/dev/null 2>&1 &
	else
		"$xfdtriage" batch -q -j 4 --store "$work/killed" --force "$work/share" >/dev/null 2>&1 &
	fi
	pid=$!
	sleep "0.$(printf %03d $((RANDOM % 400)))"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	nothing_left "kill-$kill"
done

finish
