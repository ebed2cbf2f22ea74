/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events in the kernel log (Linux: arch/x86/kernel/traps.c, dumpstack.c). */
#include "kernel/oops_log.h"
#include "image/page_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_IMAGE_SIZE (1u << 30) /* from __START_KERNEL_map on (Linux: asm/page_64_types.h) */
#define TITLE_LINES 3		     /* from the text of a WARN() to its WARNING line */
#define EVENT_LINES_MAX 4096	     /* of one event, with what other CPUs print meanwhile */

struct pattern {
	enum xfdt_event_kind kind;
	const char *start;    /* the line begins with this, or NULL */
	const char *function; /* and names code in this function, or NULL */
};

/* In this order: the first that fits. */
static const struct pattern patterns[] = {
	{ XFDT_EVENT_NM_WARN, "WARNING: ", "exc_device_not_available" },
	{ XFDT_EVENT_NM_WARN, "WARNING: ", "handle_xfd_event" },
	{ XFDT_EVENT_NM_DIE, "unexpected #NM exception: ", NULL },
	{ XFDT_EVENT_NM_DIE, "Oops: unexpected #NM exception: ", NULL },
	{ XFDT_EVENT_KVM_LOAD_PUT, "WARNING: ", "kvm_load_guest_fpu" },
	{ XFDT_EVENT_KVM_LOAD_PUT, "WARNING: ", "kvm_put_guest_fpu" },
	{ XFDT_EVENT_XFD_STATE, "WARNING: ", "xfd_validate_state" },
	{ XFDT_EVENT_FPREGS_STATE, "WARNING: ", "fpregs_assert_state_consistent" },
	{ XFDT_EVENT_FREE_IN_USE, "WARNING: ", "fpu_free_guest_fpstate" },
	{ XFDT_EVENT_UABI_REFUSED, "WARNING: ", "fpu_copy_uabi_to_guest_fpstate" },
	{ XFDT_EVENT_BAD_FPU, "Bad FPU state detected at ", NULL },
	{ XFDT_EVENT_CR0_TS, "CR0.TS was set", NULL },
	{ XFDT_EVENT_USER_XFD, "XFD: Invalid xfd error:", NULL },
	{ XFDT_EVENT_USER_XFD, "x86/fpu: XFD: Invalid xfd error:", NULL },
	{ XFDT_EVENT_PANIC, "Kernel panic - not syncing", NULL },
	{ XFDT_EVENT_SYSRQ, "sysrq: Trigger a crash", NULL },
};

/*
 * What stands behind a function's name: "+0x45/0x80", or " (arch/x86/kernel/fpu/core.c:181)" and " (??:?)", which
 * scripts/decode_stacktrace.sh puts in its place.
 */
static bool is_place(const char *text)
{
	size_t file;

	if (!strncmp(text, "+0x", 3) || !strncmp(text, " (??:", 5))
		return true;
	file = strncmp(text, " (", 2) ? 0 : strcspn(text + 2, " :()");
	return file && text[2 + file] == ':' && text[2 + file + 1] >= '0' &&
	       text[2 + file + 1] <= '9';
}

/* The length of the name in front of the first place in @text, which is all of a word; 0: there is none. */
static size_t name_len(const char *text)
{
	size_t len = strcspn(text, " +(");

	return is_place(text + len) ? len : 0;
}

/*
 * Does @text name a place in @function, or in "function.suffix" for a part that the
 * compiler split off?  A process name of 15 bytes cannot imitate that at
 * length.
 */
static bool names_code_in(const char *text, const char *function)
{
	size_t len = strlen(function);

	for (text = strstr(text, function); text; text = strstr(text + 1, function)) {
		const char *end = text + len;

		if (*end == '.')
			end += strcspn(end, "+ ");
		if (is_place(end))
			return true;
	}
	return false;
}

/*
 * die() prints "title: 0000 [#1] OPTIONS".  A line about a process holds its
 * name, which may say anything, but goes on in lower case.
 */
