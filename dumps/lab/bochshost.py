# SPDX-License-Identifier: GPL-2.0-or-later
"""A host on Bochs 3.0, whose CPU has AMX.  What it gets wrong is corrected here where a scenario asks for it.

No scenario with a guest of our own needs that: they use no tile instruction.
"""
from host import FPSTATE_REGS, Host
from target import LabError

PKRU, TILECFG, TILEDATA = 9, 17, 18
CPUID = b"\x0f\xa2"
VIRTUAL_BITS = 48
# CPUID(0xD, i).EAX of the components below TILECFG; Bochs 3.0 aligns none of them in the compacted format, and says so in ECX
SIZES = {2: 256, 5: 64, 6: 512, 7: 1024, 8: 128, 9: 8, 10: 8, 11: 16, 12: 24}
LEGACY_AND_HEADER = 576


def tilecfg_offset(xcomp_bv):
    """Where TILECFG is in a compacted image."""
    offset = LEGACY_AND_HEADER
    for i in range(2, TILECFG):
        if xcomp_bv >> i & 1:
            if i not in SIZES:
                raise LabError("the size of XSAVE component %d is not known" % i)
            offset += SIZES[i]
    return offset


class BochsHost(Host):
    def __init__(self, target, options):
        super().__init__(target, options)
        self.repairs = False
        self.told = set()

    def repair(self):
        self.repairs = True
        start = self.symbol("native_cpuid")
        at = self.code("native_cpuid", start).find(CPUID)
        if at < 0:
            raise LabError("no CPUID in native_cpuid()")
        self.watch(start + at, self.at_cpuid)

    def at_cpuid(self, where):
        """KVM asks what it can offer to guests.  Bochs lacks XFD for tiles, and cannot load CR4.LA57 at VM entry."""
        leaf, subleaf = where["rax"] & 0xFFFFFFFF, where["rcx"] & 0xFFFFFFFF
        if (leaf, subleaf) == (0xD, TILEDATA):
            self.answer("rcx", 0, 1 << 2)
        elif leaf == 0x80000008:
            self.answer("rax", 0xFF00, VIRTUAL_BITS << 8)
        else:
            return
        if leaf not in self.told:
            self.told.add(leaf)
            now = self.target.registers()
            self.note("cpuid", leaf=leaf, **{"e" + name[1:]: now[name] & 0xFFFFFFFF for name in ("rax", "rbx", "rcx", "rdx")})

    def answer(self, register, clear, add):
        self.target.step(self.tick)
        self.target.set_register(register, self.target.registers()[register] & ~clear | add)

    def load_passes(self, where, image):
        """An XRSTORS that leaves PKRU out reads what follows it from 8 bytes too low.  KVM sets PKRU itself around VM entry and exit."""
        if self.repairs and image["xstate_bv"] >> TILECFG and not image["rfbm"] >> PKRU & 1:
            self.target.set_register("rax", where["rax"] | 1 << PKRU)
            self.target.step(self.tick)
            self.target.set_register("rax", where["rax"])

    def repair_save(self, image):
        """XINUSE[18] is the wrong way round, and TILECFG is written with rows and bytes per row exchanged."""
        if not self.repairs or not image["rfbm"] & image["xcomp_bv"] & 1 << TILEDATA:
            return
        image["xstate_bv"] ^= 1 << TILEDATA
        self.set_xstate_bv(image["fpstate"], image["xstate_bv"])
        if image["xstate_bv"] & 1 << TILECFG:
            self.exchange_tilecfg(image["fpstate"] + FPSTATE_REGS + tilecfg_offset(image["xcomp_bv"]))
        self.note("save-repaired", **image)

    def exchange_tilecfg(self, address):
        """Bytes 16 to 31 are the bytes per row of eight tiles, 16 bits each; bytes 48 to 55 their rows."""
        rows = [value & 0xFF for pair in map(self.target.read32, range(address + 16, address + 32, 4)) for value in (pair, pair >> 16)]
        bytes_per_row = self.target.read(address + 48, 8)
        for n in range(0, 8, 2):
            self.target.write32(address + 16 + 2 * n, bytes_per_row[n] | bytes_per_row[n + 1] << 16)
        for n in range(0, 8, 4):
            self.target.write32(address + 48 + n, int.from_bytes(bytes(rows[n: n + 4]), "little"))
