# lib.sh - what the end-to-end tests share. Each sources it first:
#	. "$(dirname "$0")/lib.sh"
# and then calls check NAME COMMAND... or ok/not_ok NAME. Set by tests/run: MKDOMU (the program),
# BUILD (its build tree), MODE. $W is a working folder of the test's own, removed at its end.
# shellcheck shell=bash
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
W=$(mktemp -d "${TMPDIR:-/tmp}/mkdomu-e2e.XXXXXX") || exit 2
chmod 755 "$W"
bad=0
undo=() # of mounts and loop devices, which may stand on each other: the last one goes first
pids=()

finish() {
	local i rc=$?
	for i in "${pids[@]}"; do kill "$i" 2>/dev/null; done
	wait 2>/dev/null
	for ((i = ${#undo[@]} - 1; i >= 0; i--)); do ${undo[i]} 2>/dev/null; done
	rm -rf "$W"
	[ "$bad" = 0 ] || rc=1
	exit "$rc"
}
trap finish EXIT
trap 'exit 129' HUP INT TERM

ok() { echo "ok - $*"; }
not_ok() {
	echo "not ok - $*"
	bad=1
}
skip() { echo "ok - $1 # SKIP $2"; } # NAME REASON

# check NAME COMMAND...: the command must succeed; its output is shown when it does not.
check() {
	local name=$1
	shift
	if "$@" >"$W/.out" 2>&1; then ok "$name"; else
		echo "status $? of: $*"
		tail -n 40 "$W/.out"
		not_ok "$name"
	fi
}

# refused NAME STATUS WORDS COMMAND...: must exit with STATUS and say WORDS (a fixed string) in the
# one line that it writes to stderr.
refused() {
	local name=$1 want=$2 words=$3 rc
	shift 3
	"$@" >"$W/.out" 2>"$W/.err"
	rc=$?
	if [ "$rc" != "$want" ]; then
		echo "status $rc, not $want, of: $*"
		tail -n 20 "$W/.err"
		not_ok "$name"
	elif ! grep '^mkdomu: ' "$W/.err" | grep -qF -- "$words"; then
		echo "stderr lacks: $words"
		tail -n 20 "$W/.err"
		not_ok "$name"
	else ok "$name"; fi
}

is_root() { [ "$(id -u)" = 0 ]; }
# loop_of FILE [OPTIONS]: attach, remember, print the device
loop_of() {
	loop=$(losetup -f --show "${@:2}" "$1") || return 1
	undo+=("losetup -d $loop")
}
# mount_of WHAT WHERE [OPTIONS]
mount_of() {
	mkdir -p "$2"
	mount "${@:3}" "$1" "$2" || return 1
	undo+=("umount $2")
}
# One digest for a path that may not exist, to see that it was left alone.
sum_of() { if [ -e "$1" ]; then sha256sum <"$1"; else echo absent; fi; }

# The program in a small source tree of its own, so that an ordinary user reaches it and its
# profiles wherever the checkout is.
PROG=$W/tree/build/$MODE/mkdomu
program_copy() {
	mkdir -p "${PROG%/*}"
	cp "$MKDOMU" "$PROG"
	cp -r "$top/profiles" "$W/tree/profiles"
	chmod -R a+rX "$W/tree"
}

# An ordinary user's world: $U is the folder to work in, $U_TMP what mkdomu has for temporary
# files. as_user COMMAND... runs there, with nothing of this environment but PATH.
U=$W/user/work U_TMP=$W/user/tmp
user_setup() {
	program_copy
	mkdir -p "$U" "$U_TMP" "$W/user/home"
	! is_root || chown -R 65534:65534 "$W/user"
	cd "$U" || exit 2
}
user_command() { # sets cmd
	cmd=()
	! is_root || cmd=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	cmd+=(env -i PATH="$PATH" HOME="$W/user/home" TMPDIR="$U_TMP"
		ASAN_OPTIONS="${ASAN_OPTIONS:-}" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}" "${user_env[@]}" "$@")
}
as_user() {
	local cmd
	user_command "$@"
	"${cmd[@]}"
}
# The same in the background; sets pid, which is the program's own. Its output goes to $W/bg.
start_as_user() {
	local cmd
	user_command "$@"
	"${cmd[@]}" >"$W/bg" 2>&1 &
	pid=$!
}
user_env=() # further NAME=VALUE

# A mirror of the variants named (openrc, systemd); sets $mirror, the options that point there.
mirror_setup() {
	# shellcheck source=../mirror/lib.sh
	. "$top/tests/mirror/lib.sh"
	mirror_make "$W/mirror" "$@" || {
		not_ok "the mirror is made"
		exit 1
	}
	pids+=("$mirror_pid")
	chmod 755 "$W/mirror"
	mirror=(--mirror "$mirror_url" --keyring "$mirror_keyring" --signer "$mirror_signer")
}

# A root of a few files, left unpacked in $W/small, as a tarball.
small_root() { # TARBALL
	mkdir -p "$W/small"/{dev,etc,proc,root,sbin,sys}
	echo 'ID=small' >"$W/small/etc/os-release"
	printf '#!/bin/sh\nexec sleep inf\n' >"$W/small/sbin/init"
	chmod 755 "$W/small" "$W/small/sbin/init"
	head -c 2000000 /dev/zero >"$W/small/etc/blob"
	tar -C "$W/small" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cJf "$1" .
}

# unchanged: all files are as they were when "remember FILE..." was called
declare -A remembered
remember() {
	local f
	for f in "$@"; do remembered[$f]=$(sum_of "$f"); done
}
forget() { remembered=(); }
unchanged() {
	local f rc=0
	for f in "${!remembered[@]}"; do
		[ "$(sum_of "$f")" = "${remembered[$f]}" ] || {
			echo "changed: $f"
			rc=1
		}
	done
	return $rc
}

# only_these DIR NAME...: DIR holds exactly these
only_these() {
	local dir=$1
	shift
	diff <(printf '%s\n' "$@" | grep . | sort) <(ls -A "$dir" | sort)
}

# Nothing of a run is left: temporary files, processes, mounts, loop devices.
nothing_left() {
	local rc=0 i
	for ((i = 0; i < 20; i++)); do
		pgrep -f "$PROG|$U_TMP" >/dev/null || break
		sleep 0.1
	done
	! pgrep -af "$PROG|$U_TMP" || rc=1
	only_these "$U_TMP" || rc=1
	! grep -F "$W/user" /proc/mounts || rc=1
	! losetup -a 2>/dev/null | grep -F "$W/user" || rc=1
	return $rc
}

# part IMAGE N: byte offset and size of partition N
part() {
	sfdisk --json "$1" | python3 -c 'import json, sys
t = json.load(sys.stdin)["partitiontable"]
p = t["partitions"][int(sys.argv[1]) - 1]
print(p["start"] * t.get("sectorsize", 512), p["size"] * t.get("sectorsize", 512))' "$2"
}
# type_of IMAGE [OFFSET SIZE]: what blkid finds there
type_of() { blkid -p -s TYPE -o value -O "${2:-0}" ${3:+-S "$3"} "$1"; }

# The guest's files are read with debugfs, so that no mount is needed. $fs is the file system:
# "IMAGE" or "IMAGE?offset=BYTES".
guest_cat() { debugfs -R "cat $1" "$fs" 2>/dev/null; }
guest_has() { debugfs -R "stat $1" "$fs" 2>/dev/null | grep -q Inode; }
guest_link() { debugfs -R "stat $1" "$fs" 2>/dev/null | sed -n 's/^Fast link dest: "\(.*\)"$/\1/p'; }
# guest_says PATH REGEX: a line matches;  guest_not PATH REGEX: no line does, and the file is there
guest_says() { guest_cat "$1" | grep -qE -- "$2" || { guest_cat "$1"; return 1; }; }
guest_not() { guest_has "$1" && ! guest_cat "$1" | grep -E -- "$2"; }

# cfg_says CFG LINE: libxlutil reads exactly this "key=value" in it
cfg_says() { "$BUILD/tools/xlcheck" "$1" | grep -qxF -- "$2" || { "$BUILD/tools/xlcheck" "$1"; return 1; }; }
cfg_matches() { "$BUILD/tools/xlcheck" "$1" | grep -qE -- "$2" || { "$BUILD/tools/xlcheck" "$1"; return 1; }; }
