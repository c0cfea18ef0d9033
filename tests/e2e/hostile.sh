# SPDX-License-Identifier: GPL-2.0-or-later
# Archives made to do harm (tests/tools/hostile): each ends as its table says, in the right exit
# status and words, or in an image that e2fsck finds nothing in; the host is as before.
. "$(dirname "$0")/lib.sh"
user_setup
hostile=$top/tests/tools/hostile
victim() { # a folder that the archives aim at
	rm -rf "$U/host" && mkdir "$U/host" && echo precious >"$U/host/victim" && chmod 600 "$U/host/victim"
	! is_root || chown -R 65534:65534 "$U/host"
	before=$(look)
}
look() { find "$U/host" -printf '%p %y %m %U:%G %n %s %T@ %C@\n' -type f -exec cat {} +; }
same_host() { [ "$before" = "$(look)" ]; }
build() { # FILE [OPTIONS]
	as_user "$PROG" --profile generic --tarball "$1" --unverified --no-hooks --disk x.img \
		--swap none --size 64M --kernel /boot/vmlinuz-guest "${@:2}"
}
left=(host t)
victim
touch t
mkdir "$W/h" && "$hostile" make "$W/h" "$U/host" || exit 2

while IFS=$'\t' read -r name status words; do
	if [ "$status" = 0 ]; then
		check "$name: is built" build "$W/h/$name"
		check "$name: e2fsck finds nothing" e2fsck -fn x.img
		rm -f x.img x.cfg x.manifest.json
	else
		refused "$name" "$status" "$words" build "$W/h/$name"
	fi
	same_host && only_these "$U" "${left[@]}" >/dev/null && only_these "$U_TMP" >/dev/null ||
		not_ok "$name: the host is as before"
done < <("$hostile" list)
check "nothing is left of them" nothing_left

# -- a bomb: little that unpacks to more than any file system of that size needs
python3 - "$top/tests/tools/limits" <<-'END' | zstd -q -1 -c >t
	import runpy, sys
	a = runpy.run_path(sys.argv[1])["Archive"]("/dev/stdout")
	a.header(b"zeros", b"0", 1300 << 20)
	a.f.writelines(bytes(1 << 20) for _ in range(1300))
	a.close()
END
check "the bomb is small" [ "$(stat -c %s t)" -lt 200000 ]
refused "a bomb" 7 "more than the limit of 1.1 GiB" build t

# -- no helper program, whatever the format's name
for name in lzop lrzip grzip nested-filters; do
	strace -f -qq -e trace=execve -o "$W/trace" "$PROG" --profile generic --tarball "$W/h/$name" \
		--unverified --no-hooks --disk x.img --swap none --size 64M --kernel /boot/vmlinuz-guest >/dev/null 2>&1
	check "$name: nothing is executed" [ "$(grep -c execve "$W/trace")" = 1 ]
done

# -- roots that hooks must not leave, or must not know
root() { # PYTHON: statements with a and host, behind the folders and files of a small root
	python3 - "$top/tests/tools/limits" "$U/host" "$1" <<-'END'
		import os, runpy, sys
		a = runpy.run_path(sys.argv[1])["Archive"]("t")
		host = os.fsencode(sys.argv[2])
		exec(sys.argv[3])
		a.close()
	END
}
with_hooks() {
	as_user "$PROG" --profile generic --tarball t --unverified --disk x.img --swap none --size 64M \
		--kernel /boot/vmlinuz-guest
}
base='[a.add(d, b"5", mode=0o755) for d in (b"sbin", b"usr", b"dev", b"var")]
a.add(b"sbin/init", data=b"#!/bin/sh\n", mode=0o755)
a.add(b"sbin/agetty", data=b"x", mode=0o755)
text = b"1:2345:respawn:/sbin/agetty 38400 tty1 linux\nid:3:initdefault:\n"
'
for to in host/victim /nowhere etc /dev/sda up/victim; do
	case $to in
	host/*) file_to='host + b"/victim"' dir_to=host ;;
	up/*) file_to='b"../" * 20 + host[1:] + b"/victim"' dir_to='b"../" * 20 + host[1:]' ;;
	*) file_to="b'$to'" dir_to="b'$to'" ;;
	esac
	root "$base"'a.add(b"etc", b"2", link='"$dir_to)"
	refused "/etc is a symlink to $to" 7 "" with_hooks
	check "/etc is a symlink to $to: the host is as before" same_host
	for file in fstab inittab hosts shadow; do
		root "$base"'a.add(b"etc", b"5")
a.add(b"etc/inittab", data=text)
a.add(b"etc/'"$file"'", b"2", link='"$file_to)"
		with_hooks >"$W/.out" 2>&1
		rc=$?
		case $rc in
		0) check "/etc/$file is a symlink to $to: e2fsck finds nothing" e2fsck -fn x.img ;;
		10) ok "/etc/$file is a symlink to $to: the hook refuses" ;;
		*) not_ok "/etc/$file is a symlink to $to: status $rc: $(tail -n1 "$W/.out")" ;;
		esac
		same_host || not_ok "/etc/$file is a symlink to $to: the host is as before"
		rm -f x.img x.cfg x.manifest.json
	done
done
root 'a.add(b"usr/bin/true", data=b"x")'
refused "a root without init" 7 "no '/etc'" with_hooks
check "nothing is left" only_these "$U" "${left[@]}"
