# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2154 # variables of recipes, and jq programs
# packages.sh - Debian packages for the lab: fetched by apt with a state of its own, unpacked, never installed
#
# Sourced by lab.sh.  The machine's own apt is left as it is; signatures are checked against Debian's archive keys.

# What must be on the machine itself.
HOST_PACKAGES="qemu-system-x86 seabios busybox-static grub-common grub-pc-bin xorriso mtools cpio zstd xz-utils kmod jq gcc binutils libc6-dev make python3 util-linux debian-archive-keyring"

SUITES="bullseye bookworm bookworm-updates bookworm-backports trixie trixie-updates trixie-backports testing"
SECURITY_SUITES="bullseye-security bookworm-security trixie-security"

APT_ROOT=$CACHE/apt

lab_apt()
{
	local tool=$1

	shift
	APT_CONFIG=$APT_ROOT/apt.conf "$tool" "$@"
}

# The address the machine's own apt has for a label of Debian's archives.
mirror()
{
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' | awk -v label="$1" '$1 == label { print $2; exit }'
}

# Sets $debian and $security, the archives to fetch from.
mirrors()
{
	debian=${LAB_MIRROR:-$(mirror Debian)}
	security=${LAB_SECURITY_MIRROR:-$(mirror Debian-Security)}
	[ -n "$debian" ] && [ -n "$security" ]
}

# The lists of every suite that is there: one that has gone is in the way of those who need it only.
apt_update()
{
	local log=$APT_ROOT/update.log gone

	lab_apt apt-get -qq --error-on=any update > "$log" 2>&1 && return
	gone=$(sed -n "s/^E: The repository '[^ ]* \([^ ]*\) .*' .* have a Release file.*/\1/p" "$log" | tr '\n' ' ')
	if [ -z "$gone" ] || grep 'Failed to fetch' "$log" | grep -qv ' 404 ' || [ -z "$(lab_apt apt-cache pkgnames)" ]; then
		die "apt-get update failed ($debian, $security): $(tail -n 3 "$log")"
	fi
	say "not served at all: $gone($debian, $security)"
}

# An apt of our own, with every suite that has something the lab needs.  Its lists are good for half a day.
apt_prepare()
{
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg suite

	# An apt that never fetched a list does not know which archive is Debian's.
	mirrors || { [ "$(id -u)" = 0 ] && apt-get -qq -o DPkg::Lock::Timeout=600 update && mirrors; } ||
		die "this machine's apt knows no Debian archive; set LAB_MIRROR and LAB_SECURITY_MIRROR"
	[ "$(cat "$APT_ROOT/ready" 2>/dev/null)" = "$debian $security $SUITES $SECURITY_SUITES" ] && [ -n "$(find "$APT_ROOT/ready" -mmin -720)" ] && return
	say "package lists from $debian and $security (about 50 MB)"
	[ -f $keyring ] || die "no $keyring: install debian-archive-keyring"
	rm -f "$APT_ROOT/ready"
	mkdir -p "$APT_ROOT"/etc/apt.conf.d "$APT_ROOT"/etc/preferences.d "$APT_ROOT"/state/lists/partial "$APT_ROOT"/cache/archives/partial
	: > "$APT_ROOT/status"
	cat > "$APT_ROOT/apt.conf" <<-EOF
		Dir "$APT_ROOT";
		Dir::Etc "etc";
		Dir::State "state";
		Dir::State::status "$APT_ROOT/status";
		Dir::Cache "cache";
		APT::Architecture "amd64";
		APT::Architectures "amd64";
		APT::Sandbox::User "root";
		$(apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries|ForceIPv)')
		Acquire::Languages "none";
	EOF
	{
		# The Release file of a frozen mirror, or of a suite that has ended, may have expired; its signature is checked all the same.
		for suite in $SUITES; do
			echo "deb [signed-by=$keyring check-valid-until=no] $debian $suite main"
		done
		for suite in $SECURITY_SUITES; do
			echo "deb [signed-by=$keyring check-valid-until=no] $security $suite main"
		done
	} > "$APT_ROOT/etc/sources.list"
	apt_update
	echo "$debian $security $SUITES $SECURITY_SUITES" > "$APT_ROOT/ready"
}

