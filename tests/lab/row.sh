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
		--root-password-file "$W/password" --seed lab "$@"
	[ "$bad" = 0 ] || exit 1
}
# root_of tiny|busybox|sysvinit|systemd [FILE=TEXT...]: sets $source, the options for such a tarball
root_of() {
	local tar
	case $1 in
	tiny | busybox) tar=$W/$1.tar && "$lab/tinyroot" "$tar" "$@" ;;
	*) tar=$("$lab/debianroot" "$1") ;;
	esac || {
		not_ok "the root is made"
		exit 1
	}
	plans "$1"
	source=(--profile generic --tarball "$tar" --unverified)
}
# from_mirror PROFILE VARIANT: the same from a signed mirror
from_mirror() {
	mirror_setup "$2"
	plans "$2"
	source=(--profile "$1" "${mirror[@]}")
}
# The guest's identity, worked out anew by include/mkdomu/identity.h
mapfile -t ids < <(python3 -c '
import sys, uuid
ns = uuid.uuid5(uuid.NAMESPACE_DNS, "mkdomu")
for word in sys.argv[1:]:
    ns = uuid.uuid5(ns, word)
print(uuid.uuid5(ns, "fs"), uuid.uuid5(ns, "machine-id").hex, uuid.uuid5(ns, "domain"), sep="\n")' lab web1)
# plans KIND: sets $plan, the wants of every row with such a root. There is a machine-id where there is
# systemd or D-Bus.
plans() {
	plan=(--want hostname=web1 --want "fsuuid=${ids[0]}" --want "domain=${ids[2]}" --want gettys=0
		--want "machine-id=$([ "$1" != systemd ] || echo "${ids[1]}")")
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
	if [ "$rc" = 1 ] && grep '^not ok' "$W/said" >"$W/not_ok" && ! grep -vqE -- "$reason" "$W/not_ok"; then
		ok "it fails, and says: $(grep -m 1 -E "^not ok.*($reason)" "$W/said" | cut -c 10-)"
	else
		not_ok "it fails with status 1 (it was $rc) and says $reason, and nothing else"
	fi
}
# edited SED-SCRIPT: a config that mkdomu would not write, from the one that it wrote
edited() {
	sed -E "$1" "$cfg" >edited.cfg
	check "the edit has changed the config" sh -c '! cmp -s "$1" edited.cfg' sh "$cfg"
	cfg=edited.cfg
}
