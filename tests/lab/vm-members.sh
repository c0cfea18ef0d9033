# SPDX-License-Identifier: GPL-2.0-or-later
# What else may be on a device: md, LUKS, LVM, other file systems. In use it is never overwritten,
# otherwise with --force alone; then nothing of it is left.
. "$(dirname "$0")/vmlib.sh"
in_vm --disk 112M --disk 112M
root_make
a=$(disk 1) b=$(disk 2)

# taken NAME: with --force the device becomes a disk, and no trace of what was there is found
taken() {
	build "$1, with --force" --disk "$a" --swap none --force
	check "$1: the root is whole" whole_root "$a"
	check "$1: nothing else is found" [ "$(wipefs -n -p "$a" | grep -vc '^#')" = 1 ]
}
md() { mdadm --quiet "$@"; }
for metadata in 1.2 1.0 0.90; do
	need md --create /dev/md0 --run --level=1 --raid-devices=2 --metadata=$metadata --assume-clean "$a" "$b"
	settle
	never "a member of a running md array, $metadata" 3 "it is part of md0" "$a"
	need md --stop /dev/md0
	settle
	refuses "a member of a stopped md array, $metadata" 3 "linux_raid_member" "$a"
	taken "a member of a stopped md array, $metadata"
	check "$metadata: mdadm knows it no more" fails mdadm --examine "$a"
	need wipefs -qa "$a" "$b"
done
need md --create /dev/md0 --run --level=1 --raid-devices=2 --assume-clean "$a" "$b"
settle
build "an md array becomes a disk" --disk /dev/md0 --swap-size 4M
check "it has a sound GPT" has_gpt /dev/md0
check "the kernel shows its partitions" test -b /dev/md0p2
check "its root is whole" whole_root /dev/md0p1
mount_root /dev/md0p1
never "an array with a mounted partition" 3 "it is mounted on" /dev/md0
never "a member of that array" 3 "it is part of md0" "$a"
umount "$W/mnt"
need md --stop /dev/md0
need wipefs -qa "$a" "$b"

luks() { echo secret | cryptsetup "$@"; }
need luks luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --type luks2 "$a" -
refuses "LUKS" 3 "crypto_LUKS" "$a"
need luks open "$a" secret -d -
never "an open LUKS device" 3 "(secret)" "$a"
build "what is in it" --disk /dev/mapper/secret --swap none
check "the root is whole" whole_root /dev/mapper/secret
need cryptsetup close secret
taken LUKS

need pvcreate -qq -ff -y "$a"
refuses "an LVM physical volume" 3 "LVM2_member" "$a"
taken "an LVM physical volume"
check "LVM: pvs knows it no more" fails pvs "$a"
need mkfs.btrfs -qf "$a"
refuses "btrfs" 3 "btrfs" "$a"
mount_of "$a" "$W/mnt" || exit 2
never "a mounted btrfs" 3 "it is mounted on $W/mnt" "$a"
umount "$W/mnt"
need mkfs.btrfs -qf -d single -m raid1 "$a" "$b"
mount_of "$b" "$W/mnt" -o "device=$a,device=$b" || exit 2
never "the other device of a mounted btrfs" 3 "" "$a"
umount "$W/mnt"
taken btrfs
zfs_like() { # the magic of uberblocks, in the first label
	local i
	wipefs -qa "$1"
	for i in $(seq 0 15); do
		printf '\x0c\xb1\xba\x00\x00\x00\x00\x00' | dd of="$1" bs=1 seek=$((131072 + i * 1024)) conv=notrunc status=none
	done
}
need zfs_like "$a"
refuses "ZFS" 3 "zfs_member" "$a"
taken ZFS
need wipefs -qa "$a"
truncate -s 400M xfs.img # the least that mkfs.xfs takes
need mkfs.xfs -q xfs.img
need dd if=xfs.img of="$a" bs=64K count=1 conv=fsync status=none
rm xfs.img
refuses "xfs" 3 "xfs" "$a"
taken xfs
