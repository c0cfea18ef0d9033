# SPDX-License-Identifier: GPL-2.0-or-later
# row: must fail: the swap disk is missing in the config (edited by hand)
# core
. "$(dirname "$0")/../row.sh"
root_of tiny
memory=128
made "${source[@]}" --disk web1.img --swap web1-swap.img --size 64M --swap-size 32M
edited '/vdev=xvda2/d'
fails "swaps is 1" --want swaps=1
