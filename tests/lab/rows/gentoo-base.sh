# SPDX-License-Identifier: GPL-2.0-or-later
# row: profile gentoo-base from a signed mirror, OpenRC, GPT, static IPv4
# core
. "$(dirname "$0")/../row.sh"
from_mirror gentoo-base openrc
made "${source[@]}" --disk web1.img --size 1G --swap-size 128M --ip 192.0.2.10/24 --gateway 192.0.2.1 --dns 192.0.2.53
boots "${plan[@]}" --reboot --bridge xenbr0=192.0.2.1/24 --want init=openrc --want "swap=xvda2 131068" --want swaps=1 \
	--want "address=eth0 192.0.2.10/24" --want "route=192.0.2.1 eth0" --want dns=192.0.2.53 \
	--want "cap=/bin/ping cap_net_raw=ep"
