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

# hole MIB: /dev/mapper/bad is $a, but for one MiB that can be neither read nor written
hole() {
	printf '%s\n' "0 $(($1 * 2048)) linear $a 0" "$(($1 * 2048)) 2048 error" \
		"$(($1 * 2048 + 2048)) $((sectors - $1 * 2048 - 2048)) linear $a $(($1 * 2048 + 2048))" |
		dmsetup create bad
}
# Where libblkid looks for superblocks: what is there cannot be known, so nothing is done.
need hole 2
before /dev/mapper/bad
refused "an error where superblocks are" 9 "to see what is on it: Input/output error" \
	mkdomu --disk /dev/mapper/bad --swap none --force
after "an error where superblocks are" /dev/mapper/bad
need dmsetup remove bad
for at in 1 3 5; do
	need hole $at
	broken "an error at $at MiB" 9 "'/dev/mapper/bad -> /dev/dm-" /dev/mapper/bad --swap none
	check "it is an input/output error" grep -q '^mkdomu: cannot.*: Input/output error$' .err
	need dmsetup remove bad
done
need hole 50
build "an error where nothing is written" --disk /dev/mapper/bad --swap none
need dmsetup remove bad
rm guest.cfg

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
refused "a device that forgets what is written" 9 "there is no ext4 file system in '/dev/mapper/bad -> " mkdomu --disk /dev/mapper/bad --swap none
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
check "the message says so" grep -q "^mkdomu: '$b' went away" .err
check "no config" [ ! -e guest.cfg ]

# Thin pools that are too small: with errors at once, and with errors after a wait
need vgcreate -qq vg0 "$c"
need lvcreate -qq --type thin-pool -n pool -L 4M vg0
need lvcreate -qq -V 96M --thinpool pool -n thin vg0
need lvchange -qq --errorwhenfull y vg0/pool
broken "a thin pool that fills up" 8 "No space left on device; the pool" /dev/vg0/thin --swap none
check "pool: it is full" [ "$(lvs --noheadings -o data_percent vg0/pool | tr -d ' ')" = 100.00 ]
need lvchange -qq --errorwhenfull n vg0/pool
echo 3 >/sys/module/dm_thin_pool/parameters/no_space_timeout
broken "a full thin pool that waits for space" 8 "No space left on device; the pool" /dev/vg0/thin --swap none
need lvextend -qq -L +40M vg0/pool
build "it works once the pool is larger" --disk /dev/vg0/thin --swap none
check "its root is whole" whole_root /dev/vg0/thin
