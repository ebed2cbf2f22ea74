# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2046,SC2154 # variables of recipes, which lab.sh reads
# machine.sh - build the machine of one recipe, and run it until kdump has written the vmcore
#
# Sourced by lab.sh.  Works in $WORK, with the variables of the recipe.

# After so long without a sign of life a machine counts as hung, and after four times that in any case.
QEMU_SECONDS=${LAB_QEMU_SECONDS:-300}
BOCHS_SECONDS=${LAB_BOCHS_SECONDS:-900}

TEXT_SYMBOLS="restore_fpregs_from_fpstate save_fpregs_to_fpstate asm_exc_device_not_available fpu_update_guest_xfd kernel_fpu_begin_mask kernel_fpu_end native_write_cr0 __x64_sys_getppid sysrq_handle_crash"

# What the kernel must be told in Bochs: XFD exists (word 10, bit 4); and what its Sapphire Rapids has but cannot do.
BOCHS_CMDLINE="setcpuid=324 no5lvl ibt=off clearcpuid=waitpkg no_timer_check"
COMMON_CMDLINE="console=ttyS0,115200 mitigations=off nowatchdog"

# What the debugger must know of the kernel before it boots, in QEMU with AMX.
MAP_SYMBOLS="_text _stext _etext _sinittext _einittext get_cpu_cap native_cpuid fpu__init_cpu_xstate machine_kexec
	restore_fpregs_from_fpstate save_fpregs_to_fpstate fpu_swap_kvm_fpstate fpregs_restore_userregs switch_fpu_return os_xrstor os_xsave fpu_sync_fpstate
	asm_exc_device_not_available exc_device_not_available handle_xfd_event native_read_msr native_write_cr0
	fpu_update_guest_xfd kernel_fpu_begin_mask kernel_fpu_end __x64_sys_getppid sysrq_handle_crash oops_exit die nmi_shootdown_cpus __const_udelay"

# What the debugger must know.  The modules' symbols are the last in /proc/kallsyms, and reading all of it takes a minute in Bochs.
needed_symbols()
{
	echo "$TEXT_SYMBOLS"
	case $scenario in
	wrmsr-race*) echo kvm_cpu_caps ;;
	selftest*) echo kvm_cpu_caps native_cpuid ;;
	stale* | nmi*) echo kvm_cpu_caps "$crash_at" ;;
	esac
}

build_programs()
{
	mkdir -p "$CACHE/program"
	cc -O2 -Wall -Wextra -static -pthread -o "$CACHE/program/reproducer" "$HERE/reproducer.c"
	cc -O2 -Wall -Wextra -static -o "$CACHE/program/portout" "$HERE/lab/portout.c"
}

# put_program DIRECTORY NAME PROGRAM LIBRARY... : a program with its libraries, callable as NAME
put_program()
{
	local to=$1 name=$2 program=$3

	shift 3
	mkdir -p "$to/tool/$name"
	cp -L "$program" "$@" "$to/tool/$name/"
	cat > "$to/bin/$name" <<-EOF
		#!/bin/sh
		exec /tool/$name/ld-linux-x86-64.so.2 --library-path /tool/$name /tool/$name/$(basename "$program") "\$@"
	EOF
	chmod +x "$to/bin/$name"
}

# put_tool DIRECTORY TOOL PATH NAME : a program of an unpacked tool
put_tool()
{
	# shellcheck disable=SC2046
	put_program "$1" "$4" "$CACHE/tool/$2/usr/$3" $(program_libraries "$2" "$3" | sort -u)
}

# put_xfdtriage DIRECTORY : this machine's, and the hook that runs it
put_xfdtriage()
{
	install -m 755 "$HERE/../docs/kdump/debian-hook" "$1/bin/kdump-hook"
	# shellcheck disable=SC2046
	put_program "$1" xfdtriage "$XFDTRIAGE" $(ldd "$XFDTRIAGE" | grep -o '/[^ ]*')
}

# put_modules DIRECTORY MODULE... : with what they depend on; prints the names in loading order
put_modules()
{
	local to=$1 module file name

	shift
	for module in "$@"; do
		modprobe -d "$KERNEL" -S "$kernel" --show-depends "$module" 2> "$WORK/modprobe.log" || return
	done | awk '$1 == "insmod" { print $2 }' | awk '!seen[$0]++' | while read -r file; do
		name=$(basename "${file%%.ko*}")
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -dcq "$file" ;;
		*) cat "$file" ;;
		esac > "$to/modules/$name.ko"
		echo "$name"
	done | tr '\n' ' '
}

no_modules()
{
	die "a module is missing in $KERNEL: $(tail -n 1 "$WORK/modprobe.log")"
}

pack()
{
	(cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) | gzip -1n > "$2"
}

