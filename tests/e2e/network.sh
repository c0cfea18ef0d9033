# SPDX-License-Identifier: GPL-2.0-or-later
# How a mirror is reached: TLS with certificates made for the run, proxies, addresses of all forms.
# What fails is exit 5, says what, and shows no password.
. "$(dirname "$0")/lib.sh"
user_setup
small_root "$W/small.tar.xz"
"$top/tests/mirror/sign" "$W/mirror/mirror" "stage3-amd64-openrc=$W/small.tar.xz"
ln -s . "$W/mirror/mirror/pub"
chmod 755 "$W/mirror" "$W/mirror/mirror"
certs=$W/certs
"$top/tests/mirror/certs" "$certs"
latest=latest-stage3-amd64-openrc.txt

# start FOLDER PROGRAM ARGUMENTS...: in the background; sets port once it listens there
start() {
	local i dir=$1
	shift
	mkdir -p "$dir"
	"$@" &
	pids+=("$!")
	for ((i = 0; i < 100; i++)); do
		[ -s "$dir/port" ] && break
		sleep 0.1
	done
	port=$(cat "$dir/port")
}
serve() { start "$W/$1" "$top/tests/mirror/serve" "$W/mirror/mirror" "$W/$1" "${@:2}"; } # NAME [ADDRESS [CERT]]
serve http
http=$port
serve https 127.0.0.1 "$certs/good.pem"
https=$port
for name in otherhost expired self; do
	serve $name 127.0.0.1 "$certs/$name.pem"
	declare "$name=$port"
done
start "$W/proxy" "$top/tests/mirror/proxy" "$W/proxy"
proxy=$port
secret=Canary-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
start "$W/closed" "$top/tests/mirror/proxy" "$W/closed" "me:$secret"
closed=$port
# Takes a connection and what it says, and hangs up.
start "$W/mute" python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], file=open(sys.argv[1], "w"), flush=True)
while True:
    c, _ = s.accept()
    c.recv(65536)
    c.close()' "$W/mute/port"
mute=$port

opts=(--profile gentoo-base --no-hooks --swap none --size 96M --kernel /boot/vmlinuz-guest
	--keyring "$W/mirror/keyring.asc" --signer "$(cat "$W/mirror/signer")")
ca=SSL_CERT_FILE=$certs/ca.pem
# The cache goes each time, so that the network is asked.
from() { # MIRROR [NAME=VALUE...]
	rm -rf "$W/user/home/.cache" g.img g.cfg g.manifest.json
	as_user env "${@:2}" "$PROG" "${opts[@]}" --mirror "$1" --disk g.img --verbose
}
made() { # NAME MIRROR [NAME=VALUE...]
	check "$1" from "${@:2}"
	cp "$W/.out" "$W/said" # which the next check would truncate
	check "$1: the guest is whole" e2fsck -fn g.img
	check "$1: no password is shown" lacks "$W/said"
}
lacks() { ! grep -F -- "$secret" "$@"; }
fails() { # NAME STATUS WORDS MIRROR [NAME=VALUE...]
	refused "$1" "$2" "$3" from "${@:4}"
	cp "$W/.out" "$W/said"
	check "$1: no password is shown" lacks "$W/said" "$W/.err"
	check "$1: no guest is made" only_these "$U"
}
at() { : >"$W/$1"; }            # LOG: from now on
asked() { grep -q -- "$2" "$W/$1"; } # LOG REGEX

# -- TLS
made "a certificate of an authority that SSL_CERT_FILE names" "https://127.0.0.1:$https" "$ca"
made "the same by CURL_CA_BUNDLE, which wins" "https://localhost:$https/" "CURL_CA_BUNDLE=$certs/ca.pem" SSL_CERT_FILE=/none
openssl rehash "$certs" 2>/dev/null || c_rehash "$certs" >/dev/null
made "the same by SSL_CERT_DIR" "https://127.0.0.1:$https" "SSL_CERT_DIR=$certs"
fails "an authority that nobody vouches for" 5 "certificate is not valid" "https://127.0.0.1:$https"
fails "a certificate signed by itself" 5 "certificate is not valid" "https://127.0.0.1:$self" "$ca"
fails "a certificate of another host" 5 "certificate is not valid" "https://127.0.0.1:$otherhost" "$ca"
fails "a certificate that has expired" 5 "certificate is not valid: SSL certificate problem: certificate has expired" \
	"https://127.0.0.1:$expired" "$ca"
fails "a server that hangs up" 5 "does not answer in TLS" "https://127.0.0.1:$mute" "$ca"
fails "no TLS on the port" 5 "does not answer in TLS" "https://127.0.0.1:$http" "$ca"
fails "TLS where none is expected" 5 "http://127.0.0.1:$https" "http://127.0.0.1:$https"
fails "certificates that are not there" 2 "'/none' cannot be read; SSL_CERT_FILE" "https://127.0.0.1:$https" SSL_CERT_FILE=/none

