# SPDX-License-Identifier: GPL-2.0-or-later
#
# Targets
#   all (default)   build/xfdtriage, and build/xfd.so where crash(8)'s defs.h is installed
#   deps            install what building and testing needs (Debian, as root)
#   triage          triage the vmcores in dumps/
#   help            this list
#   check           unit tests, tests on the vmcores in dumps/, style checks
#   check-dmesg     kernel logs without a vmcore, in every form
#   check-sanitize  the same with AddressSanitizer and UndefinedBehaviorSanitizer
#   check-browser   drive the page of xfdtriage report in Chromium (sh tests/install-deps.sh browser)
#   check-hostile   triage damaged and crafted dumps under sanitizers (docs/hostile.md)
#   check-crash     compare xfd.so with xfdtriage in crash sessions, on CRASH_VMCORE with CRASH_VMLINUX, or on vmcores that
#                   the lab makes for it (root, Debian's packages)
#   lint            clang, gcc -flto, cppcheck and shellcheck, with no findings (sh tests/install-deps.sh lint)
#   fuzz            run the fuzzers for FUZZ_SECONDS each (clang)
#   bench           measure against crash(8) on DUMP with VMLINUX
#   bench-storage   measure on DUMP behind a delay: by http, and by nbdkit if nbdfuse is there
#   bench-batch     measure a batch of 10000 files, killed again and again
#   install         into $(DESTDIR)$(PREFIX)
#   uninstall       remove what install put there
#   deb, rpm        Debian packages, a source RPM: into build/packages (docs/packaging/README.md)
#   check-slurm     run the files for Slurm on a cluster of this machine (root; docs/cluster.md)
#   check-packages  build the Debian packages twice, and use them in a clean Debian (root)
#   clean
#
# Knobs
#   V=1             print commands
#   DEBUG=yes       no optimisation
#   SANITIZE=yes    ASan and UBSan, into build/sanitize
#   WERROR=yes      warnings are errors
#   CRASH_INC=DIR   where crash/defs.h is; CRASH=no: do not build xfd.so
#   DEBUGINFOD=no   do not ask debuginfod servers
#   CURL=no         do not read http and https URLs
#   BROWSER_SHOTS=DIR  where check-browser leaves screenshots

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
CRASHDIR ?= /usr/lib/crash/extensions
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
DOCDIR ?= $(PREFIX)/share/doc/xfdtriage
KDUMPDIR ?= $(PREFIX)/share/xfdtriage/kdump
CLUSTERDIR ?= $(PREFIX)/share/xfdtriage/cluster
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

# What xfd.so needs, and what the program needs besides; docs/packaging/README.md says who has it.
PKG_CONFIG ?= pkg-config
XFD_PACKAGES := 'libbpf >= 1.0' libdw libelf 'capstone >= 4' 'json-c >= 0.14' zlib
PACKAGES := 'libaddrxlat >= 0.5.1' lzo2 snappy libzstd $(XFD_PACKAGES) 'sqlite3 >= 3.33' libseccomp
# only their headers: the program loads them when it needs them
LOADED := 'libarchive >= 3.5'
XFD_LIBS := $(shell $(PKG_CONFIG) --libs $(XFD_PACKAGES) 2>/dev/null)
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
ALL_CPPFLAGS += $(shell $(PKG_CONFIG) --cflags $(PACKAGES) $(LOADED) 2>/dev/null)

DEBUGINFOD ?= $(shell $(PKG_CONFIG) --exists libdebuginfod && echo yes || echo no)
ifneq ($(DEBUGINFOD),yes)
ALL_CPPFLAGS += -DXFDT_NO_DEBUGINFOD
endif

CURL ?= $(shell $(PKG_CONFIG) --exists 'libcurl >= 7.61' && echo yes || echo no)
ifneq ($(CURL),yes)
ALL_CPPFLAGS += -DXFDT_NO_CURL
endif

MADE_WITH := $(subst ','\'',$(CC) $(ALL_CPPFLAGS) $(filter-out $(WARNINGS),$(ALL_CFLAGS)) $(LDFLAGS))

ifneq ($(V),1)
Q := @
SAY = @echo "  $(1)	$(2)";
endif

