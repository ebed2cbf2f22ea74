# SPDX-License-Identifier: GPL-2.0-or-later
"""A host on QEMU's TCG that has AMX and XFD, as far as its kernel can tell.

The emulated CPU has neither.  CPUID and XSETBV of the kernel and of KVM, and the RDMSR of IA32_XFD_ERR in the #NM handler,
are answered here as a CPU with AMX would; the kernel then makes its own tables and sizes of that.  TCG ignores writes to
IA32_XFD, and leaves the bits of XSTATE_BV that are not in its XCR0 alone when it saves: tiles stay as they were loaded.
"""
import re

from host import FPSTATE_REGS, FPSTATE_XFD, FUNCTION_SIZE, XSAVE_HEADER, Host
from target import LabError

TILES = 3 << 17
TILEDATA = 1 << 18
MSR_IA32_XFD_ERR = 0x1C5
CPUID, XSETBV, RDMSR, CALL = b"\x0f\xa2", b"\x0f\x01\xd1", b"\x0f\x32", b"\xe8"
KERNEL_START, SLOT = 0xFFFFFFFF80000000, 0x200000
DIRECT_MAP_STARTS = (0xFFFF888000000000, 0xFF11000000000000)  # before KASLR moves it: __PAGE_OFFSET_BASE_L4, _L5
LOW_MEMORY = (0x1000, 0xA0000)
KVM_CAPS_SIZE = 256
MODULE_NAME, MODULE_SIZE = 24, 2048  # struct module: where its name is, and enough of it

# What a Sapphire Rapids says: values of EAX, EBX, ECX, EDX that replace the emulated CPU's, or bits that are added to them.
CPUID_REPLACED = {
    (0xD, 17): (64, 2752, 2, 0),
    (0xD, 18): (8192, 2816, 6, 0),
    (0x1D, 0): (1, 0, 0, 0),
    (0x1D, 1): (0x04002000, 0x00080040, 16, 0),
    (0x1E, 0): (0, 0x4010, 0, 0),
}
CPUID_ADDED = {
    (7, 0): (0, 0, 0, 1 << 22 | 1 << 24 | 1 << 25),  # AMX-BF16, AMX-TILE, AMX-INT8
    (0xD, 1): (1 << 4, 0, 0, 0),  # XFD
}
CPUID_ADDED_FOR_RT = {
    (0x80000007, 0): (0, 0, 0, 1 << 8),  # invariant TSC, without which KVM does not load on PREEMPT_RT
}
XSAVE_SIZE = 2816 + 8192
RESULTS = ("rax", "rbx", "rcx", "rdx")


def find_all(code, pattern):
    at = code.find(pattern)
    while at >= 0:
        yield at
        at = code.find(pattern, at + 1)


