# SPDX-License-Identifier: GPL-2.0-or-later
# External hooks, as an ordinary user and as root: what they may do, what they may not, how they end,
# what becomes of the guest then, and what is recorded.
. "$(dirname "$0")/lib.sh"
user_setup
hooks=$W/hooks
mkdir -p "$hooks" "$W/secret"
cp "$top"/hooks/examples/* "$hooks/"
mkdir -p "$W/small"/{etc/apt/sources.list.d,sbin,usr/bin,tmp,run,var}
echo old >"$W/small/etc/kept"
echo gone >"$W/small/etc/gone"
echo 'root:x:0:' >"$W/small/etc/group"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$W/small/etc/passwd"
chmod 640 "$W/small/etc/kept"
ln -s kept "$W/small/etc/link"
echo old >"$W/small/etc/ha"
ln "$W/small/etc/ha" "$W/small/etc/hb"
echo old >"$W/small/etc/hc"
ln "$W/small/etc/hc" "$W/small/etc/hd"
echo hidden >"$W/small/etc/shadow"
mkdir -p "$W/small/usr/share/x"
mkfifo "$W/small/etc/fifo"
! is_root || chown 7:8 "$W/small/etc/kept"
cp /bin/busybox "$W/small/usr/bin/busybox" 2>/dev/null || :
ln -s usr/bin "$W/small/bin"
# a package manager that says what it was asked for
[ ! -e "$W/small/usr/bin/busybox" ] || ln -s busybox "$W/small/usr/bin/env"
printf '#!/usr/bin/busybox sh\necho "$@" >/etc/apk-ran; echo "$TZ" >>/etc/apk-ran\n' >"$W/small/sbin/apk"
chmod 755 "$W/small/sbin/apk"
small_root "$W/small.tar.xz"
# modes that bind an ordinary user, but not its hook
! is_root || chmod 0 "$W/small/etc/shadow"
chmod 555 "$W/small/usr/share" "$W/small/usr"
# that one makes all root's; kept's owner is what has to survive
tar -C "$W/small" --sort=name --numeric-owner --mtime=@1700000000 -cJf "$W/small.tar.xz" .
chmod 755 "$W/small/usr/share" "$W/small/usr"
chmod 644 "$W/small.tar.xz"
sha=$(sha256sum "$W/small.tar.xz" | cut -d ' ' -f 1)
chmod -R a+rX "$W"
# built NAME OPTION...: a guest without built-in hooks; as_who is as_user or as_root
as_root() { "${user_env[@]:-env}" "$@"; }
as_who=as_user
cat >"$W/bare.conf" <<-CONF
	description = "no hooks"
CONF
chmod 644 "$W/bare.conf"
build() { # NAME OPTION...
	"$as_who" "$PROG" --profile "$W/bare.conf" --tarball "$W/small.tar.xz" --sha256 "$sha" \
		--kernel /boot/vmlinuz-guest --ramdisk /boot/initrd-guest --size 96M --swap none \
		--disk "$1.img" --force "${@:2}"
}
hook() { # NAME: from stdin
	cat >"$hooks/$1"
	chmod 755 "$hooks/$1"
}
show() { # NAME: what the hook's last build told
	"$@" >"$W/told" 2>&1
}
told() { grep -qE -- "$1" "$W/told" || { cat "$W/told"; return 1; }; }
stat_of() { debugfs -R "stat $1" "$fs" 2>/dev/null; }
is_mode() { stat_of "$1" | grep -qE "Mode: +0$2 " || { stat_of "$1"; return 1; }; }
is_owned() { stat_of "$1" | tr -s ' ' | grep -q "User: $2 Group: $3 " || { stat_of "$1"; return 1; }; }

hook edits <<'H'
#!/bin/sh
# mkdomu-hook: summary=edits /etc
set -e
cd "$MKDOMU_ROOT/etc"
[ "$(readlink link)" = kept ] && [ ! -e fifo ]
echo new >kept
rm gone
echo mine >fresh; chmod 604 fresh
mkdir -m 750 sub; echo deep >sub/deep; ln -s /etc/passwd sub/out
id -u >uid; umask >umask; env | LC_ALL=C sort >env; cat /proc/net/dev >net; pwd -P >pwd
grep -q '"hasRootPassword": false' "$MKDOMU_JSON"
readlink /proc/self/fd/* | grep -v pipe: >fds || :
H
hook links <<'H'
#!/bin/sh
# mkdomu-hook: paths=/etc,/usr/share/x
set -e
cd "$MKDOMU_ROOT/etc"
sed -i s/old/new/ ha; chmod 600 hd
[ "$(cat shadow)" = hidden ]; echo more >>shadow; chmod 0 shadow
echo y >"$MKDOMU_ROOT/usr/share/x/y"
H
hook fails <<'H'
#!/bin/sh
echo before
echo "it went wrong" >&2
echo x >"$MKDOMU_ROOT/etc/kept"
exit 3
H
hook skips <<'H'
#!/bin/sh
echo x >"$MKDOMU_ROOT/etc/kept"
exit 75
H
hook signal <<'H'
#!/bin/sh
kill -SEGV $$
H
hook slow <<'H'
#!/bin/sh
# mkdomu-hook: timeout=2
setsid sleep 987654 &
sleep 987654
H
hook daemon <<'H'
#!/bin/sh
setsid sleep 987655 >/dev/null 2>&1 &
(setsid sleep 987655 &)
H
hook bomb <<'H'
#!/bin/sh
# mkdomu-hook: timeout=5
f() { f | f & f; }
f 2>/dev/null
H
hook fill <<'H'
#!/bin/sh
cat /dev/zero >"$MKDOMU_ROOT/etc/big"
H
hook noshebang <<'H'
just words
H
printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\363\000\001\000\000\000' >"$hooks/riscv"
chmod 755 "$hooks/riscv"
hook nointerp <<'H'
#!/no/such/interpreter
H
hook special <<'H'
#!/bin/sh
mkfifo "$MKDOMU_ROOT/etc/pipe"
H
hook denied <<'H'
#!/usr/bin/python3
# each of these has to fail; the names of those that did not are printed
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
bad = []
def must_fail(name, f):
    try:
        r = f()
    except OSError:
        return
    if r != -1:
        bad.append(name)
def write(path):
    fd = os.open(path, os.O_WRONLY)
    os.write(fd, b"1\n")
must_fail("proc", lambda: write("/proc/sys/kernel/panic"))
must_fail("sysrq", lambda: write("/proc/sysrq-trigger"))
must_fail("usr", lambda: open("/usr/bin/mkdomu-was-here", "w"))
must_fail("root", lambda: open("/was-here", "w"))
must_fail("mount", lambda: libc.mount(b"x", b"/tmp", b"tmpfs", 0, None))
must_fail("remount", lambda: libc.mount(None, b"/usr", None, 32 | 4096, None))
must_fail("umount", lambda: libc.umount2(b"/proc", 2))
must_fail("unshare", lambda: libc.unshare(0x10000000))
must_fail("setns", lambda: libc.setns(os.open("/proc/1/ns/mnt", os.O_RDONLY), 0))
must_fail("ptrace", lambda: libc.ptrace(16, 1, 0, 0))
must_fail("mem", lambda: os.open("/proc/1/mem", os.O_RDONLY))
must_fail("environ", lambda: open("/proc/1/environ").read() and 0)
must_fail("module", lambda: libc.syscall(175 if os.uname().machine == "x86_64" else 105, 0, 0, b""))
must_fail("keyctl", lambda: libc.syscall(250 if os.uname().machine == "x86_64" else 219, 0, -3, 1))
def node():
    os.mknod("/tmp/sda", 0o60600, os.makedev(7, 0))
    os.open("/tmp/sda", os.O_RDWR)
must_fail("device", node)
must_fail("network", lambda: socket.create_connection(("127.0.0.1", PORT), 2))
for path in ("/root/.ssh", "/home", "/etc/shadow", "/sys", "/boot", "SECRET"):
    if os.path.exists(path) and (not os.path.isdir(path) or os.listdir(path)):
        bad.append(path)
kill = [p for p in os.listdir("/proc") if p.isdigit()]
if len(kill) > 3:
    bad.append("processes")
for fd in os.listdir("/proc/self/fd"):
    if int(fd) > 2 and os.path.exists("/proc/self/fd/" + fd) and not os.readlink("/proc/self/fd/" + fd).startswith("/proc/"):
        bad.append("fd " + fd)
if os.environ.get("SECRET"):
    bad.append("env")
if os.read(0, 1):
    bad.append("stdin")
print("not denied:", " ".join(bad) or "nothing")
raise SystemExit(1 if bad else 0)
H
# a server of the host that a hook must not reach
python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); time.sleep(900)' >"$W/port" &
pids+=($!)
for ((i = 0; i < 50; i++)); do [ -s "$W/port" ] && break; sleep 0.1; done
sed -i "s/PORT/$(cat "$W/port")/; s|\"SECRET\"|\"$W/secret\"|" "$hooks/denied"
echo top >"$W/secret/file"
none_alive() { ! pgrep -f "sleep 98765[45]" && nothing_left; }

# all_rows: once as the user, once as root
all_rows() {
	local w=$1
	show build plain --hook "$hooks/edits"
	check "$w: a hook edits /etc" told "^mkdomu: hook 'edits' runs|hook 'edits' runs"
	fs=plain.img
	check "$w: e2fsck finds nothing" e2fsck -fn plain.img
	check "$w: changed content" guest_says /etc/kept '^new$'
	check "$w: keeps its mode" is_mode /etc/kept 640
	if is_root; then check "$w: keeps its owner" is_owned /etc/kept 7 8; fi
	check "$w: removed" lacks_file /etc/gone
	check "$w: new, with its mode" is_mode /etc/fresh 604
	check "$w: new is root's" is_owned /etc/fresh 0 0
	check "$w: a new folder" is_mode /etc/sub 750
	check "$w: and what is in it" guest_says /etc/sub/deep '^deep$'
	check "$w: a symlink stays one" [ "$(guest_link /etc/sub/out)" = /etc/passwd ]
	check "$w: the old one too" [ "$(guest_link /etc/link)" = kept ]
	check "$w: a fifo is left alone" guest_has /etc/fifo
	check "$w: it is root in there" guest_says /etc/uid '^0$'
	check "$w: umask 022" guest_says /etc/umask '^0022$'
	check "$w: no network" [ "$(guest_cat /etc/net | grep -c :)" -le 1 ]
	check "$w: it starts in its root" guest_says /etc/pwd '^/mkdomu/root/etc$'
	check "$w: SOURCE_DATE_EPOCH" guest_says /etc/env '^SOURCE_DATE_EPOCH=1700000000$'
	check "$w: a clean environment" [ -z "$(guest_cat /etc/env | grep -vE '^(HOME|LC_ALL|LOGNAME|OLDPWD|PATH|PWD|SHELL|SHLVL|SOURCE_DATE_EPOCH|TMPDIR|TZ|USER|_|PYTHON[A-Z]+|MKDOMU_[A-Z_]+)=')" ]
	check "$w: times are the epoch" [ "$(stat_of /etc/fresh | grep -c ' 0x6553f100')" -ge 3 ]
	cp plain.img "$W/first.img"
	check "$w: again" build plain --hook "$hooks/edits"
	check "$w: gives the same image" cmp plain.img "$W/first.img"
	check "$w: the manifest has its digest" grep -q "$(sha256sum <"$hooks/edits" | cut -d ' ' -f 1)" plain.manifest.json
	refused "$w: verify wants the hook" 2 "external hook 'edits'" "$as_who" "$PROG" verify plain.img --tarball "$W/small.tar.xz"
	check "$w: and verifies with it" "$as_who" "$PROG" verify plain.img --tarball "$W/small.tar.xz" --hook-dir "$hooks"
	mkdir -p "$W/other"
	{ cat "$hooks/edits"; echo '# changed'; } >"$W/other/edits"
	chmod 755 "$W/other" "$W/other/edits"
	refused "$w: but not with another" 6 "is not the hook" "$as_who" "$PROG" verify plain.img --tarball "$W/small.tar.xz" --hook-dir "$W/other"

	show build hard --hook "$hooks/links"
	fs=hard.img
	for f in ha hb; do check "$w: hard links: $f" guest_says "/etc/$f" '^new$'; done
	for f in hc hd; do check "$w: hard links: $f's mode" is_mode "/etc/$f" 600; done
	check "$w: a file of mode 0" guest_says /etc/shadow '^more$'
	check "$w: stays so" is_mode /etc/shadow 000
	check "$w: a folder of mode 555" is_mode /usr/share 555
	check "$w: and what is new below" guest_says /usr/share/x/y '^y$'
	show build skip --hook "$hooks/skips"
	check "$w: status 75 skips" told "hook 'skips' has nothing to do"
	fs=skip.img
	check "$w: and takes nothing back" guest_says /etc/kept '^old$'
	remember plain.img plain.cfg plain.manifest.json
	refused "$w: a status fails" 10 "hook 'fails': it failed with status 3; its last words: it went wrong" build plain --hook "$hooks/fails"
	check "$w: its lines are told" grep -q "^mkdomu: fails: before\|fails: before" "$W/.err"
	refused "$w: a signal fails" 10 "hook 'signal': it was ended by signal 11" build plain --hook "$hooks/signal"
	refused "$w: too slow" 10 "hook 'slow': it took longer than 2 s" build plain --hook "$hooks/slow"
	refused "$w: a fork bomb" 10 "hook 'bomb'" build plain --hook "$hooks/bomb"
	refused "$w: a full disk" 10 "hook 'fill'" build plain --hook "$hooks/fill"
	refused "$w: no #!" 10 "hook 'noshebang': cannot run" build plain --hook "$hooks/noshebang"
	refused "$w: another machine's" 10 "no program for this machine" build plain --hook "$hooks/riscv"
	refused "$w: no interpreter" 10 "its interpreter is not on this host" build plain --hook "$hooks/nointerp"
	refused "$w: leaves a fifo" 10 "cannot take back '/etc/pipe'" build plain --hook "$hooks/special"
	check "$w: failures changed nothing" unchanged
	forget
	check "$w: a daemon is left behind" build other --hook "$hooks/daemon"
	check "$w: and ended" none_alive
	show env SECRET=1 true
	show build other --hook "$hooks/denied"
	check "$w: what is denied" told 'not denied: nothing'
	check "$w: the examples run" build other --hook "$hooks/motd" --hook "$hooks/apt-source"
	fs=other.img
	check "$w: motd" guest_says /etc/motd 'This is other, a Xen guest'
	check "$w: apt source" guest_says /etc/apt/sources.list.d/house.sources '^Suites: stable$'
	check "$w: nothing is left" none_alive
}
lacks_file() { ! guest_has "$1"; }
user_env=(SECRET=1)
all_rows user

# -- names
mkdir -p "$W/user/home/.config/mkdomu/hooks"
cp "$hooks/motd" "$W/user/home/.config/mkdomu/hooks/hostname"
! is_root || chown -R 65534:65534 "$W/user/home"
show build named --hook hostname
check "one of a built-in hook's name replaces it" told "hook 'hostname' is '.*/hooks/hostname', in the place of the built-in one"
fs=named.img
check "it ran" guest_has /etc/motd
show as_user "$PROG" hooks
check "it is listed" told '^hostname .*replaced by the external one below'
check "with what it does" told 'a message of the day that names the guest'
check "and its files" told 'files +/etc/motd'
mkdir -p "$W/beside/hooks"
cp "$hooks/motd" "$W/beside/hooks/mine"
echo 'hooks = { mine }' >"$W/beside/p.conf"
chmod -R a+rX "$W/beside"
check "a profile's hook beside it" as_user "$PROG" --profile "$W/beside/p.conf" --tarball "$W/small.tar.xz" \
	--sha256 "$sha" --kernel /boot/vmlinuz-guest --ramdisk /boot/x --size 96M --swap none --disk beside.img
