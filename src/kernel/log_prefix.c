/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Levels, time stamps and callers (Linux: kernel/printk/printk.c), and what others put in front of them. */
#include "kernel/log_prefix.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define CALLER_CPU 0x80000000u /* printk's mark of a caller that is a CPU */
#define BRACKET_MAX 64	       /* bytes of a date in brackets */
#define MONTH_MAX 16	       /* bytes of the name of a month in UTF-8 */
#define KERNEL_LEVELS 8	       /* a larger number has another facility than the kernel's */

static const char digits[] = "0123456789";

static size_t count_digits(const char *text)
{
	return strspn(text, digits);
}

/* Does @text begin as @pattern: '9' is a digit, 'a' a small letter, 'A' a capital one, '_' a space or digit? */
static bool matches(const char *text, const char *pattern)
{
	for (; *pattern; text++, pattern++) {
		bool digit = *text >= '0' && *text <= '9';

		if (*pattern == '9' ? !digit :
		    *pattern == '_' ? !digit && *text != ' ' :
		    *pattern == 'a' ? *text < 'a' || *text > 'z' :
		    *pattern == 'A' ? *text < 'A' || *text > 'Z' :
				      *text != *pattern)
			return false;
	}
	return true;
}

static bool is_hex_byte(const char *text)
{
	return isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1]) &&
	       (text[2] == ' ' || !text[2]);
}

/* "<4>", but not the "<48> 0f c7" of a line "Code:" that a terminal broke there */
static void take_level(const char **at, struct xfdt_log_prefix *prefix)
{
	size_t len = **at == '<' ? count_digits(*at + 1) : 0;

	if (!len || len > 3 || (*at)[1 + len] != '>')
		return;
	if (len == 2 && ((*at)[4] == '\0' || ((*at)[4] == ' ' && is_hex_byte(*at + 5))))
		return;
	prefix->any = true;
	prefix->from_user |= strtoul(*at + 1, NULL, 10) >= KERNEL_LEVELS;
	*at += len + 2;
}

/* "02:42:17", with a fraction behind '.' or ',' */
static bool take_time(const char **at)
{
	if (!matches(*at, "99:99:99"))
		return false;
	*at += 8;
	if ((**at == '.' || **at == ',') && count_digits(*at + 1))
		*at += 1 + count_digits(*at + 1);
	return true;
}

/* "Z", "+0000", "+00:00", or nothing */
static void take_zone(const char **at)
{
	if (**at == 'Z')
		*at += 1;
	else if ((**at == '+' || **at == '-') && matches(*at + 1, "99:99"))
		*at += 6;
	else if ((**at == '+' || **at == '-') && matches(*at + 1, "9999"))
		*at += 5;
}

/* "2026-11-26T02:42:17.123456+00:00", or with a space in place of the T */
static bool take_iso(const char **at)
{
	const char *end = *at + 11;

	if (!matches(*at, "9999-99-99") || ((*at)[10] != 'T' && (*at)[10] != ' ') ||
	    !take_time(&end))
		return false;
	take_zone(&end);
	*at = end;
	return true;
}

/* "Nov 26 02:42:17", the month in any language, also with a year: "2026 Nov 26 02:42:17", "Nov 26 02:42:17 2026" */
static bool take_syslog_date(const char **at)
{
	const char *begin = *at + (matches(*at, "9999 ") ? 5 : 0);
	size_t month = strcspn(begin, " ");
	const char *day = begin + month, *end = day + 4;

	if (!month || month > MONTH_MAX || !matches(day, " _9 ") || !take_time(&end))
		return false;
	*at = end + (matches(end, " 9999 ") ? 5 : 0);
	return true;
}

/* "Thu 2026-11-26 02:42:17 UTC" (journalctl -o short-full) */
static bool take_full_date(const char **at)
{
	const char *end = *at + 4;

	if (!matches(*at, "Aaa ") || !take_iso(&end) || *end != ' ')
		return false;
	*at = end + 1 + strcspn(end + 1, " ");
	return true;
}

/* "1764124937.123456" (journalctl -o short-unix) */
static bool take_unix_time(const char **at)
{
	size_t seconds = count_digits(*at);

	if (seconds < 9 || (*at)[seconds] != '.' || !count_digits(*at + seconds + 1))
		return false;
	*at += seconds + 1 + count_digits(*at + seconds + 1);
	return true;
}

