/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command live says of a host that runs. */
#ifndef XFDT_RENDER_LIVE_H
#define XFDT_RENDER_LIVE_H

#include "render/render.h"
#include "verdict/exposure.h"

#define XFDT_LIVE_SCHEMA "xfdtriage-live-1"

struct xfdt_live {
	const struct xfdt_outcome *outcome; /* of the last reading */
	const struct xfdt_reading *before;  /* the one before it */
	struct xfdt_live_facts facts;	    /* of both */
	const struct xfdt_exposure_rule *rule;
	unsigned int readings;
};

/* What the vCPUs do with AMX. */
struct xfdt_live_counts {
	size_t vms, vcpus;
	size_t amx_enabled; /* XCR0 of the guest has XTILEDATA */
	size_t xfd_written; /* IA32_XFD was set to something other than 0 */
	size_t mismatches;  /* in both readings */
	size_t unread;	    /* neither is known of them */
};
/* Has the state of @vcpu, which @state judges, a mismatch in both readings? */
bool xfdt_live_is_mismatch(const struct xfdt_live *live, const struct xfdt_vcpu *vcpu,
			   const struct xfdt_vcpu_verdict *state);
void xfdt_live_count(const struct xfdt_live *live, struct xfdt_live_counts *ret_counts);

/* What to do now.  Untrusted: it may quote a release. */
void xfdt_live_advice(const struct xfdt_live *live, char *ret_text, size_t size);

void xfdt_render_live_text(const struct xfdt_live *live, FILE *out);
/* One JSON object on one line (docs/json.md). */
struct xfdt_error *xfdt_render_live_json(const struct xfdt_live *live, FILE *out);
/* The same of a host that could not be looked at. */
struct xfdt_error *xfdt_render_live_json_error(const char *path, const char *message, FILE *out);

#endif
