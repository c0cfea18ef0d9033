# SPDX-License-Identifier: GPL-2.0-or-later
# The profiles of other distributions, from mirrors of their shape, signed with keys made for the run:
# each builds, and each kind of lie is refused with the right status and leaves nothing.
. "$(dirname "$0")/lib.sh"
user_setup
mirror_dir=$W/mirror folder=$W/mirror/mirror
# shellcheck source=../mirror/lib.sh
. "$top/tests/mirror/lib.sh"
mkdir -p "$folder"

# -- roots of each shape, as far as a source is concerned
small_root "$W/small.tar.xz"
pack() { tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cf "$2" "${@:3}"; }
pack "$W/small" "$W/small.tar" .
gzip -nc "$W/small.tar" >"$W/small.tar.gz"
mkdir "$W/arch"
cp -a "$W/small" "$W/arch/root.x86_64"
ln "$W/arch/root.x86_64/etc/os-release" "$W/arch/root.x86_64/etc/another"
echo '2026.11.01' >"$W/arch/version"
echo 'base 1' >"$W/arch/pkglist.x86_64.txt"
pack "$W/arch" "$W/arch.tar" pkglist.x86_64.txt root.x86_64 version
zstd -q "$W/arch.tar" -o "$W/arch.tar.zst"
mkdir "$W/alpine"
cp -a "$W/small/." "$W/alpine"
mkdir -p "$W/alpine/bin"
ln -s busybox "$W/alpine/bin/sh"
cp /bin/true "$W/alpine/bin/busybox"
rm "$W/alpine/sbin/init"
ln -s /bin/busybox "$W/alpine/sbin/init"
printf 'ID=alpine\nVERSION_ID=3.22.1\n' >"$W/alpine/etc/os-release"
printf '%s\n' '::sysinit:/sbin/openrc sysinit' 'tty1::respawn:/sbin/getty 38400 tty1' >"$W/alpine/etc/inittab"
pack "$W/alpine" "$W/alpine.tar" .
gzip -nc "$W/alpine.tar" >"$W/alpine.tar.gz"

publish() { "$top/tests/mirror/publish" "$folder" "$@"; }
publish_all() {
	publish "$W/alpine.tar.gz" alpine 3.22.1 && publish "$W/arch.tar.zst" arch &&
		publish "$W/small.tar.xz" void 20250202 && publish "$W/small.tar.xz" void-musl 20250202 &&
		publish "$W/small.tar.xz" ubuntu && publish "$W/small.tar.gz" ubuntu-base 24.04.1 &&
		publish "$W/small.tar.gz" ubuntu-base 24.04.10 && publish "$W/small.tar.gz" ubuntu-base 24.04
}
check "the mirrors are made" publish_all
mirror_serve
pids+=("$mirror_pid")
chmod -R a+rX "$W/mirror"
signer=$(cat "$W/mirror/signer")
fault() { printf '%s\n' "$@" >"$W/mirror/faults"; }
no_fault() { rm -f "$W/mirror/faults"; }

# build PROFILE [OPTION...]: into guest.img, from the mirror
build() {
	local keys=(--keyring "$W/mirror/keyring.asc" --signer "$signer")
	case $1 in void*) keys=(--signify-key "$W/mirror/$void_key.pub") ;; esac
	as_user "$PROG" --profile "$1" --disk guest.img --size 64M --swap none --no-hooks \
		--mirror "$mirror_url" --kernel /boot/vmlinuz-guest --force "${keys[@]}" "${@:2}"
}
void_key=void
fresh() { # no cache, no guest
	rm -rf "$W/user/home/.cache" "$U"/guest.*
	no_fault
}
left_nothing() { only_these "$U" && nothing_left; }
# in_manifest KEY VALUE: of the tarball
in_manifest() { [ "$(jq -r ".predicate.buildDefinition.resolvedDependencies[0]$1" guest.manifest.json)" = "$2" ]; }

declare -A file=([alpine]=alpine-minirootfs-3.22.1-x86_64.tar.gz [arch]=archlinux-bootstrap-x86_64.tar.zst
	[void]=void-x86_64-ROOTFS-20250202.tar.xz [void-musl]=void-x86_64-musl-ROOTFS-20250202.tar.xz
	[ubuntu]=noble-server-cloudimg-amd64-root.tar.xz [ubuntu-base]=ubuntu-base-24.04.10-base-amd64.tar.gz)
