# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory: real Xen under QEMU's emulation, and what a guest has to show there."""


class LabError(Exception):
    """The laboratory itself does not work, or was asked for what makes no sense."""


class GuestError(Exception):
    """The guest did not do what it should; the text is the reason."""
