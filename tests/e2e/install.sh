# SPDX-License-Identifier: GPL-2.0-or-later
# make install, and the installed program finds its profiles.
. "$(dirname "$0")/lib.sh"
check "make install works" make -C "$top" --no-print-directory MODE="$MODE" DESTDIR="$W/root" install
for f in sbin/mkdomu share/mkdomu/profiles/gentoo-base.conf share/mkdomu/profiles/generic.conf share/man/man8/mkdomu.8 \
	sbin/mkdomu-smoke share/man/man8/mkdomu-smoke.8 share/mkdomu/lab/boot share/mkdomu/lab/lablib/facts.sh; do
	check "$f is installed" [ -s "$W/root/usr/local/$f" ]
done
# In a mount namespace of its own, where /usr/local is what was installed: PROGRAM ARGUMENT...
installed_program() {
	unshare --mount $(is_root || echo --map-root-user) sh -c '
		mount --bind "$1/usr/local" /usr/local && shift && cd / && exec "$@"' sh "$W/root" "$@"
}
installed() { installed_program /usr/local/sbin/mkdomu "$@"; }
if unshare --mount $(is_root || echo --map-root-user) true 2>/dev/null; then
	check "--version answers" installed --version
	for p in gentoo-base gentoo-systemd; do
		check "profile $p is found by name" installed --profile $p --disk "$W/x.img" --kernel /boot/vmlinuz-guest --dry-run
	done
	check "mkdomu-smoke finds the laboratory" grep -q -- --password-file \
		<(installed_program /usr/local/sbin/mkdomu-smoke --help)
	installed_program /usr/local/sbin/mkdomu-smoke "$W/no.cfg" >"$W/said"
	check "mkdomu-smoke wants a config" [ $? = 2 ]
	check "and names it" grep -qF "cannot read '$W/no.cfg'" "$W/said"
	check "a dry run leaves nothing" [ ! -e "$W/x.img" ]
	refused "a profile that does not exist names where it was looked for" 2 /usr/local/share/mkdomu/profiles \
		installed --profile no-such --disk "$W/x.img" --kernel /boot/vmlinuz-guest --dry-run
else skip "the installed program" "no mount namespaces here"; fi
check "make uninstall works" make -C "$top" --no-print-directory MODE="$MODE" DESTDIR="$W/root" uninstall
check "nothing is left installed" [ -z "$(find "$W/root" -type f)" ]
check "README has the options of --help" diff <("$MKDOMU" --help | sed '1,/^What to build/d') \
	<(sed -n '/^    What to build/,/^## Profiles/p' "$top/README.md" | sed '1d;$d;s/^    //' | sed '$d')