# download FOLDER WHAT CHECK COMMAND... : what an apt-get command fetches, alone in the folder.  The archive may have
# dropped a package since the lists were fetched: then CHECK is asked again, with new lists.
download()
{
	local to=$1 what=$2 check=$3 size try

	shift 3
	for try in 1 2; do
		"$check"
		rm -rf "$to"
		mkdir -p "$to/partial"
		size=$(lab_apt apt-get -qq -o "Dir::Cache::archives=$to/" --print-uris "$@" 2>/dev/null | awk '{ sum += $3 } END { printf "%.0f", sum / 1e6 }') || true
		say "$what ($size MB)"
		(cd "$to" && lab_apt apt-get -qq -o "Dir::Cache::archives=$to/" "$@") > "$to.log" 2>&1 && return
		[ $try = 2 ] && break
		rm -f "$APT_ROOT/ready"
		apt_prepare
	done
	die "cannot download $what: $(tail -n 2 "$to.log")"
}

# unpack DIRECTORY DEB... : into DIRECTORY.part, which takes its place when all is done
unpack()
{
	local to=$1 deb

	shift
	rm -rf "$to.part"
	mkdir -p "$to.part"
	for deb in "$@"; do
		dpkg-deb -x "$deb" "$to.part" || die "$deb does not unpack"
	done
}

# Debian 12 still ships some files outside /usr; on an installed system these folders are links.
merge_usr()
{
	local folder

	for folder in bin sbin lib lib64; do
		[ -d "$1/$folder" ] && [ ! -L "$1/$folder" ] || continue
		mkdir -p "$1/usr/$folder"
		cp -a "$1/$folder/." "$1/usr/$folder/"
		rm -rf "${1:?}/$folder"
	done
}

# served PACKAGE VERSION : does any suite have exactly this one?
served()
{
	lab_apt apt-cache madison "$1" 2>/dev/null | awk -F'|' -v version="$2" '{ gsub(/ /, "", $2) } $2 == version { found = 1 } END { exit !found }'
}

# needs_served PACKAGE VERSION SUITE
needs_served()
{
	served "$1" "$2" ||
		die "Debian no longer serves $1 $2 (it was in $3; asked: $debian, $security): this vmcore cannot be made again; the committed one stays valid"
}

# Are all packages of the kernel served?  Leaves them in $kernel_packages.
kernel_served()
{
	local part

	needs_served "linux-image-$kernel" "$version" "$suite"
	kernel_packages="linux-image-$kernel=$version"
	# From 6.19 on the image is split, and the package of the modules goes first.
	if [ "$(lab_apt apt-cache show "$kernel_packages" | grep -cF "linux-modules-$kernel ")" -gt 0 ]; then
		for part in linux-binary linux-modules linux-base; do
			needs_served "$part-$kernel" "$version" "$suite"
			kernel_packages="$kernel_packages $part-$kernel=$version"
		done
	fi
}

# Leaves the kernel's files in $KERNEL (usr-merged or not: lib/modules/RELEASE is there) and its image in $VMLINUZ.
kernel_prepare()
{
	local deb=$CACHE/deb/$kernel

	KERNEL=$CACHE/kernel/$kernel
	if [ ! -d "$KERNEL" ]; then
		apt_prepare
		kernel_served
		# shellcheck disable=SC2086
		download "$deb" "kernel $kernel $version" kernel_served download $kernel_packages
		unpack "$KERNEL" "$deb"/*.deb
		[ -e "$KERNEL.part/lib" ] || ln -s usr/lib "$KERNEL.part/lib"
		depmod -b "$KERNEL.part" "$kernel" || die "depmod failed on $kernel"
		mv "$KERNEL.part" "$KERNEL"
		rm -rf "$deb"
	fi
	VMLINUZ=$KERNEL/boot/vmlinuz-$kernel
	[ -f "$VMLINUZ" ] || VMLINUZ=$KERNEL/lib/modules/$kernel/vmlinuz
	[ -f "$VMLINUZ" ] || die "no kernel image in linux-image-$kernel"
}

# The newest kernel that is served with its debuginfo, of the series or else of the same major version; sets kernel, version and suite.
newest_with_debuginfo()
{
	local series=$1 prefix package

	for prefix in "$series." "${series%%.*}."; do
		for package in linux-image-amd64-dbg "linux-image-$series-amd64-dbg"; do
			lab_apt apt-cache madison "$package" 2>/dev/null | awk -v prefix="$prefix" '{ sub("/.*", "", $6) } index($3, prefix) == 1 { print $3, $6, $1 }'
		done | sort -rV | head -n 1 | read -r version suite package || continue
		kernel=$(lab_apt apt-cache show "$package=$version" | sed -n 's/^Depends:.*linux-image-\([^ ,]*\)-dbg .*/\1/p' | head -n 1)
		[ -n "$kernel" ] && return
	done
	die "no suite serves a kernel $series with its debuginfo"
}

