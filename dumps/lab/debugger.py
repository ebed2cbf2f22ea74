#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run one machine of the lab in Bochs and do, through its debugger, what the emulated CPU lacks.

Bochs knows AMX but not XFD.  XRSTOR of a component that IA32_XFD disables raises no #NM, and XSAVE writes such a
component's XSTATE_BV bit.  This program stops the machine at exactly those instructions of the running kernel and
does what the SDM says.  It also plays the host interrupt of the race, and the look-alikes.  The kernel is not modified,
and everything done to the machine is written to a journal, one JSON object a line.

usage: debugger.py --bochs COMMAND [--cpus N] --serial FILE --console FILE --journal FILE --stream FILE [--crash-at SYMBOL] [--timeout SECONDS]
COMMAND starts Bochs with its debugger; CONSOLE and SERIAL are where the machine's first and second serial port go;
STREAM gets everything that Bochs prints, the dump among it.
"""
import argparse
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
import tty

LAB_MAGIC = 0x78666474
LAB_DONE = 0x646F6E65
LAB_GUEST_XFD, LAB_WATCH, LAB_RACE, LAB_BAD_HEADER, LAB_TASK_SWITCHED, LAB_USER_FAULT, LAB_KERNEL_FAULT, LAB_CRASH_AT_EXIT, LAB_KERNEL_TS = range(1, 10)

# struct fpstate, the same in every kernel from 5.17 on; the XSAVE header is 512 bytes into its register image
FPSTATE_XFD = 24
FPSTATE_FLAGS = 32
FPSTATE_REGS = 64
FLAG_IS_GUEST = 2
XSAVE_HEADER = 512

CR0_TS = 8
KERNEL_CS, KERNEL_SS = 0x10, 0x18
FLAG_RF = 0x10000
FLAGS_CLEARED_BY_GATE = 0x100 | FLAG_RF | 0x4200  # TF, RF, IF, NT
CPUID_D_1_EAX_WORD = 10
CPUID_D_1_EAX_XFD = 1 << 4
REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")
ENCODING = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")
PROMPT = re.compile(rb"<bochs:\d+> ?")


class LabError(Exception):
    pass


class Ended(Exception):
    """Bochs is gone."""


class Bochs:
    """The conversation with Bochs' debugger, and nothing above it."""

    def __init__(self, command, stream, deadline):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.process = subprocess.Popen(shlex.split(command), stdin=slave, stdout=slave, stderr=subprocess.STDOUT, start_new_session=True)
        os.close(slave)
        self.stream = open(stream, "wb")
        self.deadline = deadline
        self.buffer = b""
        self.breakpoints = {}
        self.next_breakpoint = 1

    def _read(self, tick=None):
        """Add what comes to the buffer; tick() is called about once a second."""
        while True:
            if time.time() > self.deadline:
                raise LabError("time is up")
            ready, _, _ = select.select([self.master], [], [], 1)
            if tick:
                tick()
            if ready:
                break
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

    def wait(self, tick=None):
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

    def command(self, line, tick=None):
        os.write(self.master, line.encode() + b"\n")
        return self.wait(tick)

    def run_out(self, tick):
        """Continue for good: no breakpoint is left.  What is printed now is the dump; keep none of it in memory."""
        os.write(self.master, b"c\n")
        try:
            while True:
                self._read(tick)
        except Ended:
            pass

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.stream.close()
        os.close(self.master)

    def registers(self):
        text = self.command("r")
        values = {name: int(value.replace("_", ""), 16) for name, value in re.findall(r"\b(r\w+) ?: ?([0-9a-f]{8}_[0-9a-f]{8})", text)}
        flags = re.search(r"eflags:? 0x([0-9a-f]+)", text)
        if "rip" not in values or not flags:
            raise LabError("cannot read registers from: " + text)
        values["eflags"] = int(flags[1], 16)
        return values

    def set_register(self, name, value):
        self.command("set %s = 0x%x" % (name, value))

    def cr0(self):
        found = re.search(r"CR0=0x([0-9a-f]+)", self.command("creg"))
        if not found:
            raise LabError("cannot read CR0")
        return int(found[1], 16)

    def read32(self, address):
        text = self.command("x /1wx 0x%x" % address)
        found = re.search(r">:\s+0x([0-9a-f]{8})\b", text)
        if not found:
            raise LabError("cannot read 0x%x: %s" % (address, text))
        return int(found[1], 16)

    def read64(self, address):
        return self.read32(address) | self.read32(address + 4) << 32

    def write32(self, address, value):
        text = self.command("page 0x%x" % address)
        found = re.findall(r"maps to physical page 0x([0-9a-f]+)", text)
        if not found:
            raise LabError("0x%x is not mapped: %s" % (address, text))
        self.command("setpmem 0x%x 4 0x%x" % (int(found[-1], 16) + (address & 0xFFF), value & 0xFFFFFFFF))

    def write64(self, address, value):
        self.write32(address, value)
        self.write32(address + 4, value >> 32)

    def add_breakpoint(self, address):
        if address not in self.breakpoints:
            self.command("lb 0x%x" % address)
            self.breakpoints[address] = self.next_breakpoint
            self.next_breakpoint += 1

    def remove_breakpoint(self, address):
        number = self.breakpoints.pop(address, None)
        if number is not None:
            self.command("del %d" % number)

    def remove_breakpoints(self):
        for address in list(self.breakpoints):
            self.remove_breakpoint(address)

    def code(self, start, size):
        """The bytes of a function, as they are now: alternatives are patched at boot."""
        words = b"".join(self.read32(start + i).to_bytes(4, "little") for i in range(0, size, 4))
        return words


