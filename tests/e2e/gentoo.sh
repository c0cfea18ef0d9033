# SPDX-License-Identifier: GPL-2.0-or-later
# The main job, as an ordinary user, from a signed mirror: gentoo-base and gentoo-systemd.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc systemd
user_setup
kernel=(--kernel /boot/vmlinuz-guest --ramdisk /boot/initrd-guest)

# -- one disk: a partition table, root and swap
check "a dry run ends well" as_user "$PROG" --profile gentoo-base --disk guest.img "${mirror[@]}" "${kernel[@]}" --dry-run
check "a dry run leaves nothing" only_these "$U"
check "gentoo-base makes an image" \
	as_user "$PROG" --profile gentoo-base --disk guest.img "${mirror[@]}" "${kernel[@]}"
check "image and config are there, nothing else" only_these "$U" guest.img guest.cfg guest.manifest.json
check "nothing is left of the run" nothing_left
read -r root_at root_size < <(part guest.img 1)
read -r swap_at swap_size < <(part guest.img 2)
check "the table is a GPT that sfdisk finds no fault with" sfdisk --verify guest.img
check "it is a GPT" grep -q '^label: gpt' <(sfdisk --dump guest.img)
check "partition 2 is marked as swap" grep -qi 'type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F' \
	<(sfdisk --dump guest.img)
check "partition 1 is ext4" [ "$(type_of guest.img "$root_at" "$root_size")" = ext4 ]
check "partition 2 is swap" [ "$(type_of guest.img "$swap_at" "$swap_size")" = swap ]
fs="guest.img?offset=$root_at"
check "e2fsck finds nothing" e2fsck -fn "$fs"
check "xl would read the config" "$BUILD/tools/xlcheck" guest.cfg
check "the config has the image as xvda" cfg_says guest.cfg \
	"disk=vdev=xvda format=raw access=rw script= target=$U/guest.img"
check "the config names the guest" cfg_says guest.cfg name=guest
check "root= is partition 1" cfg_matches guest.cfg '^cmdline=(.* )?root=/dev/xvda1( |$)'
check "the console is hvc0" cfg_matches guest.cfg '^cmdline=(.* )?console=hvc0( |$)'
check "the interface has a mac" cfg_matches guest.cfg '^vif=mac=00:16:3e:'
check "the kernel is the one given" cfg_says guest.cfg kernel=/boot/vmlinuz-guest
check "name stands alone at column 0" grep -qx 'name = "guest"' guest.cfg
check "inittab has one getty on hvc0" [ "$(guest_cat /etc/inittab | grep -c '^[^#].*agetty.*hvc0')" = 1 ]
check "inittab has none on the VTs" guest_not /etc/inittab '^[^#]*getty.* tty[0-9]'
check "inittab still starts openrc" guest_says /etc/inittab '^si::sysinit:/sbin/openrc sysinit$'
check "fstab mounts the root" guest_says /etc/fstab '^(UUID=[0-9a-f-]{36}|/dev/xvda1)[[:blank:]]+/[[:blank:]]+ext4[[:blank:]]'
check "fstab has the swap" guest_says /etc/fstab '^(UUID=[0-9a-f-]{36}|/dev/xvda2)[[:blank:]]+[^[:blank:]]+[[:blank:]]+swap[[:blank:]]'
check "the network is set up for dhcp" guest_says /etc/conf.d/net '^config_eth0="dhcp"$'
check "net.eth0 is a service" [ "$(guest_link /etc/init.d/net.eth0)" = net.lo ]
check "net.eth0 starts" [ "$(guest_link /etc/runlevels/default/net.eth0)" = /etc/init.d/net.eth0 ]
check "the host name is the guest's" guest_says /etc/hostname '^guest$'
check "conf.d/hostname agrees" guest_says /etc/conf.d/hostname '^hostname="guest"$'
check "hosts knows it" guest_says /etc/hosts '^127\..*[[:blank:]]guest([[:blank:]]|$)'
check "OpenRC is told that this is a domU" guest_says /etc/rc.conf '^rc_sys="xenU"$'
check "root still has no password" guest_says /etc/shadow '^root:\*:'

refused "an image that is there is not replaced" 3 exists \
	as_user "$PROG" --profile gentoo-base --disk guest.img "${mirror[@]}" "${kernel[@]}"

# as_tar VARIANT IMAGE EDITED: but for paths that match EDITED, what the kernel sees on partition 1 is
# what GNU tar unpacks.
as_tar() {
	local list=$top/tests/tools/treelist at size rc
	read -r at size < <(part "$2" 1)
	rm -rf "$W/tar"
	mkdir "$W/tar"
	tar --xattrs --xattrs-include='*' --numeric-owner -xpf \
		"$W"/mirror/mirror/releases/amd64/autobuilds/2*/"stage3-amd64-$1"-*.tar.xz -C "$W/tar" &&
		mount_of "$2" "$W/mnt" -o "loop,offset=$at,sizelimit=$size" || return 1
	diff <("$list" "$W/tar" --no-root-nlink --no-holes | grep -vE "$3") \
		<("$list" "$W/mnt" --no-root-nlink --no-holes | grep -vE "$3")
	rc=$?
	[ "$(wc -l < <("$list" "$W/mnt" --no-holes))" -gt 1000 ] || rc=1
	return $rc
}
if is_root; then
	# What the hooks may have touched, and the folders that hold it.
	check "all else is as GNU tar unpacks it" as_tar openrc guest.img \
		'^\./(etc|etc/(inittab|fstab|hosts|hostname|rc\.conf|conf\.d|conf\.d/(net|hostname|hwclock)|resolv\.conf|init\.d|init\.d/net\.eth0|runlevels/default|runlevels/default/net\.eth0|systemd|systemd/network|systemd/network/[^/ ]*)) '
	check "the kernel writes to it" sh -c "cp -r '$W/mnt/usr/lib/udev' '$W/mnt/copy' && rm -r '$W/mnt/etc' && umount '$W/mnt'"
	check "e2fsck finds nothing afterwards" e2fsck -fn "$fs"
