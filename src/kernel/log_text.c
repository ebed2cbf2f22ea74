/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel log that is text, into the form in which it is in memory. */
#include "kernel/log_text.h"
#include "kernel/log_prefix.h"
#include "kernel/oops_log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX (1u << 17)
#define LINE_MAX 16384u	 /* bytes of one line that are kept */
#define CHUNKS_MAX 4096u /* parts of pstore in one file */
#define BROKEN_MIN 40u	 /* columns of a terminal */
#define BROKEN_MAX 160u
#define SAMPLE_MAX 65536u /* bytes by which a file is recognised */
#define ESCAPE '\033'
#define BELL '\007'

/* A piece of one file: all of it, or a part of pstore without its header. */
struct chunk {
	size_t file, number;	 /* of its first line */
	const char *begin, *end; /* lines, each with a NUL behind it */
	bool is_part;
	char reason[32]; /* the header up to its count: "Panic#1" */
	unsigned long part;
	size_t dump; /* which of several dumps of that name */
};

struct parser {
	struct chunk *chunks;
	size_t chunk_count;
	size_t width;	 /* columns at which a terminal broke lines; 0: it did not */
	bool has_stamps; /* the kernel's lines begin with a time stamp or the like */
	size_t lines;	 /* of all chunks */
	size_t skip;	 /* the oldest of them, which are too many */
	struct xfdt_log *log;
	char *at;     /* where the next line goes in the log's buffer */
	size_t piece; /* columns of the last line of the file that was taken; 0: none */
};

/* control characters */

/* Behind the escape sequence at @at (ECMA-48), which ends with its line. */
static const char *skip_escape(const char *at, const char *end)
{
	bool is_string = at + 1 < end && at[1] == ']', is_csi = at + 1 < end && at[1] == '[';

	at += is_string || is_csi ? 2 : 1;
	while (is_string && at < end && *at != '\n' && *at != BELL && *at != ESCAPE)
		at++;
	if (is_string)
		return at + (at < end && *at == BELL);
	while (is_csi && at < end && *at >= 0x30 && *at <= 0x3f)
		at++;
	while (at < end && *at >= 0x20 && *at <= 0x2f)
		at++;
	return at + (at < end && *at != '\n');
}

/*
 * Make strings of the lines of @text, without control characters; returns where the last one ends.
 * UTF-16 becomes ASCII with its NULs gone.
 */
static char *clean(char *text, size_t len)
{
	const char *from = text, *end = text + len;
	char *to = text;

	if (len >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2)))
		from += 2;
	else if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		from += 3;
	while (from < end) {
		unsigned char c = (unsigned char)*from;

		if (c == ESCAPE) {
			from = skip_escape(from, end);
			continue;
		}
		if (c == '\n')
			*to++ = '\0';
		else if (c == '\t')
			*to++ = ' ';
		else if (c >= ' ' && c != 0x7f)
			*to++ = (char)c;
		from++;
	}
	/* there is a NUL behind the text, and room for it */
	*to = '\0';
	return to == text || !to[-1] ? to : to + 1;
}

/* what a mail or a document adds */

/* The length of the marks of a quotation that @line begins with: "> ", ">> ". */
static size_t quote_len(const char *line)
{
	size_t len = 0;

	while (line[len] == '>')
		len += 1 + (line[len + 1] == ' ' && line[len + 2] == '>');
	return len + (len && line[len] == ' ');
}

/* Are enough of the lines up to @end quoted, so that this is no rest of a line "Code: ... <48> 0f"? */
static bool is_quoted(const char *text, const char *end)
{
	size_t lines = 0, quoted = 0;
	const char *line;

	for (line = text; line < end; line += strlen(line) + 1) {
		lines += *line != '\0';
		quoted += *line == '>';
	}
	return quoted && 4 * quoted >= lines;
}

