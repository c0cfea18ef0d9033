# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated machine and its two serial ports: com1 is Xen's console and dom0's hvc0, com2 is where
dom0 joins the guest's console."""
import os
import re
import select
import shutil
import socket
import subprocess
import time

from . import LabError

NOISE = re.compile(rb"\r|\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78cM]")
# eager-fpu: left lazy, as "no" has it, Xen counts on XSAVE and XRSTOR to trap while CR0.TS is set, and
# QEMU's do not: one domain's FPU registers turn up in another, and programs crash at random.
XEN_ARGS = ("com1=115200,8n1 console=com1 dom0_mem=640M,max:640M no-real-mode "
            "spec-ctrl=no,eager-fpu=yes loglvl=warning guest_loglvl=warning")
DOM0_ARGS = "console=hvc0 quiet loglevel=4 panic=-1 mitigations=off rdinit=/init"
DOM0_MIB = 640
XEN_MIB = 192
# Everything that TCG has, but for: smap, with which QEMU 7.2 kills dom0; svm, which no PV guest needs.
# An Intel model would cost a factor of three, as Xen then separates the page tables.
CPU = "max,-smap,-svm"


def steady():
    """Shall the machine's clock count its instructions, at 2 ns each? That is more work, but on a host
    with much other load nothing in there runs out of time, neither xl's 10 s for a device nor systemd's
    90 s for a unit. LAB_STEADY=1 or 0 decides; else the load does."""
    said = os.environ.get("LAB_STEADY", "")
    if said in ("0", "1"):
        return said == "1"
    return os.getloadavg()[0] > 2 * len(os.sched_getaffinity(0))


class Console:
    """One serial port. text is all that came, without carriage returns and terminal sequences."""

    def __init__(self, name, log):
        self.name = name
        self.ours, self.theirs = socket.socketpair()
        self.log = open(log, "wb")
        self.raw = b""
        self.text = ""
        self.heard = time.monotonic()

    def read(self):
        data = self.ours.recv(65536)
        if not data:
            return False
        self.log.write(data)
        self.log.flush()
        self.raw += data
        # A sequence may be cut in two: what might begin one is kept back.
        cut = self.raw.rfind(b"\x1b", max(0, len(self.raw) - 16))
        done = len(self.raw) if cut < 0 or NOISE.match(self.raw, cut) else cut
        self.text += NOISE.sub(b"", self.raw[:done]).decode("utf-8", "replace")
        self.raw = self.raw[done:]
        self.heard = time.monotonic()
        return True

    def send(self, line):
        self.ours.sendall(line.encode() + b"\n")

    def tail(self, lines):
        return [line for line in self.text.split("\n") if line.strip()][-lines:]


class Machine:
    """QEMU. drives: what the virtio disks hold, in order, none of which is ever written."""

    def __init__(self, parts, work, share, drives, guest_mib):
        self.started = time.monotonic()
        self.steady = steady()
        self.com1 = Console("dom0", os.path.join(work, "dom0.log"))
        self.com2 = Console("guest", os.path.join(work, "guest.log"))
        self.errors = os.path.join(work, "qemu.log")
        if not shutil.which("qemu-system-x86_64"):
            raise LabError("there is no qemu-system-x86_64 here; install qemu-system-x86")
        args = self.command(parts, share, drives, DOM0_MIB + XEN_MIB + guest_mib)
        with open(self.errors, "wb") as err:
            try:
                self.process = subprocess.Popen(
                    args, stdin=subprocess.DEVNULL, stdout=err, stderr=err,
                    env=dict(os.environ, TMPDIR=work),
                    pass_fds=(self.com1.theirs.fileno(), self.com2.theirs.fileno()))
            except OSError as e:
                raise LabError(f"cannot run {args[0]}: {e.strerror}") from e
        self.com1.theirs.close()
        self.com2.theirs.close()

    def command(self, parts, share, drives, mib):
        clock = ["-icount", "shift=1", "-rtc", "clock=vm"] if self.steady else []
        # It ends with us, however we end.
        args = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-machine", "pc",
                "-accel", "tcg,tb-size=512" + ("" if self.steady else ",thread=multi"),
                "-cpu", CPU, "-smp", "1", *clock, "-m", str(mib), "-nodefaults", "-vga", "none",
                "-display", "none", "-no-reboot",
                "-virtfs", f"local,path={share},mount_tag=lab,security_model=none,multidevs=remap",
                "-kernel", parts + "/xen", "-append", XEN_ARGS,
                "-initrd", f"{parts}/dom0 {DOM0_ARGS},{parts}/dom0.cpio"]
        for i, com in enumerate((self.com1, self.com2)):
            args += ["-chardev", f"socket,id=c{i},fd={com.theirs.fileno()}", "-serial", f"chardev:c{i}"]
        for drive in drives:
            path = drive.replace(",", ",,")
            args += ["-drive", f"if=virtio,format=raw,cache=unsafe,snapshot=on,file={path}"]
        return args

    def seconds(self):
        return time.monotonic() - self.started

    def cpu_seconds(self):
        """Of the host's processors, which tell more than the clock when there is other load."""
        try:
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            return 0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def pump(self, seconds):
        """Takes in what the consoles have, waiting so long at most; False once QEMU has ended."""
        coms = {c.ours: c for c in (self.com1, self.com2)}
        ready, _, _ = select.select(list(coms), [], [], seconds)
        # Both, whatever one of them says: the last words count.
        alive = [coms[s].read() for s in ready]
        return all(alive) and self.process.poll() is None

    def stop(self, seconds=0):
        """Ends QEMU, which gets so many seconds to end by itself."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for com in (self.com1, self.com2):
            com.ours.close()
            com.log.close()
