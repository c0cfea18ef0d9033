# SPDX-License-Identifier: GPL-2.0-or-later
# --copy-in, --write and their kin: what is asked for is in the guest, in order, and nothing of this
# host beside it; the manifest records it, and verify makes it again.
. "$(dirname "$0")/lib.sh"
user_setup
small_root "$W/small.tar.xz"
mkdir -p "$W/root/etc/systemd/system" "$W/root/usr/lib/systemd" "$W/root/usr/sbin"
cp -r "$W/small/." "$W/root/"
printf x >"$W/root/usr/lib/systemd/systemd"
rm "$W/root/sbin/init"
ln -s ../usr/lib/systemd/systemd "$W/root/sbin/init"
ln -s /etc "$W/root/abs"
ln -s ../../../../../../../etc "$W/root/up"
tar -C "$W/root" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cf "$W/root.tar" .
chmod 644 "$W"/*.tar*
mkdir -p in/site/deep other
echo index >in/site/index
echo two >in/site/deep/two
ln -s ../index in/site/deep/link
chmod 4751 in/site/deep/two
chmod 700 in/site in/site/deep
printf '#!/bin/sh\necho hi\n' >in/setup.sh
! is_root || chown -R 65534:65534 in other
opts=(--tarball "$W/root.tar" --unverified --no-hook network --kernel /boot/vmlinuz-guest --size 64M --swap none)
for h in console fstab hostname clock identity access; do opts+=(--no-hook "$h"); done
edits=(--mkdir /srv/www --copy-in in/site/:/srv/www --write '/abs/motd:one
two' --append-line /up/motd:three --chmod 600:/etc/motd --link motd:/etc/issue --delete '/etc/b*'
	--delete /srv/www/site/index --firstboot in/setup.sh)
check "a guest with changed files" as_user "$PROG" "${opts[@]}" --disk a.img "${edits[@]}"
fs=a.img
check "e2fsck finds nothing" e2fsck -fn a.img
check "text through an absolute link, a line through '..'" cmp <(guest_cat /etc/motd) <(printf 'one\ntwo\nthree\n')
mode_of() { debugfs -R "stat $1" "$fs" 2>/dev/null | sed -n 's/.*Mode: *\([0-7]*\).*/\1/p'; }
owner_of() { debugfs -R "stat $1" "$fs" 2>/dev/null | sed -n 's/^User: *\([0-9]*\) *Group: *\([0-9]*\).*/\1:\2/p'; }
mtime_of() { debugfs -R "stat $1" "$fs" 2>/dev/null | sed -n 's/^ *mtime: 0x\([0-9a-f]*\).*/\1/p'; }
check "its mode is as asked for" [ "$(mode_of /etc/motd)" = 0600 ]
check "the link" [ "$(guest_link /etc/issue)" = motd ]
check "what matched is gone" sh -c "! debugfs -R 'stat /etc/blob' a.img 2>/dev/null | grep -q Inode"
check "a copied file" cmp <(guest_cat /srv/www/site/deep/two) <(echo two)
check "without the set-user-ID bit" [ "$(mode_of /srv/www/site/deep/two)" = 0751 ]
check "root's" [ "$(owner_of /srv/www/site/deep/two)" = 0:0 ]
check "at the source epoch" [ "$(mtime_of /srv/www/site/deep/two)" = "$(printf %x 1700000000)" ]
check "a copied link" [ "$(guest_link /srv/www/site/deep/link)" = ../index ]
check "deleted after it was copied" sh -c "! debugfs -R 'stat /srv/www/site/index' a.img 2>/dev/null | grep -q Inode"
check "the first boot's script" cmp <(guest_cat /usr/lib/mkdomu/firstboot.d/0001-setup.sh) in/setup.sh
check "and its unit is enabled" guest_has /etc/systemd/system/multi-user.target.wants/mkdomu-firstboot.service
m=a.manifest.json
check "the manifest has the order, and no folder" [ "$(jq -r '.predicate.buildDefinition.externalParameters.options[] |
	select(.name == "files") | .values | map(split(" ")[0]) | join(" ")' $m)" = \
	"mkdir copy-in write append-line chmod link delete delete firstboot" ]
check "nor in/" sh -c "! grep -F 'in/' $m"
check "the script's digest" grep -q "$(sha256sum <in/setup.sh | cut -c1-64)" $m
list() { # the digest of a folder, as mkdomu(8) has it
	printf '0700 d site\0'
	printf '0700 d site/deep\0'
	printf '0777 l ../index site/deep/link\0'
	printf '0751 f %s site/deep/two\0' "$(sha256sum <in/site/deep/two | cut -c1-64)"
	printf '%04o f %s site/index\0' "0$(stat -c %a in/site/index)" "$(sha256sum <in/site/index | cut -c1-64)"
}
check "the folder's digest" grep -q "\"mkdomuCopy1\": \"$(list | sha256sum | cut -c1-64)\"" $m
refused "verify wants the folder" 2 "name the folder that it is in by --inputs DIR" as_user "$PROG" verify a.img --tarball "$W/root.tar"
check "verify makes it again" as_user "$PROG" verify a.img --tarball "$W/root.tar" --inputs in
echo three >>in/site/deep/two
refused "and finds another input" 6 /srv/www/site/deep/two as_user "$PROG" verify a.img --tarball "$W/root.tar" --inputs in
cd other || exit 2
check "from another folder the same bytes" as_user "$PROG" "${opts[@]}" --disk b.img --name a --mkdir /x --write /x/y:z
check "twice" as_user "$PROG" "${opts[@]}" --disk c.img --name a --cfg c.cfg --manifest none --mkdir /x --write /x/y:z
check "are equal" cmp b.img c.img
cd .. || exit 2

printf 'hooks = { hostname }\nfiles = { "mkdir /p", "write /p/q:from # the profile" }\n' >p.conf
check "a profile's list" as_user "$PROG" --profile ./p.conf "${opts[@]:0:3}" --kernel /boot/x --size 64M --swap none --disk p.img
fs=p.img
check "is done" [ "$(guest_cat /p/q)" = "from # the profile" ]
check "--dry-run names origins" sh -c "cd '$U' && '$PROG' ${opts[*]:0:3} --kernel /boot/x --size 64M --swap none --disk n.img --write /a:b --dry-run |
	grep -q '^files: *write /a:b *(--write)'"
refused "no firstboot without a known init" 10 "how this root runs a script" as_user "$PROG" --tarball "$W/small.tar.xz" --unverified \
	"${opts[@]:3}" --disk no.img --firstboot in/setup.sh
refused "with --no-hooks" 2 "--write needs the hook 'files'" as_user "$PROG" "${opts[@]}" --no-hooks --disk no.img --write /a:b
refused "a source that is not there" 2 "nothing': No such file" as_user "$PROG" "${opts[@]}" --disk no.img --copy-in nothing:/etc
refused "the disk as a source" 2 "would overwrite the file of --copy-in" as_user "$PROG" "${opts[@]}" --disk a.img --force --copy-in a.img:/etc
check "a refusal leaves nothing" [ ! -e no.img ]