fs=guest.img
for p in alpine arch void void-musl ubuntu ubuntu-base; do
	fresh
	check "$p: it builds" build "$p"
	check "$p: e2fsck finds nothing" e2fsck -fn guest.img
	check "$p: it is the tarball that the mirror means" in_manifest .name "${file[$p]}"
	check "$p: verified by a signature" in_manifest .annotations.verifiedBy signature
	check "$p: its files are there" guest_has /etc/os-release
	case $p in
	void*) check "$p: the signer is the signify key" grep -q '"signer": *"signify:[0-9a-f]\{32\}"' guest.manifest.json ;;
	*) check "$p: the signer is the pinned key" in_manifest .annotations.signer "$signer" ;;
	esac
	check "$p: mkdomu verify makes it again" as_user "$PROG" verify guest.img
	check "$p: and it builds offline" build "$p" --offline
	fault '. status 503'
	refused "$p: a mirror that is down is a network error" 5 '503' build "$p"
	fresh
done
check "arch: nothing of beside the root" sh -c '! debugfs -R "ls -p /" "$1" 2>/dev/null | grep -E "version|pkglist|root.x86"' sh guest.img
fresh
check "arch: it builds once more" build arch
check "arch: a hard link lost its prefix, too" guest_says /etc/another ID=small
check "arch: the root is the folder" guest_has /sbin/init
build arch >"$W/said" 2>&1
check "arch: what was left out is told" grep -q "left out 2 members" "$W/said"
fresh
refused "arch: another folder is not there" 7 "has no folder 'root.arm'" build arch --strip root.arm
check "arch: and leaves nothing" left_nothing

# -- lies about each: STATUS 6, nothing left
other_key() { # KIND
	case $1 in
	void*) void_key=other build "$1" ;;
	*) as_user "$PROG" --profile "$1" --disk guest.img --size 64M --swap none --no-hooks --mirror "$mirror_url" \
		--kernel /boot/vmlinuz-guest --keyring "$W/mirror/keyring.asc" --signer "$(cat "$W/mirror/other")" ;;
	esac
}
signify-openbsd -G -n -p "$W/mirror/other.pub" -s "$W/mirror/other.sec"
chmod a+r "$W/mirror/other.pub"
declare -A list=([alpine]=latest-releases.yaml [void]=sha256sum.txt [ubuntu]=SHA256SUMS [ubuntu-base]=SHA256SUMS)
declare -A sig=([alpine]='[.]asc' [arch]='[.]sig' [void]=sha256sum.sig [ubuntu]=SHA256SUMS.gpg [ubuntu-base]=SHA256SUMS.gpg)
# where a bit of the list means something: in a digest
at_digest() { grep -rahbo --include="${list[$1]}" "${file[$1]}" "$folder" | tail -n 1 | cut -d: -f1; }
for p in alpine arch void ubuntu ubuntu-base; do
	fresh
	refused "$p: another key than the pinned one" 6 'cannot trust' other_key "$p"
	check "$p: leaves nothing" left_nothing
	if [ -n "${list[$p]:-}" ]; then
		case $p in alpine) off=+100 ;; void) off=+50 ;; *) off=-20 ;; esac
		fault "${list[$p]}\$ corrupt $(($(at_digest "$p") $off))"
		refused "$p: a list that was changed" 6 "'" build "$p"
		check "$p: leaves nothing" left_nothing
		fault "${list[$p]}\$ status 404"
		refused "$p: a list that is not there" 5 '404' build "$p"
		check "$p: leaves nothing" left_nothing
	fi
	fault "${file[$p]}\$ corrupt 300"
	refused "$p: a tarball that was changed" 6 "${file[$p]}" build "$p"
	check "$p: leaves nothing" left_nothing
	fault "${file[$p]}\$ status 404"
	refused "$p: a tarball that is not there" 5 "404" build "$p"
	check "$p: leaves nothing" left_nothing
	fault "${sig[$p]}\$ status 404"
	refused "$p: a signature that is not there" 6 "is not there" build "$p"
	check "$p: leaves nothing" left_nothing
	fault "${sig[$p]}\$ corrupt 60"
	refused "$p: a signature that was changed" 6 "cannot" build "$p"
	check "$p: leaves nothing" left_nothing
done

# -- rollback: what was signed before what has been seen
for p in alpine arch ubuntu ubuntu-base; do
	fresh
	check "$p: it builds" build "$p"
	rm -f "$U"/guest.*
	cp -a "$folder" "$W/newer"
	version=
	case $p in alpine) version=3.22.1 ;; ubuntu-base) version=24.04.10 ;; esac
	export SIGN_AT=20230101T000000
	case $p in
	alpine) publish "$W/small.tar.gz" alpine $version ;;
	arch) zstd -q "$W/small.tar" -o "$W/old.tar.zst" && publish "$W/old.tar.zst" arch ;;
	ubuntu) publish "$W/small.tar.xz" ubuntu ;;
	*) publish "$W/small.tar.gz" ubuntu-base $version ;;
	esac
	unset SIGN_AT
	chmod -R a+rX "$W/mirror/mirror"
	refused "$p: an older signature than seen is a rollback" 6 "rollback" build "$p"
	check "$p: leaves nothing" left_nothing
	rm -rf "$folder"
	mv "$W/newer" "$folder"
