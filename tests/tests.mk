# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unit tests and fuzzers of the core library.
#
#   check-unit      build and run every tests/test_*.c
#   fuzz            build and run every tests/fuzz/fuzz_*.c for FUZZ_SECONDS
#   fuzz-build      build them only
#
# Tests are functions "static void test_<unit>__<behaviour>(void **state)" of
# tests/test_<unit>.c; they are harvested into test_<unit>.tests.h, which the
# file includes last.

FUZZ_SECONDS ?= 30
FUZZ_CC ?= clang

TEST_SUPPORT := $(patsubst %,$(BUILD)/tests/%.o,alloc memory kernel kernel_symbols kernel_btf run results)
TEST_WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
TEST_LIBS := $(LIBS) -lcmocka
TEST_CFLAGS := -Wno-unused-parameter -iquote tests -iquote $(BUILD)/tests

$(BUILD)/tests/test_%.tests.h: tests/test_%.c tests/tests.mk
	@mkdir -p $(@D)
	$(Q)all=$$(grep -c '^static void test_' $<); \
	sed -n 's/^static void \(test_$*__[a-z0-9_]*\)(void \*\*state)$$/	cmocka_unit_test(\1),/p' $< >$@.list; \
	found=$$(wc -l <$@.list); \
	if [ $$found -eq 0 ] || [ $$found -ne $$all ]; then \
		echo "$<: $$found of $$all tests are called test_$*__<behaviour>(void **state)" >&2; \
		exit 1; \
	fi; \
	{ echo 'static const struct CMUnitTest harvested[] = {'; cat $@.list; \
	  printf '};\n\nint main(void)\n{\n\treturn cmocka_run_group_tests_name("%s", harvested, NULL, NULL);\n}\n' $*; \
	} >$@ && rm -f $@.list

