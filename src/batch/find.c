/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk with fts(3), in which only regular files are ever opened. */
#include "batch/find.h"
#include "base/util.h"
#include "batch/beside.h"
#include "dump/identify.h"
#include "batch/split.h"
#include "triage/session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What came of one of the paths. */
struct root {
	char *folder; /* absolute; NULL: it is none */
	bool unread;  /* something in it could not be read */
	bool entries; /* it is not empty */
};

struct xfdt_scan {
	struct xfdt_scan_options options;
	size_t next_path;
	struct xfdt_scan_counts counts;
	FTS *walk;	    /* within a folder; NULL: between two of @paths */
	size_t root_len;    /* of that folder's path */
	struct root *roots; /* of each path */
	void *seen;	    /* tsearch(3): paths of dumps */
	bool again;	    /* those of an earlier pass are among them */
	struct xfdt_parts parts;
	struct xfdt_beside beside; /* of the last log */
	bool sets_made;
	struct xfdt_found **sets;
	size_t set_count, next_set;
};

/* files */

static int compare_paths(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Was @path not met before? */
static bool is_new(struct xfdt_scan *scan, const char *path, struct xfdt_error **err)
{
	char *copy = strdup(path), **entry;

	entry = copy ? tsearch(copy, &scan->seen, compare_paths) : NULL;
	if (!entry) {
		free(copy);
		*err = xfdt_no_memory("the list of dumps");
		return false;
	}
	if (*entry == copy)
		return true;
	free(copy);
	scan->counts.repeated += !scan->again;
	return false;
}

static int64_t mtime_of(const struct stat *status)
{
	return status->st_mtim.tv_sec * 1000000000ll + status->st_mtim.tv_nsec;
}

/* A result to be for @path; *@ret_found is NULL if it was met before. */
static struct xfdt_error *new_found(struct xfdt_scan *scan, const char *path,
				    const struct stat *status, const char *name,
				    struct xfdt_found **ret_found)
{
	struct xfdt_error *err = NULL;
	struct xfdt_found *found;

	*ret_found = NULL;
	if (!is_new(scan, path, &err))
		return err;
	found = xfdt_found_new(path);
	if (!found)
		return xfdt_no_memory("the list of dumps");
	found->size = status->st_size;
	found->mtime_ns = mtime_of(status);
	found->name = strdup(name);
	if (!found->name) {
		xfdt_found_free(found);
		return xfdt_no_memory("the list of dumps");
	}
	*ret_found = found;
	return NULL;
}

/* Was the file changed a moment ago?  A time in the future does not count. */
static bool is_young(const struct xfdt_scan *scan, const struct stat *status)
{
	const time_t age = time(NULL) - status->st_mtim.tv_sec;

	return labs(age) < (time_t)scan->options.settle;
}

/* A file that may be a dump or not: somebody has to look. */
static struct xfdt_error *take_unreadable(struct xfdt_scan *scan, const char *path,
					  const struct stat *status, const char *name,
					  const char *why, struct xfdt_found **ret_found)
{
	struct xfdt_found *found = NULL;
	struct xfdt_error *err;

	err = new_found(scan, path, status, name, &found);
	if (err || !found)
		return err;
	/* not a copy of another file */
	found->identity = strdup("");
	found->problem = strdup(why);
	if (!found->identity || !found->problem) {
		xfdt_found_free(found);
		return xfdt_no_memory("the list of dumps");
	}
	*ret_found = found;
	return NULL;
}

static struct xfdt_error *take_dump(struct xfdt_scan *scan, const char *path,
				    const struct stat *status, const char *name,
				    const struct xfdt_file *file, struct xfdt_found **ret_found)
{
	struct xfdt_found *found = NULL;
	struct xfdt_error *err;

	err = new_found(scan, path, status, name, &found);
	if (err || !found)
		return err;
	found->identity = xfdt_file_identity(found->size, file->build_id, file->hash);
	if (!found->identity) {
		xfdt_found_free(found);
		return xfdt_no_memory("the list of dumps");
	}
	found->is_hook = file->kind == XFDT_FILE_HOOK;
	found->packed = file->kind == XFDT_FILE_PACKED;
	scan->counts.packed += found->packed;
	if (file->kind != XFDT_FILE_PART) {
		*ret_found = found;
		return NULL;
	}
	scan->counts.parts++;
	return xfdt_parts_add(&scan->parts, found, file) ? NULL :
							   xfdt_no_memory("the list of dumps");
}

static struct xfdt_error *take_hook(struct xfdt_scan *scan, const char *path,
				    const struct stat *status, const char *name,
				    const struct xfdt_file *file, struct xfdt_found **ret_found)
{
	struct xfdt_error *err;

	err = take_dump(scan, path, status, name, file, ret_found);
	if (err || !*ret_found)
		return err;
	err = xfdt_beside_look(&scan->beside, path);
	(*ret_found)->beside_dump = scan->beside.has_dump;
	if (err) {
		xfdt_found_free(*ret_found);
		*ret_found = NULL;
	}
	return err;
}

/* Make @found, which is one part of a log in pstore, all of them. */
static bool join_log(struct xfdt_found *found, const struct xfdt_beside *beside)
{
	char **paths = realloc(found->paths, beside->part_count * sizeof(*paths));
	struct stat status;
	size_t i;

	if (!paths)
		return false;
	found->paths = paths;
	for (i = 1; i < beside->part_count; i++) {
		paths[i] = strdup(beside->parts[i]);
		if (!paths[i])
			return false;
		found->path_count++;
		if (stat(paths[i], &status))
			continue;
		found->size += status.st_size;
		found->mtime_ns =
			(int64_t)((uint64_t)found->mtime_ns + (uint64_t)mtime_of(&status));
	}
	return true;
}

/* A file that is not a dump.  A kernel log counts if its folder has no dump; parts of a pstore log count together. */
static struct xfdt_error *take_log(struct xfdt_scan *scan, const char *path,
				   const struct stat *status, const char *name,
				   const struct xfdt_file *file, struct xfdt_found **ret_found)
{
	bool is_log = xfdt_is_log_file(path), is_part = is_log && xfdt_is_pstore_file(path);
	struct xfdt_found *found = NULL;
	struct xfdt_error *err = NULL;

	if (is_log)
		err = xfdt_beside_look(&scan->beside, path);
	if (err)
		return err;
	if (!is_log || scan->beside.has_dump ||
	    (is_part && scan->beside.part_count && strcmp(path, scan->beside.parts[0]))) {
		scan->counts.others++;
		return NULL;
	}
	err = new_found(scan, path, status, name, &found);
	if (err || !found)
		return err;
	found->is_log = true;
	found->beside_packed = scan->beside.has_packed;
	if (!is_part || !scan->beside.part_count || join_log(found, &scan->beside))
		found->identity = xfdt_file_identity(found->size, "log", file->hash);
	if (!found->identity) {
		xfdt_found_free(found);
		return xfdt_no_memory("the list of dumps");
	}
	*ret_found = found;
	return NULL;
}

/* @path is a regular file, or was a moment ago. */
static struct xfdt_error *look_at_file(struct xfdt_scan *scan, const char *path, const char *name,
				       struct xfdt_found **ret_found)
{
	struct xfdt_error *err = NULL;
	struct xfdt_file file;
	struct stat status;
	int fd;

	/* what is behind the name may change: never wait for a FIFO, never take a terminal */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		int reason = errno;

		if (reason == ENOENT || stat(path, &status)) {
			scan->counts.vanished++;
			return NULL;
		}
		scan->counts.files++;
		return take_unreadable(scan, path, &status, name, strerror(reason), ret_found);
	}
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		scan->counts.special++;
		goto out;
	}
	if (is_young(scan, &status)) {
		scan->counts.young++;
		goto out;
	}
	scan->counts.files++;
	err = xfdt_identify(fd, &file);
	if (err) {
		struct xfdt_error *cause = err;

		err = take_unreadable(scan, path, &status, name, xfdt_error_message(cause),
				      ret_found);
		xfdt_error_free(cause);
		goto out;
	}
	switch (file.kind) {
	case XFDT_FILE_DUMP:
	case XFDT_FILE_PART:
	case XFDT_FILE_PACKED:
		err = take_dump(scan, path, &status, name, &file, ret_found);
		break;
	case XFDT_FILE_HOOK:
		err = take_hook(scan, path, &status, name, &file, ret_found);
		break;
	case XFDT_FILE_PROCESS:
		scan->counts.processes++;
		break;
	case XFDT_FILE_PROGRAM:
	case XFDT_FILE_BOOT:
		scan->counts.others++;
		break;
	default:
		err = take_log(scan, path, &status, name, &file, ret_found);
	}
