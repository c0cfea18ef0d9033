# SPDX-License-Identifier: GPL-2.0-or-later
# row: must fail: the superblock of the root is damaged
# core
. "$(dirname "$0")/../row.sh"
root_of tiny
memory=128
made "${source[@]}" --disk web1.img --swap none --size 64M
dd if=/dev/zero of=web1.img bs=1024 seek=1 count=1 conv=notrunc status=none
fails "cannot mount /dev/xvda1"
