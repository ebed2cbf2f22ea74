# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel logs as print-log prints them, in one of the forms in which logs are handed on.
# -v form=FORM: see the list below.  -v folder=FOLDER: where each is written, by its name; of pstore-files each part with a
# number behind that name.
BEGIN { FS = "\t" }

function put(line) { printf "%s\n", line >file }
# "[   12.345678]"
function stamp() { return sprintf("[%5d.%06d]", int($1 / 1000000000), int($1 % 1000000000 / 1000)) }
# "[  T123]", "[    C1]"
function caller() { return sprintf("[%6s]", $2 >= 2147483648 ? "C" ($2 - 2147483648) : "T" $2) }
# lines of 80 columns
function broken(line, end) {
	while (length(line) > 80) {
		put(substr(line, 1, 80) end)
		line = substr(line, 81)
	}
	put(line end)
}
# as scripts/decode_stacktrace.sh of Linux 6.12 leaves it: words with one space between them, places in the source, decoded code
function located(line, head) {
	head = stamp() " "
	if (line ~ /[^+ ]\+0x[0-9a-f]+\/0x[0-9a-f]+( \[[^]]*\])? *$/) {
		sub(/\+0x[0-9a-f]+\/0x[0-9a-f]+ *$/, " (arch/x86/kernel/fpu/core.c:181 (discriminator 3) arch/x86/include/asm/xsave.h:21) ", line)
		sub(/\+0x[0-9a-f]+\/0x[0-9a-f]+ \[/, " (??:?) ", line)
		sub(/( [0-9a-f]+)?\] *$/, "", line)
		sub(/^ +/, "", line)
		gsub(/  +/, " ", line)
	} else if (line ~ /Code: /) {
		put("[ " substr(head, index(head, ".") - 2) line)
		put("All code\n========\n   0:\t44 00 00             \tadd    %r8b,(%rax)\n  2a:*\t48 0f ae 2f          \txrstor64 (%rdi)\t\t<-- trapping instruction\n")
		put("Code starting with the faulting instruction\n===========================================")
		line = "  0:\t48 0f ae 2f          \txrstor64 (%rdi)"
		head = " "
	}
	put(head line)
}
# one part of a log in pstore, of 1000 bytes at most
function keep(line) {
	if (bytes && bytes + length(line) + 1 > 1000)
		bytes = 0
	if (!bytes)
		count++
	bytes += length(line) + 1
	parts[count] = parts[count] line "\n"
}
# part number @i as they were kept, of which the newest is number 1
function put_part(i) {
	if (form == "pstore-files")
		close(file)
	if (form == "pstore-files")
		file = folder "/" sprintf("dmesg-efi-1764124937%02u001", count - i + 1)
	printf "Panic#1 Part%d\n%s", count - i + 1, parts[i] >file
	delete parts[i]
}
function flush(i) {
	if (form == "pstore-oldest")
		for (i = 1; i <= count; i++)
			put_part(i)
	else
		for (i = count; i; i--)
			put_part(i)
	count = bytes = 0
	if (file)
		close(file)
}

FNR == 1 {
	flush()
	file = FILENAME
	sub(/.*\//, "", file)
	file = folder "/" file
}
{ text = $4 }
form == "plain" { put(text) }
form == "dmesg" { put(stamp() " " text) }
form == "callers" { put(stamp() caller() " " text) }
form == "dmesg-callers" { put(stamp() " " caller() " " text) }
form == "callers-alone" { put(caller() " " text) }
form == "records" { put("4," FNR "," int($1 / 1000) ",-,caller=" ($2 >= 2147483648 ? "C" ($2 - 2147483648) : "T" $2) ";" text) }
form == "levels" { put("<4>" stamp() " " text) }
form == "decoded" { put("kern  :warn  : " stamp() " " text) }
form == "date" { put("[Thu Nov 26 02:42:" sprintf("%02d", NR % 60) " 2026] " text) }
form == "delta" { put((NR % 5 ? "[  +0.000123] " : "[Nov26 02:42] ") text) }
form == "iso" { put("2026-11-26T02:42:17,123456+00:00 " text) }
form == "journal" { put("Nov 26 02:42:17 host kernel: " text) }
form == "journal-months" { put("\320\275\320\276\321\217 26 02:42:17 host kernel: " text) }
form == "date-months" { put("[Do Nov 26 02:42:" sprintf("%02d", NR % 60) " 2026] " text) }
form == "journal-iso" { put("2026-11-26T02:42:17+0000 host.example kernel: " text) }
form == "journal-full" { put("Thu 2026-11-26 02:42:17 UTC host kernel: " text) }
form == "journal-monotonic" { put(stamp() " host kernel: " text) }
form == "journal-year" { put("2026 Nov 26 02:42:17 host kernel: " text) }
form == "journal-year-last" { put("Nov 26 02:42:17 2026 host kernel: " text) }
form == "quoted" {
	if (FNR == 1)
		put("Hello,\n\nthis is what the host printed:\n")
	put("> > " stamp() " " text)
}
form == "quoted-plain" { put(">" (text ? " " : "") text) }
form == "quoted-broken" {
	line = stamp() " " text
	while (length(line) > 80) {
		put("> " substr(line, 1, 80))
		line = substr(line, 81)
	}
	put("> " line)
}
form == "indented" { put("\t" stamp() " " text) }
form == "indented-plain" { put("    " text) }
form == "located" { located(text) }
form == "located-with-offsets" {
	sub(/\+0x[0-9a-f]+\/0x[0-9a-f]+/, "& (arch/x86/kernel/fpu/core.c:181)", text)
	put(stamp() " " text)
}
form == "syslog" { put("Nov  6 02:42:17 host kernel: " stamp() " " text) }
form == "syslog-iso" { put("2026-11-26T02:42:17.123456+00:00 host kernel: " stamp() caller() " " text) }
form == "messages" {
	put("Nov 26 02:42:17 host kernel: " text)
	if (NR % 3 == 0)
		put("Nov 26 02:42:17 host systemd[1]: Oops: unexpected #NM exception: 0000 [#9] SMP")
}
form == "crlf" { put(stamp() " " text "\r") }
form == "colours" { put("\033[32m" stamp() " \033[0m\033[1;31m" text "\033[0m\033[K") }
form == "nuls" { printf "%s %s%c%c\n", stamp(), text, 0, 0 >file }
form == "serial" {
	if (FNR == 2)
		put("SeaBIOS (version 1.16.2)\r\n\r\nBooting from ROM..\r")
	if (FNR % 50 == 0)
		printf "\r\nhost login: " >file
	put(stamp() " " text "\r")
	if (FNR % 40 == 0)
		put("[  OK  ] Started getty@tty1.service\r")
}
form == "broken" { broken(stamp() " " text) }
form == "broken-callers" { broken(stamp() caller() " " text) }
form == "broken-plain" { broken(text) }
form == "broken-syslog" { broken("Nov 26 02:42:17 host kernel: " stamp() " " text) }
form == "broken-monotonic" { broken(stamp() " host kernel: " text) }
# the month of 6 bytes has 3 columns
form == "broken-months" {
	line = "\320\275\320\276\321\217 26 02:42:17 host kernel: " text
	if (length(line) > 83) {
		put(substr(line, 1, 83))
		line = substr(line, 84)
	}
	broken(line)
}
form == "broken-crlf" { broken(stamp() " " text, "\r") }
form ~ /^pstore/ { keep("<4>" stamp() caller() " " text) }
form == "pstore-oldest" || form == "pstore-newest" { }
END { flush() }
