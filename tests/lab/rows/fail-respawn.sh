# SPDX-License-Identifier: GPL-2.0-or-later
# row: must fail: a getty that ends and is started again, too slowly for init to complain
. "$(dirname "$0")/../row.sh"
root_of tiny "etc/inittab.d/slow.tab=s:2345:respawn:/sbin/slowgetty
" "usr/sbin/slowgetty=#!/bin/sh
sleep 9
"
memory=128
made "${source[@]}" --disk web1.img --swap none --size 64M
fails "no getty was started again"
