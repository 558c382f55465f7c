# SPDX-FileCopyrightText: 2026 The standby.iis authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Features of Windows that concern web servers: Win32_OptionalFeature of ``root/cimv2``.

https://learn.microsoft.com/windows/win32/cimwin32prov/win32-optionalfeature: InstallState 1 is enabled, and
a name is what Enable-WindowsOptionalFeature takes.
"""

from __future__ import annotations

from ..node import ClassPath, Node
from .failure import about

OPTIONAL_FEATURE = ClassPath("root/cimv2", "Win32_OptionalFeature")

_ENABLED = "SELECT * FROM Win32_OptionalFeature WHERE InstallState = 1"
_CONCERNED = ("IIS-", "WAS-", "NetFx", "WCF-")


def read_features(node: Node) -> frozenset[str]:
    """Names of the features that are installed, such as ``IIS-ASPNET45``.

    Raises:
        StandbyError: they cannot be read.
    """
    with about(node, "features of Windows"):
        found = node.cim.enumerate(OPTIONAL_FEATURE, query=_ENABLED)
        names = (one.text("Name") for one in found)
        return frozenset(name for name in names if name.startswith(_CONCERNED))