else skip "kernel mount" "needs root"; fi

# -- root and swap apart, static addresses, access
rm -f guest.img guest.cfg guest.manifest.json
echo 'a password of mine' >"$W/password"
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZyZXNoIGtleSBmb3IgYSB0ZXN0IG9mIG1rZG9tdSE= me@here' >"$W/keys"
chmod 644 "$W/password" "$W/keys"
check "root and swap as two images" as_user "$PROG" --profile gentoo-base "${mirror[@]}" "${kernel[@]}" \
	--disk root.img --size 600M --swap swap.img --swap-size 64M --name web1 --hostname www.example.org \
	--ip 192.0.2.10/24 --gateway 192.0.2.1 --dns 192.0.2.53 --mac 00:16:3e:01:02:03 --bridge br7 \
	--memory 768 --vcpus 2 --root-password-file "$W/password" --authorized-keys "$W/keys" --cfg web1.cfg
check "the three files are there" only_these "$U" root.img swap.img web1.cfg web1.manifest.json
check "the root is a bare ext4" [ "$(type_of root.img)" = ext4 ]
check "the swap is bare swap" [ "$(type_of swap.img)" = swap ]
fs=root.img
check "e2fsck finds nothing in the bare root" e2fsck -fn root.img
check "xl would read this config" "$BUILD/tools/xlcheck" web1.cfg
check "the root is xvda1" cfg_says web1.cfg "disk=vdev=xvda1 format=raw access=rw script= target=$U/root.img"
check "the swap is xvda2" cfg_says web1.cfg "disk=vdev=xvda2 format=raw access=rw script= target=$U/swap.img"
check "memory is as given" cfg_says web1.cfg memory=768
check "vcpus are as given" cfg_says web1.cfg vcpus=2
check "vif has mac, bridge and address" cfg_says web1.cfg 'vif=mac=00:16:3e:01:02:03,bridge=br7,ip=192.0.2.10'
check "the address is static" guest_says /etc/conf.d/net '^config_eth0="192\.0\.2\.10/24"$'
check "the route is there" guest_says /etc/conf.d/net 'default via 192\.0\.2\.1'
check "the name server is there" guest_says /etc/conf.d/net '^dns_servers_eth0="192\.0\.2\.53"$'
check "the host name is as given" guest_says /etc/hostname '^www'
check "root has a hash" guest_says /etc/shadow '^root:\$(y|6)\$'
check "the hash is the password's" perl -e '($h) = (grep /^root:/, <STDIN>)[0] =~ /^root:([^:]*)/;
	exit(crypt("a password of mine", $h) ne $h)' < <(guest_cat /etc/shadow)
check "root has the key" guest_says /root/.ssh/authorized_keys '^ssh-ed25519 AAAA'
check "nothing is left of that run" nothing_left

# -- without swap, from the cache alone
rm -f ./*
kill "$mirror_pid"
check "offline, from the cache, without swap" as_user "$PROG" --profile gentoo-base "${mirror[@]}" \
	"${kernel[@]}" --disk guest.img --swap none --size 400M --offline
check "it is a bare ext4" [ "$(type_of guest.img)" = ext4 ]
check "e2fsck finds nothing in it" e2fsck -fn guest.img
fs=guest.img
check "fstab has no swap" guest_not /etc/fstab '^[^#].*[[:blank:]]swap[[:blank:]]'
check "one disk in the config" [ "$(grep -c 'vdev=' guest.cfg)" = 1 ]

# -- systemd
rm -f ./*
mirror_serve
pids+=("$mirror_pid")
mirror[1]=$mirror_url
check "gentoo-systemd makes an image" as_user "$PROG" --profile gentoo-systemd "${mirror[@]}" \
	"${kernel[@]}" --disk sd.img --ip 192.0.2.11/24 --gateway 192.0.2.1
read -r root_at root_size < <(part sd.img 1)
fs="sd.img?offset=$root_at"
check "e2fsck finds nothing in the systemd root" e2fsck -fn "$fs"
check "the machine has an id" guest_says /etc/machine-id '^[0-9a-f]{32}$'
check "networkd is enabled" guest_has /etc/systemd/system/multi-user.target.wants/systemd-networkd.service
network=$(debugfs -R 'ls -p /etc/systemd/network' "$fs" 2>/dev/null | awk -F/ '$6 ~ /\.network$/ { print $6; exit }')
check "networkd has the address" guest_says "/etc/systemd/network/$network" '^Address=192\.0\.2\.11/24$'
check "fstab mounts the systemd root" guest_says /etc/fstab '^[^#].*[[:blank:]]/[[:blank:]]+ext4[[:blank:]]'
check "xl would read the systemd config" "$BUILD/tools/xlcheck" sd.cfg
if is_root; then
	check "all else in the systemd root is as GNU tar unpacks it" as_tar systemd sd.img \
		'^\./(etc|etc/(fstab|hosts|hostname|machine-id|resolv\.conf|systemd|systemd/(network|system)|systemd/(network|system)/[^ ]*)) '
	umount "$W/mnt"
else skip "kernel mount of the systemd root" "needs root"; fi
