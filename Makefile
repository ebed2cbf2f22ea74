# SPDX-License-Identifier: GPL-2.0-or-later
#
# Targets
#   all (default)   build/xfdtriage, and build/xfd.so where crash(8)'s defs.h is installed
#   deps            install what building and testing needs (Debian, as root)
#   triage          triage the vmcores in dumps/
#   check           unit tests, tests on the vmcores in dumps/, style checks
#   check-sanitize  the same with AddressSanitizer and UndefinedBehaviorSanitizer
#   check-browser   drive the page of xfdtriage report in Chromium (sh tests/install-deps.sh browser)
#   check-hostile   triage damaged and crafted dumps under sanitizers (docs/hostile.md)
#   check-crash     compare xfd.so with xfdtriage in crash sessions, on CRASH_VMCORE with CRASH_VMLINUX, or on vmcores that
#                   the lab makes for it (root, Debian's packages)
#   fuzz            run the fuzzers for FUZZ_SECONDS each (clang)
#   bench           measure against crash(8) on DUMP with VMLINUX
#   bench-batch     measure a batch of 10000 files, killed again and again
#   install         into $(DESTDIR)$(PREFIX)
#   clean
#
# Knobs
#   V=1             print commands
#   DEBUG=yes       no optimisation
#   SANITIZE=yes    ASan and UBSan, into build/sanitize
#   WERROR=yes      warnings are errors
#   CRASH_INC=DIR   where crash/defs.h is
#   BROWSER_SHOTS=DIR  where check-browser leaves screenshots

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
CRASHDIR ?= /usr/lib/crash/extensions
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
DOCDIR ?= $(PREFIX)/share/doc/xfdtriage
VERSION := 0.1

CC ?= cc
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
ifeq ($(DEBUG),yes)
CFLAGS += -O0
endif
BUILD := build
ifeq ($(SANITIZE),yes)
BUILD := build/sanitize
CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS += -fsanitize=address,undefined
endif
ifeq ($(WERROR),yes)
WARNINGS += -Werror
endif
ALL_CPPFLAGS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Isrc -Ibuild/include -DXFDT_VERSION='"$(VERSION)"' $(CPPFLAGS)
# one set of objects for programs and xfd.so
ALL_CFLAGS := -std=gnu11 -fPIC -fvisibility=hidden $(WARNINGS) $(CFLAGS)
MADE_WITH := $(subst ','\'',$(CC) $(ALL_CPPFLAGS) $(filter-out $(WARNINGS),$(ALL_CFLAGS)) $(LDFLAGS))
XFD_LIBS := -lbpf -ldw -lelf -lcapstone -ljson-c -lz
LIBS := -laddrxlat -llzo2 -lsnappy -lzstd $(XFD_LIBS) -lsqlite3 -lseccomp

ifneq ($(V),1)
Q := @
SAY = @echo "  $(1)	$(2)";
endif

CORE_DIRS := base image dump symbols types resolve insn xstate kernel verdict render distill store report sandbox triage batch
CORE_SOURCES := $(foreach dir,$(CORE_DIRS),$(sort $(wildcard src/$(dir)/*.c)))
CORE_OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/%.o)
TEST_SOURCES := $(sort $(wildcard tests/test_*.c))
TESTS := $(TEST_SOURCES:tests/%.c=$(BUILD)/tests/%)

.PHONY: all deps triage check check-unit check-dumps check-recipes check-debuginfod check-report check-browser check-style check-sanitize check-crash fuzz bench install clean FORCE
.SECONDARY:

CRASH_INC ?= /usr/include
XFD_SO := $(if $(wildcard $(CRASH_INC)/crash/defs.h),$(BUILD)/xfd.so)

all: $(BUILD)/xfdtriage $(XFD_SO)

CLI_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(CORE_SOURCES),$(sort $(wildcard src/cli/*.c))))
$(BUILD)/xfdtriage: $(CLI_OBJECTS) $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/libxfdtriage.a: $(CORE_OBJECTS)
	$(call SAY,AR,$@)rm -f $@ && $(AR) rcs $@ $^

# changes when what objects are made with does
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(MADE_WITH)' | cmp -s - $@ || echo '$(MADE_WITH)' >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call SAY,CC,$<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# crash(8) itself has the symbols that are left undefined, and reads the dump
XFD_OBJECTS := $(BUILD)/extensions/xfd.o $(BUILD)/extensions/source.o
$(XFD_OBJECTS): ALL_CPPFLAGS += -isystem $(CRASH_INC)
$(BUILD)/xfd.so: $(XFD_OBJECTS) $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -shared -Wl,-Bsymbolic -o $@ $^ $(XFD_LIBS)

# What the HTML page holds, as C; its policy names style and script by their hashes.
PAGE_FILES := $(addprefix src/report/,report.css loading.js report.js)
$(BUILD)/src/report/html.o build/fuzz/src/report/html.o: build/include/report/page.h
build/include/report/page.h: $(PAGE_FILES) Makefile
	@mkdir -p $(@D)
	$(call SAY,GEN,$@)for file in $(PAGE_FILES); do \
		name=xfdt_$$(basename $$file | tr . _); \
		echo "static const unsigned char $$name[] = {"; \
		od -An -v -tu1 $$file | sed 's/[0-9][0-9]*/&,/g'; \
		echo "};"; echo "static const size_t $${name}_len = sizeof($$name);"; \
		echo "#define $$(echo $$name | tr a-z A-Z)_SHA256 \"$$(sha256sum $$file | cut -c 1-64 | tr a-f A-F | basenc --base16 -d | base64)\""; \
	done >$@.new && mv $@.new $@

include tests/tests.mk
include tests/checks.mk
include tests/hostile.mk
include tests/large.mk
include tests/crash.mk

deps:
	$(Q)tests/install-deps.sh

triage: $(BUILD)/xfdtriage
	-$(Q)$(BUILD)/xfdtriage dumps/*.vmcore

install: all
	install -D -m 755 $(BUILD)/xfdtriage $(DESTDIR)$(BINDIR)/xfdtriage
	install -D -m 644 docs/xfdtriage.1 $(DESTDIR)$(MANDIR)/man1/xfdtriage.1
ifneq ($(XFD_SO),)
	install -D -m 755 $(XFD_SO) $(DESTDIR)$(CRASHDIR)/xfd.so
	install -D -m 644 docs/xfd.8 $(DESTDIR)$(MANDIR)/man8/xfd.8
endif
	install -D -m 644 docs/xfdtriage.bash $(DESTDIR)$(BASHCOMPDIR)/xfdtriage
	install -D -m 644 -t $(DESTDIR)$(DOCDIR) docs/kdump.md docs/distill.md
	install -D -m 644 -t $(DESTDIR)$(DOCDIR)/kdump docs/kdump/debian.conf
	install -D -m 755 -t $(DESTDIR)$(DOCDIR)/kdump docs/kdump/debian-hook docs/kdump/dracut-pre docs/kdump/dracut-post

clean:
	$(Q)rm -rf build

-include $(shell find $(BUILD) -name "*.d" 2>/dev/null)
