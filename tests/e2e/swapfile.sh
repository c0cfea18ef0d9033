# SPDX-License-Identifier: GPL-2.0-or-later
# --swap file: a file in the root that swapon takes as it is, in an image and on a used device.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc
user_setup
opts=(--profile gentoo-base "${mirror[@]}" --size 400M --swap file --kernel /boot/vmlinuz-guest --name guest)
fs=guest.img

swap_of() { debugfs -R "dump /swapfile $2" "$1" 2>/dev/null && [ -s "$2" ]; } # IMAGE FILE
check "a run" as_user "$PROG" "${opts[@]}" --swap-size 64M --disk guest.img
cp "$W/.out" "$W/said"
check "the summary tells of it" grep -q 'swap .*/swapfile, 64 MiB' "$W/said"
check "e2fsck finds nothing" e2fsck -fn guest.img
check "the image is bare" [ "$(type_of guest.img)" = ext4 ]
check "fstab has it" guest_says /etc/fstab '^/swapfile[[:space:]]+none[[:space:]]+swap[[:space:]]'
check "the root is the only disk of the config" [ "$(grep -c 'vdev=' <("$BUILD/tools/xlcheck" guest.cfg))" = 1 ]
check "it is root's alone" grep -qE 'Mode:  *0600' <(debugfs -R 'stat /swapfile' guest.img 2>/dev/null)
check "the file can be read" swap_of guest.img "$W/swapfile"
check "it has 64 MiB" [ "$(stat -c %s "$W/swapfile")" = 67108864 ]
check "blkid takes it for swap" [ "$(type_of "$W/swapfile")" = swap ]
check "its label is swap" [ "$(blkid -p -s LABEL -o value "$W/swapfile")" = swap ]
check "it takes no room in the image" [ "$(du -k guest.img | cut -f1)" -lt $((200 * 1024)) ]
uuid=$(blkid -p -s UUID -o value "$W/swapfile")
check "mkswap would have written the same" sh -c 'truncate -s 64M "$1" && mkswap -q -p 4096 -L swap -U "$2" "$1" && cmp "$1" "$3"' \
	sh "$W/theirs" "$uuid" "$W/swapfile"
check "with a GPT too" as_user "$PROG" "${opts[@]}" --swap-size 64M --disk gpt.img --cfg gpt.cfg --layout gpt
read -r at size < <(part gpt.img 1)
check "e2fsck finds nothing in it" e2fsck -fn "gpt.img?offset=$at"
refused "one that is too large" 8 "--swap-size" as_user "$PROG" "${opts[@]}" --disk no.img --cfg no.cfg --swap-size 390M
refused "one that the root leaves no room for" 8 "/swapfile" as_user "$PROG" "${opts[@]}" --disk no.img --cfg no.cfg --swap-size 330M
check "leave nothing" [ -z "$(ls -A | grep no)" ]

# The kernel's word; swapped off at once.
swaps() {
	swapon "$1" || return 1
	grep -q "^$1 " /proc/swaps
	local rc=$?
	swapoff "$1" && return $rc
}
# The kernel can lack swap altogether: then mkswap's own file is refused as well.
can_swap() {
	dd if=/dev/zero of="$W/plain" bs=1M count=1 status=none && chmod 600 "$W/plain" &&
		mkswap -q "$W/plain" && swaps "$W/plain" 2>/dev/null
}
if ! is_root; then
	skip "swapon" "needs root"
	exit 0
fi
loop_of gpt.img -o "$at" --sizelimit "$size" && mount_of "$loop" "$W/mnt" || exit 2
if swaps "$W/mnt/swapfile" 2>"$W/why"; then ok "swapon takes it"; elif can_swap; then
	cat "$W/why"
	not_ok "swapon takes it"
else skip "swapon takes it" "swapon does not work here"; fi
check "filefrag sees one that is whole" [ -z "$(filefrag -v "$W/mnt/swapfile" | grep -E 'unwritten|inline|delalloc')" ]
umount "$W/mnt"
check "e2fsck finds nothing afterwards" e2fsck -fn "gpt.img?offset=$at"

# Something lay on the device: nothing of it is in the file.
cd "$W" || exit 2
yes "old content of the device" | head -c 400M >used
loop_of used || exit 2
check "a run onto a used device" "$PROG" "${opts[@]}" --disk "$loop" --force --swap-size 64M --cache "$W/cache" --cfg used.cfg
check "the file can be read" swap_of used "$W/swapfile2"
check "and equals the image's" cmp "$W/swapfile" "$W/swapfile2"
check "e2fsck finds nothing on it" e2fsck -fn used
mount_of "$loop" "$W/mnt2" || exit 2
if swaps "$W/mnt2/swapfile" 2>"$W/why"; then ok "swapon takes that one too"; elif can_swap; then
	cat "$W/why"
	not_ok "swapon takes that one too"
else skip "swapon takes that one too" "swapon does not work here"; fi
umount "$W/mnt2"
