/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is named becomes dumps, before any is looked at. */
#include "cli/inputs.h"
#include "cli/fetch_dump.h"
#include "cli/progress.h"
#include "base/util.h"
#include "batch/unpacked.h"
#include "render/fields.h"
#include "sandbox/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_MS 200
#define WRITER_MS 2000 /* of waiting for one before it is said */

struct opening {
	const struct arguments *arguments;
	enum command_bit command;
	struct inputs *inputs;
	struct xfdt_parts parts;
	bool shows; /* progress, on a terminal */
};

/* Takes over @found. */
static struct xfdt_error *add_dump(struct opening *opening, struct xfdt_found *found)
{
	struct inputs *inputs = opening->inputs;
	struct xfdt_found **dumps = realloc(inputs->dumps,
					    (inputs->count + 1) * sizeof(*inputs->dumps));

	if (!dumps || !found) {
		xfdt_found_free(found);
		inputs->dumps = dumps ? dumps : inputs->dumps;
		return xfdt_no_memory("the list of dumps");
	}
	inputs->dumps = dumps;
	dumps[inputs->count++] = found;
	return NULL;
}

/* It is named, and cannot be looked at. */
static struct xfdt_error *add_problem(struct opening *opening, const char *name,
				      const char *problem)
{
	struct xfdt_found *found = xfdt_found_new(name);

	if (found) {
		found->problem = strdup(problem);
		if (!found->problem) {
			xfdt_found_free(found);
			found = NULL;
		}
	}
	return add_dump(opening, found);
}

/* packed files */

static struct xfdt_error *wait_for_unpacker(const struct opening *opening,
					    struct xfdt_unpacker *unpacker, const char *name)
{
	struct xfdt_error *err = NULL;
	bool more = true;

	while (!err && more) {
		struct pollfd input = { .fd = xfdt_unpacker_fd(unpacker), .events = POLLIN };
		struct xfdt_unpack_progress progress;

		poll(&input, 1, TICK_MS);
		err = xfdt_unpacker_step(unpacker, &more);
		progress = xfdt_unpacker_progress(unpacker);
		if (opening->shows && xfdt_now_ms() - progress.started > 2 * TICK_MS)
			show_work("unpacking", name, &progress);
	}
	if (opening->shows)
		clear_progress_line();
	return err;
}

/* What the command takes out of packed files. */
static unsigned int wanted(const struct opening *opening)
{
	switch (opening->command) {
	case COMMAND_TRIAGE:
		return opening->arguments->split ? XFDT_UNPACK_DUMPS :
						   XFDT_UNPACK_DUMPS | XFDT_UNPACK_LOGS;
	case COMMAND_DMESG:
		return XFDT_UNPACK_LOGS | XFDT_UNPACK_TEXT;
	default:
		return XFDT_UNPACK_DUMPS;
	}
}

/* A packed file called @name holds nothing that is wanted in its @members. */
static struct xfdt_error *add_nothing(struct opening *opening, const char *name,
				      unsigned int members)
{
	static const char *const things[] = {
		[XFDT_UNPACK_DUMPS] = "no vmcore",
		[XFDT_UNPACK_DUMPS | XFDT_UNPACK_LOGS] = "no vmcore and no kernel log",
		[XFDT_UNPACK_LOGS | XFDT_UNPACK_TEXT] = "no kernel log",
	};
	char problem[160];

	snprintf(problem, sizeof(problem), "has %s in it (%u %s)", things[wanted(opening)], members,
		 members == 1 ? "entry" : "entries");
	return add_problem(opening, name, problem);
}

static struct xfdt_error *take_results(struct opening *opening, struct xfdt_unpacker *unpacker,
				       const char *name)
{
	struct xfdt_haul haul = { 0 };
	struct xfdt_error *err;
	size_t i;

	err = xfdt_haul_init(&haul, unpacker, &opening->parts);
	if (!err && !haul.count && !haul.parts)
		err = add_nothing(opening, name, xfdt_unpacker_members(unpacker));
	for (i = 0; !err && i < haul.count; i++) {
		err = add_dump(opening, haul.items[i]);
		haul.items[i] = NULL;
	}
	xfdt_haul_deinit(&haul);
	return err;
}

static struct xfdt_error *unpack(struct opening *opening, const char *name, int fd)
{
	struct xfdt_unpacker *unpacker = NULL;
	struct xfdt_error *err;

