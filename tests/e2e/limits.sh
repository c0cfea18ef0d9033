# SPDX-License-Identifier: GPL-2.0-or-later
# What lies at the limits of ext4 and tar, read back through the kernel; what lies beyond is refused
# by name; a disk that is too small is told how large it has to be.
. "$(dirname "$0")/lib.sh"
program_copy
cd "$W" || exit 2
limits=$top/tests/tools/limits

build() { # TARBALL IMAGE [OPTIONS]
	"$PROG" --profile generic --tarball "$1" --unverified --no-hooks --disk "$2" --swap none \
		--kernel /boot/vmlinuz-guest --name limits --cfg limits.cfg --force "${@:3}"
}
not() { ! "$@"; }
# beyond NAME STATUS WORDS [OPTIONS]: t.tar is refused and no image is there
beyond() {
	refused "$1" "$2" "$3" build t.tar no.img --size "${4:-256M}"
	check "$1: nothing is left" [ ! -e no.img ]
}

check "the archive is made" "$limits" make limits.tar
check "it is built" build limits.tar a.img --size 4G
check "e2fsck finds nothing" e2fsck -fn a.img
if is_root; then
	check "the kernel mounts it" mount_of a.img "$W/a" -o loop,ro
	check "everything reads back equal" "$limits" check a
	umount a
	mount_of a.img "$W/a" -o loop && rm a/links/0/7 && setfattr -x user.n7 a/xattrs/both
	check "the comparison sees a change" not "$limits" check a members links
	umount a
else
	skip "everything reads back equal" "needs root to mount"
fi
rm -f a.img

# -- one step further
member() { # PYTHON: statements that fill a, an archive t.tar
	python3 - "$limits" "$1" <<-'END'
		import runpy, sys
		tool, code = sys.argv[1:]
		names = runpy.run_path(tool, run_name="limits")
		a = names["Archive"]("t.tar")
		exec(code, dict(names, a=a))
		a.close()
	END
}
member 'a.add(b"f"); [a.header(b"d/%d" % i, b"1", 0, b"f") for i in range(65000)]'
beyond "65,001 links to one file" 7 "'f' has 65000 links already"
member 'a.add(b"f", pax=[("SCHILY.xattr.user.a", b"v" * 4000), ("SCHILY.xattr.user.b", b"v" * 200)])'
beyond "attributes over inode and block" 7 "extended attributes of 'f' are too large"
member 'a.add(b"n" * 256)'
beyond "a name of 256 bytes" 7 "256 bytes, the limit is 255"
member 'a.add(b"l", b"2", pax=[("linkpath", b"t" * 4096)])'
beyond "a symlink of 4,096 bytes" 7 "4096 bytes, the limit is 4095"
member 'a.add(b"f", pax=[("uid", 4294967295)])'
beyond "uid -1" 7 "uid is 4294967295"
member 'a.add(b"c", b"3", pax=[("SCHILY.devmajor", 4096)])'
beyond "a device of major 4096" 7 "4096:0"
member 'Sparse(b"s", "1.0", 1 << 44, [(0, b"x")]).make(a)'
beyond "a file of 16 TiB" 7 "ext4 holds"

# -- too small, and then as large as it said
needed() { sed -n "s/.*'t.tar' needs about \([0-9]*\) MiB.*/\1/p" "$W/.err"; }
for what in 'a.add(b"f", data=os.urandom(150 << 20))' '[a.header(b"d/%d" % i, b"0", 0) for i in range(30000)]'; do
	member "import os; $what"
	beyond "a full disk (${what:0:20})" 8 "for the root file system: no " 100M
	size=$(needed)
	check "it says how much is needed" [ "${size:-0}" -gt 150 ]
	check "that much is enough" build t.tar b.img --size "${size}M" --layout bare
	check "e2fsck finds nothing in that" e2fsck -fn b.img
	rm -f b.img
done

# -- what is on the disk is safe from a plain tarball that does not fit, as it tells in advance
member 'import os; a.add(b"first", data=os.urandom(1 << 20)); a.add(b"f", data=os.urandom(150 << 20))'
gzip -1 -k t.tar
if is_root; then
	fresh() {
		[ -z "${loop:-}" ] || losetup -d "$loop"
		head -c 1000000 /dev/urandom >disk && truncate -s 100M disk && remember disk && loop_of disk
	}
	on_device() { "$PROG" --profile generic --tarball "$1" --unverified --no-hooks --disk "$loop" --swap none \
		--kernel /boot/vmlinuz-guest --name limits --cfg dev.cfg --force; }
	fresh
	refused "a plain one too large for a device" 8 "'t.tar' needs about " on_device t.tar
	check "the device is as it was" unchanged
	refused "a compressed one too large for it" 8 "'t.tar.gz' needs about " on_device t.tar.gz
	check "leaves no file system there" [ -z "$(type_of "$loop")" ]
	check "and no config" [ ! -e dev.cfg ]
	fresh
	head -c 100M t.tar >cut.tar
	refused "a plain one cut short" 7 "cut short" on_device cut.tar
	member 'a.add(b"first"); a.add(b"../out")'
	refused "a plain one with a member that is refused" 7 "'../out' is refused" on_device t.tar
	check "the device is as it was, again" unchanged
else skip "a device that is too small" "needs root"; fi