refused "no such hook" 2 "there is no hook 'nosuch'" build no --hook nosuch
refused "with --no-hooks" 2 "--no-hooks leaves out all" build no --hook motd --no-hooks
cp "$hooks/motd" "$hooks/loose"
chmod 777 "$hooks/loose"
refused "one that everybody may write" 2 "everybody may write" build no --hook "$hooks/loose"
hook unknown <<'H'
#!/bin/sh
# mkdomu-hook: pahts=/etc
H
refused "an unknown key" 2 "there is no key 'pahts'" build no --hook "$hooks/unknown"
hook through <<'H'
#!/bin/sh
# mkdomu-hook: paths=/bin
H
refused "a path that is a symlink" 10 "it is a symlink to 'usr/bin'" build no --hook "$hooks/through"
hook mounted <<'H'
#!/bin/sh
# mkdomu-hook: mode=mounted timeout=30
set -e
[ "$MKDOMU_MODE" = mounted ] && [ -d "$MKDOMU_ROOT/lost+found" ]
echo yes >"$MKDOMU_ROOT/usr/by-mount"
chown 5:6 "$MKDOMU_ROOT/usr/by-mount"
[ -c "$MKDOMU_ROOT/dev/null" ] && ! [ -e "$MKDOMU_ROOT/dev/sda" ]
echo x >"$MKDOMU_ROOT/tmp/not-kept"
if [ -x "$MKDOMU_ROOT/usr/bin/busybox" ]; then
	chroot "$MKDOMU_ROOT" /usr/bin/busybox sh -c 'echo in >/etc/chroot; cat /proc/version >/dev/null'