static bool is_die(const char *text)
{
	const char *at = strstr(text, " [#");
	size_t digits;

	if (!at || at - text < 6 || at[-5] != ' ' || at[-6] != ':' ||
	    strspn(at - 4, "0123456789abcdef") != 4)
		return false;
	digits = strspn(at + 3, "0123456789");
	if (!digits || at[3 + digits] != ']')
		return false;
	at += 3 + digits + 1;
	return strspn(at, " ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == strlen(at);
}

bool xfdt_line_is_warning(const char *text)
{
	static const char *const starts[] = { "WARNING: ", "BUG: ", "UBSAN: " };
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (!strncmp(text, starts[i], strlen(starts[i])))
			return true;
	return false;
}

bool xfdt_event_of_line(const char *text, enum xfdt_event_kind *ret_kind)
{
	size_t i;

	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		const struct pattern *pattern = &patterns[i];

		/* of most lines the first byte is another */
		if (*text != *pattern->start ||
		    strncmp(text, pattern->start, strlen(pattern->start)) ||
		    (pattern->function && !names_code_in(text, pattern->function)))
			continue;
		*ret_kind = pattern->kind;
		return true;
	}
	if (!is_die(text))
		return false;
	*ret_kind = XFDT_EVENT_OOPS;
	return true;
}

unsigned long xfdt_oops_number(const char *text)
{
	const char *number = strstr(text, " [#");

	return number ? strtoul(number + 3, NULL, 10) : 0;
}

