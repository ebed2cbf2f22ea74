# SPDX-License-Identifier: GPL-2.0-or-later
#
# Damaged and crafted dumps, under ASan and UBSan (docs/hostile.md).
#
#   check-hostile   a sample of all damage, HOSTILE_SECONDS of it on two CPUs; check-sanitize, and so CI, has it
#
# Knobs
#   HOSTILE_SECONDS how long; 0: until all is done, each random kind HOSTILE_RUNS times
#   HOSTILE_RUNS    how often each random kind for each dump, at the most
#   HOSTILE_SEED    of all that is random
#   HOSTILE_ONLY    one kind of damage: bits, pages, random, cut, headers, file

HOSTILE_SECONDS ?= 20
HOSTILE_RUNS ?= 3000
HOSTILE_SEED ?= 1
HOSTILE_JOBS ?= 2
HOSTILE_ONLY ?=

INSN_MEMO := $(foreach name,insn_has_and insn_calls_behind_test insn_has_trap insn_changed_bit decoder_new decoder_free,-Xlinker --wrap=xfdt_$(name))

HOSTILE_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/hostile/*.c)))
$(HOSTILE_OBJECTS): ALL_CPPFLAGS += -iquote tests

$(BUILD)/tests/hostile/hostile: $(HOSTILE_OBJECTS) $(BUILD)/tests/insn_memo.o $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(INSN_MEMO) -o $@ $^ $(LIBS)

.PHONY: check-hostile check-hostile-here
check-hostile:
	$(Q)$(MAKE) SANITIZE=yes check-hostile-here

check-hostile-here: $(BUILD)/tests/hostile/hostile $(BUILD)/tests/check-dumps
	$(Q)$(IF_DUMPS) tests/check-hostile.sh $(BUILD) --seed $(HOSTILE_SEED) --seconds $(HOSTILE_SECONDS) --runs $(HOSTILE_RUNS) \
		--jobs $(HOSTILE_JOBS) $(if $(HOSTILE_ONLY),--only $(HOSTILE_ONLY))
