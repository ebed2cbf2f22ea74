/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the files that collect facts. */
#ifndef XFDT_KERNEL_FACTS_PARTS_H
#define XFDT_KERNEL_FACTS_PARTS_H

#include "kernel/facts.h"
#include "kernel/log.h"

void xfdt_fact_set(struct xfdt_facts *facts, enum xfdt_fact_id id, enum xfdt_truth value,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
void xfdt_remark_add(struct xfdt_remarks *notes, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The line of the boot with the features that the kernel enabled; NULL: the log does not have it. */
const struct xfdt_log_line *xfdt_logged_features(const struct xfdt_log *log,
						 uint64_t *ret_features);
/* The newest line that lists kvm among the modules, or @also_unloaded as the last one unloaded; NULL: there is none. */
const struct xfdt_log_line *xfdt_logged_kvm(const struct xfdt_log *log, bool also_unloaded);
/* Of a log alone: fill the facts kvm, capable, panicked and complete; never with a no. */
void xfdt_log_facts_find(struct xfdt_facts *facts, const struct xfdt_host *host);
/* Fill the facts hit and ended, hit_state, route and origins. */
void xfdt_hit_find(struct xfdt_facts *facts, const struct xfdt_host *host);
/* Fill states and the fact complete; needs the fact ended. */
struct xfdt_error *xfdt_state_facts_find(struct xfdt_facts *facts, const struct xfdt_host *host);

#endif
