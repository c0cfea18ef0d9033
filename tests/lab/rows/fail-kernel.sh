# SPDX-License-Identifier: GPL-2.0-or-later
# row: must fail: a kernel without Xen (Debian's, without the notes by which Xen knows a kernel)
# core
. "$(dirname "$0")/../row.sh"
root_of tiny
memory=128
made "${source[@]}" --disk web1.img --swap none --size 64M
parts=$("$lab/prepare") || exit 1
# Xen reads the notes from the program headers: PT_NOTE (4) becomes PT_NULL.
python3 - "$parts/dom0" plain <<'PY'
import struct, sys
with open(sys.argv[1], "rb") as f:
    elf = bytearray(f.read())
at, = struct.unpack_from("<Q", elf, 32)
size, count = struct.unpack_from("<HH", elf, 54)
notes = [at + i * size for i in range(count) if struct.unpack_from("<I", elf, at + i * size)[0] == 4]
assert notes
for n in notes:
    struct.pack_into("<I", elf, n, 0)
struct.pack_into("<Q", elf, 40, 0)  # no section headers, which name the notes too
struct.pack_into("<HH", elf, 60, 0, 0)
with open(sys.argv[2], "wb") as f:
    f.write(elf)
PY
fails "xl create refused the config: .*no loader found" --kernel plain