$(TESTS:=.o): $(BUILD)/tests/test_%.o: tests/test_%.c $(BUILD)/tests/test_%.tests.h
	$(call SAY,CC,$<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(TESTS): %: %.o $(TEST_SUPPORT) $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(TEST_WRAP) -o $@ $^ $(TEST_LIBS)

# makes archives itself
$(BUILD)/tests/test_unpack: TEST_LIBS += $(shell $(PKG_CONFIG) --libs libarchive)

.PHONY: unit-tests
unit-tests: $(TESTS)

# Every program runs, also after a failure; the log of one that fails is shown, and of every one what was skipped, and why.
check-unit: $(TESTS)
	$(Q)failed=; \
	for test in $(TESTS); do \
		name=$${test##*/test_}; \
		if ASAN_OPTIONS=detect_leaks=1:$$ASAN_OPTIONS UBSAN_OPTIONS=print_stacktrace=1:$$UBSAN_OPTIONS \
		   timeout 300 $$test >$$test.log 2>&1; then \
			printf '  TEST	%-14s%s tests\n' $$name $$(grep -c '^\[       OK' $$test.log); \
		else \
			printf '  TEST	%-14sFAILED (%s)\n' $$name $$test.log; \
			grep -v '^\[ RUN\|^\[       OK\|^\[====' $$test.log | head -60; \
			failed="$$failed $$name"; \
		fi; \
		sed -n "s/^skipped: /skip $$name: /p" $$test.log; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi; \
	echo "unit: $$(cat $(TESTS:=.log) | grep -c '^\[       OK') passed, 0 failed, $$(cat $(TESTS:=.log) | grep -c '^skipped: ') skipped"

# The fuzzers are built from sources of their own: clang, and always sanitized.
FUZZ_BUILD := build/fuzz
FUZZ_CFLAGS := -std=gnu11 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Wno-unused-parameter \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -iquote tests
# that of crash's reader needs crash's header
FUZZ_SOURCES := $(filter-out $(if $(XFD_SO),,tests/fuzz/fuzz_source.c),$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZERS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(FUZZ_BUILD)/%)
FUZZ_OBJECTS := $(CORE_SOURCES:%.c=$(FUZZ_BUILD)/%.o) $(patsubst %,$(FUZZ_BUILD)/tests/%.o,memory kernel kernel_symbols kernel_btf results)
FUZZ_FLAGS := -timeout=20 -rss_limit_mb=768 -malloc_limit_mb=256
# a small quarantine, no stacks of allocations, and memory is neither filled nor given back: page faults took a third of the time
FUZZ_ASAN := quarantine_size_mb=1:thread_local_quarantine_size_kb=64:malloc_context_size=0:max_malloc_fill_size=0:allocator_release_to_os_interval_ms=-1

# loops over every entry of a table and every word of a stack: what these compare guides no fuzzer
$(FUZZ_BUILD)/src/image/page_tables.o $(FUZZ_BUILD)/src/kernel/fault.o: FUZZ_CFLAGS += -fno-sanitize-coverage=trace-cmp

$(FUZZ_BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call SAY,CC,$<)$(FUZZ_CC) $(ALL_CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(FUZZERS): $(FUZZ_BUILD)/%: $(FUZZ_BUILD)/tests/fuzz/%.o $(FUZZ_OBJECTS)
	$(call SAY,LD,$@)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $(FUZZ_LDFLAGS) -o $@ $^ $(LIBS)

# half of its time went into decoding the same functions
$(FUZZ_BUILD)/fuzz_host: $(FUZZ_BUILD)/tests/insn_memo.o
$(FUZZ_BUILD)/fuzz_host: FUZZ_LDFLAGS = $(INSN_MEMO)

$(FUZZ_BUILD)/fuzz_source: $(FUZZ_BUILD)/extensions/source.o
$(FUZZ_BUILD)/extensions/source.o $(FUZZ_BUILD)/tests/fuzz/fuzz_source.o: ALL_CPPFLAGS += -isystem $(CRASH_INC)

# seeds of this one are made, not kept
FUZZ_SEEDS := $(patsubst %,$(FUZZ_BUILD)/corpus/debugfile/%,2 4 5 types)
$(FUZZ_BUILD)/corpus/debugfile/types: DWARF := -gdwarf-4 -fdebug-types-section
$(FUZZ_SEEDS): DWARF ?= -gdwarf-$(@F)
$(FUZZ_SEEDS): tests/structures.c tests/structures.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(DWARF) -ffreestanding -static -nostdlib -no-pie -Wl,-e,_stext,--build-id,-z,noseparate-code -o $@ $<

# the smallest vmcore
FUZZ_SEEDS += $(FUZZ_BUILD)/corpus/dump/distilled
$(FUZZ_BUILD)/corpus/dump/distilled: dumps/armed-no-btf.vmcore
	@mkdir -p $(@D)
	$(Q)cp $< $@

# nor are those of fuzz_host, as they follow from the hand-made kernel
FUZZ_SEEDS += $(FUZZ_BUILD)/corpus/host/unchanged
$(FUZZ_BUILD)/tests/seeds_host: $(FUZZ_BUILD)/tests/fuzz/seeds_host.o $(FUZZ_OBJECTS)
	$(call SAY,LD,$@)$(FUZZ_CC) -fsanitize=address,undefined -o $@ $^ $(LIBS)
$(FUZZ_BUILD)/corpus/host/unchanged: $(FUZZ_BUILD)/tests/seeds_host
	@mkdir -p $(@D)
	$(Q)$< $(@D)

.PHONY: fuzz-build
fuzz-build: $(FUZZERS)

fuzz: fuzz-build $(FUZZ_SEEDS)
	$(Q)failed=; \
	for fuzzer in $(FUZZERS); do \
		name=$${fuzzer##*/fuzz_}; \
		mkdir -p $(FUZZ_BUILD)/corpus/$$name; \
		seeds=tests/fuzz/corpus/$$name; [ -d $$seeds ] || seeds=; \
		if ASAN_OPTIONS=$(FUZZ_ASAN) $$fuzzer $(FUZZ_FLAGS) -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(FUZZ_BUILD)/$$name- \
		   $(FUZZ_BUILD)/corpus/$$name $$seeds >$$fuzzer.log 2>&1; then \
			printf '  FUZZ	%-14s%s\n' $$name "$$(tail -n 1 $$fuzzer.log)"; \
		else \
			printf '  FUZZ	%-14sFAILED (%s)\n' $$name $$fuzzer.log; \
			tail -n 30 $$fuzzer.log; \
			failed="$$failed $$name"; \
		fi; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi; \
	echo "fuzz: $(words $(FUZZERS)) passed, 0 failed"

-include $(TEST_SUPPORT:.o=.d) $(FUZZ_OBJECTS:.o=.d)
