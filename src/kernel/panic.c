/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the kernel died (Linux: arch/x86/kernel/traps.c, dumpstack.c, crash.c). */
#include "kernel/panic.h"
#include "insn/insn.h"
#include "kernel/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_SIZE 16384u	/* THREAD_SIZE */
#define STACK_SIZE_KASAN 32768u	/* with CONFIG_KASAN */
#define KERNEL_CS 0x10
/* alignment to 16; FRED: 16 bytes more, a red zone of 64, alignment to 64 */
#define FRAME_SLACK (16 + 64 + 63)
#define STORY_SECONDS 30	/* from a WARN to the die() and the panic() that follow, on a slow console */
#define CALLER_WORDS 64
#define STORY_LINES 400	/* lines of other CPUs come in between */
#define TITLE_LINES 3		/* from a WARN()'s text to its WARNING line */
#define CPUS_MAX 8192
#define NO_ERROR_CODE (~0ull)

/* the log */

struct pattern {
	enum xfdt_event_kind kind;
	const char *start;		/* the line begins with this, or NULL */
	const char *function;		/* and names code in this function, or NULL */
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

static struct xfdt_error *find_events(struct xfdt_panic *panic)
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
		panic->events[count++] = (struct xfdt_event) { .kind = kind, .line = i };
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

#define REGISTER(text, field) { text ": ", offsetof(struct xfdt_regs, field) }
static const struct register_name register_names[] = {
	REGISTER("RAX", ax), REGISTER("RBX", bx), REGISTER("RCX", cx), REGISTER("RDX", dx),
	REGISTER("RSI", si), REGISTER("RDI", di), REGISTER("RBP", bp), REGISTER("R08", r8),
	REGISTER("R09", r9), REGISTER("R10", r10), REGISTER("R11", r11), REGISTER("R12", r12),
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
		if (!at || *seen >> i & 1 || sscanf(at + strlen(register_names[i].name), "%16llx", &value) != 1)
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
	} while (regs->code_len < sizeof(regs->code) && sscanf(at, " %2x%n", &byte, &used) == 1 && used);
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

bool xfdt_log_registers(const struct xfdt_log *log, size_t from,
			const char *function, struct xfdt_log_regs *ret_regs)
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
		/* the next event is another story, and so is user space */
		if (i > from && (xfdt_event_of_line(text, &kind) || strstr(text, "RIP: 0033:") ||
				 strstr(text, "</TASK>") || strstr(text, "---[ end trace")))
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

/* the CPU that panicked */

static bool read_cpu_number(const struct xfdt_image *image, enum xfdt_symbol_id id,
			    int32_t *ret_number)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, id);
	struct xfdt_error *err;

	if (!symbol)
		return false;
	err = xfdt_read(image, symbol->kvaddr, ret_number, sizeof(*ret_number));
	xfdt_error_free(err);
	return !err;
}

static void find_cpu(struct xfdt_host *host)
{
	static const enum xfdt_symbol_id ids[] = { XFDT_S_panic_cpu, XFDT_S_crashing_cpu };
	struct xfdt_panic *panic = &host->panic;
	size_t i;

	for (i = 0; i < 2; i++) {
		int32_t number;

		if (!read_cpu_number(host->image, ids[i], &number))
			continue;
		/* PANIC_CPU_INVALID is -1, which says that none did */
		panic->cpu_known = true;
		if (number < 0 || number >= CPUS_MAX)
			continue;
		panic->cpu.known = true;
		panic->cpu.value = (uint64_t)number;
		return;
	}
}

/*
 * The register note of the CPU that panicked.  Notes come in the order of the
 * CPUs that left one; the thread id says which it is.
 */
