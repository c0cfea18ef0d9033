# SPDX-License-Identifier: GPL-2.0-or-later
# The manifest: a valid statement, whose digests anybody can compute again, the same bytes whoever
# makes it, published with the config or not at all.
. "$(dirname "$0")/lib.sh"
mirror_setup openrc
user_setup
opts=(--profile gentoo-base "${mirror[@]}" --size 400M --swap-size 32M --kernel /boot/vmlinuz-guest)
mkdir -p one two/deep
! is_root || chown -R 65534:65534 one two
cd one || exit 2
user_env=(TZ=UTC LANG=C)
check "a guest" as_user "$PROG" "${opts[@]}" --disk guest.img --manifest full --threads 1
m=$U/one/guest.manifest.json
check "its manifest is JSON" python3 -m json.tool "$m"
says() { jq -e "$1" "$m" >/dev/null || { jq . "$m"; return 1; }; } # JQ-EXPRESSION that is true
def=.predicate.buildDefinition
check "it is an in-toto statement" says '._type == "https://in-toto.io/Statement/v1" and
	(.subject | type == "array" and length == 1 and all(.name and (.digest | length == 2)))'
check "with SLSA provenance" says '.predicateType == "https://slsa.dev/provenance/v1" and
	(.predicate | has("buildDefinition") and has("runDetails"))'
