# SPDX-License-Identifier: GPL-2.0-or-later
# What must not be used is refused, with the right exit status, and leaves everything as it was.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc
user_setup
opts=(--profile gentoo-base --size 512M --swap-size 32M --kernel /boot/vmlinuz-guest)
builds=releases/amd64/autobuilds
latest=$builds/latest-stage3-amd64-openrc.txt
pointer=$W/mirror/mirror/$latest
path=$(grep -oE '^2[0-9TZ]+/[^ ]+' "$pointer")

# An image and a config that --force would replace; put back should a test have let that happen.
older() {
	echo 'an older image' >guest.img
	echo 'an older config' >guest.cfg
	! is_root || chown 65534:65534 guest.img guest.cfg
	remember guest.img guest.cfg
}
older
fault() { printf '%s\n' "$@" >"$W/mirror/faults"; }
# still NAME STATUS WORDS [OPTIONS]: refused, and nothing has changed
still() {
	local name=$1 status=$2 words=$3
	shift 3
	rm -rf "$W/user/home/.cache"
	refused "$name" "$status" "$words" as_user "$PROG" "${opts[@]}" --disk guest.img --force "$@"
	check "$name: image and config are untouched" unchanged
	unchanged >/dev/null || older
	check "$name: nothing is beside them" only_these "$U" guest.img guest.cfg
	check "$name: nothing is left" nothing_left
}

# -- signers
export GNUPGHOME=$W/g
mkdir -m 700 "$GNUPGHOME"
gpg_() { gpg --batch --quiet --passphrase '' "$@" 2>/dev/null; }
gpg_ --quick-gen-key 'somebody else <else@example.invalid>' rsa2048 sign never
other=$(gpg_ --with-colons --list-keys | awk -F: '/^fpr/ { print $10; exit }')
gpg_ --armor --export >"$W/other.asc"
cat "$W/other.asc" "$mirror_keyring" >"$W/both.asc"
still "a keyring without the signer's key" 6 "" --mirror "$mirror_url" --keyring "$W/other.asc" --signer "$other"
still "a signer who is not pinned" 6 "" --mirror "$mirror_url" --keyring "$W/both.asc" --signer "$other"

# -- what the mirror serves
sed "s/^2[0-9TZ]*/20200101T000000Z/" "$pointer" >"$W/tampered"
sed -n '/^# Latest/,/^2/p' "$pointer" >"$W/unsigned"
gpg_ --clear-sign -o "$W/foreign" "$W/unsigned"
for how in tampered unsigned foreign; do
	fault "$latest replace $W/$how"
	still "a pointer that is $how" 6 "" "${mirror[@]}"
done
: >"$W/empty"
fault "$latest replace $W/empty"
still "an empty pointer" 6 "" "${mirror[@]}"
sed '0,/[0-9a-f]\{128\}/s/[0-9a-f]\{8\}/00000000/' "$W/mirror/mirror/$builds/$path.DIGESTS" >"$W/digests"
fault "DIGESTS replace $W/digests"
still "tampered DIGESTS" 6 "" "${mirror[@]}"
size=$(stat -Lc %s "$W/mirror/mirror/$builds/$path")
fault "tar.xz\$ corrupt $((size / 2))"
still "a tampered tarball" 6 "" "${mirror[@]}"
fault "tar.xz\$ until 1000000"
still "a download that always breaks off" 5 "" "${mirror[@]}"
fault "tar.xz\$ status 404"
still "a tarball that is not there" 5 "" "${mirror[@]}"
fault "latest status 503"
still "a mirror out of order" 5 "" "${mirror[@]}"
rm "$W/mirror/faults"
still "a mirror that does not answer" 5 "" --mirror http://127.0.0.1:1 --keyring "$mirror_keyring" --signer "$mirror_signer"
still "offline without anything in the cache" 5 "" "${mirror[@]}" --offline

# -- an expired key
mv "$W/mirror/gnupg" "$W/mirror/gnupg.old"
mkdir -m 700 "$W/mirror/gnupg"
GNUPGHOME=$W/mirror/gnupg
gpg_ --quick-gen-key 'short-lived <short@example.invalid>' rsa2048 sign seconds=4
expired=$(gpg_ --with-colons --list-keys | awk -F: '/^fpr/ { print $10; exit }')
gpg_ --armor --export >"$W/expired.asc"
"$top/tests/mirror/sign" "$W/mirror/mirror" "stage3-amd64-openrc=$W/mirror/mirror/$builds/$path"
while gpg_ --with-colons --list-keys | grep -q '^pub:u'; do sleep 0.5; done
for home in "$W/g" "$W/mirror/gnupg"; do gpgconf --homedir "$home" --kill all; done
unset GNUPGHOME
still "a key that has expired" 6 expired --mirror "$mirror_url" --keyring "$W/expired.asc" --signer "$expired"
rm -rf "$W/mirror/gnupg"
mv "$W/mirror/gnupg.old" "$W/mirror/gnupg"
"$top/tests/mirror/sign" "$W/mirror/mirror" "stage3-amd64-openrc=$W/mirror/mirror/$builds/$path"

