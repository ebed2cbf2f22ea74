# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a big host costs, and what crash(8) costs.
#
#   check-large     triage the synthetic vmcore of a host with 1 TiB and 2000 vCPUs
#   bench           measure against crash(8), on DUMP with VMLINUX; judges nothing
#
# Knobs
#   DUMP            a vmcore; one of dumps/ by default
#   VMLINUX         its kernel with debuginfo, for crash(8)
#   RUNS            how often each is run; the median counts

DUMP ?= dumps/clean-6.1.192.vmcore
VMLINUX ?=
RUNS ?= 5

.PHONY: check-large bench

$(BUILD)/tests/make-large: $(BUILD)/tests/make-large.o $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

check-large: $(BUILD)/xfdtriage $(BUILD)/tests/make-large $(BUILD)/tests/check-dumps
	$(Q)tests/check-large.sh $(BUILD) "$(SANITIZE)"

bench: $(BUILD)/xfdtriage $(BUILD)/tests/make-large
	$(Q)tests/bench.sh $(BUILD) "$(DUMP)" "$(VMLINUX)" "$(RUNS)"
