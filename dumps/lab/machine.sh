# SPDX-License-Identifier: GPL-2.0-or-later
# machine.sh - build the machine of one recipe, and run it until kdump has written the vmcore
#
# Sourced by lab.sh.  Works in $WORK, with the variables of the recipe.

QEMU_SECONDS=${LAB_QEMU_SECONDS:-600}
BOCHS_SECONDS=${LAB_BOCHS_SECONDS:-1400}

TEXT_SYMBOLS="restore_fpregs_from_fpstate save_fpregs_to_fpstate asm_exc_device_not_available fpu_update_guest_xfd kernel_fpu_begin_mask kernel_fpu_end native_write_cr0 __x64_sys_getppid sysrq_handle_crash"

# What the kernel must be told in Bochs: XFD exists (word 10, bit 4); and what its Sapphire Rapids has but cannot do.
BOCHS_CMDLINE="setcpuid=324 no5lvl ibt=off clearcpuid=waitpkg no_timer_check"
COMMON_CMDLINE="console=ttyS0,115200 mitigations=off nowatchdog"

# What the debugger must know.  The modules' symbols are the last in /proc/kallsyms, and reading all of it takes a minute in Bochs.
needed_symbols()
{
	echo "$TEXT_SYMBOLS"
	case $scenario in
	wrmsr-race*) echo kvm_cpu_caps ;;
	stale* | nmi*) echo kvm_cpu_caps "$crash_at" ;;
	esac
}

build_programs()
{
	mkdir -p "$CACHE/program"
	cc -O2 -Wall -Wextra -static -o "$CACHE/program/reproducer" "$HERE/reproducer.c"
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
	for applet in sh mount insmod cat echo sleep poweroff dd sync grep tail tr uname rm date mkdir mv timeout; do
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
	EOF
	pack "$root" "$WORK/initrd.kdump"

	put_tool "$root" kexec sbin/kexec kexec-tool
	cp "$CACHE/program/reproducer" "$root/bin/"
	kvm_modules=$(put_modules "$root" kvm "$([ "$emulator" = qemu ] && echo kvm_amd || echo kvm_intel)") || no_modules
	echo "LAB_KVM_MODULES='$kvm_modules'" >> "$root/lab.env"
	cp "$VMLINUZ" "$root/vmlinuz"
	mv "$WORK/initrd.kdump" "$root/initrd.kdump"
	pack "$root" "$WORK/initrd"
	rm -rf "$root"
}

kernel_cmdline()
{
	echo "$COMMON_CMDLINE$([ "$emulator" = bochs ] && echo " $BOCHS_CMDLINE")"
}

# show_news LINES : what the machine said after that many lines; prints to fd 3, echoes how many there are now
show_news()
{
	local lines=$1

	if [ -f "$WORK/lab" ]; then
		lines=$(wc -l < "$WORK/lab")
		[ "$lines" -le "$1" ] || sed -n "$(($1 + 1)),${lines}p" "$WORK/lab" | cut -c1-200 | sed 's/^/  machine:  /' >&3
	fi
	echo "$lines"
}

# follow PID SECONDS : show what the machine says until the process is gone or takes too long
follow()
{
	local pid=$1 seconds=$2 shown=0 start=$SECONDS status=0

	exec 3>&1
	while kill -0 "$pid" 2>/dev/null; do
		if [ $((SECONDS - start)) -gt "$seconds" ]; then
			say "ended after $seconds seconds"
			kill "$pid" 2>/dev/null
			status=1
			break
		fi
		sleep 1
		shown=$(show_news "$shown")
	done
	wait "$pid" || status=1
	show_news "$shown" > /dev/null
	exec 3>&-
	return $status
}

# run_qemu SECONDS, run_bochs SECONDS: fail if the machine fails or is not done by then
run_qemu()
{
	local status=0

	rm -f "$WORK/disk"
	truncate -s 1200M "$WORK/disk"
	# One host thread for all CPUs: with several, QEMU's emulation loses races against the kernel's code patching.
	setpriv --pdeathsig KILL qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp "$cpus" -m "$memory" -nodefaults -no-user-config \
		-display none -no-reboot -kernel "$VMLINUZ" -initrd "$WORK/initrd" -append "$CMDLINE" \
		-serial "file:$WORK/console" -serial "file:$WORK/lab" -drive "file=$WORK/disk,format=raw,if=ide" &
	CHILD=$!
	follow $CHILD "$1" || status=$?
	CHILD=
	mv "$WORK/disk" "$WORK/stream"
	return $status
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
	local tool=$bochs root=$CACHE/tool/$bochs status=0 command

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
	HOME=$WORK LTDL_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu/bochs/plugins BXSHARE=$root/usr/share/bochs \
		setpriv --pdeathsig KILL python3 -u "$HERE/lab/debugger.py" --bochs "$command" --cpus "$cpus" --serial "$WORK/lab" --console "$WORK/console" --journal "$WORK/journal" \
		--stream "$WORK/stream" --crash-at "$crash_at" --timeout "$1" &
	CHILD=$!
	wait $CHILD || status=$?
	CHILD=
	return $status
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
		offset=$(grep -abo -m 1 -P 'makedumpfile\x00\x00\x00\x00' "$WORK/stream" | head -n 1 | cut -d: -f1) || true
		[ -n "$offset" ] || die "no dump in what the machine wrote"
		tail -c "+$((offset + 1))" "$WORK/stream" > "$WORK/flat"
		rm -f "$WORK/stream"
		# It never ends on a stream that was cut off.
		timeout 300 $(program_command makedumpfile bin/makedumpfile) -R "$WORK/vmcore" < "$WORK/flat" > "$WORK/makedumpfile.log" 2>&1 ||
			die "the dump is not whole: makedumpfile -R: $(tail -n 1 "$WORK/makedumpfile.log")"
		rm -f "$WORK/flat"
		;;
	esac
	[ -s "$WORK/vmcore" ] || die "the dump is empty"
}
