# SPDX-License-Identifier: GPL-2.0-or-later
"""dom0: the folder that it shares with the host, the disks, files and bridges that it has, and the
commands that it runs."""
import ipaddress
import os
import re
import shlex
import shutil
import subprocess

from . import GuestError, LabError

# A dom0 under emulation on a loaded machine: an order of magnitude above what is usual.
START_S = 1800
STEP_S = 1800
# libxl's, of a script that got 10 s: of the host's load, not of the guest
LATE = "because of timeout"


class Bridge:
    """NAME=ADDRESS[,ADDRESS][,dhcp=ADDRESS]: dom0's addresses there, and what its DHCP server gives."""

    def __init__(self, spec):
        self.name, eq, rest = spec.partition("=")
        words = rest.split(",")
        self.lease = [w[5:] for w in words if w.startswith("dhcp=")]
        try:
            self.addresses = [ipaddress.ip_interface(w) for w in words if not w.startswith("dhcp=")]
        except ValueError as e:
            raise LabError(f"cannot use the bridge '{spec}': {e}") from e
        if not eq or not re.fullmatch(r"[A-Za-z][\w.-]{0,14}", self.name):
            raise LabError(f"cannot use the bridge '{spec}': it is not NAME=ADDRESS/PREFIX,...")

    def script(self):
        name = self.name
        yield f"ip link add name {name} type bridge stp_state 0 forward_delay 0 && ip link set {name} up"
        for a in self.addresses:
            yield f"ip addr add {a} dev {name}"
        if self.lease:
            v4 = next(a for a in self.addresses if a.version == 4)
            conf = (f"start {self.lease[0]}\nend {self.lease[0]}\ninterface {name}\nmax_leases 1\n"
                    f"lease_file /run/{name}.leases\npidfile /run/{name}.pid\n"
                    f"option subnet {v4.netmask}\noption router {v4.ip}\noption dns {v4.ip}\n"
                    f"option lease 86400\n")
            yield f": >/run/{name}.leases; printf %s {shlex.quote(conf)} >/run/{name}.conf"
            yield f"udhcpd /run/{name}.conf"


class Share:
    """The folder /lab of dom0."""

    def __init__(self, folder):
        self.folder = folder
        self.drives = []  # what the virtio disks hold
        self.lines = ["set -e"]
        self.files = 0

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(text)

    def read(self, name):
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def add_file(self, target, source):
        """A copy of the file, in dom0 by the name that the config has for it."""
        self.files += 1
        copy = f"file{self.files}"
        try:
            subprocess.run(["cp", "--sparse=always", "--", source, os.path.join(self.folder, copy)],
                           check=True, stderr=subprocess.PIPE, text=True)
        except subprocess.CalledProcessError as e:
            raise LabError(e.stderr.strip() or f"cannot copy '{source}'") from e
        os.chmod(os.path.join(self.folder, copy), 0o600)
        where, name = shlex.quote(os.path.dirname(target)), shlex.quote(target)
        self.lines.append(f"mkdir -p {where}; : >{name}; mount --bind /lab/{copy} {name}")

    def add_device(self, target, source):
        """The same as a block device: what a link such as /dev/vg0/root leads to."""
        self.drives.append(source)
        device = f"/dev/vd{chr(ord('a') + len(self.drives) - 1)}"
        where, name = shlex.quote(os.path.dirname(target)), shlex.quote(target)
        self.lines.append(f"[ -b {device} ]; mkdir -p {where}; ln -sfn {device} {name}")

    def add_disk(self, target, source):
        if target.startswith("/dev/"):
            self.add_device(target, os.path.realpath(source))
        else:
            self.add_file(target, source)

    def finish(self, bridges, config_path):
        for b in bridges:
            self.lines += b.script()
        self.write("prep", "\n".join(self.lines) + "\n")
        shutil.copyfile(config_path, os.path.join(self.folder, "guest.cfg"))


