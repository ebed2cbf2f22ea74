/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file, and the blocks of it that were read last. */
#include "dump/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_MAX (1u << 30) /* pread(2) takes at most 0x7ffff000 bytes */

/*
 * A block has AHEAD_MIN to AHEAD_MAX bytes, and begins at a multiple of its size; while
 * blocks are read one after the other, each has twice the bytes of the last one, up to RUN_MAX.
 */
#define AHEAD_MIN 4096u
#define AHEAD_MAX (256u << 10)
#define RUN_MAX (1u << 20)
#define BLOCKS_MAX 64

/* a block that was read from less often was too large */
#define USES_FEW 2

struct block {
	uint64_t start, end; /* offsets in the file */
	unsigned int uses;
	uint8_t *bytes;
};

struct xfdt_storage {
	int fd; /* -1: of another process */
	const struct xfdt_remote *remote;
	size_t index;  /* in it */
	char *failure; /* why nothing more comes from it; NULL: all is well */
	uint64_t size;
	struct stat opened;
	struct block blocks[BLOCKS_MAX]; /* that used last comes first */
	size_t count;			 /* of blocks */
	size_t held, room;		 /* bytes of them, and how many there may be */
	size_t ahead, run; /* bytes of the next block, if it begins a run or goes on */
	uint64_t run_end;
	struct xfdt_traffic traffic;
};

/* opening */

static struct xfdt_error *check_kind(const struct stat *status, const char *path)
{
	if (S_ISDIR(status->st_mode))
		return xfdt_error_new(
			XFDT_NOT_A_DUMP, 0,
			"is a directory; name a vmcore in it, or all of it to 'xfdtriage batch'");
	if (!S_ISREG(status->st_mode) && !S_ISBLK(status->st_mode))
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0,
				      "not a regular file; save the dump to a file first");
	if (S_ISREG(status->st_mode) && !status->st_size &&
	    strncmp(path, "/proc/", strlen("/proc/")))
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0, "is empty");
	return NULL;
}

static struct xfdt_error *open_file(struct xfdt_storage *storage, const char *path)
{
	storage->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (storage->fd < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot open: %s", strerror(errno));
	if (fstat(storage->fd, &storage->opened))
		return xfdt_error_new(XFDT_SYSTEM, 0, "fstat: %s", strerror(errno));
	/* devices and some of /proc do not tell */
	storage->size = UINT64_MAX;
	if (S_ISREG(storage->opened.st_mode) && storage->opened.st_size)
		storage->size = (uint64_t)storage->opened.st_size;
	return check_kind(&storage->opened, path);
}

static struct xfdt_storage *new_storage(void)
{
	struct xfdt_storage *storage = calloc(1, sizeof(*storage));

	if (storage) {
		storage->fd = -1;
		storage->room = XFDT_STORAGE_ROOM;
		storage->ahead = AHEAD_MAX;
		storage->run_end = UINT64_MAX;
	}
	return storage;
}

struct xfdt_error *xfdt_storage_open(struct xfdt_storage **ret_storage, const char *path)
{
	struct xfdt_storage *storage = new_storage();
	struct xfdt_error *err;

	if (!storage)
		return xfdt_no_memory("a file");
	err = open_file(storage, path);
	if (err)
		xfdt_storage_close(storage);
	else
		*ret_storage = storage;
	return err;
}

struct xfdt_error *xfdt_storage_open_remote(struct xfdt_storage **ret_storage,
					    const struct xfdt_remote *remote, size_t index)
{
	struct xfdt_storage *storage = new_storage();
	struct xfdt_error *err;

	if (!storage)
		return xfdt_no_memory("a file");
	storage->remote = remote;
	storage->index = index;
	err = remote->open(remote->context, index, &storage->size);
	if (!err && !storage->size)
		err = xfdt_error_new(XFDT_NOT_A_DUMP, 0, "is empty");
	if (err)
		xfdt_storage_close(storage);
	else
		*ret_storage = storage;
	return err;
}

void xfdt_storage_close(struct xfdt_storage *storage)
{
	if (!storage)
		return;
	while (storage->count)
		free(storage->blocks[--storage->count].bytes);
	if (storage->fd >= 0)
		close(storage->fd);
	free(storage->failure);
	free(storage);
}

void xfdt_storage_set_room(struct xfdt_storage *storage, size_t room)
{
	storage->room = room;
}

uint64_t xfdt_storage_size(const struct xfdt_storage *storage)
{
	return storage->size;
}

const struct xfdt_traffic *xfdt_storage_traffic(const struct xfdt_storage *storage)
{
	return &storage->traffic;
}

struct xfdt_error *xfdt_check_unchanged(int fd, const struct stat *opened)
{
	struct stat now;

