# SPDX-License-Identifier: GPL-2.0-or-later
# Devices that fail while they are written, and pools that are full: the right status, one line that
# says so, no config, and nothing that passes for a file system.
. "$(dirname "$0")/vmlib.sh"
in_vm --disk 64M --disk 64M --disk 128M
root_make
a=$(disk 1) b=$(disk 2) c=$(disk 3)
sectors=$(blockdev --getsz "$a")

nothing_on() { ! blkid -p "$1" || { blkid -p "$1"; return 1; }; }
# broken NAME STATUS WORDS TARGET OPTIONS...
broken() {
	local name=$1 status=$2 words=$3 target=$4
	shift 4
	rm -f guest.cfg
	echo old >other.cfg
	refused "$name" "$status" "$words" mkdomu --disk "$target" "$@"
	sed 's/^/# /' .err
	check "$name: no config" [ ! -e guest.cfg ]
	check "$name: nothing like a file system" nothing_on "$target"
}

# Errors from the middle on: tar's data, then the end of the file system
for at in 2 4 50; do
	printf '%s\n' "0 $((at * 2048)) linear $a 0" "$((at * 2048)) 2048 error" \
		"$((at * 2048 + 2048)) $((sectors - at * 2048 - 2048)) linear $a $((at * 2048 + 2048))" >table
	need dmsetup create bad table
	case $at in
	50) build "an error where nothing is written" --disk /dev/mapper/bad --swap none ;;
	*) broken "errors at $at MiB" 9 "Input/output error" /dev/mapper/bad --swap none ;;
	esac
	need dmsetup remove bad
done

# All writes fail, from the first: the old content may stay, but the message says so.
need mke2fs -q -F -t ext4 "$a"
need dmsetup create bad --table "0 $sectors flakey $a 0 0 600 1 error_writes"
refused "a device that takes no writes" 9 "Input/output error" mkdomu --disk /dev/mapper/bad --swap none --force
sed 's/^/# /' .err
check "no config" [ ! -e guest.cfg ]
need dmsetup remove bad
# Writes that are lost without a word
need wipefs -qa "$a"
need dmsetup create bad --table "0 $sectors flakey $a 0 0 600 1 drop_writes"
refused "a device that forgets what is written" 9 "does not keep what is written" mkdomu --disk /dev/mapper/bad --swap none
sed 's/^/# /' .err
check "no config" [ ! -e guest.cfg ]
need dmsetup remove bad

# in_the_middle NAME DEVICE COMMAND...: start on DEVICE, stop at its first MiB, run COMMAND, go on
in_the_middle() {
	local dev=$1 pid from now
	shift
	rm -f guest.cfg
	from=$(cut -c 1- "/sys/class/block/${dev##*/}/stat" | awk '{ print $7 }')
	mkdomu --disk "$dev" --swap none >.out 2>.err &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		now=$(awk '{ print $7 }' "/sys/class/block/${dev##*/}/stat")
		[ $((now - from)) -le 9000 ] || break
	done
	kill -STOP $pid || return 1
	"$@" || return 1
	kill -CONT $pid
	wait $pid
}
need wipefs -qa "$a"
to_error() { dmsetup suspend --noflush bad && dmsetup load bad --table "0 $sectors error" && dmsetup resume bad; }
need dmsetup create bad --table "0 $sectors linear $a 0"
in_the_middle "$(readlink -f /dev/mapper/bad)" to_error
check "a device that fails in the middle: status $?" [ $? = 9 ]
sed 's/^/# /' .err
check "the message says so" grep -q '^mkdomu: .*Input/output error' .err
check "no config" [ ! -e guest.cfg ]
need dmsetup remove bad
check "nothing like a file system" nothing_on "$a"

vanish() { echo 1 >"/sys/class/block/${b##*/}/device/delete"; }
in_the_middle "$b" vanish
rc=$?
check "a disk that is pulled in the middle: status $rc" [ $rc = 9 ]
sed 's/^/# /' .err
check "the message names it" grep -q "^mkdomu: .*$b" .err
check "no config" [ ! -e guest.cfg ]

# Thin pools that are too small
need vgcreate -qq vg0 "$c"
need lvcreate -qq --type thin-pool -n pool -L 4M --errorwhenfull y vg0
need lvcreate -qq -V 96M --thinpool pool -n thin vg0
broken "a thin pool that fills up" 8 "No space left" /dev/vg0/thin --swap none
check "pool: it is full" [ "$(lvs --noheadings -o data_percent vg0/pool | tr -d ' ')" = 100.00 ]
need lvextend -qq -L +40M vg0/pool
build "it works once the pool is larger" --disk /dev/vg0/thin --swap none
check "its root is whole" whole_root /dev/vg0/thin
