# SPDX-License-Identifier: GPL-2.0-or-later
# row: tiny sysvinit root, GPT, two NICs on two bridges, IPv4 and IPv6
# core
. "$(dirname "$0")/../row.sh"
root_of tiny
memory=128
made "${source[@]}" --disk web1.img --size 128M --swap-size 32M \
	--nic bridge=front,ip=192.0.2.10/24,ip=2001:db8:1::10/64,gateway=192.0.2.1,gateway=2001:db8:1::1,dns=192.0.2.53 \
	--nic bridge=back,ip=198.51.100.10/24
boots "${plan[@]}" --reboot --bridge front=192.0.2.1/24,2001:db8:1::1/64 --bridge back=198.51.100.1/24 \
	--want init=init --want "swap=xvda2 32764" --want swaps=1 --want "route=192.0.2.1 eth0" --want "route=2001:db8:1::1 eth0" \
	--want dns=192.0.2.53 --want "address=eth0 192.0.2.10/24" --want "address=eth0 2001:db8:1::10/64" \
	--want "address=eth1 198.51.100.10/24" --want "cap=/sbin/getcap cap_net_raw=ep"
