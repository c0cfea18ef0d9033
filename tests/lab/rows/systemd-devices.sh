# SPDX-License-Identifier: GPL-2.0-or-later
# row: profile gentoo-systemd, GPT on a block device, two NICs on two bridges, DHCP and static
. "$(dirname "$0")/../row.sh"
is_root || {
	skip "gentoo-systemd on a block device" "loop devices need root"
	exit 0
}
from_mirror gentoo-systemd systemd
truncate -s 1G root.img
loop_of "$PWD/root.img" && root=$loop || exit 1
made "${source[@]}" --disk "$root" --swap-size 64M \
	--nic bridge=front,ip=dhcp --nic bridge=back,ip=198.51.100.10/24
boots "${plan[@]}" --reboot --disk "$root=root.img" --bridge front=192.0.2.1/24,dhcp=192.0.2.77 --bridge back=198.51.100.1/24 \
	--want init=systemd --want "swap=xvda2 65532" --want swaps=1 --want "address=eth0 192.0.2.77/24" \
	--want "address=eth1 198.51.100.10/24" --want "route=192.0.2.1 eth0" --want dns=192.0.2.1 \
	--want "cap=/bin/ping cap_net_raw=ep"
