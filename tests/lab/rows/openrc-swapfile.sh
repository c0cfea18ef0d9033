# SPDX-License-Identifier: GPL-2.0-or-later
# row: profile gentoo-base, bare image with a swap file, two NICs on two bridges, DHCP and static
. "$(dirname "$0")/../row.sh"
from_mirror gentoo-base openrc
made "${source[@]}" --disk web1.img --swap file --size 1G --swap-size 64M \
	--nic bridge=front,ip=dhcp --nic bridge=back,ip=198.51.100.10/24,ip=2001:db8:2::10/64
boots "${plan[@]}" --reboot --bridge front=192.0.2.1/24,dhcp=192.0.2.77 --bridge back=198.51.100.1/24,2001:db8:2::1/64 \
	--want init=openrc --want "swap=/swapfile 65532" --want swaps=1 --want "address=eth0 192.0.2.77/24" \
	--want "address=eth1 198.51.100.10/24" --want "address=eth1 2001:db8:2::10/64" --want "route=192.0.2.1 eth0" \
	--want dns=192.0.2.1 \
	--want "cap=/bin/ping cap_net_raw=ep"
