/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that runs: the table, two readings, and what is said of it. */
#include "unit.h"
#include "run.h"
#include "render/live.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* the table */

static bool meets(const struct xfdt_exposure_rule *rule, const struct xfdt_live_facts *facts)
{
	return rule->kvm >> facts->kvm & 1 && rule->capable >> facts->capable & 1 &&
	       rule->mismatch >> facts->mismatch & 1 && rule->fixed >> facts->fixed & 1;
}

/* Call @visit for every combination of facts. */
static void each_combination(void (*visit)(const struct xfdt_live_facts *facts))
{
	struct xfdt_live_facts f;

	for (f.kvm = 0; f.kvm < XFDT_TRUTHS; f.kvm++)
		for (f.capable = 0; f.capable < XFDT_TRUTHS; f.capable++)
			for (f.mismatch = 0; f.mismatch < XFDT_TRUTHS; f.mismatch++)
				for (f.fixed = 0; f.fixed < XFDT_TRUTHS; f.fixed++)
					visit(&f);
}

static void assert_one_rule(const struct xfdt_live_facts *facts)
{
	const struct xfdt_exposure_rule *found = NULL;
	size_t i, count = 0;

	for (i = 0; i < xfdt_exposure_rule_count; i++) {
		if (!meets(&xfdt_exposure_rules[i], facts))
			continue;
		found = &xfdt_exposure_rules[i];
		count++;
	}
	if (count != 1)
		fail_msg("%zu rules for kvm %d, capable %d, mismatch %d, fixed %d", count,
			 facts->kvm, facts->capable, facts->mismatch, facts->fixed);
	assert_ptr_equal(found, xfdt_exposure_rule_find(facts));
}

static void test_exposure__rules_are_disjoint_and_complete(void **state)
{
	each_combination(assert_one_rule);
}

/* "not exposed" takes a proof: no KVM, no AMX, or the fix and every state judged. */
static void assert_acquitted_by_proof(const struct xfdt_live_facts *facts)
{
	if (xfdt_exposure_rule_find(facts)->answer != XFDT_NOT_EXPOSED)
		return;
	assert_int_not_equal(facts->mismatch, XFDT_YES);
	assert_true(facts->kvm == XFDT_NO || facts->capable == XFDT_NO ||
		    (facts->fixed == XFDT_YES && facts->mismatch == XFDT_NO));
}

static void test_exposure__an_unknown_never_acquits(void **state)
{
	each_combination(assert_acquitted_by_proof);
}

static void test_exposure__exit_codes(void **state)
{
	assert_int_equal(xfdt_exposure_exit(XFDT_NOT_EXPOSED), 1);
	assert_int_equal(xfdt_exposure_exit(XFDT_EXPOSED), 3);
	assert_int_equal(xfdt_exposure_exit(XFDT_EXPOSURE_UNKNOWN), 5);
	assert_string_equal(xfdt_exposure_name(XFDT_NOT_EXPOSED), "not-exposed");
	assert_string_equal(xfdt_exposure_name(XFDT_EXPOSED), "exposed");
	assert_string_equal(xfdt_exposure_name(XFDT_EXPOSURE_UNKNOWN), "unknown");
}

/* hosts */

/* A kernel that runs, with a VM of two vCPUs, and two readings of it. */
struct fixture {
	struct kernel kernel;
	struct run run; /* of the last reading */
	struct xfdt_reading before, now;
	struct xfdt_outcome outcome;
	struct xfdt_live live;
};

static void set_up(struct fixture *fixture, unsigned int armed)
{
	memset(fixture, 0, sizeof(*fixture));
	kernel_boot(&fixture->kernel, &kernel_6_18);
	kernel_add_vm(&fixture->kernel, &(struct kernel_vm){ .vcpus = 2, .armed = armed });
}

static void read_host(struct fixture *fixture, struct xfdt_reading *reading)
{
	run_init(&fixture->run, &fixture->kernel);
	assert_ok(xfdt_reading_init(reading, &fixture->run.host, &fixture->run.facts,
				    &fixture->run.verdict));
}

static void read_first(struct fixture *fixture)
{
	read_host(fixture, &fixture->before);
	run_deinit(&fixture->run);
}

