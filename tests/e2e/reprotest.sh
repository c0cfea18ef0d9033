# SPDX-License-Identifier: GPL-2.0-or-later
# One guest, built again and again with one thing changed at a time, in the manner of reprotest(1):
# whatever surrounds a build must not get into it. All images and manifests have one digest each.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc
user_setup
args=(--swap-size 16M --size 200M --kernel /boot/vmlinuz-guest --seed matrix --name guest --manifest full)

# A tenth of the root, with all that the hooks look for, so that many builds take little time.
python3 - "$("$top/tests/mirror/root" openrc)" "$W/user/root.tar" <<-'P' || exit 2
	import sys, tarfile
	with tarfile.open(sys.argv[1], "r|*") as i, tarfile.open(sys.argv[2], "w|", format=tarfile.PAX_FORMAT) as o:
	    dropped = set()
	    for m in i:
	        deep = m.name.lstrip("./").startswith("usr/")
	        big = m.isreg() and m.size > 12000 and not any(w in m.name for w in ("/init", "getty", "rc"))
	        if deep and (big or m.islnk() and m.linkname in dropped):
	            dropped.add(m.name)
	            continue
	        o.addfile(m, i.extractfile(m) if m.isreg() else None)
P
chmod 644 "$W/user/root.tar"
xz -k "$W/user/root.tar"
source=(--tarball "$W/user/root.tar.xz" --unverified)
n=0
want= want_manifest=

