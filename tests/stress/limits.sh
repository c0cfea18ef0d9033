# SPDX-License-Identifier: GPL-2.0-or-later
# What takes long: a file of over 115,600 extents, a folder of a million names; read back through
# the kernel, which then goes on working on them.
. "$(dirname "$0")/../e2e/lib.sh"
limits=$top/tests/tools/limits
is_root || { skip "files and folders of record size" "needs root to mount"; exit 0; }
program_copy
cd "$W" || exit 2

reads_back() { # PART SIZE
	check "$1: the archive is made" "$limits" make t.tar "$1"
	check "$1: it is built" "$PROG" --profile generic \
		--tarball t.tar --unverified --no-hooks --disk a.img --swap none --size "$2" \
		--kernel /boot/vmlinuz-guest --name a --cfg a.cfg --force
	rm t.tar
	check "$1: e2fsck finds nothing" e2fsck -fn a.img
	check "$1: the kernel mounts it" mount_of a.img "$W/a" -o loop
	check "$1: everything reads back equal" "$limits" check a "$1"
	check "$1: the kernel adds to it and removes" kernel_works "$1"
	umount a
	check "$1: e2fsck finds nothing afterwards" e2fsck -fn a.img
}
kernel_works() {
	case $1 in
	huge) dd if=/dev/urandom of=a/extents/huge bs=4k seek=100001 count=3 conv=notrunc status=none &&
		truncate -s 300M a/extents/huge ;;
	million*) (cd a/million && seq -f new-%.0f 20000 | xargs touch && seq -f %.0f 1 3 30000 | xargs rm -f) ;;
	esac
}
reads_back huge 1G
reads_back million 18G
reads_back million255 18G
