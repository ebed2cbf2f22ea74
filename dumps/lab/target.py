# SPDX-License-Identifier: GPL-2.0-or-later
"""What the two back ends share.  A back end (Bochs, Qemu) is a machine that is stopped, and has:

start(), resume(tick, without)    go on until a breakpoint or a lab call; that CPU's registers are the ones seen afterwards; without a CPU
                          that stands still (QEMU only)
step(tick)                execute one instruction
run_out(tick), close()    go on for good; end the machine
registers(), set_register(name, value), cr0()
read(address, size), read32(address), write32(address, value)    by kernel virtual address
add_breakpoint(address), remove_breakpoint(address), breakpoints
is_lab_call(where, magic), lab_call_done(where)
last_words()              what the emulator printed last, for a person
"""
import os
import signal
import subprocess


class LabError(Exception):
    pass


class Ended(Exception):
    """The emulator is gone."""


def end_process(process):
    """End what was started as a process group of its own."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
