/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz kernel logs that are text, up to the verdict.  Texts are separated by a byte 0xff; no
 * input may give any other verdict than probable or inconclusive.
 */
#include "fuzz/fuzz.h"
#include "kernel/host.h"
#include "kernel/log_text.h"
#include "verdict/verdict.h"

#include <stdlib.h>

#define TEXTS_MAX 4

static void judge(struct xfdt_log *log)
{
	struct xfdt_image image = { .symbol_source = "none", .type_source = "none" };
	struct xfdt_verdict verdict;
	struct xfdt_facts facts;
	struct xfdt_host host;
	char release[32];
	size_t i;

	xfdt_log_release(log, log->count, release, sizeof(release));
	FUZZ_CHECK(!xfdt_host_init_log(&host, &image, log));
	for (i = 0; i < host.panic.evidence_count; i++)
		FUZZ_CHECK(host.panic.evidence[i].line < host.panic.log.count);
	FUZZ_CHECK(!xfdt_facts_init(&facts, &host));
	FUZZ_CHECK(!xfdt_verdict_init(&verdict, &facts));
	FUZZ_CHECK(verdict.kind == XFDT_PROBABLE || verdict.kind == XFDT_INCONCLUSIVE);
	FUZZ_CHECK(verdict.kind == XFDT_INCONCLUSIVE || host.panic.evidence_count);
	xfdt_verdict_deinit(&verdict);
	xfdt_facts_deinit(&facts);
	xfdt_host_deinit(&host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_log_text texts[TEXTS_MAX] = { 0 };
	struct xfdt_log log;
	struct xfdt_error *err;
	size_t count = 0, i;

	xfdt_is_log_text((const char *)data, size);
	xfdt_is_pstore_part((const char *)data, size);
	while (count < TEXTS_MAX && size) {
		const uint8_t *end = memchr(data, 0xff, size);
		size_t len = end && count < TEXTS_MAX - 1 ? (size_t)(end - data) : size;

		/* exactly as long as it has to be */
		texts[count].text = malloc(len + 1);
		memcpy(texts[count].text, data, len);
		texts[count].text[len] = '\0';
		texts[count++].len = len;
		data += len + (len < size);
		size -= len + (len < size);
	}
	err = xfdt_log_parse(texts, count, &log);
	for (i = 0; i < count; i++)
		free(texts[i].text);
	if (!err)
		judge(&log);
	xfdt_error_free(err);
	return 0;
}