	err = xfdt_unpacker_new(&unpacker, fd, name, temporary_folder(), wanted(opening),
				&opening->arguments->unpack);
	if (err)
		return err;
	err = wait_for_unpacker(opening, unpacker, name);
	if (!err && strcmp(xfdt_unpacker_confined(unpacker), XFDT_CONFINED_FULLY) &&
	    opening->arguments->format == FORMAT_TEXT)
		warn("%s: the process that unpacks it is not fully confined: %s", name,
		     xfdt_unpacker_confined(unpacker));
	if (!err)
		err = take_results(opening, unpacker, name);
	xfdt_unpacker_free(unpacker);
	return err;
}

/* names */

static bool is_packed(int fd)
{
	uint8_t head[XFDT_PACKING_HEAD];
	ssize_t len = pread(fd, head, sizeof(head), 0);

	/* whoever opens it says why it cannot be read */
	return len > 0 && xfdt_guess_kind(head, (size_t)len) == XFDT_FILE_PACKED;
}

/* A part, with --split, or a dump. */
static struct xfdt_error *take_whole(struct opening *opening, struct xfdt_found *found)
{
	return opening->arguments->split ? xfdt_parts_add_named(&opening->parts, found) :
					   add_dump(opening, found);
}

/* What is read in place of the file called @name: @fd, which is taken over. */
static struct xfdt_error *take_fd(struct opening *opening, const char *name, int fd)
{
	struct xfdt_found *found;
	struct xfdt_error *err;
	struct stat status;

	if (!fstat(fd, &status) && !status.st_size)
		err = xfdt_error_new(XFDT_NOT_A_DUMP, 0, "is empty");
	else if (is_packed(fd))
		err = unpack(opening, name, fd);
	else {
		found = xfdt_found_new(name);
		if (found && xfdt_found_set_fd(found, fd))
			return take_whole(opening, found);
		xfdt_found_free(found);
		err = xfdt_no_memory("the list of dumps");
	}
	close(fd);
	return err;
}

/* Wait until something comes out of the FIFO @fd, which nobody may write to yet; false: errno says why not. */
static bool wait_for_writer(const struct opening *opening, const char *path, int fd)
{
	struct pollfd input = { .fd = fd, .events = POLLIN };

	if (!poll(&input, 1, WRITER_MS) && !opening->arguments->quiet)
		warn("%s: is a FIFO; waiting until somebody writes to it", path);
	while (poll(&input, 1, -1) < 0)
		if (errno != EINTR)
			return false;
	return !fcntl(fd, F_SETFL, O_RDONLY);
}

/* A pipe that has a name: all that comes out of it. */
static struct xfdt_error *take_pipe(struct opening *opening, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), copy = -1;
	struct xfdt_error *err;

	if (fd < 0 || !wait_for_writer(opening, path, fd)) {
		err = xfdt_error_new(XFDT_SYSTEM, 0, "cannot open: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return err;
	}
	err = xfdt_spool(fd, temporary_folder(), &opening->arguments->unpack, &copy);
	close(fd);
	return err ? err : take_fd(opening, path, copy);
}

static struct xfdt_error *take_file(struct opening *opening, const char *path)
{
	struct xfdt_error *err = NULL;
	struct xfdt_found *found;
	struct stat status;
	bool packed;
	int fd;

	if (!stat(path, &status) && S_ISFIFO(status.st_mode))
		return take_pipe(opening, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	/* what cannot be opened is said when it is looked at */
	packed = fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) && is_packed(fd);
	if (packed)
		err = unpack(opening, path, fd);
	if (fd >= 0)
		close(fd);
	if (packed)
		return err;
	found = xfdt_found_new(path);
	return found ? take_whole(opening, found) : xfdt_no_memory("the list of dumps");
}

#define STANDARD_INPUT "-"

/* A file of its own of standard input, also where that is a pipe. */
static struct xfdt_error *open_stdin(const struct opening *opening, int *ret_fd)
{
	struct stat status;

	if (fstat(STDIN_FILENO, &status))
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot read: %s", strerror(errno));
	if (isatty(STDIN_FILENO))
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0,
				      "is a terminal; give the file through a pipe or with '<'");
	if (!S_ISREG(status.st_mode))
		return xfdt_spool(STDIN_FILENO, temporary_folder(), &opening->arguments->unpack,
				  ret_fd);
	*ret_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return *ret_fd < 0 ? xfdt_error_new(XFDT_SYSTEM, 0, "cannot read: %s", strerror(errno)) :
			     NULL;
}

static struct xfdt_error *take_stdin(struct opening *opening)
{
	struct xfdt_error *err;
	int fd = -1;

	err = open_stdin(opening, &fd);
	return err ? err : take_fd(opening, STANDARD_INPUT, fd);
}

