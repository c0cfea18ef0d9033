# SPDX-License-Identifier: GPL-2.0-or-later
# row: profile gentoo-systemd, bare image with a swap file, DHCP
. "$(dirname "$0")/../row.sh"
from_mirror gentoo-systemd systemd
made "${source[@]}" --disk web1.img --swap file --size 1G --swap-size 64M
boots "${plan[@]}" --reboot --bridge xenbr0=192.0.2.1/24,dhcp=192.0.2.77 \
	--want init=systemd --want "swap=/swapfile 65532" --want swaps=1 --want "address=eth0 192.0.2.77/24" \
	--want "route=192.0.2.1 eth0" --want dns=192.0.2.1 \
	--want "cap=/bin/ping cap_net_raw=ep"