/* The spaces that all lines up to @end begin with. */
static size_t indent_of(const char *text, const char *end)
{
	size_t indent = SIZE_MAX;
	const char *line;

	for (line = text; line < end && indent; line += strlen(line) + 1) {
		size_t len = strspn(line, " ");

		if (len < indent && line[len])
			indent = len;
	}
	return indent;
}

/* Move the lines of @text up to @end to its beginning, each without what @quoted or @indent say; returns where the last one ends. */
static char *strip(char *text, const char *end, bool quoted, size_t indent)
{
	const char *line = text;
	char *to = text;

	while (line < end) {
		size_t len = strlen(line), skip = quoted ? quote_len(line) : strspn(line, " ");

		if (!quoted && skip > indent)
			skip = indent;
		memmove(to, line + skip, len - skip + 1);
		to += len - skip + 1;
		line += len + 1;
	}
	return to;
}

/* clean(), without what lines that are quoted or indented begin with. */
static char *clean_lines(char *text, size_t len)
{
	char *end = clean(text, len);
	size_t indent;

	if (is_quoted(text, end))
		end = strip(text, end, true, 0);
	indent = indent_of(text, end);
	return indent ? strip(text, end, false, indent) : end;
}

/* pstore */

/* "Panic#1 Part3" (Linux: fs/pstore/platform.c); the length of "Panic#1", or 0. */
static size_t parse_part(const char *line, unsigned long *ret_part)
{
	const char *mark = strchr(line, '#'), *end;
	size_t digits = mark ? strspn(mark + 1, "0123456789") : 0, len;

	if (!digits || digits > 9 || !isupper((unsigned char)*line) ||
	    strncmp(mark + 1 + digits, " Part", 5))
		return 0;
	end = mark + 1 + digits + 5;
	len = strspn(end, "0123456789");
	if (!len || len > 9 || end[len + strspn(end + len, " ")])
		return 0;
	*ret_part = strtoul(end, NULL, 10);
	len = (size_t)(mark + 1 + digits - line);
	return len < sizeof(((struct chunk *)0)->reason) ? len : 0;
}

/* Is there a header of pstore at @text? */
static bool is_header(const char *text, size_t len)
{
	char header[64];
	size_t line = 0;
	unsigned long part;

	while (line < len && line < sizeof(header) - 1 && text[line] != '\n' && text[line] != '\r')
		line++;
	memcpy(header, text, line);
	header[line] = '\0';
	return line < len && parse_part(header, &part);
}

bool xfdt_is_pstore_part(const char *text, size_t len)
{
	const char *end = text + len, *line = text;

	if (!is_header(text, len))
		return false;
	while ((line = memchr(line, '\n', (size_t)(end - line))) && ++line < end)
		if (is_header(line, (size_t)(end - line)))
			return false;
	return true;
}

/* To which dump of its name @chunk belongs: the last one, or the next if that has such a part, for then it is of another boot. */
static size_t dump_of(const struct parser *parser, const struct chunk *chunk)
{
	bool any = false, taken = false;
	size_t i, dump = 0;

	for (i = parser->chunk_count; i-- > 0;) {
		const struct chunk *other = &parser->chunks[i];

		if (!other->is_part || strcmp(other->reason, chunk->reason))
			continue;
		if (!any)
			dump = other->dump;
		any = true;
		taken |= other->part == chunk->part && other->dump == dump;
	}
	return dump + taken;
}

static struct xfdt_error *add_chunk(struct parser *parser, const struct chunk *chunk)
{
	struct chunk *chunks;

	if (parser->chunk_count == CHUNKS_MAX)
		return xfdt_error_new(XFDT_LIMIT, 0, "the log has more than %u parts", CHUNKS_MAX);
	chunks = realloc(parser->chunks, (parser->chunk_count + 1) * sizeof(*chunks));
	if (!chunks)
		return xfdt_no_memory("the log");
	parser->chunks = chunks;
	chunks[parser->chunk_count] = *chunk;
	if (chunk->is_part)
		chunks[parser->chunk_count].dump = dump_of(parser, chunk);
	parser->chunk_count++;
	return NULL;
}

