# SPDX-License-Identifier: GPL-2.0-or-later
# Every file type and metadata that ext4 and a tarball can hold, compared on a kernel mount with
# GNU tar's own extraction; and the kernel goes on working on it.
. "$(dirname "$0")/lib.sh"
if ! is_root; then
	skip "torture tarball" "needs root to make devices and to mount"
	exit 0
fi
program_copy
cd "$W" || exit 2
list=$top/tests/tools/treelist

# Both trees live on ext4: not every tmpfs has xattrs of users.
truncate -s 600M stage.img
mkfs.ext4 -q -b 4096 -I 256 -N 60000 stage.img
mount_of stage.img "$W/stage" -o loop || exit 2
check "the tree is made" "$top/tests/tools/torture" "$W/stage/tree"
tar --format=pax --xattrs --xattrs-include='*' --acls --sparse --numeric-owner -C stage/tree -cf t.tar . 2>/dev/null
mkdir stage/tar
tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpf t.tar -C stage/tar 2>/dev/null
"$list" stage/tar --no-root-nlink --no-holes >want
check "GNU tar gives back what was packed" diff <("$list" stage/tree --no-root-nlink --no-holes) want
sync -f stage
du -k stage/tar/sparse/* | sed 's,stage/tar/,,' >want-du
umount stage
# An odd block size and all three packers, so that several ways to the same tree are taken.
xz -T2 -0 --block-size=3MiB -k t.tar
zstd -q -1 -k t.tar
gzip -1 -k t.tar

build() { # TARBALL IMAGE [OPTIONS]
	rm -f "$2" "${2%.img}.cfg"
	"$PROG" --profile generic --tarball "$1" --unverified --no-hooks --disk "$2" --swap none \
		--size 1G --kernel /boot/vmlinuz-guest --name torture --cfg "${2%.img}.cfg" "${@:3}"
}
check "it is built from .tar.xz" build t.tar.xz a.img
check "e2fsck finds nothing" e2fsck -fn a.img
check "the kernel mounts it" mount_of a.img "$W/a" -o loop
"$list" a --no-root-nlink --no-holes >got
check "the tree is equal to GNU tar's" diff want got
# No file takes more room than GNU tar's
no_larger() { sync -f a; awk 'NR == FNR { want[$2] = $1; next } $1 > want[$2] + 4 { print $2, $1, want[$2]; bad = 1 }
	END { exit bad || !FNR }' want-du <(cd a && du -k sparse/*); }
check "sparse files take no more room than GNU tar's" no_larger
check "getfacl agrees on an ACL" grep -qx 'user:1000:rwx.*' <(getfacl -npc a/xattrs/acl)
check "getcap agrees on a capability" grep -q cap_net_raw <(getcap a/xattrs/cap)
kernel_works() {
	local i
	for ((i = 0; i < 3000; i++)); do : >"a/folders/many/new-$i"; done
	for ((i = 0; i < 600; i++)); do rm a/folders/many/entry-"$(printf %05d $((i * 25)))"-*; done
	for ((i = 0; i < 500; i++)); do ln a/links/a "a/links/below/more-$i"; done
	dd if=/dev/urandom of=a/sparse/many bs=4k count=64 seek=3 conv=notrunc status=none
	rm -r a/names/deep a/xattrs/many
	setfattr -n user.later -v x a/xattrs/user3000
	umount a
}
check "the kernel creates, links and removes there" kernel_works
check "e2fsck finds nothing afterwards" e2fsck -fn a.img

check "it is built again from .tar.xz" build t.tar.xz a.img
check "it is built from .tar.zst" build t.tar.zst b.img --threads 1
check "it is built from .tar.gz" build t.tar.gz c.img
check "it is built from the plain tar" build t.tar d.img
for image in b c d; do
	mount_of $image.img "$W/mnt-$image" -o loop,ro || exit 2
	check "$image.img holds the same tree" diff want <("$list" "mnt-$image" --no-root-nlink --no-holes)
	umount "mnt-$image"
done

fits_not() { # NAME SIZE WORDS TARBALL
	refused "$1" 8 "$3" "$PROG" --profile generic --tarball "$4" --unverified --no-hooks \
		--disk small.img --swap none --size "$2" --kernel /boot/vmlinuz-guest
	check "$1: nothing is left" [ -z "$(ls -d ./*small* 2>/dev/null)" ]
}
mkdir big && head -c 90000000 /dev/urandom >big/file
tar -cf big.tar -C big .
fits_not "a disk smaller than any root" 16M "too small" t.tar.xz
fits_not "a disk too small for the content" 80M "" big.tar
mkdir many && (cd many && seq 30000 | xargs touch)
tar -cf many.tar -C many .
fits_not "a disk with too few inodes" 64M "" many.tar
head -c 5000000 t.tar.xz >cut.tar.xz
refused "a tarball cut short is a damaged archive" 7 cut.tar.xz \
	"$PROG" --profile generic --tarball cut.tar.xz --unverified --no-hooks --disk cut.img \
	--swap none --size 1G --kernel /boot/vmlinuz-guest
check "nothing is left of that one" [ ! -e cut.img ]
refused "a tarball that nobody vouches for is a usage error" 2 --unverified \
	"$PROG" --profile generic --tarball t.tar.xz --disk no.img --kernel /boot/vmlinuz-guest
