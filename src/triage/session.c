/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump, and the stages after it. */
#include "triage/session.h"

#include <string.h>

struct xfdt_error *xfdt_session_init(struct xfdt_session *session, const char *const *paths,
				     size_t count, const struct xfdt_session_options *options)
{
	const char *name = options->dump.names ? options->dump.names[0] : paths[0];
	struct xfdt_source source;
	struct xfdt_error *err;

	memset(session, 0, sizeof(*session));
	xfdt_stats_begin(&session->stats);
	err = xfdt_dump_open(&session->dump, paths, count, &options->dump);
	if (err)
		return err;
	source = xfdt_dump_source(session->dump);
	xfdt_stats_end(&session->stats, XFDT_STAGE_OPEN, source.reader);
	if (options->record) {
		source.record = options->record;
		source.record_len = options->record_len;
	}
	if (options->census) {
		source.census = options->census;
		source.census_len = options->census_len;
	}
	err = xfdt_stages_init(session, &source, name, xfdt_dump_format(session->dump),
			       &options->debug);
	if (!err) {
		session->report.confined = options->confined;
		session->report.stats = options->stats ? &session->stats : NULL;
	}
	if (err) {
		xfdt_dump_close(session->dump);
		session->dump = NULL;
		return err;
	}
	err = xfdt_dump_check_unchanged(session->dump);
	if (err) {
		xfdt_session_deinit(session);
		return xfdt_error_wrap(err, "%s", name);
	}
	return NULL;
}

void xfdt_session_deinit(struct xfdt_session *session)
{
	xfdt_stages_deinit(session);
	xfdt_dump_close(session->dump);
	memset(session, 0, sizeof(*session));
}
