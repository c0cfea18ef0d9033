# SPDX-License-Identifier: GPL-2.0-or-later
# row: BusyBox's init with its own inittab, bare image with a swap file, static IPv4
# core
. "$(dirname "$0")/../row.sh"
root_of busybox
memory=128
made "${source[@]}" --disk web1.img --swap file --size 128M --swap-size 32M \
	--ip 192.0.2.10/24 --gateway 192.0.2.1 --dns 192.0.2.53
boots "${plan[@]}" --reboot --bridge xenbr0=192.0.2.1/24 --want init=init --want "swap=/swapfile 32764" --want swaps=1 \
	--want "address=eth0 192.0.2.10/24" --want "route=192.0.2.1 eth0" --want dns=192.0.2.53 \
	--want "cap=/sbin/getcap cap_net_raw=ep"