# -- redirects
redirect() { echo "$latest redirect $2" >"$W/$1/faults"; } # SERVER URL
pointer=releases/amd64/autobuilds/$latest
redirect https "http://127.0.0.1:$http/$pointer"
at http/access.log
fails "from https to http" 5 "redirects from https" "https://127.0.0.1:$https" "$ca"
check "the other server was not asked" [ ! -s "$W/http/access.log" ]
redirect http "https://127.0.0.1:$https/pub/$pointer"
rm "$W/https/faults"
echo "/pub/.*$latest redirect https://localhost:$https/$pointer" >"$W/https/faults"
made "from http to https, and on" "http://127.0.0.1:$http" "$ca"
for url in "file://$W/mirror/mirror/$pointer" ftp://127.0.0.1/x dict://127.0.0.1:1/x; do
	redirect http "$url"
	fails "to ${url%%:*}:" 5 "redirects to a protocol that is not allowed" "http://127.0.0.1:$http"
done
rm "$W/http/faults" "$W/https/faults"

# -- proxies
made "http by a proxy" "http://127.0.0.1:$http" "http_proxy=http://127.0.0.1:$proxy"
check "the proxy was asked" asked proxy/proxy.log "^GET http://127.0.0.1:$http/.*$latest 200"
made "https by a proxy" "https://127.0.0.1:$https" "$ca" "https_proxy=127.0.0.1:$proxy"
check "the proxy was asked to connect" asked proxy/proxy.log "^CONNECT 127.0.0.1:$https 200"
at proxy/proxy.log
made "a host that no_proxy exempts" "http://127.0.0.1:$http" "http_proxy=http://127.0.0.1:$proxy" no_proxy=other.example,127.0.0.1
check "the proxy was not asked" [ ! -s "$W/proxy/proxy.log" ]
made "https_proxy is not for http" "http://127.0.0.1:$http" https_proxy=http://127.0.0.1:1
made "a proxy with a password" "http://127.0.0.1:$http" "http_proxy=http://me:$secret@127.0.0.1:$closed"
check "it was asked" asked closed/proxy.log "^GET .* 200"
made "https by a proxy with a password" "https://127.0.0.1:$https" "$ca" "https_proxy=http://me:$secret@127.0.0.1:$closed"
fails "a proxy that wants another password" 5 "proxy 'http://127.0.0.1:$closed' (http_proxy) wants a user and a password, HTTP 407" \
	"http://127.0.0.1:$http" "http_proxy=http://me:x$secret@127.0.0.1:$closed"
at closed/proxy.log
fails "the same for https" 5 "by way of the proxy 'http://127.0.0.1:$closed' (https_proxy): CONNECT tunnel failed, response 407" \
	"https://127.0.0.1:$https" "$ca" "https_proxy=http://me:x$secret@127.0.0.1:$closed"
check "it is not tried again" [ "$(wc -l <"$W/closed/proxy.log")" = 1 ]
fails "a dead proxy" 5 "by way of the proxy 'http://127.0.0.1:1' (all_proxy)" \
	"http://127.0.0.1:$http" "all_proxy=http://me:$secret@127.0.0.1:1"
fails "a proxy without an address" 5 "proxy" "http://127.0.0.1:$http" "http_proxy=http://me:$secret@no-such-host.invalid:3"
fails "a proxy of no kind" 5 "by way of the proxy 'nothing://127.0.0.1'" "http://127.0.0.1:$http" "http_proxy=nothing://me:$secret@127.0.0.1"
fails "a proxy that finds no server" 5 "or the proxy 'http://127.0.0.1:$proxy' (http_proxy), answers HTTP 502" \
	http://127.0.0.1:1 "http_proxy=http://127.0.0.1:$proxy"

# -- addresses
made "a path and slashes at its end" "http://127.0.0.1:$http/pub/pub///"
check "no doubled slash is asked for" asked http/access.log "GET /pub/pub/releases/"
made "a user and a password" "http://me:$secret@127.0.0.1:$http"
check "the config has no password" lacks g.cfg
dry() { as_user "$PROG" "${opts[@]}" --mirror "http://me:$secret@127.0.0.1:$http" --disk g.img --dry-run; }
rm -f g.img g.cfg g.manifest.json
check "a dry run with a password" dry
cp "$W/.out" "$W/said"
check "it shows the mirror" grep -q "^mirror: *http://127.0.0.1:$http " "$W/said"
check "and no password" lacks "$W/said"
for url in "http://me:$secret@" "ftp://me:$secret@h" "http://me:$secret@h/?x" "http://me:$secret/@h"; do
	refused "usage: ${url/$secret/...}" 2 --mirror as_user "$PROG" "${opts[@]}" --mirror "$url" --disk g.img
	check "${url/$secret/...}: no password is shown" lacks "$W/.err"
done
if [ -e /proc/net/if_inet6 ] && grep -q '^0\{31\}1 ' /proc/net/if_inet6; then
	serve six ::1
	made "an IPv6 address" "http://[::1]:$port/pub/"
	serve six_tls ::1 "$certs/good.pem"
	made "an IPv6 address and TLS" "https://[::1]:$port" "$ca"
	fails "nobody at an IPv6 address" 5 "http://[::1]:1/" "http://[::1]:1"
else skip "IPv6 addresses" "this machine has no ::1"; fi