CORE_DIRS := base image dump symbols types resolve insn xstate kernel verdict render distill store report sandbox fetch unpack triage batch
CORE_SOURCES := $(foreach dir,$(CORE_DIRS),$(sort $(wildcard src/$(dir)/*.c)))
CORE_OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/%.o)
TEST_SOURCES := $(sort $(wildcard tests/test_*.c))
TESTS := $(TEST_SOURCES:tests/%.c=$(BUILD)/tests/%)

.PHONY: all help deps triage check check-unit check-dumps check-recipes check-debuginfod check-report check-browser check-style check-sanitize check-crash fuzz bench install uninstall deb rpm clean FORCE
.SECONDARY:

CRASH_INC ?= /usr/include
CRASH ?= $(if $(wildcard $(CRASH_INC)/crash/defs.h),yes,no)
XFD_SO := $(if $(filter yes,$(CRASH)),$(BUILD)/xfd.so)

all: $(BUILD)/xfdtriage $(XFD_SO)
	$(if $(XFD_SO),,@echo "xfd.so is not built: CRASH=$(CRASH), crash/defs.h is looked for in $(CRASH_INC)")
	$(if $(filter yes,$(CURL)),,@echo "http and https URLs are not read: CURL=$(CURL), or no libcurl")
	$(if $(filter yes,$(DEBUGINFOD)),,@echo "debuginfod servers are not asked: DEBUGINFOD=$(DEBUGINFOD), or no libdebuginfod")

CLI_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(CORE_SOURCES),$(sort $(wildcard src/cli/*.c))))
$(BUILD)/xfdtriage: $(CLI_OBJECTS) $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/libxfdtriage.a: $(CORE_OBJECTS)
	$(call SAY,AR,$@)rm -f $@ && $(AR) rcs $@ $^

# changes when what objects are made with does
$(BUILD)/flags: FORCE
	@$(PKG_CONFIG) --print-errors --exists $(PACKAGES) $(LOADED) || { \
		echo "install what is missing: 'make deps' on Debian, or see docs/packaging/README.md" >&2; exit 1; }
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
include tests/dmesg.mk
include tests/lint.mk

help:
	$(Q)sed -n '/^# Targets/,/^$$/s/^#//p' $(firstword $(MAKEFILE_LIST))

deps:
	$(Q)tests/install-deps.sh

triage: $(BUILD)/xfdtriage
	-$(Q)$(BUILD)/xfdtriage dumps/*.vmcore

# MODE:FILE:PLACE
INSTALLED := 755:$(BUILD)/xfdtriage:$(BINDIR)/xfdtriage 644:docs/xfdtriage.1:$(MANDIR)/man1/xfdtriage.1 \
	644:docs/xfdtriage.bash:$(BASHCOMPDIR)/xfdtriage \
	$(foreach doc,$(wildcard docs/*.md),644:$(doc):$(DOCDIR)/$(notdir $(doc))) \
	644:docs/kdump/debian.conf:$(KDUMPDIR)/debian.conf \
	$(foreach hook,debian-hook dracut-pre dracut-post,755:docs/kdump/$(hook):$(KDUMPDIR)/$(hook)) \
	$(foreach file,$(wildcard docs/cluster/*),$(if $(filter %.sh %.sbatch,$(file)),755,644):$(file):$(CLUSTERDIR)/$(notdir $(file))) \
	$(if $(XFD_SO),755:$(XFD_SO):$(CRASHDIR)/xfd.so 644:docs/xfd.8:$(MANDIR)/man8/xfd.8)

install: all
	$(Q)for entry in $(INSTALLED); do \
		IFS=:; set -- $$entry; install -D -m "$$1" "$$2" "$(DESTDIR)$$3" || exit; \
	done

uninstall:
	$(Q)for entry in $(INSTALLED); do rm -f "$(DESTDIR)$${entry##*:}"; done
	$(Q)for folder in $(DOCDIR) $(KDUMPDIR) $(CLUSTERDIR) $(dir $(KDUMPDIR)); do \
		[ ! -d "$(DESTDIR)$$folder" ] || rmdir --ignore-fail-on-non-empty "$(DESTDIR)$$folder"; \
	done

deb rpm:
	$(Q)docs/packaging/$@.sh $(VERSION)

clean:
	$(Q)rm -rf build

-include $(shell find $(BUILD) -name "*.d" 2>/dev/null)
