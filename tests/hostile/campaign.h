/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many small experiments in processes of their own: seeded, bounded, and reported one line a finding. */
#ifndef TESTS_HOSTILE_CAMPAIGN_H
#define TESTS_HOSTILE_CAMPAIGN_H

#include "verdict/verdict.h"

#include <stdbool.h>
#include <stdint.h>

/* One experiment, filled in before what may not come back from it. */
struct trial {
	uint64_t random;  /* state of next_random(); depends on the seed, the job and the index */
	char where[160];  /* what is damaged: addresses, offsets */
	char name[160];	  /* the same by symbol or member, or by the kind of damage */
	bool only_record; /* the only record of what it says is among it (only_records.def) */
};

struct job {
	const char *name; /* of the kind of damage */
	const char *dump; /* path; of a split set, with the path of the other part behind a colon */
	unsigned int weight; /* its share of the time */
	/* in the worker: make ready; returns how many experiments there are, or 0 */
	uint64_t (*open)(const struct job *job, void **ret_state);
	/* one of them, by its index; -1: an error of docs/verdicts.md, else enum xfdt_verdict_kind */
	int (*run)(void *state, uint64_t index, struct trial *trial);
	/* of the intact dump */
	enum xfdt_verdict_kind (*intact)(void *state);
};

uint64_t next_random(uint64_t *state);
/* From 0 up to @count, which is not 0. */
uint64_t random_below(uint64_t *state, uint64_t count);

extern const struct job memory_bits, memory_pages, memory_limit,
	memory_random; /* @dump is to be filled in */
extern const struct job file_truncated, file_headers, file_random;

#endif
