# SPDX-License-Identifier: GPL-2.0-or-later
# Logical volumes, linear and thin, as the disk and the swap of a guest.
. "$(dirname "$0")/vmlib.sh"
in_vm --disk 200M --disk 200M
root_make
pv=$(disk 1)
need vgcreate vg0 "$pv" "$(disk 2)"
need lvcreate -n root -L 72M vg0
need lvcreate -n swap -L 8M vg0
settle

build "a linear volume becomes a disk" --disk /dev/vg0/root --swap-size 4M
check "it has a sound GPT" has_gpt /dev/vg0/root
check "the config names it as the user did" cfg_target xvda /dev/vg0/root
need losetup -P /dev/loop7 /dev/vg0/root
settle
check "its root is whole" whole_root /dev/loop7p1
check "its swap is swap" [ "$(blkid -p -s TYPE -o value /dev/loop7p2)" = swap ]
losetup -d /dev/loop7

refuses "a volume with a GPT" 3 "GPT partition table" /dev/vg0/root --swap none
build "root and swap on two volumes" --disk vg0/root --swap /dev/mapper/vg0-swap --force
check "the root is whole" whole_root /dev/vg0/root
check "the swap is swap" [ "$(blkid -p -s TYPE -o value /dev/vg0/swap)" = swap ]
check "VG/LV is the volume's path in the config" cfg_target xvda1 /dev/vg0/root
check "/dev/mapper is, too" cfg_target xvda2 /dev/mapper/vg0-swap
need swapon /dev/vg0/swap
swapoff /dev/vg0/swap

# Reproducible: what was there before is nowhere in it.
need blkdiscard -z /dev/vg0/root
build "a zeroed volume, bare" --disk /dev/vg0/root --swap none
cfg=$W/twin.cfg check "an image file of its size" mkdomu --disk "$W/twin.img" --swap none --size 72M
check "they are equal, byte for byte" cmp /dev/vg0/root twin.img
rm -f twin.*
need blkdiscard -z /dev/vg0/root
build "a zeroed volume, with a GPT" --disk /dev/vg0/root --swap-size 4M
cfg=$W/twin.cfg check "an image file of its size" mkdomu --disk "$W/twin.img" --swap-size 4M --size 72M
check "they are equal, byte for byte" cmp /dev/vg0/root twin.img
rm -f twin.*

# A snapshot keeps what its origin had.
need lvcreate -s -n before -L 40M vg0/root
cp /dev/vg0/before before
refuses "an origin with a snapshot, as it holds something" 3 "GPT partition table" /dev/vg0/root --swap none
build "an origin with a snapshot, with --force" --disk /dev/vg0/root --swap none --force
check "its root is whole" whole_root /dev/vg0/root
check "the snapshot is as it was" cmp before /dev/vg0/before
rm before
build "a snapshot itself, with --force" --disk /dev/vg0/before --swap none --force
check "its root is whole" whole_root /dev/vg0/before
check "the origin's, too" whole_root /dev/vg0/root
need lvremove -qq -y vg0/before

# Thin
need lvcreate --type thin-pool -n pool -L 64M vg0
need lvcreate -V 128M --thinpool pool -n thin vg0
settle
build "a thin volume becomes a disk" --disk /dev/vg0/thin --swap none
check "its root is whole" whole_root /dev/vg0/thin
check "it takes from the pool what it needs only: $(lvs --noheadings -o data_percent vg0/thin) %" \
	[ "$(lvs --noheadings -o data_percent vg0/thin | cut -d . -f 1)" -lt 25 ]
need lvcreate -s -n thinshot vg0/thin
need lvchange -ay -K vg0/thinshot
build "a thin snapshot, with --force" --disk /dev/vg0/thinshot --swap-size 4M --force
check "it has a GPT" has_gpt /dev/vg0/thinshot
check "its origin is whole" whole_root /dev/vg0/thin
never "a pool's hidden data volume" 3 "it is part of" /dev/mapper/vg0-pool_tdata

# Refused
remember /dev/vg0/root
never "a disk that is a physical volume with active volumes" 3 "it is part of" "$pv"
need lvchange -pr vg0/root
never "a read-only volume" 3 "it is read-only" /dev/vg0/root
need lvchange -prw vg0/root
mount_of /dev/vg0/root "$W/mnt" -o ro
never "a mounted volume" 3 "'/dev/vg0/root -> $(readlink -f /dev/vg0/root)': it is mounted on $W/mnt" /dev/vg0/root
umount "$W/mnt"
need mkswap -q /dev/vg0/swap
need swapon /dev/vg0/swap
never "a volume that is active swap" 3 "it is active swap" /dev/vg0/swap
refuses "a volume for swap that is active swap" 3 "it is active swap" /dev/vg0/root --swap /dev/vg0/swap --force
swapoff /dev/vg0/swap
need dmsetup create over --table "0 16384 linear /dev/vg0/swap 0"
never "a volume that another mapping is on" 3 "(over)" /dev/vg0/swap
need dmsetup remove over
check "the root is as it was, byte for byte" unchanged
forget
need vgchange -qq -an vg0
settle
refused "a volume that is not active" 3 "vg0" mkdomu --disk /dev/vg0/root --size 72M
refuses "a physical volume without active volumes" 3 "LVM2_member" "$pv"
