# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine in QEMU, driven by GDB's remote protocol over a Unix socket."""
import os
import select
import shlex
import socket
import struct
import subprocess
import time

from target import Ended, LabError, end_process

# The order of QEMU's gdb-xml/i386-64bit.xml, and the sizes in bytes.
LAYOUT = [(name, 8) for name in "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip".split()] + [
    (name, 4) for name in "eflags cs ss ds es fs gs".split()] + [(name, 8) for name in "fs_base gs_base k_gs_base cr0 cr2 cr3 cr4 cr8 efer".split()]
NUMBER = {name: i for i, (name, _) in enumerate(LAYOUT)}
SIZE = dict(LAYOUT)
CHUNK = 1024


class Qemu:
    """The machine as the lab sees it: see target.py."""

    def __init__(self, command, folder, deadline, lab_call):
        self.path = os.path.join(folder, "gdb")
        self.log = open(os.path.join(folder, "qemu.log"), "w+b")
        command = shlex.split(command) + ["-S", "-gdb", "unix:%s,server=on,wait=off" % self.path]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)
        self.deadline = deadline
        self.lab_call = lab_call
        self.socket = None
        self.buffer = b""
        self.breakpoints = {}
        self.watchpoints = []  # (address, size)
        self.thread = None
        self.handled = None  # where the last stop was reported

    def start(self):
        for _ in range(100):
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(self.path)
                break
            except OSError:
                self.socket.close()
                if self.process.poll() is not None:
                    raise Ended() from None
                time.sleep(0.1)
        else:
            raise LabError("QEMU does not open its gdb socket")
        # Without this question single registers cannot be written.  The next packet acknowledges an answer, as QEMU takes it.
        answer = self._ask("qXfer:features:read:target.xml:0,ffb")
        while answer[:1] not in b"lm":  # it may have told first that it stands still
            answer = self._packet()
        if self.lab_call:
            self.add_breakpoint(self.lab_call)

    def _send(self, data):
        try:
            self.socket.sendall(b"$%s#%02x" % (data, sum(data) & 0xFF))
        except OSError:
            raise Ended() from None

    def _packet(self, tick=None):
        """The next packet; tick() is called about once a second while there is none."""
        while True:
            start = self.buffer.find(b"$")
            end = self.buffer.find(b"#", start + 1)
            if start >= 0 and end >= 0 and len(self.buffer) >= end + 3:
                data = self.buffer[start + 1: end]
                self.buffer = self.buffer[end + 3:]
                return data
            if not select.select([self.socket], [], [], 1)[0]:
                if tick:
                    tick()
                if time.time() > self.deadline():
                    raise LabError("time is up")
                continue
            try:
                more = self.socket.recv(1 << 16)
            except OSError:
                more = b""
            if not more:
                raise Ended()
            self.buffer += more

    def _ask(self, text, tick=None):
        self._send(text.encode())
        return self._packet(tick)

    def _order(self, text):
        answer = self._ask(text)
        if answer != b"OK":
            raise LabError("QEMU refuses %s: %s" % (text[:60], answer.decode(errors="replace")))

    def _go(self, action, tick):
        """Until the machine stops; selects the CPU that did."""
        answer = self._ask("vCont;" + action, tick)
        while answer[:1] == b"O":  # console output
            answer = self._packet(tick)
        if answer[:1] in b"WX":
            raise Ended()
        if answer[:1] != b"T":
            raise LabError("QEMU stopped with %s" % answer.decode(errors="replace"))
        fields = dict(field.split(b":", 1) for field in answer[3:].split(b";") if b":" in field)
        self.thread = fields[b"thread"].decode()
        self._order("Hg" + self.thread)

    def step(self, tick=None):
        """One instruction of this CPU, without interrupts; the others stand still."""
        self._go("s:" + self.thread, tick)
        self.handled = None

    def resume(self, tick, without=None):
        """without: a CPU's thread that stands still."""
        if self.thread and self.is_at_breakpoint():
            if self.handled != self.thread_and_rip():
                self.handled = self.thread_and_rip()
                return
            self.step(tick)
            if self.is_at_breakpoint():
                self.handled = self.thread_and_rip()
                return
        if without:
            self._go(";".join("c:" + thread for thread in self.threads() if int(thread, 16) != int(without, 16)), tick)
        else:
            self._go("c", tick)
        self.handled = self.thread_and_rip()

    def thread_and_rip(self):
        return self.thread, self.registers()["rip"]

    def is_at_breakpoint(self):
        return self.registers()["rip"] in self.breakpoints

    def threads(self):
        answer = self._ask("qfThreadInfo")
        found = []
        while answer[:1] == b"m":
            found += answer[1:].decode().split(",")
            answer = self._ask("qsThreadInfo")
        return found

    def is_lab_call(self, where, magic):
        return where["rip"] == self.lab_call and where["rdx"] & 0xFFFFFFFF == magic

    def lab_call_done(self, where):
        self.set_register("rip", where["rip"] + 3)  # behind the xchg %bx,%bx

    def run_out(self, tick):
        """Continue for good, without a debugger."""
        self._ask("D")
        while True:
            try:
                self.process.wait(1)
                return
            except subprocess.TimeoutExpired:
                tick()
                if time.time() > self.deadline():
                    raise LabError("time is up") from None

    def close(self):
        end_process(self.process)
        self.log.close()
        if self.socket:
            self.socket.close()

    def last_words(self):
        self.log.seek(0)
        return self.log.read()[-400:].decode(errors="replace")

    def registers(self):
        data = bytes.fromhex(self._ask("g").decode())
        values, at = {}, 0
        for name, size in LAYOUT:
            values[name] = int.from_bytes(data[at: at + size], "little")
            at += size
        return values

    def set_register(self, name, value):
        size = SIZE[name]
        self._order("P%x=%s" % (NUMBER[name], (value & (1 << 8 * size) - 1).to_bytes(size, "little").hex()))

    def cr0(self):
        return self.registers()["cr0"]

    def read(self, address, size):
        data = b""
        while len(data) < size:
            answer = self._ask("m%x,%x" % (address + len(data), min(CHUNK, size - len(data))))
            if answer[:1] == b"E" or not answer:
                raise LabError("cannot read 0x%x" % (address + len(data)))
            data += bytes.fromhex(answer.decode())
        return data

    def read32(self, address):
        return struct.unpack("<I", self.read(address, 4))[0]

    def write32(self, address, value):
        self._order("M%x,4:%s" % (address, struct.pack("<I", value & 0xFFFFFFFF).hex()))

    def add_breakpoint(self, address):
        if address not in self.breakpoints:
            self._order("Z1,%x,1" % address)
            self.breakpoints[address] = True

    def remove_breakpoint(self, address):
        if self.breakpoints.pop(address, None):
            self._order("z1,%x,1" % address)

    def add_watchpoint(self, address, size):
        """The machine stops behind an instruction that reads there."""
        self._order("Z3,%x,%x" % (address, size))
        self.watchpoints.append((address, size))

    def remove_watchpoints(self):
        for address, size in self.watchpoints:
            self._order("z3,%x,%x" % (address, size))
        self.watchpoints = []
