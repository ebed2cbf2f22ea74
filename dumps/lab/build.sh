# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # variables of recipes and of lab.sh
# build.sh - kernels that Debian does not ship: its source in another configuration
#
# Sourced by lab.sh.  A recipe's config names a file in dumps/configs, a fragment that is added to configs/minimal.  Kernels of one
# compiler share a build folder: what a fragment does not touch is not built again.  Minutes on two cores if the machine is idle.

BUILD_PACKAGES="flex bison bc libelf-dev libssl-dev dwarves"

# The source of the kernel, unpacked; leaves its folder in $SOURCE.
source_prepare()
{
	local package=linux-source-${kernel%.*} deb

	SOURCE=$CACHE/source/$package-$version
	[ ! -d "$SOURCE" ] || return 0
	lock_cache
	apt_prepare
	deb=$CACHE/deb/$package
	download "$deb" "$package $version" source_served download "$package=$version"
	enough_room 3000000000
	unpack "$SOURCE.deb" "$deb"/*.deb
	mkdir -p "$SOURCE.part"
	tar -xf "$SOURCE.deb.part"/usr/src/linux-source-*.tar.xz -C "$SOURCE.part" --strip-components 1 || die "$package does not unpack"
	rm -rf "$SOURCE.deb.part" "$deb"
	mv "$SOURCE.part" "$SOURCE"
	exec {lock}>&-
}

source_served()
{
	needs_served "linux-source-${kernel%.*}" "$version" "$suite"
}

# What the fragment asks for must be what the kernel is.
config_check()
{
	local line

	grep -h '^CONFIG_' "$HERE/configs/minimal" "$HERE/configs/$config" | tac | awk -F= '!seen[$1]++' | while read -r line; do
		case $line in
		*=n) ! grep -q "^${line%=n}=" "$1" ;;
		*) grep -qxF "$line" "$1" ;;
		esac || echo "$line"
	done | tr '\n' ' '
}

# Leaves the kernel's files where those of a package would be, with its whole System.map.  Other runs need not wait for it.
kernel_build()
{
	local build make refused building compiler=gcc

	KERNEL=$CACHE/kernel/$kernel
	VMLINUZ=$KERNEL/boot/vmlinuz-$kernel
	[ ! -d "$KERNEL" ] || return 0
	[ -f "$HERE/configs/$config" ] || die "there is no configuration \"$config\""
	! grep -q '^# clang' "$HERE/configs/$config" || compiler=clang
	mkdir -p "$CACHE/build"
	exec {building}> "$CACHE/build/lock"
	flock "$building"
	[ ! -d "$KERNEL" ] || { exec {building}>&-; return 0; }
	# shellcheck disable=SC2046,SC2086
	install_missing $BUILD_PACKAGES $([ $compiler = gcc ] || echo clang lld llvm)
	source_prepare
	build=$CACHE/build/${kernel%%-*}-$compiler
	mkdir -p "$build"
	{
		cat "$HERE/configs/minimal" "$HERE/configs/$config"
		echo "CONFIG_LOCALVERSION=\"-${kernel#*-}\""
	} > "$build/fragment"
	make="nice -n 15 make -s -C $SOURCE O=$build $([ $compiler = gcc ] || echo LLVM=1)"
	say "building (log: $build/log)"
	$make KCONFIG_ALLCONFIG="$build/fragment" allnoconfig > "$build/log" 2>&1 || die "no configuration: $(tail -n 3 "$build/log")"
	refused=$(config_check "$build/.config")
	[ -z "$refused" ] || die "the kernel's configuration does not take $refused"
	$make -j"$(nproc)" bzImage modules >> "$build/log" 2>&1 || die "the kernel does not build: $(tail -n 3 "$build/log")"
	rm -rf "$KERNEL.part"
	mkdir -p "$KERNEL.part/boot"
	$make INSTALL_MOD_PATH="$KERNEL.part" INSTALL_MOD_STRIP=1 modules_install >> "$build/log" 2>&1 || die "no modules: $(tail -n 3 "$build/log")"
	rm -f "$KERNEL.part/lib/modules/$kernel"/{build,source}
	cp "$build/arch/x86/boot/bzImage" "$KERNEL.part/boot/vmlinuz-$kernel"
	cp "$build/System.map" "$build/.config" "$KERNEL.part/"
	mv "$KERNEL.part" "$KERNEL"
	exec {building}>&-
}

# The upstream selftest amx_test, of the source of the release that the recipe names, with the recipe's edits (sed's language); leaves it in $AMX_TEST.
selftest_build()
{
	local kernel=$selftest version suite fix build=$CACHE/build/selftest-$selftest tests file building

	read -r version suite fix < <(kernel_line "$selftest") || die "the source of \"$selftest\" is not listed in dumps/kernels"
	source_prepare
	tests=$SOURCE/tools/testing/selftests/kvm
	file=$tests/x86/amx_test.c
	AMX_TEST=$build/kvm/x86/amx_test
	mkdir -p "$build/kvm"
	exec {building}> "$build/lock"
	flock "$building"
	say "building amx_test (log: $build/log)"
	[ -f "$file.orig" ] || cp "$file" "$file.orig"
	sed "$selftest_edits" "$file.orig" > "$file"
	! cmp -s "$file.orig" "$file" || die "the recipe's edits change nothing in amx_test.c of $version"
	make -s -j"$(nproc)" -C "$SOURCE" O="$build" headers > "$build/log" 2>&1 &&
		make -s -j"$(nproc)" -C "$tests" OUTPUT="$build/kvm" KHDR_INCLUDES="-isystem $build/usr/include" LDFLAGS="-static -no-pie -pthread" "$AMX_TEST" >> "$build/log" 2>&1 ||
		die "amx_test does not build: $(tail -n 3 "$build/log")"
	exec {building}>&-
}