/* Divide the lines from @begin to @end, of file number @file, at the headers of pstore. */
static struct xfdt_error *divide(struct parser *parser, size_t file, const char *begin,
				 const char *end, size_t number)
{
	struct chunk chunk = { .file = file, .begin = begin, .number = number };
	struct xfdt_error *err = NULL;
	const char *line;
	unsigned long part;

	for (line = begin; line < end && !err; line += strlen(line) + 1, number++) {
		size_t len = parse_part(line, &part);

		if (!len)
			continue;
		chunk.end = line;
		if (chunk.begin != chunk.end)
			err = add_chunk(parser, &chunk);
		chunk = (struct chunk){
			.file = file,
			.begin = line + strlen(line) + 1,
			.number = number + 1,
			.is_part = true,
			.part = part,
		};
		memcpy(chunk.reason, line, len);
	}
	chunk.end = end;
	if (!err && chunk.begin != chunk.end)
		err = add_chunk(parser, &chunk);
	return err;
}

/* By boot, then by dump as they were counted, then the oldest part, which has the highest number, first. */
static int compare_chunks(const void *a, const void *b)
{
	const struct chunk *one = a, *other = b;
	unsigned long count = strtoul(strchr(one->reason, '#') + 1, NULL, 10);
	unsigned long other_count = strtoul(strchr(other->reason, '#') + 1, NULL, 10);
	int order = strcmp(one->reason, other->reason);

	if (one->dump != other->dump)
		return one->dump < other->dump ? -1 : 1;
	if (count != other_count)
		return count < other_count ? -1 : 1;
	if (order)
		return order;
	return one->part == other->part ? 0 : one->part > other->part ? -1 : 1;
}

/* Parts of pstore behind all else, which stays in its order. */
static void sort_chunks(struct parser *parser)
{
	size_t i, parts = 0;

	for (i = parser->chunk_count; i-- > 0;) {
		struct chunk chunk = parser->chunks[i];

		if (!chunk.is_part)
			continue;
		parts++;
		memmove(&parser->chunks[i], &parser->chunks[i + 1],
			(parser->chunk_count - i - 1) * sizeof(chunk));
		parser->chunks[parser->chunk_count - 1] = chunk;
	}
	if (parts)
		qsort(&parser->chunks[parser->chunk_count - parts], parts, sizeof(*parser->chunks),
		      compare_chunks);
}

/* Does @chunk go on where the one before it, @before, ends? */
static bool follows(const struct chunk *before, const struct chunk *chunk)
{
	return before->is_part && chunk->is_part && before->dump == chunk->dump &&
	       !strcmp(before->reason, chunk->reason) && before->part == chunk->part + 1;
}

/* lines that a terminal broke */

/*
 * The column at which lines were broken: @lengths[i] lines have i columns, and @longer have more than
 * BROKEN_MAX.  A few may be longer, as what a terminal program writes at its start.
 */
static size_t width_of(const size_t lengths[BROKEN_MAX + 1], size_t longer)
{
	size_t width, best = 0, most = 0;

	for (width = BROKEN_MAX; width >= BROKEN_MIN; width--) {
		if (lengths[width] > most && 4 * longer <= lengths[width]) {
			best = width;
			most = lengths[width];
		}
		longer += lengths[width];
	}
	return best;
}

/* Of a line in UTF-8 without wide characters. */
static size_t columns_of(const char *line)
{
	size_t columns = 0;

	for (; *line; line++)
		columns += (*line & 0xc0) != 0x80;
	return columns;
}

