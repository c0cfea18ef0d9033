# SPDX-License-Identifier: GPL-2.0-or-later
# --user: an account with its files, owners and modes; what is secret stays so; verify makes it again.
. "$(dirname "$0")/lib.sh"
user_setup
small_root "$W/small.tar"
r=$W/root
mkdir -p "$r/bin" "$r/usr/bin" "$r/etc/skel/.config" "$r/etc/sudoers.d"
cp -r "$W/small/." "$r/"
printf '#!/bin/sh\n' >"$r/bin/sh"
cp "$r/bin/sh" "$r/usr/bin/sudo"
chmod 755 "$r/bin/sh" "$r/usr/bin/sudo"
printf 'root:x:0:0:root:/root:/bin/sh\ngames:x:1000:100::/:/bin/sh\n' >"$r/etc/passwd"
printf 'root:x:0:\nwheel:x:10:root\naudio:x:63:' >"$r/etc/group"
printf 'root:*:1::::::\ngames:!:1::::::\n' >"$r/etc/shadow"
printf 'root:*::\nwheel:*::root\naudio:*::\n' >"$r/etc/gshadow"
printf 'UID_MIN 1000\nHOME_MODE 0750\n' >"$r/etc/login.defs"
echo 'root ALL=(ALL:ALL) ALL' >"$r/etc/sudoers"
chmod 440 "$r/etc/sudoers"
echo alias >"$r/etc/skel/.bashrc"
echo x >"$r/etc/skel/.config/x"
ln -s .bashrc "$r/etc/skel/.profile"
tar -C "$r" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cf "$W/root.tar" .
tar -C "$r" --exclude=./usr/bin/sudo --exclude=./etc/group --owner=0 --group=0 --numeric-owner -cf "$W/bare.tar" .
chmod 644 "$W"/*.tar
key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHJy2aGTkZ4xkMdsq7dSgIUbU3EVWsl0s3hYbsLZ1ADI alice"
canary=Canary-$RANDOM$RANDOM
mkdir in other
echo "$key" >in/alice.pub
(umask 077 && echo "$canary" >in/pw)
! is_root || chown -R 65534:65534 in other
opts=(--unverified --no-hook network --no-hook console --kernel /boot/vmlinuz-guest --size 64M --swap none)
users=(--user alice:keys=in/alice.pub,groups=wheel+audio,sudo --user bob:password-file=in/pw,uid=1234,shell=/bin/sh,sudo)
build() { as_user "$PROG" --tarball "$W/root.tar" "${opts[@]}" --disk a.img --seed s "${users[@]}" --verbose >"$W/said" 2>&1; }
check "two users" build
check "the summary says how they log in" grep -q 'login .*alice .*(sudo); bob logs in on the console with a password (sudo)' "$W/said"
check "the password is said nowhere" sh -c "! grep -F $canary '$W/said' a.cfg a.manifest.json"
fs=a.img
check "e2fsck finds nothing" e2fsck -fn a.img
mode_of() { debugfs -R "stat $1" "$fs" 2>/dev/null | sed -n 's/.*Mode: *\([0-7]*\).*/\1/p'; }
owner_of() { debugfs -R "stat $1" "$fs" 2>/dev/null | sed -n 's/^User: *\([0-9]*\) *Group: *\([0-9]*\).*/\1:\2/p'; }
is() { [ "$(mode_of "$1") $(owner_of "$1")" = "$2" ] || { echo "$(mode_of "$1") $(owner_of "$1")"; return 1; }; } # PATH 'MODE OWNER'
check "passwd" cmp <(guest_cat /etc/passwd | tail -n 2) \
	<(printf 'alice:x:1001:1001::/home/alice:/bin/sh\nbob:x:1234:1234::/home/bob:/bin/sh\n')
check "group" cmp <(guest_cat /etc/group) \
	<(printf 'root:x:0:\nwheel:x:10:root,alice\naudio:x:63:alice\nalice:x:1001:\nbob:x:1234:\n')
