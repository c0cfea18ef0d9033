# SPDX-License-Identifier: GPL-2.0-or-later
# The test infrastructure itself, by other tools than mkdomu: the mirror is as Gentoo makes it, the
# server can do what the other tests ask of it, xlcheck and treelist see what they should.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc systemd
cd "$W" || exit 2
builds=mirror/mirror/releases/amd64/autobuilds
latest=$builds/latest-stage3-amd64-openrc.txt

# -- the tree
gpg --dearmor <"$mirror_keyring" >keyring.gpg
verify() { gpgv --keyring "$W/keyring.gpg" "$@"; }
check "the pointer is signed" verify "$latest"
path=$(gpg --homedir "$W/mirror/gnupg" --batch -d "$latest" 2>/dev/null | awk '!/^#/ && NF { print $1 }')
gpgconf --homedir "$W/mirror/gnupg" --kill all
check "the pointer names a tarball with a time stamp" \
	grep -qE '^[0-9]{8}T[0-9]{6}Z/stage3-amd64-openrc-[0-9]{8}T[0-9]{6}Z\.tar\.xz$' <<<"$path"
tarball=$builds/$path
check "the DIGESTS are signed" verify "$tarball.DIGESTS"
check "the tarball is signed" verify "$tarball.asc" "$tarball"
check "by a subkey of the signer" grep -q "$mirror_signer" <(gpgv --status-fd 1 --keyring "$W/keyring.gpg" "$latest" 2>/dev/null | grep VALIDSIG)
check "the digests are right" sh -c "cd '$builds/${path%/*}' && grep -A1 SHA512 '${path#*/}.DIGESTS' |
	grep -v '^[#-]' | sha512sum -c - && grep -A1 BLAKE2B '${path#*/}.DIGESTS' | grep -v '^[#-]' | b2sum -c -"
tar -tvJf "$tarball" --numeric-owner >list
check "its first member is the root" [ "$(head -n 1 list | awk '{ print $1, $NF }')" = "drwxr-xr-x ./" ]
check "it is one xz stream of many blocks with CRC32" grep -qE '^ +1 +([4-9]|[1-9][0-9]+) .* CRC32 ' <(xz -l "$tarball")
check "it has a capability" grep -aq SCHILY.xattr.security.capability <(xz -dc "$tarball")
check "it is small enough" [ "$(xz -dc "$tarball" | wc -c)" -lt 125829120 ]
for f in ./etc/inittab ./etc/init.d/net.lo ./etc/rc.conf ./etc/conf.d/hostname ./etc/fstab ./usr/bin/openrc ./usr/bin/init; do
	check "it has $f" grep -q " $f\( -> .*\)\?$" list
done
for f in etc/machine-id etc/resolv.conf etc/conf.d/net etc/hostname etc/securetty; do
	check "it lacks $f" sh -c "! grep -q ' \./$f' list"
done
check "sbin is merged" grep -q ' ./sbin -> usr/bin$' list