out:
	close(fd);
	return err;
}

/* folders */

/* Of what was deleted or renamed nothing has to be said. */
static void cannot_enter(struct xfdt_scan *scan, const char *path, int reason)
{
	if (reason == ENOENT && scan->walk) {
		scan->counts.vanished++;
		return;
	}
	scan->roots[scan->next_path - 1].unread = true;
	scan->counts.folders++;
	scan->options.complain(scan->options.context, path, strerror(reason));
}

/* What a link points to. */
static struct xfdt_error *look_at_link(struct xfdt_scan *scan, const char *path, const char *name,
				       struct xfdt_found **ret_found)
{
	struct stat status;

	if (!stat(path, &status) && S_ISREG(status.st_mode))
		return look_at_file(scan, path, name, ret_found);
	if (!stat(path, &status) && S_ISDIR(status.st_mode))
		scan->counts.links++;
	else
		scan->counts.special++;
	return NULL;
}

/* Is the file of that @name another shard's?  Then it is not even opened. */
static bool is_elsewhere(struct xfdt_scan *scan, const char *name)
{
	scan->counts.entries++;
	scan->roots[scan->next_path - 1].entries = true;
	if (xfdt_name_in_shard(name, scan->options.shard, scan->options.shards))
		return false;
	scan->counts.elsewhere++;
	return true;
}