class QemuHost(Host):
    def __init__(self, target, options):
        super().__init__(target, options)
        self.map = self.read_map(options.map)
        self.module = self.read_module(options.module) if options.module else {}
        self.sections = {}
        self.xcr0 = None  # what the emulated CPU has of what the kernel asked for
        self.told = set()
        self.boot = []  # breakpoints in code that is gone when the reproducer starts
        self.play = options.play.split()
        self.fpu_stage = 0
        self.fault = None
        self.kvm_module = self.kvm_text = None
        self.kvm_init = set()  # breakpoints in its init function
        self.added = {**CPUID_ADDED, **(CPUID_ADDED_FOR_RT if "constant-tsc" in self.play else {})}

    @staticmethod
    def read_map(path):
        """name: address, as linked"""
        with open(path) as file:
            return {fields[2]: int(fields[0], 16) for fields in map(str.split, file) if len(fields) >= 3}

    @staticmethod
    def read_module(path):
        """objdump -t of a module: name: (section, offset)"""
        found = {}
        with open(path) as file:
            for line in file:
                symbol = re.match(r"([0-9a-f]{16}) .{7} (\S+)\t[0-9a-f]+ (?:\.hidden )?(\S+)$", line)
                if symbol:
                    found[symbol[3]] = (symbol[2], int(symbol[1], 16))
        return found

    def line(self, line):
        found = re.match(r"SECTION (\S+) 0x([0-9a-f]+)", line)
        if not found:
            super().line(line)
            return
        self.sections[found[1]] = int(found[2], 16)
        for name, (section, offset) in self.module.items():
            if section == found[1]:
                self.symbols.setdefault(name, self.sections[section] + offset)

    # Boot

    def prepare(self):
        """The kernel's first access to its direct map is x86_64_start_kernel(), which copies boot_params from low memory."""
        for start in DIRECT_MAP_STARTS:
            self.target.add_watchpoint(start + LOW_MEMORY[0], LOW_MEMORY[1] - LOW_MEMORY[0])

    def stopped(self, where):
        if self.target.watchpoints:
            self.target.remove_watchpoints()
            self.at_boot_params(where)
        else:
            super().stopped(where)

    def at_boot_params(self, where):
        """KASLR has put the kernel somewhere below this instruction."""
        text = where["rip"] & -SLOT
        while not self.is_kernel(text):
            text -= SLOT
            if text < KERNEL_START:
                raise LabError("the kernel does not begin below 0x%x" % where["rip"])
        self.symbols.update({name: address - self.map["_text"] + text for name, address in self.map.items() if address >= KERNEL_START})
        self.note("kernel", text=text)
        start, end = self.symbol("_sinittext"), self.symbol("_einittext")
        self.emulate(start, self.target.read(start, end - start))
        self.boot = list(self.handlers)
        for name, address in self.functions(("get_cpu_cap", "native_cpuid", "fpu__init_cpu_xstate", "xfeature_size")):
            self.emulate(address, self.code(name, address))
        if self.module and self.options.whole_map:
            self.watch(self.symbol("do_init_module"), self.at_do_init_module)
        self.watch(self.symbol("machine_kexec"), self.at_machine_kexec)

    def is_kernel(self, text):
        """The kernel is mapped from _text on, and nothing is below."""
        try:
            self.target.read(text, 8)
        except LabError:
            return False
        try:
            self.target.read(text - 8, 8)
        except LabError:
            return True
        return text == KERNEL_START

    def code(self, name, start):
        """Up to the next symbol that is known, or a fair size."""
        following = min((address for address in self.symbols.values() if address > start), default=start + FUNCTION_SIZE)
        return self.target.read(start, min(following - start, 4096) if self.options.whole_map else min(following - start, FUNCTION_SIZE))

    def emulate(self, start, code):
        """Answer CPUID and XSETBV in this code."""
        for at in find_all(code, CPUID):
            self.watch(start + at, self.at_cpuid)
        for at in find_all(code, XSETBV):
            self.watch(start + at, self.at_xsetbv)

    def at_cpuid(self, where):
        leaf, subleaf = where["rax"] & 0xFFFFFFFF, where["rcx"] & 0xFFFFFFFF
        key = (leaf, subleaf if leaf in (7, 0xD, 0x1D, 0x1E) else 0)
        if key not in CPUID_REPLACED and key not in self.added and key != (0xD, 0):
            return
        self.target.step(self.tick)
        now = self.target.registers()
        values = [now[name] & 0xFFFFFFFF for name in RESULTS]
        if key in CPUID_REPLACED:
            values = CPUID_REPLACED[key]
        elif key in self.added:
            values = [value | added for value, added in zip(values, self.added[key])]
        else:
            values = [values[0] | TILES, XSAVE_SIZE, XSAVE_SIZE, values[3]]
        for name, value in zip(RESULTS, values):
            self.target.set_register(name, value)
        if key not in self.told:
            self.told.add(key)
            self.note("cpuid", leaf=leaf, subleaf=key[1], eax=values[0], ebx=values[1], ecx=values[2], edx=values[3])

    def at_xsetbv(self, where):
        """XCR0 with the tiles is accepted, and the emulated CPU gets what it has."""
        if where["rcx"] & 0xFFFFFFFF:
            return
        wanted = where["rax"] & 0xFFFFFFFF
        if self.xcr0 is None:
            self.xcr0 = wanted & ~TILES
            self.note("xsetbv", xcr0=wanted)
        self.target.set_register("rax", wanted & ~TILES)
        self.target.step(self.tick)
        self.target.set_register("rax", where["rax"])

    # KVM

    def at_do_init_module(self, where):
        """Without CONFIG_PARAVIRT_XXL, CPUID is in the code of KVM itself, which executes it from its init function on."""
        if self.target.read(where["rdi"] + MODULE_NAME, 4) == b"kvm\0":
            self.unwatch(where["rip"])
            self.kvm_module = where["rdi"]
            self.watch(self.symbol("do_one_initcall"), self.at_init_of_kvm)

    def at_init_of_kvm(self, where):
        """struct module has init(), which is called now, and behind it mem[MOD_TEXT].base."""
        self.unwatch(where["rip"])
        init = where["rdi"]
        data = self.read_mapped(self.kvm_module, MODULE_SIZE)
        words = [int.from_bytes(data[at: at + 8], "little") for at in range(0, len(data) - 7, 8)]
        if init not in words:
            raise LabError("struct module of kvm does not have its init function")
        self.kvm_text = next(filter(None, words[words.index(init) + 1:]), 0)
        self.emulate_kvm()
        before = set(self.handlers)
        start = init - self.module["init_module"][1]
        self.emulate(start, self.read_mapped(start, 0x200000))
        self.kvm_init = set(self.handlers) - before
        self.watch(self.read64(where["rsp"]), self.kvm_is_loaded)
        self.note("kvm-loaded", text=self.kvm_text, init=init)

    def kvm_is_loaded(self, where):
        """The code of its init function is freed."""
        for address in (*self.kvm_init, where["rip"]):
            self.unwatch(address)

    def emulate_kvm(self):
        self.emulate(self.kvm_text, self.read_mapped(self.kvm_text, 0x200000))

    def started(self):
        for address in self.boot:
            self.unwatch(address)
        self.boot = []
        self.tick(now=True)
        if self.options.kvm_built_in:
            start = self.symbol("_stext")
            self.emulate(start, self.target.read(start, self.symbol("_etext") - start))
        elif ".text" in self.sections:
            if self.kvm_text is None:
                self.kvm_text = self.sections[".text"]
                self.emulate_kvm()
            elif self.kvm_text != self.sections[".text"]:
                raise LabError("the code of KVM is at 0x%x, not at 0x%x" % (self.sections[".text"], self.kvm_text))
        else:
            return
        self.let_kvm_have_tiles()

    def read_mapped(self, start, size):
        """As far as it is mapped, at most size bytes."""
        data = b""
        try:
            while len(data) < size:
                data += self.target.read(start + len(data), 1024)
        except LabError:
            pass
        return data

    def let_kvm_have_tiles(self):
        """KVM has read XCR0 by XGETBV when it was loaded: add the tiles to kvm_caps.supported_xcr0, found by its value."""
        start = self.symbol("kvm_caps")
        supported = self.xcr0 & ~0x18  # SVM: without MPX
        places = [address for address in range(start, start + KVM_CAPS_SIZE, 8) if self.read64(address) == supported]
        if len(places) != 1:
            raise LabError("supported_xcr0 is at %d places in kvm_caps" % len(places))
        self.write64(places[0], supported | TILES)
        self.note("kvm-xcr0", address=places[0], was=supported)

    # XFD

    def at_load(self, where):
        if "undo-fix" in self.play and self.race_stage == 3 and not self.saved:
            self.undo_fix(where)
        super().at_load(where)

    def undo_fix(self, where):
        """What b45f72177594 cleared in XSTATE_BV when the guest wrote IA32_XFD is set again, as a kernel without it had left it."""
        image = self.image(where, self.loads)
        if image["guest"] and image["xfd"] & TILEDATA and not image["xstate_bv"] & TILEDATA:
            self.set_xstate_bv(image["fpstate"], image["xstate_bv"] | TILEDATA)
            self.note("fix-undone", fpstate=image["fpstate"], was=image["xstate_bv"])

    def load_passes(self, where, image):
        """TCG raises #GP for a bit of XSTATE_BV that is not in XCR0: hide the tiles from it."""
        if image["xstate_bv"] & TILES:
            self.set_xstate_bv(image["fpstate"], image["xstate_bv"] & ~TILES)
            self.target.step(self.tick)
            self.set_xstate_bv(image["fpstate"], image["xstate_bv"])

    def cr0_is_set(self, where):
        """TCG's XRSTOR ignores CR0.TS."""
        self.deliver_device_not_available(where)
        self.unwatch_all()
        self.watch(self.symbol("machine_kexec"), self.at_machine_kexec)

    def faulted(self, where):
        self.fault = where
        for name, start in self.functions(("exc_device_not_available", "handle_xfd_event")):
            code = self.code(name, start)
            self.watch_rdmsr(start, code)
            for at in find_all(code[:-4], CALL):  # gcc -Os: native_read_msr() is out of line, one copy for each file
                callee = start + at + 5 + int.from_bytes(code[at + 1: at + 5], "little", signed=True)
                if self.symbol("_stext") <= callee < self.symbol("_etext"):
                    self.watch_rdmsr(callee, self.target.read(callee, 16))

    def watch_rdmsr(self, start, code):
        for at in find_all(code, RDMSR):
            self.watch(start + at, self.at_rdmsr)

    def at_rdmsr(self, where):
        """The handler reads IA32_XFD_ERR."""
        if where["rcx"] & 0xFFFFFFFF != MSR_IA32_XFD_ERR:
            return
        for address in [address for address, handler in self.handlers.items() if handler == self.at_rdmsr]:
            self.unwatch(address)
        self.target.set_register("rax", TILEDATA)
        self.target.set_register("rdx", 0)
        self.target.set_register("rip", where["rip"] + len(RDMSR))
        self.note("xfd-err", rip=where["rip"])
        if "save-over" in self.play:
            self.watch(self.symbol("oops_exit"), self.at_oops_exit)
        if "hold-early" in self.play:
            self.hold(where)
        elif "hold" in self.play:
            self.watch(self.symbol("die"), self.hold)

    def at_oops_exit(self, where):
        """As efi_pstore does, which writes to the firmware from here."""
        if self.use_the_fpu(where, self.fpu_stage):
            self.note("fpu-used", function="oops_exit")
            self.unwatch(where["rip"])
        self.fpu_stage += 1

    def hold(self, where):
        """This CPU stands still in its handler until another one has sent it the NMI of a crash."""
        self.unwatch_all()
        self.held = self.target.thread
        self.note("held", cpu=int(self.held, 16) - 1)
        self.watch(self.symbol("nmi_shootdown_cpus"), self.at_shootdown)

    def at_shootdown(self, where):
        """The NMIs have been sent when the crashing CPU starts to wait for the others."""
        self.unwatch_all()
        self.watch(self.symbol("__const_udelay"), self.at_wait)

    def at_wait(self, where):
        self.note("released", cpu=int(self.held, 16) - 1)
        self.held = None
        self.unwatch_all()
        self.watch(self.symbol("machine_kexec"), self.at_machine_kexec)

    def at_machine_kexec(self, where):
        """The end: what the guests' states are now."""
        for fpstate in self.states:
            try:
                self.note("at-end", fpstate=fpstate, xstate_bv=self.read64(fpstate + FPSTATE_REGS + XSAVE_HEADER), xfd=self.read64(fpstate + FPSTATE_XFD))
            except LabError:
                self.note("at-end", fpstate=fpstate, xstate_bv=None, xfd=None)
        self.finish()
