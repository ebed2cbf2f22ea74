# SPDX-License-Identifier: GPL-2.0-or-later
"""The host that dies: what the lab does to its kernel, on any emulator.

The machine is stopped at exactly those instructions of the running kernel that lack something on the emulated CPU, and
what the SDM says is done in their place.  The look-alikes and the host interrupts of the scenarios are played here, too.
The kernel is not modified, and everything done to the machine is written to a journal, one JSON object a line.
"""
import json
import os
import re
import time

from target import LabError

LAB_MAGIC = 0x78666474
LAB_DONE = 0x646F6E65
(LAB_GUEST_XFD, LAB_WATCH, LAB_RACE, LAB_BAD_HEADER, LAB_TASK_SWITCHED, LAB_USER_FAULT, LAB_KERNEL_FAULT, LAB_CRASH_AT_EXIT, LAB_KERNEL_TS,
 LAB_START, LAB_IS_HELD, LAB_REPAIR) = range(1, 13)

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
KFPU_MXCSR = 2
REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")
ENCODING = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")
FUNCTION_SIZE = 320

# Where a guest's state is loaded and saved.  gcc -Os moves the instruction out of line, clang inlines it into the callers.
LOADERS = ("restore_fpregs_from_fpstate", "os_xrstor", "fpu_swap_kvm_fpstate", "fpregs_restore_userregs", "switch_fpu_return")
SAVERS = ("save_fpregs_to_fpstate", "os_xsave", "fpu_swap_kvm_fpstate", "kernel_fpu_begin_mask", "fpu_sync_fpstate")


def find_xsave_instructions(code):
    """Offsets of XRSTOR*/XSAVE* with a REX.W prefix and a plain base register, as (kind, offset, length, base, displacement)."""
    found = []
    code += bytes(8)  # the last instruction of a short function may be one
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


