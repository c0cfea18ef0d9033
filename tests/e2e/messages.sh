# SPDX-License-Identifier: GPL-2.0-or-later
# What is said about mistakes and oddities, on roots of a few files: the right exit status, and the
# thing to look at.
. "$(dirname "$0")/lib.sh"
user_setup
small_root "$W/small.tar.xz"
chmod 644 "$W/small.tar.xz"
opts=(--kernel /boot/vmlinuz-guest --ramdisk /boot/initrd-guest --size 96M --unverified)
bare=("${opts[@]}" --no-hooks --swap none)
build() { as_user "$PROG" "$@" --disk g.img; }
again() { rm -f g.img g.cfg; }

# -- secrets and keys by a pipe
key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZyZXNoIGtleSBmb3IgYSB0ZXN0IG9mIG1rZG9tdSE= me@here'
dry=("$PROG" "${opts[@]}" --swap none --tarball "$W/small.tar.xz" --disk g.img --dry-run)
piped() { as_user bash -c "$1" bash "${dry[@]}"; }
check "a password by <(...)" piped '"$@" --root-password-file <(sleep 1; echo "a password")'
check "keys by <(...)" piped "\"\$@\" --authorized-keys <(echo '$key')"
check "a password by standard input" piped 'echo "a password" | "$@" --root-password-file /dev/stdin'
check "a password by a named pipe" piped 'mkfifo p; echo "a password" >p & "$@" --root-password-file p; r=$?; rm p; exit $r'
refused "a named pipe without a writer" 2 "'p': it is a named pipe, and nothing was written" \
	piped 'mkfifo p; "$@" --root-password-file p; r=$?; rm p; exit $r'
refused "the same for keys" 2 "'p': it is a named pipe" piped 'mkfifo p; "$@" --authorized-keys p; r=$?; rm p; exit $r'

# -- what is not there
refused "a disk in a folder that is not there" 2 "/no', in which 'g.img' is to be" \
	as_user "$PROG" "${bare[@]}" --tarball "$W/small.tar.xz" --disk no/g.img
refused "a swap in a folder that is not there" 2 "/no', in which 's.img' is to be" \
	build "${opts[@]}" --no-hooks --tarball "$W/small.tar.xz" --swap no/s.img
refused "a config in a folder that is not there" 2 "/no', in which 'g.cfg' is to be" \
	build "${bare[@]}" --tarball "$W/small.tar.xz" --cfg no/g.cfg
user_env=(TMPDIR=/nonexistent)
refused "a TMPDIR that is not there" 2 "'/nonexistent', which TMPDIR names" \
	build --kernel /k --tarball "$W/small.tar.xz" --signature "$W/small.tar.xz" --keyring "$W/small.tar.xz" \
	--signer 0123456789ABCDEF0123456789ABCDEF01234567
user_env=()
few() { as_user bash -c 'ulimit -n 5; "$@"' bash "$@"; }
refused "too few file descriptors" 1 "Too many open files" few "$PROG" "${bare[@]}" --tarball "$W/small.tar.xz" --disk g.img
tar -C "$W/small" --exclude=./etc -cf "$W/noetc.tar" .
refused "a root without /etc" 7 "there is no '/etc' in it" build "${opts[@]}" --swap none --tarball "$W/noetc.tar"
refused "a disk that is too small" 8 "root and a swap of 1 GiB need at least 1090 MiB" \
	build "${opts[@]/96M/1090000K}" --no-hooks --tarball "$W/small.tar.xz"
refused "a size for no swap" 2 "leave out one of them" build "${bare[@]}" --swap-size 1G --tarball "$W/small.tar.xz"
refused "help for a full disk" 9 "cannot write to standard output" as_user sh -c '"$1" --help >/dev/full' sh "$PROG"
check "nothing was made" only_these "$U"

# -- what is odd, but no mistake
check "--verbose without hooks" build "${bare[@]}" --tarball "$W/small.tar.xz" --verbose
cp "$W/.out" "$W/said"
check "tells the digest" grep -q "^the tarball 'small.tar.xz' has the SHA256 digest $(sha256sum <"$W/small.tar.xz" | cut -d ' ' -f 1)$" "$W/said"
check "and what was written" grep -qE '^wrote [0-9]+ files, unpacked by xz; ' "$W/said"
again
python3 - "$W/small" "$W/times.tar" <<'END'
import sys, tarfile
with tarfile.open(sys.argv[2], "w", format=tarfile.PAX_FORMAT) as tar:
    tar.add(sys.argv[1], ".")
    for name, time in ("old", -2**33), ("new", 2**40), ("fine", 1700000000):
        member = tarfile.TarInfo("./etc/" + name)
        member.mtime = float(time)
        member.pax_headers = {"mtime": str(time)}
        tar.addfile(member)
END
check "times that ext4 cannot hold" build "${bare[@]}" --tarball "$W/times.tar"
cp "$W/.out" "$W/said"
check "are told once, with their number" [ "$(grep -cE "warning: 2 of [0-9]+ files have a time before 1901 or after 2446" "$W/said")" = 1 ]
check "e2fsck finds nothing" e2fsck -fn g.img
again
check "times that it can" build "${bare[@]}" --tarball "$W/small.tar.xz"
cp "$W/.out" "$W/said"
check "are not told" sh -c "! grep 'files have a time' '$W/said'"