static struct xfdt_error *step_walk(struct xfdt_scan *scan, struct xfdt_found **ret_found)
{
	const char *name;
	FTSENT *entry;

	errno = 0;
	entry = fts_read(scan->walk);
	if (!entry) {
		if (errno)
			return xfdt_error_new(XFDT_SYSTEM, 0, "cannot go on in '%s': %s",
					      scan->options.paths[scan->next_path - 1],
					      strerror(errno));
		fts_close(scan->walk);
		scan->walk = NULL;
		return NULL;
	}
	name = entry->fts_path + scan->root_len;
	switch (entry->fts_info) {
	case FTS_F:
		return is_elsewhere(scan, name) ?
			       NULL :
			       look_at_file(scan, entry->fts_path, name, ret_found);
	case FTS_SL:
	case FTS_SLNONE:
		return is_elsewhere(scan, name) ?
			       NULL :
			       look_at_link(scan, entry->fts_path, name, ret_found);
	case FTS_DEFAULT:
		if (!is_elsewhere(scan, name))
			scan->counts.special++;
		return NULL;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		cannot_enter(scan, entry->fts_path, entry->fts_errno);
		return NULL;
	default:
		return NULL;
	}
}

/* The folder in which @path is, made absolute, and its last name; NULL: errno says why. */
static char *absolute_file(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *folder = NULL, *real = NULL, *whole = NULL;

	folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (folder)
		real = realpath(folder, NULL);
	if (real && asprintf(&whole, "%s/%s", strcmp(real, "/") ? real : "", name) < 0)
		whole = NULL;
	free(folder);
	free(real);
	return whole;
}

static void start_walk(struct xfdt_scan *scan, const char *path)
{
	char *root = realpath(path, NULL), *const roots[] = { root, NULL };

	if (root)
		scan->walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (scan->walk)
		scan->root_len = strlen(root);
	else
		cannot_enter(scan, path, errno);
	free(scan->roots[scan->next_path - 1].folder);
	scan->roots[scan->next_path - 1].folder = root;
}