/* A vmcore behind a URL is read where it is; all else is downloaded. */
static struct xfdt_error *take_url(struct opening *opening, const char *url, const char *name)
{
	struct xfdt_found *found;
	struct xfdt_error *err;
	int fd;

	if (opening->arguments->split)
		return xfdt_error_new(XFDT_UNSUPPORTED, 0,
				      "is a URL, and --split takes files; download the parts");
	err = fetch_unless_dump(opening->arguments, url, name, &fd);
	if (err)
		return err;
	if (fd >= 0)
		return take_fd(opening, name, fd);
	found = xfdt_found_new(name);
	if (found)
		found->url = url;
	return add_dump(opening, found);
}

/* @shown: @path without what is secret in it. */
static struct xfdt_error *take_place(struct opening *opening, const char *path, const char *shown)
{
	if (names_url(path))
		return take_url(opening, path, shown);
	return strcmp(path, STANDARD_INPUT) ? take_file(opening, path) : take_stdin(opening);
}

/* A failure to open one is a dump with a problem, so that the others are looked at. */
static struct xfdt_error *take_name(struct opening *opening, const char *path)
{
	char *shown = names_url(path) ? xfdt_url_without_secrets(path) : strdup(path);
	struct xfdt_error *err;

	if (!shown)
		return xfdt_no_memory("the list of dumps");
	err = take_place(opening, path, shown);
	if (err && opening->arguments->split && names_url(path)) {
		err = xfdt_error_wrap(err, "%s", shown);
	} else if (err && !opening->arguments->split && xfdt_error_code(err) != XFDT_NO_MEMORY) {
		struct xfdt_error *cause = err;

		err = add_problem(opening, shown, xfdt_error_message(cause));
		xfdt_error_free(cause);
	}
	free(shown);
	return err;
}

/* Parts that were unpacked, or, with --split, all there are. */
static struct xfdt_error *take_parts(struct opening *opening)
{
	struct xfdt_found **sets = NULL, *whole = NULL;
	struct xfdt_error *err = NULL;
	size_t count = 0, i;

	if (opening->arguments->split) {
		if (opening->inputs->count)
			return xfdt_error_new(XFDT_NOT_A_DUMP, 0,
					      "%s: not a part of a split set (makedumpfile --split)",
					      opening->inputs->dumps[0]->paths[0]);
		err = xfdt_parts_order(&opening->parts, &whole);
		return err ? err : add_dump(opening, whole);
	}
	if (!xfdt_parts_join(&opening->parts, &sets, &count))
		return xfdt_no_memory("the list of dumps");
	for (i = 0; i < count; i++) {
		struct xfdt_error *failed = add_dump(opening, sets[i]);

		if (failed && err)
			xfdt_error_free(failed);
		else if (failed)
			err = failed;
	}
	free(sets);
	return err;
}

static struct xfdt_error *open_all(struct opening *opening)
{
	const struct arguments *arguments = opening->arguments;
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; !err && i < arguments->path_count; i++)
		err = take_name(opening, arguments->paths[i]);
	return err ? err : take_parts(opening);
}

static struct xfdt_error *list_names(struct inputs *inputs)
{
	size_t i;

	inputs->names = calloc(inputs->count + 1, sizeof(*inputs->names));
	if (!inputs->names)
		return xfdt_no_memory("the list of dumps");
	for (i = 0; i < inputs->count; i++)
		inputs->names[i] = inputs->dumps[i]->paths[0];
	return NULL;
}

int inputs_init(struct inputs *inputs, const struct command *command, struct arguments *arguments)
{
	struct opening opening = {
		.arguments = arguments,
		.command = command->bit,
		.inputs = inputs,
		.shows = isatty(STDERR_FILENO) && !arguments->quiet,
	};
	struct xfdt_error *err;

	err = open_all(&opening);
	xfdt_parts_deinit(&opening.parts);
	if (!err)
		err = list_names(inputs);
	if (err) {
		if (arguments->format == FORMAT_JSON && !arguments->quiet)
			xfdt_error_free(xfdt_render_json_error(arguments->paths[0],
							       xfdt_error_message(err), stdout));
		return complain(err);
	}
	arguments->dumps = inputs->dumps;
	arguments->paths = inputs->names;
	arguments->path_count = inputs->count;
	if (arguments->split) {
		arguments->paths = (const char *const *)inputs->dumps[0]->paths;
		arguments->path_count = inputs->dumps[0]->path_count;
	}
	return -1;
}

void inputs_deinit(struct inputs *inputs)
{
	while (inputs->count)
		xfdt_found_free(inputs->dumps[--inputs->count]);
	free(inputs->dumps);
	free(inputs->names);
}
