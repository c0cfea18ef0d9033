# SPDX-License-Identifier: GPL-2.0-or-later
# A password given in a file shows up nowhere: not in an argument, an environment, a message, the
# config, the image or a temporary file.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc
user_setup
canary=Canary-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
echo "$canary" >"$W/user/password"
chmod 600 "$W/user/password"
! is_root || chown 65534:65534 "$W/user/password"
opts=(--profile gentoo-base "${mirror[@]}" --size 512M --swap-size 32M --kernel /boot/vmlinuz-guest)
[ "$MODE" != asan ] || user_env=(ASAN_OPTIONS=detect_leaks=0) # not possible under ptrace

trace=execve,write,pwrite64,writev,pwritev,sendto,sendmsg
check "a build under strace" as_user strace -f -s 65536 -e trace=$trace -o "$U_TMP/../trace" \
	"$PROG" "${opts[@]}" --disk guest.img --root-password-file "$W/user/password" --verbose
cp "$W/.out" "$W/said"
check "the trace has the programs run" grep -q 'execve("[^"]*gpg' "$W/user/trace"
nowhere() { ! grep -aFl "$canary" "$@"; }
check "it is in no argument, environment or write" nowhere "$W/user/trace"
check "it is in no message" nowhere "$W/said"
check "it is not in the config" nowhere guest.cfg
check "it is not in the image" nowhere guest.img
check "it is in no file of the user's" sh -c "! grep -raFl '$canary' '$W/user/home' '$U_TMP' '$U'"
read -r root_at _ < <(part guest.img 1)
fs="guest.img?offset=$root_at"
check "the hash is the password's" perl -e '($h) = (grep /^root:/, <STDIN>)[0] =~ /^root:([^:]*)/;
	exit(crypt($ARGV[0], $h) ne $h)' "$canary" < <(guest_cat /etc/shadow)
check "shadow is root's alone" grep -qE 'Mode:  *0?6[04]0' <(debugfs -R 'stat /etc/shadow' "$fs" 2>/dev/null)

# a password in a mirror's address
rm -f guest.img guest.cfg
check "a mirror with a password" as_user "$PROG" --profile gentoo-base --keyring "$mirror_keyring" \
	--signer "$mirror_signer" --mirror "${mirror_url/http:\/\//http://me:$canary@}" --verbose \
	--kernel /boot/vmlinuz-guest --disk guest.img
cp "$W/.out" "$W/said"
check "it is in no message" nowhere "$W/said"
check "it is not in the config" nowhere guest.cfg
refused "nor in an error" 5 "" as_user "$PROG" --profile gentoo-base --keyring "$mirror_keyring" \
	--signer "$mirror_signer" --mirror "http://me:$canary@127.0.0.1:1" --kernel /boot/vmlinuz-guest --disk x.img --verbose
check "it is in no error message" nowhere "$W/.err"
