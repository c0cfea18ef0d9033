# SPDX-License-Identifier: GPL-2.0-or-later
# row: profile gentoo-base, two block devices (root and swap), IPv4 and IPv6
. "$(dirname "$0")/../row.sh"
is_root || {
	skip "gentoo-base on two block devices" "loop devices need root"
	exit 0
}
from_mirror gentoo-base openrc
truncate -s 768M root.img
truncate -s 64M swap.img
loop_of "$PWD/root.img" && root=$loop && loop_of "$PWD/swap.img" && swap=$loop || exit 1
made "${source[@]}" --disk "$root" --swap "$swap" --ip 192.0.2.10/24 --gateway 192.0.2.1 \
	--ip 2001:db8:1::10/64 --gateway 2001:db8:1::1 --dns 192.0.2.53 --dns 2001:db8:1::53
boots "${plan[@]}" --reboot --disk "$root=root.img" --disk "$swap=swap.img" --bridge xenbr0=192.0.2.1/24,2001:db8:1::1/64 \
	--want init=openrc --want "swap=xvda2 65532" --want swaps=1 --want "address=eth0 192.0.2.10/24" \
	--want "address=eth0 2001:db8:1::10/64" --want "route=192.0.2.1 eth0" --want "route=2001:db8:1::1 eth0" \
	--want dns=192.0.2.53 --want dns=2001:db8:1::53 \
	--want "cap=/bin/ping cap_net_raw=ep"
