# SPDX-License-Identifier: GPL-2.0-or-later
# Gentoo's further profiles, few lines each: the right tarball of the mirror, hooks and all.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc
root=$("$top/tests/mirror/root" openrc)
# The same with an init for arm64, as far as its ELF header goes (e_machine, elf(5)): a root for another
# machine than the guest's is refused.
xz -dc -T0 "$root" >"$W/arm64.tar"
python3 - "$W/arm64.tar" <<-'E' || not_ok "a root for arm64"
	import sys, tarfile
	tar = tarfile.open(sys.argv[1])
	inits = [m for m in tar if m.isreg() and m.name.endswith("bin/init")]
	with open(sys.argv[1], "r+b") as f:
	    for m in inits:
	        f.seek(m.offset_data + 18)
	        f.write((183).to_bytes(2, "little"))
	sys.exit(not inits)
E
xz -1 -T0 "$W/arm64.tar"
"$top/tests/mirror/sign" "$W/mirror/mirror" "stage3-amd64-musl-openrc=$root" "stage3-amd64-hardened-openrc=$root" &&
	ARCH=arm64 "$top/tests/mirror/sign" "$W/mirror/mirror" "stage3-arm64-openrc=$W/arm64.tar.xz" || not_ok "the mirror has all variants"
chmod -R a+rX "$W/mirror/mirror"
user_setup

# An arm64 Image, as far as its header goes.
{
	head -c 56 /dev/zero
	printf 'ARM\x64'
	head -c 4036 /dev/zero
} >"$W/Image"
printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\76\0' | cat - <(head -c 4000 /dev/zero) >"$W/vmlinux-amd64"

for p in musl hardened arm64; do
	kernel=$W/vmlinux-amd64 arch=amd64 variant=stage3-amd64-$p-openrc type=pv
	[ "$p" != arm64 ] || { kernel=$W/Image arch=arm64 variant=stage3-arm64-openrc type=pvh; }
	check "gentoo-$p: it builds" as_user "$PROG" --profile "gentoo-$p" --disk "$p.img" --size 300M --swap none \
		"${mirror[@]}" --kernel "$kernel"
	fs=$p.img
	check "gentoo-$p: e2fsck finds nothing" e2fsck -fn "$fs"
	check "gentoo-$p: its own tarball" grep -q "/releases/$arch/autobuilds/[0-9TZ]*/$variant-[0-9TZ]*\.tar\.xz\"" "$p.manifest.json"
	check "gentoo-$p: a login on hvc0" guest_says /etc/inittab '^[^#].*agetty.*hvc0'
	check "gentoo-$p: fstab mounts the root" guest_says /etc/fstab '[[:blank:]]/[[:blank:]]+ext4'
	check "gentoo-$p: the network starts" [ "$(guest_link /etc/runlevels/default/net.eth0)" = /etc/init.d/net.eth0 ]
	check "gentoo-$p: the kind of guest" cfg_says "$p.cfg" "type=$type"
	check "gentoo-$p: it verifies" as_user "$PROG" verify "$p.img" --offline
	check "gentoo-$p: the pinned key is inherited" grep -q 'signer = "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910" *# gentoo-base.conf:[0-9]*$' \
		<(as_user "$PROG" profiles --show "gentoo-$p")
done
rm -f ./*.img ./*.cfg ./*.json
refused "arm64 with an amd64 kernel" 2 'it is for x86, and the root file system is for arm64' \
	as_user "$PROG" --profile gentoo-arm64 --disk a.img --size 300M "${mirror[@]}" --kernel "$W/vmlinux-amd64"
refused "amd64 with an arm64 kernel" 2 'it is for arm64, and the root file system is for amd64' \
	as_user "$PROG" --profile gentoo-musl --disk a.img --size 300M "${mirror[@]}" --kernel "$W/Image"
check "and nothing is made" only_these "$U"
refused "an amd64 guest of an arm64 root" 7 'is a program for aarch64, but the guest is to be amd64' \
	as_user "$PROG" --profile gentoo-musl --disk a.img --size 300M --swap none --kernel "$W/vmlinux-amd64" \
	--tarball "$W/arm64.tar.xz" --unverified
check "and nothing is made of it" only_these "$U"
refused "a variant that the mirror does not have" 5 404 as_user "$PROG" --profile gentoo-hardened \
	--variant stage3-amd64-nothing --disk a.img --size 300M --swap none "${mirror[@]}" --kernel "$W/vmlinux-amd64"
check "and nothing is left of it" only_these "$U"
check "nor of any run" nothing_left