/* "... Tainted: G      D W  ...", or "Tainted: [D]=DIE, [W]=WARN" */
bool xfdt_line_has_taint_die(const char *text)
{
	const char *flags = strstr(text, "Tainted: ");
	size_t len;

	if (!flags)
		return false;
	flags += strlen("Tainted: ");
	len = strspn(flags, " ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return memchr(flags, 'D', len) || strstr(flags, "[D]=DIE");
}

bool xfdt_event_is_oops(const struct xfdt_event *event)
{
	return event->kind == XFDT_EVENT_OOPS || event->kind == XFDT_EVENT_NM_DIE;
}

const struct xfdt_event *xfdt_event_last(const struct xfdt_events *events,
					 enum xfdt_event_kind kind)
{
	size_t i;

	for (i = events->count; i-- > 0;)
		if (events->items[i].kind == kind)
			return &events->items[i];
	return NULL;
}

/* exc_device_not_available() warns of CR0.TS too; the text is in one of the lines before. */
static bool is_cr0_ts_warning(const struct xfdt_events *events, size_t line)
{
	const struct xfdt_event *last = events->count ? &events->items[events->count - 1] : NULL;

	return last && last->kind == XFDT_EVENT_CR0_TS && line - last->line <= TITLE_LINES;
}

struct xfdt_error *xfdt_events_find(const struct xfdt_log *log, struct xfdt_events *ret_events)
{
	struct xfdt_events events = { calloc(log->count + 1, sizeof(*events.items)), 0 };
	size_t i;

	if (!events.items)
		return xfdt_no_memory("the log");
	for (i = 0; i < log->count; i++) {
		const struct xfdt_log_line *line = &log->lines[i];
		struct xfdt_event event = { .line = i, .caller = line->caller };

		/* a line that user space wrote to /dev/kmsg proves nothing */
		if (line->from_user || !xfdt_event_of_line(line->text, &event.kind))
			continue;
		if (event.kind == XFDT_EVENT_NM_WARN && is_cr0_ts_warning(&events, i))
			continue;
		if (xfdt_event_is_oops(&event))
			event.oops = xfdt_oops_number(line->text);
		events.items[events.count++] = event;
	}
	*ret_events = events;
	return NULL;
}

/* What panic() says when something else led to it (Linux: kernel/panic.c, kernel/exit.c). */
static const struct {
	const char *words;
	enum xfdt_panic_reason reason;
} reasons[] = {
	{ "Fatal exception", XFDT_PANIC_BY_OOPS },
	{ "Oopsed too often", XFDT_PANIC_BY_OOPS },
	{ "Aiee, killing interrupt handler", XFDT_PANIC_BY_OOPS },
	{ "Attempted to kill init!", XFDT_PANIC_MAYBE_BY_OOPS },
	{ "Attempted to kill the idle task!", XFDT_PANIC_BY_OOPS },
	{ "panic_on_taint set", XFDT_PANIC_MAYBE_BY_OOPS },
	{ "panic_on_warn set", XFDT_PANIC_BY_WARNING },
	{ "system warned too often", XFDT_PANIC_BY_WARNING },
};

enum xfdt_panic_reason xfdt_panic_reason(const char *text)
{
	static const char before[] = "Kernel panic - not syncing: ";
	size_t i;

	if (strncmp(text, before, strlen(before)))
		return XFDT_PANIC_OTHER;
	text += strlen(before);
	/* panic_on_warn names who found it since v6.2: "kernel: panic_on_warn set ..." */
	if (!strncmp(text, "kernel: ", 8))
		text += 8;
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (!strncmp(text, reasons[i].words, strlen(reasons[i].words)))
			return reasons[i].reason;
	/* another checker: "KASAN: panic_on_warn set ..." */
	return strstr(text, "panic_on_warn set") ? XFDT_PANIC_BY_WARNING : XFDT_PANIC_OTHER;
}

const char *xfdt_last_words(const struct xfdt_log *log, const struct xfdt_events *events)
{
	size_t i;

	for (i = events->count; i-- > 0;) {
		const struct xfdt_event *event = &events->items[i];

		if (event->kind == XFDT_EVENT_PANIC || event->kind == XFDT_EVENT_SYSRQ ||
		    xfdt_event_is_oops(event))
			return log->lines[event->line].text;
	}
	return NULL;
}

/* Lines after this belong to user space, or not to the trace. */
static bool ends_trace(const char *text)
{
	return strstr(text, "RIP: 0033:") || strstr(text, "</TASK>") ||
	       strstr(text, "---[ end trace");
}

/* The next line that the same thread wrote, before its next event or warning; false: there is none. */
static bool next_line(const struct xfdt_log *log, const struct xfdt_event *event, size_t *line)
{
	enum xfdt_event_kind kind;

	while (++*line < log->count) {
		const struct xfdt_log_line *next = &log->lines[*line];

		if (next->after_gap || *line - event->line > EVENT_LINES_MAX)
			return false;
		if (next->from_user || next->caller != event->caller)
			continue;
		return !xfdt_event_of_line(next->text, &kind) &&
		       !xfdt_line_is_warning(next->text) && !ends_trace(next->text);
	}
	return false;
}

struct register_name {
	const char *name;
	size_t offset;
};

#define REGISTER(text, field) \
	{ \
		text ": ", offsetof(struct xfdt_regs, field) \
	}
static const struct register_name register_names[] = {
	REGISTER("RAX", ax),  REGISTER("RBX", bx),  REGISTER("RCX", cx),  REGISTER("RDX", dx),
	REGISTER("RSI", si),  REGISTER("RDI", di),  REGISTER("RBP", bp),  REGISTER("R08", r8),
	REGISTER("R09", r9),  REGISTER("R10", r10), REGISTER("R11", r11), REGISTER("R12", r12),
	REGISTER("R13", r13), REGISTER("R14", r14), REGISTER("R15", r15),
};
#define REGISTERS (sizeof(register_names) / sizeof(register_names[0]))

/* Of line number @number. */
static void parse_registers(const char *line, size_t number, struct xfdt_log_regs *logged,
			    uint32_t *seen)
{
	struct xfdt_regs *regs = &logged->regs;
	unsigned long long value;
	const char *at;
	size_t i;

	at = strstr(line, "RSP: 0018:");
	if (at && sscanf(at, "RSP: 0018:%16llx", &value) == 1)
		regs->sp = value;
	if (!logged->ax_line && strstr(line, "RAX: "))
		logged->ax_line = number;
	if (!logged->dx_line && strstr(line, "RDX: "))
		logged->dx_line = number;
	for (i = 0; i < REGISTERS; i++) {
		at = strstr(line, register_names[i].name);
		if (!at || *seen >> i & 1 ||
		    sscanf(at + strlen(register_names[i].name), "%16llx", &value) != 1)
			continue;
		memcpy((char *)regs + register_names[i].offset, &value, sizeof(value));
		*seen |= 1u << i;
	}
}

/* "Code: 0f 1f <48> 0f c7 5b 40 ...": the bytes from the marked one on */
static void parse_code(const char *line, struct xfdt_log_regs *regs)
{
	const char *at = strchr(line, '<');
	unsigned int byte;
	int used = 0;

	/* %n is left alone where the text ends before it */
	if (!at || sscanf(at, "<%2x>%n", &byte, &used) != 1 || !used)
		return;
	regs->code_len = 0;
	do {
		regs->code[regs->code_len++] = (uint8_t)byte;
		at += used;
		used = 0;
	} while (regs->code_len < sizeof(regs->code) && sscanf(at, " %2x%n", &byte, &used) == 1 &&
		 used);
}

/* " name+0x70/0x110 [module]", without the '?' of a guess */
static bool parse_trace_entry(const char *line, char *ret_name, size_t size)
{
	size_t len;

	line += strspn(line, " ");
	len = name_len(line);
	if (!len || line[0] == '?' || strcspn(line, ":") < len || len >= size)
		return false;
	memcpy(ret_name, line, len);
	ret_name[len] = '\0';
	return true;
}

bool xfdt_is_restore_name(const char *function)
{
	/* the callers too: a compiler may inline the XRSTOR into them */
	static const char *const names[] = {
		"restore_fpregs_from_fpstate", "os_xrstor",	    "fpu_swap_kvm_fpstate",
		"fpregs_restore_userregs",     "switch_fpu_return",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(function, names[i], strlen(names[i])) &&
		    strchr(".", function[strlen(names[i])]))
			return true;
	return false;
}

/* The WARN of the #NM handler prints its own place first, and then that of the #NM. */
static bool is_nm_handler(const char *function)
{
	return !strncmp(function, "exc_device_not_available", 24) ||
	       !strncmp(function, "handle_xfd_event", 16);
}

/*
 * "RIP: 0010:0x0": kallsyms knows no function there, which a jump to NULL or to memory that is not mapped leaves.  All
 * functions are printed so by a kernel without kallsyms, and those that restore are in vmlinux.
 */
static bool parse_bare_rip(const char *text, struct xfdt_log_regs *regs)
{
	unsigned long long ip;
	int len = 0;

	if (strncmp(text, "0x", 2) || sscanf(text, "%llx%n", &ip, &len) != 1 ||
	    (text[len] && text[len] != ' ') ||
	    (ip >= XFDT_KERNEL_MAP && ip - XFDT_KERNEL_MAP < KERNEL_IMAGE_SIZE))
		return false;
	snprintf(regs->function, sizeof(regs->function), "0x%llx", ip);
	regs->offset = 0;
	return true;
}

/* "RIP: 0010:function+0x45/0x80 [module]" */
static bool parse_rip(const char *text, struct xfdt_log_regs *regs)
{
	static const char start[] = "RIP: 0010:";
	unsigned long long offset = 0;
	size_t len;

	text += strspn(text, " ");
	if (strncmp(text, start, strlen(start)))
		return false;
	text += strlen(start);
	if (parse_bare_rip(text, regs))
		return true;
	len = name_len(text);
	if (!len || len >= sizeof(regs->function) ||
	    (text[len] == '+' && sscanf(text + len, "+0x%llx", &offset) != 1))
		return false;
	memcpy(regs->function, text, len);
	regs->function[len] = '\0';
	regs->offset = offset;
	return true;
}

/* Is it code of the module kvm or, where that is built in, of one of its functions? */
static bool is_kvm(const char *line, const char *name)
{
	const char *module = strchr(line, '['), *place = strrchr(line, ')');

	if (module)
		return !strncmp(module, "[kvm]", 5) || !strncmp(module, "[kvm ", 5);
	/* decode_stacktrace.sh puts the module's name there */
	module = place ? place + 1 + strspn(place + 1, " ") : "";
	if (*module)
		return !strncmp(module, "kvm", 3) && !module[3 + strspn(module + 3, " ")];
	return !strncmp(name, "kvm_", 4) || !strncmp(name, "vcpu_", 5);
}

/* The innermost of the functions that restore: who called them is the route. */
static bool is_innermost(const char *function)
{
	return !strncmp(function, "restore_fpregs_from_fpstate", 27) ||
	       !strncmp(function, "os_xrstor", 9);
}

/* Entry @name of the call trace, in line number @number; true: no more entries are needed. */
static bool take_trace_entry(const char *line, size_t number, const char *name,
			     struct xfdt_log_regs *regs)
{
	if (!*regs->caller && !is_innermost(name)) {
		snprintf(regs->caller, sizeof(regs->caller), "%s", name);
		regs->caller_line = number;
	}
	if (xfdt_is_restore_name(name))
		return false;
	snprintf(regs->outer, sizeof(regs->outer), "%s", name);
	regs->outer_line = number;
	regs->outer_is_kvm = is_kvm(line, name);
	return true;
}

/* RIP, in line number @number, which may be in a caller that the XRSTOR is inlined into. */
static void take_rip(size_t number, struct xfdt_log_regs *regs)
{
	regs->rip_line = number;
	if (!xfdt_is_restore_name(regs->function) || is_innermost(regs->function))
		return;
	snprintf(regs->caller, sizeof(regs->caller), "%s", regs->function);
	regs->caller_line = number;
}

bool xfdt_event_registers(const struct xfdt_log *log, const struct xfdt_event *event,
			  struct xfdt_log_regs *ret_regs)
{
	bool warned = event->kind == XFDT_EVENT_NM_WARN, have_rip = false;
	struct xfdt_log_regs regs = { .complete = false };
	size_t line = event->line;
	uint32_t seen = 0;

	while (next_line(log, event, &line)) {
		const char *text = log->lines[line].text;
		char name[sizeof(regs.outer)];

		if (!have_rip) {
			have_rip = parse_rip(text, &regs) &&
				   !(warned && is_nm_handler(regs.function));
			if (have_rip)
				take_rip(line, &regs);
		} else if (!strncmp(text + strspn(text, " "), "Code: ", 6)) {
			parse_code(text, &regs);
			regs.code_line = line;
		} else if (!parse_trace_entry(text, name, sizeof(name))) {
			parse_registers(text, line, &regs, &seen);
		} else if (take_trace_entry(text, line, name, &regs)) {
			break;
		}
	}
	regs.complete = seen == (1u << REGISTERS) - 1 && regs.regs.sp;
	if (have_rip)
		*ret_regs = regs;
	return have_rip;
}

/* A release as "Linux version 6.12.57 ..." begins with, or as stands before "#1" in a line "CPU: ...". */
static bool copy_release(const char *begin, size_t len, char *ret_release, size_t size)
{
	if (!len || len >= size || begin[0] < '0' || begin[0] > '9')
		return false;
	memcpy(ret_release, begin, len);
	ret_release[len] = '\0';
	return true;
}

static bool parse_release(const char *text, char *ret_release, size_t size)
{
	static const char banner[] = "Linux version ";
	const char *at, *number = NULL, *begin;

	if (!strncmp(text, banner, strlen(banner))) {
		text += strlen(banner);
		return copy_release(text, strcspn(text, " "), ret_release, size);
	}
	if (strncmp(text, "CPU: ", 5) || !strstr(text, " Comm: "))
		return false;
	/* the last, since a process may be called like that */
	for (at = strstr(text, " #"); at; at = strstr(at + 1, " #"))
		if (at[2] >= '0' && at[2] <= '9')
			number = at;
	if (!number)
		return false;
	for (begin = number; begin > text && begin[-1] != ' '; begin--)
		;
	return copy_release(begin, (size_t)(number - begin), ret_release, size);
}

bool xfdt_log_release(const struct xfdt_log *log, size_t line, char *ret_release, size_t size)
{
	size_t i;

	/* the line "CPU: ..." follows the title of an oops, the banner of the boot precedes all */
	for (i = line; i < log->count && i - line <= TITLE_LINES; i++)
		if (!log->lines[i].from_user &&
		    parse_release(log->lines[i].text, ret_release, size))
			return true;
	for (i = line < log->count ? line : log->count; i-- > 0;)
		if (!log->lines[i].from_user &&
		    parse_release(log->lines[i].text, ret_release, size))
			return true;
	return false;
}

/* Lines of a call trace, and registers and code. */
static bool is_evidence(const char *text)
{
	return *text == ' ' || !strncmp(text, "Call Trace:", 11) || !strncmp(text, "RIP: ", 5) ||
	       !strncmp(text, "Code: ", 6) ||
	       (*text == 'R' && strspn(text, "RABCDSPX0123456789") == 3 && text[3] == ':');
}

void xfdt_oops_log_lines(const struct xfdt_log *log, const struct xfdt_events *events,
			 bool *ret_lines)
{
	size_t i;

	for (i = 0; i < log->count; i++)
		ret_lines[i] = !log->lines[i].from_user &&
			       (xfdt_line_is_warning(log->lines[i].text) ||
				xfdt_line_has_taint_die(log->lines[i].text) ||
				!strncmp(log->lines[i].text, XFDT_LINE_FEATURES,
					 strlen(XFDT_LINE_FEATURES)));
	for (i = 0; i < events->count; i++) {
		const struct xfdt_event *event = &events->items[i];
		size_t line = event->line;

		ret_lines[line] = true;
		while (next_line(log, event, &line))
			ret_lines[line] |= is_evidence(log->lines[line].text);
		if (line < log->count)
			ret_lines[line] |= ends_trace(log->lines[line].text);
	}
}

/* The call trace of @event. */
static size_t trace_of(const struct xfdt_log *log, const struct xfdt_event *event,
		       const char **ret_lines, size_t max)
{
	size_t line = event->line, count = 0;
	bool begun = false;

	while (count < max && next_line(log, event, &line)) {
		const char *text = log->lines[line].text;

		/* entries are indented; what is not are registers of exception frames */
		if (begun && (*text == ' ' || !strncmp(text, "RIP: ", 5)))
			ret_lines[count++] = text;
		begun |= !strncmp(text, "Call Trace:", 11);
	}
	return count;
}

size_t xfdt_call_trace(const struct xfdt_log *log, const struct xfdt_events *events,
		       const char **ret_lines, size_t max)
{
	size_t i, count = 0;

	for (i = events->count; i-- > 0 && !count;)
		count = trace_of(log, &events->items[i], ret_lines, max);
	return count;
}
