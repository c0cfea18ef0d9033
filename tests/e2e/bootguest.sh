# SPDX-License-Identifier: GPL-2.0-or-later
# --boot guest: the newest kernel in the guest's /boot and its initrd come out beside the config,
# checked as one of dom0's is, published together with disk and config or not at all.
. "$(dirname "$0")/lib.sh"
user_setup
small_root "$W/small.tar.xz"
mkdir -p "$W/small/boot" "$W/small/lib/modules/6.12.3-amd64"
bzimage() { # VERSION: boot protocol 2.15, kernel_version at 0x500
	head -c $((0x1fe)) /dev/zero
	printf '\x55\xaa\xeb\x66HdrS\x0f\x02'
	head -c 6 /dev/zero
	printf '\x00\x03'
	head -c $((0x500 - 0x210)) /dev/zero
	printf '%s (builder@host) #1 SMP\0' "$1"
	head -c 4000 /dev/zero
}
b=$W/small/boot
bzimage 6.9.0-amd64 >"$b/vmlinuz-6.9.0-amd64"
bzimage 6.12.3-amd64 >"$b/vmlinuz-6.12.3-amd64"
bzimage 7.0 >"$b/vmlinuz-7.0.old"
echo six-nine >"$b/initrd.img-6.9.0-amd64"
head -c 300000 /dev/urandom >"$b/initrd.img-6.12.3-amd64"
printf 'CONFIG_X86=y\nCONFIG_XEN_PV=y\nCONFIG_EXT4_FS=y\nCONFIG_XEN_BLKDEV_FRONTEND=m\nCONFIG_XEN_NETDEV_FRONTEND=m\n' \
	>"$b/config-6.12.3-amd64"
tar_of() { tar -C "$W/small" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cf "$1" . && chmod 644 "$1"; }
tar_of "$W/root.tar"
opts=(--unverified --size 64M --swap none)
for h in console fstab network hostname clock identity access; do opts+=(--no-hook "$h"); done
guest=("${opts[@]}" --tarball "$W/root.tar" --boot guest)
told() { "$@" >"$W/said" 2>&1; } # what a command says, kept
left() { [ "$(find . -mindepth 1 | LC_ALL=C sort | tr '\n' ' ')" = "$*" ]; }

check "--dry-run" told as_user "$PROG" "${guest[@]}" --disk a.img --dry-run
check "says where it goes" grep -q "kernel  *$U/a-vmlinuz-VERSION (the guest's own)" "$W/said"
check "and touches nothing" left ""
check "a guest with its own kernel" told as_user "$PROG" "${guest[@]}" --disk a.img
check "without a warning of it" sh -c "! grep -E 'kernel.*(driver|made without)|no modules' '$W/said'"
k=a-vmlinuz-6.12.3-amd64 i=a-initrd-6.12.3-amd64
check "these files and no others" left "./$i ./$k ./a.cfg ./a.img ./a.manifest.json "
check "the newest kernel" cmp $k "$b/vmlinuz-6.12.3-amd64"
check "its initrd" cmp $i "$b/initrd.img-6.12.3-amd64"
check "for root alone" [ "$(stat -c %a $k $i | tr '\n' ' ')" = "600 600 " ]
check "the config names them" grep -qxF "kernel = \"$U/$k\"" a.cfg
check "both" grep -qxF "ramdisk = \"$U/$i\"" a.cfg
check "the manifest has their digests" [ "$(jq -r '.predicate.runDetails.byproducts[] | .digest.sha256 + "  " + .name' a.manifest.json)" = \
	"$(sha256sum $k $i)" ]
check "verify makes the disk again" as_user "$PROG" verify a.img --tarball "$W/root.tar"
before=$(sha256sum ./*)
refused "never over a file" 3 "$k' exists; --force replaces it" as_user "$PROG" "${guest[@]}" --disk b.img --name a --cfg b.cfg --manifest none
check "and nothing is left" [ "$(sha256sum ./*)" = "$before" ]
echo old >$k
! is_root || chown 65534:65534 $k
check "with --force it is" as_user "$PROG" "${guest[@]}" --disk a.img --force
check "the same as before" [ "$(sha256sum ./*)" = "$before" ]
rm a.* a-*

mkdir kd
! is_root || chown 65534:65534 kd
check "--kernel-dir" as_user "$PROG" "${guest[@]}" --disk c.img --kernel-dir kd/
check "has it" cmp kd/c-vmlinuz-6.12.3-amd64 "$b/vmlinuz-6.12.3-amd64"
check "not the manifest" sh -c "! grep -q '/kd/\"' c.manifest.json"
refused "a folder that is not there" 2 "see --kernel-dir" as_user "$PROG" "${guest[@]}" --disk d.img --kernel-dir nowhere
refused "together with --kernel" 2 "--boot guest takes the guest's own kernel" as_user "$PROG" "${guest[@]}" --disk d.img --kernel /boot/x
refused "together with --modules" 2 "--boot guest takes the guest's own kernel" as_user "$PROG" "${guest[@]}" --disk d.img --modules /lib/modules
refused "--kernel-dir alone" 2 "give --boot guest too" as_user "$PROG" "${opts[@]}" --tarball "$W/root.tar" --disk d.img --kernel-dir kd
refused "no kernel in it" 2 "there is no kernel '/boot/vmlinuz-VERSION' in the guest" as_user "$PROG" "${opts[@]}" --tarball "$W/small.tar.xz" \
	--boot guest --disk d.img
rm "$b/config-6.12.3-amd64"
echo no kernel >"$b/vmlinuz-6.12.3-amd64"
tar_of "$W/bad.tar"
refused "what is no kernel" 2 "in the guest: cannot use the kernel '/boot/vmlinuz-6.12.3-amd64'" as_user "$PROG" "${opts[@]}" \
	--tarball "$W/bad.tar" --boot guest --disk d.img
rm "$b"/*
bzimage 6.6.30-0-lts >"$b/vmlinuz-lts"
echo lts >"$b/initramfs-lts"
printf 'CONFIG_X86=y\nCONFIG_XEN_BLKDEV_FRONTEND=y\nCONFIG_EXT4_FS=m\n' >"$b/config-lts"
tar_of "$W/lts.tar"
check "no guest and no kernel is left" left "./c.cfg ./c.img ./c.manifest.json ./kd ./kd/c-initrd-6.12.3-amd64 ./kd/c-vmlinuz-6.12.3-amd64 "
check "a kernel named by its kind" told as_user "$PROG" "${opts[@]}" --tarball "$W/lts.tar" --boot guest --disk l.img
check "gets its version" cmp l-vmlinuz-6.6.30-0-lts "$b/vmlinuz-lts"
check "and its initrd" cmp l-initrd-6.6.30-0-lts "$b/initramfs-lts"
check "what its config lacks is told" grep -q 'made without CONFIG_XEN_PV' "$W/said"
check "a driver that is missing" grep -q 'has no driver xen-netfront' "$W/said"
check "its modules, too" grep -q "no '/lib/modules/6.6.30-0-lts'" "$W/said"
