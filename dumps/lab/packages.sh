# SPDX-License-Identifier: GPL-2.0-or-later
# packages.sh - Debian packages for the lab: fetched by apt with a state of its own, unpacked, never installed
#
# Sourced by lab.sh.  The machine's own apt is left as it is; signatures are checked against Debian's archive keys.

# What must be on the machine itself.
HOST_PACKAGES="qemu-system-x86 seabios busybox-static grub-common grub-pc-bin xorriso mtools cpio zstd xz-utils kmod jq gcc libc6-dev make python3 util-linux debian-archive-keyring"

SUITES="bookworm bookworm-updates bookworm-backports trixie trixie-updates trixie-backports testing"
SECURITY_SUITES="bookworm-security trixie-security"

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

# An apt of our own, with every suite that has something the lab needs.
apt_prepare()
{
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg suite debian security

	[ -f "$APT_ROOT/ready" ] && [ -n "$(find "$APT_ROOT/ready" -mmin -720)" ] && return
	say "package lists"
	[ -f $keyring ] || die "no $keyring: install debian-archive-keyring"
	debian=${LAB_MIRROR:-$(mirror Debian)}
	security=${LAB_SECURITY_MIRROR:-$(mirror Debian-Security)}
	[ -n "$debian" ] && [ -n "$security" ] || die "this machine's apt knows no Debian archive; set LAB_MIRROR and LAB_SECURITY_MIRROR"
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
		# A frozen mirror's Release file of testing may have expired; its signature is checked all the same.
		for suite in $SUITES; do
			echo "deb [signed-by=$keyring check-valid-until=no] $debian $suite main"
		done
		for suite in $SECURITY_SUITES; do
			echo "deb [signed-by=$keyring] $security $suite main"
		done
	} > "$APT_ROOT/etc/sources.list"
	lab_apt apt-get -qq --error-on=any update || die "apt-get update failed ($debian, $security)"
	touch "$APT_ROOT/ready"
}

# unpack DIRECTORY DEB... : all or nothing
unpack()
{
	local to=$1 deb

	shift
	rm -rf "$to.part"
	mkdir -p "$to.part"
	for deb in "$@"; do
		dpkg-deb -x "$deb" "$to.part" || die "$deb does not unpack"
	done
	rm -rf "$to"
	mv "$to.part" "$to"
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

# Leaves the kernel's files in $KERNEL (usr-merged or not: lib/modules/RELEASE is there) and its image in $VMLINUZ.
kernel_prepare()
{
	local release=$1 version=$2 suite=$3 part list=""

	KERNEL=$CACHE/kernel/$release
	if [ ! -d "$KERNEL" ]; then
		apt_prepare
		served "linux-image-$release" "$version" ||
			die "Debian no longer serves linux-image-$release $version (it was in $suite): this vmcore cannot be made again; the committed one stays valid"
		list="linux-image-$release=$version"
		# From 6.19 on the image is split, and the package of the modules goes first.
		if [ "$(lab_apt apt-cache show "linux-image-$release=$version" | grep -cF "linux-modules-$release ")" -gt 0 ]; then
			for part in linux-binary linux-modules linux-base; do
				served "$part-$release" "$version" ||
					die "Debian no longer serves $part-$release $version (it was in $suite): this vmcore cannot be made again; the committed one stays valid"
				list="$list $part-$release=$version"
			done
		fi
		say "kernel $release ($version)"
		mkdir -p "$CACHE/deb/$release"
		# shellcheck disable=SC2086
		(cd "$CACHE/deb/$release" && lab_apt apt-get -qq download $list) || die "cannot download $list"
		unpack "$KERNEL" "$CACHE/deb/$release"/*.deb
		rm -rf "$CACHE/deb/$release"
		[ -e "$KERNEL/lib" ] || ln -s usr/lib "$KERNEL/lib"
		depmod -b "$KERNEL" "$release"
	fi
	VMLINUZ=$KERNEL/boot/vmlinuz-$release
	[ -f "$VMLINUZ" ] || VMLINUZ=$KERNEL/lib/modules/$release/vmlinuz
	[ -f "$VMLINUZ" ] || die "no kernel image in linux-image-$release"
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

# Of the kernel's debuginfo only vmlinux and kvm are unpacked: leaves them in $VMLINUX and the folder $KVM_DEBUG.
debuginfo_prepare()
{
	local package=linux-image-$kernel-dbg to=$CACHE/debug/$kernel deb=$CACHE/deb/$kernel-dbg size

	if [ ! -d "$to" ]; then
		size=$(lab_apt apt-cache show "$package=$version" | sed -n 's/^Size: //p' | head -n 1)
		enough_room $((size + 1000000000))
		say "$package ($((size / 1000000)) MB)"
		rm -rf "$deb" "$to.part"
		mkdir -p "$deb" "$to.part"
		(cd "$deb" && lab_apt apt-get -qq download "$package=$version") || die "cannot download $package"
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
	local name=$1 suite=$2

	shift 2
	[ -d "$CACHE/tool/$name" ] && return
	apt_prepare
	say "$name from Debian $suite"
	mkdir -p "$CACHE/deb/$name/partial"
	lab_apt apt-get -qq -o "Dir::Cache::archives=$CACHE/deb/$name/" install -y --download-only --no-install-recommends -t "$suite" "$@" > "$CACHE/deb/$name.log" 2>&1 ||
		die "cannot download $* from $suite: $(tail -n 2 "$CACHE/deb/$name.log")"
	unpack "$CACHE/tool/$name" "$CACHE/deb/$name"/*.deb
	merge_usr "$CACHE/tool/$name"
	rm -rf "$CACHE/deb/$name"
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

host_install()
{
	local missing="" package

	for package in $HOST_PACKAGES; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || die "be root, or install these yourself:$missing"
	say "installing$missing"
	apt-get -qq update || die "apt-get update failed"
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing > /dev/null || die "cannot install$missing"
}
