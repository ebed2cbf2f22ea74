# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel logs without a vmcore.
#
#   check-dmesg     every form of the logs of the vmcores in dumps/, and logs of other panics

$(BUILD)/tests/print-log: $(BUILD)/tests/print-log.o $(BUILD)/libxfdtriage.a
	$(call SAY,LD,$@)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: check-dmesg
check-dmesg: $(BUILD)/xfdtriage $(BUILD)/tests/print-log $(BUILD)/tests/spin.so
	$(Q)$(IF_DUMPS) tests/check-dmesg.sh $(BUILD)
