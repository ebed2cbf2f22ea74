# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine in Bochs, driven through the text interface of its built-in debugger."""
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import time
import tty

from target import Ended, LabError, end_process

PROMPT = re.compile(rb"<bochs:\d+> ?")


class Bochs:
    """The machine as the lab sees it: see target.py."""

    def __init__(self, command, stream, deadline, cpus):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.process = subprocess.Popen(shlex.split(command), stdin=slave, stdout=slave, stderr=subprocess.STDOUT, start_new_session=True)
        os.close(slave)
        self.stream = open(stream, "wb")
        self.deadline = deadline
        self.cpus = cpus
        self.buffer = b""
        self.breakpoints = {}
        self.next_breakpoint = 1

    def start(self):
        self._wait()

    def _read(self, tick=None):
        """Add what comes to the buffer; tick() is called about once a second."""
        while True:
            ready, _, _ = select.select([self.master], [], [], 1)
            if tick:
                tick()
            if ready:
                break
            if time.time() > self.deadline():
                raise LabError("time is up")
            if self.process.poll() is not None:
                raise Ended()
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            raise Ended() from None
        if not data:
            raise Ended()
        self.stream.write(data)
        return data

    def _wait(self, tick=None):
        """Everything up to the next prompt.  Of what comes without one (the dump) only the end is kept."""
        searched = 0
        while True:
            found = PROMPT.search(self.buffer, max(0, searched - 32))
            if found:
                text = self.buffer[: found.end()].decode(errors="replace").replace("\r", "")
                self.buffer = self.buffer[found.end():]
                return text
            if len(self.buffer) > 1 << 18:
                self.buffer = self.buffer[-(1 << 16):]
            searched = len(self.buffer)
            self.buffer += self._read(tick)

    def _command(self, line, tick=None):
        os.write(self.master, line.encode() + b"\n")
        return self._wait(tick)

    def resume(self, tick, without=None):
        stop = re.findall(r"^\((\d+)\) (?:Magic breakpoint|Breakpoint)", self._command("c", tick), re.M)
        if stop and self.cpus > 1:
            self._command("set $cpu = %s" % stop[-1])

    def step(self, tick):
        self._command("s", tick)

    def is_lab_call(self, where, magic):
        return where["rdx"] & 0xFFFFFFFF == magic

    def lab_call_done(self, where):
        """Bochs stops behind the magic instruction."""

    def run_out(self, tick):
        """Continue for good: no breakpoint is left.  What is printed now is the dump; keep none of it in memory."""
        os.write(self.master, b"c\n")
        try:
            while True:
                self._read(tick)
        except Ended:
            pass

    def close(self):
        end_process(self.process)
        self.stream.close()
        os.close(self.master)

    def last_words(self):
        return self.buffer[-400:].decode(errors="replace")

    def registers(self):
        text = self._command("r")
        values = {name: int(value.replace("_", ""), 16) for name, value in re.findall(r"\b(r\w+) ?: ?([0-9a-f]{8}_[0-9a-f]{8})", text)}
        flags = re.search(r"eflags:? 0x([0-9a-f]+)", text)
        if "rip" not in values or not flags:
            raise LabError("cannot read registers from: " + text)
        values["eflags"] = int(flags[1], 16)
        return values

    def set_register(self, name, value):
        self._command("set %s = 0x%x" % (name, value))

    def cr0(self):
        found = re.search(r"CR0=0x([0-9a-f]+)", self._command("creg"))
        if not found:
            raise LabError("cannot read CR0")
        return int(found[1], 16)

    def read(self, address, size):
        return b"".join(self.read32(address + i).to_bytes(4, "little") for i in range(0, size, 4))

    def read32(self, address):
        text = self._command("x /1wx 0x%x" % address)
        found = re.search(r">:\s+0x([0-9a-f]{8})\b", text)
        if not found:
            raise LabError("cannot read 0x%x: %s" % (address, text))
        return int(found[1], 16)

    def write32(self, address, value):
        text = self._command("page 0x%x" % address)
        found = re.findall(r"maps to physical page 0x([0-9a-f]+)", text)
        if not found:
            raise LabError("0x%x is not mapped: %s" % (address, text))
        self._command("setpmem 0x%x 4 0x%x" % (int(found[-1], 16) + (address & 0xFFF), value & 0xFFFFFFFF))

    def add_breakpoint(self, address):
        if address not in self.breakpoints:
            self._command("lb 0x%x" % address)
            self.breakpoints[address] = self.next_breakpoint
            self.next_breakpoint += 1

    def remove_breakpoint(self, address):
        number = self.breakpoints.pop(address, None)
        if number is not None:
            self._command("del %d" % number)
