# SPDX-License-Identifier: GPL-2.0-or-later
# Options one by one, on a root of a few files: how a tarball is verified, layouts, what reaches the
# config, the time stamp, what is said and where.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc
user_setup
tar_name=small.tar.xz
small_root "$W/$tar_name"
sha512=$(sha512sum "$W/$tar_name" | cut -d ' ' -f 1)
# The mirror's key signs it, and the server offers both.
GNUPGHOME=$W/mirror/gnupg gpg --batch --quiet --digest-algo SHA256 --armor --detach-sign \
	--output "$W/$tar_name.asc" "$W/$tar_name" 2>/dev/null
gpgconf --homedir "$W/mirror/gnupg" --kill all
cp "$W/$tar_name" "$W/$tar_name.asc" "$W/mirror/mirror/"
chmod 644 "$W/$tar_name"* "$W/mirror/mirror/$tar_name"*
file=$W/$tar_name url=$mirror_url/$tar_name
keys=(--keyring "$mirror_keyring" --signer "$mirror_signer")
guest=(--no-hooks --kernel /boot/vmlinuz-guest --ramdisk /boot/initrd-guest --size 96M)
none=("${guest[@]}" --swap none)
given=(--tarball "$file" --sha512 "$sha512")
# said NAME STATUS COMMAND...: must exit with STATUS; keeps what it says in $W/said and $W/noted.
said() {
	local name=$1 want=$2 rc
	shift 2
	"$@" >"$W/said" 2>"$W/noted"
	rc=$?
	[ "$rc" = "$want" ] || cat "$W/said" "$W/noted"
	check "$name" [ "$rc" = "$want" ]
}
lacks() { ! grep -E -- "$1" "$2"; } # REGEX FILE
value() { sed -n "s/^$2 = \"\(.*\)\"\$/\1/p" "$1"; } # CFG KEY
macs() { grep -oE 'mac=[0-9a-f:]{17}' "$1"; }
differ() { [ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ]; }

# -- how a tarball is verified
said "a signed tarball of one's own builds" 0 as_user "$PROG" --tarball "$file" \
	--signature "$file.asc" "${keys[@]}" "${none[@]}" --disk signed.img
check "the summary names the signer" grep -qiE "verified .*${mirror_signer: -16}" \
	<(tr -d '\n' <"$W/said" | sed 's/\([0-9A-F]\) \([0-9A-F]\)/\1\2/g')
check "its config is not marked as unverified" lacks 'NOT VERIFIED' signed.cfg
fs=signed.img
check "e2fsck finds nothing" e2fsck -fn signed.img
check "init is what was packed" cmp <(guest_cat /sbin/init) "$W/small/sbin/init"
check "without hooks there is no fstab" lacks . <(guest_cat /etc/fstab)
said "tarball and signature by URL build" 0 as_user "$PROG" --tarball "$url" \
	--signature "$url.asc" "${keys[@]}" "${none[@]}" --disk signed.img --force
check "the server was asked for both" [ "$(grep -cE "^GET /$tar_name(\.asc)? .* 200 " "$W/mirror/access.log")" -ge 2 ]
refused "a signature of other bytes" 6 '' as_user "$PROG" --tarball "$(readlink -f \
	"$W"/mirror/mirror/releases/amd64/autobuilds/2*/*.tar.xz.sha256)" --signature "$file.asc" \
	"${keys[@]}" "${none[@]}" --disk no.img
refused "a signer that is not pinned" 6 '' as_user "$PROG" --tarball "$file" --signature "$file.asc" \
	--keyring "$mirror_keyring" --signer 0123456789ABCDEF0123456789ABCDEF01234567 "${none[@]}" --disk no.img
said "the right digest builds" 0 as_user "$PROG" "${given[@]}" "${none[@]}" --disk sum.img
check "the summary says so" grep -q 'verified .*digest that was given' "$W/said"
check "the config says so" grep -q '^# .*given digest' sum.cfg
said "in the place of a profile's mirrors, by SHA-256" 0 as_user "$PROG" --profile gentoo-base --tarball "$file" \
	--sha256 "$(sha256sum <"$file" | cut -d ' ' -f 1)" "${none[@]}" --disk place.img
refused "a wrong digest" 6 SHA512 as_user "$PROG" --tarball "$file" \
	--sha512 "$(sha512sum <<<other | cut -d ' ' -f 1)" "${none[@]}" --disk no.img
