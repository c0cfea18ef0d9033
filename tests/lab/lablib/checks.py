# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest has to show: always, by its config, and by what the caller wants of it."""
import ipaddress
import re

from . import LabError

# Seconds by which the guest's clock may lie outside of dom0's time before and after it was read.
CLOCK_S = 5
# Facts of which the guest may have more than the one wanted.
LISTS = ("address", "route", "dns", "interface", "swap", "cap")
WANTS = LISTS + ("init", "root", "rootfs", "swaps", "hostname", "machine-id", "fsuuid", "interfaces",
                 "domain", "gettys")
COMPLAINTS = (r"^.*(?:respawning too fast|\[FAILED\]|\.\.\. *failed!|\[ *!! *\]|Failed to start|Dependency failed|"
              r"startpar: service\(s\) returned failure).*")


class Report:
    """Prints one line a check, and remembers whether all held."""

    def __init__(self):
        self.prefix = ""
        self.good = True

    def check(self, holds, what, seen=None):
        print(f"{'ok' if holds else 'not ok'} - {self.prefix}{what}", flush=True)
        if not holds:
            self.good = False
            if seen is not None:
                print(f"#   seen: {seen}", flush=True)
        return holds


def parse_want(text):
    key, eq, value = text.partition("=")
    if not eq or key not in WANTS:
        raise LabError(f"cannot want '{text}': it is not KEY=VALUE with one of {', '.join(WANTS)}")
    return key, value


def from_config(config):
    """What the config itself promises."""
    wants = []
    if config.root():
        wants.append(("root", config.root()))
    if config.one("uuid"):
        wants.append(("domain", config.one("uuid").lower()))
    for i, vif in enumerate(config.vifs):
        if "mac" in vif:
            wants.append(("interface", f"eth{i} {vif['mac'].lower()}"))
        for a in vif.get("ip", "").split():
            wants.append(("address", f"eth{i} {a}"))
    if config.vifs:
        wants.append(("interfaces", str(len(config.vifs))))
    return wants


def has(facts, key, value):
    seen = facts.get(key, [])
    if key == "interfaces":
        return [s for s in seen if s] == [value]
    if key == "address" and "/" not in value:
        return any(s.split("/")[0] == value for s in seen)
    return value in seen if key in LISTS else seen == [value]


def check_wants(report, facts, wants):
    facts = dict(facts)
    facts["interfaces"] = [str(sum(not s.startswith("lo ") for s in facts.get("interface", [])))]
    for key, value in wants:
        report.check(has(facts, key, value), f"{key} is {value}", facts.get(key))


def check_always(report, facts, dom0_clock, pings):
    def one(key, value, what):
        report.check(facts.get(key) == [value], what, facts.get(key))

    one("hypervisor", "xen", "it runs on Xen")
    report.check(facts.get("pv", ["0"]) != ["0"], "as a paravirtual guest (dmesg)")
    one("rootfs", "ext4", "the root is ext4")
    one("rootmode", "rw", "and is mounted for writing")
    one("writable", "yes", "and can be written")
    if facts.get("init") == ["systemd"]:
        one("state", "running", "systemd says that all is well")
    failed = facts.get("failed", [])
    report.check(not failed, "no service has failed", "; ".join(failed))
    again = [r for r in facts.get("restarts", []) if not r.endswith(" 0")]
    report.check(not again, "no getty was started again", "; ".join(again))
    trouble = facts.get("trouble", [])
    report.check(not trouble, "the kernel saw nothing wrong", "; ".join(trouble))
    off = int(facts["clock"][0]) - dom0_clock
    report.check(abs(off) <= CLOCK_S, "its clock is dom0's", f"{off} s off")
    for a in pings:
        report.check(a in facts.get("ping", []), f"it reaches dom0 at {a}")


def check_console(report, text):
    bad = re.findall(COMPLAINTS, text, re.M)
    report.check(not bad, "nothing complains on the console", "; ".join(b.strip() for b in bad[:8]))


def addresses(facts, bridges):
    """(to, from): addresses of dom0 that the guest shall reach, and of the guest that dom0 shall."""
    own = []
    for word in facts.get("address", []):
        own.append(ipaddress.ip_interface(word.split()[1]))
    return [str(o.ip) for b in bridges for o in own for a in b.addresses if o.ip in a.network]
