/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One loop: it finds dumps, starts workers, takes in what they say, and stores it. */
#include "batch/batch.h"
#include "base/util.h"
#include "batch/answer.h"
#include "batch/unpacked.h"
#include "render/fields.h"
#include "render/render.h"
#include "store/run.h"
#include "verdict/precedence.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_MAX (64u << 20) /* bytes that a worker may say */
#define TICK_MS 100
#define PASSES 10     /* over folders in which files are renamed all the time */
#define NOTE_MS 10000 /* between two updates of the record */
#define SCAN_MS 20    /* of looking for dumps between two looks at the workers */
#define DEATH_MS 5000 /* after SIGKILL; one that hangs in the kernel does not even die */

#define UTC_SIZE 40

struct job {
	struct xfdt_found *found;	/* NULL: free */
	struct xfdt_unpacker *unpacker; /* of a packed file; NULL: it is a dump, and has the rest */
	pid_t pid;
	int pipe;
	char *text;
	size_t len, room;
	int64_t started, killed_at; /* ms; 0: not killed */
	struct rusage usage;	    /* once it is dead */
	bool silent;		    /* it has closed its end of the pipe */
	bool timed_out, flooded;
};

/* Those from @first up to @count wait. */
struct queue {
	struct xfdt_found **items;
	size_t first, count, room;
};

struct run {
	const struct xfdt_batch *batch;
	struct xfdt_batch_counts counts;
	struct xfdt_scan *scan;
	struct queue queue, hooks;
	struct queue logs;	 /* wait until what is packed beside them is unpacked */
	void *dump_folders;	 /* tsearch(3): folders that have a compressed dump */
	void *panics;		 /* tsearch(3): panic.id of the dumps that are done */
	bool dumps_done;	 /* what waits in @hooks is next */
	struct xfdt_parts parts; /* that were unpacked */
	struct job *jobs;
	struct pollfd *polls; /* one for each job, and the signals */
	sigset_t signals, before;
	int signal_fd, stopped_by;
	int64_t last_tick, last_note;
	bool gone; /* files that were found are not there any more */
	unsigned int passes;
	char *paths; /* of the record */
	char started[UTC_SIZE];
};