# same NAME [RUNNER...]: build in a fresh folder by as_user, or by RUNNER; the image must be the same
same() {
	local name=$1 dir=$U/$((++n)) got
	shift
	[ $# != 0 ] || set -- as_user
	mkdir -p "${folder:=$dir}"
	chmod 777 "$folder"
	(cd "$folder" && "$@" "$PROG" "${source[@]}" "${args[@]}" "${more[@]}" --disk guest.img) >"$W/.out" 2>&1 || {
		tail -n 20 "$W/.out"
		not_ok "$name: it was not built"
		return
	}
	got=$(sha256sum <"$folder/guest.img")
	: "${want:=$got}"
	if [ "$got" = "$want" ]; then ok "$name"; else not_ok "$name: another image"; fi
	got=$(sha256sum <"$folder/guest.manifest.json")
	: "${want_manifest:=$got}"
	[ "${other_manifest:-}" ] || [ "$got" = "$want_manifest" ] || not_ok "$name: another manifest"
	rm -rf "$folder"
	folder= more=() user_env=() other_manifest=
}
folder= more=()

same "the first"
same "the same again"
if [ "$MODE" = asan ]; then
	skip "another time" "faketime preloads a library, which this build does not allow"
else
	same "another time" as_user faketime '2031-02-03 04:05:06'
	same "a time before the tarball's" as_user faketime '1999-12-31 23:59:59'
fi
for i in America/St_Johns Pacific/Kiritimati; do
	user_env=(TZ=$i)
	same "time zone $i"
done
for i in tr_TR.UTF-8 ja_JP.eucJP; do
	user_env=(LANG=$i LC_ALL=$i LANGUAGE=$i)
	same "locale $i"
done
umasked() { (umask "$mask" && as_user "$@"); }
for i in 000 0777; do
	mask=$i same "umask $i" umasked
done
user_env=(USER=somebody LOGNAME=somebody MAIL=/x COLUMNS=40 TERM=dumb MALLOC_PERTURB_=77 MALLOC_ARENA_MAX=1
	E2FSPROGS_FAKE_TIME=1 MKE2FS_CONFIG=/nonexistent XZ_DEFAULTS=-9 LD_BIND_NOW=1 "NOISE=$(head -c 3000 /dev/zero | tr '\0' x)")
same "noise in the environment"
folder=$U/a/b/c/d/e/f/g/h/$(printf 'long%.0s' $(seq 40))/i
same "a deep folder with a long name"
rm -rf "$U/a"
for i in 1 8; do
	more=(--threads $i)
	same "$i threads"
done
more=(--quiet)
same "quietly"
if setarch -R true 2>/dev/null; then same "no address space randomisation" as_user setarch -R
else skip "no address space randomisation" "setarch -R is not allowed"; fi
same "one CPU" as_user taskset -c 0
same "at low priority" as_user nice -n 19
same "few descriptors" as_user prlimit --nofile=32
slow() { as_user strace -f -qq -o /dev/null -e trace=pread64 -e inject=pread64:delay_exit=20000:when=1..200 "$@"; }
[ "$MODE" != asan ] || export ASAN_OPTIONS=detect_leaks=0 # not possible under ptrace
same "input that trickles" slow
# where the image is opened with O_DIRECT, the first time that path is opened, this fails
traced() { as_user strace -f -qq -o "$W/user/trace" -e trace=openat "$@"; }
same "traced" traced
direct=$(sed -n 's/.*"\(\/proc\/self\/fd\/[0-9]*\)".*O_DIRECT.*/\1/p' "$W/user/trace" | head -1)
no_direct() { as_user strace -f -qq -o "$W/user/trace" -P "$direct" -e trace=openat -e inject=openat:error=EINVAL:when=1 "$@"; }
same "a disk without O_DIRECT" no_direct
check "which it was" grep -q 'O_DIRECT.*INJECTED' "$W/user/trace"
if is_root; then
	as_root() { env -i PATH="$PATH" HOME="$W/root" ASAN_OPTIONS="${ASAN_OPTIONS:-}" "$@"; }
	same "root" as_root
	no_caps() { as_root setpriv --bounding-set=-all --inh-caps=-all --reuid=65534 --regid=65534 --clear-groups "$@"; }
	same "no capabilities at all" no_caps
	no_home() { as_root setpriv --reuid=1234 --regid=4321 --clear-groups env HOME=/nonexistent TMPDIR="$W/user/any" "$@"; }
	mkdir -m 1777 "$W/user/any"
	same "a user without a home" no_home
else skip "root, no capabilities" "needs root"; fi

echo "== one tar, many packings"
(cd "$W/user" && gzip -kn root.tar && bzip2 -k root.tar && zstd -q -k root.tar && zstd -q -k --fast root.tar -o fast.tar.zst &&
	xz -kc -0 --block-size=1MiB root.tar >blocks.tar.xz && xz -kc -T2 -9 root.tar >threads.tar.xz && chmod 644 ./*.tar.*)
for i in root.tar root.tar.gz root.tar.bz2 root.tar.zst fast.tar.zst blocks.tar.xz threads.tar.xz; do
	source=(--tarball "$W/user/$i" --unverified)
	other_manifest=yes
	same "as $i"
done
source=(--tarball "$W/user/blocks.tar.xz" --unverified)
for i in 1 2 3 4 5 6 7 8; do
	other_manifest=yes more=(--threads $i)
	same "many blocks, $i threads"
done
source=(--tarball "$W/user/root.tar.xz" --unverified)

echo "== file systems under the image"
on_fs() { # TYPE SIZE MKFS...
	local type=$1 size=$2
	shift 2
	if ! is_root; then
		skip "an image on $type" "needs root"
		return
	fi
	if [ $# != 0 ]; then
		command -v "$1" >/dev/null || {
			skip "an image on $type" "$1 is not installed"
			return
		}
		truncate -s "$size" "$W/disk-$type"
		loop_of "$W/disk-$type" || return
		"$@" "$loop" >"$W/.out" 2>&1 && mount_of "$loop" "$W/fs-$type" -t "$type" 2>>"$W/.out" || {
			skip "an image on $type" "it cannot be mounted here: $(tail -n 1 "$W/.out")"
			return
		}
	else
		mount_of none "$W/fs-$type" -t "$type" -o "size=$size"
	fi
	folder=$W/fs-$type/x
	same "an image on $type"
}
on_fs tmpfs 600M
on_fs ext4 700M mkfs.ext4 -q
on_fs xfs 700M mkfs.xfs -q
on_fs btrfs 700M mkfs.btrfs -q

echo "== a device"
if is_root; then
	truncate -s 200M "$W/device"
	loop_of "$W/device" || exit 2
	check "a zeroed device" "$PROG" "${source[@]}" "${args[@]}" --disk "$loop" --cfg "$W/d.cfg" --force
	check "has the same bytes" [ "$(sha256sum <"$loop")" = "$want" ]

	echo "== a device with garbage on it"
	# On ramfs, which knows no holes: a loop device there discards nothing, so what is free keeps the garbage.
	mount_of none "$W/ram" -t ramfs || exit 2
	garbage() {
		losetup -d "$loop"
		cat >"$W/ram/device"
		loop_of "$W/ram/device" || exit 2
	}
	same_owned() { # what partition table, file system and swap own
		local got
		got=$("$PROG" digest "$loop") && [ "${got%% *}" = "$want_owned" ] || {
			echo "$got, not $want_owned"
			return 1
		}
	}
	other_bytes() { [ "$(sha256sum <"$loop")" != "$want" ]; }
	want_owned=$("$PROG" digest "$loop")
	want_owned=${want_owned%% *}
	check "what is owned has a digest" [ "${#want_owned}" -ge 64 ]
	garbage < <(head -c 200M /dev/urandom)
	check "random bytes have another digest, or none" [ "$("$PROG" digest "$loop" 2>/dev/null)" = "" ]
	check "it is built there" "$PROG" "${source[@]}" "${args[@]}" --disk "$loop" --cfg "$W/d.cfg" --force
	check "what the file system owns is equal" same_owned
	check "what is free is not" other_bytes
	garbage < <(yes garbage | head -c 200M)
	check "it is built on other garbage" "$PROG" "${source[@]}" "${args[@]}" --disk "$loop" --cfg "$W/d.cfg" --force --threads 1
	check "what the file system owns is equal again" same_owned
else skip "a zeroed device" "needs root"; fi