# The initramfs of the host that dies ($WORK/initrd); inside it the one that saves its memory.
build_initrd()
{
	local root=$WORK/root applet disk_modules="" kvm_modules

	rm -rf "$root"
	mkdir -p "$root"/{bin,proc,sys,dev,tmp,modules}
	cp /bin/busybox "$root/bin/"
	for applet in sh mount insmod cat echo sleep poweroff dd sync grep sed tail tr uname rm date mkdir mv timeout; do
		ln -s busybox "$root/bin/$applet"
	done
	cp "$CACHE/program/portout" "$root/bin/"
	install -m 755 "$HERE/lab/init" "$root/init"
	put_tool "$root" "$makedumpfile" bin/makedumpfile makedumpfile
	put_xfdtriage "$root"
	if [ "$emulator" = qemu ]; then
		disk_modules=$(put_modules "$root" sd_mod ata_piix) || no_modules
	fi
	cat > "$root/lab.env" <<-EOF
		LAB_SINK='$([ "$emulator" = qemu ] && echo disk || echo port)'
		LAB_DISK_MODULES='$disk_modules'
		LAB_DUMP='$dump'
		LAB_KDUMP_CMDLINE='$(kernel_cmdline) nr_cpus=1 reset_devices'
		LAB_KVM='$kvm'
		LAB_SYSCTL='$sysctl'
		LAB_SYMBOLS='$([ "$emulator" = bochs ] && needed_symbols)'
		LAB_REPRODUCER='$scenario'
		LAB_LIVE='$live'
	EOF
	pack "$root" "$WORK/initrd.kdump"

	put_tool "$root" kexec sbin/kexec kexec-tool
	cp "$CACHE/program/reproducer" "$root/bin/"
	[ -z "$selftest" ] || install -s "$AMX_TEST" "$root/bin/amx_test"
	LAB_CALL=$(nm "$root/bin/reproducer" | awk '$3 == "lab_call_here" { print $1 }')
	kvm_modules=$(put_modules "$root" kvm "$([ "$emulator" = qemu ] && echo kvm_amd || echo kvm_intel)") || no_modules
	[ -z "$kvm_modules" ] || objdump -t "$root/modules/kvm.ko" > "$WORK/kvm.symbols"
	echo "LAB_KVM_MODULES='$kvm_modules'" >> "$root/lab.env"
	cp "$VMLINUZ" "$root/vmlinuz"
	mv "$WORK/initrd.kdump" "$root/initrd.kdump"
	pack "$root" "$WORK/initrd"
	rm -rf "$root"
}

kernel_cmdline()
{
	case $emulator$amx in
	bochs) echo "$COMMON_CMDLINE $BOCHS_CMDLINE" ;;
	qemu*) echo "$COMMON_CMDLINE no_timer_check" ;;
	esac
}

# $KERNEL_MAP: the System.map of the kernel, or as much of it as is needed: Debian's packages have none, so the kernel is booted once to ask it.
kernel_map()
{
	local root=$WORK/probe

	KERNEL_MAP=$KERNEL/System.map
	[ ! -f "$KERNEL_MAP" ] || return 0
	KERNEL_MAP=$CACHE/kernel/$kernel.map
	[ ! -f "$KERNEL_MAP" ] || return 0
	say "asking the kernel for its symbols"
	mkdir -p "$root"/{bin,proc,sys,dev,tmp}
	cp /bin/busybox "$root/bin/"
	for applet in sh mount grep sort sleep poweroff cat; do
		ln -s busybox "$root/bin/$applet"
	done
	install -m 755 "$HERE/lab/init" "$root/init"
	echo "LAB_MAP='$(printf %s "$MAP_SYMBOLS" | tr -s '[:space:]' '|')'" > "$root/lab.env"
	pack "$root" "$WORK/probe.initrd"
	rm -rf "$root"
	: > "$WORK/probe.lab"
	timeout $((2 * QEMU_SECONDS)) setpriv --pdeathsig KILL $(qemu_command "$WORK/probe.console" "$WORK/probe.lab") -kernel "$VMLINUZ" -initrd "$WORK/probe.initrd" \
		-append "$COMMON_CMDLINE no_timer_check nokaslr" < /dev/null || true
	tr -d '\r' < "$WORK/probe.lab" | sed -n 's/^MAP //p' > "$WORK/map"
	grep -q '^DONE mapped' "$WORK/probe.lab" && grep -q ' machine_kexec$' "$WORK/map" || { tail -n 5 "$WORK/probe.console"; die "the kernel does not tell its symbols"; }
	mv "$WORK/map" "$KERNEL_MAP"
}

# qemu_command CONSOLE LAB : QEMU and what every machine in it has
qemu_command()
{
	# One host thread for all CPUs: with several, QEMU's emulation loses races against the kernel's code patching.
	echo "qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp $cpus -m $memory -nodefaults -no-user-config -display none -no-reboot" \
		"-serial file:$1 -serial file:$2"
}

# debugger SECONDS ARGUMENT... : run the machine under its debugger
debugger()
{
	local status=0 seconds=$1

	shift
	setpriv --pdeathsig KILL python3 -u "$HERE/lab/debugger.py" --cpus "$cpus" --serial "$WORK/lab" --console "$WORK/console" --journal "$WORK/journal" \
		--stream "$WORK/stream" --crash-at "$crash_at" --timeout "$seconds" "$@" &
	CHILD=$!
	wait $CHILD || status=$?
	CHILD=
	return $status
}

