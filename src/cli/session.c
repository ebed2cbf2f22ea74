/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stages, one after the other. */
#include "cli/session.h"

#include <string.h>

struct xfdt_error *xfdt_session_init(struct xfdt_session *session,
				     const char *const *paths, size_t count,
				     const struct xfdt_session_options *options)
{
	struct xfdt_source source;
	struct xfdt_error *err;

	memset(session, 0, sizeof(*session));
	err = xfdt_dump_open(&session->dump, paths, count, &options->dump);
	if (err)
		return err;
	source = xfdt_dump_source(session->dump);
	if (options->record) {
		source.record = options->record;
		source.record_len = options->record_len;
	}
	xfdt_image_init(&session->image, &source, options->cache_dir);
	err = xfdt_host_init(&session->host, &session->image);
	if (!err)
		err = xfdt_verdict_init(&session->verdict, &session->host);
	if (err) {
		xfdt_session_deinit(session);
		return xfdt_error_wrap(err, "%s", paths[0]);
	}
	session->report = (struct xfdt_report) {
		.path = paths[0],
		.format = xfdt_dump_format(session->dump),
		.host = &session->host,
		.verdict = &session->verdict,
	};
	return NULL;
}

void xfdt_session_deinit(struct xfdt_session *session)
{
	xfdt_verdict_deinit(&session->verdict);
	xfdt_host_deinit(&session->host);
	xfdt_image_deinit(&session->image);
	xfdt_dump_close(session->dump);
	memset(session, 0, sizeof(*session));
}