class Dom0:
    """Commands there. machine.com1 is its console, on which lines for us begin with "@@ "."""

    def __init__(self, machine, share):
        self.machine, self.share = machine, share
        self.steps = 0

    def fault(self):
        """Why there is no working dom0 any more; None if there is."""
        text = self.machine.com1.text
        m = re.search(r"^@@ fatal: (.*)\n", text, re.M) or re.search(
            r"^.*(?:Panic on CPU|Kernel panic|Xen BUG|Domain 0 crashed|libxl: error: .*" + LATE + ").*",
            text, re.M)
        return re.sub(r"^@@ (?:fatal|xl): ", "", m[0]).strip() if m else None

    def wait(self, pattern, start, seconds):
        """The match behind byte start of its console."""
        deadline = self.machine.seconds() + seconds
        expression = re.compile(pattern, re.M)
        while True:
            m = expression.search(self.machine.com1.text, start)
            if m:
                return m
            if self.fault():
                raise LabError(f"dom0 does not work: {self.fault()}")
            if not self.machine.pump(1):
                m = expression.search(self.machine.com1.text, start)
                if m:
                    return m
                raise LabError("QEMU ended")
            if self.machine.seconds() > deadline:
                raise LabError(f"dom0 did not answer in {seconds} s")

    def start(self):
        self.wait(r"^@@ kernel-up", 0, START_S)
        self.wait(r"^@@ ready", 0, START_S)

    def run(self, script, seconds=STEP_S):
        """(status, output) of a shell script."""
        self.steps += 1
        self.share.write(f"step.{self.steps}", script)
        start = len(self.machine.com1.text)
        self.machine.com1.send(str(self.steps))
        m = self.wait(rf"^@@ done {self.steps} (\d+)", start, seconds)
        return int(m[1]), self.share.read(f"out.{self.steps}")

    def create(self, name):
        """xl create, and its console to com2. xl's log goes to our console, line by line."""
        status, out = self.run("xl create /lab/guest.cfg")
        if re.search(LATE, out):
            raise LabError(f"xl ran out of time, as this host is busy (try LAB_STEADY=1): {first_error(out)}")
        if status:
            raise GuestError(f"xl create refused the config: {first_error(out)}", out)
        quoted = shlex.quote(name)
        self.run("stty -F /dev/ttyS1 115200 raw -echo\n"
                 # again after each reboot, when the domain is another one
                 f"( while :; do xl domid {quoted} >/dev/null 2>&1 && "
                 f"xl console {quoted} <>/dev/ttyS1 >&0 2>/dev/null; sleep 1; done ) &\n"
                 f"( tail -n +1 -f /var/log/xen/xl-{quoted}.log | while read -r l; do "
                 "printf '\\n@@ xl: %s\\n' \"$l\"; done ) >/dev/hvc0 &\n")

    def ended(self, start=0):
        """What xl said of the domain's end behind byte start: (reason code or None, line), or None."""
        m = None
        for m in re.finditer(r"^@@ xl: (.*(?:has shut down, reason code (\d+)|has been destroyed).*)",
                             self.machine.com1.text[start:], re.M):
            pass
        return (m[2] and int(m[2]), m[1]) if m else None

    def evidence(self):
        """What there is to see in dom0 after a failure."""
        try:
            return self.run("xl list\nfor f in /var/log/xen/xl-*.log /var/log/xen/xen-hotplug.log; do\n"
                            "[ ! -s \"$f\" ] || { echo \"== $f\"; tail -n 30 \"$f\"; }\ndone\n"
                            "xl dmesg | tail -n 15\n", 60)[1]
        except LabError as e:
            return f"(dom0 does not answer: {e})"


def first_error(text):
    """The line of what a program said that tells most: later errors follow from the first."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    errors = [line for line in lines if "error" in line]
    return (errors or lines[-1:] or ["it said nothing"])[0]
