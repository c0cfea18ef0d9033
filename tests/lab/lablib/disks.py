# SPDX-License-Identifier: GPL-2.0-or-later
"""What dom0 has to have for a config: its disks, kernel, ramdisk and bridges."""
import ipaddress
import os
import shlex

from . import LabError
from .dom0 import Bridge

# For guests that ask for DHCP, one network a bridge (RFC 5737).
TEST_NETS = ("192.0.2", "198.51.100", "203.0.113")


def mapping(pairs):
    ret = {}
    for pair in pairs:
        target, eq, source = pair.partition("=")
        if not eq or not target.startswith("/"):
            raise LabError(f"cannot use the disk '{pair}': it is not /TARGET=FILE")
        ret[target] = source
    return ret


def provide(share, config, opt, parts):
    """Puts disks, kernel and ramdisk where the config says that they are."""
    given = mapping(opt.disk)
    unknown = set(given) - {target for _, target in config.disks}
    if unknown:
        raise LabError(f"the config has no disk '{unknown.pop()}'")
    for _, target in config.disks:
        source = given.get(target, target)
        if not os.path.exists(source):
            raise LabError(f"there is no '{source}', a disk of the config; name it by --disk {target}=FILE")
        share.add_disk(target, source)
    for target, source in ((config.kernel, opt.kernel or parts + "/guest"),
                           (config.ramdisk, opt.ramdisk or parts + "/guest.cpio")):
        if target:
            share.add_file(target, source)


def default_bridges(config):
    """For each bridge of vif= a neighbour of the guest's address, or a DHCP server."""
    ret = {}
    for vif in config.vifs:
        name = vif.get("bridge", "xenbr0")
        if name in ret:
            continue
        v4 = [a for a in vif.get("ip", "").split() if ":" not in a]
        if v4:
            address = int(ipaddress.ip_address(v4[0]))
            near = address ^ 1 if (address ^ 1) & 255 not in (0, 255) else address ^ 2
            ret[name] = Bridge(f"{name}={ipaddress.ip_address(near)}/24")
        else:
            net = TEST_NETS[len(ret) % len(TEST_NETS)]
            ret[name] = Bridge(f"{name}={net}.1/24,dhcp={net}.100")
    return list(ret.values())


def filesystem_checks(config):
    """(name, command for dom0): e2fsck of the root, on a bare disk or in the first partition of a GPT
    with sectors of 512 bytes."""
    for vdev, target in config.disks:
        if not config.root().startswith(vdev):
            continue
        name = shlex.quote(target)
        at = "0"
        if config.root() != vdev:
            # The array of entries is at sector 2; the first sector of one is 32 bytes in, 8 bytes.
            at = f"$(($(od -An -t u8 -j 1056 -N 8 {name}) * 512))"
        yield vdev, f"at={at}\ne2fsck -fn {name}?offset=$at 2>&1"
