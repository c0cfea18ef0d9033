# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9, and polite signals, at moments spread over a build: nothing half made under a final
# name, nothing mounted, running or attached.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc
user_setup
opts=(--profile gentoo-base "${mirror[@]}" --size 512M --swap-size 32M --kernel /boot/vmlinuz-guest)
moments=10
[ "$MODE" = release ] || moments=5

whole_run() { # NAME: sets took_ms
	local start
	start=$(date +%s%N)
	check "$1" as_user "$PROG" "${opts[@]}" --disk guest.img
	took_ms=$((($(date +%s%N) - start) / 1000000))
}
whole_run "a whole run"
sha256sum <guest.img >"$W/good"
rm -f guest.*

# Whatever carries the final name is complete; nothing else is beside it.
whole_or_nothing() {
	local f
	for f in $(ls -A); do
		case $f in
		guest.img) sha256sum <guest.img | cmp - "$W/good" || return 1 ;;
		guest.manifest.json) [ -e guest.img ] && jq -e .predicate guest.manifest.json >/dev/null || return 1 ;;
		guest.cfg) [ -e guest.img ] && "$BUILD/tools/xlcheck" guest.cfg >/dev/null || return 1 ;;
		*) echo "left: $f"; return 1 ;;
		esac
	done
}
nothing_running() {
	local i
	for ((i = 0; i < 50; i++)); do
		pgrep -f "$PROG|$U_TMP" >/dev/null || break
		sleep 0.1
	done
	! pgrep -af "$PROG|$U_TMP" && ! grep -F "$W/user" /proc/mounts && ! losetup -a | grep -F "$W/user"
}
for ((i = 1; i <= moments; i++)); do
	ms=$((took_ms * i / (moments + 1)))
	# every other time the tarball is fetched anew
	[ $((i % 2)) = 0 ] || rm -rf "$W/user/home/.cache"
	start_as_user "$PROG" "${opts[@]}" --disk guest.img
	sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	check "killed after $ms ms: whole or nothing" whole_or_nothing
	check "killed after $ms ms: nothing runs on" nothing_running
	rm -f guest.*
done
rm -rf "${U_TMP:?}"/*
# its tarball is cached, as that of those that follow
whole_run "the next run is as good as the first"
check "and gives the same image" cmp "$W/good" <(sha256sum <guest.img)
rm -f guest.*

for sig in HUP INT TERM; do
	# on a machine whose load changes a run may be over before its signal comes: sooner, then
	for part in 2 4 8 16; do
		ms=$((took_ms / part))
		rm -f guest.*
		# bash starts background jobs with SIGINT ignored; env puts that right
		start_as_user env --default-signal=INT,HUP,TERM "$PROG" "${opts[@]}" --disk guest.img
		sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
		kill -"$sig" "$pid" 2>/dev/null
		wait "$pid"
		rc=$?
		[ $rc = 0 ] || break
	done
	check "SIG$sig ends it with 128 + n" [ $rc = $((128 + $(kill -l $sig))) ]
	check "SIG$sig leaves nothing beside" only_these "$U"
	check "SIG$sig leaves nothing at all" nothing_left
	rm -f guest.*
done
