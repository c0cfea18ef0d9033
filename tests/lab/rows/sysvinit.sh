# SPDX-License-Identifier: GPL-2.0-or-later
# row: Debian with sysvinit and ifupdown, two block devices (root and swap), DHCP
# core
. "$(dirname "$0")/../row.sh"
is_root || {
	skip "Debian on two block devices" "loop devices need root"
	exit 0
}
root_of sysvinit
truncate -s 768M root.img
truncate -s 64M swap.img
loop_of "$PWD/root.img" && root=$loop && loop_of "$PWD/swap.img" && swap=$loop || exit 1
made "${source[@]}" --disk "$root" --swap "$swap"
boots "${plan[@]}" --reboot --disk "$root=root.img" --disk "$swap=swap.img" --bridge xenbr0=192.0.2.1/24,dhcp=192.0.2.77 \
	--want init=init --want "swap=xvda2 65532" --want swaps=1 --want "address=eth0 192.0.2.77/24" --want "route=192.0.2.1 eth0" \
	--want dns=192.0.2.1 --want "cap=/bin/ping cap_net_raw=ep"
