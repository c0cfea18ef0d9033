# row.sh - what the laboratory's rows share; each sources it. A row is a file of rows/: it makes a guest
# by mkdomu's own command, boots it by tests/lab/boot, and says so in TAP, as the end-to-end tests do,
# whose lib.sh this stands on. "# row: TEXT" in it says what it is; "# core" that make lab runs it.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
lab=$top/tests/lab
row=$(basename "$0" .sh)
cfg=web1.cfg
mkdir "$W/guest"
cd "$W/guest" || exit 2
echo "a password of the laboratory" >"$W/password"
chmod 600 "$W/password"

# made OPTION...: the guest web1, by the real command; nothing is booted when that fails
made() {
	check "mkdomu makes the guest" "$MKDOMU" --name web1 --memory "${memory:-384}" --cache "$W/cache" \
		--kernel /boot/vmlinuz-guest --ramdisk /boot/initrd-guest --cfg "$cfg" \
		--root-password-file "$W/password" "$@"
	[ "$bad" = 0 ] || exit 1
}
# root_of tiny|sysvinit|systemd: sets $source, the options for such a tarball
root_of() {
	local tar
	case $1 in
	tiny) tar=$W/tiny.tar && "$lab/tinyroot" "$tar" ;;
	*) tar=$("$lab/debianroot" "$1") ;;
	esac || {
		not_ok "the root is made"
		exit 1
	}
	source=(--profile generic --tarball "$tar" --unverified)
}
# from_mirror PROFILE VARIANT: the same from a signed mirror
from_mirror() {
	mirror_setup "$2"
	source=(--profile "$1" "${mirror[@]}")
}
# planned FILESYSTEM: sets $plan, what boot shall want of the identity that is on the image
planned() {
	local offset=${1#*=}
	[ "$offset" != "$1" ] || offset=0
	fs=$1
	plan=(--want "fsuuid=$(blkid -p -s UUID -o value -O "$offset" "${1%%\?*}")" --want hostname=web1)
	! guest_has /etc/machine-id || plan+=(--want "machine-id=$(guest_cat /etc/machine-id)")
}
# boots OPTION...: every line of boot's counts
boots() {
	"$lab/boot" --cfg "$cfg" --password-file "$W/password" --logs "$top/build/logs/lab-$row" "$@" 2>&1 ||
		bad=1
}
# fails REASON OPTION...: it must not come up, for this reason (a regular expression)
fails() {
	local reason=$1 rc
	shift
	"$lab/boot" --cfg "$cfg" --password-file "$W/password" --logs "$top/build/logs/lab-$row" "$@" >"$W/said" 2>&1
	rc=$?
	sed 's/^/# /' "$W/said"
	if [ "$rc" = 1 ] && grep '^not ok' "$W/said" | grep -qE -- "$reason"; then
		ok "it fails, and says: $(grep -m 1 -E "^not ok.*($reason)" "$W/said" | cut -c 10-)"
	else
		not_ok "it fails with status 1 (it was $rc) and says $reason"
	fi
}
# edited SED-SCRIPT: a config that mkdomu would not write, from the one that it wrote
edited() {
	sed -E "$1" "$cfg" >edited.cfg
	check "the edit has changed the config" sh -c '! cmp -s "$1" edited.cfg' sh "$cfg"
	cfg=edited.cfg
}
