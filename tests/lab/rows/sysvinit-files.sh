# SPDX-License-Identifier: GPL-2.0-or-later
# row: Debian with sysvinit and ifupdown, two image files (root and swap), two NICs, IPv4 and IPv6
. "$(dirname "$0")/../row.sh"
root_of sysvinit
made "${source[@]}" --disk web1.img --swap web1-swap.img --size 768M --swap-size 64M \
	--nic bridge=front,ip=192.0.2.10/24,ip=2001:db8:1::10/64,gateway=192.0.2.1,gateway=2001:db8:1::1,dns=192.0.2.53 \
	--nic bridge=back,ip=dhcp
boots "${plan[@]}" --reboot --bridge front=192.0.2.1/24,2001:db8:1::1/64 --bridge back=198.51.100.1/24,dhcp=198.51.100.77 \
	--want init=init --want "swap=xvda2 65532" --want swaps=1 --want "address=eth0 192.0.2.10/24" \
	--want "address=eth0 2001:db8:1::10/64" --want "address=eth1 198.51.100.77/24" --want "route=192.0.2.1 eth0" \
	--want "route=2001:db8:1::1 eth0" --want dns=192.0.2.53 --want "cap=/bin/ping cap_net_raw=ep"