check "no refusal left a guest" [ -z "$(find "$U" -name "no.*")" ]
said "--unverified builds" 0 as_user "$PROG" --tarball "$file" --unverified "${none[@]}" --disk un.img --quiet
check "it warns, even when quiet" grep -q '^mkdomu: warning: .*NOT verified' "$W/noted"
check "the config records it" grep -qx '# NOT VERIFIED' un.cfg
check "--quiet has no summary" [ ! -s "$W/said" ]
check "--quiet notes nothing but warnings" lacks . <(grep -v "^mkdomu: warning: " "$W/noted")
said "--unverified of the same name builds" 0 as_user "$PROG" --tarball "$file" --unverified "${none[@]}" --name sum \
	--disk same.img --cfg same.cfg
check "the image is that of a verified build" cmp sum.img same.img

# -- layouts
check "GPT without swap" as_user "$PROG" "${given[@]}" "${none[@]}" --layout gpt --disk gpt.img
check "sfdisk finds no fault" sfdisk --verify gpt.img
check "it is a GPT of one partition" [ "$(sfdisk --dump gpt.img | grep -cE '^label: gpt|^gpt\.img[0-9]')" = 2 ]
read -r at size < <(part gpt.img 1)
check "the partition is ext4" [ "$(type_of gpt.img "$at" "$size")" = ext4 ]
check "e2fsck finds nothing in it" e2fsck -fn "gpt.img?offset=$at"
check "the disk is xvda" cfg_says gpt.cfg "disk=vdev=xvda format=raw access=rw script= target=$U/gpt.img"
check "bare without swap" as_user "$PROG" "${given[@]}" "${none[@]}" --layout bare --disk bare.img
check "it is ext4 from byte 0" [ "$(type_of bare.img)" = ext4 ]
check "it has no partition table" [ -z "$(blkid -p -s PTTYPE -o value bare.img)" ]
check "the disk is xvda1" cfg_says bare.cfg "disk=vdev=xvda1 format=raw access=rw script= target=$U/bare.img"
check "GPT with swap" as_user "$PROG" "${given[@]}" "${guest[@]}" --swap-size 4M --layout gpt --disk both.img
check "sfdisk finds no fault in that" sfdisk --verify both.img
read -r at size < <(part both.img 1)
check "partition 1 is ext4" [ "$(type_of both.img "$at" "$size")" = ext4 ]
read -r at size < <(part both.img 2)
check "partition 2 is swap" [ "$(type_of both.img "$at" "$size")" = swap ]
check "of the size asked for" [ "$size" = $((4 << 20)) ]

# -- the same again
mkdir "$W/user/again"
! is_root || chown 65534:65534 "$W/user/again"
check "bare again, elsewhere" as_user "$PROG" "${given[@]}" "${none[@]}" --layout bare --disk "$W/user/again/bare.img"
check "is the same image" cmp bare.img "$W/user/again/bare.img"
for d in "$U" "$W/user/again"; do
	check "two disks in ${d##*/}" as_user "$PROG" "${given[@]}" "${guest[@]}" \
		--disk "$d/root.img" --swap "$d/swap.img" --swap-size 4M --name two
done
check "the roots are equal" cmp root.img "$W/user/again/root.img"
check "the swaps are equal" cmp swap.img "$W/user/again/swap.img"
check "the swap is swap" [ "$(type_of swap.img)" = swap ]

# -- what reaches the config
check "a guest of many options" as_user "$PROG" "${given[@]}" "${none[@]}" --disk many.img \
	--type pvh --memory 256 --maxmem 2048 --extra 'foo=bar quiet' \
	--nic bridge=wan,ip=dhcp --nic mac=00:16:3e:0a:0b:0c,bridge=lan,ip=10.0.0.1/24,ip=2001:db8::1/64,ip=10.0.0.2/24
check "it has two interfaces" [ "$("$BUILD/tools/xlcheck" many.cfg | grep -c '^vif=')" = 2 ]
check "the first has a mac made for it" cfg_matches many.cfg '^vif=mac=00:16:3e:[0-9a-f:]{8},bridge=wan$'
check "the second is as given, of IPv4" cfg_says many.cfg \
	'vif=mac=00:16:3e:0a:0b:0c,bridge=lan,ip=10.0.0.1 10.0.0.2'
