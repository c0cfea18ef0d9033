# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest, as it is seen on its console."""
import os
import re
import shlex
import time

from . import GuestError, LabError

PROMPT = r"^[^\s\[]+ login: "
# A line that ends the wait at once: nothing good can come any more.
HOPELESS = r"^.*(?:Kernel panic|lab initramfs:|end Kernel|Give root password for maintenance).*"
FACTS = os.path.join(os.path.dirname(__file__), "facts.sh")
# Under emulation, on a machine with other load: an order of magnitude above what is usual.
ANSWER_S = 600


class Guest:
    """silence: how many seconds without a word on its console mean that it hangs."""

    def __init__(self, name, machine, dom0, silence, timeout):
        self.name, self.machine, self.dom0 = name, machine, dom0
        self.silence, self.timeout = silence, timeout
        self.boot_at = self.born_at = 0

    def wait(self, pattern, start, seconds, hopeless=None, silence=0, may_end=False):
        """The match behind byte start of its console; GuestError says why there is none."""
        console = self.machine.com2
        deadline = self.machine.seconds() + seconds
        while True:
            m = re.compile(pattern, re.M).search(console.text, start)
            if m:
                return m
            bad = hopeless and re.compile(hopeless, re.M).search(console.text, start)
            if bad:
                for _ in range(20):  # to the end of the line, and what follows it
                    self.machine.pump(0.1)
                raise GuestError(re.compile(hopeless, re.M).search(console.text, start)[0].strip())
            if self.dom0.fault():
                raise LabError(f"dom0 does not work: {self.dom0.fault()}")
            end = self.dom0.ended(self.born_at)
            if end and not may_end:
                raise GuestError(f"the guest ended: {end[1]}")
            if not self.machine.pump(1):
                raise LabError("QEMU ended")
            if silence and time.monotonic() - console.heard > silence:
                raise GuestError(f"no login on the console, which says nothing for {silence} s")
            if self.machine.seconds() > deadline:
                raise GuestError(f"nothing that matches {pattern!r} on the console in {seconds} s")

    def await_login(self, may_end=False):
        self.machine.com2.heard = time.monotonic()
        self.wait(PROMPT, self.boot_at, self.timeout, HOPELESS, self.silence, may_end)

    def send(self, line, answer, what, bad=None):
        start = len(self.machine.com2.text)
        self.machine.com2.send(line)
        try:
            return self.wait(answer, start, ANSWER_S, bad), start
        except GuestError as e:
            raise GuestError(f"{what}: {e}") from e

    def login(self, password):
        """As root, to a plain shell that neither echoes nor prompts."""
        self.send("root", r"[Pp]assword: ?", "root cannot log in")
        self.send(password, r"[#$] ?\Z", "root cannot log in with the password", "Login incorrect")
        self.machine.com2.send("exec env TERM=dumb PS1= PS2= PATH=/usr/sbin:/usr/bin:/sbin:/bin sh")
        # The quotes keep the echo of this line from being taken for the answer.
        self.send("stty -echo; echo @@''shell", r"^@@shell", "no shell")

    def type_file(self, name, text):
        """By a here-document, in pieces that a terminal takes."""
        self.machine.com2.send(f": >{name}")
        lines = text.split("\n")
        for i in range(0, len(lines), 12):
            piece = "\n".join(lines[i:i + 12])
            self.send(f"cat >>{name} <<'@@END'\n{piece}\n@@END\necho @@''typed", r"^@@typed", "no shell")

    def command(self, line):
        """(status, output) of a command."""
        m, start = self.send(f"{line}; echo @@''status=$?", r"^(?s:.*?)@@status=(\d+)", f"'{line}'")
        return int(m[1]), self.machine.com2.text[start:m.end()]

    def facts(self, pings, caps):
        """What facts.sh finds: key to list of values."""
        with open(FACTS, encoding="utf-8") as f:
            self.type_file("/run/lab-facts", f.read())
        _, text = self.command(f"sh /run/lab-facts '{' '.join(pings)}' '{' '.join(caps)}'")
        ret = {}
        for m in re.finditer(r"^@F ([\w-]+)=(.*)$", text, re.M):
            ret.setdefault(m[1], []).append(m[2].strip())
        if "clock" not in ret:
            raise GuestError("the guest did not tell all that it was asked")
        ret["text"] = [text]
        return ret

    def reboot(self):
        self.boot_at = len(self.machine.com2.text)
        self.machine.com2.send("/sbin/reboot")
        self.await_login(may_end=True)
        self.born_at = len(self.machine.com1.text)

    def power_off(self, typed):
        """From inside when there is a shell, else by the domain's own signal; ends with xl's report."""
        if typed:
            # by its path: busybox's shell would take its own, which tells another init
            self.machine.com2.send("/sbin/poweroff")
        else:
            self.dom0.run(f"xl shutdown {shlex.quote(self.name)}")
        deadline = self.machine.seconds() + self.timeout
        while not self.dom0.ended(self.born_at):
            if not self.machine.pump(1):
                raise LabError("QEMU ended")
            if self.machine.seconds() > deadline:
                raise GuestError(f"it did not power off in {self.timeout} s")
        code, line = self.dom0.ended(self.born_at)
        if code != 0:
            raise GuestError(f"that was no power-off: {line}")