	/* some files of /proc say that they are empty */
	if (!S_ISREG(opened->st_mode) || !opened->st_size)
		return NULL;
	if (fstat(fd, &now))
		return xfdt_error_new(XFDT_SYSTEM, 0, "fstat: %s", strerror(errno));
	if (now.st_size == opened->st_size && now.st_mtim.tv_sec == opened->st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == opened->st_mtim.tv_nsec)
		return NULL;
	return xfdt_error_new(XFDT_SYSTEM, 0,
			      "the file changed while it was read; wait until it is complete");
}

struct xfdt_error *xfdt_storage_check_unchanged(const struct xfdt_storage *storage)
{
	if (storage->failure)
		return xfdt_error_new(XFDT_SYSTEM, 0, "%s", storage->failure);
	return xfdt_check_unchanged(storage->fd, &storage->opened);
}

/* reading */

/* Can there be bytes at @offset? */
static bool may_have(const struct xfdt_storage *storage, uint64_t offset)
{
	return offset < storage->size && offset <= INT64_MAX - READ_MAX;
}

/* After a failure nothing is asked for: every read would wait as long as the first. */
static struct xfdt_error *read_remote(struct xfdt_storage *storage, void *buf, size_t len,
				      uint64_t offset, size_t *ret_got)
{
	const struct xfdt_remote *remote = storage->remote;
	struct xfdt_error *err;

	if (storage->failure)
		return xfdt_error_new(XFDT_SYSTEM, 0, "%s", storage->failure);
	if (!may_have(storage, offset))
		len = 0;
	else if (len > storage->size - offset)
		len = (size_t)(storage->size - offset);
	*ret_got = len;
	if (!len)
		return NULL;
	err = remote->read(remote->context, storage->index, buf, len, offset);
	storage->traffic.round_trips++;
	if (err)
		storage->failure = strdup(xfdt_error_message(err));
	else
		storage->traffic.bytes += len;
	return err;
}

bool xfdt_storage_is_remote(const struct xfdt_storage *storage)
{
	return storage->remote != NULL;
}

struct xfdt_error *xfdt_storage_read_alone(struct xfdt_storage *storage, void *buf, size_t len,
					   uint64_t offset, size_t *ret_got)
{
	uint8_t *to = buf;
	size_t got = 0;

	if (storage->remote)
		return read_remote(storage, buf, len, offset, ret_got);
	while (got < len && may_have(storage, offset)) {
		size_t part = len - got < READ_MAX ? len - got : READ_MAX;
		ssize_t done = pread(storage->fd, to + got, part, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		storage->traffic.round_trips++;
		if (done < 0)
			return xfdt_error_new(XFDT_SYSTEM, 0, "cannot read the file: %s",
					      strerror(errno));
		if (!done)
			break;
		storage->traffic.bytes += (uint64_t)done;
		got += (size_t)done;
		offset += (uint64_t)done;
	}
	*ret_got = got;
	return NULL;
}

/* Let go of the block that was used longest ago. */
static void drop_last(struct xfdt_storage *storage)
{
	struct block *block = &storage->blocks[--storage->count];

	if (block->uses < USES_FEW && storage->ahead > AHEAD_MIN)
		storage->ahead /= 2;
	storage->held -= (size_t)(block->end - block->start);
	free(block->bytes);
}

/* Put @block first of the @count first ones. */
static void put_first(struct xfdt_storage *storage, size_t count, struct block block)
{
	memmove(&storage->blocks[1], &storage->blocks[0], count * sizeof(block));
	storage->blocks[0] = block;
}

/* The block that has @offset; it comes first then.  NULL: none has. */
static struct block *find_block(struct xfdt_storage *storage, uint64_t offset)
{
	size_t i;

	for (i = 0; i < storage->count; i++) {
		struct block block = storage->blocks[i];

		if (offset < block.start || offset >= block.end)
			continue;
		if (i)
			put_first(storage, i, block);
		return &storage->blocks[0];
	}
	return NULL;
}

/* Was something read lately that one larger block would have had as well? */
static bool is_near(const struct xfdt_storage *storage, uint64_t offset)
{
	size_t i;

	for (i = 0; i < storage->count; i++) {
		const struct block *block = &storage->blocks[i];

		if (block->end <= offset ? offset - block->end < AHEAD_MAX :
					   block->start - offset < AHEAD_MAX)
			return true;
	}
	return false;
}

/* Leave to other blocks what they have of @plan, which is for @offset. */
static void trim_plan(const struct xfdt_storage *storage, uint64_t offset, struct block *plan)
{
	size_t i;

	for (i = 0; i < storage->count; i++) {
		const struct block *block = &storage->blocks[i];

		if (block->end <= offset && block->end > plan->start)
			plan->start = block->end;
		if (block->start > offset && block->start < plan->end)
			plan->end = block->start;
	}
}

/* What to read for @offset, which no block has. */
static struct block plan_block(struct xfdt_storage *storage, uint64_t offset)
{
	struct block plan = { .start = offset };

	if (storage->ahead < AHEAD_MAX && is_near(storage, offset))
		storage->ahead *= 2;
	if (offset == storage->run_end) {
		storage->run = 2 * storage->run < RUN_MAX ? 2 * storage->run : RUN_MAX;
	} else {
		storage->run = storage->ahead;
		plan.start = offset & ~(uint64_t)(storage->ahead - 1);
	}
	plan.end = plan.start + storage->run;
	if (plan.end > storage->size)
		plan.end = storage->size;
	trim_plan(storage, offset, &plan);
	storage->run_end = plan.end;
	return plan;
}

/* Read the block that has @offset; NULL: it cannot be read as a whole. */
static struct block *add_block(struct xfdt_storage *storage, uint64_t offset)
{
	struct block block = plan_block(storage, offset);
	size_t len = (size_t)(block.end - block.start), got = 0;
	struct xfdt_error *err;

	while (storage->count &&
	       (storage->count == BLOCKS_MAX || storage->held + len > storage->room))
		drop_last(storage);
	block.bytes = malloc(len);
	if (!block.bytes)
		return NULL;
	err = xfdt_storage_read_alone(storage, block.bytes, len, block.start, &got);
	if (err || block.start + got <= offset) {
		xfdt_error_free(err);
		free(block.bytes);
		return NULL;
	}
	block.end = block.start + got;
	storage->held += got;
	put_first(storage, storage->count++, block);
	return &storage->blocks[0];
}

struct xfdt_error *xfdt_storage_read(struct xfdt_storage *storage, void *buf, size_t len,
				     uint64_t offset, size_t *ret_got)
{
	uint8_t *to = buf;
	size_t done = 0;

	if (len >= RUN_MAX)
		return xfdt_storage_read_alone(storage, buf, len, offset, ret_got);
	while (done < len && may_have(storage, offset)) {
		struct block *block = find_block(storage, offset);
		size_t part = len - done;

		if (!block)
			block = add_block(storage, offset);
		if (!block) {
			/* what is wanted may be readable, unlike what is around it */
			struct xfdt_error *err = xfdt_storage_read_alone(storage, to + done, part,
									 offset, &part);

			if (!err)
				*ret_got = done + part;
			return err;
		}
		if (part > block->end - offset)
			part = (size_t)(block->end - offset);
		memcpy(to + done, block->bytes + (offset - block->start), part);
		block->uses++;
		done += part;
		offset += part;
	}
	*ret_got = done;
	return NULL;
}