static void find_note(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_panic *panic = &host->panic;
	const struct xfdt_cpu_note *only = NULL;
	size_t i, matches = 0;

	for (i = 0; i < image->note_count; i++) {
		if (panic->task && image->notes[i].pid == panic->pid) {
			only = &image->notes[i];
			matches++;
		}
	}
	/* several idle threads all have id 0: then the place decides */
	if (matches > 1 && panic->cpu.value < image->note_count &&
	    image->notes[panic->cpu.value].pid == panic->pid) {
		only = &image->notes[panic->cpu.value];
		matches = 1;
	}
	if (matches != 1)
		return;
	panic->note = only->regs;
	panic->note_known = true;
}

static struct xfdt_gpr gpr_of(const struct xfdt_regs *regs)
{
	return (struct xfdt_gpr) { {
		regs->ax, regs->cx, regs->dx, regs->bx, regs->sp, regs->bp, regs->si, regs->di,
		regs->r8, regs->r9, regs->r10, regs->r11, regs->r12, regs->r13, regs->r14, regs->r15,
	} };
}

static void decode_note(const struct xfdt_image *image, struct xfdt_panic *panic)
{
	struct xfdt_gpr gpr = gpr_of(&panic->note);
	static const uint8_t zeros[XFDT_INSN_MAX];
	struct xfdt_xrstor_insn insn;
	uint8_t code[XFDT_INSN_MAX];
	struct xfdt_error *err;

	if (!panic->note_known)
		return;
	err = xfdt_read(image, panic->note.ip, code, sizeof(code));
	/* no function holds that many zeros: such a page is not what it was */
	panic->note_code_known = !err && memcmp(code, zeros, sizeof(code));
	if (!err && xfdt_insn_xrstor(code, sizeof(code), panic->note.ip, &gpr, &insn)) {
		panic->note_is_xrstor = true;
		panic->note_operand = insn.operand;
	}
	xfdt_error_free(err);
}

/* the fault */

/* Are these the registers of an exception or interrupt in restore_fpregs_from_fpstate()? */
static bool at_restore(const struct xfdt_image *image, const struct xfdt_regs *regs)
{
	return (regs->cs & 0xffff) == KERNEL_CS && regs->orig_ax == NO_ERROR_CODE &&
	       xfdt_in_function(image, XFDT_S_restore_fpregs, regs->ip);
}

struct stack {
	uint64_t kvaddr;
	size_t len;
	uint64_t words[STACK_SIZE_KASAN / 8];
};

/* @sp: where the thread last was on it, 0 if that is not known. */
static struct xfdt_error *read_stack(const struct xfdt_image *image, uint64_t task,
				     uint64_t sp, struct stack *stack)
{
	struct xfdt_error *err;

	err = xfdt_read_member(image, task, XFDT_M_task_stack, &stack->kvaddr);
	if (err)
		return err;
	stack->len = sp - stack->kvaddr >= STACK_SIZE && sp - stack->kvaddr < STACK_SIZE_KASAN ?
		STACK_SIZE_KASAN : STACK_SIZE;
	err = xfdt_read(image, stack->kvaddr, stack->words, stack->len);
	if (err)
		stack->len = 0;
	return err;
}

/* Does the frame that the word at @below precedes belong to the handler of #NM? */
static bool is_nm_frame(const struct xfdt_image *image, uint64_t below)
{
	if (!xfdt_symbol(image, XFDT_S_asm_exc_nm))
		return true;
	/* the return address of the CALL of exc_device_not_available(), or of FRED's dispatcher */
	return xfdt_in_function(image, XFDT_S_asm_exc_nm, below) ||
	       xfdt_in_function(image, XFDT_S_asm_fred, below);
}

static bool same_fault(const struct xfdt_image *image, const struct xfdt_regs *regs,
		       const struct xfdt_log_regs *logged)
{
	return regs->ip - xfdt_symbol(image, XFDT_S_restore_fpregs)->kvaddr == logged->regs.ip &&
	       regs->sp == logged->regs.sp && regs->ax == logged->regs.ax &&
	       regs->dx == logged->regs.dx;
}