/* What the lines of all chunks have in common. */
static void look_at_lines(struct parser *parser)
{
	size_t i, lines = 0, stamped = 0, longer = 0, lengths[BROKEN_MAX + 1] = { 0 };

	for (i = 0; i < parser->chunk_count; i++) {
		const struct chunk *chunk = &parser->chunks[i];
		const char *line;

		for (line = chunk->begin; line < chunk->end; line += strlen(line) + 1) {
			size_t len = columns_of(line);

			parser->lines++;
			if (!len)
				continue;
			lines++;
			stamped += xfdt_log_prefix(line).any;
			if (len > BROKEN_MAX)
				longer++;
			else
				lengths[len]++;
		}
	}
	parser->skip = parser->lines > LINES_MAX ? parser->lines - LINES_MAX : 0;
	parser->width = width_of(lengths, longer);
	/* each line of the kernel's may have become several */
	parser->has_stamps = stamped * (parser->width ? 6 : 2) >= lines && stamped;
}

/* Does @line begin as one of an oops does, in a log without time stamps? */
static bool begins_line(const char *line)
{
	static const char *const starts[] = {
		"RIP: ",     "RSP: ",	       "RAX: ",	    "RDX: ",	   "RBP: ",
		"R10: ",     "R13: ",	       "FS:  ",	    "CS:  ",	   "CR2: ",
		"PKRU: ",    "Code: ",	       "CPU: ",	    "Call Trace:", "Modules linked in:",
		"Tainted: ", "Hardware name:", "---[ end ", "note: ",
	};
	const char *code = strstr(line, "+0x");
	enum xfdt_event_kind kind;
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (!strncmp(line, starts[i], strlen(starts[i])))
			return true;
	/* an entry of a call trace */
	if (*line == ' ' && (code || line[1] == '<'))
		return true;
	return xfdt_event_of_line(line, &kind) || xfdt_line_is_warning(line);
}

/* Is @line, which has no prefix of its own, the rest of the line before it, and behind a space? */
static bool is_rest(const struct parser *parser, const char *line, bool *ret_spaced)
{
	size_t word = strcspn(line + (*line == ' '), " ");

	*ret_spaced = parser->piece < parser->width && *line != ' ';
	if (!parser->width || !parser->piece || !*line)
		return false;
	if (!parser->has_stamps && begins_line(line))
		return false;
	return parser->piece == parser->width ||
	       parser->piece + (*line != ' ') + word + (*line == ' ') > parser->width;
}

/* the lines of the log */

static void append_text(struct parser *parser, const char *text)
{
	struct xfdt_log *log = parser->log;
	size_t used = (size_t)(parser->at - log->lines[log->count - 1].text), len = strlen(text);

	if (len > LINE_MAX - used)
		len = LINE_MAX - used;
	memcpy(parser->at, text, len);
	parser->at += len;
	*parser->at = '\0';
}

static void append_rest(struct parser *parser, const char *text, bool spaced)
{
	const char *begin = parser->log->lines[parser->log->count - 1].text;

	/* some programs leave the space at the end of the line */
	if (spaced && !(parser->at > begin && parser->at[-1] == ' '))
		append_text(parser, " ");
	append_text(parser, text);
}

/* Does another boot begin with this line? */
static bool begins_boot(const char *text)
{
	return !strncmp(text, "Linux version ", 14) || !strncmp(text, "-- Boot ", 8) ||
	       !strncmp(text, "-- Reboot --", 12);
}

static void take_line(struct parser *parser, const struct chunk *chunk, const char *line,
		      size_t number, bool after_gap)
{
	struct xfdt_log_prefix prefix = xfdt_log_prefix(line);
	struct xfdt_log *log = parser->log;
	bool spaced;

	if (!prefix.any && !after_gap && log->count && is_rest(parser, line, &spaced)) {
		append_rest(parser, line, spaced);
	} else {
		if (log->count)
			parser->at++;
		log->lines[log->count++] = (struct xfdt_log_line){
			.text = parser->at,
			.nsec = prefix.nsec,
			.caller = prefix.caller,
			.from_user = prefix.from_user || (parser->has_stamps && !prefix.any),
			.file = chunk->file,
			.number = number,
			.after_gap = after_gap || begins_boot(line + prefix.len),
		};
		append_text(parser, line + prefix.len);
	}
	parser->piece = columns_of(line);
}