# Where Debian has dropped the kernel of a recipe, or its debuginfo, the newest of the same series takes its place.
kernel_with_debuginfo()
{
	apt_prepare
	served "linux-image-$kernel" "$version" && served "linux-image-$kernel-dbg" "$version" && return
	newest_with_debuginfo "$(echo "$version" | cut -d. -f1,2)"
	say "no longer served with debuginfo: $recipe_kernel; $kernel $version ($suite) in its place"
}

# enough_room BYTES
enough_room()
{
	local free

	free=$(df --output=avail -B1 "$CACHE" | tail -n 1)
	[ "$free" -ge "$1" ] || die "$CACHE has $((free >> 20)) MiB free, $(($1 >> 20)) MiB are needed"
}

debuginfo_served()
{
	needs_served "linux-image-$kernel-dbg" "$version" "$suite"
}

# Of the kernel's debuginfo only vmlinux and kvm are unpacked: leaves them in $VMLINUX and the folder $KVM_DEBUG.
debuginfo_prepare()
{
	local package=linux-image-$kernel-dbg to=$CACHE/debug/$kernel deb=$CACHE/deb/$kernel-dbg size

	if [ ! -d "$to" ]; then
		size=$(lab_apt apt-cache show "$package=$version" | sed -n 's/^Size: //p' | head -n 1)
		enough_room $((size + 1000000000))
		download "$deb" "$package" debuginfo_served download "$package=$version"
		rm -rf "$to.part"
		mkdir -p "$to.part"
		say "unpacking vmlinux and kvm of $package (a minute or two)"
		dpkg-deb --fsys-tarfile "$deb"/*.deb | tar -x -C "$to.part" --wildcards './usr/lib/debug/*vmlinux*' '*/arch/x86/kvm/*' || die "$package does not unpack"
		rm -rf "$deb"
		mv "$to.part" "$to"
	fi
	VMLINUX=$(find "$to" -type f -name 'vmlinux*' | head -n 1)
	KVM_DEBUG=$(find "$to" -type f -name kvm.ko -printf '%h\n' | head -n 1)
	[ -n "$VMLINUX" ] && [ -n "$KVM_DEBUG" ] || die "$package has no vmlinux or no kvm.ko"
}

# tool_prepare NAME SUITE PACKAGE... : the packages and all they depend on, unpacked into $CACHE/tool/NAME
tool_prepare()
{
	local to=$CACHE/tool/$1 deb=$CACHE/deb/$1 name=$1 suite=$2

	shift 2
	[ -d "$to" ] && return
	apt_prepare
	download "$deb" "$* of $suite" : install -y --download-only --no-install-recommends -t "$suite" "$@"
	unpack "$to" "$deb"/*.deb
	merge_usr "$to.part"
	mv "$to.part" "$to"
	rm -rf "$deb"
}

# program NAME PATH [ARGUMENT...] : run a program out of an unpacked tool, with the libraries it came with
program_command()
{
	local root=$CACHE/tool/$1 libraries

	libraries=$root/usr/lib/x86_64-linux-gnu
	echo "$libraries/ld-linux-x86-64.so.2 --library-path $libraries:$libraries/pulseaudio $root/usr/$2"
}

# The libraries a program of an unpacked tool needs.
program_libraries()
{
	local root=$CACHE/tool/$1 libraries

	libraries=$root/usr/lib/x86_64-linux-gnu
	echo "$libraries/ld-linux-x86-64.so.2"
	"$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" --list "$root/usr/$2" | grep -o "${root}[^ ]*" | sort -u
}

# install_missing PACKAGE... : what the machine lacks is installed, or named
install_missing()
{
	local missing

	missing=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		awk -v wanted="$*" '$1 == "installed" { have[$2] } END { n = split(wanted, w, " "); for (i = 1; i <= n; i++) if (!(w[i] in have)) printf " %s", w[i] }') || true
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || die "be root, or install these yourself:$missing"
	say "installing$missing"
	apt-get -qq -o DPkg::Lock::Timeout=600 update || die "apt-get update failed"
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends $missing > /dev/null || die "cannot install$missing"
}

host_install()
{
	# shellcheck disable=SC2086
	install_missing $HOST_PACKAGES
}
