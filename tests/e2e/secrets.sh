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
opts=(--profile gentoo-base "${mirror[@]}" --size 512M --swap-size 32M --kernel /boot/vmlinuz-guest --manifest full)
[ "$MODE" != asan ] || user_env=(ASAN_OPTIONS=detect_leaks=0) # not possible under ptrace

trace=execve,write,pwrite64,writev,pwritev,sendto,sendmsg
check "a build under strace" as_user strace -f -s 65536 -e trace=$trace -o "$U_TMP/../trace" \
	"$PROG" "${opts[@]}" --disk guest.img --root-password-file "$W/user/password" --verbose
cp "$W/.out" "$W/said"
check "the trace has the programs run" grep -q 'execve("[^"]*gpg' "$W/user/trace"
nowhere() { ! grep -aFl "$canary" "$@"; }
# the manifest says that there was a password, and nothing that one could try guesses against
nowhere_or_hash() {
	nowhere guest.manifest.json && ! grep -nE '\$(6|y)\$|user/password' guest.manifest.json &&
		grep -q root-password-file guest.manifest.json
}
check "it is in no argument, environment or write" nowhere "$W/user/trace"
check "it is in no message" nowhere "$W/said"
check "it is not in the config" nowhere guest.cfg
check "it is not in the manifest, nor is its file or hash" nowhere_or_hash
check "it is not in the image" nowhere guest.img
check "it is in no file of the user's" sh -c "! grep -raFl '$canary' '$W/user/home' '$U_TMP' '$U'"
read -r root_at _ < <(part guest.img 1)
fs="guest.img?offset=$root_at"
check "the hash is the password's" perl -e '($h) = (grep /^root:/, <STDIN>)[0] =~ /^root:([^:]*)/;
	exit(crypt($ARGV[0], $h) ne $h)' "$canary" < <(guest_cat /etc/shadow)
check "shadow is root's alone" grep -qE 'Mode:  *0?6[04]0' <(debugfs -R 'stat /etc/shadow' "$fs" 2>/dev/null)

check "that guesses could be tried against the digest is said" grep -q "a guess of root's password" "$W/said"
seed="seed-$canary"
check "a build with a secret seed" as_user "$PROG" "${opts[@]}" --disk guest.img --force \
	--root-password-file "$W/user/password" --seed "$seed" --verbose
cp "$W/.out" "$W/said"
check "the seed is in no message, config, manifest" nowhere "$W/said" guest.cfg guest.manifest.json
check "guesses cannot be tried then" sh -c "! grep -q 'a guess of' '$W/said'"

# a password in a mirror's address, and one in its query
rm -f guest.img guest.cfg
check "a mirror with a password" as_user "$PROG" --profile gentoo-base --keyring "$mirror_keyring" \
	--signer "$mirror_signer" --mirror "${mirror_url/http:\/\//http://me:$canary@}" --verbose \
	--kernel /boot/vmlinuz-guest --disk guest.img
cp "$W/.out" "$W/said"
check "it is in no message" nowhere "$W/said"
check "it is not in the config or manifest" nowhere guest.cfg guest.manifest.json
tarball=$(cd "$W/mirror/mirror" && find releases -name '*.tar.xz' | head -1)
sum=$(sha512sum <"$W/mirror/mirror/$tarball" | cut -c1-128)
check "a tarball of a URL with a token" as_user "$PROG" --sha512 "$sum" --size 512M --swap none --disk guest.img \
	--tarball "${mirror_url/http:\/\//http://me:$canary@}/$tarball?token=$canary" --kernel /boot/vmlinuz-guest --force -v
cp "$W/.out" "$W/said"
check "it is in no message, config, manifest" nowhere "$W/said" guest.cfg guest.manifest.json
check "but the tarball's address is" grep -qF "$tarball?..." guest.manifest.json
refused "nor in an error" 5 "" as_user "$PROG" --profile gentoo-base --keyring "$mirror_keyring" \
	--signer "$mirror_signer" --mirror "http://me:$canary@127.0.0.1:1" --kernel /boot/vmlinuz-guest --disk x.img --verbose
check "it is in no error message" nowhere "$W/.err"

# a password that is made, and a file that is copied in
rm -f x.* guest.*
copied=Copied-$canary
mkdir in && echo "$copied" >in/token && chmod 600 in/token
! is_root || chown -R 65534:65534 in
check "a random password" as_user strace -f -s 65536 -e trace=$trace -o "$U_TMP/../trace" "$PROG" "${opts[@]}" \
	--disk guest.img --root-password random:pw --copy-in in/token:/etc --verbose
cp "$W/.out" "$W/said"
check "is in a file of mode 0600" [ "$(stat -c %a pw) $(wc -c <pw)" = "600 25" ]
read -r canary <pw
check "and in no message, config, manifest" nowhere "$W/said" guest.cfg guest.manifest.json
check "nor in the image" nowhere guest.img
check "written once" [ "$(grep -cF "$canary" "$W/user/trace")" = 1 ]
fs="guest.img?offset=$(part guest.img 1 | cut -d' ' -f1)"
check "root's hash is of it" perl -e '($h) = (grep /^root:/, <STDIN>)[0] =~ /^root:([^:]*)/;
	exit(crypt($ARGV[0], $h) ne $h)' "$canary" < <(guest_cat /etc/shadow)
refused "verify wants it" 2 "made with a random password for root" as_user "$PROG" verify guest.img --inputs in
check "verify takes it" as_user "$PROG" verify guest.img --inputs in --root-password-file pw
canary=$copied
check "what is copied in is in the guest" [ "$(guest_cat /etc/token)" = "$copied" ]
check "and in no message, config, manifest" nowhere "$W/said" guest.cfg guest.manifest.json
check "nor in a file that is left" sh -c "! grep -raFl '$copied' '$U_TMP' '$W/user/home'"
refused "a password file that is there stays" 3 "may hold another guest's password" as_user "$PROG" "${opts[@]}" \
	--disk guest.img --force --root-password random:pw
refused "a password on the command line" 2 "goes into a file" as_user "$PROG" "${opts[@]}" --disk x.img \
	--root-password "password:$canary"
check "it is not said again" nowhere "$W/.err"
