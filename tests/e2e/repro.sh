# SPDX-License-Identifier: GPL-2.0-or-later
# The same in, the same out: at another time, in another folder, as another user, with another
# locale, time zone, umask and number of threads, into a file or onto a zeroed device.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc
user_setup
opts=(--profile gentoo-base "${mirror[@]}" --size 512M --swap-size 32M --kernel /boot/vmlinuz-guest)

mkdir "$U/one" "$U/two" "$W/root"
! is_root || chown 65534:65534 "$U/one" "$U/two"
cd "$U/one" || exit 2
user_env=(TZ=UTC LANG=C)
check "the first run" as_user "$PROG" "${opts[@]}" --disk guest.img --threads 1
sleep 1.1
cd "$U/two" || exit 2
user_env=(TZ=Asia/Kolkata LANG=tr_TR.UTF-8 LC_ALL=C.UTF-8)
umask 077
check "the second run" as_user "$PROG" "${opts[@]}" --disk guest.img --threads 2
umask 022
check "the images are equal" cmp "$U/one/guest.img" "$U/two/guest.img"
plain_cfg() { sed "s,$1/,,g" "$2"; }
check "the configs are equal apart from the path" \
	diff <(plain_cfg "$U/one" "$U/one/guest.cfg") <(plain_cfg "$U/two" "$U/two/guest.cfg")
if is_root; then
	cd "$W/root" || exit 2
	check "a run as root" env TZ=America/New_York HOME="$W/root" "$PROG" "${opts[@]}" --disk guest.img \
		--cache "$W/root/cache"
	check "root's image is equal" cmp "$U/one/guest.img" guest.img
	truncate -s 512M device
	loop_of device || exit 2
	check "a run onto a zeroed device" "$PROG" "${opts[@]}" --disk "$loop" --name guest \
		--cache "$W/root/cache" --cfg device.cfg
	losetup -d "$loop"
	check "the device is equal" cmp "$U/one/guest.img" device
	check "its config is equal apart from the path" \
		diff <(plain_cfg "$U/one" "$U/one/guest.cfg") <(sed "s,$loop,guest.img," device.cfg)
else
	skip "a run as root" "needs root"
	skip "a run onto a zeroed device" "needs root"
fi

uuids() { # IMAGE: all identities in it
	local at size
	read -r at size < <(part "$1" 1)
	sfdisk --dump "$1" | grep -oiE '(label-id: |uuid=)[0-9a-f-]{36}'
	blkid -p -o value -s UUID -O "$at" -S "$size" "$1"
}
cd "$U" || exit 2
user_env=()
check "a guest of another name" as_user "$PROG" "${opts[@]}" --disk other.img
check "has no UUID in common" [ -z "$(comm -12 <(uuids one/guest.img | sort) <(uuids other.img | sort))" ]
check "has another mac and uuid" [ -z "$(comm -12 <(grep -oE '(mac|uuid).*' one/guest.cfg | sort) <(grep -oE '(mac|uuid).*' other.cfg | sort))" ]
