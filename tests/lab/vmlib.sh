# vmlib.sh - what the tests in a virtual machine (tests/lab/vm-*.sh) share. Each begins with
#	. "$(dirname "$0")/vmlib.sh"
#	in_vm --disk 512M ...
# in_vm starts the machine with these options of tests/lab/vm and runs the same script in it; there
# it returns, and the rest of the script has all of tests/e2e/lib.sh.
# shellcheck shell=bash
set -u
lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
in_vm() {
	[ -n "${IN_VM:-}" ] || exec "$lab/vm" --time 1500 "$@" bash "$lab/$(basename "$0")"
}
[ -n "${IN_VM:-}" ] || return 0

# shellcheck source=../e2e/lib.sh
. "$lab/../e2e/lib.sh"
cd "$W" || exit 2
PROG=$MKDOMU

# The N-th --disk of the machine.
disk() { readlink -f "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_disk$1"; }
# need COMMAND...: what the test itself has to have; without it nothing can be said.
need() {
	if "$@" >"$W/.need" 2>&1; then
		return 0
	fi
	cat "$W/.need"
	not_ok "cannot set up: $*"
	exit 1
}
fails() { ! "$@"; }
settle() { udevadm settle -t 30; }

# A root of some MiB with sysvinit and ifupdown, as a tarball; sets common, the options to use it.
root_make() {
	local r=$W/root sum
	mkdir -p "$r"/{bin,boot,dev,etc/init.d,etc/network,home,lib,mnt,proc,root,run,sbin,sys,tmp,usr/bin,var/log}
	chmod 1777 "$r/tmp"
	cp /bin/bash "$r/bin/bash"
	ln -s bash "$r/bin/sh"
	printf '#!/bin/sh\nexec sleep 9999\n' >"$r/sbin/init"
	ln "$r/bin/bash" "$r/sbin/ifup"
	ln "$r/bin/bash" "$r/sbin/getty"
	chmod 755 "$r/sbin/init"
	printf 'id:2:initdefault:\nsi::sysinit:/etc/init.d/rcS\n1:2345:respawn:/sbin/getty 38400 tty1\n' >"$r/etc/inittab"
	printf '#!/bin/sh\nmount -a\n' >"$r/etc/init.d/rcS"
	chmod 755 "$r/etc/init.d/rcS"
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$r/etc/passwd"
	printf 'root:*:19000:0:99999:7:::\n' >"$r/etc/shadow"
	chmod 640 "$r/etc/shadow"
	printf 'root:x:0:\ntty:x:5:\n' >"$r/etc/group"
	printf 'PRETTY_NAME="a small root"\nID=small\n' >"$r/etc/os-release"
	: >"$r/etc/fstab"
	yes 0123456789 | head -c 1500000 >"$r/var/log/numbers"
	mknod "$r/dev/console" c 5 1
	tar -C "$r" -cf "$W/root.tar" .
	sum=$(sha512sum <"$W/root.tar")
	common=(--profile "$top/profiles/generic.conf" --tarball "$W/root.tar" --sha512 "${sum%% *}"
		--kernel /boot/vmlinuz-guest --name guest --seed test --cache "$W/cache")
}
# mkdomu OPTIONS: the program with these; build NAME OPTIONS...: it must succeed, config and all.
mkdomu() { "$PROG" "${common[@]}" --cfg "${cfg:-$W/guest.cfg}" "$@"; }
build() {
	local name=$1
	shift
	rm -f guest.cfg
	check "$name" mkdomu "$@"
	check "$name: the config is there" [ -s guest.cfg ]
}
has_gpt() { [ "$(blkid -p -s PTTYPE -o value "$1")" = gpt ] && sfdisk --verify "$1"; }
cfg_target() { cfg_says guest.cfg "disk=vdev=$1 format=raw access=rw script= target=$2"; }
# The guest's disk, as the kernel sees it: mount_root DEVICE, then "$W/mnt" is its root.
mount_root() { mount_of "$1" "$W/mnt" -o ro; }
whole_root() { # DEVICE: e2fsck, and a mount by the kernel with the right files in it
	local rc=0
	e2fsck -fn "$1" || return 1
	mount_root "$1" || return 1
	cmp "$W/root/var/log/numbers" "$W/mnt/var/log/numbers" || rc=1
	cmp /bin/bash "$W/mnt/sbin/ifup" || rc=1
	[ "$(stat -c %a:%t:%T "$W/mnt/dev/console")" = 644:5:1 ] || { stat "$W/mnt/dev/console"; rc=1; }
	grep -qE '^/dev/xvda[0-9]*[[:space:]]+/[[:space:]]' "$W/mnt/etc/fstab" || { cat "$W/mnt/etc/fstab"; rc=1; }
	umount "$W/mnt" || rc=1
	return $rc
}
# refuses NAME STATUS WORDS TARGET OPTIONS...: refused with --disk TARGET; nothing was written to it
# by the kernel's own count, and there is no config. never ...: the same, and with --force, too.
# For the bytes themselves "remember DEVICE", some of these, and "check ... unchanged".
refuses() {
	local name=$1
	before "$4"
	refused "$name" "$2" "$3" mkdomu --disk "${@:4}"
	after "$name" "$4"
}
never() {
	local name=$1
	before "$4"
	refused "$name" "$2" "$3" mkdomu --disk "${@:4}"
	refused "$name, with --force" "$2" "$3" mkdomu --disk "${@:4}" --force
	after "$name" "$4"
}
# Sectors that were written and discarded, by Documentation/block/stat.rst of Linux
written() { awk '{ print $7, $14 }' "/sys/class/block/$(basename "$(readlink -f "$1")")/stat"; }
before() {
	rm -f guest.cfg
	sync
	were=$(written "$1")
}
after() {
	sync
	check "$1: nothing is written" [ -n "$were" -a "$(written "$2")" = "$were" ]
	check "$1: no config" [ ! -e guest.cfg ]
}
