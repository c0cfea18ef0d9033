# SPDX-License-Identifier: GPL-2.0-or-later
# --modules: only the version of the guest's kernel, as depmod left it, root's, at the source epoch.
. "$(dirname "$0")/lib.sh"
user_setup
small_root "$W/small.tar.xz"
chmod 644 "$W"/*.tar*

# A bzImage's setup header with this version in it: boot protocol 2.15.
bzimage() { # VERSION
	head -c $((0x1fe)) /dev/zero
	printf '\x55\xaa\xeb\x66HdrS\x0f\x02'
	head -c 6 /dev/zero
	printf '\x00\x03' # kernel_version, less 0x200
	head -c $((0x500 - 0x210)) /dev/zero
	printf '%s (builder@host) #1 SMP\0' "$1"
	head -c 4000 /dev/zero
}
modules_of() { # ROOT VERSION
	local d=$1/lib/modules/$2
	mkdir -p "$d/kernel/drivers/net" "$d/kernel/fs"
	echo net >"$d/kernel/drivers/net/xen-netfront.ko"
	echo fuse >"$d/kernel/fs/fuse.ko"
	printf 'kernel/drivers/net/xen-netfront.ko\nkernel/fs/fuse.ko\n' >"$d/modules.order"
	printf 'kernel/drivers/block/xen-blkfront.ko\nkernel/fs/ext4/ext4.ko\n' >"$d/modules.builtin"
	ln -s /usr/src/linux "$d/build"
	ln -s build "$d/source"
	printf '%s: \n' kernel/drivers/net/xen-netfront.ko kernel/fs/fuse.ko >"$d/modules.dep"
	printf '# Aliases\n' >"$d/modules.alias"
	printf '# Symbols\n' >"$d/modules.symbols"
	chmod 700 "$d/kernel"
	chmod 4777 "$d/kernel/fs/fuse.ko"
}
modules_of host 6.1.0-1-amd64
modules_of host 6.9.0
bzimage 6.1.0-1-amd64 >vmlinuz-6.1.0-1-amd64
! is_root || chown -R 65534:65534 .
opts=(--tarball "$W/small.tar.xz" --unverified --size 64M --swap none)
for h in console fstab network hostname clock identity access; do opts+=(--no-hook "$h"); done
kernel=(--kernel vmlinuz-6.1.0-1-amd64)
stat_of() { debugfs -R "stat $1" a.img 2>/dev/null; }
fs=a.img
d=/lib/modules/6.1.0-1-amd64

told() { "$@" >"$W/said" 2>&1; }
check "a guest with modules" told as_user "$PROG" "${opts[@]}" "${kernel[@]}" --modules host/lib/modules/ --disk a.img
check "without a warning of drivers" sh -c "! grep -q 'driver' '$W/said'"
check "e2fsck finds nothing" e2fsck -fn a.img
check "a module" cmp <(guest_cat $d/kernel/fs/fuse.ko) <(echo fuse)
check "depmod's file" cmp <(guest_cat $d/modules.dep) host$d/modules.dep
check "only this version" [ "$(debugfs -R 'ls -p /lib/modules' a.img 2>/dev/null | grep -c '/6')" = 1 ]
check "without build and source" sh -c "! debugfs -R 'ls -p $d' a.img 2>/dev/null | grep -qE '/(build|source)/'"
check "files are 0644" grep -q 'Mode: *0644' <(stat_of $d/kernel/fs/fuse.ko)
check "folders are 0755" grep -q 'Mode: *0755' <(stat_of $d/kernel)
check "root's" grep -q 'User: *0 *Group: *0 ' <(stat_of $d/kernel/fs/fuse.ko)
check "at the source epoch" grep -q "mtime: 0x$(printf %x 1700000000)" <(stat_of $d/kernel/fs/fuse.ko)
list() { # the digest of the folder, as mkdomu(8) has it
	(cd host/lib/modules && find 6.1.0-1-amd64 ! -type l | LC_ALL=C sort | while read -r f; do
		if [ -d "$f" ]; then printf '0755 d %s\0' "$f"; else
			printf '0644 f %s %s\0' "$(sha256sum <"$f" | cut -c1-64)" "$f"
		fi
	done)
}
check "the digest is in the manifest" grep -q "\"mkdomuCopy1\": \"$(list | sha256sum | cut -c1-64)\"" a.manifest.json
check "the folder is not" sh -c "! grep -F 'host/lib' a.manifest.json"
refused "verify wants the folder" 2 "by --inputs DIR" as_user "$PROG" verify a.img --tarball "$W/small.tar.xz"
check "verify makes it again" as_user "$PROG" verify a.img --tarball "$W/small.tar.xz" --inputs host/lib/modules
cp -a host other
echo changed >other$d/kernel/fs/fuse.ko
refused "and finds another module" 6 "$d/kernel/fs/fuse.ko" as_user "$PROG" verify a.img --tarball "$W/small.tar.xz" --inputs other/lib/modules
refused "modules of another version" 2 "is 6.1.0-1-amd64; name the folder of that" as_user "$PROG" "${opts[@]}" "${kernel[@]}" \
	--modules host/lib/modules/6.9.0 --disk no.img
rm other$d/modules.dep
refused "without depmod's files" 2 "run 'depmod -b $U/other 6.1.0-1-amd64'" as_user "$PROG" "${opts[@]}" "${kernel[@]}" \
	--modules other$d --disk no.img
check "which then are there" depmod -b "$U/other" 6.1.0-1-amd64
check "a guest with depmod's own files" as_user "$PROG" "${opts[@]}" "${kernel[@]}" --modules other$d --disk b.img
: >other$d/modules.builtin
as_user "$PROG" "${opts[@]}" "${kernel[@]}" --modules other$d --disk c.img 2>warned
check "a kernel without a driver" grep -q 'has no driver xen-blkfront' warned
refused "with the hook left out" 2 "--modules needs the hook 'modules'" as_user "$PROG" "${opts[@]}" "${kernel[@]}" \
	--modules host/lib/modules --no-hook modules --disk no.img
check "a refusal leaves nothing" [ ! -e no.img ]
mkdir -p "$W/usr/usr/lib" && cp -r "$W/small/." "$W/usr/" && ln -s usr/lib "$W/usr/lib"
tar -C "$W/usr" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cf "$W/usr.tar" . && chmod 644 "$W/usr.tar"
check "a merged /usr" as_user "$PROG" --tarball "$W/usr.tar" "${opts[@]:2}" "${kernel[@]}" --modules host/lib/modules --disk d.img
fs=d.img
check "has them there" cmp <(guest_cat /usr$d/kernel/fs/fuse.ko) <(echo fuse)
