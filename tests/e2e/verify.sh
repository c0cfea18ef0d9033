# SPDX-License-Identifier: GPL-2.0-or-later
# mkdomu verify: an untouched disk passes, and one flipped bit is found and called by its name,
# wherever it is.
. "$(dirname "$0")/lib.sh"
user_setup
mkdir -p t/etc t/sbin t/many t/long
echo root:x:0:0 >t/etc/passwd
seq 40000 >t/etc/numbers
seq 300000 >t/etc/scattered
echo x >t/sbin/init
for i in $(seq 1200); do : >"t/many/a-file-with-a-rather-long-name-so-that-blocks-fill-$i"; done
ln -s "$(printf 'x%.0s' $(seq 90))" t/long/link
tar -C t --sort=name --mtime=@1700000000 -cf t.tar .
opts=(--tarball t.tar --unverified --no-hooks --kernel /boot/vmlinuz-guest)
build() { as_user "$PROG" "${opts[@]}" "$@"; }
verify() { as_user "$PROG" verify "$@"; }

check "a disk with GPT and swap is made" build --disk g.img --size 300M --swap-size 16M
check "and passes" verify g.img --tarball t.tar
check "nothing is left of that" nothing_left
remember g.img g.cfg g.manifest.json
read -r fs_at _ < <(part g.img 1)
read -r swap_at _ < <(part g.img 2)
size=$(stat -c %s g.img)
fs="g.img?offset=$fs_at"