done
fresh
check "void: it builds" build void
rm -f "$U"/guest.*
rm "$folder"/live/current/void-x86_64-ROOTFS-*
publish "$W/small.tar.xz" void 20240101
chmod -R a+rX "$folder"
refused "void: an older date in the signed name is a rollback" 6 "rollback" build void
check "void: leaves nothing" left_nothing

# -- minisign, which Void's handbook also names, and whose comment has a time
fresh
(cd "$folder/live/current" && minisign -G -W -f -p "$W/mirror/mini.pub" -s "$W/mirror/mini.sec" >/dev/null &&
	minisign -S -W -s "$W/mirror/mini.sec" -m sha256sum.txt -x sha256sum.sig >/dev/null) || not_ok "minisign signs"
void_key=mini
chmod a+r "$W/mirror/mini.pub" "$folder/live/current/sha256sum.sig"
check "minisign: it builds" build void
check "minisign: the time is the signature's" [ "$(jq -r '.predicate.buildDefinition.resolvedDependencies[0].annotations.signatureTime' guest.manifest.json | cut -c1-4)" = "$(date -u +%Y)" ]
fresh
sed -i '3s/timestamp:1/timestamp:9/' "$folder/live/current/sha256sum.sig"
refused "minisign: a comment that was changed" 6 "trusted comment" build void
check "minisign: leaves nothing" left_nothing

void_key=void

# -- a list that is signed in place
sed -e 's/^inherit = generic/inherit = generic/' -e 's/SHA256SUMS.gpg$/clear-signed/' "$top/profiles/ubuntu.conf" >"$W/tree/profiles/clear.conf"
chmod a+r "$W/tree/profiles/clear.conf"
publish "$W/small.tar.xz" clear
chmod -R a+rX "$folder"
fresh
check "clear-signed: it builds" build clear
fresh
fault 'SHA256SUMS$ corrupt 70'
refused "clear-signed: a list that was changed" 6 "bad signature" build clear
check "clear-signed: leaves nothing" left_nothing
fresh

# -- what the tarball lacks is said
build alpine --dry-run >"$W/said" 2>&1
check "alpine: a dry run says what is missing" grep -q "warning: profile 'alpine': .*no OpenRC.*alpine-base" "$W/said"
build alpine >"$W/said" 2>&1
check "alpine: so does a build" grep -q "warning: profile 'alpine': .*no OpenRC.*alpine-base" "$W/said"
rm -f "$U"/guest.*

# -- mkdomu profiles
as_user "$PROG" profiles >"$W/said"
for p in alpine arch debian generic gentoo-arm64 gentoo-base gentoo-hardened gentoo-musl gentoo-systemd ubuntu \
	ubuntu-base void void-musl; do
	check "profiles lists $p" grep -q "^$p \+[A-Z]" "$W/said"
	check "profiles shows $p" as_user "$PROG" profiles --show "$p"
	as_user "$PROG" profiles --show "$p" >"$U/again.conf"
	check "and that is a profile with the same values" diff <(sed '1d; s/ *#.*//' again.conf) \
		<(as_user "$PROG" profiles --show ./again.conf | sed '1d; s/ *#.*//')
done
rm -f again.conf
check "profiles are sorted by name" diff <(grep -o '^[a-z][a-z0-9-]*' "$W/said") \
	<(grep -o '^[a-z][a-z0-9-]*' "$W/said" | LC_ALL=C sort)
check "each value has its origin" grep -q 'file = "void-{arch}-musl-ROOTFS-\*.tar.xz" *# void-musl.conf:7$' \
	<(as_user "$PROG" profiles --show void-musl)
check "also an inherited one" grep -q 'list = "sha256sum.txt" *# void.conf:[0-9]*$' \
	<(as_user "$PROG" profiles --show void-musl)
echo 'inherit = bad' >"$W/tree/profiles/bad.conf"
refused "a profile that inherits itself" 2 'bad.conf:1: the profile inherits itself' as_user "$PROG" profiles --show bad
refused "the list says so, too" 2 'bad.conf:1:' as_user "$PROG" profiles
cp "$W/.out" "$W/said"
check "and lists the others" grep -q '^void ' "$W/said"
refused "no such profile" 2 "no profile 'nosuch'" as_user "$PROG" profiles --show nosuch
