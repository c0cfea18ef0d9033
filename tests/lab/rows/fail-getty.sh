# SPDX-License-Identifier: GPL-2.0-or-later
# row: must fail: no getty on hvc0 (--no-hook console)
# core
. "$(dirname "$0")/../row.sh"
root_of tiny
memory=128
made "${source[@]}" --disk web1.img --swap none --size 64M --no-hook console
fails "no login on the console" --silence 60
check "though it has come up" grep -q "runlevel 2 is reached" "$top/build/logs/lab-$row/guest.log"
