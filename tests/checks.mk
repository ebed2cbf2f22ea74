# SPDX-License-Identifier: GPL-2.0-or-later
# What "make check" is made of besides the unit tests.

check: $(XFD_SO) check-unit check-verdicts check-dumps check-recipes check-cli check-packed check-dmesg check-batch check-stream check-storage check-debuginfod check-hooks check-report check-large check-docs check-cluster check-style

$(BUILD)/tests/check-dumps: $(BUILD)/tests/check-dumps.o $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/make-store: $(BUILD)/tests/make-store.o $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The first words of a recipe that needs the vmcores in dumps/.
IF_DUMPS = tests/has-dumps.sh $@ || exit 0;

# All of it runs, also after a failure.
check-dumps: $(BUILD)/tests/check-dumps
	$(Q)$(IF_DUMPS) status=0; \
	tests/check-manifest.sh dumps || status=1; \
	tests/check-mutations.sh || status=1; \
	jq -r '.vmcores[] | "\(.sha256)  \(.file)"' dumps/manifest.json | (cd dumps && sha256sum --quiet --strict -c -) || status=1; \
	$< dumps || status=1; \
	tests/check-answers.sh $(BUILD) || status=1; \
	exit $$status

# Do the manifest's entries follow from their own lines and their recipes?
check-recipes:
	$(Q)dumps/lab/lab.sh verify

$(BUILD)/tests/%.so: tests/%.c
	@mkdir -p $(@D)
	$(call SAY,LD,$@)$(CC) -fPIC -shared $(WARNINGS) -Wno-missing-prototypes -o $@ $<

$(BUILD)/tests/lacking: $(BUILD)/tests/lacking.o
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lseccomp

check-cli: $(BUILD)/xfdtriage $(BUILD)/tests/check-dumps $(BUILD)/tests/slow.so $(BUILD)/tests/spin.so $(BUILD)/tests/lacking
	$(Q)$(IF_DUMPS) tests/check-cli.sh $(BUILD)

.PHONY: check-packed
check-packed: $(BUILD)/xfdtriage $(BUILD)/tests/check-dumps $(BUILD)/tests/print-log
	$(Q)$(IF_DUMPS) tests/check-packed.sh $(BUILD)

check-batch: $(BUILD)/xfdtriage $(BUILD)/tests/check-dumps $(BUILD)/tests/spin.so
	$(Q)$(IF_DUMPS) tests/check-batch.sh $(BUILD)

# DUMPS: how many appear in the stream
.PHONY: check-stream
check-stream: $(BUILD)/xfdtriage $(BUILD)/tests/check-dumps
	$(Q)$(IF_DUMPS) tests/check-stream.sh $(BUILD) $(DUMPS)

.PHONY: check-docs
check-docs: $(BUILD)/xfdtriage
	$(Q)tests/check-docs.sh $(BUILD)

check-report: $(BUILD)/xfdtriage $(BUILD)/tests/make-store
	$(Q)$(IF_DUMPS) tests/check-report.sh $(BUILD)

# The page in headless Chromium; skipped, and says so, where there is none.
check-browser: $(BUILD)/xfdtriage $(BUILD)/tests/make-store
	$(Q)/usr/bin/python3 tests/check_browser.py $(BUILD) $(BROWSER_SHOTS) || [ $$? = 77 ]

.PHONY: check-hooks
check-hooks: $(BUILD)/xfdtriage $(BUILD)/tests/check-dumps
	$(Q)$(IF_DUMPS) tests/check-hooks.sh $(BUILD)

$(BUILD)/tests/loopback: $(BUILD)/tests/loopback.o
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/tests/http-server: $(BUILD)/tests/http-server.o
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

.PHONY: check-storage
check-storage: $(BUILD)/xfdtriage $(BUILD)/tests/http-server $(BUILD)/tests/check-dumps
	$(Q)$(IF_DUMPS) tests/check-storage.sh $(BUILD)

# DUMP, and RUNS, DELAY_MS; judges nothing
.PHONY: bench-storage
bench-storage: $(BUILD)/xfdtriage $(BUILD)/tests/http-server
	$(Q)tests/bench-storage.sh $(BUILD) "$(or $(DUMP),dumps/set-xsave-6.18.5.vmcore)" "$(RUNS)" "$(DELAY_MS)"

check-debuginfod: $(BUILD)/xfdtriage $(BUILD)/tests/loopback
	$(Q)$(IF_DUMPS) tests/check-debuginfod.sh $(BUILD) || [ $$? = 77 ]

# The core is silent: it neither prints to the standard streams nor ends the
# process nor reads the environment.
SILENT := printf puts putchar exit _exit abort getenv secure_getenv perror stdout stderr
check-style: $(BUILD)/libxfdtriage.a
	$(Q)tests/check-style.sh $(BUILD)/libxfdtriage.a "$(SILENT)"

# Are the tables in docs/verdicts.md those that decide?
.PHONY: check-verdicts
check-verdicts:
	$(Q)tests/check-verdicts.sh

check-sanitize:
	$(Q)$(MAKE) SANITIZE=yes check-unit check-dumps check-cli check-packed check-batch check-stream check-report check-hostile-here

# The Debian packages, in a clean root: no part of check, since it takes minutes and the network.
.PHONY: check-packages
check-packages: $(BUILD)/xfdtriage
	$(Q)tests/check-packages.sh $(BUILD) || [ $$? = 77 ]

# The files for Slurm, on daemons of this machine: no part of check, since few machines have Slurm, and it takes minutes.
.PHONY: check-slurm
check-slurm: $(BUILD)/xfdtriage
	$(Q)$(IF_DUMPS) tests/check-slurm.sh $(BUILD) || [ $$? = 77 ]

.PHONY: check-cluster
check-cluster: $(BUILD)/xfdtriage
	$(Q)$(IF_DUMPS) tests/check-cluster.sh $(BUILD)