class Host:
    def __init__(self, target, options):
        self.target = target
        self.options = options
        self.journal = open(options.journal, "w")
        self.handlers = {}
        self.symbols = {}
        self.loads = {}
        self.saves = {}
        self.states = {}  # guests' fpstates that were loaded or saved
        self.pending = None  # a LAB_* call waiting for its moment
        self.race = False
        self.race_stage = 0
        self.getppid_calls = 0
        self.saved = None
        self.held = None  # a CPU that stands still
        self.shown = 0
        self.finished = False
        self.next_tick = 0
        self.dumping = False
        self.dumped = 0
        self.next_progress = 0

    # The machine, and what it says

    def watch(self, address, handler):
        self.handlers[address] = handler
        self.target.add_breakpoint(address)

    def unwatch(self, address):
        self.handlers.pop(address, None)
        self.target.remove_breakpoint(address)

    def unwatch_all(self):
        for address in list(self.handlers):
            self.unwatch(address)

    def finish(self):
        """Nothing more is to be done to the machine."""
        self.unwatch_all()
        self.finished = True

    def note(self, event, **fields):
        fields = {key: hex(value) if isinstance(value, int) and not isinstance(value, bool) else value for key, value in fields.items()}
        self.journal.write(json.dumps(dict(event=event, **fields)) + "\n")
        self.journal.flush()
        print("  debugger: %s %s" % (event, " ".join("%s=%s" % item for item in fields.items())), flush=True)

    def console_end(self):
        try:
            with open(self.options.console, "rb") as file:
                file.seek(max(0, os.path.getsize(self.options.console) - 200))
                return file.read()
        except FileNotFoundError:
            return b""

    def tick(self, now=False):
        """Show what the machine says, learn its symbols, and notice when it dies without kdump.  Once a second."""
        if time.time() < self.next_tick and not now:
            return
        self.next_tick = time.time() + 1
        self.show_progress()
        if b"Rebooting in" in self.console_end():
            raise LabError("the kernel died and kdump did not start")
        try:
            with open(self.options.serial, "rb") as file:
                file.seek(self.shown)
                text = file.read()
        except FileNotFoundError:
            return
        cut = text.rfind(b"\n") + 1
        self.shown += cut
        for line in text[:cut].decode(errors="replace").splitlines():
            self.line(line)

    def show_progress(self):
        """Of the dump, while it is saved."""
        try:
            now = os.stat(self.options.stream).st_blocks * 512
        except FileNotFoundError:
            return
        if self.dumping and now >= self.dumped + 5_000_000 and time.time() >= self.next_progress:
            print("  machine:  saved %d MB" % (now // 1_000_000), flush=True)
            self.dumped = now
            self.next_progress = time.time() + 5

    def line(self, line):
        """A line from the machine's second serial port."""
        found = re.match(r"SYMBOL ([0-9a-f]+) (\S+)", line)
        if found:
            self.symbols[found[2]] = int(found[1], 16)
        elif line.strip() and not line.startswith("SECTION "):
            self.dumping |= line.startswith("TRIAGE ")
            print("  machine:  " + line[:300], flush=True)

    def has_symbol(self, name):
        if name not in self.symbols:
            self.tick(now=True)
        return bool(self.symbols.get(name))

    def symbol(self, name):
        if not self.has_symbol(name):
            raise LabError("the address of %s is not known" % name)
        return self.symbols[name]

    def read64(self, address):
        return int.from_bytes(self.target.read(address, 8), "little")

    def write64(self, address, value):
        self.target.write32(address, value)
        self.target.write32(address + 4, value >> 32)

    # XFD

    def functions(self, names):
        """(name, address) of those that this kernel has; clang adds a suffix to some."""
        self.tick(now=True)
        return [(name, self.symbols[name]) for name in sorted(self.symbols) if name.split(".")[0] in names and self.symbols[name]]

    def watch_state(self):
        """Break at every load, and behind every save, of a guest's state."""
        for name, start in self.functions(LOADERS):
            for kind, offset, length, base, displacement in find_xsave_instructions(self.code(name, start)):
                if kind.startswith("xrstor"):
                    self.loads[start + offset] = (kind, base, displacement)
                    self.watch(start + offset, self.at_load)
        for name, start in self.functions(SAVERS):
            for kind, offset, length, base, displacement in find_xsave_instructions(self.code(name, start)):
                if kind.startswith("xsave"):
                    self.saves[start + offset + length] = (kind, base, displacement)
                    self.watch(start + offset + length, self.at_save)
        if not self.loads or not self.saves:
            raise LabError("no XRSTOR or no XSAVE found in the kernel")

    def code(self, name, start):
        """A function as it is now: alternatives are patched at boot."""
        return self.target.read(start, 160)

    def image(self, where, table):
        """Registers, and what the XSAVE area at this instruction holds."""
        kind, base, displacement = table[where["rip"]]
        area = where[base] + displacement & (1 << 64) - 1
        fpstate = area - FPSTATE_REGS
        return {
            "insn": kind,
            "rip": where["rip"],
            "fpstate": fpstate,
            "xstate_bv": self.read64(area + XSAVE_HEADER),
            "xcomp_bv": self.read64(area + XSAVE_HEADER + 8),
            "xfd": self.read64(fpstate + FPSTATE_XFD),
            "rfbm": (where["rdx"] & 0xFFFFFFFF) << 32 | where["rax"] & 0xFFFFFFFF,
            "guest": bool(self.target.read32(fpstate + FPSTATE_FLAGS) & FLAG_IS_GUEST),
        }

    def set_xstate_bv(self, fpstate, value):
        self.write64(fpstate + FPSTATE_REGS + XSAVE_HEADER, value)

    def deliver_device_not_available(self, where):
        """#NM as the CPU would at this instruction: same privilege, no error code, no IST, and RF set as by every fault."""
        frame = (where["rip"], KERNEL_CS, where["eflags"] | FLAG_RF, where["rsp"], KERNEL_SS)
        top = (where["rsp"] & ~0xF) - 8 * len(frame)
        for i, value in enumerate(frame):
            self.write64(top + 8 * i, value)
        self.target.set_register("rsp", top)
        self.target.set_register("rip", self.symbol("asm_exc_device_not_available"))
        self.target.set_register("eflags", where["eflags"] & ~FLAGS_CLEARED_BY_GATE)

    def call(self, where, function, argument):
        """Call a function of the kernel so that it returns to where the machine is now (a breakpoint)."""
        stack = (where["rsp"] - 256 & ~0xF) - 8
        self.write64(stack, where["rip"])
        self.target.set_register("rsp", stack)
        self.target.set_register("rdi", argument)
        self.target.set_register("rip", function)

    def restore(self, where):
        for name in REGISTERS:
            self.target.set_register(name, where[name])
        self.target.set_register("eflags", where["eflags"])

    def use_the_fpu(self, where, stage):
        """What an interrupt handler that uses the FPU does, called again until it returns True; stage counts from 0."""
        if stage == 0:
            self.saved = where
            self.call(where, self.symbol("kernel_fpu_begin_mask"), KFPU_MXCSR)
        elif stage == 1:
            self.call(dict(self.saved), self.symbol("kernel_fpu_end"), 0)
        else:
            self.restore(self.saved)
            self.saved = None
        return stage == 2

    def at_load(self, where):
        if self.saved and self.saved["rip"] == where["rip"]:  # back from write_cr0()
            self.restore(self.saved)
            self.saved = None
            self.cr0_is_set(where)
            return
        image = self.image(where, self.loads)
        if image["guest"]:
            self.states[image["fpstate"]] = True
        if image["xstate_bv"] & image["xfd"] & image["rfbm"]:
            self.note("load-faults", **image)
            self.deliver_device_not_available(where)
            self.faulted(where)
            return
        if image["guest"]:
            self.note("load", **image)
            if self.pending == LAB_BAD_HEADER:
                address = image["fpstate"] + FPSTATE_REGS + XSAVE_HEADER + 16
                self.target.write32(address, 1)
                self.note("header-corrupted", address=address)
                self.pending = None
                self.finish()
            elif self.pending == LAB_TASK_SWITCHED:
                self.pending = None
                self.saved = where
                self.note("task-switched", cr0=self.target.cr0())
                self.call(where, self.symbol("native_write_cr0"), self.target.cr0() | CR0_TS)
                return
        self.load_passes(where, image)

    def cr0_is_set(self, where):
        """CR0.TS was set for the load that comes next; the emulated CPU raises the #NM."""
        self.finish()

    def faulted(self, where):
        """The #NM has been delivered."""
        self.finish()

    def load_passes(self, where, image):
        """The load raises no #NM; the emulated CPU executes it."""

    def at_save(self, where):
        image = self.image(where, self.saves)
        if image["guest"]:
            self.states[image["fpstate"]] = True
            self.repair_save(image)
        wrong = image["xstate_bv"] & image["xfd"] & image["rfbm"]
        if wrong:
            self.set_xstate_bv(image["fpstate"], image["xstate_bv"] & ~wrong)
            self.note("save-corrected", **image)

    def repair_save(self, image):
        """The emulated CPU may have saved a guest's state wrongly."""

    # The scenarios

    def at_update_guest_xfd(self, where):
        if not self.race:
            self.note("guest-wrmsr", xfd=where["rsi"])
            self.unwatch(where["rip"])
            self.watch(self.symbol(self.options.crash_at), self.at_crash)
            return
        if self.race_stage == 0:
            self.note("race", xfd=where["rsi"], rip=where["rip"])
        if self.use_the_fpu(where, self.race_stage):
            self.unwatch(where["rip"])
        self.race_stage += 1

    def at_getppid(self, where):
        if not self.getppid_calls:
            self.getppid_calls = 1
        elif not self.saved:
            self.saved = where
            self.note("task-switched", cr0=self.target.cr0())
            self.call(where, self.symbol("native_write_cr0"), self.target.cr0() | CR0_TS)
        else:
            self.restore(self.saved)
            self.saved = None
            self.unwatch(where["rip"])
            if self.pending != LAB_KERNEL_TS:
                self.watch(self.symbol("asm_exc_device_not_available"), self.at_device_not_available)
            self.pending = None

    def at_device_not_available(self, where):
        if not self.saved:
            self.note("device-not-available", fault_rip=self.read64(where["rsp"]), fault_cs=self.read64(where["rsp"] + 8))
            self.saved = where
            self.call(where, self.symbol("native_write_cr0"), self.target.cr0() & ~CR0_TS)
        else:
            self.restore(self.saved)
            self.saved = None
            self.unwatch(where["rip"])

    def at_crash(self, where):
        """The guest has left: die here, as an interrupt handler could."""
        self.note("crash-at-exit", function=self.options.crash_at, rip=where["rip"])
        self.target.set_register("rdi", ord("c"))
        self.target.set_register("rip", self.symbol("sysrq_handle_crash"))
        self.finish()

    def let_guest_have_xfd(self):
        address = self.symbol("kvm_cpu_caps") + 4 * CPUID_D_1_EAX_WORD
        value = self.target.read32(address)
        self.target.write32(address, value | CPUID_D_1_EAX_XFD)
        self.note("guest-xfd", address=address, was=value)

    def started(self):
        """The reproducer has been started, and no virtual machine exists yet."""

    def repair(self):
        """From here on correct what the emulated CPU gets wrong, as far as a virtual machine with tiles meets it."""

    def at_lab_call(self, where):
        call = where["rax"] & 0xFFFFFFFF
        self.tick(now=True)
        if call != LAB_IS_HELD or self.held is not None:
            self.target.set_register("rax", LAB_DONE)
        self.target.lab_call_done(where)
        if call == LAB_IS_HELD:
            pass
        elif call == LAB_START:
            self.started()
        elif call == LAB_GUEST_XFD:
            self.let_guest_have_xfd()
        elif call == LAB_REPAIR:
            self.repair()
        elif call == LAB_WATCH:
            self.watch_state()
        elif call in (LAB_RACE, LAB_CRASH_AT_EXIT):
            self.race = call == LAB_RACE
            self.race_stage = 0
            self.watch(self.symbol("fpu_update_guest_xfd"), self.at_update_guest_xfd)
        elif call in (LAB_BAD_HEADER, LAB_TASK_SWITCHED):
            self.pending = call
        elif call in (LAB_USER_FAULT, LAB_KERNEL_FAULT, LAB_KERNEL_TS):
            self.pending = call
            self.watch(self.symbol("__x64_sys_getppid"), self.at_getppid)
        else:
            raise LabError("the reproducer asks for %d" % call)

    def prepare(self):
        """The machine is about to start."""

    def run(self):
        self.target.start()
        self.prepare()
        while not self.finished:
            self.go_on()
        self.target.run_out(self.tick)

    def go_on(self):
        """To the next stop, and what is done there."""
        self.target.resume(self.tick, self.held)
        self.stopped(self.target.registers())

    def stopped(self, where):
        handler = self.handlers.get(where["rip"])
        if handler:
            handler(where)
        elif self.target.is_lab_call(where, LAB_MAGIC):
            self.at_lab_call(where)


class PlainHost(Host):
    """Nothing is done to the machine: it has all that the scenario needs."""

    def prepare(self):
        self.finished = True