static void format_utc(char ret_text[UTC_SIZE])
{
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(ret_text, UTC_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* the record */

/* @paths, escaped, one a line; NULL: out of memory. */
static char *list_paths(const char *const *paths, size_t count)
{
	char escaped[4 * PATH_MAX], *text = NULL;
	size_t len = 0, i;
	FILE *out;

	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	for (i = 0; i < count; i++) {
		xfdt_escape(paths[i], escaped, sizeof(escaped));
		fprintf(out, "%s%s", i ? "\n" : "", escaped);
	}
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* Store how far this run is. */
static struct xfdt_error *note_run(struct run *run, enum xfdt_run_status status)
{
	char ended[UTC_SIZE] = "";
	const struct xfdt_run record = {
		.paths = run->paths,
		.shard = run->batch->shard,
		.shards = run->batch->shards,
		.status = status,
		.started = run->started,
		.ended = ended,
		.files = (int64_t)run->counts.scan->entries,
		.found = (int64_t)run->counts.found,
		.done = (int64_t)run->counts.done,
		.unread = (int64_t)run->counts.scan->folders,
		.version = run->batch->version,
	};

	if (status != XFDT_RUN_STARTED)
		format_utc(ended);
	run->last_note = xfdt_now_ms();
	return xfdt_store_put_run(run->batch->store, &record);
}

/* results */

/* True, and which it is, for the exit codes that a verdict has. */
static bool verdict_of(int exit_code, enum xfdt_verdict_kind *ret_kind)
{
	const int kind = xfdt_exit_kind(exit_code);

	if (kind < 0 || kind == XFDT_NO_VERDICT)
		return false;
	*ret_kind = (enum xfdt_verdict_kind)kind;
	return true;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Put @text, which is taken over and may be NULL, into @set, which is of tsearch(3). */
static struct xfdt_error *remember(void **set, char *text)
{
	char **entry = text ? tsearch(text, set, compare_texts) : NULL;

	if (!entry || *entry != text)
		free(text);
	return entry ? NULL : xfdt_no_memory("the batch");
}

/* A dump in the paths that was triaged counts in place of what the hook for kdump said of the same panic. */
static bool is_joined(const struct run *run, const struct xfdt_result *result)
{
	return result->source == XFDT_SOURCE_HOOK && *result->panic &&
	       tfind(result->panic, &run->panics, compare_texts);
}

static struct xfdt_error *count_done(struct run *run, const struct xfdt_result *result, bool known)
{
	struct xfdt_error *err = NULL;
	enum xfdt_verdict_kind kind;

	if (is_joined(run, result)) {
		run->counts.found--;
		run->counts.joined++;
		return NULL;
	}
	if (result->source == XFDT_SOURCE_TRIAGE && *result->panic)
		err = remember(&run->panics, strdup(result->panic));
	run->counts.hooks += result->source == XFDT_SOURCE_HOOK;
	run->counts.done++;
	run->counts.known += known;
	run->counts.ended[result->ended]++;
	if (result->ended == XFDT_ENDED_OK && verdict_of(result->exit_code, &kind))
		run->counts.verdicts[kind]++;
	run->batch->tell(run->batch->context, result, known);
	return err;
}

/* what was renamed or deleted */

static bool is_missing(const char *path)
{
	struct stat status;

	return lstat(path, &status) && (errno == ENOENT || errno == ENOTDIR);
}

/* A member of an archive, "ARCHIVE!MEMBER", is gone with the archive. */
static bool is_gone(const char *path)
{
	const char *mark;

	if (!is_missing(path))
		return false;
	for (mark = strchr(path, '!'); mark; mark = strchr(mark + 1, '!')) {
		char *archive = strndup(path, (size_t)(mark - path));
		bool there = !archive || !is_missing(archive);

		free(archive);
		if (there)
			return false;
	}
	return true;
}

/* Is one of its files gone?  Then it may be there under another name, so look again. */
static bool has_gone(struct run *run, const struct xfdt_found *found)
{
	bool gone = false;
	size_t i;

	for (i = 0; i < found->path_count; i++)
		gone |= is_gone(found->paths[i]);
	for (i = 0; gone && i < found->path_count; i++)
		xfdt_scan_forget(run->scan, found->paths[i]);
	run->gone |= gone;
	return gone;
}

/* Forget the result of the file in the folder of @path that is called @name, if that file is gone. */
static struct xfdt_error *forget_beside(struct run *run, const char *path, const char *name)
{
	struct xfdt_error *err = NULL;
	char *former;

	if (asprintf(&former, "%.*s/%s", (int)(strrchr(path, '/') - path), path, name) < 0)
		return xfdt_no_memory("the batch");
	if (is_gone(former))
		err = xfdt_store_forget(run->batch->store, former, strlen(former));
	free(former);
	return err;
}

/* Forget what @path was called while kdump wrote it: kdump-utils, kdump-tools, others, the hook. */
static struct xfdt_error *forget_incomplete(struct run *run, const char *path)
{
	char own[NAME_MAX + 16], part[NAME_MAX + 16];
	const char *const names[] = { "vmcore-incomplete", "dump-incomplete", own, part };
	struct xfdt_error *err = NULL;
	size_t i;

	snprintf(own, sizeof(own), "%s-incomplete", strrchr(path, '/') + 1);
	snprintf(part, sizeof(part), "%s.part", strrchr(path, '/') + 1);
	for (i = 0; !err && i < COUNT(names); i++)
		err = forget_beside(run, path, names[i]);
	return err;
}

/* Store @result, to which what is known of @found is added. */
static struct xfdt_error *record(struct run *run, const struct xfdt_found *found,
				 struct xfdt_result *result)
{
	struct xfdt_error *err = NULL;
	char finished[UTC_SIZE];
	size_t i;

	format_utc(finished);
	result->path = found->paths[0];
	result->path_len = strlen(found->paths[0]);
	result->identity = found->identity;
	result->size = found->size;
	result->mtime_ns = found->mtime_ns;
	result->finished = finished;
	result->version = run->batch->version;
	if (!result->panic)
		result->panic = "";
	result->source = found->is_hook ? XFDT_SOURCE_HOOK : XFDT_SOURCE_TRIAGE;
	result->tries = 1;
	/* of a set that was incomplete, another part may have been the first */
	for (i = 1; !err && i < found->path_count; i++)
		err = xfdt_store_forget(run->batch->store, found->paths[i],
					strlen(found->paths[i]));
	if (!err)
		err = forget_incomplete(run, found->paths[0]);
	if (!err)
		err = xfdt_store_put(run->batch->store, result);
	return err ? err : count_done(run, result, false);
}

/* A hook for kdump has no verdict, and beside its file is the dump. */
static struct xfdt_error *leave_to_dump(struct run *run, const struct xfdt_found *found)
{
	run->counts.found--;
	run->counts.joined++;
	return xfdt_store_forget(run->batch->store, found->paths[0], strlen(found->paths[0]));
}

/* @found has no verdict; @message says why. */
static struct xfdt_error *record_failure(struct run *run, const struct xfdt_found *found,
					 enum xfdt_ended ended, const char *message,
					 const char *confined, int64_t wall_ms)
{
	struct xfdt_result result = {
		.ended = ended,
		.verdict = "error",
		.exit_code = XFDT_EXIT_ERROR,
		.confined = confined,
		.wall_ms = wall_ms,
	};
	struct xfdt_error *err;
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (has_gone(run, found)) {
		run->counts.found--;
		return NULL;
	}
	out = open_memstream(&text, &len);
	if (!out)
		return xfdt_no_memory("the batch");
	err = xfdt_render_json_error(found->paths[0], message, out);
	if (fclose(out) && !err)
		err = xfdt_no_memory("the batch");
	if (!err) {
		if (len && text[len - 1] == '\n')
			text[len - 1] = '\0';
		result.json = text;
		err = record(run, found, &result);
	}
	free(text);
	return err;
}

/* jobs */

/* Take in what the worker has said so far. */
static struct xfdt_error *take_output(struct job *job)
{
	ssize_t got;

	for (;;) {
		if (job->room - job->len < 4096) {
			size_t room = job->room ? 2 * job->room : 16384;
			char *text = realloc(job->text, room);

			if (!text)
				return xfdt_no_memory("the batch");
			job->text = text;
			job->room = room;
		}
		/* one byte is left for a NUL */
		got = read(job->pipe, job->text + job->len, job->room - job->len - 1);
		if (got <= 0) {
			job->silent = !got;
			return NULL;
		}
		job->len += (size_t)got;
		if (job->len > OUTPUT_MAX) {
			job->flooded = true;
			job->len = 0;
		}
	}
}

static void kill_job(struct job *job)
{
	if (job->killed_at)
		return;
	kill(job->pid, SIGKILL);
	job->killed_at = xfdt_now_ms();
}

static void release_job(struct run *run, struct job *job)
{
	if (job->unpacker)
		xfdt_unpacker_free(job->unpacker);
	else
		close(job->pipe);
	free(job->text);
	xfdt_found_free(job->found);
	*job = (struct job){ 0 };
	run->counts.running--;
}

/* How @job ended, if not with an exit code that it may have. */
static enum xfdt_ended ended_early(const struct run *run, const struct job *job, int status,
				   char *ret_message, size_t size)
{
	const char *why = "the file is damaged, or this is a bug";
	int code;

	if (job->flooded) {
		snprintf(ret_message, size, "its report is over %u MiB; %s", OUTPUT_MAX >> 20, why);
		return XFDT_ENDED_ERROR;
	}
	if (job->timed_out) {
		snprintf(ret_message, size,
			 "not done after %lld seconds, most of which it waited: storage or machine are slow; --timeout gives it more",
			 xfdt_worker_wall_ms(run->batch->seconds) / 1000);
		return XFDT_ENDED_TIMEOUT;
	}
	if (xfdt_worker_ran_out(run->batch->seconds, status, &job->usage)) {
		xfdt_worker_say_ran_out(run->batch->seconds, "--timeout gives it more", ret_message,
					size);
		return XFDT_ENDED_TIMEOUT;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		snprintf(ret_message, size,
			 "reading it was killed; the machine's memory may be short");
		return XFDT_ENDED_KILLED;
	}
	if (WIFSIGNALED(status)) {
		snprintf(ret_message, size, "reading it ended with %s; %s",
			 strsignal(WTERMSIG(status)), why);
		return XFDT_ENDED_KILLED;
	}
	if (xfdt_worker_ended(status, &code) && code == XFDT_WORKER_NO_MEMORY) {
		snprintf(ret_message, size, "not possible within %llu MiB; --memory gives it more",
			 ull(run->batch->memory) >> 20);
		return XFDT_ENDED_NO_MEMORY;
	}
	snprintf(ret_message, size, "its report is missing; %s", why);
	return XFDT_ENDED_ERROR;
}

/* The worker of @job is dead: @status is from waitpid(2). */
static struct xfdt_error *finish_job(struct run *run, struct job *job, int status)
{
	int64_t wall_ms = xfdt_now_ms() - job->started;
	struct xfdt_error *err = take_output(job);
	struct xfdt_result result = { .wall_ms = wall_ms };
	enum xfdt_verdict_kind kind = XFDT_INCONCLUSIVE;
	struct xfdt_answer answer;
	bool answered = false;
	char message[256];
	int code;

	if (!err && xfdt_worker_ended(status, &code) && !job->flooded &&
	    (code == XFDT_EXIT_ERROR || verdict_of(code, &kind)))
		answered = xfdt_answer_parse(job->text, job->len, &answer);
	if (answered && code == XFDT_EXIT_ERROR && has_gone(run, job->found)) {
		run->counts.found--;
	} else if (answered && code == XFDT_EXIT_ERROR && job->found->beside_dump) {
		err = leave_to_dump(run, job->found);
	} else if (answered) {
		result.exit_code = code;
		result.ended = result.exit_code == XFDT_EXIT_ERROR ? XFDT_ENDED_ERROR :
								     XFDT_ENDED_OK;
		result.verdict = result.ended == XFDT_ENDED_OK ? xfdt_verdict_name(kind) : "error";
		result.json = answer.json;
		result.confined = answer.confined;
		result.panic = answer.panic;
		err = record(run, job->found, &result);
	} else if (!err) {
		enum xfdt_ended ended = ended_early(run, job, status, message, sizeof(message));
		char *newline = job->len ? memchr(job->text, '\n', job->len) : NULL;

		if (newline)
			*newline = '\0';
		err = record_failure(run, job->found, ended, message,
				     newline ? job->text : "unknown", wall_ms);
	}
	release_job(run, job);
	return err;
}

/* Start to unpack @found, which it takes over; false: errno says why not. */
static bool start_unpacker(struct run *run, struct job *job, struct xfdt_found *found)
{
	int fd = open(found->paths[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct xfdt_error *err;
	int reason;

	/* it was there a moment ago */
	if (fd < 0)
		return false;
	*job = (struct job){ .found = found };
	err = xfdt_unpacker_new(&job->unpacker, fd, found->paths[0], run->batch->folder,
				XFDT_UNPACK_DUMPS | XFDT_UNPACK_LOGS | XFDT_UNPACK_HOOKS,
				&run->batch->unpack);
	reason = errno;
	close(fd);
	if (err) {
		errno = xfdt_error_code(err) == XFDT_NO_MEMORY ? ENOMEM : reason;
		xfdt_error_free(err);
		*job = (struct job){ 0 };
		return false;
	}
	run->counts.running++;
	return true;
}

/* Start a worker for @found, which it takes over; false if no process can be started now. */
static bool start_job(struct run *run, struct job *job, struct xfdt_found *found)
{
	const struct xfdt_batch *batch = run->batch;
	const struct xfdt_limits limits = { .memory = batch->memory, .seconds = batch->seconds };
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC))
		return false;
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	*job = (struct job){ .found = found, .pipe = pipes[0], .started = xfdt_now_ms() };
	job->pid = xfdt_worker_fork(&limits);
	if (!job->pid) {
		if (!xfdt_worker_detach(-1, pipes[1], found->fds,
					found->fds ? found->path_count : 0))
			raise(SIGKILL);
		sigprocmask(SIG_SETMASK, &run->before, NULL);
		batch->work(batch->context, found);
		raise(SIGKILL);
	}
	close(pipes[1]);
	if (job->pid < 0) {
		close(pipes[0]);
		*job = (struct job){ 0 };
		return false;
	}
	run->counts.running++;
	return true;
}

/* the queue */

/* @found is taken over; one that was unpacked goes first, so that its space is free again soon. */
static struct xfdt_error *enqueue(struct queue *queue, struct xfdt_found *found)
{
	size_t place;

	if (queue->count == queue->room) {
		size_t room = queue->room ? 2 * queue->room : 256;
		struct xfdt_found **items = realloc(queue->items, room * sizeof(*items));

		if (!items) {
			xfdt_found_free(found);
			return xfdt_no_memory("the batch");
		}
		queue->items = items;
		queue->room = room;
	}
	place = found->fds ? queue->first : queue->count;
	memmove(queue->items + place + 1, queue->items + place,
		(queue->count - place) * sizeof(*queue->items));
	queue->items[place] = found;
	queue->count++;
	return NULL;
}

static void queue_deinit(struct queue *queue)
{
	for (; queue->first < queue->count; queue->first++)
		xfdt_found_free(queue->items[queue->first]);
	free(queue->items);
}

static bool has_waiting(const struct queue *queue)
{
	return queue->first < queue->count;
}

struct question {
	struct run *run;
	const struct xfdt_found *found;
	bool known;
};

/* Is what the store has of this path still true of the file? */
static struct xfdt_error *compare_known(void *context, const struct xfdt_result *result)
{
	struct question *question = context;
	const struct xfdt_found *found = question->found;
	enum xfdt_verdict_kind kind;

	/* copies share their identity, also one that was damaged in the middle: so the path and the time count, too */
	if (strcmp(result->identity, found->identity) || result->mtime_ns != found->mtime_ns ||
	    result->size != found->size)
		return NULL;
	if (result->ended == XFDT_ENDED_OK ? !verdict_of(result->exit_code, &kind) :
					     question->run->batch->retry_failed)
		return NULL;
	question->known = true;
	return count_done(question->run, result, true);
}

/* @found is taken over. */
static struct xfdt_error *take_found(struct run *run, struct xfdt_found *found)
{
	const struct xfdt_batch *batch = run->batch;
	struct question question = { run, found, false };
	struct xfdt_error *err = NULL;

	if (found->packed)
		return enqueue(&run->queue, found);
	if (found->beside_packed)
		return enqueue(&run->logs, found);
	/*
	 * Which of them no dump answers for is known when all dumps are done.  What was unpacked
	 * does not wait: each would hold an open file.
	 */
	if (found->is_hook && !found->fds && !run->dumps_done)
		return enqueue(&run->hooks, found);
	run->counts.found++;
	if (!batch->force)
		err = xfdt_store_get(batch->store, found->paths[0], strlen(found->paths[0]),
				     compare_known, &question);
	if (!err && !question.known) {
		if (!found->problem)
			return enqueue(&run->queue, found);
		err = record_failure(run, found, XFDT_ENDED_ERROR, found->problem,
				     "none: not opened", 0);
	}
	xfdt_found_free(found);
	return err;
}

/* packed files */

static struct xfdt_error *record_problem(struct run *run, struct xfdt_found *found)
{
	struct xfdt_error *err;

	run->counts.found++;
	err = record_failure(run, found, XFDT_ENDED_ERROR, found->problem, "none: not opened", 0);
	xfdt_found_free(found);
	return err;
}

/* Has the folder of @path a compressed dump? */
static bool has_dump_beside(const struct run *run, const char *path)
{
	char *folder = strndup(path, xfdt_folder_len(path));
	bool has = folder && tfind(folder, &run->dump_folders, compare_texts);

	free(folder);
	return has;
}

/* All is unpacked: a log that waited belongs to a dump beside it, or is a result of its own. */
static struct xfdt_error *release_logs(struct run *run)
{
	struct xfdt_error *err = NULL;

	while (!err && has_waiting(&run->logs)) {
		struct xfdt_found *log = run->logs.items[run->logs.first++];

		log->beside_packed = false;
		if (has_dump_beside(run, log->paths[0]))
			xfdt_found_free(log);
		else
			err = take_found(run, log);
	}
	return err;
}

/* All that came of @job, a packed file: dumps and logs, which are next, and what could not be unpacked. */
static struct xfdt_error *finish_unpacking(struct run *run, struct job *job)
{
	struct xfdt_haul haul = { 0 };
	struct xfdt_error *err;
	size_t i;

	err = xfdt_haul_init(&haul, job->unpacker, &run->parts);
	run->counts.without += !err && !haul.count && !haul.parts;
	for (i = 0; !err && i < haul.count; i++) {
		struct xfdt_found *found = haul.items[i];

		haul.items[i] = NULL;
		found->mtime_ns = job->found->mtime_ns;
		if (!found->problem && !found->is_log && !found->is_hook &&
		    !strcmp(found->paths[0], job->found->paths[0]))
			err = remember(&run->dump_folders,
				       strndup(found->paths[0], xfdt_folder_len(found->paths[0])));
		if (err) {
			xfdt_found_free(found);
			break;
		}
		/* it was tried just now, perhaps with other limits: what is stored of it is outdated */
		err = found->problem ? record_problem(run, found) : take_found(run, found);
	}
	xfdt_haul_deinit(&haul);
	release_job(run, job);
	return err;
}

static struct xfdt_error *tend_unpacker(struct run *run, struct job *job)
{
	struct xfdt_error *err;
	bool more;

	err = xfdt_unpacker_step(job->unpacker, &more);
	return err || more ? err : finish_unpacking(run, job);
}

/* Parts that were unpacked may be from any of the packed files, so they are joined last. */
static struct xfdt_error *join_unpacked(struct run *run)
{
	struct xfdt_error *err = NULL;
	struct xfdt_found **sets;
	size_t count, i;

	if (!xfdt_parts_join(&run->parts, &sets, &count))
		return xfdt_no_memory("the batch");
	for (i = 0; i < count; i++) {
		if (err)
			xfdt_found_free(sets[i]);
		else
			err = take_found(run, sets[i]);
	}
	free(sets);
	return err;
}

/* Look for dumps for a moment. */
static struct xfdt_error *scan_some(struct run *run)
{
	int64_t until = xfdt_now_ms() + SCAN_MS;
	struct xfdt_error *err = NULL;

	while (!err && run->counts.scanning && xfdt_now_ms() < until) {
		struct xfdt_found *found;

		err = xfdt_scan_step(run->scan, &found, &run->counts.scanning);
		if (!err && found)
			err = take_found(run, found);
	}
	return err;
}

/* It is packed, and has gone or been locked since it was found; false: out of memory, too. */
static bool is_locked(struct xfdt_found *found)
{
	if (!found->packed || !access(found->paths[0], R_OK))
		return false;
	found->problem = strdup(strerror(errno));
	return found->problem != NULL;
}

static bool start_any(struct run *run, struct job *job, struct xfdt_found *found)
{
	return found->packed ? start_unpacker(run, job, found) : start_job(run, job, found);
}

static struct xfdt_error *start_jobs(struct run *run)
{
	struct xfdt_error *err = NULL;
	unsigned int i;

	for (i = 0; !err && i < run->batch->jobs && run->queue.first < run->queue.count; i++) {
		struct xfdt_found *found = run->queue.items[run->queue.first];

		if (run->jobs[i].found)
			continue;
		if (is_locked(found)) {
			run->queue.first++;
			err = record_problem(run, found);
			continue;
		}
		if (!start_any(run, &run->jobs[i], found)) {
			/* others may end and make room */
			return run->counts.running ?
				       NULL :
				       xfdt_error_new(XFDT_SYSTEM, 0, "cannot start a process: %s",
						      strerror(errno));
		}
		run->queue.first++;
	}
	return err;
}

/* the loop */

static void take_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			run->stopped_by = (int)info.ssi_signo;
}

/* Take in what workers say, and those that have ended. */
static struct xfdt_error *tend_jobs(struct run *run)
{
	struct xfdt_error *err = NULL;
	unsigned int i;

	for (i = 0; !err && i < run->batch->jobs; i++) {
		struct job *job = &run->jobs[i];
		int status;
		pid_t pid;

		if (!job->found)
			continue;
		if (job->unpacker) {
			err = tend_unpacker(run, job);
			continue;
		}
		pid = wait4(job->pid, &status, WNOHANG, &job->usage);
		if (pid == job->pid) {
			err = finish_job(run, job, status);
			continue;
		}
		err = take_output(job);
		if (xfdt_now_ms() - job->started > xfdt_worker_wall_ms(run->batch->seconds))
			job->timed_out = true;
		if (job->timed_out || job->flooded)
			kill_job(job);
		if (!err && job->killed_at && xfdt_now_ms() - job->killed_at > DEATH_MS)
			err = finish_job(run, job, SIGKILL);
	}
	return err;
}

/* -1: there is nothing to wait for. */
static int input_of(const struct job *job)
{
	if (!job->found || job->silent)
		return -1;
	return job->unpacker ? xfdt_unpacker_fd(job->unpacker) : job->pipe;
}

/* Wait until there is something to do; not at all while there is more to find. */
static void wait_for_something(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->batch->jobs; i++)
		run->polls[i] = (struct pollfd){
			.fd = input_of(&run->jobs[i]),
			.events = POLLIN,
		};
	run->polls[i] = (struct pollfd){ .fd = run->signal_fd, .events = POLLIN };
	poll(run->polls, run->batch->jobs + 1, run->counts.scanning ? 0 : TICK_MS);
}

static void tick(struct run *run, bool last)
{
	int64_t now = xfdt_now_ms();

	if (!last && now - run->last_tick < TICK_MS)
		return;
	run->last_tick = now;
	run->batch->progress(run->batch->context, &run->counts);
}

static bool is_busy(const struct run *run)
{
	return run->counts.scanning || run->counts.running || run->queue.first < run->queue.count;
}

/* What was renamed is looked for once more, under its new name. */
static bool scan_again(struct run *run)
{
	if ((!run->gone && !run->counts.scan->vanished) || ++run->passes == PASSES)
		return false;
	run->gone = false;
	xfdt_scan_again(run->scan);
	run->counts.scanning = true;
	return true;
}

static bool has_work(struct run *run)
{
	return is_busy(run) || run->parts.count || has_waiting(&run->logs) || scan_again(run) ||
	       has_waiting(&run->hooks);
}

/* All dumps are done: take the answers of hooks. */
static struct xfdt_error *take_hooks(struct run *run)
{
	struct xfdt_error *err = NULL;

	run->dumps_done = true;
	while (!err && has_waiting(&run->hooks))
		err = take_found(run, run->hooks.items[run->hooks.first++]);
	return err;
}

/* Nothing runs: what waits is next, one after the other. */
static struct xfdt_error *take_waiting(struct run *run)
{
	if (run->parts.count)
		return join_unpacked(run);
	if (has_waiting(&run->logs))
		return release_logs(run);
	return take_hooks(run);
}

static struct xfdt_error *loop(struct run *run)
{
	struct xfdt_error *err = NULL;

	while (!err && !run->stopped_by && has_work(run)) {
		if (!is_busy(run))
			err = take_waiting(run);
		if (!err)
			err = start_jobs(run);
		if (!err)
			err = scan_some(run);
		if (err)
			break;
		wait_for_something(run);
		take_signals(run);
		err = tend_jobs(run);
		if (!err && xfdt_now_ms() - run->last_note > NOTE_MS)
			err = note_run(run, XFDT_RUN_STARTED);
		tick(run, false);
	}
	return err;
}

/* Forget what is gone from the folders that were read whole. */
static struct xfdt_error *prune(struct run *run)
{
	struct xfdt_error *err = NULL;
	uint64_t count = 0;
	size_t i;

	for (i = 0; !err && i < run->batch->path_count; i++) {
		const char *folder = xfdt_scan_whole(run->scan, i);

		if (folder)
			err = xfdt_store_prune(run->batch->store, folder, is_gone, &count);
		run->counts.pruned += count;
		count = 0;
	}
	return err;
}

/* What was started and is not done comes to nothing. */
static void end_jobs(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->batch->jobs; i++) {
		if (run->jobs[i].unpacker)
			release_job(run, &run->jobs[i]);
		else if (run->jobs[i].found)
			kill_job(&run->jobs[i]);
	}
	for (i = 0; i < run->batch->jobs; i++) {
		struct job *job = &run->jobs[i];

		while (job->found && !waitpid(job->pid, NULL, WNOHANG) &&
		       xfdt_now_ms() - job->killed_at < DEATH_MS)
			poll(NULL, 0, 1);
		if (job->found)
			release_job(run, job);
	}
}

/* Those to take notice of; nohup(1) and shells ignore some for the processes they start. */
static void choose_signals(sigset_t *ret_signals)
{
	static const int stops[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	size_t i;

	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGCHLD);
	for (i = 0; i < COUNT(stops); i++)
		if (!sigaction(stops[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(ret_signals, stops[i]);
	/* ignored, it would leave nothing to wait for */
	signal(SIGCHLD, SIG_DFL);
}

static struct xfdt_error *set_up(struct run *run)
{
	const struct xfdt_batch *batch = run->batch;
	const struct xfdt_scan_options options = {
		.paths = batch->paths,
		.path_count = batch->path_count,
		.shard = batch->shard,
		.shards = batch->shards,
		.settle = batch->settle,
		.complain = batch->complain,
		.context = batch->context,
	};

	choose_signals(&run->signals);
	run->jobs = calloc(batch->jobs, sizeof(*run->jobs));
	run->polls = calloc(batch->jobs + 1, sizeof(*run->polls));
	run->paths = list_paths(batch->paths, batch->path_count);
	format_utc(run->started);
	if (!run->jobs || !run->polls || !run->paths)
		return xfdt_no_memory("the batch");
	run->signal_fd = signalfd(-1, &run->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->signal_fd < 0 || sigprocmask(SIG_BLOCK, &run->signals, &run->before))
		return xfdt_error_new(XFDT_SYSTEM, 0, "signalfd: %s", strerror(errno));
	return xfdt_scan_new(&run->scan, &options);
}

static void tear_down(struct run *run)
{
	queue_deinit(&run->queue);
	queue_deinit(&run->hooks);
	tdestroy(run->panics, free);
	xfdt_parts_deinit(&run->parts);
	queue_deinit(&run->logs);
	tdestroy(run->dump_folders, free);
	xfdt_scan_free(run->scan);
	if (run->signal_fd >= 0) {
		sigprocmask(SIG_SETMASK, &run->before, NULL);
		close(run->signal_fd);
	}
	free(run->jobs);
	free(run->polls);
	free(run->paths);
}

struct xfdt_error *xfdt_batch_run(const struct xfdt_batch *batch,
				  struct xfdt_batch_counts *ret_counts,
				  struct xfdt_scan_counts *ret_scan, int *ret_signal)
{
	struct run run = { .batch = batch, .signal_fd = -1, .counts.scanning = true };
	struct xfdt_error *err;

	err = set_up(&run);
	if (!err) {
		run.counts.scan = xfdt_scan_counts(run.scan);
		err = note_run(&run, XFDT_RUN_STARTED);
	}
	if (!err) {
		err = loop(&run);
		end_jobs(&run);
		tick(&run, true);
	}
	if (!err && !run.stopped_by && batch->prune)
		err = prune(&run);
	if (!err)
		err = note_run(&run, run.stopped_by ? XFDT_RUN_INTERRUPTED : XFDT_RUN_COMPLETE);
	if (!err) {
		*ret_scan = *run.counts.scan;
		*ret_counts = run.counts;
		ret_counts->scan = ret_scan;
		*ret_signal = run.stopped_by;
	}
	tear_down(&run);
	return err;
}

/* Could something not be looked at? */
static bool has_failed(const struct xfdt_batch_counts *counts)
{
	return counts->done > counts->ended[XFDT_ENDED_OK] || counts->scan->folders;
}

/* Is there a result of that kind?  An unlisted folder, and a run without results, count as no verdict. */
static bool has_result(const struct xfdt_batch_counts *counts, int kind)
{
	if (kind == XFDT_NO_VERDICT)
		return has_failed(counts) || !counts->done;
	return counts->verdicts[kind];
}

int xfdt_batch_exit(const struct xfdt_batch_counts *counts)
{
	size_t rank;

	/* all dumps are in other shards: those decide */
	if (!counts->done && !has_failed(counts) && counts->scan->elsewhere)
		return xfdt_verdict_exit(XFDT_NOT_APPLICABLE);
	for (rank = 0; rank < XFDT_RESULT_KINDS; rank++)
		if (has_result(counts, xfdt_kind_at(XFDT_COLLECTED, rank)))
			return xfdt_kind_exit(xfdt_kind_at(XFDT_COLLECTED, rank));
	return XFDT_EXIT_ERROR;
}

int xfdt_batch_exit_ran(const struct xfdt_batch_counts *counts)
{
	return has_failed(counts) ? XFDT_EXIT_ERROR : 0;
}