/* The next of the paths that were named. */
static struct xfdt_error *step_path(struct xfdt_scan *scan, struct xfdt_found **ret_found)
{
	const char *path = scan->options.paths[scan->next_path++];
	struct xfdt_error *err = NULL;
	struct stat status;
	char *absolute;

	if (stat(path, &status)) {
		cannot_enter(scan, path, errno);
		return NULL;
	}
	if (S_ISDIR(status.st_mode)) {
		start_walk(scan, path);
		return NULL;
	}
	if (is_elsewhere(scan, path))
		return NULL;
	if (!S_ISREG(status.st_mode)) {
		scan->counts.special++;
		return NULL;
	}
	absolute = absolute_file(path);
	if (absolute)
		err = look_at_file(scan, absolute, path, ret_found);
	else
		cannot_enter(scan, path, errno);
	free(absolute);
	return err;
}

/* the parts that other shards met */

/* Two names that differ in their digits only, as dump1 and dump2 do. */
static bool are_alike(const char *a, const char *b)
{
	static const char digits[] = "0123456789";

	for (;;) {
		a += strspn(a, digits);
		b += strspn(b, digits);
		if (*a != *b || !*a)
			return *a == *b;
		a++;
		b++;
	}
}

/* @name in the folder of @part: the path, or the name that its share depends on. */
static char *beside(const char *part, const char *name)
{
	const char *slash = strrchr(part, '/');
	char *path;

	return asprintf(&path, "%.*s%s", slash ? (int)(slash - part) + 1 : 0, part, name) < 0 ?
		       NULL :
		       path;
}

/* Add the file @name beside @part if it is another part, which was another shard's to open. */
static struct xfdt_error *look_beside(struct xfdt_scan *scan, const struct xfdt_found *part,
				      const char *name)
{
	const struct xfdt_scan_counts before = scan->counts;
	char *path = beside(part->paths[0], name), *below = beside(part->name, name);
	struct xfdt_found *found = NULL;
	struct xfdt_error *err = NULL;

	if (!path || !below)
		err = xfdt_no_memory("the list of dumps");
	else if (!xfdt_name_in_shard(below, scan->options.shard, scan->options.shards))
		err = look_at_link(scan, path, below, &found);
	/* whatever else it is, another shard counts it */
	xfdt_found_free(found);
	scan->counts = before;
	free(path);
	free(below);
	return err;
}

/* Add the parts beside @part: of files with a name like its own, or of the others. */
static struct xfdt_error *look_around(struct xfdt_scan *scan, const struct xfdt_found *part,
				      bool alike)
{
	const char *own = strrchr(part->paths[0], '/') + 1;
	char *folder = beside(part->paths[0], ".");
	struct xfdt_error *err = NULL;
	struct dirent *entry;
	DIR *dir = NULL;

	if (!folder)
		return xfdt_no_memory("the list of dumps");
	dir = opendir(folder);
	free(folder);
	while (dir && !err && (entry = readdir(dir)))
		if (entry->d_type != DT_DIR && are_alike(own, entry->d_name) == alike)
			err = look_beside(scan, part, entry->d_name);
	if (dir)
		closedir(dir);
	return err;
}

/*
 * A set's parts may be in several shards by their names.  Each of these shards
 * looks for the others in the part's folder: first where the name is alike,
 * and if that is not all, everywhere.
 */
static struct xfdt_error *add_siblings(struct xfdt_scan *scan)
{
	struct xfdt_error *err = NULL;
	struct xfdt_found *part;
	int alike;

	scan->parts.beside = true;
	for (alike = 1; !err && alike >= 0; alike--)
		while (!err && (part = xfdt_parts_next_lacking(&scan->parts, alike)))
			err = look_around(scan, part, alike);
	return err;
}

/* Is there a file beside @part that was changed a moment ago? */
static bool has_young_beside(const struct xfdt_scan *scan, const struct xfdt_found *part)
{
	char *folder = beside(part->paths[0], ".");
	DIR *dir = folder ? opendir(folder) : NULL;
	struct dirent *entry;
	struct stat status;
	bool young = false;

	while (dir && !young && (entry = readdir(dir)))
		young = !fstatat(dirfd(dir), entry->d_name, &status, 0) &&
			S_ISREG(status.st_mode) && is_young(scan, &status);
	if (dir)
		closedir(dir);
	free(folder);
	return young;
}

