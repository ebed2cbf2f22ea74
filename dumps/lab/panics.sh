#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# panics.sh - the kernel logs of panics that are not this bug, for tests/logs
#
# usage: panics.sh RELEASE HOW [FUNCTION]...
#   Boots the kernel RELEASE in QEMU, which panics as panics.c says (HOW), or by sysrq; with FUNCTION, when a vCPU comes there.
#   Leaves what the kernel printed in out/panic.HOW.RELEASE.console.
# Needs qemu-system-x86, linux-headers-RELEASE, and in LAB_CACHE a kernel and a reproducer that lab.sh has left there.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin
HERE=$(cd "$(dirname "$0")/.." && pwd -P)
CACHE=$(realpath -m "${LAB_CACHE:-$HERE/cache}")
OUT=$(realpath -m "${LAB_OUT:-$HERE/out}")
release=$1 how=$2 at=${3:-}
KERNEL=$CACHE/kernel/$release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$OUT" "$work/module" "$work"/root/{bin,proc,sys,dev,modules}
cp "$HERE/lab/panics.c" "$work/module"
echo "obj-m := panics.o" > "$work/module/Kbuild"
make -s -C "/usr/src/linux-headers-$release" M="$work/module" modules
cp "$work/module/panics.ko" "$work/root"
cp /bin/busybox "$CACHE/program/reproducer" "$work/root/bin"
for applet in sh mount insmod cat echo sleep; do
	ln -s busybox "$work/root/bin/$applet"
done
modprobe -d "$KERNEL" -S "$release" --show-depends kvm_amd | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
	name=$(basename "${file%%.ko*}")
	case $file in
	*.xz) xz -dc "$file" ;;
	*) cat "$file" ;;
	esac > "$work/root/modules/$name.ko"
	echo "$name"
done > "$work/root/list"
cat > "$work/root/init" <<END
#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
echo 5 > /proc/sys/kernel/hung_task_timeout_secs
echo 3 > /proc/sys/kernel/watchdog_thresh
for panic in hung_task_panic softlockup_panic panic_on_oops; do echo 1 > /proc/sys/kernel/\$panic; done
[ $how != warn ] || echo 1 > /proc/sys/kernel/panic_on_warn
[ $how != sysrq ] || echo c > /proc/sysrq-trigger
if [ -n "$at" ]; then
	for module in \$(cat /list); do insmod /modules/\$module.ko; done
	insmod /panics.ko how=$how at=$at
	reproducer --in-lab --report /dev/null clean --vms 1 --vcpus 2
fi
insmod /panics.ko how=$how
sleep 60
END
chmod +x "$work/root/init"
(cd "$work/root" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1n > "$work/initrd"
# one that has not panicked by then is no result
timeout 300 setpriv --pdeathsig KILL qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp 2 -m 768 -nodefaults -no-user-config -display none \
	-no-reboot -serial "file:$work/console" -kernel "$KERNEL/boot/vmlinuz-$release" -initrd "$work/initrd" \
	-append "console=ttyS0,115200 mitigations=off no_timer_check panic=-1 xfdtriage.lab" < /dev/null
grep -q "Kernel panic" "$work/console"
mv "$work/console" "$OUT/panic.$how.$release.console"