# The places, by what e2fsprogs says of them.
block_of() { debugfs -R "blocks $1" "$fs" 2>/dev/null | awk '{ print $1 }'; }
inode_of() { debugfs -R "stat $1" "$fs" 2>/dev/null | sed -n 's/^Inode: \([0-9]*\) .*/\1/p'; }
group() { dumpe2fs "$fs" 2>/dev/null | awk -v what="$1" '
	/^Group 0:/ { on = 1 } on && index($0, what) { sub(".*" what " at ", ""); print $0 + 0; exit }'; }
inode_at() { # PATH: byte in the file system
	local at
	at=$(debugfs -R "imap $1" "$fs" 2>/dev/null | sed -n 's/.*located at block \([0-9]*\), offset 0x\(.*\)/\1 \2/p')
	echo $((${at% *} * 4096 + 0x${at#* }))
}
backup=$(dumpe2fs "$fs" 2>/dev/null | sed -n 's/.*Backup superblock at \([0-9]*\),.*/\1/p' | head -1)
journal=$(debugfs -R 'blocks <8>' "$fs" 2>/dev/null | awk '{ print $1 }')

bad_copy() { # that the user may read, too
	cp --sparse=always g.img bad.img && chmod 644 bad.img
}

# found NAME WORDS BYTE: a bit flipped there is found, and named so
found() {
	bad_copy
	python3 - bad.img "$3" <<-'P'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2]))
		    b = f.read(1)
		    f.seek(int(sys.argv[2]))
		    f.write(bytes([b[0] ^ 4]))
	P
	refused "a bit flipped in $1" 6 "in 1 place, first at byte $3: $2" \
		verify bad.img --tarball t.tar --manifest g.manifest.json
}
found "the protective MBR" "protective MBR" 446
found "the GPT's header" "GPT header" 530
found "a partition's entry" "GPT entry of partition 2" $((1024 + 128 + 60))
found "an entry's backup" "GPT entry (backup) of partition 1" $((size - 33 * 512 + 20))
found "the GPT's backup" "GPT header (backup)" $((size - 512 + 40))
found "the superblock" "superblock" $((fs_at + 1024 + 0x60))
found "a superblock's copy" "superblock (copy in group" $((fs_at + backup * 4096 + 0x60))
found "a descriptor's copy" "group descriptor 0 (copy in group" $((fs_at + (backup + 1) * 4096 + 4))
found "a group descriptor" "group descriptor 0" $((fs_at + 4096 + 12))
found "the block bitmap" "block bitmap of group 0" $((fs_at + $(group "Block bitmap") * 4096 + 900))
found "the inode bitmap" "inode bitmap of group 0" $((fs_at + $(group "Inode bitmap") * 4096 + 1))
found "an inode" "inode $(inode_of /etc/passwd) = /etc/passwd" $((fs_at + $(inode_at /etc/passwd) + 0x10))
found "the root's inode" "inode 2 = /" $((fs_at + $(inode_at /) + 0x10))
found "a free inode" "inode 3201, which is free" $((fs_at + ($(group "Inode table") + 200) * 4096 + 7))
found "a directory" "directory block 0 of /etc" $((fs_at + $(block_of /etc) * 4096 + 30))
found "a folder's index" "directory block 0 of /many" $((fs_at + $(block_of /many) * 4096 + 60))
found "what a file holds" "content of /etc/numbers at byte 4101" $((fs_at + ($(block_of /etc/numbers) + 1) * 4096 + 5))
found "a long link" "text of the symlink /long/link" $((fs_at + $(block_of /long/link) * 4096 + 3))
found "the journal" "journal at byte 16" $((fs_at + journal * 4096 + 16))
found "the swap's header" "swap header" $((swap_at + 1030))
bad_copy
check "free space may hold anything" sh -c "echo junk | dd of=bad.img bs=1 seek=$((swap_at + 9000)) conv=notrunc status=none"
check "that is no difference" verify bad.img --tarball t.tar --manifest g.manifest.json
bad_copy
truncate -s 100M bad.img
refused "a disk that was cut" 6 differs verify bad.img --tarball t.tar --manifest g.manifest.json
check "the good one was left alone" unchanged

echo "== other layouts"
check "two bare disks are made" build --disk b.img --size 64M --swap s.img --swap-size 8M
check "and pass" verify b.img --swap s.img --tarball t.tar
printf X | dd of=s.img bs=1 seek=1040 conv=notrunc status=none
refused "a bit in the second" 6 "swap header" verify b.img --swap s.img --tarball t.tar
check "the first alone passes" verify b.img --tarball t.tar
check "a swap file is made" build --disk f.img --size 96M --swap file --swap-size 8M
check "and passes" verify f.img --tarball t.tar

echo "== other tarballs"
xz -k t.tar
check "the same members, compressed" verify g.img --tarball t.tar.xz
echo root:y:0:0 >t/etc/passwd
tar -C t --sort=name --mtime=@1700000000 -cf u.tar .
refused "another file in it" 6 "content of /etc/passwd at byte 5" verify g.img --tarball u.tar
touch -d @1600000000 t/etc/numbers
echo root:x:0:0 >t/etc/passwd
tar -C t --sort=name --mtime=@1700000000 -cf u.tar --exclude=numbers .
tar -C t --mtime=@1600000000 -rf u.tar ./etc/numbers
refused "more than one difference" 6 differs verify g.img --tarball u.tar
refused "a tarball that is nowhere" 5 "--tarball" verify g.img

echo "== a whole guest, with secrets"
mirror_setup openrc
echo a-password-of-mine >pw
ssh-keygen -q -t ed25519 -N '' -f id 2>/dev/null || echo "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHb9cHqPCzyF3lPCLEwTNx8Gr1WPoCrfo8rn5Y3YyMzK x" >id.pub
! is_root || chown 65534:65534 pw id.pub
chmod 600 pw
chmod 644 id.pub
secrets=(--root-password-file pw --authorized-keys id.pub --seed "a seed of mine")
check "it is made" as_user "$PROG" --profile gentoo-base "${mirror[@]}" --disk w.img --size 512M \
	--swap-size 32M --kernel /boot/vmlinuz-guest --ip 192.0.2.10/24 --gateway 192.0.2.1 "${secrets[@]}"
check "it passes, its tarball from the cache" verify w.img --offline "${secrets[@]}"
refused "without the password" 2 "--root-password-file, which its manifest" verify w.img --offline "${secrets[@]:2}"
refused "without the seed" 2 "--seed, which its manifest" verify w.img --offline "${secrets[@]:0:4}"
echo another-password >pw2
chmod 600 pw2
! is_root || chown 65534:65534 pw2
refused "with another password" 6 "content of /etc/shadow" \
	verify w.img --offline --root-password-file pw2 "${secrets[@]:2}"
rm -rf "$W/user/home/.cache"
check "with no cache it comes from where it came" verify w.img "${secrets[@]}"

echo "== where things are, or are not"
mirror_path=$(jq -r '.predicate.buildDefinition.resolvedDependencies[0].uri' w.manifest.json)
check "the tarball's URL is recorded" [ -n "$mirror_path" ]
query=(--tarball "$mirror_path?token=a-secret" --sha256 "$(jq -r '.predicate.buildDefinition.resolvedDependencies[0].digest.sha256' w.manifest.json)")
rm -rf "$W/user/home/.cache"
check "a guest is made from a URL with a query" as_user "$PROG" "${query[@]}" --no-hooks --disk q.img \
	--size 512M --swap none --kernel /boot/vmlinuz-guest
check "the manifest has not the query" sh -c '! grep -q a-secret q.manifest.json'
check "its tarball is found in the cache" verify q.img
rm -rf "$W/user/home/.cache"
refused "without a cache the query is needed" 5 "whole URL, by --tarball" verify q.img
check "and does" verify q.img "${query[@]:0:2}"
if is_root; then
	loop_of g.img -r || exit 2
	refused "a device's manifest is looked for beside its config" 2 \
		"'/etc/xen/guest-${loop##*/}.manifest.json'" "$PROG" verify "$loop" --tarball t.tar
	check "a device passes" "$PROG" verify "$loop" --tarball t.tar --manifest g.manifest.json
	losetup -d "$loop"
	mount_of none "$W/full" -t tmpfs -o size=6M,mode=1777
	U_TMP_was=$U_TMP U_TMP=$W/full
	head -c 5M /dev/zero >"$W/full/filler"
	refused "a full TMPDIR" 8 "no room for the temporary image in '$W/full/" verify g.img --tarball t.tar
	check "is as full as before" only_these "$W/full" filler
	U_TMP=$U_TMP_was
	umount "$W/full"
	check "this host's kernel does not matter" unshare -m sh -c '
		mkdir -p /boot && mount -t tmpfs none /boot && echo junk >/boot/vmlinuz && exec "$@"' sh \
		"$PROG" verify g.img --tarball t.tar
else skip "devices, a full TMPDIR, a host's kernel" "needs root"; fi
# kill -9 leaves the folder; the next run takes it away, once nobody can be about to use it
start_as_user "$PROG" verify g.img --tarball t.tar
for i in $(seq 200); do [ -z "$(ls -A "$U_TMP")" ] || break; sleep 0.01; done
kill -9 "$pid"
wait "$pid" 2>/dev/null
left=$(ls -A "$U_TMP")
check "a killed run leaves its folder" [ -n "$left" ]
touch -d '1 hour ago' "$U_TMP/$left"
check "a later run works" verify g.img --tarball t.tar
check "and takes it away" nothing_left

echo "== manifests that are none"
bad() { # NAME WORDS JQ-FILTER
	jq "$3" g.manifest.json >bad.json
	refused "$1" 2 "$2" verify g.img --tarball t.tar --manifest bad.json
}
refused "no manifest" 2 "there is no manifest" verify t.tar
refused "another file" 2 "cannot use the manifest" verify g.img --manifest g.cfg
bad "no build type" buildType 'del(.predicate.buildDefinition.buildType)'
bad "a size of text" disks '.predicate.buildDefinition.internalParameters.disks[0].sizeBytes = "1"'
bad "a digest that is short" sha256 '.predicate.buildDefinition.resolvedDependencies[0].digest.sha256 = "ab"'
bad "a file to write a password to" root-password ".predicate.buildDefinition.externalParameters.options += [{
	name: \"root-password\", values: [\"random:$U/evil\"], origins: [\"--root-password\"]}]"
check "which is not made" [ ! -e "$U/evil" ]
bad "an option of tomorrow" options '.predicate.buildDefinition.externalParameters.options[0].name = "tomorrow"'
jq '.subject[0].digest.mkdomuStructures1 = ("0" * 64)' g.manifest.json >bad.json
refused "a digest of something else" 6 "the digest in its manifest" verify g.img --tarball t.tar --manifest bad.json
check "nothing is left of all that" nothing_left
