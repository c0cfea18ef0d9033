# SPDX-License-Identifier: GPL-2.0-or-later
# An image is an ext4 like any other: laid out as mke2fs does it, and the kernel, e2fsck and
# resize2fs go on working on it.
. "$(dirname "$0")/lib.sh"
program_copy
cd "$W" || exit 2

build() { # TARBALL IMAGE SIZE
	"$PROG" --profile generic --tarball "$1" --unverified --no-hooks --disk "$2" --swap none \
		--layout bare --size "$3" --kernel /boot/vmlinuz-guest --name after --cfg "$2.cfg"
}
clean() { e2fsck -fn "$1"; }

# -- an empty one is what mke2fs makes
mkdir empty && tar -cf empty.tar --mtime=@1600000000 -C empty .
cat >mke2fs.conf <<-'END'
	[defaults]
		base_features = none
		default_mntopts = acl,user_xattr
	[fs_types]
		ext4 = {
			inode_size = 256
		}
		small = {
			inode_size = 256
		}
END
features=has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,metadata_csum
features+=,metadata_csum_seed,sparse_super,large_file,huge_file,dir_nlink,extra_isize
fresh() { # IMAGE SIZE: by mke2fs
	truncate -s "$2" "$1"
	MKE2FS_CONFIG=$W/mke2fs.conf mke2fs -q -t ext4 -b 4096 -I 256 -i 16384 -O "none,$features" \
		-E assume_storage_prezeroed=1,lazy_itable_init=1,lazy_journal_init=1 "$1"
}
# Without what is to differ: identity, times, checksums, and the sign of the hash's characters.
layout() {
	dumpe2fs "$1" 2>/dev/null | sed -E '/^(Filesystem (volume name|UUID|created|flags)|Last |Lifetime|Directory Hash Seed|Checksum)/d
		s/ csum 0x[0-9a-f]+//'
}
for size in 64M 1G 5G 40G; do
	build empty.tar e.img "$size" >/dev/null 2>&1
	fresh m.img "$size" 2>/dev/null
	layout m.img >want
	check "an empty one of $size is laid out as by mke2fs" diff want <(layout e.img)
	check "mke2fs of $size says something" [ "$(wc -l <want)" -gt 50 ]
	rm -f e.img e.img.cfg m.img
done
for feature in ${features//,/ }; do
	check "the manual names $feature" grep -qw "$feature" "$top/man/mkdomu.8"
	check "README names $feature" grep -qw "$feature" "$top/README.md"
done

# -- a full tree
parts=(sparse members links)
check "the archive is made" "$top/tests/tools/limits" make t.tar "${parts[@]}"
check "it is built" build t.tar a.img 300M
check "e2fsck finds nothing" clean a.img
used() { dumpe2fs -h "$1" 2>/dev/null | grep -E '^Free (blocks|inodes)'; }
used a.img >before
cp --sparse=always a.img opt.img
optimise() { # 1: something was written, as -D always does
	e2fsck -fyD opt.img >opt.log
	[ $? -le 1 ] && ! grep -iE 'error|optimi[sz]e\?|narrower|shorter' opt.log
}
check "e2fsck -fyD has no fault to mend" optimise
check "and wins no block" diff before <(used opt.img)
rm -f opt.img

# -- offline
same_tree() { # IMAGE
	mount_of "$1" "$W/m" -o loop,ro && "$top/tests/tools/limits" check m "${parts[@]}"
	local r=$?
	umount m
	return $r
}
grow() { truncate -s "$2" "$1" && resize2fs "$1"; }
check "resize2fs makes it larger" grow a.img 700M
check "e2fsck finds nothing in the larger one" clean a.img
check "resize2fs makes it smaller" resize2fs a.img 250M
check "e2fsck finds nothing in the smaller one" clean a.img
if ! is_root; then
	skip "the kernel fills, grows and repairs it" "needs root to mount"
	exit 0
fi
check "the tree is the same after that" same_tree a.img

# -- the kernel
fill() { # until neither a block nor an inode is left
	dd if=/dev/zero of=m/fill bs=1M status=none 2>fill.err
	grep -q 'No space left' fill.err || return 1
	truncate -s -8M m/fill
	python3 -c '
import os, errno
os.mkdir("m/more")
try:
    for i in range(10**6):
        os.mknod(f"m/more/{i:0200}", 0o100644)
    raise SystemExit("never full")
except OSError as e:
    assert e.errno == errno.ENOSPC, e'
}
check "the kernel mounts it" mount_of a.img "$W/m" -o loop
check "it fills it up" fill
check "it still reads everything" "$top/tests/tools/limits" check m "${parts[@]}"
empty_it() { rm -r m/more m/fill m/links/3 && umount m; }
check "it removes that again" empty_it
check "e2fsck finds nothing after that" clean a.img
# Without CAP_SYS_RESOURCE root may not.
online() {
	truncate -s 700M a.img
	loop_of a.img && mount_of "$loop" "$W/m" || return 1
	resize2fs "$loop" >online.log 2>&1 && [ "$(stat -fc %b m)" -gt 150000 ] &&
		cp -r m/extents m/copied && diff -r m/extents m/copied
	local r=$?
	umount m
	losetup -d "$loop"
	cat online.log
	return $r
}
name="the kernel grows it while it is mounted"
if online >"$W/.out" 2>&1; then ok "$name"; elif grep -q 'Permission denied to resize' online.log; then
	skip "$name" "needs CAP_SYS_RESOURCE"
else
	cat "$W/.out"
	not_ok "$name"
fi
check "e2fsck finds nothing at the end" clean a.img
