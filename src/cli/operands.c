/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operands mean: a command, a file, or a word that was mistyped. */
#include "cli/command.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define WORD_MAX 24 /* a longer word is not a mistyped command */
#define NEAR 2	    /* edits at most from a word to the command that is suggested */

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Insertions, deletions and substitutions that turn @from into @to, both shorter than WORD_MAX. */
static size_t distance(const char *from, const char *to)
{
	size_t row[WORD_MAX + 1], i, j, columns = strlen(to);

	for (j = 0; j <= columns; j++)
		row[j] = j;
	for (i = 0; from[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (j = 1; j <= columns; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + (from[i] != to[j - 1]));
			diagonal = above;
		}
	}
	return row[columns];
}

const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < command_count; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

/* NULL: no command is like @word. */
static const char *nearest_command(const char *word)
{
	const char *nearest = NULL;
	size_t best = NEAR + 1, i;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (i = 0; i < command_count; i++) {
		size_t edits = distance(word, commands[i].name);

		if (edits >= best)
			continue;
		best = edits;
		nearest = commands[i].name;
	}
	return nearest;
}

static bool is_missing(const char *path)
{
	struct stat st;

	return lstat(path, &st) && errno == ENOENT;
}

/* Only letters, as the names of commands.  kdump calls its file vmcore. */
static bool is_word(const char *text)
{
	return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz") == strlen(text) &&
	       strcmp(text, "vmcore") != 0;
}

int unknown_command(const char *word)
{
	const char *nearest = nearest_command(word);

	if (nearest)
		warn("there is no command '%s'; did you mean '%s'? See 'xfdtriage help'", word,
		     nearest);
	else
		warn("there is no command '%s'; see 'xfdtriage help'", word);
	return XFDT_EXIT_ERROR;
}

int check_operands(const struct arguments *arguments, bool command_named)
{
	const char *first = arguments->path_count ? arguments->paths[0] : "";
	size_t i;

	if (!command_named && is_word(first) && is_missing(first) &&
	    (arguments->path_count == 1 || nearest_command(first))) {
		warn("there is no file '%s' here", first);
		return unknown_command(first);
	}
	for (i = !command_named; i < arguments->path_count; i++) {
		const struct command *command = find_command(arguments->paths[i]);

		if (!command || !is_missing(arguments->paths[i]))
			continue;
		warn("the command comes first: xfdtriage %s %s", command->name, command->operands);
		return XFDT_EXIT_ERROR;
	}
	return -1;
}
