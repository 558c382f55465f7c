# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a disk is at the next boot: online until then, and whether it stays online.

MSFT_Disk.Online is for good. A node that is lost with a shared disk online would have it online again as soon
as it boots, whoever has it by then. ``SET_DISK_ATTRIBUTES.Persist`` of winioctl.h is the choice that CIM does
not give: offline for good first, then online until the next boot.
"""

from __future__ import annotations

from ..errors import MethodError, StandbyError
from ..node import Node
from .calls import ask
from .disk_online_text import TEXT
from .registry import read_number

_WHAT = "disk_online.ps1"
_OFFLINE = 1  # DISK_ATTRIBUTE_OFFLINE
_PREFIX = "\\\\?\\"
_ENUM = "SYSTEM\\CurrentControlSet\\Enum"


class NotUntilBoot(StandbyError):
    """The disk was not brought online: Windows, or PowerShell, refused this way of doing it."""


def online_until_boot(node: Node, path: str) -> None:
    """Bring a disk online, writable, until the next boot; nothing changes where it is online.

    Args:
        node: where.
        path: MSFT_Disk.Path.

    Raises:
        NotUntilBoot: it was refused.
        StandbyError: no answer came, or the script did not run.
    """
    (answer,) = ask(node, TEXT, [{"do": "online", "path": path}], _WHAT)
    if "error" in answer:
        raise NotUntilBoot(
            f"it could not be brought online until the next boot: {str(answer['error']).rstrip('.')}",
            remedy="Look whether Add-Type works on the node, in full language mode",
        )


def stays_online(node: Node, path: str) -> bool | None:
    """Whether a disk is online at the next boot; None where Windows keeps nothing of it, or elsewhere.

    Args:
        node: where.
        path: MSFT_Disk.Path.
    """
    instance = _instance(path)
    if not instance:
        return None
    key = f"{_ENUM}\\{instance}\\Device Parameters\\Partmgr"
    try:
        kept = read_number(node, key, "Attributes")
    except MethodError:  # what may not be read tells nothing
        return None
    return None if kept is None else not kept & _OFFLINE


def _instance(path: str) -> str:
    r"""``\\?\scsi#disk&ven_x#5&1&0&000000#{53f5...}`` is the device ``scsi\disk&ven_x\5&1&0&000000``."""
    device, _hash, interface = path.removeprefix(_PREFIX).rpartition("#")
    known = path.startswith(_PREFIX) and interface.startswith("{") and device.count("#") == 2
    return device.replace("#", "\\") if known else ""