/*
 * Find the frame of an #NM in restore_fpregs_from_fpstate().  The saved RSP has
 * to point right behind the frame, which was pushed on this very stack.  What
 * lies below @sp, the thread's last known stack pointer, is of calls that
 * returned.  Of several, the one that the log prints is taken, else the
 * outermost.
 */
static void find_frame(const struct xfdt_image *image, const struct stack *stack, uint64_t sp,
		       const struct xfdt_log_regs *logged, struct xfdt_fault *fault)
{
	const size_t words = sizeof(struct xfdt_regs) / 8;
	size_t i = 1;

	if (sp > stack->kvaddr && sp - stack->kvaddr < stack->len)
		i += (sp - stack->kvaddr) / 8;
	for (; i + words <= stack->len / 8; i++) {
		uint64_t frame = stack->kvaddr + 8 * i;
		struct xfdt_regs regs;

		memcpy(&regs, &stack->words[i], sizeof(regs));
		if (!at_restore(image, &regs) ||
		    regs.sp - (frame + sizeof(regs)) > FRAME_SLACK ||
		    !is_nm_frame(image, stack->words[i - 1]))
			continue;
		fault->regs = regs;
		fault->frame = frame;
		fault->source = XFDT_REGS_STACK;
		if (logged && same_fault(image, &regs, logged))
			return;
	}
}

static void find_exec_summary(const struct xfdt_image *image, struct xfdt_fault *fault)
{
	const struct xfdt_symbol *symbol = xfdt_symbol(image, XFDT_S_exec_summary_regs);
	struct xfdt_error *err;
	struct xfdt_regs regs;

	if (!symbol)
		return;
	err = xfdt_read(image, symbol->kvaddr, &regs, sizeof(regs));
	if (!err && at_restore(image, &regs)) {
		fault->regs = regs;
		fault->source = XFDT_REGS_EXEC_SUMMARY;
	}
	xfdt_error_free(err);
}

static bool is_nm(const struct xfdt_event *event)
{
	return event->kind == XFDT_EVENT_NM_DIE || event->kind == XFDT_EVENT_NM_WARN;
}

static uint32_t event_caller(const struct xfdt_panic *panic, long event)
{
	return panic->log.lines[panic->events[event].line].caller;
}