# -- the target
refused "an image that exists, without --force" 3 --force as_user "$PROG" "${opts[@]}" "${mirror[@]}" --disk guest.img
check "it is untouched" unchanged
mkdir -m 555 "$W/user/closed"
refused "a folder that is not writable" 3 closed as_user "$PROG" "${opts[@]}" "${mirror[@]}" --disk "$W/user/closed/x.img"
refused "a disk that is a folder" 3 "$U" as_user "$PROG" "${opts[@]}" "${mirror[@]}" --disk "$U" --name x --cfg x.cfg

# -- bad usage: words in the message | options
cat >"$W/unknown.conf" <<'END'
source {
  kind = "gentoo"
  mirorr = { "http://example.org" }
}
END
cat >"$W/mistyped.conf" <<'END'
disk {
  size = "4 bananas"
}
END
while IFS='|' read -r words args; do
	[ -n "$words" ] || continue
	# shellcheck disable=SC2086
	eval "set -- $args"
	refused "usage: $args" 2 "$words" as_user "$PROG" "$@"
	check "usage: $args: nothing is touched" unchanged
done <<END
--nonsense|--profile gentoo-base --disk g.img --nonsense
--disk|--profile gentoo-base
no-such-profile|--profile no-such-profile --disk g.img
unknown.conf:3|--profile $W/unknown.conf --disk g.img
mistyped.conf:2|--profile $W/mistyped.conf --disk g.img
--size|--profile gentoo-base --disk g.img --size 0
--size|--profile gentoo-base --disk g.img --size -1
--size|--profile gentoo-base --disk g.img --size 4X
--size|--profile gentoo-base --disk g.img --size 99999999999999999999G
--swap-size|--profile gentoo-base --disk g.img --swap-size lots
--layout|--profile gentoo-base --disk g.img --layout mbr
--ip|--profile gentoo-base --disk g.img --ip 192.0.2.300/24
--ip|--profile gentoo-base --disk g.img --ip 192.0.2.1/33
--gateway|--profile gentoo-base --disk g.img --ip 192.0.2.1/24 --gateway 198.51.100.1
--dns|--profile gentoo-base --disk g.img --dns example.org
--mac|--profile gentoo-base --disk g.img --mac 00:16:3e:00:00
--mac|--profile gentoo-base --disk g.img --mac 01:16:3e:00:00:01
--name|--profile gentoo-base --disk g.img --name "a'b"
--name|--profile gentoo-base --disk g.img --name 'a"b'
--name|--profile gentoo-base --disk g.img --name 123
--hostname|--profile gentoo-base --disk g.img --hostname 'a b'
--memory|--profile gentoo-base --disk g.img --memory 0
--vcpus|--profile gentoo-base --disk g.img --vcpus none
--type|--profile gentoo-base --disk g.img --type hvm
--signer|--profile gentoo-base --disk g.img --signer 1234
--sha512|--profile generic --disk g.img --tarball t.tar --sha512 1234
--tarball|--profile generic --disk g.img
--extra|--profile gentoo-base --disk g.img --extra 'a="b"'
--size|--profile gentoo-base --disk g.img --size 1G --size 2G
END
check "nothing was made by any of them" only_these "$U" guest.img guest.cfg

# -- what must still work: a download that breaks off once, a first mirror that is dead
rm -rf "$W/user/home/.cache" "$W/mirror/access.log"
fault "once tar.xz\$ truncate 3000000"
check "a download that broke off goes on" as_user "$PROG" "${opts[@]}" "${mirror[@]}" --disk guest.img --force
check "it asked for the rest only" grep -q 'tar.xz bytes=[1-9][0-9]*- 206' "$W/mirror/access.log"
rm "$W/mirror/faults" guest.img guest.cfg
rm -rf "$W/user/home/.cache"
check "the next mirror is tried" as_user "$PROG" "${opts[@]}" --mirror http://127.0.0.1:1 "${mirror[@]}" --disk guest.img
