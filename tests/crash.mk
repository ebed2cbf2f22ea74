# SPDX-License-Identifier: GPL-2.0-or-later
# xfd.so in a real crash(8) session; skipped where there is nothing to run it on.

check-crash: $(BUILD)/xfdtriage $(XFD_SO)
	$(Q)tests/check-crash.sh $(BUILD) || [ $$? = 77 ]
