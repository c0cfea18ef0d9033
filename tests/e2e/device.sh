# SPDX-License-Identifier: GPL-2.0-or-later
# Block devices: written when free, refused and untouched when not.
. "$(dirname "$0")/lib.sh"
if ! is_root; then
	skip "block devices" "needs root"
	exit 0
fi
mirror_setup openrc
user_setup
cd "$W" || exit 2
common=(--profile gentoo-base "${mirror[@]}" --kernel /boot/vmlinuz-guest --name guest)
opts=("${common[@]}" --cache "$W/cache" --cfg guest.cfg)

truncate -s 600M one.disk two.disk
truncate -s 64M swap.disk
loop_of one.disk && one=$loop
loop_of two.disk && two=$loop
loop_of swap.disk && swap=$loop
[ -n "${one:-}" ] && [ -n "${two:-}" ] && [ -n "${swap:-}" ] || exit 2

check "a device becomes a disk" "$PROG" "${opts[@]}" --disk "$one" --swap-size 64M
read -r root_at root_size < <(part one.disk 1)
check "it has a GPT with ext4" [ "$(type_of one.disk "$root_at" "$root_size")" = ext4 ]
check "the table fills the device and is sound" sfdisk --verify "$one"
check "e2fsck finds nothing" e2fsck -fn "one.disk?offset=$root_at"
check "the config has the device" cfg_says guest.cfg "disk=vdev=xvda format=raw access=rw script= target=$one"

remember one.disk guest.cfg
refused "a config that is there, without --force" 3 guest.cfg "$PROG" "${opts[@]}" --disk "$one"
refused "a device with something on it" 3 "$one" "$PROG" "${common[@]}" --cache "$W/cache" \
	--cfg other.cfg --disk "$one"
check "is untouched" unchanged
check "no other config was written" [ ! -e other.cfg ]
rm guest.cfg
forget
check "with --force it is replaced" "$PROG" "${opts[@]}" --disk "$one" --swap none --size 500M --force
check "it is a bare ext4 now" [ "$(type_of one.disk)" = ext4 ]
check "no trace of the old table" [ -z "$(blkid -p -s PTTYPE -o value one.disk)" ]
rm -f guest.cfg

mount_of "$one" "$W/mnt" || exit 2
sync
remember one.disk
refused "a mounted device, with --force" 3 "$W/mnt" "$PROG" "${opts[@]}" --disk "$one" --force
check "is left alone" unchanged
check "is still mounted" mountpoint -q "$W/mnt"
umount "$W/mnt"
forget

check "root and swap on two devices" "$PROG" "${opts[@]}" --disk "$two" --swap "$swap"
check "the root is ext4" [ "$(type_of two.disk)" = ext4 ]
check "e2fsck finds nothing on it" e2fsck -fn two.disk
check "the swap is swap" [ "$(type_of swap.disk)" = swap ]
check "the root is xvda1" cfg_says guest.cfg "disk=vdev=xvda1 format=raw access=rw script= target=$two"
check "the swap is xvda2" cfg_says guest.cfg "disk=vdev=xvda2 format=raw access=rw script= target=$swap"
rm guest.cfg

if swapon "$swap" 2>/dev/null; then
	refused "swap that is in use" 3 "$swap" "$PROG" "${opts[@]}" --disk "$two" --swap "$swap" --force
	swapoff "$swap"
else skip "swap that is in use" "swapon does not work here"; fi

truncate -s 32M small.disk
loop_of small.disk && small=$loop
remember small.disk
refused "a device that is too small" 8 "too small" "$PROG" "${opts[@]}" --disk "$small"
truncate -s 600M ro.disk
loop_of ro.disk -r && ro=$loop
refused "a device that is read-only" 3 "$ro" "$PROG" "${opts[@]}" --disk "$ro"
refused "one device for both" 2 --swap "$PROG" "${opts[@]}" --disk "$two" --swap "$two" --force
refused "a device that is not there" 3 /dev/no-such-disk "$PROG" "${opts[@]}" --disk /dev/no-such-disk
refused "a character device" 3 /dev/null "$PROG" "${opts[@]}" --disk /dev/null --force
truncate -s 600M free.disk
loop_of free.disk && free=$loop
refused "a device that is not the user's" 3 "$free" as_user "$PROG" "${common[@]}" --disk "$free" --cfg "$U/x.cfg"
check "none of them was written to" unchanged
check "no config was left" [ ! -e guest.cfg ]