/* The second reading, and what both say. */
static void judge(struct fixture *fixture)
{
	read_host(fixture, &fixture->now);
	fixture->outcome = (struct xfdt_outcome){
		.path = "/proc/kcore",
		.format = "elf",
		.host = &fixture->run.host,
		.facts = &fixture->run.facts,
		.verdict = &fixture->run.verdict,
	};
	fixture->live = (struct xfdt_live){
		.outcome = &fixture->outcome,
		.before = &fixture->before,
		.facts = xfdt_live_facts_of(&fixture->before, &fixture->now),
		.readings = 2,
	};
	fixture->live.rule = xfdt_exposure_rule_find(&fixture->live.facts);
}

static void read_twice(struct fixture *fixture)
{
	read_first(fixture);
	judge(fixture);
}

static void tear_down(struct fixture *fixture)
{
	xfdt_reading_deinit(&fixture->before);
	xfdt_reading_deinit(&fixture->now);
	run_deinit(&fixture->run);
	kernel_deinit(&fixture->kernel);
}

static void test_exposure__mismatch_in_both_readings(void **state)
{
	struct xfdt_live_counts counts;
	struct fixture fixture;

	set_up(&fixture, 1);
	read_twice(&fixture);
	assert_string_equal(fixture.live.rule->id, "mismatch");
	assert_int_equal(fixture.live.rule->answer, XFDT_EXPOSED);
	xfdt_live_count(&fixture.live, &counts);
	assert_int_equal(counts.vms, 1);
	assert_int_equal(counts.vcpus, 2);
	assert_int_equal(counts.mismatches, 1);
	assert_int_equal(counts.xfd_written, 1);
	tear_down(&fixture);
}

/* A state that is bad in the first reading only is no mismatch. */
static void test_exposure__mismatch_that_passes(void **state)
{
	struct xfdt_live_counts counts;
	struct fixture fixture;

	set_up(&fixture, 1);
	read_first(&fixture);
	assert_int_equal(fixture.before.mismatch_count, 1);
	fixture.kernel.vcpu[0].header->xfeatures &= ~KERNEL_XTILEDATA;
	judge(&fixture);
	assert_int_equal(fixture.live.facts.mismatch, XFDT_NO);
	xfdt_live_count(&fixture.live, &counts);
	assert_int_equal(counts.mismatches, 0);
	tear_down(&fixture);
}

/* Nor is one that appears in the second: not known until it is read again. */
static void test_exposure__mismatch_that_is_new(void **state)
{
	struct xfdt_live_counts counts;
	struct fixture fixture;

	set_up(&fixture, 0);
	read_first(&fixture);
	fixture.kernel.vcpu[1].header->xfeatures |= KERNEL_XTILEDATA;
	fixture.kernel.vcpu[1].fpstate->xfd |= KERNEL_XTILEDATA;
	judge(&fixture);
	assert_int_equal(fixture.now.mismatch_count, 1);
	assert_int_equal(fixture.live.facts.mismatch, XFDT_UNSURE);
	xfdt_live_count(&fixture.live, &counts);
	assert_int_equal(counts.mismatches, 0);
	tear_down(&fixture);
}

/* The address of a vCPU that is gone may be another's. */
static void test_exposure__mismatch_of_another_state(void **state)
{
	struct xfdt_mismatch one = { 1, 2, KERNEL_XTILEDATA }, other = { 1, 3, KERNEL_XTILEDATA };
	const struct xfdt_reading first = {
		.next = XFDT_NEXT_ARMED,
		.mismatches = &one,
		.mismatch_count = 1,
	};
	const struct xfdt_reading second = {
		.next = XFDT_NEXT_ARMED,
		.mismatches = &other,
		.mismatch_count = 1,
	};

	assert_int_equal(xfdt_live_facts_of(&first, &second).mismatch, XFDT_UNSURE);
	other.fpstate = 2;
	assert_int_equal(xfdt_live_facts_of(&first, &second).mismatch, XFDT_YES);
}

static void test_exposure__readings_that_disagree(void **state)
{
	const struct xfdt_reading first = {
		.kvm = XFDT_NO,
		.capable = XFDT_YES,
		.fixed = XFDT_NO,
		.next = XFDT_NEXT_CLEAR,
	};
	struct xfdt_reading second = first;
	struct xfdt_live_facts facts;

	/* KVM was loaded in between */
	second.kvm = XFDT_YES;
	facts = xfdt_live_facts_of(&first, &second);
	assert_int_equal(facts.kvm, XFDT_UNSURE);
	assert_int_equal(xfdt_exposure_rule_find(&facts)->answer, XFDT_EXPOSURE_UNKNOWN);
}

