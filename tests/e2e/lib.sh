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
loops=()
mounts=()
pids=()

finish() {
	local i rc=$?
	for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do umount "${mounts[i]}" 2>/dev/null; done
	for i in "${loops[@]}"; do losetup -d "$i" 2>/dev/null; done
	for i in "${pids[@]}"; do kill "$i" 2>/dev/null; done
	wait 2>/dev/null
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
	loops+=("$loop")
}
# mount_of WHAT WHERE [OPTIONS]
mount_of() {
	mkdir -p "$2"
	mount "${@:3}" "$1" "$2" || return 1
	mounts+=("$2")
}
# One digest for a path that may not exist, to see that it was left alone.
sum_of() { if [ -e "$1" ]; then sha256sum <"$1"; else echo absent; fi; }