fi
chroot "$MKDOMU_ROOT" /no/such/program && exit 1 || :
H
if ! is_root; then
	skip "mounted hooks" "needs root"
	exit
fi
refused "a mounted hook without root" 10 "takes root" build no --hook "$hooks/mounted"

# -- as root
as_who=as_root
user_env=(env)
mkdir "$W/asroot" && cd "$W/asroot" || exit 2
cp "$U/plain.img" "$W/by-user.img"
all_rows root
check "root and user make the same image" cmp plain.img "$W/by-user.img"
# a process of "nobody", as many daemons are, while root's hook runs
hook waits <<'H'
#!/bin/sh
for i in $(seq 60); do [ ! -e "$MKDOMU_ROOT/etc/stop" ] || exit 0; sleep 0.987652; done
exit 1
H
build waits --hook "$hooks/waits" >"$W/bg" 2>&1 &
pid=$!
for ((i = 0; i < 100; i++)); do inner=$(pgrep -f 'sleep 0.987652') && break; sleep 0.1; done
check "root finds the staged folder" ls "/proc/$inner/root/mkdomu/root/etc/kept"
nobody_sees_none() {
	setpriv --reuid=65534 --regid=65534 --clear-groups -- \
		sh -c 'ls -d /proc/$1 && ! ls /proc/$1/root/mkdomu && ! cat /proc/$1/root/mkdomu/root/etc/kept' - "$1"
}
check "nobody does not" nobody_sees_none "$inner"
touch "/proc/$inner/root/mkdomu/root/etc/stop"
wait "$pid"
check "the hook ends well" [ $? = 0 ]
show build mnt --hook "$hooks/mounted"
check "a mounted hook" told "hook 'mounted' runs, on the mounted disk"
fs=mnt.img
check "e2fsck finds nothing after it" e2fsck -fn mnt.img
check "it wrote" guest_says /usr/by-mount '^yes$'
check "with its owner" is_owned /usr/by-mount 5 6
check "its temporary files are not kept" lacks_file /tmp/not-kept
! guest_has /usr/bin/busybox || check "a chroot works" guest_says /etc/chroot '^in$'
if guest_has /usr/bin/busybox; then
	show build pkg --hook "$hooks/install-package"
	fs=pkg.img
	check "a package in a chroot" guest_says /etc/apk-ran '^add --no-cache less$'
	check "the guest's resolver is as it was" lacks_file /etc/resolv.conf
	check "a hook with the network is told" told "runs, on the mounted disk, with the network of this host"
	fs=mnt.img