static void take_amx(struct kernel *kernel)
{
	uint32_t *capability = kernel->data->boot_cpu_data.x86_capability;
	unsigned int n;

	kernel->data->fpu_kernel_cfg.max_features = 0x2e7;
	KERNEL_CAP_XFD(capability) = KERNEL_CAP_AMX(capability) = 0;
	kernel->data->init_fpstate.xfd = 0;
	for (n = 0; n < 2; n++) {
		kernel->vcpu[n].header->xfeatures = 0x2e7;
		kernel->vcpu[n].header->xcomp_bv = 1ull << 63 | 0x2e7;
	}
}

static void test_exposure__host_without_amx(void **state)
{
	struct fixture fixture;

	set_up(&fixture, 0);
	take_amx(&fixture.kernel);
	read_twice(&fixture);
	assert_string_equal(fixture.live.rule->id, "not-capable");
	tear_down(&fixture);
}

static char *text_of(const struct fixture *fixture)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	xfdt_render_live_text(&fixture->live, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* A livepatch leaves the old code where it is: an absent half says nothing then. */
static void test_exposure__livepatched(void **state)
{
	struct fixture fixture;
	char *text;

	set_up(&fixture, 0);
	read_first(&fixture);
	assert_int_equal(fixture.before.fixed, XFDT_NO);
	xfdt_reading_deinit(&fixture.before);
	kernel_deinit(&fixture.kernel);

	set_up(&fixture, 0);
	kernel_add_symbol(&fixture.kernel, "klp_patches", KERNEL_SPARE);
	fixture.kernel.data->spare[0] = KERNEL_SPARE + 64;
	read_twice(&fixture);
	assert_int_equal(fixture.live.facts.fixed, XFDT_UNSURE);
	assert_string_equal(fixture.live.rule->id, "fix-unknown");
	/* there is no file whose checksum could be compared */
	text = text_of(&fixture);
	assert_non_null(strstr(text, "run it again when the host is less busy"));
	free(text);
	tear_down(&fixture);
}

/* words */

static void test_exposure__text_has_no_word_of_a_crash(void **state)
{
	static const char *const never[] = { "crash", "dump", "died", "confirmed", "not-this-bug" };
	struct fixture fixture;
	char *text;
	size_t i;

	set_up(&fixture, 1);
	read_twice(&fixture);
	text = text_of(&fixture);
	for (i = 0; i < COUNT(never); i++)
		if (strstr(text, never[i]))
			fail_msg("'%s' in:\n%s", never[i], text);
	assert_non_null(strstr(text, "exposed: a vCPU is in the state that triggers the bug\n"));
	assert_non_null(strstr(text, "mismatch in 1"));
	assert_non_null(strstr(text, "mismatch   vCPU 0 of VM 0x"));
	assert_non_null(strstr(text, "keep the vCPUs below from running"));
	free(text);
	tear_down(&fixture);
}

static struct json_object *json_of(struct fixture *fixture, char **text)
{
	struct json_object *root;
	size_t len;
	FILE *out = open_memstream(text, &len);

	assert_non_null(out);
	assert_ok(xfdt_render_live_json(&fixture->live, out));
	assert_int_equal(fclose(out), 0);
	assert_int_equal((*text)[len - 1], '\n');
	root = json_tokener_parse(*text);
	assert_non_null(root);
	return root;
}

static const char *string_at(struct json_object *root, const char *key)
{
	return json_object_get_string(json_object_object_get(root, key));
}

static void test_exposure__json(void **state)
{
	struct json_object *root, *list, *one;
	struct fixture fixture;
	char *text = NULL;

	set_up(&fixture, 1);
	read_twice(&fixture);
	root = json_of(&fixture, &text);
	assert_string_equal(string_at(root, "schema"), XFDT_LIVE_SCHEMA);
	assert_string_equal(string_at(root, "answer"), "exposed");
	assert_string_equal(string_at(root, "exit"), "3");
	assert_string_equal(string_at(root, "rule"), "mismatch");
	assert_string_equal(string_at(root, "readings"), "2");
	list = json_object_object_get(root, "mismatches");
	assert_int_equal(json_object_array_length(list), 1);
	one = json_object_array_get_idx(list, 0);
	assert_string_equal(string_at(one, "mismatch"), "0x40000");
	assert_null(json_object_object_get(root, "verdict"));
	json_object_put(root);
	free(text);
	tear_down(&fixture);
}

#include "test_exposure.tests.h"