def find_xsave_instructions(code):
    """Offsets of XRSTOR*/XSAVE* with a REX.W prefix and a plain base register, as (kind, offset, length, base, displacement)."""
    found = []
    for i in range(len(code) - 9):
        if code[i] & 0xF8 != 0x48 or code[i + 1] != 0x0F or code[i + 2] not in (0xAE, 0xC7):
            continue
        modrm = code[i + 3]
        mod, reg, rm = modrm >> 6, modrm >> 3 & 7, modrm & 7
        kind = {(0xAE, 5): "xrstor", (0xC7, 3): "xrstors", (0xAE, 4): "xsave", (0xAE, 6): "xsaveopt", (0xC7, 4): "xsavec", (0xC7, 5): "xsaves"}.get((code[i + 2], reg))
        if not kind or mod == 3 or (mod == 0 and rm == 5):
            continue
        length = 4
        if rm == 4:  # a SIB byte follows; only the form without an index is used here
            if code[i + 4] >> 3 & 7 != 4 or code[i] & 2:
                continue
            rm = code[i + 4] & 7
            length = 5
        size = {0: 0, 1: 1, 2: 4}[mod]
        displacement = int.from_bytes(code[i + length: i + length + size], "little", signed=True)
        found.append((kind, i, length + size, ENCODING[rm | (code[i] & 1) << 3], displacement))
    return found


