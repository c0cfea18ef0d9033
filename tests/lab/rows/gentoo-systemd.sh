# SPDX-License-Identifier: GPL-2.0-or-later
# row: profile gentoo-systemd from a signed mirror, GPT, static IPv4 and IPv6
# core
. "$(dirname "$0")/../row.sh"
from_mirror gentoo-systemd systemd
made "${source[@]}" --disk web1.img --size 1G --swap-size 128M --ip 192.0.2.10/24 --gateway 192.0.2.1 \
	--ip 2001:db8:1::10/64 --gateway 2001:db8:1::1 --dns 192.0.2.53
boots "${plan[@]}" --reboot --bridge xenbr0=192.0.2.1/24,2001:db8:1::1/64 --want init=systemd \
	--want "swap=xvda2 131068" --want swaps=1 --want "address=eth0 192.0.2.10/24" \
	--want "address=eth0 2001:db8:1::10/64" --want "route=192.0.2.1 eth0" --want "route=2001:db8:1::1 eth0" \
	--want dns=192.0.2.53 --want "cap=/bin/ping cap_net_raw=ep"
