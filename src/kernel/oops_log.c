/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel log tells of the end (Linux: arch/x86/kernel/traps.c, dumpstack.c). */
#include "kernel/oops_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORY_LINES 400 /* lines of other CPUs come in between */
#define STORY_SECONDS \
	30	      /* from a WARN to the die() and the panic() that follow, on a slow console */
#define TITLE_LINES 3 /* from a WARN()'s text to its WARNING line */

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
 * Does @text hold "function+0x", or "function.suffix+0x" for a part that the
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
		if (!strncmp(end, "+0x", 3))
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

		if (strncmp(text, pattern->start, strlen(pattern->start)) ||
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

long xfdt_last_event(const struct xfdt_panic *panic, enum xfdt_event_kind kind)
{
	size_t i;

	for (i = panic->event_count; i-- > 0;)
		if (panic->events[i].kind == kind)
			return (long)i;
	return -1;
}

const char *xfdt_last_words(const struct xfdt_panic *panic)
{
	size_t i;

	for (i = panic->event_count; i-- > 0;) {
		switch (panic->events[i].kind) {
		case XFDT_EVENT_PANIC:
		case XFDT_EVENT_OOPS:
		case XFDT_EVENT_SYSRQ:
		case XFDT_EVENT_NM_DIE:
			return panic->log.lines[panic->events[i].line].text;
		default:
			break;
		}
	}
	return NULL;
}

struct xfdt_error *xfdt_find_events(struct xfdt_panic *panic)
{
	size_t i, count = 0;

	panic->events = calloc(panic->log.count + 1, sizeof(*panic->events));
	if (!panic->events)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for the log");
	for (i = 0; i < panic->log.count; i++) {
		enum xfdt_event_kind kind;

		/* what user space wrote to /dev/kmsg proves nothing */
		if (panic->log.lines[i].from_user ||
		    !xfdt_event_of_line(panic->log.lines[i].text, &kind))
			continue;
		/*
		 * exc_device_not_available() warns of CR0.TS as well, and says
		 * so in the line before
		 */
		if (kind == XFDT_EVENT_NM_WARN && count &&
		    panic->events[count - 1].kind == XFDT_EVENT_CR0_TS &&
		    i - panic->events[count - 1].line <= TITLE_LINES)
			continue;
		panic->events[count++] = (struct xfdt_event){ .kind = kind, .line = i };
	}
	panic->event_count = count;
	return NULL;
}

/* May line @line be of the same story as line @from: said by the kernel, by the same thread? */
static bool same_story(const struct xfdt_log *log, size_t from, size_t line)
{
	return !log->lines[line].from_user && log->lines[line].caller == log->lines[from].caller;
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

static void parse_registers(const char *line, struct xfdt_regs *regs, uint32_t *seen)
{
	unsigned long long value;
	const char *at;
	size_t i;

	at = strstr(line, "RSP: 0018:");
	if (at && sscanf(at, "RSP: 0018:%16llx", &value) == 1)
		regs->sp = value;
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
	const char *end;

	line += strspn(line, " ");
	end = strstr(line, "+0x");
	if (!end || line[0] == '?' || strcspn(line, " ") < (size_t)(end - line) ||
	    strcspn(line, ":") < (size_t)(end - line) || (size_t)(end - line) >= size)
		return false;
	memcpy(ret_name, line, (size_t)(end - line));
	ret_name[end - line] = '\0';
	return true;
}

/* What follows is user space, or no part of the trace. */
static bool ends_trace(const char *text)
{
	return strstr(text, "RIP: 0033:") || strstr(text, "</TASK>") ||
	       strstr(text, "---[ end trace");
}

static bool is_nm(const struct xfdt_event *event)
{
	return event->kind == XFDT_EVENT_NM_DIE || event->kind == XFDT_EVENT_NM_WARN;
}

/*
 * Lines of a call trace, such as " name+0x70/0x110"; of an #NM also registers,
 * "RSP: 0018:...", and code.
 */
static bool is_of_story(const struct xfdt_event *event, const char *text)
{
	if (*text == ' ' || !strncmp(text, "Call Trace:", 11) || !strncmp(text, "RIP: ", 5))
		return true;
	return is_nm(event) &&
	       (!strncmp(text, "Code: ", 6) ||
		(*text == 'R' && strspn(text, "RABCDSPX0123456789") == 3 && text[3] == ':'));
}

void xfdt_oops_log_lines(const struct xfdt_panic *panic, bool *ret_lines)
{
	bool panics = xfdt_last_event(panic, XFDT_EVENT_PANIC) >= 0;
	long tainted = xfdt_tainted_by_death(panic);
	const struct xfdt_log *log = &panic->log;
	size_t event, i;

	memset(ret_lines, 0, log->count * sizeof(*ret_lines));
	/* a panic may follow from any warning */
	for (i = 0; i < log->count && panics; i++)
		ret_lines[i] = !log->lines[i].from_user && xfdt_line_is_warning(log->lines[i].text);
	if (tainted >= 0)
		ret_lines[tainted] = true;
	for (event = 0; event < panic->event_count; event++) {
		size_t from = panic->events[event].line;

		ret_lines[from] = true;
		for (i = from + 1; i < log->count && i - from < STORY_LINES; i++) {
			enum xfdt_event_kind kind;
			const char *text = log->lines[i].text;

			if (!same_story(log, from, i))
				continue;
			if (xfdt_event_of_line(text, &kind))
				break;
			ret_lines[i] |= is_of_story(&panic->events[event], text) ||
					ends_trace(text);
			if (ends_trace(text))
				break;
		}
	}
}

/* The call trace of the event in line @from. */
static size_t trace_of(const struct xfdt_log *log, size_t from, const char **ret_lines, size_t max)
{
	bool begun = false;
	size_t i, count = 0;

	for (i = from; i < log->count && i - from < STORY_LINES && count < max; i++) {
		const char *text = log->lines[i].text;
		enum xfdt_event_kind kind;

		if (!same_story(log, from, i))
			continue;
		if (i > from && (xfdt_event_of_line(text, &kind) || ends_trace(text)))
			break;
		/* entries are indented; what is not are registers of exception frames */
		if (begun && (*text == ' ' || !strncmp(text, "RIP: ", 5)))
			ret_lines[count++] = text;
		begun |= !strncmp(text, "Call Trace:", 11);
	}
	return count;
}

size_t xfdt_call_trace(const struct xfdt_panic *panic, const char **ret_lines, size_t max)
{
	size_t i, count = 0;

	for (i = panic->event_count; i-- > 0 && !count;)
		count = trace_of(&panic->log, panic->events[i].line, ret_lines, max);
	return count;
}

bool xfdt_log_registers(const struct xfdt_log *log, size_t from, const char *function,
			struct xfdt_log_regs *ret_regs)
{
	struct xfdt_log_regs regs = { 0 };
	const size_t first = from;
	bool have_rip = false;
	uint32_t seen = 0;
	char start[96];
	size_t i;

	snprintf(start, sizeof(start), "RIP: 0010:%s+", function);
	for (i = from; i < log->count && i - from < STORY_LINES; i++) {
		const char *text = log->lines[i].text;
		unsigned long long offset;
		enum xfdt_event_kind kind;

		if (!same_story(log, first, i))
			continue;
		/* the next event is another story */
		if (i > from && (xfdt_event_of_line(text, &kind) || ends_trace(text)))
			break;
		if (!have_rip) {
			text += strspn(text, " ");
			if (strncmp(text, start, strlen(start)) ||
			    sscanf(text + strlen(start), "%llx", &offset) != 1)
				continue;
			regs.regs.ip = offset;
			have_rip = true;
			from = i;
			continue;
		}
		if (!strncmp(text + strspn(text, " "), "Code: ", 6))
			parse_code(text, &regs);
		else if (parse_trace_entry(text, regs.caller, sizeof(regs.caller)))
			break;
		else
			parse_registers(text, &regs.regs, &seen);
	}
	if (!have_rip || seen != (1u << REGISTERS) - 1)
		return false;
	*ret_regs = regs;
	return true;
}

/* deaths */

bool xfdt_event_is_death(const struct xfdt_panic *panic, long event)
{
	enum xfdt_event_kind kind = panic->events[event].kind;

	return kind == XFDT_EVENT_OOPS || kind == XFDT_EVENT_NM_DIE;
}

unsigned long xfdt_first_death(const struct xfdt_panic *panic)
{
	size_t i;

	for (i = 0; i < panic->event_count; i++) {
		const char *number = strstr(panic->log.lines[panic->events[i].line].text, " [#");

		if (number && xfdt_event_is_death(panic, (long)i))
			return strtoul(number + 3, NULL, 10);
	}
	return 0;
}

/* "... Tainted: G      D W  ...", or "Tainted: [D]=DIE, [W]=WARN" */
static bool says_tainted_by_death(const char *text)
{
	const char *flags = strstr(text, "Tainted: ");
	size_t len;

	if (!flags)
		return false;
	flags += strlen("Tainted: ");
	len = strspn(flags, " ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return memchr(flags, 'D', len) || strstr(flags, "[D]=DIE");
}

long xfdt_tainted_by_death(const struct xfdt_panic *panic)
{
	size_t i, end = panic->log.count;

	for (i = panic->event_count; i-- > 0;)
		if (xfdt_event_is_death(panic, (long)i))
			end = panic->events[i].line;
	for (i = 0; i < end; i++)
		if (!panic->log.lines[i].from_user &&
		    says_tainted_by_death(panic->log.lines[i].text))
			return (long)i;
	return -1;
}

/* the #NM */

uint32_t xfdt_event_caller(const struct xfdt_panic *panic, long event)
{
	return panic->log.lines[panic->events[event].line].caller;
}

bool xfdt_event_may_be_by(const struct xfdt_panic *panic, long event, int pid)
{
	uint32_t caller = xfdt_event_caller(panic, event);

	return !caller || caller == (uint32_t)pid;
}

long xfdt_nm_event(const struct xfdt_panic *panic)
{
	long event, any = -1;

	for (event = (long)panic->event_count - 1; event >= 0; event--) {
		if (!is_nm(&panic->events[event]))
			continue;
		if (panic->task && xfdt_event_caller(panic, event) == (uint32_t)panic->pid)
			return event;
		if (any < 0)
			any = event;
	}
	return any;
}

static uint64_t event_nsec(const struct xfdt_panic *panic, long event)
{
	return panic->log.lines[panic->events[event].line].nsec;
}

bool xfdt_event_is_soon_after(const struct xfdt_panic *panic, long event, long later)
{
	return event_nsec(panic, later) - event_nsec(panic, event) <= STORY_SECONDS * 1000000000ull;
}

bool xfdt_event_follows(const struct xfdt_panic *panic, long event, long later)
{
	return xfdt_event_caller(panic, event) == xfdt_event_caller(panic, later) &&
	       xfdt_event_is_soon_after(panic, event, later);
}

bool xfdt_event_tells_of_nm(const struct xfdt_panic *panic, long event)
{
	long later;

	if (panic->events[event].kind == XFDT_EVENT_NM_DIE)
		return true;
	if (panic->events[event].kind != XFDT_EVENT_NM_WARN)
		return false;
	for (later = event + 1; later < (long)panic->event_count &&
				panic->events[later].line - panic->events[event].line < STORY_LINES;
	     later++)
		if (is_nm(&panic->events[later]) && xfdt_event_follows(panic, event, later))
			return panic->events[later].kind == XFDT_EVENT_NM_WARN;
	return true;
}

bool xfdt_note_is_nm_frame(const struct xfdt_panic *panic)
{
	long die = xfdt_last_event(panic, XFDT_EVENT_NM_DIE);

	return die >= 0 && panic->note_known && panic->note_on_stack && panic->note_code_known &&
	       xfdt_event_may_be_by(panic, die, panic->pid) &&
	       xfdt_last_event(panic, XFDT_EVENT_PANIC) < die;
}

long xfdt_nm_warning(const struct xfdt_panic *panic)
{
	const long last = xfdt_nm_event(panic);
	unsigned int deaths = 0;
	long event;

	for (event = last; event >= 0; event--) {
		/* other threads have stories of their own */
		if (!xfdt_event_follows(panic, event, last))
			continue;
		if (panic->events[event].kind == XFDT_EVENT_OOPS)
			break;
		/* each death before this one had a warning of its own */
		if (panic->events[event].kind == XFDT_EVENT_NM_DIE)
			deaths += event != last;
		else if (panic->events[event].kind == XFDT_EVENT_NM_WARN && !deaths--)
			return event;
	}
	return -1;
}

bool xfdt_nm_is_restore(const struct xfdt_panic *panic, long event)
{
	/* the callers too: a compiler may inline it into them */
	static const enum xfdt_symbol_id ids[] = {
		XFDT_S_restore_fpregs,
		XFDT_S_fpu_swap_kvm_fpstate,
		XFDT_S_switch_fpu_return,
		XFDT_S_fpregs_restore_userregs,
	};
	size_t line = panic->events[event].line, i, j;

	for (i = line; i < panic->log.count && i - line < STORY_LINES; i++) {
		const char *text = panic->log.lines[i].text;
		enum xfdt_event_kind kind;

		if (!same_story(&panic->log, line, i))
			continue;
		if (i > line && (xfdt_event_of_line(text, &kind) || xfdt_line_is_warning(text) ||
				 ends_trace(text)))
			break;
		text += strspn(text, " ");
		if (strncmp(text, "RIP: 0010:", 10))
			continue;
		/* a WARN gives the place of its own first, then that of the #NM */
		if (names_code_in(text, "exc_device_not_available") ||
		    names_code_in(text, "handle_xfd_event"))
			continue;
		for (j = 0; j < sizeof(ids) / sizeof(ids[0]); j++)
			if (names_code_in(text, xfdt_symbol_needs[ids[j]].name))
				return true;
		return false;
	}
	/* no RIP: it may have been */
	return true;
}
