# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads an xl config (xl.cfg(5)): what the laboratory has to provide for it. xl itself gets the file
as it is."""
import re

from . import LabError

TOKEN = re.compile(r"""(?P<space>[ \t\r]+|\#[^\n]*)|(?P<string>"[^"\n]*"|'[^'\n]*')|(?P<mark>[\[\],=])"""
                   r"""|(?P<end>[\n;])|(?P<word>[^\s"'\[\],=;\#]+)""")


def tokens(text):
    at = 0
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            raise LabError(f"cannot read the config at {text[at:at + 20]!r}")
        at = m.end()
        if m.lastgroup == "string":
            yield "value", m[0][1:-1]
        elif m.lastgroup == "word":
            yield "value", m[0]
        elif m.lastgroup != "space":
            yield m[0], None


def parse(text):
    """The settings: strings, and lists of strings."""
    ret, key, last, items = {}, None, None, None
    for kind, value in tokens(text):
        if items is not None:  # within [ ], where a line's end means nothing
            if kind == "value":
                items.append(value)
            elif kind == "]":
                ret[key], items, key = items, None, None
        elif kind == "=":
            key = last
        elif kind == "[":
            items = []
        elif kind == "value" and key is not None:
            ret[key], key = value, None
        elif kind == "value":
            last = value
    if items is not None:
        raise LabError(f"the list '{key}' has no end")
    return ret


def words_of(spec, names):
    """The parts of a disk or vif: KEY=VALUE by their names, others by their places."""
    ret, place = {}, 0
    parts = spec.split(",")
    for i, part in enumerate(parts):
        key, eq, value = part.strip().partition("=")
        if eq and key == "target":  # all that follows
            ret[key] = ",".join([value] + parts[i + 1:])
            break
        if eq:
            ret[key] = value
        elif place < len(names):
            ret[names[place]] = part.strip()
            place += 1
    return ret


def disk(spec):
    """(vdev, target) of one entry of disk=, old or new style."""
    d = words_of(spec, ("target", "format", "vdev", "access"))
    old = re.match(r"(?:phy|file|tap2?:aio|tap):(.*)", d.get("target", ""))
    if old:
        return d.get("format", ""), old[1]
    return d.get("vdev", ""), d.get("target", "")


class Config:
    """What the laboratory wants to know of a config."""

    def __init__(self, path):
        try:
            with open(path, encoding="utf-8") as f:
                self.text = f.read()
        except OSError as e:
            raise LabError(f"cannot read '{path}': {e.strerror}") from e
        self.values = parse(self.text)
        self.name = self.one("name")
        if not self.name:
            raise LabError(f"'{path}' has no name=")
        self.kernel, self.ramdisk = self.one("kernel"), self.one("ramdisk")
        self.memory = int(self.one("maxmem") or self.one("memory") or 128)
        self.disks = [disk(d) for d in self.values.get("disk", [])]
        self.vifs = [words_of(v, ()) for v in self.values.get("vif", [])]

    def one(self, key):
        value = self.values.get(key, "")
        return value if isinstance(value, str) else ""

    def root(self):
        """The name of the root device that the kernel is told, like xvda1; "" if none."""
        line = " ".join((self.one("cmdline"), self.one("extra"), "root=" + self.one("root")))
        m = re.search(r"(?:^|\s)root=/dev/(\S+)", line)
        return m[1] if m else ""