class Machine:
    """What the lab does to the machine."""

    def __init__(self, bochs, cpus, serial, console, journal, crash_at):
        self.cpus = cpus
        self.crash_at = crash_at
        self.bochs = bochs
        self.serial = serial
        self.console = console
        self.journal = open(journal, "w")
        self.symbols = {}
        self.loads = {}
        self.saves = {}
        self.pending = None  # a LAB_* call waiting for its moment
        self.race = False
        self.race_stage = 0
        self.getppid_calls = 0
        self.saved = None
        self.shown = 0
        self.finished = False
        self.next_tick = 0

    def note(self, event, **fields):
        fields = {key: hex(value) if isinstance(value, int) and not isinstance(value, bool) else value for key, value in fields.items()}
        self.journal.write(json.dumps(dict(event=event, **fields)) + "\n")
        self.journal.flush()
        print("  debugger: %s %s" % (event, " ".join("%s=%s" % item for item in fields.items())), flush=True)

    def console_end(self):
        try:
            with open(self.console, "rb") as file:
                file.seek(max(0, os.path.getsize(self.console) - 200))
                return file.read()
        except FileNotFoundError:
            return b""

    def tick(self, now=False):
        """Show what the machine says, learn its symbols, and notice when it dies without kdump.  Once a second."""
        if time.time() < self.next_tick and not now:
            return
        self.next_tick = time.time() + 1
        if b"Rebooting in" in self.console_end():
            raise LabError("the kernel died and kdump did not start")
        try:
            with open(self.serial, "rb") as file:
                file.seek(self.shown)
                text = file.read()
        except FileNotFoundError:
            return
        cut = text.rfind(b"\n") + 1
        self.shown += cut
        for line in text[:cut].decode(errors="replace").splitlines():
            found = re.match(r"SYMBOL ([0-9a-f]+) (\S+)", line)
            if found:
                self.symbols[found[2]] = int(found[1], 16)
            elif line.strip():
                print("  machine:  " + line[:300], flush=True)

    def symbol(self, name):
        if name not in self.symbols:
            self.tick(now=True)
        if not self.symbols.get(name):
            raise LabError("the machine did not tell the address of %s" % name)
        return self.symbols[name]

    def watch(self):
        for name in ("restore_fpregs_from_fpstate", "save_fpregs_to_fpstate"):
            start = self.symbol(name)
            for kind, offset, length, base, displacement in find_xsave_instructions(self.bochs.code(start, 160)):
                if kind.startswith("xrstor") and name.startswith("restore"):
                    self.loads[start + offset] = (kind, base, displacement)
                    self.bochs.add_breakpoint(start + offset)
                if kind.startswith("xsave") and name.startswith("save"):
                    self.saves[start + offset + length] = (kind, base, displacement)
                    self.bochs.add_breakpoint(start + offset + length)
        if not self.loads or not self.saves:
            raise LabError("no XRSTOR or no XSAVE found in the kernel")

    def image(self, where, table):
        """Registers, and what the XSAVE area at this instruction holds."""
        kind, base, displacement = table[where["rip"]]
        area = where[base] + displacement
        fpstate = area - FPSTATE_REGS
        return {
            "insn": kind,
            "rip": where["rip"],
            "fpstate": fpstate,
            "xstate_bv": self.bochs.read64(area + XSAVE_HEADER),
            "xcomp_bv": self.bochs.read64(area + XSAVE_HEADER + 8),
            "xfd": self.bochs.read64(fpstate + FPSTATE_XFD),
            "rfbm": (where["rdx"] & 0xFFFFFFFF) << 32 | where["rax"] & 0xFFFFFFFF,
            "guest": bool(self.bochs.read32(fpstate + FPSTATE_FLAGS) & FLAG_IS_GUEST),
        }

    def deliver_device_not_available(self, where):
        """#NM as the CPU would at this instruction: same privilege, no error code, no IST, and RF set as by every fault."""
        frame = (where["rip"], KERNEL_CS, where["eflags"] | FLAG_RF, where["rsp"], KERNEL_SS)
        top = (where["rsp"] & ~0xF) - 8 * len(frame)
        for i, value in enumerate(frame):
            self.bochs.write64(top + 8 * i, value)
        self.bochs.set_register("rsp", top)
        self.bochs.set_register("rip", self.symbol("asm_exc_device_not_available"))
        self.bochs.set_register("eflags", where["eflags"] & ~FLAGS_CLEARED_BY_GATE)

    def call(self, where, function, argument):
        """Call a function of the kernel so that it returns to where the machine is now (a breakpoint)."""
        stack = (where["rsp"] - 256 & ~0xF) - 8
        self.bochs.write64(stack, where["rip"])
        self.bochs.set_register("rsp", stack)
        self.bochs.set_register("rdi", argument)
        self.bochs.set_register("rip", function)

    def restore(self, where):
        for name in REGISTERS:
            self.bochs.set_register(name, where[name])
        self.bochs.set_register("eflags", where["eflags"])

    def at_load(self, where):
        if self.saved and self.saved["rip"] == where["rip"]:  # back from write_cr0()
            self.restore(self.saved)
            self.saved = None
            self.bochs.remove_breakpoints()
            self.finished = True
            return
        image = self.image(where, self.loads)
        if image["xstate_bv"] & image["xfd"] & image["rfbm"]:
            self.note("load-faults", **image)
            self.deliver_device_not_available(where)
            self.bochs.remove_breakpoints()
            self.finished = True
        elif image["guest"]:
            self.note("load", **image)
            if self.pending == LAB_BAD_HEADER:
                address = image["fpstate"] + FPSTATE_REGS + XSAVE_HEADER + 16
                self.bochs.write32(address, 1)
                self.note("header-corrupted", address=address)
                self.pending = None
                self.bochs.remove_breakpoints()
                self.finished = True
            elif self.pending == LAB_TASK_SWITCHED:
                self.pending = None
                self.saved = where
                self.note("task-switched", cr0=self.bochs.cr0())
                self.call(where, self.symbol("native_write_cr0"), self.bochs.cr0() | CR0_TS)

    def at_save(self, where):
        image = self.image(where, self.saves)
        wrong = image["xstate_bv"] & image["xfd"] & image["rfbm"]
        if wrong:
            self.bochs.write64(image["fpstate"] + FPSTATE_REGS + XSAVE_HEADER, image["xstate_bv"] & ~wrong)
            self.note("save-corrected", **image)

    def at_update_guest_xfd(self, where):
        if not self.race:
            self.note("guest-wrmsr", xfd=where["rsi"])
            self.bochs.remove_breakpoint(where["rip"])
            self.bochs.add_breakpoint(self.symbol(self.crash_at))
            return
        if self.race_stage == 0:
            self.note("race", xfd=where["rsi"], rip=where["rip"])
            self.saved = where
            self.call(where, self.symbol("kernel_fpu_begin_mask"), 2)
        elif self.race_stage == 1:
            self.call(dict(self.saved), self.symbol("kernel_fpu_end"), 0)
        else:
            self.restore(self.saved)
            self.saved = None
            self.bochs.remove_breakpoint(where["rip"])
        self.race_stage += 1

    def at_getppid(self, where):
        if not self.getppid_calls:
            self.getppid_calls = 1
        elif not self.saved:
            self.saved = where
            self.note("task-switched", cr0=self.bochs.cr0())
            self.call(where, self.symbol("native_write_cr0"), self.bochs.cr0() | CR0_TS)
        else:
            self.restore(self.saved)
            self.saved = None
            self.bochs.remove_breakpoint(where["rip"])
            if self.pending != LAB_KERNEL_TS:
                self.bochs.add_breakpoint(self.symbol("asm_exc_device_not_available"))
            self.pending = None

    def at_device_not_available(self, where):
        if not self.saved:
            self.note("device-not-available", fault_rip=self.bochs.read64(where["rsp"]), fault_cs=self.bochs.read64(where["rsp"] + 8))
            self.saved = where
            self.call(where, self.symbol("native_write_cr0"), self.bochs.cr0() & ~CR0_TS)
        else:
            self.restore(self.saved)
            self.saved = None
            self.bochs.remove_breakpoint(where["rip"])

    def at_crash(self, where):
        """The guest has left: die here, as an interrupt handler could."""
        self.note("crash-at-exit", function=self.crash_at, rip=where["rip"])
        self.bochs.set_register("rdi", ord("c"))
        self.bochs.set_register("rip", self.symbol("sysrq_handle_crash"))
        self.bochs.remove_breakpoints()
        self.finished = True

    def at_lab_call(self, where):
        call = where["rax"] & 0xFFFFFFFF
        self.tick(now=True)
        if call == LAB_GUEST_XFD:
            address = self.symbol("kvm_cpu_caps") + 4 * CPUID_D_1_EAX_WORD
            value = self.bochs.read32(address)
            self.bochs.write32(address, value | CPUID_D_1_EAX_XFD)
            self.note("guest-xfd", address=address, was=value)
        elif call == LAB_WATCH:
            self.watch()
        elif call == LAB_RACE:
            self.race = True
            self.race_stage = 0
            self.bochs.add_breakpoint(self.symbol("fpu_update_guest_xfd"))
        elif call in (LAB_BAD_HEADER, LAB_TASK_SWITCHED):
            self.pending = call
        elif call in (LAB_USER_FAULT, LAB_KERNEL_FAULT, LAB_KERNEL_TS):
            self.pending = call
            self.bochs.add_breakpoint(self.symbol("__x64_sys_getppid"))
        elif call == LAB_CRASH_AT_EXIT:
            self.bochs.add_breakpoint(self.symbol("fpu_update_guest_xfd"))
        else:
            raise LabError("the reproducer asks for %d" % call)
        self.bochs.set_register("rax", LAB_DONE)

    def run(self):
        self.bochs.wait()
        while not self.finished:
            stop = re.findall(r"^\((\d+)\) (?:Magic breakpoint|Breakpoint)", self.bochs.command("c", self.tick), re.M)
            if stop and self.cpus > 1:
                self.bochs.command("set $cpu = %s" % stop[-1])
            where = self.bochs.registers()
            rip = where["rip"]
            if rip in self.loads and rip in self.bochs.breakpoints:
                self.at_load(where)
            elif rip in self.saves and rip in self.bochs.breakpoints:
                self.at_save(where)
            elif rip in self.bochs.breakpoints and rip == self.symbols.get("fpu_update_guest_xfd"):
                self.at_update_guest_xfd(where)
            elif rip in self.bochs.breakpoints and rip == self.symbols.get("__x64_sys_getppid"):
                self.at_getppid(where)
            elif rip in self.bochs.breakpoints and rip == self.symbols.get(self.crash_at):
                self.at_crash(where)
            elif rip in self.bochs.breakpoints and rip == self.symbols.get("asm_exc_device_not_available"):
                self.at_device_not_available(where)
            elif where["rdx"] & 0xFFFFFFFF == LAB_MAGIC:
                self.at_lab_call(where)
        self.bochs.run_out(self.tick)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bochs", required=True)
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--serial", required=True)
    parser.add_argument("--console", required=True)
    parser.add_argument("--journal", required=True)
    parser.add_argument("--stream", required=True)
    parser.add_argument("--crash-at", default="kvm_emulate_cpuid", metavar="SYMBOL", help="where LAB_CRASH_AT_EXIT kills the host")
    parser.add_argument("--timeout", type=float, default=840)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # so that Bochs is ended too
    bochs = Bochs(options.bochs, options.stream, time.time() + options.timeout)
    machine = Machine(bochs, options.cpus, options.serial, options.console, options.journal, options.crash_at)
    try:
        machine.run()
        machine.tick(now=True)
    except Ended:
        machine.tick(now=True)
    except LabError as error:
        print("debugger.py: %s" % error, file=sys.stderr)
        return 1
    finally:
        bochs.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
