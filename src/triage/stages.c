/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stages, one after the other; no back end is named in here. */
#include "triage/session.h"

#include <string.h>

struct xfdt_error *xfdt_stages_init(struct xfdt_session *session, const struct xfdt_source *source,
				    const char *path, const char *format,
				    const struct xfdt_debug_options *debug)
{
	struct xfdt_error *err;

	memset(&session->host, 0, sizeof(session->host));
	memset(&session->facts, 0, sizeof(session->facts));
	memset(&session->verdict, 0, sizeof(session->verdict));
	xfdt_image_init(&session->image, source, debug);
	xfdt_stats_end(&session->stats, XFDT_STAGE_RESOLVE, source->reader);
	err = xfdt_host_init(&session->host, &session->image);
	if (!err)
		err = xfdt_facts_init(&session->facts, &session->host);
	xfdt_stats_end(&session->stats, XFDT_STAGE_KERNEL, source->reader);
	if (!err)
		err = xfdt_verdict_init(&session->verdict, &session->facts);
	xfdt_stats_end(&session->stats, XFDT_STAGE_VERDICT, source->reader);
	if (err) {
		xfdt_stages_deinit(session);
		return xfdt_error_wrap(err, "%s", path);
	}
	session->report = (struct xfdt_outcome){
		.path = path,
		.format = format,
		.host = &session->host,
		.facts = &session->facts,
		.verdict = &session->verdict,
	};
	return NULL;
}

void xfdt_stages_deinit(struct xfdt_session *session)
{
	xfdt_verdict_deinit(&session->verdict);
	xfdt_facts_deinit(&session->facts);
	xfdt_host_deinit(&session->host);
	xfdt_image_deinit(&session->image);
}