check "with types and a builder, all URIs" says "[$def.buildType, .predicate.runDetails.builder.id,
	($def.resolvedDependencies[].uri // empty)] | all(test(\"^[a-z][a-z0-9+.-]*:[^ ]+\$\"))"
check "every dependency is told by URI or digest" says "$def.resolvedDependencies | all(.uri or .digest)"
check "mode 0640, as the config" [ "$(stat -c %a "$m")" = 640 ]
tarball=$(cd "$W/mirror/mirror/releases/amd64/autobuilds" && ls -d "$PWD"/2*/*.tar.xz | head -1)
check "the tarball's digest is sha256sum's" says "$def.resolvedDependencies[0] | .digest.sha256 ==
	\"$(sha256sum <"$tarball" | cut -c1-64)\" and .annotations.sizeBytes == $(stat -Lc %s "$tarball") and
	(.uri | startswith(\"$mirror_url/\") and endswith(\".tar.xz\"))"
check "the signer is told, and when" says "$def.resolvedDependencies[0].annotations |
	.signer == \"$mirror_signer\" and .verifiedBy == \"signature\" and
	(.signatureTime | test(\"^20[0-9-]{8}T[0-9:]{8}Z\$\"))"
check "options have their origins" says "$def.externalParameters | .profile == \"gentoo-base\" and
	(.options | any(.name == \"size\" and .values == [\"400M\"] and .origins == [\"--size\"]) and
	any(.name == \"variant\" and (.origins[0] | test(\"^gentoo-base.conf:[0-9]+\$\"))))"
check "hooks have their version" says "$def.resolvedDependencies |
	any(.uri == \"mkdomu:hook/console@$("$PROG" --version | cut -d' ' -f2)\")"

# The digests, without mkdomu: free space as zeros by what dumpe2fs says is free, then sha256sum.
plain_digest() { # IMAGE [content-free]
	cp --sparse=always "$1" "$W/plain" && chmod 600 "$W/plain"
	python3 - "$W/plain" "${2:-}" <<-'P' || return
		import os, re, struct, subprocess, sys
		path, bare = sys.argv[1:]
		run = lambda *a: subprocess.run(a, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
		f = open(path, "r+b")
		end = os.fstat(f.fileno()).st_size
		keep = [(0, 34 * 512), (end - 33 * 512, end)]
		f.seek(1024)
		for i in range(2):
		    e = f.read(128)
		    first, last = struct.unpack("<QQ", e[32:48])
		    at = first * 512
		    if i == 1:
		        keep.append((at, at + 4096))
		        continue
		    fs = "%s?offset=%d" % (path, at)
		    dump = run("dumpe2fs", fs)
		    blocks = int(re.search(r"^Block count: *(\d+)", dump, re.M)[1])
		    owned = bytearray(b"\1" * blocks)
		    for line in re.findall(r"^ +Free blocks: (\S.*)$", dump, re.M):
		        for r in line.split(", "):
		            a, _, b = r.partition("-")
		            for k in range(int(a), int(b or a) + 1):
		                owned[k] = 0
		    if bare:
		        inodes, done, level = set(), set(), [2]
		        while level:
		            done.update(level)
		            with open(path + ".cmd", "w") as c:
		                for d in level:
		                    print("ls -p <%d>" % d, file=c)
		            level = []
		            for l in run("debugfs", "-f", path + ".cmd", fs).splitlines():
		                p = l.split("/")
		                if len(p) < 6 or p[5] in (".", ".."):
		                    continue
		                n = int(p[1])
		                if p[2][:2] == "10":
		                    inodes.add(n)
		                elif p[2][:2] == "04" and n not in done:
		                    level.append(n)
		        with open(path + ".cmd", "w") as c:
		            for n in sorted(inodes):
		                print("dump_extents -l <%d>" % n, file=c)
		            print("dump_extents -l <8>", file=c)
		        out = run("debugfs", "-f", path + ".cmd", fs)
		        journal = False
		        for l in out.splitlines():
		            if l.startswith("debugfs:"):
		                journal = "<8>" in l
		            x = re.match(r" *\d+/ *\d+ +\d+/ *\d+ +(\d+) - +\d+ +(\d+) - +(\d+)", l)
		            if x:
		                a, b = int(x[2]), int(x[3])
		                if journal and x[1] == "0":
		                    a += 1
		                owned[a:b + 1] = bytes(b + 1 - a)
		    k = 0
		    while k < blocks:
		        n = k
		        while n < blocks and owned[n]:
		            n += 1
		        if n > k:
		            keep.append((at + k * 4096, at + n * 4096))
		        k = max(n, k + 1)
		keep.sort()
		at = 0
		for a, b in keep + [(end, end)]:
		    while at < a:
		        n = min(a - at, 1 << 20)
		        f.seek(at)
		        if any(f.read(n)):
		            f.seek(at)
		            f.write(bytes(n))
		        at += n
		    at = b
	P
	split -b 1M --filter=sha256sum "$W/plain" | cut -c1-64 | xxd -r -p | sha256sum | cut -c1-64
}
check "the full digest is that of sha256sum" says ".subject[0].digest.mkdomuDisk1 == \"$(plain_digest guest.img)\""
check "the structures' digest, too" says ".subject[0].digest.mkdomuStructures1 == \"$(plain_digest guest.img bare)\""
check "mkdomu digest says the same" says ".subject[0].digest.mkdomuDisk1 ==
	\"$("$PROG" digest -q guest.img | cut -c1-64)\" and .subject[0].digest.mkdomuStructures1 ==
	\"$("$PROG" digest -q --structures guest.img | cut -c1-64)\""

echo "== the same bytes"
cd "$U/two/deep" || exit 2
umask 077
sleep 1.1
user_env=(TZ=Asia/Kolkata LANG=tr_TR.UTF-8)
check "another folder, time, zone, umask, cache, threads" as_user "$PROG" "${opts[@]}" --disk guest.img \
	--manifest full --threads 2 --cache "$U_TMP/other"
umask 022
check "give the same manifest" cmp "$m" guest.manifest.json
rm -rf "$U_TMP/other"
if is_root; then
	mkdir "$W/root"
	cd "$W/root" || exit 2
	check "another user" "$PROG" "${opts[@]}" --disk guest.img --manifest full --cache "$W/root/cache"
	check "gives the same manifest" cmp "$m" guest.manifest.json
	yes garbage | head -c 400M >disk
	loop_of disk || exit 2
	check "a device full of garbage" "$PROG" "${opts[@]}" --disk "$loop" --force --name guest \
		--cfg dev.cfg --manifest full --cache "$W/root/cache" --force
	subject() { jq -S '[.subject[].digest]' "$1"; }
	check "has the image's digests" diff <(subject "$m") <(subject guest.manifest.json)
	check "and mkdomu digest says so" [ "$("$PROG" digest -q "$loop" | cut -c1-64)" = "$(jq -r '.subject[0].digest.mkdomuDisk1' "$m")" ]
	check "and mkdomu verify" "$PROG" verify "$loop" --manifest guest.manifest.json --cache "$W/root/cache" --offline
	truncate -s 500M large
	loop_of large || exit 2
	check "a part of a larger device" "$PROG" "${opts[@]}" --disk "$loop" --name large --cfg large.cfg --cache "$W/root/cache"
	refused "is not called different by mkdomu verify" 3 "larger than the --size" \
		"$PROG" verify "$loop" --manifest large.manifest.json --cache "$W/root/cache" --offline
else skip "another user, a device full of garbage" "needs root"; fi

echo "== hostile names"
cd "$U" || exit 2
mkdir -p t/etc
echo x >t/etc/x
odd=$'t\xff\xc3\x28"\\\xed\xa0\x80.tar'
tar -C t -cf "$odd" .
small=(--unverified --no-hooks --size 64M --swap none --kernel /boot/vmlinuz-guest)
check "a tarball whose name is no text" as_user "$PROG" "${small[@]}" --tarball "./$odd" --disk odd.img
m=odd.manifest.json
check "gives JSON" python3 -m json.tool "$m"
check "that jq reads, with the name in it" says "$def.resolvedDependencies[0].name |
	startswith(\"t\") and endswith(\".tar\") and contains(\"(\\\"\\\\\")"
check "and is valid UTF-8" iconv -f UTF-8 -t UTF-8 "$m"

echo "== with the config or not at all"
mv "$odd" t.tar
small+=(--tarball t.tar)
check "none on request" as_user "$PROG" "${small[@]}" --disk no.img --manifest none
check "leaves none" [ ! -e no.manifest.json ]
check "with one beside it" as_user "$PROG" "${small[@]}" --disk no.img --force
as_user "$PROG" "${small[@]}" --disk no.img --force --manifest none 2>"$W/noted"
check "an old one is warned of" grep -q "warning: 'no.manifest.json' beside the config tells of an earlier guest" "$W/noted"
rm -f no.*
echo 'my own notes' >mine.manifest.json
remember mine.manifest.json
refused "what is no manifest is kept" 3 "is no manifest" as_user "$PROG" "${small[@]}" --disk mine.img
check "as it was" unchanged
check "and nothing else came" [ ! -e mine.img ]
jq '.predicate.buildDefinition.buildType = "other:thing/v1"' "$m" >mine.manifest.json
remember mine.manifest.json
refused "another program's statement is kept" 3 "is no manifest of mkdomu" as_user "$PROG" "${small[@]}" \
	--disk mine.img
check "as it was, too" unchanged
check "an old manifest alone is replaced" as_user "$PROG" "${small[@]}" --disk no.img --force
cp -p no.manifest.json old
as_user "$PROG" "${small[@]}" --disk no.img --force --hostname other >/dev/null 2>&1
check "and says something else then" sh -c "! cmp -s old no.manifest.json"
refused "a manifest over the tarball" 2 overwrite as_user "$PROG" "${small[@]:0:8}" --disk x.img \
	--tarball no.manifest.json --name no
remember no.img no.cfg no.manifest.json
# the config's rename fails: disk and manifest get their old names again
strace -f -qq -o "$W/trace" -e trace=renameat2 -e inject=renameat2:error=EIO:when=3 \
	"$PROG" "${small[@]}" --disk no.img --force --hostname third >/dev/null 2>&1
check "a config that cannot get its name" grep -q INJECTED "$W/trace"
check "takes manifest and disk back" unchanged
check "and leaves nothing beside" [ -z "$(ls -A | grep mkdomu-)" ]