check "gshadow" cmp <(guest_cat /etc/gshadow) <(printf 'root:*::\nwheel:*::root,alice\naudio:*::alice\nalice:!::\nbob:!::\n')
check "shadow: keys alone" guest_says /etc/shadow '^alice:\*:19675:0:99999:7:::$'
check "shadow: a password" guest_says /etc/shadow '^bob:\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}:19675:0:99999:7:::$'
hash=$(guest_cat /etc/shadow | sed -n 's/^bob:\([^:]*\).*/\1/p')
check "which is that password" [ "$(perl -e 'print crypt($ARGV[0], $ARGV[1])' "$canary" "$hash")" = "$hash" ]
check "a home" is /home/alice "0750 1001:1001"
check "out of skel" is /home/alice/.config/x "0644 1001:1001"
check "with its link" [ "$(guest_link /home/alice/.profile)" = .bashrc ]
check "the keys' folder" is /home/alice/.ssh "0700 1001:1001"
check "the keys" is /home/alice/.ssh/authorized_keys "0600 1001:1001"
check "are those" [ "$(guest_cat /home/alice/.ssh/authorized_keys)" = "$key" ]
check "sudo, of one without a password" [ "$(guest_cat /etc/sudoers.d/alice)" = 'alice ALL=(ALL:ALL) NOPASSWD: ALL' ]
check "and of one with" [ "$(guest_cat /etc/sudoers.d/bob)" = 'bob ALL=(ALL:ALL) ALL' ]
check "its mode" is /etc/sudoers.d/bob "0440 0:0"
check "sudoers reads it" guest_says /etc/sudoers '^#includedir /etc/sudoers.d$'
check "and keeps its mode" is /etc/sudoers "0440 0:0"
check "twice" as_user "$PROG" --tarball "$W/root.tar" "${opts[@]}" --disk b.img --name a --cfg b.cfg --manifest none --seed s "${users[@]}"
check "are equal" cmp a.img b.img

check "the manifest has the words, and no folder" [ "$(jq -r '.predicate.buildDefinition.externalParameters.options[] |
	select(.name == "user") | .values | join(" ")' a.manifest.json)" = \
	"alice:keys=alice.pub,groups=wheel+audio,sudo bob:password-file=pw,uid=1234,shell=/bin/sh,sudo" ]
check "the keys' digest" grep -q "$(sha256sum <in/alice.pub | cut -c1-64)" a.manifest.json
verify=(as_user "$PROG" verify a.img --tarball "$W/root.tar" --seed s)
refused "verify wants the folder" 2 "'alice.pub' of a host (--user), which its manifest does not have" "${verify[@]}"
check "verify makes it again" "${verify[@]}" --inputs in
echo other >in/pw
refused "and finds another password" 6 "/etc/shadow" "${verify[@]}" --inputs in
sed -i 's,keys=alice.pub,keys=/etc/passwd,' a.manifest.json
refused "a manifest names no file of this host" 2 "'user' is missing or not as mkdomu writes it" "${verify[@]}" --inputs in

new=(as_user "$PROG" --tarball "$W/root.tar" "${opts[@]}" --disk no.img)
refused "a group that is not there" 10 "--user carol: the root has no group 'docker', 'kvm'" "${new[@]}" --user carol:groups=docker+wheel+kvm
refused "a uid of another" 10 "the uid 1000 is that of 'games'" "${new[@]}" --user carol:uid=1000
refused "a password on the command line" 2 "goes into a file" "${new[@]}" --user "carol:password=$canary"
check "is not said again" sh -c "! grep -F $canary '$W/.err'"
refused "without the hook" 2 "--user needs the hook 'access'" "${new[@]}" --no-hook access --user carol
refused "keys that are the disk" 2 "would overwrite the file of --user carol" as_user "$PROG" --tarball "$W/root.tar" "${opts[@]}" \
	--disk a.img --force --user carol:keys=a.img
refused "a root without accounts" 10 "there is no /etc/group" as_user "$PROG" --tarball "$W/bare.tar" "${opts[@]}" --disk no.img --user carol
check "a refusal leaves nothing" [ ! -e no.img ]