# -- the server
url=$mirror_url/releases/amd64/autobuilds
file=$url/$path
size=$(stat -Lc %s "$tarball")
fetch() { curl -sS --max-time 20 "$@"; }
check "it serves a whole file" cmp "$tarball" <(fetch "$file")
check "it serves the rest of a file" cmp <(tail -c 1000 "$tarball") <(fetch -r "$((size - 1000))-" "$file")
check "it serves the middle of a file" cmp <(tail -c +11 "$tarball" | head -c 10) <(fetch -r 10-19 "$file")
check "416 behind the end" [ "$(fetch -o /dev/null -w '%{http_code}' -r "$size-" "$file")" = 416 ]
check "404 for what is not there" [ "$(fetch -o /dev/null -w '%{http_code}' "$url/no")" = 404 ]
check "nothing above its folder" [ "$(fetch --path-as-is -o /dev/null -w '%{http_code}' "$mirror_url/../keyring.asc")" = 404 ]
fault() { printf '%s\n' "$@" >mirror/faults; }
fault 'latest status 503'
check "it fails when told" [ "$(fetch -o /dev/null -w '%{http_code}' "$url/latest-stage3-amd64-openrc.txt")" = 503 ]
fault 'once tar.xz$ truncate 5000'
fetch -o cut "$file" 2>/dev/null
check "it breaks off when told" [ $? = 18 ]
check "and sends that many bytes" cmp cut <(head -c 5000 "$tarball")
check "and once only" cmp "$tarball" <(fetch "$file")
fault 'tar.xz$ until 5000'
fetch -o cut -r 4000- "$file" 2>/dev/null
check "it holds back the end when told" cmp cut <(head -c 5000 "$tarball" | tail -c 1000)
fault 'tar.xz$ corrupt 4000'
check "it damages one byte" [ "$(cmp -l "$tarball" <(fetch "$file") | wc -l)" = 1 ]
fault 'tar.xz$ slow 1000'
fetch --max-time 1 -o slow "$file" 2>/dev/null
check "it is slow when told" [ "$(stat -c %s slow)" -lt 5000 ]
fault "latest redirect $file"
check "it redirects" [ "$(fetch -o /dev/null -w '%{http_code}' "$url/latest-stage3-amd64-openrc.txt")" = 302 ]
rm mirror/faults

# -- xlcheck
xl() { printf '%s\n' "$@" >x.cfg && "$BUILD/tools/xlcheck" x.cfg; }
good=('name = "a"' 'kernel = "/k"' 'memory = 64'
	'disk = [ "format=raw,vdev=xvda1,access=rw,target=/srv/a, b.img" ]' 'vif = [ "mac=00:16:3e:00:00:01" ]')
check "xlcheck takes a good config" xl "${good[@]}"
check "and reads a path with a comma" grep -q 'target=/srv/a, b.img$' <(xl "${good[@]}")
while IFS= read -r line; do
	xl "${good[@]:0:3}" "$line" >said 2>&1
	check "xlcheck refuses: $line" [ $? = 1 ]
done <<'END'
disk = [ "vdev=,target=/x" ]
disk = [ "vdev=hello,target=/x" ]
disk = [ "target=/x" ]
disk = [ "vdev=xvda1,target=x" ]
disk = [ "vdev=xvda1,access=zz,target=/x" ]
disk = "vdev=xvda1,target=/x"
vif = [ "bridge=br0" ]
vif = [ "mac=00:16:3e:00:00" ]
vif = [ "mac=00:16:3e:00:00:01,colour=red" ]
memory = 512M
memory = 0x
vcpus = "two"
uuid = "1234"
on_crash = "explode"
nonsense = 1
name = "b"
Memory = 5
maxmem = [ 1 ]
END

# -- treelist
mkdir -p one/d two/d
for d in one two; do
	echo x >$d/d/f
	ln -s f $d/d/l
	ln $d/d/f $d/hard
	truncate -s 1M $d/sparse
	touch -h -d @1600000000 $d/d/l $d/d/f $d/sparse $d/d $d
done
list() { "$top/tests/tools/treelist" "$1"; }
check "treelist finds equal trees equal" diff <(list one) <(list two)
differ() { # NAME COMMAND...: run in two/, makes the lists differ; then put right
	local name=$1
	shift
	cp -a two save
	(cd two && "$@" && touch -h -d @1600000000 d/l d/f sparse d .)
	check "treelist sees $name" sh -c 'diff -q "$1" "$2" >/dev/null; [ $? = 1 ]' sh <(list one) <(list two)
	rm -rf two
	mv save two
}
differ "a mode" chmod 600 d/f
differ "content" sh -c 'echo y >d/f'
differ "a link's target" ln -sfn g d/l
differ "a link that is a copy" sh -c 'cp d/f n && mv n hard'
differ "a hole filled" sh -c 'head -c 1048576 /dev/zero >sparse'
differ "a new name" mkdir e
check "and puts it right" diff <(list one) <(list two)