long xfdt_nm_event(const struct xfdt_panic *panic)
{
	long event, any = -1;

	for (event = (long)panic->event_count - 1; event >= 0; event--) {
		if (!is_nm(&panic->events[event]))
			continue;
		if (panic->task && event_caller(panic, event) == (uint32_t)panic->pid)
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

bool xfdt_event_follows(const struct xfdt_panic *panic, long event, long later)
{
	return event_caller(panic, event) == event_caller(panic, later) &&
	       event_nsec(panic, later) - event_nsec(panic, event) <= STORY_SECONDS * 1000000000ull;
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
		XFDT_S_restore_fpregs, XFDT_S_fpu_swap_kvm_fpstate, XFDT_S_switch_fpu_return,
		XFDT_S_fpregs_restore_userregs,
	};
	size_t line = panic->events[event].line, i, j;

	for (i = line; i < panic->log.count && i - line < STORY_LINES; i++) {
		const char *text = panic->log.lines[i].text;
		enum xfdt_event_kind kind;

		if (!same_story(&panic->log, line, i))
			continue;
		if (i > line && xfdt_event_of_line(text, &kind))
			break;
		text += strspn(text, " ");
		if (strncmp(text, "RIP: 0010:", 10))
			continue;
		/* a WARN gives the place of its own first, then that of the #NM */
		if (names_code_in(text, "exc_device_not_available"))
			continue;
		for (j = 0; j < sizeof(ids) / sizeof(ids[0]); j++)
			if (names_code_in(text, xfdt_symbol_needs[ids[j]].name))
				return true;
		return false;
	}
	/* no RIP: it may have been */
	return true;
}

static void decode_fault(const struct xfdt_image *image, const struct xfdt_log_regs *logged,
			 struct xfdt_fault *fault)
{
	struct xfdt_gpr gpr = gpr_of(&fault->regs);
	struct xfdt_xrstor_insn insn;
	uint8_t code[XFDT_INSN_MAX];
	const uint8_t *bytes = code;
	size_t len = sizeof(code);
	struct xfdt_error *err;

	err = xfdt_read(image, fault->regs.ip, code, sizeof(code));
	if (err) {
		xfdt_error_free(err);
		if (!logged || !logged->code_len)
			return;
		fault->bytes_from_log = true;
		bytes = logged->code;
		len = logged->code_len;
	}
	if (!xfdt_insn_xrstor(bytes, len, fault->regs.ip, &gpr, &insn))
		return;
	fault->decoded = true;
	fault->supervisor = insn.supervisor;
	fault->operand = insn.operand;
	fault->edx_eax = fault->regs.dx << 32 | (fault->regs.ax & 0xffffffff);
	memcpy(fault->text, insn.text, sizeof(fault->text));
}

/* Who called restore_fpregs_from_fpstate(): the return address whose CALL says so. */
static void find_caller(const struct xfdt_image *image, const struct stack *stack,
			const struct xfdt_log_regs *logged, struct xfdt_fault *fault)
{
	static const enum xfdt_symbol_id callers[] = {
		XFDT_S_fpu_swap_kvm_fpstate, XFDT_S_switch_fpu_return, XFDT_S_fpregs_restore_userregs,
	};
	const struct xfdt_symbol *restore = xfdt_symbol(image, XFDT_S_restore_fpregs);
	uint64_t first = (fault->regs.sp - stack->kvaddr) / 8;
	size_t i, c;

	for (i = first; fault->regs.sp >= stack->kvaddr && i < stack->len / 8 &&
	     i - first < CALLER_WORDS; i++) {
		uint64_t target, address = stack->words[i];
		struct xfdt_error *err;
		uint8_t code[5];

		for (c = 0; c < sizeof(callers) / sizeof(callers[0]); c++)
			if (xfdt_in_function(image, callers[c], address))
				break;
		if (c == sizeof(callers) / sizeof(callers[0]))
			continue;
		err = xfdt_read(image, address - sizeof(code), code, sizeof(code));
		if (err) {
			xfdt_error_free(err);
			continue;
		}
		if (!xfdt_insn_call_before(code, sizeof(code), address, &target) ||
		    !xfdt_insn_calls(target, restore->kvaddr))
			continue;
		snprintf(fault->caller, sizeof(fault->caller), "%s",
			 xfdt_symbol_needs[callers[c]].name);
		fault->caller_source = "the return address on the stack";
		fault->caller_return = address;
		return;
	}
	if (logged && *logged->caller) {
		memcpy(fault->caller, logged->caller, sizeof(fault->caller));
		fault->caller_source = "the call trace in the log";
	}
}

static void read_fault_fpstate(const struct xfdt_image *image, struct xfdt_fault *fault)
{
	uint8_t header[XFDT_XSAVE_HEADER_SIZE];
	struct xfdt_error *err;
	uint64_t is_guest;

	if (!xfdt_has_member(image, XFDT_M_fpstate_regs))
		return;
	fault->fpstate = fault->operand - image->layout.members[XFDT_M_fpstate_regs].offset;
	err = xfdt_read_member(image, fault->fpstate, XFDT_M_fpstate_is_guest, &is_guest);
	if (!err)
		err = xfdt_read_member(image, fault->fpstate, XFDT_M_fpstate_xfd, &fault->fpstate_xfd);
	if (!err)
		err = xfdt_read_member(image, fault->fpstate, XFDT_M_fpstate_xfeatures,
				       &fault->fpstate_xfeatures);
	if (!err)
		err = xfdt_read(image, fault->operand + XFDT_XSAVE_HEADER_OFFSET, header, sizeof(header));
	if (err) {
		fault->fpstate_absent = xfdt_error_is_absence(err);
		xfdt_error_free(err);
		return;
	}
	fault->fpstate_read = true;
	fault->fpstate_is_guest = is_guest;
	xfdt_xsave_header_decode(header, &fault->fpstate_header);
}

static struct xfdt_error *find_fault(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_panic *panic = &host->panic;
	struct xfdt_fault *fault = &panic->fault;
	struct xfdt_log_regs logged_regs, *logged = NULL;
	struct stack *stack;
	long event = xfdt_nm_event(panic);
	long line = event < 0 ? -1 : (long)panic->events[event].line;

	if (!xfdt_symbol(image, XFDT_S_restore_fpregs))
		return NULL;
	stack = calloc(1, sizeof(*stack));
	if (!stack)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for a stack");
	if (line >= 0 && xfdt_log_registers(&panic->log, (size_t)line,
					    xfdt_symbol_needs[XFDT_S_restore_fpregs].name,
					    &logged_regs))
		logged = &logged_regs;
	if (panic->task) {
		struct xfdt_error *err = read_stack(image, panic->task,
						    panic->note_known ? panic->note.sp : 0, stack);

		panic->stack_known = !err;
		if (err)
			xfdt_gaps_add(&host->gaps, "the stack of the thread that panicked", err,
				      NULL);
	}
	/* the note may also be of an interrupt or another exception at that place */
	if (panic->note_known && at_restore(image, &panic->note) && event >= 0 &&
	    (!event_caller(panic, event) || event_caller(panic, event) == (uint32_t)panic->pid)) {
		fault->source = XFDT_REGS_PRSTATUS;
		fault->regs = panic->note;
	} else {
		find_frame(image, stack, panic->note_known ? panic->note.sp : 0, logged, fault);
	}
	if (fault->source == XFDT_REGS_NONE && line >= 0) {
		/* of the first oops only */
		if (strstr(panic->log.lines[line].text, " [#1]"))
			find_exec_summary(image, fault);
		if (fault->source == XFDT_REGS_NONE && logged) {
			fault->source = XFDT_REGS_LOG;
			fault->regs = logged->regs;
			fault->regs.cs = KERNEL_CS;
			fault->regs.ip += xfdt_symbol(image, XFDT_S_restore_fpregs)->kvaddr;
		}
	}
	if (fault->source != XFDT_REGS_NONE) {
		decode_fault(image, logged, fault);
		find_caller(image, stack, logged, fault);
		if (fault->decoded)
			read_fault_fpstate(image, fault);
	}
	free(stack);
	return NULL;
}

struct xfdt_error *xfdt_panic_read(struct xfdt_host *host)
{
	const struct xfdt_image *image = host->image;
	struct xfdt_panic *panic = &host->panic;
	struct xfdt_error *err;

	err = xfdt_log_read(image, &panic->log);
	panic->log_known = !err;
	if (!err)
		err = find_events(panic);
	if (err && xfdt_error_code(err) == XFDT_NO_MEMORY)
		return err;
	if (err)
		xfdt_gaps_add(&host->gaps, "the kernel log", err, NULL);

	find_cpu(host);
	if (panic->cpu.known) {
		err = xfdt_current_task(image, (unsigned int)panic->cpu.value, &panic->task);
		if (err) {
			panic->task = 0;
			xfdt_gaps_add(&host->gaps, "the thread that panicked", err, NULL);
		} else {
			panic->pid = (int)xfdt_value_of(image, panic->task, XFDT_M_task_pid).value;
			xfdt_task_comm(image, panic->task, panic->comm);
		}
		find_note(host);
		decode_note(image, panic);
	}
	return find_fault(host);
}

void xfdt_panic_deinit(struct xfdt_panic *panic)
{
	xfdt_log_deinit(&panic->log);
	free(panic->events);
	panic->events = NULL;
}