static void take_chunk(struct parser *parser, size_t index)
{
	const struct chunk *chunk = &parser->chunks[index];
	bool after_gap = index && !follows(chunk - 1, chunk);
	size_t number = chunk->number;
	const char *line;

	if (after_gap)
		parser->piece = 0;
	for (line = chunk->begin; line < chunk->end; line += strlen(line) + 1, number++) {
		if (parser->skip) {
			parser->skip--;
			continue;
		}
		take_line(parser, chunk, line, number, after_gap);
		after_gap = false;
	}
}

static struct xfdt_error *build(struct parser *parser, const struct xfdt_log_text *texts,
				size_t count, struct xfdt_log *log)
{
	struct xfdt_error *err = NULL;
	size_t i, bytes = 1;

	for (i = 0; i < count && !err; i++) {
		const char *end = clean_lines(texts[i].text, texts[i].len);

		/* a line becomes longer by one space where it is put together */
		bytes += 2 * (texts[i].len + 1);
		err = divide(parser, i, texts[i].text, end, texts[i].lines_before + 1);
	}
	if (err)
		return err;
	sort_chunks(parser);
	look_at_lines(parser);
	log->buffer = malloc(bytes);
	log->lines = calloc(parser->lines - parser->skip + 1, sizeof(*log->lines));
	if (!log->buffer || !log->lines)
		return xfdt_no_memory("the log");
	parser->log = log;
	parser->at = log->buffer;
	for (i = 0; i < parser->chunk_count; i++)
		take_chunk(parser, i);
	return NULL;
}

struct xfdt_error *xfdt_log_parse(const struct xfdt_log_text *texts, size_t count,
				  struct xfdt_log *ret_log)
{
	/* nothing proves that text is complete */
	struct xfdt_log log = { .cut = true, .is_text = true };
	struct parser parser = { 0 };
	struct xfdt_error *err = build(&parser, texts, count, &log);

	free(parser.chunks);
	if (err)
		xfdt_log_deinit(&log);
	else
		*ret_log = log;
	return err;
}

/* recognition */

bool xfdt_is_text(const char *text, size_t len)
{
	size_t i, control = 0, nuls = 0;

	len = len < SAMPLE_MAX ? len : SAMPLE_MAX;
	for (i = 0; i < len; i++) {
		nuls += !text[i];
		/* strchr() finds the NUL */
		control += (unsigned char)text[i] < ' ' && !strchr("\n\r\t\033\b", text[i]);
	}
	/* a serial line has NULs as noise, and UTF-16 at every other place */
	return control <= len / 16 && nuls <= len / 2;
}

/* Lines of a file that only an oops has. */
static bool is_of_oops(const char *text)
{
	enum xfdt_event_kind kind;

	return xfdt_event_of_line(text, &kind) || !strncmp(text, "RIP: 0010:", 10) ||
	       !strncmp(text, "Call Trace:", 11) || !strncmp(text, "RSP: 0018:", 10) ||
	       !strncmp(text, "Modules linked in:", 18) || !strncmp(text, "---[ end trace ", 15);
}

bool xfdt_is_log_text(const char *text, size_t len)
{
	size_t lines = 0, stamped = 0, oops = 0;
	const char *line, *end;
	char *copy;

	len = len < SAMPLE_MAX ? len : SAMPLE_MAX;
	if (is_header(text, len))
		return true;
	copy = xfdt_is_text(text, len) ? malloc(len + 1) : NULL;
	if (!copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	end = clean_lines(copy, len);
	for (line = copy; line < end; line += strlen(line) + 1) {
		struct xfdt_log_prefix prefix = xfdt_log_prefix(line);

		lines += *line != '\0';
		if (prefix.behind_text)
			continue;
		stamped += prefix.any && !prefix.from_user;
		oops += is_of_oops(line + prefix.len);
	}
	free(copy);
	return (stamped >= 3 && 2 * stamped >= lines) || oops >= 3;
}
