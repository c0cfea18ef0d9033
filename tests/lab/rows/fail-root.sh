# SPDX-License-Identifier: GPL-2.0-or-later
# row: must fail: another root= in the config (edited by hand: mkdomu refuses root= in --extra)
# core
. "$(dirname "$0")/../row.sh"
root_of tiny
memory=128
made "${source[@]}" --disk web1.img --swap none --size 64M
edited 's,root=/dev/xvda1,root=/dev/xvda9,'
fails "the root device /dev/xvda9 did not appear"