/* "name[123]:" */
static bool is_program(const char *word, size_t len)
{
	const char *bracket = memchr(word, '[', len);
	size_t number = bracket ? count_digits(bracket + 1) : 0;

	return number && bracket != word && bracket + 1 + number + 2 == word + len &&
	       !strncmp(bracket + 1 + number, "]:", 2);
}

/* "kernel:" and one space; false: something else is there. */
static bool take_kernel_tag(const char **at)
{
	if (strncmp(*at, "kernel:", 7))
		return false;
	*at += 7;
	*at += **at == ' ';
	return true;
}

/*
 * "host kernel: ", "host kern.warn kernel: ", or another program's "host name[123]: ".  Without any,
 * the text begins here, and is the kernel's if dmesg may have written that date.
 */
static void take_host(const char **at, bool needs_host, struct xfdt_log_prefix *prefix)
{
	size_t host = strcspn(*at, " "), len;
	const char *word, *tag;

	/* a time stamp of the kernel's follows */
	if (**at == '[')
		return;
	if (!host || !(*at)[host]) {
		prefix->from_user |= needs_host;
		return;
	}
	word = *at + host + 1;
	len = strcspn(word, " ");
	tag = word;
	if (!take_kernel_tag(&tag) && memchr(word, '.', len) && word[len]) {
		tag = word + len + 1;
		if (!take_kernel_tag(&tag))
			tag = word;
	}
	if (tag != word)
		*at = tag;
	else
		prefix->from_user |= needs_host || is_program(word, len);
}

/* A date in front of all, with the words that come with it. */
static bool take_date(const char **at, struct xfdt_log_prefix *prefix)
{
	bool syslog = take_syslog_date(at) || take_full_date(at) || take_unix_time(at);

	if (!syslog && !take_iso(at))
		return false;
	prefix->any = true;
	*at += **at == ' ';
	take_host(at, syslog, prefix);
	return true;
}

/* "kern  :warn  : " (dmesg -x) */
static void take_facility(const char **at, struct xfdt_log_prefix *prefix)
{
	static const char *const names[] = { "kern",   "user", "mail",	   "daemon", "auth",
					     "syslog", "cron", "authpriv", "local" };
	size_t len, i, level;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len = strlen(names[i]);
		if (strncmp(*at, names[i], len))
			continue;
		len += count_digits(*at + len);
		len += strspn(*at + len, " ");
		level = (*at)[len] == ':' ? strspn(*at + len + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
		if (!level)
			continue;
		len += 1 + level;
		len += strspn(*at + len, " ");
		if (strncmp(*at + len, ": ", 2))
			continue;
		prefix->any = true;
		prefix->from_user |= i != 0;
		*at += len + 2;
		return;
	}
}

/* "[   12.345678]", also with dmesg -d's "<    0.000001>" in it */
static bool take_uptime(const char **at, struct xfdt_log_prefix *prefix)
{
	const char *seconds = *at + 1 + (**at == '[' ? strspn(*at + 1, " +") : 0), *fraction, *end;
	uint64_t nsec = 0;
	size_t i;

	if (**at != '[' || !count_digits(seconds) || count_digits(seconds) > 9)
		return false;
	fraction = seconds + count_digits(seconds);
	if (*fraction != '.' || count_digits(fraction + 1) < 3 || count_digits(fraction + 1) > 9)
		return false;
	fraction++;
	end = fraction + count_digits(fraction);
	if (!strncmp(end, " <", 2))
		end += 2 + strspn(end + 2, " +.0123456789>");
	if (*end != ']')
		return false;
	for (i = 0; i < 9; i++)
		nsec = 10 * nsec + (i < count_digits(fraction) ? (uint64_t)(fraction[i] - '0') : 0);
	prefix->nsec = strtoul(seconds, NULL, 10) * 1000000000ull + nsec;
	*at = end + 1;
	return true;
}

/* "[Thu Nov 26 02:42:17 2026]" (dmesg -T), "[Nov26 02:42]" (dmesg -e), "[2026-11-26 02:42:17]" */
static bool take_bracketed_date(const char **at)
{
	const char *end = strchr(*at, ']'), *date = *at + 1, *month;

	if (**at != '[' || !end || end - *at > BRACKET_MAX)
		return false;
	month = date + strcspn(date, " ") + 1;
	if (!(month < end && take_syslog_date(&month)) && !matches(date, "Aaa_9 99:99") &&
	    !take_iso(&date))
		return false;
	*at = end + 1;
	return true;
}

