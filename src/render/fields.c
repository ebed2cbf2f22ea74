/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of fields. */
#include "render/fields.h"
#include "base/util.h"
#include "kernel/oops_log.h"
#include "verdict/releases.h"

#include <inttypes.h>
#include <string.h>

static struct xfdt_cell no_cell(void)
{
	return (struct xfdt_cell){ .kind = XFDT_CELL_NONE };
}

static struct xfdt_cell hex_cell(uint64_t number)
{
	return (struct xfdt_cell){ .kind = XFDT_CELL_HEX, .number = number };
}

static struct xfdt_cell address_cell(uint64_t kvaddr)
{
	return kvaddr ? hex_cell(kvaddr) : no_cell();
}

static struct xfdt_cell int_cell(uint64_t number)
{
	return (struct xfdt_cell){ .kind = XFDT_CELL_INT, .number = number };
}

static struct xfdt_cell bool_cell(bool value)
{
	return (struct xfdt_cell){ .kind = XFDT_CELL_BOOL, .number = value };
}

static struct xfdt_cell text_cell(const char *text)
{
	if (!text)
		return no_cell();
	return (struct xfdt_cell){ .kind = XFDT_CELL_TEXT, .text = text };
}

static struct xfdt_cell value_hex(struct xfdt_value value)
{
	return value.known ? hex_cell(value.value) : no_cell();
}

static struct xfdt_cell value_int(struct xfdt_value value)
{
	return value.known ? int_cell(value.value) : no_cell();
}

static struct xfdt_cell value_bool(struct xfdt_value value)
{
	return value.known ? bool_cell(value.value) : no_cell();
}

/* What a vCPU's fpstate says, if it could be read. */
static struct xfdt_cell state_hex(const struct xfdt_row *row, uint64_t number)
{
	return row->vcpu->state_known ? hex_cell(number) : no_cell();
}

static struct xfdt_cell state_bool(const struct xfdt_row *row, bool value)
{
	return row->vcpu->state_known ? bool_cell(value) : no_cell();
}

static const struct xfdt_vendor *vendor_of(const struct xfdt_row *row)
{
	return xfdt_vendor_of(row->image->release);
}

/* one function a field, then the table of them */

#define XFDT_CONCAT2(a, b) a##b
#define XFDT_CONCAT(a, b) XFDT_CONCAT2(a, b)

#define XFDT_FIELD(group, key, heading, expression, help) \
	static struct xfdt_cell XFDT_CONCAT(field_, __LINE__)(const struct xfdt_row *row) \
	{ \
		return expression; \
	}
#include "render/fields.def"
#undef XFDT_FIELD

#define XFDT_FIELD(in, name, head, expression, words) \
	{ XFDT_GROUP_##in, name, head, words, XFDT_CONCAT(field_, __LINE__) },
const struct xfdt_field xfdt_fields[] = {
#include "render/fields.def"
};
#undef XFDT_FIELD

const size_t xfdt_field_count = COUNT(xfdt_fields);

const char *xfdt_verdict_words(enum xfdt_verdict_kind kind)
{
	static const char *const words[XFDT_VERDICT_KINDS] = {
		[XFDT_CONFIRMED] = XFDT_CVE " occurred on this host",
		[XFDT_NOT_THIS_BUG] = "the bug did not strike, and no vCPU is armed",
		[XFDT_ARMED] = "a vCPU is in the state that triggers the bug",
		[XFDT_PROBABLE] = "an oops matches; its FPU state is not in the dump",
		[XFDT_INCONCLUSIVE] = "data that decides is missing or contradictory",
		[XFDT_NOT_APPLICABLE] = "the bug was impossible on this host",
	};

	return words[kind];
}

const char *xfdt_presence_name(enum xfdt_presence presence)
{
	static const char *const names[] = {
		[XFDT_UNKNOWN] = "unknown",
		[XFDT_ABSENT] = "absent",
		[XFDT_PRESENT] = "present",
	};

	return names[presence];
}

const char *xfdt_fix_name(const struct xfdt_host *host)
{
	const struct xfdt_fix *fix = &host->fix;

	/* there is no second half where kvm is not loaded */
	if (fix->vmlinux == fix->kvm || host->kvm == XFDT_KVM_ABSENT)
		return xfdt_presence_name(fix->vmlinux);
	if (fix->vmlinux == XFDT_UNKNOWN || fix->kvm == XFDT_UNKNOWN)
		return "unknown";
	return "partial";
}

const char *xfdt_regs_source_name(enum xfdt_regs_source source)
{
	static const char *const names[] = {
		[XFDT_REGS_NONE] = NULL,     [XFDT_REGS_PRSTATUS] = "NT_PRSTATUS",
		[XFDT_REGS_STACK] = "stack", [XFDT_REGS_EXEC_SUMMARY] = "exec_summary_regs",
		[XFDT_REGS_LOG] = "log",
	};

	return names[source];
}

void xfdt_cell_format(const struct xfdt_cell *cell, char *ret_text, size_t size)
{
	switch (cell->kind) {
	case XFDT_CELL_HEX:
		snprintf(ret_text, size, "0x%" PRIx64, cell->number);
		break;
	case XFDT_CELL_INT:
		snprintf(ret_text, size, "%" PRId64, (int64_t)cell->number);
		break;
	case XFDT_CELL_BOOL:
		snprintf(ret_text, size, "%s", cell->number ? "yes" : "no");
		break;
	case XFDT_CELL_TEXT:
		xfdt_escape(cell->text, ret_text, size);
		break;
	default:
		snprintf(ret_text, size, "unknown");
		break;
	}
}

/* Bytes of the well-formed UTF-8 sequence at @text (Unicode 15, table 3-7); 0 if there is none. */
static size_t utf8_length(const uint8_t *text)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t length, i;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (text[0] == 0xe0)
		low = 0xa0;
	else if (text[0] == 0xed)
		high = 0x9f;
	else if (text[0] == 0xf0)
		low = 0x90;
	else if (text[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < length; i++) {
		if (text[i] < low || text[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

/*
 * C0, DEL, and C1 (U+0080 to U+009F) drive terminals; U+061C, U+200E, U+200F,
 * U+2028 to U+202E and U+2066 to U+2069 end lines or turn the direction of
 * what follows, so that it reads as something else.
 */
static bool is_control(const uint8_t *text, size_t length)
{
	switch (length) {
	case 1:
		return *text < ' ' || *text == 0x7f;
	case 2:
		return (text[0] == 0xc2 && text[1] < 0xa0) || (text[0] == 0xd8 && text[1] == 0x9c);
	case 3:
		if (text[0] != 0xe2)
			return false;
		if (text[1] == 0x80)
			return text[2] == 0x8e || text[2] == 0x8f ||
			       (text[2] >= 0xa8 && text[2] <= 0xae);
		return text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9;
	default:
		return false;
	}
}

void xfdt_escape(const char *text, char *ret_text, size_t size)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t used = 0;

	while (*at) {
		size_t length = utf8_length(at);

		/* behind the first byte of a control character the others are no UTF-8 */
		if (!length || is_control(at, length)) {
			if (used + 5 > size)
				break;
			snprintf(ret_text + used, size - used, "\\x%02x", *at);
			used += 4;
			at++;
			continue;
		}
		if (used + length + 1 > size)
			break;
		memcpy(ret_text + used, at, length);
		used += length;
		at += length;
	}
	ret_text[used] = '\0';
}
