# SPDX-License-Identifier: GPL-2.0-or-later
# mkdomu facts: the same of a tarball, of the image made from it, bare or with a GPT, and in a dry run.
. "$(dirname "$0")/lib.sh"
user_setup
mkdir -p t/{etc/network,sbin,bin,lib,dev,proc,sys,usr/share/doc}
printf 'ID=tiny\nVERSION_ID=7\nPRETTY_NAME="Tiny 7"\n' >t/etc/os-release
echo 'root:x:0:0:root:/root:/bin/sh' >t/etc/passwd
echo 'root:*:19000:0:99999:7:::' >t/etc/shadow
cp /bin/busybox t/bin/busybox
ln t/bin/busybox t/bin/sh
ln -s /bin/busybox t/sbin/init
ln -s ../bin/busybox t/sbin/ifup
echo '::respawn:-/bin/sh' >t/etc/inittab
seq 1000 >t/usr/share/doc/numbers
tar -C t --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cJf t.tar.xz .
opts=(--tarball t.tar.xz --unverified --kernel /boot/vmlinuz-guest)
fact() { as_user "$PROG" facts -q "$1" | sed -n "s/^  $2  *//p"; }
says() { as_user "$PROG" facts -q --json "$1" | jq -e "$2"; }

check "a tarball's init is found" [ "$(fact t.tar.xz init)" = "BusyBox init, /sbin/init -> /bin/busybox" ]
check "its system" [ "$(fact t.tar.xz system)" = "Tiny 7" ]
check "its machine" [ "$(fact t.tar.xz machine)" = "$(uname -m)" ]
check "its network tool" [ "$(fact t.tar.xz network)" = "ifupdown (used)" ]
check "root's password" [ "$(fact t.tar.xz root)" = "password locked, 0 ssh keys" ]
check "JSON says the same" says t.tar.xz '.init.kind == "busybox" and .os.version == "7" and
	.root.password == "locked" and (.network.tools | length) == 1'
check "an image is made of it" as_user "$PROG" "${opts[@]}" --disk bare.img --size 96M --swap none
check "and one with a GPT" as_user "$PROG" "${opts[@]}" --disk gpt.img --size 128M --swap-size 16M
as_user "$PROG" facts -q t.tar.xz >of-tarball
remember bare.img gpt.img t.tar.xz
check "the bare image says the same" cmp of-tarball <(as_user "$PROG" facts -q bare.img)
check "so does that with a GPT" cmp of-tarball <(as_user "$PROG" facts -q gpt.img)
check "nothing was written to them" unchanged
fs=bare.img
check "its inittab has a getty on hvc0" grep -qx 'hvc0::respawn:/bin/busybox getty -L 115200 hvc0 vt100' \
	<(guest_cat /etc/inittab)
check "and no shell beside it" grep -qx '#::respawn:-/bin/sh' <(guest_cat /etc/inittab)
check "and unmounts at the end" grep -qx '::shutdown:/bin/busybox umount -a -r' <(guest_cat /etc/inittab)
check "a dry run says them" grep -q 'BusyBox init, /sbin/init' \
	<(as_user "$PROG" "${opts[@]}" --disk no.img --size 96M --swap none --dry-run)
check "but not before the tarball is verified" grep -q 'known once the tarball is verified' \
	<(as_user "$PROG" --tarball t.tar.xz --sha256 "$(sha256sum <t.tar.xz | cut -d ' ' -f 1)" \
		--kernel /boot/vmlinuz-guest --disk no.img --size 96M --swap none --dry-run)
printf '\xb7' | dd of=t/bin/busybox bs=1 seek=18 conv=notrunc status=none # EM_AARCH64
tar -C t --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cf arm.tar .
check "another machine is named" [ "$(fact arm.tar machine)" = aarch64 ]
refused "a guest of another machine" 7 'is a program for aarch64' as_user "$PROG" --tarball arm.tar --unverified \
	--kernel /boot/vmlinuz-guest --disk no.img --size 96M --swap none
mkdir -p bad/etc/shadow && echo 'root:x:0:0::/root:/bin/sh' >bad/etc/passwd
mke2fs -q -F -t ext4 -d bad bad.img 4M && chmod a+r bad.img
refused "a damaged disk" 9 "'bad.img': cannot read '/etc/shadow': it is a folder" as_user "$PROG" facts bad.img
refused "nothing to look into" 2 'name a tarball' as_user "$PROG" facts
refused "a folder" 2 '' as_user "$PROG" facts t
head -c 300000 t.tar.xz >cut.tar.xz
refused "a tarball that is cut" 7 'cut.tar.xz' as_user "$PROG" facts cut.tar.xz
head -c 5000 /dev/urandom >junk
refused "no tarball at all" 7 'junk' as_user "$PROG" facts junk
