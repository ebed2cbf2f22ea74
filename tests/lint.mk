# SPDX-License-Identifier: GPL-2.0-or-later
#
# What compilers and analysers other than the default one find: nothing.  Needs sh tests/install-deps.sh lint.
#
#   lint            all of it
#   lint-clang      a build of everything, unit tests included, with clang, where warnings are errors
#   lint-lto        the same of the programs with gcc -flto, which sees through calls
#   lint-fuzz       the fuzzers' sources with clang, which nothing else in CI reads
#   lint-cppcheck
#   lint-shell      shellcheck of every script

.PHONY: lint lint-clang lint-lto lint-fuzz lint-cppcheck lint-shell
lint: lint-clang lint-lto lint-fuzz lint-cppcheck lint-shell

lint-clang:
	$(Q)$(MAKE) CC=clang BUILD=build/clang WERROR=yes all unit-tests

lint-lto:
	$(Q)$(MAKE) CFLAGS="-O2 -g -flto=auto" BUILD=build/lto WERROR=yes all

lint-fuzz: build/include/report/page.h
	$(Q)$(FUZZ_CC) $(ALL_CPPFLAGS) $(FUZZ_CFLAGS) -Werror $(if $(XFD_SO),-isystem $(CRASH_INC)) -fsyntax-only \
		$(FUZZ_SOURCES) tests/fuzz/seeds_host.c

# returnDanglingLifetime takes the errors that functions return for pointers to the locals they are given
lint-cppcheck: build/include/report/page.h
	$(Q)cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
		--suppress=returnDanglingLifetime --std=c11 -D_GNU_SOURCE -Isrc -Ibuild/include src extensions

# .shellcheckrc says what is not asked for
SCRIPTS = $(shell git ls-files '*.sh') .ci/run $(addprefix docs/kdump/,debian-hook dracut-pre dracut-post) dumps/lab/init
lint-shell:
	$(Q)shellcheck -x -P SCRIPTDIR $(SCRIPTS)
