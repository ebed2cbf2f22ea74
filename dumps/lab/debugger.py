#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run one machine of the lab under its emulator's debugger, and do what the emulated CPU lacks (host.py, bochshost.py, qemuhost.py)."""
import argparse
import os
import signal
import sys
import time

from bochs import Bochs
from bochshost import BochsHost
from host import PlainHost
from qemu import Qemu
from qemuhost import QemuHost
from target import Ended, LabError


class Deadline:
    """A machine is hung when nothing comes from it for so long, or when it takes several times that in all."""

    FACTOR = 4

    def __init__(self, seconds, files):
        self.seconds = seconds
        self.files = files
        self.size = None
        self.last = self.end = time.time()
        self.end += self.FACTOR * seconds

    def __call__(self):
        size = [os.stat(file).st_blocks + os.path.getsize(file) for file in self.files if os.path.exists(file)]
        if size != self.size:
            self.size = size
            self.last = time.time()
        return min(self.last + self.seconds, self.end)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emulator", choices=("bochs", "qemu"), required=True)
    parser.add_argument("--command", required=True, help="starts the emulator")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--console", required=True, help="where the machine's first serial port goes")
    parser.add_argument("--serial", required=True, help="where its second serial port goes")
    parser.add_argument("--journal", required=True, help="gets a line for everything that is done to the machine")
    parser.add_argument("--stream", required=True, help="Bochs: gets everything that it prints, the dump among it; QEMU: the disk")
    parser.add_argument("--folder", help="QEMU: for its socket and its log")
    parser.add_argument("--map", help="QEMU: System.map of the kernel, or the part of it that is known")
    parser.add_argument("--whole-map", action="store_true", help="QEMU: the map has every function")
    parser.add_argument("--kvm-built-in", action="store_true", help="QEMU: KVM is no module")
    parser.add_argument("--module", help="QEMU: objdump -t of kvm.ko")
    parser.add_argument("--lab-call", type=lambda text: int(text, 16), default=0, help="QEMU: address of the reproducer's instruction that calls the lab")
    parser.add_argument("--play", default="", help="QEMU: what else is done to the machine: constant-tsc, undo-fix, save-over, hold, hold-early")
    parser.add_argument("--crash-at", default="kvm_emulate_cpuid", metavar="SYMBOL", help="where LAB_CRASH_AT_EXIT kills the host")
    parser.add_argument("--timeout", type=float, default=840, help="seconds without a sign of life")
    return parser.parse_args()


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # so that the emulator is ended too
    deadline = Deadline(options.timeout, (options.console, options.serial, options.stream))
    if options.emulator == "bochs":
        target = Bochs(options.command, options.stream, deadline, options.cpus)
        host = BochsHost(target, options)
    else:
        target = Qemu(options.command, options.folder, deadline, options.lab_call)
        host = QemuHost(target, options) if options.map else PlainHost(target, options)
    status = 0
    try:
        host.run()
        host.tick(now=True)
    except Ended:
        host.tick(now=True)
    except LabError as error:
        print("debugger.py: %s" % error, file=sys.stderr)
        status = 1
    finally:
        code = target.process.poll()
        words = target.last_words().strip()
        target.close()
        if code not in (None, 0):
            print("debugger.py: the emulator ended with %d" % code, file=sys.stderr)
        if words and (status or code):
            print("debugger.py: it said: %s" % words, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
