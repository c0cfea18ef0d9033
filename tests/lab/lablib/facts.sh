# SPDX-License-Identifier: GPL-2.0-or-later
# Typed into the guest: prints what it is like, "@F KEY=VALUE" a line; a key may come more than once.
# For any POSIX shell, with busybox's tools or the usual ones. $1: addresses of dom0 to ping; $2:
# files whose capabilities to show.
fact() { echo "@F $1=$2"; }
# Those beside the one that this login came from: "PID COMMAND" a line
gettys() {
	for p in /proc/[0-9]*; do
		{ read -r comm <"$p/comm"; } 2>/dev/null || continue
		case $comm in
		*getty*) echo "${p#/proc/} $(tr '\0' ' ' <"$p/cmdline" 2>/dev/null)" ;;
		esac
	done
}
dmesg -n 1 2>/dev/null
since=$(date +%s)
gettys >/run/lab-gettys
fact gettys "$(($(wc -l </run/lab-gettys)))"
if [ -d /run/systemd/system ]; then
	fact init systemd
	fact state "$(timeout 300 systemctl is-system-running --wait)"
	systemctl --failed --no-legend --plain | while read -r unit rest; do fact failed "$unit"; done
	for u in $(systemctl list-units --no-legend --plain '*getty*.service' | cut -d ' ' -f 1); do
		fact restarts "$u $(systemctl show -p NRestarts --value "$u")"
	done
	systemctl --failed --no-legend --plain | while read -r unit rest; do
		journalctl -b -u "$unit" --no-pager -o short-monotonic | tail -n 15
	done
elif command -v rc-status >/dev/null; then
	fact init openrc
	# manual services may well be stopped; those of the levels that ran may not
	for l in sysinit boot default; do
		rc-status --nocolor $l 2>/dev/null | sed -n 's/^ *\([^ ]*\) .*\[ *\(crashed\|stopped\) .*/\1 \2/p'
	done | while read -r s; do fact failed "$s"; done
else
	fact init "$(cut -d ' ' -f 1 /proc/1/comm)"
fi
fact hypervisor "$(cat /sys/hypervisor/type)"
fact pv "$(dmesg | grep -c 'Xen PV')"
fact kernel "$(uname -r)"
fact domain "$(cat /sys/hypervisor/uuid)"
dmesg | grep -E 'segfault|general protection|trap invalid|Oops:|BUG:|EXT4-fs error|I/O error' |
	while read -r l; do fact trouble "$l"; done

number=$(awk '$5 == "/" { n = $3 } END { print n }' /proc/self/mountinfo)
root=$(sed -n 's/^DEVNAME=//p' "/sys/dev/block/$number/uevent")
fact root "$root"
fact rootfs "$(awk '$2 == "/" && $1 != "rootfs" { print $3 }' /proc/mounts)"
fact rootmode "$(awk '$2 == "/" && $1 != "rootfs" { print substr($4, 1, 2) }' /proc/mounts)"
fact writable "$(: >/lab-touched && rm /lab-touched && echo yes)"
fact fsuuid "$(dd if="/dev/$root" bs=8 skip=141 count=2 2>/dev/null |
	od -An -tx1 | tr -d ' \n' | sed 's/^\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)/\1-\2-\3-\4-/')"
awk 'NR > 1 { sub("^/dev/", "", $1); print $1, $3 }' /proc/swaps | while read -r s; do fact swap "$s"; done
fact swaps "$(($(wc -l </proc/swaps) - 1))"
fact hostname "$(cat /proc/sys/kernel/hostname)"
fact machine-id "$(cat /etc/machine-id 2>/dev/null)"

for i in /sys/class/net/*; do
	fact interface "${i##*/} $(cat "$i/address")"
done
ip -o addr show scope global | awk '$3 ~ /^inet/ { print $2, $4 }' | while read -r a; do fact address "$a"; done
{ ip route show default; ip -6 route show default; } |
	sed -n 's/^default via \([^ ]*\) dev \([^ ]*\).*/\1 \2/p' | while read -r r; do fact route "$r"; done
for f in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do
	[ ! -r $f ] || { sed -n 's/^nameserver  *//p' $f; break; }
done | while read -r s; do fact dns "$s"; done
for a in $1; do
	case $a in
	*:*) ping -6 -c 3 -W 20 "$a" >/dev/null 2>&1 || ping6 -c 3 "$a" >/dev/null 2>&1 ;;
	*) ping -c 3 -W 20 "$a" >/dev/null 2>&1 ;;
	esac && fact ping "$a"
done
for f in $2; do fact cap "$(getcap "$f")"; done
# One that dies is started again: agetty waits 10 s before it gives up.
while [ $(($(date +%s) - since)) -lt 12 ]; do sleep 1; done
gettys >/run/lab-gettys-now
while read -r pid rest; do
	grep -q "^$pid " /run/lab-gettys-now || fact restarts "$rest ended"
done </run/lab-gettys
while read -r pid rest; do
	grep -q "^$pid " /run/lab-gettys || fact restarts "$rest began"
done </run/lab-gettys-now
fact clock "$(date +%s)"