/* "[    T123]", "[    C1]" */
static bool take_caller(const char **at, struct xfdt_log_prefix *prefix)
{
	const char *mark = *at + 1 + (**at == '[' ? strspn(*at + 1, " ") : 0);
	size_t len;

	if (**at != '[' || (*mark != 'T' && *mark != 'C'))
		return false;
	len = count_digits(mark + 1);
	if (!len || len > 9 || mark[1 + len] != ']')
		return false;
	prefix->caller = (uint32_t)strtoul(mark + 1, NULL, 10) | (*mark == 'C' ? CALLER_CPU : 0);
	*at = mark + 1 + len + 1;
	return true;
}

/* "4,1234,12345678,-;" or, with the caller, "4,1234,12345678,-,caller=T123;" (/dev/kmsg) */
static void take_record(const char **at, struct xfdt_log_prefix *prefix)
{
	const char *sequence = *at + count_digits(*at) + 1, *time, *end, *caller;

	if (sequence == *at + 1 || sequence[-1] != ',' || !count_digits(sequence))
		return;
	time = sequence + count_digits(sequence) + 1;
	if (time[-1] != ',' || !count_digits(time) || count_digits(time) > 15)
		return;
	end = time + count_digits(time);
	caller = end + 3;
	if (*end != ',' || (end[1] != '-' && end[1] != 'c') || (end[2] != ';' && end[2] != ','))
		return;
	prefix->from_user |= strtoul(*at, NULL, 10) >= KERNEL_LEVELS;
	prefix->nsec = strtoull(time, NULL, 10) * 1000;
	if (!strncmp(caller, "caller=", 7) && (caller[7] == 'T' || caller[7] == 'C'))
		prefix->caller = (uint32_t)strtoul(caller + 8, NULL, 10) |
				 (caller[7] == 'C' ? CALLER_CPU : 0);
	end = strchr(end, ';');
	if (!end)
		return;
	prefix->any = true;
	*at = end + 1;
}

/* The kernel's own time stamp and caller, and the space behind them. */
static bool take_stamp(const char **at, struct xfdt_log_prefix *prefix)
{
	bool stamped = take_uptime(at, prefix) || take_bracketed_date(at);
	const char *caller = *at + (stamped && **at == ' ');

	if (take_caller(&caller, prefix)) {
		*at = caller;
		stamped = true;
	}
	if (!stamped)
		return false;
	prefix->any = true;
	*at += **at == ' ';
	return true;
}

/* A time stamp later in @line, behind what a program wrote to the same terminal. */
static bool find_stamp(const char *line, const char **at, struct xfdt_log_prefix *prefix)
{
	const char *bracket;

	for (bracket = strchr(line, '['); bracket; bracket = strchr(bracket + 1, '[')) {
		const char *stamp = bracket;

		if (!take_uptime(&stamp, prefix))
			continue;
		*at = bracket;
		return take_stamp(at, prefix);
	}
	return false;
}

struct xfdt_log_prefix xfdt_log_prefix(const char *line)
{
	struct xfdt_log_prefix prefix = { 0 };
	const char *at = line + strspn(line, " "), *tag;

	/* a message of syslogd to all terminals: " kernel:[   12.345678] ..." */
	if (take_kernel_tag(&at))
		prefix.any = true;
	else
		at = line;
	take_level(&at, &prefix);
	take_record(&at, &prefix);
	if (take_date(&at, &prefix))
		take_level(&at, &prefix);
	else
		take_facility(&at, &prefix);
	if (take_stamp(&at, &prefix)) {
		/* "[   12.345678] host kernel: " (journalctl -o short-monotonic) */
		tag = at + strcspn(at, " ");
		tag += *tag == ' ';
		if (take_kernel_tag(&tag))
			at = tag;
		else
			take_level(&at, &prefix);
	} else if (!prefix.any) {
		prefix.behind_text = find_stamp(line, &at, &prefix);
	}
	prefix.len = (size_t)(at - line);
	return prefix;
}
