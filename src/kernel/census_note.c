/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result of a census as text: one line each, with a checksum at the end. */
#include "kernel/census_note.h"
#include "base/util.h"
#include "kernel/host.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MAGIC "xfdtriage-census "
#define VERSION_DIGITS 4
#define END_LEN (sizeof("end 00000000\n") - 1)
#define PAGES_MAX ((1u << 20) / XFDT_PAGE_SIZE + 1)

static void end_of(const char *text, size_t len, char ret_end[END_LEN + 1])
{
	snprintf(ret_end, END_LEN + 1, "end %08lx\n", crc32(0, (const Bytef *)text, (uInt)len));
}

struct xfdt_error *xfdt_census_format(const struct xfdt_census *census, char **ret_text,
				      size_t *ret_len)
{
	char *text = NULL, end[END_LEN + 1];
	size_t len, i;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return xfdt_no_memory("the text of a census");
	fprintf(out, MAGIC "%u\n%s %s\n", XFDT_READS_VERSION - census->outdated,
		census->complete ? "complete" :
		!census->known	 ? "unknown" :
		census->damaged	 ? "damaged" :
				   "incomplete",
		census->why);
	for (i = 0; i < census->count; i++)
		fprintf(out, "state %llx %u\n", ull(census->states[i].fpstate),
			census->states[i].pages);
	if (!fflush(out)) {
		end_of(text, len, end);
		fputs(end, out);
	}
	if (fclose(out)) {
		free(text);
		return xfdt_no_memory("the text of a census");
	}
	*ret_text = text;
	*ret_len = len;
	return NULL;
}

/* The number in the first line of @text, whose length is *@ret_len; false: it is not a census. */
static bool parse_version(const char *text, size_t len, unsigned int *ret_version, size_t *ret_len)
{
	const size_t magic = sizeof(MAGIC) - 1;
	unsigned int version = 0;
	size_t i;

	if (len < magic || memcmp(text, MAGIC, magic))
		return false;
	for (i = magic; i < len && i < magic + VERSION_DIGITS && isdigit((unsigned char)text[i]);
	     i++)
		version = 10 * version + (unsigned int)(text[i] - '0');
	if (i == magic || i == len || text[i] != '\n')
		return false;
	*ret_version = version;
	*ret_len = i + 1;
	return true;
}

static void mark_outdated(struct xfdt_census *census)
{
	census->outdated = true;
	census->complete = false;
	strcpy(census->why, XFDT_OUTDATED);
}

/* @line is @word, a space, and the reason, which a report shows. */
static bool parse_why(const char *line, const char *word, struct xfdt_census *census)
{
	size_t len = strlen(word);
	const char *at;

	if (strncmp(line, word, len) || line[len] != ' ' ||
	    strlen(line + len + 1) >= sizeof(census->why))
		return false;
	for (at = line + len + 1; *at; at++)
		if (*at < ' ' || *at > '~')
			return false;
	strcpy(census->why, line + len + 1);
	return true;
}

static bool parse_result(const char *line, struct xfdt_census *census)
{
	census->complete = parse_why(line, "complete", census);
	census->damaged = parse_why(line, "damaged", census);
	census->known = census->complete || census->damaged ||
			parse_why(line, "incomplete", census);
	return census->known ? census->complete == !*census->why :
			       parse_why(line, "unknown", census) && *census->why;
}

static bool parse_state(const char *line, struct xfdt_census *census)
{
	struct xfdt_guest_state *state = &census->states[census->count];
	unsigned long long kvaddr;
	unsigned int pages;
	int end = 0;

	if (census->count == XFDT_VCPUS_MAX || !census->known ||
	    sscanf(line, "state %16llx %8u%n", &kvaddr, &pages, &end) != 2 || line[end] ||
	    !xfdt_is_kernel_address(kvaddr) || kvaddr % XFDT_PAGE_SIZE || !pages ||
	    pages > PAGES_MAX || (census->count && state[-1].fpstate >= kvaddr))
		return false;
	*state = (struct xfdt_guest_state){ .fpstate = kvaddr, .pages = pages };
	census->count++;
	return true;
}

/* All lines of @text, which ends with a newline. */
static bool parse_lines(char *text, struct xfdt_census *census)
{
	char *line = strsep(&text, "\n");

	if (!parse_result(line, census))
		return false;
	while ((line = strsep(&text, "\n")) && text)
		if (!parse_state(line, census))
			return false;
	return true;
}

static size_t count_lines(const char *text, size_t len)
{
	size_t count = 0, i;

	for (i = 0; i < len; i++)
		count += text[i] == '\n';
	return count;
}

struct xfdt_error *xfdt_census_parse(const char *text, size_t len, struct xfdt_census *ret_census)
{
	struct xfdt_census census = { .count = 0 };
	struct xfdt_error *err = NULL;
	char end[END_LEN + 1], *lines;
	unsigned int version;
	size_t first;

	if (!parse_version(text, len, &version, &first) || len <= first + END_LEN ||
	    memchr(text, '\0', len))
		return xfdt_error_new(XFDT_CORRUPT, 0, "not a census");
	if (version > XFDT_READS_VERSION)
		return xfdt_error_new(
			XFDT_CORRUPT, 0,
			"a newer version of xfdtriage wrote the census: use that version");
	len -= END_LEN;
	end_of(text, len, end);
	if (memcmp(text + len, end, END_LEN) || text[len - 1] != '\n')
		return xfdt_error_new(XFDT_CORRUPT, 0, "the census is damaged");
	lines = strndup(text + first, len - first);
	census.states = calloc(count_lines(text, len), sizeof(*census.states));
	if (!lines || !census.states)
		err = xfdt_no_memory("the text of a census");
	else if (!parse_lines(lines, &census))
		err = xfdt_error_new(XFDT_CORRUPT, 0, "the census makes no sense");
	free(lines);
	if (!err && version < XFDT_READS_VERSION)
		mark_outdated(&census);
	if (err)
		free(census.states);
	else
		*ret_census = census;
	return err;
}
