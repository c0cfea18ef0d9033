# SPDX-License-Identifier: GPL-2.0-or-later
# The end of a build: disks and config appear together or not at all, and nothing that is read is
# ever written over.
. "$(dirname "$0")/lib.sh"
user_setup
mkdir -p t/etc t/sbin
echo x >t/etc/x
echo x >t/sbin/init
tar -C t -cf t.tar .
echo secret >pw
chmod 600 pw
opts=(--tarball t.tar --unverified --no-hooks --size 64M --swap none --kernel /boot/vmlinuz-guest)
build() { "$MKDOMU" "${opts[@]}" "$@"; }

echo 'the old image' >old.img
cp old.img guest.img
long=$(printf 'c%.0s' $(seq 250)).cfg
remember old.img guest.img t.tar pw
if is_root; then
	mkdir full
	mount_of tmpfs "$PWD/full" -t tmpfs -o size=64k
	echo 'the old config' >full/guest.cfg
	dd if=/dev/zero of=full/fill bs=4k 2>/dev/null
	remember full/guest.cfg
	refused "a config that finds no room" 8 full/guest. \
		build --disk guest.img --cfg full/guest.cfg --force
	refused "a new image's config that finds no room" 8 full/new. \
		build --disk new.img --cfg full/new.cfg
else skip "a config that finds no room" "needs root"; fi
check "the old image and config are as they were" unchanged
check "no new image came" [ ! -e new.img ]
refused "a config's name that is too long" 2 "too long" build --disk new.img --cfg "$long.cfg.cfg"
check "no new image came then" [ ! -e new.img ]

mkdir sub
ln -s . here
refused "a config in the image's place, by .." 2 "same file" build --disk e.img --cfg sub/../e.img
refused "a config in the image's place, by a link" 2 "same file" build --disk e.img --cfg here/e.img
refused "an image over the tarball" 2 overwrite build --disk t.tar --cfg t.cfg --force
refused "a config over the tarball" 2 overwrite build --disk e.img --cfg t.tar --force
"$MKDOMU" "${opts[@]:0:3}" --size 64M --swap none --kernel /boot/k --disk e.img --cfg pw \
	--root-password-file pw --force 2>"$W/.err"
check "a config over the password file is refused" [ $? = 2 ]
check "all inputs are as they were" unchanged
check "nothing came of these" [ ! -e e.img ]

if is_root; then
	# A device between the base image and its guest: recognised by nothing.
	truncate -s 64M disk
	loop_of disk
	strace -f -qq -o /dev/null -e trace=pwrite64 -e inject=pwrite64:signal=SIGKILL:when=6+ \
		"$MKDOMU" "${opts[@]}" --disk "$loop" --cfg dev.cfg >/dev/null 2>&1
	check "a killed build has no config" [ ! -e dev.cfg ]
	blkid -p "$loop" >/dev/null
	check "and blkid finds nothing on its device" [ $? = 2 ]
	check "the next build takes the device without force" build --disk "$loop" --cfg dev.cfg
	check "and then it is an ext4" [ "$(type_of "$loop")" = ext4 ]
else skip "a killed build on a device" "needs root"; fi

# A close(2) that fails says nothing that fsync(2) before it has not said, so nobody asks for it.
if [ "$MODE" = asan ]; then
	skip "every close(2) fails" "it takes a preloaded library, which this build does not allow"
else
	printf '%s\n' '#include <errno.h>' '#include <sys/syscall.h>' '#include <unistd.h>' \
		'int close(int fd) { syscall(SYS_close, fd); errno = EIO; return -1; }' >"$W/close.c"
	check "the library is made" cc -shared -fPIC -o "$W/close.so" "$W/close.c"
	check "an image to compare with" build --disk c.img --cfg c.cfg --name close
	check "a build of which every close(2) fails is one" env LD_PRELOAD="$W/close.so" \
		"$MKDOMU" "${opts[@]}" --disk d.img --cfg d.cfg --name close
	check "it is whole" cmp c.img d.img
	check "with its config" diff <(sed s/c.img/d.img/ c.cfg) d.cfg
fi
