# SPDX-License-Identifier: GPL-2.0-or-later
# xfd.so in a real crash(8) session, on the vmcores that CRASH_VMLINUX and CRASH_VMCORE name, or else on some that the lab
# makes of Debian's kernels (root; about 3 GB of packages).  Skipped where there is nothing to run it on.

$(BUILD)/tests/print-layout: $(BUILD)/tests/print-layout.o $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/forget: $(BUILD)/tests/forget.o
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lkdumpfile

# what tests/check-crash.sh runs
.PHONY: crash-programs
crash-programs: $(BUILD)/xfdtriage $(XFD_SO) $(BUILD)/tests/print-layout $(BUILD)/tests/forget

check-crash: crash-programs $(BUILD)/tests/check-dumps
	$(Q)tests/check-crash$(if $(CRASH_VMLINUX)$(CRASH_VMCORE),,-lab).sh $(BUILD) || [ $$? = 77 ]
