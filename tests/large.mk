# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a big host costs, and what crash(8) costs.
#
#   check-large     triage the synthetic vmcore of a host with 1 TiB and 2000 vCPUs
#   bench           measure against crash(8), on DUMP with VMLINUX; judges nothing
#   bench-batch     a batch of COUNT files, links to and copies of dumps/ and DUMP, a fifth of them damaged;
#                   killed with kill -9 KILLS times as well; next to crash(8) on DUMP with VMLINUX
#
# Knobs
#   DUMP            a vmcore; one of dumps/ by default
#   VMLINUX         its kernel with debuginfo, for crash(8)
#   RUNS            how often each is run; the median counts
#   COUNT, KILLS, JOBS  of bench-batch

DUMP ?= dumps/clean-6.1.192.vmcore
VMLINUX ?=
RUNS ?= 5

COUNT ?= 10000
KILLS ?= 20
JOBS ?= 2

.PHONY: check-large bench bench-batch

$(BUILD)/tests/make-large: $(BUILD)/tests/make-large.o $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/measure: $(BUILD)/tests/measure.o
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

check-large: $(BUILD)/xfdtriage $(BUILD)/tests/make-large $(BUILD)/tests/measure $(BUILD)/tests/check-dumps
	$(Q)$(IF_DUMPS) tests/check-large.sh $(BUILD) "$(SANITIZE)"

bench: $(BUILD)/xfdtriage $(BUILD)/tests/make-large $(BUILD)/tests/measure
	$(Q)tests/bench.sh $(BUILD) "$(DUMP)" "$(VMLINUX)" "$(RUNS)"

bench-batch: $(BUILD)/xfdtriage $(BUILD)/tests/spin.so
	$(Q)tests/bench-batch.sh $(BUILD) "$(COUNT)" "$(DUMP)" "$(VMLINUX)" "$(JOBS)" "$(KILLS)"