# run_qemu SECONDS, run_bochs SECONDS: fail if the machine fails or is silent for so long
run_qemu()
{
	local options=()

	rm -f "$WORK/stream"
	truncate -s 1200M "$WORK/stream"
	if [ -n "$amx" ]; then
		options=(--map "$KERNEL_MAP" --lab-call "$LAB_CALL" --play "$play")
		[ ! -f "$KERNEL/System.map" ] || options+=(--whole-map)
		if [ -s "$WORK/kvm.symbols" ]; then
			options+=(--module "$WORK/kvm.symbols")
		elif [ "$kvm" = yes ]; then
			options+=(--kvm-built-in)
		fi
	fi
	debugger "$1" --emulator qemu --folder "$WORK" "${options[@]}" --command "setpriv --pdeathsig KILL $(qemu_command "$WORK/console" "$WORK/lab") -kernel '$VMLINUZ' \
		-initrd '$WORK/initrd' -append '$CMDLINE' -drive 'file=$WORK/stream,format=raw,if=ide'"
}

build_iso()
{
	local root=$WORK/iso.root

	rm -rf "$root"
	mkdir -p "$root/boot/grub"
	cp "$VMLINUZ" "$root/boot/vmlinuz"
	cp "$WORK/initrd" "$root/boot/initrd"
	cat > "$root/boot/grub/grub.cfg" <<-EOF
		set timeout=0
		menuentry lab { linux /boot/vmlinuz $CMDLINE ; initrd /boot/initrd ; }
	EOF
	grub-mkrescue -o "$WORK/iso" "$root" > "$WORK/grub-mkrescue.log" 2>&1 || die "grub-mkrescue: $(tail -n 2 "$WORK/grub-mkrescue.log")"
	rm -rf "$root"
}

run_bochs()
{
	local tool=$bochs root=$CACHE/tool/$bochs command

	# IA32_XFD, and IA32_XFD_ERR as hardware would leave it at the fault; both are plain storage otherwise.
	cat > "$WORK/msrs.def" <<-EOF
		0x1c4 0 00000000 00000000 00000000 00000000 00000000 00000000
		0x1c5 0 00000000 $xfd_err 00000000 00000000 00000000 00000000
	EOF
	cat > "$WORK/bochsrc" <<-EOF
		config_interface: textconfig
		display_library: rfb, options="timeout=0"
		cpu: model=sapphire_rapids, count=$cpus, ips=200000000, reset_on_triple_fault=0, ignore_bad_msrs=1, msrs="$WORK/msrs.def"
		megs: $memory
		magic_break: enabled=1
		port_e9_hack: enabled=1, all_rings=1
		romimage: file=$root/usr/share/bochs/BIOS-bochs-latest
		vgaromimage: file=$root/usr/share/vgabios/vgabios.bin
		ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15
		ata1-master: type=cdrom, path=$WORK/iso, status=inserted
		boot: cdrom
		com1: enabled=1, mode=file, dev=$WORK/console
		com2: enabled=1, mode=file, dev=$WORK/lab
		log: $WORK/bochs.log
		panic: action=report
		error: action=report
		info: action=report
		debug: action=ignore
		clock: sync=none
	EOF
	# A network namespace without interfaces: Bochs' display wants to listen on a port, and nobody shall reach it.
	command="setpriv --pdeathsig KILL unshare -n $(program_command "$tool" bin/bochs-bin) -q -debugger -f $WORK/bochsrc"
	HOME=$WORK LTDL_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu/bochs/plugins BXSHARE=$root/usr/share/bochs debugger "$1" --emulator bochs --command "$command"
}

# Cut the dump out of what the machine wrote: a flattened stream, or an ELF file as it is.
collect()
{
	local offset

	rm -f "$WORK/iso" "$WORK/vmcore" "$WORK/flat"
	case $dump in
	raw)
		mv "$WORK/stream" "$WORK/vmcore"
		fallocate -d "$WORK/vmcore" 2>/dev/null || true
		;;
	*)
		if [ "$(head -c 12 "$WORK/stream" | tr -d '\0')" = makedumpfile ]; then
			mv "$WORK/stream" "$WORK/flat"
		else
			offset=$(grep -abo -m 1 -P 'makedumpfile\x00\x00\x00\x00' "$WORK/stream" | head -n 1 | cut -d: -f1) || true
			[ -n "$offset" ] || die "no dump in what the machine wrote"
			tail -c "+$((offset + 1))" "$WORK/stream" > "$WORK/flat"
			rm -f "$WORK/stream"
		fi
		# It never ends on a stream that was cut off.
		timeout 300 $(program_command makedumpfile bin/makedumpfile) -R "$WORK/vmcore" < "$WORK/flat" > "$WORK/makedumpfile.log" 2>&1 ||
			die "the dump is not whole: makedumpfile -R: $(tail -n 1 "$WORK/makedumpfile.log")"
		rm -f "$WORK/flat"
		;;
	esac
	[ -s "$WORK/vmcore" ] || die "the dump is empty"
}
