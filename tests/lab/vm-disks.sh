# SPDX-License-Identifier: GPL-2.0-or-later
# Disks whose partitions the kernel knows: whole disks, partitions, loop devices with partitions.
. "$(dirname "$0")/vmlib.sh"
in_vm --disk 100M --disk 72M --disk 76M,logical_block_size=4096,physical_block_size=4096
root_make
sd=$(disk 1) whole=$(disk 2) big=$(disk 3)
partition() { printf '%s\n' label:gpt size=72M,name=guest size=4M,name=gswap size=8M size=8M |
	sfdisk -q --wipe always "$1" && settle; }
need partition "$sd"
need mke2fs -q -t ext4 "${sd}3"

mount_of "${sd}3" "$W/srv" || exit 2
build "a partition, beside one that is mounted" --disk "${sd}1" --swap "${sd}2"
check "its root is whole" whole_root "${sd}1"
check "the config names the partitions" cfg_target xvda1 "${sd}1"
check "both of them" cfg_target xvda2 "${sd}2"
check "the swap is swap" [ "$(blkid -p -s TYPE -o value "${sd}2")" = swap ]
check "the table is as it was" [ "$(sfdisk -d "$sd" | grep -c 'size=')" = 4 ]
remember "${sd}1" "${sd}4"
never "a disk with a mounted partition" 3 "it is mounted on $W/srv" "$sd"
never "a mounted partition" 3 "it is mounted on $W/srv" "${sd}3"
umount "$W/srv"
refuses "a disk with partitions, none in use" 3 "GPT partition table" "$sd"
need swapon "${sd}2"
never "a disk with active swap on it" 3 "it is active swap: ${sd}2" "$sd"
never "the swap itself" 3 "it is active swap: ${sd}2" "${sd}2"
swapoff "${sd}2"
need dmsetup create over --table "0 4096 linear ${sd}4 0"
never "a disk with a partition that is part of something" 3 "(over)" "$sd"
need dmsetup remove over
need dmsetup create over --table "0 4096 linear $sd 0"
never "a partition of a disk that is part of something" 3 "(over)" "${sd}4"
need dmsetup remove over
check "the partitions are as they were, byte for byte" unchanged
forget
need losetup /dev/loop5 "${sd}4"
never "a partition that a loop device is on" 3 "/dev/loop5" "${sd}4"
never "the disk of that partition" 3 "/dev/loop5" "$sd"
losetup -d /dev/loop5
# another mount namespace, which mountinfo does not show here
need mke2fs -q -F -t ext4 "${sd}4"
unshare -m sh -c "mount --make-rprivate / && mount -o ro ${sd}4 /mnt && : >$W/inside && exec sleep 300" &
other=$!
while [ ! -e inside ] && kill -0 $other; do sleep 0.2; done
never "a partition mounted in another namespace" 3 "mount namespace" "${sd}4"
never "the disk of that partition" 3 "mount namespace" "$sd"
kill $other
wait $other 2>/dev/null

for link in "/dev/disk/by-partlabel/guest" /dev/disk/by-id/*disk1-part1; do
	build "the link $link" --disk "$link" --swap none --force
	check "is what the config names" cfg_target xvda1 "$link"
done
check "its root is whole" whole_root "${sd}1"
build "a partition with a GPT of its own" --disk "${sd}1" --swap-size 4M --force
check "it has a sound GPT" has_gpt "${sd}1"
check "the disk's table is as it was" [ "$(sfdisk -d "$sd" | grep -c 'size=')" = 4 ]

build "a whole disk" --disk "$whole" --swap-size 4M
settle
check "the kernel shows its partitions" test -b "${whole}1" -a -b "${whole}2"
check "the root is whole" whole_root "${whole}1"
check "udev has its name" [ "$(readlink -f "/dev/disk/by-uuid/$(blkid -p -s UUID -o value "${whole}1")")" = "${whole}1" ]
refuses "a partition of it, as it holds something" 3 "ext4" "${whole}1"
build "the disk again, bare" --disk "$whole" --swap none --force
settle
check "the kernel has forgotten its partitions" [ ! -e "${whole}1" ]
check "the root is whole" whole_root "$whole"

build "a disk with sectors of 4096 bytes" --disk "$big" --swap-size 4M
settle
check "the kernel reads its table" test -b "${big}2"
check "the root is whole" whole_root "${big}1"
build "its partition, bare" --disk "${big}1" --swap none --force
check "the root is whole" whole_root "${big}1"

truncate -s 80M loop.img
printf '%s\n' label:dos size=64M size=8M | need sfdisk -q loop.img
need losetup -P /dev/loop6 loop.img
settle
build "a partition of a loop device" --disk /dev/loop6p1 --swap /dev/loop6p2
check "the root is whole" whole_root /dev/loop6p1
mount_root /dev/loop6p1
never "the loop device while it is mounted" 3 "it is mounted on" /dev/loop6
umount "$W/mnt"
refused "the file under the loop device" 3 "it is attached to /dev/loop6" mkdomu --disk "$W/loop.img" --force
losetup -d /dev/loop6

need blockdev --setro "${sd}4"
never "a read-only partition" 3 "it is read-only" "${sd}4"
need blockdev --setrw "${sd}4"
