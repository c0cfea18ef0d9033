# lib.sh - a signed mirror for a test or the demo. mirror_make FOLDER VARIANT..., where VARIANT is
# openrc or systemd, makes and serves it; then $mirror_url, $mirror_keyring and $mirror_signer are
# set, $mirror_dir/mirror holds the tree, $mirror_dir/faults and access.log are the server's.
# The server's process id goes to $mirror_pid; the caller ends it.
# shellcheck shell=bash
mirror_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

mirror_make() {
	local v root pairs=()
	mirror_dir=$1
	shift
	mkdir -p "$mirror_dir/mirror"
	for v in "$@"; do
		root=$("$mirror_here/root" "$v") || return 1
		pairs+=("stage3-amd64-$v=$root")
	done
	"$mirror_here/sign" "$mirror_dir/mirror" "${pairs[@]}" || return 1
	mirror_keyring=$mirror_dir/keyring.asc
	mirror_signer=$(cat "$mirror_dir/signer")
	mirror_serve
}

# Serve $mirror_dir/mirror; sets mirror_url and mirror_pid.
mirror_serve() {
	local i
	rm -f "$mirror_dir/port"
	"$mirror_here/serve" "$mirror_dir/mirror" "$mirror_dir" &
	mirror_pid=$!
	for ((i = 0; i < 100; i++)); do
		[ -s "$mirror_dir/port" ] && break
		sleep 0.1
	done
	mirror_url=http://127.0.0.1:$(cat "$mirror_dir/port") || return 1
}