check "type is pvh" cfg_says many.cfg type=pvh
check "memory is there" cfg_says many.cfg memory=256
check "maxmem is there" cfg_says many.cfg maxmem=2048
check "--extra ends the command line" cfg_matches many.cfg '^cmdline=root=/dev/xvda1 .* foo=bar quiet$'
seeded() { # NAME SEED FILE: a guest's config and image
	as_user "$PROG" "${given[@]}" "${none[@]}" --name "$1" --seed "$2" --disk "$3.img" --cfg "$3.cfg"
}
check "a seed" seeded web house s1
check "the same seed and name" seeded web house s2
check "the same seed, another name" seeded db house s3
check "another seed, the same name" seeded web yard s4
check "seed and name give one uuid" [ "$(value s1.cfg uuid)" = "$(value s2.cfg uuid)" ]
check "and one mac" [ "$(macs s1.cfg)" = "$(macs s2.cfg)" ]
check "and one image" cmp s1.img s2.img
check "another name gives another uuid" differ "$(value s1.cfg uuid)" "$(value s3.cfg uuid)"
check "and another mac" differ "$(macs s1.cfg)" "$(macs s3.cfg)"
check "another seed gives another uuid" differ "$(value s1.cfg uuid)" "$(value s4.cfg uuid)"
check "and another file system" differ "$(blkid -p -s UUID -o value s1.img)" "$(blkid -p -s UUID -o value s4.img)"

# -- the time stamp
user_env=(SOURCE_DATE_EPOCH=1600000000)
check "SOURCE_DATE_EPOCH is taken" as_user "$PROG" "${given[@]}" "${none[@]}" --disk then.img
check "it is the file system's time" grep -qE '^Filesystem created: +Sun Sep 13 12:26:40 2020$' \
	<(TZ=UTC LC_ALL=C dumpe2fs -h then.img 2>/dev/null)
user_env=(SOURCE_DATE_EPOCH=yesterday)
refused "one that is no time" 2 SOURCE_DATE_EPOCH as_user "$PROG" "${given[@]}" "${none[@]}" --disk no.img
user_env=()

# -- what is said
check "a digest, quietly" as_user "$PROG" "${given[@]}" "${none[@]}" --disk quiet.img --quiet
cp "$W/.out" "$W/quiet"
check "only warnings were said" [ -z "$(grep -v '^mkdomu: warning: ' "$W/quiet")" ]
said "progress into a file" 0 as_user "$PROG" "${given[@]}" "${none[@]}" --disk plain.img
check "is said in lines" grep -qE '^write: ' "$W/noted"
check "without a carriage return or an escape" lacks $'[\r\e]' "$W/noted"
user_command "$PROG" "${given[@]}" "${none[@]}" --disk tty.img
check "progress on a terminal" script -qec "$(printf '%q ' "${cmd[@]}")" "$W/typescript"
check "repaints its line" grep -qE $'\rwrite: .*\e\\[K\r.*write: ' "$W/typescript"
said "standard output that is full is a failure" 9 as_user sh -c '"$@" >/dev/full' sh \
	"$PROG" "${given[@]}" "${none[@]}" --disk full.img
check "is told, and that the guest is complete" grep -q '^mkdomu: the guest is complete, but its report is lost: cannot write to standard output: ' "$W/noted"

# -- hooks left out, on a root that has them
refused "a hook that does not exist" 2 nosuch as_user "$PROG" --profile gentoo-base "${mirror[@]}" \
	--no-hook nosuch --disk no.img
check "no refusal left anything" [ "$(find "$U" -name 'no.*' | wc -l)" = 0 ]
said "--no-hook network" 0 as_user "$PROG" --profile gentoo-base "${mirror[@]}" --kernel /boot/vmlinuz-guest \
	--ramdisk /boot/initrd-guest --swap none --size 400M --no-hook network --disk nonet.img --verbose
fs=nonet.img
check "the hook did not write conf.d/net" lacks '^config_eth0=' <(guest_cat /etc/conf.d/net)
check "nor enable net.eth0" lacks . <(guest_link /etc/runlevels/default/net.eth0)
check "the others ran" guest_says /etc/hostname '^nonet$'
cp "$W/noted" "$W/loud"
said "the same without --verbose" 0 as_user "$PROG" --profile gentoo-base "${mirror[@]}" --kernel /boot/vmlinuz-guest \
	--ramdisk /boot/initrd-guest --swap none --size 400M --no-hook network --disk nonet.img --force
check "--verbose says more" [ "$(wc -l <"$W/loud")" -gt "$(wc -l <"$W/noted")" ]
check "nothing is left of all these runs" nothing_left
said "standard output that is closed is a failure" 1 as_user sh -c '"$@" >&- && exit 0; exit 1' sh "$PROG" --help
