# SPDX-License-Identifier: GPL-2.0-or-later
# xfd.so in a real crash(8) session; skipped where there is nothing to run it on.

$(BUILD)/tests/print-layout: $(BUILD)/tests/print-layout.o $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

check-crash: $(BUILD)/xfdtriage $(BUILD)/tests/print-layout $(XFD_SO)
	$(Q)tests/check-crash.sh $(BUILD) || [ $$? = 77 ]