else
	skip "a package in a chroot" "needs a static busybox"
fi
check "its times are the epoch" [ "$(stat_of /usr/by-mount | grep -c ' 0x6553f100')" -ge 3 ]
check "no trace of the mount" [ "$(dumpe2fs -h mnt.img 2>/dev/null | grep -c 'Last mounted on: *<not available>')" = 1 ]
refused "it is not verified" 3 "a hook had it mounted" "$PROG" verify mnt.img --tarball "$W/small.tar.xz" --hook-dir "$hooks"
for h in fails slow bomb denied; do
	{ sed -n 1p "$hooks/$h"; echo '# mkdomu-hook: mode=mounted'; sed 1d "$hooks/$h"; } | hook "m$h"
done
remember mnt.img mnt.cfg
refused "mounted: a status" 10 "status 3" build mnt --hook "$hooks/mfails"
refused "mounted: too slow" 10 "longer than 2 s" build mnt --hook "$hooks/mslow"
refused "mounted: a fork bomb" 10 "hook 'mbomb'" build mnt --hook "$hooks/mbomb"
check "mounted: nothing changed" unchanged
show build mnt --hook "$hooks/mdenied"
check "mounted: what is denied" told 'not denied: nothing'
sed -i 's/timeout=2/timeout=60/' "$hooks/mslow"
build kill --hook "$hooks/mslow" >"$W/bg" 2>&1 &
pid=$!
for ((i = 0; i < 100; i++)); do pgrep -f 'sleep 987654' >/dev/null && break; sleep 0.1; done
pkill -KILL -P "$pid" -x mkdomu 2>/dev/null || kill -KILL "$pid"
wait "$pid" 2>/dev/null
gone() {
	for ((i = 0; i < 50; i++)); do
		pgrep -f 'sleep 987654' >/dev/null || losetup -a | grep -F "$W" >/dev/null || return 0
		sleep 0.1
	done
	pgrep -af 'sleep 987654'
	losetup -a | grep -F "$W"
	return 1
}
check "kill -9: no process, mount or loop device is left" gone
check "root: nothing is left" none_alive