/* @set, if it is this shard's, which its first part decides, and no part of it can still be on its way; else NULL. */
static struct xfdt_found *take_set(struct xfdt_scan *scan, struct xfdt_found *set)
{
	size_t i;

	if (scan->options.settle && set->problem && has_young_beside(scan, set)) {
		scan->counts.young += set->path_count;
		for (i = 0; i < set->path_count; i++)
			xfdt_scan_forget(scan, set->paths[i]);
	} else if (xfdt_name_in_shard(set->name, scan->options.shard, scan->options.shards))
		return set;
	xfdt_found_free(set);
	return NULL;
}

/* the scan */

struct xfdt_error *xfdt_scan_new(struct xfdt_scan **ret_scan,
				 const struct xfdt_scan_options *options)
{
	struct xfdt_scan *scan = calloc(1, sizeof(*scan));

	if (scan)
		scan->roots = calloc(options->path_count + 1, sizeof(*scan->roots));
	if (!scan || !scan->roots) {
		free(scan);
		return xfdt_no_memory("the list of dumps");
	}
	scan->options = *options;
	*ret_scan = scan;
	return NULL;
}

/* What belongs to one pass. */
static void end_pass(struct xfdt_scan *scan)
{
	size_t i;

	if (scan->walk)
		fts_close(scan->walk);
	xfdt_parts_deinit(&scan->parts);
	xfdt_beside_deinit(&scan->beside);
	for (i = scan->next_set; i < scan->set_count; i++)
		xfdt_found_free(scan->sets[i]);
	free(scan->sets);
	for (i = 0; i < scan->options.path_count; i++)
		free(scan->roots[i].folder);
}

void xfdt_scan_free(struct xfdt_scan *scan)
{
	if (!scan)
		return;
	end_pass(scan);
	tdestroy(scan->seen, free);
	free(scan->roots);
	free(scan);
}

void xfdt_scan_again(struct xfdt_scan *scan)
{
	const struct xfdt_scan next = {
		.options = scan->options,
		.roots = scan->roots,
		.seen = scan->seen,
		.again = true,
	};

	end_pass(scan);
	memset(scan->roots, 0, scan->options.path_count * sizeof(*scan->roots));
	*scan = next;
}

void xfdt_scan_forget(struct xfdt_scan *scan, const char *path)
{
	char **entry = tfind(path, &scan->seen, compare_paths), *copy;

	if (!entry)
		return;
	copy = *entry;
	tdelete(path, &scan->seen, compare_paths);
	free(copy);
}

const char *xfdt_scan_whole(const struct xfdt_scan *scan, size_t index)
{
	const struct root *root = &scan->roots[index];

	return root->entries && !root->unread ? root->folder : NULL;
}

struct xfdt_error *xfdt_scan_step(struct xfdt_scan *scan, struct xfdt_found **ret_found,
				  bool *ret_more)
{
	struct xfdt_found *found = NULL;
	struct xfdt_error *err = NULL;
	bool more = true;

	if (scan->walk) {
		err = step_walk(scan, &found);
	} else if (scan->next_path < scan->options.path_count) {
		err = step_path(scan, &found);
	} else if (!scan->sets_made) {
		scan->sets_made = true;
		if (scan->options.shards > 1)
			err = add_siblings(scan);
		if (!err && !xfdt_parts_join(&scan->parts, &scan->sets, &scan->set_count))
			err = xfdt_no_memory("the list of dumps");
	} else if (scan->next_set < scan->set_count) {
		found = take_set(scan, scan->sets[scan->next_set++]);
	} else {
		more = false;
	}
	if (err)
		return err;
	*ret_found = found;
	*ret_more = more;
	return NULL;
}

const struct xfdt_scan_counts *xfdt_scan_counts(const struct xfdt_scan *scan)
{
	return &scan->counts;
}
